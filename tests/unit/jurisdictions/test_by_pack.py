"""The law of Belarus: it checks clean, its README is true, and no combination of facts opens what it closes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import skarb.jurisdictions
from skarb.core.facts import Facts
from skarb.core.time import parse_day
from skarb.registers import check_number
from skarb.registers.defaults import CountryDefaults, load_country_defaults
from skarb.rulebook import Rulebook, load, verify
from skarb.rulebook.edition import Edition
from skarb.rulebook.expression import Money
from skarb.rulebook.schema import Field, schema
from skarb.rulebook.tell import tell
from skarb.rulebook.words import LANGUAGES, words

FOLDER = Path(skarb.jurisdictions.__file__).parent / "by"
OURS = "BY-BC-2000/transfer"
SCREENED = [
    "token_buy_fiat",
    "token_sell_fiat",
    "token_swap",
    "token_transfer_in",
    "token_transfer_out",
    "token_gift",
    "fiat_pay",
    "qr_pay",
    "onboard",
]


@cache
def law() -> Rulebook:
    return load(FOLDER)


@cache
def defaults() -> CountryDefaults:
    return load_country_defaults(FOLDER)


def edition(day: str) -> Edition:
    return law().edition(parse_day(day))


def records() -> dict[str, Any]:
    """The researched records: neither companions of another provision nor our own addition."""
    every = law().pack.provisions
    return {name: one for name, one in every.items() if name != OURS and not any(name.startswith(f"{other}.") for other in every)}


# -- the pack as a whole ---------------------------------------------------------------------------------------------------------


def test_every_case_holds_and_no_day_is_without_law() -> None:
    assert [str(problem) for problem in verify(law())] == []


def test_the_twelve_dated_checks_are_there() -> None:
    numbers = {int(match[1]) for case in law().pack.edition_cases if (match := re.match(r"(\d+)\. ", case.name))}
    assert numbers == set(range(1, 13))


def test_readme_counts_the_records_as_they_are() -> None:
    found = Counter((one.certainty, one.grade) for one in records().values())
    rows = re.findall(
        r"^\| `(\w+)` — [^|]*\| (\d+) \| (\d+) \| (\d+) \|$", (FOLDER / "README.md").read_text(encoding="utf-8"), re.M
    )
    told = {(certainty, grade): int(count) for certainty, *counts in rows for grade, count in zip("ABC", counts, strict=True)}
    assert told == {(certainty, grade): found[certainty, grade] for certainty, _ in told for grade in "ABC"}
    assert sum(told.values()) == sum(found.values()) == 155


def test_readme_names_only_provisions_that_exist() -> None:
    named = re.findall(r"`(BY-[A-Z0-9-]+/[a-z0-9.-]+)`", (FOLDER / "README.md").read_text(encoding="utf-8"), re.I)
    assert named
    assert set(named) <= law().pack.provisions.keys()


def test_doubtful_records_never_decide_and_assumed_ones_say_so() -> None:
    provisions = law().pack.provisions
    disabled = {name for name, one in provisions.items() if one.grade == "C"}
    assert len(disabled) == 10
    for day in law().boundaries:
        today = law().edition(day)
        assert not disabled & today.provisions.keys()
        assert all(
            one.assumed == (provisions[one.provision].grade == "B") for one in today.outcomes if one.provision in provisions
        )


def test_every_provision_says_one_thing_plainly() -> None:
    for name, one in law().pack.provisions.items():
        assert one.says.endswith("."), name
        assert len(one.says) <= 260, name
        assert one.authority, name


def test_a_claim_to_have_read_the_text_names_a_source() -> None:
    for name, one in law().pack.provisions.items():
        assert one.cites.sources or one.certainty == "general_knowledge", name


def test_sources_are_listed_once_and_used() -> None:
    listed = [one["id"] for one in yaml.safe_load((FOLDER / "sources.yaml").read_text(encoding="utf-8"))]
    assert len(listed) == len(set(listed))
    assert {source for one in law().pack.provisions.values() for source in one.cites.sources} <= set(listed)


# -- texts in Belarusian and Russian ---------------------------------------------------------------------------------------------

OTHER_ALPHABET = {"be": re.compile("[иИщЩъЪ]"), "ru": re.compile("[іІўЎ]")}
NAMES_IN_LATIN = re.compile(r"[A-Z][A-Z0-9]*(\.\d+)?|(pacs|pain|camt)\.\d{3}|White|Paper")


def texts(code: str) -> Iterator[tuple[str, str, str]]:
    """Yield the name, the English text and the text in a language ("" for none) of whatever the pack says to somebody."""
    for name, act in law().pack.acts.items():
        yield f"{name} title", act.title, act.title_in.get(code, "")
    for name, one in law().pack.provisions.items():
        yield f"{name} title", one.title, one.title_in.get(code, "")
        yield f"{name} says", one.says, one.says_in.get(code, "")
        if re.search("[a-z]{3}", one.cites.article):
            yield f"{name} article", one.cites.article, one.cites.article_in.get(code, "")


def digits(text: str) -> list[str]:
    return sorted(re.findall(r"\d+", text))


def faults(english: str, text: str, code: str) -> list[str]:
    """Return what is wrong with a translation, as far as a machine can tell."""
    found = [] if text and re.search("[а-яёіў]", text) else ["not translated"]
    found += ["a letter of the other alphabet"] if OTHER_ALPHABET[code].search(text) else []
    found += ["other numbers"] if digits(text) != digits(english) else []
    return found + (["an end unlike the English one"] if text.endswith(".") != english.endswith(".") else [])


@pytest.mark.parametrize("code", LANGUAGES[:-1])
def test_whatever_is_said_is_said_in_the_language(code: str) -> None:
    lacking = {name: found for name, english, text in texts(code) if (found := faults(english, text, code))}
    assert lacking == {}


def test_a_fault_of_a_translation_is_found() -> None:
    assert faults("Until 1 January 2049.", "Да 1 студзеня 2049 года.", "be") == []
    assert faults("Until 1 January 2049.", "Да 1 студзеня 2094 года.", "be") == ["other numbers"]
    assert faults("Six.", "Шесть", "be") == ["an end unlike the English one"]
    assert faults("Six.", "Лишек.", "be") == ["a letter of the other alphabet"]
    assert faults("A title", "", "ru") == faults("A title", "A title", "ru") == ["not translated"]


@pytest.mark.parametrize("code", LANGUAGES[:-1])
def test_no_word_of_english_is_left_in_a_telling(code: str) -> None:
    """Conditions, values and citations included; ids, codes and names that are written alike everywhere may stay."""
    pack = law().pack
    ids = sorted({*pack.provisions, *pack.acts, *pack.parameters}, key=len, reverse=True)
    known = re.compile("|".join(map(re.escape, ids)))
    left: dict[str, list[str]] = {}
    for name, one in pack.provisions.items():
        told = tell(law(), one, parse_day("2026-08-01"), words(code)).text()
        latin = re.findall(r"[A-Za-z][A-Za-z0-9_]*(?:\.\w+)*", known.sub("", told))
        if found := [word for word in latin if word not in one.authority and not NAMES_IN_LATIN.fullmatch(word)]:
            left[name] = found
    assert left == {}


# -- numbers ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "name", "minor"),
    [
        ("2024-12-31", "base_unit", 40_00),
        ("2025-01-01", "base_unit", 42_00),
        ("2026-01-01", "base_unit", 45_00),
        ("2025-12-31", "report.special_np", 84_000_00),
        ("2026-02-01", "report.special_np", 90_000_00),
        ("2026-02-01", "report.special_le", 900_000_00),
        ("2026-02-01", "report.token_payment", 45_000_00),
        ("2022-06-01", "htp.cash_limit", 64_000_00),
        ("2026-02-01", "htp.platform_capital_min", 2_000_000_00),
    ],
)
def test_thresholds_follow_the_base_unit_of_the_day(day: str, name: str, minor: int) -> None:
    value = edition(day).parameters[name]
    assert isinstance(value, Money)
    assert (value.value, value.currency) == (minor, "BYN")


# -- where press and law disagree ------------------------------------------------------------------------------------------------

PERSON = {"actor_kind": "natural_person", "actor_resident": True, "screening": "clear", "value": 900_00}


def decide(day: str, **facts: Any) -> Any:
    return edition(day).decision(Facts(day=parse_day(day), **(PERSON | facts)))


def test_nothing_began_in_2023() -> None:
    assert decide("2023-10-01", activity="token_buy_fiat", counterparty_kind="natural_person").verdict == "permit"


def test_nothing_was_banned_in_december_2025() -> None:
    before, after = edition("2025-12-09").provisions, edition("2025-12-20").provisions
    assert after.keys() - before.keys() == {"BY-BLOCK/2025-12.order"}  # a power over sites, not over anybody's deals
    assert before.keys() <= after.keys()
    assert decide("2025-12-20", activity="token_swap", venue_licence="foreign_provider").verdict == "permit"


def test_the_regime_of_the_park_ends_in_2049_and_reliefs_ended_earlier() -> None:
    assert law().pack.provisions["BY-D8-2017/1"].end == parse_day("2049-01-01")
    assert law().pack.provisions["BY-TAX/d8-original"].end == parse_day("2022-12-31")


# -- what no combination of facts may open ---------------------------------------------------------------------------------------


def _value(field: Field) -> st.SearchStrategy[Any]:
    if field.type.base == "flag":
        return st.booleans()
    if field.type.base == "code":
        codes = field.type.codes or ("BY", "DE", "SC", "US", "XX", "KP")
        return st.sampled_from(codes)
    numbers = st.integers(max(field.low, 0), min(field.high, 10_000_000_00))
    return st.none() | numbers if field.optional else numbers


def facts_with(**fixed: st.SearchStrategy[Any]) -> st.SearchStrategy[Facts]:
    """Any facts at all, but for the fields that are given."""
    fields = {name: _value(field) for name, field in schema("BYN").items()}
    return st.builds(Facts, **(fields | fixed))


def days(start: str, end: str) -> st.SearchStrategy[int]:
    return st.integers(parse_day(start), parse_day(end))


INDIVIDUALS = ["natural_person", "self_employed", "craftsperson", "farm_stay_host"]
AFTER_BAN = days("2024-09-20", "2030-12-31")


@settings(max_examples=150, deadline=None)
@given(
    facts_with(
        day=AFTER_BAN, activity=st.sampled_from(["token_buy_fiat", "token_sell_fiat"]), actor_kind=st.sampled_from(INDIVIDUALS)
    )
)
def test_no_individual_deals_for_money_outside_the_park(facts: Facts) -> None:
    park = (facts.operator_regime_resident, facts.venue_regime_resident, facts.counterparty_regime_resident)
    abroad = facts.venue_licence == "foreign_provider" or facts.counterparty_licence == "foreign_provider"
    if not any(park) or (abroad and not facts.venue_regime_resident):
        assert law().edition(facts.day).decision(facts).verdict == "refuse"


@settings(max_examples=150, deadline=None)
@given(
    facts_with(
        day=days("2018-03-28", "2030-12-31"),
        activity=st.sampled_from(SCREENED),
        screening=st.just("listed"),
        screening_regime=st.sampled_from(["national", "un"]),
    )
)
def test_a_listed_person_is_blocked_whatever_else_is_true(facts: Facts) -> None:
    decision = law().edition(facts.day).decision(facts)
    assert (decision.verdict, decision.measure, decision.provision) == ("refuse", "block", "BY-L165Z/9-1-freeze")


@settings(max_examples=150, deadline=None)
@given(facts_with(day=days("2018-03-28", "2030-12-31"), activity=st.sampled_from(SCREENED), hold=st.just(True)))
def test_nothing_moves_while_an_order_stands(facts: Facts) -> None:
    assert law().edition(facts.day).decision(facts).verdict == "refuse"


@settings(max_examples=150, deadline=None)
@given(
    facts_with(
        day=days("2020-11-19", "2030-12-31"),
        activity=st.sampled_from(SCREENED),
        actor_identified=st.just(False),
        operator_licence=st.sampled_from(
            ["bank", "nonbank_credit", "payment_provider", "platform", "exchanger", "broker", "crypto_bank"]
        ),
    )
)
def test_nobody_is_served_unidentified(facts: Facts) -> None:
    assert law().edition(facts.day).decision(facts).verdict == "refuse"


@settings(max_examples=150, deadline=None)
@given(facts_with(day=days("2022-05-17", "2030-12-31"), activity=st.just("token_transfer_in"), wallet_listed=st.just(True)))
def test_tokens_from_a_listed_address_are_never_credited(facts: Facts) -> None:
    decision = law().edition(facts.day).decision(facts)
    assert decision.verdict == "refuse"
    assert "BY-U48-2022/reg-refuse.report" in decision.duties


@settings(max_examples=100, deadline=None)
@given(
    facts_with(
        day=days("2018-03-28", "2026-07-19"), operator_licence=st.just("crypto_bank"), activity=st.sampled_from(SCREENED[:6])
    )
)
def test_no_crypto_bank_works_before_its_regime(facts: Facts) -> None:
    assert law().edition(facts.day).decision(facts).verdict == "refuse"


def test_a_crypto_bank_needs_both_gates_on_the_day() -> None:
    facts = {
        "activity": "token_buy_fiat",
        "actor_identified": True,
        "operator_licence": "crypto_bank",
        "operator_covers_activity": True,
    }
    for regime, registered in [(False, False), (False, True), (True, False)]:
        assert decide("2026-08-01", operator_regime_resident=regime, operator_registered=registered, **facts).verdict == "refuse"
    assert decide("2026-08-01", operator_regime_resident=True, operator_registered=True, **facts).verdict == "permit"


# -- registers -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["100217336", "УНП 191682495", "unp 591705582", "MA1953684", "МА1953684"])
def test_taxpayer_numbers_that_are_right(text: str) -> None:
    scheme = defaults().numbering
    assert scheme is not None
    assert isinstance(check_number(scheme, text), str)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("100217337", "checksum"),
        ("10021733", "length"),
        ("900217336", "component"),
        ("M00217336", "format"),
        ("1002173A6", "format"),
    ],
)
def test_taxpayer_numbers_that_are_wrong(text: str, rule: str) -> None:
    scheme = defaults().numbering
    assert scheme is not None
    flaw = check_number(scheme, text)
    assert not isinstance(flaw, str)
    assert flaw.error_class == rule


def test_only_a_crypto_bank_has_two_gates() -> None:
    gates = defaults().gates
    assert gates["crypto_bank"] == ("regime", "central_bank")
    assert {gates[name] for name in ("platform", "exchanger", "broker", "token_organiser", "miner")} == {("regime",)}


def test_licences_cover_the_deals_that_define_them() -> None:
    covers = defaults().covers
    for name in ("platform", "exchanger", "broker", "crypto_bank"):
        assert {"token_buy_fiat", "token_sell_fiat", "token_swap"} <= set(covers[name])
    assert not any(one.startswith("token_") for one in covers["bank"])


def test_nobody_is_admitted_from_the_start_and_blocks_have_their_dates() -> None:
    entries = defaults().entries
    assert "licences" not in entries and "parties" not in entries
    spans = {(entry.valid_from.isoformat(), entry.valid_to and entry.valid_to.isoformat()) for entry in entries["blocks"]}
    assert spans == {("2025-12-10", "2025-12-12")}
    assert all(not entry.example for rows in entries.values() for entry in rows)


def test_facts_of_the_law_survive_the_wire() -> None:
    facts = Facts(day=parse_day("2026-08-01"), activity="token_swap", **PERSON)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(facts), type=Facts) == facts
