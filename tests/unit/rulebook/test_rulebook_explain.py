"""Explanations and differences, word for word, on the made-up country."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from skarb.core.errors import ConfigurationError
from skarb.core.facts import Facts
from skarb.core.time import parse_day
from skarb.rulebook import RulebookError, diff, diff_days, diff_text, load, problems_in
from skarb.rulebook.__main__ import main
from skarb.rulebook.cases import make_facts, outcome_of

FOLDER = files("skarb.jurisdictions") / "zz"
ZZ = load(FOLDER)


def explain(day: str, **given: Any) -> Any:
    number = parse_day(day)
    return ZZ.edition(number).explain(Facts(**{"day": number, "screening": "clear", **given}))


def test_a_refusal_is_explained_with_leaves_values_and_exceptions() -> None:
    found = explain(
        "2026-07-01",
        activity="token_sell_fiat",
        actor_kind="natural_person",
        actor_identified=True,
        actor_age=17,
        operator_licence="exchanger",
        operator_registered=True,
        settlement="cash",
        value=1_000_000,
    )
    edition = ZZ.edition(parse_day("2026-07-01")).hash
    assert (
        found.text()
        == f"""\
REFUSE (reject): token_sell_fiat on 2026-07-01
  ZZ-L1-2026/no-cash.minor: Exchangers may not take cash from minors
  Nobody buys tokens from a minor, or sells them to one, for cash.
  ZZ-L1-2026 «On digital tokens», article 4
  Condition:
    settlement == "cash"         yes  settlement = cash
    actor_age is not missing     yes  actor_age = 17 [minor]
    actor_age < age.of_majority  yes  actor_age = 17; age.of_majority = 18 [minor]
  Also applies:
    ZZ-D2-2026/large: report, Large operations are reported
    ZZ-L1-2026/no-cash: refuse, Tokens are not sold for cash
    ZZ-L1-2026/records: require, Operators keep records
    ZZ-L1-2026/token: define, What a token is
  Would apply, but for an exception:
    ZZ-L1-2026/no-cash.exchanger: permit, silenced by ZZ-L1-2026/no-cash.minor
    ZZ-L1-2026/trade: permit, silenced by ZZ-L1-2026/no-cash
  Besides: ZZ-D2-2026/large
  Edition {edition}"""
    )


def test_money_is_shown_with_its_currency_and_what_was_missing_was_not_looked_at() -> None:
    found = explain("2026-07-01", activity="token_loan", value=66_667)
    assert (found.verdict, found.provision) == ("refuse", "ZZ-L1-2026/credit")
    leaves = {leaf.text: leaf for leaf in found.leaves}
    assert leaves["value is not missing"].holds is True
    assert leaves["deposit is not missing"].holds is False
    share = leaves['value <= share(deposit, credit.loan_to_value_max, "down")']
    assert share.holds is None and share.part == "needs"
    assert share.saw == {"value": "666.67 ZZD", "deposit": "missing", "credit.loan_to_value_max": "2/3"}
    assert "not looked at" in found.text()


def test_silence_approval_and_assumptions_are_said() -> None:
    silent = explain("2026-03-01", activity="onboard")
    assert silent.verdict == "refer" and "Where the law is silent a person decides" in silent.text()
    waiting = {
        "activity": "token_transfer_out",
        "actor_kind": "natural_person",
        "actor_identified": True,
        "wallet_hosting": "hosted",
        "wallet_country": "QM",
        "value_usd": 1,
    }
    assert explain("2026-03-01", **waiting).verdict == "refer"
    approved = explain("2026-03-01", approved=True, **waiting)
    assert approved.verdict == "permit" and approved.provision == "ZZ-R3-2026/watched"
    assert "A second person has approved it." in approved.text()
    assert "Assumed: the text was not read at first hand (secondary source)." in approved.text()


def test_a_levy_is_shown_with_its_rate() -> None:
    found = explain("2026-03-01", activity="mine", actor_kind="legal_entity", actor_identified=True, value=5_000)
    assert found.rate == "tax.mining = 13/100"
    assert "Owed: ZZ-L1-2026/mining-tax (tax.mining = 13/100)" in found.text()


def test_explanations_are_plain_data() -> None:
    data = explain("2026-03-01", activity="mine", actor_kind="legal_entity", actor_identified=True).data()
    assert json.loads(json.dumps(data))["provision"] == "ZZ-L1-2026/mine"
    assert {leaf["text"]: leaf["within"] for leaf in data["leaves"]} == {
        "actor_identified": "known_client",
        'actor_kind != "unknown"': "known_client",
    }


def test_the_explanation_names_what_decided_for_every_case_of_the_country() -> None:
    for case in ZZ.pack.cases:
        edition = ZZ.edition(case.day)
        facts = make_facts(ZZ, case.facts)
        found = edition.explain(facts)
        decision = edition.decision(facts)
        assert (found.verdict, found.provision) == (decision.verdict, decision.provision)
        applying = {mention.id: mention.outcome for mention in found.applying}
        assert applying.get(case.provision, "silent") == outcome_of(edition, case.provision, facts)
        assert set(decision.duties) <= applying.keys()


# -- differences ---------------------------------------------------------------------------------------------------------------


def test_the_difference_between_two_days_is_told_in_law_words() -> None:
    changes = diff_days(ZZ, parse_day("2026-06-30"), parse_day("2027-01-01"))
    assert (
        diff_text(changes)
        == """\
provision ZZ-D2-2026/instant-month (Instant payments of natural persons have a limit for each month) enters into force by \
ZZ-D2-2026 «On payments and reports», article 1: \
Within a calendar month a natural person pays instantly no more than two hundred base units, this payment included.
provision ZZ-L1-2026/many-swaps (Frequent swaps are reported) enters into force by ZZ-L1-2026 «On digital tokens», article 8: \
The fourth swap of the same token within seven days, and every further one, is reported to financial monitoring.
provision ZZ-L1-2026/small-miner (Small miners owe no tax) is no longer in force: In 2026 a natural person owes nothing on less than one base unit.
provision ZZ-R3-2026/own-wallet (Somebody's own wallet is proven) enters into force by \
ZZ-R3-2026 «Rules of the central bank on screening and wallets», article 7: \
Whoever says that a wallet is his own signs a message with its key; until then a person decides.
provision ZZ-R3-2026/release (What was set aside is handed over by two) enters into force by \
ZZ-R3-2026 «Rules of the central bank on screening and wallets», article 8: \
Tokens that were set aside are handed over only when a second person has approved it.
provision ZZ-R3-2026/release-listed (While its wallet is listed, nothing is handed over) enters into force by \
ZZ-R3-2026 «Rules of the central bank on screening and wallets», article 8: \
Tokens from a wallet that still stands on the register stay where they are.
provision ZZ-R3-2026/wallet-exposed (Tokens from a wallet that listed wallets fed are set aside) enters into force by \
ZZ-R3-2026 «Rules of the central bank on screening and wallets», article 6: \
Tokens from a wallet of whose holdings the named share or more came from listed wallets are not credited; they are kept apart.
parameter base_unit changes from 40.00 ZZD to 45.50 ZZD
parameter credit.loan_to_value_max changes from 1/2 to 2/3
parameter instant.month_max enters into force: 9100.00 ZZD
parameter report.large changes from 4000.00 ZZD to 4550.00 ZZD
parameter report.swaps enters into force: 3
parameter wallet.exposure_max enters into force: 2500
list watched_countries changes from QM to QM, QN
feature instant_month enters into force: sum of value by actor in the calendar month, this one included, \
where activity == "instant_pay"
feature swaps_week enters into force: number of instructions by actor and asset in 7 days, before this one, \
where activity == "token_swap\""""
    )
    assert changes[7].data() == {
        "kind": "changed",
        "subject": "parameter",
        "name": "base_unit",
        "title": "",
        "citation": "",
        "field": "",
        "before": "40.00 ZZD",
        "after": "45.50 ZZD",
    }


def test_nothing_changes_within_an_interval() -> None:
    assert diff_text(diff_days(ZZ, parse_day("2026-01-01"), parse_day("2026-06-30"))) == "nothing changes"


def test_a_draft_is_compared_with_the_law(tmp_path: Path) -> None:
    draft = copy(tmp_path)
    changed = draft / "provisions" / "tokens.yaml"
    text = changed.read_text(encoding="utf-8")
    text = text.replace('when: settlement == "cash"\n  effect: refuse', 'when: settlement in ("cash", "token")\n  effect: refer')
    changed.write_text(
        text.replace("{settlement: cash}, then: refuse", "{settlement: cash}, then: refer").replace(
            "actor_age: 17}, then: refuse", "actor_age: 17}, then: refer", 1
        )
    )
    day = parse_day("2026-03-01")
    changes = diff(ZZ.edition(day), load(draft).edition(day))
    assert [(one.name, one.field, one.before, one.after) for one in changes] == [
        ("ZZ-L1-2026/no-cash", "condition", 'settlement == "cash"', 'settlement in ("cash", "token")'),
        ("ZZ-L1-2026/no-cash", "consequence", "refuse reject", "refer"),
    ]
    assert changes[0].text() == (
        "condition of provision ZZ-L1-2026/no-cash (Tokens are not sold for cash) changes "
        'from settlement == "cash" to settlement in ("cash", "token")'
    )
    (added, *_) = diff_days(ZZ, parse_day("2025-12-31"), day)
    assert added.text().startswith(
        "provision ZZ-D2-2026/large (Large operations are reported) enters into force by ZZ-D2-2026 «On payments"
    )


# -- the folder as a whole -----------------------------------------------------------------------------------------------------


def copy(to: Path) -> Path:
    """A copy of the made-up country to spoil."""
    for entry in ("country.yaml", "lists.yaml", "conditions.yaml", "cases.yaml", "sources.yaml", "features.yaml"):
        (to / entry).write_bytes((FOLDER / entry).read_bytes())
    for folder in ("acts", "parameters", "provisions"):
        (to / folder).mkdir()
        for entry in (FOLDER / folder).iterdir():
            (to / folder / entry.name).write_bytes(entry.read_bytes())
    return to


def spoil(to: Path, name: str, old: str, new: str) -> Path:
    copy(to)
    text = (to / name).read_text(encoding="utf-8")
    assert old in text
    (to / name).write_text(text.replace(old, new, 1), encoding="utf-8")
    return to


def test_the_made_up_country_has_no_problem(capsys: pytest.CaptureFixture[str]) -> None:
    assert problems_in(FOLDER) == []
    assert main(["check", str(FOLDER)]) == 0
    assert capsys.readouterr().out.endswith("0 problems\n")


@pytest.mark.parametrize(
    ("name", "old", "new", "expected"),
    [
        (
            "provisions/payments.yaml",
            "value: 3999.99 ZZD",
            "value: 4000.00 ZZD",
            "given 'then: silent', expected report; the law or the case is wrong",
        ),
        ("provisions/tokens.yaml", "{settlement: bank_transfer}, then: silent", "{settlement: cash}, then: refuse", ""),
        (
            "provisions/tokens.yaml",
            "- {at: 2025-12-31, facts: {}, then: silent}\n",
            "",
            "cases: given 'define', expected a case of ZZ-L1-2026/token with `then: silent`",
        ),
        (
            "provisions/tokens.yaml",
            "facts: {white_paper: false}, then: refuse",
            "facts: {white_paper: true}, then: silent",
            "expected a case of ZZ-L1-2026/white-paper with `then: refuse`",
        ),
        (
            "provisions/screening.yaml",
            "travel_rule: complete}, then: met",
            "travel_rule: incomplete}, then: refer",
            "expected a case of ZZ-R3-2026/travel-rule with `then: met`",
        ),
        (
            "parameters/parameters.yaml",
            '{from: 2026-01-01, to: null, value: "100"',
            '{from: 2026-02-01, to: null, value: "100"',
            "report.large: given 'none from 2026-01-01 to 2026-01-31'",
        ),
        (
            "parameters/parameters.yaml",
            'from: 2026-01-01, to: 2026-12-31, value: "40.00"',
            'from: 2026-01-01, to: 2026-11-30, value: "40.00"',
            "report.large: given 'none from 2026-12-01 to 2026-12-31'",
        ),
        (
            "parameters/parameters.yaml",
            '{from: 2026-01-01, to: null, value: "13/100"',
            '{from: 2026-01-01, to: 2029-12-31, value: "13/100"',
            "tax.mining: given 'none from 2030-01-01 to open end'",
        ),
        (
            "lists.yaml",
            "{from: 2026-07-01, to: null, codes: [QM, QN]}",
            "{from: 2026-07-03, to: null, codes: [QM, QN]}",
            "watched_countries: given 'none from 2026-07-01 to 2026-07-02'",
        ),
        (
            "provisions/tokens.yaml",
            "exception_of: [ZZ-L1-2026/trade]",
            "exception_of: [ZZ-L1-2026/no-cash.minor]",
            "exceptions that do not run in a circle",
        ),
        (
            "cases.yaml",
            "measure: block",
            "measure: reject",
            "given 'measure: reject', expected block; the law or the case is wrong",
        ),
        (
            "cases.yaml",
            "provision: silence}",
            "provision: ZZ-L1-2026/lend}",
            "given 'provision: ZZ-L1-2026/lend', expected silence",
        ),
    ],
)
def test_a_spoilt_country_is_found_out(tmp_path: Path, name: str, old: str, new: str, expected: str) -> None:
    problems = [str(problem) for problem in problems_in(spoil(tmp_path, name, old, new))]
    if not expected:
        assert problems == []
        return
    assert any(expected in problem for problem in problems), problems


def test_the_command_prints_problems_and_says_so_in_its_exit_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(spoil(tmp_path, "country.yaml", "Europe/Minsk", "Nowhere"))]) == 9
    assert f"{tmp_path}/country.yaml:6:7, zone: given 'Nowhere', expected an IANA time zone" in capsys.readouterr().out
    assert main(["check", str(tmp_path / "nowhere")]) == 4
    assert main([]) == 2


def test_load_hands_over_every_problem_at_once(tmp_path: Path) -> None:
    spoil(tmp_path, "country.yaml", "Europe/Minsk", "Europe/Minsk\nplanet: Mars")
    (tmp_path / "acts" / "more.txt").write_text("")
    with pytest.raises(RulebookError) as error:
        load(tmp_path)
    assert isinstance(error.value, ConfigurationError)
    assert [problem.given for problem in error.value.problems] == ["acts/more.txt", "planet"]
    assert "has 2 problems:\n" in str(error.value)


def test_text_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    copy(tmp_path)
    (tmp_path / "lists.yaml").write_bytes(b"\xff\xfe")
    assert str(problems_in(tmp_path)[0]) == f"{tmp_path}/lists.yaml: given 'byte 0', expected text in UTF-8"
