"""What the console shows of drafts: how far their replay is, and what came out, as frozen shapes that are kept as JSON."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

import msgspec

from skarb.app.model import Place, ProvisionView, Struct
from skarb.core.decision import Verdict

Stage = Literal["idle", "past", "feeding", "loading", "replaying", "following", "done", "failed"]
"""Nothing was begun; the market's past is not over; books are written out, taken into the lake, replayed; money abroad is followed; all is
there; it broke off."""


class Progress(Struct, frozen=True, kw_only=True):
    """How far work beside the market is, such as the replay of its drafts."""

    stage: Stage = "idle"
    subject: str = ""  # the book or draft at hand and which of how many it is, or what went wrong


class Total(Struct, frozen=True, kw_only=True):
    """Rows, and what they are worth in minor units of the legal currency."""

    rows: int = 0
    money: int = 0


class Turns(Struct, frozen=True, kw_only=True):
    """What becomes of rows: permitted and newly refused or referred, newly permitted, or decided otherwise in another way."""

    refused: Total
    referred: Total
    freed: Total
    otherwise: Total

    @property
    def turned(self) -> int:
        """How many rows would happen and did not, or did and would not."""
        return self.refused.rows + self.referred.rows + self.freed.rows


class Part(Struct, frozen=True, kw_only=True):
    """A part of the market's past: a legal day or a month, a venue, an activity."""

    label: str  # the first day of a period in ISO 8601, else a code
    turns: Turns
    rows: int = 0  # of the part, changed or not; 0 = not counted


class Step(Struct, frozen=True, kw_only=True):
    """An answer: a verdict and the provision that gives it."""

    verdict: Verdict
    provision: str


class Cell(Struct, frozen=True, kw_only=True):
    """Rows between two answers, and how dark they are drawn."""

    total: Total
    shade: int


class Matrix(Struct, frozen=True, kw_only=True):
    """From answer to answer: a row for each that changes for somebody, a column for each that somebody gets instead."""

    before: tuple[Step, ...]
    after: tuple[Step, ...]
    cells: tuple[tuple[Cell, ...], ...]
    same: tuple[int, ...]  # rows that keep the answer


class ToldRow(Struct, frozen=True, kw_only=True):
    """A row of a journal; people are told by their number in the lake."""

    place: Place
    day: date
    activity: str
    party: str
    venue: str | None
    asset: str
    amount: str | None
    value: int | None  # minor units of the legal currency


class Changed(ToldRow, frozen=True, kw_only=True):
    """A row that a draft decides otherwise."""

    before: Step
    after: Step


class Short(ToldRow, frozen=True, kw_only=True):
    """A row that a draft permits, and for which its world has not got the money."""


class DraftAnswer(Struct, frozen=True, kw_only=True):
    """What a draft would have changed."""

    id: str
    title: dict[str, str]  # by language, as is the note
    act: str
    note: dict[str, str]
    digest: str  # of the draft's files, and of who read them
    heights: dict[str, int]  # batches of each book that were replayed
    drafted_from: date
    begun: date
    first: date
    last: date
    made_at: datetime
    currency: str
    decimals: int
    rows: int
    differing: int  # rows recorded with another decision than the law gives now
    turns: Turns
    days: tuple[Part, ...]
    months: tuple[Part, ...]
    venues: tuple[Part, ...]
    activities: tuple[Part, ...]
    matrix: Matrix
    provisions: tuple[ProvisionView, ...]
    titles: dict[str, dict[str, str]]  # of provisions in the matrix, by language
    people: int  # who would no longer be permitted something
    largest: tuple[Changed, ...]
    unfunded: Total = Total()  # rows that the draft permits and that could not be paid
    short: tuple[Short, ...] = ()  # the largest of them
    act_in: dict[str, str] = msgspec.field(default_factory=dict)  # its title in other languages

    @property
    def changed(self) -> int:
        """How many rows would be decided otherwise."""
        return self.turns.turned + self.turns.otherwise.rows


class DraftLine(Struct, frozen=True, kw_only=True):
    """A draft in the list: its answer, or why there is none, or neither yet."""

    id: str
    answer: DraftAnswer | None = None
    problem: str = ""


class DraftsView(Struct, frozen=True, kw_only=True):
    """All drafts of a market, and how far their replay is."""

    progress: Progress
    drafts: tuple[DraftLine, ...] = ()
