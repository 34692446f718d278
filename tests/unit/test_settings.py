"""Settings: a laptop needs none, the file comes next, the environment has the last word, and every mistake is named."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bridge.errors import InvalidInput
from bridge.settings import Did, Queue, Settings, home_path, load


def write(home: Path, text: str) -> Path:
    home.mkdir(exist_ok=True)
    path = home / "omniline.toml"
    path.write_text(text, "utf-8")
    return path


def test_an_empty_home_has_defaults_on_loopback(tmp_path: Path) -> None:
    settings = load(tmp_path, {})
    assert settings == Settings()
    assert (settings.http.host, settings.http.port) == ("127.0.0.1", 8080)
    assert (settings.sip.host, settings.sip.port) == ("127.0.0.1", 5060)


def test_the_file_overrides_the_defaults_and_the_environment_the_file(tmp_path: Path) -> None:
    write(tmp_path, '[http]\nhost = "::1"\nport = 8081\n[company]\nregion = "PL"\n')
    settings = load(tmp_path, {"OMNILINE_HTTP__PORT": "8082", "PATH": "/bin", "OMNILINER": "x"})
    assert (settings.http.host, settings.http.port, settings.company.region) == ("::1", 8082, "PL")


def test_the_environment_reaches_a_key_two_tables_down(tmp_path: Path) -> None:
    write(tmp_path, '[transcripts.models]\nru = "r"\n')
    models = load(tmp_path, {"OMNILINE_TRANSCRIPTS__MODELS__UK": "u"}).transcripts.models
    assert (models.en, models.ru, models.uk) == ("en-telephone-small", "r", "u")


@pytest.mark.parametrize(
    "url", ["memory://", "redis://:secret@127.0.0.1/3", "rediss://host", "unix:///run/r.sock?db=1"]
)
def test_the_bus_is_in_memory_or_a_redis(tmp_path: Path, url: str) -> None:
    assert load(tmp_path, {"OMNILINE_BUS__URL": url}).bus.url == url


def test_a_password_of_digits_stays_text(tmp_path: Path) -> None:
    assert load(tmp_path, {"OMNILINE_ADMIN__PASSWORD": "0123"}).admin.password == "0123"


def test_numbers_and_queues_are_lists_of_tables(tmp_path: Path) -> None:
    write(
        tmp_path,
        '[[dids]]\nnumber = "+380445550100"\nqueue = "sales"\nlanguage = "uk"\n'
        '[[queues]]\nname = "sales"\nmembers = ["101", "102"]\n',
    )
    settings = load(tmp_path, {})
    assert settings.dids == (Did(number="+380445550100", queue="sales", language="uk"),)
    assert settings.queues == (Queue(name="sales", members=("101", "102")),)


def test_variables_of_the_set_up_are_not_settings(tmp_path: Path) -> None:
    environ = {
        "OMNILINE_HOME": "h",
        "OMNILINE_PREFIX": "p",
        "OMNILINE_APT_MIRROR": "m",
        "OMNILINE_APT_SUITE": "s",
    }
    assert load(tmp_path, environ) == Settings()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[http]\ncolour = 1", "http.colour: unknown key"),
        ("colour = 1", "colour: unknown key"),
        ('[transcripts.models]\nfr = ""', "transcripts.models.fr: unknown key"),
        ('[[dids]]\nnumber = "+1"\nqueue = "q"\nx = 1', "dids[0].x: unknown key"),
        ('[[dids]]\nnumber = "+1"', "dids[0].queue: missing"),
        ('[http]\nport = "8080"', "http.port: Expected `int`, got `str`"),
        ("http = 1", "http: Expected `object`, got `int`"),
        ("[http]\nport = 0", "http.port: Expected `int` >= 1"),
        ("[sip]\nrtp_end = 65536", "sip.rtp_end: Expected `int` <= 65535"),
        ("[asterisk]\nhttp_port = -1", "asterisk.http_port: Expected `int` >= 1"),
        ('[company]\nlanguage = "fr"', "company.language: Invalid enum value 'fr'"),
        ('[bus]\nurl = "redis://"', "bus.url: Expected `str` matching regex"),
        ("[http\n", "not valid TOML"),
    ],
)
def test_a_mistake_in_the_file_is_named_with_file_and_path(tmp_path: Path, text: str, message: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(InvalidInput, match=re.escape(message)) as caught:
        load(tmp_path, {})
    assert caught.value.where == str(path)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("OMNILINE_HTTP__COLOUR", "1", "http.colour: unknown key"),
        ("OMNILINE_NOPE", "1", "nope: unknown key"),
        ("OMNILINE_HTTP__PORT", "eighty", "http.port: Expected `int`, got `str`"),
        ("OMNILINE_HTTP__PORT", "70000", "http.port: Expected `int` <= 65535"),
        ("OMNILINE_HTTP", "1", "http: Expected `object`, got `str`"),
    ],
)
def test_a_mistake_in_the_environment_is_named_with_the_variable(
    tmp_path: Path, name: str, value: str, message: str
) -> None:
    with pytest.raises(InvalidInput, match=re.escape(message)) as caught:
        load(tmp_path, {name: value})
    assert caught.value.where == name


def test_an_error_never_repeats_a_secret(tmp_path: Path) -> None:
    write(tmp_path, "[admin]\npassword = 1234567\n")
    with pytest.raises(InvalidInput) as caught:
        load(tmp_path, {})
    assert "1234567" not in str(caught.value)


def test_a_file_that_is_not_text_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "omniline.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(InvalidInput, match="not valid TOML"):
        load(tmp_path, {})


def test_a_folder_in_its_place_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "omniline.toml").mkdir()
    with pytest.raises(InvalidInput, match="cannot be read"):
        load(tmp_path, {})


def test_the_home_comes_from_the_environment(tmp_path: Path) -> None:
    assert home_path({"OMNILINE_HOME": str(tmp_path)}) == tmp_path
    assert home_path({"OMNILINE_HOME": ""}) == home_path({}) == Path.home() / ".local/share/omniline"
