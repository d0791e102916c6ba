"""What a draft brings: faults planted in drafts of a law that is clean, and faults of the law that are not the draft's."""

from __future__ import annotations

import shutil
from importlib.resources import files
from pathlib import Path

import pytest

from skarb.core.time import parse_day
from skarb.rulebook import Rulebook, RulebookError, load, load_draft
from skarb.rulebook.analysis import analyse, analyse_draft

ZZ = files("skarb.jurisdictions") / "zz"
TODAY = parse_day("2026-11-01")
HEAD = """
id: planted
title: With a fault
law: ZZ
from: 2027-03-01
act: {id: ZZ-P9-2027, title: On faults, rank: law}
"""
PROVISION = """
- id: ZZ-P9-2027/NAME
  title: A provision with a fault
  cites: {act: ZZ-P9-2027, article: "1"}
  in_force: {from: 2027-03-01, to: null, status: in_force}
  activity: [mine]
  when: WHEN
  effect: EFFECT
  authority: [CENTRAL_BANK]
  certainty: primary_text
  grade: A
  says: Something.
  cases:
    - {at: 2027-03-01, facts: {}, then: silent}
    - {at: 2027-03-01, facts: {actor_kind: natural_person, actor_identified: true}, then: EFFECT}
"""


def provision(name: str, when: str, effect: str) -> str:
    return PROVISION.replace("NAME", name).replace("WHEN", when).replace("EFFECT", effect)


def found(tmp_path: Path, law: Rulebook, **texts: str) -> list[tuple[str, tuple[str, ...]]]:
    folder = tmp_path / "draft"
    for name, text in {"draft": HEAD, **texts}.items():
        path = folder / f"{name.replace('__', '/')}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return [(one.kind, one.about) for one in analyse_draft(load_draft(law, folder), TODAY).open]


HOLE = """
- name: planted.limit
  unit: count
  values:
    - {from: 2027-03-01, to: 2027-03-31, value: "1", cites: ZZ-P9-2027}
    - {from: 2027-05-01, value: "2", cites: ZZ-P9-2027}
"""
FAULTS = {
    "an old permission that a new referral always comes before": (
        {"provisions__a": provision("look", "known_client", "refer")},
        ("dead", ("ZZ-L1-2026/mine",)),
    ),
    "a refusal and a referral of one day that nothing orders": (
        {"provisions__a": provision("a", "known_client", "refuse") + provision("b", "known_client and actor_resident", "refer")},
        ("conflict", ("ZZ-P9-2027/a", "ZZ-P9-2027/b")),
    ),
    "a condition that never holds": (
        {"provisions__a": provision("never", 'actor_kind == "legal_entity" and actor_kind == "state_body"', "permit")},
        ("dead", ("ZZ-P9-2027/never",)),
    ),
    "a named condition that never holds, for what the country built on it": (
        {"changes": "- {condition: minor, means: actor_age is not missing and actor_age > 5 and actor_age < 3}\n"},
        ("dead", ("ZZ-L1-2026/no-cash.minor",)),
    ),
    "days between the end of a provision and its new version": (
        {
            "changes": "- {end: ZZ-L1-2026/mine}\n",
            "provisions__a": provision("mine", "known_client", "permit")
            .replace("from: 2027-03-01", "from: 2027-05-01")
            .replace("at: 2027-03-01", "at: 2027-05-01"),
        },
        ("hole", ("ZZ-L1-2026/mine", "ZZ-P9-2027/mine")),
    ),
    "days without a value": ({"changes": "- {end: ZZ-L1-2026/records}\n", "parameters__a": HOLE}, ("hole", ("planted.limit",))),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_that_a_draft_brings_is_found(fault: str, tmp_path: Path) -> None:
    texts, expected = FAULTS[fault]
    assert expected in found(tmp_path, load(ZZ), **texts)


def test_a_draft_is_not_blamed_for_the_law(tmp_path: Path) -> None:
    country = Path(shutil.copytree(str(ZZ), tmp_path / "zz"))
    path = country / "conditions.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace("means: actor_age is not missing and", "means: actor_age is not missing and actor_age > 200 and")
    )
    law = load(country)
    assert ("dead", ("ZZ-L1-2026/no-cash.minor",)) in {(one.kind, one.about) for one in analyse(law, TODAY).open}
    assert found(tmp_path, law, changes="- {end: ZZ-L1-2026/records}\n") == []


ACCEPTED = """
- finding: dead
  about: [ZZ-L1-2026/mine]
  reason: The permission comes back when the referral ends.
  by: the draft's authors
  until: 2027-12-31
"""
REFERRAL = provision("look", "known_client", "refer")


def test_a_draft_lives_with_what_it_accepts(tmp_path: Path) -> None:
    law = load(ZZ)
    assert found(tmp_path, law, provisions__a=REFERRAL, accepted=ACCEPTED) == []
    draft = load_draft(law, tmp_path / "draft")
    (finding,) = [one for one in analyse_draft(draft, TODAY).findings if one.accepted is not None]
    assert finding.about == ("ZZ-L1-2026/mine",) and finding.accepted.by == "the draft's authors"
    assert draft.rulebook.pack.accepted[-1] == finding.accepted and law.pack.accepted == draft.rulebook.pack.accepted[:-1]


def test_what_a_draft_accepts_runs_out_and_may_not_be_needless(tmp_path: Path) -> None:
    law = load(ZZ)
    late = ACCEPTED.replace("2027-12-31", "2026-10-31")
    assert found(tmp_path, law, provisions__a=REFERRAL, accepted=late) == [
        ("dead", ("ZZ-L1-2026/mine",)),
        ("expired", ("ZZ-L1-2026/mine",)),
    ]
    other = ACCEPTED.replace("ZZ-L1-2026/mine", "ZZ-P9-2027/look")
    assert ("unused", ("ZZ-P9-2027/look",)) in found(tmp_path, law, provisions__a=REFERRAL, accepted=other)


def test_a_draft_accepts_only_what_there_is(tmp_path: Path) -> None:
    with pytest.raises(RulebookError) as caught:
        found(tmp_path, load(ZZ), provisions__a=REFERRAL, accepted=ACCEPTED.replace("ZZ-L1-2026/mine", "ZZ-L1-2026/min"))
    (problem,) = caught.value.problems
    assert problem.where.endswith("accepted.yaml:3:10") and problem.given == "ZZ-L1-2026/min"
