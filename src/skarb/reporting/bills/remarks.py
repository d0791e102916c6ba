"""Words for what bills and audits tell in codes: remarks, the arithmetic of a line, what a line is for, units.

Each figure of a remark is written by the last part of its name, which is its unit.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime

from skarb.core.amount import format_amount
from skarb.metering import Bill, Line, Remark
from skarb.reporting.words import Said

_BTC = 8
_UNITS = re.compile("kW and month|kWh|kW|sat")
_GROUPS = {"verdict": "verdicts", "dues": "line_kind"}  # figures that are codes with words of their own
_DECIMALS = ("rate", "correlation", "deviations", "least", "most", "chance")  # the other texts are names, which may be all digits


def told(words: Said, one: Remark) -> str:
    """Return a remark in words; one of a code that has none, from a later version say, as it is written."""
    pattern = words.messages["remarks"].get(one.code)
    figures = {name: _shown(words, name, value) for name, value in one.figures.items()}
    if pattern is None:
        return " ".join((one.code, *(f"{name} {value}" for name, value in figures.items())))
    return str(pattern).format(**figures)


def all_told(words: Said, several: Iterable[Remark]) -> str:
    """Return remarks in one sentence."""
    return "; ".join(told(words, one) for one in several)


def arithmetic(words: Said, line: Line, bill: Bill) -> str:
    """Return how the amount of a line comes out."""
    quantity = f"{words.amount(line.quantity)} {unit(words, line.unit)}"
    part = f" ({words.text('days_of', days=line.days, of=line.of_days)})" if line.of_days else ""
    rate = words.amount(line.rate) + ("" if line.rate_unit == "/1" else f" {unit(words, line.rate_unit)}")

    def amount(units: int) -> str:
        return f"{words.amount(format_amount(units, _decimals(line, bill)))} {line.asset}"

    how = words.word("roundings", line.rounding)
    if line.was is None:
        return f"{quantity}{part} × {rate} = {words.amount(line.exact)}; {how}: {amount(line.amount)}"
    now = 0 if line.gone else line.amount + line.was
    product = "" if line.gone else f"{quantity}{part} × {rate}; {how}: "
    return words.text("was_billed", now=f"{product}{amount(now)}", was=amount(line.was), apart=amount(line.amount))


def what(words: Said, line: Line) -> str:
    """Return what a line is for; bands that only their tariff knows have the names it gives them."""
    bound = line.what.removeprefix("price from ")
    if line.kind == "levy" and bound != line.what:
        return words.text("price_from", price=words.amount(bound))
    return words.word("whats", line.what)


def unit(words: Said, text: str) -> str:
    """Return a unit in the letters of a language; currencies stay."""
    return _UNITS.sub(lambda found: words.word("units", found[0]), text)


def money(words: Said, line: Line, bill: Bill) -> str:
    """Return the amount of a line in major units."""
    return words.amount(format_amount(line.amount, _decimals(line, bill)))


def _decimals(line: Line, bill: Bill) -> int:
    return bill.decimals if line.asset == bill.currency else _BTC


def _shown(words: Said, name: str, value: int | str) -> str:
    kind = name.rpartition("_")[2]
    if isinstance(value, int):
        return _measured(words, kind, value)
    if kind == "day":
        return words.day(date.fromisoformat(value))
    if kind == "days":
        return ", ".join(words.day(date.fromisoformat(one)) for one in value.split())
    if kind == "at":
        at = datetime.fromisoformat(value)
        return f"{words.day(at.date())}, {at:%H:%M} ({value[-6:]})"
    if name in _GROUPS:
        return ", ".join(words.word(_GROUPS[name], one) for one in value.split())
    if kind == "scheme":
        return value.upper()
    return words.amount(value) if name in _DECIMALS else value


def _measured(words: Said, kind: str, value: int) -> str:
    if kind == "wh":
        return f"{words.amount(_bare(format_amount(value, 3)))} {unit(words, 'kWh')}"
    if kind == "w":
        return f"{words.amount(_bare(format_amount(value, 3)))} {unit(words, 'kW')}"
    if kind == "ppm":
        return words.share(value, 1_000_000)
    return f"{words.whole(value)} {unit(words, 'sat')}" if kind == "sat" else words.whole(value)


def _bare(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text
