"""Masks: what a law says about some thousand rows, without a plan.

A plan leads hundreds of millions of rows from question to question, but to write it takes longer than to decide a few thousand. Those are decided
here by asking every condition of all rows at once. Columns are laid out as `coding` says, and the answers are those of the kernel.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from skarb.rulebook.classes import is_condition, turned
from skarb.rulebook.coding import MISSING, numbers_of
from skarb.rulebook.expression import And, Code, Codes, Compare, Fact, Missing, Named, Node, Not, Or, Within
from skarb.rulebook.kernel import compute
from skarb.rulebook.schema import Schema
from skarb.rulebook.tree import COMPARE

if TYPE_CHECKING:
    from skarb.rulebook.edition import Guard

Mask = npt.NDArray[np.bool_]
Columns = Mapping[str, npt.NDArray[Any]]


class Masks:
    """Some rows, and every condition that was asked about them."""

    def __init__(self, fields: Schema, columns: Columns, rows: int) -> None:
        """Take the columns of so many rows, a column for each fact that is asked about."""
        self._fields, self._columns, self._rows = fields, columns, rows
        self._known: dict[int, tuple[Node, Mask]] = {}  # by identity, which is kept

    def outcomes(self, guards: Sequence[Guard]) -> npt.NDArray[np.int64]:
        """Return the places of the answers to all rows in the outcomes of an edition, whose guards these are, in the order of decision."""
        first, second = np.zeros(self._rows, np.int64), np.ones(self._rows, np.int64)  # without approval and with it
        open_yet = np.ones(self._rows, np.bool_)
        for guard in guards:
            found = open_yet & self.where(guard.condition)
            first[found], second[found] = guard.result, guard.approved or guard.result
            open_yet &= ~found
            if not open_yet.any():
                break
        return np.where(self._columns["approved"] != 0, second, first)

    def where(self, node: Node) -> Mask:
        """Say which rows a condition holds for."""
        known = self._known.get(id(node))
        if known is None:
            known = self._known[id(node)] = node, self._where(node)
        return known[1]

    def _where(self, node: Node) -> Mask:
        match node:
            case And(parts):
                found = np.ones(self._rows, np.bool_)
                for part in parts:
                    found = found & self.where(part)
                return found
            case Or(parts):
                found = np.zeros(self._rows, np.bool_)
                for part in parts:
                    found = found | self.where(part)
                return found
            case Not(part):
                return ~self.where(part)
            case Named(_, means):
                return self.where(means)
            case Fact(name):
                return self._columns[name].astype(np.bool_)
            case Missing(Fact(name), negated):
                missing: Mask = self._columns[name] == MISSING
                return ~missing if negated else missing
            case Within(Fact(name), Codes(codes), negated):
                found = self._among(name, codes)
                return ~found if negated else found
            case Compare(sign, left, right) if is_condition(left, self._fields):
                same: Mask = self.where(left) == self.where(right)
                return same if sign == "==" else ~same
            case Compare():
                return self._comparison(turned(node))
        raise TypeError(f"{type(node).__name__} is no condition; was it checked and filled?")

    def _comparison(self, node: Compare) -> Mask:
        match node:
            case Compare(sign, Fact(name), Code(code)):
                same = self._among(name, (code,))
                return same if sign == "==" else ~same
        return COMPARE[node.operator](compute(node.left, self._columns), compute(node.right, self._columns))  # type: ignore[return-value]

    def _among(self, name: str, codes: tuple[str, ...]) -> Mask:
        numbers = numbers_of(self._fields[name])
        wanted = np.zeros(len(numbers), np.bool_)
        wanted[[numbers[code] for code in codes]] = True
        return wanted[self._columns[name]]
