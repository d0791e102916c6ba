"""The page about the reserve: one HTML file with everything in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from markupsafe import Markup

from skarb import __version__
from skarb.core.time import from_day, to_day
from skarb.reporting.lines import Area, Curve, Points, Sheet, sheet
from skarb.reporting.pages import templates, text_of, words_in
from skarb.reporting.reserve.model import Bar, ReserveReport, Violation
from skarb.reporting.shapes import HEIGHT, WIDTH
from skarb.reporting.words import Said

_STYLES = 7  # of curves
_FEW_DAYS = 500  # of a chart: up to here every second month is named


def page(report: ReserveReport, code: str = "en") -> str:
    """Return the report in a language."""
    words = words_of(code)
    titled = replace(report, title=words.text("reserve_title", day=words.day(report.day)))
    everything = {
        "lang": words.code,
        "t": words.text,
        "word": words.word,
        "day": lambda text: words.day(date.fromisoformat(text)) if text else words.text("reserve_not_yet"),
        "usd": lambda text: _whole(text, words),
        "number": lambda value: words.amount(value) if isinstance(value, str) else words.whole(value).replace("-", "\u2212"),
        "percent": lambda text: words.amount(text.rstrip("%")).replace("-", "\u2212") + "\u00a0%",
        "change": lambda text: words.amount(f"{100 * float(text):.1f}").replace("-", "\u2212") + "\u00a0%",
        "rule": lambda text: _rule(text, words),
        "blow": lambda name: _name(name, words),
        "report": titled,
        "bars": _bars(report),
        "charts": {one["key"]: one for one in charts(report, words)},
        "WIDTH": WIDTH,
        "HEIGHT": HEIGHT,
        "version": __version__,
        "style": text_of("report.css") + Markup("\n") + text_of("mining.css") + Markup("\n") + text_of("reserve.css"),
        "script": text_of("report.js"),
    }
    return templates().get_template("reserve.html").render(**everything)


def charts(report: ReserveReport, words: Said) -> list[dict[str, Any]]:
    """Return all charts with their words."""
    found = [value_chart(report.value, report.bound, report.violations, words), _below(report, words), _changes(report, words)]
    return [*found, _finals(report, words)] if report.finals else found


def value_chart(value: Points, bound: Points, violations: Sequence[Violation], words: Said) -> dict[str, Any]:
    """Return the chart of what coins were worth, over the least that was forecast, with the days on which it was less."""
    broken = [Curve("violation", [(one.day, one.value), (one.day, one.bound)], "known") for one in violations]
    curves = [Curve("value", value, "c0"), *broken]
    ends = [y for points in (value, bound) for _, y in points]
    drawn = sheet(
        curves,
        [Area(bound, value, "outer")],
        x_ticks=_months(value),
        logarithmic=min(ends) > 0,
        y_range=(min(ends), max(ends)) if min(ends) > 0 else None,
    )
    legend = [
        ("c0", words.text("reserve_value")),
        ("outer", words.text("reserve_band")),
        ("known", words.text("reserve_violation")),
    ]
    ticks = [_short(value, words) for _, value in drawn.y_ticks]
    return _chart("value", drawn, words.text("reserve_value_chart"), legend, ticks, _quarters(drawn))


def _below(report: ReserveReport, words: Said) -> dict[str, Any]:
    top = [(x, 0.0) for x, _ in report.below]
    drawn = sheet(
        [Curve("below", report.below, "c1")],
        [Area(report.below, top, "outer")],
        x_ticks=_years(report.below),
        y_range=(-1.0, 0.0),
    )
    ticks = [f"{round(100 * value)}\u00a0%".replace("-", "\u2212") for _, value in drawn.y_ticks]
    return _chart(
        "below", drawn, words.text("reserve_below_chart"), [("c1", words.text("reserve_below"))], ticks, _year_labels(drawn)
    )


def _changes(report: ReserveReport, words: Said) -> dict[str, Any]:
    curves = [Curve(name, points, f"c{place}") for place, (name, points) in enumerate(report.changes)]
    drawn = sheet(curves, x_ticks=[-15, -10, -5, 0, 5, 10, 15], marks=report.var_marks)
    legend = [(one.style, words.word("reserve_changes_of", one.name)) for one in curves]
    labels = [(x, f"{round(value)}\u00a0%".replace("-", "\u2212")) for x, value in drawn.x_ticks]
    ticks = [words.amount(f"{value:g}") for _, value in drawn.y_ticks]
    return _chart("changes", drawn, words.text("reserve_changes_chart"), legend, ticks, labels)


def _finals(report: ReserveReport, words: Said) -> dict[str, Any]:
    curves = [Curve(_rule(name, words), points, f"c{place % _STYLES}") for place, (name, points) in enumerate(report.finals)]
    drawn = sheet(curves, x_ticks=_years(curves[0].points))
    legend = [(one.style, one.name) for one in curves]
    ticks = [words.amount(f"{value:g}").replace("-", "\u2212") for _, value in drawn.y_ticks]
    return _chart("finals", drawn, words.text("reserve_finals_chart", months=report.horizon), legend, ticks, _year_labels(drawn))


def _chart(
    key: str, drawn: Sheet, title: str, legend: list[tuple[str, str]], ticks: list[str], labels: list[tuple[int, str]]
) -> dict[str, Any]:
    return {
        "key": key,
        "sheet": drawn,
        "title": title,
        "legend": legend,
        "y": [(y, label) for (y, _), label in zip(drawn.y_ticks, ticks, strict=True)],
        "x": labels,
        "marks": drawn.marks,
    }


def _years(points: Any) -> list[float]:
    first, last = (from_day(round(points[end][0])).year for end in (0, -1))
    return [float(to_day(date(year, 1, 1))) for year in range(first, last + 1)]


def _months(points: Any) -> list[float]:
    first, last = (from_day(round(points[end][0])).year for end in (0, -1))
    months = (1, 3, 5, 7, 9, 11) if points[-1][0] - points[0][0] < _FEW_DAYS else (1, 7)
    return [float(to_day(date(year, month, 1))) for year in range(first, last + 1) for month in months]


def _year_labels(drawn: Sheet) -> list[tuple[int, str]]:
    return [(x, str(from_day(round(value)).year)) for x, value in drawn.x_ticks]


def _quarters(drawn: Sheet) -> list[tuple[int, str]]:
    return [(x, f"{from_day(round(value)):%Y-%m}") for x, value in drawn.x_ticks]


def _bars(report: ReserveReport) -> list[dict[str, Any]]:
    """Return a bar for each blow, all on one scale, the widest first."""
    most = max((max(one.low_cents, one.high_cents, report.before_cents) for one in report.bars), default=0) or 1
    bars: Sequence[Bar] = sorted(report.bars, key=lambda one: -abs(one.high_cents - one.low_cents))
    return [
        {
            "kind": one.kind,
            "name": one.name,
            "x": WIDTH * min(one.low_cents, one.high_cents) // most,
            "width": max(2, WIDTH * abs(one.high_cents - one.low_cents) // most),
            "base": WIDTH * report.before_cents // most,
            "low": f"{min(one.low_cents, one.high_cents) / 100:.2f}",
            "high": f"{max(one.low_cents, one.high_cents) / 100:.2f}",
        }
        for one in bars
    ]


def _whole(text: str, words: Said) -> str:
    """Write an amount in whole units, for the eye."""
    return words.whole(round(float(text))).replace("-", "\u2212") if text else "–"


def _short(value: float, words: Said) -> str:
    for size, name in ((1e9, "reserve_billion"), (1e6, "reserve_million"), (1e3, "reserve_thousand")):
        if value >= size:
            return words.text(name, n=words.amount(f"{value / size:g}"))
    return words.amount(f"{value:g}")


def _rule(text: str, words: Said) -> str:
    """Write a rule in words, with its numbers."""
    kind, *numbers = text.split(":")
    return words.word("reserve_rule", kind).format(*numbers)


def _name(name: str, words: Said) -> str:
    """Write a blow in words; one that only its country knows stays as it is written."""
    known = words.messages["reserve_blow"]
    return str(known.get(name, name.replace("_", " ")))


def words_of(code: str) -> Said:
    """Return the words of pages about the reserve in a language."""
    return words_in("reserve", code)
