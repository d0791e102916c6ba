"""Identifiers in the one form in which they are compared.

Exact means exact in meaning: separators and the case of letters do not make two passports of one, and an address is the same however its
chain lets it be written and whatever it is filed under (`core.identifiers.spelling`).

A number of a document names one person only together with the authority that gave it: Serbia and Belarus both count taxpayers
with nine digits. Where the same country is known on both sides, equal numbers are one person. Where one side does not say, they
may be. Where the countries differ, they are not; only of passports may a registered country be the home of the holder instead of
the one that issued it. Registers, tax offices and identity cards of a country often share a number; a short one they may have given
to different people.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from skarb.core.identifiers import wallet_key
from skarb.core.screening_list import Document, Identifiers, Listed
from skarb.screening.model import Key

_SEPARATORS = str.maketrans("", "", " \u00a0-./")
_WORLDWIDE = ("imo", "imo_company", "mmsi", "bic", "bik", "duns", "tail_number", "call_sign")  # no two holders in the whole world
_SHARED = ("kpp", "aircraft_serial")  # many may bear the same
_SHORTEST = 5  # characters of a number that says something without its country
_LONG = 9  # characters of a number that one country hardly gives out twice, be it for different purposes
_UNSAID, _ANYWHERE = "?", "*"


def number_key(text: str) -> str:
    """Return a number without separators, in capitals."""
    return text.upper() if text.isalnum() else text.translate(_SEPARATORS).upper()


def keys_of_entry(listed: Listed) -> Iterator[tuple[Key, bool]]:
    """Yield all identifiers of an entry of a list, and whether sharing one is certain to be the same person."""
    yield from ((("party", party), True) for party in listed.parties)
    yield from ((("taxpayer_number", number_key(number)), True) for number in listed.taxpayer_numbers)
    yield from ((("lei", number_key(lei)), True) for lei in listed.leis)
    yield from ((("passport", number_key(passport)), True) for passport in listed.passports)
    yield from ((("wallet", wallet_key(wallet)), True) for wallet in listed.wallets)
    for document in listed.documents:
        yield from _of_listed_document(document)


def keys_of_party(known: Identifiers) -> Iterable[Key]:
    """Return all identifiers of a party."""
    yield "party", known.party
    yield from (("lei", number_key(lei)) for lei in known.leis)
    yield from (("wallet", wallet_key(wallet)) for wallet in known.wallets)
    placed = set()
    for document in known.documents:
        key = _number_of(document)
        placed.add(key)
        yield from _of_known_document(document.kind, key, document.country)
    for number in known.taxpayer_numbers:
        key = number_key(number)
        yield "taxpayer_number", key
        if f"number:{key}" not in placed:
            yield from _of_known_document("tax", f"number:{key}", "")
    for passport in known.passports:
        key = number_key(passport)
        yield "passport", key
        if f"passport:{key}" not in placed:
            yield from _of_known_document("passport", f"passport:{key}", "")


def _of_listed_document(document: Document) -> Iterator[tuple[Key, bool]]:
    """Yield the keys under which a listed document waits for those of parties; see `_of_known_document` for the other half."""
    key = _number_of(document)
    if document.kind in _SHARED:
        return
    if document.kind in _WORLDWIDE:
        yield ("document", key), True
        return
    number = key.partition(":")[2]
    if document.country:
        same_purpose = document.kind == "passport"
        yield ("document", f"{key}:{document.country}"), same_purpose or len(number) >= _LONG
        if not same_purpose:
            yield ("document", f"{document.kind}={number}:{document.country}"), True
    if len(number) >= _SHORTEST:
        if document.country:
            yield ("document", f"{key}:{_ANYWHERE}"), False
        if document.kind == "passport" or not document.country:
            yield ("document", f"{key}:{_UNSAID}"), False


def _of_known_document(kind: str, key: str, country: str) -> Iterator[Key]:
    if kind in _WORLDWIDE:
        yield "document", key
    elif kind not in _SHARED:
        yield "document", f"{key}:{country or _ANYWHERE}"
        yield "document", f"{key}:{_UNSAID}"
        if country and kind != "passport":
            yield "document", f"{kind}={key.partition(':')[2]}:{country}"


def _number_of(document: Document) -> str:
    """Return a number with what kind of number it is: registers, tax offices and identity cards often share one."""
    kind = document.kind if document.kind == "passport" or document.kind in _WORLDWIDE else "number"
    return f"{kind}:{number_key(document.number)}"
