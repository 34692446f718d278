"""A mail's HTML as agents are shown it: nothing of it runs, and nothing is asked for."""

from __future__ import annotations

import pytest

from bridge.desk.mail_html import CSP, clean_page, picture

LOGO = picture("image/png", b"x")


def shown(html: str) -> str:
    return clean_page(html, {"logo@x": LOGO}).partition("</style>")[2]


def test_a_picture_of_the_mail_is_in_the_page_and_no_other_is() -> None:
    assert shown('<img src="cid:logo@x" alt="Logo" width="9" onload="x">') == (
        f'<img src="{LOGO}" alt="Logo" width="9">'
    )
    assert "img-src data:" in CSP


@pytest.mark.parametrize(
    "html",
    [
        '<img src="https://spy.example/1">',
        '<img src="//spy.example/1">',
        '<img src="data:image/svg+xml,<svg onload=x>">',
        '<img src="cid:other@x">',
        '<img srcset="cid:logo@x 1x, https://spy.example/2 2x">',
        '<a href="cid:logo@x">a</a>',
        '<a href="data:text/html,x">a</a>',
        '<table background="https://spy.example/1"></table>',
        '<input type="image" src="cid:logo@x">',
    ],
)
def test_nothing_else_is_asked_for_or_led_to(html: str) -> None:
    page = shown(html)
    assert not any(bad in page for bad in ("spy.example", "cid:", "data:", "src=")), page
