"""What a rate of the levy does: how many registered machines still pay, and what the levy brings then."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from skarb.app.mining_basis import Basis
from skarb.app.mining_cases import number
from skarb.app.mining_evidence import plate_of
from skarb.core.errors import FieldError, NotFound
from skarb.core.time import parse_day, to_day
from skarb.metering import exact_text, rounded
from skarb.mining.formulas import breakeven_usd_kwh
from skarb.mining.model import Terms
from skarb.registers import MiningMachines

COLUMNS = ("rate", "machines", "running", "power_mw", "energy_mwh", "levy_minor", "kwh_price", "best")
_YEAR_HOURS, _MOST = 8760, 10_000


def rates_of(text: str) -> tuple[Fraction, ...]:
    """Read FROM..TO/STEP.

    Raises: FieldError
    """
    try:
        ends, _, step_text = text.partition("/")
        begin_text, _, end_text = ends.partition("..")
        begin, end, step = (number("rates", one) for one in (begin_text, end_text, step_text))
        count = (end - begin) / step
        if not 0 <= begin <= end or step <= 0 or count > _MOST:
            raise ValueError
    except (FieldError, ValueError, ZeroDivisionError):
        raise FieldError("rates", text, f"FROM..TO/STEP such as 0..0.2/0.01, at most {_MOST} steps") from None
    return tuple(begin + step * place for place in range(int(count) + 1))


def tried(
    basis: Basis, day: str, rates: Sequence[Fraction], hashprice: str, price: str, per_usd: str, terms: tuple[str, str, str]
) -> list[tuple[object, ...]]:
    """Return a row per rate: the machines that run, what they take in a year, and what the levy brings; the best one is marked.

    Units: the rate and the price of a kWh in the legal currency; the levy in its minor units.
    """
    pue, uptime, pool_fee = (number(name, text) for name, text in zip(("pue", "uptime", "pool_fee"), terms, strict=True))
    kwh, worth, rate_usd = (
        number(name, text) for name, text in (("price", price), ("hashprice", hashprice), ("per_usd", per_usd))
    )
    on = Terms(pue, uptime, pool_fee)
    fleet: list[tuple[int, Fraction, Fraction]] = []  # machines, watts at the meter, what a kWh brings
    for one in _machines(basis, parse_day(day)):
        hashrate, plate_w = plate_of(one)
        even = breakeven_usd_kwh(worth, Fraction(plate_w * 1000, hashrate), on) * rate_usd
        fleet.append((one.count, one.count * plate_w * pue, even))
    if not fleet:
        raise NotFound(f"machines on {day}: none is registered; skarb register import adds entries")
    decimals = basis.registers.country.decimals
    rows = []
    for rate in rates:
        running = [(count, watts) for count, watts, even in fleet if even > kwh + rate]
        taken = sum((one for _, one in running), Fraction(0))
        energy_kwh = taken * _YEAR_HOURS * uptime / 1000
        brought = rounded(energy_kwh * rate, decimals, basis.terms.rounding)
        rows.append((rate, sum(count for count, _ in running), taken, energy_kwh, brought))
    most = max(one[4] for one in rows)
    whole = sum(count for count, _, _ in fleet)
    return [
        (
            exact_text(rate), whole, count, round(float(watts) / 1e6, 6), round(float(energy) / 1000, 3), brought, exact_text(kwh + rate),
            "best" if brought == most and most else "",
        )
        for rate, count, watts, energy, brought in rows
    ]  # fmt: skip


def _machines(basis: Basis, day: int) -> list[MiningMachines]:
    entries = [
        one for site in basis.registers.subjects("mining_machines") for one in basis.registers.history("mining_machines", site)
    ]
    return [
        one
        for one in entries
        if isinstance(one, MiningMachines)
        and not one.withdrawn
        and to_day(one.valid_from) <= day <= (to_day(one.valid_to) if one.valid_to else day)
    ]
