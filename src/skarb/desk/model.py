"""What the stages of the road hand to each other."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, field

import msgspec
import numpy as np
from msgspec.structs import force_setattr
from numpy.typing import NDArray

from skarb.core.decision import Receipt
from skarb.core.errors import Problem
from skarb.core.facts import Facts
from skarb.core.instruction import Instruction

Column = NDArray[np.int64]


class Leg(msgspec.Struct, frozen=True, gc=False):
    """One transfer to be made: from whom, to whom, of what, how much. Addresses are words, most general part first."""

    debit: str
    credit: str
    asset: str
    units: int  # smallest units of the asset


class Case:
    """Facts that many instructions share; only the value and the totals differ from one to the next."""

    __slots__ = ("_working", "facts")

    def __init__(self, facts: Facts) -> None:
        self.facts = facts  # value, value_usd and all totals are left missing
        self._working = copy(facts)

    def valued(self, value: int | None, value_usd: int | None) -> Facts:
        """Return the facts with a value, good until the next call: deciding looks at them and forgets them."""
        working = self._working
        force_setattr(working, "value", value)
        force_setattr(working, "value_usd", value_usd)
        return working

    def shown(self, totals: tuple[int | None, ...]) -> Facts:
        """Return the facts as they were valued last, with totals, likewise good until the next call."""
        force_setattr(self._working, "totals", totals)
        return self._working


class Gathered(msgspec.Struct, frozen=True, gc=False):
    """One instruction ready for the law and for the ledger: its facts, its amounts read exactly, and where its sides keep
    their assets in the book."""

    case: Case
    value: int | None  # what it is worth in minor units of the legal currency
    value_usd: int | None  # in cents
    units: int  # of the asset, in its smallest unit
    consideration: int  # of the consideration's asset; 0 when nothing is given in return
    party: str  # address of the person for whom it is done
    counterparty: str  # address of the other side
    own: str  # address of the institution's own position

    @property
    def facts(self) -> Facts:
        """The facts, whole, as an object of their own."""
        return copy(self.case.valued(self.value, self.value_usd))


Plan = Callable[[Instruction, Gathered], tuple[Leg, ...]]


@dataclass(frozen=True, slots=True)
class Product:
    """Something that an institution offers: the activities it knows and the transfers each permitted one becomes."""

    code: str
    title: str
    plans: dict[str, Plan]  # by activity
    plain: frozenset[str] = frozenset()  # activities that are one transfer from the party to the other side, and nothing else


@dataclass(slots=True)
class Answer:
    """What became of the instructions handed in together.

    Shape: one receipt per instruction in the order given, None where a problem was found; problems carry the index of the
    instruction they belong to as `row`.
    """

    receipts: list[Receipt | None] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
