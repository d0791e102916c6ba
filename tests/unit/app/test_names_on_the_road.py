"""A registered party whose name stands on a list: the desk refers him by the law's own words; who is named otherwise passes."""

from __future__ import annotations

from datetime import date
from types import ModuleType
from typing import Any

import pytest
from msgspec.structs import replace

from skarb.app.setting import screen_of
from skarb.core.screening_list import Listed, Name, ScreeningList


@pytest.mark.parametrize("described", [True, False])  # an entry without `names` is compared by its name
def test_a_party_named_like_somebody_on_a_list_is_referred(town: Any, zedland: ModuleType, described: bool) -> None:
    home = town.registers.country.home
    for party, name in (("anna", "Hanna Zialionaja"), ("boris", "Barys Marozau")):
        known = replace(zedland.person(party, home), name=name, born=date(1980, 5, 17), valid_from=date(2026, 1, 1))
        assert not town.registers.record([known], "names").problems
    names = (Name(text="Ганна Зялёная"),) if described else ()
    entries = (Listed(entry="7", kind="person", name="Ганна Зялёная", names=names, births=("1980-05-17",)),)
    newer = ScreeningList(list="named", regime="un", publisher="X", version="1", published=date(2026, 1, 1), entries=entries)
    town.registers.record_list(newer, "named")
    (known,) = (one for one in town.registers.identifiers() if one.party == "anna")
    assert (known.kind, [name.text for name in known.names], known.births, known.countries) == (
        "person", ["Hanna Zialionaja"], ("1980-05-17",), (home,),
    )  # fmt: skip
    with town.open_funded():  # before the list was known
        pass
    town.screen = screen_of(town.registers)
    with town.desk() as desk:
        answers = [
            zedland.only(desk.submit([town.instruction(name, party=party, counterparty=other)]))
            for name, party, other in (("1", "anna", "cora"), ("2", "cora", "anna"), ("3", "boris", "cora"))
        ]
    assert [answer.outcome for answer in answers] == [
        "referred",
        "referred",
        "posted",
    ]
    assert town.screen.party("anna")[0] == "possible"
    assert town.screen.party("boris")[0] == "clear"
