"""Schemes of a town and of a world: labelled, the same for a seed, and found by the watch."""

from datetime import date
from pathlib import Path

import numpy as np
from litestar.testing import TestClient

from skarb.app.alerts import settings_of, watched
from skarb.app.market import Market, MarketFile, create_market
from skarb.console.app import console
from skarb.oversight.typologies import FAMILIES
from skarb.oversight.typologies.recall import recall_of
from skarb.simulate import market
from skarb.simulate.schemes import SCHEMES, scheme_of
from skarb.simulate.transfers import PLANTED, world


def test_a_town_has_labelled_schemes_and_lives_the_same_life() -> None:
    events = list(market(3, start=date(2026, 11, 6), people=120, companies=6, days=13, per_day=60).events())
    labelled = [one.instruction for one in events if scheme_of(one.instruction.id)]
    assert {str(scheme_of(one.id)).partition("-")[2] for one in labelled} >= set(SCHEMES) - {"bipartite"}
    assert len({one.id for one in labelled}) == len(labelled)
    ordinary = [one.instruction.id for one in events if not scheme_of(one.instruction.id)]
    assert all("-t0" not in name for name in ordinary)


def test_the_town_s_schemes_reach_the_queue(tmp_path: Path) -> None:
    folder = tmp_path / "market"
    create_market(folder, MarketFile(law="by", seed=3, start=date(2026, 11, 6), days=9, people=120, companies=6, per_day=60))
    with Market(folder) as town:
        town.fill()
        queue = town.view.alerts()
        told = set()
        for line in queue.alerts:
            alert = town.view.alert(line.id)
            assert alert is not None
            for move in alert.moves:
                row = town.view.row(move.place.book, move.place.sequence, move.place.row)
                assert row is not None
                told.add((scheme_of(row.instruction.id), row.instruction.id))
        assert sum(scheme == "000-cycle" for scheme, _ in told) >= 3
        assert sum(scheme == "001-scatter_gather" for scheme, _ in told) >= 6
        assert town.view.alert("nothing") is None
        pages = TestClient(console(town.view))
        for lang, word in (("be", "Сігналы"), ("ru", "Сигналы"), ("en", "Alerts")):
            assert word in pages.get(f"/alerts?lang={lang}").text
        name = queue.alerts[0].id
        masked, shown = (pages.get(f"/alerts/{name}?lang=en{more}").text for more in ("", "&purpose=case+17"))
        assert "<svg" in masked and "p-00" not in masked
        assert "p-00" in shown
        assert f"alerts/{name}" in (folder / "looks.jsonl").read_text()
        assert pages.get("/alerts/nothing").status_code == 404


def test_a_world_is_the_same_for_a_seed_and_plants_every_family() -> None:
    one, other = world(9, accounts=300, days=20, schemes=13), world(9, accounts=300, days=20, schemes=13)
    assert np.array_equal(one.flow.transfers.size, other.flow.transfers.size)
    assert np.array_equal(one.scheme, other.scheme)
    assert set(PLANTED) == set(FAMILIES) == set(one.families)
    assert sorted(set(one.scheme.tolist())) == list(range(-1, 13))
    assert bool((np.diff(one.flow.transfers.moment) >= 0).all())


def test_schemes_are_found_among_ordinary_life() -> None:
    """The bar of the documents on a world that no setting was chosen on, small enough for the interpreter."""
    made = world(77, accounts=700, days=60, schemes=39)
    found = recall_of(made.flow.transfers, made.scheme, made.families, watched(made.flow, settings_of("by")).alerts(), made.begin)
    assert found.recall >= 0.80
    assert found.background_rate <= 0.05
