"""Paths over books against the plainest telling: every unit of money carries the list of transfers it went through, from book to book."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.thorough import THOROUGH
from tests.unit.oversight.lakes import Told, fill, insert

from skarb.core.facts import Facts
from skarb.lake import open_lake
from skarb.oversight.flows import paths
from skarb.oversight.flows.paths import find_origins, paths_of, sides_of

DAY = 86_400 * 10**9
DAYS = 3
MARKETS = 200 if THOROUGH else 20
_ADDRESSES = ("client/a", "client/b", "outside/banks", "outside/venue")  # of each book
_BANKS, _VENUE = 2, 3


@dataclass(frozen=True)
class Leg:
    """One transfer of one row. Units: `at` in nanoseconds."""

    book: int
    debit: int  # place in `_ADDRESSES`
    credit: int
    amount: int
    at: int
    name: str | None  # the id that the row carries


def market(rng: random.Random) -> list[Leg]:
    """Draw payments within books, between them, and abroad; some ids are used twice, some payments are late, grow, or never arrive."""
    drawn: list[tuple[int, int, int, int, int, str | None]] = []
    for number in range(rng.choice((5, 60, 150))):
        book, at, amount = rng.randrange(3), rng.randrange(20 * DAY), rng.randrange(1, 30)
        client = rng.randrange(2)
        name = rng.choice((None, f"e{number}", f"e{number}", f"e{number}", f"e{rng.randrange(150)}", "NOTPROVIDED"))
        match rng.randrange(7):
            case 0:
                drawn.append((book, _BANKS, client, amount, at, name))
            case 1:
                drawn.append((book, client, 1 - client, amount, at, name))
            case 2:
                drawn.append((book, client, _VENUE, amount, at, name))
            case _:
                other = (book + rng.choice((1, 1, 1, 2, 0))) % 3
                late = rng.choice((1, 1, 1, DAY, DAY, DAYS * DAY, DAYS * DAY + 1, -1))
                drawn.append((book, client, _BANKS, amount, at, name))
                if rng.random() < 0.9:
                    arrived = max(1, amount - rng.choice((0, 0, 1, 5, -1)))
                    drawn.append((other, _BANKS, rng.randrange(2), arrived, at + late, name))
    drawn.sort(key=lambda one: one[4])
    legs, before = [], -1
    for one in drawn:  # at different instants, so that there is one order
        before = max(before + 1, one[4])
        legs.append(Leg(*one[:4], before, one[5]))
    return legs


def tied(legs: list[Leg]) -> dict[int, int]:
    """Return for each transfer that arrives the one that was sent, by the rule in words."""
    sent, got = defaultdict(list), defaultdict(list)
    for place, leg in enumerate(legs):
        if leg.name is not None and leg.name != "NOTPROVIDED":
            if leg.debit < _BANKS <= leg.credit:
                sent[leg.name].append(place)
            if leg.credit < _BANKS <= leg.debit:
                got[leg.name].append(place)
    found = {}
    for name in sent.keys() & got.keys():
        if len(sent[name]) == len(got[name]) == 1:
            (one,), (other,) = sent[name], got[name]
            out, into = legs[one], legs[other]
            if out.book != into.book and into.amount <= out.amount and 0 <= into.at - out.at <= DAYS * DAY:
                found[other] = one
    return found


def plainly(legs: list[Leg], most: int = paths.MOST_HOPS) -> dict[int, Counter[tuple[tuple[int, ...], str]]]:
    """Return for each transfer abroad how many of its units came on which way."""
    pairs = tied(legs)
    purses: dict[tuple[int, int], list[tuple[tuple[int, ...], str]]] = defaultdict(list)
    moved: list[list[tuple[tuple[int, ...], str]]] = []
    found = {}
    for place, leg in enumerate(legs):
        if leg.debit < _BANKS:
            purse = purses[leg.book, leg.debit]
            units = [purse.pop(0) if purse else ((), "unseen") for _ in range(leg.amount)]
        elif place in pairs:
            units = moved[pairs[place]][: leg.amount]
        else:
            units = [((), "bank")] * leg.amount
        units = [((*way, place), begins) for way, begins in units]
        moved.append(units)
        if leg.credit < _BANKS:
            purses[leg.book, leg.credit] += units
        if leg.debit < _BANKS and leg.credit == _VENUE:
            found[place] = Counter((way[-most - 1 :], begins if len(way) <= most else "far") for way, begins in units)
    return found


def lake_of(folder: Path, legs: list[Leg]) -> Path:
    lake = fill(folder, [Told(Facts(activity="fiat_pay", day=20000), book=leg.book, end_to_end_id=leg.name) for leg in legs])
    many = len(_ADDRESSES)
    with open_lake(lake, write=True) as connection:
        insert(
            connection,
            "accounts",
            [(book * many + place, book, name, 0, "") for book in range(3) for place, name in enumerate(_ADDRESSES)],
        )
        rows = [
            (
                leg.book,
                place + 1,
                0,
                leg.book * many + leg.debit,
                leg.book * many + leg.credit,
                0,
                leg.amount,
                1,
                0,
                leg.at,
                20000,
            )
            for place, leg in enumerate(legs)
        ]
        insert(connection, "transfers", rows)
    return lake


@pytest.mark.parametrize("seed", range(MARKETS))
def test_ways_are_what_each_unit_of_money_went_through(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    most = (paths.MOST_HOPS, 3)[seed % 2]
    monkeypatch.setattr(paths, "MOST_HOPS", most)
    legs = market(random.Random(f"paths {seed}"))
    with open_lake(lake_of(tmp_path, legs)) as connection:
        found = find_origins(connection, DAYS)
    given = {(got.sequence - 1, sent.sequence - 1) for what, sent, got in sides_of(found) if what == "tied" and sent and got}
    assert given == set(tied(legs).items())
    for place, expected in plainly(legs, most).items():
        ways = paths_of(found, place)
        told = {(tuple(hop.sequence - 1 for hop in way.hops), way.begins): way.units for way in ways}
        assert told == dict(expected)
        for way in ways:
            assert [hop.book for hop in way.hops] == [f"bank{legs[hop.sequence - 1].book}" for hop in way.hops]
            assert {hop.units for hop in way.hops} == {way.units}


def test_the_markets_have_ways_over_two_and_three_books() -> None:
    """The test above would say little if hardly anything were tied."""
    over = Counter()
    for seed in range(MARKETS):
        legs = market(random.Random(f"paths {seed}"))
        over.update(len({legs[place].book for place in way}) for ways in plainly(legs).values() for way, _ in ways)
    assert over[2] >= 10 and over[3] >= 3, over
