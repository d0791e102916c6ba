"""Laws with one fault planted in each, beside the same law without it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import Any

from skarb.rulebook import Rulebook
from skarb.rulebook.load import read_texts

COUNTRY = {"code": "QQ", "name": "Qland", "currency": "QQD", "decimals": 2, "zone": "Europe/Minsk", "ranks": ["law", "decree"]}
FROM, ALWAYS = "2026-01-01", {"from": "2026-01-01", "to": None}


def rule(name: str, effect: str, when: str | None = None, **more: Any) -> dict[str, Any]:
    """A provision as a record; `L1` and `L2` are laws, `D1` is a decree."""
    dates = {"from": more.pop("start", FROM), "to": more.pop("end", None), "status": more.pop("status", "in_force")}
    article = more.pop("article", "?")
    made = {
        "id": name,
        "title": name,
        "cites": {"act": name.partition("/")[0], "article": article},
        "in_force": dates,
        "activity": ["fiat_pay"],
        "effect": effect,
        "authority": ["BANK"],
        "certainty": "primary_text",
        "grade": "A",
        "says": f"{name} says so.",
        "cases": [{"at": "2026-06-01", "facts": {}, "then": "silent"}],
    }
    return {**made, **({"when": when} if when else {}), **more}


def values(name: str, unit: str, *dated: tuple[str | None, str | None, str]) -> dict[str, Any]:
    """A parameter as a record."""
    return {"name": name, "unit": unit, "values": [{"from": a, "to": b, "value": value, "cites": "L1"} for a, b, value in dated]}


def codes(name: str, of: str, *dated: tuple[str | None, str | None, list[str]]) -> dict[str, Any]:
    """A dated list as a record."""
    return {"name": name, "field": of, "values": [{"from": a, "to": b, "codes": found} for a, b, found in dated]}


@dataclass(frozen=True)
class Law:
    """A law as records."""

    provisions: tuple[dict[str, Any], ...]
    parameters: tuple[dict[str, Any], ...] = ()
    lists: tuple[dict[str, Any], ...] = ()
    conditions: tuple[dict[str, Any], ...] = ()
    complete: tuple[str, ...] = ()
    accepted: tuple[dict[str, Any], ...] = ()

    def texts(self) -> dict[str, str]:
        acts = [{"id": name, "title": name, "rank": "decree" if name == "D1" else "law"} for name in ("L1", "L2", "D1")]
        if self.complete:
            acts[0]["complete"] = list(self.complete)  # type: ignore[assignment]
        written = {
            "country.yaml": COUNTRY,
            "acts/acts.yaml": acts,
            "provisions/all.yaml": list(self.provisions),
            "parameters/all.yaml": list(self.parameters),
            "lists.yaml": list(self.lists),
            "conditions.yaml": list(self.conditions),
            "accepted.yaml": list(self.accepted),
        }
        # JSON is YAML, but dates have to stand without quotes to be the dates that people write.
        return {name: json.dumps(record) for name, record in written.items()}

    def rulebook(self) -> Rulebook:
        pack, problems = read_texts(self.texts(), "qq")
        assert not problems, [str(problem) for problem in problems]
        assert pack is not None
        return Rulebook(pack)

    def but(self, name: str, **changes: Any) -> Law:
        """The same law with one provision changed; None takes a key away."""
        changed = [{**one, **changes} if one["id"] == name else one for one in self.provisions]
        return replace(self, provisions=tuple({key: value for key, value in one.items() if value is not None} for one in changed))

    def without(self, name: str) -> Law:
        return replace(self, provisions=tuple(one for one in self.provisions if one["id"] != name))

    def having(self, *more: dict[str, Any]) -> Law:
        return replace(self, provisions=(*self.provisions, *more))


@dataclass(frozen=True)
class Fault:
    """A law with a fault, the same law mended, and what is to be found."""

    what: str
    law: Law
    mended: Law
    kind: str
    about: tuple[str, ...]
    facts: Any = lambda facts: True  # what must be so of the facts that show it
    days: tuple[str, str | None] | None = None  # the only days on which it shows
    reasons: tuple[str, ...] = field(default=())  # words that each must stand in some reason


def pair(
    what: str,
    first: dict[str, Any],
    second: dict[str, Any],
    mended: dict[str, Any],
    facts: Any = None,
    days: Any = None,
    **law: Any,
) -> Fault:
    """A conflict of two provisions: `first` decides; `mended` are the keys of `first` that set it right."""
    made = Law((first, second), **law)
    right = made.but(first["id"], **mended)
    return Fault(what, made, right, "conflict", (first["id"], second["id"]), facts or (lambda _: True), days)


BELOW = {"exception_of": ["L1/b"]}
LIMIT = values("limit", "QQD", (FROM, None, "100.00"))
THIRD = values("third", "ratio", (FROM, None, "1/3"))
RATES = (values("rate.one", "ratio", (FROM, None, "1/10")), values("rate.two", "ratio", (FROM, None, "2/10")))
HERE, MONEY = "value is not missing and ", "deposit is not missing and value is not missing and "

CONFLICTS = [
    pair(
        "a refusal and a permission",
        rule("L1/a", "refuse", "cross_border"),
        rule("L1/b", "permit"),
        BELOW,
        lambda f: f.cross_border,
    ),
    pair("a referral and a permission", rule("L1/a", "refer", "hold"), rule("L1/b", "permit"), BELOW, lambda f: f.hold),
    pair("a refusal and a referral", rule("L1/a", "refuse", "hold"), rule("L1/b", "refer"), {"precedence": 1}),
    pair(
        "two refusals, carried out differently",
        rule("L1/a", "refuse"),
        rule("L1/b", "refuse", measure="block"),
        {"measure": "block", "when": "hold"},
    ),
    pair(
        "an unmet requirement and a refusal, carried out differently",
        rule("L1/a", "require", needs="actor_identified", measure="quarantine"),
        rule("L1/b", "refuse", "hold", measure="block"),
        {"precedence": 2},
        lambda f: f.hold and not f.actor_identified,
    ),
    pair(
        "two requirements, carried out differently",
        rule("L1/a", "require", needs="actor_identified", measure="hold"),
        rule("L1/b", "require", needs="white_paper"),
        {"measure": None},
        lambda f: not f.actor_identified and not f.white_paper,
    ),
    pair(
        "two levies with different rates",
        rule("L1/a", "levy", rate="rate.one"),
        rule("L1/b", "levy", "hold", rate="rate.two"),
        {"rate": "rate.two", "when": "cross_border"},
        parameters=RATES,
    ),
    pair(
        "two exemptions with different rates",
        rule("L1/a", "exempt", "hold", rate="rate.one"),
        rule("L1/b", "exempt", rate="rate.two"),
        BELOW,
        parameters=RATES,
    ),
    pair(
        "a permission later than the refusal that it forgot",
        rule("L1/a", "refuse", "hold"),
        rule("L2/b", "permit", start="2026-07-01"),
        {"exception_of": ["L2/b"]},
        days=("2026-07-01", None),
    ),
    pair(
        "a precedence that the permission has and the refusal needs",
        rule("L1/a", "refuse", "hold"),
        rule("L1/b", "permit", precedence=5),
        {"precedence": 6},
    ),
    Fault(
        "a refusal that is an exception, but of something else",
        law := Law(
            (
                rule("L1/a", "refuse", "hold", exception_of=["L1/c"]),
                rule("L1/b", "permit", "not approved"),
                rule("L1/c", "permit", "approved"),
            )
        ),
        law.but("L1/a", exception_of=["L1/b", "L1/c"]),
        "conflict",
        ("L1/a", "L1/b"),
        lambda f: f.hold and not f.approved,
    ),
    pair(
        "an amount that is exactly the limit",
        rule("L1/a", "refuse", HERE + "value >= limit"),
        rule("L1/b", "permit", HERE + "value <= limit"),
        {"when": HERE + "value > limit"},
        lambda f: f.value == 100_00,
        parameters=(LIMIT,),
    ),
    pair(
        "a value that is missing",
        rule("L1/a", "refer", "value is missing or value > limit"),
        rule("L1/b", "permit", "value is missing or value <= limit"),
        {"when": HERE + "value > limit"},
        lambda f: f.value is None,
        parameters=(LIMIT,),
    ),
    pair(
        "a share rounded up here and down there",
        rule("L1/a", "refuse", MONEY + 'value > share(deposit, third, "down")'),
        rule("L1/b", "permit", MONEY + 'value <= share(deposit, third, "up")'),
        {"when": MONEY + 'value > share(deposit, third, "up")'},
        lambda f: f.deposit % 3 != 0,
        parameters=(THIRD,),
    ),
    pair(
        "a share rounded up here and to the nearest there",
        rule("L1/a", "refuse", MONEY + 'value > share(deposit, third, "half_up")'),
        rule("L1/b", "permit", MONEY + 'value <= share(deposit, third, "up")'),
        {"when": MONEY + 'value > share(deposit, third, "up")'},
        lambda f: abs(f.deposit) % 3 == 1 if f.deposit > 0 else f.deposit % 3 != 0,
        parameters=(THIRD,),
    ),
    pair(
        "a share of a debt, which rounds the other way",
        rule("L1/a", "refuse", MONEY + 'value < share(deposit, third, "down")'),
        rule("L1/b", "permit", MONEY + 'value >= share(deposit, third, "up")'),
        {"when": MONEY + 'value < share(deposit, third, "down") and value < share(deposit, third, "up")'},
        lambda f: f.deposit < 0 and f.deposit % 3 != 0,
        parameters=(THIRD,),
    ),
    pair(
        "a code that a list has for one month",
        rule("L1/a", "refuse", "wallet_country in watched"),
        rule("L1/b", "permit", 'wallet_country == "QN"'),
        BELOW,
        lambda f: f.wallet_country == "QN",
        ("2026-06-01", "2026-06-30"),
        lists=(
            codes(
                "watched",
                "wallet_country",
                (FROM, "2026-05-31", ["QM"]),
                ("2026-06-01", "2026-06-30", ["QM", "QN"]),
                ("2026-07-01", None, ["QM"]),
            ),
        ),
    ),
    pair(
        "a limit that is lower for one month",
        rule("L1/a", "refuse", HERE + "value > upper"),
        rule("L1/b", "permit", HERE + "value <= limit"),
        BELOW,
        lambda f: 50_00 < f.value <= 100_00,
        ("2026-03-01", "2026-03-31"),
        parameters=(
            LIMIT,
            values("upper", "QQD", (FROM, None, "100.00"), ("2026-03-01", None, "50.00"), ("2026-04-01", None, "100.00")),
        ),
    ),
    pair(
        "three days that a condition names",
        rule("L1/a", "refuse", "day >= date(2026, 3, 10) and day <= date(2026, 3, 12)"),
        rule("L1/b", "permit", "day < date(2026, 3, 11)"),
        BELOW,
        lambda f: f.day == 20522,
    ),
    pair(
        "a base unit that changes under a limit",
        rule("L1/a", "refuse", HERE + "value > cap"),
        rule("L1/b", "permit", HERE + "value <= limit"),
        BELOW,
        lambda f: 90_00 < f.value <= 100_00,
        ("2027-01-01", None),
        parameters=(
            LIMIT,
            values("base_unit", "QQD", (FROM, None, "50.00"), ("2027-01-01", None, "45.00")),
            values("cap", "base_unit", (FROM, None, "2")),
        ),
    ),
    pair(
        "two lists with one code in common",
        rule("L1/a", "refuse", 'actor_kind in ("legal_entity", "state_body")'),
        rule("L1/b", "permit", 'actor_kind in ("natural_person", "state_body")'),
        {"when": 'actor_kind == "legal_entity"'},
        lambda f: f.actor_kind == "state_body",
    ),
    pair(
        "two countries that are compared with each other",
        rule("L1/a", "refuse", 'counterparty_country == "QM"'),
        rule("L1/b", "permit", "actor_country == counterparty_country"),
        {"when": 'counterparty_country == "QM" and actor_country != "QM"'},
        lambda f: f.actor_country == f.counterparty_country == "QM",
    ),
    pair(
        "a named condition that says less than it seems",
        rule("L1/a", "refuse", "grown"),
        rule("L1/b", "permit", "actor_age is missing"),
        {"when": "actor_age is not missing and grown"},
        lambda f: f.actor_age is None,
        conditions=({"name": "grown", "means": "actor_age is missing or actor_age >= 18"},),
    ),
    pair(
        "a birthday",
        rule("L1/a", "refuse", "actor_age is not missing and actor_age <= 18"),
        rule("L1/b", "permit", "actor_age is not missing and actor_age >= 18"),
        {"when": "actor_age is not missing and actor_age < 18"},
        lambda f: f.actor_age == 18,
    ),
    pair(
        "the smaller of two amounts and the larger",
        rule("L1/a", "refuse", MONEY + "max(value, deposit) >= limit"),
        rule("L1/b", "permit", MONEY + "min(value, deposit) < limit"),
        {"when": MONEY + "min(value, deposit) >= limit"},
        lambda f: min(f.value, f.deposit) < 100_00 <= max(f.value, f.deposit),
        parameters=(LIMIT,),
    ),
    pair(
        "a sum and its parts",
        rule("L1/a", "refuse", MONEY + "value + deposit > limit"),
        rule("L1/b", "permit", MONEY + "value <= limit and deposit <= limit"),
        {"when": MONEY + "value > limit"},
        lambda f: f.value + f.deposit > 100_00 and max(f.value, f.deposit) <= 100_00,
        parameters=(LIMIT,),
    ),
]

GOOD = rule("L1/b", "permit")


def dead(
    what: str,
    faulty: dict[str, Any],
    mended: dict[str, Any],
    *others: dict[str, Any],
    reasons: tuple[str, ...] = (),
    kind: str = "dead",
    **law: Any,
) -> Fault:
    """A provision that nothing reaches, and the keys that set it right."""
    made = Law((faulty, *others), **law)
    return Fault(what, made, made.but(faulty["id"], **mended), kind, (faulty["id"],), reasons=reasons)


DEAD = [
    dead(
        "two codes at once",
        rule("L1/a", "permit", 'actor_kind == "self_employed" and actor_kind == "state_body"'),
        {"when": "hold"},
        reasons=("self_employed", "state_body"),
    ),
    dead(
        "above and below",
        rule("L1/a", "permit", HERE + "value < limit and value > limit"),
        {"when": HERE + "value <= limit"},
        parameters=(LIMIT,),
        reasons=("value < limit", "value > limit"),
    ),
    dead(
        "between two limits that leave nothing",
        rule("L1/a", "refuse", HERE + "value >= limit and value < low"),
        {"when": HERE + "value < low"},
        parameters=(LIMIT, values("low", "QQD", (FROM, None, "100.00"))),
        reasons=("value >= limit", "value < low"),
    ),
    dead(
        "a day before its time",
        rule("L1/a", "permit", "day < date(2026, 1, 1)"),
        {"when": "day < date(2026, 1, 2)"},
        reasons=("day",),
    ),
    dead(
        "two exceptions that leave nothing",
        rule("L1/a", "permit", "own_account"),
        {"when": None},
        rule("L1/b", "refuse", "hold and own_account", exception_of=["L1/a"]),
        rule("L1/c", "refuse", "own_account and not hold", exception_of=["L1/a"]),
        reasons=("L1/b always silences", "L1/c always silences"),
    ),
    dead(
        "a narrower refusal behind a wider one",
        rule("L1/a", "refuse", "hold and cross_border"),
        {"precedence": 2},
        rule("L1/b", "refuse", "hold", precedence=1),
        reasons=("L1/b always decides first",),
    ),
    dead(
        "a permission behind a refusal and a referral",
        rule("L1/a", "permit", "hold"),
        {"when": None},
        rule("L2/b", "refuse", "cross_border", exception_of=["L1/a"]),
        rule("L2/c", "refer", "hold and not cross_border", exception_of=["L1/a"]),
        reasons=("L2/b", "L2/c"),
    ),
    dead(
        "a levy that everybody is exempt from",
        rule("L1/a", "levy", "hold", rate="rate.one"),
        {"when": None},
        rule("L1/b", "exempt", "hold"),
        parameters=RATES,
        reasons=("L1/b always decides first",),
    ),
    dead(
        "a requirement that is always met",
        rule("L1/a", "require", needs="hold or not hold"),
        {"needs": "hold"},
        reasons=("always holds",),
    ),
    dead(
        "a duty to report what cannot be",
        rule("L1/a", "report", "hired_persons < 0"),
        {"when": "hired_persons > 0"},
        reasons=("hired_persons",),
    ),
    dead(
        "a provision that stands ready for nothing",
        rule("L1/a", "refuse", "hold and not hold", grade="C"),
        {"when": "hold"},
        reasons=("not hold",),
    ),
    dead(
        "below one rounding and above the other",
        rule(
            "L1/a",
            "permit",
            MONEY + 'deposit >= limit and value < share(deposit, third, "down") and value >= share(deposit, third, "up")',
        ),
        {"when": MONEY + 'deposit >= limit and value < share(deposit, third, "up") and value >= share(deposit, third, "down")'},
        parameters=(LIMIT, THIRD),
        reasons=("down", "up"),
    ),
    dead(
        "a definition of nothing",
        rule("L1/a", "define", 'screening not in ("clear", "possible", "listed", "unavailable")'),
        {"when": None},
        reasons=("screening",),
    ),
    dead(
        "a requirement that nobody can meet",
        rule("L1/a", "require", "hold", needs="not hold"),
        {"needs": "approved"},
        kind="impossible",
        reasons=("not hold",),
    ),
]


def gap(what: str, law: Law, mended: Law, facts: Any = None, days: Any = None) -> Fault:
    """Something that an act promised to answer."""
    made, right = (replace(one, complete=("fiat_pay",)) for one in (law, mended))
    return Fault(what, made, right, "gap", ("L1", "fiat_pay"), facts or (lambda _: True), days)


BELOW_LIMIT = Law(
    (rule("L1/a", "permit", HERE + "value < limit"), rule("L1/b", "refuse", "value is missing or value > limit")), (LIMIT,)
)
THERE = Law((rule("L1/a", "permit", HERE + "value < limit"), rule("L1/b", "refuse", HERE + "value >= limit")), (LIMIT,))
LISTED = Law(
    (rule("L1/a", "permit", "screening in passed"), rule("L1/b", "refuse", 'screening in ("listed", "unavailable")')),
    lists=(
        codes(
            "passed",
            "screening",
            (FROM, None, ["clear", "possible"]),
            ("2026-05-01", None, ["clear"]),
            ("2026-06-01", None, ["clear", "possible"]),
        ),
    ),
)
ROUNDED = Law(
    (
        rule("L1/a", "permit", MONEY + 'value <= share(deposit, third, "down")'),
        rule("L1/b", "refuse", 'deposit is missing or value is missing or value > share(deposit, third, "up")'),
    ),
    (THIRD,),
)
MET = Law((rule("L1/a", "permit"), rule("L1/b", "require", "hold", needs="approved", exception_of=["L1/a"])))
GAPS = [
    gap(
        "answers that end while a definition stays",
        Law((rule("L1/a", "refuse", end="2026-08-31"), rule("L1/b", "define"))),
        Law((rule("L1/a", "refuse"), rule("L1/b", "define"))),
        None,
        ("2026-09-01", None),
    ),
    gap("exactly the limit", BELOW_LIMIT, BELOW_LIMIT.but("L1/a", when=HERE + "value <= limit"), lambda f: f.value == 100_00),
    gap(
        "a value that is missing", THERE, THERE.but("L1/b", when="value is missing or value >= limit"), lambda f: f.value is None
    ),
    gap(
        "a code that a list lacks for one month",
        LISTED,
        LISTED.but("L1/b", when="screening not in passed"),
        lambda f: f.screening == "possible",
        ("2026-05-01", "2026-05-31"),
    ),
    gap(
        "between two roundings",
        ROUNDED,
        ROUNDED.but("L1/a", when=MONEY + 'value <= share(deposit, third, "up")'),
        lambda f: f.deposit % 3 != 0,
    ),
    gap(
        "a requirement that silences a permission even when it is met",
        MET,
        MET.but("L1/b", exception_of=None),
        lambda f: f.hold and f.approved,
    ),
    gap(
        "a refusal that ends too early",
        THERE.but("L1/b", when="value is missing or value >= limit", in_force={"from": FROM, "to": "2026-08-31"}),
        THERE.but("L1/b", when="value is missing or value >= limit"),
        None,
        ("2026-09-01", None),
    ),
]

FIRST = rule("L1/first", "refuse", "hold", article="7", end="2026-06-30", status="superseded")


def followed(what: str, kind: str, second: dict[str, Any], days: tuple[str, str], right: str = "2026-07-01") -> Fault:
    """A provision and a later version of it."""
    made, dates = Law((FIRST, second)), {**second["in_force"], "from": right}
    return Fault(what, made, made.but(second["id"], in_force=dates), kind, ("L1/first", second["id"]), days=days)


SERIES = [
    Fault(
        "a parameter without a value for a week",
        law := Law((GOOD,), (values("limit", "QQD", (FROM, "2026-03-31", "1.00"), ("2026-04-08", None, "2.00")),)),
        replace(law, parameters=(values("limit", "QQD", (FROM, "2026-03-31", "1.00"), ("2026-04-01", None, "2.00")),)),
        "hole",
        ("limit",),
        days=("2026-04-01", "2026-04-07"),
    ),
    Fault(
        "a list without codes for a day",
        law := Law(
            (GOOD,), lists=(codes("watched", "wallet_country", (FROM, "2026-03-30", ["QM"]), ("2026-04-01", None, ["QN"])),)
        ),
        replace(law, lists=(codes("watched", "wallet_country", (FROM, "2026-03-31", ["QM"]), ("2026-04-01", None, ["QN"])),)),
        "hole",
        ("watched",),
        days=("2026-03-31", "2026-03-31"),
    ),
    followed(
        "a version of the same article that comes late",
        "hole",
        rule("L1/second", "refuse", "hold", article="7", start="2026-07-03"),
        ("2026-07-01", "2026-07-02"),
    ),
    followed(
        "a version of the same article that comes early",
        "overlap",
        rule("L1/second", "refuse", "hold", article="7", start="2026-06-30"),
        ("2026-06-30", "2026-06-30"),
    ),
    followed(
        "a version of the same name that comes late",
        "hole",
        rule("L2/first", "refuse", "hold", start="2027-01-01"),
        ("2026-07-01", "2026-12-31"),
    ),
    followed(
        "a version of the same name that comes early",
        "overlap",
        rule("L1/first.new", "refuse", "hold", start="2026-05-01"),
        ("2026-05-01", "2026-06-30"),
    ),
    Fault(
        "superseded by nothing",
        Law((FIRST,)),
        Law(({**FIRST, "in_force": {"from": FROM, "to": "2026-06-30", "status": "expired"}},)),
        "unfollowed",
        ("L1/first",),
    ),
]

FAULTS = [*CONFLICTS, *DEAD, *GAPS, *SERIES]
