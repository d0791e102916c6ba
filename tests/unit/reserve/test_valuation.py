"""The best price that is fresh, values that add up, haircuts in parts; files of hours and lots that are read strictly."""

from __future__ import annotations

import gzip
from fractions import Fraction

import pytest

from skarb.chain import Point, Series
from skarb.core.errors import InputError
from skarb.reserve.holdings import Lot, read_holdings, units_of
from skarb.reserve.hourly import read_hours
from skarb.reserve.valuation import AgeLimits, Haircut, after, close_at, haircut_of, lot_values, money, quote_at, size_ppm

DAY = 86_400
LIMITS = AgeLimits(hours=2, days=2, last_known_days=10)
HOURS = "date,unix,low,high,open,close,volume,vol_fiat\n"
DAILY = Series("price", {day: Point(Fraction(100 + day), "published", "reference") for day in (8, 9)})


def hour(start: int, volume: str = "2", paid: str = "210", low: str = "100", high: str = "110", last: str = "108") -> str:
    return f"x,{start},{low},{high},101,{last},{volume},{paid}\n"


def market(*starts: int):
    return read_hours(
        (HOURS + "".join(hour(start, str(2 + place), str(105 * (2 + place))) for place, start in enumerate(starts))).encode(),
        "hours.csv",
        "Some Exchange",
    )


def test_the_first_level_is_the_last_hour_that_is_over() -> None:
    found = quote_at(10 * DAY + 7200, market(10 * DAY, 10 * DAY + 3600, 10 * DAY + 7200), DAILY, LIMITS)
    assert (found.level, found.price, found.at, found.age_seconds) == (1, 105, 10 * DAY + 7200, 0)
    assert found.source == "Some Exchange, mean of the hour" and found.why == "" and found.instant == "1970-01-11T02:00Z"
    assert quote_at(10 * DAY + 7200, market(10 * DAY + 3600), DAILY, LIMITS, "last").price == 108
    assert quote_at(10 * DAY + 7199, market(10 * DAY, 10 * DAY + 3600), DAILY, LIMITS).at == 10 * DAY + 3600


def test_the_second_level_is_the_last_close_and_says_why() -> None:
    old = market(9 * DAY)
    edge = quote_at(9 * DAY + 3 * 3600, old, DAILY, LIMITS)
    assert edge.level == 1
    found = quote_at(10 * DAY, old, DAILY, LIMITS)
    assert (found.level, found.price, found.at) == (2, 109, 10 * DAY) and "ended 23 hours before, expected at most 2" in found.why
    assert quote_at(10 * DAY - 1, None, DAILY, LIMITS).price == 108  # the day is not over
    assert close_at(10 * DAY, DAILY, LIMITS).why == ""


def test_the_third_level_is_assumed_and_ages() -> None:
    found = quote_at(13 * DAY, None, DAILY, LIMITS)
    assert (found.level, found.quality, found.age_days) == (3, "assumed", 3) and "3 days old, expected at most 2" in found.why
    latest = quote_at(13 * DAY, market(10 * DAY), DAILY, LIMITS)
    assert latest.price == 105 and latest.source == "Some Exchange, last known"


def test_a_price_that_is_too_old_is_refused() -> None:
    with pytest.raises(InputError, match=r"stale.*may be 10 days old; load newer"):
        quote_at(20 * DAY + 1, None, DAILY, LIMITS)
    with pytest.raises(InputError, match="load prices that reach it"):
        quote_at(8 * DAY, market(10 * DAY), DAILY, LIMITS)
    with pytest.raises(InputError, match="no hours of a market were given"):
        quote_at(8 * DAY, None, None, LIMITS)


def test_lots_add_up_to_the_whole() -> None:
    lots = [Lot(f"l{number}", number, "BTC", 33_333_333, 5) for number in range(3)] + [Lot("c", 4, "BYN", 777, 777)]
    price, rate = Fraction("61234.56789"), Fraction("3.2059")
    found = lot_values(lots, price, rate)
    whole = money(99_999_999, "BTC", price, rate)
    assert (sum(one.cents for one in found[:3]), sum(one.kopecks or 0 for one in found[:3])) == whole
    assert found[3].kopecks == 777 and found[3].cents == 777 * 10000 // 32059 and found[3].gain_kopecks == 0
    assert units_of(lots, "BTC") == 99_999_999
    assert [one.kopecks for one in lot_values(lots[:3], price, None)] == [None] * 3
    with pytest.raises(InputError, match="load a file of rates"):
        lot_values(lots, price, None)


def test_values_are_never_rounded_up() -> None:
    assert money(1, "BTC", Fraction(999_999), Fraction(1)) == (0, 0) and money(1, "BTC", Fraction(1_000_000), Fraction(1)) == (
        1,
        1,
    )


def test_the_size_counts_by_its_square_root() -> None:
    assert size_ppm(0, 100, 30_000, Fraction(1)) == 0
    assert size_ppm(100, 100, 30_000, Fraction(1)) in (30_000, 30_001)
    assert size_ppm(400, 100, 30_000, Fraction(1)) in (60_000, 60_001) and size_ppm(100, 100, 30_000, Fraction(1, 2)) in (
        15_000,
        15_001,
    )
    assert size_ppm(10**15, 1, 30_000, Fraction(1)) == 1_000_000
    with pytest.raises(InputError, match="daily volume"):
        size_ppm(1, 0, 1, Fraction(1))


def test_haircuts_in_parts() -> None:
    quote = quote_at(13 * DAY, None, DAILY, LIMITS)
    found = haircut_of(quote, 0, 100, 30_000, Fraction(1), [0, 10_000, 50_000], 20_000, 2_000)
    assert found == Haircut(50_000, 60_000, 2_000, 0) and found.total_ppm == 112_000
    assert after(1_000_001, found) == 888_000 and after(10, Haircut(10**6, 5, 5, 5)) == 0
    fresh = haircut_of(quote_at(10 * DAY, None, DAILY, LIMITS), 0, 100, 0, Fraction(1), [0, 10_000, 50_000], 20_000, 0)
    assert fresh == Haircut(10_000, 0, 0, 0)


def test_hours_in_any_order_idle_ones_left_out() -> None:
    text = HOURS + hour(7200) + hour(3600, volume="0", paid="0") + hour(0) + hour(0)
    found = read_hours(gzip.compress(text.encode()), "hours.csv.gz")
    assert (
        [one.start for one in found.hours] == [0, 7200]
        and found.name == "hours.csv.gz"
        and "1 hours without trade" in found.notes[0]
    )
    assert found.daily_volumes_sat(10_800, 5) == (4 * 10**8,) and found.latest(0) is None


def test_hours_that_stand_still_are_left_out() -> None:
    same = "".join(hour(3600 * place) for place in range(5)) + hour(18_000, last="107")
    found = read_hours((HOURS + same).encode(), "hours.csv")
    assert [one.start for one in found.hours] == [0, 18_000] and "4 hours that repeat" in found.notes[0]
    assert len(read_hours((HOURS + hour(0) + hour(3600)).encode(), "hours.csv").hours) == 2


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (hour(1800), "the second in which an hour begins"),
        (hour(0) + hour(0, last="109"), "line 3: given the hour 0 again"),
        (hour(0, paid="500"), "250.00 each"),
        (hour(0, low="0"), "prices above nought"),
        (hour(0, low="109"), "in this order"),
        (hour(0, volume="-2"), "volume: given '-2'"),
        ("x,0,1\n", "more or fewer fields"),
        ("", "no hour with trade"),
    ],
)
def test_hours_that_contradict_themselves(row: str, expected: str) -> None:
    with pytest.raises(InputError, match=expected):
        read_hours((HOURS + row).encode(), "hours.csv")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("lot,day,asset,units\nA,2024-01-01,BTC,1\n", "expected lot, day, asset, units, cost_byn"),
        ("lot,day,asset,units,cost_byn\nA,2024-02-30,BTC,1,1\n", "line 2"),
        ("lot,day,asset,units,cost_byn\nA,2024-01-01,ETH,1,1\n", "asset: given 'ETH'"),
        ("lot,day,asset,units,cost_byn\nA,2024-01-01,BTC,-1,1\n", "units: given '-1'"),
        ("lot,day,asset,units,cost_byn\nA,2024-01-01,BTC,0,1\n", "units: given 0"),
        ("lot,day,asset,units,cost_byn\nA,2024-01-01,BTC,1,1.5\n", "cost_byn: given '1.5'"),
        ("lot,day,asset,units,cost_byn\n,2024-01-01,BTC,1,1\n", "lot: given nothing"),
        ("lot,day,asset,units,cost_byn\nA,2024-01-01,BTC,1,1\nA,2024-01-02,BTC,1,1\n", "line 3, lot: given 'A' again"),
        ("lot,day,asset,units,cost_byn\nA,2024-01-01,BTC,1\n", "fewer fields"),
    ],
)
def test_holdings_that_cannot_be_read(text: str, expected: str) -> None:
    with pytest.raises(InputError, match=expected):
        read_holdings(text.encode(), "holdings.csv")


def test_holdings_come_in_the_order_of_days() -> None:
    found = read_holdings(b"lot,day,asset,units,cost_byn\nB,2024-01-02,BTC,2,20\nA,2024-01-01,BTC,1,10\n", "h.csv")
    assert [one.lot for one in found] == ["A", "B"]
