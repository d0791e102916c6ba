"""Plans: known optima, physical limits, windows that hold together, duals that are true, plans that cannot be."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.thorough import THOROUGH
from tests.unit.grid.calibrated_year import known_system
from tests.unit.grid.simple_program import optimum

from skarb.core.errors import ConfigurationError
from skarb.grid import MEGAWATT, NANO, Hours, InfeasiblePlan, Plan, Policy, System, cost_of, fill, with_outage
from skarb.grid import rolling as rollings
from skarb.grid.program import past_of_plan
from skarb.grid.rolling import rolling
from skarb.grid.solve import committed, relaxed

MW = MEGAWATT


def holds(plan: Plan, hours: Hours, system: System) -> None:
    """Every limit of the formulation, checked on whole watts, by other means than it was made with."""
    supply = hours.baseload_w - plan.spill_w + hours.must_run_w + plan.gas_w + plan.unserved_w
    demand = hours.load_w + plan.boilers_w + plan.mining_total_w + plan.export_w
    assert (supply == demand).all(), "power balances to the watt"
    near = 10  # watts that rounding may add
    for row in (plan.gas_w, plan.boilers_w, plan.export_w, plan.spill_w, plan.unserved_w, plan.mining_w):
        assert row.min(initial=0) >= 0
    assert (plan.boilers_w <= np.minimum(hours.heat_w, system.boilers.most_w) + near).all()
    assert (plan.export_w <= system.export_w + near).all()
    assert (plan.spill_w <= hours.baseload_w + near).all()
    if plan.gas_on is None:
        return
    gas, boilers = system.gas, system.boilers
    assert (plan.gas_w <= plan.gas_on * gas.unit_w + near).all() and (plan.gas_w >= plan.gas_on * gas.unit_min_w - near).all()
    assert (plan.boilers_w <= plan.boilers_on * boilers.unit_w + near).all()
    assert (plan.boilers_w >= plan.boilers_on * boilers.unit_min_w - near).all()
    assert (np.abs(np.diff(plan.gas_w)) <= gas.ramp_w + near).all()
    spare = plan.gas_on * gas.unit_w - plan.gas_w + plan.boilers_w + plan.mining_total_w
    assert (spare >= system.reserve_w - near).all()
    for row, one in zip(plan.blocks, system.miners, strict=True):
        change = np.diff(row, prepend=row[:1])
        on, off = np.maximum(change, 0), np.maximum(-change, 0)
        for hour in range(len(row)):
            assert on[max(0, hour - one.up_hours + 1) : hour + 1].sum() <= row[hour], "a block that started stays on"
            assert off[max(0, hour - one.down_hours + 1) : hour + 1].sum() <= one.blocks - row[hour], (
                "a block that stopped stays off"
            )


def test_the_greedy_plan_of_the_known_year_costs_the_known_cents(year: Hours, system: System) -> None:
    plan = fill(year, system)
    holds(plan, year, system)
    assert cost_of(plan, system).cents == 33_007_559_848


def test_the_relaxed_plan_of_the_known_year_costs_what_is_known(year: Hours, system: System) -> None:
    assert relaxed(year, system).objective == pytest.approx(335_172_890.59, abs=0.01)


@pytest.mark.skipif(not THOROUGH, reason="a year with whole units takes half a minute: make thorough")
def test_the_year_with_whole_units_lies_inside_the_known_bounds(year: Hours, system: System) -> None:
    found = rolling(year, system)
    holds(found.plan, year, system)
    assert 335_977_783 <= found.objective <= 335_984_826
    assert cost_of(found.plan, system).total / NANO == pytest.approx(found.objective, abs=0.1)


def test_weeks_in_windows_cost_what_they_cost_in_one_piece(year: Hours, system: System) -> None:
    hours = year.part(24 * 100, 24 * 106)
    at_once = committed(hours, system, gap=1e-6)
    in_windows = rolling(hours, system, keep=72, ahead=24, gap=1e-6)
    holds(at_once.plan, hours, system)
    holds(in_windows.plan, hours, system)
    assert at_once.bound <= in_windows.objective + 1e-6
    assert in_windows.objective == pytest.approx(at_once.objective, rel=2e-3)


@pytest.mark.parametrize(("up", "down", "keep"), [(5, 3, 6), (3, 6, 4), (4, 4, 3)])
def test_blocks_keep_their_minimum_times_across_the_edges_of_windows(
    year: Hours, system: System, up: int, down: int, keep: int
) -> None:
    """Windows shorter than the minimum times, and a price that makes miners want to switch all the time."""
    restless = replace(
        system, miners=tuple(replace(one, up_hours=up, down_hours=down, value_milli=32_000) for one in system.miners)
    )
    hours = year.part(24 * 130, 24 * 133)
    found = rolling(hours, restless, keep=keep, ahead=8, gap=1e-3)
    holds(found.plan, hours, restless)
    assert (np.diff(found.plan.blocks) != 0).any(), "something was switched, or the test says nothing"


def test_a_second_chain_that_was_begun_from_a_wrong_guess_is_solved_again_until_it_holds(
    year: Hours, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Gas may hardly ramp, so the state in the middle hangs on all that was before; the guess sees one hour of it."""
    slow = replace(
        system, gas=replace(system.gas, ramp_w=60 * MW), miners=tuple(replace(one, up_hours=4) for one in system.miners)
    )
    hours = year.part(24 * 130, 24 * 134)
    solved: list[int] = []
    once = rollings._solved
    monkeypatch.setattr(rollings, "_BEFORE", 1)
    monkeypatch.setattr(rollings, "_solved", lambda task, start, past: solved.append(start) or once(task, start, past))
    found = rolling(hours, slow, keep=8, ahead=4)
    holds(found.plan, hours, slow)
    assert len(solved) > 12 and sorted(set(solved)) == list(range(0, 96, 8)), "some windows were solved again"
    monkeypatch.setattr(rollings, "_CHAINS", 1)
    alone = rolling(hours, slow, keep=8, ahead=4)
    assert found.objective == pytest.approx(alone.objective, rel=1e-2)


def test_a_year_that_cannot_be_is_told_at_its_first_window(year: Hours, system: System) -> None:
    impossible = replace(system, reserve_w=9_000 * MW, miners=())
    with pytest.raises(InfeasiblePlan, match=r"plan from 2026-01-01.*reserve would have to be smaller"):
        rolling(year.part(0, 24 * 12), impossible, keep=24, ahead=0)


def test_two_days_are_planned_anew_behind_what_has_passed(year: Hours, system: System) -> None:
    """A reactor is lost in the night; what ran until midnight binds the rest, and the two parts hold together."""
    lasting = replace(system, miners=tuple(replace(one, up_hours=5, down_hours=4, value_milli=33_000) for one in system.miners))
    hours = year.part(24 * 60, 24 * 63)
    passed = committed(hours, lasting).plan
    lost = with_outage(hours, 0, hours.at(26), 2)
    anew = committed(lost.part(24, 72), lasting, past=past_of_plan(passed, 24, lasting)).plan
    whole = rollings._behind(rollings._cut(passed, 24), anew)
    holds(whole, lost, lasting)
    with pytest.raises(ConfigurationError, match="without whole units"):
        past_of_plan(fill(hours, system), 24, system)


def test_what_one_more_megawatt_hour_costs_is_what_the_plan_says(year: Hours, system: System) -> None:
    hours = year.part(2400, 2448)
    base = relaxed(hours, system)
    for hour in (3, 20, 40):
        load = hours.load_w.copy()
        load[hour] += 10_000  # W
        more = Hours(hours.first, load, hours.nuclear_w, hours.must_run_w, hours.heat_w)
        change = (relaxed(more, system).objective - base.objective) * 100
        assert change == pytest.approx(base.plan.marginal_milli[hour] / 1000, abs=0.01)


@given(
    load=st.lists(st.integers(1500, 7500), min_size=3, max_size=6),
    nuclear=st.integers(0, 2200),
    must_run=st.sampled_from([0, 500, 3000]),
    heat=st.integers(0, 1000),
    floor=st.sampled_from([0, 400, 800]),
    values=st.tuples(st.integers(1, 90), st.integers(1, 90)),
)
@settings(max_examples=60, deadline=None)
def test_the_greedy_plan_is_the_optimum_of_hours_that_are_free_of_each_other(
    load: list[int], nuclear: int, must_run: int, heat: int, floor: int, values: tuple[int, int]
) -> None:
    """Against the linear program with gas at its floor and nothing that binds hours."""
    system = known_system()
    miners = tuple(replace(one, value_milli=value * 1000) for one, value in zip(system.miners, values, strict=True))
    system = replace(system, miners=miners, gas_floor_w=floor * MW)
    count = len(load)
    hours = Hours(
        datetime(2026, 1, 1, tzinfo=UTC),
        np.array(load, np.int64) * MW,
        np.full((1, count), nuclear * MW, np.int64),
        np.full(count, must_run * MW, np.int64),
        np.full(count, heat * MW, np.int64),
    )
    best = optimum(hours, system)
    if best is None:
        with pytest.raises(InfeasiblePlan):
            fill(hours, system)
        return
    plan = fill(hours, system)
    holds(plan, hours, system)
    assert cost_of(plan, system).total / NANO == pytest.approx(best, abs=1e-4)


def test_boilers_first_costs_something_and_mining_only_on_surplus_burns_nothing(year: Hours, system: System) -> None:
    spring = year.part(24 * 100, 24 * 130)
    free, first = fill(spring, system), fill(spring, system, Policy(boilers_first=True))
    assert cost_of(first, system).total > cost_of(free, system).total
    alone = fill(spring, system, Policy(mining_on_gas=False))
    lacking = fill(spring, system.without_mining())
    assert (alone.gas_w == lacking.gas_w).all() and alone.mining_total_w.sum() > 0
    both = committed(year.part(2400, 2448), system, Policy(boilers_first=True, mining_on_gas=False))
    holds(both.plan, year.part(2400, 2448), system)
    surplus = np.maximum(year.baseload_w + year.must_run_w + system.gas_floor_w - year.load_w, 0)[2400:2448]
    assert (both.plan.mining_total_w <= surplus).all()
    wanted = np.minimum(np.minimum(surplus, year.heat_w[2400:2448]), system.boilers.most_w)
    assert (both.plan.boilers_w >= np.where(wanted >= system.boilers.unit_min_w, wanted, 0) - 10).all()


def test_an_infeasible_plan_names_the_constraint_and_the_least_that_makes_it_feasible(year: Hours, system: System) -> None:
    hours = year.part(0, 24)
    greedy = replace(system, reserve_w=9_000 * MW, miners=())
    with pytest.raises(InfeasiblePlan) as caught:
        committed(hours, greedy)
    assert [one.constraint for one in caught.value.relaxations] == ["reserve"]
    enough = replace(greedy, reserve_w=greedy.reserve_w - caught.value.relaxations[0].worst_w - 1)
    committed(hours, enough)  # so much less is possible
    with pytest.raises(InfeasiblePlan):
        committed(hours, replace(enough, reserve_w=enough.reserve_w + MW))
    assert "reserve would have to be smaller" in str(caught.value)


def test_too_much_must_run_and_no_way_out_is_told_as_such(year: Hours, system: System) -> None:
    night = year.part(0, 24)
    flood = Hours(night.first, night.load_w, night.nuclear_w, night.must_run_w + 9_000 * MW, night.heat_w)
    with pytest.raises(InfeasiblePlan) as caught:
        relaxed(flood, system)
    assert [one.constraint for one in caught.value.relaxations] == ["must_run"]
    with pytest.raises(InfeasiblePlan, match="gas floor would have to be lower"):
        fill(flood, system)


def test_a_year_without_miners_has_a_plan_too(year: Hours, system: System) -> None:
    hours = year.part(0, 48)
    for plan in (fill(hours, system.without_mining()), committed(hours, system.without_mining()).plan):
        holds(plan, hours, system.without_mining())
        assert plan.mining_total_w.sum() == 0
