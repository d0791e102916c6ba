"""Each family on a story small enough to check by hand: what it sees, and the nearest story that it must leave alone."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from skarb.app.alerts import settings_of
from skarb.core.errors import ConfigurationError, InputError, NotFound
from skarb.oversight.typologies import FAMILIES, Alert, Settings, Transfers, Watch, read_settings
from skarb.oversight.typologies.legs import Deed, flow_of
from skarb.oversight.typologies.recall import recall_of
from skarb.oversight.typologies.views import apart

HOUR, SUM = 3600, 500_000
SETTINGS = settings_of("by")
Row = tuple[int, int, int, int] | tuple[int, int, int, int, int]


def transfers(rows: list[Row], institutions: dict[int, int] | None = None) -> Transfers:
    """Rows are sender, receiver, hour, minor units and, where it is no money, marks."""
    rows = sorted(rows, key=lambda row: row[2])
    table = np.array([(*row, 0)[:5] for row in rows], np.int64)
    at = institutions or {}
    sent, received = (np.array([at.get(int(one), 0) for one in table[:, side]], np.int64) for side in (0, 1))
    return Transfers(
        table[:, 0], table[:, 1], table[:, 2] * HOUR, table[:, 3], np.zeros(len(rows), np.int64), table[:, 4], sent, received
    )


def seen(rows: list[Row], settings: Settings = SETTINGS, licensed: tuple[int, ...] = ()) -> list[Alert]:
    watch = Watch(settings, kind="python")
    watch.license(np.array(licensed, np.int64))
    watch.feed(transfers(rows))
    return watch.alerts(0)


def families(rows: list[Row], **more: object) -> set[str]:
    return {family for alert in seen(rows, **more) for family in alert.families}  # type: ignore[arg-type]


FAN_IN = [(n, 0, n, SUM + n * 90_000) for n in range(1, 6)]
FAN_OUT = [(0, n, n, SUM + n * 90_000) for n in range(1, 6)]
CYCLE = [(0, 1, 0, SUM), (1, 2, 5, SUM - 9_000), (2, 0, 9, SUM - 20_000)]
SCATTER = [row for n in (2, 3, 4) for row in ((0, n, n, SUM * n), (n, 1, n + 20, SUM * n - 7_000))]
GATHER = [*((n, 0, n, SUM * n) for n in (1, 2, 3)), *((0, n, 10 + n, SUM * n * 2) for n in (4, 5, 6))]
STACK = [(1, 2, 0, SUM), (2, 9, 5, SUM - 5_000), (3, 4, 1, 3 * SUM), (4, 9, 7, 3 * SUM - 9_000)]
BIPARTITE = [(one, other, one + other, SUM * (1 + one * other % 5)) for one in (1, 2, 3) for other in (7, 8, 9)]
CHAIN = [(n, n + 1, 10 * n, SUM - 9_000 * n) for n in range(5)]
STRUCTURING = [(0, 1 + n % 2, 20 * n, 8_900_000 - 1000 * n) for n in range(3)]
RAPID = [(1, 0, 0, 2_000_000), (0, 2, 3, 1_900_000)]
DORMANT = [(9, 0, 0, SUM), *((0, n, 24 * 200 + n, SUM + 7 * n) for n in range(1, 6))]
GIFT = [(0, 1, 0, SUM, 3), (1, 0, 5, SUM - 10_000)]
DEALER = [row for n in range(1, 5) for row in ((n, 0, 30 * n, 9_000 * n), (0, n, 30 * n + 2, 8_900 * n, 1))]
STORIES: dict[str, list[Row]] = {
    "fan_in": FAN_IN, "fan_out": FAN_OUT, "cycle": CYCLE, "scatter_gather": SCATTER, "gather_scatter": GATHER, "stack": STACK,
    "bipartite": BIPARTITE, "chain": CHAIN, "structuring": STRUCTURING, "rapid_in_out": RAPID, "dormant": DORMANT,
    "gift_sale": GIFT, "dealer": DEALER,
}  # fmt: skip


def test_every_family_has_a_story() -> None:
    assert set(STORIES) == set(FAMILIES)


@pytest.mark.parametrize("family", STORIES)
def test_a_family_sees_its_story(family: str) -> None:
    assert family in families(STORIES[family])


@pytest.mark.parametrize("family", STORIES)
def test_its_alert_holds_the_whole_story(family: str) -> None:
    alert = next(one for one in seen(STORIES[family]) if family in one.families)
    expected = [row for row in range(len(STORIES[family])) if not (family == "dormant" and row == 0)]
    assert list(alert.rows) == expected


# The nearest innocent story of each family: one fewer, too late, too different, long known, licensed.
@pytest.mark.parametrize(
    ("family", "rows"),
    [
        ("fan_in", FAN_IN[:4]),
        ("fan_in", [(n, 0, n * 40, SUM + n * 90_000) for n in range(1, 6)]),
        ("fan_in", [(n, 0, n, 80_000 + n) for n in range(1, 6)]),
        ("fan_out", FAN_OUT[:4]),
        ("cycle", [(0, 1, 0, SUM), (1, 2, 5, SUM), (2, 0, 9, SUM // 2)]),
        ("cycle", [(2, 0, 0, SUM), (1, 2, 5, SUM), (0, 1, 9, SUM)]),
        ("scatter_gather", SCATTER[:4]),
        ("scatter_gather", [(a, b, h, s if b != 1 else s // 2) for a, b, h, s in SCATTER]),
        ("gather_scatter", GATHER[:5]),
        ("gather_scatter", [(a, b, h if a else h - 10, s) for a, b, h, s in GATHER][:3] + [(0, n, 0, SUM * n) for n in (4, 5, 6)]),
        ("stack", [*STACK[:3], (4, 9, 7, SUM)]),
        ("bipartite", [row for row in BIPARTITE if row[0] != 3]),
        ("chain", CHAIN[:3]),
        ("chain", [(a, b, h * 8, s) for a, b, h, s in CHAIN]),
        ("structuring", [(a, b, h, s + 200_000) for a, b, h, s in STRUCTURING]),
        ("structuring", STRUCTURING[:2]),
        ("rapid_in_out", [(1, 0, 0, 2_000_000), (0, 2, 3, 1_700_000)]),
        ("rapid_in_out", [(1, 0, 0, 2_000_000), (0, 2, 30, 1_900_000)]),
        ("dormant", [(9, 0, 0, SUM), *((0, n, 24 * 100 + n, SUM + 7 * n) for n in range(1, 6))]),
        ("dormant", DORMANT[:5]),
        ("gift_sale", [(0, 1, 0, SUM, 3), (1, 0, 5, SUM // 3)]),
        ("gift_sale", [(0, 1, 0, SUM, 3), (1, 0, 100, SUM)]),
        ("gift_sale", [(0, 1, 0, SUM, 3), (2, 0, 5, SUM)]),
        ("dealer", DEALER[:6]),
    ],
)  # fmt: skip
def test_a_family_leaves_its_neighbour_alone(family: str, rows: list[Row]) -> None:
    assert family not in families(rows)


def test_a_licensed_dealer_deals_for_others() -> None:
    assert families(DEALER, licensed=(0,)) == set()


def test_who_is_long_known_forms_no_shape() -> None:
    wages = [(0, n, 24 * 35 * month + n, SUM + 90_000 * n) for month in range(3) for n in range(1, 9)]
    rows = [max(one.rows) for one in seen(wages)]
    assert "fan_out" in families(wages[:8])
    assert rows and max(rows) < 8


def test_a_cycle_of_six_is_followed_and_one_of_seven_is_not() -> None:
    def ring(count: int) -> list[Row]:
        return [(n, (n + 1) % count, 3 * n, SUM - 2_000 * n) for n in range(count)]

    assert "cycle" in families(ring(6))
    assert "cycle" not in families(ring(7))


def test_overlapping_families_are_one_alert() -> None:
    (alert,) = seen(SCATTER)
    assert {"scatter_gather"} <= set(alert.families)
    assert len(alert.rows) == len(SCATTER)
    assert alert.score == min(1000, sum(alert.points.values()))
    assert alert.delay == 20 * HOUR  # the first that passes on all he was paid, within a day


def test_an_alert_keeps_its_beginning_while_it_grows() -> None:
    watch = Watch(SETTINGS, kind="python")
    rows = transfers([*FAN_IN, (6, 0, 8, SUM), (7, 0, 9, SUM)])
    watch.feed(rows.part(slice(0, 5)))
    (before,) = watch.alerts(0)
    watch.feed(rows.part(slice(5, 7)))
    (after,) = watch.alerts(0)
    assert before.rows[0] == after.rows[0]
    assert len(before.rows) == 5
    assert len(after.rows) == 7
    assert before.delay == after.delay


def test_a_bound_that_is_met_is_said() -> None:
    """Who has more payers than a walk follows is listed as too busy; his scheme, if it is one, is not silently dropped."""
    rows: list[Row] = [(n, 0, n // 3, SUM + 90_000 * n) for n in range(1, 100)]
    watch = Watch(SETTINGS, kind="python")
    watch.feed(transfers(rows))
    assert watch.bounds_met()["fan_in"] > 0
    assert watch.busy_accounts()[0][0] == 0
    narrow = replace(SETTINGS, limits=SETTINGS.limits._replace(scheme=10))
    alerts = seen(FAN_OUT + [(0, n, n, SUM + n * 90_000) for n in range(6, 16)], narrow)
    assert len(alerts) > 1
    assert any(one.bounded for one in alerts)


def test_hubs_cost_bounded_work() -> None:
    """A star in which everybody pays everybody's shop is the worst case for shapes; every look stays within its bounds."""
    rows: list[Row] = [(n % 40, 40 + (n * 7) % 40, n // 50, SUM + n) for n in range(3_000)]
    watch = Watch(SETTINGS, kind="python")
    watch.feed(transfers(rows))
    assert watch.bounds_met()


def test_a_stream_out_of_order_is_refused() -> None:
    watch = Watch(SETTINGS, kind="python")
    watch.feed(transfers(FAN_IN))
    with pytest.raises(InputError, match="order of time"):
        watch.feed(transfers([(1, 2, 0, SUM)]))


def test_institutions_see_their_own_part_only() -> None:
    """A cycle through three institutions is seen by nobody alone; a fan into one of them is."""
    ring = transfers(CYCLE, {0: 0, 1: 1, 2: 2})
    views, rows, _ = apart(ring)
    assert len(views) == 6
    assert sorted(set(rows.tolist())) == [0, 1, 2]
    watch = Watch(SETTINGS, kind="python")
    watch.feed(views)
    assert not any("cycle" in one.families for one in watch.alerts(0))
    views, _, _ = apart(transfers(FAN_IN, {n: n for n in range(6)}))
    watch = Watch(SETTINGS, kind="python")
    watch.feed(views)
    assert any("fan_in" in one.families for one in watch.alerts(0))


def test_recall_counts_schemes_and_background_apart() -> None:
    rows = transfers([*FAN_IN, (20, 21, 3, 5_000), (21, 22, 4, 5_000), (30, 30, 5, SUM)])
    scheme = np.where(rows.receiver == 0, 0, -1)
    watch = Watch(SETTINGS, kind="python")
    watch.feed(rows)
    found = recall_of(rows, scheme, ["fan"], watch.alerts(0))
    assert (found.recall, found.background, found.between, found.disturbed, found.account_rate) == (1.0, 3, 2, 0, 0.0)
    nothing = recall_of(rows, scheme, ["fan"], [])
    assert (nothing.recall, nothing.total.covered) == (0.0, 0)


@pytest.mark.parametrize("law", ["by", "zz"])
def test_every_setting_has_a_reason_and_every_family_a_provision(law: str) -> None:
    from skarb.app.alerts import serves_of
    from skarb.app.law import rulebook_of

    settings = settings_of(law)
    assert all(len(reason) > 3 for reason in settings.reasons.values())
    for serves in settings.families.values():
        assert serves_of(rulebook_of(law), serves.provision).says
    assert settings.limits.structuring_top == {"by": 9_000_000, "zz": 400_000}[law]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("limits: {fan_in: {value: 3}}", "why"),
        ("limits: {fan_im: {value: 3, why: x}}", "fan_im"),
        ("limits: {fan_in: {value: -3, why: x}}", "whole number"),
        ("limits: {cycle_hops: {value: 9, why: x}}", "cycle_hops"),
        ("other: {}", "sections"),
        ("limits: [", "expected"),
        ("limits: {1: {value: 3, why: x}}", "1 unknown"),
        ("limits: {fan_in: {value: 99999999999999999999, why: x}}", "whole number"),
        ("limits: {fan_in: {parameter: report.special_np, per_mille: many, why: x}}", "whole number"),
    ],
)
def test_bad_settings_are_refused(change: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(change)
    with pytest.raises(ConfigurationError, match=said):
        settings_of("zz", str(path))


def test_a_parameter_that_the_law_lacks(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text("limits: {fan_in: {parameter: [1], why: x}}")
    with pytest.raises(NotFound, match="no amount"):
        settings_of("zz", str(path))


def test_sizes_beyond_a_word_keep_their_differences() -> None:
    deeds = [
        Deed(place, "token_transfer_out", f"p{place}", "hub", "ABC", place * 10**30, "", "", -1, "", -1, "x", "x", f"r{place}")
        for place in range(1, 8)
    ]
    sizes = flow_of(deeds, "BYN").transfers.size.tolist()
    assert sizes == sorted(set(sizes)) and sizes[6] <= 1 << 50 and abs(sizes[6] - 7 * sizes[0]) < 7


def test_settings_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="typologies"):
        read_settings(tmp_path / "typologies.yaml")
