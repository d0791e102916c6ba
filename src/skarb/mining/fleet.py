"""A fleet: machines of several kinds, what they are together, and which of them to retire first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from skarb.mining.formulas import MEGA, breakeven_hashprice, breakeven_usd_kwh
from skarb.mining.model import Machine, Terms


@dataclass(frozen=True, slots=True)
class Part:
    """So many machines of a kind."""

    machine: Machine
    count: int


@dataclass(frozen=True, slots=True)
class Fleet:
    """Machines of several kinds under one roof."""

    parts: tuple[Part, ...]

    @property
    def hashrate_th_s(self) -> Fraction:
        """What all machines hash together."""
        return sum((part.machine.hashrate_th_s * part.count for part in self.parts), Fraction(0))

    @property
    def power_w(self) -> Fraction:
        """What all machines take together at the plug."""
        return sum((part.machine.power_w * part.count for part in self.parts), Fraction(0))

    @property
    def efficiency_j_th(self) -> Fraction:
        """The efficiency of the mix, each kind weighing as much as it hashes."""
        return self.power_w / self.hashrate_th_s

    def power_mw(self, terms: Terms) -> Fraction:
        """Return what the fleet takes at the meter."""
        return self.power_w * terms.pue / MEGA


@dataclass(frozen=True, slots=True)
class Standing:
    """How a kind of machine stands at a hashprice and a price of electricity."""

    part: Part
    power_mw: Fraction  # at the meter
    breakeven_usd_kwh: Fraction
    breakeven_hashprice: Fraction  # USD per PH/s and day
    margin_usd_mwh: Fraction  # what a MWh leaves; below zero: better off

    @property
    def runs(self) -> bool:
        """Tell whether running leaves something."""
        return self.margin_usd_mwh > 0


def standings(parts: Sequence[Part], hashprice: Fraction, usd_kwh: Fraction, terms: Terms) -> tuple[Standing, ...]:
    """Return how each kind stands, the one to retire first on top."""
    found = []
    for part in parts:
        efficiency = part.machine.efficiency_j_th
        even = breakeven_usd_kwh(hashprice, efficiency, terms)
        power = part.machine.power_w * part.count * terms.pue / MEGA
        found.append(Standing(part, power, even, breakeven_hashprice(usd_kwh, efficiency, terms), (even - usd_kwh) * 1000))
    return tuple(sorted(found, key=lambda one: (one.margin_usd_mwh, one.part.machine.code)))
