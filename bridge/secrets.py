"""Generated passwords, kept in `secrets.toml` of the home (readable by its owner only) and stable over restarts.

The database holds hashes only; what Asterisk and a phone must know in clear lies here and in the rendered configuration.
"""

from __future__ import annotations

import json
import os
import secrets
import string
import tomllib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import msgspec

from bridge.errors import InvalidInput

# No 0/O, 1/l/I: these are read from a screen and typed into phones.
_ALPHABET = "".join(c for c in string.ascii_letters + string.digits if c not in "0O1lI")


class PhoneSecrets(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Of one extension: SIP digest password, desk password, the key of /ringing, the voicemail PIN."""

    sip_password: str
    desk_password: str
    phone_key: str
    voicemail_pin: str


class InboxSecrets(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Of one inbox: what its provider signs with, or shows; what we show to send, "" where nothing is sent.

    `verify_token` is what a provider shows that asks whether the inbox is there.
    """

    hook_secret: str
    token: str = ""
    verify_token: str = ""


class Secrets(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`phones` by extension, `inboxes` by `inbox_name`.

    `pop_key` is what the tokens of ringing legs are made with, here and in Asterisk.
    """

    ami_secret: str
    admin_password: str
    pop_key: str
    phones: dict[str, PhoneSecrets] = {}
    inboxes: dict[str, InboxSecrets] = {}


def new_password(length: int = 20) -> str:
    """About 5.8 bits a character."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def inbox_name(channel: str, key: str) -> str:
    return f"{channel}/{key}"


def load_or_make(
    home: Path,
    extensions: tuple[str, ...] = (),
    inboxes: Mapping[str, str] = MappingProxyType({}),
    hook_secrets: Mapping[str, str] = MappingProxyType({}),
) -> Secrets:
    """The home's secrets, with whatever is missing for these phones and inboxes made and saved.

    `inboxes` are tokens by `inbox_name`; an empty one leaves what is there. `hook_secrets` are those that the providers
    have made, by the same names.

    Raises InvalidInput when the file is not what this module wrote: then it is left as it is.
    """
    path = home / "secrets.toml"
    tree: dict[str, object] = {}
    if path.exists():
        try:
            tree = tomllib.loads(path.read_text("utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise InvalidInput(
                f"not valid TOML: {error}; restore it or remove it", where=str(path)
            ) from error
    tree.setdefault("ami_secret", new_password(32))
    tree.setdefault("admin_password", new_password())
    tree.setdefault("pop_key", new_password(32))
    phones = tree.setdefault("phones", {})
    if not isinstance(phones, dict):
        raise InvalidInput("phones is not a table", where=str(path))
    for extension in extensions:
        if extension not in phones:
            phones[extension] = {
                "sip_password": new_password(24),
                "desk_password": new_password(16),
                "phone_key": new_password(32),
                "voicemail_pin": f"{secrets.randbelow(10**6):06}",
            }
    accounts = tree.setdefault("inboxes", {})
    if not isinstance(accounts, dict):
        raise InvalidInput("inboxes is not a table", where=str(path))
    for name, token in inboxes.items():
        account = accounts.setdefault(name, {"hook_secret": new_password(32)})
        account.setdefault("verify_token", new_password(32))
        if token:
            account["token"] = token
        if name in hook_secrets:
            account["hook_secret"] = hook_secrets[name]
    try:
        result = msgspec.convert(tree, Secrets)
    except msgspec.ValidationError as error:
        raise InvalidInput(str(error), where=str(path)) from error
    _save(path, result)
    return result


def _save(path: Path, value: Secrets) -> None:
    lines = [f'ami_secret = "{value.ami_secret}"', f'admin_password = "{value.admin_password}"']
    lines.append(f'pop_key = "{value.pop_key}"')
    tables: list[tuple[str, str, PhoneSecrets | InboxSecrets]] = [
        *(("phones", name, phone) for name, phone in sorted(value.phones.items())),
        *(("inboxes", name, inbox) for name, inbox in sorted(value.inboxes.items())),
    ]
    for kind, name, table in tables:
        lines += ["", f'[{kind}."{name}"]']
        # A JSON string is a TOML one as well: passwords of others have any letters.
        lines += [
            f"{key} = {json.dumps(text, ensure_ascii=False)}"
            for key, text in msgspec.structs.asdict(table).items()
        ]
    content = "\n".join(lines) + "\n"
    if path.exists() and path.read_text("utf-8") == content:
        return
    temporary = path.with_suffix(".new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        # A file that a crash left behind keeps its mode, whatever os.open is told.
        os.fchmod(descriptor, 0o600)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
