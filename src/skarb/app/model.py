"""What the console shows of a market: the frozen shapes in which `MarketView` answers.

Amounts are plain decimal texts in the asset's major unit, sums of the flows whole minor units of the legal currency.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

import msgspec

from skarb.core.decision import Measure, Outcome, Verdict
from skarb.core.facts import Facts
from skarb.core.instruction import Instruction


class Struct(msgspec.Struct, frozen=True, kw_only=True):
    """What all shapes share."""


class Person(Struct, frozen=True, kw_only=True):
    """A party as shown: its id, its name, and whether it is a human being whose data are masked."""

    id: str
    name: str
    personal: bool
    latin: str = ""


class PastView(Struct, frozen=True, kw_only=True):
    """How far a past has come that is still happening."""

    day: int  # 1 is the first
    days: int


class ClockView(Struct, frozen=True, kw_only=True):
    """The market's time and pulse."""

    now: datetime  # of the last thing that happened
    zone: str  # IANA name of the zone of the law
    country: str  # ISO 3166-1 alpha-2
    currency: str
    currency_decimals: int
    living: bool  # new instructions keep arriving
    instructions: int  # decided since the beginning
    edition: str  # SHA-256 of the edition in force, hex
    simulated: bool = False  # everybody and everything shown is made up
    waiting: int | None = None  # referrals that nobody has answered yet; None = count every referral
    past: PastView | None = None  # None = the past has happened


class Holding(Struct, frozen=True, kw_only=True):
    """How much of one asset a book holds, and for whom."""

    asset: str
    clients: str  # owed to clients
    own: str  # the institution's own position; may be negative
    other: str = "0"  # deposits, quarantine


class BookView(Struct, frozen=True, kw_only=True):
    """A book at a glance."""

    name: str
    title: str
    latin: str
    path: str  # of the book, as commands take it
    licence: str
    needs_both_gates: bool
    regime_since: date | None  # first gate; None = not passed
    register_since: date | None  # second gate
    permitted: int
    refused: int
    referred: int
    not_posted: int
    accounts: int
    holdings: tuple[Holding, ...]
    height: int  # batches in the journal
    head: str  # SHA-256 after the last batch, hex
    recorded_at: datetime | None


class ProvisionCount(Struct, frozen=True, kw_only=True):
    """How often a provision decided, and how."""

    provision: str
    title: str
    citation: str
    verdict: Verdict
    count: int
    assumed: bool = False


class FlowDay(Struct, frozen=True, kw_only=True):
    """Value that went to foreign venues and came back on one legal day. Units: minor units of the legal currency."""

    day: date
    out: int
    returned: int


class VenueFlow(Struct, frozen=True, kw_only=True):
    """The same, for one foreign venue over the whole time shown."""

    venue: str
    country: str
    out: int
    returned: int


class Flows(Struct, frozen=True, kw_only=True):
    """Money abroad and back: days in order without gaps, venues by what is still out."""

    days: tuple[FlowDay, ...]
    venues: tuple[VenueFlow, ...] = ()


class Place(Struct, frozen=True, kw_only=True):
    """Where in the journals something stands."""

    book: str
    sequence: int
    row: int


class Refusal(Struct, frozen=True, kw_only=True):
    """A refusal with its reason."""

    place: Place
    at: datetime
    party: Person
    activity: str
    asset: str
    amount: str
    provision: str
    title: str
    says: str  # the law in a sentence for the customer
    measure: Measure
    assumed: bool = False


class Referral(Struct, frozen=True, kw_only=True):
    """An instruction that waits for a second person."""

    place: Place
    at: datetime
    party: Person
    activity: str
    asset: str
    amount: str
    provision: str
    title: str
    says: str
    entered_by: str | None = None


class RowLine(Struct, frozen=True, kw_only=True):
    """One row of a batch, in one line."""

    row: int
    id: str
    at: datetime
    party: Person
    activity: str
    asset: str
    amount: str
    outcome: Outcome
    provision: str


class BatchView(Struct, frozen=True, kw_only=True):
    """One batch of a journal."""

    book: str
    sequence: int
    height: int
    recorded_at: datetime
    previous_head: str
    head: str
    registers: str  # SHA-256 of the registers that facts were gathered from
    editions: tuple[str, ...]
    rows: tuple[RowLine, ...]


class BatchLine(Struct, frozen=True, kw_only=True):
    """One batch of a journal, in one line."""

    sequence: int
    recorded_at: datetime
    rows: int
    head: str


class Leaf(Struct, frozen=True, kw_only=True):
    """One comparison in a provision's condition: what was asked, whether it held, and of which values."""

    text: str
    truth: bool | None  # None: not looked at, because the answer was known before
    values: tuple[tuple[str, str], ...] = ()
    depth: int = 0


class Reason(Struct, frozen=True, kw_only=True):
    """A provision that applied to an instruction, with the leaves of its condition."""

    provision: str
    title: str
    citation: str
    effect: str
    decided: bool  # this one gave the answer
    yields_to: str = ""  # the exception before which it stood back
    leaves: tuple[Leaf, ...] = ()
    assumed: bool = False


class TransferLine(Struct, frozen=True, kw_only=True):
    """One transfer of an instruction with the ledger's answer."""

    debit: str  # address: "client/p-1"
    credit: str
    asset: str
    amount: str
    result: str  # "ok" or the name of the ledger's result code


class RowView(Struct, frozen=True, kw_only=True):
    """One row of the journal with everything needed to prove it."""

    place: Place
    height: int
    outcome: Outcome
    verdict: Verdict
    measure: Measure
    provision: str
    title: str
    citation: str
    says: str
    duties: tuple[str, ...]
    levy: str
    assumed: bool
    edition: str
    instruction: Instruction
    facts: Facts
    people: tuple[Person, ...]  # everybody whom the instruction and the transfers name
    reasons: tuple[Reason, ...]
    transfers: tuple[TransferLine, ...]
    recorded_at: datetime
    registers: str
    previous_head: str
    head: str
    verify: str  # the command line that proves this batch


class ParameterView(Struct, frozen=True, kw_only=True):
    """A value of the law that a condition uses."""

    name: str
    unit: str
    value: str
    since: date | None = None
    until: date | None = None
    cites: str = ""


class ProvisionView(Struct, frozen=True, kw_only=True):
    """A provision in full."""

    id: str
    title: str
    act: str  # title of the act
    citation: str
    says: str
    effect: str
    measure: str
    activities: tuple[str, ...]
    when: str  # the condition as written; "" = always
    needs: str
    in_force_from: date | None
    in_force_to: date | None
    status: str
    authority: tuple[str, ...]
    certainty: str
    grade: Literal["A", "B", "C"]
    exception_of: tuple[str, ...]
    exceptions: tuple[str, ...]
    parameters: tuple[ParameterView, ...]
    sources: tuple[str, ...]
    note: str
    counts: tuple[tuple[Verdict, int], ...]
    latest: tuple[Refusal, ...] = ()
    title_in: dict[str, str] = {}  # title and wording by language, where they were written in it
    says_in: dict[str, str] = {}

    @property
    def assumed(self) -> bool:
        """Whether its decisions are marked as resting on a text not read at first hand."""
        return self.grade != "A"
