"""OpenFisca's parameters: taken over, they have on every date the value they had there, or they are named as left out.

Every folder `parameters` below `rules` is imported, read as law, and compared at each first day, the day before, and the first day of each
period of its tests with a second, plain reading of the same files. Tests of formulas that are nothing but arithmetic on parameters are
reckoned with our exact shares; the others are counted with the reason.
"""

from __future__ import annotations

import ast
import operator
import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from fractions import Fraction
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import yaml

from skarb.app.law_import import import_openfisca
from skarb.core.asset import currencies
from skarb.core.time import from_day, to_day
from skarb.rulebook import Rulebook, load
from skarb.rulebook.expression import Count, Day, Money, Node, Ratio, share_of
from skarb.rulebook.model import FIRST_DAY, LAST_DAY
from skarb.rulebook.openfisca import Imported

DATA = Path(os.environ.get("SKARB_DATA", Path(__file__).parents[2] / "../shared/data")) / "rules"
TREES = sorted(
    path for path in DATA.rglob("parameters") if path.is_dir() and "parameters" not in path.relative_to(DATA).parts[:-1]
)
FOLDERS = [path.parent for path in TREES if next(path.rglob("*.y*ml"), None) is not None]
CURRENCY = "EUR"  # where a unit says "currency" and not which
INSTANT = re.compile(r"(\d{4})(-\d{2})?(-\d{2})?")
ABOUT = ("metadata", "description", "documentation", "reference", "unit", "label", "short_label", "order")
PARTS = ("threshold", "rate", "amount", "average_rate", "base")

pytestmark = pytest.mark.skipif(not FOLDERS, reason="no OpenFisca data under SKARB_DATA")


def named(folder: Path) -> str:
    return folder.relative_to(DATA).as_posix()


@cache
def imported(folder: Path) -> tuple[Imported, Rulebook]:
    with TemporaryDirectory() as name:
        found = import_openfisca(folder / "parameters", Path(name) / "law", None, CURRENCY)
        return found, load(Path(name) / "law")


# -- the plain reading -----------------------------------------------------------------------------------------------------------


class Marked(str):
    """A text in quotes."""


class Flag(Fraction):
    """True or false as 1 or 0; among numbers it is none of them."""


class Texts(yaml.SafeLoader):
    """YAML in which every scalar is a text; aliases and merges are followed."""

    yaml_implicit_resolvers = {"<": [("tag:yaml.org,2002:merge", re.compile("^<<$"))]}  # noqa: RUF012 - the loader's own shape


Texts.add_constructor("tag:yaml.org,2002:str", lambda loader, node: Marked(node.value) if node.style else node.value)


def plainly(path: Path) -> Any:
    try:
        return yaml.load(path.read_text(encoding="utf-8-sig"), Loader=Texts)
    except (yaml.YAMLError, UnicodeDecodeError, TypeError):
        return None


def originals(folder: Path) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield every dated series of a parameter tree: its file, its path and its values by date as they are written."""
    for path in sorted((folder / "parameters").rglob("*.y*ml")):
        file = path.relative_to(folder / "parameters")
        parts = file.with_suffix("").parts
        for name, series in series_in("/".join(parts[:-1] if parts[-1] == "index" else parts), plainly(path)):
            yield file.as_posix(), name, series


def series_in(path: str, content: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    if not isinstance(content, dict):
        return
    plain = {key: value for key, value in content.items() if key not in ABOUT}
    if "values" in content:
        yield from [(path, content["values"])] if isinstance(content["values"], dict) else []
    elif "brackets" in content:
        for number, bracket in enumerate(content["brackets"] if isinstance(content["brackets"], list) else [], 1):
            parts = bracket.items() if isinstance(bracket, dict) else ()
            for part, dated in parts:
                values = (dated.get("values") or dated) if isinstance(dated, dict) else None
                if part in PARTS and isinstance(values, dict):
                    yield f"{path}/bracket_{number}/{part}", values
    elif plain and all(INSTANT.fullmatch(key) and not nested(value) for key, value in plain.items()):
        yield path, plain
    else:
        for key, below in plain.items():
            yield from series_in(f"{path}/{key}" if path else key, below)


def nested(value: Any) -> bool:
    return isinstance(value, dict) and not value.keys() & {"value", "expected"}


def changes(dated: dict[str, Any]) -> dict[int, tuple[str, Any]]:
    """Return date and value (a number, None at the end, or "other") by the first day, as texts are compared."""
    found: dict[int, tuple[str, Any]] = {}
    for key in sorted(key for key in dated if INSTANT.fullmatch(key)):
        given = dated[key]
        expected = given.get("expected", "false") if isinstance(given, dict) else "false"
        text = given.get("value", []) if isinstance(given, dict) else given
        day = first_of(key)
        if "expected" not in (given if isinstance(given, str) else "", text) and expected == "false" and day is not None:
            found[day] = key, number_of(text)
    return found


def first_of(key: str) -> int | None:
    year, month, day = (int(part) for part in (*key.split("-"), "1", "1")[:3])
    if year < 1900:
        return FIRST_DAY
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    return max(
        FIRST_DAY,
        next(to_day(date(year, month, 1) + timedelta(ahead)) for ahead in range(32) if reached(year, month, day, ahead)),
    )


def reached(year: int, month: int, day: int, ahead: int) -> bool:
    return (date(year, month, 1) + timedelta(ahead)).isoformat() >= f"{year}-{month:02}-{day:02}"


def number_of(text: Any) -> Any:
    if not isinstance(text, str):
        return "other"
    if not isinstance(text, Marked):
        if text in ("null", "~", "", "Null", "NULL"):
            return None
        if text.lower() in ("true", "yes", "on", "false", "no", "off"):
            return Flag(text.lower() in ("true", "yes", "on"))
    number = re.fullmatch(r"[+-]?[\d_.]{1,60}([eE][+-]?\d{1,3})?", text) and not re.match(r"[+-]?0\d", text)
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            return Fraction(to_day(date.fromisoformat(text)))
        return Fraction(text.replace("_", "")) if number else "other"
    except ValueError:
        return "other"


def as_fraction(node: Node | None) -> Fraction | None:
    match node:
        case Money(value, currency):
            return Fraction(value, 10 ** currencies()[currency].decimals)
        case Ratio(numerator, denominator):
            return Fraction(numerator, denominator)
        case Count(value) | Day(value):
            return Fraction(value)
    return None


def examples_of(folder: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for path in sorted(folder.rglob("*.y*ml")):
        if (folder / "parameters") not in path.parents:
            content = plainly(path)
            found += [one for one in (content if isinstance(content, list) else [content]) if isinstance(one, dict)]
    return found


def first_day(period: str) -> int | None:
    match = re.fullmatch(r"(?:(?:month|year|day|week):)?(\d{4})(?:-(\d{1,2}))?(?:-(\d{1,2}))?(?::\d+)?", period)
    try:
        return to_day(date(int(match[1]), int(match[2] or 1), int(match[3] or 1))) if match else None
    except ValueError:
        return None


# -- values ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("folder", FOLDERS, ids=named)
def test_every_parameter_has_its_value_on_every_date(folder: Path) -> None:
    found, rulebook = imported(folder)
    by_path = {one.path: one.name for one in found.series}
    left = {one.path: one.reason for one in found.left}
    periods = {day for one in examples_of(folder) if (day := first_day(str(one.get("period", "")))) is not None}
    asked: dict[int, list[tuple[str, str, Any]]] = defaultdict(list)
    for file, path, dated in originals(folder):
        series = changes(dated)
        if path not in by_path:
            numbers = [number for _, number in series.values() if number is not None]
            listed = [
                one
                for one in left
                if one in (file, path) or one.startswith((f"{path} ", f"{path}/")) or path.startswith(f"{one}/")
            ]
            assert listed or not numbers, f"{path} is neither taken over nor listed"
            continue
        for day in sorted({*series, *(first - 1 for first in series), *periods}):
            if FIRST_DAY <= day <= LAST_DAY:
                key, number = series[max(before)] if (before := [first for first in series if first <= day]) else ("", None)
                asked[day].append((path, key, number))
    compared, unsaid = 0, 0
    for number, (day, questions) in enumerate(sorted(asked.items())):
        rulebook = rulebook if number % 200 else Rulebook(rulebook.pack)  # one that forgets the editions of long ago
        parameters = rulebook.edition(day).parameters
        for path, key, value in questions:
            ours = as_fraction(parameters.get(by_path[path]))
            if ours is None and value is not None:
                reason = why_not(left, path, key)
                unit = "unit" in reason or "ISO 4217" in reason or "--currency" in reason
                other = value == "other" or isinstance(value, Flag) or ("no amount in" in reason and value.denominator > 1)
                assert unit or other or value < 0 or max(value.numerator, value.denominator) > 10**9, (path, key, reason)
                unsaid += 1
            else:
                assert ours == value, (path, day_text(day))
            compared += 1
    assert compared > 0 or not by_path
    reasons = Counter(one.reason for one in found.left)
    print(
        f"{named(folder)}: {len(by_path)} parameters, {compared} values compared, {unsaid} of them unsaid; left out: {dict(reasons)}"
    )


def why_not(left: dict[str, str], path: str, key: str) -> str:
    """Return why a value is not said; a value that is missing without a reason is a fault."""
    day = first_of(key)
    name = "ever" if day == FIRST_DAY else day_text(day) if day is not None else key
    assert f"{path} {name}" in left, f"{path} {key} is missing and not listed"
    return left[f"{path} {name}"]


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
    unconditional = day >= to_day(date(2016, 12, 1))
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
TEMPLATE = {  # the parameters of the toy country whose formulas these are; another country may use their names for other things
    "benefits.basic_income", "benefits.housing_allowance", "general.age_of_majority", "taxes.income_tax_rate",
    "taxes.social_security_contribution.bracket_1.rate",
}  # fmt: skip
OPERATIONS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}


def reckoned(text: Any) -> Fraction | None:
    """Return an amount of a test, which may be written as arithmetic; None for what is none."""

    def walk(node: ast.expr) -> Fraction:
        match node:
            case ast.BinOp(left, op, right) if type(op) in OPERATIONS:
                return OPERATIONS[type(op)](walk(left), walk(right))
            case ast.UnaryOp(ast.USub(), operand):
                return -walk(operand)
            case ast.Constant(int() | float()):
                return Fraction(ast.get_source_segment(text, node).replace("_", ""))  # type: ignore[union-attr]
        raise ValueError

    try:
        return walk(ast.parse(text, mode="eval").body) if isinstance(text, str) else None
    except (SyntaxError, ValueError, ZeroDivisionError):
        return None


def margin(example: dict[str, Any], variable: str, expected: Fraction) -> Fraction:
    """Return how far a result may be from what a test expects."""
    found = [Fraction(0)]
    for key, of in (("absolute_error_margin", Fraction(1)), ("relative_error_margin", abs(expected))):
        given = example.get(key)
        text = given.get(variable, given.get("default")) if isinstance(given, dict) else given
        found += [number * of for number in [reckoned(text)] if number is not None]
    return max(found)


@pytest.mark.parametrize("folder", FOLDERS, ids=named)
def test_formulas_that_are_arithmetic_on_parameters(folder: Path) -> None:
    _, rulebook = imported(folder)
    used, skipped = 0, Counter[str]()
    for one in examples_of(folder):
        day = first_day(str(one.get("period", "")))
        given, wanted = (one.get(name) or one.get(f"{name}_variables") or {} for name in ("input", "output"))
        if "reforms" in one:
            skipped["changes the law by a program"] += 1
            continue
        if day is None or not all(isinstance(part, dict) for part in (given, wanted)):
            skipped["no period"] += 1
            continue
        if not all(isinstance(value, str) for value in (*given.values(), *wanted.values())):
            skipped["several persons or periods"] += 1
            continue
        amounts = {name: int(amount * 100) for name, text in given.items() if (amount := reckoned(text)) is not None}
        for variable, text in wanted.items():
            needs, formula = FORMULAS.get(variable, ((), None))
            expected = reckoned(text)
            if formula is None or expected is None or not all(name in amounts for name in needs):
                skipped["a formula that is a program"] += 1
                continue
            if not rulebook.pack.parameters.keys() >= TEMPLATE or not re.fullmatch(r"(month:)?\d{4}-\d{1,2}", str(one["period"])):
                skipped["a formula of another country, or of more than a month"] += 1
                continue
            found = formula(amounts, rulebook.edition(day).parameters, day)
            if found is None:
                skipped["a person's age is not given"] += 1
                continue
            assert abs(Fraction(found, 100) - expected) <= margin(one, variable, expected), one.get("name")
            used += 1
    print(f"{named(folder)}: {used} formulas reckoned; left aside: {dict(skipped)}")
    assert used + sum(skipped.values()) > 0 or not examples_of(folder)
