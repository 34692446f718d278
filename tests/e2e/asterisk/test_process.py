"""Starting, adopting and losing a real Asterisk."""

from __future__ import annotations

import os
import signal
import socket
from pathlib import Path

import pytest

from pbx.asterisk.find import Asterisk, get_asterisk
from pbx.asterisk.process import AsteriskProcess, find_running
from pbx.errors import Rejected
from tests.e2e.asterisk.conftest import Pbx, make_config, prepare


async def test_a_running_asterisk_is_adopted_and_survives_its_starter(pbx: Pbx) -> None:
    second = AsteriskProcess(pbx.home, pbx.config, get_asterisk())
    assert await second.start() is True
    assert second.pid == pbx.process.pid == find_running(pbx.home)
    await second.stop()
    assert find_running(pbx.home) is None
    assert await pbx.process.wait_died() == "it ended"


async def test_a_changed_configuration_is_reloaded_at_adoption(pbx: Pbx) -> None:
    custom = pbx.home / "asterisk-config/custom/extensions.conf"
    custom.write_text("[services]\nexten = *44,1,Hangup()\n")
    assert "*44" not in await pbx.process.command("dialplan show services")
    second = AsteriskProcess(pbx.home, pbx.config, get_asterisk())
    assert await second.start() is True
    assert "*44" in await second.command("dialplan show services")


async def test_its_death_is_noticed_and_said(pbx: Pbx) -> None:
    assert pbx.process.pid
    os.kill(pbx.process.pid, signal.SIGKILL)
    assert (await pbx.process.wait_died()).startswith("exit code -9")
    assert await pbx.process.start() is False


async def test_a_silent_asterisk_is_replaced(pbx: Pbx, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pbx.asterisk.process.ANSWER_SECONDS", 0.5)
    monkeypatch.setattr("pbx.asterisk.process.STOP_SECONDS", 0.5)
    first = pbx.process.pid
    assert first
    os.kill(first, signal.SIGSTOP)
    assert await pbx.process.start() is False
    assert pbx.process.pid != first


async def test_a_port_in_use_names_the_setting(tmp_path: Path) -> None:
    config = make_config(tmp_path)
    process = prepare(tmp_path, config)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", config.sip_port))
        with pytest.raises(Rejected, match=rf"sip.port: UDP port {config.sip_port} .* OMNILINE_SIP__PORT"):
            await process.start()


async def test_an_asterisk_that_ends_at_once_is_quoted(tmp_path: Path) -> None:
    config = make_config(tmp_path)
    prepare(tmp_path, config)
    broken = Asterisk(("/bin/sh", "-c", "echo there is no such module; exit 3"), tmp_path, tmp_path, "22.0")
    process = AsteriskProcess(tmp_path, config, broken)
    with pytest.raises(Rejected, match="Asterisk ended at once with code 3: there is no such module"):
        await process.start()
    assert process.pid is None


async def test_an_asterisk_that_is_gone_is_said(tmp_path: Path) -> None:
    config = make_config(tmp_path)
    prepare(tmp_path, config)
    gone = Asterisk((str(tmp_path / "usr/sbin/asterisk"),), tmp_path, tmp_path, "22.0")
    with pytest.raises(Rejected, match="run `make run` to fetch it again"):
        await AsteriskProcess(tmp_path, config, gone).start()
