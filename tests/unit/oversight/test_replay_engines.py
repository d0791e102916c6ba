"""Whoever decides, the answer is the same: kinds counted once, every row in DuckDB, every row in Spark, every row by hand."""

from __future__ import annotations

import os
import random
from collections import Counter
from dataclasses import replace as with_changes
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from tests.thorough import THOROUGH
from tests.unit.oversight.lakes import NAMES, Told, fill

from skarb.app.law import rulebook_of
from skarb.core.errors import ConfigurationError
from skarb.core.facts import Facts
from skarb.core.time import from_day, to_day
from skarb.lake import open_lake
from skarb.oversight.replay import Comparison, Dimension, Question, as_happened, replay, sweep, with_duckdb
from skarb.oversight.replay.statements import Source, by_statements
from skarb.rulebook import Rulebook

FIRST, LAST = to_day(date(2026, 3, 10)), to_day(date(2026, 6, 20))  # before the law of Zedland looks at totals
LAW = rulebook_of("zz")
ACTIVITIES = ("token_loan", "token_buy_fiat", "token_transfer_out", "fiat_pay", "token_swap")
VALUES = (None, 0, 1, 49_999, 50_000, 50_001, 99_999, 100_000, 100_001, 10**15)
BY: tuple[Dimension, ...] = ("month", "activity", "venue", "residency", "book")


def without(*gone: str) -> Rulebook:
    pack = LAW.pack
    return Rulebook(with_changes(pack, provisions={name: one for name, one in pack.provisions.items() if name not in gone}))


def draft() -> Rulebook:
    """The law without two of its refusals, and with another share in a loan."""
    refusals = [
        name for name, one in LAW.pack.provisions.items() if one.effect == "refuse" and "token_transfer_out" in one.activities
    ]
    return without(*refusals[:2]).with_parameter("credit.loan_to_value_max", "1/3", FIRST + 20)


DRAFT = draft()


def draw(seed: int, count: int) -> list[Told]:
    chance = random.Random(seed)
    rows = []
    for _ in range(count):
        day = chance.randint(FIRST - 5, LAST + 5)
        facts = Facts(
            activity=chance.choice(ACTIVITIES),
            day=day,
            actor_kind=chance.choice(("natural_person", "legal_entity")),
            actor_resident=chance.random() < 0.8,
            actor_identified=chance.random() < 0.9,
            operator_licence=chance.choice(("bank", "platform", "none")),
            operator_registered=True,
            operator_regime_resident=True,
            operator_covers_activity=True,
            wallet_hosting=chance.choice(("none", "hosted", "unhosted")),
            wallet_listed=chance.random() < 0.1,
            settlement=chance.choice(("none", "cash", "bank_transfer")),
            screening=chance.choice(("clear", "clear", "listed", "possible")),
            approved=chance.random() < 0.1,
            value=chance.choice(VALUES),
            value_usd=chance.choice(VALUES),
            deposit=chance.choice((None, 0, 100_000, 150_001)),
        )
        edition = LAW.edition(day)
        decided = {"edition": edition, "outcome": edition.decide(facts)} if chance.random() < 0.9 else {}
        rows.append(
            Told(facts, party=chance.randrange(3), venue=chance.choice((None, 4, 5)), book=chance.choice((1, 2)), **decided)
        )
    return rows


def expected(rows: list[Told], other: Rulebook) -> Counter[tuple[Any, ...]]:
    found: Counter[tuple[Any, ...]] = Counter()
    for row in rows:
        day = row.facts.day
        if FIRST <= day <= LAST:
            answers = []
            for law in (LAW, other):
                edition = law.edition(day)
                one = edition.outcomes[edition.decide(replace(row.facts))]
                answers.append((one.verdict, one.provision))
            venue = "none" if row.venue is None else NAMES[row.venue]
            of = (f"{from_day(day):%Y-%m}", row.facts.activity, venue, "resident" if row.facts.actor_resident else "non_resident")
            found[(*of, f"bank{row.book}", *answers, "rows")] += 1
            found[(*of, f"bank{row.book}", *answers, "money")] += row.facts.value or 0
    return +found


def answered(comparison: Comparison) -> Counter[tuple[Any, ...]]:
    found: Counter[tuple[Any, ...]] = Counter()
    for one in comparison.slices:
        key = (*one.of, (one.before.verdict, one.before.provision), (one.after.verdict, one.after.provision))
        found[(*key, "rows")] += one.sum.rows
        found[(*key, "money")] += one.sum.money
    return +found


@pytest.fixture(scope="module")
def rows() -> list[Told]:
    return draw(1, 4000)


@pytest.fixture(scope="module")
def lake(rows: list[Told], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fill(tmp_path_factory.mktemp("engines"), rows)


@pytest.mark.parametrize("kind", ["python", "numba"])
def test_kinds_are_decided_as_every_row_would_be(
    rows: list[Told], lake: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SKARB_KERNEL", kind)
    changed: list[tuple[int, str, str]] = []
    with open_lake(lake) as connection:
        question = Question(LAW, DRAFT, FIRST, LAST, BY)
        comparison = replay(
            connection,
            question,
            changed=lambda positions, before, after: changed.extend(
                (position, first.provision, second.provision)
                for position, first, second in zip(positions.tolist(), before, after, strict=True)
            ),
        )
    assert answered(comparison) == expected(rows, DRAFT)
    assert comparison.differing == 0
    assert comparison.undecided == sum(row.edition is None and FIRST <= row.facts.day <= LAST for row in rows)
    turned = {
        place: (LAW.edition(row.facts.day).decision(row.facts), DRAFT.edition(row.facts.day).decision(row.facts))
        for place, row in enumerate(rows)
        if FIRST <= row.facts.day <= LAST
    }
    assert sorted(changed) == [
        (place, before.provision, after.provision)
        for place, (before, after) in turned.items()
        if (before.verdict, before.provision) != (after.verdict, after.provision)
    ]
    assert 50 < len(changed) < len(turned)


def test_a_row_that_was_decided_otherwise_than_the_law_says_is_counted(rows: list[Told], tmp_path: Path) -> None:
    wrong = next(place for place, row in enumerate(rows) if row.edition is not None and FIRST <= row.facts.day <= LAST)
    tampered = [
        with_changes(row, outcome=row.outcome ^ 1) if place == wrong else row for place, row in enumerate(rows[: wrong + 50])
    ]
    with open_lake(fill(tmp_path, tampered)) as connection:
        assert as_happened(connection, Question(LAW, LAW, FIRST, LAST)).comparison.differing == 1


def test_duckdb_decides_every_row_alike(rows: list[Told], lake: Path) -> None:
    with open_lake(lake) as connection:
        assert answered(with_duckdb(connection, Question(LAW, DRAFT, FIRST, LAST, BY))) == expected(rows, DRAFT)


def test_a_law_that_looks_at_totals_is_not_for_sql(tmp_path: Path) -> None:
    july = to_day(date(2026, 7, 5))
    with open_lake(fill(tmp_path, [Told(Facts(activity="instant_pay", day=july))])) as connection:
        with pytest.raises(ConfigurationError, match="looks at totals"):
            with_duckdb(connection, Question(LAW, LAW, FIRST, july))
        assert replay(connection, Question(LAW, LAW, FIRST, july)).rows == 1


def test_many_drafts_at_once_say_what_each_says_alone(lake: Path) -> None:
    drafts = [DRAFT.with_parameter("credit.loan_to_value_max", f"{part}/10", FIRST) for part in range(1, 10)]
    with open_lake(lake) as connection:
        together = sweep(connection, LAW, drafts, FIRST, LAST)
        for one, comparison in zip(drafts, together, strict=True):
            alone = as_happened(connection, Question(LAW, one, FIRST, LAST)).comparison
            assert set(comparison.transitions) == set(alone.transitions)
    assert len({one.transitions for one in together}) > 3


def test_an_empty_lake_has_nothing_to_change(tmp_path: Path) -> None:
    with open_lake(fill(tmp_path, [])) as connection:
        assert replay(connection, Question(LAW, DRAFT, FIRST, LAST, BY)).rows == 0
        assert replay(connection, Question(LAW, DRAFT, FIRST, LAST, BY), "as-would-have").rows == 0


@pytest.mark.slow
def test_spark_decides_every_row_alike(rows: list[Told], lake: Path, tmp_path: Path) -> None:
    if not (THOROUGH or os.environ.get("SKARB_SPARK")):
        pytest.skip("starting Spark takes half a minute; SKARB_SPARK=1 runs it")
    from sqlglot import exp
    from tests.properties import engines

    if reason := engines.lacks_spark():
        pytest.skip(reason)
    with open_lake(lake) as connection:
        connection.execute(
            "COPY (SELECT r.day, r.value, r.value_usd, c.* EXCLUDE (case_no, case_id), v.name AS venue, b.name AS book FROM rows r "
            "JOIN cases c USING (case_no) JOIN books b ON b.number = r.book LEFT JOIN names v ON v.number = r.venue) "
            f"TO '{tmp_path / 'facts.parquet'}' (FORMAT parquet)"
        )
    session = engines.spark_session()
    try:
        session.read.parquet(str(tmp_path / "facts.parquet")).createOrReplaceTempView("facts")
        source = Source("spark", exp.to_table("facts"), {"venue": "venue", "book": "book"})
        run = lambda asked: [tuple(row) for row in session.sql(asked).collect()]  # noqa: E731
        found = by_statements(Question(LAW, DRAFT, FIRST, LAST, BY), source, (FIRST, LAST), run)
    finally:
        session.stop()
    assert answered(found) == expected(rows, DRAFT)
