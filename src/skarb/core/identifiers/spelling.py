"""The one spelling in which wallets are compared, whatever they are filed under.

An address tells by itself whose it is. The same text of forty hexadecimal digits is the same key on Ethereum, on every chain that shares its accounts
and for every token there; a key hash of Bitcoin is the same on Bitcoin Cash, which has two spellings for it. So lists that name a token (USDT)
or, by mistake, another chain are compared by the address alone. A text whose form is not known here stays with the chain it was filed under.
"""

from __future__ import annotations

import re

from skarb.core.identifiers import base58, cashaddr
from skarb.core.identifiers.wallet import chain_of

_ACCOUNT = re.compile(r"(?:0x|0X)?([0-9a-fA-F]{40})")
_TRON = re.compile(r"(?:0x)?(41[0-9a-fA-F]{40})")
_KEY = re.compile(r"[0-9a-f]{64}")
_WITNESS = re.compile(r"(bc|tb|bcrt|ltc|tltc|btg)1[ac-hj-np-z02-9]{8,87}")
_CASH = re.compile(r"(?:bitcoincash:)?[qpz][ac-hj-np-z02-9]{41}")
_BASE58 = re.compile(r"[1-9A-HJ-NP-Za-km-z]{25,120}")
_LITECOIN_SCRIPT, _SCRIPT = b"\x32", b"\x05"  # Litecoin writes script hashes with either


def wallet_key(text: str) -> str:
    """Return a wallet written chain:address in the form in which it is compared with others."""
    chain, colon, address = text.partition(":")
    if not colon or chain.strip().lower() == cashaddr.PREFIX:
        chain, address = "", text
    address = address.strip()
    return key_of_address(address) or f"{chain_of(chain) or chain.strip().upper()}:{address}"


def key_of_address(address: str) -> str | None:
    """Return the compared form of an address whose form is known, None for any other text."""
    if found := _ACCOUNT.fullmatch(address):
        return f"0x{found[1].lower()}"
    if found := _TRON.fullmatch(address):
        return base58.encode(bytes.fromhex(found[1]))
    lower = address.lower()
    if _KEY.fullmatch(lower):
        return lower
    if address in (
        lower,
        address.upper(),
    ):  # one case; looked at before Base58Check, whose letters such an address may have by chance
        if _WITNESS.fullmatch(lower):
            return lower
        if _CASH.fullmatch(lower) and (legacy := cashaddr.legacy_of(address)) is not None:
            return legacy
    if _BASE58.fullmatch(address):
        return _one_script(address) if address[0] == "M" else address
    return None


def _one_script(address: str) -> str:
    """Return the older spelling of Litecoin's script hashes."""
    raw = base58.decode(address) or b""
    if len(raw) == 25 and raw[:1] == _LITECOIN_SCRIPT and base58.checksum_holds(raw):
        return base58.encode(_SCRIPT + raw[1:-4])
    return address
