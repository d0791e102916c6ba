"""Drafts: what they change, from which day, what they leave alone, and how their faults are told."""

from __future__ import annotations

import shutil
from decimal import Decimal
from importlib.resources import files
from pathlib import Path

import pytest

from skarb.core.errors import InputError, NotFound
from skarb.core.facts import Facts
from skarb.core.time import parse_day
from skarb.rulebook import Draft, Edition, Rulebook, RulebookError, diff, load, load_draft, read_draft
from skarb.rulebook.backdate import backdated
from skarb.rulebook.compare import activities_of, compare, touched, turned_cases
from skarb.rulebook.tree import truth

ZZ = load(files("skarb.jurisdictions") / "zz")
BY = load(files("skarb.jurisdictions") / "by")
EXAMPLES = Path(__file__).parents[3] / "examples" / "drafts"
FIRST = parse_day("2027-03-01")


def cash() -> Draft:
    return load_draft(ZZ, EXAMPLES / "zz-cash")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the made-up draft that may be changed."""
    return Path(shutil.copytree(EXAMPLES / "zz-cash", tmp_path / "draft"))


def swap(path: Path, before: str, after: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), encoding="utf-8")


@pytest.mark.parametrize(("law", "name"), [(ZZ, "zz-cash"), (BY, "by-abroad")])
def test_the_examples_hold(law: Rulebook, name: str) -> None:
    draft = load_draft(law, EXAMPLES / name)
    assert draft.problems() == []
    assert draft.idle == ()
    assert len(draft.hash) == 64
    assert draft.hash == load_draft(law, EXAMPLES / name).hash


def test_the_law_before_the_first_day_is_the_law_as_it_was() -> None:
    draft = cash()
    for day in (FIRST - 1, parse_day("2026-03-01")):
        assert draft.rulebook.edition(day) is ZZ.edition(day)
    assert draft.rulebook.edition(FIRST).hash != ZZ.edition(FIRST).hash
    assert {day for day in draft.rulebook.boundaries if day < FIRST} == {day for day in ZZ.boundaries if day < FIRST}
    assert "ZZ-P1-2027/records" not in ZZ.pack.provisions


def test_every_kind_of_change_arrives_on_its_day() -> None:
    draft = cash()
    before, after = ZZ.edition(FIRST), draft.rulebook.edition(FIRST)
    changed = {(one.kind, one.subject, one.name, one.field) for one in diff(before, after)}
    assert {
        ("ended", "provision", "ZZ-L1-2026/records", ""),
        ("added", "provision", "ZZ-P1-2027/records", ""),
        ("changed", "provision", "ZZ-L1-2026/no-cash.exchanger", "condition"),
        ("changed", "parameter", "credit.loan_to_value_max", ""),
        ("added", "parameter", "cash.deal_max", ""),
        ("changed", "list", "watched_countries", ""),
        ("changed", "condition", "minor", ""),
    } <= changed
    assert ("changed", "parameter", "report.large", "") not in changed
    later = parse_day("2027-07-01")
    assert [one.after for one in diff(ZZ.edition(later), draft.rulebook.edition(later)) if one.name == "report.large"] == [
        "2730.00 ZZD"
    ]


def test_what_names_a_changed_condition_decides_anew() -> None:
    facts = Facts(
        activity="token_sell_fiat", day=FIRST, actor_kind="natural_person", actor_identified=True, screening="clear",
        settlement="cash", operator_licence="exchanger", operator_registered=True, value=100_00,
    )  # fmt: skip
    assert ZZ.edition(FIRST).decision(facts).provision == "ZZ-L1-2026/no-cash.exchanger"
    assert cash().rulebook.edition(FIRST).decision(facts).provision == "ZZ-L1-2026/no-cash.minor"


def test_the_changed_law_loads_from_its_normal_form() -> None:
    edition = cash().rulebook.edition(FIRST)
    assert Edition.from_normal(edition.normal).hash == edition.hash


def test_a_draft_upon_a_draft(folder: Path) -> None:
    for name in ("provisions", "parameters", "cases.yaml"):
        path = folder / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    swap(folder / "draft.yaml", "ZZ-P1-2027", "ZZ-P2-2028")
    swap(folder / "draft.yaml", "2027-03-01", "2028-01-01")
    (folder / "changes.yaml").write_text('- {set: cash.deal_max, unit: ZZD, value: "100.00"}\n', encoding="utf-8")
    second = load_draft(cash().rulebook, folder)
    values = [
        second.rulebook.edition(parse_day(day)).parameters.get("cash.deal_max")
        for day in ("2027-02-28", "2027-12-31", "2028-01-01")
    ]
    assert [value and value.value for value in values] == [None, 500_00, 100_00]  # type: ignore[union-attr]


FAULTS = {
    "an unknown provision": (
        "changes.yaml",
        "- end: ZZ-L1-2026/records",
        "- end: ZZ-L1-2026/recods",
        "changes.yaml:1:8",
        "did you mean",
    ),
    "an unknown parameter": (
        "changes.yaml",
        "credit.loan_to_value_max",
        "credit.loan_to_value",
        "changes.yaml:2:8",
        "a parameter that",
    ),
    "another unit": ("changes.yaml", "unit: ratio", "unit: count", "changes.yaml:3:9", "ratio, the unit of"),
    "no unit": ("changes.yaml", "  unit: ratio\n", "", "changes.yaml:2:3", "the key 'unit'"),
    "a value of another unit": ("changes.yaml", '"1/2"', '"0.5"', "changes.yaml:4:10", "a value in ratio"),
    "a day before the draft": ("changes.yaml", "from: 2027-07-01", "from: 2027-02-01", "changes.yaml:8:9", "the draft's first"),
    "an unknown list": ("changes.yaml", "list: watched_countries", "list: watched", "changes.yaml:11:9", "a list that"),
    "a change of no kind": (
        "changes.yaml",
        "- list: watched_countries",
        "- lists: watched_countries",
        "changes.yaml:11:3",
        "begins with one of",
    ),
    "another country": ("draft.yaml", "law: ZZ", "law: BY", "draft.yaml:4:6", "ZZ, the country"),
    "a day that does not exist": ("draft.yaml", "2027-03-01", "2027-02-29", "draft.yaml:5:7", "a date that exists"),
    "a day outside": ("draft.yaml", "2027-03-01", "2270-03-01", "draft.yaml:5:7", "a day from"),
    "an act that is there": ("draft.yaml", "id: ZZ-P1-2027", "id: ZZ-L1-2026", "draft.yaml:7:7", "not used yet"),
    "money of two currencies": (
        "provisions/cash.yaml",
        "value is not missing and value <= cash",
        "value_usd is not missing and value_usd <= cash",
        "cash.yaml:7:",
        "two values of one type",
    ),
    "a missing fact": (
        "changes.yaml",
        "actor_age is missing or actor_age",
        "actor_age",
        "changes.yaml:14:10",
        "known not to be missing",
    ),
    "a text that begins too early": (
        "provisions/cash.yaml",
        "from: 2027-03-01, to: null",
        "from: 2026-01-01, to: null",
        "cash.yaml:5:13",
        "first day",
    ),
    "a parameter twice": (
        "parameters/cash.yaml",
        "cash.deal_max",
        "report.large",
        "cash.yaml:1:9",
        "a parameter of Zedland already",
    ),
    "an article that the act lacks": (
        "provisions/cash.yaml",
        'ZZ-P1-2027, article: "2"',
        'ZZ-P1-2027, article: "9"',
        "cash.yaml",
        "an article of ZZ-P1-2027",
    ),
}


@pytest.mark.parametrize("what", FAULTS)
def test_a_fault_is_told_with_its_place(what: str, folder: Path) -> None:
    name, before, after, place, expected = FAULTS[what]
    swap(folder / name, before, after)
    draft, problems = read_draft(ZZ, folder)
    assert draft is None
    assert any(place in str(problem) and expected in str(problem) for problem in problems), problems
    with pytest.raises(RulebookError):
        load_draft(ZZ, folder)


def test_a_broken_condition_is_told_once_and_not_for_all_that_name_it(folder: Path) -> None:
    swap(folder / "changes.yaml", "condition: minor", "condition: known_client")
    swap(folder / "changes.yaml", "actor_age is missing or actor_age < age.of_majority", "actor_identified and colour")
    draft, problems = read_draft(ZZ, folder)
    assert draft is None
    assert [problem.given for problem in problems] == ["colour"]


def test_a_change_that_breaks_the_countrys_own_text_names_the_provision(tmp_path: Path) -> None:
    """A provision that relies on what a condition proves is refused where the proof goes away."""
    law, folder = Path(shutil.copytree(str(files("skarb.jurisdictions") / "zz"), tmp_path / "law")), tmp_path / "draft"
    swap(
        law / "provisions" / "tokens.yaml",
        'when: settlement == "cash" and minor',
        'when: settlement == "cash" and minor and actor_age < 100',
    )
    rulebook = load(law)
    folder.mkdir()
    (folder / "draft.yaml").write_text(
        "id: d\ntitle: D\nlaw: ZZ\nfrom: 2027-03-01\nact: {id: ZZ-P1, title: P, rank: law}\n", encoding="utf-8"
    )
    (folder / "changes.yaml").write_text("- {condition: minor, means: actor_age is missing}\n", encoding="utf-8")
    _, problems = read_draft(rulebook, folder)
    assert [problem.where.partition(":1:")[0] for problem in problems] == ["ZZ: ZZ-L1-2026/no-cash.minor"]
    assert "known not to be missing" in problems[0].expected


def test_an_end_and_a_new_text_of_one_provision_contradict_each_other(folder: Path) -> None:
    swap(folder / "changes.yaml", "ZZ-L1-2026/records", "ZZ-L1-2026/no-cash.exchanger")
    _, problems = read_draft(ZZ, folder)
    assert any("either its end" in problem.expected for problem in problems)


def test_a_change_that_changes_nothing_is_a_remark(folder: Path) -> None:
    swap(folder / "changes.yaml", 'value: "1/2"', 'value: "2/3"')
    swap(folder / "changes.yaml", "codes: [QM, QN, QO]", "codes: [QN, QM]")
    draft = load_draft(ZZ, folder)
    assert [one.field for one in draft.idle] == ["value", "codes"]
    assert "changes.yaml:4" in draft.idle[0].where
    assert not {"credit.loan_to_value_max", "watched_countries"} & draft.values


def test_a_draft_that_says_nothing_and_a_folder_without_one(folder: Path, tmp_path: Path) -> None:
    for name in ("provisions", "parameters", "cases.yaml", "changes.yaml"):
        path = folder / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    _, problems = read_draft(ZZ, folder)
    assert [problem.given for problem in problems] == ["no change"]
    with pytest.raises(NotFound):
        load_draft(ZZ, tmp_path)


def test_a_case_that_fails_and_a_value_that_comes_too_late_are_found(folder: Path) -> None:
    swap(folder / "provisions" / "cash.yaml", "value: 500.01 ZZD}, then: silent", "value: 500.00 ZZD}, then: silent")
    assert ["cash.yaml" in problem.where for problem in load_draft(ZZ, folder).problems()] == [True]
    swap(folder / "parameters" / "cash.yaml", "2027-03-01", "2027-04-01")
    found = load_draft(ZZ, folder).problems()
    assert any("none from 2027-03-01 to 2027-03-31" in problem.given for problem in found)


# -- what it does to answers -----------------------------------------------------------------------------------------------------------


def test_cases_of_the_country_that_come_out_differently() -> None:
    turned = turned_cases(cash())
    assert {one.activity for one in turned} == {"token_loan", "token_buy_fiat"}
    loan = next(one for one in turned if one.facts.get("value") == "666.66 ZZD")
    assert loan.after == "refuse: ZZ-L1-2026/credit"
    assert loan.facts == {"value": "666.66 ZZD", "deposit": "1000.00 ZZD"}


def test_answers_change_at_the_new_boundary_and_nowhere_else() -> None:
    draft = load_draft(BY, EXAMPLES / "by-abroad")
    assert activities_of(draft) == {"token_transfer_out"}
    assert touched(draft) == draft.provisions
    found = compare(draft, draft.since)
    refused = [
        one for one in found.turned if one.after.startswith("refuse: BY-P1-2027/limit") and one.before.startswith("permit")
    ]
    assert refused and all(Decimal(one.facts.get("value", "9000.01 BYN").removesuffix(" BYN")) > 9000 for one in refused)
    assert any(one.facts.get("value") == "9000.01 BYN" for one in refused)
    looked_at = [one for one in found.turned if one.after.startswith("refer: BY-P1-2027/second-look")]
    assert looked_at
    assert 0 < sum(one.examples for one in found.turned) < found.decided
    assert compare(draft, draft.since - 1).turned == ()


def test_the_facts_shown_are_enough_for_both_answers() -> None:
    draft = cash()
    for one in compare(draft, FIRST).turned:
        assert one.before != one.after
        assert len(one.facts) < 10


# -- many values of one parameter ----------------------------------------------------------------------------------------------------------


def test_one_parameter_with_many_values() -> None:
    day = parse_day("2026-08-01")
    facts = Facts(activity="token_loan", day=day, screening="clear", value=600_00, deposit=1000_00)
    for value, provision in (("1/2", "ZZ-L1-2026/credit"), ("3/5", "silence"), ("599/1000", "ZZ-L1-2026/credit")):
        tried = ZZ.with_parameter("credit.loan_to_value_max", value, day)
        assert tried.edition(day).decision(facts).provision == provision
        assert tried.edition(day - 1) is ZZ.edition(day - 1)
    assert ZZ.with_parameter("credit.loan_to_value_max", "2/3", day).edition(day).hash == ZZ.edition(day).hash


def test_the_base_unit_carries_what_is_counted_in_it() -> None:
    day = parse_day("2027-01-01")
    tried = ZZ.with_parameter("base_unit", "50.00", day)
    assert tried.edition(day).parameters["report.large"].value == 5000_00  # type: ignore[attr-defined]
    assert tried.edition(day + 4000).parameters["report.large"].value == 5000_00  # type: ignore[attr-defined]
    again = tried.with_parameter("report.large", "1", day + 10)
    assert [again.edition(day + late).parameters["report.large"].value for late in (0, 9, 10)] == [5000_00, 5000_00, 50_00]  # type: ignore[attr-defined]


def test_a_value_from_before_a_draft_does_not_bring_the_draft_forward() -> None:
    draft, day = cash(), parse_day("2026-08-01")
    tried = draft.rulebook.with_parameter("report.large", "70", day)
    assert tried.edition(day).hash == ZZ.with_parameter("report.large", "70", day).edition(day).hash
    assert tried.edition(day - 1) is ZZ.edition(day - 1)
    assert tried.edition(FIRST).provisions.keys() == draft.rulebook.edition(FIRST).provisions.keys()
    assert tried.edition(FIRST).parameters["report.large"].value == 70 * 45_50  # type: ignore[attr-defined]
    new = draft.rulebook.with_parameter("cash.deal_max", "1.00", day)
    assert new.edition(FIRST - 1) is ZZ.edition(FIRST - 1)
    assert new.edition(FIRST).parameters["cash.deal_max"].value == 1_00  # type: ignore[attr-defined]


@pytest.mark.parametrize("value", ["0.5", "2/0", "", "half"])
def test_a_value_of_another_unit_is_refused(value: str) -> None:
    with pytest.raises(InputError, match=r"credit\.loan_to_value_max"):
        ZZ.with_parameter("credit.loan_to_value_max", value, 20_700)
    with pytest.raises(NotFound):
        ZZ.with_parameter("credit.loan", "1/2", 20_700)


COUNTS = "(value is missing or value >= report.large)"


FEATURE = """
- name: total
  sum: value
  over: [actor]
  of: instant_month is not missing
  window: month
  including: true
"""


def counting(tmp_path: Path, **texts: str) -> tuple[Rulebook, Path]:
    """Zedland whose monthly total counts what minors paid above a limit, and a draft with these files."""
    country = Path(shutil.copytree(str(files("skarb.jurisdictions") / "zz"), tmp_path / "zz"))
    swap(country / "features.yaml", 'of: activity == "instant_pay"', f'of: activity == "instant_pay" and minor and {COUNTS}')
    draft = tmp_path / "draft"
    draft.mkdir()
    act = "act: {id: ZZ-P9-2027, title: On what counts, rank: law}"
    (draft / "draft.yaml").write_text(f"id: counts\ntitle: What counts\nlaw: ZZ\nfrom: 2027-03-01\n{act}\n", encoding="utf-8")
    for name, text in texts.items():
        (draft / f"{name}.yaml").write_text(text, encoding="utf-8")
    return load(country), draft


def test_a_total_counts_by_what_the_draft_changes(tmp_path: Path) -> None:
    changes = (
        "- {condition: minor, means: actor_age is missing or actor_age < age.of_majority}\n"
        '- {set: report.large, unit: base_unit, value: "60"}\n'
    )
    law, folder = counting(tmp_path, changes=changes)
    draft = load_draft(law, folder)
    edition = draft.rulebook.edition(FIRST)
    total = edition.features["instant_month"].of
    assert total is not None
    for age, value, counts in [(None, 2730_00, True), (17, 2730_00, True), (18, 2730_00, False), (None, 2729_99, False)]:
        facts = Facts(activity="instant_pay", day=FIRST, actor_age=age, value=value)
        assert truth(total, facts) is counts, (age, value)
    assert "instant_month" in draft.values
    assert "ZZ-D2-2026/instant-month" in touched(draft)
    assert Edition.from_normal(edition.normal).features == edition.features


@pytest.mark.parametrize(
    ("what", "texts"),
    [
        ("of the draft", {"features": FEATURE}),
        ("of the country", {"changes": "- {condition: minor, means: instant_month is missing}\n"}),
    ],
)
def test_no_total_of_a_draft_is_made_of_totals(what: str, texts: dict[str, str], tmp_path: Path) -> None:
    law, folder = counting(tmp_path, **texts)
    draft, problems = read_draft(law, folder)
    assert draft is None, what
    assert ["no total is made of totals" in str(one) for one in problems] == [True]


@pytest.mark.parametrize(
    "changes",
    [
        '- {set: report.swaps, unit: count, value: "4"}\n- {set: report.swaps, unit: count, value: "5"}\n',
        '- {set: report.swaps, unit: count, from: 2027-07-01, value: "4"}\n- {set: report.swaps, unit: count, value: "5"}\n',
        "- {list: watched_countries, codes: [QN]}\n- {list: watched_countries, codes: [QO]}\n",
        "- {condition: minor, means: actor_age is missing}\n- {condition: minor, means: actor_age is not missing}\n",
        "- {end: ZZ-L1-2026/records, last: 2028-01-01}\n- {end: ZZ-L1-2026/records}\n",
    ],
)
def test_a_later_change_does_not_silently_undo_an_earlier_one(changes: str, folder: Path) -> None:
    (folder / "changes.yaml").write_text(changes, encoding="utf-8")
    draft, problems = read_draft(ZZ, folder)
    assert draft is None
    assert [str(one) for one in problems if "one change of it" in one.expected and "changes.yaml:2:" in one.where]


def test_values_in_the_order_of_their_days_are_one_change_each(folder: Path) -> None:
    changes = '- {set: report.swaps, unit: count, value: "4"}\n- {set: report.swaps, unit: count, from: 2027-07-01, value: "5"}\n'
    path = folder / "changes.yaml"
    path.write_text(path.read_text(encoding="utf-8") + changes, encoding="utf-8")
    law = load_draft(ZZ, folder).rulebook
    values = [str(value.value) for value in law.pack.parameters["report.swaps"].values if value.start and value.start >= FIRST]
    assert values == ["4", "5"]


@pytest.mark.parametrize("name", ["changes.yml", "provisions/2027/more.yaml", "provisions/more.yml"])
def test_a_file_that_would_be_passed_over_is_refused(name: str, folder: Path) -> None:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("- {end: ZZ-L1-2026/token}\n", encoding="utf-8")
    draft, problems = read_draft(ZZ, folder)
    assert draft is None
    assert [one.expected for one in problems] == ["a file ending in .yaml"]


def test_an_end_moves_alone_where_a_condition_changes_too(folder: Path) -> None:
    (folder / "changes.yaml").write_text(
        "- {end: ZZ-D2-2026/instant-month, last: 2028-01-01}\n"
        '- {set: instant.month_max, unit: base_unit, value: "300"}\n'
        "- {condition: known_client, means: actor_identified}\n- {end: ZZ-L1-2026/mine, last: 2028-01-01}\n",
        encoding="utf-8",
    )
    draft = load_draft(ZZ, folder)
    first = parse_day("2026-02-01")
    moved, old = backdated(draft, first).pack.provisions, ZZ.pack.provisions
    for name in ("ZZ-D2-2026/instant-month", "ZZ-L1-2026/mine"):
        assert moved[name].start == old[name].start
        assert moved[name].end == parse_day("2028-01-01") + first - draft.since
        assert moved[name].when == draft.rulebook.pack.provisions[name].when
