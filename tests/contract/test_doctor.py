"""`omniline doctor`: whatever is wrong is named, with what to do; all is well with a company that is just not running."""

from __future__ import annotations

import socket
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from bridge.cli import doctor
from bridge.cli.company import NEW_SETTINGS, make_home
from bridge.cli.main import omniline
from bridge.domain.times import utc_now
from bridge.domain.topic import Topic
from bridge.store import outbox
from bridge.store.dialect import writer_engine
from bridge.store.engine import batch_writer

KEYS = ("HTTP__PORT", "SIP__PORT", "AMI__PORT", "AGI__PORT", "ASTERISK__HTTP_PORT")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A new company on ports that are free now, with a built desk."""
    taken = []
    for key in KEYS:
        probe = socket.create_server(("127.0.0.1", 0))
        taken.append(probe)
        monkeypatch.setenv(f"OMNILINE_{key}", str(probe.getsockname()[1]))
    for probe in taken:
        probe.close()
    folder = tmp_path / "home"
    monkeypatch.setenv("OMNILINE_HOME", str(folder))
    (tmp_path / "index.html").touch()
    monkeypatch.setattr(doctor, "DIST", tmp_path)
    make_home(folder, NEW_SETTINGS, ("101",))
    return folder


def examine() -> tuple[int, str]:
    result = CliRunner().invoke(omniline, ["doctor"])
    return result.exit_code, result.output


def test_a_new_company_is_well(home: Path) -> None:
    code, said = examine()
    assert "BAD" not in said
    assert code == 0
    assert "no server at" in said


def test_a_new_company_on_postgresql_is_well_and_one_whose_server_is_away_is_told(
    home: Path, postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMNILINE_DATABASE__URL", postgres_url)
    code, said = examine()
    assert (code, "ok   database at" in said) == (0, True), said
    monkeypatch.setenv("OMNILINE_DATABASE__URL", f"postgresql://omniline:hunter2@/omniline?host={tmp_path}")
    code, said = examine()
    assert (code, "the database is not there" in said, "hunter2" in said) == (1, True, False), said


def test_no_company(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMNILINE_HOME", str(tmp_path / "empty"))
    code, said = examine()
    assert (code, "omniline init" in said) == (1, True)


def test_a_wrong_key(home: Path) -> None:
    with (home / "omniline.toml").open("a") as file:
        file.write("\n[http]\ncolour = 1\n")
    code, said = examine()
    assert (code, "http.colour: unknown key" in said) == (1, True)


def test_secrets_that_others_may_read(home: Path) -> None:
    (home / "secrets.toml").chmod(0o644)
    code, said = examine()
    assert (code, f"chmod 600 {home / 'secrets.toml'}" in said) == (1, True)


def test_damaged_secrets(home: Path) -> None:
    (home / "secrets.toml").write_text("ami_secret = ")
    code, said = examine()
    assert (code, "not valid TOML" in said) == (1, True)


def test_a_desk_that_is_not_built(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "DIST", home / "nowhere")
    code, said = examine()
    assert (code, "'make run' builds them" in said) == (1, True)


def test_a_full_disk(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "LEAST_FREE_BYTES", 2**63)
    code, said = examine()
    assert (code, "make room" in said) == (1, True)


def test_a_database_of_another_release(home: Path) -> None:
    with writer_engine(f"sqlite:///{home / 'omniline.sqlite3'}").connect() as connection, connection.begin():
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0000'")
    code, said = examine()
    assert (code, "omniline db upgrade" in said) == (1, True)


def test_a_database_that_is_none(home: Path) -> None:
    for path in home.glob("omniline.sqlite3*"):
        path.unlink()
    (home / "omniline.sqlite3").write_text("this is not a database" * 100)
    code, said = examine()
    assert (code, "BAD  database" in said, "Traceback" in said) == (1, True, False)


@pytest.mark.parametrize("key", ["AMI__PORT", "AGI__PORT"])
def test_a_port_in_use(home: Path, monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        monkeypatch.setenv(f"OMNILINE_{key}", str(port))
        code, said = examine()
    assert (code, f"port {port} is in use" in said) == (1, True)
    assert key.lower().replace("__", ".") in said


def test_a_stranger_on_the_desks_port_is_not_taken_for_the_server(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("OMNILINE_HTTP__PORT", str(silent.getsockname()[1]))
        monkeypatch.setattr(doctor, "ANSWER_SECONDS", 0.2)
        code, said = examine()
    assert (code, "does not answer" in said) == (1, True)


@pytest.mark.parametrize(("minutes", "code"), [(59, 0), (61, 1)])
def test_recordings_that_wait_for_their_words(home: Path, minutes: int, code: int) -> None:
    written = utc_now() - timedelta(minutes=minutes)
    with batch_writer(f"sqlite:///{home / 'omniline.sqlite3'}") as writer:
        writer.run(outbox.put, Topic.TRANSCRIBE, "a recording", written)
    said = f"recordings that wait for their words: 1, the oldest for {minutes} min"
    assert examine()[0] == code
    assert said in examine()[1]


def test_a_model_that_is_not_there(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMNILINE_TRANSCRIPTS__MODELS__RU", "nowhere")
    code, said = examine()
    assert (code, "no transcripts of calls in ru" in said, "omniline models list" in said) == (1, True, True)
    assert "speech model for uk: uk-telephone-small" in said
