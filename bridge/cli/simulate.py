"""`omniline simulate`: people and a shop that are not there, for the sample company."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import aiohttp
import click

from bridge.channels.simulators import FILE
from bridge.channels.simulators.faults import Fault
from bridge.cli.home import open_home
from bridge.errors import InvalidInput, Transient


@click.group("simulate")
def simulate_command() -> None:
    """Have people write to the sample company, and its shop tell of orders, while the server runs. No internet is needed."""


@simulate_command.command("say")
@click.argument("channel", type=click.Choice(["telegram", "whatsapp"]))
@click.argument("texts", nargs=-1, required=True, metavar="TEXT…")
@click.option(
    "--person", default="380671234567", show_default=True, help="Digits; for WhatsApp also US.abc123."
)
@click.option("--name", default="Marta Bondar", show_default=True)
@click.option("--repeat", default=1, show_default=True, help="Each comes so many times.")
@click.option("--delay", default=0.0, show_default=True, help="Seconds before each.")
@click.option("--shuffle", is_flag=True, help="In another order.")
@click.option(
    "--drop", default=0.0, help="With --shuffle: this share of our answers is lost, and they come again."
)
def say_command(**say: Any) -> None:
    """Somebody writes each TEXT on a CHANNEL."""
    _ask("POST", "say", {**say, "texts": list(say["texts"])})


@simulate_command.command("order")
@click.argument("number")
@click.argument("status")
@click.option("--phone", help="The buyer's; needed with a new order.")
@click.option("--total", type=int, help="In minor units.")
def order_command(number: str, status: str, phone: str | None, total: int | None) -> None:
    """The shop tells that the order of this NUMBER is in this STATUS now: cart, unpaid, paid, …"""
    more: dict[str, Any] = {} if phone is None else {"customer": {"phone": phone}}
    if total is not None:
        item = {"sku": "S-1", "name": "Sample goods", "quantity": 1, "price": total}
        more |= {"total": total, "items": [item]}
    _ask("POST", "order", {"order": number, "status": status, **more})


@simulate_command.command("fault")
@click.argument("channel", type=click.Choice(["telegram", "whatsapp", "shop"]))
@click.argument("fault", type=click.Choice([fault.value for fault in Fault]))
def fault_command(channel: str, fault: str) -> None:
    """What happens to the next message, or order, that is sent on a CHANNEL."""
    _ask("POST", "fault", {"channel": channel, "fault": fault})


@simulate_command.command("got")
@click.option("--json", "as_json", is_flag=True)
def got_command(*, as_json: bool) -> None:
    """What people have got from us, in order, and the shop's orders."""
    got = json.loads(_ask("GET", "got"))
    if as_json:
        click.echo(json.dumps({"items": got}, ensure_ascii=False))
        return
    for each in got:
        click.echo(f"{each['channel']}  {each['to']}  {each['text']}")


def _ask(method: str, path: str, body: Any = None) -> bytes:
    """Raises InvalidInput for what the simulators do not take, Transient where they do not run."""
    home, _ = open_home()
    try:
        url = json.loads((home / FILE).read_text("utf-8"))["url"]
    except FileNotFoundError as error:
        raise Transient(
            "no simulators run: start the sample company (omniline serve), with simulators.run in omniline.toml"
        ) from error
    try:
        status, answer = asyncio.run(_request(method, f"{url}/{path}", body))
    except aiohttp.ClientError as error:
        raise Transient("the simulators do not answer: is the server still running?") from error
    if status >= 400:
        raise InvalidInput(answer.decode(errors="replace") or f"the server answered {status}")
    return answer


async def _request(method: str, url: str, body: Any) -> tuple[int, bytes]:
    async with aiohttp.ClientSession() as http, http.request(method, url, json=body) as response:
        return response.status, await response.read()
