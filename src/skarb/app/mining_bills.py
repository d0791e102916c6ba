"""Bills of miners: a bill for every site of a month, or why there is none; and what flows in to the state by them."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from fractions import Fraction
from hashlib import sha256
from io import StringIO
from pathlib import Path

import msgspec

from skarb.app.mining_basis import Basis
from skarb.app.mining_month import Given, Month
from skarb.core.errors import ConfigurationError, InputError, NotFound, SkarbError
from skarb.core.time import from_day, to_day
from skarb.metering import (
    Bill,
    Case,
    Fault,
    Line,
    Payout,
    Refused,
    Remark,
    Standing,
    Usage,
    bill_hash,
    correction,
    exact_text,
    lines_of,
    month_of,
    read_payouts,
    read_prices,
    read_schedule,
    refusals,
    remark,
    stretches,
    totals_of,
    usage,
)
from skarb.metering.bill import ELECTRICITY
from skarb.registers import Entry, MiningSite

_MOST_FAULTS = 200  # of a site, told one by one
INFLOW = ("id", "day", "miner", "kind", "asset", "units", "source")
_OF_COINS = ("profit_tax", "contribution", "vat_on_tokens", "reserve_share")  # kinds of lines that rest on payouts
_NOT_HANDED_IN = {"no_payouts": "no payouts", "no_price": "no prices"}
_INFLOWS = ("levy", "profit_tax", "reserve_share")
Answer = Bill | Refused


def bills_of(basis: Basis, month: Month, given: Given) -> list[Answer]:
    """Return the bill of every site, or why there is none."""
    schedule = read_schedule(given.schedule) if given.schedule is not None else {}
    payouts = read_payouts(given.payouts) if given.payouts is not None else None
    prices = read_prices(given.prices, basis.currency) if given.prices is not None else None
    files = tuple(sorted({pair for table in month.tables for pair in table.files} | set(given.files) | {basis.terms_file}))
    found: list[Answer] = []
    for site in month.sites:
        try:
            found.append(_bill(basis, month, site, schedule, payouts, prices, files, given.schedule is not None))
        except SkarbError as error:
            if not isinstance(error, ConfigurationError | NotFound):
                raise
            found.append(
                Refused(site=site.site, miner=site.party, month=month.name, reasons=(remark("error", message=str(error)),))
            )
    return found


def _bill(
    basis: Basis,
    month: Month,
    site: MiningSite,
    schedule: Mapping[str, frozenset[int]],
    payouts: Sequence[Payout] | None,
    prices: Mapping[int, Fraction] | None,
    files: tuple[tuple[str, str], ...],
    scheduled: bool,
) -> Answer:
    rows = month.rows(site.site)
    reasons = _changed(basis, site, month)
    if not any(rows):
        reasons.append(remark("no_meter"))
    for table, mine in zip(month.tables, rows, strict=True):
        for row in mine:
            reasons += refusals(table, row, basis.terms.limits)
    if reasons:
        return Refused(site=site.site, miner=site.party, month=month.name, reasons=tuple(reasons))
    parts = stretches(basis.tariffs(), site.tariff, site.zone, month.first, month.last, basis.lookup)
    days = _registered(basis.site_entries(site.site, (month.first, month.last)), month)
    used = usage(month.tables, rows, parts, schedule.get(site.site, frozenset()), days)
    standing = basis.standing(site.party, month.first, month.last, screened=False)
    own = (
        None
        if payouts is None
        else [one for one in payouts if one.site == site.site and to_day(month.first) <= one.day <= to_day(month.last)]
    )
    decimals = basis.registers.country.decimals
    case = Case(
        site,
        month.name,
        month.first,
        month.last,
        used,
        parts,
        basis.terms,
        basis.lookup,
        standing,
        basis.currency,
        decimals,
        own,
        basis.price(prices),
    )
    lines, notes = lines_of(case)
    return Bill(
        id=f"{month.name}/{site.site}",
        site=site.site,
        miner=site.party,
        month=month.name,
        country=basis.rulebook.country.code,
        currency=basis.currency,
        decimals=decimals,
        energy_wh=used.energy_wh,
        lines=lines,
        totals=totals_of(lines, basis.currency),
        exact_net=exact_net(lines),
        standing=standing,
        files=files,
        registers=_entries_hash([site, *(one for several in month.meters.values() for one in several if one.site == site.site)]),
        faults=_faults(month.faults(site.site)),
        notes=(*notes, *_notes(site, standing, used, days, scheduled, schedule)),
    )


def _entries_hash(entries: Sequence[Entry]) -> str:
    """Return the SHA-256 of the register entries that a bill rests on, whenever they were recorded."""
    return sha256(msgspec.json.encode(entries, order="sorted")).hexdigest()


def exact_net(lines: Sequence[Line]) -> str:
    """Return the exact sum of electricity without VAT, before any rounding."""
    return exact_text(sum((Fraction(one.exact) for one in lines if one.kind in ELECTRICITY), Fraction(0)))


def _changed(basis: Basis, site: MiningSite, month: Month) -> list[Remark]:
    """Return what changed within the month that must not: who mines on which terms, and what a meter is."""
    found = []
    entries = basis.site_entries(site.site, (month.first, month.last))
    terms = {
        (one.party, one.tariff, one.zone, one.power, one.declared_kw, one.pool_fee, one.scheme, one.state_owned)
        for one in entries
    }
    if len(terms) > 1:
        days = " ".join(str(one.valid_from) for one in entries[1:])
        found.append(remark("site_changes", days=days))
    for name, several in month.meters.items():
        shapes = {(one.site, one.minutes, one.multiplier, one.digits, one.direction) for one in several}
        if len(shapes) > 1 and any(one.site == site.site for one in several):
            days = " ".join(str(one.valid_from) for one in several[1:])
            found.append(remark("meter_changes", meter=name, days=days))
    return found


def _faults(faults: Sequence[Fault]) -> tuple[Remark, ...]:
    told = tuple(one.told for one in faults[:_MOST_FAULTS])
    more = len(faults) - _MOST_FAULTS
    return told if more <= 0 else (*told, remark("more", faults=more))


def _registered(entries: Sequence[MiningSite], month: Month) -> list[int]:
    """Return the days of a month on which a site is registered: each entry lasts until its end, or until the next one begins."""
    days: list[int] = []
    for number, one in enumerate(entries):
        last = min(one.valid_to or month.last, month.last)
        if number + 1 < len(entries):
            last = min(last, entries[number + 1].valid_from - timedelta(days=1))
        days += range(to_day(max(one.valid_from, month.first)), to_day(last) + 1)
    return days


def _notes(
    site: MiningSite,
    standing: Sequence[Standing],
    used: Usage,
    days: Sequence[int],
    scheduled: bool,
    schedule: Mapping[str, frozenset[int]],
) -> list[Remark]:
    notes = [
        remark("not_permitted", first_day=one.first, last_day=one.last, verdict=one.verdict, provision=one.provision)
        for one in standing
        if one.verdict != "permit"
    ]
    if scheduled and not schedule.get(site.site):
        notes.append(remark("no_surplus_hour" if site.site in schedule else "not_in_schedule"))
    if used.foreign_wh:
        notes.append(remark("registered_in_part", days=len(days), energy_wh=used.foreign_wh))
    if not used.energy_wh:
        notes.append(remark("nothing_counted"))
    return notes


def corrected(given: Sequence[Bill], new: Bill) -> Bill | None:
    """Return the bill of what differs from those that were given, None if nothing does.

    Raises: InputError if what was assessed is not assessed any more for want of a file; it would be taken back.
    """
    kinds = {line.kind for one in given for line in one.lines} & set(_OF_COINS)
    for note in new.notes:
        lost = sorted(kinds & set(str(note.figures.get("dues", "")).split()))
        if lost and note.code in _NOT_HANDED_IN:
            raise InputError(
                f"bill {given[0].id}: it has {', '.join(lost)}, and now there are {_NOT_HANDED_IN[note.code]}; hand in --payouts and --prices "
                "as for that bill"
            )
    return correction(given, new)


def inflows(
    answers: Sequence[Bill], owned: Iterable[tuple[MiningSite, Payout]] = ()
) -> list[tuple[str, str, str, str, str, int, str]]:
    """Return what flows in to the state: levy, tax and reserve share of bills, and what state-owned sites mined. Units: smallest of each asset."""
    rows = []
    for bill in answers:
        _, last = month_of(bill.month)
        for line in bill.lines:
            if line.kind in _INFLOWS and line.amount:
                name = f"{bill.id}/{line.key}"
                rows.append(
                    (
                        name,
                        str(last),
                        bill.miner,
                        str(line.kind),
                        line.asset,
                        line.amount,
                        f"bill {bill.id} {bill_hash(bill)[:16]}, line {line.key}",
                    )
                )
    for site, paid in owned:
        rows.append(
            (
                f"payout/{paid.id}",
                str(from_day(paid.day)),
                site.party,
                "own_mining",
                "BTC",
                paid.sat,
                f"payout {paid.id}, site {site.site}",
            )
        )
    return rows


def strange_payouts(basis: Basis, month: Month, payouts: Path | None) -> list[str]:
    """Return the sites that payouts of a month name and no register knows."""
    if payouts is None:
        return []
    known = {one.site for one in basis.sites((month.first, month.last))}
    return sorted({one.site for one in read_payouts(payouts) if to_day(month.first) <= one.day <= to_day(month.last)} - known)


def own_mining(month: Month, payouts: Path | None) -> list[tuple[MiningSite, Payout]]:
    """Return what the sites that the state owns were paid in a month."""
    if payouts is None:
        return []
    owned = {one.site: one for one in month.sites if one.state_owned}
    first, last = to_day(month.first), to_day(month.last)
    return [(owned[one.site], one) for one in read_payouts(payouts) if one.site in owned and first <= one.day <= last]


def inflow_csv(rows: Iterable[Sequence[object]]) -> str:
    """Return inflows as a CSV file."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(INFLOW)
    writer.writerows(rows)
    return out.getvalue()
