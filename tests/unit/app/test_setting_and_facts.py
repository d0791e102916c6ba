"""The setting for trying a file out, facts written by hand, and the log of looks."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from skarb.app.facts import facts_from_json, facts_of
from skarb.app.law import law_folder, rulebook_of, shipped_laws
from skarb.app.looks import Looks
from skarb.app.setting import EXAMPLE_OPERATOR, example_registers, example_setting, open_registers, setting_of
from skarb.core.errors import FieldError, InputError, NotFound
from skarb.core.party import LICENCES
from skarb.core.time import to_day

NOW = datetime(2026, 10, 1, 9, tzinfo=UTC)


def clock() -> datetime:
    return NOW


@pytest.mark.parametrize("law", shipped_laws())
@pytest.mark.parametrize("licence", [licence for licence in LICENCES if licence not in ("none", "foreign_provider")])
def test_the_example_institution_has_passed_every_gate(law: str, licence: str) -> None:
    setting = example_setting(law, example_registers(law, clock), licence)
    profile = setting.registers.profile(EXAMPLE_OPERATOR, to_day(NOW.date()))
    assert profile.licence == licence
    country = setting.registers.country
    gates = {"regime": profile.regime_resident, "central_bank": profile.registered}
    assert all(gates[gate] for gate in country.gates.get(licence, ()))
    assert set(profile.covers) == set(country.covers.get(licence, ()))
    assert setting.screen.available
    assert any("made up" in note for note in setting.notes)


def test_without_lists_the_setting_says_so() -> None:
    setting = setting_of("zz", open_registers("zz", None, clock), "x")
    assert "every instruction is referred" in setting.notes[0]
    assert not setting.screen.available


def test_laws_by_name_and_by_folder() -> None:
    assert set(shipped_laws()) >= {"by", "zz"}
    folder = law_folder("zz")
    assert rulebook_of(str(folder)).country == rulebook_of("zz").country
    with pytest.raises(NotFound, match="by, zz"):
        law_folder("atlantis")


def test_facts_by_hand() -> None:
    facts = facts_of({"activity": "mine", "day": "2026-08-01", "value": 5}, "x")
    assert (facts.activity, facts.day, facts.value, facts.screening) == (
        "mine",
        to_day(date(2026, 8, 1)),
        5,
        "unavailable",
    )
    with pytest.raises(FieldError, match="day"):
        facts_of({"activity": "mine"}, "x")
    for wrong in ({"day": "2026-13-01"}, {"activity": "fly"}, {"value": "5"}, {"value": 1.5}, {"colour": 1}, {"value": 10**18}):
        with pytest.raises(InputError):
            facts_of({"activity": "mine", "day": "2026-08-01", **wrong}, "x")


def test_running_totals_by_hand_have_the_names_of_their_features() -> None:
    law = rulebook_of("zz")
    given = {"activity": "instant_pay", "day": "2026-08-01", "instant_month": 5}
    assert facts_of(given, "x", law).totals == (5, None)
    assert facts_of(given | {"day": "2026-03-01"}, "x", law).totals == ()  # a law that knows no total is shown none
    with pytest.raises(InputError, match="instant_month"):
        facts_of(given, "x")
    with pytest.raises(InputError, match="totals"):
        facts_of(given | {"instant_month": "5.00 ZZD"}, "x", law)


def test_facts_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "facts.json"
    for content in (b"", b"[1]", b"{", b'"x"', b"\xff"):
        path.write_bytes(content)
        with pytest.raises(InputError):
            facts_from_json(path)
    with pytest.raises(InputError, match="folder"):
        facts_from_json(tmp_path)
    with pytest.raises(NotFound):
        facts_from_json(tmp_path / "none.json")


def test_looks_are_chained(tmp_path: Path) -> None:
    path = tmp_path / "looks.jsonl"
    Looks(path, clock).record("an inspection", "bank/1/0")
    Looks(path, clock).record("a complaint", "bank/1/1")
    assert [look.purpose for look in Looks(path, clock).all()] == ["an inspection", "a complaint"]
    lines = path.read_text().splitlines()
    path.write_text("\n".join([lines[0].replace("an inspection", "curiosity"), lines[1]]) + "\n")
    with pytest.raises(InputError, match="line 2"):
        Looks(path, clock).all()
    path.write_text(lines[1] + "\n")
    with pytest.raises(InputError, match="line 1"):
        Looks(path, clock).all()
    path.write_text("nonsense\n")
    with pytest.raises(InputError, match="line 1"):
        Looks(path, clock)


def test_a_look_that_was_cut_off_does_not_close_the_log(tmp_path: Path) -> None:
    """The machine died while a look was written: it was never shown to anybody, and the log goes on."""
    path = tmp_path / "looks.jsonl"
    Looks(path, clock).record("an inspection", "bank/1/0")
    whole = path.read_bytes()
    Looks(path, clock).record("a complaint", "bank/1/1")
    path.write_bytes(path.read_bytes()[:-20])
    log = Looks(path, clock)
    log.record("a new complaint", "bank/1/2")
    assert [look.purpose for look in log.all()] == ["an inspection", "a new complaint"]
    assert path.read_bytes().startswith(whole)


def test_two_processes_write_into_one_log_of_looks(tmp_path: Path) -> None:
    path = tmp_path / "looks.jsonl"
    one, other = (Looks(path, clock) for _ in range(2))
    for number in range(3):
        one.record("console", f"a/{number}")
        other.record("command", f"b/{number}")
    assert [look.subject for look in Looks(path, clock).all()] == ["a/0", "b/0", "a/1", "b/1", "a/2", "b/2"]
