"""Arrange: the quantities of editions laid out for the kernels, as arrays of whole numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from skarb.core.errors import ConfigurationError
from skarb.core.facts import Facts
from skarb.oversight.replay.tallying import Fields, Quantities
from skarb.rulebook.expression import Fact, Node, walk
from skarb.rulebook.kernel import compute as evaluate
from skarb.rulebook.quantities import Quantity
from skarb.rulebook.tree import compute

Numbers = npt.NDArray[np.int64]

KINDS_MAX = 1 << 62


@dataclass(frozen=True)
class Arrangement:
    """Quantities as the kernels take them."""

    names: tuple[str, ...]  # the varying facts, a row of `fields` each
    wholes: tuple[Node, ...]  # expressions that are computed for every row, a further row of `fields` each
    quantities: Quantities

    def columns(
        self, columns: Mapping[str, Numbers], cases: npt.NDArray[np.int32], case_columns: Mapping[str, npt.NDArray[Any]]
    ) -> Fields:
        """Return the numbers of some rows as `fields` does, but as the columns that they are if nothing is to be computed."""
        if self.wholes:
            return self.fields(columns, cases, case_columns)
        own = tuple(columns[name].astype(np.int64, copy=False).view() for name in self.names)
        for column in own:
            column.flags.writeable = False  # one kind of array for the compiler
        return own

    def fields(
        self, columns: Mapping[str, Numbers], cases: npt.NDArray[np.int32], case_columns: Mapping[str, npt.NDArray[Any]]
    ) -> Numbers:
        """Return the numbers of some rows, a row for each varying fact and each whole expression."""
        made = np.empty((len(self.names) + len(self.wholes), len(cases)), np.int64)
        for place, name in enumerate(self.names):
            made[place] = columns[name]
        for place, node in enumerate(self.wholes, len(self.names)):
            own = {one.name for one in walk(node) if isinstance(one, Fact)} - columns.keys()
            made[place] = evaluate(node, {**columns, **{name: case_columns[name][cases] for name in own}})
        return made


def arrange(quantities: Sequence[Quantity], names: Sequence[str], cases: Sequence[Facts]) -> Arrangement:
    """Lay quantities out for rows whose varying facts have these names and whose cases are these.

    Raises: ConfigurationError if there are more kinds of rows than a word can number.
    """
    bounds: list[tuple[int, ...]] = []
    term_fields: list[int] = []
    term_factors: list[int] = []
    besides: list[list[int]] = []
    steps: list[int] = []
    wholes: list[Node] = []
    radix = 1
    for one in quantities:
        first_term, first_step, beside = len(term_fields), len(steps), -1
        if one.whole is not None:
            term_fields.append(len(names) + len(wholes))
            term_factors.append(1)
            wholes.append(one.whole)
        for name, factor in one.terms:
            term_fields.append(names.index(name))
            term_factors.append(factor)
        if one.beside is not None:
            beside = len(besides)
            besides.append([_beside(one.beside, case) for case in cases])
        steps.extend(one.steps)
        bounds.append((first_term, len(term_fields), beside, first_step, len(steps), radix))
        radix *= len(one.steps) + 1
        if radix > KINDS_MAX:
            raise ConfigurationError(
                f"the editions tell {radix} kinds of rows apart by {len(quantities)} quantities, expected at most {KINDS_MAX}; "
                "replay fewer drafts at once"
            )
    laid = Quantities(
        np.array(bounds, np.int64).reshape(-1, 6),
        np.array(term_fields, np.int64),
        np.array(term_factors, np.int64),
        np.array(besides, np.int64).reshape(len(besides), len(cases)),
        np.array(steps, np.int64),
    )
    return Arrangement(tuple(names), tuple(wholes), laid)


def _beside(node: Node, case: Facts) -> int:
    """Return the value of an expression for a case; nought where a fact in it is missing, as then no condition looks at it."""
    try:
        return int(compute(node, case))
    except TypeError:
        return 0
