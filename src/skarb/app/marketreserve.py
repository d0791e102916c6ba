"""The miners' bills, their audit and the reserve of a market, read from what is kept beside it (`reservework`).

Every figure is what the commands say of the same files; nothing is reckoned here that they do not reckon.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from fractions import Fraction
from functools import cached_property, lru_cache
from math import sqrt
from pathlib import Path

import msgspec

from skarb.app import reserve_report, reserve_risk, reserve_value
from skarb.app.custody.holdings import holdings
from skarb.app.custody.keep import tell
from skarb.app.custody.story import Story
from skarb.app.draftmodel import Progress
from skarb.app.files import now as real_now
from skarb.app.law import law_folder
from skarb.app.marketmining import MarketMining
from skarb.app.mining_tables import INPUTS, input_rows
from skarb.app.model import Person
from skarb.app.reserve_files import load
from skarb.app.reserve_policy import known, policy_of
from skarb.app.reservefiles import (
    CLOSES,
    HOLDINGS,
    MORNING,
    RATES,
    Audited,
    Stand,
    book_of,
    entries_file,
    month_folder,
    read_audit,
    read_bills,
    read_proof,
    read_refused,
    read_stand,
    reserve_folder,
)
from skarb.app.reservemodel import (
    AuditView,
    BillHead,
    BillsView,
    Declared,
    Held,
    JournalSum,
    KindSum,
    LotView,
    MinedSite,
    MinerSum,
    MonthSum,
    Proof,
    ReserveView,
)
from skarb.core.amount import format_amount
from skarb.core.errors import InputError, SkarbError, shorten
from skarb.core.time import from_day, zone
from skarb.custody.model import Rule
from skarb.metering import AuditTerms, Bill, Refused, bill_hash, month_of, read_payouts, read_terms
from skarb.metering.expected import pool_blocks
from skarb.reserve.chart import DECIMALS
from skarb.reserve.coverage import violation_days
from skarb.reserve.risk import forecast
from skarb.simulate.miners import Miners
from skarb.store import Damaged

WINDOW, TAIL, SHOWN_DAYS = 500, 0.01, 365
_DAYS = 30  # of the band that is drawn
Known = Callable[[str], Person]


class MarketReserve:
    """Bills, audit and reserve of a market; told by whoever runs it when they are kept anew, asked by the console's threads."""

    def __init__(self, folder: Path, law: str, zone_name: str, miners: Miners, mined: MarketMining) -> None:
        self._folder, self._law, self._zone, self._miners, self._mined = folder, law, zone(zone_name), miners, mined
        self._bills_of = lru_cache(maxsize=2)(self._read_bills)
        self._audits_of = lru_cache(maxsize=2)(self._read_audits)
        self._reserve_of = lru_cache(maxsize=2)(self._read_reserve)
        self.progress = Progress()
        self.asked: date | None = None  # the morning up to which everything was last to be kept
        self.busy = False

    def today(self, now: datetime) -> date:
        """Return the legal day of the last morning; by then even the last hour of the day before was paid."""
        local = now.astimezone(self._zone)
        return local.date() if local.time() >= MORNING else local.date() - timedelta(days=1)

    def wants(self, now: datetime) -> bool:
        """Say whether a morning has passed since everything was last kept."""
        return not self.busy and (self.asked is None or self.today(now) > self.asked)

    def learn(self, told: Progress) -> None:
        """Note how far somebody is who keeps everything beside the market."""
        self.progress, self.busy = told, told.stage not in ("done", "failed")

    def line(self) -> str:
        """Say in a line what was billed and received."""
        stand = read_stand(self._folder)
        if stand is None:
            return "· no miners to bill"
        bills, _ = self._bills_of(stand)
        story = self._story()
        held = ", ".join(f"{format_amount(story.lots.units(asset), places)} {asset}" for asset, places in DECIMALS.items())
        return f"· {len(bills)} bills of miners over {len(stand.months)} months; the reserve has {held}"

    # -- bills ------------------------------------------------------------------------------------------------------

    def bills(self, asked: str | None, person: Known) -> BillsView:
        """Return all bills, and one of them in full: the one that is named, or the last.

        Raises: InputError for a bill that there is not
        """
        stand = read_stand(self._folder)
        if stand is None or not stand.months:
            _must_be_none(asked, "bill")
            return BillsView(progress=self.progress)
        try:
            return self._bills(stand, asked, person)
        except Damaged as error:
            return BillsView(progress=_lost(error))

    def _bills(self, stand: Stand, asked: str | None, person: Known) -> BillsView:
        bills, refused = self._bills_of(stand)
        newest = sorted(bills, key=lambda one: one.month, reverse=True)
        chosen = next((one for one in newest if asked in (None, one.id)), None)
        if asked is not None and chosen is None:
            raise InputError(f"bill: given {shorten(asked)!r}, expected one such as {newest[0].id if newest else 'none yet'}")
        miners = self._sums(bills, person)
        return BillsView(
            progress=self.progress,
            day=stand.day,
            sites=self._sites(person),
            bills=tuple(_head(one) for one in newest),
            refused=refused,
            miners=miners,
            gini_levy_ppm=gini_ppm([one.levy_minor for one in miners]),
            gini_energy_ppm=gini_ppm([one.energy_wh for one in miners]),
            bill=chosen,
            sha256="" if chosen is None else bill_hash(chosen),
            received=() if chosen is None else self._received(chosen),
            changed=chosen is not None and self._changed(chosen),
            journal=None if chosen is None else self._journal(chosen),
            command="" if chosen is None else self._command("bill", chosen.month, f"--site {chosen.site}"),
        )

    def _read_bills(self, stand: Stand) -> tuple[tuple[Bill, ...], tuple[Refused, ...]]:
        with _whole():
            bills = tuple(one for month in stand.months for one in read_bills(self._folder, month))
            return bills, tuple(one for month in stand.months for one in read_refused(self._folder, month))

    def _sites(self, person: Known) -> tuple[MinedSite, ...]:
        titles = self._miners.titles
        return tuple(
            MinedSite(site=site, title=titles[site], miner=person(party)) for site, party in sorted(self._miners.parties.items())
        )

    def _sums(self, bills: Iterable[Bill], person: Known) -> tuple[MinerSum, ...]:
        found: dict[str, list[BillHead]] = {}
        for one in bills:
            found.setdefault(one.miner, []).append(_head(one))
        sums = [
            MinerSum(
                miner=person(miner),
                bills=len(heads),
                energy_wh=sum(one.energy_wh for one in heads),
                levy_minor=sum(one.levy_minor for one in heads),
                reserve_sat=sum(one.reserve_sat for one in heads),
            )
            for miner, heads in found.items()
        ]
        return tuple(sorted(sums, key=lambda one: (one.levy_minor, one.miner.id)))

    def _received(self, bill: Bill) -> tuple[tuple[str, str], ...]:
        where = self._story().where
        named = ((one.key, where.get(f"inflow:{bill.id}/{one.key}", "")) for one in bill.lines)
        return tuple((key, place) for key, place in named if place)

    def _changed(self, bill: Bill) -> bool:
        """Say whether the reserve's journal names another hash than that of the bill as it lies there now."""
        named = f"bill {bill.id} {bill_hash(bill)[:16]}, "
        lines = [one.line for one in self._story().inflows.values() if one.line.id.startswith(f"{bill.id}/")]
        return any(not one.source.startswith(named) for one in lines)

    def _journal(self, bill: Bill) -> JournalSum | None:
        """Return what the market's journal says of a month of the farm; other miners are paid elsewhere."""
        first, last = month_of(bill.month)
        found = self._mined.month(bill.miner, first, last)
        if found is None:
            return None
        own = {site for site, party in self._miners.parties.items() if party == bill.miner}
        with _whole():
            paid = read_payouts(month_folder(self._folder, bill.month) / "payouts.csv")
        hours, sat, begin, end = found
        return JournalSum(hours=hours, sat=sat, billed_sat=sum(one.sat for one in paid if one.site in own), first=begin, last=end)

    def _command(self, verb: str, month: str, more: str = "") -> str:
        folder = month_folder(self._folder, month)
        given = [f"--payouts {folder / 'payouts.csv'}", f"--prices {folder / 'prices.csv'}"]
        given.append(f"--schedule {folder / 'schedule.csv'}" if verb == "bill" else f"--network {folder / 'network.csv'}")
        entries = entries_file(self._folder)
        law = [f"--law {self._law} --of {self._folder}", *([f"--entries {entries}"] if entries.is_file() else [])]
        return " ".join([f"skarb mine {verb} {month} {folder / 'meters.csv'}", *law, *given, *([more] if more else [])])

    # -- audit ------------------------------------------------------------------------------------------------------

    def audit(self, asked: str | None, person: Known) -> AuditView:
        """Return everything that was found, and the days of a month: the one that is named, or the last.

        Raises: InputError for a month that was not audited
        """
        stand = read_stand(self._folder)
        if stand is None or not stand.months:
            _must_be_none(asked, "month")
            return AuditView(progress=self.progress)
        if asked is not None and asked not in stand.months:
            raise InputError(
                f"month: given {shorten(asked)!r}, expected one that is over, from {stand.months[0]} to {stand.months[-1]}"
            )
        try:
            return self._audit(stand, asked or stand.months[-1], person)
        except Damaged as error:
            return AuditView(progress=_lost(error))

    def _audit(self, stand: Stand, month: str, person: Known) -> AuditView:
        audits = self._audits_of(stand)
        chosen = next(one for one in audits if one.month == month)
        points = tuple(point for one in reversed(audits) for point in self._declared(one))
        findings = [(one.month, finding) for one in reversed(audits) for finding in one.findings]
        return AuditView(
            progress=self.progress,
            day=stand.day,
            month=month,
            months=tuple(reversed(stand.months)),
            sites=self._sites(person),
            points=points,
            band=self._band(points),
            findings=tuple(findings),
            days=chosen.days,
            notes=chosen.notes,
            command=self._command("audit", month),
        )

    def _read_audits(self, stand: Stand) -> tuple[Audited, ...]:
        with _whole():
            return tuple(read_audit(self._folder, month) for month in stand.months)

    @cached_property
    def _terms(self) -> AuditTerms:
        path = law_folder(self._law) / "mining.yaml"
        return read_terms(path.read_text(encoding="utf-8"), path.name).audit

    def _declared(self, audited: Audited) -> list[Declared]:
        """Return each site of a month, over the days of which everything is known, as the audit adds them up."""
        sums: dict[str, list[int]] = {}
        for day in audited.days:
            if day.expected_low_sat is not None and day.expected_high_sat is not None and day.paid_sat is not None:
                row = sums.setdefault(day.site, [0, 0, 0, 0])
                for place, value in enumerate((day.expected_low_sat, day.expected_high_sat, day.paid_sat, 1)):
                    row[place] += value
        terms, schemes = self._terms, self._miners.schemes
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
        whole = [one for one in points if one.high_sat]
        if not whole:
            return (0.0, 0.0, 0.0, 0.0)
        low, high = sum(one.low_sat for one in whole), sum(one.high_sat for one in whole)
        middle, room = (low + high) / 2, _room("pplns", _DAYS, self._terms)
        return (low * (1 - room) / middle, low / middle, high / middle, high * (1 + room) / middle)

    # -- the reserve ------------------------------------------------------------------------------------------------

    def reserve(self, person: Known) -> ReserveView:
        """Return what is held, what it is worth and risks, and where it came from."""
        stand = read_stand(self._folder)
        if stand is None:
            return ReserveView(progress=self.progress)
        try:
            view, parties = self._reserve_of(stand)
        except Damaged as error:
            return ReserveView(progress=_lost(error))
        lots = tuple(msgspec.structs.replace(one, miner=person(party)) for one, party in zip(view.lots, parties, strict=True))
        return msgspec.structs.replace(view, progress=self.progress, lots=lots)

    def _story(self) -> Story:
        with _whole():
            return tell(book_of(self._folder), real_now)

    def _read_reserve(self, stand: Stand) -> tuple[ReserveView, tuple[str, ...]]:
        story, folder, book = self._story(), reserve_folder(self._folder), book_of(self._folder)
        given = [folder / name for name in (CLOSES, RATES, HOLDINGS)]
        names = " ".join(map(str, given))
        commands = {
            "holdings": f"skarb reserve holdings {book}",
            "value": f"skarb reserve value {names} --country {self._law}",
            "risk": f"skarb reserve risk {names} --country {self._law} --window {WINDOW} --level {100 * (1 - TAIL):g} --horizon 1 --methods filtered",
            "lots": f"skarb reserve value {names} --country {self._law} --lots",
            "bills": f"skarb reserve bills {book}",
            "verify": f"skarb reserve verify {book}",
        }
        assert story.policy is not None, "a book that is kept has begun"
        base = ReserveView(
            progress=self.progress,
            day=stand.day,
            since=stand.since,
            policy=story.policy_hash,
            holders=dict(Counter(one.role for one in story.policy.holders)),
            frozen=bool(story.freezings),
            held=tuple(Held(**one._asdict(), rules=_rules(story, one.place, one.asset)) for one in holdings(story)),
            coins_sat=story.lots.units("BTC"),
            money_minor=story.lots.units("BYN"),
            kinds=_kinds(story),
            months=_by_month(story),
            proof=self._proof(),
            commands=commands,
        )
        if not story.lots.left():
            return base, ()
        policy = policy_of(self._law)
        with _whole():
            files = load(given, policy)
        valued = reserve_value.value_of(files, policy, reserve_value.moment(None, policy, files))
        prices = files.prices()
        stake = reserve_risk.stake_of(files, policy, prices)
        (made,) = forecast(prices, WINDOW, [TAIL], ["filtered"], 1)
        curve, bound = reserve_report.band_of(prices, made, stake.reserve.coins_sat / 10**8, min(SHOWN_DAYS, len(made.days)))
        worth, least = dict(curve), dict(bound)
        cents, kopecks = valued.whole()
        risk = reserve_risk.risk_rows([made], stake)[0]
        inputs = input_rows(known([*valued.figures, *reserve_risk.risk_inputs(prices, stake, WINDOW, 0.94)]))
        lots, parties = self._lots(story, valued)
        return msgspec.structs.replace(
            base,
            cost_minor=valued.cost_kopecks,
            value_cents=cents,
            value_minor=kopecks,
            valued=tuple(_named(reserve_value.VALUE, row) for row in reserve_value.value_rows(valued)),
            risk=_named(reserve_risk.RISK, risk),
            value=tuple(curve),
            bound=tuple(bound),
            violations=tuple((float(day), worth[day], least[day]) for day in violation_days(made) if day in least),
            figures=tuple(_named(INPUTS, row) for row in inputs),
            lots=lots,
        ), parties

    def _lots(self, story: Story, valued: reserve_value.Valued) -> tuple[tuple[LotView, ...], tuple[str, ...]]:
        """Return what is left of each lot, newest first, and whose it was."""
        found, parties = [], []
        for one in reversed(valued.lots):
            lot, came = one.lot, story.inflows.get(one.lot.lot)
            month, _, rest = lot.lot.partition("/")
            site, _, line = rest.partition("/")
            found.append(
                LotView(
                    lot=lot.lot,
                    bill=f"{month}/{site}" if came is not None else "",
                    line=line,
                    day=from_day(lot.day),
                    kind=came.line.kind if came is not None else "sale",
                    miner=Person(id="", name="", personal=False),
                    asset=lot.asset,
                    units=lot.units,
                    cost_minor=lot.cost_kopecks,
                    value_cents=one.cents,
                    value_minor=one.kopecks,
                    where=story.where.get(f"inflow:{lot.lot}", ""),
                )
            )
            parties.append(came.line.miner if came is not None else "")
        return tuple(found), tuple(parties)

    def _proof(self) -> Proof | None:
        """Return the last publication of what is owed."""
        with _whole():
            found = read_proof(self._folder)
        if found is None:
            return None
        said, folder = found.statement, reserve_folder(self._folder)
        return Proof(
            at=said.at,
            key=said.head.statement.key,
            totals=tuple((one.asset, int(one.count), str(one.total), one.root) for one in said.totals),
            command=f"skarb reserve check-proof {folder / 'owed.json'} --public {folder / 'owed.key.pub'}",
        )


@contextmanager
def _whole() -> Iterator[None]:
    """Whatever cannot be read of what was kept is damaged, and told as that."""
    try:
        yield
    except (SkarbError, OSError, msgspec.MsgspecError) as error:
        raise Damaged(str(error)) from None


def _lost(error: Damaged) -> Progress:
    return Progress(stage="failed", subject=str(error))


def gini_ppm(values: Iterable[int]) -> int:
    """Return how unequal shares are: 0 where all are equal, towards a million where one has all. Rounding: down."""
    ordered = sorted(values)
    count, whole = len(ordered), sum(ordered)
    if not whole:
        return 0
    weighted = sum(place * value for place, value in enumerate(ordered, 1))
    return int(Fraction(2 * weighted, count * whole) * 10**6 - Fraction(count + 1, count) * 10**6)


def _room(scheme: str, days: int, terms: AuditTerms) -> float:
    """Return by how much what was paid may differ before somebody asks, as a share."""
    return terms.z_most / sqrt(pool_blocks(days, terms)) if scheme == "pplns" else float(Fraction(terms.fpps_tolerance))


def _head(bill: Bill) -> BillHead:
    return BillHead(
        id=bill.id,
        month=bill.month,
        site=bill.site,
        energy_wh=bill.energy_wh,
        electricity_minor=bill.totals["net"],
        levy_minor=bill.totals.get("levy", 0),
        reserve_sat=bill.totals.get("reserve_share_btc", 0),
        payable_minor=bill.totals["payable"],
        sha256=bill_hash(bill),
    )


def _rules(story: Story, place: str, asset: str) -> tuple[Rule, ...]:
    found = story.policy.place(place) if story.policy is not None else None
    return () if found is None else tuple(one for one in found.rules if one.asset == asset)


def _kinds(story: Story) -> tuple[KindSum, ...]:
    sums: dict[tuple[str, str], list[int]] = {}
    for one in story.inflows.values():
        row = sums.setdefault((one.line.kind, one.line.asset), [0, 0, 0])
        for place, value in enumerate((1, one.line.units, one.worth.cost_byn)):
            row[place] += value
    return tuple(
        KindSum(kind=kind, asset=asset, lines=lines, units=units, cost_minor=cost)
        for (kind, asset), (lines, units, cost) in sorted(sums.items())
    )


def _by_month(story: Story) -> tuple[MonthSum, ...]:
    sums: dict[str, dict[str, int]] = {}
    for one in story.inflows.values():
        row = sums.setdefault(one.line.day[:7], {"BTC": 0, "BYN": 0})
        row[one.line.asset] += one.line.units
    return tuple(MonthSum(month=month, sat=row["BTC"], minor=row["BYN"]) for month, row in sorted(sums.items()))


def _named(columns: Iterable[str], row: Iterable[object]) -> dict[str, str]:
    return {name: "" if value is None else str(value) for name, value in zip(columns, row, strict=True)}


def _must_be_none(asked: str | None, field: str) -> None:
    if asked is not None:
        raise InputError(f"{field}: given {shorten(asked)!r}, expected none; nothing was billed yet")


__all__ = ["MarketReserve", "gini_ppm"]
