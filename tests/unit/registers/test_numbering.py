from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skarb.core.errors import ConfigurationError
from skarb.core.identifiers import Flaw
from skarb.registers import check_digit, check_number, read_numbering

PLAIN: dict[str, Any] = {"name": "ZZN", "length": 6, "weights": [7, 5, 3, 2, 1], "modulus": 11}
LETTERS: dict[str, Any] = PLAIN | {
    "prefixes": ["№"],
    "lookalikes": {"А": "A"},
    "first": "123AB",
    "letters": {"alphabet": "ABC", "positions": 2, "values": ["alphanumeric", "index"]},
}


@given(st.text("0123456789", min_size=5, max_size=5))
def test_a_number_is_valid_with_its_check_digit_and_no_other(body: str) -> None:
    scheme = read_numbering(PLAIN, "test")
    total = sum(weight * int(char) for weight, char in zip((7, 5, 3, 2, 1), body, strict=True)) % 11
    assert check_digit(scheme, body) == (None if total == 10 else str(total))
    for digit in "0123456789":
        valid = not isinstance(check_number(scheme, body + digit), Flaw)
        assert valid == (digit == str(total))


def test_letters_count_by_their_rule_and_look_alikes_are_read() -> None:
    scheme = read_numbering(LETTERS, "test")
    total = (7 * 10 + 5 * 1 + 3 * 1 + 2 * 2 + 1 * 3) % 11  # A = 10, B = place 1 in the alphabet
    assert check_number(scheme, f"№ аb 123{total}".replace("а", "А")) == f"AB123{total}"


@pytest.mark.parametrize(
    ("text", "error_class"),
    [
        ("12345", "length"),
        ("1234567", "length"),
        ("1A2345", "format"),
        ("12D456", "format"),
        ("AD1234", "format"),
        ("912345", "component"),
    ],
)
def test_the_first_rule_that_is_broken_is_named(text: str, error_class: str) -> None:
    found = check_number(read_numbering(LETTERS, "test"), text)
    assert isinstance(found, Flaw)
    assert found.error_class == error_class


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"weights": [1, 2]}, "expected 5"),
        ({"modulos": 3}, "modulos"),
        ({"refuse_above": 12}, "refuse_above"),
        ({"examples": ["123457"]}, "123457"),
        ({"letters": {"alphabet": "ABC", "positions": 2, "values": ["index"]}}, "values"),
        ({"length": "six"}, "length"),
    ],
)
def test_a_scheme_that_contradicts_itself_is_refused(change: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        read_numbering(PLAIN | change, "zz/registers.yaml")


@given(st.text(max_size=40))
def test_no_text_breaks_the_check(text: str) -> None:
    assert isinstance(check_number(read_numbering(LETTERS, "test"), text), str | Flaw)
