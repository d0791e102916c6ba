"""Prices for risk: holes are refused, bridged and told; nothing is invented."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from skarb.chain import Point, Series
from skarb.core.errors import InputError
from skarb.reserve.series import in_currency, price_days


def series(prices: dict[int, object]) -> Series:
    return Series("price", {day: Point(Fraction(str(value)), "published", "made up") for day, value in prices.items()})


def test_days_one_after_the_other() -> None:
    found = price_days(series({3: 100, 4: "110.5", 5: 90}))
    assert found.days.tolist() == [3, 4, 5] and found.closes.tolist() == [100.0, 110.5, 90.0] and found.notes == ()
    assert found.between(4, None).closes.tolist() == [110.5, 90.0]
    for ends in ((2, None), (None, 6), (5, 4)):
        with pytest.raises(InputError, match="expected days between 1970-01-04 and 1970-01-06"):
            found.between(*ends)


def test_a_hole_is_refused_or_bridged_and_never_filled() -> None:
    holed = series({1: 100, 2: 101, 3: 102, 5: 104, 6: 105})
    with pytest.raises(InputError, match=r"nothing from 1970-01-05 to 1970-01-05, 1 days.*--over-gaps 1"):
        price_days(holed)
    found = price_days(holed, over_gaps_days=1)
    assert len(found) == 5 and "is bridged" in found.notes[0]
    assert np.isclose(np.diff(found.logs)[2], np.log(104 / 102))


def test_days_before_an_early_hole_are_left_out_and_that_is_told() -> None:
    found = price_days(series({1: 100, **{day: 100 + day for day in range(3, 12)}}))
    assert found.first == 3 and "behind the last day without a price" in found.notes[0]
    with pytest.raises(InputError, match="nothing from 1970-01-03"):
        price_days(series({1: 100, **{day: 100 + day for day in range(3, 12)}}), first=1)
    with pytest.raises(InputError, match="expected a price on the first day"):
        price_days(series({1: 100, 2: 100}), first=0)


@pytest.mark.parametrize("price", [0, -5])
def test_a_price_of_nought_or_below_is_none(price: int) -> None:
    with pytest.raises(InputError, match="expected a price above nought"):
        price_days(series({1: 100, 2: price, 3: 100}))


def test_too_few_and_jumps() -> None:
    with pytest.raises(InputError, match="given 1 days"):
        price_days(series({1: 100}))
    with pytest.raises(InputError, match="given 0 days"):
        price_days(series({}))
    assert "more than half in a day 1 times, first on 1970-01-03" in price_days(series({1: 100, 2: 1000, 3: 1010})).notes[0]


def test_prices_in_another_currency() -> None:
    found = in_currency(
        price_days(series({1: 100, 2: 200, 3: 300})), {2: Fraction("3.2"), 3: Fraction("3.3")}, "price, BYN per BTC"
    )
    assert found.closes.tolist() == [640.0, 990.0] and found.first == 2
    with pytest.raises(InputError, match="no rate of 1970-01-03"):
        in_currency(price_days(series({1: 100, 2: 200, 3: 300})), {1: Fraction(3), 3: Fraction(3)}, "price")
    with pytest.raises(InputError, match="load rates of more days"):
        in_currency(price_days(series({1: 100, 2: 200})), {1: Fraction(3)}, "price")
