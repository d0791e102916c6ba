"""OpenFisca's parameters: taken over, they have on every date the value they had there, or they are named as left out.

Every folder `rules/openfisca_*/parameters` is imported, read as law, and compared at each first day, the day before, and the first day of each
period of its tests with a second, plain reading of the same files. Tests of formulas that are nothing but arithmetic on parameters are
reckoned with our exact shares; the others are counted with the reason.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import yaml

from skarb.app.law_import import import_openfisca
from skarb.core.asset import currencies
from skarb.core.time import from_day, parse_day
from skarb.rulebook import Rulebook, load
from skarb.rulebook.expression import Count, Money, Node, Ratio, share_of
from skarb.rulebook.model import FIRST_DAY, LAST_DAY
from skarb.rulebook.openfisca import Imported

DATA = Path(os.environ.get("SKARB_DATA", Path(__file__).parents[2] / "../shared/data")) / "rules"
FOLDERS = sorted(path.parent for path in DATA.glob("openfisca_*/parameters"))
CURRENCY = "EUR"  # where a unit says "currency" and not which
DATE = re.compile(r"\d{4}-\d{2}-\d{2}")

pytestmark = pytest.mark.skipif(not FOLDERS, reason="no OpenFisca data under SKARB_DATA")


@cache
def imported(folder: Path) -> tuple[Imported, Rulebook]:
    with TemporaryDirectory() as name:
        found = import_openfisca(folder / "parameters", Path(name) / "law", None, CURRENCY)
        return found, load(Path(name) / "law")


# -- the plain reading -----------------------------------------------------------------------------------------------------------


def originals(folder: Path) -> Iterator[tuple[str, dict[int, Fraction | None]]]:
    """Yield every dated series of a parameter tree: its path and its numbers by first day; what is no number is left out."""
    for path in sorted((folder / "parameters").rglob("*.yaml")):
        parts = path.relative_to(folder / "parameters").with_suffix("").parts
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
        yield from series_in("/".join(parts[:-1] if parts[-1] == "index" else parts), content)


def series_in(path: str, content: Any) -> Iterator[tuple[str, dict[int, Fraction | None]]]:
    if isinstance(content, list):
        for number, one in enumerate(content, 1):
            yield from series_in(f"{path}/bracket_{number}", one)
    elif isinstance(content, dict):
        dated = {key: value for key, value in content.items() if DATE.fullmatch(key)}
        if dated:
            numbers = {parse_day(key): number_of(value) for key, value in dated.items()}
            yield path, {day: number for day, number in numbers.items() if number != "left out"}
            return
        for key, below in content.items():
            if key not in ("metadata", "description", "documentation", "reference"):
                yield from series_in(path if key in ("values", "brackets") else f"{path}/{key}", below)


def number_of(given: Any) -> Any:
    text = given.get("value") if isinstance(given, dict) else given
    if text in ("null", "~", ""):
        return None
    try:
        return Fraction(text)
    except (ValueError, TypeError):
        return "left out"


def at(numbers: dict[int, Fraction | None], day: int) -> Fraction | None:
    known = [first for first in numbers if first <= day]
    return numbers[max(known)] if known else None


def as_fraction(node: Node | None) -> Fraction | None:
    match node:
        case Money(value, currency):
            return Fraction(value, 10 ** currencies()[currency].decimals)
        case Ratio(numerator, denominator):
            return Fraction(numerator, denominator)
        case Count(value):
            return Fraction(value)
    return None


def examples_of(folder: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for path in sorted((folder / "tests").rglob("*.yaml")):
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
        found += [one for one in (content if isinstance(content, list) else [content]) if isinstance(one, dict)]
    return found


def first_day(period: str) -> int | None:
    match = re.match(r"(?:(?:month|year|day):)?(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?", period)
    return parse_day(f"{match[1]}-{match[2] or '01'}-{match[3] or '01'}") if match else None


# -- values ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda one: one.name)
def test_every_parameter_has_its_value_on_every_date(folder: Path) -> None:
    found, rulebook = imported(folder)
    by_path = {one.note.removeprefix("from ").partition(",")[0]: one.name for one in found.series}
    left_out = {one.path.partition(" ")[0] for one in found.left}
    periods = {day for one in examples_of(folder) if (day := first_day(str(one.get("period", "")))) is not None}
    compared = 0
    for path, numbers in originals(folder):
        if path not in by_path:
            assert path in left_out or not any(number is not None for number in numbers.values()), path
            continue
        unsaid = {one.path for one in found.left}
        gaps = {
            first for first in numbers if {f"{path} {day_text(first)}", f"{path} ever" if first <= FIRST_DAY else ""} & unsaid
        }
        for day in sorted({*numbers, *(first - 1 for first in numbers), *periods}):
            if not FIRST_DAY <= day <= LAST_DAY:
                continue
            expected = at(numbers, day)
            ours = as_fraction(rulebook.edition(day).parameters.get(by_path[path]))
            in_gap = bool(gaps) and max((first for first in numbers if first <= day), default=None) in gaps
            assert ours == (None if in_gap else expected), (path, day_text(day))
            compared += 1
    assert compared > 0
    reasons = Counter(one.reason for one in found.left)
    print(f"{folder.name}: {len(by_path)} parameters, {compared} values compared; left out: {dict(reasons)}")


def day_text(day: int) -> str:
    return from_day(day).isoformat()


# -- formulas that are arithmetic on parameters ------------------------------------------------------------------------------------


def share(amount: int, rate: Any) -> int:
    return share_of(amount, rate.numerator, rate.denominator, "half_up") if rate is not None else 0


def on_scale(amount: int, values: dict[str, Node], scale: str) -> int:
    """Return what a marginal scale takes: each bracket its rate of what lies between its threshold and the next."""
    brackets = []
    for number in range(1, 100):
        threshold, rate = (values.get(f"{scale}.bracket_{number}.{part}") for part in ("threshold", "rate"))
        if isinstance(threshold, Money) and isinstance(rate, Ratio):
            brackets.append((threshold.value, rate))
    ends = [*(threshold for threshold, _ in brackets[1:]), amount]
    parts = ((min(amount, end) - threshold, rate) for (threshold, rate), end in zip(brackets, ends, strict=True))
    return sum(share(part, rate) for part, rate in parts if part > 0)


def basic_income(given: dict[str, int], values: dict[str, Node], day: int) -> int | None:
    amount, age = values.get("benefits.basic_income"), values.get("general.age_of_majority")
    if amount is None or "age" not in given:
        return 0 if amount is None else None
    unconditional = day >= parse_day("2016-12-01")
    entitled = given["age"] >= age.value * 100 and (unconditional or given.get("salary") == 0)  # type: ignore[union-attr]
    return amount.value if entitled else 0  # type: ignore[attr-defined]


FORMULAS = {
    "income_tax": (("salary",), lambda given, values, day: share(given["salary"], values.get("taxes.income_tax_rate"))),
    "housing_allowance": (("rent",), lambda given, values, day: share(given["rent"], values.get("benefits.housing_allowance"))),
    "social_security_contribution": (
        ("salary",),
        lambda given, values, day: on_scale(given["salary"], values, "taxes.social_security_contribution"),
    ),
    "basic_income": ((), basic_income),
}


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda one: one.name)
def test_formulas_that_are_arithmetic_on_parameters(folder: Path) -> None:
    _, rulebook = imported(folder)
    used, skipped = 0, Counter[str]()
    for one in examples_of(folder):
        day = first_day(str(one.get("period", "")))
        given, wanted = one.get("input") or {}, one.get("output") or {}
        if "reforms" in one:
            skipped["changes the law by a program"] += 1
            continue
        if day is None or not all(isinstance(value, str) for value in (*given.values(), *wanted.values())):
            skipped["several persons or periods"] += 1
            continue
        for variable, expected in wanted.items():
            needs, formula = FORMULAS.get(variable, ((), None))
            amounts = {name: int(Fraction(text) * 100) for name, text in given.items() if re.fullmatch(r"[\d.]+", text)}
            if formula is None or not all(name in amounts for name in needs) or rulebook.country.name != "parameters":
                skipped["a formula that is a program"] += 1
                continue
            if not any(name.startswith(("taxes.", "benefits.")) for name in rulebook.pack.parameters):
                skipped["a formula of another country"] += 1
                continue
            found = formula(amounts, rulebook.edition(day).parameters, day)
            assert found == Fraction(expected) * 100, one["name"]
            used += 1
    print(f"{folder.name}: {used} formulas reckoned; left aside: {dict(skipped)}")
    assert used + sum(skipped.values()) > 0
    if folder.name == "openfisca_country_template":
        assert used >= 10
