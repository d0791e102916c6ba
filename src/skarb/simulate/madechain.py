"""A made-up chain beside the made-up prices: what it paid before the market's first day, and what it pays since.

Blocks come evenly between those whose times are published, so halvings are where they were. Difficulty is a line through the published blocks to
what the town says of the first day; after it a seeded walk, one step an epoch. Prices of before are a seeded path through those that the published
means of the hashprice ask for. Nothing of it is a record of the past, and every value says so.
"""

from __future__ import annotations

import csv
from bisect import bisect_right
from datetime import date
from fractions import Fraction
from functools import cache
from importlib.resources import files
from itertools import pairwise
from math import exp, log
from random import Random

from skarb.chain import EPOCH_BLOCKS, ChainDay, Epoch, Epochs, Point, Series, chain_day, chain_days, published_anchors
from skarb.chain.difficulty import BLOCK_SECONDS
from skarb.chain.model import EASIEST_TARGET
from skarb.chain.series import assumed, filled
from skarb.chain.series_files import FEES, PRICE, published_fees
from skarb.core.time import from_day, to_day
from skarb.mining.formulas import hashprice_usd_ph_day
from skarb.mining.model import SATOSHI, Network
from skarb.simulate.prices import Prices
from skarb.simulate.town import FarmPlan

SOURCE = "made up"
FIRST_YEAR = 2021  # the first of which a mean of the hashprice is published
_DAY = 86_400
_EPOCH_DAYS = 14
_STEP = (-25, 45)  # thousandths by which difficulty may change in an epoch after the first day
_DAILY = 0.028  # of the logarithm of the price
_FILL_DAYS = 62


class MadeChain:
    """Difficulty, subsidy, fees and price of every day."""

    def __init__(self, seed: int, first: date, last: date, plan: FarmPlan, prices: Prices) -> None:
        self._seed, self._first, self._prices = seed, to_day(first), prices
        self._fee_sat = Fraction(plan.fee_btc) * SATOSHI
        self.epochs = _epochs(seed, self._first, to_day(last), int(plan.difficulty))
        self._days: dict[int, ChainDay] = {}

    def day(self, day: int) -> ChainDay:
        """Return a day of the chain; days are counted from 1970-01-01."""
        if day not in self._days:
            self._days[day] = chain_day(self.epochs, day)
        return self._days[day]

    def network(self, day: date) -> Network:
        """Return what the network pays on a day of the market."""
        one = self.day(to_day(day))
        return Network(one.difficulty, one.subsidy_sat, self._fee_sat, self._price_usd(day))

    def _price_usd(self, day: date) -> Fraction:
        price, scale = self._prices.of("BTC", day)
        usd, usd_scale = self._prices.of("USD", day)
        return Fraction(price * usd_scale, scale * usd)

    def past(self, last: date) -> tuple[dict[int, ChainDay], Series, Series]:
        """Return days, fees and prices from the first day of `FIRST_YEAR` to a day of the market."""
        begin, end = to_day(date(FIRST_YEAR, 1, 1)), to_day(last)
        days = {one.day: one for one in chain_days(self.epochs, begin, end)}
        known = filled(published_fees(days), _FILL_DAYS)
        fees = Series(FEES, {day: point for day, point in known.points.items() if begin <= day <= end})
        fees = assumed(fees, begin, end, self._fee_sat, SOURCE)
        prices = {day: Point(value, "assumed", SOURCE) for day, value in self._past_prices(days, fees).items()}
        for day in range(self._first, end + 1):
            prices[day] = Point(self._price_usd(from_day(day)), "assumed", SOURCE)
        return days, fees, Series(PRICE, prices)

    def _past_prices(self, days: dict[int, ChainDay], fees: Series) -> dict[int, Fraction]:
        """Return a path of prices that walks at random between those that published hashprices ask for in the middle of their years."""
        knots = []
        for year, hashprice in published_hashprice():
            day = to_day(date(year, 7, 2))
            if day not in days or day >= self._first:
                continue
            paid = Network(days[day].difficulty, days[day].subsidy_sat, fees.points[day].value, Fraction(1))
            knots.append((day, log(hashprice / float(hashprice_usd_ph_day(paid)))))
        knots.append((self._first, log(float(self._price_usd(from_day(self._first))))))
        begin = min(days)
        path: dict[int, float] = {}
        for (one, low), (other, high) in pairwise([(begin, knots[0][1]), *knots]):
            walked = [0.0]
            random = Random(f"{self._seed}/past/{one}")
            for _ in range(other - one):
                walked.append(walked[-1] + random.gauss(0, _DAILY))
            for place in range(other - one):
                share = place / (other - one)
                path[one + place] = low + (high - low) * share + walked[place] - share * walked[-1]
        return {day: Fraction(round(100 * exp(value)), 100) for day, value in path.items()}


@cache
def published_hashprice() -> tuple[tuple[int, float], ...]:
    """Return the published means of the hashprice by year. Units: USD per PH/s and day."""
    text = files("skarb.mining").joinpath("published_hashprice.csv").read_text(encoding="utf-8")
    return tuple((int(row["year"]), float(row["usd_ph_day"])) for row in csv.DictReader(text.splitlines()))


def _epochs(seed: int, first: int, last: int, difficulty: int) -> Epochs:
    anchors = [one for one in published_anchors() if one.time < first * _DAY]
    heights, times = [one.height for one in anchors], [one.time for one in anchors]

    def time_of(height: int) -> int:
        at = min(bisect_right(heights, height) - 1, len(heights) - 2)
        if height >= heights[-1]:
            return times[-1] + (height - heights[-1]) * BLOCK_SECONDS
        return times[at] + (height - heights[at]) * (times[at + 1] - times[at]) // (heights[at + 1] - heights[at])

    begins = (heights[-1] + (first * _DAY - times[-1]) // BLOCK_SECONDS) // EPOCH_BLOCKS  # the epoch of the first day
    knots = [(one.height / EPOCH_BLOCKS, log(float(one.difficulty or 1))) for one in anchors] + [(begins, log(difficulty))]
    found = []
    for number in range(begins + (last - first) // _EPOCH_DAYS + 3):
        if number > begins:
            difficulty += difficulty * Random(f"{seed}/difficulty/{number - begins}").randint(*_STEP) // 1000
        else:
            difficulty = _between(knots, number)
        start = time_of(number * EPOCH_BLOCKS)
        seconds = time_of((number + 1) * EPOCH_BLOCKS) - start
        found.append(Epoch(number, EASIEST_TARGET // difficulty, start, "assumed", seconds))
    return Epochs(SOURCE, tuple(found), tuple(anchors))


def _between(knots: list[tuple[float, float]], number: int) -> int:
    """Return the difficulty on the line between two knots; seven digits, so that every machine has the same."""
    for (one, low), (other, high) in pairwise(knots):
        if number <= other:
            return int(float(f"{exp(low + (high - low) * (number - one) / (other - one)):.6e}"))
    return int(float(f"{exp(knots[-1][1]):.6e}"))
