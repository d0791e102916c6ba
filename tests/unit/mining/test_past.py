"""The past, tried: years, off switches and holes; and the consumption of the network."""

from __future__ import annotations

import gzip
from datetime import date
from fractions import Fraction

import pytest

from skarb.chain import ChainDay, Point, Series
from skarb.chain.model import EASIEST_TARGET
from skarb.core.errors import InputError
from skarb.core.time import to_day
from skarb.mining.backtest import backtest
from skarb.mining.catalogue import machine
from skarb.mining.footprint import ListedMachine, annualised_twh, read_listed
from skarb.mining.formulas import breakeven_usd_kwh, hashprice_usd_ph_day
from skarb.mining.history import PaidDay, paid_days
from skarb.mining.model import Terms

TERMS = Terms()


def days(first: date, prices: list[str], difficulty: int = 10**14) -> tuple[PaidDay, ...]:
    start = to_day(first)
    target = Fraction(EASIEST_TARGET, difficulty)
    chain = [
        ChainDay(start + at, 850_000 + 144 * at, target, Fraction(312_500_000), Fraction(144), "exact")
        for at in range(len(prices))
    ]
    fees = Series("fees", {one.day: Point(Fraction(10_000_000), "interpolated", "test") for one in chain})
    price = Series("price", {start + at: Point(Fraction(text), "published", "test") for at, text in enumerate(prices) if text})
    return paid_days(chain, fees, price)


def test_a_day_without_a_price_is_missing_and_the_worst_quality_is_told() -> None:
    found = days(date(2024, 7, 1), ["60000", "", "61000"])
    assert [one.day - found[0].day for one in found] == [0, 2]
    assert found[0].quality == "interpolated"
    assert found[0].hashprice == hashprice_usd_ph_day(found[0].network)


def test_switching_off_is_never_worse_and_sums_are_whole_cents() -> None:
    history = days(date(2023, 12, 30), ["80000", "81000", "20000", "9000", "90000"])
    found = list(backtest(history, [machine("s19")], [Fraction("0.05")], TERMS))
    assert [(one.year, one.days, one.days_on) for one in found] == [(2023, 2, 2), (2024, 3, 1)]
    for one in found:
        assert one.switched_cents >= max(0, one.always_cents)
        assert one.always_cents == one.revenue_cents - one.days * 114_000
        assert not one.whole and one.flagged_days == one.days
    margins = [breakeven_usd_kwh(one.hashprice, Fraction("34.2"), TERMS) - Fraction("0.05") for one in history]
    expected = sum(margin * 24_000 * Fraction("0.95") for margin in margins[2:] if margin > 0)
    assert 0 <= expected * 100 - found[1].switched_cents < 3


def test_a_machine_is_tried_from_its_release_on() -> None:
    history = days(date(2023, 11, 29), ["40000"] * 4)
    (found,) = backtest(history, [machine("s21")], [Fraction("0.03")], TERMS)
    assert found.days == 2


def test_a_whole_year_is_one_with_all_its_days() -> None:
    history = days(date(2024, 1, 1), ["40000"] * 366)
    (found,) = backtest(history, [machine("s19")], [Fraction("0.03")], TERMS)
    assert found.whole
    assert not next(iter(backtest(history[1:], [machine("s19")], [Fraction("0.03")], TERMS))).whole


def test_the_network_runs_on_the_mean_of_machines_that_pay() -> None:
    history = days(date(2024, 1, 1), ["40000"] * 30)
    threshold = float(history[0].hashprice) / 1e6 / 86_400 / (0.05 / 3.6e6)
    listed = [
        ListedMachine(history[0].day - 10, threshold * 0.5),
        ListedMachine(history[0].day - 10, threshold * 0.9),
        ListedMachine(history[0].day - 10, threshold * 1.1),
        ListedMachine(history[20].day, threshold * 0.1),
    ]
    found = annualised_twh(history, listed, 0.05)
    hashrate_gh_s = float(history[0].chain.hashrate_th_s) * 1000
    assert found[history[10].day] == pytest.approx(threshold * 0.7 * hashrate_gh_s * 1.1 * 8766 / 1e12)
    assert found[history[29].day] == pytest.approx(threshold * 0.5 * hashrate_gh_s * 1.1 * 8766 / 1e12)


def test_days_before_any_machine_paid_are_missing_and_not_nought() -> None:
    history = days(date(2024, 1, 1), ["40000"] * 5)
    assert annualised_twh(history, [ListedMachine(0, 1e9)], 0.05) == {}
    found = annualised_twh(history, [ListedMachine(history[2].day, 0.001)], 0.05)
    assert list(found) == [history[3].day, history[4].day] and all(found.values())


def test_means_over_days_refuse_a_hole() -> None:
    history = days(date(2024, 1, 1), ["40000", "", "40000"])
    with pytest.raises(InputError, match="hole"):
        annualised_twh(history, [], 0.05)


def test_a_list_of_machines_names_its_bad_line() -> None:
    text = "Miner_name,UNIX_date_of_release,Efficiency_J_Gh,Qty\nA,1500000000,0.1,1\nB,soon,0.2,1\n"
    with pytest.raises(InputError, match=r"m\.csv line 3"):
        read_listed(text.encode(), "m.csv")
    (one,) = read_listed(text.rsplit("\n", 2)[0].encode(), "m.csv")
    assert one == ListedMachine(to_day(date(2017, 7, 14)), 0.1)
    others = text.replace("B,soon", '"B, the second",1600000000.0')  # as tables are written that once had an empty cell
    assert len(read_listed(gzip.compress(others.encode()), "m.csv.gz")) == 2
    with pytest.raises(InputError, match=r"m\.csv line [12]"):
        read_listed((text[: text.index("A,")] + "A" * 200_000 + "\n").encode(), "m.csv")
