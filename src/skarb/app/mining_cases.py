"""One moment of mining, figure by figure, to fifteen digits: from numbers that are given, or from a file of cases with what is expected of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import msgspec

from skarb.core.errors import FieldError, InputError, shorten
from skarb.mining import formulas
from skarb.mining.model import SATOSHI, Network, Terms

AGREE_DIGITS = 12
UNITS = {
    "btc_per_th_day": "BTC for a TH/s and day",
    "hashprice_usd_ph_day": "USD for a PH/s and day",
    "th_per_mw": "TH/s on a MW at the meter",
    "revenue_usd_mw_day": "USD for a MW and day",
    "breakeven_usd_kwh": "USD/kWh at the meter",
    "profit_usd_mw_day": "USD for a MW and day",
    "breakeven_hashprice_usd_ph_day": "USD for a PH/s and day",
    "minting_cost_usd_btc": "USD of electricity for a BTC",
    "sat_per_mwh": "satoshi for a MWh, rounded down",
}
_DECIMAL = re.compile(r"[0-9]{1,30}(\.[0-9]{1,30})?", re.ASCII)
_EXPECTED = re.compile(r"-?[0-9]{1,40}(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,2})?", re.ASCII)
_RATIOS = ("uptime", "pool_fee")


@dataclass(frozen=True)
class Moment:
    """What one moment of mining is reckoned from."""

    network: Network
    efficiency_j_th: Fraction
    terms: Terms
    usd_kwh: Fraction


def number(name: str, text: str) -> Fraction:
    """Read a plain decimal number.

    Raises: FieldError for anything else, and where a number makes no sense.
    """
    if not _DECIMAL.fullmatch(text):
        raise FieldError(name, text, "a plain decimal number such as 0.05")
    value = Fraction(text)
    if name in ("difficulty", "j_per_th", "pue") and value == 0:
        raise FieldError(name, text, "a number above zero")
    if name == "pue" and value < 1:
        raise FieldError(name, text, "at least 1: the meter sees what the machines take")
    if (name in _RATIOS and value > 1) or (name == "uptime" and value == 0):
        raise FieldError(name, text, "a share from 0 to 1, such as 0.95")
    return value


def moment(inputs: Mapping[str, str]) -> Moment:
    """Read the inputs of a case.

    Raises: FieldError for a field that is missing, unknown or not a number.
    """
    names = ("difficulty", "subsidy", "fee_per_block", "btc_usd", "j_per_th", "pue", "uptime", "pool_fee", "usd_per_kwh")
    for name in names:
        if name not in inputs:
            raise FieldError(name, "nothing", "a number; it is not supposed here")
    if unknown := [name for name in inputs if name not in names]:
        raise FieldError(unknown[0], inputs[unknown[0]], f"only {', '.join(names)}")
    read = {name: number(name, inputs[name]) for name in names}
    network = Network(read["difficulty"], read["subsidy"] * SATOSHI, read["fee_per_block"] * SATOSHI, read["btc_usd"])
    return Moment(network, read["j_per_th"], Terms(read["pue"], read["uptime"], read["pool_fee"]), read["usd_per_kwh"])


def figures(at: Moment) -> dict[str, Fraction]:
    """Return all figures of a moment, exactly, in the order of `UNITS`."""
    network, efficiency, terms = at.network, at.efficiency_j_th, at.terms
    hashprice = formulas.hashprice_usd_ph_day(network)
    found = {
        "btc_per_th_day": formulas.btc_per_th_day(network),
        "hashprice_usd_ph_day": hashprice,
        "th_per_mw": formulas.th_per_mw(efficiency, terms),
        "revenue_usd_mw_day": formulas.revenue_usd_mw_day(hashprice, efficiency, terms),
        "breakeven_usd_kwh": formulas.breakeven_usd_kwh(hashprice, efficiency, terms),
        "profit_usd_mw_day": formulas.profit_usd_mw_day(hashprice, efficiency, terms, at.usd_kwh),
        "sat_per_mwh": Fraction(formulas.expected_sat(10**6, network, efficiency, terms)),
    }
    if terms.pool_fee < 1:
        found["breakeven_hashprice_usd_ph_day"] = formulas.breakeven_hashprice(at.usd_kwh, efficiency, terms)
        if network.reward_sat:
            found["minting_cost_usd_btc"] = formulas.minting_cost_usd(network, efficiency, terms, at.usd_kwh)
    return {name: found[name] for name in UNITS if name in found}


@dataclass(frozen=True)
class CaseResult:
    """A figure of a case, with what was expected of it."""

    case: int  # from 1
    name: str
    value: Decimal  # fifteen significant digits
    expected: str = ""
    agrees: bool | None = None  # to twelve significant digits; None where nothing is expected


class _Case(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    inputs: dict[str, str]
    expected: dict[str, str] = {}


def run_cases(path: Path) -> list[CaseResult]:
    """Reckon the cases in a JSON file: a list of objects with `inputs` and, where known, `expected`; all numbers as text.

    Raises: InputError for a file that cannot be read, or expects a figure that does not exist.
    """
    try:
        cases = msgspec.json.decode(path.read_bytes(), type=list[_Case])
    except msgspec.DecodeError as error:
        raise InputError(
            f"{path.name}: expected a JSON list of cases with inputs and expected, numbers as text ({error})"
        ) from None
    results = []
    for count, case in enumerate(cases, 1):
        try:
            found = figures(moment(case.inputs))
        except FieldError as error:
            raise InputError(f"{path.name} case {count}, {error}") from None
        if unknown := [name for name in case.expected if name not in found]:
            raise InputError(
                f"{path.name} case {count}: expects {unknown[0]}, which is not a figure here; expected one of {', '.join(found)}"
            )
        if wrong := [name for name, text in case.expected.items() if text and not _EXPECTED.fullmatch(text)]:
            raise InputError(
                f"{path.name} case {count}, {wrong[0]}: expects {shorten(case.expected[wrong[0]])!r}, expected a number such as 5.9E-7"
            )
        for name, value in found.items():
            expected = case.expected.get(name, "")
            agrees = same(value, Decimal(expected)) if expected else None
            results.append(CaseResult(count, name, formulas.significant(value), expected, agrees))
    return results


def same(value: Fraction, expected: Decimal, digits: int = AGREE_DIGITS) -> bool:
    """Tell whether a figure is what is expected of it, to so many significant digits."""
    if not expected:
        return value == 0
    return abs(value / Fraction(expected) - 1) < Fraction(1, 2 * 10 ** (digits - 1))
