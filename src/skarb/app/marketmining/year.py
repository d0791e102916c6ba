"""The country's year of power: what is left over, and what mining would do with it if this or that were otherwise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, tzinfo
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

from skarb.app import power
from skarb.app.draftmodel import Progress
from skarb.app.marketmining.asked import decimal, number, yes
from skarb.app.marketmining.week import WEEK, week_of, whole
from skarb.app.miningfiles import read_figures
from skarb.app.miningmodel import PlanAnswer, PlanView, Question, SizesView, SurplusView
from skarb.core.errors import InputError, shorten
from skarb.grid import FLOORS_W, MEGAWATT, Policy, Step, best, counted, left_w, reasons_of, surplus_w, table_of, truth_of
from skarb.mining.capital import recovery_factor
from skarb.mining.catalogue import CLASSES, machine, supposed
from skarb.mining.formulas import breakeven_usd_kwh, th_per_mw
from skarb.simulate.farm import Farm

SIZES_MW = tuple(range(25, 1001, 25))
_YEARS = 5  # over which machines are written off
_MOST_MW, _MOST_FLOOR_MW, _MOST_HASHPRICE = 3000, 4000, 10_000
_OUTAGE_DAY, _OUTAGE_DAYS = "06-10", 35
_DEAR = 130  # per cent


class Year:
    """The years of a country, each filled in a millisecond and kept for a while."""

    def __init__(self, farm: Farm, law: str, zone: tzinfo, folder: Path) -> None:
        self._farm, self._law, self._zone, self._folder = farm, law, zone, folder
        self._inputs = power.inputs_of(law)
        self._basis = lru_cache(maxsize=8)(self._basis_made)
        self._answered = lru_cache(maxsize=16)(self._answer)

    def surplus(self, now: datetime, progress: Progress) -> SurplusView:
        """Return how much is left over in the year of the market's clock."""
        year = now.astimezone(self._zone).year
        basis = self._basis(year, ())
        inputs, hours = basis.inputs, basis.hours
        boilers, floor = inputs["boiler_units"] * inputs["boiler_unit"], inputs["gas_floor"]
        sizes_w = tuple(one * MEGAWATT for one in SIZES_MW)
        found = read_figures(self._folder)
        return SurplusView(
            progress=progress,
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
            load_w=whole(hours.load_w),
            nuclear_w=whole(hours.baseload_w),
            must_run_w=whole(hours.must_run_w),
            surplus_w=whole(left_w(hours, floor)),
            figures=tuple(power.inputs_rows(inputs)),
            command=f"skarb mine surplus --country {self._law} --seed {self._farm.seed} --year {year}",
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
            mw=number(asked, "mw", usual.mw, _MOST_MW),
            gas_floor_mw=number(asked, "gas_floor", usual.gas_floor_mw, _MOST_FLOOR_MW),
            hashprice=decimal(asked, "hashprice", usual.hashprice, _MOST_HASHPRICE),
            machine=code,
            reactor_out=yes(asked, "reactor_out"),
            cold_winter=yes(asked, "cold_winter"),
            dear_gas=yes(asked, "dear_gas"),
            on_gas=yes(asked, "on_gas"),
            boilers_first=yes(asked, "boilers_first"),
            week=number(asked, "week", 0, len(self._basis(now.astimezone(self._zone).year, ()).hours) // WEEK),
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
        week = question.week or 1 + int(surplus.argmax())
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
            week=week_of(made, week),
            mining_w=whole(made.plan.mining_total_w),
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
