"""The parts that our reading of logic-v2 tells are those that logic-v2 itself tells."""

from __future__ import annotations

import random

import pytest

from skarb.bench.made_names import damaged, made_names
from skarb.core.screening_list import Name
from skarb.screening.names.fold import fold
from skarb.screening.names.form import make_form
from skarb.screening.names.logic import Known, Logic, logic_version

pytestmark = pytest.mark.skipif(
    not logic_version(), reason="the extra screening is not installed: pip install 'skarb[screening]'"
)


def theirs(queries: tuple[Known, ...], listed: tuple[Known, ...]) -> list[tuple[object, ...]]:
    from nomenklatura.matching.logic_v2.names.match import match_name_symbolic
    from rigour.names import CompareConfig

    best, chosen = 0.0, []
    for one in queries:
        for other in listed:
            result, alignment = match_name_symbolic(one.name, other.name, CompareConfig(), 0.8, 0.2, 1.3)
            if result.score > best:
                best, chosen = result.score, alignment
    return [(edge.qps, edge.rps, edge.score, edge.weight) for edge in chosen]


def test_edges_are_those_of_logic_v2(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[object, ...]] = []
    monkeypatch.setattr(
        "skarb.screening.names.logic._parts",
        lambda edges: told.extend((one.query, one.listed, one.score, one.weight) for one in edges),
    )
    logic, rng = Logic(), random.Random(11)
    names = made_names(150, 5)
    extra = [
        ("Theodore A. Kowal", "Ted Kowal", "person"),
        ("The Zyrka Trading Company of Minsk LLC", "Zyrka Trade Co. 2", "entity"),
        ("Kowal, Ted", "Theodore Bogdan Kowal", "unknown"),
        ("Zyrka Holding International Fund 1 GmbH", "Zyrka Intl Fund One", "entity"),
    ]
    pairs = [(damaged(text, rng, " ".join(word.folded for word in fold(text, False))), text, kind) for text, kind in names]
    pairs += [(one[0], other[0], one[1]) for one, other in zip(names, names[7:], strict=False)]
    for query, listed, kind in [*pairs, *extra]:
        roles = Name(text=listed, given=listed.split()[0], family=listed.split()[-1]) if rng.random() < 0.5 else None
        form = make_form(listed, kind, True)
        asked, kept = logic.asked(query, kind), logic.kept(form, kind, roles)
        told.clear()
        logic.align(asked, kept)
        assert told == theirs(asked, kept), (query, listed)
