"""What screening and the law say of an exchange today, and what they said before.

The finding goes by the lists, policies and whitelistings of the moment. What the law said of it is written down with the exchange; when it
says something else, what it said before is kept beside.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import cast, get_args

import msgspec

from skarb.app.travel.means import Means
from skarb.app.travel.persons import Found, Record, gravest
from skarb.app.travel.ruling import Ruling, ruling
from skarb.app.travel.shelf import Kept
from skarb.travelrule.exchange import OPEN, Exchange, Side

RECENT_DAYS = 30  # whose payloads are compared again when lists change, besides those of open exchanges
SIDES: tuple[Side, ...] = get_args(Side)
HELD = "held"  # the side of a payload that was to be sent and was not


@dataclass(frozen=True, slots=True)
class Rescreened:
    """A payload whose persons are not clear now, or were not before."""

    handle: str  # the exchange or instruction that it belongs to
    reference: str
    state: str  # of the exchange; or which instruction used the payload
    before: str
    found: Found
    ruling: Ruling


class Judging:
    """Screening and law of one office."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._screened_at = b""  # the version of the registers

    def found(self, exchange: Exchange) -> Found:
        """Return what screening says today of everybody in an exchange's payload, and of the other provider."""
        kept = self._means.shelf.of_handle(f"{exchange.side}/{exchange.request}")
        return self.found_in(kept.reference if kept is not None else "", exchange.counterparty)

    def found_in(self, reference: str, counterparty: str) -> Found:
        """Return the same of a payload and a provider."""
        return self._with_provider(self._means.persons.found(reference), counterparty)

    def judge(self, record: Record, counterparty: str) -> Found:
        """Return the same of a payload that was compared just now."""
        return self._with_provider(self._means.persons.judge(record), counterparty)

    def rule(self, side: Side, counterparty: str, found: Found) -> Ruling:
        """Return what the law says of a finding."""
        law = self._means.law
        said = None if law is None or found.clear else law(side, counterparty, self._means.day, found)
        return ruling(found, self._means.clock(), said)

    def ruling(self, handle: str) -> Ruling | None:
        """Return what the law last said of an exchange whose persons were not clear."""
        found = self._means.shelf.store.record("ruling", handle)
        return None if found is None else msgspec.json.decode(found, type=Ruling)

    def writes(self, handle: str, said: Ruling) -> list[tuple[str, str, bytes, bytes | None]]:
        """Return what to write of a ruling; what was said before stays beside it."""
        store = self._means.shelf.store
        before = store.record("ruling", handle)
        after = msgspec.json.encode(said, order="deterministic")
        if before == after:
            return []
        written: list[tuple[str, str, bytes, bytes | None]] = [("ruling", handle, after, before)]
        if before is not None:
            at = msgspec.json.decode(before, type=Ruling).at.isoformat()
            written.append(("ruled before", f"{handle}/{at}", before, store.record("ruled before", f"{handle}/{at}")))
        return written

    def write(self, handle: str, said: Ruling) -> None:
        """Write a ruling down, if it says something else than the last one, or if nothing is on record of a finding."""
        last = self.ruling(handle)
        same = (
            said.status == "clear"
            if last is None
            else (last.status, last.list, last.entry) == (said.status, said.list, said.entry)
        )
        if not same:
            self._means.shelf.store.write(records=self.writes(handle, said))

    def rescreen(self, days: int = RECENT_DAYS) -> list[Rescreened]:
        """Compare the payloads of open exchanges, held ones and those of the last days with the lists as they are now.

        Returns who is not clear, or was not when it was last looked at. What the law says of it is written down anew.
        """
        changed = []
        for kept, exchange in self._to_look_at(days):
            last = self.ruling(kept.handle)
            before = last.status if last is not None else "clear"
            counterparty = exchange.counterparty if exchange is not None else kept.about.get("to", "")
            found = self.found_in(kept.reference, counterparty)
            if found.clear and before == "clear":
                continue
            end = exchange.side if exchange is not None else cast(Side, kept.about.get("side", "originator"))
            said = self.rule(end, counterparty, found)
            self.write(kept.handle, said)
            state = exchange.state if exchange is not None else self._means.shelf.used_by(kept.reference) or HELD
            changed.append(Rescreened(kept.handle, kept.reference, state, before, found, said))
        return changed

    def rescreen_if_changed(self, days: int = RECENT_DAYS) -> list[Rescreened]:
        """Do so if the lists, or what was decided about them, are not those of the last time."""
        version = self._means.directory.version
        if version == self._screened_at:
            return []
        found = self.rescreen(days)
        self._screened_at = version
        return found

    def _to_look_at(self, days: int) -> Iterator[tuple[Kept, Exchange | None]]:
        shelf, since = self._means.shelf, self._means.clock() - timedelta(days=days)
        for kept in list(shelf.payloads()):
            side, _, request = kept.handle.partition("/")
            of = "originator" if side == HELD else side
            exchange = shelf.exchange(of, request) if of in SIDES else None
            if side == HELD and exchange is not None:
                continue  # it was sent in the end
            if kept.at < since and side != HELD and (exchange is None or exchange.state not in OPEN):
                continue
            yield kept, exchange

    def _with_provider(self, found: Found, counterparty: str) -> Found:
        return gravest((found, self._means.persons.provider(counterparty))) if counterparty else found
