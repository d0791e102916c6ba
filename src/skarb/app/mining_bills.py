"""Bills of miners: registers, law, meters and tariffs put together, a month at a time."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from functools import cached_property
from hashlib import sha256
from io import StringIO
from pathlib import Path
from typing import TypeVar

import msgspec
import numpy as np

from skarb.app.law import law_folder, rulebook_of
from skarb.app.setting import example_registers, open_registers, screen_of
from skarb.core.errors import ConfigurationError, InputError, NotFound, SkarbError, Unavailable
from skarb.core.facts import Facts
from skarb.core.party import Profile
from skarb.core.time import Clock, from_day, to_day
from skarb.metering import (
    Bill,
    Case,
    Fault,
    Line,
    Longs,
    Looked,
    Metered,
    Payout,
    Refused,
    Sample,
    Standing,
    Terms,
    Usage,
    Window,
    bill_hash,
    collect,
    correction,
    estimate,
    exact_text,
    file_hash,
    lines_of,
    month_of,
    read_payouts,
    read_prices,
    read_samples,
    read_schedule,
    read_terms,
    refusals,
    stretches,
    totals_of,
    usage,
    validate,
)
from skarb.metering.bill import ELECTRICITY
from skarb.registers import Entry, Meter, MiningSite, Registers, Tariff, read_entries
from skarb.rulebook import Rulebook
from skarb.rulebook.history import value_on
from skarb.screening import Screen

_NO_LIMIT_W = 10**14  # of a connection that no register knows
_MOST_FAULTS = 200  # of a site, told one by one
INFLOW = ("id", "day", "miner", "kind", "asset", "units", "source")
E = TypeVar("E", bound=Entry)
G = TypeVar("G")
_OF_COINS = ("profit_tax", "contribution", "vat_on_tokens", "reserve_share")  # kinds of lines that rest on payouts
_INFLOWS = ("levy", "profit_tax", "reserve_share")
Answer = Bill | Refused


@dataclass
class Basis:
    """What bills are made from besides meters: the law, the registers, the country's terms."""

    law: str
    rulebook: Rulebook
    registers: Registers
    screen: Screen
    terms: Terms
    terms_file: tuple[str, str]  # name and SHA-256
    notes: tuple[str, ...] = ()
    _standings: dict[tuple[str, int, bool], tuple[str, ...]] = field(default_factory=dict)

    @property
    def zone(self) -> str:
        """The country's clock."""
        return self.rulebook.country.zone

    @property
    def currency(self) -> str:
        """The legal currency."""
        return self.rulebook.country.currency

    def tariffs(self) -> list[Tariff]:
        """Return the tariffs of the registers, and of the country's terms those whose name the registers do not know."""
        own = [one for name in self.registers.subjects("tariffs") for one in self.registers.history("tariffs", name)]
        known = {one.tariff for one in own if isinstance(one, Tariff)}
        return [one for one in own if isinstance(one, Tariff)] + [one for one in self.terms.tariffs if one.tariff not in known]

    def lookup(self, name: str, day: int) -> Looked | None:
        """Return a parameter of the law on a day.

        Raises: NotFound if there is no such parameter, ConfigurationError if it is no number.
        """
        series = self.rulebook.pack.parameters.get(name)
        if series is None:
            raise NotFound(f"parameter {name!r}: the law of {self.law} has none of this name")
        value = value_on(series, day)
        if value is None:
            return None
        later = [
            one.start for one in series.values if one.start is not None and value.start is not None and one.start > value.start
        ]
        last = value.end if value.end is not None else (min(later) - 1 if later else None)
        try:
            number = Fraction(value.value)
        except ValueError:
            raise ConfigurationError(
                f"parameter {name!r}: given {value.value!r}, expected a ratio or a number to reckon with"
            ) from None
        return Looked(
            name,
            number,
            value.cites,
            None if value.start is None else from_day(value.start),
            None if last is None else from_day(last),
        )

    def sites(self, month: tuple[date, date], party: str | None = None, site: str | None = None) -> list[MiningSite]:
        """Return the sites that are registered on a day of a month, by name; of several entries the last one counts.

        Raises: NotFound if a named one is not there.
        """
        found = []
        for name in self.registers.subjects("mining_sites"):
            here = self.site_entries(name, month)
            if here and party in (None, here[-1].party) and site in (None, name):
                found.append(here[-1])
        if not found:
            asked = f"site {site!r}" if site else f"miner {party!r}" if party else "mining sites"
            raise NotFound(f"{asked}: none is registered between {month[0]} and {month[1]}; skarb register import adds entries")
        return found

    def site_entries(self, name: str, month: tuple[date, date]) -> list[MiningSite]:
        """Return the entries about a site that hold in a month, in the order of their first day."""
        return _states(self.registers.history("mining_sites", name), MiningSite, month)

    def meters(self, month: tuple[date, date]) -> dict[str, list[Meter]]:
        """Return the entries about meters that hold in a month, by meter, in the order of their first day."""
        found: dict[str, list[Meter]] = {}
        for name in self.registers.subjects("meters"):
            here = _states(self.registers.history("meters", name), Meter, month)
            if here:
                found[name] = here
        return found

    def standing(self, party: str, first: date, last: date, screened: bool = True) -> tuple[Standing, ...]:
        """Return what the law says about mining by a party, day by day, equal days put together.

        Without screening it is what the miner himself may be told: a bill must not let anybody learn that a list may name him, or that an
        order against him stands. It permits nothing by that.
        """
        found: list[tuple[date, date, tuple[str, ...]]] = []
        for day in range(to_day(first), to_day(last) + 1):
            said, here = self._says(party, day, screened), from_day(day)
            if found and found[-1][2] == said:
                found[-1] = (found[-1][0], here, said)
            else:
                found.append((here, here, said))
        return tuple(
            Standing(
                first=str(begin),
                last=str(end),
                verdict=said[0],
                provision=said[1],
                levy=said[2],
                edition=said[3],
                assumed=bool(said[4]),
            )
            for begin, end, said in found
        )

    def _says(self, party: str, day: int, screened: bool) -> tuple[str, ...]:
        asked = party, day, screened
        if asked not in self._standings:
            edition = self.rulebook.edition(day)
            profile = self.registers.profile(party, day) or Profile()
            screening, regime = self.screen.party(party, day) if screened else ("clear", "none")
            decision = edition.decision(
                Facts(
                    activity="mine",
                    day=day,
                    actor_kind=profile.kind,
                    actor_licence=profile.licence,
                    actor_resident=profile.resident,
                    actor_country=profile.country,
                    actor_regime_resident=profile.regime_resident,
                    actor_identified=profile.identified,
                    actor_age=profile.age,
                    screening=screening,
                    screening_regime=regime,
                    hold=screened and self.registers.held(party, day),
                )
            )
            said = (decision.verdict, decision.provision, decision.levy, edition.hash, "yes" if decision.assumed else "")
            self._standings[asked] = said
        return self._standings[asked]

    def price(self, prices: Mapping[int, Fraction] | None) -> Callable[[int], Fraction | None]:
        """Return what one BTC is worth by day: as a file says, or as the registers' rates do."""

        def of_file(day: int) -> Fraction | None:
            return (prices or {}).get(day)

        def of_registers(day: int) -> Fraction | None:
            try:
                rate = self.registers.rate("BTC", day)
            except Unavailable:
                return None
            return None if rate is None else Fraction(rate.numerator, rate.denominator)

        return of_registers if prices is None else of_file


def _states(entries: Iterable[Entry], kind: type[E], month: tuple[date, date]) -> list[E]:
    """Return the states of one subject that hold on a day of a month; each lasts until its end or until the next one begins."""
    kept = [one for one in entries if isinstance(one, kind) and not one.withdrawn]
    begun = [one for one in kept if one.valid_from <= month[0]][-1:]
    here = [*begun, *(one for one in kept if month[0] < one.valid_from <= month[1])]
    return [one for one in here if one.valid_to is None or one.valid_to >= month[0]]


@dataclass(frozen=True)
class Given:
    """What is handed in for a month: files of meters and, if there are any, of schedules, payouts, prices and devices."""

    readings: Sequence[Path]
    schedule: Path | None = None
    payouts: Path | None = None
    prices: Path | None = None
    devices: Path | None = None

    @property
    def files(self) -> tuple[tuple[str, str], ...]:
        """Name and SHA-256 of everything besides meters."""
        several = (self.schedule, self.payouts, self.prices, self.devices)
        return tuple((one.name, file_hash(one)) for one in several if one is not None)


@dataclass(frozen=True)
class Month:
    """What the meters of some sites counted in a month, judged and filled, and what it is for each site."""

    name: str
    first: date
    last: date
    sites: tuple[MiningSite, ...]
    meters: Mapping[str, Sequence[Meter]]
    tables: tuple[Metered, ...]
    samples: tuple[Sample, ...]

    def rows(self, site: str) -> list[list[int]]:
        """Return the rows of a site's meters in every table."""
        return [found.get(site, []) for found in self._rows]

    def faults(self, site: str) -> list[Fault]:
        """Return what was wrong with a site's meters, in the order of time."""
        return self._faults.get(site, [])

    def samples_of(self, site: str) -> list[Sample]:
        """Return what the devices of a site reported."""
        return self._samples.get(site, [])

    @cached_property
    def _rows(self) -> list[dict[str, list[int]]]:
        return [_grouped(range(len(table.meters)), [one.site for one in table.meters]) for table in self.tables]

    @cached_property
    def _faults(self) -> dict[str, list[Fault]]:
        sites = {one.meter: one.site for table in self.tables for one in table.meters}
        known = [fault for table in self.tables for fault in table.faults if fault.meter in sites]
        known.sort(key=lambda one: (one.at, one.meter, one.kind))
        return _grouped(known, [sites[one.meter] for one in known])

    @cached_property
    def _samples(self) -> dict[str, list[Sample]]:
        return _grouped(self.samples, [one.site for one in self.samples])

    @property
    def strangers(self) -> list[Fault]:
        """Meters that no register knows."""
        return [fault for table in self.tables for fault in table.faults if fault.kind == "unknown_meter"]


def _grouped(several: Iterable[G], names: Iterable[str]) -> dict[str, list[G]]:
    found: dict[str, list[G]] = {}
    for one, name in zip(several, names, strict=True):
        found.setdefault(name, []).append(one)
    return found


def basis_of(law: str, folder: Path | None, entries: Sequence[Path], terms: Path | None, clock: Clock) -> Basis:
    """Return what bills are made from. Without a folder the registers are the country's own examples, with the entries of some files.

    Raises: NotFound, InputError, ConfigurationError
    """
    notes = []
    if folder is not None:
        if not (folder / "registers.jsonl").is_file():
            raise NotFound(f"{folder} holds no registers; skarb register import FILE --to {folder} makes some")
        registers = open_registers(law, folder, clock).as_of(clock())
    else:
        registers = example_registers(law, clock)
        notes.append("registers and lists are the examples that come with the law (--of names your own)")
    for path in entries:
        _record(registers, path)
    screen = screen_of(registers)
    if not screen.stamps:
        notes.append("no screening list is loaded: an audit refers every miner until there is one (skarb screen import)")
    path = terms if terms is not None else law_folder(law) / "mining.yaml"
    if not path.is_file():
        raise NotFound(f"terms of mining of {law!r}: there is no {path.name} in its folder")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{path.name}: given bytes that are no text, expected YAML in UTF-8") from None
    return Basis(
        law,
        rulebook_of(law),
        registers,
        screen,
        read_terms(text, path.name),
        (path.name, file_hash(path)),
        tuple(notes),
    )


def _record(registers: Registers, path: Path) -> None:
    if not path.is_file():
        raise NotFound(f"{path}: there is no such file")
    country = registers.country
    summary = registers.record_import(read_entries(path.read_bytes(), path.name, numbering=country.numbering, home=country.home))
    if summary.problems:
        raise InputError("\n".join(map(str, summary.problems)))


def month_read(basis: Basis, month: str, given: Given, clock: Clock, party: str | None = None, site: str | None = None) -> Month:
    """Read the meters of a month, judge every figure and fill what may be filled.

    Raises: InputError, NotFound, ConfigurationError
    """
    period = month_of(month)
    return _read(basis, month, basis.sites(period, party, site), given.readings, given.devices, clock)


def month_of_all(basis: Basis, month: str, readings: Sequence[Path], devices: Path | None, clock: Clock) -> Month:
    """Read all meters of a month, also those at sites where nobody is registered to mine.

    Raises: InputError, NotFound, ConfigurationError
    """
    period = month_of(month)
    begun = any(basis.site_entries(name, period) for name in basis.registers.subjects("mining_sites"))
    sites = basis.sites(period) if begun else []
    return _read(basis, month, sites, readings, devices, clock)


def _read(
    basis: Basis, month: str, sites: Sequence[MiningSite], readings: Sequence[Path], devices: Path | None, clock: Clock
) -> Month:
    """Read what every registered meter counted: meters of others stand in the same files and are no strangers."""
    first, last = month_of(month)
    window = Window(basis.zone, first, last, 60)
    if window.end_s > clock().timestamp():
        raise InputError(f"month {month}: it ends after now, expected one that is over")
    meters = basis.meters((first, last))
    tables = collect(readings, [one for several in meters.values() for one in several], window, clock())
    samples = read_samples(devices) if devices is not None else ()
    capacity = {one.site: one.capacity_w for one in sites}
    told = _telemetry(samples, meters, tables)
    for table in tables:
        validate(table, {one.meter: capacity.get(one.site, _NO_LIMIT_W) for one in table.meters}, basis.terms.limits)
        estimate(table, basis.terms.limits, told)
    return Month(month, first, last, tuple(sites), meters, tables, samples)


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
            found.append(Refused(site=site.site, miner=site.party, month=month.name, reasons=(str(error),)))
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
        reasons.append(f"site {site.site}: no meter is registered in {month.name}; without one there is nothing to bill by")
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


def _changed(basis: Basis, site: MiningSite, month: Month) -> list[str]:
    """Return what changed within the month that must not: who mines on which terms, and what a meter is."""
    found = []
    entries = basis.site_entries(site.site, (month.first, month.last))
    terms = {
        (one.party, one.tariff, one.zone, one.power, one.declared_kw, one.pool_fee, one.scheme, one.state_owned)
        for one in entries
    }
    if len(terms) > 1:
        days = ", ".join(str(one.valid_from) for one in entries[1:])
        found.append(
            f"site {site.site}: its miner, tariff, power or pool changes on {days}; let it change with a month, or register it under another name"
        )
    for name, several in month.meters.items():
        shapes = {(one.site, one.minutes, one.multiplier, one.digits, one.direction) for one in several}
        if len(shapes) > 1 and any(one.site == site.site for one in several):
            days = ", ".join(str(one.valid_from) for one in several[1:])
            found.append(
                f"meter {name}: its site, interval, multiplier, digits or direction changes on {days}; register it under another name from then on"
            )
    return found


def _faults(faults: Sequence[Fault]) -> tuple[str, ...]:
    told = tuple(
        f"{one.kind} {one.meter} {one.at.isoformat(timespec='minutes')} {one.intervals} intervals: {one.says}" for one in faults
    )
    more = len(told) - _MOST_FAULTS
    return told if more <= 0 else (*told[:_MOST_FAULTS], f"and {more} more")


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
) -> list[str]:
    notes = [
        f"from {one.first} to {one.last} the law does not permit mining by {site.party}: {one.verdict} by {one.provision}"
        for one in standing
        if one.verdict != "permit"
    ]
    if scheduled and not schedule.get(site.site):
        why = (
            "has no hour of surplus for this site"
            if site.site in schedule
            else "does not name this site; no hour counts as surplus"
        )
        notes.append(f"the schedule {why}")
    if used.foreign_wh:
        notes.append(
            f"the site is registered on {len(days)} days of the month; {used.foreign_wh} Wh that its meters counted on the others are not billed"
        )
    if not used.energy_wh:
        notes.append("every interval is known and the meters counted nothing")
    return notes


def corrected(given: Sequence[Bill], new: Bill) -> Bill | None:
    """Return the bill of what differs from those that were given, None if nothing does.

    Raises: InputError if what was assessed is not assessed any more for want of a file; it would be taken back.
    """
    kinds = {line.kind for one in given for line in one.lines} & set(_OF_COINS)
    for note in new.notes:
        if note.startswith(("no payouts", "no price")) and (lost := sorted(kind for kind in kinds if kind in note)):
            raise InputError(
                f"bill {given[0].id}: it has {', '.join(lost)}, and now {note}; hand in --payouts and --prices as for that bill"
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


def telemetry_of(samples: Iterable[Sample], window: Window) -> Longs:
    """Return what devices reported of every interval, in watt-hours, -1 where less of them was heard than at other times: a part is no whole."""
    seconds, milli = np.zeros(len(window), np.int64), np.zeros(len(window), np.int64)
    for one in samples:
        for start, length in _cuts(one, window):
            slot = (start - window.start_s) // window.step_s
            if 0 <= slot < len(window):
                milli[slot] += one.power_w * length * 1000 // 3600
                seconds[slot] += length
    return np.where((seconds > 0) & (10 * seconds >= 9 * seconds.max()), milli // 1000, -1)


def _cuts(one: Sample, window: Window) -> Iterable[tuple[int, int]]:
    """Cut what one device reported at the edges of intervals."""
    start, end = one.at_s, one.at_s + 60 * one.minutes
    while start < end:
        edge = window.start_s + ((start - window.start_s) // window.step_s + 1) * window.step_s
        stop = min(edge, end)
        yield start, stop - start
        start = stop


def _telemetry(samples: Sequence[Sample], meters: Mapping[str, Sequence[Meter]], tables: Sequence[Metered]) -> dict[str, Longs]:
    """Return what devices reported by meter, for sites that have one meter only; of several nobody knows which device is behind which."""
    if not samples:
        return {}
    by_site = _grouped(samples, [one.site for one in samples])
    sites: dict[str, list[str]] = {}
    for name, several in meters.items():
        if several[-1].direction == "import":
            sites.setdefault(several[-1].site, []).append(name)
    found = {}
    for table in tables:
        for one in table.meters:
            if sites.get(one.site) == [one.meter]:
                found[one.meter] = telemetry_of(by_site.get(one.site, ()), table.window)
    return found
