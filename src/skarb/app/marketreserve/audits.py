"""The audits of all miners: what each declared beside the band that is expected of it, and what was found."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from functools import cached_property, lru_cache
from math import sqrt

from skarb.app.draftmodel import Progress
from skarb.app.law import law_folder
from skarb.app.marketreserve.kept import Kept, Known, lost, must_be_none, whole
from skarb.app.reservefiles import Audited, Stand, read_audit, read_stand
from skarb.app.reservemodel import AuditView, Declared
from skarb.core.errors import InputError, shorten
from skarb.metering import AuditTerms, read_terms
from skarb.metering.expected import pool_blocks
from skarb.store import Damaged

_DAYS = 30  # of the band that is drawn


class Audits:
    """The audits of a market, read once for each morning."""

    def __init__(self, kept: Kept) -> None:
        self._kept = kept
        self._of = lru_cache(maxsize=2)(self._read)

    def view(self, progress: Progress, asked: str | None, person: Known) -> AuditView:
        """Return everything that was found, and the days of a month: the one that is named, or the last.

        Raises: InputError for a month that was not audited
        """
        stand = read_stand(self._kept.folder)
        if stand is None or not stand.months:
            must_be_none(asked, "month")
            return AuditView(progress=progress)
        if asked is not None and asked not in stand.months:
            raise InputError(
                f"month: given {shorten(asked)!r}, expected one that is over, from {stand.months[0]} to {stand.months[-1]}"
            )
        try:
            return self._view(progress, stand, asked or stand.months[-1], person)
        except Damaged as error:
            return AuditView(progress=lost(error))

    def _view(self, progress: Progress, stand: Stand, month: str, person: Known) -> AuditView:
        audits = self._of(stand)
        chosen = next(one for one in audits if one.month == month)
        points = tuple(point for one in reversed(audits) for point in self._declared(one))
        findings = [(one.month, finding) for one in reversed(audits) for finding in one.findings]
        return AuditView(
            progress=progress,
            day=stand.day,
            month=month,
            months=tuple(reversed(stand.months)),
            sites=self._kept.sites(person),
            points=points,
            band=self._band(points),
            findings=tuple(findings),
            days=chosen.days,
            notes=chosen.notes,
            command=self._kept.command("audit", month),
        )

    def _read(self, stand: Stand) -> tuple[Audited, ...]:
        with whole():
            return tuple(read_audit(self._kept.folder, month) for month in stand.months)

    @cached_property
    def _terms(self) -> AuditTerms:
        path = law_folder(self._kept.law) / "mining.yaml"
        return read_terms(path.read_text(encoding="utf-8"), path.name).audit

    def _declared(self, audited: Audited) -> list[Declared]:
        """Return each site of a month, over the days of which everything is known, as the audit adds them up."""
        sums: dict[str, list[int]] = {}
        for day in audited.days:
            if day.expected_low_sat is not None and day.expected_high_sat is not None and day.paid_sat is not None:
                row = sums.setdefault(day.site, [0, 0, 0, 0])
                for place, value in enumerate((day.expected_low_sat, day.expected_high_sat, day.paid_sat, 1)):
                    row[place] += value
        terms, schemes = self._terms, self._kept.miners.schemes
        found = []
        for site, (low, high, paid, days) in sorted(sums.items()):
            room = _room(schemes[site], days, terms)
            found.append(
                Declared(
                    month=audited.month,
                    site=site,
                    scheme=schemes[site],
                    low_sat=low,
                    high_sat=high,
                    least_sat=int(low * (1 - room)),
                    most_sat=int(high * (1 + room)),
                    paid_sat=paid,
                )
            )
        return found

    def _band(self, points: Iterable[Declared]) -> tuple[float, float, float, float]:
        """Return the band around what is expected in the middle, for a month of a pool that shares blocks."""
        told = [one for one in points if one.high_sat]
        if not told:
            return (0.0, 0.0, 0.0, 0.0)
        low, high = sum(one.low_sat for one in told), sum(one.high_sat for one in told)
        middle, room = (low + high) / 2, _room("pplns", _DAYS, self._terms)
        return (low * (1 - room) / middle, low / middle, high / middle, high * (1 + room) / middle)


def _room(scheme: str, days: int, terms: AuditTerms) -> float:
    """Return by how much what was paid may differ before somebody asks, as a share."""
    return terms.z_most / sqrt(pool_blocks(days, terms)) if scheme == "pplns" else float(Fraction(terms.fpps_tolerance))
