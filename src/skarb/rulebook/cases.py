"""Running the cases that stand beside the law, and looking at the law over time.

A provision's cases ask what that provision says in the edition of the day, exceptions applied; a provision that stands ready is
tested as if it were enabled. Cases of editions ask for the whole answer. Over time: every value that a provision needs must exist
on every day it is in force, exceptions may not run in a circle, and every provision must have been tried on both sides of its
boundary.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any

from skarb.core.errors import ConfigurationError, Problem
from skarb.core.time import from_day
from skarb.rulebook.casefile import MET, SILENT
from skarb.rulebook.edition import Edition
from skarb.rulebook.exceptions import circle_of
from skarb.rulebook.feature import values_in
from skarb.rulebook.history import Rulebook, value_on
from skarb.rulebook.model import FIRST_DAY, LAST_DAY, Case, CodeList, EditionCase, ParameterSeries, Provision
from skarb.rulebook.schema import TOTALS
from skarb.rulebook.tree import truth
from skarb.rulebook.values import BASE_UNIT


def applies(edition: Edition, name: str, facts: Any) -> bool:
    """Say whether a provision applies: activity and condition fit, and none of its exceptions applies."""
    facts = edition.seen(facts)
    return holds(edition.provisions[name], facts) and not any(applies(edition, one, facts) for one in edition.exceptions[name])


def holds(provision: Provision, facts: Any) -> bool:
    """Say whether a provision's activity and condition fit, whatever its exceptions say; `facts` as `edition.seen` gives them."""
    return facts.activity in provision.activities and (provision.when is None or truth(provision.when, facts))


def outcome_of(edition: Edition, name: str, facts: Any) -> str:
    """Return what one provision says in an edition, in the word that its cases use."""
    if name not in edition.provisions or not applies(edition, name, facts):
        return SILENT
    provision = edition.provisions[name]
    word: str = provision.effect
    if provision.needs is not None:
        word = MET if truth(provision.needs, edition.seen(facts)) else provision.otherwise
    return "permit" if word == "refer" and facts.approved else word


def make_facts(rulebook: Rulebook, facts: Mapping[str, Any]) -> Any:
    """Return a case's facts as the structure that decisions of its day are made on."""
    return facts_for(rulebook.edition(facts["day"]), facts)


def facts_for(edition: Edition, facts: Mapping[str, Any]) -> Any:
    """Return facts by name as the structure that an edition decides; features that nobody mentions are missing."""
    given = {name: value for name, value in facts.items() if name in edition.facts.__struct_fields__}  # type: ignore[attr-defined]
    if edition.features:
        given[TOTALS] = tuple([facts.get(name) for name in edition.features])
    return edition.facts(**given)


def run_cases(rulebook: Rulebook) -> list[Problem]:
    """Run every case of every provision; a problem for each that fails."""
    return [problem for case in rulebook.pack.cases if (problem := run_case(rulebook, case))]


def run_case(rulebook: Rulebook, case: Case) -> Problem | None:
    """Run one case of a provision."""
    provision = rulebook.pack.provisions[case.provision]
    edition = rulebook.edition(case.day, frozenset() if provision.enabled else frozenset({case.provision}))
    found = outcome_of(edition, case.provision, facts_for(edition, case.facts))
    if found == case.then:
        return None
    where = f"{case.place}"
    return Problem(
        where, f"{case.provision} on {from_day(case.day)}", f"then: {case.then}", found, "the law or the case is wrong"
    )


def run_edition_cases(rulebook: Rulebook) -> list[Problem]:
    """Run the cases of whole editions; a problem for each thing that differs."""
    return [problem for case in rulebook.pack.edition_cases for problem in run_edition_case(rulebook, case)]


def run_edition_case(rulebook: Rulebook, case: EditionCase) -> Iterator[Problem]:
    """Run one case of an edition, on the compiled functions."""
    edition = rulebook.edition(case.day)
    decision = edition.decision(facts_for(edition, case.facts))
    asked: dict[str, tuple[object, object]] = {
        "verdict": (case.verdict, decision.verdict),
        "provision": (case.provision, decision.provision),
        "measure": (case.measure, decision.measure),
        "duties": (None if case.duties is None else sorted(case.duties), sorted(decision.duties)),
        "levy": (case.levy, decision.levy),
        "assumed": (case.assumed, decision.assumed),
    }
    for what, (given, found) in asked.items():
        if given is not None and given != found:
            yield Problem(
                str(case.place),
                f"{case.name} on {from_day(case.day)}",
                f"{what}: {given}",
                str(found),
                "the law or the case is wrong",
            )


# -- over time -----------------------------------------------------------------------------------------------------------------


def coverage(rulebook: Rulebook) -> list[Problem]:
    """Return what is wrong with the law over time: circles, values missing on days that need them, sides never tried."""
    return [*_circles(rulebook), *_holes(rulebook), *_sides(rulebook)]


def verify_since(rulebook: Rulebook, since: int, tried: Iterable[str]) -> list[Problem]:
    """Return what is wrong with the law from a day on, whoever wrote it; `tried` provisions need a case on each side."""
    wanted = set(tried)
    found = [*_circles(rulebook), *_holes(rulebook, since)]
    if not found:
        try:
            found += _answers(rulebook.edition(day) for day in rulebook.boundaries if day >= since)
        except ConfigurationError as error:
            found.append(Problem(rulebook.country.name, "edition", str(error), "an edition on every day"))
    return [*found, *_sides(rulebook, wanted)]


def _circles(rulebook: Rulebook) -> Iterator[Problem]:
    provisions = rulebook.pack.provisions
    circle = circle_of(
        {name: tuple(one for one in provision.exception_of if one in provisions) for name, provision in provisions.items()}
    )
    for name in circle:
        yield Problem(
            str(provisions[name].place),
            "exception_of",
            ", ".join(provisions[name].exception_of),
            "exceptions that do not run in a circle",
        )


def _holes(rulebook: Rulebook, since: int = FIRST_DAY) -> Iterator[Problem]:
    pack = rulebook.pack
    for provision in pack.provisions.values():
        nodes = [node for node in (provision.when, provision.needs) if node is not None]
        needed = {name for node in nodes for name in values_in(node, pack.features)} | (
            {provision.rate} if provision.rate else set()
        )
        first = since if provision.start is None else max(since, provision.start)
        last = LAST_DAY if provision.end is None else provision.end
        for name in sorted(needed):
            for start, end in _missing(rulebook, name, first, last):
                expected = f"a value of {name} on every day that {provision.id} is in force"
                until = "open end" if end == LAST_DAY else str(from_day(end))
                yield Problem(
                    str(provision.place),
                    name,
                    f"none from {from_day(start)} to {until}",
                    expected,
                    "give the value or the provision other dates",
                )


def _missing(rulebook: Rulebook, name: str, first: int, last: int) -> Iterator[tuple[int, int]]:
    """Yield the intervals between two days on which a parameter or list has no value."""
    if first > last:
        return
    days = sorted({first, *(day for day in rulebook.boundaries if first < day <= last)})
    ends = [*(day - 1 for day in days[1:]), last]
    for there, group in groupby(zip(days, ends, strict=True), key=lambda pair: _has(rulebook, name, pair[0])):
        found = list(group)
        if not there:
            yield found[0][0], found[-1][1]


def _has(rulebook: Rulebook, name: str, day: int) -> bool:
    pack = rulebook.pack
    if name in pack.lists:
        return list_on(pack.lists[name], day) is not None
    series: ParameterSeries | None = pack.parameters.get(name)
    if series is None or value_on(series, day) is None:
        return False
    return series.unit != BASE_UNIT or value_on(pack.parameters[BASE_UNIT], day) is not None


def list_on(codes: CodeList, day: int) -> tuple[str, ...] | None:
    """Return a list's codes on a day, None when it has none."""
    found = (one.codes for one in codes.values if (one.start is None or one.start <= day) and (one.end is None or day <= one.end))
    return next(found, None)


def _sides(rulebook: Rulebook, wanted: Container[str] | None = None) -> Iterator[Problem]:
    every = set(rulebook.pack.fields["activity"].type.codes)
    tried: dict[str, set[str]] = {}
    for case in rulebook.pack.cases:
        tried.setdefault(case.provision, set()).add(case.then)
    for name, provision in rulebook.pack.provisions.items():
        if wanted is not None and name not in wanted:
            continue
        words = tried.get(name, set())
        bounded = (
            provision.when is not None
            or provision.start is not None
            or provision.end is not None
            or set(provision.activities) != every
        )
        if provision.has_needs:
            sides: tuple[set[str], ...] = ({MET}, {provision.otherwise})
        else:
            sides = ({SILENT}, {provision.effect}) if bounded else ({provision.effect},)
        for side in sides:
            if not words & side:
                given = ", ".join(sorted(words)) or "no case"
                yield Problem(str(provision.place), "cases", given, f"a case of {name} with `then: {next(iter(side))}`")


def verify(rulebook: Rulebook) -> list[Problem]:
    """Return everything wrong with a rulebook that could be read: over time, in its editions, in its cases."""
    if [*_circles(rulebook), *_holes(rulebook)]:
        return coverage(rulebook)  # there are days without an edition, so no case can be run
    try:
        editions = [rulebook.edition(day) for day in rulebook.boundaries]
    except ConfigurationError as error:
        return [*coverage(rulebook), Problem(rulebook.country.name, "edition", str(error), "an edition on every day")]
    return [*coverage(rulebook), *_answers(editions), *run_cases(rulebook), *run_edition_cases(rulebook)]


def _answers(editions: Iterable[Edition]) -> Iterator[Problem]:
    """Every edition must load from its normal form and be the same again."""
    for edition in editions:
        if Edition.from_normal(edition.normal, edition.facts).hash != edition.hash:
            yield Problem(edition.country.name, "edition", edition.hash, "the same edition from its normal form")
