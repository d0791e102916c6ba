"""Rates: every file of a known shape is read exactly; genuine feeds are believed, frozen ones are not.

A file is a feed of rates when its header or its first fields say so. It must be refused when `stale` or `frozen` stands in its
name, and accepted otherwise.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from functools import cache
from importlib import resources
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from skarb.core.time import to_day
from skarb.registers import Registers, read_rates
from skarb.registers.defaults import CountryDefaults
from skarb.registers.rate_files import RateFile
from skarb.registers.rates import parse_value

DATA = Path(os.environ.get("SKARB_DATA", Path(__file__).parents[2] / "../shared/data"))
NOW = datetime(2030, 1, 1, tzinfo=UTC)


def text_of(path: Path) -> str:
    raw = path.read_bytes()
    return (gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw).decode("utf-8-sig")


def is_rates(path: Path) -> bool:
    raw = path.read_bytes()[:1]
    if path.suffix == ".json":
        return b"Cur_OfficialRate" in path.read_bytes()[:4000]
    if not raw or not path.name.endswith((".csv", ".csv.gz")):
        return False
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8-sig") as file:
        names = file.readline().strip().rstrip(",").split(",")
    lower = [name.strip().lower() for name in names]
    if lower[:1] != ["date"] or len(names) < 2:
        return False
    wide = all(len(name.strip()) == 3 and name.strip().isupper() for name in names[1:])
    return wide or all("_per_" in name for name in lower[1:]) or (lower[1] == "currency" and lower[-1].endswith("_per_unit"))


def files(frozen: bool) -> list[object]:
    folder = DATA / "fx"
    found: list[object] = [
        pytest.param(path, id=path.name)
        for path in (sorted(folder.rglob("*")) if folder.is_dir() else [])
        if path.is_file() and is_rates(path) and any(word in path.name for word in ("stale", "frozen")) == frozen
    ]
    return found or [
        pytest.param(None, marks=pytest.mark.skip(reason=f"no such rates below {folder}; name the folder in SKARB_DATA"))
    ]


@cache
def read(path: Path) -> RateFile:
    return read_rates(path.read_bytes(), path.name, source="feed")


def registers() -> Registers:
    return Registers(CountryDefaults(home="BY", legal_currency="BYN"), clock=lambda: NOW)


@pytest.mark.parametrize("path", files(frozen=False))
def test_a_genuine_feed_is_believed(path: Path) -> None:
    book = registers()
    summary = book.record_rates(read(path))
    assert not summary.problems, "\n".join(map(str, summary.problems))
    assert summary.added == len(expected(path))


@pytest.mark.parametrize("path", files(frozen=True))
def test_a_frozen_feed_is_refused_with_first_day_last_day_and_value(path: Path) -> None:
    book = registers()
    file = read(path)
    summary = book.record_rates(file)
    assert summary.problems
    assert summary.added == 0
    assert book.version == registers().version
    run = max(runs(path), key=lambda run: (run[1] - run[0]).days)
    told = "\n".join(map(str, summary.problems))
    assert all(str(part) in told for part in run), told


def runs(path: Path) -> list[tuple[date, date, str]]:
    """Return first day, last day and value of everything that stands still, read independently of the code under test."""
    table = list(csv.reader(io.StringIO(text_of(path))))
    days = sorted((date.fromisoformat(row[0]), row[-1]) for row in table[1:])
    found: list[tuple[date, date, str]] = []
    for day, value in days:
        if found and found[-1][2] == value:
            found[-1] = (found[-1][0], day, value)
        else:
            found.append((day, day, value))
    return found


@pytest.mark.parametrize("path", files(frozen=False))
def test_values_are_read_exactly(path: Path) -> None:
    file = read(path)
    found = {
        (series.base, series.quote, day): Fraction(*parse_value(value)) for series in file.series for day, value in series.points
    }
    assert found == expected(path)


@cache
def expected(path: Path) -> dict[tuple[str, str, date], Fraction]:
    text = text_of(path)
    if path.suffix == ".json":
        return expected_json(json.loads(text, parse_float=Decimal))
    table = [row for row in csv.reader(io.StringIO(text)) if row]
    names = [name.strip() for name in table[0]]
    found: dict[tuple[str, str, date], Fraction] = {}
    for row in table[1:]:
        day = day_of(row[0])
        if names[1] == "currency":
            found[row[1], names[2].split("_")[0].upper(), day] = Fraction(row[2])
            continue
        for name, value in zip(names[1:], row[1:], strict=False):
            if name and value.strip() not in ("", "N/A"):
                quote, _, base = name.upper().partition("_PER_")
                found[base or "EUR", quote, day] = Fraction(value.strip())
    return found


def day_of(text: str) -> date:
    """Read 2021-06-03, or 03 June 2021 as the file of one day has it."""
    return date.fromisoformat(text) if "-" in text else datetime.strptime(text, "%d %B %Y").replace(tzinfo=UTC).date()


@cache
def numbers() -> dict[int, tuple[str, int]]:
    """Return which currency a number of the National Bank stands for, and for how many units it is quoted."""
    rows = csv.DictReader(io.StringIO(resources.files("skarb.registers").joinpath("nbrb_currencies.csv").read_text("utf-8")))
    return {int(row["id"]): (row["currency"], int(row["scale"])) for row in rows}


def expected_json(data: Any) -> dict[tuple[str, str, date], Fraction]:
    found: dict[tuple[str, str, date], Fraction] = {}
    for item in data if isinstance(data, list) else [data]:
        answer = item.get("body", item)
        day = date.fromisoformat(answer["Date"][:10])
        known, scale = numbers().get(answer["Cur_ID"], ("", 1))
        code = answer.get("Cur_Abbreviation") or known
        value = Fraction(answer["Cur_OfficialRate"]) / answer.get("Cur_Scale", scale)
        found[code, "BYN" if day >= date(2016, 7, 1) else "BYR", day] = value
    return found


@pytest.mark.parametrize("path", files(frozen=False))
def test_a_rate_holds_until_the_next_one(path: Path) -> None:
    book = registers()
    book.record_rates(read(path))
    known = expected(path)
    pairs = sorted({(base, quote) for base, quote, _ in known})
    for base, quote in pairs[:5]:
        days = sorted(day for one, other, day in known if (one, other) == (base, quote))
        for before, after in list(pairwise(days))[:200]:
            gap = (after - before).days
            if gap > book.country.rates.max_age_days:
                continue
            rate = book.rate(base, to_day(after) - 1, quote)
            assert rate is not None
            assert Fraction(rate.numerator, rate.denominator) == known[base, quote, before]
