"""The investments of which most is still out, each with the rows that prove it, and the channels through which money went."""

from __future__ import annotations

import duckdb
import numpy as np

from skarb.app.flows.asked import Asked
from skarb.app.flows.ids import ids_of
from skarb.app.flows.named import numbers_of, ways_of
from skarb.core.time import from_day
from skarb.oversight.flows.follow import RETURN, Followed
from skarb.oversight.flows.model import Crossing
from skarb.oversight.flows.paths import Origins
from skarb.reporting.flows import Back, Lot


def channels_of(found: Followed) -> tuple[tuple[str, str, int, int], ...]:
    """Return what went from each institution to each place, and what of it came back."""
    sums: dict[tuple[int, int], list[int]] = {}
    institutions, places = found.rows.codes["institution"][found.starts], found.rows.codes["place"][found.starts]
    for one, other, worth in zip(institutions.tolist(), places.tolist(), found.worth.tolist(), strict=True):
        sums.setdefault((one, other), [0, 0])[0] += worth
    home = found.rows.kinds[found.pieces.rows] == RETURN
    for lot, worth in zip(found.pieces.lots[home].tolist(), found.worths[home].tolist(), strict=True):
        sums[int(institutions[lot]), int(places[lot])][1] += worth
    names = found.rows.names
    made = [(names["institution"][one], names["place"][other], out, back) for (one, other), (out, back) in sums.items()]
    return tuple(sorted(made, key=lambda line: (-line[2], line[0], line[1])))


def top_lots(
    asked: Asked,
    crossing: Crossing,
    found: Followed,
    connection: duckdb.DuckDBPyConnection | None,
    origins: Origins | None,
    named: bool,
) -> tuple[Lot, ...]:
    """Return the investments of which most is still out, each with the rows that prove it."""
    weights = found.worth_left if crossing.currency else found.left
    order = sorted(range(len(found.starts)), key=lambda lot: (-int(weights[lot]), lot))[: asked.top]
    if not order:
        return ()
    rows = found.rows
    ids = {} if connection is None else ids_of(connection, [int(rows.positions[found.starts[lot]]) for lot in order])
    known = None if connection is None or named else numbers_of(connection)
    made = []
    for lot in order:
        row = int(found.starts[lot])
        asset = rows.of[int(rows.assets[row])]
        position = int(rows.positions[row])
        made.append(
            Lot(
                *_place(found, row),
                ids.get(position, ""),
                from_day(int(rows.days[row])),
                crossing.last - int(rows.days[row]),
                _word(found, "person", row),
                _word(found, "place", row),
                _word(found, "country", row),
                asset.code or crossing.currency,
                asset.decimals if asset.code else crossing.decimals,
                int(rows.units[row]) * asset.scale,
                int(found.left[lot]) * asset.scale,
                int(found.worth[lot]),
                int(found.worth_left[lot]),
                _backs(found, lot),
                () if origins is None else ways_of(origins, position, known),
            )
        )
    return tuple(made)


def _place(found: Followed, row: int) -> tuple[str, int, int]:
    return _word(found, "institution", row), int(found.rows.sequences[row]), int(found.rows.numbers[row])


def _word(found: Followed, dimension: str, row: int) -> str:
    return found.rows.names[dimension][int(found.rows.codes[dimension][row])]


def _backs(found: Followed, lot: int) -> tuple[Back, ...]:
    mine = np.flatnonzero(found.pieces.lots == lot).tolist()
    return tuple(
        Back(*_place(found, row), from_day(int(found.rows.days[row])), int(found.worths[piece]))
        for piece in mine
        for row in [int(found.pieces.rows[piece])]
    )
