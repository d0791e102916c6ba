"""Every planted fault is found with facts that show it, and the same law without the fault is clean of it."""

from __future__ import annotations

import random
import sys
from pathlib import Path
from typing import Any

import pytest

from skarb.core.decision import SILENCE
from skarb.core.time import parse_day
from skarb.rulebook import Edition, Rulebook
from skarb.rulebook.analysis import Finding, analyse
from skarb.rulebook.cases import outcome_of
from skarb.rulebook.model import LAST_DAY

sys.path.insert(0, str(Path(__file__).parent))
from planted import FAULTS, Fault

TODAY = parse_day("2026-11-22")


def test_there_are_enough_of_them() -> None:
    assert len(FAULTS) >= 40
    assert len({fault.what for fault in FAULTS}) >= 40


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.kind}: {fault.what}")
def test_a_planted_fault_is_found_and_shown(fault: Fault) -> None:
    rulebook = fault.law.rulebook()
    found = [one for one in analyse(rulebook, TODAY).open if one.kind == fault.kind]
    assert [one.about for one in found] == [fault.about]
    (finding,) = found
    for word in fault.reasons:
        assert any(word in reason for reason in finding.reasons), finding.reasons
    if fault.days is not None:
        first, last = fault.days
        assert finding.days == ((parse_day(first), LAST_DAY if last is None else parse_day(last)),)
    SHOWS[fault.kind](rulebook, finding, fault)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.kind}: {fault.what}")
def test_without_the_fault_the_law_is_clean(fault: Fault) -> None:
    assert [(one.kind, one.about) for one in analyse(fault.mended.rulebook(), TODAY).open] == []


def facts_of(rulebook: Rulebook, finding: Finding) -> tuple[Edition, Any]:
    assert finding.witness is not None
    seen = finding.witness
    return rulebook.edition(seen.day), rulebook.facts(activity=seen.activity, day=seen.day, **seen.facts)


def show_conflict(rulebook: Rulebook, finding: Finding, fault: Fault) -> None:
    edition, facts = facts_of(rulebook, finding)
    decision = edition.decision(facts)
    assert finding.about[0] in (decision.provision, decision.levy)
    outcomes = [outcome_of(edition, name, facts) for name in finding.about]
    assert "silent" not in outcomes and "met" not in outcomes
    first, second = (edition.provisions[name] for name in finding.about)
    assert (outcomes[0], first.measure, first.rate) != (outcomes[1], second.measure, second.rate)
    assert fault.facts(facts)


def show_gap(rulebook: Rulebook, finding: Finding, fault: Fault) -> None:
    edition, facts = facts_of(rulebook, finding)
    assert edition.decision(facts).provision == SILENCE
    assert fault.facts(facts)


def show_dead(rulebook: Rulebook, finding: Finding, fault: Fault) -> None:
    """Nothing shows what never happens; many random facts at least do not contradict it."""
    (name,) = finding.about
    one = rulebook.pack.provisions[name]
    also = frozenset() if one.enabled else frozenset({name})
    edition, chance = rulebook.edition(parse_day("2026-06-01"), also), random.Random(name + fault.what)
    for _ in range(300):
        decision = edition.decision(random_facts(edition, chance))
        assert name not in (decision.provision, decision.levy, *decision.duties)


def show_impossible(rulebook: Rulebook, finding: Finding, fault: Fault) -> None:
    (name,) = finding.about
    edition, chance = rulebook.edition(parse_day("2026-06-01")), random.Random(fault.what)
    assert all(outcome_of(edition, name, random_facts(edition, chance)) != "met" for _ in range(300))


def show_days(rulebook: Rulebook, finding: Finding, fault: Fault) -> None:
    ((first, last),) = finding.days
    alive = [
        sum(name in pack for name in finding.about for pack in (edition.provisions, edition.parameters, edition.lists))
        for edition in (rulebook.edition(first), rulebook.edition(last))
    ]
    assert alive == ([2, 2] if finding.kind == "overlap" else [0, 0])


def random_facts(edition: Edition, chance: random.Random) -> Any:
    values: dict[str, Any] = {"activity": "fiat_pay", "day": parse_day("2026-06-01")}
    for name, field in edition.fields.items():
        if name in values:
            continue
        if field.optional and chance.random() < 0.3:
            values[name] = None
        elif field.type.base == "flag":
            values[name] = chance.random() < 0.5
        elif field.type.base == "code":
            values[name] = chance.choice(field.type.codes or ("XX", "QM", "QN"))
        else:
            values[name] = chance.choice((0, 1, 18, 99_99, 100_00, 100_01, chance.randint(0, 10**6)))
    return edition.facts(**values)


SHOWS = {
    "conflict": show_conflict,
    "gap": show_gap,
    "dead": show_dead,
    "impossible": show_impossible,
    "hole": show_days,
    "overlap": show_days,
    "unfollowed": show_days,
}
