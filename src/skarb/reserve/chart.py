"""The accounts of the reserve's book, and what each thing that happens changes in them.

| account | says | balance |
|---|---|---|
| `inflow/levy`, `inflow/profit_tax`, `inflow/reserve_share`, `inflow/own_mining` | where it came from | never above zero |
| `held/PLACE` | what lies in a place of custody | never below zero |
| `sold` | what was sold, and in BYN, below zero, what it brought | |
| `paid`, `fees` | what was paid out, and what chains and banks took | never below zero |
| `custody/open`, `custody/done` | in the asset ACT: one for each decision that moves nothing | |

Credit is what an account has. Every transaction adds up to zero in each asset, so the sum over `held/` is what came in, less what was sold,
paid and taken as fees.
"""

from __future__ import annotations

from typing import NamedTuple

from skarb.core.transfer import AccountFlag

SOLD, PAID, FEES, LEGAL = "sold", "paid", "fees", "BYN"
OPEN, DONE = "custody/open", "custody/done"  # what is decided and moves nothing goes from one to the other
DECIMALS = {LEGAL: 2, "BTC": 8}  # the assets of the reserve


class Change(NamedTuple):
    """What one account gains, or below zero loses. Units: smallest units of the asset."""

    address: str
    asset: str
    units: int


def held(place: str) -> str:
    """Return the account of a place of custody."""
    return f"held/{place}"


def source(kind: str) -> str:
    """Return the account that an inflow comes from."""
    return f"inflow/{kind}"


def flags_of(address: str) -> AccountFlag:
    """Return what an account promises."""
    if address.startswith("inflow/") or address == OPEN:
        return AccountFlag.credits_must_not_exceed_debits
    return AccountFlag(0) if address == SOLD else AccountFlag.debits_must_not_exceed_credits


def inflow(kind: str, place: str, asset: str, units: int) -> list[Change]:
    """What came in."""
    return [Change(source(kind), asset, -units), Change(held(place), asset, units)]


def move(place: str, to: str, asset: str, units: int, fee: int) -> list[Change]:
    """From one place of ours to another."""
    return _without_nothing([Change(held(place), asset, -units - fee), Change(held(to), asset, units), Change(FEES, asset, fee)])


def sale(place: str, asset: str, units: int, fee: int, proceeds_to: str, proceeds: int) -> list[Change]:
    """What was sold, and the money for it."""
    gone = [Change(held(place), asset, -units - fee), Change(SOLD, asset, units), Change(FEES, asset, fee)]
    return _without_nothing([*gone, Change(SOLD, LEGAL, -proceeds), Change(held(proceeds_to), LEGAL, proceeds)])


def payment(place: str, asset: str, units: int, fee: int) -> list[Change]:
    """What was paid out."""
    return _without_nothing([Change(held(place), asset, -units - fee), Change(PAID, asset, units), Change(FEES, asset, fee)])


def _without_nothing(changes: list[Change]) -> list[Change]:
    return [one for one in changes if one.units]
