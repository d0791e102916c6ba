"""Legs: instructions that were carried out become transfers between people, with the names they carry.

A purchase is two legs, money one way and tokens the other; an institution made it and its desk has judged it, so its legs are marked and form no
shape. Where the value in legal currency is known legs have that size and can be compared with anything; otherwise a size is a whole number of the
asset's smallest unit and can be compared only within that asset.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from skarb.oversight.typologies.model import DEAL, GIFT, LEGAL, TOKEN, Flow, Numbers, Transfers
from skarb.oversight.typologies.watch import SIZE_MAX

_OUT = (
    "fiat_pay",
    "qr_pay",
    "instant_pay",
    "cbdc_pay",
    "token_pay",
    "token_transfer_out",
    "token_gift",
    "token_place",
    "token_trade_settle",
)
_MONEY = ("fiat_pay", "qr_pay", "instant_pay", "cbdc_pay")


class Deed(NamedTuple):
    """An instruction that was carried out, as far as legs need it."""

    moment: int  # seconds since 1970
    activity: str
    party: str
    other: str  # counterparty, venue, wallet, or the institution itself
    asset: str
    units: int  # smallest units; below nought where unknown
    text: str  # the amount as people write it
    paid_asset: str  # what is given in return; empty where nothing is
    paid_units: int
    paid_text: str
    value: int  # minor units of the legal currency; below nought where unknown
    of_party: str  # institution that serves the party
    of_other: str
    reference: str  # where it stands


class Leg(NamedTuple):
    """One transfer."""

    deed: Deed
    sender: str
    receiver: str
    asset: str
    units: int
    text: str
    marks: int


def legs_of(deed: Deed) -> Iterator[Leg]:
    """Yield what a deed moves between two; most deeds move one thing, a deal moves two, some nothing."""
    activity, party, other = deed.activity, deed.party, deed.other
    token = 0 if activity in _MONEY else TOKEN
    if activity in _OUT:
        yield Leg(deed, party, other, deed.asset, deed.units, deed.text, token | (GIFT if activity == "token_gift" else 0))
    elif activity == "token_transfer_in":
        yield Leg(deed, other, party, deed.asset, deed.units, deed.text, TOKEN)
    elif activity in ("token_buy_fiat", "token_sell_fiat") and deed.paid_asset:
        buyer, seller = (party, other) if activity == "token_buy_fiat" else (other, party)
        yield Leg(deed, buyer, seller, deed.paid_asset, deed.paid_units, deed.paid_text, DEAL)
        yield Leg(deed, seller, buyer, deed.asset, deed.units, deed.text, TOKEN | DEAL)


def flow_of(deeds: Iterable[Deed], currency: str, licensed: Iterable[str] = ()) -> Flow:
    """Return the transfers of deeds, in the order of time."""
    accounts: dict[str, int] = {}
    institutions: dict[str, int] = {}
    units: dict[str, int] = {currency: LEGAL}
    rows: list[tuple[int, ...]] = []
    references, amounts = [], []
    for deed in deeds:
        for leg in legs_of(deed):
            sent = leg.sender == deed.party
            rows.append(
                (
                    accounts.setdefault(leg.sender, len(accounts)),
                    accounts.setdefault(leg.receiver, len(accounts)),
                    deed.moment,
                    *_size(leg, units),
                    leg.marks,
                    institutions.setdefault(deed.of_party if sent else deed.of_other, len(institutions)),
                    institutions.setdefault(deed.of_other if sent else deed.of_party, len(institutions)),
                )
            )
            references.append(deed.reference)
            amounts.append(f"{leg.text} {leg.asset}")
    table: Numbers = np.array(_fitting(rows), np.int64).reshape(-1, 8)
    known = [accounts[name] for name in licensed if name in accounts]
    flow = Flow(
        Transfers(*(table[:, column].copy() for column in range(8))),
        list(accounts),
        list(institutions),
        references,
        amounts,
        np.array(sorted(set(known)), np.int64),
    )
    return flow.ordered()


def _fitting(rows: list[tuple[int, ...]]) -> list[tuple[int, ...]]:
    """Return the same with all sizes of an asset divided alike until the largest fits; cut off they would look the same."""
    largest: dict[int, int] = {}
    for row in rows:
        largest[row[4]] = max(largest.get(row[4], 0), row[3])
    divisors = {unit: -(-size // SIZE_MAX) for unit, size in largest.items() if size > SIZE_MAX}
    return [(*row[:3], row[3] // divisors[row[4]], *row[4:]) if row[4] in divisors else row for row in rows] if divisors else rows


def _size(leg: Leg, units: dict[str, int]) -> tuple[int, int]:
    """Return the size of a leg and its unit."""
    if leg.deed.value >= 0:
        return min(leg.deed.value, SIZE_MAX), LEGAL
    unit = units.setdefault(leg.asset, len(units))
    return min(max(leg.units, 0), SIZE_MAX) if unit == LEGAL else max(leg.units, 0), unit
