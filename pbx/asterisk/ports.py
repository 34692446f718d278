"""Finds out before Asterisk starts whether its ports are free, and says which setting to change when one is not; and
this machine's own address.

Asterisk itself would start without the port and only write a line in its log.
"""

from __future__ import annotations

import errno
import ipaddress
import socket

from pbx.asterisk.config import PbxConfig
from pbx.errors import Rejected


def check_ports(config: PbxConfig) -> None:
    """Raises Rejected naming the port and its setting when one cannot be had."""
    _check("sip.port", config.sip_host, config.sip_port, socket.SOCK_DGRAM)
    _check("sip.port", config.sip_host, config.sip_port, socket.SOCK_STREAM)
    _check("asterisk.http_port", "127.0.0.1", config.http_port, socket.SOCK_STREAM)
    _check("ami.port", "127.0.0.1", config.ami_port, socket.SOCK_STREAM)


def find_own_address() -> str:
    """The IPv4 address that this machine would reach others from, "" when it has none but loopback."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # for documentation only (RFC 5737), and UDP sends nothing yet
        except OSError:
            return ""
        return str(probe.getsockname()[0])


def _check(setting: str, host: str, port: int, kind: socket.SocketKind) -> None:
    family = socket.AF_INET6 if ipaddress.ip_address(host).version == 6 else socket.AF_INET
    protocol = "UDP" if kind == socket.SOCK_DGRAM else "TCP"
    with socket.socket(family, kind) as probe:
        if kind == socket.SOCK_STREAM:
            # Closed connections that still linger are no obstacle for Asterisk either.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            variable = "OMNILINE_" + setting.upper().replace(".", "__")
            raise Rejected(
                f"{setting}: {protocol} port {port} on {host} cannot be used, {_reason(error)}; set {setting} in "
                f"omniline.toml or {variable}=<another port>"
            ) from error


def _reason(error: OSError) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            return "another program has it"
        case errno.EACCES:
            return "ports below 1024 are for root"
        case errno.EADDRNOTAVAIL:
            return "this machine does not have that address"
        case _:
            return str(error)
