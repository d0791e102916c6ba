"""Figures of a report, from answers alone."""

from __future__ import annotations

import string

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from skarb.oversight.replay import Answer, Comparison, Sum, Transition
from skarb.reporting.replay import Tried, by_dimension, headline_of, heat, tryouts
from skarb.reporting.replay.figures import steepest
from skarb.reporting.words import LANGUAGES, said

ANSWERS = [Answer(verdict, f"P/{number}") for number, verdict in enumerate(("permit", "refuse", "refer", "permit", "refuse"))]


def comparison(pairs: list[tuple[int, int, int, int, str]]) -> Comparison:
    slices = tuple(
        Transition(ANSWERS[one], ANSWERS[other], Sum(rows, money), (label,)) for one, other, rows, money, label in pairs
    )
    return Comparison(slices, slices, sum(one.sum.rows for one in slices), 0, 0)


PAIRS = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(1, 10**9), st.integers(0, 10**18), st.sampled_from("abc")),
    max_size=30,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(PAIRS)
def test_every_row_is_counted_once(pairs: list[tuple[int, int, int, int, str]]):
    asked = comparison(pairs)
    found = headline_of(asked)
    same = [(rows, money) for one, other, rows, money, _ in pairs if one == other]
    assert found.changed + Sum(sum(rows for rows, _ in same), sum(money for _, money in same)) == found.all
    assert found.all == Sum(asked.rows, sum(money for *_, money, _ in pairs))
    parts = [one.turned for one in by_dimension(asked, 0, by_label=True)]
    assert sum((one.changed for one in parts), Sum()) == found.changed
    assert sum((one.freed for one in parts), Sum()) == found.freed


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(PAIRS, st.integers(1, 3))
def test_the_heat_table_and_its_rest_hold_every_changed_row(pairs: list[tuple[int, int, int, int, str]], most: int):
    asked = comparison(pairs)
    table = heat(asked, most)
    shown = sum((cell.sum for row in table.cells for cell in row), Sum())
    assert shown + table.rest == headline_of(asked).changed
    assert len(table.before) <= most and len(table.after) <= most
    assert all(bool(cell.shade) == bool(cell.sum.rows) for row in table.cells for cell in row)


def test_what_becomes_of_a_row_depends_on_both_verdicts():
    told = headline_of(
        comparison([(0, 1, 1, 10, "a"), (0, 2, 2, 20, "a"), (2, 3, 4, 40, "a"), (1, 2, 8, 80, "a"), (0, 3, 16, 160, "a")])
    )
    assert (told.refused, told.referred, told.freed, told.otherwise) == (Sum(1, 10), Sum(2, 20), Sum(4, 40), Sum(24, 240))


@pytest.mark.parametrize(
    ("part", "whole", "share"),
    [
        (0, 0, "0.00\u00a0%"),
        (1, 3, "33.33\u00a0%"),
        (2, 3, "66.67\u00a0%"),
        (1, 10**9, "<\u00a00.01\u00a0%"),
        (10**9 - 1, 10**9, ">\u00a099.99\u00a0%"),
        (7, 7, "100.00\u00a0%"),
    ],
)
def test_shares_are_exact_and_nothing_is_rounded_away(part: int, whole: int, share: str):
    assert said("en").share(part, whole) == share


def test_money_is_written_to_the_last_unit():
    assert said("en").money(1_234_567_890_123_456_789, 2) == "12,345,678,901,234,567.89"
    assert said("be").money(-1_234_567, 2) == "\u221212\u00a0345,67"
    assert said("en").money(1_234_567, 0) == "1,234,567"


@pytest.mark.parametrize("code", LANGUAGES)
def test_all_languages_say_the_same_with_the_same_gaps(code: str):
    def gaps(messages: object) -> dict[str, set[str]]:
        return {
            key: {name for _, name, _, _ in string.Formatter().parse(text) if name}
            for key, text in messages.items()  # type: ignore[attr-defined]
            if isinstance(text, str)
        }

    assert gaps(said(code).messages) == gaps(said("en").messages)


def test_each_value_of_a_sweep_is_told_against_the_one_before() -> None:
    tried = [Tried(str(value), comparison([(0, 1, rows, money, ""), (0, 0, 100 - rows, 7, "")])) for value, rows, money in SWEPT]
    values = tryouts(tried)
    assert [one.step for one in values] == [Sum(), Sum(-4, -300), Sum(), Sum(-1, -5_000)]
    steep = steepest(values)
    assert steep is not None and [one.value for one in steep] == ["3", "4"]
    assert steepest(values[:1]) is None and steepest([values[1], values[2]]) is None


SWEPT = [(1, 9, 6_000), (2, 5, 5_700), (3, 5, 5_700), (4, 4, 700)]
