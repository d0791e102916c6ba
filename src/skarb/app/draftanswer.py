"""What a replay found, in the shapes that the console shows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from skarb.app.draftmodel import Cell, Changed, DraftAnswer, Matrix, Part, Short, Step, Total, Turns
from skarb.app.explain import provision_view
from skarb.app.model import Place, ProvisionView
from skarb.core.amount import format_amount
from skarb.oversight.changes import COLUMNS, SHORT_COLUMNS
from skarb.oversight.replay import Answer, Sum
from skarb.reporting.replay import Report, Slice, Turned, by_dimension, headline_of, heat
from skarb.rulebook import Draft
from skarb.rulebook.words import LANGUAGES

LARGEST = 200
_PERIOD = ["day", "turn", "verdict_after", "value_minor"]


def answer_of(name: str, report: Report, draft: Draft, changes: Path, digest: str, heights: dict[str, int]) -> DraftAnswer:
    """Return a report as the console shows it; `changes` is the file of all changed rows, `name` the draft's folder."""
    found = heat(report.comparison)
    parts = {name: by_dimension(report.comparison, place, name == "month") for place, name in enumerate(report.by)}
    days = pq.read_table(changes.absolute(), columns=_PERIOD).to_pylist()
    pack = draft.rulebook.pack.provisions
    shown = {one.provision for one in (*found.before, *found.after) if one.provision in pack}
    return DraftAnswer(
        id=name,
        title={code: draft.title_in.get(code, draft.title) for code in LANGUAGES},
        act=draft.act.title,
        act_in=dict(draft.act.title_in),
        note={code: draft.note_in.get(code, draft.note) for code in LANGUAGES},
        digest=digest,
        heights=heights,
        drafted_from=report.drafted_from,
        begun=report.begun,
        first=report.first,
        last=report.last,
        made_at=report.made_at,
        currency=report.currency,
        decimals=report.decimals,
        rows=report.comparison.rows,
        differing=report.comparison.differing,
        turns=_turns(headline_of(report.comparison)),
        days=_periods(days, report, lambda day: day),
        months=_periods(days, report, lambda day: day.replace(day=1)),
        venues=_parts(parts["venue"]),
        activities=_parts(parts["activity"]),
        matrix=Matrix(
            before=tuple(map(_step, found.before)),
            after=tuple(map(_step, found.after)),
            cells=tuple(tuple(Cell(total=_total(cell.sum), shade=cell.shade) for cell in row) for row in found.cells),
            same=tuple(one.rows for one in found.same),
        ),
        provisions=_provisions(draft),
        titles={one: {code: pack[one].title_in.get(code, pack[one].title) for code in LANGUAGES} for one in sorted(shown)},
        people=sum(one.parties for one in report.parties if one.turn == "kept"),
        largest=tuple(_changed(dict(zip(COLUMNS, row, strict=True))) for row in report.largest[:LARGEST]),
        unfunded=_total(report.comparison.unfunded),
        short=tuple(Short(**_row(dict(zip(SHORT_COLUMNS, row, strict=True)))) for row in report.unfunded[:LARGEST]),
    )


def _provisions(draft: Draft) -> tuple[ProvisionView, ...]:
    """Return the provisions that a draft writes or ends, with the values of its first day."""
    views = (provision_view(draft.rulebook, one, draft.since, (), ()) for one in sorted(draft.provisions))
    return tuple(sorted((one for one in views if one is not None), key=lambda one: one.citation))


def _periods(rows: Iterable[Mapping[str, Any]], report: Report, period: Callable[[date], date]) -> tuple[Part, ...]:
    """Return what becomes of changed rows in each period from the first to the last, empty ones too."""
    days = (date.fromordinal(one) for one in range(report.first.toordinal(), report.last.toordinal() + 1))
    sums = {label: Turned() for label in sorted(set(map(period, days)))}
    for row in rows:
        turned, one = sums[period(row["day"])], Sum(1, int(row["value_minor"] or 0))
        match row["turn"]:
            case "freed":
                turned.freed += one
            case "otherwise":
                turned.otherwise += one
            case _ if row["verdict_after"] == "refuse":
                turned.refused += one
            case _:
                turned.referred += one
    return tuple(Part(label=label.isoformat(), turns=_turns(turned)) for label, turned in sums.items())


def _parts(slices: Iterable[Slice]) -> tuple[Part, ...]:
    """Return the parts in which something changes."""
    return tuple(
        Part(label=one.label, turns=_turns(one.turned), rows=one.turned.all.rows) for one in slices if one.turned.changed.rows
    )


def _turns(turned: Turned) -> Turns:
    return Turns(
        refused=_total(turned.refused),
        referred=_total(turned.referred),
        freed=_total(turned.freed),
        otherwise=_total(turned.otherwise),
    )


def _total(one: Sum) -> Total:
    return Total(rows=one.rows, money=one.money)


def _step(answer: Answer) -> Step:
    return Step(verdict=answer.verdict, provision=answer.provision)


def _changed(row: Mapping[str, Any]) -> Changed:
    return Changed(
        **_row(row),
        before=Step(verdict=row["verdict_before"], provision=row["provision_before"]),
        after=Step(verdict=row["verdict_after"], provision=row["provision_after"]),
    )


def _row(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is shown of any row."""
    units, value = row["amount_units"], row["value_minor"]
    return {
        "place": Place(book=row["book"], sequence=row["sequence"], row=row["row_no"]),
        **{name: row[name] for name in ("day", "activity", "party", "venue", "asset")},
        "amount": None if units is None else format_amount(int(units), row["decimals"]),
        "value": None if value is None else int(value),
    }
