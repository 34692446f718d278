"""Numbers as people and trunks write them."""

import pytest

from pbx.interface import NumberKind
from pbx.number import find_region, format_for_display, parse


@pytest.mark.parametrize(
    "raw",
    [
        "8 (044) 545-01-00",
        "8(044)5450100",
        "00380445450100",
        "380445450100",
        "+380445450100",
        "+380 (44) 545-01-00",
        "+38 044 545 01 00",
        "0445450100",
        "044 545–01–00",
        "tel:+380445450100",
        " 044\u00a0545\u00a001\u00a000 ",
        "＋380445450100",
    ],
)
def test_every_way_of_writing_a_kyiv_number_is_one_number(raw: str) -> None:
    number = parse(raw, "UA")
    assert (number.kind, number.e164, number.extension) == (NumberKind.E164, "+380445450100", None)


@pytest.mark.parametrize(
    ("raw", "extension"),
    [
        ("+380445450100 (12)", "12"),
        ("8 (044) 545-01-00 (12)", "12"),
        ("044 545-01-00 доб. 12", "12"),
        ("(044) 545-01-00 (доб. 12)", "12"),
        ("044 545-01-00, добавочный 12", "12"),
        ("044 545-01-00 дод. 12", "12"),
        ("044 545-01-00 вн. 12", "12"),
        ("044 545-01-00 (вн.12)", "12"),
        ("8 044 545-01-00 внутренний 7", "7"),
        ("0445450100 ext 5", "5"),
        ("0445450100 (ext. 5)", "5"),
        ("0445450100x5", "5"),
        ("0445450100х5", "5"),
        ("+380445450100;ext=9", "9"),
        ("0445450100,12", "12"),
        ("044 545 01 00 #12", "12"),
    ],
)
def test_a_sub_number_is_told_apart(raw: str, extension: str) -> None:
    number = parse(raw, "UA")
    assert (number.kind, number.e164, number.extension) == (NumberKind.E164, "+380445450100", extension)


@pytest.mark.parametrize(
    "raw", ["", "  ", "anonymous", "Anonymous", "unavailable", "unknown", "Restricted", "withheld"]
)
def test_a_hidden_number_is_anonymous(raw: str) -> None:
    assert parse(raw, "UA").kind is NumberKind.ANONYMOUS


@pytest.mark.parametrize("raw", ["101", "112", "*97", "15151"])
def test_a_short_code_identifies_nobody(raw: str) -> None:
    number = parse(raw, "UA")
    assert (number.kind, number.e164) == (NumberKind.SHORT_CODE, None)


def test_an_extension_is_ours_only_where_extensions_are_expected() -> None:
    assert parse("101", "UA", {"101", "102"}).extension == "101"
    assert parse("101", "UA").kind is NumberKind.SHORT_CODE
    assert parse("103", "UA", {"101", "102"}).kind is NumberKind.SHORT_CODE


@pytest.mark.parametrize(
    "raw",
    [
        "'; DROP TABLE customer; -- 0445450100",
        "0445450100' OR '1'='1",
        "${SHELL(id)}0445450100",
        '"0445450100"',
        "0445450100\n0445450101",
        "\udcff0445450100",
        "0" * 500,
        "+380445450100" * 40,
        "+380000000000",
        "call me",
        "1&PJSIP/101",
    ],
)
def test_what_is_not_written_like_a_number_is_invalid(raw: str) -> None:
    number = parse(raw, "UA")
    assert (number.kind, number.e164) == (NumberKind.INVALID, None)
    assert len(number.raw) <= 64
    assert number.raw.isprintable()


def test_the_old_trunk_prefix_is_dropped_only_where_it_was_one() -> None:
    assert parse("8 044 545 01 00", "UA").e164 == "+380445450100"
    assert parse("8 212 555 0123", "US").kind is NumberKind.INVALID
    assert parse("8 800 555 35 35", "RU").e164 == "+78005553535"


def test_the_region_reads_a_national_number() -> None:
    assert parse("030 901820", "DE").e164 == "+4930901820"
    assert parse("0445450100", "").kind is NumberKind.INVALID
    assert parse("+4930901820", "UA").e164 == "+4930901820"


def test_the_region_of_a_number() -> None:
    assert find_region("+380445450100") == "UA"
    assert find_region("+4930901820") == "DE"
    assert find_region("101") is None
    assert find_region("") is None


def test_a_number_is_shown_as_people_in_the_region_write_it() -> None:
    assert format_for_display("+380445450100", "UA") == "044 545 0100"
    assert format_for_display("+380445450100", "DE") == "+380 44 545 0100"
    assert format_for_display("101", "UA") == "101"
