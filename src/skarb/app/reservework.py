"""Keep a market's bills and its reserve: each month that is over is billed and audited, and what is due to the state is received.

It is the code of `skarb mine bill`, `skarb mine audit` and `skarb reserve receive`, over files that lie in the market's folder. What was done once
stays: a bill that was given is never changed, and an inflow has its id for ever.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random

import msgspec
import yaml
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from skarb.app.custody.holdings import LotRow, lot_rows
from skarb.app.custody.keep import open_reserve
from skarb.app.custody.rates import rates_of
from skarb.app.custody.solvency import paper_bytes, plant_all, publish, read_owed
from skarb.app.draftmodel import Progress
from skarb.app.files import now as real_now
from skarb.app.law import law_folder
from skarb.app.market import MarketFile, read_market_file
from skarb.app.mining_audit import audit
from skarb.app.mining_basis import Basis, basis_of
from skarb.app.mining_bills import bills_of, inflow_csv, inflows
from skarb.app.mining_evidence import Evidence
from skarb.app.mining_month import Given, month_read
from skarb.app.proof import open_prover
from skarb.app.reservefiles import (
    CLOSES,
    HOLDINGS,
    MORNING,
    OWED,
    RATES,
    Audited,
    Stand,
    book_of,
    entries_file,
    is_done,
    month_folder,
    read_proof,
    read_stand,
    reserve_folder,
    write_audit,
    write_csv,
    write_stand,
    write_whole,
)
from skarb.app.reservekeys import BOOK, approvals_of, policy_for, publisher_of
from skarb.core.amount import format_amount
from skarb.core.time import from_day, zone
from skarb.metering import Bill, Refused, bill_bytes, month_of
from skarb.registers.model import REGISTERS
from skarb.reserve import read_inflows
from skarb.reserve.chart import DECIMALS
from skarb.simulate import Scenario
from skarb.simulate.miners import Miners
from skarb.simulate.prices import PLACES

_WOBBLE = 45  # ten-thousandths by which the dollar may differ before the market's first day


def reserve_beside(market: Path, sender: Connection, until: date) -> None:
    """Keep bills and reserve up to a day and tell the other end when that is done; it never raises."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who started this process ends it
    if hasattr(os, "nice"):
        os.nice(15)
    try:
        keep(market, until)
        sender.send(Progress(stage="done"))
    except Exception as error:
        sender.send(Progress(stage="failed", subject=str(error) or type(error).__name__))


def keep(market: Path, until: date) -> Stand | None:
    """Keep bills and reserve up to the morning of a day; None if the market has no miners, or its law knows no reserve.

    Raises: InputError, NotFound, Damaged
    """
    file = read_market_file(market)
    scenario = file.scenario()
    if scenario.miners is None or not all((law_folder(file.law) / name).is_file() for name in ("mining.yaml", "reserve.yaml")):
        return None
    known = read_stand(market)
    if known is not None and known.day >= until:
        return known
    return _Keeping(market, file, scenario, scenario.miners).keep(until)


class _Keeping:
    """One run."""

    def __init__(self, market: Path, file: MarketFile, scenario: Scenario, miners: Miners) -> None:
        self.market, self.file, self.scenario, self.miners = market, file, scenario, miners
        self.zone = zone(scenario.town.zone)
        self.folder = reserve_folder(market)

    def keep(self, until: date) -> Stand:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.prices = dict(self._prices(until))
        months = list(_months(self.miners.since, until))
        basis: Basis | None = None
        for month in months:
            if not is_done(self.market, month):
                basis = basis or self._basis()
                self._month(basis, month)
        self._reserve(months)
        self._figures(until)
        stand = Stand(day=until, since=self.miners.since, months=tuple(months))
        write_stand(self.market, stand)
        return stand

    def _basis(self) -> Basis:
        basis = basis_of(self.file.law, self.market, (), None, real_now)
        if basis.registers.subjects("mining_sites"):
            return basis
        names = {kind: name for name, kind in REGISTERS.items()}
        entries: dict[str, list[object]] = {}
        for one in self.miners.entries():
            entries.setdefault(names[type(one)], []).append(msgspec.to_builtins(one))
        path = entries_file(self.market)  # the registers are older than the miners: they stay as they are
        path.write_text(yaml.safe_dump(entries, allow_unicode=True, sort_keys=False), encoding="utf-8")
        return basis_of(self.file.law, self.market, (path,), None, real_now)

    # -- a month ----------------------------------------------------------------------------------------------------

    def _month(self, basis: Basis, month: str) -> None:
        folder = month_folder(self.market, month)
        (folder / "bills").mkdir(parents=True, exist_ok=True)
        self._given(folder, month)
        clock = self._clock(month)
        given = Given((folder / "meters.csv",), folder / "schedule.csv", folder / "payouts.csv", folder / "prices.csv")
        read = month_read(basis, month, given, clock)
        answers = bills_of(basis, read, given)
        bills = [one for one in answers if isinstance(one, Bill)]
        for bill in bills:
            write_whole(folder / "bills" / f"{bill.id.replace('/', '_')}.json", bill_bytes(bill))
        write_whole(folder / "inflow.csv", inflow_csv(inflows(bills)).encode())
        evidence = Evidence(payouts=folder / "payouts.csv", network=folder / "network.csv", prices=folder / "prices.csv")
        found = audit(basis, month, given.readings, evidence, clock)
        audited = Audited(month=month, findings=found.findings, days=found.days, notes=found.notes)
        write_audit(self.market, audited, [one for one in answers if isinstance(one, Refused)])

    def _given(self, folder: Path, month: str) -> None:
        """Write what a month is billed from, as miners, pools and the dispatcher would hand it in."""
        days = [day for day in _days(*month_of(month)) if day >= self.miners.since]
        counted = [
            (one.meter, one.at.astimezone(self.zone).isoformat(), 60, one.energy_wh)
            for day in days
            for one in self.miners.hours(day)
            if one.energy_wh is not None
        ]
        write_csv(folder / "meters.csv", ("meter", "at", "minutes", "energy_wh"), counted)
        surplus = [
            (at.astimezone(self.zone).isoformat(), site, 1, power, "surplus")
            for day in days
            for at, site, power in self.miners.surplus(day)
        ]
        write_csv(folder / "schedule.csv", ("at", "site", "blocks", "power_w", "reason"), surplus)
        write_csv(
            folder / "payouts.csv", ("id", "day", "site", "scheme", "sat"), [one for day in days for one in self.miners.paid(day)]
        )
        network = [(day, self.scenario.farm.chain.network(day)) for day in days] if self.scenario.farm else []
        write_csv(
            folder / "network.csv",
            ("day", "difficulty", "reward_sat"),
            [(day, _decimal(one.difficulty, 3), _decimal(one.reward_sat, 0)) for day, one in network],
        )
        prices = [(day, _decimal(self.prices[day][1], PLACES)) for day in days]
        write_csv(folder / "prices.csv", ("day", f"btc_{self.scenario.town.currency.lower()}"), prices)
        write_csv(folder / RATES, ("date", "currency", "byn_per_unit"), [(day, "BTC", rate) for day, rate in prices])

    def _clock(self, month: str) -> _Clock:
        return _Clock(datetime.combine(month_of(month)[1] + timedelta(days=1), MORNING, self.zone).astimezone(UTC))

    # -- the reserve ------------------------------------------------------------------------------------------------

    def _reserve(self, months: list[str]) -> None:
        """Receive the inflows of every month in its book, which begins on the morning on which miners were registered."""
        begins = _Clock(datetime.combine(self.miners.since, MORNING, self.zone).astimezone(UTC))
        with open_reserve(book_of(self.market), begins, BOOK) as keeper:
            if keeper.story.policy is None:
                policy = policy_for(self.file.seed, self.scenario.town.zone)
                keeper.found(policy, approvals_of(self.file.seed, policy, begins.at))
            write_whole(self.folder / "policy.json", msgspec.json.format(msgspec.json.encode(keeper.policy), indent=1))
        for month in months:
            folder = month_folder(self.market, month)
            text = (folder / "inflow.csv").read_text(encoding="utf-8")
            if text.count("\n") > 1:
                with open_reserve(book_of(self.market), self._clock(month), BOOK) as keeper:
                    keeper.receive(read_inflows(text, f"{month}/inflow.csv"), rates_of((folder / RATES,)))
        with open_reserve(book_of(self.market), begins, BOOK) as keeper:
            write_csv(self.folder / HOLDINGS, LotRow._fields, lot_rows(keeper.story))
            held = {asset: keeper.story.lots.units(asset) for asset in DECIMALS}
        if months and any(held.values()):
            self._owed(held, months[-1])

    def _owed(self, held: dict[str, int], month: str) -> None:
        """Publish what the reserve owes after a month: everything it has, a part of it to a fund."""
        at = f"{self._clock(month).at:%Y-%m-%dT%H:%M:%SZ}"
        known = read_proof(self.market)
        if known is not None and known.statement.at == at:
            return
        rows = [
            (user, asset, units)
            for asset, whole in held.items()
            if whole
            for user, units in (("budget", whole - whole // 10), ("fund", whole // 10))
        ]
        write_csv(self.folder / "owed.csv", ("user", "asset", "units"), rows)
        key, salt = publisher_of(self.file.seed)
        public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        write_whole(self.folder / f"{OWED.partition('.')[0]}.key.pub", public)
        trees = plant_all(read_owed((self.folder / "owed.csv").read_bytes(), "owed.csv"), salt, at)
        with open_prover(book_of(self.market), key) as prover:
            write_whole(self.folder / OWED, paper_bytes(publish(trees, prover.head(), at, key)))

    def _figures(self, until: date) -> None:
        """Write the prices that are known on the morning of a day."""
        days = sorted(day for day in self.prices if day < until)
        write_csv(self.folder / CLOSES, ("date", "close"), [(day, _decimal(self.prices[day][0], 2)) for day in days])
        rates = [
            (day, currency, _decimal(rate, PLACES))
            for day in days
            if day >= self.miners.since
            for currency, rate in (("USD", self.prices[day][1] / self.prices[day][0]), ("BTC", self.prices[day][1]))
        ]
        write_csv(self.folder / RATES, ("date", "currency", "byn_per_unit"), rates)

    def _prices(self, until: date) -> Iterator[tuple[date, tuple[Fraction, Fraction]]]:
        """Yield what a coin was worth by day, in USD and in the legal currency; before the market both are made up."""
        farm = self.scenario.farm
        assert farm is not None, "a market with miners has a farm"
        _, _, usd = farm.chain.past(until)
        for number, point in sorted(usd.points.items()):
            day = from_day(number)
            rate, scale = self.scenario.prices.of("USD", day)
            if day < self.file.start:
                rate += Random(f"{self.file.seed}/dollar/{day}").randint(-_WOBBLE, _WOBBLE) * scale
            yield day, (point.value, point.value * Fraction(rate, scale * 10**PLACES))


class _Clock:
    """A clock that stands still."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at


def _months(since: date, until: date) -> Iterator[str]:
    """Yield the months that are over on the morning of a day."""
    month = since.replace(day=1)
    while (after := (month + timedelta(days=32)).replace(day=1)) <= until:
        yield f"{month:%Y-%m}"
        month = after


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def _decimal(value: Fraction, places: int) -> str:
    """Write a number with so many places. Rounding: half to even."""
    return format_amount(round(value * 10**places), places)
