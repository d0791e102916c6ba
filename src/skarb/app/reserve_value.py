"""What a reserve is worth at a moment: at the hour, at the last close, and what selling it would leave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from math import ceil
from typing import Any

import numpy as np

from skarb.app.reserve_files import Files, rate_on, rate_source
from skarb.app.reserve_policy import Policy
from skarb.core.amount import format_amount
from skarb.core.errors import InputError
from skarb.core.time import from_day, legal_day, zone
from skarb.mining.compare import Figure
from skarb.reserve.holdings import DECIMALS, units_of
from skarb.reserve.hourly import By
from skarb.reserve.series import PriceDays
from skarb.reserve.valuation import (
    DAY_SECONDS,
    MILLION,
    Haircut,
    LotValue,
    Quote,
    after,
    close_at,
    haircut_of,
    lot_values,
    quote_at,
)

SPREAD_DAYS = 90  # of the daily spread that a sale is reckoned with
VOLUME_DAYS = 30
_RANGE_DAYS = 3 * 365
_FIRST_YEAR, _LAST_YEAR = 2009, 2999
VALUE: tuple[str, ...] = (
    "basis", "level", "price_usd", "known_at", "age_hours", "source", "quality", "haircut_ppm", "value_usd", "value_byn", "cost_byn", "gain_byn",
    "why",
)  # fmt: skip
LOTS: tuple[str, ...] = ("lot", "day", "asset", "units", "price_usd", "value_usd", "value_byn", "cost_byn", "gain_byn")


@dataclass(frozen=True)
class Valued:
    """A reserve, valued, with what a sale would lose at the low, base and high end of all figures."""

    at: int  # seconds since 1970-01-01
    hour: Quote
    close: Quote | None
    rate: Fraction | None
    lots: tuple[LotValue, ...]
    at_close: tuple[LotValue, ...]
    haircuts: tuple[Haircut, Haircut, Haircut]  # low, base, high
    figures: tuple[Figure, ...]

    def coins(self) -> tuple[int, int | None]:
        """Return what the coins alone are worth."""
        return _sum([one for one in self.lots if one.lot.asset == "BTC"])

    def whole(self, lots: Sequence[LotValue] | None = None) -> tuple[int, int | None]:
        """Return what all is worth."""
        return _sum(self.lots if lots is None else lots)

    def sold(self, haircut: Haircut) -> tuple[int, int | None]:
        """Return what all is worth when the coins are sold; cash stays."""
        (cents, kopecks), (all_cents, all_kopecks) = self.coins(), self.whole()
        left = after(cents, haircut) + all_cents - cents
        if kopecks is None or all_kopecks is None:
            return left, None
        return left, after(kopecks, haircut) + all_kopecks - kopecks

    @property
    def cost_kopecks(self) -> int:
        """What all that is held cost."""
        return sum(one.lot.cost_kopecks for one in self.lots)


def _sum(lots: Sequence[LotValue]) -> tuple[int, int | None]:
    kopecks = [one.kopecks for one in lots]
    return sum(one.cents for one in lots), None if None in kopecks else sum(one for one in kopecks if one is not None)


def moment(text: str | None, policy: Policy, files: Files) -> int:
    """Return a moment in seconds; without an offset it is of the country's clocks, without a text it is the last one that the files know.

    Raises: InputError
    """
    if text is None:
        ends = [
            *([files.market.hours[-1].end] if files.market else []),
            *([(max(files.daily.points) + 1) * DAY_SECONDS] if files.daily else []),
        ]
        if not ends:
            raise InputError("prices: given none, expected a file of daily prices or of hours")
        return max(ends)
    try:
        found = datetime.fromisoformat(text)
        if not _FIRST_YEAR <= found.year <= _LAST_YEAR:
            raise ValueError
    except ValueError:
        expected = f"a moment such as 2024-06-01T12:00+03:00, from {_FIRST_YEAR} to {_LAST_YEAR}"
        raise InputError(f"--at: given {text[:40]!r}, expected {expected}") from None
    return int((found if found.tzinfo else found.replace(tzinfo=zone(policy.zone))).timestamp())


def value_of(files: Files, policy: Policy, second: int, by: By = "mean") -> Valued:
    """Return what a reserve is worth at a moment.

    Raises: InputError if nothing is held, a lot is younger than the moment, or every price is stale; Unavailable for a stale rate.
    """
    if not files.lots:
        raise InputError("holdings: given none, expected a file `lot,day,asset,units,cost_byn`")
    day = legal_day(datetime.fromtimestamp(second, UTC), policy.zone)
    later = next((one for one in files.lots if one.day > day), None)
    if later is not None:
        raise InputError(
            f"lot {later.lot!r}: given {from_day(later.day)}, expected a day until {from_day(day)}, on which the reserve is valued"
        )
    rate = rate_on(files, day, policy.currency)
    hour = quote_at(second, files.market, files.daily, policy.limits, by)
    close = close_at(second, files.daily, policy.limits) if files.daily else None
    figures = [*policy.named("hour_age", "day_age", "last_known_age"), *measured(files, policy, second)]
    byn = [] if rate is None else [
        Figure.exactly("official_rate", rate, f"{policy.currency}/USD", rate_source(files, day, policy.currency), "published")
    ]  # fmt: skip
    names = (f"level_{hour.level}_haircut", *(["day_haircut"] if hour.level == 3 else []), "fee", "size_factor")
    price = Figure.exactly("price", hour.price, "USD/BTC", f"{hour.source}, {hour.instant}, level {hour.level}", hour.quality)
    haircuts = (_haircut(files, policy, hour, figures, end) for end in ("low", "base", "high"))
    return Valued(
        second,
        hour,
        close,
        rate,
        lot_values(files.lots, hour.price, rate),
        lot_values(files.lots, close.price, rate) if close else (),
        tuple(haircuts),  # type: ignore[arg-type]
        (price, *byn, *figures, *policy.named(*names)),
    )


def measured(files: Files, policy: Policy, second: int) -> list[Figure]:
    """Return the daily spread and the daily volume with which a sale at a moment is reckoned, measured where files allow it.

    Raises: InputError if there are no daily prices for the spread.
    """
    return [spread_figure(files, second), volume_figure(files, policy, second)]


def spread_figure(files: Files, second: int) -> Figure:
    """Return the daily spread of the price over the last days before a moment; its range is that of three years.

    Raises: InputError if too few days are known.
    """
    prices = files.prices(over_gaps_days=7)
    known = int(np.searchsorted(prices.days, second // DAY_SECONDS))
    return _spread(prices, known)


def _spread(prices: PriceDays, known: int) -> Figure:
    changes = np.diff(prices.logs[max(0, known - _RANGE_DAYS - 1) : known])
    if len(changes) < SPREAD_DAYS:
        raise InputError(
            f"{prices.what}: given {len(changes) + 1} days before the moment, expected {SPREAD_DAYS + 1} for the spread; load older prices"
        )
    past = np.lib.stride_tricks.sliding_window_view(changes, SPREAD_DAYS).std(axis=1)
    low, base, high = (Fraction(ceil(float(value) * MILLION), MILLION) for value in (past.min(), past[-1], past.max()))
    return Figure("daily_spread", low, base, high, "/1", f"changes of {SPREAD_DAYS} days, range of three years", "measured")


def volume_figure(files: Files, policy: Policy, second: int) -> Figure:
    """Return what is traded in a day: measured over the last days before a moment where hours are known, else the country's supposition."""
    supposed = policy.figure("daily_volume")
    volumes = files.market.daily_volumes_sat(second, VOLUME_DAYS) if files.market else ()
    if files.market is None or len(volumes) < VOLUME_DAYS or supposed.certainty == "given" or not min(volumes):
        return supposed
    low, base, high = (Fraction(one, 10**8) for one in (min(volumes), sum(volumes) // len(volumes), max(volumes)))
    return Figure("daily_volume", low, base, high, "BTC", f"{files.market.name}, mean of {VOLUME_DAYS} days", "measured")


def _haircut(files: Files, policy: Policy, quote: Quote, figures: Sequence[Figure], end: str) -> Haircut:
    by_name = {one.name: one for one in figures}
    other = {"low": "high", "base": "base", "high": "low"}[end]  # a deep market makes the haircut low
    spread: Fraction = getattr(by_name["daily_spread"], end)
    volume: Fraction = getattr(by_name["daily_volume"], other)
    return haircut_of(
        quote,
        units_of(files.lots, "BTC"),
        int(volume * 10**8),
        int(spread * MILLION),
        getattr(policy.figure("size_factor"), end),
        [policy.ppm(f"level_{level}_haircut", end) for level in (1, 2, 3)],
        policy.ppm("day_haircut", end),
        policy.ppm("fee", end),
    )


def value_rows(found: Valued) -> list[tuple[Any, ...]]:
    """Return a row for each basis of valuation."""
    rows = [_row("moment", found.hour, 0, found.whole(), found)]
    if found.close:
        rows.append(_row("close", found.close, 0, found.whole(found.at_close), found))
    for name, haircut in zip(("after_sale_best", "after_sale", "after_sale_worst"), found.haircuts, strict=True):
        rows.append(_row(name, found.hour, haircut.total_ppm, found.sold(haircut), found))
    return rows


def _row(basis: str, quote: Quote, haircut_ppm: int, value: tuple[int, int | None], found: Valued) -> tuple[Any, ...]:
    cents, kopecks = value
    return (
        basis,
        quote.level,
        format_amount(int(quote.price * 100), 2),
        quote.instant,
        quote.age_seconds // 3600,
        quote.source,
        quote.quality,
        haircut_ppm,
        amount(cents),
        amount(kopecks),
        amount(found.cost_kopecks),
        amount(None if kopecks is None else kopecks - found.cost_kopecks),
        quote.why,
    )


def lot_rows(found: Valued) -> list[tuple[Any, ...]]:
    """Return a row for each lot."""
    return [
        (
            one.lot.lot,
            from_day(one.lot.day).isoformat(),
            one.lot.asset,
            format_amount(one.lot.units, DECIMALS[one.lot.asset]),
            format_amount(int(found.hour.price * 100), 2) if one.lot.asset == "BTC" else "",
            amount(one.cents),
            amount(one.kopecks),
            amount(one.lot.cost_kopecks),
            amount(one.gain_kopecks),
        )
        for one in found.lots
    ]


def amount(minor: int | None) -> str:
    """Write cents or kopecks in major units; nothing where nothing is known."""
    return "" if minor is None else format_amount(minor, 2)
