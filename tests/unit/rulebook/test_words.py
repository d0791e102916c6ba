"""The words of the law: every fact, code and activity has one in every language, and provisions can be told in all of them."""

from __future__ import annotations

import string
from collections.abc import Mapping
from importlib.resources import files
from typing import Any, get_args

import msgspec
import pytest

from skarb.core.activity import ACTIVITIES
from skarb.core.decision import Measure, Verdict
from skarb.core.facts import Facts
from skarb.core.time import parse_day
from skarb.rulebook import Rulebook, load
from skarb.rulebook.check import check
from skarb.rulebook.edition import Edition
from skarb.rulebook.expression import Compare, Count, Fact, Node
from skarb.rulebook.model import Certainty, Effect, Grade, Status
from skarb.rulebook.parse import parse
from skarb.rulebook.phrases import group_of, phrases_of
from skarb.rulebook.schema import schema
from skarb.rulebook.source import Located
from skarb.rulebook.tell import tell, tell_decision
from skarb.rulebook.words import LANGUAGES, words

ZZ = load(files("skarb.jurisdictions") / "zz")
BY = load(files("skarb.jurisdictions") / "by")
DAY = parse_day("2026-08-01")


def edition() -> Edition:
    return ZZ.edition(DAY)


def named(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def missing_words(fields: Any, messages: Mapping[str, Any]) -> list[str]:
    """Return what has no word: facts, negations of flags, codes."""
    lost = [name for name in fields if name not in messages["fact"]]
    lost += [f"not {name}" for name, one in fields.items() if one.type.base == "flag" and name not in messages["flag_not"]]
    for name, one in fields.items():
        group = messages.get(group_of(fields, name), {}) if one.type.codes else {}
        lost += [f"{name}: {code}" for code in one.type.codes if code not in group]
    return lost


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_fact_code_and_activity_has_a_word(code: str) -> None:
    messages = words(code).messages
    assert missing_words(schema("legal", Facts), messages) == []
    assert set(messages["activity"]) == set(ACTIVITIES)
    assert set(messages["fact"]) == set(schema("legal", Facts)), "words of facts that are gone"
    for group, closed in {
        "verdict": Verdict, "measure": Measure, "effect": Effect, "status": Status, "certainty_word": Certainty, "told_grade": Grade,
    }.items():  # fmt: skip
        assert set(messages[group]) >= set(get_args(closed)), group


def test_a_fact_without_words_would_be_noticed() -> None:
    class More(Facts, frozen=True, kw_only=True, array_like=True):
        colour_known: bool = False

    assert missing_words(schema("legal", More), words("be").messages) == ["colour_known", "not colour_known"]
    assert msgspec.structs.fields(More)[-1].name == "colour_known"


@pytest.mark.parametrize("code", LANGUAGES[:-1])
def test_catalogues_have_the_same_keys_and_gaps(code: str) -> None:
    own, model = words(code).messages, words("en").messages
    assert own.keys() == model.keys()
    for key, text in model.items():
        if isinstance(text, dict):
            assert own[key].keys() == text.keys(), key
            assert {one for one in text if named(text[one]) != named(own[key][one])} == set(), key
        elif isinstance(text, str):
            assert named(text) == named(own[key]), key


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("law", [ZZ, BY], ids=["zz", "by"])
def test_every_provision_can_be_told(law: Rulebook, code: str) -> None:
    """Every node of every condition has a phrase; nothing is left open in the text."""
    for provision in law.pack.provisions.values():
        told = tell(law, provision, DAY, words(code))
        text = told.text()
        assert "{" not in text and "}" not in text
        assert provision.id in text
        assert told.translated == (code == "en" or code in provision.says_in)
        assert (words(code).text("told_only_english") in text) == (not told.translated)


def condition(text: str) -> Node:
    faults: list[object] = []
    node = parse(Located(text), lambda *fault: faults.append(fault))
    assert node is not None and not faults
    checked = check(node, ZZ.scope, lambda *fault: faults.append(fault))
    assert checked is not None, faults
    return checked.node


PHRASES = {
    "actor_resident": (
        "той, хто дзейнічае, — рэзідэнт краіны гэтага права",
        "whoever acts is a resident of the country of this law",
    ),
    "not actor_resident": ("той, хто дзейнічае, — не рэзідэнт", "whoever acts is not a resident"),
    'actor_kind == "legal_entity"': ("хто дзейнічае: юрыдычная асоба", "who acts: legal entity"),
    'not actor_kind == "legal_entity"': ("хто дзейнічае: не юрыдычная асоба", "who acts: not legal entity"),
    'counterparty_kind in ("state_body", "legal_entity")': (
        "другі бок: адно з пераліку — дзяржаўны орган, юрыдычная асоба",
        "other side: one of — state body, legal entity",
    ),
    "wallet_country in watched_countries": (
        "краіна пастаўшчыка кашалька: адно з пераліку — QM, QN",
        "country of the wallet's provider: one of — QM, QN",
    ),
    'not wallet_country in ("XX",)': (
        "краіна пастаўшчыка кашалька: не краіна невядомая",
        "country of the wallet's provider: not unknown",
    ),
    "value is missing": ("вартасць у нацыянальнай валюце: невядома", "value in the legal currency: unknown"),
    "hired_persons < 5": ("колькасць наёмных работнікаў: менш за 5", "number of hired persons: less than 5"),
    "not hired_persons < 5": ("колькасць наёмных работнікаў: не менш за 5", "number of hired persons: at least 5"),
    "day >= market.opens": (
        "дата паводле права: не раней за 1\u00a0лютага\u00a02026 (market.opens)",
        "legal day: 1\u00a0February\u00a02026 (market.opens) or later",
    ),
    "hired_persons + 1 > max(2, 3)": (
        "колькасць наёмных работнікаў плюс 1: больш за большае з: 2; 3",
        "number of hired persons plus 1: more than the largest of: 2; 3",
    ),
}


@pytest.mark.parametrize("text", PHRASES)
def test_phrases(text: str) -> None:
    found = []
    for code in ("be", "en"):
        (line,) = phrases_of(edition(), words(code)).lines(condition(text))
        found.append(line.text)
    assert tuple(found) == PHRASES[text]


def test_a_not_goes_down_to_the_statements() -> None:
    lines = phrases_of(edition(), words("en")).lines(condition("not (actor_resident and (cross_border or value is missing))"))
    assert [(line.depth, line.text) for line in lines] == [
        (0, "at least one of these holds:"),
        (1, "whoever acts is not a resident"),
        (1, "all of these hold:"),
        (2, "the operation stays within the country"),
        (2, "value in the legal currency: known"),
    ]


def test_shares_and_amounts_are_those_of_the_day() -> None:
    one = ZZ.pack.provisions["ZZ-L1-2026/credit"]
    for day, ratio in (("2026-06-30", "50\u00a0%"), ("2026-07-01", "2/3")):
        text = tell(ZZ, one, parse_day(day), words("ru")).text()
        assert f"доля {ratio} (credit.loan_to_value_max) от величины «депозит или залог»" in text
    large = tell(ZZ, ZZ.pack.provisions["ZZ-D2-2026/large"], parse_day("2027-01-01"), words("be")).text()
    assert "не менш за 4\u00a0550,00\u00a0ZZD (report.large)" in large


def test_a_day_before_the_provision_is_said() -> None:
    one = BY.pack.provisions["BY-U367-2024/p2p"]
    assert "У гэты дзень норма не дзейнічае." in tell(BY, one, parse_day("2024-09-19"), words("be")).text()
    assert "У гэты дзень норма не дзейнічае." not in tell(BY, one, parse_day("2024-09-20"), words("be")).text()


def test_the_exceptions_are_told_both_ways() -> None:
    text = tell(ZZ, ZZ.pack.provisions["ZZ-L1-2026/no-cash.exchanger"], DAY, words("en")).text()
    assert "Exceptions to it: ZZ-L1-2026/no-cash.minor" in text
    assert "It is an exception of: ZZ-L1-2026/no-cash: Tokens are not sold for cash" in text


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_decision_is_told_with_what_the_law_looked_at(code: str) -> None:
    facts = Facts(activity="token_loan", day=DAY, screening="clear", value=700_00, deposit=1000_00)
    told = tell_decision(ZZ, facts, words(code))
    assert told.provision == "ZZ-L1-2026/credit"
    assert words(code).word("verdict", "refuse") in told.text()
    assert words(code).amount("700.00") in told.text()
    silent = tell_decision(ZZ, Facts(activity="token_gift", day=DAY, screening="clear"), words(code))
    assert words(code).text("told_silence") in silent.text()


def test_act_and_part_are_named_in_the_language() -> None:
    token = BY.pack.provisions["BY-D8-2017/A1-token"]
    assert "«Аб развіцці лічбавай эканомікі», дадатак 1" in tell(BY, token, DAY, words("be")).text()
    assert tell(BY, token, DAY, words("en")).sections[2].lines[0].text.endswith(", Appendix 1")
    facts = Facts(
        activity="token_buy_fiat", day=DAY, screening="clear", actor_kind="natural_person", counterparty_kind="natural_person"
    )
    assert "Указ № 367 «Аб абарачэнні лічбавых знакаў (токенаў)»" in tell_decision(BY, facts, words("be")).text()


def test_a_statement_is_a_comparison() -> None:
    with pytest.raises(TypeError):
        phrases_of(edition(), words("en")).statement(Count(1))
    assert (
        phrases_of(edition(), words("en"))
        .statement(Compare("!=", Fact("actor_resident"), Fact("cross_border")))
        .startswith("not the same")
    )
