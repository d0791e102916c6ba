from __future__ import annotations

from itertools import islice
from random import Random

import pytest

from skarb.core.errors import ConfigurationError
from skarb.registers import check_number
from skarb.simulate.numbers import address, tax_numbers
from skarb.simulate.town import load_town

_CHARS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"


def test_tax_numbers_satisfy_the_scheme_and_do_not_repeat():
    town = load_town("by")
    for pattern in (town.numbers.company, town.numbers.person):
        found = list(islice(tax_numbers(Random(1), pattern, town.scheme()), 500))
        assert len(set(found)) == 500
        assert all(check_number(town.scheme(), number) == number for number in found)
        assert all(number.startswith(pattern.rstrip("#")) for number in found)


def test_a_pattern_that_is_used_up_says_so():
    numbers = tax_numbers(Random(1), "5991234#", load_town("by").scheme())
    with pytest.raises(ConfigurationError, match="used up"):
        list(numbers)


def test_bitcoin_addresses_carry_a_valid_checksum():
    """The remainder of a valid address is one, whatever the address. Source: BIP 173."""
    for seed in range(20):
        chain, _, text = address(Random(seed), "btc").partition(":")
        assert chain == "btc" and len(text) == 42 and text.startswith("bc1q")
        state = 1
        for value in [3, 3, 0, 2, 3, *(_CHARS.index(sign) for sign in text[3:])]:
            top, state = state >> 25, (state & 0x1FFFFFF) << 5 ^ value
            for bit, generator in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
                state ^= generator if top >> bit & 1 else 0
        assert state == 1


def test_other_addresses_are_forty_hexadecimal_digits():
    text = address(Random(3), "eth")
    assert text.startswith("eth:0x") and len(text) == 46
    int(text[6:], 16)


@pytest.mark.parametrize(
    ("written", "latin"),
    [
        ("Янка", "Yanka"),
        ("Сяргей", "Siarhiei"),
        ("Васільевіч", "Vasilievich"),
        ("Ульяна", "Uliana"),
        ("ТАА «Сіні Бусел»", "TAA «Sini Busiel»"),
    ],
)
def test_names_are_written_in_latin_letters(written: str, latin: str):
    assert load_town("by").latin_of(written) == latin
