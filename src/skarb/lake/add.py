"""Add feeds to a lake: everything in one transaction, each row after it was verified.

Either all exports of a feed that the lake does not hold yet are added, or nothing is: nobody ever sees a row that was not verified, and a feed that
is refused leaves the lake as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import duckdb
import numpy as np
import pyarrow as pa

from skarb.core.errors import NotAllowed
from skarb.core.time import Clock
from skarb.journal.ahead import ahead
from skarb.journal.feed.columns import Columns
from skarb.journal.feed.files import SCHEMAS
from skarb.journal.model import GENESIS
from skarb.lake.errors import Refused
from skarb.lake.filling import Filling
from skarb.lake.numbers import Numbers, same
from skarb.lake.open import create_lake, open_lake
from skarb.lake.schema import ROWS, TRANSFERS
from skarb.lake.verify import End, Feed, Verified, check_place, manifests_of, read_feed, verified

FILLED = ("cases", "names", "accounts", "rows", "transfers", "batches")  # tables that get rows from every segment
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
            self._numbers.know_accounts(number)
            filling = {table: Filling(self._connection, table) for table in FILLED}
            done = 0
            with closing(ahead(self._numbered(feed, number, self._end(number)), depth=1)) as segments:
                for tables in segments:
                    for table, given in tables.items():
                        filling[table].add(given)
                    done += len(tables["rows"])
                    if progress is not None:
                        progress(f"add {manifest.book}", done, rows)
            for one in filling.values():
                one.finish()
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

    def _numbered(self, feed: Feed, book: int, end: End) -> Iterator[Mapping[str, pa.Table]]:
        """Yield what each segment brings to the tables of the lake, after it was verified; nothing is written here."""
        for one in verified(feed, end):
            try:
                accounts, transfers = self._transfers(book, one.columns)
            except Refused as error:
                raise Refused(f"{feed.folder / one.segment.path('transfers')}: {error}") from None
            cases = self._numbers.new_cases(one.columns.cases)
            rows = self._rows(book, one.columns.rows)
            names = self._numbers.new_names()
            batches = self._batches(feed, book, one)
            yield dict(zip(FILLED, (cases, names, accounts, rows, transfers, batches), strict=True))

    def _rows(self, book: int, rows: pa.Table) -> pa.Table:
        numbers = self._numbers
        made = {
            "book": same(book, len(rows)),
            "case_no": numbers.cases.column(rows["case_id"]),
            "edition": numbers.editions.column(rows["edition"]),
            **{name: numbers.assets.column(rows[name]) for name in ("asset", "paid_asset")},
            **{name: numbers.names.column(rows[name]) for name in ("party", "counterparty", "venue", "wallet")},
        }
        return pa.table({name: made[name] if name in made else rows[name] for name in ROWS})

    def _transfers(self, book: int, columns: Columns) -> tuple[pa.Table, pa.Table]:
        """Return the accounts that were opened and the transfers.

        Raises: Refused
        """
        numbers, transfers = self._numbers, columns.transfers
        accounts = numbers.new_accounts(book, columns.accounts)
        debit, assets = numbers.accounts(book, transfers["debit"])
        credit, others = numbers.accounts(book, transfers["credit"])
        if (assets != others).any():
            raise Refused("a transfer is between accounts in two assets")
        made = {"book": same(book, len(transfers)), "debit": debit, "credit": credit, "asset": pa.array(assets.astype(np.uint16))}
        return accounts, pa.table({name: made[name] if name in made else transfers[name] for name in TRANSFERS})

    def _batches(self, feed: Feed, book: int, one: Verified) -> pa.Table:
        """Return the batches of a segment; one that was declared is a single batch, with the head of its export once that ends."""
        columns, first, last = one.columns, one.segment.first, one.segment.last
        if one.batches is None:
            head = bytes.fromhex(feed.manifest.end) if last == feed.manifest.last else None
            own = {"sequence": [last], "recorded_at": [None], "previous": [None], "head": [head], "rows": [len(columns.rows)]}
            counts = np.array([len(columns.transfers)])
        else:
            own = {name: one.batches[name] for name in ("sequence", "recorded_at", "previous", "head", "rows")}
            counts = np.bincount(columns.transfers["sequence"].to_numpy() - first, minlength=last - first + 1)
        kinds = {name: SCHEMAS["batches"][name] for name in own}
        given = pa.table(
            {
                name: column if isinstance(column, pa.ChunkedArray) else pa.array(column, kinds[name])
                for name, column in own.items()
            }
        )
        given = given.append_column("transfers", pa.array(counts.astype(np.int32)))
        feeds = pa.array(np.full(len(given), self._feeds, np.int32))
        return given.add_column(0, "book", same(book, len(given))).append_column("feed", feeds)

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
