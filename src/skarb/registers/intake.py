"""What may be written down: contradictions with what is there, and rates that cannot be believed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from skarb.core.asset import currencies
from skarb.core.errors import Problem
from skarb.core.time import from_day, to_day
from skarb.registers.freshness import Freshness, find_staleness
from skarb.registers.model import Token
from skarb.registers.rate_files import RateFile
from skarb.registers.rates import RateSeries, parse_value
from skarb.registers.read import Import
from skarb.registers.shelves import Shelves


class NewRates(NamedTuple):
    """What is new in a file of rates, compared with what is known."""

    series: tuple[RateSeries, ...]
    added: int
    replaced: int
    repeated: int
    problems: tuple[Problem, ...]


def contradictions(file: Import, shelves: Shelves) -> Iterable[Problem]:
    """Yield what contradicts the registers: a token takes no currency's code and keeps its smallest unit for ever."""
    units: dict[str, int] = {}
    for token in file.entries.get("tokens", ()):
        if not isinstance(token, Token):
            continue
        known = shelves.assets.get(token.code)
        decimals = units.setdefault(token.code, known.decimals if known is not None else token.decimals)
        if token.code in currencies():
            yield Problem(file.name, "code", token.code, "a code that is no currency of ISO 4217")
        elif decimals != token.decimals:
            expected = f"{decimals}, as recorded before; amounts in books would change their meaning"
            yield Problem(file.name, f"decimals of {token.code}", str(token.decimals), expected, "register a new code")


def new_rates(file: RateFile, shelves: Shelves, freshness: Freshness, *, correct: bool) -> NewRates:
    """Return what a file of rates adds. With `correct` a published value may replace an earlier one of the same publisher."""
    problems, fresh = list(file.problems), []
    added = replaced = repeated = 0
    for series in file.series:
        known = shelves.rates.points(series.source, series.base, series.quote)
        news = []
        for day, value in series.points:
            earlier = known.get(to_day(day))
            if earlier is None:
                added += 1
            elif parse_value(earlier) == parse_value(value):
                repeated += 1
                continue
            elif correct:
                replaced += 1
            else:
                expected = f"{earlier}, as {series.source} was recorded to say before"
                todo = "record it as a correction if the publisher corrected itself"
                problems.append(Problem(file.name, f"{series.base}/{series.quote}", f"{value} on {day}", expected, todo))
                continue
            news.append((day, value))
        problems += _staleness(series, file, shelves, freshness)
        if news:
            fresh.append(RateSeries(series.source, series.base, series.quote, tuple(news)))
    return NewRates(tuple(fresh), added, replaced, repeated, tuple(problems))


def _staleness(series: RateSeries, file: RateFile, shelves: Shelves, freshness: Freshness) -> list[Problem]:
    """Judge a series together with what is known of it, so a feed that freezes day by day is found."""
    problems = find_staleness(series, freshness, file.name, published=file.published, sparse=file.sparse)
    known = shelves.rates.points(series.source, series.base, series.quote)
    if problems or not known:
        return problems
    merged = {from_day(day): value for day, value in known.items()} | dict(series.points)
    whole = RateSeries(series.source, series.base, series.quote, tuple(sorted(merged.items())))
    return find_staleness(whole, freshness, file.name, sparse=True)
