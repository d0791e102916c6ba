"""The page about mining: one HTML file with everything in it, and each chart as a file of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from markupsafe import Markup

from skarb import __version__
from skarb.core.time import from_day, to_day
from skarb.reporting.lines import Area, Curve, Sheet, sheet
from skarb.reporting.mining.model import Fan, MiningReport
from skarb.reporting.pages import templates, text_of
from skarb.reporting.shapes import HEIGHT, WIDTH
from skarb.reporting.words import Said, said


def page(report: MiningReport, code: str = "en") -> str:
    """Return the report in a language."""
    words = said(code)
    drawn = charts(report, words)
    titled = replace(report, title=words.text("mine_title", day=words.day(report.day)))
    return templates().get_template("mining.html").render(**_said(titled, words), charts={one["key"]: one for one in drawn})


def svg(chart: Mapping[str, Any], code: str) -> str:
    """Return one chart as an SVG file that opens by itself."""
    return templates().get_template("mining_chart.svg").render(chart=chart, lang=code, WIDTH=WIDTH, HEIGHT=HEIGHT)


def charts(report: MiningReport, words: Said) -> list[dict[str, Any]]:
    """Return all charts with their words, the fans of all cases on one scale."""
    found = [_breakeven(report, words), _hashprice(report, words)]
    if report.fans:
        low, high = min(y for one in report.fans for _, y in one.low), max(y for one in report.fans for _, y in one.high)
        found += [_fan(one, (low, high), words) for one in report.fans]
        found.append(_payback(report, words))
    return found


def _chart(key: str, drawn: Sheet, title: str, legend: list[tuple[str, str]], ticks: list[str], words: Said) -> dict[str, Any]:
    years = [(x, str(from_day(round(value)).year)) for x, value in drawn.x_ticks]
    apart = [one for number, one in enumerate(years) if number == 0 or one[0] - years[number - 1][0] >= 50 or number % 2 == 0]
    return {
        "key": key,
        "sheet": drawn,
        "title": title,
        "legend": legend,
        "y": [(y, label) for (y, _), label in zip(drawn.y_ticks, ticks, strict=True)],
        "x": apart,
        "marks": drawn.marks,
    }


def _new_years(*curves: Any) -> list[float]:
    days = [x for points in curves for x, _ in points]
    first, last = from_day(round(min(days))).year, from_day(round(max(days))).year
    return [float(to_day(date(year, 1, 1))) for year in range(first, last + 1)]


def _breakeven(report: MiningReport, words: Said) -> dict[str, Any]:
    curves = [Curve(name, points, f"c{place}") for place, (name, points) in enumerate(report.breakeven.items())]
    places = [x for curve in curves for x, _ in curve.points]
    first, last = min(places), max(places)
    areas = []
    if report.band is not None:
        low, high = ([(first, end), (last, end)] for end in report.band)
        areas = [Area(low, high, "band")]
    drawn = sheet(curves, areas, x_ticks=_new_years(*(curve.points for curve in curves)), logarithmic=True)
    legend = [(curve.style, curve.name) for curve in curves] + ([("band", words.text("mine_band"))] if report.band else [])
    return _chart("breakeven", drawn, words.text("mine_breakeven"), legend, _numbers(drawn, words), words)


def _hashprice(report: MiningReport, words: Said) -> dict[str, Any]:
    published = [
        Curve("published", [(float(to_day(date(year, 1, 1))), value), (float(to_day(date(year, 12, 31))), value)], "known")
        for year, value in report.published
    ]
    marks = [(day, words.text("mine_halving", btc=words.amount(btc))) for day, btc in report.halvings]
    curves = [Curve("hashprice", report.hashprice, "c0"), *published]
    drawn = sheet(curves, x_ticks=_new_years(report.hashprice), marks=marks, logarithmic=True)
    legend = [("c0", words.text("mine_reckoned"))] + ([("known", words.text("mine_published"))] if published else [])
    return _chart("hashprice", drawn, words.text("mine_hashprice"), legend, _numbers(drawn, words), words)


def _fan(one: Fan, ends: tuple[float, float], words: Said) -> dict[str, Any]:
    areas = [Area(one.low, one.high, "outer"), Area(one.lower, one.upper, "inner")]
    drawn = sheet([Curve("middle", one.middle, "c0")], areas, x_ticks=_new_years(one.middle), y_range=ends)
    ticks = [words.whole(round(value / 1000)).replace("-", "\u2212") for _, value in drawn.y_ticks]
    legend = [("c0", words.text("mine_middle")), ("inner", words.text("mine_half")), ("outer", words.text("mine_most"))]
    title = words.text("mine_fan", machine=one.machine, price=words.amount(one.usd_kwh))
    return _chart(f"fan-{one.machine}-{one.usd_kwh}".lower().replace(" ", "-"), drawn, title, legend, ticks, words)


def _payback(report: MiningReport, words: Said) -> dict[str, Any]:
    curves = [
        Curve(words.text("mine_case", machine=one.machine, price=words.amount(one.usd_kwh)), one.paid_back, f"c{place % 6}")
        for place, one in enumerate(report.fans)
    ]
    most = max(y for one in report.fans for _, y in one.paid_back)
    drawn = sheet(curves, x_ticks=_new_years(report.fans[0].middle), y_range=(0.0, min(1.0, max(0.1, most * 1.1))))
    ticks = [f"{round(value * 100)}\u00a0%" for _, value in drawn.y_ticks]
    return _chart("payback", drawn, words.text("mine_payback"), [(curve.style, curve.name) for curve in curves], ticks, words)


def _numbers(drawn: Sheet, words: Said) -> list[str]:
    return [_number(value, words) for _, value in drawn.y_ticks]


def _number(value: float, words: Said) -> str:
    text = f"{value:.10f}".rstrip("0").rstrip(".") if abs(value) < 1 else f"{value:.2f}".rstrip("0").rstrip(".")
    return words.amount(text)


def _said(report: MiningReport, words: Said) -> dict[str, Any]:
    everything = {
        "lang": words.code,
        "t": words.text,
        "word": words.word,
        "day": words.day,
        "number": lambda value: words.amount(value) if isinstance(value, str) else words.whole(value).replace("-", "\u2212"),
        "thousands": lambda value: words.whole(round(value / 1000)).replace("-", "\u2212"),
        "percent": lambda value: f"{round(float(value) * 100)}\u00a0%",
        "fixed": lambda value, digits: words.amount(f"{value:.{digits}f}"),
        "good": lambda code: words.word("mine_good", code),
        "report": report,
        "WIDTH": WIDTH,
        "HEIGHT": HEIGHT,
        "version": __version__,
        "style": text_of("report.css") + Markup("\n") + text_of("mining.css"),
        "script": text_of("report.js"),
    }
    return {**everything, "everything": everything}
