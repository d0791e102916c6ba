"""Rows of files put where they belong: one row a meter, one column an interval; what does not fit is told and never added up.

Source: practice of meter data management: validation, estimation and editing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from skarb.core.errors import InputError, shorten
from skarb.core.time import zone as named_zone
from skarb.metering.model import Fault, Metered, Method, State, empty
from skarb.metering.read import MOST_WH, Piece, file_hash, read_pieces
from skarb.metering.window import Longs, Window
from skarb.registers import Meter

_MOST_UNKNOWN = 20  # unknown meters that are named


@dataclass
class _Table:
    """What is being collected of the meters of one kind of interval."""

    metered: Metered
    counters: NDArray[np.int64]  # readings at the beginning of every interval and at the end of the last; -1 = none
    read_as: dict[int, bool] = field(default_factory=dict)  # by meter, whether it was read as a counter
    twice: dict[tuple[int, int], int] = field(default_factory=dict)  # how often a clock time that comes twice was met
    written: NDArray[np.int64] | None = None


def collect(paths: Sequence[Path], meters: Iterable[Meter], window: Window, now: datetime | None = None) -> tuple[Metered, ...]:
    """Read what meters counted in a window, of each kind of interval a table. The minutes of `window` are not looked at.

    `meters` are all entries of the register about them; of several about one meter the last says how it counts.

    Rows outside of the window are passed over, those after `now` are told and not believed.
    Raises: InputError for what cannot be read at all: a time off the grid, an interval of another length, a meter read in two ways.
    """
    known: dict[str, list[Meter]] = {}
    for one in sorted(meters, key=lambda one: (one.meter, one.valid_from)):
        known.setdefault(one.meter, []).append(one)
    tables: dict[int, _Table] = {}
    for minutes in sorted({several[-1].minutes for several in known.values()}) or [60]:
        part = Window(window.zone, window.first, window.last, minutes)
        metered = empty(part, [several for several in known.values() if several[-1].minutes == minutes])
        counters = np.full((len(metered.meters), len(part) + 1), -1, np.int64)
        tables[minutes] = _Table(metered, counters)
    places = {one.meter: (one.minutes, number) for table in tables.values() for number, one in enumerate(table.metered.meters)}
    strangers: dict[str, int] = {}
    files = []
    for path in sorted(paths, key=lambda one: one.name):
        for piece in read_pieces(path):
            _take(piece, tables, places, strangers, now)
        files.append((path.name, file_hash(path)))
    next(iter(tables.values())).metered.faults.extend(_strangers(strangers, window))
    for table in tables.values():
        _from_counters(table)
        table.metered.files = tuple(files)
    return tuple(table.metered for table in tables.values())


def _strangers(counts: Mapping[str, int], window: Window) -> list[Fault]:
    first = datetime.fromtimestamp(window.start_s, UTC).astimezone(named_zone(window.zone))
    found = [Fault("unknown_meter", name, first, count) for name, count in sorted(counts.items())]
    if len(found) <= _MOST_UNKNOWN:
        return found
    rest = found[_MOST_UNKNOWN:]
    rows = sum(one.intervals for one in rest)
    return [*found[:_MOST_UNKNOWN], Fault("unknown_meter", "", first, rows, code="unknown_meters", figures={"meters": len(rest)})]


def _take(
    piece: Piece,
    tables: Mapping[int, _Table],
    places: Mapping[str, tuple[int, int]],
    strangers: dict[str, int],
    now: datetime | None,
) -> None:
    where = np.array([places.get(name, (0, -1)) for name in piece.names], np.int64).reshape(-1, 2)
    for number, name in enumerate(piece.names):
        if name not in places and (count := int((piece.meter == number).sum())):
            strangers[name] = strangers.get(name, 0) + count
    minutes = where[piece.meter, 0]
    for length, table in tables.items():
        chosen = np.flatnonzero(minutes == length) if len(tables) > 1 or strangers else np.arange(len(minutes))
        if chosen.size:
            _put(piece, chosen, where[piece.meter[chosen], 1], table, now)


def _put(piece: Piece, chosen: Longs, row: Longs, table: _Table, now: datetime | None) -> None:
    metered, window = table.metered, table.metered.window
    at_s = piece.at_s[chosen]
    if piece.local:
        at_s = _instants(piece, chosen, row, table)
    if piece.minutes is not None and (wrong := np.flatnonzero(piece.minutes[chosen] != window.minutes)).size:
        bad = int(chosen[wrong[0]])
        name = piece.names[piece.meter[bad]]
        raise InputError(
            f"{piece.file} row {piece.row + bad}, minutes: given {int(piece.minutes[bad])} for meter {name}, expected {window.minutes} as registered"
        )
    passed = at_s - window.start_s
    slots = passed // window.step_s
    if (off := np.flatnonzero(passed % window.step_s)).size:
        bad = int(chosen[off[0]])
        given = _shown(int(at_s[off[0]]), window.zone)
        expected = f"the beginning of an interval of {window.minutes} minutes"
        raise InputError(f"{piece.file} row {piece.row + bad}, at: given {given}, expected {expected}")
    for meter in np.unique(row):
        if table.read_as.setdefault(int(meter), piece.counter) != piece.counter:
            raise InputError(
                f"{piece.file}: meter {metered.meters[meter].meter} is given as counter and as energy, expected one of them"
            )
    end = len(window) + (1 if piece.counter else 0)
    inside = np.flatnonzero((slots >= 0) & (slots < end) & piece.known[chosen])
    if piece.counter:
        inside = _readings(piece, chosen, inside, row, slots, metered)
    if now is not None:
        limit = int(now.timestamp())
        late = at_s[inside] + (0 if piece.counter else window.step_s) > limit
        if late.any():
            _told_late(table, row[inside[late]], slots[inside[late]])
            inside = inside[~late]
    if not inside.size:
        return
    figures = piece.figure_wh[chosen[inside]]
    flat = row[inside] * end + slots[inside]
    if piece.counter:
        _write(table, table.counters.reshape(-1), flat, figures, end, table.counters.reshape(-1)[flat] >= 0)
        return
    multiplier = np.array([one.multiplier for one in metered.meters], np.int64)[row[inside]]
    if (far := np.flatnonzero(np.abs(figures) > MOST_WH // multiplier)).size:
        bad = piece.row + int(chosen[inside[far[0]]])
        given = f"{int(figures[far[0]])} Wh times {int(multiplier[far[0]])}"
        raise InputError(f"{piece.file} row {bad}: given {given}, expected less than {MOST_WH}")
    figures = figures * multiplier
    state = metered.state.reshape(-1)
    before = ~np.isin(state[flat], (State.GAP, State.ABSENT))
    _write(table, metered.energy_wh.reshape(-1), flat, figures, end, before)
    said = np.full(len(flat), State.MEASURED, np.uint8)
    if piece.declared is not None:
        said[piece.declared[chosen[inside]]] = State.DECLARED
    open_ = state[flat] != State.CONFLICT
    state[flat[open_]] = np.where(before[open_], state[flat[open_]], said[open_])


def _write(table: _Table, target: Longs, flat: Longs, figures: Longs, width: int, before: NDArray[np.bool_]) -> None:
    """Write figures down; one that is there already stays, and is told: the same again is harmless, another one is a conflict."""
    if table.written is None or len(table.written) != len(target):
        table.written = np.zeros(len(target), np.int64)
    order = np.arange(1, len(flat) + 1)
    table.written[flat] = order
    later = np.flatnonzero((table.written[flat] != order) | before)  # all but the last of each, which is mended below
    fresh = np.setdiff1d(np.arange(len(flat)), later, assume_unique=True) if later.size else np.arange(len(flat))
    target[flat[fresh]] = figures[fresh]
    table.written[flat] = 0
    if later.size:
        _tell_twice(table, target, flat[later], figures[later], width)


def _tell_twice(table: _Table, target: Longs, flat: Longs, figures: Longs, width: int) -> None:
    """Tell of every meter how many figures came again, and how many of them were others; those intervals are believed neither way."""
    metered = table.metered
    rows, slots = np.divmod(flat, width)
    same = target[flat] == figures
    for row in np.unique(rows).tolist():
        for kind, chosen in (("duplicate", (rows == row) & same), ("conflict", (rows == row) & ~same)):
            if chosen.any():
                one = int(np.flatnonzero(chosen)[0])
                meter, at, again = metered.meters[row].meter, metered.window.at(int(slots[one])), int(figures[one])
                both = {"first_wh": int(target[flat[one]]), "again_wh": again} if kind == "conflict" else {}
                metered.faults.append(Fault(kind, meter, at, int(chosen.sum()), again, figures=both))
    inside = ~same & (slots < len(metered.window))
    metered.state[rows[inside], slots[inside]] = State.CONFLICT
    target[flat[~same & ~inside]] = -1  # the last reading of a counter


def _readings(piece: Piece, chosen: Longs, inside: Longs, row: Longs, slots: Longs, metered: Metered) -> Longs:
    """Return which readings of counters are believed; those below nought, and those that nobody read, are told and left out."""
    wrong = {"negative": piece.figure_wh[chosen[inside]] < 0}
    if piece.declared is not None:
        wrong["declared"] = piece.declared[chosen[inside]]
    left = np.zeros(len(inside), np.bool_)
    for kind, here in wrong.items():
        for one in np.unique(row[inside[here]]).tolist():
            mine = slots[inside[here & (row[inside] == one)]]
            at = metered.window.at(int(mine.min()))
            metered.faults.append(Fault(kind, metered.meters[one].meter, at, len(mine), code=f"{kind}_reading"))
        left |= here
    return inside[~left]


def _told_late(table: _Table, rows: Longs, slots: Longs) -> None:
    metered = table.metered
    for row in np.unique(rows).tolist():
        mine = slots[rows == row]
        at = metered.window.at(int(mine.min()))
        metered.faults.append(Fault("future", metered.meters[row].meter, at, len(mine)))
        inside = mine[mine < len(metered.window)]
        metered.state[row, inside] = State.FUTURE


def _instants(piece: Piece, chosen: Longs, row: Longs, table: _Table) -> Longs:
    """Return the instants of clock times. A time that comes twice is first the earlier and, when the meter has it again, the later one."""
    window = table.metered.window
    at_s, again = window.from_clock(piece.at_s[chosen])
    if (never := np.flatnonzero(again < 0)).size:
        bad = int(chosen[never[0]])
        text = datetime.fromtimestamp(int(piece.at_s[bad]), UTC).strftime("%Y-%m-%dT%H:%M")
        raise InputError(
            f"{piece.file} row {piece.row + bad}, at: given {shorten(text)!r}, expected a time that exists in {window.zone}; clocks go forward there"
        )
    for one in np.flatnonzero(again > 0).tolist():
        key = int(row[one]), int(at_s[one])
        met = table.twice[key] = table.twice.get(key, 0) + 1
        if met == 2:
            at_s[one] += again[one]
    return at_s


def _from_counters(table: _Table) -> None:
    """Turn the readings of counters into energy. Between readings that are further apart than one interval the sum is spread evenly.

    Where a counter runs backwards, either of two readings may be the wrong one: what was counted up to the first and from the second on is doubted
    with what lies between.
    """
    metered = table.metered
    for row in [row for row, counter in table.read_as.items() if counter]:
        meter, readings = metered.meters[row], table.counters[row]
        conflicts = metered.state[row] == State.CONFLICT
        readings[:-1][conflicts] = -1
        told = np.flatnonzero(readings >= 0)
        whole = 10**meter.digits * 1000
        steps = list(zip(told[:-1].tolist(), told[1:].tolist(), strict=True))
        counted = [_counted(metered, row, (start, stop), readings, whole) for start, stop in steps]
        doubted = [any(used < 0 for used in counted[max(0, place - 1) : place + 2]) for place in range(len(steps))]
        for (start, stop), used, doubt in zip(steps, counted, doubted, strict=True):
            if doubt:
                metered.state[row, start:stop] = State.BACKWARDS
                code = "backwards" if used < 0 else "beside_backwards"
                metered.faults.append(Fault("backwards", meter.meter, metered.window.at(start), stop - start, used, code))
                continue
            total, parts = used * meter.multiplier, stop - start
            if total > MOST_WH:
                metered.state[row, start:stop] = State.SPIKE
                metered.faults.append(Fault("spike", meter.meter, metered.window.at(start), parts, total, "spike_of_counter"))
                continue
            edges = np.array([total * part // parts for part in range(parts + 1)], np.int64)
            metered.energy_wh[row, start:stop] = np.diff(edges)
            if parts == 1:
                metered.state[row, start] = State.MEASURED
            else:
                metered.state[row, start:stop] = State.SPREAD
                metered.method[row, start:stop] = Method.SPREAD
        _tell_spread(metered, row)


def _counted(metered: Metered, row: int, step: tuple[int, int], readings: Longs, whole: int) -> int:
    """Return what a counter counted between two readings, below nought if it runs backwards; tell if it began anew."""
    start, stop = step
    used = int(readings[stop] - readings[start])
    if used < 0 and 10 * int(readings[start]) >= 9 * whole and 10 * int(readings[stop]) <= whole:
        meter = metered.meters[row]
        metered.faults.append(
            Fault("rolled_over", meter.meter, metered.window.at(stop), 1, used + whole, figures={"digits": meter.digits})
        )
        return used + whole
    return used


def _tell_spread(metered: Metered, row: int) -> None:
    spread = np.flatnonzero(metered.method[row] == Method.SPREAD)
    if spread.size:
        at = metered.window.at(int(spread[0]))
        metered.faults.append(Fault("spread", metered.meters[row].meter, at, int(spread.size)))


def _shown(second: int, zone: str) -> str:
    try:
        return datetime.fromtimestamp(second, UTC).astimezone(named_zone(zone)).isoformat()
    except (ValueError, OverflowError, OSError):
        return f"a moment {second} seconds from 1970"
