"""Payments between books: what is the same id, asset, no more than was sent and in time is one payment; all else is told, not tied."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from tests.unit.oversight.lakes import Told, fill

from skarb.core.facts import Facts
from skarb.lake import open_lake
from skarb.oversight.flows.paths import find_origins, paths_of, sides_of
from skarb.oversight.flows.ties import FOUND, tie

DAY = 86_400 * 10**9
# Accounts by number: two books with a client each, what lies outside each, and a client's tokens and a chain.
ADDRESSES = ["client/p1", "outside/bank2", "client/p2", "outside/bank1", "outside/venue", "client/p2", "chain/BTC:1A"]


def filled(tmp_path: Path, legs) -> Path:
    """Make a lake from legs: book, id, debit, credit, asset, amount, instant in days."""
    rows = [Told(Facts(activity="fiat_pay", day=20000), book=leg[0], end_to_end_id=leg[1]) for leg in legs]
    lake = fill(tmp_path, rows)
    with open_lake(lake, write=True) as connection:
        connection.execute("INSERT INTO assets VALUES (1, 'TOK', 0)")
        for number, address in enumerate(ADDRESSES):
            connection.execute("INSERT INTO accounts VALUES (?, 1, ?, 0, '')", [number, address])
        for number, (book, _, debit, credit, asset, amount, at) in enumerate(legs):
            row = [book, number + 1, 0, debit, credit, asset, amount, 1, 0, int((20000 + at) * DAY), 20000]
            connection.execute(f"INSERT INTO transfers VALUES ({', '.join('?' * len(row))})", row)
    return lake


def told(lake: Path, days: int = 10):
    with open_lake(lake) as connection:
        return {
            (what, sent and (sent.book, sent.sequence), got and (got.book, got.sequence))
            for what, sent, got in sides_of(find_origins(connection, days))
        }


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({}, "tied"),
        ({"amount": 100}, "tied"),
        ({"amount": 101}, "more_than_sent"),
        ({"asset": 1}, "another_asset"),
        ({"at": 0.9}, "out_of_time"),
        ({"at": 1}, "tied"),
        ({"at": 11}, "tied"),
        ({"at": 11.01}, "out_of_time"),
    ],
)
def test_what_must_be_so_that_two_transfers_are_one_payment(tmp_path: Path, change, what) -> None:
    got = {"asset": 0, "amount": 98, "at": 2, **change}
    lake = filled(tmp_path, [(1, "E", 0, 1, 0, 100, 1), (2, "E", 3, 2, got["asset"], got["amount"], got["at"])])
    assert told(lake) == {(what, ("bank1", 1), ("bank2", 2))}


@pytest.mark.parametrize("again", [(1, "E", 0, 1, 0, 100, 1), (2, "E", 3, 2, 0, 98, 3), (1, "E", 0, 1, 0, 7, 0)])
def test_an_id_that_stands_twice_ties_nothing(tmp_path: Path, again) -> None:
    lake = filled(tmp_path, [(1, "E", 0, 1, 0, 100, 1), (2, "E", 3, 2, 0, 98, 2), again])
    assert [what for what, _, _ in told(lake)] == ["more_than_once"]


@pytest.mark.parametrize("name", ["NOTPROVIDED", "NotProvided", None])
def test_no_id_is_none(tmp_path: Path, name) -> None:
    assert told(filled(tmp_path, [(1, name, 0, 1, 0, 100, 1), (2, name, 3, 2, 0, 98, 2)])) == set()


def test_another_case_is_another_id_and_one_book_pays_nobody(tmp_path: Path) -> None:
    assert (
        told(
            filled(
                tmp_path, [(1, "e", 0, 1, 0, 100, 1), (2, "E", 3, 2, 0, 98, 2), (2, "F", 2, 3, 0, 9, 1), (2, "F", 3, 2, 0, 9, 2)]
            )
        )
        == set()
    )


def test_what_was_not_posted_is_no_payment(tmp_path: Path) -> None:
    lake = filled(tmp_path, [(1, "E", 0, 1, 0, 100, 1), (2, "E", 3, 2, 0, 98, 2)])
    with open_lake(lake, write=True) as connection:
        connection.execute("UPDATE rows SET answer = 'refused' WHERE book = 2")
    assert told(lake) == set()


def test_what_another_institution_of_the_lake_should_show_and_does_not(tmp_path: Path) -> None:
    lake = filled(tmp_path, [(1, "E", 0, 1, 0, 100, 1), (2, "F", 3, 2, 0, 98, 2), (1, "G", 0, 4, 0, 5, 3)])
    with open_lake(lake, write=True) as connection:
        connection.execute("INSERT INTO names VALUES (20, 'bank2'), (21, 'bank1')")
        connection.execute("UPDATE rows SET counterparty = 20 WHERE end_to_end_id = 'E'")
        connection.execute("UPDATE rows SET party = 21 WHERE end_to_end_id = 'F'")
    assert told(lake) == {("no_arrival", ("bank1", 1), None), ("no_sending", None, ("bank2", 2))}


@pytest.mark.parametrize(
    ("column", "book", "correspondent", "what"),
    [
        ("counterparty", 1, False, "elsewhere"),  # sent to bank3, which shows nothing of it
        ("party", 2, False, "elsewhere"),  # got from bank3
        ("counterparty", 1, True, "tied"),  # bank3 passed it on
        ("counterparty", 2, False, "tied"),  # each names the other one
    ],
)
def test_an_id_that_two_payments_have_by_chance_ties_nothing(tmp_path: Path, column, book, correspondent, what) -> None:
    legs = [(1, "E", 0, 1, 0, 100, 1), (2, "E", 3, 2, 0, 98, 2)]
    lake = filled(tmp_path, [*legs, (3, "E", 3, 1, 0, 98, 1.5)] if correspondent else legs)
    with open_lake(lake, write=True) as connection:
        if not correspondent:
            connection.execute("INSERT INTO books VALUES (3, 'bank3', 'ZZD', 2, 'Europe/Minsk')")
        connection.execute("INSERT INTO names VALUES (20, 'bank3'), (21, 'bank1')")
        named = 21 if what == "tied" and not correspondent else 20
        connection.execute(f"UPDATE rows SET {column} = ? WHERE book = ?", [named, book])
    assert told(lake) == {(what, ("bank1", 1), ("bank2", 2))}


def test_a_way_goes_on_in_the_book_of_the_other_institution(tmp_path: Path) -> None:
    """p1's salary goes to p2 of another bank, less a fee, together with p2's own; p2 sends it abroad."""
    legs = [
        (1, None, 1, 0, 0, 100, 0),  # from a bank nobody knows
        (1, "E", 0, 1, 0, 60, 1), (2, "E", 3, 2, 0, 58, 2),
        (2, None, 3, 2, 0, 30, 3),
        (2, "away", 2, 4, 0, 80, 4),
    ]  # fmt: skip
    with open_lake(filled(tmp_path, legs)) as connection:
        ways = paths_of(find_origins(connection), 4)
    assert [(way.units, way.begins, way.books) for way in ways] == [(58, "bank", ("bank1", "bank2")), (22, "bank", ("bank2",))]
    assert [(hop.book, hop.sequence, hop.source, hop.target, hop.units) for hop in ways[0].hops] == [
        ("bank1", 1, "outside/bank2", "client/p1", 58),
        ("bank1", 2, "client/p1", "outside/bank2", 58),
        ("bank2", 3, "outside/bank1", "client/p2", 58),
        ("bank2", 5, "client/p2", "outside/venue", 58),
    ]


def test_a_transaction_of_a_chain_ties_two_institutions(tmp_path: Path) -> None:
    tx = "f5d8ee39a430901c91a5917b9f2dc19d6d1a0e9cea205b009ca73dd04470b9a6"
    lake = filled(tmp_path, [(1, tx, 0, 6, 0, 100, 1), (2, tx, 6, 2, 0, 100, 1.01), (2, None, 2, 4, 0, 100, 2)])
    with open_lake(lake) as connection:
        (way,) = paths_of(find_origins(connection), 2)
    assert way.books == ("bank1", "bank2")


def test_a_lake_from_before_there_were_ids_is_read(tmp_path: Path) -> None:
    lake = filled(tmp_path, [(1, "E", 0, 1, 0, 100, 1), (2, "E", 3, 2, 0, 98, 2)])
    with open_lake(lake, write=True) as connection:
        connection.execute("DROP VIEW decisions")
        connection.execute("ALTER TABLE rows DROP COLUMN end_to_end_id")
    assert told(lake) == set()


def plainly(references, books, assets, amounts, instants, leaving, arriving, days):
    """The same rule, said once more, pair by pair."""
    found, before = [], [-1] * len(references)
    for reference in range(max(references, default=-1) + 1):
        mine = [place for place, one in enumerate(references) if one == reference]
        outs, ins = [one for one in mine if leaving[one]], [one for one in mine if arriving[one]]
        if len(outs) > 1 or len(ins) > 1:
            found.append("more_than_once")
        elif not outs and not ins:
            continue
        elif not ins:
            found.append("no_arrival")
        elif not outs:
            found.append("no_sending")
        else:
            (sent,), (got,) = outs, ins
            if books[sent] == books[got]:
                continue
            if assets[sent] != assets[got]:
                found.append("another_asset")
            elif amounts[got] > amounts[sent]:
                found.append("more_than_sent")
            elif not 0 <= instants[got] - instants[sent] <= days * DAY:
                found.append("out_of_time")
            else:
                found.append("tied")
                before[got] = sent
    return found, before


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("seed", range(60))
def test_the_arrays_say_what_the_rule_says(seed: int, wide: bool) -> None:
    rng = random.Random(seed)
    count = rng.choice((0, 1, 2, 5, 40))
    columns = [[rng.randrange(most) for _ in range(count)] for most in (3, 2, 4, 5)]
    references = [rng.randrange(-1, max(1, count // 2)) for _ in range(count)]
    instants = [one * DAY for one in columns[3]]
    way = [rng.randrange(3) for _ in range(count)]
    leaving, arriving = [one == 0 for one in way], [one == 1 for one in way]
    amounts = [one << 70 if wide else one for one in columns[2]]
    days = rng.randrange(4)
    made = tie(
        np.array(references, np.int64), np.array(columns[0], np.int32), np.array(columns[1], np.int32),
        np.array(amounts, object if wide else np.int64), np.array(instants, np.int64), np.array(leaving, bool), np.array(arriving, bool), days,
    )  # fmt: skip
    found, before = plainly(references, columns[0], columns[1], amounts, instants, leaving, arriving, days)
    assert [FOUND[one] for one in made.found] == found
    assert made.before.tolist() == before
    assert sum(made.counts().values()) == len(found)
