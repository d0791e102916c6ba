"""Every row by itself, in SQL: what a cluster does, and a second opinion on one machine.

The same editions become one expression each, as nodes of sqlglot, and an engine decides every row of a span of days by the law and by the draft.
Nothing is shared with the kernels but the checked trees. Laws that look at totals are not for this way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlglot import exp

from skarb.core.time import from_day
from skarb.oversight.replay.model import Answer, Comparison, Dimension, Question, Sum, Transition, merged
from skarb.rulebook import Edition, Outcome
from skarb.rulebook.sql import Dialect, outcome_sql

Run = Callable[[str], Iterable[Sequence[Any]]]  # runs a statement and returns its rows


@dataclass(frozen=True)
class Source:
    """Where an engine finds rows with their facts, and what it calls the dimensions."""

    dialect: Dialect
    table: exp.Expression  # rows joined with cases
    dimensions: dict[Dimension, str]  # columns that hold a venue, a book


def spans(question: Question, days: tuple[int, int]) -> Iterator[tuple[int, int]]:
    """Yield the spans of days on which neither law changes."""
    first, last = days
    turns = sorted({day for law in (question.law, question.draft) for day in law.boundaries if first < day <= last})
    yield from zip((first, *turns), (*(day - 1 for day in turns), last), strict=True)


def statement(question: Question, source: Source, first: int, last: int) -> str:
    """Return the query over one span of days.

    Shape: a row for each combination of the dimensions and of two outcomes: the dimensions, the outcome under the law, the one under the draft,
    how many rows, the sum of their values.
    """
    before, after = (law.edition(first) for law in (question.law, question.draft))
    kept = [_dimension(one, source).as_(one, quoted=True) for one in question.by]
    decided = exp.select(
        *kept,
        exp.column("value", quoted=True),
        outcome_sql(before, source.dialect).as_("before"),
        outcome_sql(after, source.dialect).as_("after"),
    ).from_(source.table.copy())
    decided = decided.where(
        exp.Between(this=exp.column("day", quoted=True), low=exp.Literal.number(first), high=exp.Literal.number(last))
    )
    keys = [exp.column(name, quoted=True) for name in (*question.by, "before", "after")]
    total = exp.Sum(this=exp.Cast(this=exp.column("value", quoted=True), to=exp.DataType.build("DECIMAL(38,0)")))
    asked = exp.select(*keys, exp.Count(this=exp.Star()), total).from_(decided.subquery("decided")).group_by(*keys)
    return asked.sql(dialect=source.dialect)


def _dimension(dimension: Dimension, source: Source) -> exp.Expression:
    match dimension:
        case "month":  # days are whole numbers, so this is the day, and months are made of days afterwards
            return exp.column("day", quoted=True)
        case "residency":
            return exp.column("actor_resident", quoted=True)
        case "activity":
            return exp.column("activity", quoted=True)
    return exp.column(source.dimensions[dimension], quoted=True)


def by_statements(
    question: Question, source: Source, days: tuple[int, int], run: Run, progress: Callable[[int], None] | None = None
) -> Comparison:
    """Return what a draft changes, every row being decided by itself. What was recorded is not looked at."""
    counts: Counter[tuple[Any, ...]] = Counter()
    money: Counter[tuple[Any, ...]] = Counter()
    for place, (first, last) in enumerate(spans(question, days)):
        tables = [_answers(law.edition(first)) for law in (question.law, question.draft)]
        for row in run(statement(question, source, first, last)):
            *of, before, after, rows, worth = row
            key = (tuple(map(_label, question.by, of)), tables[0][before], tables[1][after])
            counts[key] += rows
            money[key] += int(worth or 0)
        if progress:
            progress(place + 1)
    slices = tuple(
        Transition(before, after, Sum(rows, money[of, before, after]), of) for (of, before, after), rows in counts.items()
    )
    return Comparison(
        transitions=merged(slices),
        slices=tuple(sorted(slices, key=lambda one: -one.sum.rows)) if question.by else (),
        rows=sum(counts.values()),
        differing=0,
        undecided=0,
    )


def _answers(edition: Edition) -> list[Answer]:
    def answer(one: Outcome) -> Answer:
        return Answer(one.verdict, one.provision, one.measure, one.assumed)

    return [answer(one) for one in edition.outcomes]


def _label(dimension: Dimension, value: Any) -> str:
    match dimension:
        case "month":
            return f"{from_day(value):%Y-%m}"
        case "residency":
            return "resident" if value else "non_resident"
    return "none" if value is None else str(value)
