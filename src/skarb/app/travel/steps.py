"""One step of an exchange on disk: what an event makes of it, its message, and what is to be sent because of it, all of it or nothing."""

from __future__ import annotations

from contextlib import suppress

import msgspec

from skarb.app.travel.judging import Judging
from skarb.app.travel.means import Means
from skarb.app.travel.persons import Record
from skarb.app.travel.ruling import Ruling
from skarb.app.travel.shelf import Waits
from skarb.core.errors import Conflict, NotFound
from skarb.travelrule.exchange import Ended, Event, Exchange, Resolved, Side, Step, Waited, digest, step
from skarb.travelrule.messages import Confirmation, Inquiry, Resolution, read_request, write_message
from skarb.travelrule.payload import write_payload


class Steps:
    """Writes the steps of one office's exchanges."""

    def __init__(self, means: Means, judging: Judging) -> None:
        self._means, self._judging = means, judging

    def exchange(self, side: Side, request: str) -> Exchange:
        """Return an exchange.

        Raises: NotFound, FieldError
        """
        found = self._means.shelf.exchange(side, read_request(request))
        if found is None:
            raise NotFound(f"request {request}: there is no such exchange on the {side}'s side; skarb travel show lists them")
        return found

    def act(self, side: Side, request: str, event: Event) -> Exchange:
        """Do what a person decided."""
        return self.take(self.exchange(side, request), event)

    def take(self, exchange: Exchange, event: Event, sent: int | None = None) -> Exchange:
        """Write what an event makes of an exchange, its message, and what is to be sent because of it.

        Raises: Conflict if it cannot follow, or somebody else has taken a step meanwhile
        """
        made = step(exchange, event, self._means.clock(), self._means.terms)
        message = event.resolution if isinstance(event, Resolved) else event.confirmation if isinstance(event, Ended) else None
        self.write(made, exchange, message=message, sent=sent)
        return made.exchange

    def expire(self) -> list[Exchange]:
        """End what has waited too long; return what was ended."""
        ended = []
        for exchange in list(self._means.shelf.exchanges()):
            after = step(exchange, Waited(), self._means.clock(), self._means.terms).exchange
            if after is not exchange and after.state == "expired":
                with suppress(Conflict):  # a message came in between, and what it said counts
                    self._means.shelf.store.write(records=[self._means.shelf.changed(after, exchange)])
                    ended.append(after)
        return ended

    def tried(self, handle: str) -> bytes:
        """Return under which circumstances something was tried by itself, in vain."""
        return self._means.shelf.store.record("tried", handle) or b""

    def note_try(self, handle: str, circumstances: bytes) -> None:
        """Write that down, so that no payload is opened again and again while nothing has changed."""
        store = self._means.shelf.store
        store.write(records=[("tried", handle, circumstances, store.record("tried", handle))])

    def write(
        self,
        made: Step,
        before: Exchange | None,
        *,
        inquiry: Inquiry | None = None,
        message: Resolution | Confirmation | None = None,
        lacks: tuple[str, ...] = (),
        url: str = "",
        about: dict[str, str] | None = None,
        sent: int | None = None,
        record: Record | None = None,
        said: Ruling | None = None,
    ) -> None:
        """Write one step, all of it or nothing."""
        shelf, after = self._means.shelf, made.exchange
        sealed, records, waiting = [], [], []
        if inquiry is not None:
            handle, payload = f"{after.side}/{after.request}", write_payload(inquiry.ivms101)
            kept, writes = shelf.prepare(handle, payload, lacks, after.began, about or {})
            sealed += [*writes.get("sealed", []), shelf.seal_message(after.inquiry, write_message(inquiry))]
            records += writes.get("records", [])
            records += self._means.persons.writes(kept.reference, record) if record is not None else []
            records += self._judging.writes(handle, said) if said is not None else []
        for one in (message, made.answer):
            if isinstance(one, Resolution | Confirmation):
                sealed.append(shelf.seal_message(digest(one), write_message(one)))
        if after != before:
            records.append(shelf.changed(after, before))
        if made.sends is not None and not made.repeated:
            waits = Waits(
                request=after.request,
                side=after.side,
                to=made.to or url,
                counterparty=after.counterparty,
                kind=_KINDS[type(made.sends)],
                body=digest(made.sends),
            )
            waiting.append((after.request, msgspec.json.encode(waits)))
        shelf.store.write(sealed=sealed, records=records, waiting=waiting, sent=[] if sent is None else [sent])


_KINDS: dict[type, str] = {Inquiry: "inquiry", Resolution: "resolution", Confirmation: "confirmation"}
