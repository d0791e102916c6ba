"""Satoshi and cents in 64 bits, many at a time: what coins are worth, what a sale loses, how many to sell so that an amount is left.

No product leaves 64 bits, because coins are split from their fractions before they are multiplied; what could leave them is refused where it comes
in. Rounding is always against whoever sells or buys.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from skarb.core.errors import InputError

Whole = npt.NDArray[np.int64]

COIN = 10**8
MILLION = 10**6
_MOST_TRADED = 9 * 10**12
_MOST_COINS = 21 * 10**6


@dataclass(frozen=True)
class Costs:
    """What a sale loses. Units: millionths; `size_ppm` is lost when as much is sold as is traded in a day, else by the square root of the share."""

    fee_ppm: int
    size_ppm: int
    traded_day_sat: int

    def __post_init__(self) -> None:
        if not (0 <= self.fee_ppm < MILLION and 0 <= self.size_ppm <= MILLION and 0 < self.traded_day_sat <= _MOST_TRADED):
            raise InputError(
                f"costs: expected a fee below 100 %, a size from 0 to 100 % and a daily volume of 1 to {_MOST_TRADED} satoshi"
            )


def worth_of(units: Whole, price: Whole) -> Whole:
    """Return what satoshi are worth in cents, exactly, cut."""
    return units // COIN * price + units % COIN * price // COIN


def part_of(amount: Whole, ppm: int | Whole) -> Whole:
    """Return millionths of an amount, cut."""
    return amount // MILLION * ppm + amount % MILLION * ppm // MILLION


def units_for(amount: Whole, price: Whole) -> Whole:
    """Return how many satoshi are worth at least an amount; no more than there will ever be are asked for."""
    whole: Whole = np.minimum(amount // price, _MOST_COINS) * COIN
    return whole + -(-(amount % price * COIN) // price)


def lost_ppm(units: Whole, costs: Costs) -> Whole:
    """Return what selling so many satoshi loses. Rounding: up."""
    times, rest = np.divmod(units, costs.traded_day_sat)
    share = np.minimum(times, MILLION) * MILLION + rest * MILLION // costs.traded_day_sat
    root = np.where(units > 0, _root(np.minimum(share + 1, MILLION * MILLION) * MILLION) + 1, 0)
    lost: Whole = np.minimum(MILLION, costs.fee_ppm + -(-costs.size_ppm * root // MILLION))
    return lost


def to_raise(amount: Whole, price: Whole, costs: Costs) -> Whole:
    """Return how many satoshi to sell so that an amount is left of them; the loss is reckoned for an eighth more."""
    plain = units_for(amount, price)
    net = np.maximum(1, part_of(price, MILLION - lost_ppm(plain + plain // 8 + 1, costs)))
    return np.where(amount > 0, units_for(amount, net), 0)


def bought_for(spending: Whole, price: Whole, costs: Costs) -> tuple[Whole, Whole]:
    """Return how many satoshi cash buys, and what they cost with all that a purchase loses."""
    dear = price + part_of(price, lost_ppm(units_for(spending, price), costs)) + 1
    units = spending // dear * COIN + spending % dear * COIN // dear
    return units, units // COIN * dear + -(-(units % COIN * dear) // COIN)


def _root(values: Whole) -> Whole:
    """Return whole square roots, cut, exactly."""
    found = np.sqrt(values).astype(np.int64)
    found -= found * found > values
    return found + ((found + 1) * (found + 1) <= values)
