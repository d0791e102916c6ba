"""Add feeds to a lake: everything in one transaction, each row after it was verified.

Either all exports of a feed that the lake does not hold yet are added, or nothing is: nobody ever sees a row that was not verified, and a feed that
is refused leaves the lake as it was.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import duckdb
import numpy as np
import pyarrow as pa

from skarb.core.errors import NotAllowed
from skarb.core.time import Clock
from skarb.journal.model import GENESIS
from skarb.lake.errors import Refused
from skarb.lake.numbers import Numbers
from skarb.lake.open import create_lake, open_lake
from skarb.lake.schema import ROWS, TRANSFERS
from skarb.lake.verify import End, Feed, Verified, check_place, manifests_of, read_feed, verified

Progress = Callable[[str, int, int], None]
Check = Callable[[bytes, bytes, bytes], bool]  # public key, data, signature → whether the key made it


class Added(NamedTuple):
    """What became of one export."""

    book: str
    first: int
    last: int
    rows: int
    transfers: int
    proven: bool
    new: bool  # False: the lake held it already, and nothing changed


class Key(NamedTuple):
    """A public key that a book's feeds may be signed with."""

    book: str  # "" for any book that has no key yet: the key is pinned to the first one
    id: str
    public: bytes


def trust(lake: Path, key: Key, by: str, clock: Clock) -> bool:
    """Trust a key of a book from now on; False if it was trusted before.

    Raises: NotFound, Unavailable
    """
    create_lake(lake)
    with open_lake(lake, write=True) as connection:
        return _trust(connection, key, by, clock())


def _trust(connection: duckdb.DuckDBPyConnection, key: Key, by: str, at: datetime) -> bool:
    known = connection.execute("SELECT 1 FROM keys WHERE book = ? AND key = ?", [key.book, key.id]).fetchall()
    if not known:
        connection.execute("INSERT INTO keys VALUES (?, ?, ?, ?, ?)", [key.book, key.id, key.public, _naive(at), by])
    return not known


def add(
    lake: Path, feed: Path, check: Check, by: str, clock: Clock, *, key: Key | None = None, progress: Progress | None = None
) -> list[Added]:
    """Verify a feed and add what the lake does not hold yet, all of it or nothing.

    `key` is pinned to each book of the feed that has no trusted key yet.
    Raises: Refused naming the file, what was given and what was expected; NotAllowed if no key of the book is known.
    """
    manifests = manifests_of(feed)
    create_lake(lake)
    with open_lake(lake, write=True) as connection:
        connection.execute("BEGIN TRANSACTION")
        try:
            work = _Adding(connection, check, by, clock(), key)
            found = [work.take(path, progress) for path in manifests]
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise
    return found


class _Adding:
    """One transaction."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, check: Check, by: str, at: datetime, key: Key | None) -> None:
        self._connection = connection
        self._check, self._by, self._at, self._key = check, by, at, key
        self._numbers = Numbers(connection)
        self._feeds = int(self._one("SELECT count(*) FROM feeds"))

    def take(self, path: Path, progress: Progress | None) -> Added:
        """Verify one export and add it."""
        feed = read_feed(path, self._signed)
        manifest = feed.manifest
        number = self._numbers.book(manifest)
        new = check_place(feed, self._end(number), lambda sequence: self._head_at(number, sequence))
        rows = sum(segment.files["rows"].rows for segment in manifest.segments)
        if new:
            self._numbers.take_assets(manifest)
            self._numbers.take_editions(list(feed.editions.values()))
            done = 0
            for one in verified(feed, self._end(number)):
                self._add(feed, number, one)
                done += len(one.columns.rows)
                if progress is not None:
                    progress(f"add {manifest.book}", done, rows)
            self._note(feed, number, rows)
        return Added(manifest.book, manifest.first, manifest.last, rows, manifest.sums.transfers, manifest.bodies, new)

    def _signed(self, book: str, key: str, data: bytes, signature: bytes) -> bool:
        known = dict(self._connection.execute("SELECT key, public FROM keys WHERE book = ?", [book]).fetchall())
        if not known and self._key is not None:
            _trust(self._connection, self._key._replace(book=book), self._by, self._at)
            known = {self._key.id: self._key.public}
        if not known:
            raise NotAllowed(
                f"book {book!r}: no key of it is known; skarb lake trust LAKE BOOK KEY.pub says which one is its own"
            )
        if key not in known:
            raise NotAllowed(f"book {book!r}: the feed is signed with key {key}, expected one of {', '.join(sorted(known))}")
        return self._check(known[key], data, signature)

    def _add(self, feed: Feed, book: int, one: Verified) -> None:
        numbers, columns = self._numbers, one.columns
        try:
            numbers.take_accounts(book, columns.accounts)
            debit, assets = numbers.accounts(book, columns.transfers["debit"])
            credit, others = numbers.accounts(book, columns.transfers["credit"])
            if (assets != others).any():
                raise Refused("a transfer is between accounts in two assets")
        except Refused as error:
            raise Refused(f"{feed.folder / one.segment.path('transfers')}: {error}") from None
        numbers.take_cases(columns.cases)
        rows = columns.rows
        made = {
            "case_no": numbers.cases.column(rows["case_id"]),
            "edition": numbers.editions.column(rows["edition"]),
            **{name: numbers.assets.column(rows[name]) for name in ("asset", "paid_asset")},
            **{name: numbers.names.column(rows[name]) for name in ("party", "counterparty", "venue", "wallet")},
        }
        given = pa.table({name: made[name] if name in made else rows[name] for name in ROWS if name != "book"})
        numbers.take_names()
        names = ", ".join(given.column_names)
        numbers.insert(f"INSERT INTO rows (book, {names}) SELECT {book}, {names} FROM given", given)
        made = {"debit": debit, "credit": credit, "asset": pa.array(assets.astype(np.uint16))}
        given = pa.table({name: made[name] if name in made else columns.transfers[name] for name in TRANSFERS if name != "book"})
        names = ", ".join(given.column_names)
        numbers.insert(f"INSERT INTO transfers (book, {names}) SELECT {book}, {names} FROM given", given)
        self._note_batches(feed, book, one)

    def _note_batches(self, feed: Feed, book: int, one: Verified) -> None:
        """Enter the batches of a segment; one that was declared is a single batch, with the head of its export once that ends."""
        if one.batches is None:
            last = one.segment.last == feed.manifest.last
            values = [book, one.segment.last, None, None, bytes.fromhex(feed.manifest.end) if last else None]
            values += [len(one.columns.rows), len(one.columns.transfers), self._feeds]
            self._connection.execute("INSERT INTO batches VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values)
            return
        counts = np.bincount(
            one.columns.transfers["sequence"].to_numpy() - one.segment.first, minlength=one.segment.last - one.segment.first + 1
        )
        given = one.batches.append_column("transfers", pa.array(counts.astype(np.int32)))
        self._numbers.insert(
            f"INSERT INTO batches SELECT {book}, sequence, recorded_at, previous, head, rows, transfers, {self._feeds} FROM given",
            given,
        )

    def _note(self, feed: Feed, book: int, rows: int) -> None:
        manifest = feed.manifest
        values = [self._feeds, book, manifest.bodies, manifest.first, manifest.last, bytes.fromhex(manifest.end), rows]
        values += [manifest.sums.transfers, feed.digest, manifest.key, _naive(self._at), self._by]
        self._connection.execute(f"INSERT INTO feeds VALUES ({', '.join('?' * len(values))})", values)
        self._feeds += 1

    def _end(self, book: int) -> End:
        found = self._connection.execute(
            "SELECT to_sequence, head FROM feeds WHERE book = ? ORDER BY to_sequence DESC LIMIT 1", [book]
        ).fetchall()
        rows = self._connection.execute("SELECT sum(rows) FROM feeds WHERE book = ?", [book]).fetchall()[0][0]
        return End(int(found[0][0]), bytes(found[0][1]), int(rows)) if found else End()

    def _head_at(self, book: int, sequence: int) -> bytes | None:
        if sequence == 0:
            return GENESIS
        found = self._connection.execute("SELECT head FROM batches WHERE book = ? AND sequence = ?", [book, sequence]).fetchall()
        return None if not found or found[0][0] is None else bytes(found[0][0])

    def _one(self, query: str) -> int:
        return int(self._connection.execute(query).fetchall()[0][0])


def _naive(at: datetime) -> datetime:
    """Return an instant as DuckDB's plain timestamps hold it: in UTC, without saying so."""
    return at.astimezone(UTC).replace(tzinfo=None)
