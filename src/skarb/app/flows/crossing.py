"""What crossed the border, read from a lake or from a file, and what an asset is worth today."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import duckdb

from skarb.app.files import open_source
from skarb.app.flows.asked import Asked, days_of, is_lake
from skarb.app.law import rulebook_of
from skarb.core.errors import InputError, NotFound, Unavailable
from skarb.core.time import from_day
from skarb.lake import open_lake
from skarb.oversight.flows.figures import Rate, implied
from skarb.oversight.flows.lake import read_lake
from skarb.oversight.flows.model import Asset, Crossing
from skarb.oversight.flows.sheet import Sheet, parse_abroad, read_sheet
from skarb.registers.rate_files import read_rates
from skarb.registers.rates import RateBook


def crossing_of(asked: Asked) -> Crossing:
    """Return what crossed the border in a lake or file, not followed yet."""
    if is_lake(asked.source):
        with open_lake(asked.source) as connection:
            return lake_crossing(asked, connection)
    return sheet_of(asked).crossing


def lake_crossing(asked: Asked, connection: duckdb.DuckDBPyConnection) -> Crossing:
    """Return what crossed the border in a lake on the days that are asked for."""
    first, last = days_of(asked)
    crossing = read_lake(connection, first, last)
    if crossing.first > crossing.last:
        raise InputError(f"days {asked.first} to {asked.last}: the lake {asked.source} holds no rows of them")
    return crossing


def sheet_of(asked: Asked) -> Sheet:
    """Return what crossed the border in a file, by the accounts that are said to lie abroad."""
    if not asked.abroad:
        raise InputError(
            f"{asked.source}: a file does not say which accounts lie abroad; say it with --abroad PATTERN, such as --abroad 'exchange:*=SC'"
        )
    country = rulebook_of(asked.law).country
    source = open_source(asked.source, country.zone, mapping=asked.mapping)
    rates = None if asked.rates is None else _rate_book(asked.rates)
    unit = 10**country.decimals

    def worth(asset: str, decimals: int, units: int, day: int) -> int | None:
        try:
            found = rates.find(asset, country.currency, day) if rates is not None else None
        except Unavailable:
            return None
        return None if found is None else units * found.numerator * unit // (found.denominator * 10**decimals)

    sheet = read_sheet(
        source.readings(), asked.source.name, parse_abroad(asked.abroad), country.zone, asset=asked.asset,
        worth=worth if rates is not None else None, currency=country.currency, decimals=country.decimals,
    )  # fmt: skip
    crossing = replace(sheet.crossing, notes=(*source.notes, *sheet.crossing.notes))
    return replace(sheet, crossing=crossing)


def rate_of(asked: Asked, crossing: Crossing) -> Rate:
    """Return where values of today come from: a file of rates, or else what the latest rows imply."""
    if asked.rates is None and crossing.rows.target is not None:
        return lambda asset, _: (10**crossing.decimals, 1, "its own unit") if asset.code == crossing.currency else None
    if asked.rates is None:
        return implied(crossing)
    book = _rate_book(asked.rates)

    def find(asset: Asset, day: int) -> tuple[int, int, str] | None:
        found = book.find(asset.code, crossing.currency, day)
        if found is None:
            return None
        return found.numerator * 10**crossing.decimals, found.denominator, f"{found.source}, {from_day(found.day)}"

    return find


def _rate_book(path: Path) -> RateBook:
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise NotFound(f"rates {path}: there is no such file") from None
    file = read_rates(raw, path.name, source=path.name)
    if file.problems:
        raise InputError(f"rates {path}: {file.problems[0]}")
    book = RateBook(10, (path.name,), ("USD", "EUR"))
    for series in file.series:
        book.add(series)
    return book
