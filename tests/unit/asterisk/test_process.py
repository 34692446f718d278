from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from pbx.asterisk.config import PbxConfig
from pbx.asterisk.find import Asterisk
from pbx.asterisk.ports import check_ports
from pbx.asterisk.process import AsteriskProcess, find_running
from pbx.errors import Rejected, Transient


def make_config(sip: int, http: int, ami: int) -> PbxConfig:
    return PbxConfig(
        ami_secret="0123456789abcdef",
        recordings=Path("/r"),
        voicemail=Path("/v"),
        sip_port=sip,
        http_port=http,
        ami_port=ami,
    )


@pytest.mark.parametrize(
    ("kind", "setting", "variable"),
    [
        (socket.SOCK_DGRAM, "sip_port", "OMNILINE_SIP__PORT"),
        (socket.SOCK_STREAM, "sip_port", "OMNILINE_SIP__PORT"),
        (socket.SOCK_STREAM, "http_port", "OMNILINE_ASTERISK__HTTP_PORT"),
        (socket.SOCK_STREAM, "ami_port", "OMNILINE_AMI__PORT"),
    ],
)
def test_a_taken_port_is_named_with_its_setting(kind: socket.SocketKind, setting: str, variable: str) -> None:
    with socket.socket(socket.AF_INET, kind) as taken:
        taken.bind(("127.0.0.1", 0))
        if kind == socket.SOCK_STREAM:
            taken.listen()
        port = taken.getsockname()[1]
        ports = {"sip_port": 0, "http_port": 0, "ami_port": 0} | {setting: port}
        # 0 is "any free port" to the kernel, and no port to PbxConfig: the others are put in past its checks.
        config = make_config(5060, 8088, 5038)
        for name, value in ports.items():
            object.__setattr__(config, name, value)
        with pytest.raises(Rejected, match=rf"port {port} .* another program has it; .*{variable}="):
            check_ports(config)
        object.__setattr__(config, setting, 0)
        check_ports(config)


def test_an_address_that_is_not_ours_is_said() -> None:
    config = make_config(5060, 8088, 5038)
    object.__setattr__(config, "sip_host", "203.0.113.7")
    with pytest.raises(Rejected, match="does not have that address"):
        check_ports(config)


def test_only_the_process_with_our_asterisk_conf_is_ours(tmp_path: Path) -> None:
    run = tmp_path / "asterisk/run"
    run.mkdir(parents=True)
    assert find_running(tmp_path) is None
    pid_file = run / "asterisk.pid"
    pid_file.write_text("not a number")
    assert find_running(tmp_path) is None
    pid_file.write_text(f"{os.getpid()}\n")
    assert find_running(tmp_path) is None, "alive, but somebody else"
    conf = str(tmp_path / "asterisk/asterisk.conf")
    stand_in = [sys.executable, "-c", "import sys; print(flush=True); sys.stdin.read()", "-f", "-C", conf]
    with subprocess.Popen(stand_in, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        pid_file.write_text(f"{process.pid}\n")
        assert find_running(tmp_path) == process.pid
        assert find_running(tmp_path / "other") is None
        assert process.stdin
        process.stdin.close()
        process.wait()
        assert find_running(tmp_path) is None


async def test_asterisk_is_not_started_on_a_full_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=4096))
    monkeypatch.setattr("pbx.asterisk.process.check_ports", lambda _: None)
    asterisk = Asterisk(("/bin/false",), tmp_path, tmp_path, "22.0")
    process = AsteriskProcess(tmp_path, make_config(5060, 8088, 5038), asterisk)
    with pytest.raises(Transient, match=f"the disk that holds {tmp_path} is full"):
        await process.start()
    assert process.pid is None
