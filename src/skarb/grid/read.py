"""Hourly figures from a CSV file, read strictly: nothing missing becomes nought, and nothing doubled is added up.

Columns: `at`, the beginning of the hour, with its offset or in the clock time of a named zone; `load_mw`; `nuclear_1_mw`, `nuclear_2_mw` …;
`must_run_mw`; `heat_mw`. Where clocks go back an hour, its clock time stands twice in the file and both are real; where they go forward one is
missing and none is lost. Anything else that is doubled, missing, negative or cut off is an error that names its row, or, if the reader
allows estimates, an hour marked as estimated.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from datetime import MAXYEAR, UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from io import StringIO

import numpy as np

from skarb.core.errors import InputError, shorten
from skarb.core.time import zone as named_zone
from skarb.grid.model import ESTIMATED, MEGAWATT, READ, Hours, Watts

_HOUR, _YEAR = timedelta(hours=1), 8784
_MOST_MW = 10**6  # no country has more
_SHORT, _WEEK = 3, 168  # gaps up to so many hours are bridged by a line, longer ones by the same hour of other weeks
_LOAD, _MUST_RUN, _HEAT = "load_mw", "must_run_mw", "heat_mw"


def read_hours(text: str, where: str, zone: str, estimate: bool = False) -> Hours:
    """Read hours from the text of a CSV file. Gaps, negative and unreadable figures are errors unless `estimate`.

    Raises: InputError
    """
    if text and not text.endswith("\n"):
        raise InputError(f"{where}: the file ends in the middle of a line, it seems to be cut; fetch it again")
    try:
        rows = list(csv.reader(StringIO(text)))
    except csv.Error as error:
        raise InputError(f"{where}: given {error}, expected comma-separated values") from None
    header = [name.strip() for name in rows[0]] if rows else []
    nuclear = [name for name in header if name.startswith("nuclear_")]
    wanted = ["at", _LOAD, *nuclear, _MUST_RUN, _HEAT]
    if sorted(header) != sorted(wanted) or not nuclear:
        raise InputError(
            f"{where} row 1: given columns {shorten(', '.join(header))!r}, expected at, {_LOAD}, nuclear_1_mw …, {_MUST_RUN}, {_HEAT}"
        )
    if len(rows) < 2:
        raise InputError(f"{where}: given no hours, expected at least one")
    for number, row in enumerate(rows[1:], 2):
        if len(row) != len(header):
            raise InputError(f"{where} row {number}: given {len(row)} fields, expected {len(header)}; the file may be cut")
    table = [dict(zip(header, row, strict=True)) for row in rows[1:]]
    instants = _instants([row["at"] for row in table], where, zone)
    places = _places(instants, where, estimate)
    count = places[-1] + 1
    quality = np.full(count, READ, np.uint8)
    quality[np.setdiff1d(np.arange(count), places)] = ESTIMATED
    columns = {name: _column(table, name, places, count, where, estimate, quality) for name in wanted[1:]}
    return Hours(
        first=instants[0],
        load_w=columns[_LOAD],
        nuclear_w=np.array([columns[name] for name in sorted(nuclear)]),
        must_run_w=columns[_MUST_RUN],
        heat_w=columns[_HEAT],
        quality=quality,
    )


def hours_csv(hours: Hours) -> str:
    """Return hours as such a file, exactly."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    units = range(len(hours.nuclear_w))
    writer.writerow(["at", _LOAD, *(f"nuclear_{unit + 1}_mw" for unit in units), _MUST_RUN, _HEAT])
    for hour in range(len(hours)):
        values = (
            hours.load_w[hour],
            *(hours.nuclear_w[unit, hour] for unit in units),
            hours.must_run_w[hour],
            hours.heat_w[hour],
        )
        writer.writerow([hours.at(hour).isoformat(timespec="minutes"), *(f"{Decimal(int(one)) / MEGAWATT:f}" for one in values)])
    return out.getvalue()


def _instants(texts: Sequence[str], where: str, zone: str) -> list[datetime]:
    """Return the instants in the named zone; a clock time that stands twice is first the earlier and then the later hour."""
    place = named_zone(zone)
    found: list[datetime] = []
    for number, text in enumerate(texts, 2):
        try:
            at = datetime.fromisoformat(text.strip())
            if not 1 < at.year < MAXYEAR:
                raise ValueError
        except ValueError:
            raise InputError(
                f"{where} row {number}, at: given {shorten(text)!r}, expected a time such as 2026-01-31T17:00+03:00"
            ) from None
        if at.tzinfo is not None:
            found.append(at.astimezone(place))
            continue
        local = at.replace(tzinfo=place)
        if local.astimezone(UTC).astimezone(place).replace(tzinfo=None) != at:
            raise InputError(
                f"{where} row {number}, at: given {text!r}, expected a time that exists in {zone}; clocks go forward there"
            )
        if found and local.utcoffset() == found[-1].utcoffset() and local == found[-1]:
            local = local.replace(fold=1)  # the hour comes a second time after clocks went back
        found.append(local)
    return found


def _places(instants: Sequence[datetime], where: str, estimate: bool) -> list[int]:
    """Return the number of each row's hour, counted from the first in real time."""
    first = instants[0].astimezone(UTC)
    places: list[int] = []
    for number, at in enumerate(instants, 2):
        passed, rest = divmod(at.astimezone(UTC) - first, _HOUR)
        if rest:
            raise InputError(f"{where} row {number}, at: given {at.isoformat()}, expected whole hours after the first row")
        if places and passed == places[-1]:
            raise InputError(
                f"{where} row {number}, at: {at.isoformat()} stands twice and clocks do not go back there; remove one of the rows"
            )
        if places and passed < places[-1]:
            raise InputError(f"{where} row {number}, at: given {at.isoformat()}, expected an hour after that of the row before")
        if places and passed > places[-1] + 1 and not estimate:
            raise InputError(
                f"{where} row {number}, at: {passed - places[-1] - 1} hours before {at.isoformat()} are missing; add them or allow estimates"
            )
        if places and passed > places[-1] + _YEAR:
            raise InputError(
                f"{where} row {number}, at: {passed - places[-1] - 1} hours before {at.isoformat()} are missing, too many to estimate"
            )
        places.append(passed)
    return places


def _column(
    table: Sequence[Mapping[str, str]],
    name: str,
    places: Sequence[int],
    count: int,
    where: str,
    estimate: bool,
    quality: np.ndarray,
) -> Watts:
    values = np.full(count, -1, np.int64)
    for number, (row, place) in enumerate(zip(table, places, strict=True), 2):
        try:
            megawatts = Decimal(row[name].strip())
            if not 0 <= megawatts < _MOST_MW or not row[name].isascii() or "_" in row[name]:
                raise InvalidOperation
            values[place] = int((megawatts * MEGAWATT).to_integral_value())
        except InvalidOperation:
            if not estimate:
                raise InputError(
                    f"{where} row {number}, {name}: given {shorten(row[name])!r}, expected MW, 0 or more; mend it or allow estimates"
                ) from None
            quality[place] = ESTIMATED
    return _estimated(values, f"{where}, {name}")


def _estimated(values: Watts, where: str) -> Watts:
    """Fill what is unknown (-1): short gaps by a straight line, longer ones by the mean of the same hour in the weeks around."""
    unknown = values < 0
    if unknown.all():
        raise InputError(f"{where}: given no figure that can be read, expected at least one")
    filled = values.copy()
    known = np.flatnonzero(~unknown)
    for start, stop in _runs(unknown):
        for hour in range(start, stop):
            weeks = [values[one] for one in (hour - _WEEK, hour + _WEEK) if 0 <= one < len(values) and not unknown[one]]
            if stop - start > _SHORT and weeks:
                filled[hour] = sum(int(one) for one in weeks) // len(weeks)
            else:
                filled[hour] = round(float(np.interp(hour, known, values[known])))
    return filled


def _runs(flags: np.ndarray) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    return [(int(start), int(stop)) for start, stop in edges.reshape(-1, 2)]
