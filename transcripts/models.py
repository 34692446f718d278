"""Which Vosk models there are, whether they can be used, and which one a language has.

Fetched and built models live in one folder, `models/` in the home, each in a folder of its name. The small telephone
models come with Omniline in `data/`: they know some eighty words as a synthesiser says them, fit for the sample
company and for tests, not for people.

libvosk ends the whole process over some faults of a model, and says little over others: a folder is checked before
it is loaded. What files there must be: https://alphacephei.com/vosk/models, "Model structure".
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from transcripts.interface import Rejected, UnusableModel

SHIPPED = Path(__file__).parent / "data"

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_ALWAYS = ("am/final.mdl", "conf/mfcc.conf", "conf/model.conf", "graph/phones/word_boundary.int")
_STATIC = ("graph/HCLG.fst", "graph/words.txt")
_LOOKAHEAD = ("graph/HCLr.fst", "graph/Gr.fst")
_IVECTOR = ("final.dubm", "final.ie", "final.mat", "global_cmvn.stats", "online_cmvn.conf", "splice.conf")
_SUBSAMPLING = "3"
"""libvosk takes each frame that comes out for 30 ms."""


@dataclass(frozen=True, slots=True)
class Model:
    """`problem` says why it cannot be used, empty when it can; `shipped` ones cannot be removed."""

    name: str
    path: Path
    shipped: bool
    problem: str

    @property
    def size(self) -> int:
        """Bytes on the disk."""
        return sum(file.stat().st_size for file in self.path.rglob("*") if file.is_file())


def list_models(folder: Path) -> list[Model]:
    """The shipped models, then those in `folder`, by name."""
    return [*_models_in(SHIPPED, shipped=True), *_models_in(folder, shipped=False)]


def choose_model(language: str, chosen: Mapping[str, str], folder: Path) -> Path:
    """The folder of the model that `chosen` (language -> name, or path of a folder) gives to `language`.

    Raises UnusableModel with what to do when none is chosen, or it is not there or not complete.
    """
    name = chosen.get(language, "")
    if not name:
        raise UnusableModel(
            f"no model for {language}: 'omniline models fetch' one and name it in transcripts.models.{language}"
        )
    path = find_model(name, folder)
    if path is None:
        raise UnusableModel(
            f"there is no model {name} (transcripts.models.{language}): 'omniline models list' shows what there is"
        )
    check_model(path)
    return path


def find_model(name: str, folder: Path) -> Path | None:
    """By name, the home's before a shipped one; or the path of a folder."""
    if Path(name).is_absolute():
        return Path(name) if Path(name).is_dir() else None
    if not _NAME.fullmatch(name):
        return None
    return next((place / name for place in (folder, SHIPPED) if (place / name).is_dir()), None)


def remove_model(name: str, folder: Path) -> None:
    """Raises Rejected when `folder` has no such model."""
    check_name(name)
    if not (folder / name).is_dir():
        shipped = (SHIPPED / name).is_dir()
        raise Rejected(f"{name} comes with Omniline and stays" if shipped else f"there is no model {name}")
    shutil.rmtree(folder / name)


def check_name(name: str) -> None:
    """Raises Rejected for what cannot be the name of a folder of ours."""
    if not _NAME.fullmatch(name):
        raise Rejected(f"{name!r} is no name of a model: letters, digits, dot, dash and underscore")


def check_model(path: Path) -> None:
    """Raises UnusableModel naming the first file or option that is missing or wrong."""
    problem = next(_problems(path), None)
    if problem:
        raise UnusableModel(f"model {path.name}: {problem}")


def _models_in(folder: Path, *, shipped: bool) -> Iterator[Model]:
    if not folder.is_dir():
        return
    for path in sorted(folder.iterdir()):
        if path.is_dir() and _NAME.fullmatch(path.name):
            yield Model(path.name, path, shipped, next(_problems(path), ""))


def _problems(path: Path) -> Iterator[str]:
    if not path.is_dir():
        yield "there is no such folder"
    if (path / "final.mdl").exists() and not (path / "am").exists():
        yield "it is of the layout before 2020: take a newer one"
    for name in (*_ALWAYS, *_graph_files(path), *_ivector_files(path)):
        yield from _file_problems(path, name)
    if not (path / "graph/HCLG.fst").exists() and not (path / "graph/disambig_tid.int").is_file():
        yield "graph/disambig_tid.int is missing"
    yield from _option_problems(path / "conf/model.conf")


def _graph_files(path: Path) -> tuple[str, ...]:
    return _LOOKAHEAD if (path / "graph/HCLr.fst").exists() else _STATIC


def _ivector_files(path: Path) -> tuple[str, ...]:
    return tuple(f"ivector/{name}" for name in _IVECTOR) if (path / "ivector").is_dir() else ()


def _file_problems(path: Path, name: str) -> Iterator[str]:
    try:
        with (path / name).open("rb") as file:
            if not file.read(1):
                yield f"{name} is empty"
    except FileNotFoundError:
        yield f"{name} is missing"
    except OSError as error:
        yield f"{name} cannot be read: {error.strerror}"


def _option_problems(conf: Path) -> Iterator[str]:
    """Kaldi asserts, and so ends the process, on silence phones that are missing or named twice."""
    options = _read_options(conf)
    silence = options.get("--endpoint.silence-phones", "")
    phones = silence.split(":")
    if not re.fullmatch(r"\d+(:\d+)*", silence):
        yield "conf/model.conf has no --endpoint.silence-phones"
    elif len(phones) != len(set(phones)):
        yield "conf/model.conf names a phone twice in --endpoint.silence-phones"
    if options.get("--frame-subsampling-factor", _SUBSAMPLING) != _SUBSAMPLING:
        yield f"conf/model.conf must have --frame-subsampling-factor={_SUBSAMPLING}: all times would be wrong"


def _read_options(conf: Path) -> dict[str, str]:
    """Kaldi's form: an option a line, `#` begins a comment."""
    lines = (line.partition("#")[0].strip() for line in conf.read_text("utf-8", "replace").splitlines())
    return {name.strip(): value.strip() for name, _, value in (line.partition("=") for line in lines if line)}
