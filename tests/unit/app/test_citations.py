"""Where a provision stands is told as far as somebody saw it."""

from __future__ import annotations

import pytest

from skarb.app.law import rulebook_of, shipped_laws
from skarb.app.words import citation_of, spoken


@pytest.mark.parametrize("law", shipped_laws())
def test_no_citation_asks_where_it_stands(law: str) -> None:
    rulebook = rulebook_of(law)
    for one in rulebook.pack.provisions:
        told = [
            citation_of(rulebook, one),
            *(found.citation for code in ("be", "ru", "en") if (found := spoken(rulebook, one, code))),
        ]
        assert len(told) == 4 and not [text for text in told if text.endswith(("?", ",", " "))]


def test_a_part_whose_number_nobody_saw_stands_without_one() -> None:
    assert citation_of(rulebook_of("by"), "BY-U19-2026/reg-11ops").endswith(", Regulation")
