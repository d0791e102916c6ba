"""Editions: which day has which law, how the deciding provision is found, and the normal form that outlives the folder."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import msgspec
import pytest

from skarb.core.errors import ConfigurationError, InputError
from skarb.core.facts import Facts
from skarb.core.time import from_day, parse_day
from skarb.rulebook import Edition, Rulebook, load
from skarb.rulebook.check import check
from skarb.rulebook.coding import encode
from skarb.rulebook.expression import walk, write
from skarb.rulebook.load import read_texts
from skarb.rulebook.parse import parse
from skarb.rulebook.schema import TOTALS, Field, Type, schema
from skarb.rulebook.source import Located

ZZ = load(files("skarb.jurisdictions") / "zz")
DAY = parse_day("2026-03-01")


def facts(activity: str, **given: Any) -> Facts:
    """An identified client at a registered platform, with a clear screening."""
    usual: dict[str, Any] = {
        "day": DAY,
        "actor_kind": "natural_person",
        "actor_identified": True,
        "operator_licence": "platform",
        "operator_registered": True,
        "screening": "clear",
        "value": 10_000,
        "value_usd": 5_000,
    }
    return Facts(activity=activity, **{**usual, **given})


def law(provisions: list[dict[str, Any]]) -> Rulebook:
    """A rulebook of a few provisions, written as short as they can be."""
    records = []
    for one in provisions:
        record = {
            "title": "t",
            "cites": {"act": one["id"].partition("/")[0], "article": "?"},
            "in_force": {"from": one.get("from", "2026-01-01"), "to": one.get("to")},
            "activity": ["mine"],
            "authority": ["A"],
            "certainty": "primary_text",
            "grade": "A",
            "says": "s",
            "cases": [{"at": "2026-01-01", "facts": {}, "then": "silent"}],
        }
        records.append(record | {key: value for key, value in one.items() if key not in ("from", "to")})
    texts = {
        "country.yaml": json.dumps(
            {"code": "ZZ", "name": "Z", "currency": "ZZD", "decimals": 2, "zone": "UTC", "ranks": ["law", "decree"]}
        ),
        "acts/a.yaml": json.dumps([{"id": "L", "title": "Law", "rank": "law"}, {"id": "D", "title": "Decree", "rank": "decree"}]),
        "provisions/a.yaml": json.dumps(records),
    }
    pack, problems = read_texts(texts, "test")
    assert pack is not None, "\n".join(map(str, problems))
    return Rulebook(pack)


def decides(*provisions: dict[str, Any], **given: Any) -> tuple[str, str]:
    decision = law(list(provisions)).edition(DAY).decision(facts("mine", **given))
    return decision.verdict, decision.provision


PERMIT = {"id": "L/permit", "effect": "permit"}
REFUSE = {"id": "D/refuse", "effect": "refuse"}
REFER = {"id": "D/refer", "effect": "refer"}


def test_texts_in_other_languages_are_in_no_edition() -> None:
    cited = {"act": "L", "article": "Part 1"}
    plain = PERMIT | {"cites": cited}
    told = plain | {"title_in": {"be": "т"}, "says_in": {"ru": "с"}, "cites": cited | {"article_in": {"be": "частка 1"}}}
    found = law([told])
    assert found.pack.provisions["L/permit"].cites.article_in == {"be": "частка 1"}
    assert found.edition(DAY).hash == law([plain]).edition(DAY).hash
    assert found.edition(DAY).hash != law([plain | {"title": "another"}]).edition(DAY).hash


def test_a_refusal_decides_before_a_referral_and_a_referral_before_a_permission() -> None:
    assert decides(PERMIT, REFER, REFUSE) == ("refuse", "D/refuse")
    assert decides(PERMIT, REFER) == ("refer", "D/refer")
    assert decides(PERMIT) == ("permit", "L/permit")


def test_where_nothing_speaks_the_answer_is_refer() -> None:
    assert decides({"id": "L/x", "effect": "define"}) == ("refer", "silence")
    assert decides({"id": "L/x", "effect": "permit", "activity": ["onboard"]}) == ("refer", "silence")


def test_approval_lifts_a_referral_and_silence_but_never_a_refusal() -> None:
    assert decides(PERMIT, REFER, approved=True) == ("permit", "D/refer")
    assert decides(REFER, REFUSE, approved=True) == ("refuse", "D/refuse")
    assert decides({"id": "L/x", "effect": "define"}, approved=True) == ("permit", "silence")
    required = {"id": "L/r", "effect": "require", "needs": "hold", "otherwise": "refer"}
    assert decides(PERMIT, required) == ("refer", "L/r")
    assert decides(PERMIT, required, approved=True) == ("permit", "L/r")


@pytest.mark.parametrize(
    ("first", "second", "wins"),
    [
        ({"precedence": 1, "id": "D/a"}, {"id": "L/b"}, "D/a"),  # precedence before rank
        ({"id": "D/a"}, {"id": "L/b"}, "L/b"),  # the higher act
        ({"id": "L/a", "from": "2026-01-01"}, {"id": "L/b", "from": "2026-02-01"}, "L/b"),  # the later
        ({"id": "L/b"}, {"id": "L/a"}, "L/a"),  # the id, so that there is always an answer
    ],
)
def test_among_equals_precedence_rank_date_and_id_decide(first: dict[str, Any], second: dict[str, Any], wins: str) -> None:
    assert decides({"effect": "refuse", **first}, {"effect": "refuse", **second}) == ("refuse", wins)


def test_the_deeper_exception_decides_before_the_later_act() -> None:
    general = {"id": "L/general", "effect": "permit", "when": "hold"}
    special = {"id": "L/special", "effect": "refuse", "exception_of": ["L/general"]}
    later = {"id": "L/later", "effect": "refuse", "from": "2026-02-01"}
    assert decides(general, special, later) == ("refuse", "L/special")


def test_an_exception_silences_and_its_own_exception_lets_the_rule_speak_again() -> None:
    rule = {"id": "L/rule", "effect": "refuse"}
    exception = {"id": "L/exception", "effect": "permit", "when": "cross_border", "exception_of": ["L/rule"]}
    counter = {"id": "L/counter", "effect": "define", "when": "hold", "exception_of": ["L/exception"]}
    assert decides(rule, exception, counter) == ("refuse", "L/rule")
    assert decides(rule, exception, counter, cross_border=True) == ("permit", "L/exception")
    assert decides(rule, exception, counter, cross_border=True, hold=True) == ("refuse", "L/rule")


def test_an_exception_counts_only_while_it_is_in_force_and_enabled() -> None:
    rule = {"id": "L/rule", "effect": "refuse"}
    exception = {"id": "L/exception", "effect": "permit", "exception_of": ["L/rule"]}
    assert decides(rule, exception) == ("permit", "L/exception")
    assert decides(rule, exception | {"to": "2026-02-28"}) == ("refuse", "L/rule")
    assert decides(rule, exception | {"grade": "C"}) == ("refuse", "L/rule")
    draft = law([rule, exception | {"in_force": {"from": "2026-01-01", "status": "draft"}}])
    assert draft.edition(DAY).decision(facts("mine")).provision == "L/rule"


def test_a_met_requirement_permits_nothing_and_an_unmet_one_decides() -> None:
    required = {"id": "L/r", "effect": "require", "when": "cross_border", "needs": "actor_resident", "measure": "hold"}
    assert decides(required, cross_border=True, actor_resident=True) == ("refer", "silence")
    assert decides(required, PERMIT, cross_border=True, actor_resident=True) == ("permit", "L/permit")
    decision = law([required, PERMIT]).edition(DAY).decision(facts("mine", cross_border=True))
    assert (decision.verdict, decision.provision, decision.measure) == ("refuse", "L/r", "hold")


def test_duties_are_collected_and_standing_ones_are_not() -> None:
    edition = law(
        [
            PERMIT,
            {"id": "L/b", "effect": "report", "when": "hold"},
            {"id": "L/a", "effect": "require"},
            {"id": "L/c", "effect": "require", "standing": True},
        ]
    ).edition(DAY)
    assert edition.duty_ids == ("L/a", "L/b")
    assert edition.duties(facts("mine")) == 0b01
    assert edition.duties(facts("mine", hold=True)) == 0b11
    assert edition.decision(facts("mine", hold=True)).duties == ("L/a", "L/b")
    assert edition.duties(facts("onboard")) == 0


def test_more_duties_than_bits_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="64 duties are in force at once, expected at most 63; mark those"):
        law([{"id": f"L/{number}", "effect": "report"} for number in range(64)]).edition(DAY)
    edition = law([{"id": f"L/{number}", "effect": "report"} for number in range(63)]).edition(DAY)
    assert edition.duties(facts("mine")) == (1 << 63) - 1


def layered(layers: int, width: int) -> list[dict[str, Any]]:
    """Provisions of which each is an exception of all of the layer before."""
    return [
        {
            "id": f"L/{layer}-{number}",
            "effect": "refuse",
            "when": f"hired_persons != {layer}",
            "exception_of": [f"L/{layer - 1}-{other}" for other in range(width)] if layer else [],
        }
        for layer in range(layers)
        for number in range(width)
    ]


def test_exceptions_of_exceptions_cannot_grow_beyond_what_engines_read() -> None:
    with pytest.raises(
        ConfigurationError, match=r"L/1-\d: its condition has 1\d{5} parts, nested 14 deep, with those of its exceptions"
    ):
        law(layered(8, 6)).edition(DAY)
    with pytest.raises(ConfigurationError, match="nested 152 deep"):
        law(layered(90, 1)).edition(DAY)
    edition = law(layered(70, 1)).edition(DAY)
    for hired in (0, 1, 35, 69, 70):
        one = facts("mine", hired_persons=hired)
        found = edition.kernel.decide({name: encode(edition.fields[name], [getattr(one, name)]) for name in edition.kernel.facts})
        assert edition.decide(one) == found.outcomes[0]


def test_an_exemption_beats_a_levy() -> None:
    texts = {"small": facts("mine", value=3_999), "large": facts("mine", value=4_000)}
    edition = ZZ.edition(DAY)
    assert edition.decision(texts["small"]).levy == "ZZ-L1-2026/small-miner"
    assert edition.decision(texts["large"]).levy == "ZZ-L1-2026/mining-tax"
    assert edition.decision(facts("fiat_pay")).levy == ""
    assert edition.levy_ids[0] == ""


# -- days ------------------------------------------------------------------------------------------------------------------------


def test_boundaries_are_the_days_on_which_the_law_changes() -> None:
    days = [str(from_day(day)) for day in ZZ.boundaries[1:]]
    assert days == ["2026-01-01", "2026-07-01", "2027-01-01"]
    assert ZZ.edition(parse_day("2026-01-01")) is ZZ.edition(parse_day("2026-06-30"))
    assert ZZ.edition(parse_day("2026-07-01")) is not ZZ.edition(parse_day("2026-06-30"))


def test_base_units_become_money_of_the_day() -> None:
    amounts = [ZZ.edition(parse_day(day)).normal for day in ("2026-12-31", "2027-01-01")]
    values = [json.loads(one)["parameters"]["report.large"] for one in amounts]
    assert values == [
        {"type": "money", "currency": "ZZD", "value": 400_000},
        {"type": "money", "currency": "ZZD", "value": 455_000},
    ]


def test_days_outside_the_facts_are_refused() -> None:
    for day in (-25568, 73050):
        with pytest.raises(InputError, match=r"lies outside 1900-01-01 … 2170-01-01"):
            ZZ.edition(day)


# -- the normal form -----------------------------------------------------------------------------------------------------------


def test_the_normal_form_is_canonical_and_loads_again() -> None:
    for day in ZZ.boundaries:
        edition = ZZ.edition(day)
        again = Edition.from_normal(edition.normal)
        assert again.normal == edition.normal
        assert again.hash == edition.hash
        assert again.outcomes == edition.outcomes
        assert again.duty_ids == edition.duty_ids
        assert again.levy_ids == edition.levy_ids
        data = json.loads(edition.normal)
        assert json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode() == edition.normal


def test_the_hash_leaves_out_what_cannot_change_an_answer() -> None:
    base = law([PERMIT]).edition(DAY).hash
    assert law([PERMIT | {"note": "remark"}]).edition(DAY).hash == base
    assert law([PERMIT | {"to": "2030-01-01"}]).edition(DAY).hash == base
    assert law([PERMIT, REFUSE | {"grade": "C"}]).edition(DAY).hash == base
    assert law([PERMIT | {"when": "hold"}]).edition(DAY).hash != base
    assert law([PERMIT | {"says": "otherwise"}]).edition(DAY).hash != base
    assert law([PERMIT | {"precedence": 1}]).edition(DAY).hash != base


def test_the_word_all_keeps_older_hashes_when_activities_are_added() -> None:
    data = json.loads(law([PERMIT | {"activity": ["all"]}]).edition(DAY).normal)
    assert data["provisions"]["L/permit"]["activities"] == ["all"]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda data: data | {"format": "skarb-edition-0"}, "given format 'skarb-edition-0', expected 'skarb-edition-1'"),
        (lambda data: data | {"more": 1}, "unknown field"),
        (lambda data: data | {"conditions": {"x": "qqq"}}, "condition 'x': at 0, given 'qqq', expected a fact"),
        (lambda data: data | {"conditions": {"x": "y", "y": "x"}}, "conditions name each other in a circle"),
        (lambda data: data | {"conditions": {"x": "(("}}, "condition 'x': at 1"),
        (lambda data: data | {"parameters": {"p": {"type": "cake", "value": 1}}}, "is no money, ratio, count or day"),
        (lambda data: data | {"lists": {"l": {"field": "hold", "codes": []}}}, "expected a fact that is a code"),
        (lambda data: data | {"acts": {}}, "cites 'ZZ-D2-2026', expected an act with a known rank"),
        (lambda data: data | {"lists": {}}, "expected a list of lists.yaml"),
    ],
)
def test_a_normal_form_that_was_tampered_with_is_refused(change: Any, expected: str) -> None:
    data = change(json.loads(ZZ.edition(DAY).normal))
    with pytest.raises(InputError, match=r"an edition's normal form") as error:
        Edition.from_normal(json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode())
    assert expected in str(error.value)


@pytest.mark.parametrize("normal", [b"", b"{}", b"[1]", b"\xff", b"[" * 100_000, b'{"format":"skarb-edition-1"}'])
def test_bytes_that_are_no_normal_form_are_refused(normal: bytes) -> None:
    with pytest.raises(InputError, match="an edition's normal form"):
        Edition.from_normal(normal)


def test_a_normal_form_must_be_canonical_to_the_byte() -> None:
    with pytest.raises(InputError, match="not canonical"):
        Edition.from_normal(ZZ.edition(DAY).normal + b" ")


# -- expressions and schema ----------------------------------------------------------------------------------------------------


def test_written_trees_parse_to_themselves() -> None:
    texts = [
        "not (hold or cross_border) and (actor_resident or hold)",
        "(hold and actor_resident) == (hired_persons > 3)",
        "hired_persons - (1 - 2) > (3 - 1) - 2",
        'actor_kind in ("natural_person",) and not actor_country == "NO"',
        "not (value is missing) and value >= value",
        "day > date(2026, 1, 31) and min(day, day - 3) != day",
    ]
    for text in texts:
        node = parse(Located(text), lambda *fault: pytest.fail(str(fault)))
        assert node is not None
        assert parse(Located(write(node)), lambda *fault: pytest.fail(str(fault))) == node


def test_places_follow_folding_quotes_and_escapes() -> None:
    whole = "a: \"x \\\"q\\\" y\"\nb: >-\n  one\n  two\nc: |\n  one\n  two\nd: 'it''s'\ne: one\n  two\n"
    spots = [
        ('x "q" y', whole.index('"x'), 6, "1:13"),
        ("one two", whole.index(">-"), 4, "4:3"),
        ("one\ntwo\n", whole.index("|"), 5, "7:4"),
        ("it's", whole.index("'it"), 3, "8:9"),
        ("one two", whole.index("one\n  two\n", whole.index("e: ")), 4, "10:3"),
    ]
    for text, start, offset, expected in spots:
        assert str(Located(text, "f", whole, start).at(offset)) == f"f:{expected}"


def test_the_schema_is_read_off_the_facts() -> None:
    fields = schema("BYN")
    assert fields["value"] == Field("value", Type("money", currency="BYN"), True, -(10**15), 10**15)
    assert fields["value_usd"].type.currency == "USD"
    assert fields["actor_kind"].type.codes[0] == "natural_person"
    assert fields["actor_country"].type.admits("ZZ") and not fields["actor_country"].type.admits("zz")
    assert fields["actor_age"].optional and not fields["hired_persons"].optional
    assert [*fields] == [name for name in Facts.__struct_fields__ if name != TOTALS]


def test_optional_codes_and_flags_are_guarded_too() -> None:
    class More(msgspec.Struct):
        colour: str | None = None
        sure: bool | None = None

    with pytest.raises(ConfigurationError, match="fact 'colour' has the type"):
        schema("BYN", More)
    from skarb.rulebook.check import Scope

    fields = {
        "sure": Field("sure", Type("flag"), True),
        "colour": Field("colour", Type("code", codes=("red", "blue")), True),
    }
    for text, sound in {
        "sure": False,
        "sure is missing or sure": True,
        'colour == "red"': False,
        'colour is not missing and colour in ("red", "blue")': True,
        'not (colour is missing) and colour == "red"': True,
    }.items():
        faults: list[Any] = []
        node = parse(Located(text), lambda *fault, into=faults: into.append(fault))
        assert node is not None
        assert (check(node, Scope(fields), lambda *fault, into=faults: into.append(fault)) is not None) == sound, faults


def test_every_tree_of_the_made_up_country_is_walked_whole() -> None:
    """The made-up country uses most kinds of nodes, so the engine's tests on it mean something."""
    edition = ZZ.edition(DAY)
    kinds = {
        type(node).__name__
        for one in edition.provisions.values()
        for tree in (one.when, one.needs)
        if tree
        for node in walk(tree)
    }
    assert kinds >= {
        "And",
        "Or",
        "Not",
        "Compare",
        "Within",
        "Missing",
        "Named",
        "Share",
        "Money",
        "Ratio",
        "Count",
        "Day",
        "Codes",
    } - {"Or", "Not"}
    effects = {one.effect for one in ZZ.pack.provisions.values()}
    assert effects == {"permit", "refuse", "refer", "require", "report", "levy", "exempt", "define", "empower"}
    assert {one.grade for one in ZZ.pack.provisions.values()} == {"A", "B", "C"}
