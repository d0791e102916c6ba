"""Formulas say what the trees say: the solver's reading of a condition beside the slow reading, over random facts."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

import skarb.jurisdictions
from skarb.core.amount import LEGAL_VALUE_MAX
from skarb.core.time import parse_day
from skarb.rulebook import Edition, load
from skarb.rulebook.analysis.translation import Translation, codes_of
from skarb.rulebook.cases import facts_for
from skarb.rulebook.expression import Compare, Count, Fact, Greatest, Least, Missing, Money, Node, Or, Ratio, Share, share_of
from skarb.rulebook.tree import truth

FOLDER = Path(skarb.jurisdictions.__path__[0])


def facts_at_random(edition: Edition, chance: random.Random) -> Any:
    values: dict[str, Any] = {}
    for name, field in edition.fields.items():
        if field.optional and chance.random() < 0.4:
            values[name] = None
        elif field.type.base == "flag":
            values[name] = chance.random() < 0.5
        elif field.type.base == "code":
            values[name] = chance.choice(codes_of(field.type))
        elif field.type.base == "day":
            values[name] = parse_day("2026-08-01") + chance.randint(-400, 400)
        else:
            values[name] = min(
                field.high, max(field.low, chance.choice((0, 1, 17, 18, 100_000, chance.randint(-(10**9), 10**9))))
            )
    return edition.seen(facts_for(edition, values))


def read(translation: Translation, node: Node, facts: Any) -> bool:
    """What the solver makes of a condition once every fact in it is given."""
    z3 = translation.z3
    solver = z3.SimpleSolver(ctx=translation.context)
    solver.add([translation.equals(name, getattr(facts, name)) for name in translation.facts_in(node)] + [translation.term(node)])
    solver.add(translation.limits)
    found = solver.check()
    assert found != z3.unknown
    return bool(found == z3.sat)


@pytest.mark.parametrize("country", ["zz", "by"])
def test_every_condition_of_a_country_reads_the_same(country: str) -> None:
    edition, chance = load(FOLDER / country).edition(parse_day("2026-08-01")), random.Random(country)
    translation, seen = Translation(edition.fields), set()
    conditions = [one.when for one in edition.provisions.values() if one.when is not None]
    for node in conditions:
        for _ in range(2):
            facts = facts_at_random(edition, chance)
            expected = truth(node, facts)
            assert read(translation, node, facts) == expected
            seen.add(expected)
    assert seen == {True, False}


@pytest.mark.parametrize("mode", ["down", "up", "half_up"])
def test_shares_are_exact_in_every_rounding(mode: Any) -> None:
    edition = load(FOLDER / "zz").edition(parse_day("2026-08-01"))
    translation, chance = Translation(edition.fields), random.Random(mode)
    for numerator, denominator in ((1, 3), (2, 3), (13, 100), (999_999_999, 10**9), (7, 2), (0, 1)):
        for amount in (0, 1, -1, 2, -2, 49, 50, -50, 51, LEGAL_VALUE_MAX, -LEGAL_VALUE_MAX, chance.randint(-(10**12), 10**12)):
            limit = share_of(amount, numerator, denominator, mode)
            share = Share(Fact("value"), Ratio(numerator, denominator), mode)
            for shift in (-1, 0, 1):
                facts = edition.facts(activity="fiat_pay", day=0, value=amount)
                assert read(translation, Compare("==", share, Money(limit + shift, "ZZD")), facts) == (shift == 0)


def test_the_smallest_the_largest_and_what_is_missing() -> None:
    edition = load(FOLDER / "zz").edition(parse_day("2026-08-01"))
    translation = Translation(edition.fields)
    facts = edition.facts(activity="fiat_pay", day=0, hired_persons=5)
    for node, value in (
        (Least((Count(7), Fact("hired_persons"), Count(6))), 5),
        (Greatest((Count(1), Fact("hired_persons"), Count(6))), 6),
    ):
        assert read(translation, Compare("==", node, Count(value)), facts)
        assert not read(translation, Compare("==", node, Count(value + 1)), facts)
    missing = Or((Missing(Fact("actor_age")), Compare("<", Fact("actor_age"), Count(18))))
    for age, expected in ((None, True), (17, True), (18, False)):
        assert read(translation, missing, edition.facts(activity="fiat_pay", day=0, actor_age=age)) is expected
