"""A supervisor's lake of any size, or a feed for one, from one seed: what replay and loading are measured on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from skarb.bench.drawn import ASSETS, CLIENTS, FROM, Column, Drawn, Market
from skarb.core.errors import ensure
from skarb.journal.ahead import ahead
from skarb.journal.feed.cases import FACTS, case_id
from skarb.journal.feed.columns import ANSWERS, Columns, decimal_column
from skarb.journal.feed.files import SCHEMAS
from skarb.journal.feed.manifest import Form, Manifest, Sums
from skarb.journal.feed.write import Signer, write_declared
from skarb.lake.filling import Filling, insert
from skarb.lake.numbers import Numbers
from skarb.lake.open import create_lake, open_lake
from skarb.lake.schema import ROWS

BOOK = "generated"
PART = 1 << 19  # rows that are drawn at once
COMMITTED = 1 << 22  # rows of a lake that are filled in one transaction; a multiple of the above


def fill(
    lake: Path, rows: int, *, seed: int = 1, clients: int = CLIENTS, progress: Callable[[str, int, int], None] | None = None
) -> None:
    """Make a lake of so many rows without a feed; what replay is measured on."""
    market = Market(seed, clients)
    create_lake(lake)
    with open_lake(lake, write=True) as connection:
        ensure(connection.execute("SELECT count(*) FROM books").fetchall() == [(0,)], "a lake to be filled is empty")
        connection.execute("BEGIN TRANSACTION")
        numbers = Numbers(connection)
        manifest = _manifest(market, rows)
        numbers.book(manifest)
        numbers.take_assets(manifest)
        numbers.take_editions(list({one.hash: one for one in market.editions}.values()))
        insert(connection, "cases", numbers.new_cases(_cases(market)))
        numbers.names.numbers(pa.array(market.names))
        insert(connection, "names", numbers.new_names())
        editions = np.asarray(numbers.editions.numbers(pa.array([one.hash for one in market.editions])))
        filling, done = Filling(connection, "rows"), 0
        for made in ahead((_rows(drawn, editions) for drawn in market.draw(rows, PART)), depth=1):
            filling.add(made)
            done += len(made)
            if done % COMMITTED == 0:  # what is not committed takes memory
                connection.execute("COMMIT")
                connection.execute("BEGIN TRANSACTION")
            if progress is not None:
                progress("fill the lake", done, rows)
        filling.finish()
        made_of = f"generated from {seed} for {clients} clients"  # in place of a manifest's digest
        brought = [0, 0, False, 1, 1, b"", rows, 0, made_of, "", datetime.fromtimestamp(0, UTC).replace(tzinfo=None), "generated"]
        connection.execute(f"INSERT INTO feeds VALUES ({', '.join('?' * len(brought))})", brought)
        connection.execute("COMMIT")


def write_feed(to: Path, rows: int, signer: Signer, *, seed: int = 1, clients: int = CLIENTS, form: Form = "parquet") -> Manifest:
    """Write a feed of so many rows without bodies, as an institution that declares them would."""
    market = Market(seed, clients)
    cases = _cases(market)
    parts = (
        ((FROM + timedelta(days=number)).date().isoformat(), _columns(market, drawn, cases, number + 1))
        for number, drawn in enumerate(market.draw(rows, PART))
    )
    return write_declared(BOOK, to, signer, market.rulebook.country, parts, ASSETS, market.editions, form)


def _cases(market: Market) -> pa.Table:
    columns: dict[str, Any] = {"case_id": pa.array([case_id(one) for one in market.cases])}
    return pa.table(
        columns | {name: pa.array([getattr(one, name) for one in market.cases], kind) for name, kind in FACTS.items()}
    )


def _rows(drawn: Drawn, editions: Column) -> pa.Table:
    """Return rows as a lake holds them."""
    own = drawn.columns
    count = len(own["day"])
    missing = pa.nulls(count)
    columns = {
        "book": pa.array(np.zeros(count, np.uint16)),
        **_places(drawn, 1 + drawn.first // PART),
        "day": pa.array(own["day"].astype(np.int32)),
        "case_no": pa.array(own["case"].astype(np.int32)),
        "asset": pa.array(own["asset"].astype(np.uint16)),
        "paid_asset": missing,
        "paid_amount": missing,
        **{name: pa.array(own[name].astype(np.int32), mask=own[name] < 0) for name in ("party", "counterparty", "venue")},
        "wallet": missing,
        "edition": pa.array(editions[own["edition"]].astype(np.uint16)),
        "approves": missing,
        "end_to_end_id": missing,
    }
    return pa.table({name: columns[name] for name in ROWS})


def _columns(market: Market, drawn: Drawn, cases: pa.Table, sequence: int) -> Columns:
    """Return rows as a feed holds them."""
    own = drawn.columns
    texts = {
        "case_id": (own["case"], cases["case_id"].combine_chunks()),
        "asset": (own["asset"], pa.array(list(ASSETS))),
        "edition": (own["edition"], pa.array([one.hash for one in market.editions])),
        **{name: (own[name], _names_of(market)) for name in ("party", "counterparty", "venue")},
    }
    columns = {
        **_places(drawn, sequence),
        "day": pa.array(own["day"].astype(np.int32)),
        **{
            name: pa.DictionaryArray.from_arrays(pa.array(places.astype(np.int32), mask=places < 0), known)
            for name, (places, known) in texts.items()
        },
    }
    empty = pa.nulls(len(own["day"]))
    rows = pa.table({name: columns[name] if name in columns else empty.cast(kind) for name, kind in SCHEMAS["rows"].items()})
    none = {
        name: pa.table({column: pa.array([], kind) for column, kind in SCHEMAS[name].items()})
        for name in ("transfers", "accounts")
    }
    return Columns(rows, cases, none["transfers"], none["accounts"])


def _names_of(market: Market) -> pa.Array:
    return pa.array(market.names)


def _places(drawn: Drawn, sequence: int) -> dict[str, pa.Array]:
    """Return the columns that are the same in a lake and in a feed."""
    own = drawn.columns
    count = len(own["day"])
    zero = np.zeros(count, np.uint64)
    return {
        "sequence": pa.array(np.full(count, sequence, np.int32)),
        "row_no": pa.array(np.arange(count, dtype=np.int32)),
        "instant": pa.array(own["instant"]),
        "value": pa.array(own["value"]),
        "value_usd": pa.array(own["value_usd"]),
        "amount": decimal_column(own["amount"].view(np.uint64), zero),
        "outcome": pa.array(own["outcome"].astype(np.int32)),
        "duties": pa.array(own["duties"]),
        "levy": pa.array(own["levy"].astype(np.int32)),
        "answer": pa.DictionaryArray.from_arrays(pa.array(own["answer"].astype(np.int32)), pa.array(ANSWERS)),
        "id": _ids(drawn.first, count),
    }


def _ids(first: int, count: int) -> pa.Array:
    """Return the ids g000000000000, g000000000001 … as texts."""
    digits = np.empty((count, 13), np.uint8)
    digits[:, 0] = ord("g")
    left = first + np.arange(count, dtype=np.int64)
    for place in range(12, 0, -1):
        left, digit = np.divmod(left, 10)
        digits[:, place] = digit + ord("0")
    offsets = np.arange(count + 1, dtype=np.int32) * 13
    return pa.StringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(digits))


def _manifest(market: Market, rows: int) -> Manifest:
    """Return what the manifest of a feed would say, for a lake that is filled without one."""
    country = market.rulebook.country
    return Manifest(
        book=BOOK,
        bodies=False,
        law=country.code,
        currency=country.currency,
        decimals=country.decimals,
        zone=country.zone,
        first=1,
        last=-(-rows // PART),
        previous="0" * 64,
        end="0" * 64,
        head=None,
        assets=ASSETS,
        editions=[],
        segments=[],
        sums=Sums(answers={}, amounts={}, value="0", transfers=0, moved="0"),
        key="0" * 64,
    )
