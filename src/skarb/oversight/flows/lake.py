"""Read the rows of a lake that cross the border, by the definition, into columns."""

from __future__ import annotations

from collections.abc import Sequence
from math import gcd
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from skarb.core.counted import counted
from skarb.core.errors import InputError
from skarb.oversight.flows.definition import COMPANY, COUNTRY, KIND, KINDS, PERSON, PLACE
from skarb.oversight.flows.model import UNVALUED, Aside, Asset, Crossing, Places, Rows

_FOLLOWED = ("outward", "return", "wallet_out", "wallet_back")
OWN_WALLET = "own wallet"
_WORD = 1 << 62

_CROSSING = f"""
SELECT * FROM (
  SELECT {KIND} AS kind, r.rowid AS position, r.instant, r.day, r.asset, r.amount, r.value, r.book, r.sequence, r.row_no, ({PERSON})::INTEGER AS
  person, {COMPANY} AS company, ({PLACE})::INTEGER AS place, {COUNTRY} AS country, operator_licence::VARCHAR AS channel FROM rows r JOIN cases c
  USING (case_no) WHERE r.answer = 'posted' AND r.day BETWEEN ? AND ? ) WHERE kind IS NOT NULL
"""


def read_lake(connection: duckdb.DuckDBPyConnection, first: int, last: int) -> Crossing:
    """Return what crossed the border between two legal days, both included.

    Raises: InputError if there is nothing in the lake, or its books count in different currencies.
    """
    low, high = connection.execute("SELECT min(day), max(day) FROM rows").fetchall()[0]
    if low is None:
        raise InputError("the lake holds no row; skarb lake add brings some")
    first, last = max(first, low), min(last, high)
    found = connection.execute("SELECT DISTINCT currency, decimals FROM books").fetchall()
    if len(found) > 1:
        raise InputError(
            f"the books of the lake count in {', '.join(sorted(one[0] for one in found))}; expected one legal currency"
        )
    currency, decimals = found[0]
    # `within` and what is told aside are counted in SQL; only what is followed becomes columns.
    aside = tuple(
        Aside(kind, count, int(value))
        for kind, count, value in connection.execute(
            f"SELECT kind, count(*), coalesce(sum(value), 0) FROM ({_CROSSING}) GROUP BY kind ORDER BY kind", [first, last]
        ).fetchall()
        if kind not in _FOLLOWED or kind.startswith("wallet")
    )
    chosen = ", ".join(repr(kind) for kind in _FOLLOWED)
    table = connection.sql(
        f"SELECT * FROM ({_CROSSING}) WHERE kind IN ({chosen}) ORDER BY instant, position", params=[first, last]
    ).to_arrow_table()
    unknown = table.filter(pc.is_null(table["amount"])).num_rows
    notes = (f"left out: {counted(unknown, 'row')} with an amount of more than 38 digits",) if unknown else ()
    if unknown:
        table = table.filter(pc.is_valid(table["amount"]))
    return Crossing(_rows(connection, table), aside, first, last, currency, decimals, notes)


def _rows(connection: duckdb.DuckDBPyConnection, table: pa.Table) -> Rows:
    def column(name: str, kind: Any) -> npt.NDArray[Any]:
        return np.asarray(table[name].cast(pa.int64()).fill_null(UNVALUED).to_numpy()).astype(kind)

    assets, of = _coded(column("asset", np.int64))
    known = {
        number: (code, decimals)
        for number, code, decimals in connection.execute("SELECT number, code, decimals FROM assets").fetchall()
    }
    units, scales = scaled(integers(table["amount"]), assets, len(of))
    people, person_of = _coded(column("person", np.int64))
    places, place_of = _coded(column("place", np.int64))
    books, book_of = _coded(column("book", np.int64))
    named = _places(connection, place_of)
    countries, country_of = texts(table["country"])
    channels, channel_of = texts(table["channel"])
    return Rows(
        kinds=_kinds(table["kind"]),
        instants=column("instant", np.int64),
        days=column("day", np.int32),
        assets=assets,
        units=units,
        values=column("value", np.int64),
        positions=column("position", np.int64),
        sequences=column("sequence", np.int32),
        numbers=column("row_no", np.int32),
        codes={
            "person": people,
            "who": column("company", np.int32),
            "institution": books,
            "channel": channels,
            "place": places,
            "country": countries,
        },
        names={
            "person": tuple(f"#{number}" for number in person_of),
            "who": ("person", "company"),
            "institution": tuple(_named(connection, "books", book_of)),
            "channel": channel_of,
            "place": tuple(OWN_WALLET if number < 0 else named[place] for place, number in enumerate(place_of)),
            "country": country_of,
        },
        of=tuple(Asset(*known[number], scale) for number, scale in zip(of, scales, strict=True)),
    )


def _places(connection: duckdb.DuckDBPyConnection, numbers: Sequence[int]) -> list[str]:
    """Return how places are called: a wallet is somebody's, so it is told by its chain and its number in the lake."""
    wallets = wallet_numbers(connection)
    names = _named(connection, "names", numbers)
    return [masked_wallet(name, number) if number in wallets else name for name, number in zip(names, numbers, strict=True)]


def masked_wallet(wallet: str, number: int) -> str:
    """Return a wallet as it is told without a purpose."""
    return f"{wallet.partition(':')[0]}:#{number}"


def wallet_numbers(connection: duckdb.DuckDBPyConnection) -> frozenset[int]:
    """Return which names of the lake are addresses of wallets."""
    found = connection.execute("SELECT DISTINCT wallet FROM rows WHERE wallet IS NOT NULL").fetchall()
    return frozenset(number for (number,) in found)


def _kinds(column: Any) -> npt.NDArray[np.int8]:
    codes, names = texts(column)
    return np.array([KINDS.index(name) for name in names] or [0], np.int8)[codes] if len(codes) else np.empty(0, np.int8)


def _named(connection: duckdb.DuckDBPyConnection, table: str, numbers: Sequence[int]) -> list[str]:
    wanted = pa.table({"number": pa.array(numbers, pa.int64()), "place": pa.array(range(len(numbers)), pa.int64())})
    connection.register("wanted", wanted)
    try:
        found = connection.execute(
            f"SELECT coalesce(n.name, '') FROM wanted w LEFT JOIN {table} n ON n.number = w.number ORDER BY w.place"
        ).fetchall()
    finally:
        connection.unregister("wanted")
    return [row[0] for row in found]


def _coded(values: npt.NDArray[Any]) -> tuple[Places, list[int]]:
    """Return values as places in the list of those that occur."""
    distinct, inverse = np.unique(values, return_inverse=True)
    return inverse.reshape(-1).astype(np.int32), [int(one) for one in distinct]


def texts(column: Any) -> tuple[Places, tuple[str, ...]]:
    """Return a column of texts as places in the list of those that occur."""
    encoded = pa.chunked_array(column).combine_chunks() if isinstance(column, list) else column.combine_chunks()
    encoded = encoded.dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    return encoded.indices.to_numpy(zero_copy_only=False).astype(np.int32), tuple(encoded.dictionary.to_pylist())


def integers(column: Any) -> npt.NDArray[Any]:
    """Return decimals without a fraction as whole numbers: words where all fit, else Python's own."""
    chunk = column.combine_chunks().cast(pa.decimal128(38, 0))
    if len(chunk) == 0:
        return np.empty(0, np.int64)
    halves = np.frombuffer(chunk.buffers()[1], np.uint64)[2 * chunk.offset : 2 * (chunk.offset + len(chunk))].reshape(-1, 2)
    if not halves[:, 1].any() and int(halves[:, 0].max()) < _WORD:
        return halves[:, 0].astype(np.int64)
    return np.array([int(one) for one in chunk.to_pylist()], object)


def scaled(units: npt.NDArray[Any], assets: Places, count: int) -> tuple[npt.NDArray[Any], list[int]]:
    """Return units in multiples of what divides all amounts of an asset, and those scales; then most fit into words.

    Tokens have eighteen decimals, but nobody writes all of them. Nothing is rounded.
    """
    scales = [1] * count
    if units.dtype != object and len(units) and int(units.max()) * len(units) < _WORD:
        return units, scales
    found = units.astype(object)
    for asset in range(count):
        of = assets == asset
        part = found[of]
        scales[asset] = max(1, gcd(*(int(one) for one in part))) if len(part) else 1
        found[of] = [int(one) // scales[asset] for one in part]
    largest = max((int(one) for one in found), default=0)
    return (found.astype(np.int64) if largest * max(1, len(found)) < _WORD else found), scales


def unvalued(values: npt.NDArray[Any]) -> int:
    """Return how many values nobody knows."""
    return int((values == UNVALUED).sum())
