"""The page of flows: one HTML file with everything in it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from skarb import __version__
from skarb.core.amount import format_amount
from skarb.oversight.flows.curves import HORIZONS
from skarb.oversight.flows.figures import AGES
from skarb.reporting.flows.charts import HEIGHT, WIDTH, channels_of, curve_of
from skarb.reporting.flows.model import FlowReport
from skarb.reporting.pages import templates, text_of
from skarb.reporting.shapes import length, shade
from skarb.reporting.words import Said, said

Link = Callable[[str, int, int], str]

SHOWN = 12  # lines of a ranking


def page(report: FlowReport, code: str = "en") -> str:
    """Return the report in a language."""
    return templates().get_template("flows.html").render(**said_of(report, said(code)))


def fragment(report: FlowReport, code: str, link: Link) -> str:
    """Return the part of a report that stands within a console's page; `link` leads to a row of a journal."""
    return templates().get_template("flow_fragment.html").render(**said_of(report, said(code)), link=link)


def said_of(report: FlowReport, words: Said) -> dict[str, Any]:
    """Return what a page of flows can say and draw."""

    def money(minor: int) -> str:
        return words.money(minor, report.decimals)

    def brief(minor: int) -> str:
        return words.whole(minor // 10**report.decimals)

    def percent(share: float) -> str:
        return words.share(round(share * 10_000), 10_000)

    def amount(units: int, decimals: int) -> str:
        text = format_amount(units, decimals)
        return words.amount(text.rstrip("0").rstrip(".") if "." in text else text)

    def day(value: date) -> str:
        return words.day(value)

    def label(dimension: str, value: str) -> str:
        if dimension in ("who", "channel"):
            return words.word(f"flows_{dimension}", value)
        return words.text("flows_own_wallet") if value == "own wallet" else value or words.text("flows_others")

    def variant(what: str) -> str:
        return words.word("flows_variant", what) if what else words.text("flows_as_asked")

    def rate(text: str) -> str:
        kind, _, rest = text.partition(" by the latest row, ") if text.startswith("implied") else text.partition(":")
        return words.text(f"flows_rate_{kind}", day=rest) if kind in ("implied", "stale", "missing") else text

    most = max((max(row) for row in report.heat.cells), default=0)
    found = {
        "lang": words.code,
        "t": words.text,
        "word": words.word,
        "whole": words.whole,
        "share": words.share,
        "money": money,
        "brief": brief,
        "percent": percent,
        "amount": amount,
        "day": day,
        "label": label,
        "variant": variant,
        "rate": rate,
        "length": length,
        "shade": lambda value: shade(value, most),
        "shaded": lambda share: 0 if share is None else 1 + int(7 * share),
        "WIDTH": WIDTH,
        "HEIGHT": HEIGHT,
        "SHOWN": SHOWN,
        "HORIZONS": HORIZONS,
        "AGES": AGES,
        "flows": report,
        "channels": channels_of(report) if report.countable else None,
        "curves": [(name, curve_of(one)) for name, one in (("money", report.by_money), ("count", report.by_count))],
        "report": {"title": words.text("flows_title", source=report.source), "made_at": report.made_at},
        "version": __version__,
        "style": text_of("report.css") + text_of("flows.css"),
        "script": text_of("report.js"),
    }
    return {**found, "everything": found}
