from __future__ import annotations

import stat
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.asterisk.config import AgentPhone, DidConfig, PbxConfig, QueueConfig
from pbx.asterisk.find import Asterisk
from pbx.asterisk.render import SHIPPED, config_hash, copy_shipped, generate, render
from pbx.errors import Rejected, Transient

SECRET = "0123456789abcdef"
ASTERISK = Asterisk(
    ("/usr/sbin/asterisk",), Path("/usr/lib/asterisk/modules"), Path("/usr/share/asterisk"), "22"
)


def make_config(home: Path, name: str = "Ann") -> PbxConfig:
    return PbxConfig(
        ami_secret=SECRET,
        recordings=home / "recordings",
        voicemail=home / "voicemail",
        agents=(AgentPhone("101", name, SECRET, "uk", "4321"),),
        queues=(QueueConfig("sales", ("101",), extension="601"),),
        dids=(DidConfig("+380445550100", "sales", "uk"),),
        ami_events=("Newchannel", "UserEvent"),
    )


def generated(home: Path, name: str) -> str:
    return (home / "asterisk-config/generated" / name).read_text("utf-8")


def test_what_is_rendered(tmp_path: Path) -> None:
    render(tmp_path, make_config(tmp_path), ASTERISK)
    pjsip = generated(tmp_path, "pjsip.conf")
    assert (
        '[agent-101](phone)\nauth = agent-101\naors = agent-101\nlanguage = uk\ncallerid = "Ann" <101>'
        in pjsip
    )
    assert "endpoint = trunk-loopback\nmatch = 127.0.0.1" in pjsip
    assert "exten = +380445550100,1,Set(OMNI_DIALLED=+380445550100)" in generated(tmp_path, "dids.conf")
    assert "member = PJSIP/agent-101,0,101,PJSIP/agent-101" in generated(tmp_path, "queues.conf")
    assert "exten = 601,1" in generated(tmp_path, "queue-numbers.conf")
    assert "eventfilter(action(include),name(UserEvent)) =" in generated(tmp_path, "manager-account.conf")
    assert "ice_permit = 127.0.0.1/32" in generated(tmp_path, "rtp.conf")
    assert "live_dangerously = no" in (tmp_path / "asterisk/asterisk.conf").read_text()


def test_a_phone_in_a_browser_is_rendered_as_one(tmp_path: Path) -> None:
    config = make_config(tmp_path)
    config = replace(config, agents=(replace(config.agents[0], browser=True),))
    assert "[agent-101](browser-phone)" in [*generate(tmp_path, config)["pjsip.conf"]]


def test_browsers_on_this_machine_are_offered_loopback(tmp_path: Path) -> None:
    config = replace(make_config(tmp_path), own_address="192.0.2.7")
    assert [*generate(tmp_path, config)["ice.conf"]] == ["192.0.2.7 => 127.0.0.1"]
    reachable = replace(config, sip_host="192.0.2.7")
    for each in (reachable, make_config(tmp_path)):
        assert [*generate(tmp_path, each)["ice.conf"]] == []


def test_every_included_file_is_rendered_and_every_rendered_file_included(tmp_path: Path) -> None:
    render(tmp_path, make_config(tmp_path), ASTERISK)
    shipped = "".join(file.read_text("utf-8") for file in SHIPPED.glob("*.conf"))
    included = {
        line.removeprefix("#include generated/")
        for line in shipped.splitlines()
        if line.startswith("#include ")
    }
    assert included == {file.name for file in (tmp_path / "asterisk-config/generated").iterdir()}


def test_secrets_are_the_owners_alone(tmp_path: Path) -> None:
    render(tmp_path, make_config(tmp_path), ASTERISK)
    for file in (tmp_path / "asterisk-config/generated").iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file


@given(name=st.text(max_size=80))
def test_a_hostile_name_stays_in_its_line(name: str) -> None:
    """As many lines as with a harmless name, and the same ones but for the name itself."""
    home = Path("/home/omniline")
    harmless, hostile = generate(home, make_config(home)), generate(home, make_config(home, name))
    for file, before, after in (
        ("pjsip.conf", 'callerid = "', '" <101>'),
        ("voicemail.conf", "101 = 4321,", ""),
    ):
        for good, bad in zip(harmless[file], hostile[file], strict=True):
            if good == bad:
                continue
            assert bad.startswith(before)
            assert bad.endswith(after)
            text = bad.removeprefix(before).removesuffix(after)
            assert not set(text) & set('";<>$\\')
            assert text.isprintable()
            assert len(text) <= 40
            assert file != "voicemail.conf" or not set(text) & set(",|")


def test_loopback_addresses_are_one_trunk_and_others_one_each(tmp_path: Path) -> None:
    config = replace(make_config(tmp_path), trunk_addresses=("127.0.0.1", "::1", "192.0.2.0/28"))
    pjsip = "\n".join(generate(tmp_path, config)["pjsip.conf"])
    assert "endpoint = trunk-loopback\nmatch = 127.0.0.1,::1\n" in pjsip
    assert "endpoint = trunk-2\nmatch = 192.0.2.0/28\n" in pjsip
    assert pjsip.count("(trunk)") == 2


def test_a_folder_that_the_dialplan_cannot_hold_is_refused(tmp_path: Path) -> None:
    for name in ("a,b", "a;b", "${x}", "a)b", "a|b", 'a"b', "a\nb"):
        with pytest.raises(Rejected, match="cannot hold this folder's name"):
            render(tmp_path, replace(make_config(tmp_path), recordings=tmp_path / name), ASTERISK)


def test_a_home_too_deep_for_a_socket_is_refused(tmp_path: Path) -> None:
    home = tmp_path / ("x" * 100)
    home.mkdir()
    with pytest.raises(Rejected, match="choose a shorter OMNILINE_HOME"):
        render(home, make_config(home), ASTERISK)


def test_what_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "asterisk-config").write_text("a file where a folder should be")
    with pytest.raises(Transient, match=r"cannot be written: .*asterisk-config"):
        render(tmp_path, make_config(tmp_path), ASTERISK)


def test_the_admins_edits_are_kept(tmp_path: Path) -> None:
    assert "pjsip.conf" in copy_shipped(tmp_path)
    edited = tmp_path / "asterisk-config/pjsip.conf"
    edited.write_text("; mine\n")
    (tmp_path / "asterisk-config/rtp.conf").unlink()
    assert copy_shipped(tmp_path) == ["rtp.conf"]
    assert edited.read_text() == "; mine\n"


def test_the_hash_follows_every_file_that_asterisk_reads(tmp_path: Path) -> None:
    copy_shipped(tmp_path)
    render(tmp_path, make_config(tmp_path), ASTERISK)
    seen = {config_hash(tmp_path)}
    render(tmp_path, make_config(tmp_path), ASTERISK)
    assert config_hash(tmp_path) in seen, "the same values, the same hash"
    render(tmp_path, make_config(tmp_path, "Bob"), ASTERISK)
    seen.add(config_hash(tmp_path))
    (tmp_path / "asterisk-config/custom/extensions.conf").write_text("; new\n")
    seen.add(config_hash(tmp_path))
    (tmp_path / "asterisk-config/queues.conf").write_text("; edited\n")
    seen.add(config_hash(tmp_path))
    assert len(seen) == 4
