"""Capital: what machines and a site cost for each hour they run."""

from __future__ import annotations

from fractions import Fraction

HOURS_YEAR = 8760


def recovery_factor(rate: Fraction, years: int) -> Fraction:
    """Return the share of an investment that equal payments at the end of each year must have to pay it back with interest."""
    if rate == 0:
        return Fraction(1, years)
    grown = (1 + rate) ** years
    return rate * grown / (grown - 1)


def capital_usd_mwh(capex_usd_mw: Fraction, rate: Fraction, years: int, uptime: Fraction) -> Fraction:
    """Return what an investment adds to each megawatt-hour, if machines run that share of all hours."""
    return capex_usd_mw * recovery_factor(rate, years) / (HOURS_YEAR * uptime)
