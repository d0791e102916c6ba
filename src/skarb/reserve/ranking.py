"""Rules ranked: what each came to over all starts, and how much the start decided."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from skarb.core.time import from_day
from skarb.reserve.amounts import MILLION, Whole
from skarb.reserve.rules import Rule, Tried


@dataclass(frozen=True)
class Ranked:
    """A rule among others, over all starts.

    Units: cents, millionths; results are their 5 %, middle and 95 % quantiles, values that really occurred.
    """

    rule: Rule
    starts: int
    final_low: int
    final: int
    final_high: int
    worst_month: int
    drawdown: int
    drawdown_ppm: int
    drawdown_most_ppm: int
    under_water: int
    sold_ppm: int
    paid_ppm: int
    budget: int
    best_ppm: int  # of starts, in which no other rule came to more


def ranked(tried: Sequence[Tried]) -> list[Ranked]:
    """Return the rules, the one with the highest middle result first; middles are of all starts."""
    best = np.max(np.array([one.final for one in tried]), axis=0)
    found = []
    for one in tried:
        low, middle, high = (quantile(one.final, share) for share in (0.05, 0.5, 0.95))
        found.append(
            Ranked(
                one.rule,
                len(one.starts),
                low,
                middle,
                high,
                quantile(one.worst_month, 0.5),
                quantile(one.drawdown, 0.5),
                quantile(one.drawdown_ppm, 0.5),
                int(one.drawdown_ppm.max()),
                quantile(one.under_water, 0.5),
                _share(one.sold_sat, one.inflow_sat + one.bought_sat),
                _share(one.paid, one.bills),
                quantile(one.budget, 0.5),
                int((one.final == best).sum()) * MILLION // len(best),
            )
        )
    return sorted(found, key=lambda one: -one.final)


def by_start_year(tried: Sequence[Tried]) -> Iterator[tuple[Rule, int, int, int, int, int]]:
    """Yield for each rule and year of starts how many there were, and the lowest, middle and highest result."""
    for one in tried:
        years = np.array([from_day(int(day)).year for day in one.starts])
        for year in sorted({*years.tolist()}):
            final = one.final[years == year]
            yield one.rule, year, len(final), int(final.min()), quantile(final, 0.5), int(final.max())


def quantile(values: Whole, share: float) -> int:
    """Return the value that so large a share of values does not exceed; it is one of them."""
    return int(np.quantile(values, share, method="inverted_cdf"))


def _share(part: Whole, whole: Whole) -> int:
    everything = sum(whole.tolist())
    return sum(part.tolist()) * MILLION // everything if everything else 0
