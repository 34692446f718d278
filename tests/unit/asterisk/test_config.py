from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pbx.asterisk.config import AgentPhone, DidConfig, PbxConfig, QueueConfig
from pbx.errors import Rejected

SECRET = "0123456789abcdef"
AGENT = AgentPhone("101", "Ann", SECRET, "en", "4321")
CONFIG = PbxConfig(
    ami_secret=SECRET,
    recordings=Path("/r"),
    voicemail=Path("/v"),
    agents=(AGENT,),
    queues=(QueueConfig("sales", ("101",)),),
    dids=(DidConfig("+380445550100", "sales", "uk"),),
)


@pytest.mark.parametrize(
    "changes",
    [
        {"extension": "1;1"},
        {"extension": "0"},
        {"password": "short"},
        {"password": SECRET + "\n[admin]"},
        {"language": "en\n"},
        {"voicemail_pin": "12,x"},
    ],
)
def test_an_agents_values_cannot_leave_their_line(changes: dict[str, str]) -> None:
    with pytest.raises(Rejected):
        replace(AGENT, **changes)  # type: ignore[arg-type]


def test_a_rejected_password_is_not_quoted() -> None:
    with pytest.raises(Rejected) as caught:
        replace(AGENT, password="hunter2")
    assert "hunter2" not in str(caught.value)
    with pytest.raises(Rejected) as caught:
        replace(CONFIG, ami_secret="hunter2")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"sip_port": 0}, r"sip\.port is 0"),
        ({"ami_port": 65536}, r"ami\.port is 65536"),
        ({"rtp_end": 10001}, r"sip\.rtp_end"),
        ({"sip_host": "localhost"}, "not an IP address"),
        ({"sip_host": "10.0.0.0/8"}, "is a network"),
        ({"trunk_addresses": ("carrier.example",)}, "not an IP address"),
        ({"ami_user": "a\nb"}, "the AMI user"),
        ({"ami_events": ("New channel",)}, "the AMI event"),
        ({"queues": (QueueConfig("sales", ("199",)),)}, "the member 199"),
        ({"queues": (QueueConfig("sales", ()), QueueConfig("sales", ()))}, "queue sales is there twice"),
        ({"queues": (QueueConfig("sales", (), extension="101"),)}, "extension 101 is there twice"),
        ({"dids": (DidConfig("+380445550100", "support"),)}, "queue support, which is not there"),
    ],
)
def test_what_does_not_fit_together_is_named(changes: dict[str, object], said: str) -> None:
    with pytest.raises(Rejected, match=said):
        replace(CONFIG, **changes)  # type: ignore[arg-type]


def test_queue_and_number_are_checked() -> None:
    for name in ("Sales", "a b", "a;b", "", "s" * 40):
        with pytest.raises(Rejected):
            QueueConfig(name, ())
    for number in ("380445550100", "+0", "+38044555010x", "+1\n"):
        with pytest.raises(Rejected):
            DidConfig(number, "sales")
    with pytest.raises(Rejected, match="strategy"):
        QueueConfig("sales", (), strategy="roundrobin\n")
