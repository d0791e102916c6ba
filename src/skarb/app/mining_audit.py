"""The audit of a month: registers, meters, devices, pools and books put side by side, site by site."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from pathlib import Path

import numpy as np

from skarb.app.mining_basis import Basis
from skarb.app.mining_evidence import Evidence, energy_of, fleet_on, hours_of, lacking, network_of, reported_of
from skarb.app.mining_month import Month, month_of_all
from skarb.core.errors import InputError, NotFound
from skarb.core.time import Clock, to_day
from skarb.metering import (
    Day,
    Fault,
    Finding,
    Levy,
    NetworkDay,
    Payout,
    Remark,
    Sign,
    Sources,
    Window,
    above_fleet,
    compared,
    days_of,
    exact_text,
    follows,
    read_payouts,
    read_posted,
    read_prices,
    remark,
    rounded,
    sat_per_th,
    unregistered,
)
from skarb.metering.model import State
from skarb.metering.terms import holding
from skarb.registers import MiningSite

_MOST_CITED = 3
_TOLD = Fraction(1, 5)  # of the estimates that a bill may rest on; fewer happen to everybody


@dataclass(frozen=True)
class Audit:
    """What an audit found, the gravest first, and the table that it rests on."""

    month: str
    findings: tuple[Finding, ...]
    days: tuple[Day, ...]
    notes: tuple[Remark, ...]


def audit(basis: Basis, month: str, readings: Sequence[Path], evidence: Evidence, clock: Clock, site: str | None = None) -> Audit:
    """Audit the sites of a month, registered or not.

    Raises: InputError, NotFound, ConfigurationError
    """
    read = month_of_all(basis, month, readings, evidence.devices, clock)
    first, last = to_day(read.first), to_day(read.last)
    payouts = read_payouts(evidence.payouts) if evidence.payouts is not None else None
    posted = {name: read_posted(path, basis.zone) for name, path in (evidence.posted or {}).items()}
    network = network_of(evidence, first, last)
    prices = read_prices(evidence.prices, basis.currency) if evidence.prices is not None else None
    notes = lacking(evidence, network, first, last)
    known = {one.site: one for one in read.sites}
    if site is not None and site not in known and site not in _metered_sites(read):
        raise NotFound(f"site {site!r}: neither registered nor metered in {month}")
    if unknown := sorted(set(posted) - set(known)):
        raise InputError(f"statement of {unknown[0]!r}: not a registered site, expected one of {', '.join(sorted(known))}")
    strange = sorted({one.site for one in payouts or ()} - set(known))
    notes += [remark("strange_payouts", site=name) for name in strange]
    findings: list[Finding] = []
    days: list[Day] = []
    for one in read.sites:
        if site in (None, one.site):
            seen = _Site(basis, read, one)
            sources = seen.sources(network, payouts, posted.get(one.site))
            rows = days_of(sources, first, last, basis.terms.audit)
            days += rows
            findings += seen.findings(sources, rows)
    for name in sorted(_metered_sites(read)):
        if site in (None, name):
            findings += _signs(basis, read, name, known.get(name), network, prices)
    findings += [_stranger(basis, read, fault) for fault in read.strangers if site is None]
    ordered = sorted(findings, key=lambda one: (-one.score, one.site, one.kind, one.first))
    return Audit(month, tuple(ordered), tuple(days), tuple(notes))


@dataclass
class _Site:
    """One registered site, looked at."""

    basis: Basis
    month: Month
    site: MiningSite

    @property
    def last_said(self) -> str:
        """The levy or relief that governs at the end of the month, else the provision that decides."""
        standing = self.basis.standing(self.site.party, self.month.first, self.month.last)[-1]
        return standing.levy or standing.provision

    def sources(
        self, network: Mapping[int, NetworkDay] | None, payouts: Sequence[Payout] | None, posted: Mapping[int, int] | None
    ) -> Sources:
        """Return what is known of the site by day."""
        first, last = to_day(self.month.first), to_day(self.month.last)
        metered, estimated = energy_of(self.month, self.site.site)
        own = None if payouts is None else [one for one in payouts if one.site == self.site.site and first <= one.day <= last]
        return Sources(
            self.site,
            metered,
            estimated,
            {day: fleet_on(self.basis, self.site.site, day) for day in range(first, last + 1)},
            network,
            reported_of(self.basis.zone, self.month, self.site.site),
            own,
            posted,
            self.last_said,
        )

    def findings(self, sources: Sources, rows: Sequence[Day]) -> list[Finding]:
        """Return everything that is odd about the site."""
        return [*self._law(), *self._unmetered(), *self._estimated(), *compared(sources, rows, self.basis.terms.audit)]

    def _law(self) -> list[Finding]:
        return [
            Finding(
                kind="licence",
                site=self.site.site,
                miner=self.site.party,
                first=one.first,
                last=one.last,
                score=100 if one.verdict == "refuse" else 60,
                provision=one.provision,
                evidence=(remark("law_says", verdict=one.verdict),),
            )
            for one in self.basis.standing(self.site.party, self.month.first, self.month.last)
            if one.verdict != "permit"
        ]

    def _unmetered(self) -> list[Finding]:
        """Return energy without a valid meter, at the top rate of the levy; without any meter what the connection could carry."""
        rows = self.month.rows(self.site.site)
        found = []
        meters = [(table, row) for table, mine in zip(self.month.tables, rows, strict=True) for row in mine]
        if not meters:
            hours = (Window(self.basis.zone, self.month.first, self.month.last, 60).end_s - self._start()) // 3600
            most = self.site.capacity_w * hours
            says = remark("no_meter_at_all", capacity_w=self.site.capacity_w, energy_wh=most, hours=hours)
            found.append(self._top_rate("no_meter", self.month.first, self.month.last, 95, most, says))
        for table, row in meters:
            outside = ~table.valid[row] & (table.state[row] != State.ABSENT)
            if outside.any():
                slots = np.flatnonzero(outside)
                energy = int(table.energy_wh[row, slots].sum())
                one = table.meters[row]
                until = str(one.certified_to)
                says = remark("outside_certificate", meter=one.meter, certified_day=until, intervals=len(slots), energy_wh=energy)
                first, last = (table.window.at(int(slot)).date() for slot in (slots[0], slots[-1]))
                found.append(self._top_rate("no_meter", first, last, 85, energy, says))
        return found

    def _start(self) -> int:
        return Window(self.basis.zone, self.month.first, self.month.last, 60).start_s

    def _top_rate(self, kind: str, first: date, last: date, score: int, energy_wh: int, says: Remark) -> Finding:
        levies = _levies(self.basis, last)
        rate = sum((levy.top for levy in levies), Fraction(0))
        decimals = self.basis.registers.country.decimals
        amount = rounded(Fraction(energy_wh, 1000) * rate, decimals, self.basis.terms.rounding)
        rule = ", ".join(levy.cites or f"levy {levy.name} ({levy.certainty})" for levy in levies)
        return Finding(
            kind=kind,
            site=self.site.site,
            miner=self.site.party,
            first=str(first),
            last=str(last),
            score=score,
            provision=rule,
            evidence=(says, remark("top_rate", rate=exact_text(rate), currency=self.basis.currency)),
            amount=exact_text(Fraction(amount, 10**decimals)),
            unit=self.basis.currency,
        )

    def _estimated(self) -> list[Finding]:
        found = []
        for table, mine in zip(self.month.tables, self.month.rows(self.site.site), strict=True):
            for row in mine:
                count, whole = int(table.estimated(row).sum() + table.unknown(row).sum()), len(table.window)
                share, most = Fraction(count, whole), self.basis.terms.limits.estimated_most
                if not count or share < most * _TOLD:
                    continue
                faults = [one for one in table.faults if one.meter == table.meters[row].meter and one.kind != "estimated"]
                told = remark("not_measured", meter=table.meters[row].meter, intervals=count, of_intervals=whole)
                says = (told, *(one.told for one in faults[:_MOST_CITED]))
                score = min(100, round(50 * float(share / most))) if most else 100
                found.append(
                    Finding(
                        kind="estimated",
                        site=self.site.site,
                        miner=self.site.party,
                        first=str(self.month.first),
                        last=str(self.month.last),
                        score=max(1, score),
                        provision=f"{self.basis.terms.name}, limits",
                        evidence=says,
                    )
                )
        return found


def _levies(basis: Basis, day: date) -> list[Levy]:
    names = sorted({one.name for one in basis.terms.levies})
    held = [holding([one for one in basis.terms.levies if one.name == name], to_day(day), f"levy {name!r}") for name in names]
    return [one for one in held if one is not None]


def _metered_sites(month: Month) -> set[str]:
    return {one.site for table in month.tables for one in table.meters}


def _signs(
    basis: Basis,
    month: Month,
    name: str,
    site: MiningSite | None,
    network: Mapping[int, NetworkDay] | None,
    prices: Mapping[int, Fraction] | None,
) -> Iterable[Finding]:
    """Return the signs of unregistered machines at a site: those of a load without machines, or more power than there are machines."""
    hours = Window(basis.zone, month.first, month.last, 60)
    energy = hours_of(month, name)
    first, last = to_day(month.first), to_day(month.last)
    fleets = {day: fleet_on(basis, name, day) for day in range(first, last + 1)}
    without = not any(one.count for one in fleets.values())
    found: list[Sign] = []
    if energy.any():
        found += unregistered(hours, energy) if without else above_fleet(hours, energy, fleets, basis.terms.audit)
        if without and network is not None and (worth := _worth(network, prices, first, last)):
            sums = np.add.reduceat(energy, np.unique(hours.day, return_index=True)[1]).tolist()
            found += follows(sums, worth)
    party = site.party if site is not None else ""
    provision = basis.standing(party, month.last, month.last)[0].provision
    for one in found:
        yield Finding(
            kind=one.kind,
            site=name,
            miner=party,
            first=str(month.first),
            last=str(month.last),
            score=max(1, one.score),
            provision=provision,
            evidence=(one.evidence,),
            amount=exact_text(Fraction(one.excess_wh, 1000)) if one.excess_wh else None,
            unit="kWh" if one.excess_wh else "",
        )


def _worth(network: Mapping[int, NetworkDay], prices: Mapping[int, Fraction] | None, first: int, last: int) -> list[Fraction]:
    """Return what a terahash brought on every day of a period, in money where prices are known; nothing if a day is missing."""
    days = range(first, last + 1)
    if any(day not in network or (prices is not None and day not in prices) for day in days):
        return []
    return [sat_per_th(network[day]) * (prices[day] if prices is not None else 1) for day in days]


def _stranger(basis: Basis, month: Month, fault: Fault) -> Finding:
    return Finding(
        kind="unknown_meter",
        site="",
        miner="",
        first=str(month.first),
        last=str(month.last),
        score=70,
        provision=basis.standing("", month.last, month.last)[0].provision,
        evidence=(fault.told,),
    )
