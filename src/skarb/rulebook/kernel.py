"""An edition over columns of small numbers: how files, replays and many drafts are decided.

Columns are laid out as `coding` says. What comes back is, row by row, what `decide`, `duties` and `levy` of the edition return for the same facts. A
kernel holds nothing that changes, so several threads may ask it at once, each for its own rows.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from skarb.core.compiled import Functions, Kind, choose_kind, compiled, interpreted
from skarb.core.errors import InputError
from skarb.rulebook import walking
from skarb.rulebook.classes import Computed, Cut, Folded, Plain
from skarb.rulebook.coding import MISSING, dtype_of
from skarb.rulebook.expression import (
    Count,
    Day,
    Fact,
    Greatest,
    Least,
    Minus,
    Money,
    Node,
    Plus,
    Ratio,
    Share,
)
from skarb.rulebook.plan import plan_of
from skarb.rulebook.tree import COMPARE

if TYPE_CHECKING:
    from skarb.rulebook.edition import Edition

Column = npt.NDArray[Any]

BLOCK = 16_384  # rows that go on together: what is known of them stays near the processor
_WORTH_COMPILING = 10_000  # rows; fewer are done sooner by the interpreter than a compiler is loaded
_POWERS = np.array([1 << bit for bit in range(63)], np.int64)  # of every bit of a mask of duties


@dataclass(frozen=True)
class Answers:
    """What an edition answers to every row."""

    outcomes: npt.NDArray[np.int16]  # places in `edition.outcomes`
    duties: npt.NDArray[np.int64]  # bits over `edition.duty_ids`
    levies: npt.NDArray[np.int16]  # places in `edition.levy_ids`


class Kernel:
    """An edition, ready for columns."""

    def __init__(self, edition: Edition, activities: Collection[str] | None = None, *, outcomes_only: bool = False) -> None:
        """Write the edition's plan, for some activities or for all, with duties and levies or without; other answers mean nothing.

        Raises: ConfigurationError for facts that columns of small numbers cannot hold.
        """
        self.fields = edition.fields
        self._plan = plan_of(edition, activities, outcomes_only=outcomes_only)
        asked = {kind.fact for kind in self._plan.kinds if not isinstance(kind, Computed)}
        self.facts = tuple(name for name in self.fields if name in asked)
        """The columns it needs, in the order of the schema."""
        many = max(kind.count for kind in self._plan.kinds) > 1 << 8
        self._dtype = np.dtype(np.uint16 if many else np.uint8)
        self._numbers = [_numbers(kind) for kind in self._plan.kinds]

    def decide(self, columns: Mapping[str, Column], kind: Kind | None = None) -> Answers:
        """Return what the edition answers to every row.

        Shape: one column for each of `facts`, laid out as `coding.dtype_of` says; further columns are left alone.
        Raises: InputError for a column that is missing, of another layout or length, or that holds what its field cannot.
        """
        rows = self._rows(columns)
        functions = _load(choose_kind(rows >= _WORTH_COMPILING, kind))
        answers = Answers(np.empty(rows, np.int16), np.empty(rows, np.int64), np.empty(rows, np.int16))
        block = min(BLOCK, rows)
        classes = np.zeros((1 + len(self._plan.kinds), block), self._dtype)
        at, live = np.empty(block, np.uint32), np.empty(block, np.uint32)
        plan = self._plan
        for first in range(0, rows, BLOCK):
            last = min(first + BLOCK, rows)
            self._classify({name: columns[name][first:last] for name in self.facts}, first, last - first, classes, functions)
            written = answers.outcomes[first:last], answers.duties[first:last], answers.levies[first:last]
            functions["answer"](plan.asks, plan.table, plan.roots, _POWERS, classes, last - first, at, live, *written)
        return answers

    def _rows(self, columns: Mapping[str, Column]) -> int:
        """Return how many rows there are."""
        for name in self.facts:
            field = self.fields[name]
            if name not in columns:
                raise InputError(f"there is no column {name!r}: the edition looks at {', '.join(self.facts)}")
            column, wanted = columns[name], dtype_of(field)
            if column.dtype != wanted or column.shape != columns[self.facts[0]].shape or column.ndim != 1:
                raise InputError(
                    f"column {name!r} is {column.dtype} of shape {column.shape}, expected {wanted} and as many rows as "
                    f"{self.facts[0]!r} has: {columns[self.facts[0]].shape}; `coding.encode` lays facts out"
                )
        return len(columns[self.facts[0]])

    def _classify(self, part: Mapping[str, Column], first: int, count: int, classes: Column, functions: Functions) -> None:
        """Write the class of every fact and comparison of a block."""
        words = np.empty(count, np.int64)
        for number, (kind, numbers) in enumerate(zip(self._plan.kinds, self._numbers, strict=True), 1):
            out = classes[number, :count]
            match kind:
                case Plain(name, codes):
                    self._ensure_codes(name, part[name], first, codes)
                    out[:] = part[name]
                case Folded(name, of):
                    self._ensure_codes(name, part[name], first, len(of))
                    out[:] = numbers[part[name]]
                case Cut(name):
                    field = self.fields[name]
                    words[:] = part[name]
                    missing = MISSING if field.optional else field.low
                    bad = functions["sort_numbers"](words, numbers, field.low, field.high, missing, count, out)
                    if bad >= 0:
                        raise _beyond(name, first + bad, words[bad], f"{field.low} to {field.high}")
                case Computed(comparison):
                    left, right = compute(comparison.left, part), compute(comparison.right, part)
                    out[:] = COMPARE[comparison.operator](left, right)

    def _ensure_codes(self, name: str, column: Column, first: int, count: int) -> None:
        if column.max() >= count:
            bad = int(np.argmax(column >= count))
            raise _beyond(name, first + bad, column[bad], f"0 to {count - 1}, the place of a code in its list")


def _beyond(name: str, row: int, given: Any, expected: str) -> InputError:
    return InputError(f"column {name!r}, row {row}: {given} given, expected {expected}")


def _numbers(kind: Plain | Folded | Cut | Computed) -> Column:
    """Return what a kind's classes are found with."""
    match kind:
        case Folded(_, classes):
            return np.array(classes, np.uint16)
        case Cut(_, cuts):
            return np.array(cuts, np.int64)
    return np.empty(0, np.int64)


def compute(node: Node, columns: Mapping[str, Column]) -> Any:
    """Return a value for every row.

    Where a fact is missing the value means nothing, and the question behind it is never asked.
    """
    match node:
        case Fact(name):
            return columns[name].astype(np.int64)
        case Count(value) | Day(value) | Money(value):
            return np.int64(value)
        case Plus(left, right):
            return compute(left, columns) + compute(right, columns)
        case Minus(left, right):
            return compute(left, columns) - compute(right, columns)
        case Least(parts):
            return np.minimum.reduce(np.broadcast_arrays(*(compute(part, columns) for part in parts)))
        case Greatest(parts):
            return np.maximum.reduce(np.broadcast_arrays(*(compute(part, columns) for part in parts)))
        case Share(amount, Ratio(numerator, denominator), mode):
            return share(compute(amount, columns), numerator, denominator, mode)
    raise TypeError(f"{type(node).__name__} has no value; was it checked and filled?")


def share(amounts: Any, numerator: int, denominator: int, mode: str) -> Any:
    """Return the exact share of every amount: |x| = q·d + r, so |x|·n/d = q·n + r·n/d, and r·n is small."""
    sizes = np.abs(amounts)
    whole, rest = np.divmod(sizes, denominator)
    more, left = np.divmod(rest * numerator, denominator)
    whole = whole * numerator + more
    if mode == "up":
        whole = whole + (left > 0)
    elif mode == "half_up":
        whole = whole + (2 * left >= denominator)
    return np.where(amounts < 0, -whole, whole)


@cache
def _load(kind: Kind) -> Functions:
    return compiled([walking], ("answer", "sort_numbers")) if kind == "numba" else interpreted([walking])
