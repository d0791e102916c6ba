"""What is there, in public: addresses with messages signed for this one occasion, and what a snapshot of the chain says is on them.

The text that each address signs names the publication of liabilities, which holds its root and instant, so it cannot be older, and cannot serve for
another one. An address that does not sign counts for nothing. Both roots together say whether what is owed is covered, at one time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Annotated

import msgspec

from skarb.chain.signed import verify_message
from skarb.core.errors import InputError, shorten
from skarb.core.identifiers import Address, Flaw, classify
from skarb.custody.liabilities import Hex, Liabilities, SignedLiabilities, Whole, name_of
from skarb.custody.sumtree import build
from skarb.journal.leaves import canonical
from skarb.journal.proofs import SignedHead

FORMAT = "skarb solvency 1"


class Snapshot(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Of which moment of which chain balances are."""

    height: Annotated[int, msgspec.Meta(ge=0)]
    block: Hex
    file: Hex  # SHA-256 of the file they were read from


class OnAddress(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is on an address whose key was shown to be in our hands."""

    address: str  # chain:address
    signature: str
    units: Whole


class Cover(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whether what is owed in an asset is there. Units: smallest units."""

    asset: str
    owed: Whole
    owed_root: Hex
    proven: Whole  # on addresses that signed
    proven_root: Hex | None  # over those addresses in the order given; nothing where there is none
    booked: Whole  # in the book under `held/`, for the eye
    covered: bool


class Solvency(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Both sides at one time."""

    format: str = FORMAT
    book: str
    at: str
    liabilities: SignedLiabilities
    snapshot: Snapshot
    addresses: tuple[OnAddress, ...]
    covers: tuple[Cover, ...]
    head: SignedHead  # of the journal of the book that holds the assets


class SignedSolvency(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The publication, signed with the key of the head."""

    statement: Solvency
    signature: str


def asset_text(liabilities: Liabilities, address: str) -> str:
    """Return the text that an address signs. It stays as it is for ever."""
    lines = [
        "I hold the key of this address, and what is on it covers what is owed.",
        f"Book: {liabilities.book}",
        f"At: {liabilities.at}",
        f"Liabilities: {name_of(liabilities)}",
        *(f"Owed: {one.total} {one.asset}, root {one.root}" for one in liabilities.totals),
        f"Address: {address}",
    ]
    return "\n".join(lines)


def is_ours(liabilities: Liabilities, address: str, signature: str) -> bool:
    """Say whether an address signed the text for these liabilities."""
    try:
        return not isinstance(verify_message(address, asset_text(liabilities, address), signature), Flaw)
    except InputError:
        return False


def normal_address(text: str, where: str) -> str:
    """Return an address as chain:address.

    Raises: InputError
    """
    chain, _, address = text.partition(":")
    found = classify(chain, address)
    if isinstance(found, Flaw):
        raise InputError(f"{where}: given {shorten(text)!r}, expected {found.expected}")
    return found.key if isinstance(found, Address) else text


def covers_of(liabilities: Liabilities, addresses: Sequence[OnAddress], booked: Mapping[str, int]) -> tuple[Cover, ...]:
    """Return for each asset that is owed whether it is there."""
    found = []
    for total in liabilities.totals:
        ours = [one for one in addresses if one.address.partition(":")[0] == total.asset]
        proven = sum(int(one.units) for one in ours)
        found.append(
            Cover(
                asset=total.asset,
                owed=total.total,
                owed_root=total.root,
                proven=str(proven),
                proven_root=_root(ours),
                booked=str(booked.get(total.asset, 0)),
                covered=proven >= int(total.total),
            )
        )
    return tuple(found)


def is_true(solvency: Solvency) -> list[str]:
    """Return what is wrong with a publication of both sides, but for the signatures of its keys."""
    owed = solvency.liabilities.statement
    wrong = [f"{one.address} did not sign" for one in solvency.addresses if not is_ours(owed, one.address, one.signature)]
    names = [one.address for one in solvency.addresses]
    if len(set(names)) < len(names):
        wrong.append("an address is counted twice")
    booked = {one.asset: int(one.booked) for one in solvency.covers}
    try:
        same = covers_of(owed, solvency.addresses, booked) == solvency.covers
    except InputError:  # they exceed 128 bits
        same = False
    if not same:
        wrong.append("the sums are not those of the addresses and of the liabilities")
    return wrong if solvency.format == FORMAT else [*wrong, "it is of another format"]


def solvency_bytes(statement: Solvency) -> bytes:
    """Return the bytes that are signed."""
    return canonical(statement)


def _root(addresses: Sequence[OnAddress]) -> str | None:
    if not addresses:
        return None
    users = b"".join(sha256(one.address.encode()).digest() for one in addresses)
    return build([int(one.units) for one in addresses], users).root.hash.hex()
