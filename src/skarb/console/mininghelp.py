"""What templates about mining and power may say and draw: numbers in their units, words that reports have too, drawings."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from typing import Any

from skarb.console import miningcharts as charts
from skarb.console import reservecharts
from skarb.console.language import Language
from skarb.console.mining import PAGES, asked_again
from skarb.core.amount import format_amount
from skarb.core.time import zone
from skarb.grid import MEGAWATT, NANO
from skarb.reporting import bills, reserve
from skarb.reporting.grid import words_of
from skarb.reporting.mining import charts as mining_charts
from skarb.reserve.chart import DECIMALS
from skarb.rulebook.words import Words

_MANY = 4
MINUS = "\u2212"


def mining_helpers(words: Language) -> dict[str, Any]:
    """Return the helpers of a language."""
    power, billed, kept = words_of(words.code), bills.words_of(words.code), reserve.words_of(words.code)

    def mega(watts: int) -> str:
        """MW, with a decimal where there is one and the number is small."""
        tenths = (abs(int(watts)) * 10 + MEGAWATT // 2) // MEGAWATT
        tenths = tenths if tenths < 1000 else (tenths + 5) // 10 * 10
        whole, rest = divmod(tenths, 10)
        return (
            (MINUS if watts < 0 and tenths else "")
            + words.whole(whole)
            + (f"{words.messages['decimal']}{rest}" if rest and whole < 100 else "")
        )

    def mwh(energy_wh: int, places: int = 1) -> str:
        """MWh, rounded half up."""
        return _scaled(words, energy_wh, 6, places)

    def giga(energy_wh: int, places: int = 1) -> str:
        """GWh, rounded half up."""
        return _scaled(words, energy_wh, 9, places)

    def money_of(nano: int) -> str:
        whole = (abs(nano) * 2 + NANO) // (2 * NANO)
        return (MINUS if nano < 0 and whole else "") + words.whole(whole)

    def number(value: Any, digits: int | None = None) -> str:
        if isinstance(value, str):
            return words.amount(value)
        if digits is None:
            return (MINUS if value < 0 else "") + words.whole(abs(value))
        return words.amount(f"{value:.{digits}f}")

    def short(value: float) -> str:
        """A mark of an axis."""
        return words.amount(f"{value:.10g}")

    def clock(at: datetime, zone_name: str) -> str:
        return f"{at.astimezone(zone(zone_name)):%H:%M}"

    def local_day(at: datetime, zone_name: str) -> Any:
        return at.astimezone(zone(zone_name)).date()

    def midnight(at: datetime, zone_name: str) -> int:
        """The hour (UTC) at which the legal day of an instant begins."""
        local = at.astimezone(zone(zone_name)).date()
        return datetime.combine(local, time(), zone(zone_name)).astimezone(UTC).hour

    def good(code: str) -> str:
        return power.word("mine_good", code)

    def roles(names: Sequence[str]) -> str:
        """Roles of holders; one that only its policy knows stays as it is written."""
        known = words.messages["reserve_role"]
        return "/".join(known.get(one, one) for one in names)

    def units(value: int, asset: str) -> str:
        """Smallest units of an asset of the reserve, nothing cut."""
        return words.amount(format_amount(value, DECIMALS[asset]))

    return {
        "bt": billed.text,
        "bword": billed.word,
        "told": lambda one: bills.told(billed, one),
        "all_told": lambda several: bills.all_told(billed, several),
        "arithmetic": lambda line, bill: bills.arithmetic(billed, line, bill),
        "what": lambda line: bills.what(billed, line),
        "unit": lambda text: bills.unit(billed, text),
        "rt": kept.text,
        "rword": kept.word,
        "units": units,
        "place_of": lambda where: "/".join(re.findall("[0-9]+", where)),
        "limit": lambda value, asset: words.amount(_bare(format_amount(value, DECIMALS[asset]))),
        "roles": roles,
        "several": lambda names: ", ".join(names) if len(names) < _MANY else f"{names[0]} … {names[-1]} ({len(names)})",
        "holders": lambda several: ", ".join(f"{roles((role,))} {count}" for role, count in several.items()),
        "anchor": lambda text: text.replace(" ", "_"),
        "month_of": lambda text: words.month(date.fromisoformat(f"{text}-01")),
        "kwh": lambda energy_wh: words.amount(format_amount(energy_wh, 3)),
        "value_chart": lambda view: reservecharts.value_chart(view, kept),
        **{name: getattr(reservecharts, name) for name in ("lorenz_chart", "scatter_chart", "month_bars")},
        "mining_pages": PAGES,
        "asked_again": asked_again,
        "pt": power.text,
        "pword": power.word,
        "mega": mega,
        "mwh": mwh,
        "giga": giga,
        "tonnes": lambda grams: _scaled(words, grams, 6, 0),
        "usd": money_of,
        "number": number,
        "short": short,
        "coins": lambda sat: words.amount(format_amount(sat, 8)),
        "share": lambda ppm: (MINUS if ppm < 0 else "") + words.percent(abs(ppm), 1_000_000),
        "hm": clock,
        "local_day": local_day,
        "midnight": midnight,
        "good": good,
        "quantity": lambda text: _quantity(power, text),
        "thousands": lambda value: number(round(float(value) / 1000)),
        "mining_charts": lambda report: {one["key"]: one for one in mining_charts(report, power)},
        **{name: getattr(charts, name) for name in (
            "farm_chart", "load_chart", "use_charts", "year_map", "surplus_bars", "week_chart", "sizes_chart", "npv_bars", "metered_charts",
        )},
    }  # fmt: skip


def _quantity(words: Words, text: str) -> str:
    """Write a figure such as `1,200 MW` with the separators and the unit of a language."""
    number, _, unit = text.partition(" ")
    return f"{words.amount(number.replace(',', ''))}\u00a0{words.word('input_units', unit)}"


def _bare(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text


def _scaled(words: Language, value: int, decimals: int, places: int) -> str:
    unit = 10 ** (decimals - places)
    rounded = (abs(int(value)) * 2 + unit) // (2 * unit)
    return (MINUS if value < 0 and rounded else "") + words.amount(format_amount(rounded, places))
