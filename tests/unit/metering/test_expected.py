"""What energy should bring, to the satoshi, and how far luck goes."""

import math
from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest

from skarb.core.errors import InputError
from skarb.core.time import to_day
from skarb.metering import (
    AuditTerms,
    Fleet,
    NetworkDay,
    Payout,
    Reported,
    Sources,
    compared,
    days_of,
    found_blocks,
    hashes_th,
    paid_for,
    poisson_at_least,
    poisson_at_most,
    sat_per_th,
    z_score,
)
from skarb.mining.formulas import expected_sat
from skarb.mining.model import Network, Terms
from skarb.registers import MiningSite
from skarb.reporting.bills import all_told, words_of

DAY = to_day(date(2026, 4, 1))
FLEET = Fleet(100, 100 * 200_000, 100 * 3500)
EXACT = AuditTerms(efficiency_low="1/1", efficiency_high="1/1", pue_low="105/100", pue_high="105/100")


def network(day: int = DAY, difficulty: str = "108520000000000", reward: str = "321810000") -> NetworkDay:
    return NetworkDay(day, Fraction(difficulty), Fraction(reward))


def test_a_terahash_a_day_as_published() -> None:
    btc = sat_per_th(network()) * 86_400 / 10**8
    assert round(float(btc), 11) == 5.9655e-7


def test_the_same_satoshi_as_the_economics_of_mining() -> None:
    made = hashes_th(1_000_000_000, FLEET, EXACT)
    assert made is not None and made[0] == made[1]
    known = Network(network().difficulty, network().reward_sat, Fraction(0), Fraction(1))
    assert int(paid_for(made[0], network(), 200)) == expected_sat(1_000_000_000, known, Fraction("17.5"), Terms())


def test_without_machines_nothing_is_expected() -> None:
    assert hashes_th(10**9, Fleet(), EXACT) is None


@pytest.mark.parametrize("mean", [0.01, 0.7, 3.0, 40.0])
def test_poisson_is_a_distribution(mean: float) -> None:
    for count in range(60):
        assert poisson_at_most(count, mean) + poisson_at_least(count + 1, mean) == pytest.approx(1)
    assert poisson_at_most(0, mean) == pytest.approx(math.exp(-mean)) and poisson_at_least(0, mean) == 1


def test_luck_is_told_at_once_of_any_number_of_blocks() -> None:
    assert poisson_at_least(2 * 10**15, 0.1) == 0 and poisson_at_most(2 * 10**15, 0.1) == 1
    assert poisson_at_most(10**30, 10.0**30) == pytest.approx(0.5) and poisson_at_most(0, 10.0**120) == 0
    whole = math.fsum(math.exp(n * math.log(2e4) - 2e4 - math.lgamma(n + 1)) for n in range(19_801))
    assert poisson_at_most(19_800, 2e4) == pytest.approx(whole, rel=1e-9)
    assert poisson_at_most(999_000, 999_999.0) == pytest.approx(poisson_at_most(999_002, 1_000_001.0), rel=5e-3)


def test_luck_is_measured_from_the_nearer_end() -> None:
    assert z_score(150, Fraction(100), Fraction(200), 25) == 0
    assert z_score(90, Fraction(100), Fraction(200), 25) == pytest.approx(-0.5)
    assert z_score(280, Fraction(100), Fraction(200), 25) == pytest.approx(2)
    assert z_score(5, Fraction(0), Fraction(0), 25) == math.inf


def sources(
    scheme: str, paid: int, posted: int | None = None, reported: Reported | None = None, day: NetworkDay | None = None
) -> Sources:
    site = MiningSite(site="s", party="p", capacity_w=1, tariff="t", scheme=scheme, valid_from=date(2020, 1, 1))  # type: ignore[arg-type]
    payouts = [Payout("1", DAY, "s", scheme, paid)]
    return Sources(
        site,
        {DAY: 24 * 367_500},
        {},
        {DAY: FLEET},
        {DAY: day or network()},
        None if reported is None else {DAY: reported},
        payouts,
        None if posted is None else {DAY: posted},
        "BY-1",
    )


def judged(one: Sources, terms: AuditTerms = EXACT) -> dict[str, str]:
    rows, english = days_of(one, DAY, DAY, terms), words_of("en")
    return {found.kind: all_told(english, found.evidence) for found in compared(one, rows, terms)}


def expected() -> int:
    made = hashes_th(24 * 367_500, FLEET, EXACT)
    assert made is not None
    return int(paid_for(made[0], network(), 0))


def test_a_pool_that_pays_per_share_leaves_no_room_for_luck() -> None:
    right = expected()
    assert judged(sources("fpps", right)) == {} and judged(sources("fpps", right * 981 // 1000)) == {}
    assert "luck plays no part" in judged(sources("fpps", right * 979 // 1000))["declared_low"]
    assert "declared_high" in judged(sources("fpps", right * 1021 // 1000))
    assert "declared_low" in judged(sources("fpps", 0))


def test_a_pool_that_shares_its_blocks_leaves_some() -> None:
    right = expected()  # 2.88 blocks a day are expected of a pool of 2 %
    assert judged(sources("pplns", right // 2)) == {} and judged(sources("pplns", 2 * right)) == {}
    assert "3.4 standard deviations" in judged(sources("pplns", 3 * right))["declared_high"]


def test_alone_a_miner_has_his_own_luck() -> None:
    assert judged(sources("solo", 0)) == {}  # not to find a block is what is expected of him
    assert judged(sources("solo", 321_810_000)) == {}  # nor is one block on a lucky day beyond three standard deviations
    assert judged(sources("solo", 2 * 321_810_000))["declared_high"].endswith(
        "2 blocks where 0.00 to 0.00 are expected, chance 0.0000069"
    )
    easy = network(difficulty="100000000")
    blocks = float(found_blocks(Fraction(200_000 // 1000 * 100 * 86_400), easy))
    assert blocks > 400
    assert judged(sources("solo", round(blocks) * 321_810_000, day=easy)) == {}
    assert "chance" in judged(sources("solo", round(blocks * 0.7) * 321_810_000, day=easy))["declared_low"]


@pytest.mark.parametrize("scheme", ["fpps", "pplns", "solo"])
def test_coins_without_any_metered_energy_are_found(scheme: str) -> None:
    still = replace(sources(scheme, 321_810_000), metered_wh={DAY: 0})
    assert "expected by energy 0 sat" in judged(still)["declared_high"]


def test_more_coins_than_there_will_be_are_an_error_of_the_network() -> None:
    with pytest.raises(InputError, match="more coins than there will ever be"):
        judged(sources("fpps", 5, day=network(difficulty="0.0001")))


def test_the_book_must_have_what_the_pool_paid() -> None:
    right = expected()
    assert judged(sources("fpps", right, right)) == {}
    assert f"the book has {right - 5:,} sat" in judged(sources("fpps", right, right - 5))["ledger"]


def test_meter_and_devices_must_fit() -> None:
    hashes, plug = 100 * 200_000 * 86_400, 24 * 350_000
    right = expected()
    assert judged(sources("fpps", right, reported=Reported(hashes, plug))) == {}
    less = judged(sources("fpps", right, reported=Reported(hashes, plug // 2)))
    assert "more than devices explain" in less["telemetry"]
    more = judged(sources("fpps", right, reported=Reported(hashes, plug * 2)))
    assert "less than devices report" in more["telemetry"]
    assert "reported_low" in judged(sources("fpps", right, reported=Reported(2 * hashes, plug)))
