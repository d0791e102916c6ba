"""What the analysis says besides its proofs: acceptances, what the solver gave up on, information, and that it says the same again."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import skarb.jurisdictions
from skarb.core.decision import SILENCE
from skarb.core.time import parse_day
from skarb.rulebook import Edition, Rulebook, load
from skarb.rulebook.analysis import Analysis, analyse
from skarb.rulebook.analysis.questions import Question, Questions, Scope
from skarb.rulebook.analysis.voices import order_of
from skarb.rulebook.cases import facts_for, outcome_of
from skarb.rulebook.edition import verdict_of
from skarb.rulebook.expression import Compare, Count, Fact, Plus
from skarb.rulebook.load import read_texts
from skarb.rulebook.schema import schema

sys.path.insert(0, str(Path(__file__).parent))
from planted import CONFLICTS, DEAD, Law, rule
from tests.thorough import THOROUGH

TODAY = parse_day("2026-11-22")
FOLDER = Path(skarb.jurisdictions.__path__[0])
MEETING = Law((rule("L1/a", "refuse", "hold"), rule("L1/b", "permit")))


def accepted(until: str) -> dict[str, Any]:
    return {
        "finding": "conflict",
        "about": ["L1/b", "L1/a"],
        "reason": "It is being looked at.",
        "by": "somebody",
        "until": until,
    }


@pytest.fixture(scope="module", params=["zz", "by"])
def shipped(request: pytest.FixtureRequest) -> tuple[Rulebook, Analysis]:
    rulebook = load(FOLDER / request.param)
    return rulebook, analyse(rulebook, TODAY)


def test_nothing_is_open_in_what_is_shipped(shipped: tuple[Rulebook, Analysis]) -> None:
    _, found = shipped
    assert [(one.kind, one.about) for one in found.open] == []
    assert not any(one.kind == "unknown" for one in found.findings)


def test_no_case_of_the_pack_speaks_against_what_is_proven(shipped: tuple[Rulebook, Analysis]) -> None:
    """Whatever the cases' facts make happen, with some chance added, must be ordered, or be found."""
    rulebook, found = shipped
    meeting = {one.about for one in found.findings if one.kind in ("conflict", "narrowing")}
    dead = {name for one in found.findings if one.kind == "dead" for name in one.about}
    silent = {one.about[-1] for one in found.findings if one.kind == "gap"}
    chance, met = random.Random(1), 0
    for case in (*rulebook.pack.cases, *rulebook.pack.edition_cases)[:: 1 if THOROUGH else 4]:
        edition = rulebook.edition(int(case.facts.get("day", case.day)))
        for more in ({}, {"actor_identified": True}, {"screening": "clear"}, at_random(edition, chance)):
            facts = facts_for(edition, {**more, **case.facts})
            decision = edition.decision(facts)
            assert decision.provision not in dead
            if decision.provision == SILENCE:
                assert facts.activity in silent
                continue
            first = edition.provisions[decision.provision]
            for other in edition.provisions.values():
                verdict = verdict_of(other)
                if verdict is None or outcome_of(edition, other.id, facts) in ("silent", "met"):
                    continue
                if (verdict, other.measure) != (verdict_of(first), first.measure):
                    met += 1
                    assert order_of(edition, first, other) not in ("", "narrowing") or (first.id, other.id) in meeting
    assert met > 5


def at_random(edition: Edition, chance: random.Random) -> dict[str, Any]:
    """A few facts by chance."""
    made: dict[str, Any] = {"screening": "clear"}
    for name in chance.sample(sorted(edition.fields), 12):
        field = edition.fields[name]
        if field.type.base == "flag":
            made[name] = chance.random() < 0.5
        elif field.type.codes and name != "activity":
            made[name] = chance.choice(field.type.codes)
    return made


def test_an_accepted_finding_is_not_open_until_its_last_day() -> None:
    law = replace(MEETING, accepted=(accepted("2026-11-22"),)).rulebook()
    (finding,) = (one for one in analyse(law, TODAY).findings if one.kind == "conflict")
    assert finding.accepted is not None and not finding.open
    assert finding.data()["accepted"]["reason"] == "It is being looked at."
    late = analyse(law, TODAY + 1).open
    assert sorted((one.kind, one.about) for one in late) == [("conflict", ("L1/a", "L1/b")), ("expired", ("L1/a", "L1/b"))]


def test_an_acceptance_of_nothing_is_a_finding() -> None:
    mended = replace(MEETING.but("L1/a", exception_of=["L1/b"]), accepted=(accepted("2026-12-31"),))
    (finding,) = analyse(mended.rulebook(), TODAY).open
    assert (finding.kind, finding.about) == ("unused", ("L1/a", "L1/b"))
    assert "accepted.yaml:1" in finding.says


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"finding": "narrowing"}, "expected one of conflict, dead"),
        ({"about": ["L1/a", "L1/c"]}, "given 'L1/c', expected a provision, act, activity, parameter or list"),
        ({"until": None}, "expected the last day on which the acceptance counts"),
        ({"reason": ""}, "given '', expected a text"),
        ({"because": "x"}, "expected a key of an acceptance"),
    ],
)
def test_an_acceptance_is_read_strictly(changes: dict[str, Any], expected: str) -> None:
    law = replace(MEETING, accepted=({**accepted("2026-12-31"), **changes},))
    pack, problems = read_texts(law.texts(), "qq")
    assert pack is None
    assert any(expected in str(problem) for problem in problems), [str(problem) for problem in problems]


def test_a_promise_names_activities_that_exist() -> None:
    _, problems = read_texts(replace(MEETING, complete=("fiat_pya",)).texts(), "qq")
    assert any("complete: given 'fiat_pya'" in str(problem) for problem in problems)


def test_what_the_solver_gave_up_on_is_said_and_not_proven() -> None:
    for fault in (CONFLICTS[0], CONFLICTS[13], DEAD[1]):
        found = analyse(fault.law.rulebook(), TODAY, steps=1)
        assert any(one.kind == "unknown" and one.open for one in found.findings)
        assert not any(one.kind in ("conflict", "dead") for one in found.findings)
        assert "pairs that never speak together" not in found.proven
        assert "provisions that are reached" not in found.proven


def test_a_lower_act_that_forbids_what_a_higher_one_permits_is_information() -> None:
    found = analyse(Law((rule("D1/a", "refuse", "hold"), rule("L1/b", "permit"))).rulebook(), TODAY)
    assert not found.open
    (finding,) = (one for one in found.findings if one.kind == "narrowing")
    assert finding.about == ("D1/a", "L1/b")
    assert finding.witness is not None and finding.witness.explanation.provision == "D1/a"


def test_a_conflict_behind_a_third_that_always_decides_is_none() -> None:
    third = rule("L1/c", "refuse", "hold", precedence=9)
    found = analyse(MEETING.but("L1/a", when="hold and cross_border").having(third).rulebook(), TODAY)
    assert not any(one.kind == "conflict" for one in found.findings)
    assert found.proven["pairs behind a third that decides"] == 1


def test_a_requirement_contradicts_no_verdict() -> None:
    law = Law((rule("L1/a", "require", needs="approved"), rule("L1/b", "permit"), rule("L1/c", "refer", "hold")))
    found = analyse(law.but("L1/c", precedence=1).rulebook(), TODAY)
    assert not found.open


def test_a_question_is_put_to_the_solver_once() -> None:
    questions = Questions(schema("QQD"))
    hired = Fact("hired_persons")
    several = Compare(">", Plus(hired, Count(1)), Count(3))
    first, other = Scope("fiat_pay", 0, 10), Scope("mine", 11, 20)
    assert [questions.ask(Question(scope, (several,), (Compare(">", hired, Count(9)),))) for scope in (first, other)] == [
        "yes",
        "yes",
    ]
    assert questions.solved == 1
    dated = Compare("<", Fact("day"), Count(11))
    assert [questions.ask(Question(scope, (dated,))) for scope in (first, other)] == ["yes", "no"]
    assert questions.solved == 3


def test_a_core_holds_nothing_that_can_be_left_out() -> None:
    questions, hired = Questions(schema("QQD")), Fact("hired_persons")
    impossible = (Compare(">", hired, Count(5)), Compare("!=", hired, Count(7)), Compare("<", hired, Count(4)))
    assert questions.core(Question(Scope("mine", 0, 1), impossible, (Compare("==", hired, Count(1)),))) == ([0, 2], [])


def test_the_same_law_gives_the_same_findings_in_another_process() -> None:
    told = [json.dumps([one.data() for one in analyse(load(FOLDER / "zz"), TODAY).findings])]
    script = (
        "import json, sys; from pathlib import Path; from skarb.rulebook import load; from skarb.rulebook.analysis import analyse;"
        "print(json.dumps([one.data() for one in analyse(load(Path(sys.argv[1])), int(sys.argv[2])).findings]))"
    )
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        command = [sys.executable, "-c", script, str(FOLDER / "zz"), str(TODAY)]
        told.append(subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout.strip())
    assert len(set(told)) == 1
