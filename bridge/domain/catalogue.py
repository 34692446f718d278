"""What the server itself says to agents and customers, in English, Russian and Ukrainian.

The texts lie in bridge/catalogues, one JSON file a language, key to text with {placeholders}. The desk in the browser
has catalogues of its own.
"""

from __future__ import annotations

from functools import lru_cache
from importlib import resources

import msgspec

LANGUAGES = ("en", "ru", "uk")


def say(key: str, language: str | None, **values: object) -> str:
    """The text of `key` in `language`, English for a language that we do not speak.

    Raises KeyError for an unknown key or a placeholder without a value.
    """
    return texts(language if language in LANGUAGES else "en")[key].format(**values)


@lru_cache(maxsize=len(LANGUAGES))
def texts(language: str | None) -> dict[str, str]:
    """The whole catalogue of one of LANGUAGES."""
    file = resources.files("bridge").joinpath("catalogues", f"{language}.json")
    return msgspec.json.decode(file.read_bytes(), type=dict[str, str])
