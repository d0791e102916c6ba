"""What went to foreign venues and came back, by day and by venue, summed over all books."""

from __future__ import annotations

from collections.abc import Mapping

from skarb.app.model import FlowDay, Flows, VenueFlow
from skarb.core.time import from_day

ByDay = Mapping[tuple[int, str], int]


def flows_of(out: ByDay, back: ByDay, abroad: Mapping[str, str]) -> Flows:
    """Return every day from the first to the last, and the venues from which least came back first.

    `out` and `back` hold value by legal day and venue, `abroad` the country of each venue.
    """
    days = sorted({day for day, _ in (*out, *back)})
    if not days:
        return Flows(days=())
    by_day = (
        FlowDay(
            day=from_day(day),
            out=sum(value for (on, _), value in out.items() if on == day),
            returned=sum(value for (on, _), value in back.items() if on == day),
        )
        for day in range(days[0], days[-1] + 1)
    )
    venues = (
        VenueFlow(
            venue=venue,
            country=country,
            out=sum(value for (_, where), value in out.items() if where == venue),
            returned=sum(value for (_, where), value in back.items() if where == venue),
        )
        for venue, country in abroad.items()
    )
    return Flows(days=tuple(by_day), venues=tuple(sorted(venues, key=lambda one: one.returned - one.out)))
