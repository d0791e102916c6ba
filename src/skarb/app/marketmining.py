"""Mining in a market: the farm that follows the surplus, what the journal says of it, and every question about the country's power.

Nothing here waits: years are filled in a millisecond, and what takes longer is made beside the market (`miningwork`) and read from its files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from threading import Lock

import numpy as np

from skarb.app import power
from skarb.app.draftmodel import Progress
from skarb.app.miningfiles import read_figures, report_from
from skarb.app.miningmodel import (
    BillView,
    CurtailmentView,
    EconomicsView,
    FarmHourView,
    FarmView,
    PlanAnswer,
    PlanView,
    Question,
    SiteView,
    SizesView,
    SurplusView,
    WeekView,
)
from skarb.app.model import Person, Place
from skarb.app.tally import Answered
from skarb.core.amount import parse_amount
from skarb.core.errors import InputError, shorten
from skarb.core.time import zone
from skarb.grid import (
    FLOORS_W,
    MEGAWATT,
    Policy,
    Step,
    Watts,
    best,
    carbon_by_hour_g,
    counted,
    left_w,
    reasons_of,
    surplus_w,
    table_of,
    truth_of,
)
from skarb.grid.curtail import sheddable
from skarb.mining.capital import recovery_factor
from skarb.mining.catalogue import CLASSES, machine, supposed
from skarb.mining.formulas import breakeven_usd_kwh, th_per_mw
from skarb.simulate.farm import MINUTES, Farm, FarmHour, payout_id

WEEK = 168
SIZES_MW = tuple(range(25, 1001, 25))
_AROUND = (72, 24)  # hours before and after now that are drawn
_LATEST, _BILLS = 14, 7
_YEARS = 5  # over which machines are written off
_MOST_MW, _MOST_FLOOR_MW, _MOST_HASHPRICE = 3000, 4000, 10_000
_OUTAGE_DAY, _OUTAGE_DAYS = "06-10", 35
_DEAR = 130  # per cent
_HOUR = timedelta(hours=1)


class MarketMining:
    """The mining of a market; fed by the market's writer, asked by the console's threads."""

    def __init__(self, farm: Farm, law: str, zone_name: str, folder: Path) -> None:
        self._farm, self._law, self._folder, self._zone = farm, law, folder, zone(zone_name)
        self._places: dict[str, Place] = {}
        self._mined: dict[str, int] = {}  # satoshi of each payout, by the journal
        self._journal_sat = self._paid_minor = 0
        self._lock = Lock()
        self._inputs = power.inputs_of(law)
        self._basis = lru_cache(maxsize=8)(self._basis_made)
        self._answered = lru_cache(maxsize=16)(self._answer)
        self.progress = Progress()

    def take(self, rows: Iterable[Answered]) -> None:
        """Note the rows of the farm."""
        company = self._farm.plan.company
        for one in rows:
            i = one.instruction
            if i.party != company or one.outcome != "posted":
                continue
            with self._lock:
                self._places[i.id] = Place(book=one.book, sequence=one.sequence, row=one.row)
                if i.activity == "mine":
                    self._mined[i.id] = parse_amount(i.amount, 8)
                    self._journal_sat += self._mined[i.id]
                elif i.activity == "fiat_pay":
                    self._paid_minor += parse_amount(i.amount, 2)

    def clock(self, now: datetime) -> datetime:
        """Return the market's time, its first morning before anything has happened."""
        return max(now, self._farm.day(self._farm.begins).hours[0].at)

    # -- the farm ---------------------------------------------------------------------------------------------------

    def farm(self, now: datetime, person: Callable[[str], Person]) -> FarmView:
        """Return the farm now, and the hours around now."""
        farm, today = self._farm, now.astimezone(self._zone).date()
        begun = now.replace(minute=0, second=0, microsecond=0)
        with self._lock:
            places, journal_sat, paid_minor = dict(self._places), self._journal_sat, self._paid_minor
        around = [begun + _HOUR * step for step in range(-_AROUND[0], _AROUND[1] + 1)]
        days = self._days(today)
        every = [hour for day in days for hour in farm.day(day).hours if self._place(hour, places) is not None]
        bills = [
            BillView(
                day=day,
                metered_wh=sum(hour.metered_wh for hour in farm.day(day).hours),
                owed_minor=farm.owed_minor(day),
                sale=places.get(f"{farm.plan.book}-mined-{day + timedelta(days=1):%y%m%d}-sale"),
                payment=places.get(f"{farm.plan.book}-mined-{day + timedelta(days=1):%y%m%d}-bill"),
            )
            for day in days
        ]
        return FarmView(
            company=person(farm.plan.company),
            supplier=person(farm.plan.supplier),
            book=farm.plan.book,
            since=farm.begins,
            today=today,
            price_per_kwh=farm.plan.price,
            price_usd_mwh=float(farm.price_usd_mwh(today)),
            hashprice_usd_ph_day=float(farm.hashprice(today)),
            now=self._hour(farm.hour(begun), now, places),
            sites=self._sites(now),
            hours=tuple(self._hour(hour, now, places) for at in around if (hour := farm.hour(at)) is not None),
            tomorrow=tuple(self._hour(hour, now, places) for hour in farm.day(today + timedelta(days=1)).hours),
            latest=tuple(self._hour(hour, now, places) for hour in every[: -_LATEST - 1 : -1]),
            bills=tuple(one for one in reversed(bills) if one.payment is not None)[:_BILLS],
            paid_hours=len(every),
            metered_wh=sum(hour.metered_wh for hour in every),
            reckoned_sat=sum(hour.sat for hour in every),
            journal_sat=journal_sat,
            paid_minor=paid_minor,
            orders=self._orders(now),
        )

    def month(self, party: str, first: date, last: date) -> tuple[int, int, Place, Place] | None:
        """Return the hours of some days that the journal says were paid to a party, their satoshi, and the first and the last row."""
        if party != self._farm.plan.company:
            return None
        with self._lock:
            places, mined = dict(self._places), dict(self._mined)
        days = [day for day in self._days(last) if day >= first]
        names = [self._payout(hour) for day in days for hour in self._farm.day(day).hours if self._payout(hour) in mined]
        return (len(names), sum(mined[one] for one in names), places[names[0]], places[names[-1]]) if names else None

    def _days(self, today: date) -> list[date]:
        return [self._farm.begins + timedelta(days=n) for n in range((today - self._farm.begins).days + 1)]

    def _place(self, hour: FarmHour, places: Mapping[str, Place]) -> Place | None:
        return places.get(self._payout(hour))

    def _payout(self, hour: FarmHour) -> str:
        return f"{self._farm.plan.book}-mined-{payout_id(hour.at)}"

    def _hour(self, hour: FarmHour | None, now: datetime, places: Mapping[str, Place]) -> FarmHourView:
        assert hour is not None, "a farm has every hour of every day"
        over = hour.at + _HOUR <= now
        return FarmHourView(
            at=hour.at,
            reason=hour.reason,
            surplus_w=hour.surplus_w,
            marginal_milli_mwh=hour.marginal_milli,
            scheduled_w=hour.scheduled_w,
            sites_w=tuple(one.scheduled_w for one in hour.sites),
            metered_wh=hour.metered_wh if over else None,
            earned_sat=hour.sat if over else None,
            place=self._place(hour, places),
        )

    def _sites(self, now: datetime) -> tuple[SiteView, ...]:
        farm, today = self._farm, now.astimezone(self._zone).date()
        hour = farm.hour(now)
        running = {one.site: one.scheduled_w for one in hour.sites} if hour else {}
        titles = {one.name: one.title for one in farm.plan.sites}
        return tuple(
            SiteView(
                name=one.name,
                title=titles[one.name],
                machine=farm.machines[one.name].code,
                most_w=one.most_w,
                block_w=one.block_w,
                priority=one.priority,
                off_minutes=one.off_minutes,
                scheduled_w=running.get(one.name, 0),
                worth_usd_mwh=float(farm.worth_usd_mwh(one, today)),
            )
            for one in farm.sites
        )

    def _orders(self, now: datetime) -> tuple[date, ...]:
        """Return the days on which the farm was cut, newest first; an order is told when it is over and metered."""
        found = []
        for day in self._days(now.astimezone(self._zone).date()):
            cut = self._farm.day(day).curtailed
            if cut is not None and cut.order.until + _HOUR <= now:
                found.append(day)
        return tuple(reversed(found))

    def curtailment(self, now: datetime, asked: str | None) -> CurtailmentView:
        """Return the order of a day, or the latest one, against the meters.

        Raises: InputError if there was no order on the day.
        """
        days = self._orders(now)
        day = days[0] if days else None
        if asked is not None:
            day = next((one for one in days if one.isoformat() == asked), None)
            if day is None:
                raise InputError(
                    f"day: given {shorten(asked)!r}, expected a day with an order, such as {days[0] if days else 'none yet'}"
                )
        sites = self._sites(now)
        running = {one.name: one.scheduled_w for one in sites}
        all_cut = [cut for one in days if (cut := self._farm.day(one).curtailed) is not None]
        kept = sum(all(verdict.complied for verdict in cut.verdicts) for cut in all_cut)
        cut = None if day is None else self._farm.day(day).curtailed
        at = () if cut is None else tuple(sorted({one.at for one in cut.readings}))
        return CurtailmentView(
            day=day,
            days=days,
            order=None if cut is None else cut.order,
            steps=() if cut is None else cut.steps,
            readings=() if cut is None else cut.readings,
            verdicts=() if cut is None else cut.verdicts,
            scheduled_w={} if cut is None else {one.site: self._scheduled(one.site, at) for one in cut.order.targets},
            at=at,
            minutes=MINUTES,
            sites=sites,
            sheddable_w=sheddable(self._farm.sites, running),
            kept=kept,
            broken=len(all_cut) - kept,
        )

    def _scheduled(self, site: str, at: Iterable[datetime]) -> tuple[int, ...]:
        found = []
        for one in at:
            hour = self._farm.hour(one)
            found.append(next((site_hour.scheduled_w for site_hour in hour.sites if site_hour.site == site), 0) if hour else 0)
        return tuple(found)

    # -- the country's year -----------------------------------------------------------------------------------------

    def surplus(self, now: datetime) -> SurplusView:
        """Return how much is left over in the year of the market's clock."""
        year = now.astimezone(self._zone).year
        basis = self._basis(year, ())
        inputs, hours = basis.inputs, basis.hours
        boilers, floor = inputs["boiler_units"] * inputs["boiler_unit"], inputs["gas_floor"]
        sizes_w = tuple(one * MEGAWATT for one in SIZES_MW)
        found = read_figures(self._folder)
        return SurplusView(
            progress=self.progress,
            year=year,
            seed=self._farm.seed,
            first=hours.first,
            floor_w=floor,
            chosen=truth_of(hours, floor),
            chosen_after_boilers=truth_of(hours, floor, boilers),
            table=table_of(hours, boilers),
            sizes_w=sizes_w,
            use=tuple(truth_of(hours, one, 0, sizes_w) for one in FLOORS_W),
            use_after_boilers=tuple(truth_of(hours, one, boilers, sizes_w) for one in FLOORS_W),
            swings=() if found is None else found.swings,
            spread=None if found is None else found.spread,
            load_w=_whole(hours.load_w),
            nuclear_w=_whole(hours.baseload_w),
            must_run_w=_whole(hours.must_run_w),
            surplus_w=_whole(left_w(hours, floor)),
            figures=tuple(power.inputs_rows(inputs)),
            command=f"skarb mine surplus --country {self._law} --seed {self._farm.seed} --year {year}",
        )

    def economics(self) -> EconomicsView:
        """Return what mining paid and may pay, as far as that was made beside the market."""
        found = read_figures(self._folder)
        if found is None:
            return EconomicsView(progress=self.progress)
        return EconomicsView(
            progress=self.progress,
            made=found.made,
            report=report_from(found.report),
            swings=found.npv_swings,
            command=found.command,
        )

    def question(self, now: datetime, asked: Mapping[str, str]) -> Question:
        """Return a question as a form asks it; what is not said is as the farm stands.

        Raises: InputError naming the field.
        """
        usual = self._usual(now)
        code = asked.get("machine", usual.machine)
        if code not in CLASSES:
            raise InputError(f"machine: given {shorten(code)!r}, expected one of {', '.join(CLASSES)}")
        return Question(
            mw=_number(asked, "mw", usual.mw, _MOST_MW),
            gas_floor_mw=_number(asked, "gas_floor", usual.gas_floor_mw, _MOST_FLOOR_MW),
            hashprice=_decimal(asked, "hashprice", usual.hashprice, _MOST_HASHPRICE),
            machine=code,
            reactor_out=_yes(asked, "reactor_out"),
            cold_winter=_yes(asked, "cold_winter"),
            dear_gas=_yes(asked, "dear_gas"),
            on_gas=_yes(asked, "on_gas"),
            boilers_first=_yes(asked, "boilers_first"),
            week=_number(asked, "week", 0, len(self._basis(now.astimezone(self._zone).year, ()).hours) // WEEK),
        )

    def _usual(self, now: datetime) -> Question:
        """Return the farm as it stands: all its power on its best machines, on the hashprice of the day."""
        farm = self._farm
        hashprice = round(farm.hashprice(now.astimezone(self._zone).date()), 2)
        return Question(
            mw=farm.most_w // MEGAWATT,
            gas_floor_mw=self._inputs["gas_floor"] // MEGAWATT,
            hashprice=f"{float(hashprice):.2f}",
            machine=farm.plan.sites[0].machine,
        )

    def plan(self, now: datetime, question: Question) -> PlanView:
        """Return the answer to a question beside the one to the farm as it stands.

        Raises: InfeasiblePlan
        """
        year = now.astimezone(self._zone).year
        answer, made = self._answered(question, year)
        base, _ = self._answered(self._usual(now), year)
        hours, system = made.hours, made.system
        steps = power.sizes(made.basis, hours, made.policy, (0, *SIZES_MW), 0)
        new, old = (self._capital(question.machine, name) for name in ("new", "old"))
        first = len(hours) // WEEK
        surplus = surplus_w(hours, system.gas_floor_w)[: first * WEEK].reshape(first, WEEK).sum(axis=1)
        number = question.week or 1 + int(surplus.argmax())
        return PlanView(
            year=year,
            seed=self._farm.seed,
            first=hours.first,
            currency=system.currency,
            weeks=first,
            machines=CLASSES,
            answer=answer,
            base=base,
            sizes=SizesView(
                steps=steps,
                new_nano_per_mw=new,
                old_nano_per_mw=old,
                best_new_w=_best(steps, new),
                best_old_w=_best(steps, old),
            ),
            week=_week(made, number),
            mining_w=_whole(made.plan.mining_total_w),
            figures=tuple(power.inputs_rows(made.basis.inputs)),
        )

    def _capital(self, code: str, kind: str) -> int:
        """Return what a MW costs a year, in billionths: machines and site, or the site alone where machines are paid off."""
        known = supposed()
        invested = known["site_usd_mw"].base
        if kind == "new":
            invested += th_per_mw(machine(code).efficiency_j_th, self._farm.terms) * known["machine_usd_th"].base
        return int(invested * recovery_factor(known["rate"].base, _YEARS) * 10**9)

    def _basis_made(self, year: int, settings: tuple[tuple[str, str], ...], outages: tuple[str, ...] = ()) -> power.Basis:
        inputs = power.inputs_of(self._law, dict(settings))
        return power.with_outages(power.basis_of(inputs, None, self._farm.seed, year), outages)

    def _answer(self, question: Question, year: int) -> tuple[PlanAnswer, power.Planned]:
        worth = breakeven_usd_kwh(Fraction(question.hashprice), machine(question.machine).efficiency_j_th, self._farm.terms)
        value = f"{round(worth * 1_000_000) / 1000:.3f}"
        settings = {
            "mining_new_blocks": "1",
            "mining_new_block": str(question.mw),
            "mining_new_value": value,
            "mining_old_blocks": "0",
            "gas_floor": str(question.gas_floor_mw),
        }
        if question.cold_winter:
            settings["weather"] = "-2"
        if question.dear_gas:
            for name in ("gas_cost", "boiler_value"):
                settings[name] = str(Decimal(self._inputs[name] * _DEAR) / 100_000)
        outages = (f"1@{year}-{_OUTAGE_DAY}:{_OUTAGE_DAYS}",) if question.reactor_out else ()
        basis = self._basis(year, tuple(settings.items()), outages)
        policy = Policy(question.boilers_first, question.on_gas)
        made = power.planned(basis, basis.hours, "fill", policy)
        size = question.mw * MEGAWATT * len(basis.hours)
        given = [f"--set {name}={value}" for name, value in settings.items()] + [f"--outage {one}" for one in outages]
        flags = ["--boilers-first"] * question.boilers_first + ["--surplus-only"] * (not question.on_gas)
        command = [
            "skarb mine plan --method fill",
            f"--country {self._law} --seed {self._farm.seed} --year {year}",
            *given,
            *flags,
        ]
        answer = PlanAnswer(
            question=question,
            worth_usd_mwh=value,
            hours=len(basis.hours),
            busy_ppm=made.effects.mining_wh * 1_000_000 // size if size else 0,
            surplus_wh=int(left_w(basis.hours, made.system.gas_floor_w).sum()),
            effects=made.effects,
            boilers_first_nano=made.boilers_first_nano,
            reasons={str(name): count for name, count in counted(reasons_of(made.plan, made.hours, made.system)).items()},
            command=" ".join(command),
        )
        return answer, made


def _best(steps: Sequence[Step], nano_per_mw: int) -> int:
    return best([replace(one, capital_nano=nano_per_mw * (one.mining_w // MEGAWATT)) for one in steps]).mining_w


def _week(made: power.Planned, number: int) -> WeekView:
    part = slice((number - 1) * WEEK, number * WEEK)
    hours, plan, figures = made.hours, made.plan, made.basis.inputs
    gas, heat, nuclear = (figures[name] for name in ("gas_carbon", "heat_carbon", "nuclear_carbon"))
    burnt, split = plan.gas_w + hours.must_run_w, hours.baseload_w - plan.spill_w
    mining = plan.mining_total_w
    average = (burnt * gas + split * nuclear) // 1000 * (mining // 1000) // np.maximum(1, (burnt + split) // 1000)
    reasons = reasons_of(plan, hours, made.system)
    return WeekView(
        number=number,
        first=hours.at(part.start),
        nuclear_w=_whole(split[part]),
        must_run_w=_whole(hours.must_run_w[part]),
        gas_w=_whole(plan.gas_w[part]),
        unserved_w=_whole(plan.unserved_w[part]),
        load_w=_whole(hours.load_w[part]),
        boilers_w=_whole(plan.boilers_w[part]),
        mining_w=_whole(mining[part]),
        export_w=_whole(plan.export_w[part]),
        marginal_milli_mwh=_whole(plan.marginal_milli[part]),
        carbon_marginal_g=_whole(carbon_by_hour_g(plan, made.lacking, gas, heat)[part]),
        carbon_average_g=_whole(average[part]),
        reasons=tuple(reasons[part]),
    )


def _whole(values: Watts) -> tuple[int, ...]:
    return tuple(values.tolist())


def _number(asked: Mapping[str, str], name: str, usual: int, most: int) -> int:
    text = asked.get(name, str(usual)).strip()
    if not (text.isascii() and text.isdecimal() and len(text) <= 6 and int(text) <= most):
        raise InputError(f"{name}: given {shorten(text)!r}, expected a whole number from 0 to {most}")
    return int(text)


def _decimal(asked: Mapping[str, str], name: str, usual: str, most: int) -> str:
    text = asked.get(name, usual).strip().replace(",", ".")
    try:
        number = Decimal(text)
        if not (text.isascii() and len(text) <= 12 and 0 <= number <= most and "e" not in text.lower() and "_" not in text):
            raise InvalidOperation
    except InvalidOperation:
        raise InputError(f"{name}: given {shorten(text)!r}, expected a number from 0 to {most} such as 33.50") from None
    return f"{number:f}"


def _yes(asked: Mapping[str, str], name: str) -> bool:
    text = asked.get(name, "")
    if text not in ("", "yes", "no"):
        raise InputError(f"{name}: given {shorten(text)!r}, expected yes or no")
    return text == "yes"
