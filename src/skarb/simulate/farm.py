"""A mining farm that follows the surplus: what its schedule says, what its meters say, and what the pool pays for it.

The country's year is the one that `skarb mine plan` makes from the same seed; the farm takes what is left over in it, whole blocks at a time,
and nothing when nothing is left. Now and then the dispatcher needs power at once and orders the farm to give some up; a site does not always
obey, and its meter says so. The pool pays every metered hour in satoshi, rounded down; once a day the farm sells what the electricity of the
day before costs, and pays for it. Everything follows from the seed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from importlib.resources import files
from random import Random
from typing import Any

from skarb.core.activity import Activity
from skarb.core.amount import format_amount
from skarb.core.instruction import Instruction
from skarb.core.time import zone
from skarb.grid import (
    MEGAWATT,
    Hours,
    Inputs,
    Miners,
    Plan,
    Policy,
    Reason,
    Site,
    System,
    fill,
    left_w,
    read_inputs,
    reasons_of,
    system_of,
    year_of,
)
from skarb.grid.curtail import Acknowledgement, Order, Reading, Step, Verdict, order_id, ramp_down, ramp_up, shed, verify
from skarb.mining.catalogue import machine, supposed
from skarb.mining.formulas import breakeven_usd_kwh, expected_sat, hashprice_usd_ph_day
from skarb.mining.model import Machine, Terms
from skarb.simulate.habits import cheaper
from skarb.simulate.madechain import MadeChain
from skarb.simulate.model import Event
from skarb.simulate.prices import PLACES, Prices
from skarb.simulate.town import FarmPlan, FarmSite, Town

MINUTES = 15  # of a meter's interval
SURPLUS_ONLY = Policy(boilers_first=False, mining_on_gas=False)
REASONS = ("frequency", "line", "reserve")  # why a dispatcher needs power at once
_MILLI = 1000
_DECIMALS = 8  # of bitcoin
_ORDERS, _CHEATS, _SILENT = (
    35,
    30,
    15,
)  # in a hundred: days with an order; orders that a site ignores; those in which a reading is only estimated
_UPTIME = (950, 985)  # thousandths of its scheduled power that a site draws
_PAID_AFTER = timedelta(seconds=30)
_BILL_AT, _OPENS_AT = timedelta(hours=9), timedelta(hours=6)  # of the local day


@dataclass(frozen=True)
class SiteHour:
    """One site in one hour. Units: watts; watt-hours; satoshi."""

    site: str
    scheduled_w: int
    metered_wh: int
    sat: int


@dataclass(frozen=True)
class FarmHour:
    """One hour of the farm, with the reason that the system gives for it. Units: watts; thousandths of the currency per MWh."""

    at: datetime
    reason: Reason
    surplus_w: int
    marginal_milli: int
    sites: tuple[SiteHour, ...]

    @property
    def scheduled_w(self) -> int:
        """What the schedule says."""
        return sum(one.scheduled_w for one in self.sites)

    @property
    def metered_wh(self) -> int:
        """What the meters say."""
        return sum(one.metered_wh for one in self.sites)

    @property
    def sat(self) -> int:
        """What the pool pays."""
        return sum(one.sat for one in self.sites)


@dataclass(frozen=True)
class Curtailed:
    """An order, what was heard and metered, and what each site did."""

    order: Order
    steps: tuple[Step, ...]  # off, and back
    acknowledgements: tuple[Acknowledgement, ...]
    readings: tuple[Reading, ...]  # of the order's hours, those of a quarter of an hour before and after it too
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True)
class FarmDay:
    """A legal day of the farm."""

    hours: tuple[FarmHour, ...]
    curtailed: Curtailed | None


@dataclass(frozen=True, eq=False)
class _Year:
    hours: Hours
    plan: Plan
    reasons: list[Reason]
    surplus: list[int]


class Farm:
    """The farm of a market."""

    def __init__(self, seed: int, first: date, last: date, plan: FarmPlan, town: Town, prices: Prices) -> None:
        """Make a farm that lives from the day after the first to the last; a later last day changes no earlier one."""
        self.plan, self.seed = plan, seed
        self.inputs = inputs_of_town(town.code)
        self.chain = MadeChain(seed, first, last, plan, prices)
        self.terms = Terms(*(supposed()[name].base for name in ("pue", "uptime", "pool_fee")))
        self.sites = tuple(_site(one) for one in plan.sites)
        self.machines: dict[str, Machine] = {one.name: machine(one.machine) for one in plan.sites}
        self.begins = first + timedelta(days=1)  # on the first day there is no account for it yet
        self._first, self._town, self._prices = first, town, prices
        self._years: dict[int, _Year] = {}
        self._days: dict[date, FarmDay] = {}
        self._kwh_milli = int(Decimal(plan.price) * _MILLI)

    @property
    def most_w(self) -> int:
        """All sites together."""
        return sum(one.most_w for one in self.sites)

    def system(self) -> System:
        """Return the country's power system with this farm as its only miners, a class for each site."""
        miners = tuple(
            Miners(one.name, one.blocks, one.block_w, int(self.worth_usd_mwh(one, self._first) * _MILLI)) for one in self.sites
        )
        return replace(system_of(self.inputs), miners=miners)

    def worth_usd_mwh(self, site: Site, day: date) -> Fraction:
        """Return what a megawatt-hour brings at a site on a day."""
        return breakeven_usd_kwh(self.hashprice(day), self.machines[site.name].efficiency_j_th, self.terms) * 1000

    def hashprice(self, day: date) -> Fraction:
        """Return what a PH/s brings on a day, in USD."""
        return hashprice_usd_ph_day(self.chain.network(day))

    def price_usd_mwh(self, day: date) -> Fraction:
        """Return what the farm pays for a megawatt-hour."""
        usd, scale = self._prices.of("USD", day)
        return Fraction(self.plan.price) * Fraction(1000 * 10**PLACES * scale, usd)

    def day(self, day: date) -> FarmDay:
        """Return everything that happens on a legal day; of days to come only the schedule is anybody's business."""
        if day not in self._days:
            self._days[day] = self._made(day)
        return self._days[day]

    def hour(self, at: datetime) -> FarmHour | None:
        """Return the hour that holds an instant."""
        day = at.astimezone(zone(self._town.zone)).date()
        return next((one for one in self.day(day).hours if one.at <= at < one.at + timedelta(hours=1)), None)

    def left_over(self, start: datetime, hours: int) -> list[int]:
        """Return how many watts the country's power system leaves over in hours of one legal day, before anybody mines."""
        year = self._year(start.astimezone(zone(self._town.zone)).year)
        place = year.hours.place(start)
        return year.surplus[place : place + hours]

    # -- what the market sees ---------------------------------------------------------------------------------------

    def events(self, day: date) -> list[Event]:
        """Return the farm's instructions of a day: what the pool pays, and what it pays for the electricity of the day before."""
        midnight = self._midnight(day)
        found = []
        if day == self._first:
            for number, party in enumerate((self.plan.company, self.plan.supplier)):
                at = midnight + _OPENS_AT + timedelta(seconds=number)
                found.append(self._ask(f"open-{number}", at, "onboard", party, self._town.currency, "0.00"))
        for hour in self.day(day).hours:
            if day >= self.begins and hour.sat:
                paid = hour.at + timedelta(hours=1) + _PAID_AFTER
                found.append(self._ask(payout_id(hour.at), paid, "mine", self.plan.company, "BTC", _coins(hour.sat)))
        if day > self.begins:
            found += self._bill(day, midnight + _BILL_AT)
        return found

    def owed_minor(self, day: date) -> int:
        """Return what the electricity of a day costs, in minor units of the legal currency. Rounding: half up, once a day."""
        energy = sum(hour.metered_wh for hour in self.day(day).hours)
        # Wh times thousandths for a kWh are ten-thousandths of a minor unit.
        return (2 * energy * self._kwh_milli + 10_000) // 20_000

    def _bill(self, day: date, at: datetime) -> list[Event]:
        """Sell as many coins as the bill takes, and pay it."""
        before = day - timedelta(days=1)
        owed = self.owed_minor(before)
        if not owed:
            return []
        price, scale = self._prices.of("BTC", day)
        fine = scale * 10 ** (_DECIMALS + PLACES - 2)  # satoshi times price steps in a minor unit of the legal currency
        sat = -(-owed * 1010 * fine // (price * 1000))  # a hundredth more, for what the institution takes
        brings = cheaper(sat * price // fine)
        sold = {"consideration_asset": self._town.currency, "consideration": format_amount(brings, 2)}
        energy = sum(hour.metered_wh for hour in self.day(before).hours)
        told = {"counterparty": self.plan.supplier, "purpose": f"electricity of {before.isoformat()}, {energy} Wh by the meter"}
        company, currency, due = self.plan.company, self._town.currency, format_amount(owed, 2)
        return [
            self._ask(f"{day:%y%m%d}-sale", at, "token_sell_fiat", company, "BTC", _coins(sat), **sold),
            self._ask(f"{day:%y%m%d}-bill", at + timedelta(minutes=1), "fiat_pay", company, currency, due, **told),
        ]

    def _ask(self, what: str, at: datetime, activity: Activity, party: str, asset: str, amount: str, **more: Any) -> Event:
        by = f"officer-1@{self.plan.book}" if activity == "onboard" else "client"
        instruction = Instruction(
            id=f"{self.plan.book}-mined-{what}", at=at, activity=activity, party=party, asset=asset, amount=amount, entered_by=by, **more
        )  # fmt: skip
        return Event(self.plan.book, instruction)

    # -- the power system -------------------------------------------------------------------------------------------

    def _year(self, year: int) -> _Year:
        if year not in self._years:
            hours, system = year_of(self.inputs, self.seed, year), self.system()
            plan = fill(hours, system, SURPLUS_ONLY)
            surplus = left_w(hours, self.inputs["gas_floor"]).tolist()
            self._years[year] = _Year(hours, plan, reasons_of(plan, hours, system), surplus)
        return self._years[year]

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), zone(self._town.zone)).astimezone(UTC)

    def _made(self, day: date) -> FarmDay:
        year = self._year(day.year)
        start = year.hours.place(self._midnight(day))
        stop = start + (self._midnight(day + timedelta(days=1)) - self._midnight(day)) // timedelta(hours=1)
        price = self.price_usd_mwh(day)
        pays = [self.worth_usd_mwh(one, day) > price for one in self.sites]
        schedule = [
            [int(row[hour]) // one.block_w * one.block_w if paid else 0 for hour in range(start, stop)]
            for row, one, paid in zip(year.plan.mining_w, self.sites, pays, strict=True)
        ]
        begin = year.hours.at(start).astimezone(UTC)
        curtailed, metered = self._metered(day, begin, schedule)
        network = self.chain.network(day)
        hours = []
        for place, hour in enumerate(range(start, stop)):
            sites = []
            for number, one in enumerate(self.sites):
                energy = metered[number][place]
                sat = expected_sat(energy, network, self.machines[one.name].efficiency_j_th, self.terms)
                sites.append(SiteHour(one.name, schedule[number][place], energy, sat))
            at = begin + timedelta(hours=place)
            hours.append(FarmHour(at, year.reasons[hour], year.surplus[hour], int(year.plan.marginal_milli[hour]), tuple(sites)))
        return FarmDay(tuple(hours), curtailed)

    def _metered(self, day: date, begin: datetime, schedule: list[list[int]]) -> tuple[Curtailed | None, list[list[int]]]:
        """Return the day's order, if there is one, and what each site's meter counts in each hour."""
        random = Random(f"{self.seed}/farm/{day}")
        order = self._order(day, begin, schedule, random)
        steps: tuple[Step, ...] = ()
        deaf = ""
        if order is not None:
            steps = (*ramp_down(order, self.sites), *ramp_up(order, self.sites, _headroom(order, begin, schedule)))
            deaf = random.choice(order.targets).site if random.randrange(100) < _CHEATS else ""
        readings: dict[str, list[Reading]] = {}
        for site, row in zip(self.sites, schedule, strict=True):
            uptime = random.randint(*_UPTIME)
            own = [one for one in steps if one.site == site.name] if site.name != deaf else []
            readings[site.meter] = [
                _read(site, begin + timedelta(minutes=minute), row[minute // 60], own, order, uptime - random.randrange(15))
                for minute in range(0, 60 * len(row), MINUTES)
            ]
        energy = [
            [sum(one.energy_wh for one in readings[site.meter][4 * hour : 4 * hour + 4]) for hour in range(len(schedule[0]))]
            for site in self.sites
        ]
        return (None if order is None else self._answered(order, steps, readings, random)), energy

    def _order(self, day: date, begin: datetime, schedule: list[list[int]], random: Random) -> Order | None:
        """Return an order in the middle of the longest stretch in which the farm runs, on some days."""
        running = [sum(row[hour] for row in schedule) for hour in range(len(schedule[0]))]
        wanted, share, reason = random.randrange(100) < _ORDERS, random.choice((30, 50, 70)), random.choice(REASONS)
        first, length = _longest([bool(one) for one in running])
        if not wanted or length < 4:
            return None
        hour = first + (length - 3) // 2
        at = begin + timedelta(hours=hour, minutes=5)
        now = {site.name: row[hour] for site, row in zip(self.sites, schedule, strict=True)}
        needed = max(MEGAWATT, running[hour] * share // 100)
        until = begin + timedelta(hours=hour + 2)
        name = order_id(at.astimezone(zone(self._town.zone)), 1)
        return shed(self.sites, now, needed, id=name, at=at, until=until, reason=reason)

    def _answered(self, order: Order, steps: tuple[Step, ...], readings: dict[str, list[Reading]], random: Random) -> Curtailed:
        said = tuple(
            Acknowledgement(order.id, one.site, order.at + timedelta(seconds=random.randint(4, 50))) for one in order.targets
        )
        margin = timedelta(minutes=MINUTES)
        meters = {one.meter for one in order.targets}
        kept = [
            one
            for site in self.sites
            if site.meter in meters
            for one in readings[site.meter]
            if order.at - margin <= one.at < order.until + 6 * margin
        ]
        if random.randrange(100) < _SILENT:
            place = random.choice([place for place, one in enumerate(kept) if order.deadline <= one.at < order.until])
            kept[place] = replace(kept[place], estimated=True)
        return Curtailed(order, steps, said, tuple(kept), verify(order, kept, said, MINUTES))


def payout_id(hour: datetime) -> str:
    """Return how the payout of an hour is called, after the name of the book and the farm."""
    return f"{hour:%y%m%d%H}"


def inputs_of_town(code: str) -> Inputs:
    """Return the power figures of the country a town lies in."""
    file = files("skarb.jurisdictions").joinpath(code, "power.yaml")
    return read_inputs(file.read_text(encoding="utf-8"), "power.yaml")


def _site(one: FarmSite) -> Site:
    block = int(Decimal(one.block_mw) * MEGAWATT)
    return Site(one.name, one.name, one.blocks, block, one.priority, f"meter-{one.name}", one.off_minutes)


def _coins(sat: int) -> str:
    return format_amount(sat, _DECIMALS).rstrip("0").rstrip(".")


def _longest(running: list[bool]) -> tuple[int, int]:
    """Return where the longest stretch of hours begins, and how long it is."""
    best, begin = (0, 0), 0
    for hour, on in enumerate([*running, False]):
        if not on:
            best = max(best, (begin, hour - begin), key=lambda one: one[1])
            begin = hour + 1
    return best


def _headroom(order: Order, begin: datetime, schedule: list[list[int]]) -> list[int]:
    """Return what may come back in the hours after an order, as long as the schedule is as high as when it was given."""
    running = [sum(row[hour] for row in schedule) for hour in range(len(schedule[0]))]
    given, over = ((one - begin) // timedelta(hours=1) for one in (order.at, order.until))
    stop = next((hour for hour in range(over, len(running)) if running[hour] < running[given]), len(running))
    return [order.shed_w] * (stop - over)


def _read(site: Site, at: datetime, scheduled: int, steps: list[Step], order: Order | None, uptime: int) -> Reading:
    """Return what a meter counts in an interval: minute by minute the schedule, or less where a step says so."""
    until = at + timedelta(minutes=MINUTES)
    if not scheduled or order is None or not steps or until <= order.at:
        return Reading(site.meter, at, MINUTES, scheduled * uptime * MINUTES // 60_000)
    total = 0
    for minute in range(MINUTES):
        now = at + timedelta(minutes=minute)
        allowed = [one.power_w for one in steps if one.at <= now]
        total += min([scheduled, *allowed[-1:]])
    return Reading(site.meter, at, MINUTES, total * uptime // 60_000)
