"""Voices: what each provision says about one activity in one edition, and what sets two that disagree in order.

A provision *speaks* where it applies, exceptions counted, and, being a requirement, is not met. Of all that speak the first in
the edition's order decides. Its *consequence* is the verdict and how it is carried out; of a levy, whether something is owed
and by which rate.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from skarb.rulebook.analysis.questions import Scope
from skarb.rulebook.edition import Edition, verdict_of
from skarb.rulebook.expression import Fact, Node, walk
from skarb.rulebook.history import Rulebook
from skarb.rulebook.model import FIRST_DAY, LAST_DAY, Provision
from skarb.rulebook.tree import FALSE, Keys, both, narrow, opposite

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
    """All that the law says about one activity for as long as it says the same, in the order of decision."""

    edition: Edition  # the first of those that say it
    scope: Scope  # that edition's days
    days: tuple[tuple[int, int], ...]  # first and last days of every edition that says it
    deciding: tuple[Voice, ...]
    levies: tuple[Voice, ...]


def spans(rulebook: Rulebook) -> list[tuple[int, int]]:
    """Return the first and last day of every edition."""
    days = rulebook.boundaries
    return list(zip(days, [*(day - 1 for day in days[1:]), LAST_DAY], strict=True))


def hear(edition: Edition, activity: str, days: tuple[tuple[int, int], ...]) -> Hearing:
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

    return Hearing(edition, Scope(activity, *days[0]), days, heard(edition.order), heard(edition.levy_order))


def hearings(rulebook: Rulebook) -> list[Hearing]:
    """Return everything the law has said over time about every activity, each as often as it said something else.

    Editions that differ only in what does not concern an activity say the same about it. Where a condition looks at the day, each is heard by itself.
    """
    keys, dated = Keys(), dict[str, bool]()
    found: dict[tuple[object, ...], tuple[Edition, list[tuple[int, int]]]] = {}
    for first, last in spans(rulebook):
        edition = rulebook.edition(first)
        marks = {name: _mark(one, keys) for name, one in edition.provisions.items()}
        dated |= {name: _looks_at_day(edition.provisions[name]) for name in edition.provisions.keys() - dated.keys()}
        for activity in edition.activities:
            names = [name for name, one in edition.provisions.items() if activity in one.activities]
            if names:
                key = (activity, first if any(dated[name] for name in names) else None, *(marks[name] for name in names))
                found.setdefault(key, (edition, []))[1].append((first, last))
    return [hear(edition, str(key[0]), tuple(days)) for key, (edition, days) in found.items()]


def _mark(one: Provision, keys: Keys) -> tuple[str, int, int]:
    """Return what tells a provision with the values of one day from the same with those of another."""
    when, needs = ((-1 if node is None else keys.of(node)) for node in (one.when, one.needs))
    return one.id, when, needs


def _looks_at_day(one: Provision) -> bool:
    return any(part == Fact("day") for node in (one.when, one.needs) if node is not None for part in walk(node))


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
