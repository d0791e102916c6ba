"""What metered energy, or what devices did, should have brought; and how far luck may carry what was paid from it.

A full-pay-per-share pool pays what a hash brings on average, so what is paid is known to the satoshi from the hashes; how many hashes energy
makes is known as far as the efficiency of the machines is. A pool that shares its blocks pays by their number, which is Poisson; alone, a miner has
his own luck.
Source: M. Rosenfeld, analysis of bitcoin pooled mining reward systems.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from skarb.metering.payouts import NetworkDay
from skarb.metering.terms import AuditTerms

_TERA, _HASHES, _DAY_BLOCKS = 10**12, 2**32, 144
_MANY, _DEVIATIONS = 10**6, 60  # blocks; standard deviations beyond which nothing happens
_SHARE = 10_000  # pool fees are in hundredths of a percent


@dataclass(frozen=True)
class Fleet:
    """The registered machines of a site on a day, by their name plates. Units: gigahashes a second, watts."""

    count: int = 0
    hashrate_gh_s: int = 0
    power_w: int = 0

    @property
    def efficiency_j_th(self) -> Fraction | None:
        """Joules per terahash, None without machines."""
        return Fraction(self.power_w * 1000, self.hashrate_gh_s) if self.hashrate_gh_s else None

    def most_w(self, terms: AuditTerms) -> Fraction:
        """What they may take at the meter at most."""
        return self.power_w * Fraction(terms.efficiency_high) * Fraction(terms.pue_high)


def sat_per_th(network: NetworkDay) -> Fraction:
    """Return what a terahash brings on average, in satoshi."""
    return network.reward_sat * _TERA / (network.difficulty * _HASHES)


def hashes_th(energy_wh: int, fleet: Fleet, terms: AuditTerms) -> tuple[Fraction, Fraction] | None:
    """Return how many terahashes energy at the meter makes, from the worst to the best that the machines may do; None without machines."""
    efficiency = fleet.efficiency_j_th
    if efficiency is None:
        return None
    best = efficiency * Fraction(terms.efficiency_low) * Fraction(terms.pue_low)
    worst = efficiency * Fraction(terms.efficiency_high) * Fraction(terms.pue_high)
    return energy_wh * 3600 / worst, energy_wh * 3600 / best


def paid_for(hashes: Fraction, network: NetworkDay, pool_fee: int) -> Fraction:
    """Return what hashes bring on average after the pool's fee, in satoshi. Units: `pool_fee` in hundredths of a percent."""
    return hashes * sat_per_th(network) * (_SHARE - pool_fee) / _SHARE


def found_blocks(hashes: Fraction, network: NetworkDay) -> Fraction:
    """Return how many blocks hashes find on average."""
    return hashes * _TERA / (network.difficulty * _HASHES)


def pool_blocks(days: int, terms: AuditTerms) -> float:
    """Return how many blocks a pool finds on average in some days."""
    return float(days * _DAY_BLOCKS * Fraction(terms.pplns_pool_share))


def z_score(paid: int, low: Fraction, high: Fraction, blocks: float) -> float:
    """Return by how many standard deviations what was paid lies outside of what is expected; 0 inside, below nought where too little was paid.

    `blocks` are those of the pool on average: the fewer, the more luck.
    """
    nearest = low if paid < low else high if paid > high else None
    if nearest is None:
        return 0.0
    if nearest <= 0 or blocks <= 0:
        return math.inf if paid > high else -math.inf
    return float(paid - nearest) / (float(nearest) / math.sqrt(blocks))


def poisson_at_most(count: int, mean: float) -> float:
    """Return how likely at most so many blocks are, when so many are expected.

    Only numbers of blocks that may happen at all are gone through; of millions that are expected luck is normal.
    """
    if mean <= 0:
        return 1.0
    if mean > _MANY:
        return 0.5 * math.erfc((mean - count - 0.5) / math.sqrt(2 * mean))
    reach = _DEVIATIONS * (math.sqrt(mean) + 1)
    if count > mean + reach:
        return 1.0
    numbers = range(max(0, int(min(count, mean) - reach)), count + 1)
    logs = [number * math.log(mean) - mean - math.lgamma(number + 1) for number in numbers]
    return min(1.0, math.fsum(math.exp(one) for one in logs))


def poisson_at_least(count: int, mean: float) -> float:
    """Return how likely at least so many blocks are."""
    return 1.0 if count <= 0 else max(0.0, 1.0 - poisson_at_most(count - 1, mean))
