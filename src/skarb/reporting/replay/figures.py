"""Figures: sums over what happens between two laws, exact, as plain data for pages, terminals and consoles."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from skarb.oversight.changes import turn_of
from skarb.oversight.replay import Answer, Comparison, Sum, Transition
from skarb.reporting.replay.model import Tried
from skarb.reporting.shapes import shade


@dataclass
class Turned:
    """What becomes of rows under a draft. `kept` from happening are those `refused` and those `referred` to a person, permitted until then."""

    all: Sum = field(default_factory=Sum)
    refused: Sum = field(default_factory=Sum)
    referred: Sum = field(default_factory=Sum)
    freed: Sum = field(default_factory=Sum)
    otherwise: Sum = field(default_factory=Sum)

    @property
    def kept(self) -> Sum:
        """Rows that were permitted and would not be."""
        return self.refused + self.referred

    @property
    def turned(self) -> Sum:
        """Rows that would happen and did not, or did and would not."""
        return self.kept + self.freed

    @property
    def changed(self) -> Sum:
        """Rows that would be decided otherwise, be it by another provision with the same outcome."""
        return self.turned + self.otherwise


@dataclass(frozen=True)
class Slice:
    """One value of a dimension, and what becomes of its rows."""

    label: str
    turned: Turned


@dataclass(frozen=True)
class HeatCell:
    """Rows between two answers, and how dark they are drawn: 0 for none, 1 to 8."""

    sum: Sum
    shade: int
    changed: bool


@dataclass(frozen=True)
class Heat:
    """The transition matrix: one row for each answer that changes for somebody, one column for each that somebody gets instead."""

    before: tuple[Answer, ...]
    after: tuple[Answer, ...]
    cells: tuple[tuple[HeatCell, ...], ...]
    same: tuple[Sum, ...]  # rows of each answer that stay as they are
    rest: Sum  # changed rows that found no place in the table


@dataclass(frozen=True)
class Tryout:
    """One value of a parameter, what becomes of rows under it, and how much more than under the value before is no longer permitted."""

    value: str
    turned: Turned
    unfunded: Sum
    step: Sum  # less than nought where fewer rows are kept from happening


def tryouts(tried: Sequence[Tried]) -> tuple[Tryout, ...]:
    """Return the figures of values that were tried, in their order."""
    found: list[Tryout] = []
    for one in tried:
        what = turned(one.comparison.transitions)
        before = found[-1].turned.kept if found else what.kept
        step = Sum(what.kept.rows - before.rows, what.kept.money - before.money)
        found.append(Tryout(one.value, what, one.comparison.unfunded, step))
    return tuple(found)


def steepest(values: Sequence[Tryout]) -> tuple[Tryout, Tryout] | None:
    """Return the two neighbours between which most money changes sides, None if no step makes a difference."""
    pairs = [pair for pair in pairwise(values) if pair[1].step.rows]
    return max(pairs, key=lambda pair: (abs(pair[1].step.money), abs(pair[1].step.rows)), default=None)


def turned(transitions: Iterable[Transition]) -> Turned:
    """Return what becomes of rows, summed."""
    found = Turned()
    for one in transitions:
        found.all += one.sum
        if not one.changed:
            continue
        match turn_of(one.before, one.after):
            case "freed":
                found.freed += one.sum
            case "otherwise":
                found.otherwise += one.sum
            case "kept" if one.after.verdict == "refuse":
                found.refused += one.sum
            case "kept":
                found.referred += one.sum
    return found


def by_dimension(comparison: Comparison, place: int, by_label: bool) -> tuple[Slice, ...]:
    """Return what becomes of the rows of each value of a dimension: in the order of labels, or with most turned rows first."""
    groups: dict[str, list[Transition]] = {}
    for one in comparison.slices:
        groups.setdefault(one.of[place], []).append(one)
    found = [Slice(label, turned(group)) for label, group in sorted(groups.items())]
    return tuple(
        found if by_label else sorted(found, key=lambda one: (-one.turned.turned.rows, -one.turned.changed.rows, one.label))
    )


def changed_first(transitions: Sequence[Transition]) -> list[Transition]:
    """Return transitions with the changed ones first, each kind with most rows first."""
    return sorted(transitions, key=lambda one: (not one.changed, -one.sum.rows, one.before.provision, one.after.provision))


def heat(comparison: Comparison, most: int = 14) -> Heat:
    """Return the transition matrix of the answers that change, those with most changed rows first."""
    changed = [one for one in comparison.transitions if one.changed]
    before, after = (_busiest(changed, side, most) for side in ("before", "after"))
    sums: dict[tuple[str, str], Sum] = {}
    stay: dict[str, Sum] = {}
    for one in comparison.transitions:
        key = _key(one.before), _key(one.after)
        if one.changed:
            sums[key] = sums.get(key, Sum()) + one.sum
        else:
            stay[key[0]] = stay.get(key[0], Sum()) + one.sum
    largest = max((one.rows for one in sums.values()), default=0)
    cells = tuple(tuple(_cell(sums.get((_key(row), _key(column)), Sum()), largest) for column in after) for row in before)
    shown = sum((cell.sum for row in cells for cell in row), Sum())
    whole = sum((one.sum for one in changed), Sum())
    rest = Sum(whole.rows - shown.rows, whole.money - shown.money)
    return Heat(before, after, cells, tuple(stay.get(_key(one), Sum()) for one in before), rest)


def headline_of(comparison: Comparison) -> Turned:
    """Return the figures that a report begins with."""
    return turned(comparison.transitions)


def _key(answer: Answer) -> str:
    return f"{answer.verdict} {answer.provision}"


def _busiest(changed: Sequence[Transition], side: str, most: int) -> tuple[Answer, ...]:
    rows: dict[str, tuple[int, Answer]] = {}
    for one in changed:
        answer: Answer = getattr(one, side)
        count, first = rows.get(_key(answer), (0, answer))
        rows[_key(answer)] = count + one.sum.rows, first
    ordered = sorted(rows.items(), key=lambda item: (-item[1][0], item[0]))
    return tuple(answer for _, (_, answer) in ordered[:most])


def _cell(sum_: Sum, largest: int) -> HeatCell:
    return HeatCell(sum_, shade(sum_.rows, largest), sum_.rows > 0)
