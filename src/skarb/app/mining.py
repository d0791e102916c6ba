"""What the chain paid on every day, put together from files.

Files are told apart by what is in them: a list of checkpoints, block statistics, raw blocks, prices, Coin Metrics. Everything that is not in them
and not asked for is missing, or flagged with where it comes from; the network is never asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from pathlib import Path

from skarb.chain import ChainDay, Epochs, chain_days, looks_like_block, parse_block
from skarb.chain.epochs import Anchor, Checkpoints, date_epochs, published_anchors, read_checkpoints
from skarb.chain.series import Series, assumed, filled, merge
from skarb.chain.series_files import (
    FEES,
    PRICE,
    SATOSHI,
    BlockFile,
    DayFile,
    check_blocks,
    check_days,
    check_prices,
    fees_of,
    published_fees,
    read_blocks,
    read_days,
)
from skarb.core.errors import InputError, NotFound
from skarb.core.time import from_day, to_day
from skarb.mining.history import PaidDay, paid_days

FILL_DAYS = 62  # a gap in the fees up to two months long is bridged, and flagged
FIRST_DAY = date(2010, 7, 18)  # before it nobody wrote prices down
_READ = (".json", ".csv", ".gz", ".parquet", ".raw", ".blk", ".dat")


@dataclass(frozen=True)
class Past:
    """Everything that files say about the chain and what it paid."""

    epochs: Epochs
    days: Mapping[int, ChainDay]
    history: tuple[PaidDay, ...]
    fees: Series
    prices: Series
    notes: tuple[str, ...]
    sources: tuple[str, ...]  # names of the files

    @property
    def last(self) -> PaidDay:
        """The last day of which everything is known: what "today" means here."""
        return self.history[-1]

    def since(self, day: date, until: date | None = None) -> tuple[PaidDay, ...]:
        """Return the known days from one to another.

        Raises: InputError if there are none.
        """
        last = to_day(until) if until else self.last.day
        found = tuple(paid for paid in self.history if to_day(day) <= paid.day <= last)
        if not found:
            raise InputError(
                f"given {day} to {from_day(last)}, expected days between {from_day(self.history[0].day)} and {from_day(self.last.day)}"
            )
        return found

    def at(self, day: date | None) -> PaidDay:
        """Return a day, or the last one.

        Raises: InputError if the day is missing, or its price is stale.
        """
        if day is None:
            return self.last
        found = next((paid for paid in self.history if paid.day == to_day(day)), None)
        if found is None:
            for series in (self.prices, self.fees):
                series.latest(to_day(day), 0)
            raise InputError(
                f"{day}: not a day of the files, which know {from_day(self.history[0].day)} to {from_day(self.last.day)}"
            )
        return found


@dataclass
class _Found:
    listed: list[Checkpoints] = field(default_factory=list)
    blocks: list[BlockFile] = field(default_factory=list)
    raw: list[tuple[str, bytes]] = field(default_factory=list)
    days: list[tuple[DayFile, bool]] = field(default_factory=list)  # whether it was named
    passed: list[str] = field(default_factory=list)


def load_epochs(paths: Sequence[Path]) -> tuple[Epochs, tuple[str, ...]]:
    """Return the dated epochs of the checkpoints among some files, and notes about what was read.

    Raises: InputError, NotFound
    """
    found = _find(paths)
    epochs, notes = _epochs(found)
    return epochs, (*notes, *_passed(found))


def load(paths: Sequence[Path], assumed_fee_btc: Fraction | None = None) -> Past:
    """Read files and folders of files and put together what every day paid.

    Days without fees, or without a price, are missing; with `assumed_fee_btc` the fees are supposed there, and flagged.
    Raises: InputError, NotFound
    """
    found = _find(paths)
    epochs, notes = _epochs(found)
    kept: list[DayFile] = []
    for file, named in sorted(
        found.days, key=lambda one: not one[0].difficulties
    ):  # those first that the chain itself can vouch for
        try:
            check_days(file, epochs)
            check_prices(file, kept)
            kept.append(file)
        except InputError as error:
            if named:
                raise
            notes.append(f"passed over: {error}")
    prices = merge(PRICE, [file.prices for file in kept])
    if not prices.points:
        raise InputError("no file of prices was found, expected CSV with `date` and `close`, or of Coin Metrics")
    last = min(max(prices.points), epochs.end // 86_400 - 1)
    if last < max(prices.points):
        notes.append(
            f"the list of checkpoints ends on {from_day(last)}, prices go on to {from_day(max(prices.points))}; take a newer list"
        )
    days = {day.day: day for day in chain_days(epochs, max(min(prices.points), to_day(FIRST_DAY)), last)}
    fees = merge(FEES, [*(fees_of(one) for one in found.blocks), *(file.fees for file in kept), published_fees(days)])
    fees = filled(fees, FILL_DAYS)
    if assumed_fee_btc is not None and days:
        fees = assumed(fees, min(days), last, assumed_fee_btc * SATOSHI, "supposed, as asked for")
    history = paid_days(days.values(), fees, prices)
    if not history:
        raise InputError("no day has difficulty, fees and a price; expected files whose days overlap")
    notes += [str(problem) for problem in (*prices.problems, *fees.problems)]
    missing = last - history[0].day + 1 - len(history)
    if missing:
        notes.append(f"{missing} days between {from_day(history[0].day)} and {from_day(last)} are missing: no price or no fees")
    sources = (epochs.name, *(one.name for one in found.blocks), *(file.name for file in kept))
    return Past(epochs, days, history, fees, prices, (*notes, *_passed(found)), sources)


def _passed(found: _Found) -> list[str]:
    return [f"passed over, not known as anything: {', '.join(found.passed)}"] if found.passed else []


def _find(paths: Sequence[Path]) -> _Found:
    found = _Found()
    for path, named in _files(paths):
        try:
            _sort(path, path.read_bytes(), named, found)
        except InputError:
            if named:
                raise
            found.passed.append(path.name)
    return found


def _files(paths: Sequence[Path]) -> Iterator[tuple[Path, bool]]:
    for path in paths:
        if path.is_dir():
            yield from ((one, False) for one in sorted(path.rglob("*")) if one.is_file() and one.suffix in _READ)
        elif path.is_file():
            yield path, True
        else:
            raise NotFound(f"{path}: there is no such file or folder")


def _sort(path: Path, data: bytes, named: bool, found: _Found) -> None:
    if data[:4] == b"PAR1":
        found.blocks.append(read_blocks(data, path.name))
    elif looks_like_block(data):
        found.raw.append((path.name, data))
    elif data.lstrip()[:1] in (b"[", b"{"):
        found.listed.append(read_checkpoints(data, path.name))
    else:
        found.days.append((read_days(data, path.name), named))


def _epochs(found: _Found) -> tuple[Epochs, list[str]]:
    if not found.listed:
        raise InputError(
            "no list of checkpoints was found, expected a JSON file of [hash of the last block of an epoch, target of the next]"
        )
    listed = max(found.listed, key=lambda one: len(one.targets))
    notes = []
    for blocks in found.blocks:
        check_blocks(blocks, listed)
    epochs = date_epochs(listed, published_anchors())
    anchors: list[Anchor] = [anchor for blocks in found.blocks for anchor in blocks.anchors]
    for name, data in found.raw:
        block = parse_block(data, name)
        if block.network != "mainnet" or block.height is None:
            notes.append(
                f"{name}: a block of {block.network}{'' if block.height else ' that does not state its height'}, passed over"
            )
        else:
            anchors.append(epochs.check(block, name))
    return date_epochs(listed, [*published_anchors(), *anchors]), notes
