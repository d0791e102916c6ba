"""What a features.yaml may say, what is refused at its place, and that a feature goes wherever a fact goes."""

from __future__ import annotations

import itertools
import sqlite3
from importlib.resources import files

import duckdb
import pyarrow as pa
import pytest

from skarb.core.facts import Facts
from skarb.core.time import from_day, parse_day
from skarb.rulebook import Edition, Rulebook, diff, diff_text, load, run_cases
from skarb.rulebook.cases import facts_for
from skarb.rulebook.coding import dtype_of
from skarb.rulebook.load import read_texts
from skarb.rulebook.sql import facts_used, statement
from skarb.rulebook.windows import period_of, periods_of

COUNTRY = "code: ZZ\nname: Zedland\ncurrency: ZZD\ndecimals: 2\nzone: Europe/Minsk\nranks: [law]\n"
ACTS = "- {id: ZZ-L1, title: A law, rank: law}\n"
FEATURES = """\
- name: sent_month
  title: Sent since the first of the month
  sum: value
  over: [actor]
  of: activity == "fiat_pay" and value is not missing and value >= small
  window: month
  including: true
- name: deals
  count: instructions
  over: [actor, counterparty]
  window: 30 days
  including: false
"""
PARAMETERS = """\
- name: month_max
  unit: ZZD
  values: [{from: 2026-01-01, value: "100.00", cites: ZZ-L1/limit}]
- name: small
  unit: ZZD
  values: [{from: 2026-01-01, to: 2026-06-30, value: "1.00", cites: ZZ-L1/limit}, {from: 2026-07-01, value: "2.00", cites: ZZ-L1/limit}]
"""
PROVISIONS = """\
- id: ZZ-L1/limit
  title: A limit
  cites: {act: ZZ-L1, article: "1"}
  in_force: {from: 2026-02-01}
  activity: [fiat_pay]
  when: sent_month is missing or sent_month > month_max
  effect: refuse
  authority: [A]
  certainty: primary_text
  grade: A
  says: No more than a hundred a month.
  cases:
    - {at: 2026-02-01, facts: {sent_month: 100.00 ZZD}, then: silent}
    - {at: 2026-02-01, facts: {sent_month: 100.01 ZZD}, then: refuse}
    - {at: 2026-02-01, facts: {}, then: refuse}
    - {at: 2026-01-31, facts: {sent_month: 100.01 ZZD}, then: silent}
"""
TEXTS = {
    "country.yaml": COUNTRY,
    "acts/acts.yaml": ACTS,
    "parameters/all.yaml": PARAMETERS,
    "provisions/all.yaml": PROVISIONS,
    "features.yaml": FEATURES,
}
FEBRUARY, JULY = parse_day("2026-02-01"), parse_day("2026-07-01")


def rulebook(**changed: str) -> Rulebook:
    texts = TEXTS | {name.replace("__", "/") + ".yaml": text for name, text in changed.items()}
    pack, problems = read_texts(texts, "zz")
    assert pack is not None, [str(one) for one in problems]
    return Rulebook(pack)


def test_a_feature_is_a_field_like_any_other() -> None:
    law = rulebook()
    assert run_cases(law) == []
    edition = law.edition(FEBRUARY)
    assert list(edition.features) == ["sent_month"]  # nothing names the other one
    one = edition.fields["sent_month"]
    assert (str(one.type), one.optional, one.low, one.high) == ("money in ZZD", True, -(10**18), 10**18)
    assert dtype_of(one) == "i8" and list(edition.fields)[-1] == "sent_month"
    assert edition.asked == {"fiat_pay": (0,)}
    both = law.pack.fields["deals"]
    assert (both.type.base, both.optional, both.high) == ("count", True, 10**9)


def test_the_day_fills_in_what_counts_and_another_day_is_another_edition() -> None:
    law = rulebook()
    assert law.edition(FEBRUARY).features["sent_month"].of != law.edition(JULY).features["sent_month"].of
    assert law.edition(parse_day("2026-01-15")).features == {}
    for day in (FEBRUARY, JULY):
        edition = law.edition(day)
        again = Edition.from_normal(edition.normal)
        assert (again.normal, again.hash, again.features, again.fields) == (
            edition.normal,
            edition.hash,
            edition.features,
            edition.fields,
        )
        facts = facts_for(edition, {"activity": "fiat_pay", "day": day, "sent_month": 10_001})
        assert again.decision(facts) == edition.decision(facts)
        assert edition.decision(facts).provision == "ZZ-L1/limit"


def test_law_that_names_no_feature_keeps_its_form_and_hash() -> None:
    """The pack may know features; an edition in which nothing names one is what it was before there were any."""
    before = parse_day("2026-01-15")
    without = dict(TEXTS)
    del without["features.yaml"]
    without["provisions/all.yaml"] = (
        PROVISIONS.replace("sent_month is missing or sent_month > month_max", "value is missing")
        .replace("sent_month: 100.00 ZZD", "value: 1.00 ZZD")
        .replace("sent_month: 100.01 ZZD", "value: null")
    )
    pack, problems = read_texts(without, "zz")
    assert pack is not None, problems
    assert rulebook().edition(before).hash == Rulebook(pack).edition(before).hash
    assert b"features" not in rulebook().edition(before).normal
    zz = load(files("skarb.jurisdictions") / "zz")
    # As it was with the law of March 2026 before features were known to anybody.
    assert zz.edition(parse_day("2026-03-01")).hash == MARCH


MARCH = "6da24c2809ae8c42101635a1dd7d2e78a70b2b9738f6fddf110b433972e6612c"


def test_facts_that_were_not_asked_for_totals_have_none() -> None:
    edition = rulebook().edition(FEBRUARY)
    bare = Facts(activity="fiat_pay", day=FEBRUARY)
    assert edition.decision(bare).provision == "ZZ-L1/limit"  # missing is not nought
    assert "sent_month = missing" in edition.explain(bare).text()
    assert edition.seen(bare).sent_month is None and edition.seen(bare).day == FEBRUARY


def test_the_explanation_shows_what_was_seen() -> None:
    edition = rulebook().edition(FEBRUARY)
    told = edition.explain(facts_for(edition, {"activity": "fiat_pay", "day": FEBRUARY, "sent_month": 123_456}))
    assert [leaf.saw for leaf in told.leaves][1] == {"sent_month": "1234.56 ZZD", "month_max": "100.00 ZZD"}
    assert (
        "  Running total sent_month: sum of value by actor in the calendar month, this one included, where activity"
        in told.text()
    )


def test_a_changed_definition_is_told() -> None:
    other = rulebook(features=FEATURES.replace("window: month", "window: quarter").replace("including: true", "including: false"))
    assert diff_text(diff(rulebook().edition(FEBRUARY), other.edition(FEBRUARY))) == (
        "feature sent_month changes from sum of value by actor in the calendar month, this one included, where "
        'activity == "fiat_pay" and value is not missing and value >= small to sum of value by actor in the calendar quarter, before this one, '
        'where activity == "fiat_pay" and value is not missing and value >= small'
    )


@pytest.mark.parametrize("engine", ["duckdb", "sqlite"])
def test_in_sql_a_feature_is_a_column(engine: str) -> None:
    edition = rulebook().edition(FEBRUARY)
    rows = [
        facts_for(edition, {"activity": "fiat_pay", "day": FEBRUARY, "sent_month": total})
        for total in (None, 0, 10_000, 10_001, 10**18)
    ]
    names = facts_used(edition)
    assert "sent_month" in names
    values = [[getattr(edition.seen(row), name) for name in names] for row in rows]
    if engine == "duckdb":
        connection = duckdb.connect()
        connection.register(
            "facts", pa.table({name: list(column) for name, column in zip(names, zip(*values, strict=True), strict=True)})
        )
    else:
        connection = sqlite3.connect(":memory:")
        connection.execute(f"CREATE TABLE facts ({', '.join(names)})")
        connection.executemany(f"INSERT INTO facts VALUES ({', '.join('?' * len(names))})", values)
    found = connection.execute(statement(edition, engine, "facts").sql(engine)).fetchall()
    assert found == [(edition.decide(row), edition.duties(row), edition.levy(row)) for row in rows]


WRONG = [
    (
        "window: month",
        "window: fortnight",
        "features.yaml:6:11, window: given 'fortnight', expected day, month, quarter, year of the calendar",
    ),
    ("window: 30 days", "window: 1 days", "features.yaml:11:11, window: given '1 days'"),
    ("window: 30 days", "window: 9999 days", "2 to 3660"),
    ("sum: value\n", "sum: amount\n", "features.yaml:3:8, sum: given 'amount', expected one of value, value_usd"),
    (
        "sum: value\n",
        "sum: value\n  count: instructions\n",
        "given 'both', expected either `sum: value` (or value_usd) or `count: instructions`",
    ),
    ("  count: instructions\n", "", "features.yaml:8:3, sum: given 'neither'"),
    ("over: [actor]\n", "over: [bank]\n", "features.yaml:4:9, over: given 'bank', expected one of actor, counterparty"),
    ("over: [actor]\n", "over: []\n", "expected at least one of actor"),
    ("including: true", "including: perhaps", "including: given 'perhaps', expected true or false"),
    (
        "name: sent_month",
        "name: sent.month",
        "name: given 'sent.month', expected a name in small letters, digits and _, without dots",
    ),
    ("name: deals", "name: value", "features.yaml:8:9, name: given 'value', expected a name that is not a fact already"),
    ("name: deals", "name: sent_month", "expected a name that is not the feature at zz/features.yaml:1:9 already"),
    ("name: deals", "name: month_max", "expected a name that is not the parameter at"),
    ("value >= small", "value >= month_min", "expected a fact, a parameter or a named condition; did you mean"),
    ("value is not missing and value >= small", "value >= small", "'value' only where it is known not to be missing"),
    (
        "value >= small",
        "sent_month is missing",
        "given 'sent_month, which is this feature itself', expected an instruction's own facts",
    ),
    (
        "value >= small",
        "deals is missing",
        "given 'deals, which is a feature', expected an instruction's own facts: no total is made of totals",
    ),
    (
        "including: true",
        "including: true\n  reversals: subtract",
        "given 'reversals', expected a key of a feature: name, over, window, including",
    ),
]


@pytest.mark.parametrize(("old", "new", "expected"), WRONG, ids=[new.strip()[:30] for _, new, _ in WRONG])
def test_a_wrong_feature_is_refused_at_its_place(old: str, new: str, expected: str) -> None:
    assert old in FEATURES
    pack, problems = read_texts(TEXTS | {"features.yaml": FEATURES.replace(old, new, 1)}, "zz")
    assert pack is None
    assert any(expected in str(problem) for problem in problems), [str(problem) for problem in problems]


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("sent_month > month_max", "'sent_month' only where it is known not to be missing"),
        ("sent_month is not missing and sent_month > 5", "two values of one type"),
        ("deals is not missing and deals > month_max", "two values of one type"),
        ("sent_mnth is missing", "did you mean 'sent_month' (a fact)?"),
    ],
)
def test_a_condition_may_not_trust_a_total(when: str, expected: str) -> None:
    text = PROVISIONS.replace("sent_month is missing or sent_month > month_max", when)
    pack, problems = read_texts(TEXTS | {"provisions/all.yaml": text}, "zz")
    assert pack is None and any(expected in str(problem) for problem in problems), [str(problem) for problem in problems]


def test_dollars_meet_no_other_money() -> None:
    pack, problems = read_texts(TEXTS | {"features.yaml": FEATURES.replace("sum: value\n", "sum: value_usd\n")}, "zz")
    assert pack is None
    assert any("money in USD and money in ZZD" in str(problem) for problem in problems)


def test_a_day_on_which_a_feature_has_no_value_is_a_gap() -> None:
    from skarb.rulebook import coverage

    late = PARAMETERS.replace("to: 2026-06-30", "to: 2026-05-31")
    (problem,) = coverage(rulebook(parameters__all=late))
    assert (
        "small: given 'none from 2026-06-01 to 2026-06-30', expected a value of small on every day that ZZ-L1/limit is in force"
        in str(problem)
    )


def test_periods_are_those_of_the_calendar() -> None:
    days = list(range(parse_day("1999-12-25"), parse_day("2004-03-05")))
    names = {
        "year": lambda d: d.year,
        "quarter": lambda d: (d.year, (d.month - 1) // 3),
        "month": lambda d: (d.year, d.month),
        "day": lambda d: d,
    }
    import numpy as np

    for window, name in names.items():
        numbers = [period_of(window, day) for day in days]
        assert periods_of(window, np.array(days, np.int32)).tolist() == numbers
        assert [one != other for one, other in itertools.pairwise(numbers)] == [
            name(from_day(one)) != name(from_day(other)) for one, other in itertools.pairwise(days)
        ]
