"""Answers: what is left over, why an hour is as it is, what mining changes, who runs where."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from skarb.app.power import inputs_of
from skarb.core.errors import ConfigurationError
from skarb.grid import (
    MEGAWATT,
    NANO,
    Hours,
    Policy,
    Site,
    System,
    best,
    boilers_first_nano,
    carbon_by_hour_g,
    cost_of,
    counted,
    effects_of,
    explain,
    fill,
    reasons_of,
    schedule_of,
    sites_of,
    spread_of,
    sweep,
    table_of,
    tornado,
    truth_of,
    year_of,
)
from skarb.grid.solve import committed

MW = MEGAWATT


def flat(load: list[int], nuclear: int = 0, must_run: int = 0, heat: int = 0) -> Hours:
    def row(value: int) -> np.ndarray:
        return np.full(len(load), value * MW, np.int64)

    start = datetime(2026, 4, 20, tzinfo=UTC)
    return Hours(start, np.array(load, np.int64) * MW, row(nuclear)[None], row(must_run), row(heat))


def test_the_surplus_of_the_known_year_is_what_is_known(year: Hours, system: System) -> None:
    """Figures of the published table, hours exactly and energy and use to the last digit that it shows."""
    known = {
        (0, False): (164, "0.019", "1.7 1.5 1.0 0.7 0.4"),
        (400, False): (876, "0.191", "9.3 8.6 7.0 5.8 3.6"),
        (800, False): (1817, "0.748", "20.4 19.9 18.8 17.4 13.0"),
        (1200, False): (2285, "1.565", "25.6 25.2 24.5 23.9 21.8"),
        (0, True): (0, "0.000", "0.0 0.0 0.0 0.0 0.0"),
        (400, True): (0, "0.000", "0.0 0.0 0.0 0.0 0.0"),
        (800, True): (302, "0.038", "2.9 2.5 1.9 1.4 0.7"),
        (1200, True): (1282, "0.337", "13.6 12.7 11.1 9.8 6.3"),
    }
    found = {(one.floor_w // MW, one.boilers_first): one for one in table_of(year, system.boilers.most_w)}
    assert found.keys() == known.keys()
    for case, (hours, energy, use) in known.items():
        assert found[case].hours == hours, case
        assert f"{found[case].energy_wh / 1e12:.3f}" == energy, case
        assert " ".join(f"{one / 1e4:.1f}" for one in found[case].utilisation) == use, case


def test_the_range_of_the_answer_holds_the_answer() -> None:
    inputs = inputs_of("by")

    def hours_of(given):
        return year_of(given, 1)

    swings = tornado(inputs, hours_of, False)
    assert [one.width_wh for one in swings] == sorted((one.width_wh for one in swings), reverse=True)
    base = truth_of(hours_of(inputs), inputs["gas_floor"]).energy_wh
    floor = next(one for one in swings if one.figure.name == "gas_floor")
    assert floor.at_low.energy_wh < base < floor.at_high.energy_wh
    load = next(one for one in swings if one.figure.name == "load_energy")
    assert load.at_low.energy_wh > base > load.at_high.energy_wh, "more load leaves less over"
    spread = spread_of(inputs, hours_of, False, 7, 20)
    assert spread == spread_of(inputs, hours_of, False, 7, 20)
    assert spread.energy_wh[0] <= spread.energy_wh[1] <= spread.energy_wh[2]


@pytest.mark.parametrize(
    ("load", "heat", "reason"),
    [
        (1000, 0, "surplus"),  # 2,200 MW of reactors and 800 of gas find nobody
        (1_900, 916, "boilers"),
        (2_250, 0, "export"),
        (2_500, 0, "mining"),  # the old machines take what is left, at less than gas costs
        (4_000, 0, "gas"),
        (6_900, 0, "peak"),  # miners give way before the load does
        (9_000, 0, "peak"),
    ],
)
def test_the_reason_is_where_the_next_megawatt_hour_comes_from(system: System, load: int, heat: int, reason: str) -> None:
    cheap_old = (system.miners[0], replace(system.miners[1], value_milli=28_000))
    system = replace(system, miners=cheap_old)
    hours = flat([load], nuclear=2200, heat=heat)
    plan = fill(hours, system)
    assert reasons_of(plan, hours, system) == [reason]
    told = explain(plan, hours, system)[0]
    assert told.says and told.mining_w == plan.mining_total_w[0]
    more = fill(flat([load + 1], nuclear=2200, heat=heat), system)
    rise = cost_of(more, system).total - cost_of(plan, system).total
    assert rise == plan.marginal_milli[0] * MW, "one more MWh costs what the plan says"


def test_reserve_is_a_reason_when_it_is_short(system: System) -> None:
    """Export pays more than gas costs, and yet it is cut: what it would burn is needed in reserve."""
    hours = flat([5000] * 4, nuclear=2200)
    tight = replace(system, reserve_w=1_850 * MW, export_milli=40_000)
    plan = committed(hours, tight).plan
    assert (plan.export_w == 150 * MW).all() and counted(reasons_of(plan, hours, tight)) == {"reserve": 4}
    assert plan.reserve_milli.tolist() == [9_000] * 4, "a MW less of reserve would let one more be exported at 40 and burnt at 31"


def test_effects_are_the_difference_of_two_plans_and_carbon_is_counted_hour_by_hour(year: Hours, system: System) -> None:
    part = year.part(24 * 20, 24 * 40)
    having, lacking = fill(part, system), fill(part, system.without_mining())
    effects = effects_of(having, lacking, part, system, 367, 220, 6)
    assert effects.mining_wh == effects.gas_wh - effects.boilers_wh - effects.export_wh - effects.spill_wh + effects.unserved_wh
    by_hour = carbon_by_hour_g(having, lacking, 367, 220)
    assert abs(int(by_hour.sum()) - effects.carbon_marginal_g) <= len(part)
    assert effects.peak_w == system.mining_w and effects.gain_nano > 0
    free = Policy(mining_on_gas=False)
    spared = effects_of(fill(part, system, free), lacking, part, system, 367, 220, 6)
    assert spared.gas_wh == 0 and spared.mining_wh > 0 and spared.carbon_average_g > 0
    assert spared.boilers_wh < 0 and spared.carbon_marginal_g == -spared.boilers_wh * 220 // 1000, "gas makes the heat instead"
    first = Policy(boilers_first=True, mining_on_gas=False)
    assert (
        effects_of(
            fill(part, system, first), fill(part, system.without_mining(), first), part, system, 367, 220, 6
        ).carbon_marginal_g
        == 0
    )


def test_a_peak_that_boilers_made_before_is_not_raised_by_miners_who_take_their_power(system: System) -> None:
    hours = flat([2100], nuclear=2200, heat=100)
    having, lacking = (fill(hours, one, Policy(mining_on_gas=False)) for one in (system, system.without_mining()))
    floor = int(having.gas_w[0])
    boilers = int(lacking.boilers_w[0])
    mined = int(having.mining_total_w[0])
    assert boilers == 100 * MW and mined > boilers and not having.boilers_w[0] and floor == system.gas_floor_w
    assert effects_of(having, lacking, hours, system, 367, 220, 6).peak_w == mined - boilers


def test_boilers_first_has_a_price_per_megawatt_hour_that_moves(system: System) -> None:
    """One hour, 500 MW over: boilers at 15 take what the new machines at 75 would have had; gas at 31 fills the gap if it may."""
    hours = flat([2500], nuclear=2200, heat=500)
    system = replace(system, export_w=0)
    assert boilers_first_nano(hours, system, mining_on_gas=True) == 500 * (31 - 15) * NANO
    assert boilers_first_nano(hours, system, mining_on_gas=False) == (400 * 75 + 100 * 38 - 500 * 15) * NANO


def test_the_best_size_is_where_the_next_block_no_longer_earns_its_place(system: System) -> None:
    hours = flat([2600, 2800, 3500], nuclear=2200)
    system = replace(system, export_w=0, gas_floor_w=800 * MW)
    steps = sweep(hours, system, [one * MW for one in range(0, 701, 100)], 100_000, Policy(mining_on_gas=False))
    # Left over are 400, 200 and 0 MW; 75 USD/MWh, 3 saved nuclear spilled; a MW must bring 100 in these hours.
    assert [one.mining_wh // MW for one in steps] == [0, 200, 400, 500, 600, 600, 600, 600]
    assert best(steps).mining_w == 200 * MW
    assert all(one.net_nano == one.gain_nano - one.capital_nano for one in steps)


def test_sites_get_blocks_by_priority_and_a_change_touches_few(year: Hours, system: System) -> None:
    hours = year.part(0, 48)
    sites = (
        Site("bereza", "new", 5, 50 * MW, 2, "m1"),
        Site("krichev", "new", 3, 50 * MW, 1, "m2"),
        Site("mahilyow", "old", 6, 50 * MW, 3, "m3"),
    )
    plan = committed(hours, system).plan
    slots = schedule_of(plan, hours, system, sites)
    for hour in range(len(hours)):
        now = {one.site: one for one in slots if one.at == hours.at(hour)}
        assert sum(one.power_w for one in now.values()) == plan.mining_total_w[hour]
        assert now["bereza"].blocks == 0 or now["krichev"].blocks == 3, "the first priority is full before the second runs"
    with pytest.raises(ConfigurationError, match="site lost: given machines of class 'odl'"):
        schedule_of(plan, hours, system, (*sites, Site("lost", "odl", 1, 50 * MW, 4, "m4")))
    with pytest.raises(ConfigurationError, match="expected 8 blocks of 50 MW"):
        schedule_of(plan, hours, system, sites[1:])
    with pytest.raises(ConfigurationError, match="without whole blocks"):
        schedule_of(fill(hours, system), hours, system, sites_of(system))
