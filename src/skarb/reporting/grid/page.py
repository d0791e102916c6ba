"""The pages: one HTML file each with everything in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from skarb import __version__
from skarb.core.amount import format_amount
from skarb.grid import (
    FLOORS_W,
    MEGAWATT,
    NANO,
    Effects,
    Hours,
    Plan,
    Spread,
    Swing,
    System,
    Truth,
    counted,
    reasons_of,
    surplus_w,
    truth_of,
)
from skarb.reporting.grid.charts import busy, duration, heat_map, prices, stacked, tornado_bars
from skarb.reporting.pages import templates, text_of, words_in
from skarb.reporting.shapes import HEIGHT, WIDTH
from skarb.reporting.words import Said

WEEK = 168
_SIZES_W = tuple(MEGAWATT * one for one in range(25, 1001, 25))
_PRICE_MOST = 100_000  # thousandths per MWh; the line of prices is cut there


@dataclass(frozen=True)
class Sheet:
    """What stands beside every answer: where the hours come from, every figure with its range and source, and when the page was made.

    Shape: `source` is a message of the pages and `values` what stands in it; figures are name, value, lowest, highest, certainty, source.
    """

    source: str
    values: Mapping[str, object]
    outages: Sequence[str]
    figures: Sequence[tuple[str, str, str, str, str, str]]
    made_at: datetime


@dataclass(frozen=True)
class _Head:
    """What the frame of every page asks for."""

    title: str
    made_at: datetime


def surplus_page(
    table: Sequence[Truth],
    swings: Sequence[Swing],
    spread: Spread | None,
    sheet: Sheet,
    hours: Hours,
    floor_w: int,
    boilers_w: int,
    boilers_first: bool,
    code: str = "en",
) -> str:
    """Return the page of what is left over, in a language. `boilers_w` is all boilers together."""
    words = words_of(code)
    given = hours.baseload_w + hours.must_run_w
    chosen = truth_of(hours, floor_w, boilers_w if boilers_first else 0)
    left = surplus_w(hours, floor_w)
    if boilers_first:
        left = np.maximum(left - np.minimum(hours.heat_w, boilers_w), 0)
    return _render(
        "grid_surplus.html",
        words,
        words.text("surplus_title"),
        sheet,
        table=table,
        hours=len(hours),
        chosen=chosen,
        spread=spread,
        boilers_first=boilers_first,
        curve=duration([("load", hours.load_w), ("nuclear_and_heat", given)], hours.load_w - given - floor_w),
        map=heat_map(left),
        use=[
            (first, busy([(f"floor{floor // MEGAWATT}", _use(hours, floor, boilers_w if first else 0)) for floor in FLOORS_W]))
            for first in (False, True)
        ],
        bars=tornado_bars(swings, chosen.energy_wh),
    )


def plan_page(
    plan: Plan, hours: Hours, system: System, effects: Effects, boilers_first_nano: int, sheet: Sheet, code: str = "en"
) -> str:
    """Return the page of a plan, in a language."""
    words = words_of(code)
    reasons = reasons_of(plan, hours, system)
    return _render(
        "grid_plan.html",
        words,
        words.text("plan_title"),
        sheet,
        plan=plan,
        effects=effects,
        boilers_first_nano=boilers_first_nano,
        system=system,
        hours=hours,
        weeks=[_week(plan, hours, system, start) for start in _weeks(hours)],
        map=heat_map(plan.mining_total_w) if len(plan) >= 24 * 14 else None,
        left=heat_map(surplus_w(hours, 0)) if len(plan) >= 24 * 14 else None,
        reasons=counted(reasons),
    )


def _use(hours: Hours, floor_w: int, boilers_w: int) -> tuple[int, ...]:
    return truth_of(hours, floor_w, boilers_w, _SIZES_W).utilisation


def _weeks(hours: Hours) -> list[int]:
    """Return where the weeks to be shown begin: all hours if they are few, else the one with most surplus and the one of the peak."""
    if len(hours) <= WEEK + 24:
        return [0]
    whole = len(hours) // WEEK
    left = surplus_w(hours, 0)[: whole * WEEK].reshape(whole, WEEK).sum(axis=1)
    most = int(left.argmax()) * WEEK
    peak = min(int(hours.load_w.argmax()) // WEEK, whole - 1) * WEEK
    return sorted({most, peak})


def _week(plan: Plan, hours: Hours, system: System, start: int) -> dict[str, Any]:
    part = slice(start, min(len(hours), start + WEEK + 24 if len(hours) <= WEEK + 24 else start + WEEK))
    above = [
        ("nuclear", hours.baseload_w[part] - plan.spill_w[part]),
        ("must_run", hours.must_run_w[part]),
        ("gas", plan.gas_w[part]),
        ("unserved", plan.unserved_w[part]),
    ]
    below = [
        ("load", hours.load_w[part]),
        ("boilers", plan.boilers_w[part]),
        ("mining", plan.mining_total_w[part]),
        ("export", plan.export_w[part]),
    ]
    days = range(part.start, part.stop, 24)
    return {
        "first": hours.at(part.start),
        "last": hours.at(part.stop - 1),
        "chart": stacked([one for one in above if one[1].any()], [one for one in below if one[1].any()]),
        "names": [name for name, values in (*above, *below) if values.any()],
        "price": prices(plan.marginal_milli[part], _PRICE_MOST),
        "days": [hours.at(day) for day in days],
    }


def _render(template: str, words: Said, title: str, sheet: Sheet, **values: Any) -> str:
    def mega(watts: int) -> str:
        return words.whole((int(watts) + MEGAWATT // 2) // MEGAWATT)

    def giga(energy_wh: int, places: int = 1) -> str:
        tenth = 10 ** (9 - places)
        return words.amount(format_amount((int(energy_wh) + tenth // 2) // tenth, places))

    def share(millionths: int) -> str:
        return words.amount(format_amount((millionths + 500) // 1000, 1)) + "\u00a0%"

    def money(nano: int) -> str:
        return words.whole(round(nano / NANO)) if nano >= 0 else "\u2212" + words.whole(round(-nano / NANO))

    said_all = {
        "lang": words.code,
        "t": words.text,
        "word": words.word,
        "whole": words.whole,
        "day": words.day,
        "mega": mega,
        "giga": giga,
        "share": share,
        "money": money,
        "price": lambda milli: words.whole(milli // 1000),
        "percent": lambda millionths: f"{words.whole(millionths // 10_000)}\u00a0%",
        "WIDTH": WIDTH,
        "HEIGHT": HEIGHT,
    }
    return (
        templates()
        .get_template(template)
        .render(
            **said_all,
            **values,
            said=said_all,
            report=_Head(title, sheet.made_at),
            sheet=sheet,
            source=", ".join(
                [words.text(sheet.source, **sheet.values), *(words.text("outage", what=one) for one in sheet.outages)]
            ),
            version=__version__,
            style=text_of("report.css") + text_of("grid.css"),
            script=text_of("report.js"),
        )
    )


def words_of(code: str) -> Said:
    """Return the words of pages about power in a language."""
    return words_in("grid", code)
