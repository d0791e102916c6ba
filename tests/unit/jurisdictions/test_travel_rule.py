"""What must travel, in every country that comes with Skarb: it cites a provision that exists, and stands in force while that does."""

from __future__ import annotations

import pytest

from skarb.app.law import law_folder, rulebook_of, shipped_laws
from skarb.core.time import to_day
from skarb.travelrule.required import load_requirements


@pytest.mark.parametrize("law", shipped_laws())
def test_each_list_cites_a_provision_in_force(law: str) -> None:
    for one in load_requirements(law_folder(law)):
        edition = rulebook_of(law).edition(to_day(one.since))
        assert one.cites in edition.provisions, (law, one.since)
        assert one.required
