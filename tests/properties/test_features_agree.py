"""A feature has one definition, so everybody who adds it up must come to the same number, to the unit.

An obvious reference looks at all earlier rows again for each row. It is held against the tallies, against both kernels in the interpreter
and compiled, and against what a desk writes into its journal over batches, restarts, refusals, referrals, approvals and transfers that the
ledger turns down.
"""

from __future__ import annotations

import random
import sys
from datetime import UTC, date, datetime, timedelta
from functools import cache
from importlib.resources import files
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.thorough import THOROUGH

from skarb.core.compiled import compiled, has_numba
from skarb.core.time import from_day, to_day
from skarb.journal import open_book, verify
from skarb.journal.chain import facts_of, instructions_of
from skarb.journal.counting import posted
from skarb.ledger import wide
from skarb.oversight.replay import living, paying, tables, tallying
from skarb.oversight.replay.living import WORLDS, Features, Kinds, Tracks
from skarb.oversight.replay.tally import empty_table, kernels
from skarb.oversight.replay.tallying import BLOCK
from skarb.rulebook import Rulebook
from skarb.rulebook.coding import MISSING
from skarb.rulebook.feature import COUNT_MAX, TOTAL_MAX, Counted, counted, limit_of, window_days
from skarb.rulebook.load import read_texts
from skarb.rulebook.tally import Added, Tally
from skarb.rulebook.tree import truth
from skarb.rulebook.windows import period_of, periods_of

WINDOWS = ("day", "month", "quarter", "year", "2 days", "7 days", "30 days", "366 days")
KINDS = ["python", "numba"] if has_numba() else ["python"]
DAYS = [
    to_day(date(*day))
    for day in ((2025, 12, 30), (2025, 12, 31), (2026, 1, 1), (2026, 2, 28), (2026, 3, 1), (2026, 3, 31), (2026, 4, 1))
]


class Row(NamedTuple):
    key: Any
    day: int
    value: int | None
    counts: bool
    posted: bool


def same_window(window: str, earlier: int, now: int) -> bool:
    if window.endswith("days"):
        return now - int(window.split(maxsplit=1)[0]) < earlier <= now
    one, other = from_day(earlier), from_day(now)
    match window:
        case "day":
            return one == other
        case "month":
            return (one.year, one.month) == (other.year, other.month)
        case "quarter":
            return (one.year, (one.month + 2) // 3) == (other.year, (other.month + 2) // 3)
    return one.year == other.year


def obvious(rows: list[Row], window: str, including: bool, limit: int) -> list[int | None]:
    found: list[int | None] = []
    for number, now in enumerate(rows):
        added = [
            one.value
            for one in rows[:number]
            if one.counts and one.posted and one.key == now.key and same_window(window, one.day, now.day)
        ]
        if including and now.counts:
            added.append(now.value)
        found.append(None if None in added else max(-limit, min(sum(added), limit)))
    return found


def by_tally(rows: list[Row], what: Counted, including: bool) -> list[int | None]:
    tally, found = Tally(what), []
    for row in rows:
        total = tally.before(row.key, row.day)
        if including and row.counts:
            total = None if total is None or row.value is None else total + row.value
        found.append(None if total is None else tally.bounded(total))
        if row.counts and row.posted:
            tally.add(Added(row.key, period_of(what.window, row.day), row.value))
    return found


@cache
def _compiled():
    modules = [wide, tables, tallying, paying, living]
    return compiled(modules, ("seek", "show", "count_in", "amount_of"))  # most of them are no entries elsewhere


def by_kernel(rows: list[Row], what: Counted, including: bool, kind: str) -> list[int | None]:
    """What a replay shows each row, and adds up."""
    run = kernels(kind) if kind == "python" else _compiled()
    amount, room = (0 if what.sum else -1), 1 << 12
    alone = [np.array([one], np.int64) for one in (amount, window_days(what.window), limit_of(what.sum))]
    tracks = Tracks(*alone, empty_table(room), np.zeros((room, WORLDS), np.int64))
    features = Features(np.zeros(1, np.int64), np.array([including]))
    keys = np.array([[row.key for row in rows]], np.int64)
    periods = periods_of(what.window, np.array([row.day for row in rows], np.int32)).reshape(1, -1)
    fields = np.array([[MISSING if row.value is None else row.value for row in rows]], np.int64)
    shown, found, places = np.zeros((2, 1), np.int64), [], np.zeros((1, len(rows)), np.int64)
    one, both = np.zeros(1, np.int64), np.ones((1, WORLDS), np.int64)
    kinds = Kinds(
        empty_table(1), both, one, both, np.zeros((1, 1), np.int64), one
    )  # rows of one kind, for which the law looks at the total
    which = np.zeros(len(rows), np.int32)
    assert run["seek"](0, which, keys, periods, kinds, features, tracks, places, np.empty(BLOCK, np.int64)) == len(rows)
    for place, row in enumerate(rows):
        run["show"](features, tracks, 1, int(row.counts), 0, keys, periods, places, fields, place, shown)
        found.append(None if shown[1, 0] == MISSING else int(shown[1, 0]))
        if row.counts and row.posted:
            run["count_in"](tracks, 0, places[0, place], run["amount_of"](tracks, 0, fields, place))
    return found


VALUES = st.none() | st.sampled_from([0, 1, 99, 10**15, -(10**15)]) | st.integers(-(10**15), 10**15)
ROWS = st.lists(
    st.builds(Row, st.integers(0, 3), st.sampled_from(DAYS), st.integers(0, 10**15) | VALUES, st.booleans(), st.booleans()),
    max_size=40,
)


@settings(max_examples=1500 if THOROUGH else 80, deadline=None)
@given(ROWS, st.sampled_from(WINDOWS), st.booleans(), st.booleans(), st.booleans())
def test_tally_and_kernels_are_the_obvious_sum(
    rows: list[Row], window: str, including: bool, in_order: bool, summed: bool
) -> None:
    if in_order:
        rows = sorted(rows, key=lambda one: one.day)
    if not summed:
        rows = [one._replace(value=1) for one in rows]
    what = Counted("value" if summed else "", ("actor",), window, None)
    expected = obvious(rows, window, including, TOTAL_MAX if summed else COUNT_MAX)
    assert by_tally(rows, what, including) == expected
    for kind in KINDS:
        assert by_kernel(rows, what, including, kind) == expected


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("window", ["year", "30 days"])
def test_a_sum_stops_at_its_limit_and_comes_back_exactly(window: str, sign: int) -> None:
    """Beyond the limit the sum itself goes on: what leaves the window leaves it to the unit."""
    rows = [Row(0, DAYS[2], sign * 10**15, True, True) for _ in range(1002)]
    rows += [Row(0, DAYS[2], -sign * (10**15 - 1), True, True), Row(0, DAYS[2], -sign * 10**15, True, True)]
    rows += [Row(0, DAYS[2], 0, True, True), Row(0, DAYS[4], sign, True, True)]
    what = Counted("value", ("actor",), window, None)
    expected = obvious(rows, window, False, TOTAL_MAX)
    assert expected[1000:1004] == [sign * 10**18, sign * TOTAL_MAX, sign * TOTAL_MAX, sign * TOTAL_MAX]
    assert by_tally(rows, what, False) == expected
    for kind in KINDS:
        assert by_kernel(rows, what, False, kind) == expected


@pytest.mark.parametrize("window", WINDOWS)
def test_many_rows_in_the_order_they_come(window: str) -> None:
    rng = random.Random(window)
    days = sorted(rng.choices(range(DAYS[0], DAYS[0] + 500), k=900))
    rows = [
        Row(
            rng.randrange(40), day, None if rng.random() < 0.005 else rng.randrange(10**9), rng.random() < 0.7, rng.random() < 0.8
        )
        for day in days
    ]
    what = Counted("value", ("actor",), window, None)
    expected = obvious(rows, window, True, TOTAL_MAX)
    assert by_tally(rows, what, True) == expected
    for kind in KINDS:
        assert by_kernel(rows, what, True, kind) == expected
        late = [rows[-1], *rows[:-1]]  # one row that comes late does not change what the others are shown
        assert by_kernel(late, what, True, kind) == obvious(late, window, True, TOTAL_MAX)


# -- the whole road --------------------------------------------------------------------------------------------------------------

FEATURES = """
- {name: month_out, sum: value, over: [actor], of: 'activity == "instant_pay" and not cross_border', window: month, including: true}
- {name: pair_year, sum: value_usd, over: [actor, counterparty], window: year, including: false}
- name: week_count
  count: instructions
  over: [actor]
  of: activity in payments and (value is missing or value >= tiny)
  window: 7 days
  including: true
- {name: day_all, sum: value, over: [operator], of: 'activity == "qr_pay"', window: day, including: false}
"""
PROVISIONS = """
- id: ZZ-D2-2026/month
  title: A limit of the month
  cites: {act: ZZ-D2-2026, article: "1"}
  in_force: {from: 2026-01-01}
  activity: [instant_pay]
  when: month_out is missing or month_out > limit.month
  effect: refuse
  authority: [A]
  certainty: primary_text
  grade: A
  says: x
  cases: [{at: 2026-02-01, facts: {month_out: 300.00 ZZD}, then: silent}, {at: 2026-02-01, facts: {month_out: 300.01 ZZD}, then: refuse}]
- id: ZZ-D2-2026/pair
  title: Large sums between two people are looked at
  cites: {act: ZZ-D2-2026, article: "1"}
  in_force: {from: 2026-01-01}
  activity: [instant_pay, qr_pay]
  when: pair_year is not missing and pair_year >= limit.pair or week_count is not missing and week_count > 4 or day_all is missing
  effect: refer
  authority: [A]
  certainty: primary_text
  grade: A
  says: x
  cases: [{at: 2026-02-01, facts: {day_all: 0.00 ZZD}, then: silent}, {at: 2026-02-01, facts: {week_count: 5}, then: refer}]
"""
PARAMETERS = """
- {name: limit.month, unit: ZZD, values: [{from: 2026-01-01, value: "300.00", cites: ZZ-D2-2026/month}]}
- {name: limit.pair, unit: USD, values: [{from: 2026-01-01, value: "60.00", cites: ZZ-D2-2026/pair}]}
- name: tiny
  unit: ZZD
  values: [{from: 2026-01-01, value: "1.00", cites: ZZ-D2-2026/pair}, {from: 2026-10-25, value: "20.00", cites: ZZ-D2-2026/pair}]
"""
ZONE = "Europe/Berlin"  # where clocks go back on 25 October 2026


@pytest.fixture(scope="module")
def zedland() -> ModuleType:
    spec = spec_from_file_location("zedland", Path(__file__).parents[1] / "journeys" / "zedland.py")
    module = module_from_spec(spec)
    sys.modules["zedland"] = module
    spec.loader.exec_module(module)
    return module


def law() -> Rulebook:
    """The law of Zedland with more features, in a zone where the clocks change."""
    folder, texts = files("skarb.jurisdictions") / "zz", {}
    for entry in folder.iterdir():
        inside = entry.iterdir() if entry.name in ("acts", "provisions", "parameters") else ()
        texts |= {f"{entry.name}/{one.name}": one.read_text(encoding="utf-8") for one in inside}
        if entry.name.removesuffix(".yaml") in ("country", "conditions", "features", "lists", "sources"):
            texts[entry.name] = entry.read_text(encoding="utf-8")
    texts["country.yaml"] = texts["country.yaml"].replace("Europe/Minsk", ZONE)
    texts["features.yaml"] += FEATURES
    pack, problems = read_texts(texts | {"provisions/more.yaml": PROVISIONS, "parameters/more.yaml": PARAMETERS}, "zz")
    assert pack is not None, problems
    return Rulebook(pack)


RULEBOOK = law()
FIRST = datetime(2026, 10, 24, 12, tzinfo=UTC)
MOMENTS = st.one_of(
    st.integers(0, 4 * 24 * 3600).map(lambda seconds: FIRST + timedelta(seconds=seconds)),
    st.sampled_from(
        [
            datetime(2026, month, day, hour, tzinfo=UTC)
            for month, day in ((9, 30), (10, 24), (10, 31), (12, 31))
            for hour in (21, 22, 23)
        ]
    ),
)
PAYMENTS = st.builds(
    dict,
    activity=st.sampled_from(["instant_pay", "instant_pay", "qr_pay", "fiat_pay"]),
    party=st.sampled_from(["anna", "boris"]),
    counterparty=st.sampled_from(["anna", "boris", "cora"]),
    amount=st.sampled_from(["0.50", "19.99", "20.00", "70.00", "100.00", "150.01"]),
    at=MOMENTS,
    declared=st.sampled_from([None, None, None, {"cross_border": True}]),
)
STORIES = st.lists(st.tuples(st.lists(PAYMENTS, min_size=1, max_size=9), st.booleans(), st.booleans()), min_size=1, max_size=4)


@settings(max_examples=60 if THOROUGH else 8, deadline=None)
@given(story=STORIES)
def test_a_journal_holds_the_obvious_totals(zedland: ModuleType, tmp_path_factory: pytest.TempPathFactory, story: Any) -> None:
    """Batches, some with approvals of what waits, some after a restart."""
    town = zedland.Town(tmp_path_factory.mktemp("town"))
    town.rulebook = RULEBOOK
    outcomes: dict[str, str] = {}
    waiting: list[Any] = []

    def hand_in(desk: Any, batch: list[Any]) -> None:
        answer = desk.submit(batch)
        assert answer.problems == []
        for one, receipt in zip(batch, answer.receipts, strict=True):
            outcomes.setdefault(one.id, receipt.outcome)
            if receipt.outcome == "referred" and one.approves is None:
                waiting.append(one)

    desk = town.desk()
    hand_in(
        desk,
        [town.instruction(f"money-{name}", party="other-bank", amount="400.00", counterparty=name) for name in ("anna", "boris")],
    )
    for number, (payments, approve, restart) in enumerate(story):
        if restart:
            desk.book.close()
            desk = town.desk()
        batch = [town.instruction(f"{number}-{place}", entered_by="olga", **one) for place, one in enumerate(payments)]
        if approve:
            chosen, waiting[:] = waiting[:3], waiting[3:]
            batch[1:1] = [msgspec.structs.replace(one, id=f"{one.id}-yes", approves=one.id, entered_by="petra") for one in chosen]
        hand_in(desk, [*batch, batch[0]])
    desk.book.close()

    report = verify(town.book)
    assert report.findings == [] and not report.skipped
    with open_book(town.book) as book:
        envelopes = list(book.envelopes())
        kept = np.concatenate([posted(one, book.edition) for one in envelopes])
    facts = [one for envelope in envelopes for one in facts_of(envelope)]
    instructions = [one for envelope in envelopes for one in instructions_of(envelope)]
    assert kept.tolist() == [outcomes[one.id] == "posted" for one in instructions]
    check_totals(facts, instructions, kept)


def check_totals(facts: list[Any], instructions: list[Any], kept: np.ndarray) -> None:
    sides = {"actor": "party", "counterparty": "counterparty"}
    for edition in {RULEBOOK.edition(one.day).hash: RULEBOOK.edition(one.day) for one in facts}.values():
        for place, (name, feature) in enumerate(edition.features.items()):
            names = [tuple(getattr(one, sides[side]) if side in sides else "" for side in feature.over) for one in instructions]
            numbers = {key: number for number, key in enumerate(dict.fromkeys(names))}
            rows = [
                Row(
                    numbers[key],
                    one.day,
                    getattr(one, feature.sum) if feature.sum else 1,
                    feature.of is None or truth(feature.of, one),
                    bool(was),
                )
                for key, one, was in zip(names, facts, kept, strict=True)
            ]
            expected = obvious(rows, feature.window, feature.including, TOTAL_MAX)
            for kind in KINDS:
                assert by_kernel(rows, counted(feature), feature.including, kind) == expected
            for one, total in zip(facts, expected, strict=True):
                if RULEBOOK.edition(one.day) is edition and one.activity in edition.asked:
                    asked = place in edition.asked[one.activity]
                    assert one.totals[place] == (total if asked else None), name
                elif RULEBOOK.edition(one.day) is edition:
                    assert one.totals == ()
