"""Geometry of the pages about mining that no report has.

The farm's hours, a year's load over what is given anyway, orders against meters, tornados of money.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from skarb.app.miningmodel import CurtailmentView, FarmHourView, NpvSwing, SizesView, SurplusView, WeekView
from skarb.grid import FLOORS_W, MEGAWATT
from skarb.grid.curtail import Target
from skarb.reporting.grid.charts import Curve, Drawing, HeatMap, SwingBar, busy, heat_map, prices, stacked, tornado_bars
from skarb.reporting.lines import Curve as Line
from skarb.reporting.lines import Sheet, sheet
from skarb.reporting.shapes import HEIGHT, WIDTH, ticks

_BINS = 200  # of a year's hours
_PRICE_MOST = 100_000  # thousandths per MWh; the line of prices is cut there


@dataclass(frozen=True)
class HourBar:
    """One hour of the farm as rectangles; heights from the ground up."""

    hour: FarmHourView
    x: int
    width: int
    surplus: int
    scheduled: int
    metered: int


@dataclass(frozen=True)
class FarmChart:
    """The hours around now: what is left over in the country, and under it what the farm is told to draw and draws."""

    bars: tuple[HourBar, ...]
    now_x: int
    surplus_marks: tuple[tuple[int, int], ...]  # height in the drawing, watts
    power_marks: tuple[tuple[int, int], ...]
    days: tuple[tuple[int, datetime], ...]  # where a day begins


def farm_chart(hours: Sequence[FarmHourView], now: datetime, most_w: int, midnight: int) -> FarmChart:
    """Return the drawing of some hours; `midnight` is the hour (UTC) at which a legal day begins."""
    left = max(1, *(one.surplus_w for one in hours))
    width = WIDTH // len(hours)
    bars = tuple(
        HourBar(
            one,
            place * width,
            width,
            HEIGHT * one.surplus_w // left,
            HEIGHT * one.scheduled_w // most_w,
            HEIGHT * (one.metered_wh or 0) // most_w,
        )
        for place, one in enumerate(hours)
    )
    passed = (now - hours[0].at).total_seconds() / 3600
    return FarmChart(
        bars,
        min(WIDTH, round(passed * width)),
        _marks(left),
        _marks(most_w),
        tuple((bar.x, bar.hour.at) for bar in bars if bar.hour.at.hour == midnight),
    )


def _marks(most: int) -> tuple[tuple[int, int], ...]:
    return tuple((HEIGHT - HEIGHT * mark // most, mark) for mark in (0, *ticks(most)))


def load_chart(surplus: SurplusView) -> Drawing:
    """Return the hours of a year from the highest load to the lowest, and under the line what is given anyway; means of some hours each."""
    load = np.array(surplus.load_w)
    order = np.argsort(load)[::-1]
    parts = np.array_split(order, _BINS)

    def means(values: Sequence[int]) -> np.ndarray:
        given = np.array(values)
        return np.array([int(given[one].mean()) for one in parts])

    line = means(surplus.load_w)
    nuclear, must_run, left = means(surplus.nuclear_w), means(surplus.must_run_w), means(surplus.surplus_w)
    floor = np.full(len(line), surplus.floor_w)
    most = int(max(line.max(), (nuclear + must_run + floor).max(), (line + left).max()))

    def high(values: np.ndarray) -> np.ndarray:
        return HEIGHT - HEIGHT * values // most

    curves = []
    base = np.zeros_like(line)
    for name, values in (("nuclear", nuclear), ("must_run", must_run), ("gas_floor", floor)):
        # What stands above the load is no longer theirs: it is left over, and drawn as that.
        top = np.minimum(base + values, line)
        curves.append(Curve(name, _between(high(base), high(np.maximum(top, base)))))
        base = np.maximum(top, base)
    curves.append(Curve("left_over", _between(high(line), high(line + left))))
    curves.append(Curve("load", _line(high(line))))
    return Drawing(tuple(curves), _marks(most))


def use_charts(surplus: SurplusView) -> tuple[Drawing, Drawing]:
    """Return how busy farms of all sizes would be for each gas floor, without boilers first and with them."""
    one, other = (
        busy([(f"floor{floor // MEGAWATT}", truth.utilisation) for floor, truth in zip(FLOORS_W, rows, strict=True)])
        for rows in (surplus.use, surplus.use_after_boilers)
    )
    return one, other


def year_map(values_w: Sequence[int]) -> HeatMap:
    """Return a year of hours as a map."""
    return heat_map(np.array(values_w, np.int64))


def surplus_bars(surplus: SurplusView) -> tuple[SwingBar, ...]:
    """Return what each uncertain figure does to the energy left over."""
    return tornado_bars(surplus.swings, surplus.chosen.energy_wh)


@dataclass(frozen=True)
class WeekChart:
    """A week: who gives and who takes, what one more MWh costs, what mining adds to the air."""

    dispatch: Drawing
    names: tuple[str, ...]
    marginal: Drawing
    carbon: Sheet
    step: float


def week_chart(week: WeekView) -> WeekChart:
    """Return the drawings of a week."""
    above = [("nuclear", week.nuclear_w), ("must_run", week.must_run_w), ("gas", week.gas_w), ("unserved", week.unserved_w)]
    below = [("load", week.load_w), ("boilers", week.boilers_w), ("mining", week.mining_w), ("export", week.export_w)]
    kept = [[(name, np.array(values)) for name, values in side if any(values)] for side in (above, below)]
    count = len(week.load_w)
    tons = [
        Line(name, [(hour, grams / 1e6) for hour, grams in enumerate(values)], style)
        for name, values, style in (("marginal", week.carbon_marginal_g, "c1"), ("average", week.carbon_average_g, "c0"))
    ]
    every = [grams / 1e6 for grams in (*week.carbon_marginal_g, *week.carbon_average_g)]
    carbon = sheet(tons, x_ticks=range(0, count, 24), y_range=(min(0.0, *every), max(1.0, *every)))
    return WeekChart(
        stacked(*kept),
        tuple(name for side in kept for name, _ in side),
        prices(np.array(week.marginal_milli_mwh), _PRICE_MOST),
        carbon,
        WIDTH / count,
    )


@dataclass(frozen=True)
class SizesChart:
    """What sizes of mining leave a year after capital, in millions of the currency."""

    sheet: Sheet
    best: tuple[tuple[str, int], ...]  # style, place of the best size


def sizes_chart(sizes: SizesView) -> SizesChart:
    """Return the curves of what is left, with new machines and with machines that are paid off."""
    curves, best = [], []
    cases = (("old", sizes.old_nano_per_mw, "c2", sizes.best_old_w), ("new", sizes.new_nano_per_mw, "c1", sizes.best_new_w))
    most = sizes.steps[-1].mining_w
    # Losses far below what there is to gain say nothing more; curves end there.
    gains = [(one.gain_nano - sizes.old_nano_per_mw * (one.mining_w // MEGAWATT)) / 1e15 for one in sizes.steps]
    least = -max(10.0, 3 * max(gains))
    for name, capital, style, found in cases:
        points = [(one.mining_w / MEGAWATT, (one.gain_nano - capital * (one.mining_w // MEGAWATT)) / 1e15) for one in sizes.steps]
        curves.append(Line(name, [point for point in points if point[1] >= least], style))
        best.append((style, WIDTH * found // most))
    whole = Line("", [(0.0, 0.0), (most / MEGAWATT, 0.0)], "nought")  # so that the scale is that of all sizes
    return SizesChart(sheet([*curves, whole], x_ticks=range(0, most // MEGAWATT + 1, 200)), tuple(best))


@dataclass(frozen=True)
class NpvBar:
    """What one input does to a net present value."""

    swing: NpvSwing
    x: int
    width: int
    base: int


def npv_bars(swings: Sequence[NpvSwing]) -> tuple[NpvBar, ...]:
    """Return bars on one scale, that of all the ends."""
    ends = [end for one in swings for end in (one.npv_low, one.npv_high, one.npv)]
    low, high = min(ends), max(ends)
    scale = max(1, high - low)

    def at(value: int) -> int:
        return WIDTH * (value - low) // scale

    found = []
    for one in swings:
        begin, end = sorted((at(one.npv_low), at(one.npv_high)))
        found.append(NpvBar(one, begin, max(4, end - begin), at(one.npv)))
    return tuple(found)


@dataclass(frozen=True)
class Metered:
    """One interval of a site under an order: what the schedule said, what was allowed, what was metered."""

    at: datetime
    x: int
    width: int
    scheduled: int
    metered: int
    finding: str  # of the verdict; empty outside of the order
    energy_wh: int | None
    allowed_wh: int


@dataclass(frozen=True)
class MeteredChart:
    """A site under an order."""

    target: Target
    bars: tuple[Metered, ...]
    most: int  # height of the limit
    begin: int  # where the order begins, its deadline, its end
    deadline: int
    end: int
    marks: tuple[tuple[int, int], ...]


def metered_charts(curtailment: CurtailmentView) -> tuple[MeteredChart, ...]:
    """Return a drawing for each target of an order."""
    order = curtailment.order
    if order is None or not curtailment.at:
        return ()
    first, width = curtailment.at[0], WIDTH // len(curtailment.at)
    verdicts = {one.site: {part.at: part for part in one.intervals} for one in curtailment.verdicts}

    def across(at: datetime) -> int:
        return round((at - first).total_seconds() / 60 / curtailment.minutes * width)

    charts = []
    for target in order.targets:
        readings = {one.at: one for one in curtailment.readings if one.meter == target.meter}
        bars = []
        for place, at in enumerate(curtailment.at):
            reading, found = readings.get(at), verdicts[target.site].get(at)
            power = 0 if reading is None else reading.energy_wh * 60 // curtailment.minutes
            scheduled = curtailment.scheduled_w[target.site][place]
            bars.append(
                Metered(
                    at,
                    place * width,
                    width,
                    HEIGHT * scheduled // target.rated_w,
                    HEIGHT * power // target.rated_w,
                    "" if found is None else found.finding,
                    None if reading is None else reading.energy_wh,
                    (scheduled if found is None else target.most_w) * curtailment.minutes // 60,
                )
            )
        charts.append(
            MeteredChart(
                target,
                tuple(bars),
                HEIGHT * target.most_w // target.rated_w,
                across(order.at),
                across(order.deadline),
                across(order.until),
                _marks(target.rated_w),
            )
        )
    return tuple(charts)


def _line(heights: np.ndarray) -> str:
    return "M" + "L".join(f"{x} {y}" for x, y in zip(_places(len(heights)), heights, strict=True))


def _between(low: np.ndarray, high: np.ndarray) -> str:
    places = _places(len(low))
    there = "L".join(f"{x} {y}" for x, y in zip(places, high, strict=True))
    back = "L".join(f"{x} {y}" for x, y in zip(reversed(places), low[::-1], strict=True))
    return f"M{there}L{back}z"


def _places(count: int) -> list[int]:
    return [place * WIDTH // (count - 1) for place in range(count)]
