"""What files say about a reserve: prices by day and by hour, official rates, what is held, what comes in each month.

Files are told apart by their first line. Each is named, since a list of prices does not say which coin it is about; folders are refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from pathlib import Path

from skarb.app.law import law_folder
from skarb.app.reserve_policy import Policy
from skarb.chain.series import Series, merge
from skarb.chain.series_files import PRICE, DayFile, check_prices, read_days, unpacked
from skarb.core.errors import InputError, NotFound, Unavailable
from skarb.core.time import from_day, parse_day
from skarb.registers import find_staleness, read_rates
from skarb.registers.defaults import load_country_defaults
from skarb.registers.freshness import Freshness
from skarb.registers.rates import RateBook
from skarb.reserve.holdings import HOLDINGS, Lot, read_holdings, rows_of, units_of, whole_of
from skarb.reserve.hourly import Market, looks_like_hours, read_hours
from skarb.reserve.series import PriceDays, in_currency, price_days

INFLOW = ("id", "day", "miner", "kind", "asset", "units", "source")
MONTHS = ("month", "inflow_sat")
BILLS = ("electricity_cents", "owed_cents")


@dataclass(frozen=True)
class Monthly:
    """What came in in a month, and its bills where they are known. Units: satoshi, cents of USD."""

    inflow_sat: int
    electricity_cents: int | None = None
    owed_cents: int | None = None


@dataclass
class Files:
    """Everything that files say."""

    daily: Series | None = None
    market: Market | None = None
    rates: RateBook | None = None
    lots: tuple[Lot, ...] = ()
    months: dict[date, Monthly] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)

    def prices(self, over_gaps_days: int = 0, first: int | None = None, currency: str = "USD", legal: str = "BYN") -> PriceDays:
        """Return daily closing prices in a currency.

        Raises: InputError if there are none, or with a hole; or no rates for another currency.
        """
        if self.daily is None:
            raise InputError("no file of daily prices was given, expected CSV with `date` and `close`, or of Coin Metrics")
        found = price_days(self.daily, over_gaps_days, first)
        if currency == "USD":
            return found
        if currency != legal:
            raise InputError(f"currency: given {currency!r}, expected USD or {legal}")
        if self.rates is None:
            raise InputError(f"prices in {legal}: given no file of official rates, expected one")
        rates = {day: rate for day in map(int, found.days) if (rate := self._rate(day, legal)) is not None}
        return in_currency(found, rates, f"price, {legal} per BTC")

    def _rate(self, day: int, legal: str) -> Fraction | None:
        try:
            return rate_on(self, day, legal)
        except Unavailable:
            return None

    def coins_sat(self) -> int:
        """Return all bitcoin that is held."""
        return units_of(self.lots, "BTC")

    @property
    def inflow_month_sat(self) -> int:
        """What came in in a month, the mean of the last twelve that are known."""
        last = [self.months[month].inflow_sat for month in sorted(self.months)][-12:]
        return sum(last) // len(last) if last else 0


def rate_on(files: Files, day: int, legal: str) -> Fraction | None:
    """Return the official rate of a day, units of the legal currency for a dollar; None where no file has one.

    Raises: Unavailable if the last one is too old.
    """
    rate = files.rates.find("USD", legal, day) if files.rates else None
    return Fraction(rate.numerator, rate.denominator) if rate else None


def rate_source(files: Files, day: int, legal: str) -> str:
    """Return who published the official rate of a day, and when it was set."""
    rate = files.rates.find("USD", legal, day) if files.rates else None
    return f"{rate.source}, {from_day(rate.day)}" if rate else ""


def load(paths: Sequence[Path], policy: Policy, market: str | None = None) -> Files:
    """Read files that are named one by one.

    Raises: NotFound, InputError
    """
    found, days = Files(), list[DayFile]()
    for path in paths:
        if path.is_dir():
            raise InputError(
                f"{path}: given a folder, expected files named one by one; a list of prices does not say which coin it is about"
            )
        if not path.is_file():
            raise NotFound(f"{path}: there is no such file")
        data = unpacked(path.read_bytes(), path.name)
        _sort(path, data, policy, market, found, days)
        found.sources.append(path.name)
    for place, file in enumerate(days):
        check_prices(file, days[:place])
    if days:
        found.daily = merge(PRICE, [file.prices for file in days])
        found.notes += [str(problem) for problem in found.daily.problems]
    return found


def _sort(path: Path, data: bytes, policy: Policy, market: str | None, found: Files, days: list[DayFile]) -> None:
    header = data[:4096].decode("utf-8-sig", errors="replace").partition("\n")[0].strip()
    columns = {one.strip() for one in header.split(",")}
    if {*HOLDINGS} <= columns:
        if found.lots:
            raise InputError(f"{path.name}: given holdings a second time, expected one file of them")
        found.lots = read_holdings(data, path.name)
    elif {*INFLOW} <= columns:
        _take(found, path.name, _read_inflow(data, path.name, found.notes))
    elif {*MONTHS} <= columns:
        _take(found, path.name, _read_months(data, path.name))
    elif looks_like_hours(header):
        if found.market:
            raise InputError(f"{path.name}: given hours of a market a second time, expected one file of the principal market")
        found.market = read_hours(data, path.name, market)
        found.notes += found.market.notes
    elif {"date", "close"} <= columns or {"time", "PriceUSD"} <= columns:
        days.append(read_days(data, path.name))
    else:
        _read_rates(data, path.name, policy, found)


def _take(found: Files, name: str, months: Mapping[date, Monthly]) -> None:
    if found.months:
        raise InputError(f"{name}: given inflow a second time, expected one file of it")
    if not months:
        raise InputError(f"{name}: given no inflow in BTC, expected at least one line")
    found.months = dict(months)


def _read_rates(data: bytes, name: str, policy: Policy, found: Files) -> None:
    rules = load_country_defaults(law_folder(policy.country)).rates
    file = read_rates(data, name, source=rules.sources[0] if rules.sources else name)
    problems = [*file.problems]
    for series in file.series:
        problems += find_staleness(series, Freshness(), name, published=file.published, sparse=file.sparse)
    if problems:
        raise InputError("\n".join(str(one) for one in problems[:5]))
    if found.rates is None:
        found.rates = RateBook(rules.max_age_days, rules.sources, rules.pivots)
    for series in file.series:
        found.rates.add(series)


def _read_months(data: bytes, name: str) -> dict[date, Monthly]:
    months: dict[date, Monthly] = {}
    for line, row in rows_of(data, name, MONTHS):
        try:
            month = from_day(parse_day(f"{row['month']}-01"))
        except InputError:
            raise InputError(f"{name} line {line}, month: given {row['month']!r}, expected a month written YYYY-MM") from None
        if month in months:
            raise InputError(f"{name} line {line}: given {row['month']} again, expected each month once")
        bills = [whole_of(name, line, key, row[key]) if row.get(key) else None for key in BILLS]
        months[month] = Monthly(whole_of(name, line, "inflow_sat", row["inflow_sat"]), *bills)
    return months


def _read_inflow(data: bytes, name: str, notes: list[str]) -> dict[date, Monthly]:
    """Return what came in in bitcoin each month; a month between two others without a line had no inflow."""
    sums: dict[date, int] = {}
    seen: dict[str, tuple[str, ...]] = {}
    other = 0
    for line, row in rows_of(data, name, INFLOW):
        content = tuple(row[key] for key in INFLOW)
        if seen.setdefault(row["id"], content) is not content:
            if seen[row["id"]] == content:
                continue
            raise InputError(
                f"{name} line {line}, id: given {row['id']!r} with another content, expected the same inflow again or another id"
            )
        try:
            month = from_day(parse_day(row["day"])).replace(day=1)
        except InputError as error:
            raise InputError(f"{name} line {line}: {error}") from None
        units = whole_of(name, line, "units", row["units"])
        if row["asset"] != "BTC":
            other += 1
            continue
        sums[month] = sums.get(month, 0) + units
    if other:
        notes.append(f"{name}: {other} lines are not in BTC and no coins")
    if not sums:
        return {}
    return {month: Monthly(sums.get(month, 0)) for month in _months(min(sums), max(sums))}


def _months(first: date, last: date) -> list[date]:
    months = range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
    return [date(month // 12, month % 12 + 1, 1) for month in months]
