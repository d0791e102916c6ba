"""A draft of the made-up country for tests of replays, and rows that it turns in every way."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from msgspec.structs import replace
from tests.unit.oversight.lakes import Told, fill

from skarb.app.law import rulebook_of
from skarb.core.facts import Facts
from skarb.core.time import to_day

LAW = rulebook_of("zz")
CLIENT = Facts(
    activity="fiat_pay",
    day=0,
    actor_kind="natural_person",
    actor_resident=True,
    actor_identified=True,
    screening="clear",
    value=0,
)
DRAFT = """
id: zz-test
title: Large payments <b>stop</b>
law: ZZ
from: 2027-03-01
act: {id: ZZ-T1-2027, title: On large payments, rank: law, articles: ["1"]}
"""
PROVISION = """
- id: ZZ-T1-2027/{name}
  title: {title}
  cites: {{act: ZZ-T1-2027, article: "1"}}
  in_force: {{from: 2027-03-01, to: null, status: in_force}}
  activity: [fiat_pay]
  when: value is not missing and value >= {limit}
  effect: {effect}
  authority: [CENTRAL_BANK]
  certainty: primary_text
  grade: A
  says: No.
  cases:
    - {{at: 2027-03-01, facts: {{value: {case} ZZD}}, then: {effect}}}
    - {{at: 2027-03-01, facts: {{value: 0.01 ZZD}}, then: silent}}
"""
PARAMETER = """
- name: test.pay_max
  title: From here on payments stop
  unit: ZZD
  values:
    - {from: 2027-03-01, value: "100.00", cites: ZZ-T1-2027/1}
- name: test.look_min
  title: From here on somebody looks first
  unit: ZZD
  values:
    - {from: 2027-03-01, value: "50.00", cites: ZZ-T1-2027/1}
"""


def write_draft(folder: Path, law: str = "ZZ") -> Path:
    """Write a draft: payments from 100.00 on are refused, from 50.00 on referred, and possible matches of screening no longer matter."""
    made = folder / "draft"
    (made / "provisions").mkdir(parents=True)
    (made / "parameters").mkdir()
    (made / "draft.yaml").write_text(DRAFT.replace("law: ZZ", f"law: {law}"))
    stop = PROVISION.format(name="stop", title="Stop", limit="test.pay_max", effect="refuse", case="100.00")
    look = PROVISION.format(name="look", title="Look first", limit="test.look_min", effect="refer", case="50.00")
    (made / "provisions" / "pay.yaml").write_text(stop + look)
    (made / "parameters" / "pay.yaml").write_text(PARAMETER)
    (made / "changes.yaml").write_text("- end: ZZ-R3-2026/possible\n")
    return made


def paid(month: int, value: int | None, party: int, *, screening: str = "clear", venue: int | None = None, **told: int) -> Told:
    """Return a payment as the law decided it."""
    facts = replace(CLIENT, day=to_day(date(2026, month, 5)), value=value, screening=screening)
    edition = LAW.edition(facts.day)
    number = edition.decide(facts)
    answer = {"permit": "posted", "refuse": "refused", "refer": "referred"}[edition.outcomes[number].verdict]
    return Told(facts, party=party, venue=venue, answer=answer, edition=edition, **{"outcome": number, **told})


ROWS = (
    paid(5, 4_999, 0),
    paid(5, 5_000, 0, venue=4),  # referred
    paid(5, 10_000, 0, venue=4),  # refused
    paid(6, 123_456_789_012, 1, venue=5),  # refused
    paid(6, 700, 2, screening="possible"),  # freed
    paid(6, 20_000, 2, screening="possible"),  # referred, then refused
    paid(7, None, 3, screening="possible"),  # freed, without a value
    paid(7, 300, 3, book=2),
)


def lake_of(folder: Path, rows: tuple[Told, ...] = ROWS) -> Path:
    """Return a lake that holds rows."""
    return fill(folder, rows)
