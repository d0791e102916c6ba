"""The nouns of metering: what a meter counted in every interval, how it is known, and what was wrong with it.

Energy is whole watt-hours. An interval is measured, or it is estimated and says by which method, or nothing is known of it; it is never nought for
want of a figure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from skarb.core.time import to_day
from skarb.metering.remark import Remark, remark
from skarb.metering.window import Longs, Window
from skarb.registers import Meter


class State(IntEnum):
    """What is known of an interval as it was handed in."""

    MEASURED = 0
    DECLARED = 1  # estimated by whoever sent it, and said so
    GAP = 2
    NEGATIVE = 3
    BACKWARDS = 4  # a counter that runs backwards
    SPIKE = 5  # above what the connection carries
    CONFLICT = 6  # two different figures for one interval
    FUTURE = 7
    SPREAD = 8  # a counter was read before and after: the sum is measured, its shape is not
    ABSENT = 9  # the meter is not registered there, and nothing was handed in


class Method(IntEnum):
    """How a figure was found where none was measured."""

    NONE = 0
    SPREAD = 1
    NEIGHBOURS = 2
    TELEMETRY = 3
    PROFILE = 4
    DECLARED = 5


UNKNOWN = (State.GAP, State.NEGATIVE, State.BACKWARDS, State.SPIKE, State.CONFLICT, State.FUTURE)
_UNKNOWN = np.isin(np.arange(len(State)), UNKNOWN)


@dataclass(frozen=True)
class Fault:
    """One stretch of intervals of a meter with the same thing wrong. Units: `figure` in watt-hours, or what the kind counts.

    `code` says more than the kind where there is more to say, with `figures` beside it.
    """

    kind: str
    meter: str
    at: datetime
    intervals: int
    figure: int = 0
    code: str = ""
    figures: Mapping[str, int] = field(default_factory=dict)

    @property
    def told(self) -> Remark:
        """What is told of it."""
        at = self.at.isoformat(timespec="minutes")
        return remark(self.code or self.kind, meter=self.meter, at=at, intervals=self.intervals, **self.figures)


@dataclass
class Metered:
    """What meters of one kind of interval counted.

    Shape: one row per meter, one column per interval of the window. Units: watt-hours; what is unknown is 0 and its state says so.
    """

    window: Window
    meters: tuple[Meter, ...]
    energy_wh: NDArray[np.int64]
    state: NDArray[np.uint8]
    method: NDArray[np.uint8]
    valid: NDArray[np.bool_]  # where the meter is registered and holds a certificate
    faults: list[Fault] = field(default_factory=list)
    files: tuple[tuple[str, str], ...] = ()  # name and SHA-256 of what was read

    def unknown(self, row: int) -> NDArray[np.bool_]:
        """Return where no figure of a meter is known."""
        found: NDArray[np.bool_] = _UNKNOWN[self.state[row]] & (self.method[row] == Method.NONE)
        return found

    def estimated(self, row: int) -> NDArray[np.bool_]:
        """Return where a figure is an estimate that counts against the cap; what is spread between two readings of a counter is measured as a sum."""
        found: NDArray[np.bool_] = (self.method[row] != Method.NONE) & (self.method[row] != Method.SPREAD)
        return found


def empty(window: Window, versions: Sequence[Sequence[Meter]]) -> Metered:
    """Return a table in which nothing is known yet. `versions` are the register's entries of each meter, by their first day; the last one counts."""
    shape = (len(versions), len(window))
    covered = [_covered(window, several) for several in versions]
    registered = np.array([one for one, _ in covered], np.bool_).reshape(shape)
    state = np.where(registered, np.uint8(State.GAP), np.uint8(State.ABSENT))
    valid = np.array([one for _, one in covered], np.bool_).reshape(shape)
    meters = tuple(several[-1] for several in versions)
    return Metered(window, meters, np.zeros(shape, np.int64), state, np.zeros(shape, np.uint8), valid)


def _covered(window: Window, several: Sequence[Meter]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return where a meter is registered, and where it holds a certificate too: each entry until its end, or until the next one begins."""
    registered, valid = np.zeros(len(window), np.bool_), np.zeros(len(window), np.bool_)
    for number, one in enumerate(several):
        last = one.valid_to or date.max
        if number + 1 < len(several):
            last = min(last, several[number + 1].valid_from - timedelta(days=1))
        here = (window.day >= to_day(one.valid_from)) & (window.day <= to_day(last))
        registered |= here
        valid |= here & (window.day <= to_day(one.certified_to))
    return registered, valid


def runs(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return where stretches of true begin and end."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    return [(int(start), int(stop)) for start, stop in edges.reshape(-1, 2)]


__all__ = ["UNKNOWN", "Fault", "Longs", "Metered", "Method", "State", "empty", "runs"]
