"""What mining brings and costs, as exact fractions.

A block takes difficulty times 2³² hashes on average and brings its subsidy and its fees; everything else is division.
Source: Luxor, hashprice index methodology; Bitcoin protocol documentation (difficulty).
"""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction

from skarb.chain.difficulty import HASHES_PER_DIFFICULTY
from skarb.mining.model import SATOSHI, Network, Terms

DAY_SECONDS = 86_400
TERA, PETA, MEGA = 10**12, 10**15, 10**6
KWH_MW_DAY = 24_000  # kWh of a megawatt in a day


def sat_per_hash(network: Network) -> Fraction:
    """Return what one hash brings on average, in satoshi."""
    return network.reward_sat / (network.difficulty * HASHES_PER_DIFFICULTY)


def btc_per_th_day(network: Network) -> Fraction:
    """Return what a terahash a second brings in a day, in BTC."""
    return sat_per_hash(network) * DAY_SECONDS * TERA / SATOSHI


def hashprice_usd_ph_day(network: Network) -> Fraction:
    """Return what a petahash a second brings in a day, in USD."""
    return btc_per_th_day(network) * (PETA // TERA) * network.price_usd


def th_per_mw(efficiency_j_th: Fraction, terms: Terms) -> Fraction:
    """Return how many terahashes a second a megawatt at the meter carries."""
    return MEGA / terms.pue / efficiency_j_th


def revenue_usd_mw_day(hashprice: Fraction, efficiency_j_th: Fraction, terms: Terms) -> Fraction:
    """Return what a megawatt at the meter brings in a day, in USD, hours of standstill and the pool's fee taken off.

    Units: `hashprice` in USD per PH/s and day.
    """
    return hashprice / 1000 * th_per_mw(efficiency_j_th, terms) * terms.uptime * (1 - terms.pool_fee)


def breakeven_usd_kwh(hashprice: Fraction, efficiency_j_th: Fraction, terms: Terms) -> Fraction:
    """Return the price of electricity at the meter at which mining leaves nothing. Uptime does not matter: off, it costs nothing either."""
    return hashprice / 1000 * th_per_mw(efficiency_j_th, terms) * (1 - terms.pool_fee) / KWH_MW_DAY


def breakeven_hashprice(usd_kwh: Fraction, efficiency_j_th: Fraction, terms: Terms) -> Fraction:
    """Return the hashprice below which a machine is better off at a price of electricity. The reverse of `breakeven_usd_kwh`."""
    return usd_kwh * KWH_MW_DAY * 1000 / th_per_mw(efficiency_j_th, terms) / (1 - terms.pool_fee)


def cost_usd_mw_day(usd_kwh: Fraction, terms: Terms) -> Fraction:
    """Return what the electricity of a megawatt costs in a day, in USD."""
    return KWH_MW_DAY * terms.uptime * usd_kwh


def profit_usd_mw_day(hashprice: Fraction, efficiency_j_th: Fraction, terms: Terms, usd_kwh: Fraction) -> Fraction:
    """Return what is left of a day's revenue after electricity, in USD; below zero where it loses."""
    return revenue_usd_mw_day(hashprice, efficiency_j_th, terms) - cost_usd_mw_day(usd_kwh, terms)


def minting_cost_usd(network: Network, efficiency_j_th: Fraction, terms: Terms, usd_kwh: Fraction) -> Fraction:
    """Return what the electricity for one bitcoin costs, in USD: the price of bitcoin at which mining leaves nothing."""
    btc_mw_day = btc_per_th_day(network) * th_per_mw(efficiency_j_th, terms) * (1 - terms.pool_fee)
    return KWH_MW_DAY * usd_kwh / btc_mw_day


def expected_sat(energy_wh: int, network: Network, efficiency_j_th: Fraction, terms: Terms) -> int:
    """Return the satoshi that metered energy brings on average, after the pool's fee.

    Rounding: down to whole satoshi, as pools pay.
    """
    hashes = Fraction(energy_wh * 3600) / terms.pue / efficiency_j_th * TERA
    sat = hashes * sat_per_hash(network) * (1 - terms.pool_fee)
    return sat.numerator // sat.denominator


def significant(value: Fraction, digits: int = 15) -> Decimal:
    """Return a fraction rounded to so many significant digits, half to even."""
    context = Context(prec=digits, rounding=ROUND_HALF_EVEN)
    return context.divide(Decimal(value.numerator), Decimal(value.denominator))
