"""The formulas against known answers and against each other."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest

from skarb.mining import capital, forgone, formulas
from skarb.mining.catalogue import CLASSES, machine, machines, supposed
from skarb.mining.compare import Figure, against
from skarb.mining.fleet import Fleet, Part, standings
from skarb.mining.model import Network, Terms

TERMS = Terms()
NETWORK = Network(Fraction("108.52e12"), Fraction("3.125") * 10**8, Fraction("0.0931") * 10**8, Fraction(93450))
S21 = Fraction("17.5")


def test_coins_for_a_terahash_and_day_as_published_inputs_give_them() -> None:
    assert formulas.significant(formulas.btc_per_th_day(NETWORK), 5) == Decimal("5.9655E-7")
    assert abs(formulas.hashprice_usd_ph_day(NETWORK) / Fraction("55.21") - 1) < Fraction(15, 1000)  # the index published 55.21


@pytest.mark.parametrize(
    ("hashprice", "efficiency", "usd_mwh"),
    [
        (33, "34.2", "37.5"),
        (50, "34.2", "56.9"),
        (75, "34.2", "85.3"),
        (33, "21.5", "59.7"),
        (50, "17.5", "111.1"),
        (75, "13.5", "216.0"),
    ],
)
def test_what_a_megawatt_hour_is_worth(hashprice: int, efficiency: str, usd_mwh: str) -> None:
    worth = formulas.breakeven_usd_kwh(Fraction(hashprice), Fraction(efficiency), TERMS) * 1000
    assert abs(worth - Fraction(usd_mwh)) <= Fraction(5, 100)


def test_at_the_break_even_price_nothing_is_left() -> None:
    hashprice = formulas.hashprice_usd_ph_day(NETWORK)
    even = formulas.breakeven_usd_kwh(hashprice, S21, TERMS)
    assert formulas.profit_usd_mw_day(hashprice, S21, TERMS, even) == 0
    assert formulas.breakeven_hashprice(even, S21, TERMS) == hashprice
    assert formulas.minting_cost_usd(NETWORK, S21, TERMS, even) == NETWORK.price_usd


def test_satoshi_for_energy_tie_to_the_revenue_of_a_megawatt() -> None:
    day_wh = 24 * 10**6
    running = Terms(TERMS.pue, Fraction(1), TERMS.pool_fee)
    revenue = formulas.revenue_usd_mw_day(formulas.hashprice_usd_ph_day(NETWORK), S21, running)
    sat = formulas.expected_sat(day_wh, NETWORK, S21, TERMS)
    assert 0 <= revenue / NETWORK.price_usd * 10**8 - sat < 1
    assert formulas.expected_sat(0, NETWORK, S21, TERMS) == 0


def test_the_off_switch_that_was_paid_more_than_the_coins() -> None:
    # Riot, August 2023: 333 BTC mined, worth 8.9 million USD; credits of 24.2 and 7.4 million USD, told as 1,136 BTC.
    found = forgone.beside(333 * 10**8, (24_200_000 + 7_400_000) * 100, Fraction(26_900))
    assert abs(found.coins_cents / 890_000_000 - 1) < 0.01
    assert abs(found.credit_sat / (1136 * 10**8) - 1) < 0.04  # at the company's own mean price
    assert abs(found.times - Fraction(316, 89)) < Fraction(5, 100)


def test_a_solar_park_before_its_connection_mines_some_millions() -> None:
    # Lal and You (2023): at most 3.23 million USD for a park of 250 MW. How long it waits stands in no source of ours, so only the order is held:
    # a month at 28 % of its power, machines of 34.2 J/TH, the mean hashprice of 2023.
    energy_mwh = Fraction(250 * 730 * 28, 100)
    usd = formulas.revenue_usd_mw_day(Fraction("74.73"), Fraction("34.2"), TERMS) / 24 / TERMS.uptime * energy_mwh
    assert Fraction(3_230_000, 3) < usd < 3 * 3_230_000


def test_standing_still_leaves_the_credit_and_the_electricity_less_the_coins() -> None:
    energy_wh, price = 10**9, Fraction("0.05")
    even = formulas.breakeven_usd_kwh(formulas.hashprice_usd_ph_day(NETWORK), S21, TERMS)
    margin = int((even - price) * 10**6 * 100)
    found, left = forgone.forgone(energy_wh, price, margin, NETWORK, S21, TERMS)
    assert found.coins_sat == formulas.expected_sat(energy_wh, NETWORK, S21, TERMS)
    assert abs(left) <= 2  # cents: a credit of exactly the margin makes no difference
    assert forgone.forgone(energy_wh, price, 0, NETWORK, S21, TERMS)[1] < 0


def test_capital() -> None:
    assert capital.recovery_factor(Fraction(0), 5) == Fraction(1, 5)
    factor = capital.recovery_factor(Fraction("0.12"), 5)
    assert sum(factor / Fraction("1.12") ** year for year in range(1, 6)) == 1
    assert capital.capital_usd_mwh(Fraction(1_000_000), Fraction(0), 5, Fraction(1)) == Fraction(200_000, 8760)


def test_a_fleet_is_the_mean_of_its_machines_weighed_by_what_they_hash() -> None:
    fleet = Fleet((Part(machine("s9"), 100), Part(machine("s21"), 10)))
    assert fleet.hashrate_th_s == 1350 + 2000
    assert fleet.power_w == 132_300 + 35_000
    assert fleet.efficiency_j_th == Fraction(167_300, 3350)
    assert fleet.power_mw(TERMS) == Fraction(167_300) * Fraction("1.05") / 10**6


def test_the_machine_to_retire_first_stands_on_top() -> None:
    found = standings([Part(machine(code), 1) for code in ("s21", "s9", "s19")], Fraction(55), Fraction("0.05"), TERMS)
    assert [one.part.machine.code for one in found] == ["s9", "s19", "s21"]
    assert [one.runs for one in found] == [False, True, True]
    assert found[0].margin_usd_mwh == (found[0].breakeven_usd_kwh - Fraction("0.05")) * 1000


def test_mining_is_better_only_where_the_whole_ranges_say_so() -> None:
    def figure(low: int, base: int, high: int) -> Figure:
        return Figure("x", Fraction(low), Fraction(base), Fraction(high), "USD/MWh", "test")

    found = against(figure(30, 50, 60), [figure(4, 5, 7), figure(25, 36, 47)], [figure(60, 70, 80)])
    assert [(one.kind, one.answer) for one in found] == [("cost", "yes"), ("cost", "depends"), ("use", "no")]
    assert (found[1].margin_low, found[1].margin, found[1].margin_high) == (-17, 14, 35)


def test_the_catalogue_is_whole() -> None:
    assert set(CLASSES) <= set(machines())
    for one in machines().values():
        assert one.source and one.efficiency_j_th > 0
        assert abs(float(one.power_w) / 3300 - 1) < 0.75, one.code  # between one and six kilowatts
    for figure in supposed().values():
        assert figure.low <= figure.base <= figure.high and figure.source and figure.unit


def test_significant_digits_are_rounded_half_to_even() -> None:
    assert formulas.significant(Fraction(1, 3), 5) == Decimal("0.33333")
    assert formulas.significant(Fraction(25, 2), 2) == Decimal(12)
    assert formulas.significant(Fraction(0)) == 0
