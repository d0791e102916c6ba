"""Epochs of 2,016 blocks, from a list of checkpoints: exact difficulties, and dates as good as their anchors.

A checkpoint file is a JSON list with one pair for each epoch from the first block on: the hash of its last block, and the target of the
epoch *after* it. That reading is checked: a hash above its target, two targets that no adjustment joins, or a known block
with another difficulty mean that something is missing or out of order, and nothing is made of such a list.

The retarget rule gives how long each epoch took; between epochs lies one block more. Laid end to end from a block whose time is known
(an anchor) that dates every block; between two anchors what does not fit is spread evenly.
Source: Electrum, `checkpoints.json`; Bitcoin protocol documentation.
"""

from __future__ import annotations

import csv
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from fractions import Fraction
from functools import cache, cached_property
from importlib.resources import files
from itertools import pairwise

import msgspec

from skarb.chain.difficulty import BLOCK_SECONDS, EPOCH_BLOCKS, Span, difficulty_of, span_between
from skarb.chain.model import EASIEST_TARGET, Block, target_of
from skarb.chain.quality import Quality
from skarb.core.errors import InputError, shorten

_TOLERANCE = 2 * 24 * 3600  # seconds between two anchors that luck can explain; a missing epoch is two weeks
_TARGET_DIGITS = 80
_FIRST_HASH = "00000000693067b0e6b440bc51450b9f3850561b07f6d3c021c54fbd6abb9763"  # of block 2015


@dataclass(frozen=True, slots=True)
class Anchor:
    """A block whose time is known."""

    height: int
    time: int  # Unix seconds
    source: str
    difficulty: Fraction | None = None  # to two decimals, where it is known


@dataclass(frozen=True, slots=True)
class Epoch:
    """2,016 blocks with one target."""

    number: int
    target: int
    start: int  # Unix seconds of its first block
    dated: Quality  # of the start
    seconds: int  # to the first block of the next epoch

    @property
    def first_height(self) -> int:
        """The height of the first block."""
        return self.number * EPOCH_BLOCKS


@dataclass(frozen=True)
class Checkpoints:
    """What a checkpoint file says."""

    name: str
    hashes: tuple[str, ...]  # of the last block of each epoch
    targets: tuple[int, ...]  # one more: the first epoch has the easiest


@dataclass(frozen=True)
class Epochs:
    """All epochs of a list, dated; the last one is not over yet."""

    name: str
    epochs: tuple[Epoch, ...]
    anchors: tuple[Anchor, ...] = ()  # blocks in the middle of epochs whose times are known, too

    @cached_property
    def _starts(self) -> list[int]:
        return [epoch.start for epoch in self.epochs]

    @cached_property
    def _knots(self) -> tuple[list[int], list[int]]:
        """Heights and times between which blocks come evenly."""
        last = self.epochs[-1]
        placed = {epoch.first_height: epoch.start for epoch in self.epochs} | {last.first_height + EPOCH_BLOCKS: self.end}
        for anchor in self.anchors:
            number, inside = divmod(anchor.height, EPOCH_BLOCKS)
            epoch = self.epochs[number]
            if inside and epoch.start < anchor.time < epoch.start + epoch.seconds:
                placed[anchor.height] = anchor.time
        heights: list[int] = []
        times: list[int] = []
        for height, time in sorted(placed.items()):
            if not times or time > times[-1]:  # the clocks of two miners may disagree by an hour
                heights.append(height)
                times.append(time)
        return heights, times

    @property
    def end(self) -> int:
        """When the last epoch ends if its blocks take ten minutes each. Unix seconds."""
        last = self.epochs[-1]
        return last.start + last.seconds

    def at_time(self, moment: int) -> Epoch:
        """Return the epoch under way at a moment.

        Raises: InputError before the first block and after the list ends.
        """
        if not self.epochs[0].start <= moment < self.end:
            first, last = (datetime.fromtimestamp(one, UTC).date() for one in (self.epochs[0].start, self.end))
            day = datetime.fromtimestamp(moment, UTC).date()
            raise InputError(
                f"{self.name}: given {day}, expected a day from {first} to {last}, where the list ends; take a newer list"
            )
        return self.epochs[bisect_right(self._starts, moment) - 1]

    def at_height(self, height: int) -> Epoch:
        """Return the epoch of a block.

        Raises: InputError outside the list.
        """
        if not 0 <= height < len(self.epochs) * EPOCH_BLOCKS:
            most = len(self.epochs) * EPOCH_BLOCKS - 1
            raise InputError(f"{self.name}: given height {height}, expected 0 to {most}, where the list ends; take a newer list")
        return self.epochs[height // EPOCH_BLOCKS]

    def height_at(self, moment: int) -> int:
        """Return the height of the last block at a moment, as if blocks came evenly between those whose times are known."""
        self.at_time(moment)
        heights, times = self._knots
        at = bisect_right(times, moment) - 1
        return heights[at] + (moment - times[at]) * (heights[at + 1] - heights[at]) // (times[at + 1] - times[at])

    def time_of(self, height: int) -> int:
        """Return when a block was found, as if blocks came evenly between those whose times are known. Unix seconds."""
        self.at_height(height)
        heights, times = self._knots
        at = bisect_right(heights, height) - 1
        return times[at] + (height - heights[at]) * (times[at + 1] - times[at]) // (heights[at + 1] - heights[at])

    def check(self, block: Block, name: str) -> Anchor:
        """Hold a raw block to the list: its target must be that of its epoch. Returns it as an anchor.

        Raises: InputError
        """
        if block.network != "mainnet" or block.height is None:
            raise InputError(
                f"{name}: given a block of {block.network} with height {block.height}, expected one of mainnet that states its height"
            )
        expected = self.at_height(block.height).target
        if target_of(block.bits) != expected:
            raise InputError(
                f"{name}: block {block.height} has target {block.bits:08x}, which {self.name} does not have at that height"
            )
        return Anchor(block.height, block.time, name)


def read_checkpoints(data: bytes, name: str = "checkpoints") -> Checkpoints:
    """Read a checkpoint file and hold it to the rules of the chain.

    Raises: InputError naming the entry that does not fit.
    """
    try:
        pairs = msgspec.json.decode(data, type=list[tuple[str, msgspec.Raw]])
    except (msgspec.DecodeError, RecursionError) as error:
        raise InputError(
            f"{name}: given {shorten(data[:60].decode(errors='replace'))!r} …, "
            f"expected a JSON list of [hash of the last block of an epoch, target of the next one] ({error})"
        ) from None
    if not pairs:
        raise InputError(f"{name}: given an empty list, expected one pair for each 2,016 blocks")
    hashes, targets = [], [EASIEST_TARGET]
    for number, (text, raw) in enumerate(pairs):
        where = f"{name} entry {number + 1}"
        if not bytes(raw).isdigit() or len(bytes(raw)) > _TARGET_DIGITS or not 0 < int(bytes(raw)) <= EASIEST_TARGET:
            raise InputError(
                f"{where}: given target {shorten(bytes(raw).decode())}, expected a whole number from 1 to {EASIEST_TARGET}"
            )
        target = int(bytes(raw))
        if len(text) != 64 or any(one not in "0123456789abcdef" for one in text):
            raise InputError(f"{where}: given hash {shorten(text)!r}, expected 64 hexadecimal digits")
        if number == 0 and text != _FIRST_HASH:
            raise InputError(
                f"{where}: given the hash {text}, expected {_FIRST_HASH}, that of block {EPOCH_BLOCKS - 1}; "
                "the list must begin with the first epoch"
            )
        if int(text, 16) > targets[-1]:
            raise InputError(
                f"{where}: the hash is above the target of its epoch, so an entry before it is missing or entries are out of order"
            )
        try:
            span_between(targets[-1], target)
        except InputError as error:
            raise InputError(f"{where}: {error}; an entry is missing, or entries are out of order") from None
        hashes.append(text)
        targets.append(target)
    return Checkpoints(name, tuple(hashes), tuple(targets))


@cache
def published_anchors() -> tuple[Anchor, ...]:
    """Return the blocks whose times everybody knows: the first one and the halvings."""
    text = files("skarb.chain").joinpath("published_blocks.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return tuple(
        Anchor(
            int(row["height"]),
            int(datetime.fromisoformat(row["time_utc"] + "+00:00").timestamp()),
            f"{row['event']}, {row['source']}",
            Fraction(row["difficulty"]),
        )
        for row in rows
    )


def date_epochs(listed: Checkpoints, anchors: Iterable[Anchor] = ()) -> Epochs:
    """Return the epochs of a list with their dates, laid between the blocks whose times are known.

    The first blocks of epochs place them to an hour or two. A block from the middle of an epoch may be a day off the even pace; it places only
    where there is nothing better, and is a check otherwise.
    Raises: InputError without an anchor, and where the time between anchors is not what the epochs between them took.
    """
    count = len(listed.targets)
    every = [anchor for anchor in sorted(set(anchors), key=lambda one: one.height) if anchor.height < count * EPOCH_BLOCKS]
    if not every:
        raise InputError(
            f"{listed.name}: no block with a known time lies inside the list; name a file of block statistics, or a raw block"
        )
    for anchor in every:
        _check_difficulty(listed, anchor)
    spans = [span_between(*pair) for pair in pairwise(listed.targets)]
    loose = max((number for number, span in enumerate(spans) if span.middle is None), default=-1)
    known = _placing(every, loose)
    starts, steps = _laid(listed.name, spans, known)
    exact = {anchor.height // EPOCH_BLOCKS for anchor in known if anchor.height % EPOCH_BLOCKS == 0}
    inside = range(known[0].height // EPOCH_BLOCKS, known[-1].height // EPOCH_BLOCKS + 1)
    qualities: list[Quality] = [
        "exact" if number in exact else "interpolated" if number in inside else "assumed" for number in range(count)
    ]
    rows = zip(range(count), listed.targets, starts, qualities, steps, strict=True)
    epochs = Epochs(listed.name, tuple(Epoch(*row) for row in rows))
    for anchor in every:
        if anchor.height // EPOCH_BLOCKS > loose:  # before, blocks came at no pace that anybody could reckon
            _check_time(epochs, anchor)
    return replace(epochs, anchors=tuple(every))


def _laid(name: str, spans: Sequence[Span], known: Sequence[Anchor]) -> tuple[list[int], list[int]]:
    """Return when each epoch began, and how long after it the next one; the last one is taken to keep to ten minutes a block."""
    gaps = [BLOCK_SECONDS] * len(spans)  # from the last block of an epoch to the first of the next
    lengths = [(span.middle if span.middle is not None else span.least) for span in spans]
    for before, after in pairwise(known):
        _fit(name, spans, lengths, gaps, before, after)
    steps = [*(length + gap for length, gap in zip(lengths, gaps, strict=True)), EPOCH_BLOCKS * BLOCK_SECONDS]
    at = known[0].height // EPOCH_BLOCKS
    begin = known[0].time - _inside(known[0].height, lengths, at)
    starts = [begin - sum(steps[:at])]
    for step in steps[:-1]:
        starts.append(starts[-1] + step)
    return starts, steps


def _check_time(epochs: Epochs, anchor: Anchor) -> None:
    if abs(epochs.time_of(anchor.height) - anchor.time) > _TOLERANCE:
        reckoned, given = (datetime.fromtimestamp(one, UTC).date() for one in (epochs.time_of(anchor.height), anchor.time))
        raise InputError(
            f"{epochs.name}: block {anchor.height} ({anchor.source}) was found on {given}, by the list on {reckoned}; "
            "the list, or the block, is of another chain"
        )


def _check_difficulty(listed: Checkpoints, anchor: Anchor) -> None:
    found = difficulty_of(listed.targets[anchor.height // EPOCH_BLOCKS])
    if anchor.difficulty is not None and abs(found - anchor.difficulty) > Fraction(1, 100):
        raise InputError(
            f"{listed.name}: block {anchor.height} ({anchor.source}) has difficulty {float(found):,.2f} by the list, expected "
            f"{float(anchor.difficulty):,.2f}; an entry before it is missing, stands there twice, or the list is of another chain"
        )


def _placing(anchors: Sequence[Anchor], loose: int) -> list[Anchor]:
    """Return the anchors that dates are laid between: first blocks of epochs, or the lowest of each epoch if those are all from the first years."""
    starting = [anchor for anchor in anchors if anchor.height % EPOCH_BLOCKS == 0]
    if starting and starting[-1].height > loose * EPOCH_BLOCKS:
        return starting
    lowest: dict[int, Anchor] = {}
    for anchor in anchors:
        lowest.setdefault(anchor.height // EPOCH_BLOCKS, anchor)
    return list(lowest.values())


def _inside(height: int, lengths: Sequence[int], number: int) -> int:
    """Return how long after the first block of its epoch a block came, the blocks of an epoch coming evenly."""
    length = lengths[number] if number < len(lengths) else (EPOCH_BLOCKS - 1) * BLOCK_SECONDS
    return (height - number * EPOCH_BLOCKS) * length // (EPOCH_BLOCKS - 1)


def _fit(name: str, spans: Sequence[Span], lengths: list[int], gaps: list[int], before: Anchor, after: Anchor) -> None:
    """Spread what lies between two anchors more, or less, than their epochs took: over those that only say "at least", else over the gaps."""
    first, last = before.height // EPOCH_BLOCKS, after.height // EPOCH_BLOCKS
    between = range(first, last)
    loose = [number for number in between if spans[number].middle is None]
    for _ in range(2):  # where the anchors stand inside their epochs follows from lengths that are only now known
        took = after.time - _inside(after.height, lengths, last) - before.time + _inside(before.height, lengths, first)
        rest = took - sum(lengths[number] + gaps[number] for number in between)
        where, into = (loose, lengths) if loose else (between, gaps)
        for place, number in enumerate(where):
            into[number] += rest * (place + 1) // len(where) - rest * place // len(where)
        if not loose:
            break
    unlucky = [number for number in loose if lengths[number] < spans[number].least - _TOLERANCE]
    if (not loose and abs(rest) > _TOLERANCE) or unlucky:
        raise InputError(
            f"{name}: between blocks {before.height} ({before.source}) and {after.height} ({after.source}) lie {took} seconds, the epochs of the "
            f"list took {took - rest}; the list, or one of the blocks, is of another chain"
        )
