"""Replays against a slow and obvious one: every row decided by itself, every total a list that is added up anew."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace as with_changes
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from tests.unit.oversight.lakes import NAMES, Told, fill

from skarb.app.law import rulebook_of
from skarb.core.facts import Facts
from skarb.core.time import from_day, to_day
from skarb.lake import open_lake
from skarb.oversight.replay import Dimension, Lived, Question
from skarb.rulebook import Edition, Rulebook
from skarb.rulebook.expression import Money
from skarb.rulebook.model import Feature
from skarb.rulebook.tree import truth

FIRST, LAST = to_day(date(2026, 5, 20)), to_day(date(2026, 9, 10))
LAW = rulebook_of("zz")
ACTIVITIES = ("instant_pay", "token_swap", "fiat_pay", "token_transfer_out", "token_buy_fiat")
VALUES = (None, 0, 1, 399_999, 400_000, 400_001, 800_000, 800_001, 10**15)
BY: tuple[Dimension, ...] = ("month", "activity", "venue", "residency", "book")


def draft(number: int) -> Rulebook:
    """Return the law with something else in it, in a way that shows."""
    pack = LAW.pack
    if number == 1:  # another value of a parameter
        series = pack.parameters["instant.month_max"]
        values = tuple(with_changes(one, node=Money(700_000, "ZZD", series.name), multiple=(0, 1)) for one in series.values)
        return Rulebook(with_changes(pack, parameters={**pack.parameters, series.name: with_changes(series, values=values)}))
    if number == 2:  # a provision less
        gone = next(name for name, one in pack.provisions.items() if one.effect == "refuse" and "instant_pay" in one.activities)
        return Rulebook(with_changes(pack, provisions={name: one for name, one in pack.provisions.items() if name != gone}))
    change: dict[int, dict[str, Any]] = {
        3: {"window": "3 days", "over": ("actor", "counterparty")},
        4: {"including": False, "window": "day"},
        5: {"sum": "", "over": ("venue",), "window": "quarter"},
    }
    feature: Feature = with_changes(pack.features["instant_month"], **change[number])
    return Rulebook(with_changes(pack, features={**pack.features, "instant_month": feature}))


def draw(seed: int, count: int) -> list[Told]:
    chance = random.Random(seed)
    days = sorted(chance.randint(FIRST - 30, LAST + 5) for _ in range(count))
    rows = []
    for day in days:
        late = day - chance.choice((0, 0, 0, 0, 1, 20))
        facts = Facts(
            activity=chance.choice(ACTIVITIES),
            day=late,
            actor_kind=chance.choice(("natural_person", "legal_entity")),
            actor_resident=chance.random() < 0.8,
            actor_identified=True,
            operator_licence="bank",
            operator_registered=True,
            operator_regime_resident=True,
            operator_covers_activity=True,
            counterparty_kind="natural_person",
            screening=chance.choice(("clear", "clear", "clear", "listed")),
            value=chance.choice(VALUES),
            value_usd=chance.choice(VALUES),
        )
        rows.append(
            Told(
                facts,
                party=chance.randrange(3),
                counterparty=chance.choice((None, 0, 3)),
                venue=chance.choice((None, 4, 5)),
                book=chance.choice((1, 1, 2)),
                answer=chance.choice(("posted", "posted", "posted", "refused", "referred", "not_posted")),
            )
        )
    return rows


class World:
    """One law, and everything that came to pass under it."""

    def __init__(self, law: Rulebook, actual: bool, first: int) -> None:
        self.law, self.actual, self.first = law, actual, first
        self.past: list[Told] = []

    def decide(self, row: Told) -> tuple[str, str]:
        edition = self.law.edition(row.facts.day)
        totals = tuple(self.total(edition, one, row) for one in edition.features.values())
        outcome = edition.outcomes[edition.decide(replace(row.facts, totals=totals))]
        came = (
            row.answer == "posted"
            if self.actual or row.facts.day < self.first
            else outcome.verdict == "permit" and row.answer != "not_posted"
        )
        if came:
            self.past.append(row)
        return outcome.verdict, outcome.provision

    def total(self, edition: Edition, feature: Feature, row: Told) -> int | None:
        counted = [one for one in self.past if self.belongs(feature, one, row)]
        if feature.including and self.counts(feature, row):
            counted.append(row)
        if not feature.sum:
            return len(counted)
        values = [getattr(one.facts, feature.sum) for one in counted]
        return None if None in values else min(sum(values), 10**18)

    def belongs(self, feature: Feature, one: Told, row: Told) -> bool:
        sides = {"actor": "party", "counterparty": "counterparty", "venue": "venue"}
        same = one.book == row.book and all(
            getattr(one, sides[side]) == getattr(row, sides[side]) for side in feature.over if side in sides
        )
        return same and self.counts(feature, one) and self.window(feature.window, one.facts.day, row.facts.day)

    @staticmethod
    def counts(feature: Feature, row: Told) -> bool:
        return feature.of is None or truth(feature.of, row.facts)

    @staticmethod
    def window(window: str, one: int, day: int) -> bool:
        if window.endswith("days"):
            return day - int(window.split(maxsplit=1)[0]) < one <= day
        first, second = from_day(one), from_day(day)
        parts = {"day": lambda d: d, "month": lambda d: (d.year, d.month), "quarter": lambda d: (d.year, (d.month - 1) // 3)}
        return bool(parts[window](first) == parts[window](second))


def expected(rows: Sequence[Told], law: Rulebook, other: Rulebook, actual: bool, first: int) -> Counter[tuple[Any, ...]]:
    worlds = World(law, actual, first), World(other, actual, first)
    found: Counter[tuple[Any, ...]] = Counter()
    for row in rows:
        if row.facts.day > LAST:
            continue
        before, after = (world.decide(row) for world in worlds)
        if row.facts.day >= first:
            of = (
                f"{from_day(row.facts.day):%Y-%m}",
                row.facts.activity,
                "none" if row.venue is None else NAMES[row.venue],
                "resident" if row.facts.actor_resident else "non_resident",
                f"bank{row.book}",
            )
            found[(*of, before, after, "rows")] += 1
            found[(*of, before, after, "money")] += row.facts.value or 0
    return +found


def answered(comparison: Any) -> Counter[tuple[Any, ...]]:
    found: Counter[tuple[Any, ...]] = Counter()
    for one in comparison.slices:
        key = (*one.of, (one.before.verdict, one.before.provision), (one.after.verdict, one.after.provision))
        found[(*key, "rows")] += one.sum.rows
        found[(*key, "money")] += one.sum.money
    return +found


@pytest.mark.parametrize("number", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("kind", ["python", "numba"])
@pytest.mark.parametrize("actual", [True, False])
def test_two_worlds_are_lived_through_as_the_slow_one_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, kind: str, actual: bool
) -> None:
    monkeypatch.setenv("SKARB_KERNEL", kind)
    rows = draw(number, 900)
    first = FIRST if number % 2 else FIRST + 40
    with open_lake(fill(tmp_path, rows)) as connection:
        lived = Lived(connection, Question(LAW, draft(number), first, LAST, BY), actual=actual)
        changed: list[int] = []
        comparison = lived.run(changed=lambda positions, before, after: changed.extend(positions.tolist()))
    # What happened before the first day is remembered only as far as the windows reach, which is all that a total can see.
    assert answered(comparison) == expected(rows, LAW, draft(number), actual, first)
    assert len(changed) == sum(one.sum.rows for one in comparison.transitions if one.changed)
    assert comparison.rows == sum(first <= row.facts.day <= LAST for row in rows)
