"""Figures: what went out, came back and is still out, by whatever one wants to tell apart; ages, values now, and the headline with its
sensitivity."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from skarb.core.errors import InputError, Unavailable
from skarb.core.time import from_day
from skarb.oversight.flows.curves import HORIZONS, Cohort, Curve, by_count, by_money, cohorts
from skarb.oversight.flows.definition import Choices
from skarb.oversight.flows.follow import OUTWARD, RETURN, Followed, follow
from skarb.oversight.flows.model import DIMENSIONS, UNVALUED, Asset, Crossing, Places, Rule

AGES = (30, 91, 182, 365)
"""Days; the table of ages has one column more, for what is older."""


@dataclass(frozen=True)
class Line:
    """One value of a dimension. Units: minor units of the legal currency, at the value when it left."""

    label: str
    lots: int
    people: int
    invested: int
    returned: int
    spent: int
    still: int


@dataclass(frozen=True)
class AssetLine:
    """One asset in its own smallest units, exact, and what is still out at its value then and now."""

    asset: str
    decimals: int
    invested: int
    returned: int
    spent: int
    still: int
    worth_then: int
    worth_now: int | None
    rate: str  # where the value now comes from, or why there is none


@dataclass(frozen=True)
class Headline:
    """The share that did not come back: of money that went abroad, by the age `days`, as if all of it had been watched for so long.

    `share` is by Kaplan and Meier, with its band; `plain` is what is still out at the end of the data, however young.
    """

    days: int
    share: float
    low: float
    high: float
    by_count: float
    invested: int
    returned: int
    spent: int
    still: int
    plain: float


@dataclass(frozen=True)
class Variant:
    """The headline under other choices."""

    what: str  # the choice that differs from the first line
    rule: Rule
    choices: Choices
    days: int
    share: float | None
    invested: int | None  # None, like `still`, where too many lots lie in one pot to be told apart
    still: int | None


@dataclass(frozen=True)
class Heat:
    """What is still out by country and age."""

    countries: tuple[str, ...]
    cells: tuple[tuple[int, ...], ...]


Rate = Callable[[Asset, int], tuple[int, int, str] | None]
"""What one whole unit of an asset is worth on a day in minor units of the legal currency: numerator, denominator, where from."""


def months_of(found: Followed) -> tuple[Places, tuple[str, ...]]:
    """Return the month in which each lot left, as a place in a list."""
    days = found.rows.days[found.starts]
    distinct, inverse = np.unique(days, return_inverse=True)
    labels = [from_day(int(day)).isoformat()[:7] for day in distinct]
    months = tuple(sorted(set(labels)))
    places = np.array([months.index(one) for one in labels] or [0], np.int32)
    return places[inverse.reshape(-1)] if len(days) else np.empty(0, np.int32), months


def codes_of(found: Followed, dimension: str) -> tuple[Places, Sequence[str]]:
    """Return the value that each lot has in a dimension."""
    if dimension == "month":
        return months_of(found)
    if dimension == "asset":
        return found.rows.assets[found.starts].astype(np.int32), [one.code for one in found.rows.of]
    return found.rows.codes[dimension][found.starts], found.rows.names[dimension]


def lines(found: Followed, dimension: str) -> tuple[Line, ...]:
    """Return what became of the money of each value of a dimension, most still out first; months in their order."""
    codes, labels = codes_of(found, dimension)
    count = len(labels)
    home = found.rows.kinds[found.pieces.rows] == RETURN
    back, spent = np.zeros(count, np.int64), np.zeros(count, np.int64)
    of_piece = codes[found.pieces.lots]
    np.add.at(back, of_piece[home], found.worths[home])
    np.add.at(spent, of_piece[~home], found.worths[~home])
    invested, still = np.zeros(count, np.int64), np.zeros(count, np.int64)
    np.add.at(invested, codes, found.worth)
    np.add.at(still, codes, found.worth_left)
    lots = np.bincount(codes, minlength=count) if len(codes) else np.zeros(count, np.int64)
    pairs = np.unique(codes.astype(np.int64) << 32 | found.rows.codes["person"][found.starts])
    people = np.bincount((pairs >> 32).astype(np.int64), minlength=count)
    made = [
        Line(label, int(lots[n]), int(people[n]), int(invested[n]), int(back[n]), int(spent[n]), int(still[n]))
        for n, label in enumerate(labels)
        if lots[n]
    ]
    if dimension == "month":
        return tuple(sorted(made, key=lambda one: one.label))
    return tuple(sorted(made, key=lambda one: (-one.still, -one.invested, one.label)))


def asset_lines(found: Followed, last: int, rate: Rate) -> tuple[AssetLine, ...]:
    """Return what became of each asset, in its own units."""
    home = found.rows.kinds[found.pieces.rows] == RETURN
    of_lot = found.rows.assets[found.starts]
    of_piece = of_lot[found.pieces.lots]
    made = []
    for number, asset in enumerate(found.rows.of):
        mine, pieces = of_lot == number, of_piece == number
        if not mine.any():
            continue
        invested = whole(found.rows.units[found.starts][mine]) * asset.scale
        returned = whole(found.pieces.amounts[pieces & home]) * asset.scale
        spent = whole(found.pieces.amounts[pieces & ~home]) * asset.scale
        still = whole(found.left[mine]) * asset.scale
        now, source = _worth_now(still, asset, last, rate)
        then = int(found.worth_left[mine].sum())
        made.append(AssetLine(asset.code, asset.decimals, invested, returned, spent, still, then, now, source))
    return tuple(made)


def _worth_now(units: int, asset: Asset, day: int, rate: Rate) -> tuple[int | None, str]:
    """Return what units are worth on a day, rounded down, or why nobody knows."""
    try:
        found = rate(asset, day)
    except Unavailable as error:
        return None, f"stale: {error}"
    if found is None:
        return None, "missing: nobody published a rate"
    above, below, source = found
    return units * above // (below * 10**asset.decimals), source


def whole(amounts: npt.NDArray[Any]) -> int:
    """Return a sum that no word can overflow."""
    return sum(int(one) for one in amounts) if amounts.dtype == object else int(amounts.sum())


def heat(found: Followed, last: int) -> Heat:
    """Return what is still out by country and by age, at its worth when it left."""
    codes, labels = codes_of(found, "country")
    ages = last - found.rows.days[found.starts]
    buckets = np.searchsorted(np.array(AGES), ages, side="left")
    sums = np.zeros((len(labels), len(AGES) + 1), np.int64)
    np.add.at(sums, (codes, buckets), found.worth_left)
    order = [place for place in np.argsort(-sums.sum(axis=1), kind="stable") if sums[place].any()]
    return Heat(tuple(labels[place] for place in order), tuple(tuple(int(one) for one in sums[place]) for place in order))


def headline(found: Followed, last: int, horizon: int | None = None) -> Headline:
    """Return the share that did not come back by a horizon; without one by twelve months, or the longest of 1, 3, 6, 12 that the data reach.

    Raises: InputError for a horizon beyond what was watched.
    """
    money, count = by_money(found, last), by_count(found, last)
    days = _reached(money, horizon)
    step, counted = money.at(days), count.at(days)
    home = found.rows.kinds[found.pieces.rows] == RETURN
    invested, still = int(found.worth.sum()), int(found.worth_left.sum())
    return Headline(
        days,
        step.share if step else 1.0,
        step.low if step else 0.0,
        step.high if step else 1.0,
        counted.share if counted else 1.0,
        invested,
        int(found.worths[home].sum()),
        int(found.worths[~home].sum()),
        still,
        still / invested if invested else 0.0,
    )


def _reached(curve: Curve, horizon: int | None) -> int:
    if horizon is not None:
        if curve.total and horizon > curve.until:
            raise InputError(
                f"horizon: given {horizon} days, expected at most {curve.until}: no investment was watched for longer"
            )
        return horizon
    reached = [days for _, days in HORIZONS if days <= curve.until]
    return reached[-1] if reached else curve.until


def sensitivity(crossing: Crossing, choices: Choices, rule: Rule, days: int) -> tuple[Variant, ...]:
    """Return the headline under every choice but the one made, one changed at a time.

    A file of transfers says itself out of which account a return is paid, so there the pot, own wallets and conversion are no choices.
    """
    other: Rule = "haircut" if rule == "fifo" else "fifo"
    asked: list[tuple[str, Rule, Choices, int]] = [("", rule, choices, days), (f"rule {other}", other, choices, days)]
    asked += [(f"horizon {months} months", rule, choices, horizon) for months, horizon in HORIZONS if horizon != days]
    own = crossing.rows.target is not None
    for name, values in (
        (("opening", ("none", "inferred")),)
        if own
        else (
            ("opening", ("none", "inferred")),
            ("conversion", ("asset", "value")),
            ("pot", ("account", "person", "place")),
            ("wallets", ("apart", "abroad")),
        )
    ):
        asked += [
            (f"{name} {value}", rule, replace(choices, **{name: value}), days)  # type: ignore[arg-type]
            for value in values
            if value != getattr(choices, name)
        ]
    kept: dict[tuple[Rule, Choices], tuple[Followed, Curve]] = {}
    made = []
    for what, by, one, horizon in asked:
        if (by, one) not in kept:
            found = follow(crossing.rows, one, by)
            kept[by, one] = found, by_money(found, crossing.last)
        found, curve = kept[by, one]
        step = curve.at(horizon)
        invested, still = int(found.worth.sum()), int(found.worth_left.sum())
        if by == "haircut" and not len(found.starts) and found.trace.invested:
            made.append(Variant(what, by, one, horizon, None, None, None))  # too many lots in one pot to tell them apart
            continue
        made.append(Variant(what, by, one, horizon, step.share if step else None, invested, still))
    return tuple(made)


def cohort_lines(found: Followed, last: int) -> tuple[Cohort, ...]:
    """Return what became of each month's money."""
    of, months = months_of(found)
    return cohorts(found, last, months, of)


def implied(crossing: Crossing) -> Rate:
    """Return the rate that the latest row of each asset implies: its value over its amount, if that is not older than a week."""
    rows = crossing.rows
    latest: dict[str, tuple[int, int, int]] = {}
    known = np.flatnonzero(rows.values != UNVALUED)
    for number, asset in enumerate(rows.of):
        mine = known[rows.assets[known] == number]
        if len(mine):
            row = int(mine[-1])
            units = int(rows.units[row]) * asset.scale
            latest[asset.code] = int(rows.values[row]) * 10**asset.decimals, units, int(rows.days[row])

    def find(asset: Asset, day: int) -> tuple[int, int, str] | None:
        if asset.code not in latest:
            return None
        above, below, of = latest[asset.code]
        if day - of > 7:
            raise Unavailable(f"the latest row in {asset.code} is of {from_day(of)}")
        return above, below, f"implied by the latest row, {from_day(of)}"

    return find


__all__ = ["AGES", "DIMENSIONS", "OUTWARD", "AssetLine", "Headline", "Heat", "Line", "Variant", "lines"]
