"""Files of prices, fees and blocks, told apart by what is in them, read exactly.

| file | looks like | gives |
|---|---|---|
| prices | CSV, `date` and `close` (USD) | a price for each day |
| Coin Metrics | CSV, `time`, `PriceUSD`, `FeeTotNtv`, `BlkCnt`, `DiffMean` or `HashRate` | prices, fees per block, difficulties to compare with |
| blocks | Parquet, `height`, `time` (seconds or timestamps), `totalfee`, `subsidy`, `blockhash`, in a row | fees of complete days, times of blocks |

Rows must be in the order of days, each day once; a day may be written with its midnight in UTC. `gzip` is unpacked. Fees are satoshi per block,
the mean of a day. A hash rate (TH/s) is difficulty times blocks times 2^32 over the seconds of a day, and gives the difficulty back.
Source: Coin Metrics, community data dictionary; Bitcoin Core, `getblockstats`.
"""

from __future__ import annotations

import csv
import gzip
import io
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from importlib.resources import files
from typing import Any

from skarb.chain.days import DAY_SECONDS, ChainDay, chain_day
from skarb.chain.difficulty import EPOCH_BLOCKS, HASHES_PER_DIFFICULTY
from skarb.chain.epochs import Anchor, Checkpoints, Epochs
from skarb.chain.quality import Quality
from skarb.chain.series import Point, Series, gaps, without_stale
from skarb.chain.subsidy import subsidy_sat
from skarb.core.errors import InputError, Problem, shorten
from skarb.core.time import from_day, parse_day

PRICE = "price, USD per BTC"
FEES = "fees, satoshi per block"
SATOSHI = 10**8
_NUMBER = re.compile(r"[0-9]{1,20}(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,2})?", re.ASCII)
_MIDNIGHT = re.compile(r"([0-9-]{10})[T ]00:00(:00(\.0+)?)?(Z|\+00:00)?", re.ASCII)
_TERAHASHES = Fraction(HASHES_PER_DIFFICULTY, DAY_SECONDS * 10**12)  # TH/s of a block a day at difficulty 1
_HASH = re.compile(r"[0-9a-f]{64}", re.ASCII)
_MOST_BYTES = 1 << 28
_TOLD = 5  # gaps that are named one by one
_FOREIGN = Fraction(1, 100)
_OTHER_PRICE = Fraction(10, 100)


@dataclass(frozen=True)
class DayFile:
    """What a CSV file says by day."""

    name: str
    prices: Series
    fees: Series
    difficulties: Mapping[int, Fraction] = field(default_factory=dict)


@dataclass(frozen=True)
class BlockFile:
    """Blocks one after the other: heights, times (Unix seconds) and fees (satoshi)."""

    name: str
    first_height: int
    times: Sequence[int]
    fees: Sequence[int]
    hashes: Sequence[str]

    @property
    def anchors(self) -> list[Anchor]:
        """The first block, and the first of each epoch."""
        last = self.first_height + len(self.times)
        heights = {self.first_height, *range(-(-self.first_height // EPOCH_BLOCKS) * EPOCH_BLOCKS, last, EPOCH_BLOCKS)}
        return [Anchor(height, self.times[height - self.first_height], self.name) for height in sorted(heights)]


def unpacked(data: bytes, name: str) -> bytes:
    """Return the bytes of a file, unpacked if it is a gzip.

    Raises: InputError if the gzip is damaged or cut, or unpacks to more than days can be.
    """
    if data[:2] != b"\x1f\x8b":
        return data
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
            content = file.read(_MOST_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{name}: given a damaged gzip ({error}), expected one that can be read to its end") from None
    if len(content) > _MOST_BYTES:
        raise InputError(f"{name}: given a gzip of more than {_MOST_BYTES} bytes, expected days of prices, which are few")
    return content


def read_days(data: bytes, name: str) -> DayFile:
    """Read a CSV file of prices, or of Coin Metrics.

    Raises: InputError naming the first line that cannot be read; days out of order or twice are such lines.
    """
    try:
        reader = csv.DictReader(io.StringIO(unpacked(data, name).decode("utf-8-sig")), strict=True)
        header = set(reader.fieldnames or ())
        rows = [(reader.line_num, row) for row in reader]
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{name}: given {shorten(str(error))}, expected comma-separated values in UTF-8") from None
    if {"time", "PriceUSD", "FeeTotNtv", "BlkCnt"} <= header and {"DiffMean", "HashRate"} & header:
        day_at, price_at = "time", "PriceUSD"
    elif {"date", "close"} <= header and "unix" not in header:
        day_at, price_at = "date", "close"
    else:
        raise InputError(
            f"{name}: given the columns {shorten(', '.join(sorted(header)))}, expected `date` and `close` by day, "
            "or `time`, `PriceUSD`, `FeeTotNtv`, `BlkCnt` and `DiffMean` or `HashRate` of Coin Metrics"
        )
    if len(header) != len(reader.fieldnames or ()):
        raise InputError(f"{name}: given a column twice, expected each once")
    prices: dict[int, Point] = {}
    fees: dict[int, Point] = {}
    difficulties: dict[int, Fraction] = {}
    known: int | None = None
    for line, row in rows:
        if None in row or None in row.values():
            raise InputError(f"{name} line {line}: given more or fewer fields than the header names, expected {len(header)}")
        day = _day(name, line, row[day_at], known)
        known = day
        if (price := number_of(name, line, price_at, row[price_at])) is not None and price > 0:
            prices[day] = Point(price, "published", row.get("source") or name)
        if day_at == "time":
            fee, blocks = (number_of(name, line, key, row[key]) for key in ("FeeTotNtv", "BlkCnt"))
            difficulty = number_of(name, line, "DiffMean", row.get("DiffMean"))
            hashrate = number_of(name, line, "HashRate", row.get("HashRate"))
            if difficulty is None and hashrate is not None and blocks:
                difficulty = hashrate / blocks / _TERAHASHES
            if fee is not None and blocks:
                fees[day] = Point(fee * SATOSHI / blocks, "published", name)
            if difficulty:
                difficulties[day] = difficulty
    found = Series(PRICE, prices)
    holes = [_hole(name, *hole) for hole in gaps(found)]
    more = [Problem(name, price_at, f"{len(holes) - _TOLD} more gaps", "a price for each day")] if len(holes) > _TOLD else []
    whole = without_stale(Series(PRICE, prices, (*holes[:_TOLD], *more)))
    return DayFile(name, whole, Series(FEES, fees), difficulties)


def _day(name: str, line: int, text: str | None, known: int | None) -> int:
    try:
        written = _MIDNIGHT.fullmatch(text or "")
        day = parse_day(written[1] if written else text or "")
    except InputError as error:
        raise InputError(f"{name} line {line}: {error}") from None
    if known is not None and day <= known:
        what = "twice" if day == known else "out of order"
        raise InputError(f"{name} line {line}: given {text} {what}, expected a day after {from_day(known)}")
    return day


def number_of(name: str, line: int, column: str, text: str | None) -> Fraction | None:
    """Return a number of a file as it is written, or nothing where nothing is.

    Raises: InputError naming the line and the column.
    """
    if not text:
        return None
    if not _NUMBER.fullmatch(text):
        raise InputError(
            f"{name} line {line}, {column}: given {shorten(text)!r}, expected a plain number such as 93389.73, or nothing"
        )
    return Fraction(text)


def _hole(name: str, first: int, last: int) -> Problem:
    days = f"{from_day(first)}" if first == last else f"{from_day(first)} to {from_day(last)}"
    return Problem(name, days, "no price", "a price for each day", "these days are missing")


def read_blocks(data: bytes, name: str) -> BlockFile:
    """Read a Parquet file of block statistics.

    Raises: InputError for columns that are missing, heights that do not follow each other, a subsidy that the height does not have.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = ["height", "time", "totalfee", "subsidy", "blockhash"]
    try:
        table = pq.read_table(pa.BufferReader(data), columns=columns)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError) as error:
        raise InputError(f"{name}: given {shorten(str(error))}, expected Parquet with the columns {', '.join(columns)}") from None
    table = _in_seconds(table)
    if table.column_names != columns or any(not pa.types.is_integer(table.schema.field(one).type) for one in columns[:4]):
        given = ", ".join(f"{one.name} {one.type}" for one in table.schema)
        raise InputError(f"{name}: given the columns {given}, expected whole numbers {', '.join(columns[:4])} and blockhash")
    read: dict[str, list[Any]] = table.to_pydict()
    heights = read["height"]
    if not heights:
        raise InputError(f"{name}: given no blocks, expected at least one")
    for place, (height, time, found) in enumerate(zip(heights, read["time"], read["blockhash"], strict=True)):
        if height is None or height < 0 or time is None or not isinstance(found, str) or not _HASH.fullmatch(found):
            given = shorten(f"height {height}, time {time} and blockhash {found}")
            raise InputError(f"{name} row {place + 1}: given {given}, expected numbers and 64 hexadecimal digits")
    for place, (height, subsidy, fee) in enumerate(zip(heights, read["subsidy"], read["totalfee"], strict=True)):
        if height != heights[0] + place:
            raise InputError(f"{name} row {place + 1}: given height {height}, expected {heights[0] + place}, one after the other")
        if subsidy != subsidy_sat(height) or fee is None or fee < 0:
            raise InputError(
                f"{name} row {place + 1}: given subsidy {subsidy} and fees {fee}, "
                f"expected {subsidy_sat(height)} satoshi at height {height} and fees from 0"
            )
    return BlockFile(name, heights[0], read["time"], read["totalfee"], read["blockhash"])


def _in_seconds(table: Any) -> Any:
    """Return the table with its times as Unix seconds, also where they are timestamps; without a zone they are in UTC."""
    import pyarrow as pa

    at = table.schema.get_field_index("time")
    if at < 0 or not pa.types.is_timestamp(table.schema.field(at).type):
        return table
    zone = table.schema.field(at).type.tz
    return table.set_column(at, "time", table.column(at).cast(pa.timestamp("s", zone), safe=False).cast(pa.int64()))


def fees_of(blocks: BlockFile) -> Series:
    """Return the fees per block of the days that lie in the file as a whole."""
    sums: dict[int, list[int]] = {}
    for time, fee in zip(blocks.times, blocks.fees, strict=True):
        sums.setdefault(time // DAY_SECONDS, []).append(fee)
    whole = sorted(sums)[1:-1]
    return Series(FEES, {day: Point(Fraction(sum(sums[day]), len(sums[day])), "exact", blocks.name) for day in whole})


def check_blocks(blocks: BlockFile, listed: Checkpoints) -> None:
    """Hold blocks to a list of checkpoints: each hash has the work of its epoch, the last of an epoch is the one that is listed.

    Raises: InputError naming the first height that does not fit.
    """
    for place, found in enumerate(blocks.hashes):
        height = blocks.first_height + place
        epoch, inside = divmod(height, EPOCH_BLOCKS)
        if epoch >= len(listed.targets):
            return
        if int(found, 16) > listed.targets[epoch]:
            raise InputError(
                f"{blocks.name}: block {height} has the hash {found}, above the target that {listed.name} has at that height"
            )
        if inside == EPOCH_BLOCKS - 1 and epoch < len(listed.hashes) and listed.hashes[epoch] != found:
            raise InputError(
                f"{blocks.name}: block {height} has the hash {found}, expected {listed.hashes[epoch]} as in {listed.name}"
            )


def check_days(file: DayFile, epochs: Epochs) -> None:
    """Hold the difficulties of a file to the chain; those of another coin are far away.

    Raises: InputError naming a day that does not fit.
    """
    days = [
        day
        for day in sorted(file.difficulties)
        if epochs.epochs[0].start < day * DAY_SECONDS and (day + 1) * DAY_SECONDS < epochs.end
    ]
    for day in days[:: max(1, len(days) // 50)]:
        ours, theirs = _inner(epochs, day), file.difficulties[day]
        if ours is not None and abs(theirs - ours) > ours * _FOREIGN:
            raise InputError(
                f"{file.name}: on {from_day(day)} the difficulty is {float(theirs):,.6g}, that of Bitcoin was {float(ours):,.6g}; "
                "the file is of another coin, or its days are shifted"
            )


def check_prices(file: DayFile, others: Sequence[DayFile]) -> None:
    """Hold the prices of a file to those of others; a price list does not say which coin it is about.

    Raises: InputError if most days that they share are far apart.
    """
    for other in others:
        shared = sorted(file.prices.points.keys() & other.prices.points.keys())
        pairs = [(day, file.prices.points[day].value, other.prices.points[day].value) for day in shared]
        apart = [day for day, ours, theirs in pairs if abs(ours - theirs) > theirs * _OTHER_PRICE]
        if len(apart) * 2 > len(shared):
            raise InputError(
                f"{file.name}: on {from_day(apart[0])} and {len(apart) - 1} other days the price is far from the one in {other.name}; "
                "the file is of another coin or in another currency"
            )


def _inner(epochs: Epochs, day: int) -> Fraction | None:
    """Return the difficulty of a day that is well inside an epoch."""
    around = {
        epochs.at_time(moment).number
        for moment in (max(epochs.epochs[0].start, (day - 1) * DAY_SECONDS), min(epochs.end - 1, (day + 2) * DAY_SECONDS))
    }
    return chain_day(epochs, day).difficulty if len(around) == 1 else None


@cache
def _published_rows() -> tuple[dict[str, str], ...]:
    text = files("skarb.chain").joinpath("published_fees.csv").read_text(encoding="utf-8")
    return tuple(csv.DictReader(text.splitlines()))


def published_fees(days: Mapping[int, ChainDay]) -> Series:
    """Return the fees that are published, or were only supposed, for days that no file covers; per day they are divided by the day's blocks."""
    points: dict[int, Point] = {}
    for row in _published_rows():
        quality: Quality = row["quality"]  # type: ignore[assignment]
        value = Fraction(row["value"]) * SATOSHI
        for number in range(parse_day(row["first_day"]), parse_day(row["last_day"]) + 1):
            if row["unit"] == "btc_per_block":
                points[number] = Point(value, quality, row["source"])
            elif number in days:
                points[number] = Point(value / days[number].blocks, quality, row["source"])
    return Series(FEES, dict(sorted(points.items())))
