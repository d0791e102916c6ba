"""Statements: the changes of one account, page by page, in the order of recording or of effect, with what it had after each."""

from __future__ import annotations

from collections.abc import Iterator
from heapq import merge
from itertools import islice
from typing import NamedTuple

import numpy as np

from skarb.core.errors import ensure
from skarb.ledger.past.index import Known
from skarb.ledger.past.model import CHANGES, PENDING, WORDS, Line, Page, Run, Small, Totals, totals_of

_MOMENT_BITS = 63


def page_by_record(known: Known, account: int, start: int, stop: int, skip: int, size: int) -> Page:
    """Return some lines of the changes from one up to another, in the order in which they were recorded.

    Units: `start` and `stop` count changes, `skip` and `size` lines.
    """
    before = _count(known, account, start)
    total = _count(known, account, stop) - before
    numbers = list(islice(_numbers(known, account, before + skip), max(0, min(size, total - skip))))
    before_page = known.totals_until(account, numbers[0] if numbers else stop)
    lines = list(_lines(known, account, numbers, before_page))
    return Page(account, total, known.totals_until(account, start), before_page, lines, known.totals_until(account, stop))


def page_by_effect(known: Known, account: int, count: int, start: int, stop: int, skip: int, size: int) -> Page:
    """Return some lines of what took effect from a moment up to before another, in the order of effect, as the first `count` changes
    say.

    Units: `start` and `stop` are nanoseconds since 1970, `skip` and `size` lines.
    """
    pieces = list(_pieces(known, account, count))
    first = _rank(known, pieces, start)
    total = _rank(known, pieces, stop) - first
    opening, closing = (
        known.totals_until(account, count, moment - 1) if moment else Totals() for moment in (start, max(start, stop))
    )
    size = max(0, min(size, total - skip))
    if not size:
        return Page(account, max(total, 0), opening, closing, [], closing)
    moment = _moment_of(known, pieces, first + skip)
    left = first + skip - _rank(known, pieces, moment)  # lines of this very moment that are passed over
    sums = np.zeros(WORDS, np.uint64)
    following: list[Iterator[tuple[int, int]]] = []
    for piece in pieces:
        place = piece.first(known, moment)
        passed = min(left, piece.first(known, moment + 1) - place)
        left -= passed
        piece.add(known, place + passed, sums)
        following.append(piece.onward(known, place + passed))
    numbers = [number for _, number in islice(merge(*following), size)]
    before = totals_of(sums)
    return Page(account, total, opening, before, list(_lines(known, account, numbers, before)), closing)


class _Piece(NamedTuple):
    """The legs of one account in one run, by effective moment; or in the changes that are in no run yet."""

    base: int
    legs: Small
    start: int
    stop: int
    noted: np.ndarray[tuple[int, int], np.dtype[np.uint64]] | None

    def first(self, known: Known, moment: int) -> int:
        """Return the first leg that takes effect at a moment or later."""
        if not moment:
            return self.start
        return int(known.kernel.first_after(known.changes, self.base, self.legs, self.start, self.stop, np.uint64(moment - 1)))

    def add(self, known: Known, stop: int, sums: np.ndarray[tuple[int], np.dtype[np.uint64]]) -> None:
        """Add all legs before one of them."""
        if self.noted is None:
            known.kernel.add_legs(known.changes, self.base, self.legs, self.start, stop, sums)
        else:
            known.kernel.add_part(known.changes, self.base, self.legs, self.noted, self.start, stop, sums)

    def onward(self, known: Known, place: int) -> Iterator[tuple[int, int]]:
        """Yield effective moment and number of the changes from a leg on."""
        for leg in range(place, self.stop):
            number = self.base + int(self.legs[leg] >> 1)
            yield int(known.changes[number]["effective"]), number


def _pieces(known: Known, account: int, count: int) -> Iterator[_Piece]:
    rest = 0
    for run in known.cover(count):
        start, stop = _span(run, account)
        if stop > start:
            yield _Piece(run.base, run.legs, start, stop, run.sums)
        rest = run.base + len(run.legs) // 2
    legs = _rest(known, account, rest, count)
    effective = known.changes["effective"][rest + (legs >> 1).astype(np.int64)]
    yield _Piece(rest, legs[np.argsort(effective, kind="stable")], 0, len(legs), None)


def _rank(known: Known, pieces: list[_Piece], moment: int) -> int:
    """Return how many legs take effect before a moment."""
    return sum(piece.first(known, moment) - piece.start for piece in pieces)


def _moment_of(known: Known, pieces: list[_Piece], rank: int) -> int:
    """Return the moment at which the leg of a rank takes effect."""
    moment = 0
    for bit in reversed(range(_MOMENT_BITS)):
        if _rank(known, pieces, moment | 1 << bit) <= rank:
            moment |= 1 << bit
    return moment


def _count(known: Known, account: int, count: int) -> int:
    """Return how many of the first so many changes touch an account."""
    found, rest = 0, 0
    for run in known.cover(count):
        start, stop = _span(run, account)
        found += stop - start
        rest = run.base + len(run.legs) // 2
    return found + len(_rest(known, account, rest, count))


def _numbers(known: Known, account: int, skip: int) -> Iterator[int]:
    """Yield the changes that touch an account in the order of recording, all but the first so many."""
    rest = 0
    for run in known.cover(known.length):
        start, stop = _span(run, account)
        if skip >= stop - start:
            skip -= stop - start
        else:
            yield from _inside(known, account, run, skip)
            skip = 0
        rest = run.base + len(run.legs) // 2
    yield from (rest + (_rest(known, account, rest, known.length)[skip:] >> 1).astype(np.int64)).tolist()


def _inside(known: Known, account: int, run: Run, skip: int) -> Iterator[int]:
    """Yield the changes of a run that touch an account in the order of recording: through the smaller runs that it covers."""
    size = len(run.legs) // 2
    level = (size.bit_length() - 1 - known.shape.bits) // known.shape.step
    if level == 0:
        start, stop = _span(run, account)
        yield from (run.base + np.sort(run.legs[start:stop] >> 1)[skip:].astype(np.int64)).tolist()
        return
    smaller = known.shape.changes(level - 1)
    for child in known.runs[level - 1][run.base // smaller : (run.base + size) // smaller]:
        start, stop = _span(child, account)
        if skip >= stop - start:
            skip -= stop - start
        else:
            yield from _inside(known, account, child, skip)
            skip = 0


def _span(run: Run, account: int) -> tuple[int, int]:
    """Return where the legs of an account begin and end in a run."""
    place = int(np.searchsorted(run.accounts, np.uint32(account)))
    if place == len(run.accounts) or int(run.accounts[place]) != account:
        return 0, 0
    return int(run.starts[place]), int(run.starts[place + 1])


def _rest(known: Known, account: int, start: int, stop: int) -> Small:
    """Return the legs of an account in changes that are in no run."""
    legs = np.empty(max(stop - start, 0), np.uint32)
    return legs[: int(known.kernel.legs_of(known.changes, start, stop, account, legs))]


def _lines(known: Known, account: int, numbers: list[int], before: Totals) -> Iterator[Line]:
    after = before
    for number in numbers:
        change = known.changes[number]
        incoming = int(change["credit"]) == account
        amount = int(change["amount_lo"]) | int(change["amount_hi"]) << 64
        held = int(change["held_lo"]) | int(change["held_hi"]) << 64
        kind = int(change["kind"])
        holds = held if kind == PENDING else -held
        after += Totals(0, 0, holds, amount) if incoming else Totals(holds, amount, 0, 0)
        ensure(account in (int(change["debit"]), int(change["credit"])), "a statement shows what touches its account")
        yield Line(
            number=number,
            moment=int(change["moment"]),
            effective=int(change["effective"]),
            kind=CHANGES[kind],
            row=int(change["row"]),
            counter=int(change["debit" if incoming else "credit"]),
            incoming=incoming,
            amount=amount or held,
            after=after,
        )
