"""Wallet addresses: which chain's forms a text has, and whether its checksum holds.

Bitcoin and its kin write Base58Check or, for segregated witness, bech32; Tron writes Base58Check; Ethereum and the chains
that share its accounts write hexadecimal, where the case of the letters may carry a checksum. Rules are tested in the order
prefix, characters, length, checksum, parts. Source: Base58Check, BIP 173, BIP 350, EIP-55, Tron protocol documentation (prefix
0x41); version bytes from the chain parameters that each project publishes (Litecoin, Dogecoin, Dash, Zcash transparent).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from skarb.core.identifiers import base58, bech32
from skarb.core.identifiers.model import Address, Flaw

Network = Literal["main", "test"]


@dataclass(frozen=True, slots=True)
class _Form:
    """How a chain of the Bitcoin family writes its addresses."""

    versions: dict[bytes, tuple[str, Network]]  # leading bytes of Base58Check → kind, network
    letters: str  # with which Base58Check addresses begin
    prefixes: dict[str, Network] = field(default_factory=dict)  # human-readable part of bech32 → network


_FORMS = {
    "BTC": _Form(
        {b"\x00": ("p2pkh", "main"), b"\x05": ("p2sh", "main"), b"\x6f": ("p2pkh", "test"), b"\xc4": ("p2sh", "test")},
        "13mn2",
        {"bc": "main", "tb": "test", "bcrt": "test"},
    ),
    "LTC": _Form(
        {
            b"\x30": ("p2pkh", "main"),
            b"\x32": ("p2sh", "main"),
            b"\x05": ("p2sh", "main"),
            b"\x6f": ("p2pkh", "test"),
            b"\x3a": ("p2sh", "test"),
        },
        "LM3mnQ",
        {"ltc": "main", "tltc": "test"},
    ),
    "DOGE": _Form({b"\x1e": ("p2pkh", "main"), b"\x16": ("p2sh", "main"), b"\x71": ("p2pkh", "test")}, "DA9n"),
    "DASH": _Form({b"\x4c": ("p2pkh", "main"), b"\x10": ("p2sh", "main"), b"\x8c": ("p2pkh", "test")}, "X7y"),
    "ZEC": _Form({b"\x1c\xb8": ("p2pkh", "main"), b"\x1c\xbd": ("p2sh", "main"), b"\x1d\x25": ("p2pkh", "test")}, "t"),
    "TRX": _Form({b"\x41": ("account", "main")}, "T"),
}
_HEXADECIMAL = ("ETH", "ETC", "BSC", "ARB", "MATIC", "AVAX")  # twenty-byte accounts; the check of EIP-55
CHAINS = (*_FORMS, *_HEXADECIMAL)
_ALIASES = {
    "XBT": "BTC",
    "TBTC": "BTC",
    "BITCOIN": "BTC",
    "ETHEREUM": "ETH",
    "TRON": "TRX",
    "LITECOIN": "LTC",
    "POLYGON": "MATIC",
    "BNB": "BSC",
}


def chain_of(name: str) -> str | None:
    """Return the chain's code for a code or common name, or None if its addresses are not known here."""
    code = name.strip().upper()
    code = _ALIASES.get(code, code)
    return code if code in CHAINS else None


def classify(chain: str, text: str) -> Address | Flaw:
    """Return the normalised address, or the first rule the text breaks.

    An Ethereum address is normalised to lower case, a bech32 address too; Base58Check has one spelling only.
    """
    code = chain_of(chain)
    if code is None:
        return Flaw("component", f"{chain}:{text}", f"a chain whose addresses are known: {', '.join(CHAINS)}")
    address = text.strip()
    if code in _HEXADECIMAL:
        return _hexadecimal(code, address)
    form = _FORMS[code]
    for prefix, network in form.prefixes.items():
        if address[: len(prefix) + 1].lower() == prefix + "1":
            return _segwit(code, prefix, network, address)
    if not address or address[0] not in form.letters:
        return Flaw("component", text, f"an address of {code}, which begins with one of {', '.join(_beginnings(form))}")
    return _base58(code, form, address)


def _beginnings(form: _Form) -> list[str]:
    return [*form.letters, *(f"{prefix}1" for prefix in form.prefixes)]


def _base58(chain: str, form: _Form, address: str) -> Address | Flaw:
    raw = base58.decode(address) if len(address) <= 64 else b""
    if raw is None:
        return Flaw("format", address, "only the 58 letters and digits of Base58 (no 0, O, I, l)")
    length = 24 + len(next(iter(form.versions)))
    if len(raw) != length:
        return Flaw("length", address, f"an address of {length} bytes, not {len(raw)}" if raw else "at most 64 characters")
    if not base58.checksum_holds(raw):
        return Flaw("checksum", address, "an address whose checksum fits (Base58Check)")
    known = form.versions.get(raw[: length - 24])
    if known is None:
        return Flaw("component", address, f"a version byte of {chain}, not 0x{raw[: length - 24].hex()}")
    kind, network = known
    return Address(chain, address, kind, network)


def _segwit(chain: str, prefix: str, network: Network, address: str) -> Address | Flaw:
    text = address.lower()
    data = text[len(prefix) + 1 :]
    if address not in (text, address.upper()) or not set(bech32.ALPHABET).issuperset(data):
        return Flaw("format", address, f"{prefix}1 and letters of {bech32.ALPHABET}, all in one case")
    if not len(prefix) + 9 <= len(text) <= 90 or len(data) < 7:
        return Flaw("length", address, f"a witness version and program, at most 90 characters in all, not {len(text)}")
    values = [bech32.ALPHABET.index(char) for char in data]
    version, constant = values[0], bech32.checksum_constant(prefix, values)
    if constant not in (bech32.BECH32, bech32.BECH32M):
        return Flaw("checksum", address, "an address whose checksum fits (bech32 or bech32m)")
    if version > 16:
        return Flaw("component", address, f"a witness version from 0 to 16, not {version}")
    program = bech32.program_of(values[1:-6])
    if program is None:
        return Flaw("component", address, "a witness program of whole bytes with zero padding")
    if not 2 <= len(program) <= 40 or (version == 0 and len(program) not in (20, 32)):
        return Flaw("length", address, "a witness program of 2 to 40 bytes, of 20 or 32 for version 0")
    if (constant == bech32.BECH32) != (version == 0):
        found, needed = ("bech32", "bech32m") if version else ("bech32m", "bech32")
        return Flaw("checksum", address, f"{needed} for witness version {version}, not {found} (BIP 350)")
    return Address(chain, text, f"segwit_v{version}", network)


def _hexadecimal(chain: str, address: str) -> Address | Flaw:
    digits = address[2:]
    if address[:2] != "0x" or not set("0123456789abcdefABCDEF").issuperset(digits):
        return Flaw("format", address, "0x and 40 hexadecimal digits")
    if len(digits) != 40:
        return Flaw("length", address, f"40 hexadecimal digits after 0x, not {len(digits)}")
    lower = digits.lower()
    one_case = digits in (lower, digits.upper())
    if not one_case and digits != checksum_case(lower):
        # The fitting spelling is not told: it would make a mistyped address look right.
        return Flaw("checksum", address, "the letters in the case that carries their checksum (EIP-55); copy the address again")
    checked = not one_case or (lower != lower.upper() and digits == checksum_case(lower))
    return Address(chain, f"0x{lower}", "account", checked=checked)


def checksum_case(digits: str) -> str:
    """Return forty lower-case hexadecimal digits with the case that carries their checksum. Source: EIP-55."""
    from Crypto.Hash import keccak  # loaded only when a mixed-case address is met

    digest = keccak.new(digest_bits=256, data=digits.encode("ascii")).hexdigest()
    return "".join(char.upper() if int(nibble, 16) > 7 else char for char, nibble in zip(digits, digest, strict=False))
