"""Dead letters by command and by API: looked at, retried, dropped, and who did that is kept."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Connection, select

from bridge.bus.outbox import KEPT
from bridge.cli.main import omniline
from bridge.domain.ids import new_id
from bridge.domain.times import utc_now
from bridge.domain.topic import Group, Topic
from bridge.errors import NotFound
from bridge.store import dead_letters, outbox
from bridge.store.engine import batch_writer, connect_reader
from bridge.store.schema import audit
from tests.contract.desk_server import logged_in, serving

GROUP = Group.TRANSCRIBER


def bury(connection: Connection, *keys: str) -> None:
    now = utc_now()
    for key in keys:
        outbox.put(connection, Topic.TRANSCRIBE, key, now)
        work = outbox.take(connection, GROUP, now, now + KEPT)
        assert work is not None
        dead_letters.bury(connection, work.id, f"ValueError: {key} is of no use\nmore", now)


def waiting(connection: Connection) -> int:
    return outbox.measure(connection, GROUP, utc_now()).waiting


def run(*arguments: str) -> Result:
    return CliRunner().invoke(omniline, ("dead-letters", *arguments))


@pytest.fixture
def home(tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of the database of a company."""
    monkeypatch.setenv("OMNILINE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("OMNILINE_DATABASE__URL", url)
    assert CliRunner().invoke(omniline, ("init",)).exit_code == 0
    return url


def test_the_command_lists_shows_retries_and_drops(home: str) -> None:
    with batch_writer(home) as writer:
        writer.run(bury, "a", "b")
    listed = json.loads(run("list", "--json").output)
    assert {letter["key"] for letter in listed} == {"a", "b"}
    assert "ValueError: a is of no use\n" in run("list").output
    retried, dropped = (letter["id"] for letter in listed)
    assert json.loads(run("show", retried).output) == listed[0]
    assert run("retry", retried).exit_code == 0
    assert run("drop", dropped).exit_code == 0
    assert json.loads(run("list", "--json").output) == []
    with connect_reader(home) as connection:
        assert waiting(connection) == 1
        said = connection.execute(select(audit.c.action, audit.c.subject)).all()
    assert sorted(said) == sorted([("dead_letter.retry", retried), ("dead_letter.drop", dropped)])


def test_of_several_all_or_none_are_ended(home: str) -> None:
    with batch_writer(home) as writer:
        writer.run(bury, "a")
    (letter,) = json.loads(run("list", "--json").output)
    refused = run("drop", letter["id"], new_id())
    assert isinstance(refused.exception, NotFound)
    assert json.loads(run("list", "--json").output) == [letter]


async def test_an_admin_does_the_same_by_the_api(url: str, tmp_path: Path) -> None:
    async with serving(url, tmp_path) as server, logged_in(server, "admin") as admin:
        await server.db.write(bury, "a", "b", "c")
        page = await admin.get("dead_letters", limit="2")
        rest = await admin.get("dead_letters", limit="2", before=page["next"])
        letters = [*page["items"], *rest["items"]]
        assert ([letter["key"] for letter in letters], rest["next"]) == (["c", "b", "a"], None)
        one = f"dead_letters/{letters[0]['id']}"
        assert await admin.get(one) == letters[0]
        assert await admin.ask("POST", f"{one}/retry") == (204, None)
        assert (await admin.ask("DELETE", one))[0] == 404
        assert await admin.ask("DELETE", f"dead_letters/{letters[1]['id']}") == (204, None)
        assert [letter["key"] for letter in (await admin.get("dead_letters"))["items"]] == ["a"]
        assert await server.db.read(waiting) == 1
