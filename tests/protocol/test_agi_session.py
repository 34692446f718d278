"""AGI's wire: whatever a value holds, Asterisk reads one command and gets the value as it was."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.agi.session import AgiSession, HungUp, parse_environment
from pbx.errors import Rejected
from tests.fakes.asterisk_agi import Channel, write_environment

VALUE = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters=[chr(c) for c in [*range(32), 127]]),
    max_size=100,
)


class Wire:
    """The server's end of a socket, as bytes."""

    def __init__(self) -> None:
        self.sent = b""
        self.session = AgiSession({}, self._send, opened_at=0.0)
        self.reply: bytes | None = b"200 result=0\n"

    def _send(self, data: bytes) -> None:
        self.sent += data
        if self.reply is not None:
            self.session.feed(self.reply)


@given(
    st.dictionaries(st.sampled_from(["A", "__B", "CALLERID(name)", "CHANNEL(language)"]), VALUE, min_size=1)
)
def test_values_arrive_literally_in_one_command(values: dict[str, str]) -> None:
    wire = Wire()
    asyncio.run(wire.session.set_variables(values))
    lines = wire.sent.decode().split("\n")
    assert len(lines) == 2
    assert lines[1] == ""
    channel = Channel()
    channel.obey(lines[0])
    assert channel.variables == values


@pytest.mark.parametrize("bad", ["x\nHANGUP", "x\rHANGUP", "\0", "x\x1b[0m", "\udcff", "я" * 1000])
async def test_what_could_be_another_command_is_refused_and_not_a_byte_is_sent(bad: str) -> None:
    wire = Wire()
    with pytest.raises(Rejected):
        await wire.session.set_variables({"GOOD": "1", "BAD": bad})
    with pytest.raises(Rejected):
        await wire.session.execute("VERBOSE", bad)
    with pytest.raises(Rejected):
        await wire.session.execute("NOOP" + bad)
    assert wire.sent == b""


@pytest.mark.parametrize("name", ["", "A=1,B", "A B", "1A", "SHELL(rm -rf)", "A\n", "___A"])
async def test_a_variable_has_a_name_that_cannot_be_anything_else(name: str) -> None:
    wire = Wire()
    with pytest.raises(Rejected):
        await wire.session.set_variables({name: "1"})
    assert wire.sent == b""


async def test_more_variables_than_mset_splits_are_refused() -> None:
    wire = Wire()
    with pytest.raises(Rejected):
        await wire.session.set_variables({f"V{n}": "1" for n in range(24)})
    await wire.session.set_variables({f"V{n}": "1" for n in range(23)})


@pytest.mark.parametrize(
    ("reply", "result", "data"),
    [
        (b"200 result=1 (\xd0\x9e\xd0\xbb\xd1\x8f)\n", "1", "Оля"),
        (b"200 result=1 (\xff)\n", "1", "\udcff"),
        (b"200 result=-2\n", "-2", ""),
        (b"100 result=0 Trying...\n200 result=0\n", "0", ""),
        (b"tail of an injected environment\n\n200 result=1 (a)\n", "1", "a"),
    ],
)
async def test_replies(reply: bytes, result: str, data: str) -> None:
    wire = Wire()
    wire.reply = reply
    answer = await wire.session.execute("GET VARIABLE", "X")
    assert (answer.result, answer.data) == (result, data)


@pytest.mark.parametrize(
    "reply",
    [
        b"510 Invalid or unknown command\n",
        b"520 Invalid command syntax.  Proper usage not available.\n",
        b"520-Invalid command syntax.  Proper usage follows:\n Usage: NOOP\n\tnothing\n520 End of proper usage.\n",
    ],
)
async def test_a_refused_command_is_rejected_and_the_next_reply_is_its_own(reply: bytes) -> None:
    wire = Wire()
    wire.reply = reply
    with pytest.raises(Rejected):
        await wire.session.execute("BOGUS")
    wire.reply = b"200 result=7\n"
    assert (await wire.session.execute("NOOP")).result == "7"


@pytest.mark.parametrize(
    "reply",
    [
        b"HANGUP\n",
        b"511 Command Not Permitted on a dead channel\n",
        b"200 result=-1\n",
        b"HANGUP\n200 result=0\n",
    ],
)
async def test_a_hang_up_is_seen(reply: bytes) -> None:
    wire = Wire()
    wire.reply = reply
    with pytest.raises(HungUp):
        await wire.session.execute("NOOP")


async def test_nothing_is_sent_after_a_hang_up() -> None:
    wire = Wire()
    wire.session.feed(b"HANGUP\n")
    with pytest.raises(HungUp):
        await wire.session.execute("NOOP")
    assert wire.sent == b""


async def test_a_reply_may_come_a_byte_at_a_time() -> None:
    wire = Wire()
    wire.reply = None
    asked = asyncio.ensure_future(wire.session.execute("NOOP"))
    await asyncio.sleep(0)
    for byte in "200 result=1 (Оля)\n".encode():
        assert not asked.done()
        wire.session.feed(bytes([byte]))
    assert (await asked).data == "Оля"


def test_the_environment_is_read_whole_and_a_forged_one_refused() -> None:
    block = write_environment(agi_calleridname='"Оля": x').removesuffix(b"\n\n")
    assert parse_environment(block)["agi_calleridname"] == '"Оля": x'
    with pytest.raises(Rejected):
        parse_environment(write_environment(agi_callerid="1\nagi_network_script: self_test"))
