"""Default logic, money and dates as Catala's own examples expect them, where they fit our language.

A program fits when it defines variables by definitions with labels, exceptions and constant conditions: each definition of a variable becomes
a provision, its exceptions `exception_of`, and what applies must be what the program gives. An exception to an exception lets our rule apply
again and then decides before it, as the deeper one; there it takes the place of both, so what has an exception that applies, near or far, is
not compared. Two answers at once, or none, are errors there; here both are visible: several provisions apply, or the law is silent. What is
refused there for leading nowhere or in a circle must be refused here. Literal money times a number, and rounding, are reckoned with our shares.
Everything else is counted with the reason.
"""

from __future__ import annotations

import gzip
import json
import os
import re
from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from skarb.core.errors import ConfigurationError
from skarb.core.facts import Facts
from skarb.core.time import parse_day
from skarb.rulebook import Rulebook
from skarb.rulebook.cases import applies
from skarb.rulebook.edition import Edition
from skarb.rulebook.expression import share_of
from skarb.rulebook.load import read_texts
from skarb.rulebook.parse import parse
from skarb.rulebook.source import Located

DATA = Path(os.environ.get("SKARB_DATA", Path(__file__).parents[2] / "../shared/data")) / "rules"
FILES = sorted(DATA.glob("catala_cases*.json.gz"))

pytestmark = pytest.mark.skipif(not FILES, reason="no Catala cases under SKARB_DATA")

DAY = parse_day("2026-06-01")
COUNTRY = "code: ZZ\nname: Nowhere\ncurrency: EUR\nzone: UTC\nranks: [law]\n"
ACTS = "- {id: C, title: Program, rank: law}\n"
BLOCK = re.compile(r"```catala(?:-metadata)?\n(.*?)```", re.DOTALL)
DEFINITION = re.compile(
    r"(?:label\s+(?P<label>\w+)\s+)?(?P<exception>exception(?:\s+(?!definition)(?P<of>\w+))?\s+)?definition\s+(?P<name>[\w.]+)\s+"
    r"(?:under\s+condition\s+(?P<when>.+?)\s+consequence\s+)?equals\s+(?P<value>.+?)\s*(?=\bdefinition\b|\blabel\b|\bexception\b|\bassertion\b|\Z)",
    re.DOTALL,
)
SIMPLE = re.compile(r"-?\$?[\d.,]+%?")
COMPARISON = re.compile(r"(\w+)\s*(=|<=|>=|<|>)\s*(\w+)")
REFUSED = ("Unknown label", "exception to itself", "does not have a corresponding definition", "Exception cycle")
RESULTS = re.compile(r"\[RESULT\]─ (\w+) ─\n((?:│.*\n)*)")


class LeftOut(Exception):
    pass


def cases() -> list[dict[str, Any]]:
    return [case for path in FILES for case in json.loads(gzip.decompress(path.read_bytes()))]


def output_of(case: dict[str, Any]) -> str:
    return "\n".join(run["output"] for run in case["runs"])


def scopes(source: str) -> list[tuple[str, str]]:
    """Return the scopes of a program with what they define, without comments."""
    text = "\n".join(re.sub(r"#(?!\[).*", "", block) for block in BLOCK.findall(source))
    if re.search(r"\b(structure|enumeration|déclaration|rule|list of|state)\b", text):
        raise LeftOut("structures, lists, states or another language")
    parts = re.split(r"(?m)^\s*scope\s+(\w+)\s*:", text)[1:]
    return [(name, re.split(r"\bdeclaration\b", body)[0]) for name, body in zip(parts[::2], parts[1::2], strict=True)]


def results(case: dict[str, Any]) -> dict[tuple[str, str], Fraction]:
    """Return the numbers that a program was seen to give, by scope and variable."""
    found: dict[tuple[str, str], Fraction] = {}
    for scope, lines in RESULTS.findall(output_of(case) + "\n"):
        for name, text in re.findall(r"(?m)^│ (\w+) = (\S+)\s*$", lines):
            number = worth(text)
            if number is not None:
                found[scope, name] = number
    return found


def worth(text: str) -> Fraction | None:
    """Return a literal as a number; commas only group digits, and a percentage is hundredths."""
    plain = text.replace(",", "").replace("$", "")
    try:
        return Fraction(plain.removesuffix("%")) / (100 if plain.endswith("%") else 1)
    except ValueError:
        return None


def definitions(source: str) -> tuple[dict[str, list[dict[str, str]]], dict[str, str]]:
    """Return the definitions of each variable that has conditions or exceptions, and the numbers given to all others."""
    bodies = [body for _, body in scopes(source)]
    found = [match.groupdict("") for body in bodies for match in DEFINITION.finditer(body)]
    if not found or len(found) != len(re.findall(r"\bdefinition\b", "".join(bodies))):
        raise LeftOut("definitions that are more than a number")
    if not all(SIMPLE.fullmatch(one["value"]) for one in found):
        raise LeftOut("definitions that are more than a number")
    names = Counter(one["name"] for one in found)
    logical = {one["name"]: [] for one in found if one["exception"] or one["when"] or names[one["name"]] > 1}
    if not logical:
        raise LeftOut("no variable with exceptions or conditions")
    for one in found:
        if one["name"] in logical:
            logical[one["name"]].append(one)
    return logical, {one["name"].rpartition(".")[2]: one["value"] for one in found if one["name"] not in logical}


def condition(text: str, given: dict[str, str]) -> str:
    if text in ("", "true"):
        return ""
    match = COMPARISON.fullmatch(text.strip())
    sides = [given.get(side, side) for side in match.group(1, 3)] if match else []
    if match is None or not all(side.isdecimal() for side in sides):
        raise LeftOut("a condition that is more than a comparison of numbers")
    return f"{sides[0]} {'==' if match[2] == '=' else match[2]} {sides[1]}"


def as_law(found: list[dict[str, str]], given: dict[str, str]) -> tuple[str, dict[str, Fraction]]:
    """Return the definitions of a variable as provisions, and the value that each stands for."""
    plain = [f"C/{number}" for number, one in enumerate(found) if not one["exception"]]
    provisions, values = [], {}
    for number, one in enumerate(found):
        name = f"C/{number}"
        above = [f"C/{other}" for other, two in enumerate(found) if two["label"] == one["of"]] if one["of"] else plain
        above = above or [f"C/{one['of'] or 'nothing'}"]
        if one["exception"] and not one["of"] and len(plain) > 1:
            raise LeftOut("an exception to several definitions without a label")
        when = condition(one["when"], given)
        record: dict[str, Any] = {
            "id": name, "title": name, "cites": {"act": "C", "article": "?"}, "in_force": {"from": None}, "activity": ["mine"],
            "effect": "permit", "authority": ["X"], "certainty": "primary_text", "grade": "A", "says": one["value"],
            "cases": [{"at": "2026-06-01", "facts": {}, "then": "permit"}],
        }  # fmt: skip
        if when:
            record["when"] = when
        if one["exception"]:
            record["exception_of"] = above
        provisions.append(record)
        values[name] = worth(one["value"])
    return json.dumps(provisions), values


def answers_of(law: str, values: dict[str, Fraction]) -> set[Fraction] | str:
    files = {"country.yaml": COUNTRY, "acts/a.yaml": ACTS, "provisions/p.yaml": law}
    pack, problems = read_texts(files, "catala")
    if pack is None:
        assert all(problem.field == "exception_of" for problem in problems), problems
        return "refused"
    try:
        edition = Rulebook(pack).edition(DAY)
    except ConfigurationError as error:
        assert "in a circle" in str(error)
        return "refused"
    facts = Facts(activity="mine", day=DAY)
    found = [name for name in edition.provisions if applies(edition, name, facts)]
    replaced = {above for name in found for above in all_above(edition, name)}
    return {values[name] for name in found if name not in replaced}


def all_above(edition: Edition, name: str) -> Iterator[str]:
    """Yield what a provision is an exception of, directly or through other exceptions."""
    for above in edition.provisions[name].exception_of:
        yield above
        yield from all_above(edition, above)


def expected_of(case: dict[str, Any], name: str) -> set[Fraction] | str:
    """Return what a variable must be: numbers, none where no rule applies, or the word for an error."""
    output = output_of(case)
    if any(words in output for words in REFUSED):
        return "refused"
    if "conflict between multiple valid consequences" in output:
        return "conflict"
    if "no applicable rule" in output:
        return set()
    found = {number for (_, one), number in results(case).items() if one == name}
    if len(found) != 1:
        raise LeftOut("no result to compare with")
    return found


def test_exceptions_and_defaults(capsys: pytest.CaptureFixture[str]) -> None:
    used, left = 0, Counter[str]()
    for case in cases():
        try:
            variables, given = definitions(case["source"])
            laws = {name: as_law(found, given) for name, found in variables.items()}
            expected = {name: expected_of(case, name) for name in variables}
        except LeftOut as reason:
            left[str(reason)] += 1
            continue
        found = {name: answers_of(*law) for name, law in laws.items()}
        told = next(iter(expected.values()))
        if told in ("conflict", "refused", set()):  # an error of one variable is one of the whole program
            errors = ["conflict" if isinstance(one, set) and len(one) > 1 else one for one in found.values()]
            assert told in errors, case["id"]
        else:
            assert found == expected, case["id"]
        used += 1
    with capsys.disabled():
        print(f"\nCatala, exceptions and defaults: {used} used; left out: {dict(left)}")
    if not used:
        pytest.skip("no program of exceptions and constants")


MONEY = re.compile(r"definition (\w+) equals (-?\$[\d,]+(?:\.\d+)?)(?: \* ([\d.]+))?\s*$", re.MULTILINE)


def test_money_and_rounding(capsys: pytest.CaptureFixture[str]) -> None:
    used = 0
    for case in cases():
        try:
            bodies = scopes(case["source"])
        except LeftOut:
            continue
        seen = results(case)
        for scope, body in bodies:
            alone = {name for name, count in Counter(re.findall(r"definition (\w+)", body)).items() if count == 1}
            for name, amount, factor in MONEY.findall(body):
                if name in alone and (scope, name) in seen:
                    ratio = Fraction(factor or "1")
                    ours = share_of(int(worth(amount) * 100), ratio.numerator, ratio.denominator, "half_up")
                    assert Fraction(ours, 100) == seen[scope, name], (case["id"], name)
                    used += 1
            for name, of in re.findall(r"definition (\w+) equals round of (\w+)\s*$", body, re.MULTILINE):
                given = re.search(rf"definition {of} equals (-?[\d.]+)\s*$", body, re.MULTILINE)
                if given is not None and {name, of} <= alone and (scope, name) in seen:
                    number = Fraction(given[1])
                    assert share_of(number.numerator, 1, number.denominator, "half_up") == seen[scope, name], (case["id"], name)
                    used += 1
    with capsys.disabled():
        print(f"\nCatala, money and rounding: {used} results reckoned")
    if not used:
        pytest.skip("no program with an amount or a number that is rounded")


def _note(faults: list[tuple[object, ...]], *fault: object) -> None:
    faults.append(fault)


def test_dates_that_do_not_exist_are_refused() -> None:
    used = 0
    for case in cases():
        written = re.findall(r"of_year_month_day of \((\d+), (\d+), (\d+)\)", case["source"])
        if "is not a valid date" not in output_of(case) or len(written) != 1:
            continue
        year, month, day = map(int, written[0])
        faults: list[tuple[object, ...]] = []
        assert parse(Located(f"day >= date({year}, {month}, {day})"), partial(_note, faults)) is None
        assert faults
        used += 1
    if not used:
        pytest.skip("no program with a date that does not exist")
