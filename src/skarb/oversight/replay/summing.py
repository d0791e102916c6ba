"""Summing: what happens between the answers of two laws, over all rows, in the dimensions asked for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
import numpy as np
import numpy.typing as npt

from skarb.core.errors import ensure
from skarb.core.facts import Facts
from skarb.core.time import from_day
from skarb.lake import PER_ROW
from skarb.oversight.replay.answers import Answers
from skarb.oversight.replay.model import Answer, Comparison, Dimension, Sum, Transition, merged
from skarb.oversight.replay.read import Rows
from skarb.oversight.replay.tally import Cells

Numbers = npt.NDArray[np.int64]

COLUMNS: dict[Dimension, str] = {"venue": "venue", "book": "book"}  # dimensions that are columns of rows
_RECORDED = "SELECT edition, outcome, verdict, provision, measure, assumed FROM outcomes"


def groups_of(by: Sequence[Dimension]) -> list[str]:
    """Return the columns of rows that dimensions tell apart."""
    return [COLUMNS[one] for one in by if one in COLUMNS]


@dataclass(frozen=True)
class Summary:
    """Cells, and all that is needed to say in words what they are."""

    connection: duckdb.DuckDBPyConnection
    rows: Rows
    cases: Sequence[Facts]
    answers: Answers
    by: tuple[Dimension, ...]

    def compare(self, cells: Cells, before: Numbers, after: Numbers) -> Comparison:
        """Return what happens between the answers of two laws to each cell."""
        split = self.rows.split(cells.groups)
        recorded = self._recorded(split)
        by = [self._dimension(one, cells, split) for one in self.by]
        sizes = [*(len(labels) for labels, _ in by), len(self.answers.known), len(self.answers.known)]
        distinct, inverse = _distinct([*(places for _, places in by), before, after], sizes)
        counts, low, high = (np.zeros(len(distinct), np.int64) for _ in range(3))
        for total, column in ((counts, cells.counts), (low, cells.low), (high, cells.high)):
            np.add.at(total, inverse, column)
        slices = tuple(
            Transition(
                self.answers.known[key[-2]],
                self.answers.known[key[-1]],
                Sum(rows, (top << 32) + bottom),
                tuple(labels[place] for (labels, _), place in zip(by, key[:-2], strict=True)),
            )
            for key, rows, top, bottom in zip(distinct.tolist(), counts.tolist(), high.tolist(), low.tolist(), strict=True)
        )
        known = recorded >= 0
        return Comparison(
            transitions=merged(slices),
            slices=tuple(sorted(slices, key=lambda one: -one.sum.rows)) if by else (),
            rows=int(cells.counts.sum()),
            differing=int(cells.counts[known & self.answers.differ(np.where(known, recorded, 0), before)].sum()),
            undecided=int(cells.counts[~known].sum()),
        )

    def may_have_come(self, cells: Cells) -> npt.NDArray[np.bool_]:
        """Say of each cell whether its rows were permitted, as far as the lake says."""
        recorded = self._recorded(self.rows.split(cells.groups))
        permits = np.array([one.verdict == "permit" for one in self.answers.known], np.bool_)
        return (recorded < 0) | permits[recorded]

    def _recorded(self, split: dict[str, Numbers]) -> Numbers:
        """Return the number of the answer that was recorded for each cell, -1 where none was."""
        numbers = {
            (row[0], row[1]): self.answers.number(Answer(*row[2:])) for row in self.connection.execute(_RECORDED).fetchall()
        }
        pairs = zip(split["edition"].tolist(), split["outcome"].tolist(), strict=True)
        return np.array([numbers.get(pair, -1) for pair in pairs], np.int64)

    def _dimension(self, dimension: Dimension, cells: Cells, split: dict[str, Numbers]) -> tuple[list[str], Numbers]:
        """Return the labels of a dimension, and the place of each cell's own among them."""
        if dimension in COLUMNS:
            labels = self._names("books" if dimension == "book" else "names", split[COLUMNS[dimension]])
        elif dimension == "month":
            labels = [f"{from_day(one):%Y-%m}" for one in cells.firsts[:, 1 + PER_ROW.index("day")].tolist()]
        else:
            cases = [self.cases[case] for case in cells.cases.tolist()]
            residency = {True: "resident", False: "non_resident"}
            labels = [case.activity if dimension == "activity" else residency[case.actor_resident] for case in cases]
        distinct = sorted(set(labels))
        places = {label: place for place, label in enumerate(distinct)}
        return distinct, np.array([places[label] for label in labels], np.int64)

    def _names(self, table: str, numbers: Numbers) -> list[str]:
        wanted = sorted(set(numbers.tolist()) - {-1})
        asked = f"SELECT number, name FROM {table} WHERE number IN (SELECT unnest(?::INTEGER[]))"
        found = dict(self.connection.execute(asked, [wanted]).fetchall())
        return [found.get(number, "none") for number in numbers.tolist()]


def _distinct(columns: Sequence[Numbers], sizes: Sequence[int]) -> tuple[Numbers, Numbers]:
    """Return the combinations of some columns that occur, a row each, and the place of each row's own; a column's numbers are below its size."""
    ensure(math.prod(sizes) < 1 << 62, "combinations of dimensions and answers can be numbered")
    words = np.zeros(len(columns[0]), np.int64)
    for column, size in zip(columns, sizes, strict=True):
        words = words * size + column
    found, inverse = np.unique(words, return_inverse=True)
    parts = []
    for size in reversed(sizes):
        found, part = np.divmod(found, max(size, 1))
        parts.append(part)
    return np.stack(parts[::-1], axis=1), inverse.reshape(-1)
