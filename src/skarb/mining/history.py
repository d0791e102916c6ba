"""What the network paid on every day of the past, made of the chain, its fees and the price; a day that lacks one of them is missing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from skarb.chain import ChainDay, Point, Quality, Series, worst
from skarb.mining.formulas import hashprice_usd_ph_day
from skarb.mining.model import Network


@dataclass(frozen=True, slots=True)
class PaidDay:
    """What the network paid on a day, with what that was made of."""

    chain: ChainDay
    fee: Point  # satoshi per block
    price: Point  # USD per BTC
    hashprice: Fraction  # USD per PH/s and day

    @property
    def day(self) -> int:
        """Days since 1970-01-01 (UTC)."""
        return self.chain.day

    @property
    def quality(self) -> Quality:
        """That of the worst ingredient."""
        return worst([self.chain.dated, self.fee.quality, self.price.quality])

    @property
    def network(self) -> Network:
        """The day as what the network pays."""
        return network_of(self.chain, self.fee, self.price)


def network_of(chain: ChainDay, fee: Point, price: Point) -> Network:
    """Return what the network pays on a day."""
    return Network(chain.difficulty, chain.subsidy_sat, fee.value, price.value)


def paid_days(days: Iterable[ChainDay], fees: Series, prices: Series) -> tuple[PaidDay, ...]:
    """Return the days of which everything is known."""
    found = []
    for chain in days:
        fee, price = fees.points.get(chain.day), prices.points.get(chain.day)
        if fee is not None and price is not None:
            found.append(PaidDay(chain, fee, price, hashprice_usd_ph_day(network_of(chain, fee, price))))
    return tuple(found)
