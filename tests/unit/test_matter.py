"""Which orders a text names."""

import pytest

from bridge.domain.matter import Rule, numbers_named


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("де моє замовлення 1043?", ["1043"]),
        ("замовлення №1043, не 10434", ["1043"]),
        ("UA-77a прийшло", ["UA-77A"]),
        ("прийшло 2 посилки", []),
        ("замовлення № 2", ["2"]),
        ("21043 і 10435", []),
        ("", []),
        ("ціна 1x5", []),
    ],
)
def test_an_order_is_named_by_its_number_as_a_word_of_its_own(text: str, named: list[str]) -> None:
    assert numbers_named(text, ["1043", "UA-77A", "2", "1.5"]) == named


def test_what_a_person_says_goes_before_every_rule() -> None:
    assert all(Rule.HAND.outranks(rule) for rule in Rule if rule is not Rule.HAND)
    assert Rule.ORDER_NUMBER.outranks(Rule.ONLY_ONE)
    assert not Rule.NEW.outranks(Rule.NEW)
