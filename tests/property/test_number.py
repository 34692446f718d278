"""Whatever the string, parsing a number ends in a value that is safe to store and never in a wrong identity."""

import phonenumbers
from hypothesis import given
from hypothesis import strategies as st

from pbx.interface import NumberKind
from pbx.number import format_for_display, parse

REGIONS = ["UA", "DE", "US", "KZ", "IT", "BY", "XX", ""]
E164_DIGITS = st.from_regex(r"\+?[0-9 ()\-]{5,20}(доб\. ?[0-9]{1,4})?", fullmatch=True)


@given(
    st.one_of(
        st.text(max_size=300), E164_DIGITS, st.binary().map(lambda b: b.decode("utf-8", "surrogateescape"))
    )
)
def test_parse_never_raises_and_answers_storable_text(raw: str) -> None:
    for region in REGIONS:
        number = parse(raw, region)
        assert (number.kind is NumberKind.E164) == (number.e164 is not None)
        assert len(number.raw) <= 64
        number.raw.encode("utf-8")
        assert number.raw.isprintable()


@given(E164_DIGITS, st.sampled_from(REGIONS))
def test_only_valid_numbers_become_e164_and_they_are_canonical(raw: str, region: str) -> None:
    number = parse(raw, region)
    if number.e164 is not None:
        assert phonenumbers.is_valid_number(phonenumbers.parse(number.e164))
        again = parse(number.e164, "XX")
        assert (again.e164, again.extension) == (number.e164, None)


@given(st.sampled_from(sorted(phonenumbers.SUPPORTED_REGIONS)), st.integers(1, 99999))
def test_every_region_survives_each_way_of_writing(region: str, extension: int) -> None:
    example = phonenumbers.example_number(region)
    assert example is not None
    e164 = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
    for style in vars(phonenumbers.PhoneNumberFormat).values():
        if isinstance(style, int):
            written = phonenumbers.format_number(example, style)
            assert parse(written, region).e164 == e164
    assert parse(format_for_display(e164, region), region).e164 == e164
    marked = parse(f"{e164} доб. {extension}", region)
    assert (marked.e164, marked.extension) == (e164, str(extension))
