"""Machines, the terms on which they run, and what the network pays at a moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction

SATOSHI = 10**8


@dataclass(frozen=True, slots=True)
class Machine:
    """A kind of mining machine, by its name plate."""

    code: str
    name: str
    efficiency_j_th: Fraction
    hashrate_th_s: Fraction
    released: date
    source: str
    note: str = ""

    @property
    def power_w(self) -> Fraction:
        """What it takes at the plug."""
        return self.efficiency_j_th * self.hashrate_th_s


@dataclass(frozen=True, slots=True)
class Terms:
    """On what terms machines run.

    Units: ratios /1. `pue` is power at the meter over power at the machines, `uptime` the share of hours in which they run,
    `pool_fee` what the pool keeps.
    """

    pue: Fraction = Fraction("1.05")
    uptime: Fraction = Fraction("0.95")
    pool_fee: Fraction = Fraction("0.02")


@dataclass(frozen=True, slots=True)
class Network:
    """What the network pays at a moment. Satoshi may be means, hence fractions."""

    difficulty: Fraction
    subsidy_sat: Fraction
    fee_sat: Fraction  # per block
    price_usd: Fraction  # per BTC

    @property
    def reward_sat(self) -> Fraction:
        """What a block brings, in satoshi."""
        return self.subsidy_sat + self.fee_sat
