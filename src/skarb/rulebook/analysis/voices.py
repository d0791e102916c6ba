"""Voices: what each provision says about one activity in one edition, and what sets two that disagree in order.

A provision *speaks* where it applies, exceptions counted, and, being a requirement, is not met. Of all that speak the first in the edition's order
decides. Its *consequence* is the verdict and how it is carried out; of a levy, whether something is owed and by which rate.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from skarb.rulebook.analysis.questions import Scope
from skarb.rulebook.edition import Edition, verdict_of
from skarb.rulebook.expression import Node
from skarb.rulebook.history import Rulebook
from skarb.rulebook.model import FIRST_DAY, LAST_DAY, Provision
from skarb.rulebook.tree import FALSE, both, narrow, opposite

Order = Literal["exception", "kind", "precedence", "rank", "date", "narrowing", ""]


@dataclass(frozen=True, slots=True)
class Voice:
    """One provision, and when it speaks about an activity."""

    provision: Provision
    speaks: Node

    @property
    def consequence(self) -> tuple[str, str]:
        """What follows when it decides."""
        one = self.provision
        return (verdict_of(one) or one.effect), (one.rate or one.measure)


@dataclass(frozen=True, slots=True)
class Hearing:
    """All that an edition says about one activity, in the order of decision."""

    edition: Edition
    scope: Scope
    deciding: tuple[Voice, ...]
    levies: tuple[Voice, ...]


def spans(rulebook: Rulebook) -> list[tuple[int, int]]:
    """Return the first and last day of every edition."""
    days = rulebook.boundaries
    return list(zip(days, [*(day - 1 for day in days[1:]), LAST_DAY], strict=True))


def hear(edition: Edition, activity: str, first: int, last: int) -> Hearing:
    """Return what an edition says about an activity."""
    done: dict[str, Node] = {}
    known = {"activity": frozenset[str | bool]({activity})}

    def voice(name: str) -> Voice:
        one = edition.provisions[name]
        speaks = edition.applies_when(name, activity, done)
        if one.needs is not None and speaks != FALSE:
            speaks = both(speaks, opposite(narrow(one.needs, known)))  # the condition first: it makes the needs safe to look at
        return Voice(one, speaks)

    def heard(names: tuple[str, ...]) -> tuple[Voice, ...]:
        return tuple(one for one in map(voice, names) if one.speaks != FALSE)

    return Hearing(edition, Scope(activity, first, last), heard(edition.order), heard(edition.levy_order))


def hearings(rulebook: Rulebook) -> Iterator[Hearing]:
    """Yield what every edition says about every activity that anything is said about, the earliest first."""
    for first, last in spans(rulebook):
        edition = rulebook.edition(first)
        for activity in edition.activities:
            hearing = hear(edition, activity, first, last)
            if hearing.deciding or hearing.levies:
                yield hearing


def order_of(edition: Edition, decides: Provision, yields: Provision) -> Order:
    """Return what lets one provision decide over another of a different consequence; "" when nothing does that a lawyer would accept.

    The order of classes alone is not enough: it settles what happens, not what was meant. Neither are the ids.
    """
    if is_exception(edition, decides, yields) or is_exception(edition, yields, decides):
        return "exception"
    if "require" in (decides.effect, yields.effect) and verdict_of(decides) != verdict_of(yields):
        return "kind"  # a requirement says how a thing is done, never whether; both can be obeyed
    if decides.effect == "exempt" and yields.effect == "levy":
        return "kind"
    if decides.precedence > yields.precedence:
        return "precedence"
    higher = edition.rank(yields) - edition.rank(decides)
    if higher:
        return "rank" if higher > 0 else "narrowing"
    first, second = (FIRST_DAY if one.start is None else one.start for one in (decides, yields))
    return "date" if first > second else ""


def is_exception(edition: Edition, one: Provision, of: Provision) -> bool:
    """Say whether a provision is an exception of another, or of its exceptions' exceptions."""
    parents = [edition.provisions[name] for name in one.exception_of if name in edition.provisions]
    return of.id in one.exception_of or any(is_exception(edition, parent, of) for parent in parents)


def joined(days: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Return intervals with those made one that follow each other."""
    found: list[tuple[int, int]] = []
    for first, last in sorted(days):
        if found and found[-1][1] + 1 >= first:
            found[-1] = found[-1][0], max(last, found[-1][1])
        else:
            found.append((first, last))
    return tuple(found)
