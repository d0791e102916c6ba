"""The Belarusian pack, record by record and value by value.

`RECORDS` lists every provision that the research behind the pack found: id, grade, first and last day. What the pack adds of
its own has an id with a suffix. The rest of the file asks for dated values, and for whole answers where provisions of several
acts meet.
"""

from __future__ import annotations

from datetime import date
from itertools import product
from pathlib import Path
from typing import Any

import pytest

import skarb.jurisdictions
from skarb.core.activity import ACTIVITIES
from skarb.core.decision import Decision
from skarb.core.facts import Facts
from skarb.core.party import PARTY_KINDS
from skarb.core.time import from_day, parse_day, to_day
from skarb.rulebook import Rulebook, load
from skarb.rulebook.expression import Count, Day, Money, Node, Ratio

RECORDS = """
# Dekret 8
BY-D8-2017/A1-token A 2018-03-28 -
BY-D8-2017/A1-crypto A 2018-03-28 -
BY-D8-2017/A1-platform A 2018-03-28 -
BY-D8-2017/A1-exchanger A 2018-03-28 -
BY-D8-2017/A1-mining B 2018-03-28 -
BY-D8-2017/A1-9-smart B 2018-03-28 -
BY-D8-2017/1 A 2018-03-28 2049-01-01
BY-D8-2017/2.1 A 2018-03-28 -
BY-D8-2017/2.2-np A 2018-03-28 -
BY-D8-2017/2.2-nonbiz A 2018-03-28 -
BY-D8-2017/2.3-cash B 2018-03-28 -
BY-D8-2017/2.3-rights A 2018-03-28 -
BY-D8-2017/2.4-title B 2018-03-28 -
BY-D8-2017/2.4-claims C 2018-03-28 -
BY-D8-2017/2.6 A 2018-03-28 -
BY-D8-2017/3-currency A 2018-03-28 -
BY-D8-2017/3-accounting B 2018-03-28 -
BY-D8-2017/5-smartdeal A 2018-03-28 -
BY-PAYLAW/token-not-money A 2018-03-28 -
# Ukaz 367
BY-U367-2024/np-buy A 2024-09-20 -
BY-U367-2024/np-sell A 2024-09-20 -
BY-U367-2024/p2p A 2024-09-20 -
BY-U367-2024/foreign-venue A 2024-09-20 -
BY-U367-2024/np-swap B 2024-09-20 -
BY-U367-2024/np-free A 2024-09-20 -
BY-U367-2024/le A 2024-09-20 -
BY-U367-2024/htp-le B 2024-09-20 -
BY-U367-2024/ie C 2024-09-20 -
BY-CAO/13.3 B 2021-03-01 -
BY-BLOCK/2025-12 A 2025-12-10 2025-12-12
BY-ADV/tokens B 2018-11-30 -
# wallet register, laundering, Hi-Tech Park
BY-U48-2022/1-register A 2022-05-17 -
BY-U48-2022/3-users A 2022-05-17 -
BY-U48-2022/reg-include A 2022-05-17 -
BY-U48-2022/reg-refuse B 2022-05-17 -
BY-U48-2022/seizure B 2022-05-17 -
BY-L165Z/scope-token A 2020-11-19 -
BY-L165Z/6-internal A 2015-01-04 -
BY-L165Z/8-ident A 2015-01-04 -
BY-L165Z/7-special B 2015-01-04 -
BY-CM/base-unit A 2026-01-01 -
BY-NB/aml-60.443 B 2018-03-28 -
BY-HTPAML/refuse-anon B 2021-03-18 -
BY-L165Z/9-1-freeze A 2015-01-04 -
BY-L165Z/suspend A 2015-01-04 -
BY-L165Z/refuse B 2015-01-04 -
BY-L165Z/retention B 2015-01-04 -
BY-D1-2021/htp-power A 2021-03-18 -
BY-U269-2023/suspend B 2023-08-29 -
BY-U394-2025/drug A 2025-11-13 -
BY-TRAVEL/status C 2025-02-17 -
BY-HTP/platform-capital A 2018-11-30 -
BY-HTP/ico-capital A 2018-11-30 -
BY-HTP/exclude-clients B 2018-11-30 -
BY-HTP/exclude-tokens B 2018-11-30 -
BY-HTP/audit C 2018-11-30 -
BY-HTP/chain-analytics B 2018-11-30 -
BY-HTP/balances B 2018-11-30 -
BY-HTP/segregation C 2018-11-30 -
BY-HTP/infosec C 2018-11-30 -
BY-HTP/staff A 2018-11-30 -
BY-HTP/structure B 2025-02-17 -
BY-HTP/icr-2025 B 2025-02-17 -
BY-HTP/whitepaper A 2018-11-30 -
BY-HTP/ico-limits C 2025-10-27 -
BY-HTP/high-risk-countries B 2021-06-29 -
# Ukaz 19
BY-U19-2026/def A 2026-07-20 -
BY-U19-2026/exclusive B 2026-07-20 -
BY-U19-2026/capital A 2026-07-20 -
BY-U19-2026/deposit A 2026-07-20 -
BY-U19-2026/name B 2026-07-20 -
BY-U19-2026/nolicense B 2026-07-20 -
BY-U19-2026/prudential A 2026-07-20 -
BY-U19-2026/htp-decisions A 2026-07-20 -
BY-U19-2026/nb-caps B 2026-07-20 -
BY-U19-2026/pay-selfemp A 2026-07-20 -
BY-U19-2026/ftc B 2026-07-20 -
BY-U19-2026/reg-deposits B 2026-07-20 -
BY-U19-2026/reg-11ops B 2026-07-20 -
BY-U19-2026/products B 2026-07-20 -
BY-U19-2026/no-guarantee B 2026-07-20 -
BY-U19-2026/control C 2026-01-16 -
BY-NB/bank-token-pilot B 2021-01-01 2024-01-01
# payments, digital ruble
BY-NB354-2022/smp A 2022-10-11 2026-02-24
BY-NB13-2026/smp B 2026-02-25 -
BY-NB13-2026/krok A 2026-02-25 -
BY-NB/krok-fee B 2026-02-01 -
BY-NB/phone-topup A 2026-07-25 -
BY-NB/proxy-lookup A 2022-10-11 -
BY-NB/smp-bank-duties B 2019-07-01 -
BY-NB199-2021/qr1 B 2022-01-01 -
BY-NB237-2021/qr2 A 2022-07-01 -
BY-ERIP/request B 2008-01-01 -
BY-NB358-2022/pacs008 A 2022-09-26 -
BY-NB359-2022/pain001 A 2022-09-26 -
BY-NB8-2023/collect A 2023-01-11 -
BY-NB/iban A 2017-07-04 -
ISO20022/instant-set A 2022-09-26 -
BY-CBDC/legal-tender A 2026-07-01 -
BY-CBDC/issue A 2026-07-01 -
BY-CBDC/two-tier A 2026-07-01 -
BY-CBDC/phases A 2026-07-01 -
BY-CBDC/state-accounts B 2027-01-01 -
BY-CBDC/block B 2026-07-01 -
BY-CBDC/trace B 2026-07-01 -
BY-CBDC/not-token B 2026-07-01 -
# tax, mining, electricity
BY-TAX/d8-original A 2018-03-28 2022-12-31
BY-U80-2023/extend A 2023-01-01 2024-12-31
BY-TC-202-1/object A 2025-01-01 -
BY-TC-202-1/ex-htp A 2025-01-01 -
BY-TC-202-1/ex-mining A 2025-01-01 -
BY-TC-202-1/ex-swap A 2025-01-01 -
BY-TC-202-1/ex-gift B 2025-01-01 -
BY-TC-202-1/rate B 2025-01-01 -
BY-U166-2025/base A 2025-04-26 -
BY-CM280-2025/rates A 2025-08-24 -
BY-TC/le-profit B 2025-01-01 -
BY-TC/vat A 2018-03-28 -
BY-TC/htp A 2018-03-28 -
BY-U19-2026/tax C 2026-07-20 -
BY-MINE/np A 2018-03-28 -
BY-MINE/ie B 2018-03-28 -
BY-MINE/le A 2018-03-28 -
BY-EN-2021/group A 2021-10-14 2025-10-18
BY-EN64-38-2025/group B 2025-10-19 -
BY-EN/tariff-2025 A 2025-06-01 -
BY-EN/system A 2023-11-01 -
BY-MINE/policy C 2025-03-03 -
# international standards
FATF-R15/licence A 2019-06-21 -
FATF-R10/occasional A 2019-06-21 -
FATF-R16/va-travel A 2019-06-21 -
FATF-R16/receiver B 2019-06-21 -
FATF-R16-2025/revision A 2025-06-18 -
FATF-R6-7/tfs A 2019-06-21 -
FATF-R20/str B 2019-06-21 -
CARF/scope A 2026-01-01 -
CARF/transactions A 2026-01-01 -
CARF/users B 2026-01-01 -
BCBS-SCO60/groups A 2026-01-01 -
BCBS-SCO60/rw A 2026-01-01 -
BCBS-SCO60/limit A 2026-01-01 -
ISO24165/dti A 2021-09-27 -
IVMS101/person A 2020-05-01 -
ISO20022/travel B 2022-09-26 -
# sanctions
SAN-OFAC/sdn-address A 2018-03-19 -
SAN-OFAC/block-report B 2018-03-19 -
SAN-OFAC/50pct A 2014-08-13 -
SAN-OFAC/by-program A 2006-06-16 -
SAN-EU/2025-392 A 2025-02-24 -
SAN-EU/consolidated B 2006-05-20 -
SAN-UN/list B 1999-10-15 -
SAN-DESIGN/ingest B 2018-03-19 -
SAN-DESIGN/match B 2018-03-19 -
SAN-DESIGN/decide B 2018-03-19 -
SAN-DESIGN/NOEVADE A 2018-03-19 -
"""

CRYPTO_BANK = {
    "operator_licence": "crypto_bank",
    "operator_regime_resident": True,
    "operator_registered": True,
    "operator_covers_activity": True,
    "operator_country": "BY",
}
PLATFORM = CRYPTO_BANK | {"operator_licence": "platform", "operator_registered": False}
BROKER = PLATFORM | {"operator_licence": "broker"}
BANK = {"operator_licence": "bank", "operator_country": "BY"}
PERSON = {"actor_kind": "natural_person", "actor_resident": True, "actor_country": "BY", "actor_age": 30}
COMPANY = {"actor_kind": "legal_entity", "actor_resident": True, "actor_country": "BY"}
APPLICANT = COMPANY | {"actor_regime_resident": True, "licence_sought": "crypto_bank", "legal_form": "joint_stock"}
TOKENS = {"asset_class": "cryptocurrency", "settlement": "token", "value": 100_00}
FOR_MONEY = TOKENS | {"settlement": "bank_transfer"}
RUBLES = {"asset_class": "money", "settlement": "bank_transfer", "value": 100_00}
DIGITAL = {"asset_class": "digital_currency", "account_kind": "digital_account", "value": 100_00}
FOREIGN_VENUE = {"venue_licence": "foreign_provider", "venue_country": "AE"}


@pytest.fixture(scope="module")
def rulebook() -> Rulebook:
    return load(Path(skarb.jurisdictions.__file__).parent / "by")


def decide(rulebook: Rulebook, day: str, activity: str, *parts: dict[str, Any]) -> Decision:
    facts: dict[str, Any] = {"screening": "clear", "actor_identified": True}
    for part in parts:
        facts |= part
    number = parse_day(day)
    return rulebook.edition(number).decision(Facts(activity=activity, day=number, **facts))


def records() -> list[tuple[str, str, str, str]]:
    lines = [line.split() for line in RECORDS.strip().splitlines() if not line.startswith("#")]
    return [(name, grade, first, last) for name, grade, first, last in lines]


# ── records ──


def test_there_are_155_records() -> None:
    names = [name for name, *_ in records()]
    assert len(names) == len(set(names)) == 155
    grades = [grade for _, grade, *_ in records()]
    assert (grades.count("A"), grades.count("B"), grades.count("C")) == (87, 58, 10)


@pytest.mark.parametrize(("name", "grade", "first", "last"), records(), ids=lambda value: str(value))
def test_the_record_is_in_the_pack(rulebook: Rulebook, name: str, grade: str, first: str, last: str) -> None:
    found = rulebook.pack.provisions[name]
    assert found.grade == grade
    assert found.start == to_day(date.fromisoformat(first))
    assert found.end == (None if last == "-" else to_day(date.fromisoformat(last)))


def test_what_the_pack_adds_names_the_record_that_it_belongs_to(rulebook: Rulebook) -> None:
    known = {name for name, *_ in records()}
    added = set(rulebook.pack.provisions) - known
    strangers = {name for name in added if not any(name.startswith(f"{one}.") for one in known)}
    assert strangers == {"BY-BC-2000/transfer"}, (
        "the only provision of ours that stands beside no record is the one on plain payments"
    )


def test_what_rests_on_no_text_never_decides_unmarked(rulebook: Rulebook) -> None:
    for one in rulebook.pack.provisions.values():
        if one.certainty == "general_knowledge":
            assert one.grade != "A" or one.id == "SAN-DESIGN/NOEVADE", one.id


def test_drafts_and_grade_c_decide_nothing(rulebook: Rulebook) -> None:
    ready = {name for name, one in rulebook.pack.provisions.items() if one.grade == "C" or one.status == "draft"}
    assert {"BY-CBDC/state-accounts", "BY-U19-2026/control", "BY-MINE/policy"} <= ready
    for day in rulebook.boundaries:
        assert not ready & set(rulebook.edition(day).provisions), from_day(day)


# ── values ──


@pytest.mark.parametrize(
    ("name", "day", "expected"),
    [
        ("base_unit", "2025-12-31", 42_00),
        ("base_unit", "2026-01-01", 45_00),
        ("report.special_np", "2025-12-31", 84_000_00),
        ("report.special_np", "2026-02-01", 90_000_00),
        ("crypto_bank.capital_min", "2026-07-19", None),
        ("crypto_bank.capital_min", "2026-07-20", 20_000_000_00),
        ("crypto_bank.deposit_min", "2026-07-20", 10_000_000_00),
        ("bank_token_pilot.capital_share_max", "2024-01-01", (10, 100)),
        ("bank_token_pilot.capital_share_max", "2024-01-02", None),
        ("krok.merchant_fee_max", "2026-02-01", (8, 1000)),
        ("krok.first_group_by", "2026-02-25", date(2026, 7, 1)),
        ("smp.by_phone_from", "2023-01-01", date(2024, 1, 1)),
        ("iban.length", "2017-07-04", 28),
        ("iban.length", "2017-07-03", None),
        ("cbdc.people_from", "2026-07-01", date(2027, 1, 1)),
        ("cbdc.rate", "2026-07-01", (1, 1)),
        ("tax.income", "2024-12-31", None),
        ("tax.income", "2025-01-01", (13, 100)),
        ("tax.income_unlawful", "2025-01-01", (26, 100)),
        ("tax.yield_coefficient", "2025-06-01", (57, 1000)),
        ("tax.profit", "2025-01-01", (20, 100)),
        ("tax.htp_contribution", "2018-03-28", (1, 100)),
        ("electricity.band_1_from_gwh_year", "2025-10-18", 25),
        ("electricity.band_1_from_gwh_year", "2025-10-19", None),
        ("electricity.capacity_byn_per_kw_month", "2025-05-31", (3143565, 100000)),
        ("electricity.capacity_byn_per_kw_month", "2025-06-01", (3395050, 100000)),
        ("electricity.night_byn_per_kwh", "2025-06-01", (21860, 100000)),
        ("power.record_peak_mw", "2025-12-31", 6721),
        ("power.record_peak_mw", "2026-01-23", 7325),
        ("power.nuclear_unit_mw", "2026-01-01", 1200),
        ("fatf.cdd_threshold", "2019-06-21", 1000_00),
        ("fatf.r16_adopt_by", "2025-06-18", date(2030, 12, 31)),
        ("carf.retail_payment_threshold", "2026-01-01", 50_000_00),
        ("basel.group_2b_risk_weight", "2026-01-01", (1250, 100)),
        ("basel.group_2_hard_limit", "2026-01-01", (2, 100)),
        ("sanctions.us_ownership_min", "2025-01-01", 5000),
        ("sanctions.us_retention_years", "2025-02-28", 5),
        ("sanctions.us_retention_years", "2025-03-01", 10),
    ],
)
def test_the_value_of_a_day(rulebook: Rulebook, name: str, day: str, expected: object) -> None:
    assert name in rulebook.pack.parameters
    assert plain(rulebook.edition(parse_day(day)).parameters.get(name)) == expected


def plain(node: Node | None) -> object:
    match node:
        case None:
            return None
        case Ratio(numerator, denominator):
            return numerator, denominator
        case Day(value):
            return from_day(value)
        case Money(value) | Count(value):
            return value
    raise AssertionError(node)


def test_night_energy_costs_about_half_of_the_morning(rulebook: Rulebook) -> None:
    values = rulebook.edition(parse_day("2025-06-01")).parameters
    night, morning = (values[f"electricity.{name}_byn_per_kwh"] for name in ("night", "morning"))
    assert isinstance(night, Ratio) and isinstance(morning, Ratio)
    assert 51 * morning.numerator < 100 * night.numerator < 53 * morning.numerator


# ── crypto banks ──


def test_before_the_regime_nobody_opens_crypto_deposits(rulebook: Rulebook) -> None:
    gated = {"operator_licence": "crypto_bank", "operator_regime_resident": True, "operator_covers_activity": True}
    for operator in (gated, gated | {"operator_registered": True}, gated | {"operator_licence": "none"}):
        answer = decide(rulebook, "2026-03-01", "token_deposit", PERSON, TOKENS, operator)
        assert (answer.verdict, answer.provision) == ("refuse", "BY-U19-2026/def.before")


@pytest.mark.parametrize(("resident", "registered"), list(product((False, True), repeat=2)))
@pytest.mark.parametrize("activity", ["token_deposit", "token_stake", "token_loan", "token_swap", "fiat_pay"])
def test_both_gates_or_nothing(rulebook: Rulebook, activity: str, resident: bool, registered: bool) -> None:
    operator = CRYPTO_BANK | {"operator_regime_resident": resident, "operator_registered": registered}
    answer = decide(rulebook, "2026-08-01", activity, PERSON, RUBLES if activity == "fiat_pay" else TOKENS, operator)
    if resident and registered:
        assert answer.verdict == "permit"
    else:
        assert (answer.verdict, answer.provision) == ("refuse", "BY-U19-2026/def.gates")


@pytest.mark.parametrize(
    ("capital", "verdict", "provision"),
    [
        (19_900_000_00, "refuse", "BY-U19-2026/capital"),
        (19_999_999_99, "refuse", "BY-U19-2026/capital"),
        (20_000_000_00, "permit", "BY-D8-2017/1"),
        (None, "refuse", "BY-U19-2026/capital"),
    ],
)
def test_capital_before_applying(rulebook: Rulebook, capital: int | None, verdict: str, provision: str) -> None:
    answer = decide(rulebook, "2026-08-01", "apply_for_licence", APPLICANT, {"capital": capital})
    assert (answer.verdict, answer.provision) == (verdict, provision)


def test_an_applicant_must_be_a_resident_joint_stock_company_with_nothing_else(rulebook: Rulebook) -> None:
    capital = {"capital": 20_000_000_00}
    for change, provision in (
        ({"legal_form": "limited"}, "BY-U19-2026/def.apply"),
        ({"actor_regime_resident": False}, "BY-U19-2026/def.apply"),
        ({"actor_licence": "exchanger"}, "BY-U19-2026/exclusive"),
        ({"name_uses_bank": True}, "BY-U19-2026/name"),
    ):
        answer = decide(rulebook, "2026-08-01", "apply_for_licence", APPLICANT, capital, change)
        assert (answer.verdict, answer.provision) == ("refuse", provision)


def test_small_providers_are_paid_from_abroad_only(rulebook: Rulebook) -> None:
    account = {"actor_kind": "self_employed", "account_kind": "crypto_account", "reason": "goods_services"}
    abroad, home = {"counterparty_country": "DE"}, {"counterparty_country": "BY", "counterparty_resident": True}
    for activity in ("token_pay", "token_transfer_in"):
        lawful = decide(rulebook, "2026-08-01", activity, PERSON, TOKENS, CRYPTO_BANK, account, abroad)
        assert (lawful.verdict, lawful.provision) == ("permit", "BY-U19-2026/pay-selfemp")
        for change in (home, abroad | {"counterparty_country": "XX"}, abroad | {"account_kind": "wallet"}, abroad | PLATFORM):
            answer = decide(rulebook, "2026-08-01", activity, PERSON, TOKENS, CRYPTO_BANK, account, change)
            assert (answer.verdict, answer.provision) == ("refuse", "BY-PAYLAW/token-not-money")
        early = decide(rulebook, "2026-07-19", activity, PERSON, TOKENS, PLATFORM, account, abroad)
        assert (early.verdict, early.provision) == ("refuse", "BY-PAYLAW/token-not-money")


def test_foreign_trade_in_tokens_needs_a_listed_case(rulebook: Rulebook) -> None:
    answer = decide(rulebook, "2026-08-01", "token_trade_settle", COMPANY, TOKENS, CRYPTO_BANK)
    assert (answer.verdict, answer.provision, answer.assumed) == ("refuse", "BY-U19-2026/ftc.unlisted", True)
    answer = decide(rulebook, "2026-08-01", "token_trade_settle", COMPANY, TOKENS, CRYPTO_BANK, {"case_listed": True})
    assert (answer.verdict, answer.provision, answer.assumed) == ("permit", "BY-U19-2026/ftc", True)


# ── payments, digital ruble ──


@pytest.mark.parametrize("kind", PARTY_KINDS)
def test_only_the_national_bank_issues_digital_rubles(rulebook: Rulebook, kind: str) -> None:
    answer = decide(
        rulebook,
        "2026-08-01",
        "cbdc_issue",
        {"actor_kind": kind, "settlement": "bank_transfer"},
        {"asset_class": "digital_currency"},
    )
    expected = ("permit", "BY-CBDC/issue.exchange") if kind == "central_bank" else ("refuse", "BY-CBDC/issue")
    assert (answer.verdict, answer.provision) == expected


@pytest.mark.parametrize(
    ("day", "sides", "verdict", "provision"),
    [
        ("2026-06-30", ("legal_entity", "legal_entity"), "refer", "silence"),
        ("2026-07-01", ("legal_entity", "legal_entity"), "permit", "BY-CBDC/phases"),
        ("2026-12-31", ("natural_person", "legal_entity"), "refuse", "BY-CBDC/phases.early"),
        ("2026-12-31", ("legal_entity", "state_body"), "refuse", "BY-CBDC/phases.early"),
        ("2027-01-01", ("natural_person", "legal_entity"), "permit", "BY-CBDC/phases"),
        ("2027-01-01", ("state_body", "natural_person"), "permit", "BY-CBDC/phases"),
        ("2027-01-01", ("unknown", "legal_entity"), "refer", "silence"),
    ],
)
def test_the_digital_ruble_comes_in_phases(
    rulebook: Rulebook, day: str, sides: tuple[str, str], verdict: str, provision: str
) -> None:
    answer = decide(rulebook, day, "cbdc_pay", BANK, DIGITAL, dict(zip(("actor_kind", "counterparty_kind"), sides, strict=True)))
    assert (answer.verdict, answer.provision) == (verdict, provision)


def test_a_payee_is_found_by_telephone_only_when_he_agreed(rulebook: Rulebook) -> None:
    for consent, verdict, provision in ((False, "refuse", "BY-NB/phone-topup"), (True, "permit", "BY-NB/smp-bank-duties.pay")):
        answer = decide(rulebook, "2026-08-01", "instant_pay", PERSON, BANK, RUBLES, {"by_phone": True, "consent": consent})
        assert (answer.verdict, answer.provision) == (verdict, provision)


# ── tax and mining ──


@pytest.mark.parametrize(
    ("day", "levy"),
    [
        ("2018-03-27", ""),
        ("2018-03-28", "BY-TAX/d8-original"),
        ("2022-12-31", "BY-TAX/d8-original"),
        ("2023-01-01", "BY-U80-2023/extend"),
        ("2023-02-01", "BY-U80-2023/extend"),
        ("2024-12-31", "BY-U80-2023/extend"),
        ("2025-01-01", "BY-TC-202-1/ex-htp"),
        ("2026-08-01", "BY-TC-202-1/ex-htp"),
    ],
)
def test_three_reliefs_follow_one_another(rulebook: Rulebook, day: str, levy: str) -> None:
    assert decide(rulebook, day, "token_sell_fiat", PERSON, FOR_MONEY, PLATFORM).levy == levy


def test_a_swap_abroad_is_permitted_reported_and_exempt(rulebook: Rulebook) -> None:
    answer = decide(rulebook, "2025-06-01", "token_swap", PERSON, TOKENS, FOREIGN_VENUE)
    assert (answer.verdict, answer.levy) == ("permit", "BY-TC-202-1/ex-swap")
    assert answer.duties, "a flow of capital is reported"


def test_money_from_a_foreign_venue_is_assessed_by_the_coefficient(rulebook: Rulebook) -> None:
    assert decide(rulebook, "2025-06-01", "token_sell_fiat", PERSON, FOR_MONEY, FOREIGN_VENUE).verdict == "refuse"
    answer = decide(rulebook, "2025-06-01", "assess_tax", PERSON, FOR_MONEY, FOREIGN_VENUE)
    assert (answer.verdict, answer.levy) == ("permit", "BY-U166-2025/base")
    earlier = decide(rulebook, "2025-04-25", "assess_tax", PERSON, FOR_MONEY, FOREIGN_VENUE)
    assert earlier.levy == "BY-TC-202-1/rate.unlawful"


def test_income_in_tokens_is_assessed_only_at_a_published_rate(rulebook: Rulebook) -> None:
    answer = decide(rulebook, "2025-09-01", "assess_tax", PERSON, TOKENS, {"value": None})
    assert (answer.verdict, answer.provision) == ("refer", "BY-CM280-2025/rates")
    assert decide(rulebook, "2025-09-01", "assess_tax", PERSON, TOKENS).verdict == "permit"


def test_a_company_buys_without_vat_and_owes_profit_tax_when_it_sells(rulebook: Rulebook) -> None:
    bought = decide(rulebook, "2025-06-01", "token_buy_fiat", COMPANY, FOR_MONEY, BROKER)
    assert (bought.verdict, bought.levy) == ("permit", "BY-TC/vat")
    assert decide(rulebook, "2025-06-01", "token_sell_fiat", COMPANY, FOR_MONEY, BROKER).levy == "BY-TC/le-profit"
    resident = {"actor_regime_resident": True, "actor_licence": "broker"}
    assert decide(rulebook, "2025-06-01", "token_sell_fiat", COMPANY, FOR_MONEY, BROKER, resident).levy == "BY-TC/htp"


@pytest.mark.parametrize(
    ("miner", "verdict"),
    [
        (PERSON, "permit"),
        (PERSON | {"hired_persons": 1}, "refer"),
        (PERSON | {"actor_kind": "sole_proprietor"}, "refuse"),
        (COMPANY, "refuse"),
        (COMPANY | {"actor_regime_resident": True, "actor_licence": "platform"}, "refuse"),
        (COMPANY | {"actor_regime_resident": True, "actor_licence": "miner"}, "permit"),
    ],
)
def test_who_may_mine(rulebook: Rulebook, miner: dict[str, Any], verdict: str) -> None:
    assert decide(rulebook, "2025-06-01", "mine", miner, TOKENS).verdict == verdict


# ── sanctions come first ──

PARTIES = (
    PERSON,
    COMPANY,
    COMPANY | {"actor_regime_resident": True, "actor_licence": "platform"},
    {"actor_kind": "central_bank"},
)
INSTITUTIONS = (CRYPTO_BANK, PLATFORM, BANK, {})


def screened_activities(rulebook: Rulebook) -> tuple[str, ...]:
    (value,) = rulebook.pack.lists["screened"].values
    return value.codes


def test_everything_but_acts_of_authorities_is_screened(rulebook: Rulebook) -> None:
    authorities = {
        "hold_licence",
        "register_wallet",
        "read_wallet_register",
        "file_report",
        "freeze",
        "suspend",
        "block_site",
        "assess_tax",
    }
    assert set(ACTIVITIES) - set(screened_activities(rulebook)) == authorities


@pytest.mark.parametrize("regime", ["national", "un", "eu", "us", "own", "none"])
@pytest.mark.parametrize("day", ["2018-03-19", "2021-06-01", "2025-06-01", "2026-08-01"])
def test_a_listed_party_is_refused_whatever_it_asks(rulebook: Rulebook, day: str, regime: str) -> None:
    named = ("SAN-", "BY-L165Z/9-1-freeze")
    hit = {"screening": "listed", "screening_regime": regime, "approved": True}
    for activity, party, institution in product(screened_activities(rulebook), PARTIES, INSTITUTIONS):
        answer = decide(rulebook, day, activity, party, institution, FOR_MONEY, hit)
        assert answer.verdict == "refuse" and answer.provision.startswith(named), (activity, answer)
        own = "quarantine" if activity == "token_transfer_in" else "reject"  # what has arrived cannot be turned away
        assert answer.measure == (own if regime in ("own", "none") else "block")


@pytest.mark.parametrize(("screening", "provision"), [("possible", "SAN-DESIGN/decide"), ("unavailable", "SAN-DESIGN/match")])
def test_what_is_not_cleared_is_never_permitted(rulebook: Rulebook, screening: str, provision: str) -> None:
    for activity, party, institution in product(screened_activities(rulebook), PARTIES, INSTITUTIONS):
        answer = decide(rulebook, "2026-08-01", activity, party, institution, FOR_MONEY, {"screening": screening})
        assert answer.verdict == "refuse" or (answer.verdict, answer.provision) == ("refer", provision), (activity, answer)


@pytest.mark.parametrize(
    ("regime", "share", "verdict"),
    [("us", 4999, "permit"), ("us", 5000, "refuse"), ("eu", 5000, "permit"), ("eu", 5001, "refuse")],
)
def test_ownership_by_listed_persons(rulebook: Rulebook, regime: str, share: int, verdict: str) -> None:
    owned = {"screening_regime": regime, "listed_ownership": share}
    assert decide(rulebook, "2026-08-01", "fiat_pay", COMPANY, BANK, RUBLES, owned).verdict == verdict


def test_a_transfer_to_a_provider_in_the_union_is_stopped_and_disclosed(rulebook: Rulebook) -> None:
    wallet = {"wallet_hosting": "hosted", "wallet_country": "DE", "travel_rule": "complete"}
    for party in (PERSON, COMPANY):
        answer = decide(rulebook, "2025-03-01", "token_transfer_out", party, TOKENS, PLATFORM, wallet)
        assert (answer.verdict, answer.provision, answer.measure) == ("refuse", "SAN-EU/2025-392", "disclose")
        assert decide(rulebook, "2025-02-23", "token_transfer_out", party, TOKENS, PLATFORM, wallet).verdict == "permit"
        elsewhere = decide(
            rulebook, "2025-03-01", "token_transfer_out", party, TOKENS, PLATFORM, wallet | {"wallet_country": "KZ"}
        )
        assert elsewhere.verdict == "permit"


def test_the_union_has_27_members(rulebook: Rulebook) -> None:
    codes = rulebook.edition(parse_day("2025-03-01")).lists["eu_countries"].codes
    assert len(set(codes)) == 27
    assert not {"BY", "GB", "CH", "NO"} & set(codes)


def test_a_transfer_without_travel_rule_data_waits(rulebook: Rulebook) -> None:
    wallet = {"wallet_hosting": "hosted", "wallet_country": "KZ", "travel_rule": "incomplete"}
    for activity, provision in (("token_transfer_out", "FATF-R16/va-travel"), ("token_transfer_in", "FATF-R16/receiver")):
        answer = decide(rulebook, "2026-08-01", activity, PERSON, TOKENS, CRYPTO_BANK, wallet)
        assert (answer.verdict, answer.provision) == ("refer", provision)
        assert (
            decide(rulebook, "2026-08-01", activity, PERSON, TOKENS, CRYPTO_BANK, wallet, {"approved": True}).verdict == "permit"
        )
