"""An edition over columns gives what it gives one by one, and refuses columns that are not what they say."""

from __future__ import annotations

import json
import random
from typing import Annotated, Any, Literal

import msgspec
import numpy as np
import pytest

from skarb.core.activity import Activity
from skarb.core.errors import ConfigurationError, InputError
from skarb.core.facts import Facts
from skarb.rulebook import Edition, Rulebook
from skarb.rulebook.classes import kinds
from skarb.rulebook.coding import MISSING, encode
from skarb.rulebook.edition import Outcome
from skarb.rulebook.expression import Code, Compare, Fact
from skarb.rulebook.load import read_texts
from skarb.rulebook.questions import Questions, answer
from skarb.rulebook.sql import facts_used

DAY = 20454  # 2026-01-01


def edition_of(*provisions: dict[str, Any], parameters: list[dict[str, Any]] | None = None) -> Edition:
    country = {"code": "ZZ", "name": "Zedland", "currency": "ZZD", "decimals": 2, "zone": "UTC", "ranks": ["law"]}
    common = {
        "title": "title",
        "cites": {"act": "ZZ-LAW", "article": "?"},
        "in_force": {"from": None},
        "activity": ["mine", "fiat_pay"],
        "authority": ["ZZ"],
        "certainty": "primary_text",
        "grade": "A",
        "says": "It says so.",
        "cases": [{"at": "2026-01-01", "facts": {}, "then": "silent"}],
    }
    files = {
        "country.yaml": json.dumps(country),
        "acts/acts.yaml": json.dumps([{"id": "ZZ-LAW", "title": "Law", "rank": "law"}]),
        "provisions/all.yaml": json.dumps([common | {"id": f"ZZ-LAW/{n}"} | one for n, one in enumerate(provisions)]),
        "parameters/all.yaml": json.dumps(parameters or []),
    }
    pack, problems = read_texts(files, "zz")
    assert pack is not None, problems
    return Rulebook(pack).edition(DAY)


def columns_of(edition: Edition, rows: list[Facts]) -> dict[str, np.ndarray]:
    return {name: encode(edition.fields[name], [getattr(row, name) for row in rows]) for name in edition.kernel.facts}


def agree(edition: Edition, rows: list[Facts], kind: Literal["numba", "python"] = "python") -> None:
    found = edition.kernel.decide(columns_of(edition, rows), kind)
    numbers = zip(found.outcomes.tolist(), found.duties.tolist(), found.levies.tolist(), strict=True)
    assert list(numbers) == [(edition.decide(row), edition.duties(row), edition.levy(row)) for row in rows]


def amounts(name: str, value: str) -> dict[str, Any]:
    return {"name": name, "unit": "ZZD", "values": [{"from": None, "value": value, "cites": "ZZ-LAW"}]}


def rows_of(**choices: tuple[object, ...]) -> list[Facts]:
    chance = random.Random(1)
    rows = []
    for _ in range(300):
        rows.append(Facts(day=DAY, **{name: chance.choice(some) for name, some in ({"activity": ("mine",)} | choices).items()}))
    return rows


def test_every_side_of_a_limit_is_told_apart() -> None:
    edition = edition_of(
        *(
            {"effect": "refuse", "when": f"value is not missing and value {sign} low", "precedence": n}
            for n, sign in enumerate(("<", "=="))
        ),
        {"effect": "permit", "when": "value is not missing and value >= high or value is missing"},
        {"effect": "report", "when": "value is not missing and high <= value"},
        {"effect": "report", "when": "value is not missing and low != value and hired_persons > 2 and not hired_persons <= 3"},
        parameters=[amounts("low", "1.00"), amounts("high", "2.00")],
    )
    values = (None, -(10**15), 0, 99, 100, 101, 199, 200, 201, 10**15)
    agree(edition, rows_of(value=values, hired_persons=(0, 2, 3, 4, 10**9), approved=(True, False)))


def test_countries_that_no_provision_names_are_one_class() -> None:
    edition = edition_of(
        {"effect": "refuse", "when": 'actor_country in ("BY", "US")'},
        {"effect": "permit", "when": 'actor_country != "PL" and actor_country == wallet_country'},
    )
    countries = ("AA", "BY", "PL", "US", "ZZ")
    agree(edition, rows_of(actor_country=countries, wallet_country=countries))
    assert sorted(kind.count for kind in edition.kernel._plan.kinds if len(getattr(kind, "classes", ())) > 9) == [1, 3]


def test_an_approved_referral_permits_and_every_duty_has_its_bit() -> None:
    edition = edition_of(
        {"effect": "refer", "when": "actor_resident"},
        *({"effect": "report", "when": f"hired_persons >= {n}"} for n in range(62)),
        {"effect": "report"},
    )
    assert len(edition.duty_ids) == 63
    rows = rows_of(
        activity=("mine", "token_hold"), hired_persons=tuple(range(64)), actor_resident=(True, False), approved=(True, False)
    )
    agree(edition, rows)
    agree(edition, rows, "numba")
    assert max(edition.duties(row) for row in rows) == (1 << 63) - 1
    assert {edition.outcomes[edition.decide(row)] for row in rows} >= {
        Outcome("permit", "ZZ-LAW/0"),
        Outcome("refer", "ZZ-LAW/0"),
    }


def test_more_than_256_limits_of_one_fact() -> None:
    edition = edition_of(*({"effect": "refuse", "when": f"hired_persons == {7 * n}", "precedence": n % 5} for n in range(200)))
    rows = rows_of(hired_persons=tuple(range(0, 1500, 3)))
    assert max(kind.count for kind in edition.kernel._plan.kinds) == 401
    agree(edition, rows)
    agree(edition, rows, "numba")


def test_a_long_row_of_guards_is_decided_without_end_of_the_stack() -> None:
    edition = edition_of(
        *(
            {
                "effect": "refuse",
                "when": f"hired_persons == {n} and actor_age is not missing and actor_age < {n % 90} or day == date(2030, 1, 1) + {n}",
            }
            for n in range(600)
        )
    )
    agree(edition, rows_of(hired_persons=tuple(range(610)), actor_age=(None, 1, 50, 80)))


def test_truths_compared_with_truths_are_asked_once_each() -> None:
    flags = ("hold", "own_account", "systematic", "actor_resident")
    nested = "by_phone"
    for number in range(35):
        nested = f"({flags[number % 4]} {'==' if number % 3 else '!='} {nested})"
    edition = edition_of({"effect": "permit", "when": nested}, {"effect": "report", "when": f"not {nested} == own_account"})
    both = (True, False)
    agree(edition, rows_of(hold=both, own_account=both, systematic=both, actor_resident=both, by_phone=both))


def test_an_edition_without_provisions_refers_everything() -> None:
    edition = edition_of()
    agree(edition, rows_of(approved=(True, False)))
    assert edition.kernel.facts == ("activity", "approved")
    assert len(edition.kernel.decide(columns_of(edition, [])).outcomes) == 0


def test_it_asks_for_no_column_that_sql_does_not_ask_for() -> None:
    edition = edition_of({"effect": "permit", "when": "value is missing or own_account"})
    assert edition.kernel.facts == facts_used(edition) == ("activity", "own_account", "value", "approved")


def test_blocks_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("skarb.rulebook.kernel.BLOCK", 7)
    edition = edition_of({"effect": "refuse", "when": "hired_persons > 3"}, {"effect": "report", "when": "actor_resident"})
    agree(edition, rows_of(hired_persons=(0, 3, 4), actor_resident=(True, False)))


@pytest.mark.parametrize(
    ("name", "change", "says"),
    [
        ("activity", lambda column: column[:-1], "as many rows"),
        ("value", lambda column: column.astype("i4"), "is int32 of shape"),
        ("value", lambda column: np.where(column == 5, 10**15 + 1, column), "row 1: 1000000000000001 given"),
        (
            "hired_persons",
            lambda column: np.where(column == 2, MISSING, column),
            "row 2: -9223372036854775808 given, expected 0 to",
        ),
        ("own_account", lambda column: column + np.uint8(1), "row 0: 2 given, expected 0 to 1"),
        ("wallet_country", lambda column: np.where(column == 1, 676, column).astype("u2"), "row 1: 676 given, expected 0 to 675"),
    ],
)
def test_columns_that_are_not_what_they_say_are_refused(name: str, change: Any, says: str) -> None:
    when = 'value is missing or own_account and value + value > value and hired_persons + 1 > 0 and wallet_country == "AB"'
    edition = edition_of({"effect": "permit", "when": when})
    rows = [Facts(activity="mine", day=DAY, value=n * 5, hired_persons=n, wallet_country=("AA", "AB", "ZZ")[n]) for n in range(3)]
    columns = columns_of(edition, rows)
    for kind in ("python", "numba"):
        edition.kernel.decide(columns, kind)
        with pytest.raises(InputError, match=says):
            edition.kernel.decide(columns | {name: change(columns[name])}, kind)
    with pytest.raises(InputError, match=f"no column '{name}'"):
        edition.kernel.decide({other: column for other, column in columns.items() if other != name})


def test_a_code_that_can_be_missing_has_no_column() -> None:
    class Holes(msgspec.Struct, frozen=True, kw_only=True):
        activity: Activity
        day: Annotated[int, msgspec.Meta(ge=-25567, le=73049, extra={"type": "day"})]
        approved: bool = False
        colour: Literal["red", "blue"] | None = None

    whole = edition_of({"effect": "permit"})
    edition = Edition(whole.country, whole.acts, whole.open_provisions, {}, {}, {}, facts=Holes)
    assert edition.kernel.facts == ("activity", "approved")
    with pytest.raises(ConfigurationError, match="'colour' is a code that can be missing"):
        kinds(edition.fields, [Compare("==", Fact("colour"), Code("red"))])


def test_a_shortened_way_has_the_same_end() -> None:
    """Random graphs: from any beginning every combination of classes ends where it ended before."""
    chance = random.Random(5)
    for _ in range(60):
        counts = [1, 2, 3, 2, 4]
        questions = Questions(counts)
        places = [answer(number) for number in range(3)]
        for _ in range(25):
            about = chance.randrange(1, 5)
            places.append(questions.switch(about, tuple(chance.choice(places) for _ in range(counts[about]))))
            if chance.random() < 0.2:
                places.append(questions.note(chance.randrange(5), chance.choice(places)))
        root = places[-1]
        short = questions.shorten(root)
        for number in range(48):
            classes = [0, number % 2, number // 2 % 3, number // 6 % 2, number // 12 % 4]
            assert end(questions, short, classes)[:2] == end(questions, root, classes)[:2]
            assert end(questions, short, classes)[2] <= end(questions, root, classes)[2]


def end(questions: Questions, place: int, classes: list[int]) -> tuple[int, set[int], int]:
    bits, asked = set(), 0
    while place >= 0:
        about, places = questions.list[place]
        if about == 0:
            bits.add(places[1])
        asked += about > 0
        place = places[classes[about]]
    return place, bits, asked
