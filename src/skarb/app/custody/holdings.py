"""What is held, where, and under which quorum: rows for a table, out of a reserve's story."""

from __future__ import annotations

from typing import NamedTuple

from skarb.app.custody.story import Story
from skarb.core.time import from_day
from skarb.custody import Place, Quorum


class Holding(NamedTuple):
    """An asset in a place. Units: smallest units."""

    place: str
    kind: str
    asset: str
    units: int
    quorum: str
    addresses: str


class LotRow(NamedTuple):
    """What is left of a lot: a line of the holdings file."""

    lot: str
    day: str
    asset: str
    units: int
    cost_byn: int


class DisposalRow(NamedTuple):
    """A part of a lot that left, and what was gained by it. Units: smallest units, kopecks."""

    day: str
    kind: str
    request: str
    asset: str
    units: int
    value_byn: int
    cost_byn: int
    gain_byn: int
    lots: int


class BillRow(NamedTuple):
    """What one bill or payout brought."""

    source: str
    asset: str
    lines: int
    units: int


def holdings(story: Story) -> list[Holding]:
    """Return what every place holds; what is empty is shown with nought if an asset may lie there."""
    if story.policy is None:
        return []
    rows = []
    places = {one.name: one for one in story.policy.places}
    wanted = {
        (one.name, asset): None for one in story.policy.places for asset in (*one.receives, *(rule.asset for rule in one.rules))
    }
    for name, asset in {**wanted, **dict.fromkeys(story.held)}:
        place = places.get(name)
        rows.append(
            Holding(
                name,
                place.kind if place is not None else "no longer in the policy",
                asset,
                story.held.get((name, asset), 0),
                quorum_words(place, asset) if place is not None else "nothing leaves; put the place back into the policy",
                " ".join(place.addresses) if place is not None else "",
            )
        )
    return rows


def quorum_words(place: Place, asset: str) -> str:
    """Say what it takes to let an asset leave a place."""
    rules = [one for one in place.rules if one.asset == asset]
    words = [f"{_one(rule)}, up to {rule.units_max} at once and {rule.day_units_max} a day" for rule in rules]
    return "; ".join(words) or "nothing leaves: no rule"


def _one(quorum: Quorum) -> str:
    each = "".join(f", {count} by {role}" for role, count in quorum.each.items())
    lock = f", after {quorum.time_lock_minutes} minutes" if quorum.time_lock_minutes else ""
    return f"{quorum.approvals} of {'/'.join(quorum.roles)}{each}{lock}"


def lot_rows(story: Story) -> list[LotRow]:
    """Return what is left of each lot."""
    return [LotRow(one.lot, str(from_day(one.day)), one.asset, one.units, one.cost_byn) for one in story.lots.left()]


def disposal_rows(story: Story) -> list[DisposalRow]:
    """Return everything that left, with its gain."""
    return [
        DisposalRow(
            str(from_day(one.day)),
            one.kind,
            one.id,
            one.asset,
            one.units,
            one.value_byn,
            one.cost_byn,
            one.gain_byn,
            len(one.taken),
        )
        for one in story.lots.disposals
    ]


def bill_rows(story: Story) -> list[BillRow]:
    """Return what each bill or payout brought, over all its lines."""
    sums: dict[tuple[str, str], tuple[int, int]] = {}
    for one in story.inflows.values():
        key = bill_of(one.line.source), one.line.asset
        lines, units = sums.get(key, (0, 0))
        sums[key] = lines + 1, units + one.line.units
    return [BillRow(*key, *value) for key, value in sorted(sums.items())]


def bill_of(source: str) -> str:
    """Return the bill that a line belongs to: what stands before the last comma of its source, or before the last slash, or all of it."""
    return source.rpartition(",")[0] or source.rpartition("/")[0] or source
