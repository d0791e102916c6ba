"""A farm that follows the surplus: never more than is left over, metered, paid to the satoshi, cut by orders."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache

from skarb.core.amount import parse_amount
from skarb.core.time import to_day
from skarb.mining.formulas import expected_sat, hashprice_usd_ph_day
from skarb.mining.history import paid_days
from skarb.simulate import market
from skarb.simulate.farm import Farm
from skarb.simulate.madechain import FIRST_YEAR, published_hashprice

START = date(2026, 9, 20)
DAYS = [START + timedelta(days=n) for n in range(60)]


@cache
def farm(seed: int = 7) -> Farm:
    made = market(seed, start=START, people=20, companies=5, days=5, per_day=1).farm
    assert made is not None
    return made


def test_the_schedule_is_whole_blocks_within_what_is_left_over():
    running = 0
    for day in DAYS:
        hours = farm().day(day).hours
        assert len(hours) == 24
        for hour in hours:
            assert hour.scheduled_w <= hour.surplus_w
            for one, site in zip(hour.sites, farm().sites, strict=True):
                assert one.scheduled_w % site.block_w == 0 and one.scheduled_w <= site.most_w
                assert one.metered_wh <= one.scheduled_w
            running += bool(hour.scheduled_w)
    assert 100 < running < 800


def test_later_sites_run_only_when_earlier_ones_are_full():
    for day in DAYS:
        for hour in farm().day(day).hours:
            for place, one in enumerate(hour.sites[1:], 1):
                if one.scheduled_w:
                    assert hour.sites[place - 1].scheduled_w == farm().sites[place - 1].most_w


def test_a_payout_is_what_the_meters_of_the_hour_come_to():
    paid = {e.instruction.id: e.instruction for day in DAYS for e in farm().events(day) if e.instruction.activity == "mine"}
    seen = 0
    for day in DAYS:
        network = farm().chain.network(day)
        for hour in farm().day(day).hours:
            sat = sum(
                expected_sat(one.metered_wh, network, farm().machines[one.site].efficiency_j_th, farm().terms)
                for one in hour.sites
            )
            assert sat == hour.sat
            found = paid.get(f"burshtyn-mined-{hour.at:%y%m%d%H}")
            assert (found is not None) == (bool(sat) and day >= farm().begins)
            if found is not None:
                seen += 1
                assert parse_amount(found.amount, 8) == sat and found.at > hour.at + timedelta(hours=1)
    assert seen == len(paid) > 100


def test_every_day_is_paid_for_with_what_its_sale_brings():
    for day in DAYS[3:]:
        told = {e.instruction.activity: e.instruction for e in farm().events(day) if e.instruction.activity != "mine"}
        owed = farm().owed_minor(day - timedelta(days=1))
        energy = sum(hour.metered_wh for hour in farm().day(day - timedelta(days=1)).hours)
        assert abs(owed - energy * 65 / 10_000) <= 0.5
        assert (set(told) == {"token_sell_fiat", "fiat_pay"}) == bool(owed)
        if owed:
            brings = parse_amount(told["token_sell_fiat"].consideration or "", 2)
            assert parse_amount(told["fiat_pay"].amount, 2) == owed <= brings < owed * 102 // 100
            assert f"{energy} Wh" in (told["fiat_pay"].purpose or "")


def test_orders_cut_and_what_was_cut_comes_back_as_far_as_the_hours_allow():
    cuts = [(day, cut) for day in DAYS if (cut := farm().day(day).curtailed) is not None]
    assert len(cuts) >= 5
    verdicts = [verdict for _, cut in cuts for verdict in cut.verdicts]
    assert any(one.complied for one in verdicts) and not all(one.complied for one in verdicts)
    for _, cut in cuts:
        assert cut.order.short_w == 0 and cut.order.at < cut.order.deadline < cut.order.until
        for target in cut.order.targets:
            own = [step.power_w for step in cut.steps if step.site == target.site]
            assert own[0] == target.most_w and own == sorted(own) and own[-1] <= target.running_w


def test_another_seed_is_another_farm_and_the_same_one_the_same():
    again = market(7, start=START, people=20, companies=5, days=5, per_day=1).farm
    assert again is not None
    for day in DAYS[:20]:
        assert again.day(day) == farm().day(day) and again.events(day) == farm().events(day)
    assert [farm(8).day(day).hours for day in DAYS] != [farm().day(day).hours for day in DAYS]


def test_the_made_chain_has_published_halvings_and_joins_the_market():
    chain = farm().chain
    assert [chain.epochs.time_of(height) for height in (420_000, 630_000, 840_000)] == [1468082773, 1589225023, 1713571767]
    days, fees, prices = chain.past(START)
    history = paid_days(days.values(), fees, prices)
    assert [one.day for one in history] == list(range(to_day(date(FIRST_YEAR, 1, 1)), to_day(START) + 1)), "no day is missing"
    last = history[-1]
    assert last.hashprice == hashprice_usd_ph_day(chain.network(START)) and last.quality == "assumed"
    for year, published in published_hashprice():
        own = [float(one.hashprice) for one in history if to_day(date(year, 1, 1)) <= one.day < to_day(date(year + 1, 1, 1))]
        assert 0.5 < sum(own) / len(own) / published < 2, "the path leads through what is published"
