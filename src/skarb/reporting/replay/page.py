"""The page of a replay: one HTML file with everything in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from skarb import __version__
from skarb.core.amount import format_amount
from skarb.core.decision import SILENCE
from skarb.oversight.changes import COLUMNS, SHORT_COLUMNS
from skarb.oversight.replay import Sum
from skarb.reporting.pages import templates, text_of
from skarb.reporting.replay.charts import turned_chart
from skarb.reporting.replay.figures import Slice, by_dimension, changed_first, headline_of, heat, steepest, tryouts
from skarb.reporting.replay.model import Report, Swept, Tried
from skarb.reporting.shapes import HEIGHT, WIDTH, length
from skarb.reporting.words import Said, said

SLICES = 24  # values of a dimension that a page shows; all are in the files beside it


def page(report: Report, code: str = "en") -> str:
    """Return the report in a language."""
    words = said(code)
    slices = {name: by_dimension(report.comparison, place, name == "month") for place, name in enumerate(report.by)}
    return (
        templates()
        .get_template("replay.html")
        .render(
            **_said(report, words),
            figures=headline_of(report.comparison),
            slices=slices,
            monthly=_charts(slices.get("month", ())),
            heat=heat(report.comparison),
            transitions=changed_first(report.comparison.transitions),
            largest=[dict(zip(COLUMNS, row, strict=True)) for row in report.largest],
            short=[dict(zip(SHORT_COLUMNS, row, strict=True)) for row in report.unfunded],
        )
    )


def sweep_page(report: Report, parameter: Swept, tried: Sequence[Tried], code: str = "en") -> str:
    """Return what several values of a parameter would change; `report` is that of any one of them."""
    words, values = said(code), tryouts(tried)

    def written(value: str) -> str:
        return value if "/" in value else words.amount(value)

    marked = [one for one in values if one.value == parameter.drafted]
    shown = [*values[:1], *(one for one in marked if one not in (values[0], values[-1])), *values[1:][-1:]]
    return (
        templates()
        .get_template("sweep.html")
        .render(
            **_said(report, words),
            parameter=parameter,
            unit=parameter.unit if parameter.unit.isupper() else "",
            written=written,
            values=values,
            shown=shown,
            steepest=steepest(values),
            charts=_charts(tuple(Slice(written(one.value), one.turned) for one in values)),
        )
    )


def _charts(slices: Sequence[Slice]) -> list[tuple[str, Any]]:
    """Return the charts of rows and of money that have something to show."""
    kinds: list[tuple[str, Callable[[Sum], int]]] = [("rows", lambda one: one.rows), ("money", lambda one: one.money)]
    return [(kind, chart) for kind, of in kinds if (chart := turned_chart(slices, of)) is not None]


def _said(report: Report, words: Said) -> dict[str, Any]:
    """Return what every page of a report can say."""

    def money(minor: int) -> str:
        return words.money(minor, report.decimals)

    def tick(kind: str, value: int) -> str:
        major, rest = divmod(value, 10**report.decimals)
        return words.whole(value) if kind == "rows" else money(value) if rest else words.whole(major)

    def day(value: date) -> str:
        return words.day(value)

    def label(dimension: str, value: str) -> str:
        if dimension == "activity":
            return words.word("activity", value)
        return words.text(value) if dimension == "residency" or (dimension == "venue" and value == "none") else value

    def title(provision: str) -> str:
        return words.text("silence") if provision == SILENCE else report.titles.get(provision, "")

    def amount(units: Any, decimals: int) -> str:
        return "" if units is None else words.amount(format_amount(int(units), decimals))

    everything = {
        "lang": words.code,
        "t": words.text,
        "word": words.word,
        "whole": words.whole,
        "share": words.share,
        "amount": amount,
        "money": money,
        "tick": tick,
        "day": day,
        "label": label,
        "title": title,
        "length": length,
        "WIDTH": WIDTH,
        "HEIGHT": HEIGHT,
        "SLICES": SLICES,
        "report": report,
        "comparison": report.comparison,
        "version": __version__,
        "style": text_of("report.css"),
        "script": text_of("report.js"),
        "money_of": lambda units, decimals: words.amount(format_amount(units, decimals)),
    }
    return {**everything, "everything": everything}  # macros of other files see only what they are given
