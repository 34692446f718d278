"""A phone in a browser (JsSIP in Chromium, over WebSocket and WebRTC) reads all rungs of a ringing call and takes it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from playwright.async_api import Page

from tests.e2e.desk.browser import open_browser
from tests.e2e.harness import Omniline, eventually, free_ports

pytestmark = pytest.mark.asyncio(loop_scope="module")

DESK = Path(__file__).resolve().parents[2] / "bridge/desk/web"
PHONES = """
[[phones]]
extension = "101"
profile = "browser-phone"
"""
CALLER = "+380501110077"
NAME = 'Оксана "Ксеня" Сич'
CUSTOMERS = f"""external_id,name,kind,language,phones,emails,telegram,organisation,vip,comment
b1,"{NAME.replace('"', '""')}",person,uk,{CALLER},,,,no,
"""
HISTORY = f"""{{"channel":"sms","source":"old","source_key":"1","at":"2026-11-20T10:00:00Z","direction":"inbound",\
"from":{{"kind":"phone","address":"{CALLER}"}},"text":"Де моя посилка?"}}
""".replace("\\\n", "")
PHONE = """
const seen = { registered: false, texts: [] };
let session;
function begin(socket, uri, password) {
  const sockets = [new JsSIP.WebSocketInterface(socket)];
  const phone = new JsSIP.UA({ sockets, uri, password, session_timers: false });
  phone.on("registered", () => { seen.registered = true; });
  phone.on("newMessage", ({ request }) => { seen.texts.push(request.body); });
  phone.on("newRTCSession", (event) => {
    session = event.session;
    seen.name = session.remote_identity.display_name;
    seen.number = session.remote_identity.uri.user;
    seen.callInfo = event.request.getHeader("Call-Info");
    seen.card = event.request.getHeader("X-Omniline-Card");
    session.on("ended", ({ cause }) => { seen.ended = cause; });
    session.on("failed", ({ cause }) => { seen.failed = cause; });
  });
  phone.start();
}
function answer() { session.answer({ mediaConstraints: { audio: true, video: false } }); }
async function packetsHeard() {
  const reports = [...(await session.connection.getStats()).values()];
  return reports.find((report) => report.type === "inbound-rtp")?.packetsReceived ?? 0;
}
"""


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def company(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Omniline]:
    """101 has its phone in the browser."""
    folder: Path = tmp_path_factory.mktemp("browser-phone")
    server = Omniline(folder / "home")
    assert (await server.run("sample"))[0] == 0
    settings = server.home / "omniline.toml"
    settings.write_text(settings.read_text() + PHONES)
    for kind, name, text in (("customers", "c.csv", CUSTOMERS), ("history", "h.jsonl", HISTORY)):
        (folder / name).write_text(text)
        code, out, err = await server.run("import", kind, str(folder / name))
        assert code == 0, out + err
    try:
        await server.start()
        yield server
    finally:
        await server.stop()


async def bundle(into: Path) -> str:
    """JsSIP as one script, by the desk's own esbuild."""
    (esbuild,) = DESK.glob("node_modules/@esbuild/*/bin/esbuild")
    options = ("--bundle", "--format=iife", "--global-name=JsSIP", "--log-level=error", f"--outfile={into}")
    process = await asyncio.create_subprocess_exec(esbuild, "jssip", *options, cwd=DESK)
    assert await process.wait() == 0
    return into.read_text()


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def phone(company: Omniline, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Page]:
    """The page of a phone, on a web server of its own on loopback, registered as 101."""
    script = await bundle(tmp_path_factory.mktemp("bundle") / "jssip.js")

    async def page_of(_: web.Request) -> web.Response:
        text = f"<!doctype html><meta charset=utf-8><script>{script}</script><script>{PHONE}</script>"
        return web.Response(text=text, content_type="text/html")

    app = web.Application()
    app.router.add_get("/", page_of)
    runner = web.AppRunner(app)
    await runner.setup()
    (port,) = free_ports(1)
    await web.TCPSite(runner, "127.0.0.1", port).start()
    media = (
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        "--allow-loopback-in-peer-connection",
        "--disable-features=WebRtcHideLocalIpsWithMdns",
    )
    async with open_browser(*media) as browser:
        page = await browser.new_page()
        await page.goto(f"http://127.0.0.1:{port}/")
        begin = "([socket, uri, password]) => begin(socket, uri, password)"
        socket = f"ws://127.0.0.1:{company.asterisk_http_port}/ws"
        password = company.secrets.phones["101"].sip_password
        await page.evaluate(begin, [socket, "sip:agent-101@127.0.0.1", password])
        await page.wait_for_function("seen.registered")
        yield page
    await runner.cleanup()


async def test_it_reads_name_call_info_card_and_message_and_hears_the_caller(
    company: Omniline, phone: Page
) -> None:
    caller = await company.calling(CALLER, before_ms=4000, talk_ms=3000)
    await phone.wait_for_function("seen.card && seen.texts.length > 0", timeout=15_000)
    seen: dict[str, Any] = await phone.evaluate("seen")
    assert seen["name"].strip('"').replace('\\"', '"') == NAME
    assert seen["number"] == CALLER
    assert len(seen["card"]) == 40
    assert seen["callInfo"] == f"<{company.url}/pop/{seen['card']}>;purpose=info"
    name, line = seen["texts"][0].splitlines()
    assert name == NAME
    assert line.endswith("Де моя посилка?")
    await phone.evaluate("answer()")

    async def heard() -> bool:
        return bool(await phone.evaluate("packetsHeard()") > 20)

    await eventually(heard, what="the caller is heard in the browser")
    assert await caller.wait(30)
    await phone.wait_for_function("seen.ended")
