"""Default logic, money and dates as Catala's own examples expect them, where they fit our language.

A program fits when it defines one variable by definitions with labels, exceptions and constant conditions: each definition becomes a
provision, its exceptions `exception_of`, and what applies must be what the program gives. An exception to an exception lets our rule apply
again and then decides before it, as the deeper one; there it takes the place of both, so only the deepest that apply are compared. Two
answers at once, or none, are errors there; here both are visible: several provisions apply, or the law is silent. What is refused there
for leading nowhere must be refused here. Literal money times a number, and rounding, are reckoned with our shares. Everything else is
counted with the reason.
"""

from __future__ import annotations

import gzip
import json
import os
import re
from collections import Counter
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from skarb.core.facts import Facts
from skarb.core.time import parse_day
from skarb.rulebook import Rulebook
from skarb.rulebook.cases import applies
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
REFUSED = ("Unknown label", "exception to itself", "does not have a corresponding definition")


class LeftOut(Exception):
    pass


def definitions(source: str) -> tuple[list[dict[str, str]], dict[str, str]]:
    """Return the definitions of the one variable that has conditions or exceptions, and the numbers given to all others."""
    text = "\n".join(re.sub(r"#(?!\[).*", "", block) for block in BLOCK.findall(source))
    if re.search(r"\b(structure|enumeration|déclaration|rule|list of|state)\b", text):
        raise LeftOut("structures, lists, states or another language")
    bodies = re.split(r"(?m)^\s*scope\s+\w+\s*:", text)[1:]
    found = [match.groupdict("") for body in bodies for match in DEFINITION.finditer(body)]
    if not found or len(found) != len(re.findall(r"\bdefinition\b", "".join(bodies))):
        raise LeftOut("definitions that are more than a number")
    if not all(SIMPLE.fullmatch(one["value"]) for one in found):
        raise LeftOut("definitions that are more than a number")
    names = Counter(one["name"] for one in found)
    logical = {one["name"] for one in found if one["exception"] or one["when"] or names[one["name"]] > 1}
    if len(logical) != 1:
        raise LeftOut("no single variable with exceptions or conditions")
    given = {one["name"].rpartition(".")[2]: one["value"] for one in found if one["name"] not in logical}
    return [one for one in found if one["name"] in logical], given


def condition(text: str, given: dict[str, str]) -> str:
    if text in ("", "true"):
        return ""
    match = COMPARISON.fullmatch(text.strip())
    sides = [given.get(side, side) for side in match.group(1, 3)] if match else []
    if match is None or not all(side.isdecimal() for side in sides):
        raise LeftOut("a condition that is more than a comparison of numbers")
    return f"{sides[0]} {'==' if match[2] == '=' else match[2]} {sides[1]}"


def as_law(source: str) -> tuple[str, dict[str, str]]:
    """Return the program as provisions, and the value that each stands for."""
    found, given = definitions(source)
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
        values[name] = one["value"]
    return json.dumps(provisions), values


def answers_of(law: str, values: dict[str, str]) -> set[str] | str:
    files = {"country.yaml": COUNTRY, "acts/a.yaml": ACTS, "provisions/p.yaml": law}
    pack, problems = read_texts(files, "catala")
    if pack is None:
        assert all(problem.field == "exception_of" for problem in problems), problems
        return "refused"
    edition = Rulebook(pack).edition(DAY)
    facts = Facts(activity="mine", day=DAY)
    found = [name for name in edition.provisions if applies(edition, name, facts)]
    deepest = max((edition.depths[name] for name in found), default=0)
    return {values[name] for name in found if edition.depths[name] == deepest}


def expected_of(case: dict[str, Any], source: str) -> set[str] | str:
    output = "\n".join(run["output"] for run in case["runs"])
    if any(words in output for words in REFUSED):
        return "refused"
    if "conflict between multiple valid consequences" in output:
        return "conflict"
    if "no applicable rule" in output:
        return set()
    name = definitions(source)[0][0]["name"]
    match = re.search(rf"│ {re.escape(name)} = (\S+)", output)
    if match is None:
        raise LeftOut("no result to compare with")
    return {match[1]}


def test_exceptions_and_defaults(capsys: pytest.CaptureFixture[str]) -> None:
    used, left = 0, Counter[str]()
    for case in (case for path in FILES for case in json.loads(gzip.decompress(path.read_bytes()))):
        try:
            law, values = as_law(case["source"])
            expected = expected_of(case, case["source"])
        except LeftOut as reason:
            left[str(reason)] += 1
            continue
        found = answers_of(law, values)
        if expected == "conflict":
            assert isinstance(found, set) and len(found) > 1, case["id"]
        else:
            assert found == expected, case["id"]
        used += 1
    with capsys.disabled():
        print(f"\nCatala, exceptions and defaults: {used} used; left out: {dict(left)}")
    assert used > 0


MONEY = re.compile(r"definition (\w+) equals (-?)\$([\d,]+(?:\.\d+)?)(?: \* ([\d.]+))?\s*$", re.MULTILINE)


def cents(text: str) -> int:
    return int(Fraction(text.replace(",", "")) * 100)


def result(case: dict[str, Any], name: str) -> str | None:
    match = re.search(rf"│ {name} = (\S+)", "\n".join(run["output"] for run in case["runs"]))
    return match[1] if match else None


def test_money_and_rounding(capsys: pytest.CaptureFixture[str]) -> None:
    used = 0
    for case in (case for path in FILES for case in json.loads(gzip.decompress(path.read_bytes()))):
        source = case["source"]
        if source.count("scope") > 4 or not case["good"]:
            continue
        for name, sign, amount, factor in MONEY.findall(source):
            found = result(case, name)
            if found is None or "$" not in found:
                continue
            ratio = Fraction(factor or "1")
            ours = share_of(cents(sign + amount), ratio.numerator, ratio.denominator, "half_up")
            assert ours == cents(found.replace("$", "")), case["id"]
            used += 1
        for match in re.finditer(r"definition (\w+) equals round of (\w+)", source):
            given = re.search(rf"definition {match[2]} equals (-?[\d.]+)\s*$", source, re.MULTILINE)
            found = result(case, match[1])
            if given is None or found is None:
                continue
            number = Fraction(given[1])
            assert share_of(number.numerator, 1, number.denominator, "half_up") == Fraction(found), case["id"]
            used += 1
    with capsys.disabled():
        print(f"\nCatala, money and rounding: {used} results reckoned")
    assert used > 0


def _note(faults: list[tuple[object, ...]], *fault: object) -> None:
    faults.append(fault)


def test_dates_that_do_not_exist_are_refused() -> None:
    used = 0
    for case in (case for path in FILES for case in json.loads(gzip.decompress(path.read_bytes()))):
        if "is not a valid date" not in "\n".join(run["output"] for run in case["runs"]):
            continue
        year, month, day = re.search(r"of_year_month_day of \((\d+), (\d+), (\d+)\)", case["source"]).group(1, 2, 3)  # type: ignore[union-attr]
        faults: list[tuple[object, ...]] = []
        assert parse(Located(f"day >= date({year}, {month}, {day})"), partial(_note, faults)) is None
        assert faults
        used += 1
    if not used:
        pytest.skip("no program with a date that does not exist")
