from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skarb.core.identifiers import Address, Flaw, base58, bech32, check_dti, check_iban, check_lei, classify
from skarb.core.identifiers.iso7064 import mod_97_10

ALNUM = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def flaw(found: object) -> str:
    assert isinstance(found, Flaw), found
    return found.error_class


@given(
    st.text(ALNUM, min_size=4, max_size=4),
    st.text("0123456789", min_size=4, max_size=4),
    st.text(ALNUM, min_size=16, max_size=16),
)
def test_an_iban_with_computed_check_digits_is_valid_in_any_spelling(bank: str, balance: str, account: str) -> None:
    bban = bank + balance + account
    digits = f"{98 - mod_97_10(bban + 'BY00'):02}"
    iban = f"BY{digits}{bban}"
    assert check_iban(iban) == iban
    assert check_iban(" ".join(iban[place : place + 4] for place in range(0, 28, 4)).lower()) == iban


@given(st.integers(0, 19), st.sampled_from(ALNUM))
def test_one_changed_character_of_an_lei_is_found(place: int, char: str) -> None:
    lei = "529900TODVLNUTNSYF94"
    changed = lei[:place] + char + lei[place + 1 :]
    assert (check_lei(changed) == lei) == (changed == lei)


@pytest.mark.parametrize(
    ("text", "error_class"),
    [
        ("", "format"),
        ("BY13NBRB36009000000ﬁ2Z00AB00", "format"),
        ("DE89370400440532013001", "checksum"),
        ("ZZ68539007547034", "checksum"),
        ("DE" + "9" * 200, "format"),
        ("ES7921000813610123456780", "checksum"),  # the national digits do not fit, and so does not the whole
    ],
)
def test_ibans_are_refused_with_the_first_rule_they_break(text: str, error_class: str) -> None:
    assert flaw(check_iban(text)) == error_class


def with_check_digits(country: str, bban: str) -> str:
    return f"{country}{98 - mod_97_10(bban + country + '00'):02}{bban}"


@pytest.mark.parametrize(
    ("country", "good", "bad"),
    [
        ("BE", "539007547034", "539007547035"),
        ("ES", "21000418450200051332", "21000418460200051332"),
        ("ME", "505000012345678951", "505000012345678952"),
        ("NO", "86011117947", "86011117948"),
        ("NO", "00001234566", "00001234567"),
    ],
)
def test_national_check_digits_are_tested_where_a_country_has_them(country: str, good: str, bad: str) -> None:
    assert check_iban(with_check_digits(country, good)) == with_check_digits(country, good)
    assert flaw(check_iban(with_check_digits(country, bad))) == "checksum"


def test_a_country_outside_the_registry_and_a_wrong_structure_are_told_apart() -> None:
    assert flaw(check_iban(with_check_digits("US", "123456789012"))) == "component"
    assert flaw(check_iban(with_check_digits("DE", "37040044053201300X"))) == "format"
    assert flaw(check_iban(with_check_digits("DE", "3704004405320130"))) == "format"


def test_an_lei_of_another_length_whose_digits_fit_is_named_by_its_length() -> None:
    body = "52990012345"
    assert flaw(check_lei(f"{body}{98 - mod_97_10(body + '00'):02}")) == "length"


@pytest.mark.parametrize("dti", ["X9J9K872S", "9X1Z1NQG5", "x9j9k872s", "4H95J0R2X"])
def test_registered_token_identifiers_are_valid(dti: str) -> None:
    assert check_dti(dti) == dti.upper()


@pytest.mark.parametrize(
    ("dti", "error_class"),
    [
        ("X9J9K872", "length"),
        ("XAJ9K872S", "format"),
        ("09J9K872S", "format"),
        ("X9J9K872T", "checksum"),
        ("4H95J0R2V", "checksum"),
    ],
)
def test_other_token_identifiers_are_not(dti: str, error_class: str) -> None:
    assert flaw(check_dti(dti)) == error_class


@given(st.sampled_from([b"\x00", b"\x05", b"\x6f", b"\xc4"]), st.binary(min_size=20, max_size=20))
def test_base58_addresses_of_both_networks_are_read(version: bytes, payload: bytes) -> None:
    text = base58.encode(version + payload)
    found = classify("BTC", text)
    assert isinstance(found, Address)
    assert found.text == text
    assert found.network == ("main" if version in (b"\x00", b"\x05") else "test")
    assert base58.decode(text) == version + payload + base58.checksum(version + payload)


@given(st.integers(1, 16), st.binary(min_size=2, max_size=40), st.sampled_from(["bc", "tb"]))
def test_segwit_addresses_are_read_back(version: int, program: bytes, prefix: str) -> None:
    text = bech32.encode(prefix, version, program)
    found = classify("BTC", text.upper())
    assert isinstance(found, Address)
    assert (found.text, found.kind) == (text, f"segwit_v{version}")


@given(st.binary(min_size=20, max_size=20), st.data())
def test_one_changed_character_of_a_segwit_address_is_found(program: bytes, data: st.DataObject) -> None:
    text = bech32.encode("bc", 0, program)
    place = data.draw(st.integers(3, len(text) - 1))
    char = data.draw(st.sampled_from(bech32.ALPHABET.replace(text[place], "")))
    assert isinstance(classify("BTC", text[:place] + char + text[place + 1 :]), Flaw)


@pytest.mark.parametrize(
    ("chain", "text", "error_class"),
    [
        ("BTC", "", "component"),
        ("BTC", "0x52908400098527886E0F7030069857D2E4169EE7", "component"),
        ("BTC", "1" * 100, "length"),
        ("BTC", "1OOO", "format"),
        ("BTC", "bc1", "length"),
        ("BTC", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5", "checksum"),
        ("ETH", "52908400098527886E0F7030069857D2E4169EE7", "format"),
        ("ETH", "0x5290840009852788", "length"),
        ("ETH", "0x52908400098527886E0F7030069857D2E4169eE7", "checksum"),
        ("TRX", "1BoatSLRHtKNngkdXEeobR76b53LETtpyT", "component"),
        ("NOPE", "anything", "component"),
    ],
)
def test_addresses_are_refused_with_the_first_rule_they_break(chain: str, text: str, error_class: str) -> None:
    assert flaw(classify(chain, text)) == error_class


def test_a_mistyped_ethereum_address_is_not_helped_to_look_right() -> None:
    found = classify("ETH", "0x52908400098527886E0F7030069857D2E4169eE7")
    assert isinstance(found, Flaw)
    assert "0x52908400098527886E0F7030069857D2E4169EE7" not in found.expected


def test_spellings_of_one_address_have_one_key() -> None:
    upper = classify("ETH", "0x52908400098527886E0F7030069857D2E4169EE7")
    lower = classify("Ethereum", " 0x52908400098527886e0f7030069857d2e4169ee7 ")
    assert isinstance(upper, Address)
    assert isinstance(lower, Address)
    assert upper.key == lower.key
    assert classify("XBT", "1BoatSLRHtKNngkdXEeobR76b53LETtpyT") == classify("BTC", "1BoatSLRHtKNngkdXEeobR76b53LETtpyT")


@given(st.text(max_size=120), st.sampled_from(["BTC", "ETH", "TRX", "LTC", "ZEC"]))
def test_no_text_breaks_a_check(text: str, chain: str) -> None:
    for found in (classify(chain, text), check_iban(text), check_lei(text), check_dti(text)):
        assert isinstance(found, str | Address | Flaw)
