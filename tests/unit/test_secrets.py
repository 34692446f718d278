"""The home's secrets: made once, kept private, never lost by a later start."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from bridge.errors import InvalidInput
from bridge.secrets import load_or_make, new_password


def test_they_are_stable_and_what_is_missing_is_added(tmp_path: Path) -> None:
    first = load_or_make(tmp_path, ("101",))
    second = load_or_make(tmp_path, ("101", "102"))
    assert second.ami_secret == first.ami_secret
    assert second.admin_password == first.admin_password
    assert second.phones["101"] == first.phones["101"]
    assert load_or_make(tmp_path) == second
    assert set(second.phones) == {"101", "102"}


def test_only_the_owner_may_read_the_file(tmp_path: Path) -> None:
    load_or_make(tmp_path, ("101",))
    (file,) = tmp_path.iterdir()
    assert file.name == "secrets.toml"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_left_over_temporary_file_does_not_widen_the_rights(tmp_path: Path) -> None:
    (tmp_path / "secrets.new").write_text("")
    (tmp_path / "secrets.new").chmod(0o644)
    load_or_make(tmp_path)
    assert stat.S_IMODE((tmp_path / "secrets.toml").stat().st_mode) == 0o600


def test_no_two_are_alike(tmp_path: Path) -> None:
    made = load_or_make(tmp_path, ("101", "102"))
    words = [made.ami_secret, made.admin_password]
    for phone in made.phones.values():
        words += [phone.sip_password, phone.desk_password, phone.phone_key]
    assert len(set(words)) == len(words) == 8
    assert all(len(word) >= 16 for word in words)


def test_passwords_can_be_read_from_a_screen_and_go_into_any_file() -> None:
    text = new_password(5000)
    assert len(text) == 5000
    assert text.isascii()
    assert text.isalnum()
    assert not set(text) & set("0O1lI")


def test_an_unchanged_file_is_not_written_again(tmp_path: Path) -> None:
    load_or_make(tmp_path)
    before = (tmp_path / "secrets.toml").stat()
    load_or_make(tmp_path)
    after = (tmp_path / "secrets.toml").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


@pytest.mark.parametrize(
    "content",
    [
        b"ami_secret = ",
        b"\xff",
        b"ami_secret = 5",
        b"phones = 5",
        b'[phones]\n"101" = 5',
        b'[phones."101"]\nx = 1',
    ],
)
def test_a_damaged_file_is_an_error_and_is_left_as_it_is(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "secrets.toml"
    path.write_bytes(content)
    with pytest.raises(InvalidInput) as caught:
        load_or_make(tmp_path, ("101",))
    assert caught.value.where == str(path)
    assert path.read_bytes() == content


def test_a_key_it_does_not_know_is_an_error_rather_than_lost(tmp_path: Path) -> None:
    """A newer release may have written more: an older one must not throw it away."""
    load_or_make(tmp_path)
    path = tmp_path / "secrets.toml"
    path.write_text('of_tomorrow = "x"\n' + path.read_text())
    with pytest.raises(InvalidInput, match="of_tomorrow"):
        load_or_make(tmp_path, ("101",))
    assert "of_tomorrow" in path.read_text()


@pytest.mark.parametrize("password", ['a"b', "a\\b", "пароль 😀", "'", "\t#x"])
def test_a_password_of_somebody_elses_making_comes_back_as_it_was(tmp_path: Path, password: str) -> None:
    load_or_make(tmp_path, inboxes={"email/support@example.org": password})
    assert load_or_make(tmp_path).inboxes["email/support@example.org"].token == password
