"""Files of rates, told apart by what is in them, read exactly.

| shape | looks like | from |
|---|---|---|
| long | `date,currency,byn_per_unit` | official rates of a central bank, one row per day and currency |
| wide | `Date,USD,JPY,…` with `N/A` | euro reference rates of the ECB: units per euro; its file of one day writes `03 June 2021` |
| pair | `date,usd_per_byn` | a feed of one pair (or several), in its own direction |
| JSON | `Cur_ID`, `Date`, `Cur_OfficialRate` | the National Bank of Belarus: a list of days, of currencies, or of answers |

JSON numbers keep their digits; nothing is ever a float. `gzip` is unpacked. A file with any problem gives no rates at all.
Source: API description of the National Bank of the Republic of Belarus (`/exrates`); internal numbers of its currencies, with the
units they are quoted for, as its answers of 2017-11-04, 2022-02-28 and 2024-01-16 give them (`nbrb_currencies.csv`); ECB, euro
foreign exchange reference rates.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec

from skarb.core.errors import InputError, Problem, shorten
from skarb.core.time import from_day, parse_day
from skarb.registers.rates import Pair, RateSeries, parse_value
from skarb.registers.read import text_of

_CODE = re.compile(r"[A-Z][A-Z0-9]{1,11}", re.ASCII)
_PER_UNIT = re.compile(r"([a-z][a-z0-9]{1,11})_per_unit", re.ASCII)
_PER = re.compile(r"([a-z][a-z0-9]{1,11})_per_([a-z][a-z0-9]{1,11})", re.ASCII)
_LONG_DAY = re.compile(r"([0-9]{1,2}) ([A-Z][a-z]+) ([0-9]{4})", re.ASCII)
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_NOTHING = ("", "N/A")
_MOST_PROBLEMS = 100
_REDENOMINATION = date(2016, 7, 1)  # 10,000 BYR became 1 BYN
_IGNORED = ("Cur_Name", "Cur_Name_Bel", "Cur_Name_Eng", "Cur_QuotName", "Cur_QuotName_Bel", "Cur_QuotName_Eng")


class RateFile(msgspec.Struct, frozen=True, kw_only=True):
    """What a file of rates says, or why it could not be read."""

    name: str
    shape: str = ""
    series: tuple[RateSeries, ...] = ()
    published: tuple[date, ...] | None = None  # every day of the file, when it also names days without a rate
    sparse: bool = False  # a handful of answers, not a feed without holes
    problems: tuple[Problem, ...] = ()


class _Collector:
    """Gathers points and problems; a day given twice for one pair must have one value."""

    def __init__(self, name: str, source: str) -> None:
        self.name, self.source = name, source
        self.points: dict[tuple[str, str], dict[date, str]] = {}
        self.problems: list[Problem] = []

    def problem(self, row: int | None, field: str, given: object, expected: str) -> None:
        where = f"{self.name} row {row}" if row else self.name
        self.problems.append(Problem(where=where, field=field, given=shorten(given), expected=expected, row=row))

    def add(self, row: int, field: str, pair: Pair, day: date, value: str) -> None:
        try:
            parse_value(value)
        except InputError:
            self.problem(row, field, value, "a plain decimal number above zero such as 3.2978")
            return
        known = self.points.setdefault(pair, {}).setdefault(day, value)
        if known is not value and parse_value(known) != parse_value(value):
            self.problem(row, field, value, f"one value for {pair[0]}/{pair[1]} on {day}; an earlier row says {known}")

    def day(self, row: int, field: str, text: str) -> date | None:
        try:
            if written := _LONG_DAY.fullmatch(text):
                return date(int(written[3]), _MONTHS.index(written[2]) + 1, int(written[1]))
            return from_day(parse_day(text))
        except (InputError, ValueError):
            self.problem(row, field, text, "a calendar date written YYYY-MM-DD")
            return None

    def code(self, row: int, field: str, text: str) -> str | None:
        if _CODE.fullmatch(text):
            return text
        self.problem(row, field, text, "a currency or token code such as USD")
        return None

    def file(self, shape: str, published: Iterable[date] | None = None, *, sparse: bool = False) -> RateFile:
        if self.problems:
            return RateFile(name=self.name, shape=shape, problems=tuple(self.problems[:_MOST_PROBLEMS]))
        series = tuple(
            RateSeries(self.source, base, quote, tuple(sorted(points.items()))) for (base, quote), points in self.points.items()
        )
        if not series:
            self.problem(None, "", "no rate", "at least one rate")
            return RateFile(name=self.name, shape=shape, problems=tuple(self.problems))
        days = tuple(sorted(published)) if published is not None else None
        return RateFile(name=self.name, shape=shape, series=series, published=days, sparse=sparse)


def read_rates(raw: bytes, name: str, *, source: str, currency: str | None = None) -> RateFile:
    """Return the rates in a file of any of the shapes above.

    `source` names the publisher; `currency` says which one a dynamics list is about when its number is not known here.
    """
    found = _Collector(name, source)
    try:
        text = text_of(raw, name)
        if text.lstrip()[:1] in ("[", "{"):
            return _json(text, found, currency)
        return _csv(text, found)
    except InputError as error:
        return RateFile(name=name, problems=(Problem(where=name, field="", given=shorten(name), expected=str(error)),))


def _csv(text: str, found: _Collector) -> RateFile:
    reader = csv.reader(io.StringIO(text), strict=True)
    try:
        rows = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise InputError(f"comma-separated values, readable to the end ({error} in line {reader.line_num})") from None
    if not rows:
        raise InputError("a header and rows; the file is empty")
    header = [cell.strip() for cell in rows[0][1]]
    while header and not header[-1]:
        header.pop()
    lower = [cell.lower() for cell in header]
    if len(set(lower)) != len(lower) or "date" not in lower:
        raise InputError(f"a column `date` and every column once; the header is {shorten(','.join(header))!r}")
    body = _trim(rows[1:], len(header), found)
    date_at = lower.index("date")
    others = [place for place in range(len(header)) if place != date_at]
    if "currency" in lower and len(header) == 3:
        return _long(body, lower, date_at, found)
    if others and all(_PER.fullmatch(lower[place]) and not _PER_UNIT.fullmatch(lower[place]) for place in others):
        return _pairs(body, lower, date_at, others, found)
    if others and all(_CODE.fullmatch(header[place]) for place in others):
        return _wide(body, header, date_at, others, found)
    raise InputError(
        "a header such as `date,currency,byn_per_unit`, `Date,USD,JPY,…` or `date,usd_per_byn`; "
        f"the header is {shorten(','.join(header))!r}"
    )


def _trim(rows: Sequence[tuple[int, list[str]]], width: int, found: _Collector) -> list[tuple[int, list[str]]]:
    """Return the rows with as many cells as the header; anything else is a shifted row."""
    fitting = []
    for line, row in rows:
        if len(row) < width or any(cell.strip() for cell in row[width:]):
            found.problem(line, "", ",".join(row), f"{width} cells, as in the header, not {len(row)}")
        else:
            fitting.append((line, [cell.strip() for cell in row[:width]]))
    return fitting


def _long(rows: Sequence[tuple[int, list[str]]], header: list[str], date_at: int, found: _Collector) -> RateFile:
    currency_at = header.index("currency")
    value_at = 3 - date_at - currency_at
    match = _PER_UNIT.fullmatch(header[value_at])
    if match is None:
        raise InputError(f"a third column such as `byn_per_unit`; the header is {','.join(header)!r}")
    quote = match[1].upper()
    for line, row in rows:
        day, base = found.day(line, "date", row[date_at]), found.code(line, "currency", row[currency_at])
        if day is not None and base is not None:
            found.add(line, header[value_at], (base, quote), day, row[value_at])
    return found.file("long")


def _pairs(
    rows: Sequence[tuple[int, list[str]]], header: list[str], date_at: int, columns: list[int], found: _Collector
) -> RateFile:
    for line, row in rows:
        day = found.day(line, "date", row[date_at])
        for place in columns if day is not None else ():
            quote, base = header[place].upper().split("_PER_")
            if row[place] not in _NOTHING or len(columns) == 1:
                found.add(line, header[place], (base, quote), day or date.min, row[place])
    return found.file("pair")


def _wide(
    rows: Sequence[tuple[int, list[str]]], header: list[str], date_at: int, columns: list[int], found: _Collector
) -> RateFile:
    published = set()
    for line, row in rows:
        day = found.day(line, header[date_at], row[date_at])
        if day is None:
            continue
        if day in published:
            found.problem(line, header[date_at], str(day), "every day once")
        published.add(day)
        for place in columns:
            if row[place] not in _NOTHING:
                found.add(line, header[place], ("EUR", header[place]), day, row[place])
    return found.file("wide", published)


@cache
def _nbrb_currencies() -> dict[int, tuple[str, int]]:
    text = files("skarb.registers").joinpath("nbrb_currencies.csv").read_text(encoding="utf-8")
    return {int(row["id"]): (row["currency"], int(row["scale"])) for row in csv.DictReader(text.splitlines())}


class _Answer(msgspec.Struct, frozen=True, kw_only=True):
    """One rate in an answer of the National Bank's interface."""

    Cur_ID: int
    Date: str
    Cur_OfficialRate: Decimal | None = None
    Cur_Abbreviation: str | None = None
    Cur_Scale: int | None = None


def _json(text: str, found: _Collector, currency: str | None) -> RateFile:
    try:
        raw = msgspec.json.decode(text, type=msgspec.Raw)
        items = [raw] if text.lstrip()[0] == "{" else msgspec.json.decode(raw, type=list[msgspec.Raw])
    except (msgspec.DecodeError, RecursionError) as error:
        raise InputError(f"JSON, readable to the end ({error})") from None
    sparse = len(items) == 1
    for row, item in enumerate(items, start=1):
        try:
            fields = msgspec.json.decode(item, type=dict[str, msgspec.Raw])
            if "request" in fields:
                sparse = True
                fields = _body(fields, row, found)
            if not fields:
                continue
            unknown = [name for name in fields if name not in _Answer.__struct_fields__ and name not in _IGNORED]
            if unknown:
                found.problem(row, unknown[0], "an unknown field", f"only {', '.join(_Answer.__struct_fields__)}")
                continue
            kept = {name: value for name, value in fields.items() if name not in _IGNORED}
            answer = msgspec.json.decode(msgspec.json.encode(kept), type=_Answer)
        except (msgspec.DecodeError, RecursionError) as error:
            found.problem(
                row, "", bytes(item).decode(errors="replace"), f"a rate with Cur_ID, Date and Cur_OfficialRate ({error})"
            )
            continue
        sparse = sparse or answer.Cur_Abbreviation is not None
        _answer(answer, row, found, currency)
    return found.file("nbrb", sparse=sparse)


def _body(fields: dict[str, Any], row: int, found: _Collector) -> dict[str, Any]:
    """Return the answer inside a recorded request."""
    status = msgspec.json.decode(fields["status"]) if "status" in fields else 200
    if status != 200 or "body" not in fields:
        found.problem(row, "status", status, "a recorded answer with status 200 and a body")
        return {}
    return msgspec.json.decode(fields["body"], type=dict[str, msgspec.Raw])


def _answer(answer: _Answer, row: int, found: _Collector, currency: str | None) -> None:
    day = found.day(row, "Date", answer.Date.removesuffix("T00:00:00"))
    known = _nbrb_currencies().get(answer.Cur_ID)
    base = answer.Cur_Abbreviation or currency or (known[0] if known else None)
    if base is None:
        found.problem(row, "Cur_ID", answer.Cur_ID, "the number of a known currency; say which one it is with `currency`")
        return
    scale = answer.Cur_Scale if answer.Cur_Scale is not None else known[1] if known and known[0] == base else None
    if scale is None or not 0 < scale < 10**12:
        found.problem(row, "Cur_Scale", answer.Cur_Scale, "the number of units that the rate is quoted for")
        return
    if answer.Cur_OfficialRate is None or not -30 <= answer.Cur_OfficialRate.adjusted() <= 30:
        found.problem(row, "Cur_OfficialRate", str(answer.Cur_OfficialRate), "a plain number above zero")
        return
    code = found.code(row, "Cur_Abbreviation", base)
    if day is not None and code is not None:
        value = f"{answer.Cur_OfficialRate:f}"
        quote = "BYN" if day >= _REDENOMINATION else "BYR"
        found.add(row, "Cur_OfficialRate", (code, quote), day, value if scale == 1 else f"{value}/{scale}")
