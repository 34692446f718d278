"""`omniline models`: the Vosk models of this home: what there is, fetching a published one, building a small one."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from pathlib import Path

import click

from bridge.cli.home import open_home
from bridge.errors import InvalidInput
from pbx.asterisk.prefix import find_prefix
from transcripts.fetch import PUBLISHER, fetch_model, list_published
from transcripts.models import list_models, remove_model
from transcripts.training.vocabulary import get_vocabulary, list_languages


@click.group("models")
def models_command() -> None:
    """Speech models: which there are, fetching a published one, building a small one."""


@models_command.command("list")
@click.option("--published", is_flag=True, help="What the publisher has, instead of what is here.")
@click.option(
    "--from", "base_url", default=PUBLISHER, show_default=True, metavar="URL", help="The publisher."
)
@click.option("--json", "as_json", is_flag=True, help="A JSON list.")
def list_command(base_url: str, *, published: bool, as_json: bool) -> None:
    """Shows the models of this home and those that come with Omniline."""
    if published:
        rows = [{"name": p.name, "size": p.size, "language": p.lang} for p in list_published(base_url)]
    else:
        rows = [
            {"name": m.name, "size": m.size, "shipped": m.shipped, "problem": m.problem, "path": str(m.path)}
            for m in list_models(_folder())
        ]
    if as_json:
        click.echo(json.dumps(rows))
        return
    for row in rows:
        notes = [str(row.get("language", "")), "comes with Omniline" if row.get("shipped") else ""]
        notes.append(f"BAD: {row['problem']}" if row.get("problem") else "")
        click.echo(f"{row['name']:40} {_mebibytes(row['size'])}  {', '.join(filter(None, notes))}".rstrip())


@models_command.command("fetch")
@click.argument("name")
@click.option(
    "--from", "base_url", default=PUBLISHER, show_default=True, metavar="URL", help="The publisher."
)
def fetch_command(name: str, base_url: str) -> None:
    """Fetches the published model NAME; after a broken line the same command goes on where it stopped."""
    shown = -1

    def progress(done: int, total: int) -> None:
        nonlocal shown
        percent = 100 * done // max(total, 1)
        if percent != shown:
            click.echo(f"\r{name}: {percent} % of {_mebibytes(total).strip()}", nl=False, err=True)
            shown = percent

    path = fetch_model(name, _folder(), progress, base_url.rstrip("/"))
    click.echo(err=True)
    click.echo(f"{path.name} is in {path}; name it in transcripts.models of omniline.toml")


@models_command.command("remove")
@click.argument("name")
def remove_command(name: str) -> None:
    """Removes the model NAME from this home."""
    remove_model(name, _folder())
    click.echo(f"{name} is gone")


@models_command.command("build")
@click.option(
    "--language",
    "languages",
    multiple=True,
    type=click.Choice(list_languages()),
    help="All when none is given.",
)
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), help="Default: the models of this home."
)
@click.option(
    "--seed", default=1, show_default=True, help="Of the corpus, the network and the test sentences."
)
@click.option(
    "--items", default=5000, show_default=True, type=click.IntRange(min=50), help="Utterances to train on."
)
def build_command(languages: tuple[str, ...], out: Path | None, seed: int, items: int) -> None:
    """Builds the small telephone models from synthesised speech, and measures them on voices they never heard.

    They are fit for the sample company and for tests, not for people. Every espeak-ng of this machine speaks its share: its
    own and the one beside Asterisk; the README.md of the model names the versions. Needs the packages espeak-ng and sox, and
    numpy: pip install --require-hashes -r requirements-train.lock. Takes some minutes for each language.
    """
    # Small matrices: several threads wait for each other longer than they work. Read when numpy is loaded.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        import numpy as np
    except ImportError as error:
        raise InvalidInput(
            "no numpy: pip install --require-hashes -r requirements-train.lock", where="models build"
        ) from error
    del np
    folder = out or _folder()
    folder.mkdir(parents=True, exist_ok=True)
    for language in languages or tuple(list_languages()):
        _build(language, folder, seed, items)


def _build(language: str, folder: Path, seed: int, items: int) -> None:
    from transcripts.training.build import build, describe, model_name
    from transcripts.training.espeak import open_espeaks
    from transcripts.training.measure import measure, table

    prefix = find_prefix()
    espeak_folder = prefix.libraries if prefix else None
    espeaks = open_espeaks(espeak_folder)
    versions = [espeak.version for espeak in espeaks]
    vocabulary = get_vocabulary(language)
    target = folder / model_name(language)
    began = time.monotonic()

    def say(text: str) -> None:
        click.echo(f"{time.monotonic() - began:6.0f} s  {target.name}: {text}")

    with tempfile.TemporaryDirectory(prefix=".build-", dir=folder) as work:
        made = Path(work) / target.name
        say(f"spoken by espeak-ng {' and '.join(versions)}")
        build(
            vocabulary,
            made,
            seed,
            say,
            items=items,
            processes=os.cpu_count() or 1,
            espeak_folder=espeak_folder,
        )
        say("measuring")
        rates = table(list(measure(vocabulary, made, Path(work), seed, espeaks)))
        (made / "README.md").write_text(describe(language, vocabulary, seed, items, versions, rates), "utf-8")
        if target.exists():
            shutil.rmtree(target)
        made.replace(target)
    click.echo(rates)
    say(f"in {target}")


def _folder() -> Path:
    home, _ = open_home(must_exist=False)
    return home / "models"


def _mebibytes(size: object) -> str:
    return f"{int(str(size)) / 2**20:8.1f} MiB"
