"""A market watched: what its books post becomes a stream of transfers, and the schemes in it a queue.

Books are followed one after another, so their rows do not come in the order of time. They are kept, and watched again from the beginning when the
queue is asked for and something is new. Nobody who asks waits for that: a watch over a few rows is over at once, a longer one goes on in a thread of
its own, and until it is over the queue is told as it was, with how much of the market it does not know yet.

The interpreter watches: over a market's first month it takes two seconds, where a compiler would take more than a minute before it saved one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from threading import Lock, Thread

import msgspec

from skarb.app.alertlearning import shipped_ranker
from skarb.app.alertmodel import AlertLine, AlertMove, AlertsView, AlertView
from skarb.app.alerts import Told, find, settings_of
from skarb.app.model import Person, Place
from skarb.app.tally import Answered
from skarb.core.amount import parse_amount
from skarb.core.compiled import choose_kind
from skarb.oversight.typologies.legs import Deed, flow_of

AT_ONCE = 1_000  # rows that are watched before the answer, which takes some hundredths of a second
_AGAIN_S = 20.0  # a queue is made again at most so often,
_SHARE = 10  # and at most a tenth of a core's time is spent on it


class MarketAlerts:
    """The alerts of a market."""

    def __init__(self, law: str, currency: str, decimals: Callable[[str], int]) -> None:
        """Start with nothing; `decimals` is asked for an asset's decimals."""
        self._law, self._currency, self._decimals = law, currency, decimals
        self._licensed: set[str] = set()  # who may deal for others, as the facts of decisions say
        self._deeds: list[Deed] = []
        self._lock = Lock()
        self._told: tuple[Told, ...] = ()
        self._view = AlertsView(alerts=(), transfers=0, disturbed=0, ranker="", bounds_met=0)
        self._watching: Thread | None = None
        self._again = 0.0  # from when on it may be watched again

    def take(self, rows: Iterable[Answered]) -> None:
        """Note what was posted, and who has a licence."""
        for one in rows:
            i, facts = one.instruction, one.facts
            self._licensed.add(one.book)
            sides = ((i.party, facts.actor_licence), (i.counterparty, facts.counterparty_licence), (i.venue, facts.venue_licence))
            self._licensed.update(name for name, licence in sides if name and licence != "none")
            if one.outcome == "posted":
                self._deeds.append(self._deed(one))

    def queue(self) -> AlertsView:
        """Return the queue as far as it is known, and begin to watch what is new."""
        self._look()
        with self._lock:
            return msgspec.structs.replace(self._view, unwatched=len(self._deeds) - self._view.watched)

    def wait(self) -> None:
        """Wait until the watch that goes on is over."""
        watching = self._watching
        if watching is not None:
            watching.join()

    def alert(self, name: str, person: Callable[[str], Person]) -> AlertView | None:
        """Return one scheme of the queue, or None."""
        found = next((one for one in self._told if one.id == name), None)
        if found is None:
            return None
        names = list(dict.fromkeys(name for move in found.transfers for name in (move.sender, move.receiver)))
        place = {name: number for number, name in enumerate(names)}
        return AlertView(
            line=_line(found),
            points=tuple(found.points.items()),
            contributions=tuple(found.contributions.items()),
            features=tuple(found.features.items()),
            people=tuple(map(person, names)),
            moves=tuple(
                AlertMove(
                    at=move.at,
                    sender=place[move.sender],
                    receiver=place[move.receiver],
                    amount=move.amount.partition(" ")[0],
                    asset=move.amount.partition(" ")[2],
                    place=_place(move.reference),
                )
                for move in found.transfers
            ),
        )

    def _look(self) -> None:
        """Watch what is new, unless that is done or it is too early to begin again."""
        with self._lock:
            count = len(self._deeds)
            if self._watching is not None or count == self._view.watched or time.monotonic() < self._again:
                return
            watching = Thread(target=self._watch, args=(count,), name="skarb-alerts", daemon=True)
            watching.start()
            self._watching = watching
        if count <= AT_ONCE:
            self.wait()

    def _watch(self, count: int) -> None:
        """Watch the first so many rows; whatever becomes of that, the market goes on."""
        try:
            told, view = self._found(count)
        except Exception as error:
            told, view = self._told, msgspec.structs.replace(self._view, problem=str(error) or type(error).__name__)
        with self._lock:
            self._told, self._view, self._watching = told, view, None
            self._again = time.monotonic() + max(_AGAIN_S, _SHARE * time.thread_time())  # the thread did nothing else

    def _found(self, count: int) -> tuple[tuple[Told, ...], AlertsView]:
        deeds = sorted(self._deeds[:count], key=lambda one: (one.moment, one.reference))
        model, _ = shipped_ranker()
        flow = flow_of(deeds, self._currency, tuple(self._licensed))
        found = find(flow, settings_of(self._law), self._law, model, kind=choose_kind(False))
        return found.alerts, AlertsView(
            alerts=tuple(map(_line, found.alerts)),
            transfers=found.transfers,
            disturbed=found.disturbed,
            ranker=model.name if model is not None else "",
            bounds_met=sum(found.bounds_met.values()),
            watched=count,
        )

    def _deed(self, one: Answered) -> Deed:
        i, value = one.instruction, one.facts.value
        return Deed(
            moment=int(i.at.timestamp()),
            activity=i.activity,
            party=i.party,
            other=i.counterparty or i.venue or i.wallet or one.book,
            asset=i.asset,
            units=parse_amount(i.amount, self._decimals(i.asset)),
            text=i.amount,
            paid_asset=i.consideration_asset or "",
            paid_units=parse_amount(i.consideration, self._decimals(i.consideration_asset))
            if i.consideration and i.consideration_asset
            else -1,
            paid_text=i.consideration or "",
            value=-1 if value is None else value,
            of_party=one.book,
            of_other=one.book,
            reference=f"{one.book}/{one.sequence:09}/{one.row:06}",
        )


def _line(one: Told) -> AlertLine:
    return AlertLine(
        id=one.id,
        family=one.family,
        families=one.families,
        score=one.score,
        rank=one.rank,
        transfers=len(one.transfers),
        accounts=one.features["accounts"],
        institutions=one.institutions,
        first=one.first,
        last=one.last,
        delay_hours=one.delay_hours,
        bounded=one.bounded,
        serves=one.serves,
    )


def _place(reference: str) -> Place:
    book, sequence, row = reference.rsplit("/", 2)
    return Place(book=book, sequence=int(sequence), row=int(row))
