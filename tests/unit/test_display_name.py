"""The caller's name on a phone: useful first, never too long, nothing that cannot be shown."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.catalogue import LANGUAGES, say, texts
from bridge.domain.display_name import LENGTH, display_name
from bridge.domain.order import OrderStatus


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Олена", "Олена"),
        ("  Олена \n Іванова ", "Олена Іванова"),
        ('ТОВ "Ромашка"', 'ТОВ "Ромашка"'),
        ("a\x00b\u202ec\ud800", "abc"),
        ("+380501234567", None),
        ("", None),
        ("Ж" * 50, "Ж" * 39 + "…"),
        ("Товариство з обмеженою відповідальністю Ромашка", "Товариство з обмеженою відповідальністю"),
    ],
)
def test_a_name_alone(name: str, expected: str | None) -> None:
    assert display_name(name, language="uk") == expected


def test_what_is_open_stays_when_the_name_is_long() -> None:
    shown = display_name(
        "Константинопольский Александр Вениаминович",
        language="ru",
        order="1043",
        order_status=OrderStatus.UNPAID,
    )
    assert shown == "Константинополь… · заказ 1043 не оплачен"


def test_a_customer_without_a_name_shows_what_is_open() -> None:
    shown = display_name("", language="en", vip=True, order="7", order_status=OrderStatus.UNPAID)
    assert shown == "★ order 7 unpaid"


@pytest.mark.parametrize("status", [s for s in OrderStatus if s not in {"unpaid", "abandoned"}])
def test_other_orders_are_not_news(status: OrderStatus) -> None:
    assert display_name("Anna", language="en", order="7", order_status=status) == "Anna"


@given(
    st.text(max_size=80),
    st.booleans(),
    st.text(max_size=60) | st.none(),
    st.text(max_size=80),
    st.sampled_from(OrderStatus) | st.none(),
    st.sampled_from(LANGUAGES),
)
def test_it_always_fits_and_can_be_shown(
    name: str, vip: bool, organisation: str | None, order: str, status: OrderStatus | None, language: str
) -> None:
    shown = display_name(
        name, language=language, vip=vip, organisation=organisation, order=order, order_status=status
    )
    if shown is not None:
        assert 0 < len(shown) <= LENGTH
        assert shown.isprintable() or not any(c in shown for c in "\r\n\t\0")
        assert shown.strip() == shown
        assert any(c.isalpha() for c in shown)


def test_the_catalogues_have_the_same_keys_and_placeholders() -> None:
    def placeholders(text: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}

    english = texts("en")
    for language in LANGUAGES:
        assert texts(language).keys() == english.keys(), language
        for key, text in texts(language).items():
            assert text.strip() == text != ""
            assert placeholders(text) == placeholders(english[key]), (language, key)


def test_a_language_that_we_do_not_speak_gets_english() -> None:
    assert say("order.unpaid", "fr", order=1) == say("order.unpaid", None, order=1) == "order 1 unpaid"
