"""An audit: what meters, devices, pools and books say of the same days, side by side, and what does not fit together.

A finding is a question with its evidence and never a judgement. Money and coins are exact; statistics only say how likely luck is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

import msgspec

from skarb.core.errors import InputError
from skarb.core.time import from_day
from skarb.metering.expected import (
    Fleet,
    found_blocks,
    hashes_th,
    paid_for,
    poisson_at_least,
    poisson_at_most,
    pool_blocks,
    z_score,
)
from skarb.metering.payouts import MOST_SAT, NetworkDay, Payout
from skarb.metering.remark import Remark, remark
from skarb.metering.terms import AuditTerms
from skarb.registers import MiningSite

_RARE = 0.00135  # beyond three standard deviations, on one side


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """Something that does not fit. Units: score from 0 to 100; `amount` as text in `unit`."""

    kind: str
    site: str
    miner: str
    first: str
    last: str
    score: int
    provision: str
    evidence: tuple[Remark, ...]
    amount: str | None = None
    unit: str = ""


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """One day of one site. Units: watt-hours, terahashes, satoshi; None where nobody handed anything in."""

    site: str
    day: str
    metered_wh: int | None
    estimated: int  # intervals
    reported_wh: int | None
    reported_th: int | None
    expected_low_sat: int | None
    expected_high_sat: int | None
    expected_reported_sat: int | None
    paid_sat: int | None
    posted_sat: int | None
    odd: str = ""  # what does not fit: meter_low, meter_high, paid_low, paid_high, posted


@dataclass(frozen=True)
class Reported:
    """What the devices of a site reported of a day, all together. Units: gigahashes, watt-hours at the plug."""

    hashes_gh: int
    energy_wh: int


@dataclass(frozen=True)
class Sources:
    """What is known of a site, by day; an empty source was not handed in."""

    site: MiningSite
    metered_wh: Mapping[int, int]
    estimated: Mapping[int, int]
    fleets: Mapping[int, Fleet]
    network: Mapping[int, NetworkDay] | None
    reported: Mapping[int, Reported] | None
    payouts: Sequence[Payout] | None
    posted: Mapping[int, int] | None
    provision: str  # that governs what is due of coins


def days_of(sources: Sources, first: int, last: int, terms: AuditTerms) -> list[Day]:
    """Return the table of a site, a row a day, each with what does not fit on it."""
    return [_day(sources, day, terms) for day in range(first, last + 1)]


def compared(sources: Sources, days: Sequence[Day], terms: AuditTerms) -> list[Finding]:
    """Return what does not fit over the whole period."""
    found = [*_telemetry(sources, days, terms), *_ledger(sources, days), *_scheme(sources)]
    return [*found, *_declared(sources, days, terms)]


def _day(sources: Sources, day: int, terms: AuditTerms) -> Day:
    metered = sources.metered_wh.get(day)
    reported = sources.reported.get(day) if sources.reported is not None else None  # no word is no nought
    network = sources.network.get(day) if sources.network is not None else None
    fee = sources.site.pool_fee
    low = high = by_devices = None
    if network is not None:
        made = hashes_th(metered, sources.fleets[day], terms) if metered is not None else None
        if made is not None:
            low, high = (int(paid_for(one, network, fee)) for one in made)
        if reported is not None:
            by_devices = int(paid_for(Fraction(reported.hashes_gh, 1000), network, fee))
        if max(high or 0, by_devices or 0) > MOST_SAT:
            raise InputError(
                f"network on {from_day(day)}: with the difficulty and the reward given, {sources.site.site} should have mined more coins than there "
                "will ever be; correct them"
            )
    paid = None if sources.payouts is None else sum(one.sat for one in sources.payouts if one.day == day)
    posted = None if sources.posted is None else sources.posted.get(day, 0)
    return Day(
        site=sources.site.site,
        day=str(from_day(day)),
        metered_wh=metered,
        estimated=sources.estimated.get(day, 0),
        reported_wh=None if reported is None else reported.energy_wh,
        reported_th=None if reported is None else reported.hashes_gh // 1000,
        expected_low_sat=low,
        expected_high_sat=high,
        expected_reported_sat=by_devices,
        paid_sat=paid,
        posted_sat=posted,
        odd=" ".join(_odd(metered, reported, low, high, paid, posted, terms)),
    )


def _odd(
    metered: int | None,
    reported: Reported | None,
    low: int | None,
    high: int | None,
    paid: int | None,
    posted: int | None,
    terms: AuditTerms,
) -> list[str]:
    said = []
    if metered is not None and reported is not None:
        least, most = _band(reported.energy_wh, terms)
        if metered < least:
            said.append("meter_low")
        elif metered > most:
            said.append("meter_high")
    if paid is not None and low is not None and high is not None:
        room = Fraction(terms.fpps_tolerance)
        if paid < low * (1 - room):
            said.append("paid_low")
        elif paid > high * (1 + room):
            said.append("paid_high")
    if paid is not None and posted is not None and paid != posted:
        said.append("posted")
    return said


def _band(reported_wh: int, terms: AuditTerms) -> tuple[Fraction, Fraction]:
    room = Fraction(terms.telemetry_tolerance)
    return reported_wh * Fraction(terms.pue_low) * (1 - room), reported_wh * Fraction(terms.pue_high) * (1 + room)


def _finding(
    sources: Sources, days: Sequence[Day], kind: str, score: float, evidence: tuple[Remark, ...], amount: str | None, unit: str
) -> Finding:
    return Finding(
        kind=kind,
        site=sources.site.site,
        miner=sources.site.party,
        first=days[0].day,
        last=days[-1].day,
        score=max(1, min(100, round(score))),
        provision=sources.provision,
        evidence=evidence,
        amount=amount,
        unit=unit,
    )


def _telemetry(sources: Sources, days: Sequence[Day], terms: AuditTerms) -> list[Finding]:
    both = [one for one in days if one.metered_wh is not None and one.reported_wh is not None]
    if not both:
        return []
    metered, reported = sum(one.metered_wh or 0 for one in both), sum(one.reported_wh or 0 for one in both)
    least, most = _band(reported, terms)
    found = []
    if not least <= metered <= most:
        gap = int(metered - (most if metered > most else least))
        code = "more_than_devices" if gap > 0 else "less_than_devices"
        says = (remark(code, metered_wh=metered, reported_wh=reported),)
        found.append(
            _finding(
                sources,
                days,
                "telemetry",
                100 * min(1.0, 5 * abs(gap) / max(metered, reported)),
                says,
                f"{gap / 1000:.3f}",
                "kWh",
            )
        )
    still = [one for one in both if not one.metered_wh and (one.reported_wh or 0) > 0]
    if still:
        says = (remark("meter_silent", days=len(still), reported_wh=sum(one.reported_wh or 0 for one in still)),)
        found.append(_finding(sources, still, "stuck", 90, says, None, ""))
    return found


def _ledger(sources: Sources, days: Sequence[Day]) -> list[Finding]:
    if sources.payouts is None or sources.posted is None:
        return []
    paid, posted = sum(one.paid_sat or 0 for one in days), sum(one.posted_sat or 0 for one in days)
    if paid == posted:
        return []
    apart = [one.day for one in days if one.paid_sat != one.posted_sat]
    says = (remark("book_apart", paid_sat=paid, posted_sat=posted, first_day=apart[0], days=len(apart)),)
    return [_finding(sources, days, "ledger", 50 + 50 * abs(posted - paid) / max(paid, posted), says, str(posted - paid), "sat")]


def _scheme(sources: Sources) -> list[Finding]:
    other = [one for one in sources.payouts or () if one.scheme != sources.site.scheme]
    if not other:
        return []
    scheme, known = other[0].scheme, sources.site.scheme
    says = (remark("other_scheme", payouts=len(other), paid_scheme=scheme, payout=other[0].id, known_scheme=known),)
    first, last = (str(from_day(pick(one.day for one in other))) for pick in (min, max))
    return [
        Finding(
            kind="scheme",
            site=sources.site.site,
            miner=sources.site.party,
            first=first,
            last=last,
            score=40,
            provision=sources.provision,
            evidence=says,
        )
    ]


def _declared(sources: Sources, days: Sequence[Day], terms: AuditTerms) -> list[Finding]:
    """Compare what was paid with what the energy, and what the devices, should have brought, over all days of which everything is known."""
    if sources.payouts is None:
        return []
    known = [
        one for one in days if one.expected_low_sat is not None and one.expected_high_sat is not None and one.paid_sat is not None
    ]
    found = []
    if known:
        paid = sum(one.paid_sat or 0 for one in known)
        low, high = sum(one.expected_low_sat or 0 for one in known), sum(one.expected_high_sat or 0 for one in known)
        found += _judged(sources, known, paid, Fraction(low), Fraction(high), "energy", terms)
    heard = [one for one in days if one.expected_reported_sat and one.paid_sat is not None]
    if heard:
        paid, expected = sum(one.paid_sat or 0 for one in heard), sum(one.expected_reported_sat or 0 for one in heard)
        found += _judged(sources, heard, paid, Fraction(expected), Fraction(expected), "devices", terms)
    return found


def _judged(
    sources: Sources, days: Sequence[Day], paid: int, low: Fraction, high: Fraction, by: str, terms: AuditTerms
) -> list[Finding]:
    site, room = sources.site, Fraction(terms.fpps_tolerance)
    gap = paid - int(low) if paid < low else paid - int(high)
    if low <= paid <= high:
        return []
    exactly = "_exactly" if low == high else ""
    said = remark(f"paid_by_{by}{exactly}", paid_sat=paid, low_sat=int(low), high_sat=int(high))
    luck = remark("no_luck")
    if site.scheme == "fpps":
        if low * (1 - room) <= paid <= high * (1 + room):
            return []
        score = 100 * min(1.0, 2 * abs(gap) / max(1.0, float(high)))
    elif site.scheme == "pplns":
        z = z_score(paid, low, high, pool_blocks(len(days), terms))
        if abs(z) < terms.z_most:
            return []
        score = min(100.0, 20 * abs(z))
        luck = remark("far_off", deviations=f"{z:.1f}", pool_ppm=round(Fraction(terms.pplns_pool_share) * 1_000_000))
    else:
        chance, luck = _alone(sources, days, paid, by, terms)
        if chance >= _RARE:
            return []
        score = 100 - 100 * chance / _RARE * 0.5
    kind = ("declared_low" if by == "energy" else "reported_low") if gap < 0 else "declared_high"
    return [_finding(sources, days, kind, score, (said, luck), str(gap), "sat")]


def _alone(sources: Sources, days: Sequence[Day], paid: int, by: str, terms: AuditTerms) -> tuple[float, Remark]:
    """Return how likely what a lone miner declares is, at most or at least as many blocks as he says."""
    least = most = 0.0
    reward = Fraction(0)
    for one in days:
        day = date.fromisoformat(one.day).toordinal() - date(1970, 1, 1).toordinal()
        network = (sources.network or {})[day]
        reward = max(reward, network.reward_sat)
        hashes = (
            (Fraction(one.reported_th or 0),) * 2
            if by == "devices"
            else hashes_th(one.metered_wh or 0, sources.fleets[day], terms) or (Fraction(0),) * 2
        )
        least += float(found_blocks(hashes[0], network))
        most += float(found_blocks(hashes[1], network))
    blocks = round(paid / reward) if reward else 0
    chance = poisson_at_most(blocks, least) if blocks < least else poisson_at_least(blocks, most) if blocks > most else 1.0
    told = f"{Decimal(f'{chance:.2g}'):f}"
    return chance, remark("blocks_by_chance", blocks=blocks, least=f"{least:.2f}", most=f"{most:.2f}", chance=told)


__all__ = ["Day", "Finding", "Reported", "Sources", "compared", "days_of"]
