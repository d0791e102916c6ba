"""What the console shows of miners' bills, their audit and the reserve, as frozen shapes.

Units: `_wh` watt-hours, `_sat` satoshi, `_minor` minor units of the legal currency, `_cents` of USD, `units` smallest units of the asset beside them.
"""

from __future__ import annotations

from datetime import date

import msgspec

from skarb.app.draftmodel import Progress
from skarb.app.model import Person, Place, Struct
from skarb.custody.model import Rule
from skarb.metering import Bill, Day, Finding, Refused, Remark

Rows = tuple[dict[str, str], ...]
"""Rows of a command, by the names of its columns."""
Curve = tuple[tuple[float, float], ...]


class MinedSite(Struct, frozen=True, kw_only=True):
    """A registered site and whose it is."""

    site: str
    title: str
    miner: Person


class BillHead(Struct, frozen=True, kw_only=True):
    """A bill at a glance."""

    id: str
    month: str
    site: str
    energy_wh: int
    electricity_minor: int  # without VAT
    levy_minor: int
    reserve_sat: int
    payable_minor: int
    sha256: str


class MinerSum(Struct, frozen=True, kw_only=True):
    """What all bills of a miner come to."""

    miner: Person
    bills: int
    energy_wh: int
    levy_minor: int
    reserve_sat: int


class JournalSum(Struct, frozen=True, kw_only=True):
    """What the market's journal says of the same month and miner, all its sites together."""

    hours: int
    sat: int
    billed_sat: int  # what the payouts behind the bills come to
    first: Place
    last: Place


class BillsView(Struct, frozen=True, kw_only=True):
    """All bills so far, newest first, and one of them in full. `day` is None until any were made."""

    progress: Progress
    day: date | None = None
    sites: tuple[MinedSite, ...] = ()
    bills: tuple[BillHead, ...] = ()
    refused: tuple[Refused, ...] = ()
    miners: tuple[MinerSum, ...] = ()  # the smallest levy first
    gini_levy_ppm: int = 0
    gini_energy_ppm: int = 0
    bill: Bill | None = None
    sha256: str = ""
    received: tuple[tuple[str, str], ...] = ()  # lines of the bill that the reserve received, and where in its journal
    changed: bool = False  # the reserve's journal names another hash than the bill has
    journal: JournalSum | None = None
    provisions: tuple[str, ...] = ()  # that the bill names and the law has
    command: str = ""


class Declared(Struct, frozen=True, kw_only=True):
    """A site in a month: what its energy should have brought, from worst to best, what it was paid, and what luck would allow."""

    month: str
    site: str
    scheme: str
    low_sat: int
    high_sat: int
    least_sat: int  # with the tolerance of the pool's scheme: three standard deviations where it shares blocks
    most_sat: int
    paid_sat: int

    @property
    def inside(self) -> bool:
        """Whether nothing needs to be asked."""
        return self.least_sat <= self.paid_sat <= self.most_sat


class AuditView(Struct, frozen=True, kw_only=True):
    """What was found in all months, newest first, and the days of one of them."""

    progress: Progress
    day: date | None = None
    month: str = ""
    months: tuple[str, ...] = ()
    sites: tuple[MinedSite, ...] = ()
    points: tuple[Declared, ...] = ()
    band: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)  # of the middle: least and low, high and most
    findings: tuple[tuple[str, Finding], ...] = ()
    days: tuple[Day, ...] = ()
    notes: tuple[Remark, ...] = ()
    provisions: tuple[str, ...] = ()  # that findings name and the law has
    command: str = ""


class Held(Struct, frozen=True, kw_only=True):
    """An asset in a place of custody."""

    place: str
    kind: str
    asset: str
    units: int
    quorum: str
    addresses: str
    rules: tuple[Rule, ...]  # by which it may leave, the smallest amounts first


class LotView(Struct, frozen=True, kw_only=True):
    """What is left of a lot, what it is worth, and which line of which bill it came from."""

    lot: str
    bill: str
    line: str
    day: date
    kind: str
    miner: Person
    asset: str
    units: int
    cost_minor: int
    value_cents: int
    value_minor: int | None
    where: str  # batch and transfer of the reserve's journal


class KindSum(Struct, frozen=True, kw_only=True):
    """What came in of one kind."""

    kind: str
    asset: str
    lines: int
    units: int
    cost_minor: int


class MonthSum(Struct, frozen=True, kw_only=True):
    """What came in in a month."""

    month: str
    sat: int
    minor: int


class Proof(Struct, frozen=True, kw_only=True):
    """The last publication of what is owed."""

    at: str
    key: str
    totals: tuple[tuple[str, int, str, str], ...]  # asset, how many are owed, the sum, the root
    command: str


class ReserveView(Struct, frozen=True, kw_only=True):
    """The reserve on a morning. `day` is None until its book was begun; `risk` is a row of `skarb reserve risk`, `valued` are those of `value`."""

    progress: Progress
    day: date | None = None
    since: date | None = None
    policy: str = ""
    holders: dict[str, int] = msgspec.field(
        default_factory=dict
    )  # of keys, how many in each role; who they are is nobody's business here
    frozen: bool = False
    held: tuple[Held, ...] = ()
    coins_sat: int = 0
    money_minor: int = 0
    cost_minor: int = 0
    value_cents: int = 0
    value_minor: int | None = None
    valued: Rows = ()
    risk: dict[str, str] | None = None
    value: Curve = ()  # the coins of today at past prices; x days since 1970-01-01, y USD
    bound: Curve = ()  # the least they were forecast to be worth
    violations: tuple[tuple[float, float, float], ...] = ()
    lots: tuple[LotView, ...] = ()
    kinds: tuple[KindSum, ...] = ()
    months: tuple[MonthSum, ...] = ()
    figures: tuple[dict[str, str], ...] = ()
    proof: Proof | None = None
    commands: dict[str, str] = msgspec.field(default_factory=dict)
