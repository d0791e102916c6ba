"""Bills: lines that say what was taken, which rule set the rate, and how the amount comes out; the same from the same data, byte for byte.

Every line is exact as a fraction and rounded once, to the minor unit; a total is the sum of rounded lines. A bill that was given is never changed:
better data make another bill, of the differences.

What a bill tells besides amounts are codes with figures (`remark`): no sentence of any language is in it, and none under its hash.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from hashlib import sha256
from typing import Literal

import msgspec

from skarb.core.errors import InputError
from skarb.metering.remark import Remark
from skarb.metering.terms import Rounding

LineKind = Literal[
    "energy",
    "surplus_discount",
    "capacity",
    "minimum",
    "vat",
    "levy",
    "profit_tax",
    "contribution",
    "vat_on_tokens",
    "reserve_share",
]
ELECTRICITY: tuple[LineKind, ...] = ("energy", "surplus_discount", "capacity", "minimum")


class RuleUsed(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Which rule set a rate: a tariff, a levy of the country's data or a provision of its law, and from when until when the rate holds."""

    rule: str
    parameter: str = ""
    first: str = ""
    last: str = ""
    certainty: str = ""
    source: str = ""


class Inputs(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a line rests on. Units: intervals of all meters together."""

    meters: tuple[str, ...] = ()
    first: str = ""
    last: str = ""
    intervals: int = 0
    estimated: int = 0
    lines: tuple[str, ...] = ()  # of the same bill


class Line(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line. Units: `amount` in the asset's smallest units; `exact` is the amount in major units before it was rounded."""

    key: str  # names the line in its bill, and in every bill of the same month that corrects it
    kind: LineKind
    what: str
    quantity: str
    unit: str
    rate: str
    rate_unit: str
    exact: str
    rounding: Literal["half_even", "half_up", "down"]
    amount: int
    asset: str
    rule: RuleUsed
    inputs: Inputs
    days: int = 0  # the quantity is the share of so many days
    of_days: int = 0  # in so many
    was: int | None = None  # in a bill of differences: what was billed before; `amount` is the difference
    gone: bool = False  # the line is no more


class Standing(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the law says about mining by this miner, from a day to a day."""

    first: str
    last: str
    verdict: str
    provision: str
    levy: str = ""  # the levy or exemption that governs
    edition: str = ""
    assumed: bool = False


class Corrects(msgspec.Struct, frozen=True, kw_only=True):
    """The bill that this one corrects."""

    bill: str
    sha256: str


class Bill(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A bill of one site for one month. Units: money in minor units of the currency."""

    id: str
    site: str
    miner: str
    month: str
    country: str
    currency: str
    decimals: int
    energy_wh: int
    lines: tuple[Line, ...]
    totals: dict[str, int]
    exact_net: str
    standing: tuple[Standing, ...]
    files: tuple[tuple[str, str], ...]  # name and SHA-256 of everything it was made of
    registers: str = ""  # SHA-256 of the entries about the site and its meters
    faults: tuple[Remark, ...] = ()
    notes: tuple[Remark, ...] = ()
    corrects: tuple[Corrects, ...] = ()


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """No bill can be made of a site, and why."""

    site: str
    miner: str
    month: str
    reasons: tuple[Remark, ...]


def bill_bytes(bill: Bill) -> bytes:
    """Return a bill as JSON, keys in a fixed order, indented."""
    return msgspec.json.format(msgspec.json.encode(bill, order="sorted"), indent=1) + b"\n"


def bill_hash(bill: Bill) -> str:
    """Return the SHA-256 of a bill as it is written: of codes and figures, whatever language it is shown in."""
    return sha256(bill_bytes(bill)).hexdigest()


def read_bill(raw: bytes, name: str) -> Bill:
    """Read a bill again; every byte must be as it was written.

    Raises: InputError
    """
    try:
        bill = msgspec.json.decode(raw, type=Bill)
    except (msgspec.DecodeError, RecursionError) as error:
        if b'"arithmetic": ' in raw:  # bills had sentences in them before they told in codes
            raise InputError(
                f"{name}: given a bill of an earlier form, with sentences in it; its SHA-256 {sha256(raw).hexdigest()} holds as it is, "
                "correct it with the version that made it"
            ) from None
        raise InputError(f"{name}: given {error}, expected a bill in JSON") from None
    if bill_bytes(bill) != raw:
        raise InputError(f"{name}: its bytes are not those of a bill as it is written; fetch the original")
    return bill


def rounded(exact: Fraction, decimals: int, how: Rounding) -> int:
    """Return an amount in minor units, rounded to the nearest one; halves to the even one, or away from nought."""
    scaled = exact * 10**decimals
    if how == "half_even":
        even: int = round(scaled)
        return even
    whole = int((abs(scaled) * 2 + 1) // 2)
    return whole if scaled >= 0 else -whole


def exact_text(value: Fraction) -> str:
    """Write a fraction as a decimal if it is one, else as a fraction."""
    below, powers = value.denominator, [0, 0]
    for place, factor in enumerate((2, 5)):
        while below % factor == 0:
            below //= factor
            powers[place] += 1
    if below != 1:
        return f"{value.numerator}/{value.denominator}"
    places = max(powers)
    digits = str(abs(value.numerator) * 10**places // value.denominator).rjust(places + 1, "0")
    whole = f"{digits[:-places]}.{digits[-places:]}" if places else digits
    return f"-{whole}" if value < 0 else whole


def exact_of(text: str) -> Fraction:
    """Read what `exact_text` wrote."""
    return Fraction(text)


def mean_price(bill: Bill) -> str:
    """Return what a kWh cost on the mean without VAT, with six places, for the eye; empty where nothing was used."""
    if not bill.energy_wh:
        return ""
    millionths = round(exact_of(bill.exact_net) * 1000 / bill.energy_wh * 10**6)
    return f"{Decimal(millionths).scaleb(-6):.6f}"


def totals_of(lines: Sequence[Line], currency: str) -> dict[str, int]:
    """Return the sums of a bill: electricity without and with VAT, every other kind by itself, all money together, and coins."""
    money = [one for one in lines if one.asset == currency]
    sums: dict[str, int] = {"net": sum(one.amount for one in money if one.kind in ELECTRICITY)}
    for one in lines:
        if one.kind not in ELECTRICITY:
            name = one.kind if one.asset == currency else f"{one.kind}_{one.asset.lower()}"
            sums[name] = sums.get(name, 0) + one.amount
    sums["payable"] = sum(one.amount for one in money)
    return sums


def correction(given: Sequence[Bill], new: Bill) -> Bill | None:
    """Return the bill of the differences between what was billed and what it is with the data of today, None if there are none.

    `given` are the bill of the month and all its corrections so far, in order. Lines are matched by their keys; one that is gone is taken back.
    """
    for number, old in enumerate(given):
        if (old.site, old.month, old.country, old.currency) != (new.site, new.month, new.country, new.currency):
            raise InputError(f"bill {old.id}: given one of {old.site}, {old.month}, expected one of {new.site}, {new.month}")
        expected = tuple(Corrects(bill=one.id, sha256=bill_hash(one)) for one in given[:number])
        if old.corrects != expected:
            raise InputError(
                f"bill {old.id}: expected the bill of the month first and its corrections after it, all and in their order"
            )
    after = {one.key: one for one in new.lines}
    shapes = {one.key: one for old in given for one in old.lines}
    lines = []
    for key in [*after, *(key for key in shapes if key not in after)]:
        earlier = [one for old in given for one in old.lines if one.key == key]
        now, was = after.get(key), sum(one.amount for one in earlier)
        was_exact = sum((exact_of(one.exact) for one in earlier), Fraction(0))
        amount, exact = (now.amount, exact_of(now.exact)) if now else (0, Fraction(0))
        if (amount, exact) != (was, was_exact):
            shape, apart = now or shapes[key], {"exact": exact_text(exact - was_exact), "amount": amount - was}
            lines.append(msgspec.structs.replace(shape, **apart, was=was, gone=now is None))
    if not lines:
        return None
    net = sum((exact_of(one.exact) for one in lines if one.kind in ELECTRICITY), Fraction(0))
    return msgspec.structs.replace(
        new,
        id=f"{new.id}/c{len(given)}",
        lines=tuple(lines),
        totals=totals_of(lines, new.currency),
        exact_net=exact_text(net),
        energy_wh=new.energy_wh - sum(old.energy_wh for old in given),
        corrects=tuple(Corrects(bill=one.id, sha256=bill_hash(one)) for one in given),
    )
