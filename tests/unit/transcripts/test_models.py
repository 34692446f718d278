"""Folders of models: what is missing is named before Vosk, which would end the process over it, sees them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from transcripts.interface import Rejected, UnusableModel
from transcripts.models import SHIPPED, check_model, choose_model, find_model, list_models, remove_model

NAME = "en-telephone-small"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "models").mkdir()
    return tmp_path / "models"


@pytest.fixture
def model(folder: Path) -> Path:
    """A whole model of the home."""
    return Path(shutil.copytree(SHIPPED / NAME, folder / "mine"))


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def to_lookahead(model: Path) -> None:
    """The files of a model whose graph is put together at run time (all published small ones)."""
    (model / "graph/HCLG.fst").unlink()
    (model / "graph/words.txt").unlink()
    (model / "graph/HCLr.fst").write_bytes(b"x")
    (model / "graph/Gr.fst").write_bytes(b"x")
    (model / "graph/disambig_tid.int").write_bytes(b"")


def test_every_shipped_model_is_whole() -> None:
    names = {path.name for path in SHIPPED.iterdir() if path.is_dir()}
    assert names == {"en-telephone-small", "ru-telephone-small", "uk-telephone-small"}
    for name in names:
        check_model(SHIPPED / name)


@pytest.mark.parametrize(
    "name",
    [
        "am/final.mdl",
        "conf/mfcc.conf",
        "conf/model.conf",
        "graph/HCLG.fst",
        "graph/words.txt",
        "graph/phones/word_boundary.int",
    ],
)
@pytest.mark.parametrize("fault", ["missing", "empty"])
def test_file_that_is_missing_or_empty_is_named(model: Path, name: str, fault: str) -> None:
    (model / name).unlink()
    if fault == "empty":
        (model / name).touch()
    with pytest.raises(UnusableModel, match=f"{name} is {fault}"):
        check_model(model)


@pytest.mark.parametrize("name", ["graph/Gr.fst", "graph/disambig_tid.int"])
def test_lookahead_model_needs_its_own_files(model: Path, name: str) -> None:
    to_lookahead(model)
    check_model(model)
    (model / name).unlink()
    with pytest.raises(UnusableModel, match=f"{name} is missing"):
        check_model(model)


def test_ivector_folder_must_be_whole(model: Path) -> None:
    (model / "ivector").mkdir()
    with pytest.raises(UnusableModel, match=r"ivector/final\.dubm is missing"):
        check_model(model)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda conf: edit(conf, "--endpoint.silence-phones=1\n", ""), "has no --endpoint.silence-phones"),
        (lambda conf: edit(conf, "silence-phones=1", "silence-phones="), "has no --endpoint.silence-phones"),
        (lambda conf: edit(conf, "silence-phones=1", "silence-phones=a"), "has no --endpoint.silence-phones"),
        (
            lambda conf: edit(conf, "--endpoint.silence", "# --endpoint.silence"),
            "has no --endpoint.silence-phones",
        ),
        (lambda conf: edit(conf, "silence-phones=1", "silence-phones=1:2:1"), "twice"),
        (lambda conf: edit(conf, "factor=3", "factor=1"), "frame-subsampling-factor=3"),
    ],
)
def test_option_that_ends_the_process_is_named(model: Path, change: Callable[[Path], None], why: str) -> None:
    change(model / "conf/model.conf")
    with pytest.raises(UnusableModel, match=why):
        check_model(model)


def test_old_layout_and_no_folder(tmp_path: Path) -> None:
    with pytest.raises(UnusableModel, match="no such folder"):
        check_model(tmp_path / "none")
    (tmp_path / "final.mdl").touch()
    with pytest.raises(UnusableModel, match="layout before 2020"):
        check_model(tmp_path)


def test_language_gets_the_model_that_was_chosen(model: Path, folder: Path) -> None:
    assert choose_model("en", {"en": "mine"}, folder) == model
    assert choose_model("en", {"en": NAME}, folder) == SHIPPED / NAME
    assert choose_model("en", {"en": str(model)}, folder) == model


@pytest.mark.parametrize(
    ("chosen", "why"),
    [
        ({}, "no model for uk"),
        ({"uk": ""}, "no model for uk"),
        ({"uk": "other"}, "there is no model other"),
        ({"uk": "../models/mine"}, "there is no model"),
        ({"uk": "/nowhere"}, "there is no model"),
    ],
)
def test_language_without_a_model_says_what_to_do(
    model: Path, folder: Path, chosen: dict[str, str], why: str
) -> None:
    with pytest.raises(UnusableModel, match=why):
        choose_model("uk", chosen, folder)


def test_home_comes_before_what_is_shipped(folder: Path) -> None:
    shutil.copytree(SHIPPED / NAME, folder / NAME)
    assert find_model(NAME, folder) == folder / NAME


def test_list_shows_what_cannot_be_used(model: Path, folder: Path) -> None:
    (model / "graph/words.txt").unlink()
    (folder / ".half-fetched").mkdir()
    listed = {m.name: m for m in list_models(folder)}
    assert listed.keys() == {"en-telephone-small", "ru-telephone-small", "uk-telephone-small", "mine"}
    assert listed["mine"].problem == "graph/words.txt is missing"
    assert not listed["mine"].shipped
    assert listed[NAME].problem == ""
    assert listed[NAME].shipped
    assert 500_000 < listed[NAME].size < 3_000_000


def test_remove_takes_only_what_is_the_homes(model: Path, folder: Path) -> None:
    remove_model("mine", folder)
    assert not model.exists()
    for name in ("mine", NAME, "..", "../models", ""):
        with pytest.raises(Rejected):
            remove_model(name, folder)
    assert (SHIPPED / NAME).exists()
