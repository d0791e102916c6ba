"""Days of the chain: what the difficulty and the subsidy of a calendar day (UTC) come to.

What a day of mining brings is linear in the target, not in the difficulty, so the mean that a day has is that of its targets. On a day with an
adjustment or a halving each part counts for its seconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from skarb.chain.difficulty import BLOCK_SECONDS, EPOCH_BLOCKS, HASHES_PER_DIFFICULTY, difficulty_of
from skarb.chain.epochs import Epochs
from skarb.chain.quality import Quality, worst
from skarb.chain.subsidy import HALVING_BLOCKS, subsidy_sat

DAY_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class ChainDay:
    """What the chain was like on a day.

    Units: days since 1970-01-01 (UTC); `blocks` is how many the epochs' pace makes in a day, a mean and not a count.
    """

    day: int
    height: int  # of the last block before the day
    target: Fraction  # mean over the day
    subsidy_sat: Fraction  # mean over the day, each second weighing as much as its target
    blocks: Fraction
    dated: Quality  # exact when no adjustment and no halving falls on the day

    @property
    def difficulty(self) -> Fraction:
        """The difficulty that pays as much as the day's targets did."""
        return difficulty_of(self.target)

    @property
    def hashrate_th_s(self) -> Fraction:
        """What all miners together must have hashed at the pace of the day's blocks."""
        return self.difficulty * HASHES_PER_DIFFICULTY * self.blocks / DAY_SECONDS / 10**12

    @property
    def nominal_hashrate_th_s(self) -> Fraction:
        """What the difficulty asks of all miners together for a block in ten minutes."""
        return self.difficulty * HASHES_PER_DIFFICULTY / BLOCK_SECONDS / 10**12


def chain_days(epochs: Epochs, first: int, last: int) -> Iterator[ChainDay]:
    """Yield the days from the first to the last, both included.

    Raises: InputError for a day that the list does not reach.
    """
    for day in range(first, last + 1):
        yield chain_day(epochs, day)


def chain_day(epochs: Epochs, day: int) -> ChainDay:
    """Return what the chain was like on a day.

    Raises: InputError for a day that the list does not reach.
    """
    begin, end = day * DAY_SECONDS, (day + 1) * DAY_SECONDS
    parts: list[tuple[int, int, int, Fraction]] = []  # seconds, target, subsidy, blocks
    qualities: list[Quality] = []
    at = begin
    while at < end:
        epoch = epochs.at_time(at)
        until = min(end, epoch.start + epoch.seconds)
        if until < end:
            qualities.append(epochs.at_time(until).dated if until < epochs.end else "assumed")
        halving = -(-(epochs.height_at(at) + 1) // HALVING_BLOCKS) * HALVING_BLOCKS
        if halving < epoch.first_height + EPOCH_BLOCKS and at < (moment := epochs.time_of(halving)) < until:
            until = moment
            qualities.append(worst([epoch.dated, "interpolated"]))
        seconds = until - at
        subsidy = subsidy_sat(epochs.height_at(at) + (1 if at else 0))
        parts.append((seconds, epoch.target, subsidy, Fraction(seconds * EPOCH_BLOCKS, epoch.seconds)))
        at = until
    weight = sum(seconds * target for seconds, target, _, _ in parts)
    return ChainDay(
        day,
        epochs.height_at(begin),
        Fraction(weight, DAY_SECONDS),
        Fraction(sum(seconds * target * subsidy for seconds, target, subsidy, _ in parts), weight),
        sum((blocks for *_, blocks in parts), Fraction(0)),
        worst(qualities),
    )
