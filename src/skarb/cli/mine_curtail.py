"""`skarb mine curtail`: orders to draw less, ramps, and who complied by his meter."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from cyclopts import App

from skarb.app.gridfiles import read_acknowledgements, read_order, read_readings, read_rules, read_running, read_sites, watts
from skarb.cli.mine_shown import (
    write_bytes,
)
from skarb.cli.output import Format, check_outputs, err, format_of, write_rows
from skarb.core.counted import counted
from skarb.grid.curtail import bytes_of, charges, order_id, ramp_down, ramp_up, shed, sheddable, verify, worst

curtail = App(
    name="curtail", help="Orders to draw less: who is cut, how the ramp goes, who complied by his meter, what it costs."
)


@curtail.command
def order(
    *,
    sites: Path,
    running: Path,
    need: str,
    at: datetime,
    until: datetime,
    reason: str,
    within: int = 15,
    number: int = 1,
    output: Path | None = None,
) -> None:
    """Write an order: who is cut so that so many MW are free, the last priority class first, in whole blocks.

    Example: `skarb mine curtail order --sites sites.yaml --running now.csv --need 120 --reason peak --at … --until …`

    Parameters
    ----------
    sites
        A YAML file of sites: name, miners, blocks, block_mw, priority, meter, off_minutes.
    running
        A CSV file of what every site draws now: site, running_mw.
    need
        How many MW are needed.
    at
        When the order is given, with its zone.
    until
        When it ends, with its zone.
    reason
        Why, in a word or a sentence; it stands in the order.
    within
        Leave out sites that need longer than so many minutes.
    number
        The number of the order on its day.
    output
        Write the order to this file, as a journal would keep it; by default to standard output.
    """
    check_outputs((output,), (sites, running))
    places = read_sites(sites)
    now = read_running(running)
    made = shed(places, now, watts(need), id=order_id(at, number), at=at, until=until, reason=reason, within_minutes=within)
    write_bytes(bytes_of(made), output)
    for minutes, power in sheddable(places, now):
        err.print(f"[dim]· within {counted(minutes, 'minute')} {power / 1e6:,.1f} MW can be gone[/]")
    if made.short_w:
        err.print(f"[yellow]· {made.short_w / 1e6:,.1f} MW of the need are not there to be cut[/]")


@curtail.command
def ramp(
    order: Path,
    /,
    *,
    sites: Path,
    headroom: str,
    stagger: int = 5,
    output: Path | None = None,
    format: Format | None = None,  # noqa: A002
) -> None:
    """Show how an order's sites go off at once, and come back one block at a time without overshooting.

    Example: `skarb mine curtail ramp order.json --sites sites.yaml --headroom 100,200,400`

    Parameters
    ----------
    order
        The file of the order.
    sites
        The YAML file of sites.
    headroom
        MW that may be taken again in each hour after the order's end, joined by commas.
    stagger
        Minutes between two blocks that come back.
    output
        Write the steps to a file: .json, .csv or .parquet.
    format
        The form: table, json, csv or parquet.
    """
    check_outputs((output,), (order, sites))
    given, places = read_order(order), read_sites(sites)
    back = ramp_up(given, places, [watts(one.strip()) for one in headroom.split(",")], stagger_minutes=stagger)
    rows = [
        (one.at.isoformat(), one.site, one.power_w, what)
        for what, steps in (("off", ramp_down(given, places)), ("back", back))
        for one in steps
    ]
    write_rows(("at", "site", "power_w", "way"), rows, format_of(format, output), output, f"Order {given.id}")


@curtail.command(name="verify")
def check(
    order: Path,
    readings: Path,
    /,
    *,
    acknowledgements: Path | None = None,
    penalties: Path | None = None,
    minutes: int = 15,
    intervals: bool = False,
    output: Path | None = None,
    format: Format | None = None,  # noqa: A002
) -> int:
    """Say who complied with an order, by his meter and not by his devices; exit code 9 if somebody did not.

    Example: `skarb mine curtail verify order.json meters.csv --penalties penalties.yaml`

    An interval without a reading, or with an estimated one, proves nothing: it counts as if the site had drawn all it can, and is told apart.

    Parameters
    ----------
    order
        The file of the order.
    readings
        A CSV file of meters: meter, at, minutes, energy_wh, estimated.
    acknowledgements
        A CSV file of who said that he has the order: order, site, at.
    penalties
        A YAML file of rules; with it the charges are given instead of the verdicts.
    minutes
        How long the meters' intervals are.
    intervals
        Give every interval instead of one verdict for each site.
    output
        Write the rows to a file: .json, .csv or .parquet.
    format
        The form: table, json, csv or parquet.
    """
    check_outputs((output,), (order, readings, acknowledgements, penalties))
    form = format_of(format, output)
    given = read_order(order)
    said = read_acknowledgements(acknowledgements) if acknowledgements else ()
    found = verify(given, read_readings(readings), said, minutes)
    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    if penalties is not None:
        lines = charges(given, found, read_rules(penalties))
        columns = ("order", "site", "rule", "cites", "energy_wh", "price_milli_per_mwh", "fixed_minor", "amount_minor")
        rows = [tuple(getattr(one, name) for name in columns) for one in lines]
    elif intervals:
        columns = ("order", "site", "meter", "at", "minutes", "allowed_wh", "metered_wh", "excess_wh", "finding")
        rows = [
            tuple(one.at.isoformat() if name == "at" else getattr(one, name) for name in columns)
            for verdict in found
            for one in verdict.intervals
        ]
    else:
        columns = ("order", "site", "complied", "excess_wh", "unproven_wh", "acknowledged", "late")
        rows = [
            (
                one.order,
                one.site,
                one.complied,
                one.excess_wh,
                one.unproven_wh,
                one.acknowledged and one.acknowledged.isoformat(),
                one.late,
            )
            for one in found
        ]
    write_rows(columns, rows, form, output, f"Order {given.id}")
    return 9 if worst(found) else 0
