"""Paths to a foreign place: through whose hands money went at home before it left, from the rows of the journals.

Backwards from a transfer that leaves, each hop is the transfer that brought the money, by the order in which it came. Only clients' accounts are
looked through: an institution's own stock, another bank, a chain are where a path begins, as their money is everybody's. Where a client bought
what he sent, the path goes on with what he paid for it, in proportion, rounded down; so a path may change its asset, and says where. Where the
other institution feeds the lake, too, and both name the payment by one id (`ties`), the path goes on in its book; what arrived is what was sent
first, and the rest is the fee.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from skarb.core.compiled import choose_kind
from skarb.core.errors import InputError, ensure
from skarb.oversight.flows.lake import integers, scaled
from skarb.oversight.flows.model import Numbers, Places
from skarb.oversight.flows.origin import AT_ROW, ORIGIN_STATE, PIECES
from skarb.oversight.flows.places import FULL
from skarb.oversight.flows.ties import FOUND, TIE_DAYS, Ties, edges, references_of, tie
from skarb.oversight.flows.trace import WORTH_COMPILING, kernels

MOST_HOPS = 8
MOST_TRANSFERS = 50_000_000
_LOOKED_THROUGH = ("client/", "deposit/")
_POSTED = 0b1110  # flags of transfers that move nothing by themselves, or void: pending, post, void

_READ = f"""
SELECT t.book, t.sequence, t.row_no, t.debit, t.credit, t.asset, t.amount, t.instant, r.rowid AS position
FROM transfers t LEFT JOIN rows r ON r.book = t.book AND r.sequence = t.sequence AND r.row_no = t.row_no
WHERE t.amount IS NOT NULL AND (t.flags & {_POSTED}) = 0 ORDER BY t.instant, t.rowid
"""


@dataclass(frozen=True)
class Hop:
    """One transfer on the way: where it stands, between whom, how much of it is on this way. Units: smallest units of the asset."""

    book: str
    sequence: int
    row: int
    source: str
    target: str
    asset: str
    decimals: int
    units: int


@dataclass(frozen=True)
class Way:
    """A way that money took abroad: hops from the oldest to the one that left, and the part of the latter, in its units, that came along."""

    hops: tuple[Hop, ...]
    units: int
    begins: str  # "bank", "stock", "chain", "unseen" or "far"

    @property
    def books(self) -> tuple[str, ...]:
        """The institutions in whose books it lies, in its order."""
        return tuple(book for book, _ in groupby(hop.book for hop in self.hops))


@dataclass(frozen=True)
class Origins:
    """All transfers of a lake, and what brought the money of each."""

    books: Places
    sequences: Places
    numbers: Places
    debits: Places
    credits: Places
    assets: Places
    amounts: npt.NDArray[Any]
    instants: Numbers  # nanoseconds since 1970
    positions: Numbers
    first: Numbers  # of its pieces, for each transfer
    pieces: npt.NDArray[Any]
    scales: Sequence[int]
    names: Sequence[str]
    book_names: dict[int, str]
    codes: Sequence[tuple[str, int]]
    ties: Ties


def find_origins(connection: duckdb.DuckDBPyConnection, days: int = TIE_DAYS) -> Origins:
    """Read all transfers of a lake and find what brought the money of each; a payment between books may take some days.

    Raises: InputError for more transfers than memory is meant for.
    """
    count = connection.execute("SELECT count(*) FROM transfers").fetchall()[0][0]
    if count > MOST_TRANSFERS:
        raise InputError(f"the lake holds {count:,} transfers, paths are found among at most {MOST_TRANSFERS:,}")
    table = connection.sql(_READ).to_arrow_table()

    def column(name: str) -> npt.NDArray[np.int64]:
        return np.asarray(table[name].cast(pa.int64()).fill_null(-1).to_numpy())

    known = connection.execute("SELECT number, address FROM accounts ORDER BY number").fetchall()
    places = {number: place for place, (number, _) in enumerate(known)}
    names = [address for _, address in known]
    code_of = {
        number: (code, decimals)
        for number, code, decimals in connection.execute("SELECT number, code, decimals FROM assets").fetchall()
    }
    distinct, inverse = np.unique(column("asset"), return_inverse=True)
    assets: Places = inverse.reshape(-1).astype(np.int32)
    amounts, scales = scaled(integers(table["amount"]), assets, len(distinct))
    debits, credits_ = (np.array([places[one] for one in column(name).tolist()], np.int32) for name in ("debit", "credit"))
    followed = np.array([name.startswith(_LOOKED_THROUGH) for name in names], bool)
    pieces = _pieces(debits, credits_, amounts, followed)
    takers = pieces[:, 0].astype(np.int64)
    first = np.searchsorted(takers, np.arange(len(debits) + 1))
    books, positions = column("book").astype(np.int32), column("position")
    leaving, arriving = edges(debits, credits_, names, followed)
    references, elsewhere = references_of(connection, positions)
    instants = column("instant")
    ties = tie(references, books, assets, amounts, instants, leaving, arriving, days, elsewhere)
    return Origins(
        books, column("sequence").astype(np.int32), column("row_no").astype(np.int32), debits, credits_, assets, amounts,
        instants, positions, first, pieces, scales, names, dict(connection.execute("SELECT number, name FROM books").fetchall()),
        [code_of[int(number)] for number in distinct], ties,
    )  # fmt: skip


def _pieces(sources: Places, targets: Places, amounts: npt.NDArray[Any], followed: npt.NDArray[np.bool_]) -> npt.NDArray[Any]:
    kernel = kernels("wide" if amounts.dtype == object else choose_kind(len(amounts) >= WORTH_COMPILING))
    ends, nexts = np.full((len(followed), 2), -1, np.int32), np.full(len(amounts), -1, np.int32)
    rest, state = np.zeros(len(amounts), amounts.dtype), np.zeros(ORIGIN_STATE, np.int64 if amounts.dtype != object else object)
    pieces = np.zeros((max(1 << 12, 2 * len(amounts)), 4), amounts.dtype)
    while kernel["origins"](sources, targets, amounts, followed, ends, nexts, rest, pieces, state) == FULL:
        pieces = np.concatenate([pieces, np.zeros_like(pieces)])
    ensure(state[AT_ROW] == len(amounts), "every transfer was looked at")
    return pieces[: int(state[PIECES])]


@dataclass(frozen=True)
class Side:
    """One side of a payment between books: the transfer in the book of one of them. Units: smallest units of the asset."""

    book: str
    sequence: int
    row: int
    instant: int  # nanoseconds since 1970
    units: int
    asset: str
    decimals: int


def sides_of(found: Origins) -> Iterator[tuple[str, Side | None, Side | None]]:
    """Yield for each id of a payment between books what became of it, what was sent, and what arrived."""
    ties = found.ties
    for what, sent, arrived in zip(ties.found.tolist(), ties.outs.tolist(), ties.ins.tolist(), strict=True):
        yield FOUND[what], _side(found, sent), _side(found, arrived)


def _side(found: Origins, transfer: int) -> Side | None:
    if transfer < 0:
        return None
    hop = _hop(found, transfer, int(found.amounts[transfer]))
    return Side(hop.book, hop.sequence, hop.row, int(found.instants[transfer]), hop.units, hop.asset, hop.decimals)


def paths_of(found: Origins, position: int) -> list[Way]:
    """Return the ways on which the money of a row that left came, those with most money first; `position` is the row's in the lake."""
    leaving = [int(one) for one in np.flatnonzero(found.positions == position)]
    ways: list[Way] = []
    for transfer in leaving:
        if not found.names[found.debits[transfer]].startswith(_LOOKED_THROUGH):
            continue
        whole = int(found.amounts[transfer])
        for hops, part, begins in _back(found, transfer, 0, whole, (), whole):
            units = part * found.scales[found.assets[transfer]]
            ways.append(Way(_narrowed(hops, units), units, begins))
    return sorted(_joined(ways), key=lambda one: -one.units)


def _narrowed(hops: tuple[Hop, ...], units: int) -> tuple[Hop, ...]:
    """Return hops with what stayed on this way: within one asset all carry as much as the earliest of them, after a purchase in proportion.

    Rounding: down; the hops that end abroad carry exactly the `units` of the way.
    """
    made: list[Hop] = []
    for place, hop in enumerate(hops):
        if made and made[-1].asset == hop.asset:
            made.append(replace(hop, units=made[-1].units))
        else:
            made.append(replace(hop, units=hop.units * made[-1].units // hops[place - 1].units) if made else hop)
    last = len(made)
    while last and made[last - 1].asset == made[-1].asset:
        last -= 1
    return (*made[:last], *(replace(hop, units=units) for hop in made[last:]))


def _joined(ways: Sequence[Way]) -> Iterator[Way]:
    """Put together the stretches that took the same transfers."""
    kept: dict[tuple[tuple[str, int, int, str, str], ...], Way] = {}
    for one in ways:
        key = tuple((hop.book, hop.sequence, hop.row, hop.source, hop.asset) for hop in one.hops)
        other = kept.get(key)
        if other is None:
            kept[key] = one
            continue
        hops = tuple(replace(a, units=a.units + b.units) for a, b in zip(other.hops, one.hops, strict=True))
        kept[key] = Way(hops, other.units + one.units, one.begins)
    return iter(kept.values())


def _back(
    found: Origins, transfer: int, low: int, high: int, later: tuple[Hop, ...], share: int
) -> Iterator[tuple[tuple[Hop, ...], int, str]]:
    """Yield the ways that lead to a stretch of a transfer, with how much of what left at last came on each.

    Rounding: of a stretch that is split, running sums of the part that left are rounded down and their differences taken, so all parts add up.
    """
    hops = (_hop(found, transfer, high - low), *later)
    if len(hops) > MOST_HOPS:
        yield hops, share, "far"
        return
    source = found.names[found.debits[transfer]]
    if not source.startswith(_LOOKED_THROUGH):
        paid = _paid_for(found, transfer)
        if paid is None and (sent := int(found.ties.before[transfer])) >= 0:
            yield from _back(found, sent, low, high, hops, share)
            return
        if paid is None:
            yield hops, share, _beginning(source)
            return
        whole, bought = int(found.amounts[paid]), int(found.amounts[transfer])
        yield from _back(found, paid, low * whole // bought, max(low * whole // bought + 1, high * whole // bought), hops, share)
        return
    stretches = _stretches(found, transfer, low, high)
    before = reached = 0
    for giver, begin, units in stretches:
        reached += units
        part, before = reached * share // (high - low) - before, reached * share // (high - low)
        mine = (_hop(found, transfer, units), *later)
        if giver < 0:
            yield mine, part, "unseen"
        else:
            yield from _back(found, giver, begin, begin + units, mine, part)


def _stretches(found: Origins, transfer: int, low: int, high: int) -> Iterator[tuple[int, int, int]]:
    """Yield what brought a stretch of a transfer: which transfer or -1, from where in it, how much."""
    at = 0
    for place in range(int(found.first[transfer]), int(found.first[transfer + 1])):
        _, giver, begin, units = (int(one) for one in found.pieces[place])
        start, stop = max(low, at), min(high, at + units)
        if start < stop:
            yield giver, begin + start - at, stop - start
        at += units


def _paid_for(found: Origins, transfer: int) -> int | None:
    """Return what was paid in the same row by whoever got this, in another asset."""
    if found.positions[transfer] < 0:
        return None
    for other in (transfer - 1, transfer + 1):  # the legs of a row lie side by side
        if (
            0 <= other < len(found.positions)
            and found.positions[other] == found.positions[transfer]
            and found.assets[other] != found.assets[transfer]
            and found.debits[other] != found.debits[transfer]
            and found.names[found.debits[other]] == found.names[found.credits[transfer]]
        ):
            return other
    return None


def _beginning(address: str) -> str:
    return {"outside": "bank", "own": "stock", "chain": "chain"}.get(address.partition("/")[0], "unseen")


def _hop(found: Origins, transfer: int, units: int) -> Hop:
    code, decimals = found.codes[found.assets[transfer]]
    book = found.book_names[int(found.books[transfer])]
    names = found.names[found.debits[transfer]], found.names[found.credits[transfer]]
    scale = found.scales[found.assets[transfer]]
    return Hop(book, int(found.sequences[transfer]), int(found.numbers[transfer]), *names, code, decimals, units * scale)
