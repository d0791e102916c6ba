"""Three policies, three outcomes on the road; without a readable list a person decides; a refused list changes nothing."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from tests.journeys.zedland import LONG_AGO, Town, only, person

from skarb.app.setting import screen_of
from skarb.core.screening_list import Listed, ScreeningList
from skarb.registers import ListPolicy
from skarb.screening.lists import Edition, Source, read_lists


def foreign(version: str, *entries: Listed) -> ScreeningList:
    return ScreeningList(list="foreign", regime="us", publisher="X", version=version, published=date(2026, 2, 1), entries=entries)


LISTED = Listed(entry="9", passports=("X1234567",))


def town(folder: Path, measure: str | None) -> Town:
    made = Town(folder, law="by", screened=False)
    made.registers.record_list(foreign("1", Listed(entry="7", parties=("boris",))), "foreign list")
    if measure is not None:
        policy = ListPolicy(list="foreign", measure=measure, reason="decided", by="A. Officer", valid_from=LONG_AGO)  # type: ignore[arg-type]
        assert not made.registers.record([policy], "office").problems
    made.screen = screen_of(made.registers)
    return made


@pytest.mark.parametrize(
    ("measure", "outcome", "how", "provision"),
    [
        (None, "refused", "block", "SAN-OFAC/by-program"),
        ("block", "refused", "block", "SAN-OFAC/by-program"),
        ("reject", "refused", "reject", "SAN-DESIGN/decide.own"),
        ("report", "referred", "none", "SAN-DESIGN/decide"),
    ],
)
def test_block_reject_and_report_are_three_outcomes(
    tmp_path: Path, measure: str | None, outcome: str, how: str, provision: str
) -> None:
    made = town(tmp_path, measure)
    with made.desk() as desk:
        receipt = only(desk.submit([made.instruction("one")]))
    assert receipt.outcome == outcome
    assert (receipt.decision.measure, receipt.decision.provision) == (how, provision)
    assert made.screen.party_result("boris").list == "foreign"


def test_a_hit_on_an_own_list_hides_no_graver_one_of_the_other_side(tmp_path: Path) -> None:
    made = town(tmp_path, None)
    other, wallet = Listed(entry="1", parties=("anna",)), "BTC:12c6DSiU4Rq3P4ZxziKxzrL5LmMBrzjrJX"
    own = ScreeningList(list="own", regime="own", publisher="X", version="1", published=LONG_AGO, entries=(other,))
    un = ScreeningList(
        list="un", regime="un", publisher="X", version="1", published=LONG_AGO, entries=(Listed(entry="1", wallets=(wallet,)),)
    )
    for found in (own, un):
        made.registers.record_list(found, found.list)
    made.screen = screen_of(made.registers)
    with made.desk() as desk:
        one = only(desk.submit([made.instruction("one", party="anna", counterparty="boris")]))
        two = only(desk.submit([made.instruction("two", party="anna", counterparty="boris", wallet=wallet)]))
    assert [receipt.decision.measure for receipt in (one, two)] == ["block", "block"]
    assert [receipt.decision.provision for receipt in (one, two)] == ["SAN-OFAC/by-program", "BY-L165Z/9-1-freeze"]


def test_when_no_list_can_be_read_a_person_decides(tmp_path: Path) -> None:
    made = Town(tmp_path, law="by", screened=False)
    reading = read_lists([Source("sdn.csv", b'36,"ZED",-0- ')], Edition(published=date(2026, 2, 1)), date(2026, 6, 1))
    assert reading.problems and not reading.lists
    with made.desk() as desk:
        assert only(desk.submit([made.instruction("one")])).outcome == "referred"


def test_what_the_registers_learn_of_a_party_is_screened_at_once(tmp_path: Path) -> None:
    made = town(tmp_path, None)
    made.registers.record_list(
        ScreeningList(list="own", regime="own", publisher="X", version="1", published=LONG_AGO, entries=(LISTED,)), "own"
    )
    made.screen = screen_of(made.registers)
    with made.desk() as desk:
        made.registers.record(
            [person("cora", made.registers.country.home, passport="X1234567", valid_from=date(2026, 9, 1))], "news"
        )
        receipt = only(desk.submit([made.instruction("one", counterparty="cora")]))
    assert (receipt.outcome, receipt.decision.provision) == ("refused", "SAN-DESIGN/decide.own")
