"""A market watched: what its books post becomes a stream of transfers, and the schemes in it a queue.

Books are followed one after another, so their rows do not come in the order of time. They are kept, and watched again from the beginning when the
queue is asked for and enough is new; a watch of a month takes less time than a page.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from threading import Lock

from skarb.app.alertlearning import shipped_ranker
from skarb.app.alertmodel import AlertLine, AlertMove, AlertsView, AlertView
from skarb.app.alerts import Told, find, settings_of
from skarb.app.model import Person, Place
from skarb.app.tally import Answered
from skarb.core.amount import parse_amount
from skarb.oversight.typologies.legs import Deed, flow_of

_AGAIN_S = 20.0  # a queue is made again at most so often


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
        self._seen, self._made = 0, 0.0

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
        """Return the queue."""
        self._watch()
        return self._view

    def alert(self, name: str, person: Callable[[str], Person]) -> AlertView | None:
        """Return one scheme, or None."""
        self._watch()
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

    def _watch(self) -> None:
        with self._lock:
            count = len(self._deeds)
            if count == self._seen or (self._seen and time.monotonic() - self._made < _AGAIN_S):
                return
            deeds = sorted(self._deeds[:count], key=lambda one: (one.moment, one.reference))
            model, _ = shipped_ranker()
            flow = flow_of(deeds, self._currency, tuple(self._licensed))
            found = find(flow, settings_of(self._law), self._law, model)
            self._told, self._seen, self._made = found.alerts, count, time.monotonic()
            self._view = AlertsView(
                alerts=tuple(map(_line, found.alerts)),
                transfers=found.transfers,
                disturbed=found.disturbed,
                ranker=model.name if model is not None else "",
                bounds_met=sum(found.bounds_met.values()),
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
