"""What the console shows of mining and power, as frozen shapes; names of fields end in their unit.

Units: `_w` watts, `_wh` watt-hours, `_sat` satoshi, `_minor` minor units of the legal currency, `_milli_mwh` thousandths of the power system's
currency for a megawatt-hour, `_nano` billionths of that currency, `_ppm` millionths, `_g` grams.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from skarb.app.draftmodel import Progress
from skarb.app.model import Person, Place, Struct
from skarb.grid import Effects, Reason, Spread, Step, Swing, Truth
from skarb.grid.curtail import Order, Reading, Verdict
from skarb.grid.curtail import Step as RampStep
from skarb.reporting.mining import MiningReport

Figure = tuple[str, str, str, str, str, str]
"""A figure beside an answer: its name, value, lowest, highest, how certain, source."""


class FarmHourView(Struct, frozen=True, kw_only=True):
    """One hour of the farm. What was metered and paid is None where it is still to come; `place` is the row of the payout."""

    at: datetime
    reason: Reason
    surplus_w: int
    marginal_milli_mwh: int
    scheduled_w: int
    sites_w: tuple[int, ...]  # scheduled, in the order of the sites
    metered_wh: int | None = None
    earned_sat: int | None = None
    place: Place | None = None


class SiteView(Struct, frozen=True, kw_only=True):
    """A site of the farm, in the order in which sites are switched on."""

    name: str
    title: str
    machine: str
    most_w: int
    block_w: int
    priority: int
    off_minutes: int
    scheduled_w: int  # now
    worth_usd_mwh: float  # what a megawatt-hour brings there today


class BillView(Struct, frozen=True, kw_only=True):
    """Electricity of a day, paid: metered energy, the sum, the rows of the sale and of the payment."""

    day: date
    metered_wh: int
    owed_minor: int
    sale: Place | None
    payment: Place | None


class FarmView(Struct, frozen=True, kw_only=True):
    """The farm now, the hours around now, and what the journal says that it earned and paid."""

    company: Person
    supplier: Person
    book: str
    since: date
    today: date
    price_per_kwh: str  # legal currency
    price_usd_mwh: float
    hashprice_usd_ph_day: float
    now: FarmHourView | None
    sites: tuple[SiteView, ...]
    hours: tuple[FarmHourView, ...]  # of three days before now and one after it
    tomorrow: tuple[FarmHourView, ...]
    latest: tuple[FarmHourView, ...]  # the latest paid hours, newest first
    bills: tuple[BillView, ...]  # newest first
    paid_hours: int
    metered_wh: int  # of the paid hours
    reckoned_sat: int  # what the meters of the paid hours come to
    journal_sat: int  # what the journal's rows of these hours say
    paid_minor: int  # for electricity, by the journal
    orders: tuple[date, ...]  # days on which the dispatcher cut the farm, newest first


class SurplusView(Struct, frozen=True, kw_only=True):
    """How much power is left over in a year, and how sure that is. Ranges are None until they are made beside the market."""

    progress: Progress
    year: int
    seed: int
    first: datetime
    floor_w: int
    chosen: Truth
    chosen_after_boilers: Truth
    table: tuple[Truth, ...]
    sizes_w: tuple[int, ...]
    use: tuple[Truth, ...]  # utilisation of `sizes_w` for each gas floor, without boilers first
    use_after_boilers: tuple[Truth, ...]
    swings: tuple[Swing, ...]
    spread: Spread | None
    load_w: tuple[int, ...]
    nuclear_w: tuple[int, ...]
    must_run_w: tuple[int, ...]
    surplus_w: tuple[int, ...]
    figures: tuple[Figure, ...]
    command: str


class Question(Struct, frozen=True, kw_only=True):
    """What somebody asks of a plan of the year. `hashprice` in USD for a PH/s and day, as it was written."""

    mw: int
    gas_floor_mw: int
    hashprice: str
    machine: str
    reactor_out: bool = False
    cold_winter: bool = False
    dear_gas: bool = False
    on_gas: bool = False
    boilers_first: bool = False
    week: int = 0  # 0 = the one with most surplus


class PlanAnswer(Struct, frozen=True, kw_only=True):
    """What a year's plan comes to."""

    question: Question
    worth_usd_mwh: str  # of the machines at the meter
    hours: int
    busy_ppm: int
    surplus_wh: int
    effects: Effects
    boilers_first_nano: int
    reasons: dict[str, int]
    command: str  # the command that gives the same


class WeekView(Struct, frozen=True, kw_only=True):
    """A week of a plan, hour by hour. `carbon_average_g` is mining's share of everything that is burnt in the hour."""

    number: int
    first: datetime
    nuclear_w: tuple[int, ...]
    must_run_w: tuple[int, ...]
    gas_w: tuple[int, ...]
    unserved_w: tuple[int, ...]
    load_w: tuple[int, ...]
    boilers_w: tuple[int, ...]
    mining_w: tuple[int, ...]
    export_w: tuple[int, ...]
    marginal_milli_mwh: tuple[int, ...]
    carbon_marginal_g: tuple[int, ...]
    carbon_average_g: tuple[int, ...]
    reasons: tuple[Reason, ...]


class SizesView(Struct, frozen=True, kw_only=True):
    """What each size of mining brings in the year, beside what it costs to stand there: new machines, and machines that are paid off."""

    steps: tuple[Step, ...]
    new_nano_per_mw: int  # a year
    old_nano_per_mw: int
    best_new_w: int
    best_old_w: int


class PlanView(Struct, frozen=True, kw_only=True):
    """A question, its answer, the answer to the farm as it stands, and what lies behind."""

    year: int
    seed: int
    first: datetime
    currency: str
    weeks: int
    machines: tuple[str, ...]
    answer: PlanAnswer
    base: PlanAnswer
    sizes: SizesView
    week: WeekView
    mining_w: tuple[int, ...]
    figures: tuple[Figure, ...]


class NpvSwing(Struct, frozen=True, kw_only=True):
    """What the ends of one input's range do to the middle net present value of a case. Units: USD for a MW."""

    machine: str
    usd_kwh: str
    input: str
    low: str
    base: str
    high: str
    unit: str
    npv_low: int
    npv: int
    npv_high: int


class EconomicsView(Struct, frozen=True, kw_only=True):
    """What mining paid, and may pay. `made` is true where the past is made up; `report` is None until it is made beside the market."""

    progress: Progress
    made: bool = True
    report: MiningReport | None = None
    swings: tuple[NpvSwing, ...] = ()
    command: str = ""


class CurtailmentView(Struct, frozen=True, kw_only=True):
    """An order against the meters that answer it, and what could be cut now."""

    day: date | None
    days: tuple[date, ...]  # on which there are orders, newest first
    order: Order | None
    steps: tuple[RampStep, ...]
    readings: tuple[Reading, ...]
    verdicts: tuple[Verdict, ...]
    scheduled_w: dict[str, tuple[int, ...]]  # by site, for each interval of the readings
    at: tuple[datetime, ...]  # the intervals
    minutes: int
    sites: tuple[SiteView, ...]
    sheddable_w: tuple[tuple[int, int], ...]  # within so many minutes, so many watts
    kept: int  # orders so far that all their sites kept
    broken: int


class MiningFigures(Struct, frozen=True, kw_only=True):
    """What the work beside the market writes down."""

    stamp: str
    swings: tuple[Swing, ...]
    spread: Spread
    made: bool
    report: dict[str, Any]  # a `MiningReport` as plain values
    npv_swings: tuple[NpvSwing, ...]
    command: str
