"""Transfers of a made-up world with ordinary life in it, and schemes planted among them whose truth is known.

Ordinary life is what makes detection hard, so it has heavy tails: wages from employers large and small, purchases at shops of very different custom,
friends who share bills, rents, suppliers, taxes, tokens bought on licensed platforms, real gifts. Schemes use people who live such lives, too. The
idea of complete labels is AMLworld's (Altman et al., 2023); nothing else of it is here. The same seed and numbers give the same world.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from skarb.oversight.typologies.model import GIFT, LEGAL, TOKEN, Family, Flow, Numbers, Transfers

DAY = 86_400
THRESHOLD = 9_000_000  # minor units from which the made-up law has an operation reported
_INSTITUTIONS = 12
_PLATFORMS = 3
_Draw = np.random.Generator


@dataclass(frozen=True)
class World:
    """Transfers with what is true of them.

    Shape: `scheme` has one entry per transfer, the number of its scheme or -1; `families` one per scheme. Before `begin` there is only ordinary
    life: whoever watches a market knows its past.
    """

    flow: Flow
    scheme: Numbers
    families: tuple[Family, ...]
    begin: int  # the first transfer of the time in which there are schemes


def world(seed: int, *, accounts: int = 5_000, days: int = 120, schemes: int = 120, start: int = 1_780_272_000) -> World:
    """Return a world of so many people and companies over so many days; schemes take the families in turn.

    Units: `start` in seconds since 1970.
    """
    draw = np.random.default_rng(seed)
    town = _Town(draw, accounts, days)
    parts = [habit(town) for habit in (_wages, _purchases, _friends, _rents, _suppliers, _taxes, _platforms, _gifts)]
    labels = [np.full(len(part), -1, np.int64) for part in parts]
    names = tuple(PLANTED)
    families = tuple(names[number % len(names)] for number in range(schemes))
    for number, family in enumerate(families):
        part = np.array(PLANTED[family](town), np.int64)
        parts.append(part)
        labels.append(np.full(len(part), number, np.int64))
    rows, label = np.concatenate(parts), np.concatenate(labels)
    order = np.argsort(rows[:, 2], kind="stable")
    rows, label = rows[order], label[order]
    sender, receiver, moment, size, marks = (rows[:, column].copy() for column in range(5))
    transfers = Transfers(
        sender,
        receiver,
        moment + start,
        size,
        np.full(len(rows), LEGAL),
        marks,
        town.institution[sender],
        town.institution[receiver],
    )
    flow = Flow(
        transfers,
        [f"account-{number}" for number in range(town.count)],
        [f"institution-{number}" for number in range(_INSTITUTIONS)],
        [f"world/{number}" for number in range(len(rows))],
        licensed=town.platforms,
    )
    return World(flow, label, families, int(np.searchsorted(moment, town.history * DAY)))


class _Town:
    """Who is there: people, companies, shops, employers, platforms; and a source of chance."""

    def __init__(self, draw: _Draw, accounts: int, days: int) -> None:
        self.draw, self.days, self.history = draw, days, days // 2
        self.people = np.arange(accounts * 92 // 100)
        self.firms = np.arange(len(self.people), accounts)
        self.platforms = np.arange(accounts, accounts + _PLATFORMS)
        self.treasury = accounts + _PLATFORMS
        self.count = accounts + _PLATFORMS + 1
        share = 1 / np.arange(1, _INSTITUTIONS + 1)
        self.institution = draw.choice(_INSTITUTIONS, self.count, p=share / share.sum())
        self.sleepers = draw.permutation(self.people)[: max(20, accounts // 100)]  # hardly do anything of their own
        self.awake = np.setdiff1d(self.people, self.sleepers)

    def sizes(self, median: float, spread: float, count: int) -> Numbers:
        """Return sums in minor units, most of them small and some very large."""
        return np.maximum(100, (100 * median * np.exp(spread * self.draw.standard_normal(count))).astype(np.int64))

    def moments(self, count: int) -> Numbers:
        """Return moments in daylight."""
        day = self.draw.integers(0, self.days, count)
        hour = np.clip(self.draw.normal(14, 4, count), 0, 23.9)
        return (day * DAY + (hour * 3600)).astype(np.int64)

    def some(self, count: int) -> list[int]:
        """Return so many different people."""
        found: list[int] = self.draw.choice(self.awake, count, replace=False).tolist()
        return found

    def begin(self, room_days: float) -> int:
        """Return a moment that leaves room for a scheme after it."""
        first = self.history * DAY
        return first + int(self.draw.integers(0, max(1, int((self.days - room_days) * DAY) - first)))

    def after(self, moment: int, low_h: float, high_h: float) -> int:
        """Return a moment some hours later."""
        return moment + int(self.draw.uniform(low_h, high_h) * 3600)

    def sum(self) -> int:
        """Return a sum that is worth hiding."""
        return int(self.sizes(5_000, 0.7, 1)[0])

    def less(self, size: int) -> int:
        """Return what is left of a sum after a middleman took his share."""
        return int(size * self.draw.uniform(0.9, 1.0))


def _rows(sender: Numbers, receiver: Numbers, moment: Numbers, size: Numbers, marks: int = 0) -> Numbers:
    made: Numbers = np.stack([sender, receiver, moment, size, np.full(len(sender), marks)], axis=1).astype(np.int64)
    kept: Numbers = made[made[:, 0] != made[:, 1]]
    return kept


def _heavy(town: _Town, who: Numbers, count: int, steep: float) -> Numbers:
    """Return so many of them, the first ones far more often than the last."""
    weight = 1 / np.arange(1, len(who) + 1) ** steep
    return who[town.draw.choice(len(who), count, p=weight / weight.sum())]


def _wages(t: _Town) -> Numbers:
    employers = t.firms[: max(1, len(t.firms) // 2)]
    employer = _heavy(t, employers, len(t.awake), 0.8)
    wage, payday = t.sizes(2_000, 0.4, len(t.awake)), t.draw.integers(0, 30, t.count)
    months = range(-(-t.days // 30))
    parts = []
    for month in months:
        day = month * 30 + payday[employer]
        parts.append(_rows(employer, t.awake, day * DAY + 36_000 + t.draw.integers(0, 7_200, len(day)), wage))
    return _until(t, np.concatenate(parts))


def _purchases(t: _Town) -> Numbers:
    shops = t.firms[len(t.firms) // 3 :]
    often = t.draw.gamma(0.8, 0.3, len(t.awake))  # purchases a day
    count = t.draw.poisson(often * t.days)
    buyer = np.repeat(t.awake, count)
    return _rows(buyer, _heavy(t, shops, len(buyer), 1.0), t.moments(len(buyer)), t.sizes(40, 1.0, len(buyer)))


def _friends(t: _Town) -> Numbers:
    circle = t.draw.choice(t.awake, (t.count, 6))
    count = t.draw.poisson(t.draw.gamma(0.5, 0.15, len(t.awake)) * t.days)
    payer = np.repeat(t.awake, count)
    friend = circle[payer, np.minimum(t.draw.geometric(0.4, len(payer)) - 1, 5)]
    return _rows(payer, friend, t.moments(len(payer)), t.sizes(60, 1.2, len(payer)))


def _rents(t: _Town) -> Numbers:
    tenants = t.draw.choice(t.awake, len(t.awake) // 5, replace=False)
    landlords = _heavy(t, t.draw.permutation(t.awake), len(tenants), 0.6)
    rent, day = t.sizes(700, 0.4, len(tenants)), t.draw.integers(0, 30, len(tenants))
    months = range(-(-t.days // 30))
    return _until(t, np.concatenate([_rows(tenants, landlords, (month * 30 + day) * DAY + 43_200, rent) for month in months]))


def _until(t: _Town, rows: Numbers) -> Numbers:
    """Return what happens before the world ends."""
    return rows[rows[:, 2] < t.days * DAY]


def _suppliers(t: _Town) -> Numbers:
    known = t.draw.choice(t.firms, (t.count, 8))
    count = t.draw.poisson(t.draw.pareto(1.5, len(t.firms)) * 0.3 * t.days)
    payer = np.repeat(t.firms, np.minimum(count, 40 * t.days))
    supplier = known[payer, np.minimum(t.draw.geometric(0.35, len(payer)) - 1, 7)]
    return _rows(payer, supplier, t.moments(len(payer)), t.sizes(3_000, 1.5, len(payer)))


def _taxes(t: _Town) -> Numbers:
    parts = []
    for month in range(-(-t.days // 30)):
        day = month * 30 + 21
        if day < t.days:
            moments = np.full(len(t.firms), day * DAY + 50_000) + t.draw.integers(0, 10_000, len(t.firms))
            parts.append(_rows(t.firms, np.full(len(t.firms), t.treasury), moments, t.sizes(4_000, 1.0, len(t.firms))))
    return np.concatenate(parts) if parts else np.empty((0, 5), np.int64)


def _platforms(t: _Town) -> Numbers:
    """Tokens bought from licensed platforms: money there, tokens back within the hour, at the price."""
    count = len(t.awake) * t.days // 100
    buyer, platform = _heavy(t, t.draw.permutation(t.awake), count, 0.7), t.draw.choice(t.platforms, count)
    moment, size = t.moments(count), t.sizes(300, 1.1, count)
    money = _rows(buyer, platform, moment, size)
    return np.concatenate([money, _rows(platform, buyer, moment + t.draw.integers(60, 3_600, count), size * 99 // 100, TOKEN)])


def _gifts(t: _Town) -> Numbers:
    """Tokens given to friends for nothing, some of whom the giver also shares bills with."""
    count = len(t.awake) * t.days // 1_500
    giver, friend = t.draw.choice(t.awake, (2, count))
    return _rows(giver, friend, t.moments(count), t.sizes(150, 1.0, count), TOKEN | GIFT)


# Schemes: each returns rows of sender, receiver, moment, size, marks.
_Row = tuple[int, int, int, int, int]


def _fan_in(t: _Town) -> list[_Row]:
    centre, *payers = t.some(1 + int(t.draw.integers(6, 16)))
    begin = t.begin(5)
    return [(one, centre, t.after(begin, 0, 96), t.sum(), 0) for one in payers]


def _fan_out(t: _Town) -> list[_Row]:
    centre, *payees = t.some(1 + int(t.draw.integers(6, 16)))
    begin = t.begin(5)
    return [(centre, one, t.after(begin, 0, 96), t.sum(), 0) for one in payees]


def _cycle(t: _Town) -> list[_Row]:
    ring, moment, size, rows = t.some(int(t.draw.integers(3, 7))), t.begin(5), t.sum(), []
    for one, other in zip(ring, [*ring[1:], ring[0]], strict=True):
        rows.append((one, other, moment, size, 0))
        moment, size = t.after(moment, 1, 18), t.less(size)
    return rows


def _scatter_gather(t: _Town) -> list[_Row]:
    origin, goal, *middle = t.some(2 + int(t.draw.integers(4, 12)))
    begin, rows = t.begin(6), []
    for one in middle:
        size, moment = t.sum(), t.after(begin, 0, 60)
        rows += [(origin, one, moment, size, 0), (one, goal, t.after(moment, 2, 60), t.less(size), 0)]
    return rows


def _gather_scatter(t: _Town) -> list[_Row]:
    people = t.some(1 + int(t.draw.integers(8, 20)))
    centre, payers, payees = people[0], people[1 : len(people) // 2], people[len(people) // 2 :]
    begin = t.begin(7)
    came = [(one, centre, t.after(begin, 0, 72), t.sum(), 0) for one in payers]
    total = t.less(sum(row[3] for row in came))
    return [*came, *((centre, one, t.after(begin, 74, 140), max(100, total // len(payees)), 0) for one in payees)]


def _stack(t: _Town) -> list[_Row]:
    width = int(t.draw.integers(3, 6))
    people = t.some(3 * width)
    layers, begin, rows = (people[:width], people[width : 2 * width], people[2 * width :]), t.begin(6), []
    for one in range(width):
        for step in (0, 1):
            size, moment = t.sum(), t.after(begin, 0, 48)
            middle, goal = layers[1][(one + step) % width], layers[2][one % 2]
            rows += [(layers[0][one], middle, moment, size, 0), (middle, goal, t.after(moment, 2, 48), t.less(size), 0)]
    return rows


def _bipartite(t: _Town) -> list[_Row]:
    left = int(t.draw.integers(3, 7))
    people = t.some(left + int(t.draw.integers(3, 6)))
    begin = t.begin(4)
    return [(one, other, t.after(begin, 0, 72), t.sum(), 0) for one in people[:left] for other in people[left:]]


def _structuring(t: _Town) -> list[_Row]:
    centre, *payees = t.some(2 + int(t.draw.integers(0, 3)))
    begin = t.begin(9)
    return [
        (centre, payees[place % len(payees)], t.after(begin, 0, 190), int(THRESHOLD * t.draw.uniform(0.82, 0.999)), 0)
        for place in range(int(t.draw.integers(4, 9)))
    ]


def _rapid(t: _Town) -> list[_Row]:
    """A mule account, which does little else: large sums in, and out again within hours."""
    mule = int(t.draw.choice(t.sleepers))
    others, moment, rows = t.some(6), t.begin(3), []
    for place in range(3):
        size = 5 * t.sum()
        rows += [(others[place], mule, moment, size, 0), (mule, others[3 + place], t.after(moment, 0.2, 6), t.less(size), 0)]
        moment = t.after(moment, 12, 20)
    return rows


def _dormant(t: _Town) -> list[_Row]:
    """An account that slept, and is suddenly busy; its one transfer of long ago is no part of the scheme's time."""
    sleeper = int(t.draw.choice(t.sleepers))
    others, begin = t.some(10), t.begin(5)
    woken = [(sleeper, one, t.after(begin, 0, 90), t.sum(), 0) for one in others[:6]]
    return [
        (others[9], sleeper, begin - 220 * DAY, t.sum(), 0),
        *woken,
        *((one, sleeper, t.after(begin, 0, 40), t.sum(), 0) for one in others[6:9]),
    ]


def _dealer(t: _Town) -> list[_Row]:
    dealer, *clients = t.some(1 + int(t.draw.integers(6, 16)))
    begin, rows = t.begin(20), []
    for one in clients:
        size, moment = int(t.sizes(500, 0.8, 1)[0]), t.after(begin, 0, 440)
        payer, giver = (one, dealer) if t.draw.random() < 0.7 else (dealer, one)
        rows += [(payer, giver, moment, size, 0), (giver, payer, t.after(moment, 0.1, 5), t.less(size), TOKEN)]
    return rows


def _gift_sale(t: _Town) -> list[_Row]:
    giver, taker = t.some(2)
    moment, size = t.begin(3), t.sum()
    return [(giver, taker, moment, size, TOKEN | GIFT), (taker, giver, t.after(moment, 0.1, 40), t.less(size), 0)]


def _chain(t: _Town) -> list[_Row]:
    people, moment, size, rows = t.some(int(t.draw.integers(5, 11))), t.begin(7), t.sum(), []
    for one, other in itertools.pairwise(people):
        rows.append((one, other, moment, size, 0))
        moment, size = t.after(moment, 1, 16), t.less(size)
    return rows


PLANTED: dict[Family, Callable[[_Town], list[_Row]]] = {
    "fan_in": _fan_in,
    "fan_out": _fan_out,
    "cycle": _cycle,
    "scatter_gather": _scatter_gather,
    "gather_scatter": _gather_scatter,
    "stack": _stack,
    "bipartite": _bipartite,
    "structuring": _structuring,
    "rapid_in_out": _rapid,
    "dormant": _dormant,
    "dealer": _dealer,
    "gift_sale": _gift_sale,
    "chain": _chain,
}
