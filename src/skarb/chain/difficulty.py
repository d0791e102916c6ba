"""Difficulty: how a target follows from the time that the blocks before it took, in whole numbers only.

A block's hash may not exceed the target. Every 2,016 blocks the target is multiplied by the time from the first to the last of them over
two weeks, no more than fourfold either way, never above the easiest target, and cut to the 24 bits that a header has room for. The rule
works backwards, too: two targets that follow each other say how long the epoch between took, but for the bits that were cut away.
Source: Bitcoin protocol documentation (target, difficulty adjustment).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from skarb.chain.model import EASIEST_TARGET
from skarb.core.errors import InputError

EPOCH_BLOCKS = 2016
TWO_WEEKS = 14 * 24 * 3600  # seconds; what an epoch should take
MOST = 4  # times faster or slower that one adjustment follows
BLOCK_SECONDS = 600
HASHES_PER_DIFFICULTY = 1 << 32  # expected hashes to a block at difficulty 1, as everybody counts them


@dataclass(frozen=True, slots=True)
class Span:
    """How long an epoch took from its first block to its last, as far as two targets tell.

    Units: seconds; `most` is None where the rule only says that it took at least so long.
    """

    least: int
    most: int | None

    @property
    def middle(self) -> int | None:
        """The middle of what is possible; None where there is none."""
        return None if self.most is None else (self.least + self.most) // 2


def difficulty_of(target: int | Fraction) -> Fraction:
    """Return how much harder than the easiest a target is, exactly."""
    return Fraction(EASIEST_TARGET) / target


def cut(target: int) -> int:
    """Return a target with the bits that its compact form has room for, the rest cut away."""
    return target - target % step_of(target)


def step_of(target: int) -> int:
    """Return the distance from a target to the next one that can be written in compact form."""
    size = (target.bit_length() + 7) // 8
    if target >> 8 * size - 1:  # the highest bit of the mantissa is a sign
        size += 1
    return 1 << 8 * max(0, size - 3)


def next_target(target: int, seconds: int) -> int:
    """Return the target after an epoch that took so long from its first block to its last."""
    followed = min(max(seconds, TWO_WEEKS // MOST), TWO_WEEKS * MOST)
    return cut(min(target * followed // TWO_WEEKS, EASIEST_TARGET))


def span_between(target: int, after: int) -> Span:
    """Return how long the epoch with `target` took, if the next one has the target `after`.

    Raises: InputError if no time at all leads from one to the other.
    """
    least = -(-after * TWO_WEEKS // target)
    most: int | None = ((after + step_of(after)) * TWO_WEEKS - 1) // target
    if least <= TWO_WEEKS // MOST:
        least = 0
    if after == EASIEST_TARGET or (most is not None and most >= TWO_WEEKS * MOST):
        most = None
    probe = max(least, TWO_WEEKS // MOST)
    if next_target(target, probe) != after:
        raise InputError(
            f"difficulty {float(difficulty_of(after)):,.6g} cannot follow difficulty {float(difficulty_of(target)):,.6g}: "
            f"one adjustment changes it at most {MOST}-fold"
        )
    return Span(least, most)
