"""A draft tried as if it had begun on another day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from skarb.app.law import draft_of
from skarb.core.time import parse_day, to_day
from skarb.rulebook import Edition
from skarb.rulebook.backdate import backdated

DRAFT = draft_of("zz", Path("examples/drafts/zz-cash"))
DAY = to_day(date(2026, 8, 1))


def _meant(edition: Edition) -> object:
    """Return what an edition says, without the days on which it began to."""
    said = {name: replace(one, start=None, end=None) for name, one in edition.provisions.items()}
    return said, edition.parameters, edition.lists, edition.conditions


def test_on_its_own_day_it_is_the_draft_itself():
    assert backdated(DRAFT, DRAFT.since) is DRAFT.rulebook


def test_before_its_new_first_day_the_law_is_as_it_was():
    law = backdated(DRAFT, DAY)
    assert law.edition(DAY - 1).hash == DRAFT.base.edition(DAY - 1).hash
    assert law.edition(DAY).hash != DRAFT.base.edition(DAY).hash


def test_where_the_law_it_amends_stays_the_same_it_makes_the_same_law():
    assert DRAFT.base.edition(DRAFT.since - 20).hash == DRAFT.base.edition(DRAFT.since).hash
    earlier = backdated(DRAFT, DRAFT.since - 20)
    assert _meant(earlier.edition(DRAFT.since - 20)) == _meant(DRAFT.rulebook.edition(DRAFT.since))
    assert _meant(earlier.edition(DRAFT.since)) != _meant(DRAFT.base.edition(DRAFT.since))


def test_days_inside_the_draft_move_along_and_days_of_the_law_stay():
    law = backdated(DRAFT, DAY)
    midsummer = parse_day("2027-07-01") + DAY - DRAFT.since
    assert {DAY, midsummer} <= set(law.boundaries)
    for day, units in ((midsummer - 1, 100), (midsummer, 60)):
        parameters = law.edition(day).parameters
        assert parameters["report.large"].value == units * parameters["base_unit"].value, "so many base units of that day"
    ends = DRAFT.base.pack.provisions["ZZ-L1-2026/small-miner"].end
    assert law.pack.provisions["ZZ-L1-2026/small-miner"].end == ends


def test_what_the_draft_ends_ends_sooner():
    law = backdated(DRAFT, DAY)
    assert "ZZ-L1-2026/records" in law.edition(DAY - 1).provisions
    assert "ZZ-L1-2026/records" not in law.edition(DAY).provisions
    assert "ZZ-P1-2027/records" in law.edition(DAY).provisions


@pytest.mark.parametrize("distance", [-200, -1, 1, 200])
def test_moving_there_and_deciding_is_total(distance: int):
    law = backdated(DRAFT, DRAFT.since + distance)
    for day in law.boundaries:
        assert law.edition(day).hash
