"""Schemes among the clients of the town's bank: money handed on in circles, through middlemen, in sums just below what is reported.

Each payment is lawful by itself and is asked for like any other, so only whoever looks at all of them together sees anything. Schemes have a
chance of their own and nothing in the world notes them, so a town lives the same life with and without them. Their truth is in the ids of their
instructions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from random import Random

from skarb.core.amount import format_amount
from skarb.core.instruction import Instruction
from skarb.simulate.model import Event
from skarb.simulate.world import LEGAL_DECIMALS, World

EVERY_DAYS, FIRST_DAY = 2, 2
_MARK = "-t"
_Hand = tuple[int, int, int, int]  # sender, receiver by their places, minutes after the beginning, minor units


def scheme_of(instruction_id: str) -> str | None:
    """Return the scheme that an instruction belongs to, as its number and family, or None."""
    _, mark, rest = instruction_id.rpartition(_MARK)
    number, _, family = rest.partition("-")
    return f"{number[:3]}-{family.rpartition('-')[0]}" if mark and number.isdecimal() else None


def planted(w: World, day: date, start: date, midnight: datetime) -> list[Event]:
    """Return what a scheme that begins on this day will ask for over the days to come; nothing on most days."""
    since = (day - start).days - FIRST_DAY
    clients = sorted(one.party for one in w.clients[w.home_bank] if one.kind == "natural_person")
    if since < 0 or since % EVERY_DAYS or len(clients) < 30:
        return []
    number = since // EVERY_DAYS
    rng = Random(f"{w.seed}/scheme/{number}")
    family = tuple(SCHEMES)[number % len(SCHEMES)]
    people = rng.sample(clients, 12)
    return list(_events(w, midnight + timedelta(hours=9), f"{number:03}-{family}", people, SCHEMES[family](rng)))


def _events(w: World, begin: datetime, name: str, people: list[str], hands: list[_Hand]) -> Iterable[Event]:
    """Yield the payments; who hands on more than he received is first given the rest from another bank."""
    owned = [0] * len(people)
    for step, (sender, receiver, minutes, minor) in enumerate(sorted(hands, key=lambda one: one[2])):
        at = begin + timedelta(minutes=minutes, seconds=7 * step)
        if owned[sender] < minor:
            short = minor - owned[sender]
            yield _pay(w, at - timedelta(minutes=30), f"{name}-{step:02}f", w.other_bank, people[sender], short, "own savings")
            owned[sender] += short
        owned[sender] -= minor
        owned[receiver] += minor
        yield _pay(w, at, f"{name}-{step:02}", people[sender], people[receiver], minor, "as agreed")


def _pay(w: World, at: datetime, name: str, debtor: str, creditor: str, minor: int, purpose: str) -> Event:
    return Event(
        w.home_bank,
        Instruction(
            id=f"{w.home_bank}-{at:%y%m%d}{_MARK}{name}",
            at=at,
            activity="fiat_pay",
            party=debtor,
            counterparty=creditor,
            asset=w.town.currency,
            amount=format_amount(minor, LEGAL_DECIMALS),
            purpose=purpose,
            entered_by="client",
        ),
    )


def _sum(rng: Random) -> int:
    return rng.randint(300_000, 900_000)


def _cycle(rng: Random) -> list[_Hand]:
    size, many, hands = _sum(rng), rng.randint(3, 5), []
    for one in range(many):
        hands.append((one, (one + 1) % many, 300 * one + rng.randint(0, 200), size))
        size -= size * rng.randint(0, 5) // 100
    return hands


def _scatter_gather(rng: Random) -> list[_Hand]:
    hands = []
    for one in range(2, 2 + rng.randint(4, 8)):
        size, minutes = _sum(rng), rng.randint(0, 1_500)
        hands += [(0, one, minutes, size), (one, 1, minutes + rng.randint(200, 1_200), size * rng.randint(92, 99) // 100)]
    return hands


def _fan_in(rng: Random) -> list[_Hand]:
    return [(one, 0, rng.randint(0, 3_000), _sum(rng)) for one in range(1, rng.randint(8, 12))]


def _chain(rng: Random) -> list[_Hand]:
    size, minutes, hands = _sum(rng), 0, []
    for one in range(rng.randint(5, 8)):
        hands.append((one, one + 1, minutes, size))
        size, minutes = size * rng.randint(94, 99) // 100, minutes + rng.randint(120, 900)
    return hands


def _structuring(rng: Random) -> list[_Hand]:
    return [(0, 1 + step % 2, 1_300 * step + rng.randint(0, 600), rng.randint(7_600_000, 8_950_000)) for step in range(4)]


def _bipartite(rng: Random) -> list[_Hand]:
    return [(one, other, rng.randint(0, 3_000), _sum(rng)) for one in range(4) for other in range(4, 7)]


SCHEMES: dict[str, Callable[[Random], list[_Hand]]] = {
    "cycle": _cycle,
    "scatter_gather": _scatter_gather,
    "structuring": _structuring,
    "fan_in": _fan_in,
    "chain": _chain,
    "bipartite": _bipartite,
}
