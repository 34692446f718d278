"""Settings as they are found: `omniline.toml` in the home, the environment on top."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from bridge.errors import InvalidInput
from bridge.settings.settings import Settings

PREFIX = "OMNILINE_"
NOT_SETTINGS = {
    "HOME": "The home; by default `~/.local/share/omniline`.",
    "PREFIX": "The folder of the private Asterisk; by default one of this user's cache, shared by all homes.",
    "APT_MIRROR": "The Debian mirror that Asterisk is fetched from; by default the one of the machine's own apt sources.",
    "APT_SUITE": "The Debian suite that Asterisk is fetched from; by default `forky`.",
}
"""Variables under the prefix that are no settings: where things are, and what set-up reads."""


def home_path(environ: Mapping[str, str] = os.environ) -> Path:
    """`$OMNILINE_HOME`, by default `~/.local/share/omniline`."""
    return Path(environ.get("OMNILINE_HOME") or "~/.local/share/omniline").expanduser().absolute()


def load(home: Path, environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings of `home`.

    Raises InvalidInput naming file or variable, and the key's path, for anything unknown or of a wrong type.
    """
    path = home / "omniline.toml"
    tree: dict[str, Any] = {}
    if path.exists():
        try:
            tree = tomllib.loads(path.read_text("utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise InvalidInput(f"not valid TOML: {error}", where=str(path)) from error
        except OSError as error:
            raise InvalidInput(f"cannot be read: {error.strerror}", where=str(path)) from error
        _checked(tree, where=str(path), strict=True)
    for name, value in sorted(environ.items()):
        if name.startswith(PREFIX) and name.removeprefix(PREFIX) not in NOT_SETTINGS:
            overlay = _from_variable(name, value)
            _checked(overlay, where=name, strict=False)
            tree = _merged(tree, overlay)
    return _checked(tree, where="settings", strict=False)


def _from_variable(name: str, value: str) -> dict[str, Any]:
    overlay: Any = value
    for key in reversed(name.removeprefix(PREFIX).lower().split("__")):
        overlay = {key: overlay}
    result: dict[str, Any] = overlay
    return result


def _merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    result = dict(below)
    for key, value in above.items():
        old = result.get(key)
        result[key] = _merged(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return result


def _checked(tree: dict[str, Any], *, where: str, strict: bool) -> Settings:
    try:
        return msgspec.convert(tree, Settings, strict=strict)
    except msgspec.ValidationError as error:
        raise InvalidInput(
            f"{_named(str(error))}; docs/reference/settings.md lists the keys", where=where
        ) from error


def _named(message: str) -> str:
    """msgspec's message with the key's whole path in front: `http.colour: unknown key`."""
    what, _, path = message.partition(" - at `$")
    path = path.rstrip("`").removeprefix(".")
    missing = re.fullmatch(r"Object (contains unknown|missing required) field `(.*)`", what)
    if missing:
        path = f"{path}.{missing[2]}" if path else missing[2]
        what = "unknown key" if missing[1] == "contains unknown" else "missing"
    return f"{path}: {what}"
