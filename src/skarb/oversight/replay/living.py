"""The kernel of a replay that remembers: what was done before decides with, in two worlds side by side.

Each world has its own law and its own totals. A row is decided in both; where it comes to pass it is added to the totals that the next rows are
shown. What the kernel does not know yet (what a law says of a kind of rows, or of totals between two steps) it asks for: it stops, and
begins the same row again when the answer has been entered. So each question is put once, and the law is never compiled for it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from skarb.oversight.replay.paying import Legs, move, pay
from skarb.oversight.replay.tables import Table, Whole, enter, find, room_left, slot_of
from skarb.oversight.replay.tallying import BLOCK, Quantities, Sums, add, number_kinds

Numbers = npt.NDArray[np.int64]
Places = npt.NDArray[np.int32]

MISSING = -(1 << 63)
WORLDS = 2
ANSWERS = 1 << 20  # more than there are answers
SUM_MAX = 1 << 61  # where a sum stops: two of them still fit into a word

# why the kernel stopped
DONE = 0
FULL = 1  # a table has no room
SHOWN = 2  # what does a law say of a kind whose totals lie between new steps?


# what became of a row that came to pass, a bit for each world from these on
LOST = 1  # it does not come to pass
UNFUNDED = 1 << WORLDS  # it is permitted, and there is not enough money for it


class Followed(NamedTuple):
    """Money that is followed: what each world has in some accounts before a transfer, and the place of that transfer, one number."""

    legs: Legs
    balances: npt.NDArray[np.uint64]
    next: Numbers


class Kinds(NamedTuple):
    """What is known of kinds of rows.

    Shape: a row for each entry of `table`. `asked`: of each world, a bit for every feature that its law looks at. `counted`: a bit for every track
    that such a row counts in. `answers`: of each world, where its law looks at no feature. `firsts`: the varying facts of the first row. `latest`:
    the line that the latest row was counted in, plus one.
    """

    table: Table
    asked: Numbers
    counted: Numbers
    answers: Numbers
    firsts: Numbers
    latest: Numbers


class Tracks(NamedTuple):
    """What totals are made of, and the totals themselves.

    Shape: `amounts` the row of `fields` that is added, -1 to count rows; `days` of a window that moves along, 0 of the calendar; `limits` beyond
    which nothing is shown. `table` leads from key, period and track to `sums`, one for each world, `MISSING` once something without a value counted.
    """

    amounts: Numbers
    days: Numbers
    limits: Numbers
    table: Table
    sums: Numbers


class Features(NamedTuple):
    """What laws look at: the total of a track, with or without the row itself."""

    tracks: Numbers
    itself: npt.NDArray[np.bool_]


def total(tracks: Tracks, track: Whole, world: Whole, key: Whole, period: Whole, place: Whole) -> Whole:
    """Return a total before a row is added; `place` is the entry of its key and period."""
    found: Whole = np.int64(0)
    earlier = max(tracks.days[track] - 1, 0)  # days that the window reaches back; a period of the calendar is one
    for day in range(period - earlier, period):
        entry = find(tracks.table, key, day, track)
        if entry >= 0:
            found = summed(found, tracks.sums[entry, world])
    return summed(found, tracks.sums[place, world])


def summed(first: Whole, second: Whole) -> Whole:
    """Return a sum, which stops short of 64 bits and is missing when a part is."""
    if first == MISSING or second == MISSING:  # noqa: PLR1714  # a set is nothing to compile
        return np.int64(MISSING)
    return max(-SUM_MAX, min(SUM_MAX, first + second))


def count_in(tracks: Tracks, world: Whole, place: Whole, amount: Whole) -> None:
    """Add a row to a total."""
    tracks.sums[place, world] = summed(tracks.sums[place, world], amount)


def amount_of(tracks: Tracks, track: Whole, fields: Numbers, row: Whole) -> Whole:
    """Return what a row adds to a track."""
    return fields[tracks.amounts[track], row] if tracks.amounts[track] >= 0 else np.int64(1)


def show(
    features: Features,
    tracks: Tracks,
    asked: Whole,
    counted: Whole,
    world: Whole,
    keys: Numbers,
    periods: Numbers,
    places: Numbers,
    fields: Numbers,
    row: Whole,
    shown: Numbers,
) -> None:
    """Put the totals that a law looks at beside the facts of a row; those it does not look at are nought."""
    facts = fields.shape[0]
    for field in range(facts):
        shown[field, 0] = fields[field, row]
    for feature in range(features.tracks.shape[0]):
        value: Whole = np.int64(0)
        if asked >> feature & 1:
            track = features.tracks[feature]
            value = total(tracks, track, world, keys[track, row], periods[track, row], places[track, row])
            if features.itself[feature] and counted >> track & 1:
                value = summed(value, amount_of(tracks, track, fields, row))
            if value != MISSING:
                value = max(-tracks.limits[track], min(tracks.limits[track], value))
        shown[facts + feature, 0] = value


def pass_by(followed: Followed, position: Whole) -> Whole:
    """Make the transfers of all rows before a position, which happened in both worlds; return the place of the next one."""
    leg = followed.next[0]
    while leg < followed.legs.rows.shape[0] and followed.legs.rows[leg] < position:
        for world in range(WORLDS):
            move(followed.legs, leg, followed.balances, world)
        leg += 1
    followed.next[0] = leg
    return leg


def following(followed: Followed, first: Whole, position: Whole) -> Whole:
    """Return the place behind the transfers of the row at a position."""
    last = first
    while last < followed.legs.rows.shape[0] and followed.legs.rows[last] == position:
        last += 1
    return last


def recognise(
    start: Whole,
    cases: Places,
    fields: Numbers,
    quantities: Quantities,
    kinds: Kinds,
    which: Places,
    mixed: Numbers,
    values: Numbers,
) -> Whole:
    """Find the kinds of rows from `start` on; return the first row whose kind found no room.

    Shape: `which` takes the entry of every row, `mixed` and `values` are room for a block.
    """
    for first in range(start, cases.shape[0], BLOCK):
        count = min(cases.shape[0] - first, BLOCK)
        number_kinds(quantities, cases, fields, first, count, first, mixed, values)
        for row in range(first, first + count):
            case, own = np.int64(cases[row]), mixed[row - first]
            entry = find(kinds.table, case, own, 0)
            if entry < 0:
                if room_left(kinds.table) == 0:
                    return row
                entry = enter(kinds.table, case, own, 0)
                for field in range(fields.shape[0]):
                    kinds.firsts[entry, field] = fields[field, row]
            which[row] = entry
    return cases.shape[0]


def tracks_of(features: Features, kinds: Kinds, entry: Whole) -> Whole:
    """Return a bit for every track that rows of a kind count in, or that a law looks at for them."""
    found, asked = kinds.counted[entry], kinds.asked[entry, 0] | kinds.asked[entry, 1]
    for feature in range(features.tracks.shape[0]):
        if asked >> feature & 1:
            found |= np.int64(1) << features.tracks[feature]
    return found


def seek(
    start: Whole,
    which: Places,
    keys: Numbers,
    periods: Numbers,
    kinds: Kinds,
    features: Features,
    tracks: Tracks,
    places: Numbers,
    near: Numbers,
) -> Whole:
    """Find the entries of the totals of rows from `start` on, making those that are new; return the first row for which there may be no room.

    Totals of many clients lie all over the memory, and a row would wait for each of them. So what a block of rows needs is first touched, in loops
    in which no row waits for another. Shape: `places` takes the entry for each track and row, `near` is room for a block.
    """
    for first in range(start, which.shape[0], BLOCK):
        last = min(first + BLOCK, which.shape[0])
        if room_left(tracks.table) < (last - first) * keys.shape[0]:
            return first
        mask = tracks.table.slots.shape[0] - 1
        for track in range(keys.shape[0]):
            for row in range(first, last):
                near[row - first] = tracks.table.slots[slot_of(mask, keys[track, row], periods[track, row], track)]
            for row in range(first, last):
                entry = max(near[row - first] - 1, 0)
                near[row - first] = tracks.table.keys[entry, 0] + tracks.sums[entry, 0]
            for row in range(first, last):
                if tracks_of(features, kinds, np.int64(which[row])) >> track & 1:
                    entry = find(tracks.table, keys[track, row], periods[track, row], track)
                    if entry < 0:
                        entry = enter(tracks.table, keys[track, row], periods[track, row], track)
                        tracks.sums[entry, 0] = tracks.sums[entry, 1] = 0
                    places[track, row] = entry
    return which.shape[0]


def expect(
    start: Whole,
    cases: Places,
    fields: Numbers,
    entries: Numbers,
    world: Whole,
    said: Numbers,
    quantities: Quantities,
    shown_kinds: Table,
    shown_answers: Numbers,
    mixed: Numbers,
    values: Numbers,
) -> Whole:
    """Enter what a law says of kinds that are shown some totals, from one on; return the first that found no room.

    Shape: an item for each kind with some totals, which are columns of `fields`.
    """
    for place in range(start, entries.shape[0]):
        if room_left(shown_kinds) == 0:
            return place
        number_kinds(quantities, cases, fields, place, 1, place, mixed, values)
        if find(shown_kinds, entries[place], mixed[0], world) < 0:
            shown_answers[enter(shown_kinds, entries[place], mixed[0], world)] = said[place]
    return entries.shape[0]


def pick(cases: Places, among: npt.NDArray[np.bool_], picked: Numbers) -> Whole:
    """Note the places of the rows whose case is among some, and return how many there are; there is room for all rows."""
    count = 0
    for row in range(cases.shape[0]):
        picked[count] = row
        count += among[cases[row]]
    return count


def live(
    start: Whole,
    cases: Places,
    which: Places,
    groups: Numbers,
    fields: Numbers,
    money: Whole,
    counting: npt.NDArray[np.bool_],
    own: npt.NDArray[np.bool_],
    positions: Numbers,
    posted: npt.NDArray[np.bool_],
    possible: npt.NDArray[np.bool_],
    actual: bool,
    followed: Followed,
    keys: Numbers,
    periods: Numbers,
    places: Numbers,
    kinds: Kinds,
    tracks: Tracks,
    features: Features,
    shown: Numbers,
    mixed: Numbers,
    values: Numbers,
    shown_quantities: Quantities,
    shown_kinds: Table,
    shown_answers: Numbers,
    permits: npt.NDArray[np.bool_],
    lines: Table,
    sums: Sums,
    answers: Places,
    became: npt.NDArray[np.uint8],
    stopped: Numbers,
) -> Whole:
    """Decide rows from `start` on in both worlds; return the first row not decided, and in `stopped` why, of which entry, in which world.

    Shape: `which` the kind of each row, `keys`, `periods` and `places` a row for each track. `posted` are the rows that came to pass, `possible`
    those that can if the law permits them: all but those that the ledger turned down. If `actual`, only what came to pass is added to the totals,
    whatever the law says. Rows without `counting` are not decided, and what came to pass of them is added to the totals. Rows that are not their
    `own` are counted elsewhere. `answers` takes the answers of each row, a row for each world, `became` what became of those that came to pass.
    """
    track_count = tracks.amounts.shape[0]
    for row in range(start, cases.shape[0]):
        if room_left(shown_kinds) == 0 or room_left(lines) == 0:
            stopped[0] = FULL
            return row
        first = pass_by(followed, positions[row])
        entry = np.int64(which[row])
        counted = kinds.counted[entry]
        for world in range(WORLDS if counting[row] else 0):
            asked = kinds.asked[entry, world]
            if asked == 0:
                answers[world, row] = kinds.answers[entry, world]
                continue
            show(features, tracks, asked, counted, world, keys, periods, places, fields, row, shown)
            number_kinds(shown_quantities, cases, shown, row, 1, 0, mixed, values)
            found = find(shown_kinds, entry, mixed[0], world)
            if found < 0:
                found = enter(shown_kinds, entry, mixed[0], world)
                stopped[0], stopped[1], stopped[2], stopped[3] = SHOWN, entry, world, found
                return row
            answers[world, row] = shown_answers[found]
        if counting[row] and own[row]:
            pair = np.int64(answers[0, row]) * ANSWERS + answers[1, row]
            line = kinds.latest[entry] - 1
            if line < 0 or lines.keys[line, 1] != pair or lines.keys[line, 2] != groups[row]:
                line = find(lines, entry, pair, groups[row])
                if line < 0:
                    line = enter(lines, entry, pair, groups[row])
                kinds.latest[entry] = line + 1
            add(sums, line, fields[money, row])
        last = following(followed, first, positions[row])
        if counted == 0 and last == first and not posted[row]:
            continue
        for world in range(WORLDS):
            happens = posted[row] if actual or not counting[row] else possible[row] and permits[answers[world, row]]
            if posted[row] and counting[row] and not actual:
                if happens and not pay(followed.legs, first, last, followed.balances, world):
                    became[row] |= UNFUNDED << world
                    happens = False
                if not happens:
                    became[row] |= LOST << world
            else:
                for leg in range(first, last):
                    move(followed.legs, leg, followed.balances, world)
            for track in range(track_count if happens else 0):
                if counted >> track & 1:
                    count_in(tracks, world, places[track, row], amount_of(tracks, track, fields, row))
        followed.next[0] = last
    stopped[0] = DONE
    return cases.shape[0]
