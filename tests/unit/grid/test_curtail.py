"""Curtailment: who is cut, how all come back, who complied by the meter, what it costs."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skarb.core.errors import ConfigurationError, InputError
from skarb.grid import MEGAWATT, Site
from skarb.grid.curtail import (
    Acknowledgement,
    Order,
    Reading,
    Rule,
    bytes_of,
    charges,
    event_of,
    judged,
    order_id,
    ramp_down,
    ramp_up,
    shed,
    sheddable,
    verify,
    worst,
)

MW = MEGAWATT
AT = datetime(2026, 4, 21, 2, 7, tzinfo=UTC)
UNTIL = datetime(2026, 4, 21, 4, 0, tzinfo=UTC)
SITES = (
    Site("bereza", "new", 4, 50 * MW, 1, "m-bereza", off_minutes=2),
    Site("krichev", "new", 2, 50 * MW, 2, "m-krichev", off_minutes=1),
    Site("mahilyow", "old", 6, 10 * MW, 3, "m-mahilyow", off_minutes=1),
    Site("slow", "old", 5, 10 * MW, 3, "m-slow", off_minutes=30),
)
FULL = {one.name: one.most_w for one in SITES}
RULES = (
    Rule("excess", "tariff 3.1", date(2026, 1, 1), 300_000, 5_000),
    Rule("no proof", "tariff 3.2", date(2026, 1, 1), 100_000, proven=False),
    Rule("excess of the first", "tariff 3.3", date(2026, 1, 1), 600_000, priority=1),
)


def order(need_mw: int, running: dict[str, int] | None = None) -> Order:
    return shed(SITES, FULL if running is None else running, need_mw * MW, id=order_id(AT, 1), at=AT, until=UNTIL, reason="peak")


def readings(given: Order, factor: dict[str, int] | None = None, minutes: int = 15) -> list[Reading]:
    """Meters that show each site at its limit, or at so many watts."""
    return [
        Reading(one.meter, at, minutes, (factor or {}).get(one.site, one.most_w) * minutes // 60)
        for one in given.targets
        for at in judged(given, minutes)
    ]


def test_the_last_priority_class_is_cut_first_in_whole_blocks_and_slow_sites_are_left_out() -> None:
    made = order(75)
    assert [(one.site, one.shed_w // MW) for one in made.targets] == [("mahilyow", 60), ("krichev", 50)]
    assert made.id == "shed-20260421-001" and made.short_w == 0 and made.shed_w == 110 * MW
    assert made.deadline == AT + timedelta(minutes=1)
    assert [one.site for one in order(200).targets] == ["mahilyow", "krichev", "bereza"]
    short = order(1000)
    assert short.shed_w == 360 * MW and short.short_w == 640 * MW


def test_what_can_be_gone_in_some_minutes() -> None:
    assert sheddable(SITES, FULL) == ((1, 160 * MW), (5, 360 * MW), (15, 360 * MW))
    assert sheddable(SITES, FULL, (30,)) == ((30, 410 * MW),)


@given(st.integers(1, 500), st.dictionaries(st.sampled_from(sorted(FULL)), st.integers(0, 5)))
@settings(max_examples=100, deadline=None)
def test_an_order_frees_what_is_needed_or_says_what_is_missing(need: int, off: dict[str, int]) -> None:
    running = {one.name: one.most_w - min(off.get(one.name, 0), one.blocks) * one.block_w for one in SITES}
    made = order(need, running)
    assert made == order(need, running), "the same need is always the same order"
    assert made.shed_w + made.short_w >= need * MW
    assert made.short_w == 0 or all(one.most_w == 0 for one in made.targets)
    cut = {one.site: one for one in made.targets}
    for one in SITES[:3]:  # nobody is touched while a later class still runs
        later = [other for other in SITES[:3] if other.priority > one.priority]
        if one.name in cut:
            assert all(cut[other.name].most_w == 0 for other in later if running[other.name])


def test_an_order_refuses_what_cannot_be() -> None:
    for need, running, says in (
        (0, FULL, "more than nought"),
        (5, {"nobody": 1}, "is not known"),
        (5, {"krichev": 101 * MW}, "expected 0 to 100000000"),
        (5, {"krichev": 100 * MW}, "nothing is known of what bereza, mahilyow, slow draws"),
    ):
        with pytest.raises(InputError, match=says):
            order(need, running)
    with pytest.raises(InputError, match="in this order"):
        replace(order(50), until=AT)
    with pytest.raises(InputError, match="its zone"):
        replace(order(50), at=datetime(2026, 4, 21))  # noqa: DTZ001


def test_off_is_at_once_and_back_is_one_block_at_a_time() -> None:
    made = order(200)
    assert [(one.at - AT, one.site) for one in ramp_down(made, SITES)] == [
        (timedelta(minutes=1), "krichev"),
        (timedelta(minutes=1), "mahilyow"),
        (timedelta(minutes=2), "bereza"),
    ]
    back = ramp_up(made, SITES, [60 * MW, 400 * MW], stagger_minutes=5)
    assert [(one.at - UNTIL, one.site, one.power_w // MW) for one in back[:3]] == [
        (timedelta(0), "bereza", 200),
        (timedelta(minutes=5), "mahilyow", 10),
        (timedelta(hours=1), "krichev", 50),
    ]
    assert back[-1].site == "mahilyow" and back[-1].power_w == 60 * MW


@given(st.lists(st.integers(0, 400), min_size=1, max_size=6), st.sampled_from([1, 5, 7, 30]), st.integers(10, 360))
@settings(max_examples=150, deadline=None)
def test_a_return_never_overshoots_what_the_system_can_give(headroom: list[int], stagger: int, need: int) -> None:
    made = order(need)
    level = {one.site: one.most_w for one in made.targets}
    last = None
    for step in ramp_up(made, SITES, [one * MW for one in headroom], stagger_minutes=stagger):
        assert last is None or step.at - last >= timedelta(minutes=stagger), "never two blocks at once"
        assert step.power_w > level[step.site]
        level[step.site], last = step.power_w, step.at
        back = sum(level.values()) - sum(one.most_w for one in made.targets)
        hour = (step.at - UNTIL) // timedelta(hours=1)
        assert back <= min(headroom[hour:]) * MW, "what has come back stays inside the headroom to the end"
    assert all(level[one.site] <= one.running_w for one in made.targets)


def test_the_meter_tells_who_complied_and_an_acknowledgement_does_not() -> None:
    made = order(110)
    said = [Acknowledgement(made.id, "mahilyow", AT + timedelta(seconds=20)), Acknowledgement("other", "krichev", AT)]
    found = {one.site: one for one in verify(made, readings(made, {"mahilyow": 20 * MW}), said)}
    cheat, honest = found["mahilyow"], found["krichev"]
    assert not cheat.complied and cheat.excess_wh == 20 * MW * 7 // 4, "seven quarters of an hour at 20 MW"
    assert cheat.acknowledged == AT + timedelta(seconds=20) and not cheat.late
    assert honest.complied and honest.excess_wh == 0 and honest.late and honest.acknowledged is None
    assert worst(tuple(found.values())) == [cheat]


def test_only_whole_intervals_between_deadline_and_end_are_judged() -> None:
    made = order(50)
    assert judged(made, 15)[0] == datetime(2026, 4, 21, 2, 15, tzinfo=UTC) and len(judged(made, 15)) == 7
    assert judged(made, 60) == (datetime(2026, 4, 21, 3, tzinfo=UTC),)
    early = Reading("m-mahilyow", datetime(2026, 4, 21, 2, tzinfo=UTC), 15, 15 * MW)  # before the deadline it may draw
    assert verify(made, [early, *readings(made)])[0].complied


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        (lambda one: None, "unproven"),
        (lambda one: replace(one, estimated=True), "unproven"),
        (lambda one: replace(one, energy_wh=-5), "suspect"),
        (lambda one: replace(one, energy_wh=16 * MW), "suspect"),  # more than 60 MW in a quarter of an hour
        (lambda one: replace(one, energy_wh=one.energy_wh + 1), "exceeded"),
        (lambda one: one, "complied"),
    ],
)
def test_what_is_missing_or_wrong_is_never_nought(change, finding: str) -> None:
    made = order(50)
    rows = readings(made)
    changed = change(rows[2])
    rows[2:3] = [] if changed is None else [changed]
    verdict = verify(made, rows)[0]
    assert verdict.intervals[2].finding == finding and verdict.complied == (finding == "complied")
    if finding in ("unproven", "suspect"):
        assert verdict.unproven_wh >= 10 * MW and verdict.excess_wh == 0, "it counts as if the site had drawn all it can"


def test_a_meter_with_two_readings_for_one_interval_is_an_error() -> None:
    made = order(50)
    rows = readings(made)
    assert verify(made, [*rows, rows[0]])[0].complied, "the same reading twice is one"
    with pytest.raises(InputError, match="expected one"):
        verify(made, [*rows, replace(rows[0], energy_wh=7)])
    with pytest.raises(InputError, match="expected 15"):
        verify(made, [replace(rows[0], minutes=30)])


def test_every_charge_comes_from_one_rule_and_rounds_once() -> None:
    made = order(200)
    rows = readings(made, {"mahilyow": 20 * MW, "bereza": 160 * MW})
    rows.remove(next(one for one in rows if one.meter == "m-krichev"))
    found = charges(made, verify(made, rows), RULES)
    assert [(one.site, one.rule, one.energy_wh, one.amount_minor) for one in found] == [
        ("mahilyow", "excess", 35 * MW, 35 * 300_00 + 5_000),
        ("krichev", "no proof", 25 * MW, 25 * 100_00),
        ("bereza", "excess of the first", 17_500_000, 17_500_000 * 600_000 // 10_000_000),
    ]
    odd = (replace(RULES[0], price_milli_per_mwh=333, fixed_minor=0),)
    one_wh = [replace(one, energy_wh=one.energy_wh + 15_015) for one in readings(order(50))]
    assert charges(order(50), verify(order(50), one_wh), odd)[0].amount_minor == 3, "3.4999965 minor units"


def test_a_day_without_a_penalty_or_with_two_is_an_error() -> None:
    made = order(50)
    found = verify(made, readings(made, {"mahilyow": 50 * MW}))
    for rules in ((), (replace(RULES[0], last=date(2026, 4, 20)),), (RULES[0], replace(RULES[0], name="twice"))):
        with pytest.raises(ConfigurationError, match="expected exactly one"):
            charges(made, found, rules)


def test_events_are_the_same_bytes_and_come_back_the_same() -> None:
    made = order(200)
    found = verify(made, readings(made, {"mahilyow": 20 * MW}), [Acknowledgement(made.id, "bereza", AT)])
    events = [
        made,
        *found,
        *charges(made, found, RULES),
        *ramp_down(made, SITES),
        readings(made)[0],
        Acknowledgement("a", "b", AT),
    ]
    for event in events:
        assert event_of(bytes_of(event)) == event and bytes_of(event_of(bytes_of(event))) == bytes_of(event)
    for broken in (
        b"{}",
        b"[1]",
        b'{"kind":"order"}',
        bytes_of(made).replace(b'"needed_w":200000000', b'"needed_w":2.5'),
        b"\xff",
    ):
        with pytest.raises(InputError):
            event_of(broken)
