"""The small miners beside the farm: in the hours of surplus, metered, paid as their machines and their honesty say."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache

import pytest

from skarb.mining.catalogue import machine
from skarb.mining.formulas import expected_sat
from skarb.registers import MiningSite
from skarb.simulate import market
from skarb.simulate.market import Scenario
from skarb.simulate.miners import Miners, meter_of

START = date(2026, 9, 20)


@cache
def made(seed: int = 7, days: int = 5) -> Scenario:
    return market(seed, start=START, people=20, companies=5, days=days, per_day=1)


def miners(seed: int = 7, days: int = 5) -> Miners:
    found = made(seed, days).miners
    assert found is not None
    return found


def days_of(month: int, count: int = 28) -> list[date]:
    return [date(2026, month, 1) + timedelta(days=number) for number in range(count)]


def test_they_are_registered_some_months_before_the_market_and_the_farm_with_it():
    own = miners()
    assert own.since == date(2026, 3, 1)
    sites = {one.site: one for one in made().entries.registers if isinstance(one, MiningSite)}
    assert set(sites) == set(own.parties) == set(own.titles) == set(own.schemes) and len(sites) == 6
    assert {one.site: one.valid_from for one in sites.values() if one.party != "nachny-viecier"} == dict.fromkeys(
        (one.site for one in own.small), own.since
    )
    assert {one.valid_from for one in sites.values() if one.party == "nachny-viecier"} == {START + timedelta(days=1)}
    early = market(7, start=date(2026, 2, 10), people=20, companies=5, days=5, per_day=1).miners
    assert early is not None and early.since == date(2026, 1, 1), "not before the rules that they are billed by"


def test_they_run_in_hours_that_leave_more_than_the_farm_takes():
    own, farm = miners(), made().farm
    assert farm is not None
    for day in days_of(4):
        surplus = {(at, site) for at, site, _ in own.surplus(day)}
        for hour in own.hours(day):
            site = hour.meter.removeprefix("kwh-")
            assert hour.energy_wh is None or bool(hour.energy_wh) == ((hour.at, site) in surplus)
        assert len({at for at, _ in surplus}) == sum(
            left > farm.most_w for left in farm.left_over(min(one.at for one in own.hours(day)), 24)
        )


def test_the_farm_s_meters_and_payouts_are_those_of_its_hours():
    own, farm = miners(), made().farm
    assert farm is not None
    day = next(
        one
        for one in (START + timedelta(days=number) for number in range(20, 80))
        if any(hour.sat for hour in farm.day(one).hours)
    )
    for site in farm.sites:
        counted = [hour.energy_wh for hour in own.hours(day) if hour.meter == meter_of(site.name)]
        assert counted == [one.metered_wh for hour in farm.day(day).hours for one in hour.sites if one.site == site.name]
    paid = {one.site: one.sat for one in own.paid(day)}
    assert sum(paid[site.name] for site in farm.sites if site.name in paid) == sum(hour.sat for hour in farm.day(day).hours)


def test_one_declares_too_little_and_luck_is_fair_in_the_long_run():
    own, farm = miners(), made().farm
    assert farm is not None
    for one in own.small:
        due = got = 0
        for day in (START - timedelta(days=number) for number in range(1, 200)):
            energy = sum(hour.energy_wh or 0 for hour in own.hours(day) if hour.meter == meter_of(one.site))
            due += expected_sat(energy, farm.chain.network(day), machine(one.machine).efficiency_j_th, farm.terms)
            got += sum(paid.sat for paid in own.paid(day) if paid.site == one.site)
        assert due > 0
        assert got / due == pytest.approx(one.declares_percent / 100, rel=0.25 if one.shares_blocks else 0.001)


def test_the_same_seed_gives_the_same_and_a_longer_market_changes_nothing():
    for day in (*days_of(4, 5), START + timedelta(days=3)):
        assert list(miners().hours(day)) == list(miners(days=40).hours(day)) and miners().paid(day) == miners(days=40).paid(day)
    assert [one for day in days_of(4) for one in miners(8).paid(day)] != [one for day in days_of(4) for one in miners().paid(day)]


def test_a_meter_that_cannot_be_read_has_no_figure_and_no_nought():
    lost = [hour for hour in miners().hours(date(2026, 4, 11)) if hour.energy_wh is None]
    assert [hour.meter for hour in lost] == ["kwh-narach"] * 3
    assert all(hour.energy_wh is not None for hour in miners().hours(date(2026, 4, 12)))


def test_nobody_who_was_there_before_is_changed_by_them():
    with_miners, alone = made().entries, made().cast.entries
    assert with_miners.registers[: len(alone.registers)] == alone.registers
    assert with_miners.rates == alone.rates and with_miners.lists == alone.lists
