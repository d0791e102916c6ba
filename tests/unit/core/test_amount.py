"""Amounts are read exactly or not at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skarb.core.amount import AMOUNT_MAX, format_amount, parse_amount
from skarb.core.errors import InputError


@pytest.mark.parametrize(
    ("text", "decimals", "units"),
    [
        ("0", 2, 0),
        ("1", 2, 100),
        ("1.2", 2, 120),
        ("1250.50", 2, 125050),
        ("007", 0, 7),
        ("1.2300", 2, 123),  # zeros beyond the smallest unit change nothing
        ("0.00000001", 8, 1),
        ("1.000000000000000001", 18, 10**18 + 1),
        (str(AMOUNT_MAX), 0, AMOUNT_MAX),
        ("5.00", 0, 5),
    ],
)
def test_plain_decimal_texts_are_read_exactly(text, decimals, units):
    assert parse_amount(text, decimals) == units


@pytest.mark.parametrize(
    "text",
    [
        *("", ".", "1.", ".5", "-1", "+1", "1e5", "1 000", "1,5", "1_000", " 1", "1 ", "1.2.3", "0x10", "NaN", "inf"),
        *("٣", "1.2٣", "½", "1" * 40, "9" * 5000),
    ],
)
def test_anything_else_is_refused(text):
    with pytest.raises(InputError):
        parse_amount(text, 2)


def test_more_decimals_than_the_asset_has_is_refused_and_says_so():
    with pytest.raises(InputError, match=r"'1\.005' has 3 decimals; the asset's smallest unit allows 2"):
        parse_amount("1.005", 2)


def test_more_than_128_bits_is_refused():
    with pytest.raises(InputError, match="128 bits"):
        parse_amount(str(AMOUNT_MAX + 1), 0)


@given(st.integers(0, AMOUNT_MAX), st.integers(0, 18))
def test_what_is_written_is_read_back(units, decimals):
    text = format_amount(units, decimals)
    if len(text.split(".")[0]) <= 39:
        assert parse_amount(text, decimals) == units


@given(st.text(max_size=12), st.integers(0, 8))
def test_no_text_breaks_the_reader(text, decimals):
    try:
        units = parse_amount(text, decimals)
    except InputError:
        return
    assert 0 <= units <= AMOUNT_MAX
