"""`omniline init`, `agents add`, `channels add`: a company of one's own, made by its commands."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from bridge.cli.main import main, omniline
from bridge.desk.admin import save_admin
from bridge.desk.sessions import verify_password
from bridge.domain.times import utc_now
from bridge.errors import InvalidInput
from bridge.secrets import load_or_make
from bridge.settings import database_url, load
from bridge.store import agents
from bridge.store.dialect import writer_engine
from bridge.store.engine import batch_writer


@pytest.fixture
def home(tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The tables are there already, which is most of an `init`."""
    return init(tmp_path / "home", url, monkeypatch)


def init(home: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OMNILINE_HOME", str(home))
    monkeypatch.setenv("OMNILINE_DATABASE__URL", url)
    assert run("init").exit_code == 0
    return home


def run(*arguments: str) -> Result:
    return CliRunner().invoke(omniline, arguments)


def test_the_tables_are_made(tmp_path: Path, empty_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    init(tmp_path / "home", empty_url, monkeypatch)
    (admin,) = json.loads(run("agents", "list", "--json").output)["items"]
    assert admin["role"] == "admin"


def test_an_agent_is_added_and_listed_with_the_secrets_of_the_phone(home: Path) -> None:
    added = run("agents", "add", "olena", "--name", "Олена", "--extension", "201", "--language", "uk")
    assert added.exit_code == 0, added.output
    (admin, agent) = sorted(
        json.loads(run("agents", "list", "--secrets", "--json").output)["items"], key=lambda row: row["login"]
    )
    assert admin["role"] == "admin"
    assert (agent["login"], agent["extension"], agent["sip_user"]) == ("olena", "201", "agent-201")
    assert agent["password"] in added.output
    assert agent["sip_password"] in added.output


def test_adding_again_changes_the_agent_and_keeps_the_passwords(home: Path) -> None:
    first = run("agents", "add", "olena", "--name", "Olena", "--extension", "201").output
    assert (
        run(
            "agents", "add", "olena", "--name", "Olena K.", "--extension", "201", "--role", "supervisor"
        ).output
        == first
    )
    rows = json.loads(run("agents", "list", "--json").output)["items"]
    assert [(row["name"], row["role"]) for row in rows if row["login"] == "olena"] == [
        ("Olena K.", "supervisor")
    ]


@pytest.mark.parametrize(
    ("login", "extension"), [("ivan", "201"), ("ivan", "0201"), ("ivan", "1;x"), ("admin", "202")]
)
def test_what_cannot_be_is_refused_by_name(home: Path, login: str, extension: str) -> None:
    run("agents", "add", "olena", "--name", "Olena", "--extension", "201")
    refused = run("agents", "add", login, "--name", "Ivan", "--extension", extension)
    assert isinstance(refused.exception, InvalidInput)
    assert len(json.loads(run("agents", "list", "--json").output)["items"]) == 2


def test_an_inbox_is_added_once(home: Path) -> None:
    for _ in range(2):
        assert run("channels", "add", "email", "Support@Example.org").exit_code == 0
    (inbox,) = json.loads(run("channels", "list", "--json").output)["items"]
    assert (inbox["channel"], inbox["key"]) == ("email", "support@example.org")


def test_the_password_of_a_mailbox_is_kept_as_it_is(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text(' with "letters" \n')
    assert run("channels", "add", "email", "support@example.org", "--token-file", str(file)).exit_code == 0
    assert load_or_make(home).inboxes["email/support@example.org"].token == ' with "letters" '
    (shown,) = json.loads(run("channels", "list", "--secrets", "--json").output)["items"]
    assert "hook" not in shown


def test_an_inbox_with_a_webhook_has_an_address_and_a_secret_that_stays(home: Path) -> None:
    added = run("channels", "add", "shop", "main")
    assert added.exit_code == 0, added.output
    assert run("channels", "add", "shop", "main").output == added.output
    (listed,) = json.loads(run("channels", "list", "--json").output)["items"]
    assert (listed["channel"], listed["key"]) == ("shop", "main")
    assert "hook_secret" not in listed
    (shown,) = json.loads(run("channels", "list", "--secrets", "--json").output)["items"]
    assert shown["hook"] == "http://127.0.0.1:8080/hooks/shop/main"
    assert shown["hook_secret"] == load_or_make(home).inboxes["shop/main"].hook_secret
    assert shown["hook_secret"] in added.output


@pytest.mark.parametrize(
    ("channel", "key"),
    [("fax", "main"), ("shop", "../main"), ("shop", "Main"), ("shop", 'a"]'), ("email", "nobody")],
)
def test_an_inbox_that_cannot_be_is_refused(home: Path, channel: str, key: str) -> None:
    assert isinstance(run("channels", "add", channel, key).exception, InvalidInput)
    assert load_or_make(home).inboxes == {}


def test_a_home_that_cannot_be_made_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("OMNILINE_HOME", str(tmp_path / "file/home"))
    monkeypatch.setattr("sys.argv", ["omniline", "init"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert str(tmp_path / "file") in line


def test_the_admins_password_is_what_the_settings_say_now(home: Path) -> None:
    settings, secrets = load(home), load_or_make(home)
    changed = msgspec.structs.replace(
        settings, admin=msgspec.structs.replace(settings.admin, password="correct horse")
    )
    with batch_writer(database_url(home, settings)) as writer:
        for said, password in ((settings, secrets.admin_password), (changed, "correct horse")):
            writer.run(save_admin, said, secrets, utc_now())
            found = writer.run(agents.find_login, "admin")
            assert found is not None
            assert verify_password(found.password_hash, password)
            writer.run(save_admin, said, secrets, utc_now())
            assert writer.run(agents.find_login, "admin") == found


def test_the_sample_is_not_put_into_a_company_of_its_own(home: Path) -> None:
    run("agents", "add", "101", "--name", "Somebody else", "--extension", "101")
    refused = run("sample")
    assert isinstance(refused.exception, InvalidInput)
    assert "another OMNILINE_HOME" in str(refused.exception)
    (agent,) = [
        row for row in json.loads(run("agents", "list", "--json").output)["items"] if row["login"] == "101"
    ]
    assert agent["name"] == "Somebody else"


def test_the_sample_can_be_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMNILINE_HOME", str(tmp_path / "sample"))
    assert run("sample").exit_code == 0
    assert run("sample").exit_code == 0
    assert len(json.loads(run("agents", "list", "--json").output)["items"]) == 4


@pytest.mark.parametrize(
    "command",
    [
        ("agents", "list"),
        ("agents", "add", "olena", "--name", "Олена", "--extension", "201"),
        ("channels", "list"),
        ("channels", "add", "email", "support@sample.example"),
        *(("import", what, "file") for what in ("customers", "mail", "history", "orders")),
    ],
    ids=" ".join,
)
def test_a_database_of_another_release_is_named_with_what_to_do(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    url = database_url(home, load(home))
    with writer_engine(url).begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
    with pytest.raises(InvalidInput, match="run 'omniline db upgrade'"):
        omniline(command, standalone_mode=False)
    with writer_engine(url).begin() as connection:
        connection.exec_driver_sql("DELETE FROM alembic_version")
    with pytest.raises(InvalidInput, match="run 'omniline init'"):
        omniline(command, standalone_mode=False)
