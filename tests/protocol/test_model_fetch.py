"""Fetching a published model from a server that breaks off, lies, or publishes something else."""

from __future__ import annotations

import hashlib
import io
import json
import os
import stat
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner

from bridge.cli.main import omniline
from transcripts.fetch import fetch_model, list_published
from transcripts.interface import Rejected, Transient
from transcripts.models import SHIPPED, check_model

NAME = "vosk-model-small-xx-0.1"


class Publisher:
    """`files` by path. `cut_after`: so many bytes of a body, then the connection breaks, once for each entry."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.cut_after: list[int] = []
        self.ranges: list[str] = []
        self.knows_ranges = True
        self.url = ""

    def publish(self, archive: bytes, *, md5: str | None = None, name: str = NAME) -> None:
        entry = {
            "name": name,
            "md5": md5 or hashlib.md5(archive).hexdigest(),
            "size": len(archive),
            "lang": "xx",
            "obsolete": "false",
            "url": "https://elsewhere.example/ignored.zip",
        }
        self.files["/model-list.json"] = json.dumps([entry]).encode()
        self.files[f"/{name}.zip"] = archive


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    publisher = Publisher()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = publisher.files.get(self.path)
            if body is None:
                self.send_error(404)
                return
            asked = self.headers.get("Range", "")
            if self.path.endswith(".zip"):
                publisher.ranges.append(asked)
            start = int(asked.removeprefix("bytes=").rstrip("-")) if asked and publisher.knows_ranges else 0
            self.send_response(206 if start else 200)
            self.send_header("Content-Length", str(len(body) - start))
            self.end_headers()
            rest = body[start:]
            if self.path.endswith(".zip") and publisher.cut_after:
                rest = rest[: publisher.cut_after.pop(0)]
            self.wfile.write(rest)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    publisher.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield publisher
    server.shutdown()
    server.server_close()
    thread.join()


def archive_of(files: dict[str, bytes], modes: dict[str, int] | None = None) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = (modes or {}).get(name, stat.S_IFREG | 0o644) << 16
            archive.writestr(info, content)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def model_files() -> dict[str, bytes]:
    source = SHIPPED / "en-telephone-small"
    return {
        f"{NAME}/{path.relative_to(source)}": path.read_bytes()
        for path in sorted(source.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def archive(model_files: dict[str, bytes]) -> bytes:
    return archive_of(model_files)


def leftovers(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_published_model_is_fetched_checked_and_usable(
    publisher: Publisher, archive: bytes, tmp_path: Path
) -> None:
    publisher.publish(archive)
    seen: list[tuple[int, int]] = []
    path = fetch_model(
        NAME, tmp_path / "models", lambda done, total: seen.append((done, total)), publisher.url
    )
    assert path == tmp_path / "models" / NAME
    check_model(path)
    assert seen[-1] == (len(archive), len(archive))
    assert leftovers(tmp_path / "models") == [NAME]
    assert [p.name for p in list_published(publisher.url)] == [NAME]


def test_broken_line_goes_on_where_it_stopped(publisher: Publisher, archive: bytes, tmp_path: Path) -> None:
    publisher.publish(archive)
    publisher.cut_after = [300_000, 100_000]
    for _ in range(2):
        with pytest.raises(Transient, match="broke off"):
            fetch_model(NAME, tmp_path, lambda *_: None, publisher.url)
        assert not (tmp_path / NAME).exists()
    check_model(fetch_model(NAME, tmp_path, lambda *_: None, publisher.url))
    assert publisher.ranges == ["", "bytes=300000-", "bytes=400000-"]
    assert leftovers(tmp_path) == [NAME]


def test_server_without_ranges_starts_again(publisher: Publisher, archive: bytes, tmp_path: Path) -> None:
    publisher.publish(archive)
    publisher.knows_ranges = False
    publisher.cut_after = [300_000]
    with pytest.raises(Transient):
        fetch_model(NAME, tmp_path, lambda *_: None, publisher.url)
    check_model(fetch_model(NAME, tmp_path, lambda *_: None, publisher.url))


def test_wrong_sum_is_refused_and_thrown_away(publisher: Publisher, archive: bytes, tmp_path: Path) -> None:
    publisher.publish(archive, md5="0" * 32)
    with pytest.raises(Rejected, match="the publisher says"):
        fetch_model(NAME, tmp_path, lambda *_: None, publisher.url)
    assert leftovers(tmp_path) == []


def test_sum_covers_what_came_before_the_cut(publisher: Publisher, archive: bytes, tmp_path: Path) -> None:
    publisher.publish(archive)
    md5 = hashlib.md5(archive).hexdigest()
    (tmp_path / f".{NAME}-{md5}.part").write_bytes(bytes(300_000))
    with pytest.raises(Rejected, match="the publisher says"):
        fetch_model(NAME, tmp_path, lambda *_: None, publisher.url)
    check_model(fetch_model(NAME, tmp_path, lambda *_: None, publisher.url))


@pytest.mark.parametrize("name", ["/etc/evil", f"{NAME}/../../evil", "other/file", f"../{NAME}/evil"])
def test_archive_that_leaves_its_folder_is_refused(
    publisher: Publisher, model_files: dict[str, bytes], tmp_path: Path, name: str
) -> None:
    publisher.publish(archive_of({**model_files, name: b"x"}))
    with pytest.raises(Rejected, match="does not belong there"):
        fetch_model(NAME, tmp_path / "a" / "models", lambda *_: None, publisher.url)
    assert not list(tmp_path.rglob("evil"))
    assert not (tmp_path / "a" / "models" / NAME).exists()


def test_archive_with_a_link_is_refused(
    publisher: Publisher, model_files: dict[str, bytes], tmp_path: Path
) -> None:
    link = f"{NAME}/graph/link"
    publisher.publish(archive_of({**model_files, link: b"/etc/passwd"}, {link: stat.S_IFLNK | 0o777}))
    with pytest.raises(Rejected, match="does not belong there"):
        fetch_model(NAME, tmp_path, lambda *_: None, publisher.url)


def test_archive_that_swells_is_refused(
    publisher: Publisher, model_files: dict[str, bytes], tmp_path: Path
) -> None:
    publisher.publish(archive_of({**model_files, f"{NAME}/zeros": bytes(60_000_000)}))
    with pytest.raises(Rejected, match="times its size"):
        fetch_model(NAME, tmp_path, lambda *_: None, publisher.url)


def test_what_is_no_archive_or_no_model_is_refused(
    publisher: Publisher, model_files: dict[str, bytes], tmp_path: Path
) -> None:
    publisher.publish(b"this is no archive")
    with pytest.raises(Rejected, match="no zip archive"):
        fetch_model(NAME, tmp_path, lambda *_: None, publisher.url)
    publisher.publish(archive_of({n: c for n, c in model_files.items() if not n.endswith("final.mdl")}))
    with pytest.raises(Rejected, match=r"am/final\.mdl is missing"):
        fetch_model(NAME, tmp_path, lambda *_: None, publisher.url)
    assert not (tmp_path / NAME).exists()


def test_names_and_lists_that_are_wrong(publisher: Publisher, archive: bytes, tmp_path: Path) -> None:
    publisher.publish(archive)
    with pytest.raises(Rejected, match="has no model other"):
        fetch_model("other", tmp_path, lambda *_: None, publisher.url)
    with pytest.raises(Rejected, match="no name of a model"):
        fetch_model("../up", tmp_path, lambda *_: None, publisher.url)
    publisher.files["/model-list.json"] = b"<html>"
    with pytest.raises(Rejected, match="no list of models"):
        fetch_model(NAME, tmp_path, lambda *_: None, publisher.url)
    with pytest.raises(Rejected, match="404"):
        list_published(f"{publisher.url}/nowhere")
    with pytest.raises(Rejected, match="not http"):
        list_published("file:///etc")
    (tmp_path / NAME).mkdir()
    with pytest.raises(Rejected, match="there already"):
        fetch_model(NAME, tmp_path, lambda *_: None, publisher.url)


def test_publisher_that_is_away_is_asked_later(tmp_path: Path, publisher: Publisher) -> None:
    closed = "http://127.0.0.1:1"
    with pytest.raises(Transient, match="cannot be reached"):
        fetch_model(NAME, tmp_path, lambda *_: None, closed)


def test_commands_fetch_list_and_remove(
    publisher: Publisher, archive: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An empty home will do: models may be fetched before there is a company."""
    monkeypatch.setenv("OMNILINE_HOME", str(tmp_path / "home"))
    publisher.publish(archive)

    def run(*arguments: str) -> str:
        result = CliRunner().invoke(omniline, ["models", *arguments], catch_exceptions=False)
        assert result.exit_code == 0
        return result.stdout

    assert json.loads(run("list", "--published", "--json", "--from", publisher.url))[0]["name"] == NAME
    assert NAME in run("fetch", NAME, "--from", publisher.url)
    listed = {row["name"]: row for row in json.loads(run("list", "--json"))}
    assert listed[NAME]["problem"] == ""
    assert listed[NAME]["path"] == str(tmp_path / "home/models" / NAME)
    assert "comes with Omniline" in run("list")
    run("remove", NAME)
    assert NAME not in run("list")


def test_error_is_one_line_and_exit_code_1(tmp_path: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "bridge.cli", "models", "remove", "none"],
        env={**os.environ, "OMNILINE_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    assert result.stderr == "omniline: there is no model none\n"
