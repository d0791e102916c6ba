"""What may be written down: contradictions with what is there, and rates that cannot be believed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from skarb.core.asset import currencies
from skarb.core.errors import Problem
from skarb.core.screening_list import MEASURES, ListMeasure, ScreeningList
from skarb.core.time import from_day, to_day
from skarb.registers.defaults import CountryDefaults
from skarb.registers.freshness import Freshness, find_staleness
from skarb.registers.model import ListPolicy, Token, Whitelisting
from skarb.registers.rate_files import RateFile
from skarb.registers.rates import RateSeries, parse_value
from skarb.registers.read import Import
from skarb.registers.shelves import Shelves

_TOLD = re.compile(
    r"told/[0-9a-f]{32}", re.ASCII
)  # how a person in a payload of the travel rule is called; see `app.travel.persons`


class NewRates(NamedTuple):
    """What is new in a file of rates, compared with what is known."""

    series: tuple[RateSeries, ...]
    added: int
    replaced: int
    repeated: int
    problems: tuple[Problem, ...]


_SEVERITY: dict[ListMeasure, int] = {"block": 0, "reject": 1, "report": 2}


def contradictions(file: Import, shelves: Shelves, country: CountryDefaults) -> Iterable[Problem]:
    """Yield what contradicts the registers.

    A token takes no currency's code and keeps its smallest unit for ever. A policy is about a list that is there, and no milder
    than the country's; a whitelisting is about an entry as it is now.
    """
    yield from _token_contradictions(file, shelves)
    for policy in file.entries.get("list_policies", ()):
        if isinstance(policy, ListPolicy) and not policy.withdrawn:
            yield from _policy_contradictions(policy, file.name, shelves, country)
    for decision in file.entries.get("whitelist", ()):
        if isinstance(decision, Whitelisting) and not decision.withdrawn:
            yield from _whitelisting_contradictions(decision, file.name, shelves)


def _policy_contradictions(policy: ListPolicy, where: str, shelves: Shelves, country: CountryDefaults) -> Iterable[Problem]:
    found = shelves.lists.get(policy.list)
    regime = found.regime if found is not None else policy.list
    if regime not in MEASURES:
        known = ", ".join([*sorted(shelves.lists), *MEASURES])
        yield Problem(where, "list", policy.list, f"a list that is loaded, or a regime: {known}", "import the list first")
        return
    allowed = MEASURES[regime]
    if policy.measure not in allowed:
        yield Problem(
            where,
            f"measure of {policy.list}",
            policy.measure,
            f"{' or '.join(allowed)}, which is what the law leaves for lists of {regime}",
        )
    for rule in country.entries.get("list_policies", ()):
        if (
            isinstance(rule, ListPolicy)
            and rule.list in (policy.list, regime)
            and _SEVERITY[policy.measure] > _SEVERITY[rule.measure]
        ):
            expected = f"{rule.measure} or stricter, as the country says ({rule.reason})"
            yield Problem(where, f"measure of {policy.list}", policy.measure, expected)


def _whitelisting_contradictions(decision: Whitelisting, where: str, shelves: Shelves) -> Iterable[Problem]:
    found = shelves.lists.get(decision.list)
    listed = next((one for one in found.entries if one.entry == decision.entry), None) if found is not None else None
    what = f"{decision.list} entry {decision.entry}"
    if listed is None:
        yield Problem(where, "entry", what, "an entry of a list that is loaded")
    elif listed.sha256 != decision.entry_sha256:
        yield Problem(
            where,
            f"entry_sha256 of {what}",
            decision.entry_sha256,
            f"{listed.sha256}, as the entry is now",
            "look at the entry as it is now",
        )
    if not shelves.parties.history(decision.party) and not _TOLD.fullmatch(decision.party):
        yield Problem(where, "party", decision.party, "a registered party, or somebody told of in a payload (told/…)")


def list_contradictions(name: str, found: ScreeningList, known: ScreeningList | None) -> Iterable[Problem]:
    """Yield why a version of a list cannot follow the one in force."""
    if known is None:
        return
    if found.published < known.published:
        expected = f"a version not before {known.published}, which is in force"
        yield Problem(name, "published", str(found.published), expected, "an older version never replaces a newer one")
    if found.regime != known.regime:
        expected = f"{known.regime}, as before"
        yield Problem(name, f"regime of {found.list}", found.regime, expected, "give another list another name")


def _token_contradictions(file: Import, shelves: Shelves) -> Iterable[Problem]:
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
