"""An address is compared by itself: one spelling, whatever coin or chain it is filed under."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skarb.core.country import country_of
from skarb.core.identifiers import Address, Flaw, base58, bech32, classify, wallet_key
from skarb.core.identifiers.cashaddr import legacy_of

# Examples of the specification of cash addresses: the same hash in both spellings.
CASH = [
    ("bitcoincash:qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a", "1BpEi6DfDAUFd7GtittLSdBeYJvcoaVggu"),
    ("bitcoincash:qr95sy3j9xwd2ap32xkykttr4cvcu7as4y0qverfuy", "1KXrWXciRDZUpQwQmuM1DbwsKDLYAYsVLR"),
    ("bitcoincash:ppm2qsznhks23z7629mms6s4cwef74vcwvn0h829pq", "3CWFddi6m4ndiGyKqzYvsFYagqDLPVMTzC"),
]
ETHER = "0x52908400098527886E0F7030069857D2E4169EE7"


@pytest.mark.parametrize(("cash", "legacy"), CASH)
def test_bitcoin_cash_has_two_spellings(cash: str, legacy: str) -> None:
    assert legacy_of(cash) == legacy == legacy_of(cash.upper())
    spellings = [
        f"BCH:{cash}",
        f"bch:{cash.partition(':')[2]}",
        cash,
        cash.upper(),
        f"BCH:{legacy}",
        f"BTC:{legacy}",
        f"BSV:{legacy}",
    ]
    assert {wallet_key(spelling) for spelling in spellings} == {legacy}
    found = classify("BCH", cash)
    assert isinstance(found, Address)
    assert found.key == f"BCH:{legacy}"
    wrong = cash[:-1] + ("q" if cash[-1] != "q" else "p")
    assert legacy_of(wrong) is None
    assert isinstance(classify("BCH", wrong), Flaw)


@pytest.mark.parametrize("filed", ["ETH", "ETC", "BSC", "ARB", "USDT", "USDC", "ethereum", "NOTHING"])
def test_an_account_is_the_same_under_every_coin_and_case(filed: str) -> None:
    for text in (ETHER, ETHER.lower(), "0x" + ETHER[2:].upper(), ETHER[2:]):
        assert wallet_key(f"{filed}:{text}") == ETHER.lower()


def test_tron_litecoin_and_tokens() -> None:
    account = bytes.fromhex("41") + bytes(range(20))
    written = base58.encode(account)
    assert wallet_key(f"TRX:{account.hex()}") == wallet_key(f"USDT:{written}") == wallet_key(f"XBT:{written}") == written
    script = bytes(range(20))
    new, old = base58.encode(b"\x32" + script), base58.encode(b"\x05" + script)
    assert (new[0], old[0]) == ("M", "3")
    assert wallet_key(f"LTC:{new}") == wallet_key(f"LTC:{old}") == old
    assert isinstance(classify("USDT", written), Address) and classify("USDT", written) == classify("TRX", written)
    assert classify("USDT", ETHER) == classify("ETH", ETHER)
    assert isinstance(classify("USDT", "nonsense"), Flaw)
    assert isinstance(classify("XRP", "rnXyVQzgxZe7TR1EPzTkGj2jxH4LMJYh66"), Address)
    assert isinstance(classify("XRP", "rnXyVQzgxZe7TR1EPzTkGj2jxH4LMJYh67"), Flaw)


def test_what_is_not_known_stays_with_its_chain() -> None:
    assert wallet_key("xmr:4abc") == "XMR:4abc" != wallet_key("XMR:4ABC")
    assert wallet_key("XBT:1Gq") == "BTC:1Gq"
    assert wallet_key("just words") == ":just words"


@given(
    st.binary(min_size=20, max_size=20),
    st.sampled_from([b"\x00", b"\x05", b"\x41", b"\x4c", b"\x1e"]),
    st.sampled_from(["bc", "ltc"]),
)
def test_no_two_accounts_come_to_one_form(payload: bytes, version: bytes, prefix: str) -> None:
    plain, witness = base58.encode(version + payload), bech32.encode(prefix, 0, payload)
    assert wallet_key(f"A:{plain}") == plain
    assert wallet_key(f"A:{witness}") == wallet_key(f"B:{witness.upper()}") == witness
    assert wallet_key(f"A:{wallet_key(f'A:{plain}')}") == plain


def test_countries_are_known_by_name_and_never_guessed() -> None:
    assert [country_of(text) for text in ("Belarus", "belarussian", "Korea, North", "  Iran (Islamic  Republic of) ", "Беларусь")] == [
        "BY", "BY", "KP", "IR", "BY",
    ]  # fmt: skip
    assert [country_of(text) for text in ("na", "Region: Crimea", "former Soviet Union", "Stuttgart", "", "BY")] == [None] * 6
