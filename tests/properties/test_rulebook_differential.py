"""Every reading of one law must agree: generated Python, the kernel over columns, DuckDB, SQLite, and two readings that know nothing of the engine.

A rulebook is drawn at random as text, with every kind of node, exceptions of exceptions, dated parameters and optional facts, and goes through the
loader, the parser and the checker like any country's. The slow reading follows docs/rulebook.md over its own nested tuples, one rule at a time;
the reading with Polars does so over columns.
"""

from __future__ import annotations

import importlib.util
import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any

import duckdb
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.thorough import THOROUGH

from skarb.bench.columns import arrow_table
from skarb.core.facts import Facts
from skarb.core.time import from_day, parse_day
from skarb.rulebook import Edition, Rulebook
from skarb.rulebook.load import read_texts
from skarb.rulebook.schema import schema
from skarb.rulebook.sql import duties_sql, levy_sql, outcome_sql


def beside(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


engines, polars_reading = beside("engines"), beside("polars_reading")

EXAMPLES, ROWS = (1500, 200) if THOROUGH else (24, 50)
BOOKS, MANY = (30, 20_000) if THOROUGH else (3, 2_000)

FIELDS = schema("ZZD")
ACTIVITIES = ("fiat_pay", "mine", "token_sell_fiat", "token_swap")
KINDS = ("natural_person", "legal_entity", "sole_proprietor", "unknown")
LICENCES = ("none", "bank", "platform", "broker")
COUNTRIES = ("XX", "ZZ", "NO", "DE")
CODES = {
    "actor_kind": KINDS,
    "counterparty_kind": KINDS,
    "operator_licence": LICENCES,
    "venue_licence": LICENCES,
    "actor_country": COUNTRIES,
    "wallet_country": COUNTRIES,
    "screening": ("clear", "possible", "listed", "unavailable"),
    "activity": ACTIVITIES,
}
FLAGS = ("actor_resident", "own_account", "hold", "cross_border", "asset_lawful")
MONEY = ("value", "capital", "deposit")  # optional, in the legal currency
DAYS = [parse_day(text) for text in ("2025-12-31", "2026-01-01", "2026-06-30", "2026-07-01", "2027-03-01")]
AMOUNTS = (0, 1, 99, 100, 4200, 4500, 8400, 9000, 10_001, 10**15)
COUNTS = (0, 1, 17, 18, 19, 1000)

# name → (unit, value until 2026-06-30, value from 2026-07-01)
PARAMETERS = {
    "base_unit": ("ZZD", "42.00", "45.00"),
    "limit.units": ("base_unit", "2", "2.5"),
    "limit.money": ("ZZD", "1.00", "100.01"),
    "limit.usd": ("USD", "0.99", "42.00"),
    "age_min": ("count", "18", "17"),
    "turn": ("day", "2026-01-01", "2026-07-01"),
    "part": ("ratio", "13/100", "1/3"),
    "big_part": ("ratio", "999999/1000000", "500/7"),
}
LISTS = {"people": ("actor_kind", KINDS[:1], KINDS[:2]), "licensed": ("operator_licence", LICENCES[1:3], LICENCES[1:])}


def par(name: str, day: int) -> Any:
    """The value of a parameter on a day, worked out with plain decimals."""
    unit, before, after = PARAMETERS[name]
    text = before if day < parse_day("2026-07-01") else after
    if unit == "ratio":
        return tuple(map(int, text.split("/")))
    if unit == "count":
        return int(text)
    if unit == "day":
        return parse_day(text)
    if unit == "base_unit":
        return round(float(text) * par("base_unit", day))
    whole, cents = text.split(".")
    return int(whole) * 100 + int(cents)


def listed(name: str, day: int) -> tuple[str, ...]:
    _, before, after = LISTS[name]
    return before if day < parse_day("2026-07-01") else after


# -- drawing a tree ------------------------------------------------------------------------------------------------------------


@dataclass
class Draw:
    pick: Callable[[Any], Any]  # one of several
    conditions: dict[str, tuple[Any, ...]]

    def condition(self, depth: int, known: frozenset[str] = frozenset()) -> tuple[Any, ...]:
        kinds = ["leaf", "leaf"] if depth == 0 else ["and", "or", "not", "guard", "leaf", "named", "same"]
        match self.pick(kinds):
            case "and" | "or" as word:
                return (word, *(self.condition(depth - 1, known) for _ in range(self.pick((2, 2, 3)))))
            case "not":
                return ("not", self.condition(depth - 1, known))
            case "same":
                return ("compare", self.pick(("==", "!=")), self.condition(depth - 1, known), self.condition(0, known))
            case "guard":
                fact = self.pick((*MONEY, "actor_age", "value_usd"))
                inner = self.condition(depth - 1, known | {fact})
                return ("or", ("missing", fact), inner) if self.pick((True, False)) else ("and", ("there", fact), inner)
            case "named" if self.conditions:
                return ("named", self.pick(sorted(self.conditions)))
        return self.leaf(known)

    def leaf(self, known: frozenset[str]) -> tuple[Any, ...]:
        match self.pick(("code", "codes", "in", "list", "flag", "missing", "count", "day", "money", "money", "usd")):
            case "code":
                fact = self.pick(CODES)
                return ("compare", self.pick(("==", "!=")), ("fact", fact), ("code", self.pick(CODES[fact])))
            case "codes":
                left, right = self.pick((("actor_kind", "counterparty_kind"), ("operator_licence", "venue_licence")))
                return ("compare", self.pick(("==", "!=")), ("fact", left), ("fact", right))
            case "in":
                fact = self.pick(CODES)
                count = self.pick((1, 2, 3))
                return (self.pick(("in", "not in")), fact, tuple(CODES[fact][:count]))
            case "list":
                name = self.pick(LISTS)
                return (self.pick(("in list", "not in list")), LISTS[name][0], name)
            case "flag":
                return ("fact", self.pick(FLAGS))
            case "missing":
                return (self.pick(("missing", "there")), self.pick((*MONEY, "actor_age", "value_usd")))
            case "count":
                return self.compare(self.count(2, known), self.count(1, known))
            case "day":
                return self.compare(self.day(1), self.day(1))
            case "usd" if "value_usd" in known:
                return self.compare(("fact", "value_usd"), ("par", "limit.usd"))
        return self.compare(self.money(2, known), self.money(2, known))

    def compare(self, left: tuple[Any, ...], right: tuple[Any, ...]) -> tuple[Any, ...]:
        return ("compare", self.pick(("==", "!=", "<", "<=", ">", ">=")), left, right)

    def count(self, depth: int, known: frozenset[str]) -> tuple[Any, ...]:
        kinds = ["number", "par", "fact"] + (["plus", "minus", "min", "max"] if depth else [])
        match self.pick(kinds):
            case "number":
                return ("number", self.pick(COUNTS))
            case "par":
                return ("par", "age_min")
            case "plus" | "minus" | "min" | "max" as word:
                return (word, self.count(depth - 1, known), self.count(depth - 1, known))
        return ("fact", "actor_age" if "actor_age" in known else "hired_persons")

    def day(self, depth: int) -> tuple[Any, ...]:
        match self.pick(["date", "par", "fact"] + (["plus", "minus", "min", "max"] if depth else [])):
            case "date":
                return ("date", self.pick(DAYS))
            case "par":
                return ("par", "turn")
            case "plus" | "minus" as word:
                return (word, self.day(0), ("number", self.pick(COUNTS)))
            case "min" | "max" as word:
                return (word, self.day(0), self.day(0))
        return ("fact", "day")

    def money(self, depth: int, known: frozenset[str]) -> tuple[Any, ...]:
        facts = [name for name in MONEY if name in known]
        kinds = (
            ["par", "units"]
            + (["fact"] * 3 if facts else [])
            + (["plus", "minus", "share", "share", "min", "max"] if depth else [])
        )
        match self.pick(kinds):
            case "fact":
                return ("fact", self.pick(facts))
            case "plus" | "minus" | "min" | "max" as word:
                return (word, self.money(depth - 1, known), self.money(depth - 1, known))
            case "share":
                mode = self.pick(("down", "up", "half_up"))
                return ("share", self.money(depth - 1, known), self.pick(("part", "part", "big_part")), mode)
            case "units":
                return ("par", "limit.units")
        return ("par", "limit.money")


def render(tree: tuple[Any, ...]) -> str:
    """Write a tree in the expression language, with brackets everywhere."""
    match tree:
        case ("and" | "or" as word, *parts):
            return "(" + f" {word} ".join(render(part) for part in parts) + ")"
        case ("not", part):
            return f"(not {render(part)})"
        case ("compare", sign, left, right):
            return f"({render(left)} {sign} {render(right)})"
        case ("in" | "not in" as word, fact, codes):
            return f"({fact} {word} ({', '.join(json.dumps(code) for code in codes)},))"
        case ("in list" | "not in list" as word, fact, name):
            return f"({fact} {word.removesuffix(' list')} {name})"
        case ("missing", fact):
            return f"({fact} is missing)"
        case ("there", fact):
            return f"({fact} is not missing)"
        case ("fact" | "par" | "named", name):
            return str(name)
        case ("code", code):
            return json.dumps(code)
        case ("number", number):
            return str(number)
        case ("date", day):
            return f"date({from_day(day).year}, {from_day(day).month}, {from_day(day).day})"
        case ("plus" | "minus" as word, left, right):
            return f"({render(left)} {'+' if word == 'plus' else '-'} {render(right)})"
        case ("min" | "max" as word, left, right):
            return f"{word}({render(left)}, {render(right)})"
        case ("share", amount, ratio, mode):
            return f'share({render(amount)}, {ratio}, "{mode}")'
    raise AssertionError(tree)


# -- the slow reading ----------------------------------------------------------------------------------------------------------


@dataclass
class Slow:
    """A law read literally, rule by rule."""

    provisions: list[dict[str, Any]]
    conditions: dict[str, tuple[Any, ...]]
    day: int

    def value(self, tree: tuple[Any, ...], facts: Facts) -> Any:
        match tree:
            case ("and", *parts):
                return all(self.value(part, facts) for part in parts)
            case ("or", *parts):
                return any(self.value(part, facts) for part in parts)
            case ("not", part):
                return not self.value(part, facts)
            case ("compare", sign, left, right):
                one, two = self.value(left, facts), self.value(right, facts)
                assert one is not None and two is not None, "the checker let a missing value through"
                return {"==": one == two, "!=": one != two}[sign] if sign in ("==", "!=") else self.ordered(sign, one, two)
            case ("in", fact, codes):
                return getattr(facts, fact) in codes
            case ("not in", fact, codes):
                return getattr(facts, fact) not in codes
            case ("in list", fact, name):
                return getattr(facts, fact) in listed(name, self.day)
            case ("not in list", fact, name):
                return getattr(facts, fact) not in listed(name, self.day)
            case ("missing", fact):
                return getattr(facts, fact) is None
            case ("there", fact):
                return getattr(facts, fact) is not None
            case ("fact", name):
                return getattr(facts, name)
            case ("named", name):
                return self.value(self.conditions[name], facts)
            case ("par", name):
                return par(name, self.day)
            case ("code", value) | ("number", value) | ("date", value):
                return value
            case ("plus", left, right):
                return self.value(left, facts) + self.value(right, facts)
            case ("minus", left, right):
                return self.value(left, facts) - self.value(right, facts)
            case ("min", left, right):
                one, two = self.value(left, facts), self.value(right, facts)
                return one if one < two else two
            case ("max", left, right):
                one, two = self.value(left, facts), self.value(right, facts)
                return one if one > two else two
            case ("share", amount, ratio, mode):
                return self.share(self.value(amount, facts), *par(ratio, self.day), mode)
        raise AssertionError(tree)

    @staticmethod
    def ordered(sign: str, one: int, two: int) -> bool:
        return {"<": one < two, "<=": one <= two, ">": one > two, ">=": one >= two}[sign]

    @staticmethod
    def share(amount: int, numerator: int, denominator: int, mode: str) -> int:
        exact = abs(amount) * numerator  # over denominator
        size = exact // denominator
        if mode == "up" and size * denominator < exact:
            size += 1
        if mode == "half_up" and 2 * (exact - size * denominator) >= denominator:
            size += 1
        return -size if amount < 0 else size

    def in_force(self) -> list[dict[str, Any]]:
        return [
            one
            for one in self.provisions
            if one["grade"] != "C" and one["from"] <= self.day and (one["to"] is None or self.day <= one["to"])
        ]

    def applies(self, one: dict[str, Any], facts: Facts) -> bool:
        if facts.activity not in one["activity"]:
            return False
        if one["when"] is not None and not self.value(one["when"], facts):
            return False
        return not any(one["id"] in other["exception_of"] and self.applies(other, facts) for other in self.in_force())

    def depth(self, one: dict[str, Any]) -> int:
        parents = [other for other in self.in_force() if other["id"] in one["exception_of"]]
        return 1 + max(self.depth(other) for other in parents) if parents else 0

    def key(self, one: dict[str, Any]) -> tuple[Any, ...]:
        return (-one["precedence"], one["rank"], -self.depth(one), -one["from"], one["id"])

    def says(self, facts: Facts) -> tuple[str, str, list[str], str]:
        """Verdict, deciding provision, duties and levy."""
        verdicts: dict[str, list[dict[str, Any]]] = {"refuse": [], "refer": [], "permit": [], "exempt": [], "levy": []}
        duties = []
        for one in self.in_force():
            if not self.applies(one, facts):
                continue
            effect = one["effect"]
            if effect == "require" and one["needs"] is not None:
                if not self.value(one["needs"], facts):
                    verdicts[one["otherwise"]].append(one)
            elif effect in ("require", "report"):
                if not one["standing"]:
                    duties.append(one["id"])
            elif effect in verdicts:
                verdicts[effect].append(one)
        levy = ""
        for effect in ("exempt", "levy"):
            if not levy and verdicts[effect]:
                levy = min(verdicts[effect], key=self.key)["id"]
        verdict, provision = ("permit" if facts.approved else "refer"), "silence"
        for word in ("refuse", "refer", "permit"):
            if verdicts[word]:
                verdict, provision = word, min(verdicts[word], key=self.key)["id"]
                break
        if verdict == "refer" and facts.approved:
            verdict = "permit"
        return verdict, provision, sorted(duties), levy


# -- drawing a rulebook and facts ----------------------------------------------------------------------------------------------

EFFECTS = ("permit", "refuse", "refer", "require", "require", "report", "levy", "exempt", "define")


def draw_law(pick: Callable[[Any], Any]) -> tuple[dict[str, str], list[dict[str, Any]], dict[str, tuple[Any, ...]]]:
    """A country's files, and the same law as plain data for the slow reading."""
    conditions: dict[str, tuple[Any, ...]] = {}
    for name in ("first", "second", "third"):
        conditions[name] = Draw(pick, dict(conditions)).condition(2)
    drawer = Draw(pick, conditions)
    provisions: list[dict[str, Any]] = []
    for number in range(pick(range(2, 13))):
        effect = drawer.pick(EFFECTS)
        rank = drawer.pick((0, 1))
        known = drawer.pick((frozenset(), frozenset({"value"})))
        inner = drawer.condition(3, known)
        when = ("and", ("there", "value"), inner) if known else inner
        needs = drawer.condition(2, known) if effect == "require" and drawer.pick((True, True, False)) else None
        provisions.append(
            {
                "id": f"ZZ-{'LAW' if rank == 0 else 'RULE'}/{number}",
                "rank": rank,
                "effect": effect,
                "activity": drawer.pick((ACTIVITIES, ACTIVITIES[:2], ACTIVITIES[1:3], ACTIVITIES[3:])),
                "when": drawer.pick((when, when, when, None)) if needs is None else when,
                "needs": needs,
                "otherwise": drawer.pick(("refuse", "refer")) if needs else "refuse",
                "standing": drawer.pick((True, False, False)) if needs is None and effect in ("require", "report") else False,
                "exception_of": sorted({drawer.pick(provisions)["id"] for _ in range(drawer.pick((0, 1, 1, 2)))})
                if provisions
                else [],
                "precedence": drawer.pick((0, 0, 0, 1, -1)),
                "grade": drawer.pick(("A", "A", "B", "C")),
                "from": drawer.pick(DAYS[:3]),
                "to": drawer.pick((None, None, DAYS[3])),
            }
        )
    return files_of(provisions, conditions), provisions, conditions


laws = st.composite(lambda draw: draw_law(lambda options: draw(st.sampled_from(list(options)))))


def files_of(provisions: list[dict[str, Any]], conditions: dict[str, tuple[Any, ...]]) -> dict[str, str]:
    """Write the law as the files of a country: JSON is YAML too."""
    written = []
    for one in provisions:
        act = one["id"].partition("/")[0]
        record: dict[str, Any] = {
            "id": one["id"],
            "title": "title",
            "cites": {"act": act, "article": "?"},
            "in_force": {"from": str(from_day(one["from"])), "to": one["to"] and str(from_day(one["to"]))},
            "activity": list(one["activity"]),
            "effect": one["effect"],
            "authority": ["ZZ"],
            "certainty": "primary_text",
            "grade": one["grade"],
            "says": "It says so.",
            "exception_of": one["exception_of"],
            "precedence": one["precedence"],
            "cases": [{"at": "2026-01-01", "facts": {}, "then": "silent"}],
        }
        if one["when"]:
            record["when"] = render(one["when"])
        if one["needs"]:
            record |= {"needs": render(one["needs"]), "otherwise": one["otherwise"]}
        if one["standing"]:
            record["standing"] = True
        if one["effect"] == "levy":
            record["rate"] = "part"
        written.append(record)
    dated = lambda before, after, key: [  # noqa: E731
        {"from": None, "to": "2026-06-30", key: before},
        {"from": "2026-07-01", key: after},
    ]
    parameters = [
        {"name": name, "unit": unit, "values": [{**value, "cites": "ZZ-LAW"} for value in dated(before, after, "value")]}
        for name, (unit, before, after) in PARAMETERS.items()
    ]
    lists = [
        {"name": name, "field": fact, "values": dated(list(before), list(after), "codes")}
        for name, (fact, before, after) in LISTS.items()
    ]
    country = {"code": "ZZ", "name": "Zedland", "currency": "ZZD", "decimals": 2, "zone": "UTC", "ranks": ["law", "rule"]}
    acts = [{"id": "ZZ-LAW", "title": "Law", "rank": "law"}, {"id": "ZZ-RULE", "title": "Rule", "rank": "rule"}]
    return {
        "country.yaml": json.dumps(country),
        "acts/acts.yaml": json.dumps(acts),
        "provisions/all.yaml": json.dumps(written),
        "parameters/all.yaml": json.dumps(parameters),
        "lists.yaml": json.dumps(lists),
        "conditions.yaml": json.dumps([{"name": name, "means": render(tree)} for name, tree in conditions.items()]),
    }


def random_facts(chance: random.Random, day: int, known: tuple[int, ...]) -> Facts:
    """Facts whose numbers fall on, beside and far from what the law compares with."""

    def near(values: tuple[int, ...]) -> int:
        return max(-(10**15), min(10**15, chance.choice(values) * chance.choice((1, 1, 1, -1)) + chance.choice((0, 0, 1, -1))))

    def maybe(value: int) -> int | None:
        return value if chance.random() < 0.75 else None

    return Facts(
        **{name: chance.choice(codes) for name, codes in CODES.items()},
        **{name: chance.random() < 0.5 for name in FLAGS},
        **{name: maybe(near((*AMOUNTS, *known))) for name in MONEY},
        value_usd=maybe(near((99, 4200))),
        actor_age=maybe(chance.choice((0, 16, 17, 18, 19, 10**9))),
        hired_persons=chance.choice((0, 1, 17, 18, 10**9)),
        approved=chance.random() < 0.3,
        day=day,
    )


def texts_of_sql(edition: Edition, rows: list[Facts]) -> list[tuple[int, int, int]]:
    """The three expressions side by side, without what the whole statement computes once."""
    connection = duckdb.connect()
    connection.register("facts", arrow_table(edition.fields, engines.coded(edition.fields, rows, list(edition.fields))))
    answers = ", ".join(make(edition, "duckdb").sql("duckdb") for make in (outcome_sql, duties_sql, levy_sql))
    return connection.execute(f"SELECT {answers} FROM facts ORDER BY row").fetchall()


def readings(edition: Edition, rows: list[Facts], slow: Slow) -> dict[str, list[tuple[int, int, int]]]:
    return {
        "kernel": engines.ask_kernel(edition, rows, "numba"),
        "duckdb": engines.ask_duckdb(edition, rows, enumerated=False),
        "duckdb enum": engines.ask_duckdb(edition, rows, enumerated=True),
        "sqlite": engines.ask_sqlite(edition, rows),
        "polars": polars_reading.ask_polars(edition, rows, slow, par, listed),
    }


def law_on(law: Any, day: int) -> tuple[Edition, Slow]:
    files, provisions, conditions = law
    pack, problems = read_texts(files, "zz")
    assert pack is not None, "\n".join(map(str, problems))
    return Rulebook(pack).edition(day), Slow(provisions, conditions, day)


def rows_for(day: int, seed: int, count: int) -> list[Facts]:
    chance = random.Random(seed)
    amounts = tuple(par(name, day) for name in ("limit.units", "limit.money"))
    return [random_facts(chance, day, amounts) for _ in range(count)]


def agrees_with(slow: Slow, edition: Edition, rows: list[Facts], found: list[tuple[int, int, int]]) -> None:
    for row, numbers in zip(rows, found, strict=True):
        decision = edition.ruling(*numbers)
        assert (decision.verdict, decision.provision, sorted(decision.duties), decision.levy) == slow.says(row), row


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=not THOROUGH,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
@given(law=laws(), seed=st.integers(0, 1 << 32), day=st.sampled_from(DAYS))
def test_every_reading_agrees(law: Any, seed: int, day: int) -> None:
    edition, slow = law_on(law, day)
    rows = rows_for(day, seed, ROWS)
    fast = engines.ask_python(edition, rows)
    agrees_with(slow, edition, rows, fast)
    assert engines.ask_kernel(edition, rows, "python") == fast
    assert engines.ask_masks(edition, rows) == [outcome for outcome, _, _ in fast]
    assert engines.ask_duckdb(edition, rows, enumerated=True) == fast
    assert engines.ask_sqlite(edition, rows) == fast
    assert polars_reading.ask_polars(edition, rows, slow, par, listed) == fast
    assert texts_of_sql(edition, rows) == fast

    again = Edition.from_normal(edition.normal)
    assert again.hash == edition.hash
    assert engines.ask_python(again, rows) == engines.ask_kernel(again, rows, "python") == fast


@pytest.mark.parametrize("seed", range(BOOKS))
def test_many_rows_of_a_random_rulebook_are_decided_alike(seed: int) -> None:
    chance = random.Random(seed)
    day = chance.choice(DAYS)
    edition, slow = law_on(draw_law(lambda options: chance.choice(list(options))), day)
    rows = rows_for(day, seed, MANY)
    fast = engines.ask_python(edition, rows)
    agrees_with(slow, edition, rows[:500], fast[:500])
    assert {name for name, found in readings(edition, rows, slow).items() if found != fast} == set()
    assert engines.ask_kernel(edition, rows[:500], "python") == fast[:500]
    assert engines.ask_masks(edition, rows) == [outcome for outcome, _, _ in fast]


ALONE = {
    "id": "ZZ-LAW/alone",
    "effect": "permit",
    "activity": ["mine"],
    "needs": None,
    "standing": False,
    "exception_of": [],
    "precedence": 0,
    "grade": "A",
    "from": DAYS[0],
    "to": None,
}


@pytest.mark.parametrize("mode", ["down", "up", "half_up"])
@pytest.mark.parametrize(
    "ratio", ["1/2", "13/100", "2/37", "999999/1000000", "1/1000000000", "999999999/1000000000", "7/3", "0/1"]
)
def test_a_share_is_exact_everywhere(ratio: str, mode: str) -> None:
    """Which of two facts is the share of the other is decided alike for hard amounts, negative ones included."""
    share = ("compare", "==", ("share", ("fact", "value"), "tried", mode), ("fact", "capital"))
    files = files_of([{**ALONE, "when": ("and", ("there", "value"), ("there", "capital"), share)}], {})
    tried = {"name": "tried", "unit": "ratio", "values": [{"from": None, "value": ratio, "cites": "ZZ-LAW"}]}
    files["parameters/tried.yaml"] = json.dumps([tried])
    pack, problems = read_texts(files, "zz")
    assert pack is not None, problems
    edition = Rulebook(pack).edition(DAYS[1])
    chance = random.Random(ratio + mode)
    top, bottom = map(int, ratio.split("/"))
    amounts = [
        *range(-40, 41),
        10**15 // max(1, -(-top // bottom)),
        *(chance.choice((1, -1)) * chance.randrange(10 ** chance.randint(1, 14)) for _ in range(300)),
    ]
    rows, want = [], []
    for amount in amounts:
        right = Slow.share(amount, top, bottom, mode)
        for tried in (right - 1, right, right + 1):
            rows.append(Facts(activity="mine", day=DAYS[1], value=amount, capital=tried))
            want.append(tried == right)
    fast = engines.ask_python(edition, rows)
    assert [edition.outcomes[number].provision == ALONE["id"] for number, _, _ in fast] == want
    assert engines.ask_duckdb(edition, rows, enumerated=True) == fast
    assert engines.ask_sqlite(edition, rows) == fast
    assert engines.ask_kernel(edition, rows, "python") == fast
    assert engines.ask_masks(edition, rows) == [outcome for outcome, _, _ in fast]


LIMIT = (1 << 63) - 1


class Wide(Facts, frozen=True, kw_only=True, array_like=True, forbid_unknown_fields=True, gc=False):
    """Facts with numbers as wide as numbers can be."""

    much: Annotated[int, msgspec.Meta(ge=-LIMIT, le=LIMIT, extra={"type": "count"})] | None = None
    more: Annotated[int, msgspec.Meta(ge=-LIMIT, le=LIMIT, extra={"type": "count"})] | None = None


@pytest.mark.parametrize(
    "text",
    [
        f"much is missing or much > {LIMIT - 1}",
        f"much is not missing and much <= {LIMIT}",
        f"much is not missing and not much < {LIMIT}",
        f"much is not missing and much > {LIMIT}",
        f"much is not missing and {LIMIT} == much",
        f"much is not missing and much != {LIMIT}",
        f"much is not missing and much <= 0 - {LIMIT}",
        f"much is not missing and more is not missing and min(much, more) == 0 - {LIMIT}",
        "much is not missing and more is not missing and max(much, 0, more) == more",
        "much is not missing and (more is missing or much < more)",
        "(much is missing) == (more is missing)",
    ],
)
def test_facts_at_the_limits_of_64_bits(text: str) -> None:
    files = files_of([{**ALONE, "when": ("named", text)}], {})
    pack, problems = read_texts(files, "zz", Wide)
    assert pack is not None, problems
    edition = Rulebook(pack, Wide).edition(DAYS[1])
    numbers = (None, -LIMIT, -LIMIT + 1, -1, 0, 1, LIMIT - 1, LIMIT)
    rows = [Wide(activity="mine", day=DAYS[1], much=one, more=other) for one in numbers for other in numbers]
    fast = engines.ask_python(edition, rows)
    assert engines.ask_kernel(edition, rows, "python") == engines.ask_kernel(edition, rows, "numba") == fast
    assert engines.ask_duckdb(edition, rows, enumerated=True) == engines.ask_sqlite(edition, rows) == fast
