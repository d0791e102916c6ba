"""What the console shows of alerts: the queue, and one scheme with everybody in it. Persons are handed over in full; the console masks them."""

from __future__ import annotations

from datetime import datetime

from skarb.app.alerts import Serves
from skarb.app.model import Person, Place, Struct


class AlertLine(Struct, frozen=True, kw_only=True):
    """An alert in the queue."""

    id: str
    family: str
    families: tuple[str, ...]
    score: int
    rank: float | None  # of the learned ranker; None where the queue is ordered by score
    transfers: int
    accounts: int
    institutions: tuple[str, ...]
    first: datetime
    last: datetime
    delay_hours: int
    bounded: bool
    serves: Serves


class AlertMove(Struct, frozen=True, kw_only=True):
    """One transfer of a scheme; places are those of `AlertView.people`."""

    at: datetime
    sender: int
    receiver: int
    amount: str
    asset: str
    place: Place


class AlertView(Struct, frozen=True, kw_only=True):
    """One scheme in full."""

    line: AlertLine
    points: tuple[tuple[str, int], ...]
    contributions: tuple[tuple[str, float], ...]  # to the rank, heaviest first
    features: tuple[tuple[str, int], ...]
    people: tuple[Person, ...]  # in the order in which they appear
    moves: tuple[AlertMove, ...]


class AlertsView(Struct, frozen=True, kw_only=True):
    """The queue. Nothing was watched yet where `watched` is nought and `unwatched` is not."""

    alerts: tuple[AlertLine, ...]
    transfers: int
    disturbed: int
    ranker: str  # name of the ranker that orders the queue; empty where the score does
    bounds_met: int  # looks that ended at a bound
    watched: int = 0  # instructions carried out that the queue knows
    unwatched: int = 0  # those it does not know yet
    problem: str = ""  # why the latest watch broke off

    @property
    def waiting(self) -> bool:
        """Whether nothing can be told yet, as the first watch is not over."""
        return not self.watched and self.unwatched > 0
