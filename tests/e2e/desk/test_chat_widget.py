"""The chat on a company's site, in a real Chromium and against the real server: two origins, a strict policy."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Locator, Page, WebSocketRoute, expect

from bridge.domain.customer import Strength
from bridge.store import people
from tests.contract.desk_server import PASSWORD
from tests.e2e.desk.browser import log_in, open_browser, open_context, watch
from tests.e2e.desk.chat_site import Site, chat_site
from tests.e2e.desk.fake_desk import DIST
from tests.e2e.harness import eventually

AXE = Path(__file__).parents[3] / "bridge/desk/web/node_modules/axe-core/axe.min.js"
OLENA = "olena@example.org"
GOES_ON = "We go on here. All that was said so far is before us; just write."

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with open_browser() as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="module")
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with chat_site(tmp_path) as site:
        yield site


class Visitor:
    """A browser of its own, on the site's page. In the end nothing was complained of."""

    def __init__(self, context: BrowserContext, page: Page, site: Site) -> None:
        self.context = context
        self.page = page
        self.site = site
        self.complaints = watch(page)

    async def open(self) -> None:
        await self.page.goto(self.site.url)
        await self.launcher.click()
        await expect(self.panel).to_be_visible()

    @property
    def launcher(self) -> Locator:
        return self.page.locator(".launcher")

    @property
    def panel(self) -> Locator:
        return self.page.get_by_role("dialog")

    @property
    def texts(self) -> Locator:
        return self.panel.locator(".said-text")

    async def write(self, text: str) -> None:
        field = self.panel.get_by_label("Your message")
        await field.fill(text)
        await field.press("Enter")

    async def close(self) -> None:
        await self.context.close()
        assert self.complaints == []


async def visit(browser: Browser, site: Site, **kind: str | int) -> Visitor:
    context = await open_context(browser, **kind)  # type: ignore[arg-type]
    return Visitor(context, await context.new_page(), site)


@pytest_asyncio.fixture(loop_scope="module")
async def visitor(browser: Browser, site: Site) -> AsyncIterator[Visitor]:
    visitor = await visit(browser, site)
    yield visitor
    await visitor.close()


async def sees_states(site: Site, *states: str) -> None:
    async def told() -> bool:
        return await site.states() == list(states)

    await eventually(told, what=f"the deliveries are {states}")


async def test_a_link_opens_the_chat_known_and_leaves_the_address(
    browser: Browser, visitor: Visitor, site: Site
) -> None:
    link = await site.make_link()
    await visitor.page.goto(f"{link.replace('#', '#offers&')}")
    await expect(visitor.texts).to_have_text([GOES_ON])
    await expect(visitor.panel.locator(".said-author")).to_have_text(["Omniline"])
    assert visitor.page.url == f"{site.url}#offers"
    await visitor.write("The blue one, please.")
    await expect(visitor.texts).to_have_text([GOES_ON, "The blue one, please."])
    await expect(visitor.panel.get_by_role("status")).to_have_count(0)
    late = await visit(browser, site)
    await late.page.goto(link)
    await expect(late.panel.get_by_role("status")).to_contain_text("used before")
    await expect(late.texts).to_have_count(0)
    await late.close()


async def test_a_visitor_writes_and_the_answer_is_there_read_and_after_a_reload(
    visitor: Visitor, site: Site
) -> None:
    await site.running.desk.follow()
    await visitor.open()
    await expect(visitor.panel.get_by_text("We are here now")).to_be_visible()
    await visitor.write("Is it for induction too?")
    await expect(visitor.texts).to_have_text(["Is it for induction too?"])
    (entry,) = await eventually(site.running.read)
    assert entry.payload["context"] == {
        "page_url": site.url,
        "page_title": "Kettles",
        "cart": "C-17",
        "language": "en",
    }
    await site.answer("It is.")
    await expect(visitor.texts).to_have_text(["Is it for induction too?", "It is."])
    await expect(visitor.panel.locator(".said-author")).to_have_text(["Agent 101"])
    await sees_states(site, "read")
    await visitor.page.reload()
    await site.answer("And for gas.")
    await expect(visitor.launcher).to_have_attribute("aria-label", "Open the chat, 1 new message")
    await sees_states(site, "read", "delivered")
    await visitor.launcher.click()
    await expect(visitor.texts).to_have_text(["Is it for induction too?", "It is.", "And for gas."])
    await sees_states(site, "read", "read")


async def test_the_agent_sees_the_message_and_where_it_was_written(
    browser: Browser, visitor: Visitor, site: Site
) -> None:
    desk = await (await open_context(browser)).new_page()
    await log_in(desk, site.running.server.url, "102", PASSWORD)
    await visitor.open()
    await visitor.write("Is it for <b>induction</b> too?")
    (entry,) = await eventually(site.running.read)
    await desk.goto(f"{site.running.server.url}/customers/{entry.customer_id}")
    shown = desk.locator(".entry")
    await expect(shown).to_contain_text("Is it for <b>induction</b> too?")
    await expect(shown.get_by_test_id("written-at")).to_have_text("on the page “Kettles”Cart C-17")
    await visitor.write("And for gas?")
    await expect(shown.nth(1)).to_be_visible()
    await visitor.panel.get_by_label("Your message").press_sequentially("or")
    await expect(desk.locator(".conversation").get_by_text("Is writing…")).to_be_visible()
    await site.answer("Both.")
    await expect(desk.locator(".entry [data-delivery=read]")).to_have_count(1)
    await desk.context.close()


@pytest.mark.parametrize("how", ["forbidden", "silent", "cut"])
async def test_without_websockets_it_goes_by_long_polls(visitor: Visitor, site: Site, how: str) -> None:
    if how == "forbidden":
        await visitor.page.add_init_script("WebSocket = class { constructor() { throw new Error('no'); } }")
    else:

        async def block(socket: WebSocketRoute) -> None:
            if how == "cut":
                await socket.close()

        await visitor.page.route_web_socket("**/socket", block)
    await site.running.desk.follow()
    await visitor.open()
    await visitor.write("one")
    await expect(visitor.texts).to_have_text(["one"])
    await eventually(site.running.read)
    await site.answer("two")
    await expect(visitor.texts).to_have_text(["one", "two"], timeout=15_000)


async def sign_in(visitor: Visitor, site: Site) -> None:
    panel = visitor.panel
    await panel.get_by_role("button", name="Your account").click()
    await panel.get_by_label("E-mail").fill(OLENA)
    await panel.get_by_role("button", name="Send the code").click()
    await panel.get_by_label("Code").fill("00000")
    await panel.get_by_role("button", name="Sign in").click()
    await expect(panel.get_by_role("alert")).to_have_text("This is not the code.")
    await panel.get_by_label("Code").fill(site.running.server.letters.sent[-1][1])
    await panel.get_by_role("button", name="Sign in").click()
    await expect(panel.get_by_label("Your message")).to_be_visible()


async def test_after_the_code_another_device_has_the_talk(
    browser: Browser, visitor: Visitor, site: Site
) -> None:
    await visitor.open()
    await visitor.write("from the phone")
    await eventually(site.running.read)
    await sign_in(visitor, site)
    await expect(visitor.texts).to_have_text(["from the phone"])
    other = await visit(browser, site)
    await other.open()
    await sign_in(other, site)
    await expect(other.texts).to_have_text(["from the phone"])
    await other.write("from the laptop")
    await expect(visitor.texts).to_have_text(["from the phone", "from the laptop"])
    entries = await site.running.read()
    assert len({entry.customer_id for entry in entries}) == 1
    owner = await site.running.server.db.read(people.find_owner, "email", OLENA)
    assert owner is not None and owner.strength is Strength.PROVEN
    await other.panel.get_by_role("button", name="Your account").click()
    await expect(other.panel).to_contain_text(OLENA)
    await other.panel.get_by_role("button", name="Sign out").click()
    await expect(other.panel.get_by_label("Your message")).to_be_visible()
    await expect(other.texts).to_have_count(0)
    await other.close()


async def test_when_nobody_is_there_it_asks_for_an_address(visitor: Visitor, site: Site) -> None:
    await visitor.open()
    await expect(visitor.panel.get_by_text("Nobody is here right now")).to_be_visible()
    await visitor.panel.get_by_label("Your e-mail").fill("no address")
    await visitor.write("Call me tomorrow")
    await expect(visitor.panel.get_by_role("alert")).to_have_text("This is no e-mail address.")
    assert await site.running.count_arrivals() == 0
    await visitor.panel.get_by_label("Your e-mail").fill(OLENA)
    await visitor.panel.get_by_label("Your message").press("Enter")
    await expect(visitor.texts).to_have_text(["Call me tomorrow"])
    await expect(visitor.panel.get_by_text(f"We will answer to {OLENA}.")).to_be_visible()
    (entry,) = await eventually(site.running.read)
    owner = await site.running.server.db.read(people.find_owner, "email", OLENA)
    assert owner is not None
    assert (owner.canonical_id, owner.strength) == (entry.customer_id, Strength.CLAIMED)


async def test_what_is_written_without_a_connection_is_sent_later_and_once(
    visitor: Visitor, site: Site
) -> None:
    await visitor.open()
    await visitor.write("before")
    await eventually(site.running.read)
    await visitor.context.set_offline(offline=True)
    await visitor.write("meanwhile")
    await expect(visitor.panel.get_by_text("Sending…")).to_be_visible()
    await visitor.context.set_offline(offline=False)
    await expect(visitor.panel.get_by_text("Sending…")).to_have_count(0, timeout=20_000)
    await visitor.page.reload()
    await visitor.launcher.click()
    await expect(visitor.texts).to_have_text(["before", "meanwhile"])
    assert [entry.text for entry in await site.running.read()] == ["before", "meanwhile"]


async def test_both_see_that_the_other_writes(visitor: Visitor, site: Site) -> None:
    await visitor.open()
    await visitor.write("hello")
    (entry,) = await eventually(site.running.read)
    await site.running.desk.follow()
    await expect(visitor.panel.get_by_text("We are here now")).to_be_visible(timeout=15_000)
    await site.running.desk.ask("POST", f"conversations/{entry.conversation_id}/typing", {})
    await expect(visitor.panel.get_by_text("Agent 101 is writing…")).to_be_visible()
    await visitor.panel.get_by_label("Your message").press_sequentially("and")

    async def told() -> bool:
        notices = [each["data"] for each in site.running.desk.of_type("notice")]
        return {"code": "typing", "conversation_id": entry.conversation_id} in notices

    await eventually(told)


async def test_texts_are_texts_and_a_long_one_says_so(visitor: Visitor, site: Site) -> None:
    await visitor.open()
    hostile = "<img src=x onerror=alert(1)><b>bold</b> \u202egpj.exe"
    await visitor.write(hostile)
    await expect(visitor.texts).to_have_text([hostile])
    await expect(visitor.panel.locator("img, b")).to_have_count(0)
    field = visitor.panel.get_by_label("Your message")
    await field.fill("x" * 100_000)
    await expect(visitor.panel.get_by_role("alert")).to_have_text("Too long by 80000")
    await expect(visitor.panel.get_by_role("button", name="Send")).to_be_disabled()
    await field.press("Enter")
    assert await field.input_value() == "x" * 100_000


async def test_by_keyboard_alone(visitor: Visitor, site: Site) -> None:
    await visitor.page.goto(site.url)
    await visitor.launcher.focus()
    await visitor.page.keyboard.press("Enter")
    await expect(visitor.panel.get_by_label("Your message")).to_be_focused()
    await visitor.page.keyboard.type("by keyboard")
    await visitor.page.keyboard.press("Enter")
    await expect(visitor.texts).to_have_text(["by keyboard"])
    await visitor.page.keyboard.press("Escape")
    await expect(visitor.panel).to_have_count(0)
    await expect(visitor.launcher).to_be_focused()


async def test_the_sites_styles_and_ours_do_not_meet(visitor: Visitor, site: Site) -> None:
    await visitor.open()
    font = "getComputedStyle(document.querySelector('omniline-chat').shadowRoot.querySelector('.panel')).fontFamily"
    assert "serif" not in (await visitor.page.evaluate(font)).split(",")[0]
    case = "getComputedStyle(document.querySelector('omniline-chat').shadowRoot.querySelector('.launcher')).textTransform"
    assert await visitor.page.evaluate(case) == "none"
    assert await visitor.page.evaluate("document.styleSheets.length") == 1


async def test_a_file_is_sent_and_can_be_saved(visitor: Visitor, site: Site, tmp_path: Path) -> None:
    await visitor.open()
    await expect(visitor.panel.get_by_role("button", name="Attach a file")).to_be_enabled()
    picture = {"name": "чайник.txt", "mimeType": "text/plain", "buffer": b"blue"}
    await visitor.panel.locator("input[type=file]").set_input_files(picture)  # type: ignore[arg-type]
    await expect(visitor.panel.get_by_role("button", name="Leave out чайник.txt")).to_be_visible()
    await visitor.write("this one")
    await expect(visitor.panel.locator(".said button.file")).to_contain_text("чайник.txt")
    (entry,) = await site.running.read()
    assert entry.payload["attachments"][0]["name"] == "чайник.txt"
    async with visitor.page.expect_download() as saving:
        await visitor.panel.locator(".said button.file").click()
    assert (await (await saving.value).path()).read_bytes() == b"blue"


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
async def test_no_barrier_of_level_a_or_aa(browser: Browser, site: Site, theme: str, width: int) -> None:
    visitor = await visit(browser, site, theme=theme, width=width)
    await visitor.page.add_init_script(path=AXE)
    await visitor.page.goto(site.url)
    await has_no_barrier(visitor.page)
    await visitor.launcher.click()
    await expect(visitor.panel.get_by_label("Your e-mail")).to_be_visible()
    await has_no_barrier(visitor.page)
    await visitor.panel.get_by_label("Your e-mail").fill("no address")
    await visitor.write("hello")
    await has_no_barrier(visitor.page)
    await visitor.panel.get_by_label("Your e-mail").fill(OLENA)
    await visitor.write("hello")
    await eventually(site.running.read)
    await site.answer("Good day")
    await expect(visitor.texts).to_have_count(2)
    await has_no_barrier(visitor.page)
    await visitor.panel.get_by_role("button", name="Your account").click()
    await has_no_barrier(visitor.page)
    await visitor.close()


async def has_no_barrier(page: Page) -> None:
    """Of the chat alone: the site is not ours."""
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
    ask = """async (tags) => (await axe.run('omniline-chat', { runOnly: tags })).violations
        .map((found) => [found.id, found.nodes.map((node) => node.html)])"""
    # What is still fading in has no contrast yet.
    await page.evaluate(
        "Promise.all(document.querySelector('omniline-chat').shadowRoot.getAnimations()"
        ".filter((a) => a.effect.getTiming().iterations === 1).map((a) => a.finished))"
    )
    assert await page.evaluate(ask, tags) == []


@pytest.mark.parametrize(("language", "words"), [("uk-UA", "Ваше повідомлення"), ("ru", "Ваше сообщение")])
async def test_it_speaks_the_language_of_the_page(
    visitor: Visitor, site: Site, language: str, words: str
) -> None:
    await visitor.page.add_init_script(
        f"new MutationObserver(() => document.documentElement.lang = '{language}')"
        ".observe(document, {childList: true})"
    )
    await visitor.page.goto(site.url)
    await visitor.page.evaluate("omniline.push(['open'])")
    await expect(visitor.panel.get_by_label(words)).to_be_visible()


async def test_a_page_of_another_site_gets_nothing(browser: Browser, site: Site) -> None:
    visitor = await visit(browser, site)
    visitor.site = Site(site.url.replace("127.0.0.1", "localhost"), site.running)
    await visitor.open()
    await expect(visitor.panel.get_by_text("cannot be opened on this page")).to_be_visible()
    await visitor.close()


async def test_the_demo_page_has_it(visitor: Visitor, site: Site) -> None:
    await visitor.page.goto(f"{site.running.server.url}/chat/site/demo")
    await visitor.launcher.click()
    await visitor.write("from the demo")
    await expect(visitor.texts).to_have_text(["from the demo"])
    (entry,) = await eventually(site.running.read)
    assert entry.payload["context"]["cart"] == "C-17"


async def test_the_script_is_small() -> None:
    assert len(gzip.compress((DIST / "chat/widget.js").read_bytes(), 9)) < 30_000
