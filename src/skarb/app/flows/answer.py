"""Following the money: what was asked of a lake or a file becomes a report with every figure that can be told.

A look at names is written down before any name is read.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from time import monotonic_ns

import duckdb

from skarb.app.files import now
from skarb.app.flows.asked import Asked, is_lake
from skarb.app.flows.crossing import lake_crossing, rate_of, sheet_of
from skarb.app.flows.instead import instead_of
from skarb.app.flows.lots import channels_of, top_lots
from skarb.app.flows.named import with_names
from skarb.app.looks import Looks
from skarb.app.replay import snapshot_of
from skarb.core.errors import InputError
from skarb.core.time import from_day
from skarb.lake import open_lake
from skarb.lake.open import looks_path
from skarb.oversight.flows.curves import by_count, by_money
from skarb.oversight.flows.definition import Choices
from skarb.oversight.flows.figures import asset_lines, cohort_lines, headline, heat, lines, sensitivity
from skarb.oversight.flows.follow import Followed, follow
from skarb.oversight.flows.lake import unvalued
from skarb.oversight.flows.model import DIMENSIONS, Crossing
from skarb.oversight.flows.paths import Origins, find_origins
from skarb.oversight.flows.sheet import Sheet
from skarb.reporting.flows import FlowReport


@dataclass
class Answer:
    """A report, and where people's own files are concerned, what could not be read."""

    report: FlowReport
    followed: Followed
    sheet: Sheet | None = None


def ask(asked: Asked) -> Answer:
    """Follow the money, and return everything that a report says.

    Raises: NotFound, InputError, RulebookError, Unavailable
    """
    started = monotonic_ns()
    lake = is_lake(asked.source)
    strange = ("abroad", "asset", "mapping") if lake else ("first", "last")
    if any(getattr(asked, name) for name in strange):
        raise InputError(
            f"{asked.source}: "
            + (
                "a lake says itself what lies abroad and of which asset; --abroad, --asset and --mapping are for files"
                if lake
                else "days are chosen of a lake only; without --from and --to the whole file is followed"
            )
        )
    with ExitStack() as stack:
        if lake:
            connection = stack.enter_context(open_lake(asked.source))
            crossing, sheet = lake_crossing(asked, connection), None
        else:
            connection = None
            sheet = sheet_of(asked)
            crossing = sheet.crossing
        named = bool(asked.purpose.strip()) and connection is not None
        if named:
            # Written down before any name is read.
            Looks(looks_path(asked.source), now).record(asked.purpose.strip(), "lake/flows")
        found = follow(crossing.rows, _suiting(asked, sheet), asked.rule)
        if found.trace.invested and not len(found.starts):
            raise InputError(
                "haircut: there are too many investments in one pot to tell them apart; ask with --rule fifo, or for another --pot"
            )
        if named and connection is not None:
            found = with_names(found, connection)
        report = _report(asked, crossing, found, connection, named)
        if asked.draft is not None:
            report = replace(report, instead=instead_of(asked, connection, crossing, found))
        return Answer(replace(report, milliseconds=(monotonic_ns() - started) // 10**6), found, sheet)


def _suiting(asked: Asked, sheet: Sheet | None) -> Choices:
    """Return the choices; in a file the pot is the account that pays, whoever put money there."""
    return asked.choices if sheet is None else replace(asked.choices, pot="place", wallets="apart")


def _report(
    asked: Asked, crossing: Crossing, found: Followed, connection: duckdb.DuckDBPyConnection | None, named: bool
) -> FlowReport:
    one = headline(found, crossing.last, asked.horizon)
    origins, why = _origins(asked, connection)
    countable = bool(crossing.currency)
    return FlowReport(
        source=asked.source.name,
        lake=connection is not None,
        currency=crossing.currency,
        decimals=crossing.decimals,
        first=from_day(crossing.first),
        last=from_day(crossing.last),
        rule=asked.rule,
        choices=found.choices,
        headline=one,
        variants=sensitivity(crossing, found.choices, asked.rule, one.days) if countable and len(found.starts) else (),
        lines={name: lines(found, name) for name in DIMENSIONS},
        channels=channels_of(found),
        assets=asset_lines(found, crossing.last, rate_of(asked, crossing)) if found.choices.conversion == "asset" else (),
        heat=heat(found, crossing.last),
        cohorts=cohort_lines(found, crossing.last),
        by_money=by_money(found, crossing.last),
        by_count=by_count(found, crossing.last),
        aside=crossing.aside,
        lots=top_lots(asked, crossing, found, connection, origins, named),
        rows=len(found.rows),
        unvalued=unvalued(found.rows.values),
        unknown_rows=found.unknown_rows,
        notes=(*crossing.notes, *why),
        snapshot=None if connection is None else snapshot_of(connection),
        ties={} if origins is None else origins.ties.counts(),
        made_at=now(),
        milliseconds=0,
        named=named,
        purpose=asked.purpose.strip(),
    )


def _origins(asked: Asked, connection: duckdb.DuckDBPyConnection | None) -> tuple[Origins | None, tuple[str, ...]]:
    """Return what brought the money of each transfer, or a note why nobody is told."""
    if connection is None or not asked.paths or not asked.top:
        return None, ()
    try:
        return find_origins(connection, asked.tie_days), ()
    except InputError as error:
        return None, (f"no ways are shown: {error}",)
