"""Two sides of the same payments: what is reported here beside what is shown there, and what one institution sent beside what another got."""

from __future__ import annotations

from pathlib import Path

from skarb.app.files import open_source
from skarb.app.flows.asked import Asked, days_of, is_lake
from skarb.app.flows.crossing import lake_crossing
from skarb.app.flows.ids import ids_of, reference_of
from skarb.core.errors import NotFound
from skarb.lake import open_lake
from skarb.oversight.flows.follow import OUTWARD, RETURN
from skarb.oversight.flows.paths import Side, find_origins, sides_of
from skarb.oversight.flows.reconcile import Entry
from skarb.oversight.flows.ties import TIE_DAYS


def entries_of(asked: Asked, zone: str, book: str | None = None) -> list[Entry]:
    """Return the flows of a lake or a file as one side of a reconciliation.

    In a lake they are what left and what came back; in a file every row counts, its direction is that of its activity.
    """
    if is_lake(asked.source):
        return _lake_entries(asked, book)
    from skarb.oversight.flows.entries import entries_of_readings

    first, last = days_of(asked)
    found = entries_of_readings(open_source(asked.source, zone, mapping=asked.mapping).readings(), zone)
    return [one for one in found if first <= one.day <= last]


def ties_of(lake: Path, days: int = TIE_DAYS) -> list[tuple[str, Side | None, Side | None]]:
    """Return what became of each payment between two institutions of a lake that name it by an id: what was sent, what arrived.

    Raises: NotFound, InputError
    """
    with open_lake(lake) as connection:
        return list(sides_of(find_origins(connection, days)))


def _lake_entries(asked: Asked, book: str | None) -> list[Entry]:
    with open_lake(asked.source) as connection:
        crossing = lake_crossing(asked, connection)
        rows = crossing.rows
        books = rows.names["institution"]
        if book is not None and book not in books:
            raise NotFound(f"lake {asked.source}: no book {book} sent anything abroad; expected one of {', '.join(books)}")
        ids = ids_of(connection, rows.positions.tolist(), reference_of(connection))
        found = []
        for place in range(len(rows)):
            name = books[int(rows.codes["institution"][place])]
            if int(rows.kinds[place]) not in (OUTWARD, RETURN) or book not in (None, name):
                continue
            asset = rows.of[int(rows.assets[place])]
            where = f"{name} {rows.sequences[place]}/{rows.numbers[place]}"
            units = int(rows.units[place]) * asset.scale
            outward = int(rows.kinds[place]) == OUTWARD
            amount = (units, asset.decimals)
            found.append(Entry(ids[int(rows.positions[place])], int(rows.days[place]), asset.code, *amount, outward, where))
        return found
