"""What the small models are trained on, one JSON file a language in vocabularies/.

`words` is what a model knows; `others` are spoken in training only, so that every phone is met beside others;
`dialogues` are what the sample company says, made of `words`.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from transcripts.interface import Rejected

FOLDER = Path(__file__).parent / "vocabularies"


class Dialogue(msgspec.Struct, frozen=True):
    """One sentence of the caller and the agent's answer."""

    caller: str
    agent: str


class Vocabulary(msgspec.Struct, frozen=True):
    """`voice` is espeak-ng's name of the language."""

    voice: str
    words: tuple[str, ...]
    others: tuple[str, ...]
    dialogues: tuple[Dialogue, ...]


def list_languages() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.json"))


def get_vocabulary(language: str) -> Vocabulary:
    """Raises Rejected for a language that there is no vocabulary of."""
    if language not in list_languages():
        raise Rejected(f"no vocabulary for {language}: there are {', '.join(list_languages())}")
    return msgspec.json.decode((FOLDER / f"{language}.json").read_bytes(), type=Vocabulary)
