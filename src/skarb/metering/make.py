"""How a bill comes about: energy by stretch and band, capacity, VAT, levy, and what is due of what was mined.

Nothing is looked up here; tariffs, levies, provisions, payouts and prices are handed in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

import msgspec

from skarb.core.errors import ConfigurationError
from skarb.core.time import from_day, to_day
from skarb.metering.bill import ELECTRICITY, Inputs, Line, LineKind, RuleUsed, Standing, exact_text, rounded
from skarb.metering.payouts import Payout
from skarb.metering.remark import Remark, remark
from skarb.metering.tariff import Rate, Stretch, discount_of
from skarb.metering.terms import Due, Levy, Lookup, Rounding, Share, Terms, holding
from skarb.metering.usage import Usage, Used
from skarb.registers import MiningSite

_KWH = 1000
SATOSHI = 10**8


@dataclass(frozen=True)
class Case:
    """Everything that a bill of a site for a month is made of."""

    site: MiningSite
    month: str
    first: date
    last: date
    usage: Usage
    stretches: Sequence[Stretch]
    terms: Terms
    lookup: Lookup
    standing: Sequence[Standing]
    currency: str
    decimals: int
    payouts: Sequence[Payout] | None = None  # None: nobody handed any in
    price: Callable[[int], Fraction | None] = lambda day: None  # of one BTC in the currency, by day


@dataclass
class _Lines:
    """Lines as they are made; each is rounded once."""

    case: Case
    made: list[Line] = field(default_factory=list)

    def add(
        self,
        kind: LineKind,
        key: str,
        what: str,
        quantity: Fraction,
        unit: str,
        rate: Fraction,
        rate_unit: str,
        rule: RuleUsed,
        inputs: Inputs,
        asset: str = "",
        part: tuple[int, int] = (0, 0),
    ) -> None:
        case = self.case
        decimals = 8 if asset else case.decimals
        exact = quantity * rate
        how: Rounding = case.terms.rounding
        amount = int(exact * SATOSHI // 1) if asset else rounded(exact, decimals, how)
        self.made.append(
            Line(
                key=f"{kind}/{key}" if key else kind,
                kind=kind,
                what=what,
                quantity=exact_text(quantity),
                unit=unit,
                rate=exact_text(rate),
                rate_unit=rate_unit,
                rounding="down" if asset else how,
                exact=exact_text(exact),
                amount=amount,
                asset=asset or case.currency,
                rule=rule,
                inputs=inputs,
                days=part[0],
                of_days=part[1],
            )
        )


def lines_of(case: Case) -> tuple[tuple[Line, ...], tuple[Remark, ...]]:
    """Return the lines of a bill, and what could not be said and why.

    Raises: ConfigurationError if no levy or VAT holds where one should.
    """
    lines, notes = _Lines(case), list[Remark]()
    _electricity(lines)
    _minimum(lines)
    _vat(lines, notes)
    _levies(lines)
    _dues(lines, notes)
    if case.usage.exported_wh:
        notes.append(remark("exported", energy_wh=case.usage.exported_wh))
    return tuple(lines.made), tuple(notes)


def _electricity(lines: _Lines) -> None:
    case = lines.case
    per_kwh = f"{case.currency}/kWh"
    for number, stretch in enumerate(case.stretches):
        discount = discount_of(stretch.tariff)
        for place, (band, rate) in enumerate(zip(stretch.tariff.energy, stretch.bands, strict=True)):
            parts = {kind.surplus: Used() for kind in case.usage.kinds if (kind.stretch, kind.band) == (number, place)}
            for kind, used in case.usage.kinds.items():
                if (kind.stretch, kind.band) == (number, place):
                    part = parts[kind.surplus]
                    part.energy_wh += used.energy_wh
                    part.intervals += used.intervals
                    part.estimated += used.estimated
            if not parts:
                continue
            whole = Used(
                sum(one.energy_wh for one in parts.values()),
                sum(one.intervals for one in parts.values()),
                sum(one.estimated for one in parts.values()),
            )
            key = f"{stretch.first}/{band.band}"
            inputs = _inputs(case, stretch, whole)
            lines.add("energy", key, band.band, Fraction(whole.energy_wh, _KWH), "kWh", rate.value, per_kwh, _rule(rate), inputs)
            if discount and True in parts:
                less = RuleUsed(
                    rule=stretch.tariff.tariff, first=str(stretch.first), last=str(stretch.last), certainty=stretch.tariff.certainty,
                    source=stretch.tariff.source,
                )  # fmt: skip
                given = _inputs(case, stretch, parts[True])
                lines.add(
                    "surplus_discount",
                    key,
                    band.band,
                    Fraction(parts[True].energy_wh, _KWH),
                    "kWh",
                    -rate.value * discount,
                    per_kwh,
                    less,
                    given,
                )
        if stretch.capacity is not None and stretch.tariff.capacity is not None:
            _capacity(lines, stretch, stretch.capacity)


def _capacity(lines: _Lines, stretch: Stretch, rate: Rate) -> None:
    case = lines.case
    declared = stretch.tariff.capacity is not None and stretch.tariff.capacity.of == "declared"
    if declared and not case.site.declared_kw:
        raise ConfigurationError(
            f"site {case.site.site}: tariff {stretch.tariff.tariff!r} asks for the declared peak, expected declared_kw in the register of sites"
        )
    kilowatts = Fraction(case.site.declared_kw) if declared else case.usage.peak_w / 1000
    days = (case.last - case.first).days + 1
    share = Fraction(stretch.days, days)
    what = "declared" if declared else "measured"
    per = f"{case.currency}/kW and month"
    lines.add(
        "capacity",
        str(stretch.first),
        what,
        kilowatts * share,
        "kW",
        rate.value,
        per,
        _rule(rate),
        _inputs(case, stretch, Used()),
        part=(stretch.days, days) if share != 1 else (0, 0),
    )


def _minimum(lines: _Lines) -> None:
    case = lines.case
    tariff = case.stretches[-1].tariff
    least = Fraction(tariff.minimum)
    net = sum((Fraction(one.exact) for one in lines.made), Fraction(0))
    if net < least:
        rule = RuleUsed(rule=tariff.tariff, first=str(tariff.valid_from), certainty=tariff.certainty, source=tariff.source)
        inputs = Inputs(lines=tuple(one.key for one in lines.made))
        lines.add("minimum", "", "up to the minimum", least - net, case.currency, Fraction(1), "/1", rule, inputs)


def _vat(lines: _Lines, notes: list[Remark]) -> None:
    case = lines.case
    if not case.terms.vat:
        notes.append(remark("no_vat"))
        return
    first, vat = (holding(case.terms.vat, to_day(day), "VAT") for day in (case.first, case.last))
    if vat is None:
        raise ConfigurationError(f"{case.terms.name}: no VAT holds on {case.last}; add the rate of that day")
    if first is not vat:
        raise ConfigurationError(_within("VAT", case.first, case.last))
    share, rule = _share(vat, case.first, case.last, case.lookup, case.terms.name)
    net = sum(one.amount for one in lines.made if one.kind in ELECTRICITY)
    inputs = Inputs(lines=tuple(one.key for one in lines.made if one.kind in ELECTRICITY))
    lines.add("vat", "", "electricity", Fraction(net, 10**case.decimals), case.currency, share, "/1", rule, inputs)


def _levies(lines: _Lines) -> None:
    case = lines.case
    for name in sorted({one.name for one in case.terms.levies}):
        own = [one for one in case.terms.levies if one.name == name]
        held = [_held(own, stretch, name) for stretch in case.stretches]
        sums: dict[tuple[str, str, str], tuple[Levy, Used, Fraction]] = {}
        for kind, part in sorted(case.usage.kinds.items()):
            levy, stretch = held[kind.stretch], case.stretches[kind.stretch]
            if levy is None:
                continue
            price = stretch.bands[kind.band].value * (1 - (discount_of(stretch.tariff) if kind.surplus else 0))
            why, rate = levy_rate(levy, price, case.site.power, kind.certified)
            _, total, _ = sums.setdefault((str(levy.valid_from), why, exact_text(rate)), (levy, Used(), rate))
            total.energy_wh += part.energy_wh
            total.intervals += part.intervals
            total.estimated += part.estimated
        for (since, why, text), (levy, used, rate) in sums.items():
            rule = RuleUsed(
                rule=levy.cites or levy.name,
                first=since,
                last=str(levy.valid_to or ""),
                certainty=levy.certainty,
                source=levy.source,
            )
            inputs = Inputs(
                meters=case.usage.meters,
                first=str(case.first),
                last=str(case.last),
                intervals=used.intervals,
                estimated=used.estimated,
            )
            key = f"{name}/{since}/{why}/{text}"
            lines.add("levy", key, why, Fraction(used.energy_wh, _KWH), "kWh", rate, f"{case.currency}/kWh", rule, inputs)


def _held(own: Sequence[Levy], stretch: Stretch, name: str) -> Levy | None:
    """Return the levy of a stretch. One that begins or changes within it is refused: energy is not known by its days there.

    Raises: ConfigurationError
    """
    held = {
        id(one): one
        for day in range(to_day(stretch.first), to_day(stretch.last) + 1)
        for one in (holding(own, day, f"levy {name!r}"),)
    }
    if len(held) != 1:
        raise ConfigurationError(_within(f"levy {name!r}", stretch.first, stretch.last))
    return next(iter(held.values()))


def _within(what: str, first: object, last: object) -> str:
    return f"{what}: changes or has a gap between {first} and {last}; expected a change on the first day of a month"


def levy_rate(levy: Levy, price: Fraction, power: str, certified: bool) -> tuple[str, Fraction]:
    """Return which rule of a levy fits, and its rate per kWh.

    Raises: ConfigurationError if none does.
    """
    for rule in levy.rules:
        if rule.when == "unmetered" and not certified:
            return "without a valid meter", Fraction(rule.rate)
        if rule.when in ("own", "renewable") and power == rule.when:
            return f"{rule.when} power", Fraction(rule.rate)
        if rule.when == "price" and price >= Fraction(rule.price_from):
            return f"price from {rule.price_from}", Fraction(rule.rate)
    raise ConfigurationError(
        f"levy {levy.name!r} from {levy.valid_from}: no rule fits a price of {exact_text(price)}; add one from 0 on"
    )


def _dues(lines: _Lines, notes: list[Remark]) -> None:
    case = lines.case
    names = list(dict.fromkeys(one.name for one in case.terms.dues))
    if case.payouts is None:
        if names:
            notes.append(remark("no_payouts", dues=" ".join(names)))
        return
    spent = sum((Fraction(one.exact) for one in lines.made if one.kind in ELECTRICITY), Fraction(0))
    spans = _spans(case.standing)
    for standing in spans:
        first, last = (to_day(date.fromisoformat(text)) for text in (standing.first, standing.last))
        paid = [one for one in case.payouts if first <= one.day <= last]
        used = sum(wh for day, wh in case.usage.by_day_wh.items() if first <= day <= last)
        cost = spent * Fraction(used, case.usage.energy_wh) if case.usage.energy_wh else Fraction(0)
        for name in names:
            due = _due(case, name, standing)
            if due is not None:
                _one_due(lines, notes, due, standing, paid, cost, standing.first if len(spans) > 1 else "")


def _spans(standing: Sequence[Standing]) -> list[Standing]:
    """Return stretches of days under one levy or relief: a new edition of the law that leaves it as it is does not divide a profit."""
    found: list[Standing] = []
    for one in standing:
        if found and found[-1].levy == one.levy:
            found[-1] = msgspec.structs.replace(found[-1], last=one.last)
        else:
            found.append(one)
    return found


def _due(case: Case, name: str, standing: Standing) -> Due | None:
    """Return a due of a stretch of days. One that begins or ends within it is refused.

    Raises: ConfigurationError
    """
    own = [one for one in case.terms.dues if one.name == name]
    named = [one for one in own if standing.levy in one.where]
    first, last = (
        holding(named or [one for one in own if not one.where], to_day(date.fromisoformat(text)), f"due {name!r}")
        for text in (standing.first, standing.last)
    )
    if first is not last:
        raise ConfigurationError(_within(f"due {name!r}", standing.first, standing.last))
    return last


def _one_due(
    lines: _Lines, notes: list[Remark], due: Due, standing: Standing, paid: Sequence[Payout], cost: Fraction, key: str
) -> None:
    case = lines.case
    if due.of == "coins" and case.site.state_owned:
        notes.append(remark("state_owned", dues=due.name))
        return
    share, rule = _share(due, date.fromisoformat(standing.first), date.fromisoformat(standing.last), case.lookup, case.terms.name)
    inputs = Inputs(first=standing.first, last=standing.last, lines=tuple(one.id for one in paid))
    if due.of == "coins":
        total = Fraction(sum(one.sat for one in paid), SATOSHI)
        lines.add(due.name, key, "of coins", total, "BTC", share, "/1", rule, inputs, "BTC")
        return
    revenue = Fraction(0)
    for one in paid:
        price = case.price(one.day)
        if price is None and share:
            missing = str(from_day(one.day))
            notes.append(remark("no_price", price_day=missing, dues=due.name, first_day=standing.first, last_day=standing.last))
            return
        revenue += Fraction(one.sat, SATOSHI) * (price or 0)
    base = max(revenue - cost, Fraction(0)) if due.of == "profit" else revenue
    what = {"profit": "revenue less electricity", "revenue": "revenue"}[due.of]
    lines.add(due.name, key, what, base, case.currency, share, "/1", rule, inputs)


def _share(one: Share, first: date, last: date, lookup: Lookup, where: str) -> tuple[Fraction, RuleUsed]:
    """Return a share and the rule that sets it.

    Raises: ConfigurationError if the law has no value on the last day, or another one on the first.
    """
    if not one.parameter:
        rule = RuleUsed(
            rule=one.cites or where,
            first=str(one.valid_from),
            last=str(one.valid_to or ""),
            certainty=one.certainty,
            source=one.source,
        )
        return Fraction(one.share), rule
    looked, before = lookup(one.parameter, to_day(last)), lookup(one.parameter, to_day(first))
    if looked is None:
        raise ConfigurationError(f"{where}: the law has no value of {one.parameter} on {last}; add one")
    if before is None or before.value != looked.value:
        raise ConfigurationError(_within(f"{where}: {one.parameter}", first, last))
    return looked.value, RuleUsed(
        rule=looked.cites,
        parameter=one.parameter,
        first=str(looked.first or ""),
        last=str(looked.last or ""),
        certainty=one.certainty,
        source=one.source,
    )


def _rule(rate: Rate) -> RuleUsed:
    return RuleUsed(
        rule=rate.rule,
        parameter=rate.parameter,
        first=str(rate.first or ""),
        last=str(rate.last or ""),
        certainty=rate.certainty,
        source=rate.source,
    )


def _inputs(case: Case, stretch: Stretch, used: Used) -> Inputs:
    return Inputs(
        meters=case.usage.meters,
        first=str(stretch.first),
        last=str(stretch.last),
        intervals=used.intervals,
        estimated=used.estimated,
    )
