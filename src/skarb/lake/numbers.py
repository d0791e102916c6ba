"""The numbers of a lake: what is a text in a feed is a small number in the lake's rows, the same one for ever.

All known texts are kept in memory while feeds are added, so whole columns find their numbers in one go; new ones get the next numbers and are
written with the rows. What is new in a segment is returned as rows for its table, so that numbers can be found while rows before are written.
"""

from __future__ import annotations

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from skarb.core.columns import Names
from skarb.core.compiled import choose_kind
from skarb.journal.feed.manifest import Manifest
from skarb.lake.errors import Refused
from skarb.lake.filling import insert
from skarb.lake.schema import fact_fields, tables
from skarb.rulebook import Edition

_WORTH = 4096  # texts looked up from which on kernels are quicker
_EMPTY = np.zeros(0, np.int64)
Column = NDArray[np.int64]


class Kept:
    """A growing list of texts, each with its number."""

    def __init__(self, known: pa.ChunkedArray | None = None) -> None:
        self._names = Names()
        self._asked = 0
        if known is not None and len(known):
            self.numbers(known.combine_chunks())
        self.written = len(self._names)  # how many the lake holds already

    def __len__(self) -> int:
        return len(self._names)

    def numbers(self, texts: pa.Array) -> Column:
        """Return the numbers of some texts, none of them missing; those not met before get the next ones."""
        if not len(texts):
            return _EMPTY
        plain = texts.cast(pa.string())
        offsets = np.frombuffer(plain.buffers()[1], np.int32)[plain.offset : plain.offset + len(plain) + 1].astype(np.int64)
        data = np.frombuffer(plain.buffers()[2] or b"", np.uint8)
        self._asked += len(texts)
        return self._names.places(data, offsets[:-1], np.diff(offsets), choose_kind(self._asked >= _WORTH))

    def column(self, column: pa.ChunkedArray) -> pa.ChunkedArray:
        """Return a column of texts as numbers, missing where there is none.

        Each text of a dictionary is looked up once, and those that no row has are not.
        """
        return pa.chunked_array([self._chunk(chunk) for chunk in column.chunks], pa.int32())

    def _chunk(self, chunk: pa.Array) -> pa.Array:
        if chunk.null_count == len(chunk):
            return pa.nulls(len(chunk), pa.int32())
        one = chunk if pa.types.is_dictionary(chunk.type) else chunk.dictionary_encode()
        used = np.zeros(len(one.dictionary), np.bool_)
        used[np.asarray(one.indices.drop_null()).astype(np.intp)] = True
        texts = np.flatnonzero(used)
        numbers = np.zeros(len(used), np.int32)
        numbers[texts] = self.numbers(one.dictionary if used.all() else one.dictionary.take(pa.array(texts)))
        return pa.array(numbers).take(one.indices)

    def fresh(self) -> range:
        """Return the numbers of the texts that the lake does not hold yet, and take them for written."""
        found = range(self.written, len(self._names))
        self.written = len(self._names)
        return found

    def texts(self, numbers: range) -> pa.Array:
        """Return consecutive texts."""
        data, stops = self._names.written()
        own = stops[numbers.start : numbers.stop + 1]
        letters = data[own[0] : own[-1]].tobytes()
        return pa.StringArray.from_buffers(len(numbers), pa.py_buffer((own - own[0]).astype(np.int32)), pa.py_buffer(letters))


class Numbers:
    """The numbers of everything that rows refer to."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self.names = self._kept("SELECT name FROM names ORDER BY number")
        self.cases = self._kept("SELECT case_id FROM cases ORDER BY case_no")
        self.editions = self._kept("SELECT hash FROM editions ORDER BY number")
        self.assets = self._kept("SELECT code FROM assets ORDER BY number")
        self._decimals = dict(connection.execute("SELECT code, decimals FROM assets").fetchall())
        self._accounts: dict[int, Kept] = {}
        self._places: dict[int, tuple[Column, Column]] = {}  # of the accounts of a book: number and asset of each
        self._count = connection.execute("SELECT count(*) FROM accounts").fetchall()[0][0]

    def book(self, manifest: Manifest) -> int:
        """Return the number of a book, entering it when it is new.

        Raises: Refused if its law is not the one it had.
        """
        said = manifest.currency, manifest.decimals, manifest.zone
        found = self._connection.execute(
            "SELECT number, currency, decimals, zone FROM books WHERE name = ?", [manifest.book]
        ).fetchall()
        if not found:
            number = self._connection.execute("SELECT count(*) FROM books").fetchall()[0][0]
            self._connection.execute("INSERT INTO books VALUES (?, ?, ?, ?, ?)", [number, manifest.book, *said])
            return int(number)
        if found[0][1:] != said and manifest.currency:
            raise Refused(
                f"book {manifest.book!r}: given {said} as currency, decimals and zone, expected {found[0][1:]} as before"
            )
        return int(found[0][0])

    def take_assets(self, manifest: Manifest) -> None:
        """Enter the assets of a feed.

        Raises: Refused if one had other decimals before; sums of its amounts would mean nothing.
        """
        for code, decimals in manifest.assets.items():
            if (known := self._decimals.setdefault(code, decimals)) != decimals:
                raise Refused(f"book {manifest.book!r}: given {decimals} decimals of {code}, expected {known} as in other feeds")
        self.assets.numbers(pa.array(list(manifest.assets), pa.string()))
        fresh = self.assets.fresh()
        rows = [
            (number, code, self._decimals[code]) for number, code in zip(fresh, self.assets.texts(fresh).to_pylist(), strict=True)
        ]
        if rows:
            self._connection.executemany("INSERT INTO assets VALUES (?, ?, ?)", rows)

    def take_editions(self, editions: list[Edition]) -> None:
        """Enter editions, and in words what their numbers mean."""
        self.editions.numbers(pa.array([one.hash for one in editions], pa.string()))
        known = {one.hash: one for one in editions}
        fresh = self.editions.fresh()
        written: dict[str, list[tuple[object, ...]]] = {}
        for number, name in zip(fresh, self.editions.texts(fresh).to_pylist(), strict=True):
            for table, rows in _written(number, known[name]).items():
                written.setdefault(table, []).extend(rows)
        for table, rows in written.items():
            if rows:  # as columns: to hand them over one by one takes seconds
                columns = [pa.array(column) for column in zip(*rows, strict=True)]
                insert(self._connection, table, pa.table(columns, list(tables()[table])))

    def new_cases(self, cases: pa.Table) -> pa.Table:
        """Return the cases of a segment that the lake does not hold yet, numbered, for its table."""
        before = self.cases.written
        numbers = self.cases.numbers(cases["case_id"].combine_chunks())
        self.cases.fresh()
        new, firsts = np.unique(numbers, return_index=True)
        fresh = firsts[new >= before]
        known = [field.name for field in fact_fields()]
        return (
            cases.take(pa.array(fresh))
            .select([*known, "case_id"])
            .add_column(0, "case_no", pa.array(numbers[fresh].astype(np.int32)))
        )

    def new_names(self) -> pa.Table:
        """Return the names that were met since the last time, for the table of names."""
        fresh = self.names.fresh()
        return pa.table({"number": pa.array(np.arange(fresh.start, fresh.stop, dtype=np.int32)), "name": self.names.texts(fresh)})

    def new_accounts(self, book: int, accounts: pa.Table) -> pa.Table:
        """Return the accounts that a segment opened, for their table.

        Raises: Refused
        """
        kept = self._accounts[book]
        before = len(kept)
        ids = accounts["id"].combine_chunks()
        places = kept.numbers(ids)
        if len(kept) - before != len(ids):
            raise Refused(f"{len(ids) - len(kept) + before} of the accounts opened were opened before")
        codes = set(accounts["asset"].to_pylist()) - set(self._decimals)
        if codes:  # an asset of which no instruction speaks, only accounts do
            raise Refused(f"accounts are kept in {min(codes)}, whose decimals the manifest does not state")
        assets = np.asarray(self.assets.column(accounts["asset"])).astype(np.int64)
        numbers = self._count + places - before
        self._count += len(ids)
        known = self._places[book]
        self._places[book] = np.concatenate((known[0], numbers)), np.concatenate((known[1], assets))
        return pa.table(
            {
                "number": pa.array(numbers.astype(np.int32)),
                "book": same(book, len(ids)),
                "address": accounts["address"],
                "asset": pa.array(assets.astype(np.uint16)),
                "id": accounts["id"],
            }
        )

    def accounts(self, book: int, column: pa.ChunkedArray) -> tuple[pa.Array, Column]:
        """Return account ids as numbers, and the asset of each account.

        Raises: Refused if one was never opened.
        """
        kept = self._accounts[book]
        before = len(kept)
        places = np.asarray(kept.column(column)).astype(np.int64)
        if len(kept) != before:
            raise Refused(f"a transfer touches account {column[int((places >= before).argmax())]}, which was never opened")
        numbers, assets = self._places[book]
        return pa.array(numbers[places].astype(np.int32)), assets[places]

    def know_accounts(self, book: int) -> None:
        """Learn which accounts of a book the lake holds, before any of them is asked for."""
        if book not in self._accounts:
            found = self._table(f"SELECT number, asset, id FROM accounts WHERE book = {book} ORDER BY number")
            self._accounts[book] = Kept(found["id"])
            self._places[book] = found["number"].to_numpy().astype(np.int64), found["asset"].to_numpy().astype(np.int64)

    def _kept(self, query: str) -> Kept:
        return Kept(self._table(query).column(0))

    def _table(self, query: str) -> pa.Table:
        return self._connection.sql(query).to_arrow_table()


def _written(number: int, edition: Edition) -> dict[str, list[tuple[object, ...]]]:
    """Return the rows that say what the numbers of an edition mean, by table."""
    country = edition.country
    return {
        "editions": [(number, edition.hash, country.code, country.currency, country.decimals, edition.normal)],
        "outcomes": [
            (number, place, one.verdict, one.provision, one.measure, one.assumed) for place, one in enumerate(edition.outcomes)
        ],
        "duties": [(number, *pair) for pair in enumerate(edition.duty_ids)],
        "levies": [(number, *pair) for pair in enumerate(edition.levy_ids)],
        "provisions": [(number, one.id, one.title, one.cites.act, one.cites.article) for one in edition.provisions.values()],
    }


def same(number: int, rows: int) -> pa.Array:
    """Return a column that says the same number in every row."""
    return pa.array(np.full(rows, number, np.uint16))
