"""What words meet: the forms of one word in three languages, however their letters are written."""

import pytest

from bridge.domain.terms import Piece, fold, marked, terms_of, wanted_terms


def meet(one: str, other: str) -> bool:
    return all(set(terms_of(one)).intersection(terms) for terms in wanted_terms(other))


@pytest.mark.parametrize(
    "forms",
    [
        "delivery deliveries",
        "refund refunded refunds",
        "Доставка доставки доставку доставкой доставок",
        "заказ заказы заказа заказов заказам",
        "замовлення замовленню замовленням замовлень замовленні",
        "повернення поверненню поверненням",
        "оплата оплати оплату оплатою",
        "вартість вартості вартістю",
        "вулиця вулиці вулицю вулицею",
        "синій синього синьому синім",
        "передзвонити передзвонила передзвонив",
        "об'єднання об’єднанню обʼєднань",
    ],
)
def test_the_forms_of_a_word_meet(forms: str) -> None:
    first, *others = forms.split()
    assert [other for other in others if not meet(first, other) or not meet(other, first)] == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("доставка", "оплата"),
        ("замовлення", "повернення"),
        ("order", "offer"),
        ("кава", "чай"),
        ("1043", "1044"),
    ],
)
def test_other_words_do_not_meet(one: str, other: str) -> None:
    assert not meet(one, other)


def test_every_asked_word_has_to_be_there() -> None:
    assert meet("коли прийде моє замовлення", "замовлень коли")
    assert not meet("коли прийде моє замовлення", "замовлень вчора")


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("Обʼєднання", "обєднання"),
        ("O’Brien", "obrien"),
        ("Ёлка", "елка"),
        ("Ґанок", "ганок"),
        ("José", "jose"),
        ("за́мок", "замок"),
        ("Йод їжак", "йод їжак"),
        ("ＡＢＣ №1", "abc  1"),
        ("Straße", "strasse"),
    ],
)
def test_what_is_written_one_way_or_the_other_is_folded(written: str, folded: str) -> None:
    assert fold(written) == folded
    assert fold(folded) == folded


def test_words_of_one_letter_ask_for_nothing() -> None:
    assert wanted_terms("я і a ! _ '") == []
    assert terms_of("\0 _ ʼ") == []


def test_hits_are_marked_with_what_stands_around_them() -> None:
    assert marked("Де моє замовлення?", "замовлень") == [
        Piece("Де моє ", hit=False),
        Piece("замовлення", hit=True),
        Piece("?", hit=False),
    ]
    long = "слово " * 60 + "об’єднань багато " + "слово " * 60
    pieces = marked(long, "об'єднання")
    assert [piece.text for piece in pieces if piece.hit] == ["об’єднань"]
    assert len("".join(piece.text for piece in pieces)) < 170
    assert pieces[0] == Piece("… ", hit=False)
    assert marked("nothing", "other") == [Piece("nothing", hit=False)]
