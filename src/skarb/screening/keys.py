"""Identifiers in the one form in which they are compared.

Exact means exact in meaning: separators and the case of letters do not make two passports of one, and an address is the
same however its chain lets it be written. A wallet whose chain is not known here is compared as it was written.
"""

from __future__ import annotations

from collections.abc import Iterable

from skarb.core.identifiers import Address, classify
from skarb.core.screening_list import Identifiers, Listed
from skarb.screening.model import Key

_SEPARATORS = str.maketrans("", "", " \u00a0-./")


def number_key(text: str) -> str:
    """Return a number without separators, in capitals."""
    return text.translate(_SEPARATORS).upper()


def wallet_key(text: str) -> str:
    """Return a wallet written chain:address in its normal form."""
    chain, _, address = text.strip().partition(":")
    found = classify(chain, address)
    return found.key if isinstance(found, Address) else f"{chain.strip().upper()}:{address.strip()}"


def keys_of_entry(listed: Listed) -> Iterable[Key]:
    """Return all identifiers of an entry of a list."""
    yield from (("party", party) for party in listed.parties)
    yield from (("taxpayer_number", number_key(number)) for number in listed.taxpayer_numbers)
    yield from (("lei", number_key(lei)) for lei in listed.leis)
    yield from (("passport", number_key(passport)) for passport in listed.passports)
    yield from (("wallet", wallet_key(wallet)) for wallet in listed.wallets)


def keys_of_party(known: Identifiers) -> Iterable[Key]:
    """Return all identifiers of a party."""
    yield "party", known.party
    yield from (("taxpayer_number", number_key(number)) for number in known.taxpayer_numbers)
    yield from (("lei", number_key(lei)) for lei in known.leis)
    yield from (("passport", number_key(passport)) for passport in known.passports)
    yield from (("wallet", wallet_key(wallet)) for wallet in known.wallets)
