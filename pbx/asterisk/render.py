"""Renders what is machine-specific of Asterisk's configuration into the home, and copies the shipped files.

    HOME/asterisk-config/            astetcdir: the admin's copy of the shipped .conf files
    HOME/asterisk-config/custom/     the admin's own
    HOME/asterisk-config/generated/  written here at every start, from PbxConfig; edits are lost
    HOME/asterisk/asterisk.conf      written here too: where all folders are
    HOME/asterisk/{run,log,spool,db} Asterisk's own

Files with secrets are readable by the owner alone. Every value is checked (`config`) or escaped here:
Asterisk's parser reads line by line, `;` begins a comment and `#include`/`#exec` count only at the
beginning of a line (main/config.c).
"""

from __future__ import annotations

import hashlib
import ipaddress
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from pbx.asterisk.config import AgentPhone, PbxConfig, QueueConfig
from pbx.asterisk.find import Asterisk
from pbx.errors import Rejected, Transient

SHIPPED = Path(__file__).resolve().parents[2] / "asterisk-config"
NO_KEYPAD_PIN = "-none"
"""A box with this PIN cannot be entered by telephone: no keypad has these letters. (A leading "-" only says
that the owner may not change it.)"""
LONGEST_SOCKET = 107
"""Bytes in the path of a Unix socket (unix(7)): Asterisk's control socket lies in the home."""


def copy_shipped(home: Path, shipped: Path = SHIPPED) -> list[str]:
    """Copy the shipped .conf files that the home has not; what is there is the admin's. Returns what was copied."""
    target = home / "asterisk-config"
    (target / "custom").mkdir(parents=True, exist_ok=True)
    missing = [
        file for file in sorted(shipped.iterdir()) if file.is_file() and not (target / file.name).exists()
    ]
    for file in missing:
        shutil.copyfile(file, target / file.name)
    return [file.name for file in missing]


def render(home: Path, config: PbxConfig, asterisk: Asterisk) -> None:
    """Write `generated/` and `asterisk.conf`, and make the folders that Asterisk wants.

    Raises Rejected for a folder whose name a .conf file or the dialplan cannot hold, Transient where the disk is
    full or a folder cannot be written.
    """
    try:
        _make_folders(home, config)
        for name, lines in generate(home, config).items():
            _write(home / "asterisk-config/generated" / name, lines)
        _write(home / "asterisk/asterisk.conf", _asterisk_conf(home, config, asterisk))
    except OSError as error:
        raise Transient(f"Asterisk's configuration cannot be written: {error}") from error


def _make_folders(home: Path, config: PbxConfig) -> None:
    private = [home / "asterisk" / name for name in ("run", "log/cdr-custom", "spool", "db", "keys")]
    for folder in (*private, home / "asterisk-config/generated", config.recordings, config.voicemail):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    _link_voicemail(home / "asterisk/spool/voicemail", config.voicemail)


def config_hash(home: Path) -> str:
    """A digest of all that Asterisk reads: the admin's files, custom/, generated/ and asterisk.conf."""
    digest = hashlib.sha256()
    folder = home / "asterisk-config"
    for file in [*sorted(folder.rglob("*.conf")), home / "asterisk/asterisk.conf"]:
        digest.update(f"{file.relative_to(home)}\0".encode())
        digest.update(file.read_bytes() + b"\0")
    return digest.hexdigest()


def generate(home: Path, config: PbxConfig) -> dict[str, Iterator[str]]:
    """The lines of each file in `generated/`."""
    return {
        "pjsip.conf": _pjsip(config),
        "globals.conf": _globals(home, config),
        "dids.conf": _dids(config),
        "agents.conf": _agents(config),
        "test-calls.conf": _test_calls(config),
        "queue-numbers.conf": _queue_numbers(config),
        "queues.conf": _queues(config),
        "voicemail.conf": _voicemail(config),
        "manager.conf": iter(["bindaddr = 127.0.0.1", f"port = {config.ami_port}"]),
        "manager-account.conf": _manager_account(config),
        "http.conf": iter(["bindaddr = 127.0.0.1", f"bindport = {config.http_port}"]),
        "rtp.conf": _rtp(config),
        "ice.conf": _ice(config),
    }


def _asterisk_conf(home: Path, config: PbxConfig, asterisk: Asterisk) -> Iterator[str]:
    runtime = home / "asterisk"
    socket = runtime / "run/asterisk.ctl"
    if len(os.fsencode(socket)) > LONGEST_SOCKET:
        raise Rejected(
            f"the home's path is too long: {socket} has more than {LONGEST_SOCKET} bytes; choose a shorter OMNILINE_HOME"
        )
    folders = {
        "astetcdir": home / "asterisk-config",
        "astmoddir": asterisk.modules,
        "astvarlibdir": asterisk.data,
        "astdatadir": asterisk.data,
        "astagidir": asterisk.data / "agi-bin",
        "astdbdir": runtime / "db",
        "astkeydir": runtime,
        "astspooldir": runtime / "spool",
        "astrundir": runtime / "run",
        "astlogdir": runtime / "log",
    }
    yield "[directories]"
    for key, folder in folders.items():
        yield f"{key} = {_path(folder)}"
    yield from ("", "[options]", f"systemname = {config.name}", "live_dangerously = no")
    yield from ("nocolor = yes", "hideconnect = yes", "defaultlanguage = en", "cache_record_files = no")
    yield from ("", "[files]", "astctlpermissions = 0600")


def _pjsip(config: PbxConfig) -> Iterator[str]:
    host = f"[{config.sip_host}]" if ":" in config.sip_host else config.sip_host
    for protocol in ("udp", "tcp"):
        yield from (f"[transport-{protocol}]", "type = transport", f"protocol = {protocol}")
        yield from (f"bind = {host}:{config.sip_port}", "")
    yield from ("; A phone in a browser, through Asterisk's web server (http.conf)", "[transport-ws]")
    yield from ("type = transport", "protocol = ws", f"bind = {host}:{config.sip_port}", "")
    for name, addresses in _trunks(config.trunk_addresses).items():
        yield from (f"[{name}](trunk)", *_media(config))
        yield from (f"[{name}-address]", "type = identify", f"endpoint = {name}")
        yield from (f"match = {','.join(addresses)}", "")
    for agent in config.agents:
        yield from _phone(agent, config)


def _trunks(addresses: tuple[str, ...]) -> dict[str, list[str]]:
    """The addresses by their trunk's name: this machine's own are one trunk, any other is one each."""
    trunks: dict[str, list[str]] = {}
    for number, address in enumerate(addresses):
        loopback = ipaddress.ip_network(address, strict=False).is_loopback
        trunks.setdefault("trunk-loopback" if loopback else f"trunk-{number}", []).append(address)
    return trunks


def _phone(agent: AgentPhone, config: PbxConfig) -> Iterator[str]:
    name = f"agent-{agent.extension}"
    template = "browser-phone" if agent.browser else "phone"
    yield from (f"[{name}]({template})", f"auth = {name}", f"aors = {name}", f"language = {agent.language}")
    yield f'callerid = "{_text(agent.name)}" <{agent.extension}>'
    yield from _media(config)
    yield from (f"[{name}](phone-auth)", f"username = {name}", f"password = {agent.password}", "")
    # On the aor: a phone that shows waiting messages subscribes to them, others are not bothered.
    yield from (f"[{name}](phone-aor)", f"mailboxes = {agent.extension}@default", "")


def _media(config: PbxConfig) -> tuple[str, ...]:
    if ipaddress.ip_address(config.sip_host).is_unspecified:
        return ("",)
    return (f"media_address = {config.sip_host}", "bind_rtp_to_media_address = yes", "")


def _globals(home: Path, config: PbxConfig) -> Iterator[str]:
    yield f"OMNI_AGI = agi://127.0.0.1:{config.agi_port}"
    yield f"OMNI_RECORDINGS = {_path(config.recordings)}"
    # The voicemail application names its files by the spool, whose link leads to config.voicemail.
    yield f"OMNI_VOICEMAIL = {_path(home / 'asterisk/spool/voicemail')}"
    yield f"OMNI_POP_KEY = {config.pop_key}"
    yield f"OMNI_DESK = {config.desk_url}"
    for agent in config.agents:
        # A reload keeps what is not there any more, so "no" is said as well.
        yield f"OMNI_CALL_INFO_{agent.extension} = {int(agent.call_info and bool(config.pop_key))}"
        yield f"OMNI_CARD_HEADER_{agent.extension} = {int(agent.card_header and bool(config.pop_key))}"


def _dids(config: PbxConfig) -> Iterator[str]:
    queues = {queue.name: queue for queue in config.queues}
    for did in config.dids:
        yield f"exten = {did.number},1,Set(OMNI_DIALLED={did.number})"
        yield from _to_queue(
            queues[did.queue], f"Set(CHANNEL(language)={did.language})", "Goto(inbound,start,1)"
        )
        yield f"; carriers leave out the + now and then\nexten = {did.number[1:]},1,Goto({did.number},1)"


def _queue_numbers(config: PbxConfig) -> Iterator[str]:
    for queue in config.queues:
        if queue.extension:
            yield f"exten = {queue.extension},1,NoOp(Queue {queue.name})"
            yield from _to_queue(queue, "Goto(to-queue,start,1)")


def _to_queue(queue: QueueConfig, *then: str) -> Iterator[str]:
    for step in (f"Set(OMNI_QUEUE={queue.name})", f"Set(OMNI_WAIT={queue.wait_seconds})", *then):
        yield f" same = n,{step}"


def _agents(config: PbxConfig) -> Iterator[str]:
    for agent in config.agents:
        yield f"exten = {agent.extension},hint,PJSIP/agent-{agent.extension}"
        yield f"exten = {agent.extension},1,Set(OMNI_BOX={agent.extension})"
        yield " same = n,Goto(internal,start,1)"
        yield f"exten = **{agent.extension},1,PickupChan(PJSIP/agent-{agent.extension}-,p)"
        yield " same = n,Hangup()"


def _test_calls(config: PbxConfig) -> Iterator[str]:
    for agent in config.agents:
        yield f"exten = {agent.extension},1,Set(OMNI_BOX={agent.extension})"
        yield " same = n,Goto(ring,1)"


def _queues(config: PbxConfig) -> Iterator[str]:
    for queue in config.queues:
        yield from (
            f"[{queue.name}](queue)",
            f"strategy = {queue.strategy}",
            f"timeout = {queue.ring_seconds}",
        )
        for member in queue.members:
            yield f"member = PJSIP/agent-{member},0,{member},PJSIP/agent-{member}"
        yield ""


def _voicemail(config: PbxConfig) -> Iterator[str]:
    for agent in config.agents:
        name = _text(agent.name).replace(",", " ").replace("|", " ")
        yield f"{agent.extension} = {agent.voicemail_pin},{name}"
    for queue in config.queues:
        yield f"{queue.name} = {NO_KEYPAD_PIN},{queue.name}"


def _manager_account(config: PbxConfig) -> Iterator[str]:
    yield f"[{config.ami_user}](account)"
    yield f"secret = {config.ami_secret}"
    for event in config.ami_events:
        # Exact names, looked up by hash; an Asterisk that is older than 20.10 passes over these lines.
        yield f"eventfilter(action(include),name({event})) ="


def _rtp(config: PbxConfig) -> Iterator[str]:
    yield from (f"rtpstart = {config.rtp_start}", f"rtpend = {config.rtp_end}")
    address = ipaddress.ip_address(config.sip_host)
    if not address.is_unspecified:
        yield from (
            "ice_deny = 0.0.0.0/0",
            "ice_deny = ::/0",
            f"ice_permit = {address}/{address.max_prefixlen}",
        )


def _ice(config: PbxConfig) -> Iterator[str]:
    if config.own_address and ipaddress.ip_address(config.sip_host).is_loopback:
        yield f"{config.own_address} => {config.sip_host}"


UNSAFE_TEXT: Mapping[str, str] = {'"': "'", "\\": "/", ";": ",", "<": "(", ">": ")", "$": " "}
"""What means something in a quoted caller id or to the parser, and what stands there instead."""


def _text(value: str) -> str:
    """Free text as it may stand in a quoted caller id: one line, at most 40 characters."""
    safe = (UNSAFE_TEXT.get(character, character) if character.isprintable() else " " for character in value)
    return " ".join("".join(safe).split())[:40]


def _path(folder: Path) -> str:
    """A folder's name as the .conf files and the arguments of an application can hold it."""
    if not re.fullmatch(r"[\w/ .@+=~:-]+", str(folder)):
        raise Rejected(f"Asterisk's configuration cannot hold this folder's name: {str(folder)!r}")
    return str(folder)


def _link_voicemail(link: Path, target: Path) -> None:
    if link.is_symlink() and link.readlink() != target:
        link.unlink()
    if not link.is_symlink():
        link.symlink_to(target)


def _write(path: Path, lines: Iterator[str]) -> None:
    """Replace the file whole: a running Asterisk may read it at any moment."""
    fresh = path.with_suffix(".new")
    fresh.touch(mode=0o600)
    fresh.write_text(
        "; Written by Omniline at every start: change omniline.toml instead.\n"
        + "".join(line + "\n" for line in lines),
        encoding="utf-8",
    )
    fresh.replace(path)
