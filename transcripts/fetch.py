"""Fetches a published Vosk model by name: in pieces when the line breaks, checked, then put in place at once.

The publisher's list (`model-list.json` beside the models) gives each model's size and MD5 sum; it has no stronger
one. What has come so far is kept as `.NAME-MD5.part` in the models' folder, and the next attempt goes on from there
(RFC 9110, section 14: range requests).
"""

from __future__ import annotations

import hashlib
import http.client
import shutil
import stat
import tempfile
import urllib.error
import urllib.parse
import urllib.request
import zipfile
from collections.abc import Callable
from pathlib import Path

import msgspec

from transcripts.interface import Rejected, Transient, UnusableModel
from transcripts.models import check_model, check_name

PUBLISHER = "https://alphacephei.com/vosk/models"
TIMEOUT_S = 30
PIECE = 256 * 1024
MOST_LIST_BYTES = 8 * 1024 * 1024
MOST_GROWTH = 20
"""A zip that would unpack to more than so many times its size is no model."""

Progress = Callable[[int, int], None]
"""Called with bytes done and bytes in all."""


class Published(msgspec.Struct, frozen=True):
    """A line of model-list.json: `size` in bytes, `md5` in hexadecimal."""

    name: str
    md5: str
    size: int
    lang: str = ""
    size_text: str = ""
    obsolete: str = "false"


def list_published(base_url: str = PUBLISHER) -> list[Published]:
    """What the publisher has now. Raises Transient when it cannot be reached, Rejected for what is no such list."""
    with _get(f"{base_url}/model-list.json", {}) as answer:
        try:
            listed = msgspec.json.decode(answer.read(MOST_LIST_BYTES), type=list[Published])
        except msgspec.DecodeError as error:
            raise Rejected(f"{base_url}/model-list.json is no list of models: {error}") from error
        except (OSError, http.client.HTTPException) as error:
            raise Transient(f"{base_url} broke off: {error}") from error
    return [published for published in listed if published.obsolete != "true"]


def fetch_model(name: str, folder: Path, progress: Progress, base_url: str = PUBLISHER) -> Path:
    """The folder of the model, complete and checked.

    Raises Rejected (no such model, wrong sum, a dangerous or wrong archive, no room) or Transient (the line broke:
    the same call goes on from there).
    """
    check_name(name)
    target = folder / name
    if target.exists():
        raise Rejected(f"{name} is there already: 'omniline models remove {name}' first")
    published = next((p for p in list_published(base_url) if p.name == name), None)
    if published is None:
        raise Rejected(f"{base_url} has no model {name}")
    folder.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(folder).free < 3 * published.size:
        raise Rejected(
            f"{name} needs {3 * published.size // 2**20} MiB free in {folder} while it is unpacked"
        )
    part = folder / f".{name}-{published.md5}.part"
    try:
        _download(f"{base_url}/{name}.zip", part, published.size, progress)
        _check_sum(part, published.md5)
        _unpack(part, target)
        part.unlink()
    except OSError as error:
        raise Rejected(f"{folder} cannot be written: {error.strerror}") from error
    return target


def _download(url: str, part: Path, size: int, progress: Progress) -> None:
    have = part.stat().st_size if part.exists() else 0
    if have < size:
        with _get(url, {"Range": f"bytes={have}-"} if have else {}) as answer:
            resumed = answer.status == http.client.PARTIAL_CONTENT
            with part.open("ab" if resumed else "wb") as file:
                have = have if resumed else 0
                while piece := _read(answer, url):
                    file.write(piece)
                    have += len(piece)
                    progress(have, size)
    if have < size:
        raise Transient(f"{url} broke off after {have} of {size} bytes: run it again to go on")


def _read(answer: http.client.HTTPResponse, url: str) -> bytes:
    try:
        return answer.read(PIECE)
    except (OSError, http.client.HTTPException) as error:
        raise Transient(f"{url} broke off ({error}): run it again to go on") from error


def _get(url: str, headers: dict[str, str]) -> http.client.HTTPResponse:
    if urllib.parse.urlsplit(url).scheme not in ("http", "https"):
        raise Rejected(f"{url} is not http or https")
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 - the scheme is checked above
    try:
        answer: http.client.HTTPResponse = urllib.request.urlopen(request, timeout=TIMEOUT_S)  # noqa: S310
    except urllib.error.HTTPError as error:
        kind = Transient if error.code >= 500 or error.code == http.client.TOO_MANY_REQUESTS else Rejected
        raise kind(f"{url} answered {error.code} {error.reason}") from error
    except (OSError, http.client.HTTPException) as error:
        raise Transient(f"{url} cannot be reached: {error}") from error
    return answer


def _check_sum(part: Path, md5: str) -> None:
    with part.open("rb") as file:
        found = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    if found != md5.lower():
        part.unlink()
        raise Rejected(f"the sum is {found}, the publisher says {md5}: thrown away, nothing was installed")


def _unpack(part: Path, target: Path) -> None:
    """Into a folder beside the target, which takes its place when the model is whole."""
    with tempfile.TemporaryDirectory(prefix=".unpack-", dir=target.parent) as work:
        try:
            with zipfile.ZipFile(part) as archive:
                _check_archive(archive, target.name, part.stat().st_size)
                archive.extractall(work)
        except (zipfile.BadZipFile, EOFError) as error:
            part.unlink()
            raise Rejected(f"{target.name}.zip is no zip archive: {error}") from error
        unpacked = Path(work) / target.name
        try:
            check_model(unpacked)
        except UnusableModel as error:
            raise Rejected(f"what was published is no model that can be used: {error}") from error
        unpacked.replace(target)


def _check_archive(archive: zipfile.ZipFile, name: str, size: int) -> None:
    members = archive.infolist()
    for member in members:
        kind = stat.S_IFMT(member.external_attr >> 16)
        parts = member.filename.split("/")
        if parts[0] != name or ".." in parts or kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise Rejected(f"the archive of {name} holds {member.filename!r}, which does not belong there")
    if sum(member.file_size for member in members) > MOST_GROWTH * size:
        raise Rejected(f"the archive of {name} would unpack to more than {MOST_GROWTH} times its size")
