"""What the stages of the road hand to each other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from skarb.core.decision import Receipt
from skarb.core.errors import Problem
from skarb.core.facts import Facts
from skarb.core.instruction import Instruction


class Leg(NamedTuple):
    """One transfer to be made: from whom, to whom, of what, how much. Addresses are words, most general part first."""

    debit: str
    credit: str
    asset: str
    units: int  # smallest units of the asset


class Sides(NamedTuple):
    """The addresses at which the parties of an instruction keep their assets in this book, and the amounts in smallest units."""

    party: str
    counterparty: str
    own: str  # the institution's own position
    units: int
    consideration: int  # 0 when there is none


Plan = Callable[[Instruction, Facts, Sides], tuple[Leg, ...]]


@dataclass(frozen=True, slots=True)
class Product:
    """Something that an institution offers: the activities it knows and the transfers each permitted one becomes."""

    code: str
    title: str
    plans: dict[str, Plan]  # by activity


@dataclass(slots=True)
class Answer:
    """What became of the instructions handed in together.

    Shape: one receipt per instruction in the order given, None where a problem was found; problems carry the index of the
    instruction they belong to as `row`.
    """

    receipts: list[Receipt | None] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
