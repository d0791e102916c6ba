"""What holdings are worth: a price from the best source that is fresh, and money in whole cents and kopecks.

Prices stand in three levels, as in accounting at fair value. **1**: the last hour that is over on the principal market. **2**: the daily
reference of the last day that is over. **3**: the last price known, older than that; each day of its age takes something off. A price that is too
old even for the third level is refused. A lower level is taken only when the higher one is missing or stale, and says why.

Value is cut to whole cents and kopecks, never rounded up; the lots of an asset share out its value so that they add up to it.

What a sale would leave is less, by four parts: the price's level, its age, the fee, and the size. The size counts by the square root of what is
sold over what is traded in a day, times the daily spread, as measured for large orders of bitcoin.

Source: IFRS 13, fair value hierarchy; Donier and Bonart, A Million Metaorder Analysis of Market Impact on the Bitcoin, 2015.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from fractions import Fraction
from math import isqrt

from skarb.chain import Quality, Series
from skarb.core.errors import InputError
from skarb.core.time import from_day
from skarb.reserve.holdings import DECIMALS, Lot
from skarb.reserve.hourly import HOUR_SECONDS, By, Market

MILLION = 10**6
DAY_SECONDS = 86_400


@dataclass(frozen=True)
class AgeLimits:
    """How old a price of each level may be when it is used."""

    hours: int  # level 1
    days: int  # level 2
    last_known_days: int  # level 3


@dataclass(frozen=True)
class Quote:
    """A price with where it stands. Units: USD for a coin; seconds since 1970-01-01."""

    level: int
    price: Fraction
    at: int  # when the price was known
    age_seconds: int
    source: str
    quality: Quality
    why: str = ""  # no better level

    @property
    def instant(self) -> str:
        """When the price was known, written."""
        return f"{datetime.fromtimestamp(self.at, UTC):%Y-%m-%dT%H:%M}Z"

    @property
    def age_days(self) -> int:
        """Its age in days that have begun."""
        return -(-self.age_seconds // DAY_SECONDS)


@dataclass(frozen=True)
class Haircut:
    """What a sale would lose, in parts. Units: millionths of the value; together never more than all of it."""

    level_ppm: int
    age_ppm: int
    fee_ppm: int
    size_ppm: int

    @property
    def total_ppm(self) -> int:
        """All parts together."""
        return min(MILLION, self.level_ppm + self.age_ppm + self.fee_ppm + self.size_ppm)


@dataclass(frozen=True)
class LotValue:
    """A lot and what it is worth. Units: cents, kopecks; no kopecks where there is no rate."""

    lot: Lot
    cents: int
    kopecks: int | None

    @property
    def gain_kopecks(self) -> int | None:
        """What it is worth more than it cost."""
        return None if self.kopecks is None else self.kopecks - self.lot.cost_kopecks


def quote_at(second: int, market: Market | None, daily: Series | None, limits: AgeLimits, by: By = "mean") -> Quote:
    """Return the price for a moment from the best source that is fresh.

    Raises: InputError if every source is missing or stale.
    """
    why: list[str] = []
    hour = market.latest(second) if market else None
    if market and hour and second - hour.end <= limits.hours * HOUR_SECONDS:
        return Quote(1, hour.price(by), hour.end, second - hour.end, f"{market.name}, {by} of the hour", "published")
    if market:
        why.append(
            f"{market.name} has no hour before {_written(second)}" if hour is None
            else f"the last hour of {market.name} ended {(second - hour.end) // HOUR_SECONDS} hours before, expected at most {limits.hours}"
        )  # fmt: skip
    else:
        why.append("no hours of a market were given")
    known = _closed(daily, second)
    if daily and known is not None:
        ended, point = (known + 1) * DAY_SECONDS, daily.points[known]
        age = second - ended
        if age <= limits.days * DAY_SECONDS:
            return Quote(2, point.value, ended, age, f"{point.source}, close of {from_day(known)}", point.quality, "; ".join(why))
        why.append(f"the last daily price is of {from_day(known)}, {age // DAY_SECONDS} days old, expected at most {limits.days}")
    else:
        why.append(f"no daily price is known before {_written(second)}")
    last: list[tuple[int, Fraction, str]] = []
    if market and hour:
        last.append((hour.end, hour.price(by), market.name))
    if daily and known is not None:
        last.append(((known + 1) * DAY_SECONDS, daily.points[known].value, daily.points[known].source))
    if not last:
        raise InputError(f"price at {_written(second)}: {'; '.join(why)}; load prices that reach it")
    at, price, source = max(last, key=lambda one: one[0])
    if second - at > limits.last_known_days * DAY_SECONDS:
        raise InputError(
            f"price at {_written(second)}: stale: {'; '.join(why)}; a last known price may be {limits.last_known_days} days old; load newer prices"
        )
    return Quote(3, price, at, second - at, f"{source}, last known", "assumed", "; ".join(why))


def close_at(second: int, daily: Series, limits: AgeLimits) -> Quote:
    """Return the daily reference of the last day that is over, by the second level or the third.

    Raises: InputError if it is missing or stale.
    """
    found = quote_at(second, None, daily, limits)
    return replace(found, why="") if found.level == 2 else found


def _closed(daily: Series | None, second: int) -> int | None:
    return max((day for day in daily.points if (day + 1) * DAY_SECONDS <= second), default=None) if daily else None


def _written(second: int) -> str:
    return f"{datetime.fromtimestamp(second, UTC):%Y-%m-%d %H:%M}Z"


def money(units: int, asset: str, price_usd: Fraction, byn_per_usd: Fraction | None) -> tuple[int, int | None]:
    """Return what units of an asset are worth in cents and in kopecks.

    Rounding: down, once for each currency. Cash in a currency is worth itself there.
    Raises: InputError for BYN without a rate.
    """
    whole = Fraction(units, 10 ** DECIMALS[asset])
    if asset == "BYN":
        if byn_per_usd is None:
            raise InputError("holdings in BYN: given no official rate, expected one for their value in USD; load a file of rates")
        return _floor(whole / byn_per_usd * 100), units
    usd = whole * (price_usd if asset == "BTC" else 1)
    return _floor(usd * 100), None if byn_per_usd is None else _floor(usd * byn_per_usd * 100)


def lot_values(lots: Sequence[Lot], price_usd: Fraction, byn_per_usd: Fraction | None) -> tuple[LotValue, ...]:
    """Return the value of each lot; those of an asset add up to what the asset is worth as a whole."""
    before: dict[str, int] = {}
    found = []
    for one in lots:
        start = before.get(one.asset, 0)
        before[one.asset] = start + one.units
        (low, low_byn), (high, high_byn) = (
            money(units, one.asset, price_usd, byn_per_usd) for units in (start, start + one.units)
        )
        found.append(LotValue(one, high - low, None if low_byn is None or high_byn is None else high_byn - low_byn))
    return tuple(found)


def size_ppm(sold: int, traded_day: int, spread_ppm: int, factor: Fraction) -> int:
    """Return what selling so much loses by its size.

    Units: `sold` and `traded_day` in one unit, `spread_ppm` the daily spread of the price in millionths. Rounding: up.
    Raises: InputError if nothing is traded.
    """
    if traded_day <= 0:
        raise InputError(f"daily volume: given {traded_day}, expected more than 0")
    root = isqrt(sold * MILLION * MILLION // traded_day) + 1 if sold else 0
    return min(MILLION, -((-factor.numerator * spread_ppm * root) // (factor.denominator * MILLION)))


def haircut_of(
    quote: Quote,
    sold: int,
    traded_day: int,
    spread_ppm: int,
    factor: Fraction,
    level_ppm: Sequence[int],
    day_ppm: int,
    fee_ppm: int,
) -> Haircut:
    """Return what selling so much at a quoted price loses; `level_ppm` has a value for each of the three levels."""
    age = day_ppm * quote.age_days if quote.level == 3 else 0
    return Haircut(level_ppm[quote.level - 1], min(MILLION, age), fee_ppm, size_ppm(sold, traded_day, spread_ppm, factor))


def after(amount: int, haircut: Haircut) -> int:
    """Return what is left of an amount. Rounding: down."""
    return amount * (MILLION - haircut.total_ppm) // MILLION


def _floor(value: Fraction) -> int:
    return value.numerator // value.denominator
