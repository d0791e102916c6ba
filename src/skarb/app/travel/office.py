"""The office: what an institution does about the travel rule, on either side of an exchange.

Every message that counts is on disk before it is answered or sent. A message to be sent is written together with what it makes
of the exchange, and is taken off the list only when the other side has answered it; whatever happens in between, it is sent
again with the same identifier and bytes, and the other side answers what it answered before.

Each part of the work is a file: `inquiring` and `answering` for the two sides, `incoming` and `outgoing` for the wire, `judging` for screening
and law, `steps` for what is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import cast

from skarb.app.travel.answering import Answering
from skarb.app.travel.directory import Directory
from skarb.app.travel.incoming import Incoming
from skarb.app.travel.inquiring import Held, Inquiring
from skarb.app.travel.judging import HELD, RECENT_DAYS, SIDES, Judging, Rescreened
from skarb.app.travel.means import Means
from skarb.app.travel.outgoing import Delivery, Outgoing, Send
from skarb.app.travel.payees import Payees
from skarb.app.travel.persons import Found, Obstacle, Persons
from skarb.app.travel.ruling import Ask, Ruling
from skarb.app.travel.shelf import Shelf
from skarb.app.travel.steps import Steps
from skarb.app.travel.wire import Reply
from skarb.core.errors import InputError, NotFound
from skarb.core.time import Clock
from skarb.screening import Screen
from skarb.travelrule.address import make_travel_address
from skarb.travelrule.constraints import Rules
from skarb.travelrule.exchange import SEALED, Ended, Exchange, Side, Terms
from skarb.travelrule.findings import Finding
from skarb.travelrule.messages import Confirmation, Identity, Kind, Resolution, read_message, read_request
from skarb.travelrule.model import IdentityPayload
from skarb.travelrule.required import Requirements

__all__ = ["RECENT_DAYS", "Delivery", "Held", "Office", "Rescreened", "Send"]


class Office:
    """One institution's office. Its methods may be called by several threads."""

    def __init__(
        self,
        shelf: Shelf,
        directory: Directory,
        *,
        party: str,
        url: str,
        requirements: Sequence[Requirements],
        clock: Clock,
        zone: str,
        terms: Terms = Terms(),
        authorities: Iterable[str] = (),
        pay_to: Mapping[str, str] | None = None,
        persons: Persons | None = None,
        law: Ask | None = None,
    ) -> None:
        """Work for a party of the registers, reachable at a URL; without `pay_to` a person answers every inquiry.

        `persons` screens everybody in payloads; without it nobody is clear, so everything is held. `law` says what follows from a finding.
        """
        self.shelf, self.directory = shelf, directory
        self.means = Means(
            shelf=shelf,
            directory=directory,
            party=party,
            url=url.rstrip("/"),
            requirements=requirements,
            clock=clock,
            zone=zone,
            terms=terms,
            authorities=frozenset(authorities),
            payees=None if pay_to is None else Payees(pay_to),
            persons=persons or Persons(lambda: Screen(()), clock, shelf),
            law=law,
        )
        self._judging = Judging(self.means)
        self._steps = Steps(self.means, self._judging)
        self._inquiring = Inquiring(self.means, self._judging, self._steps)
        self._answering = Answering(self.means, self._judging, self._steps)
        self._incoming = Incoming(self.means, self._judging, self._steps, self._answering)
        self._outgoing = Outgoing(self.means, self._judging, self._steps)

    @property
    def persons(self) -> Persons:
        """Who compares payloads with the lists."""
        return self.means.persons

    @property
    def day(self) -> int:
        """The legal day."""
        return self.means.day

    def rules(self) -> Rules:
        """Return the rules of a check made now."""
        return self.means.rules()

    def travel_address(self, client: str) -> str:
        """Return the travel address that a client of ours passes on."""
        return make_travel_address(f"{self.means.url}/inquiries/{client}?t=i")

    def identity(self) -> Identity:
        """Return who we are."""
        known = self.directory.provider(self.means.party, self.day)
        return Identity(name=known.name or known.party, lei=known.lei or None)

    # what people do ---------------------------------------------------------------------------------------------------------

    def ask(
        self,
        request: str,
        to: str,
        address: str,
        asset: str,
        amount: Decimal,
        payload: IdentityPayload,
        findings: Iterable[Finding] = (),
    ) -> Exchange | Held:
        """Ask another provider whether a transfer may be sent; nothing is sent while the payload lacks something.

        Raises: Conflict if the request identifier was used for something else; NotFound, NotAllowed, FieldError
        """
        return self._inquiring.ask(request, to, address, asset, amount, payload, findings)

    def ask_again(self, request: str) -> Exchange | Held:
        """Send an inquiry that screening held, if it does not any more.

        Raises: NotFound, NotAllowed, Conflict, InputError
        """
        return self._inquiring.again(request)

    def resolve(self, request: str, *, pay_to: str | None = None, comment: str = "") -> Exchange:
        """Answer an inquiry: pay there, or no. Where screening stands in the way, no comment goes out with the rejection.

        Raises: NotAllowed naming what is missing if an incomplete payload is to be approved, or who is not clear; NotFound, Conflict
        """
        return self._answering.resolve(request, pay_to=pay_to, comment=comment)

    def confirm(self, request: str, confirmation: Confirmation) -> Exchange:
        """Say what became of an approved transfer."""
        return self._steps.act("originator", request, Ended(confirmation))

    def comment(self, request: str, purpose: str) -> str:
        """Open what the other side said in words about an exchange; the look is recorded with its purpose.

        Raises: InputError without a purpose; NotFound
        """
        if not purpose.strip():
            raise InputError("what the other side says may be personal: say what it is opened for (--purpose)")
        for side in SIDES:
            exchange = self.shelf.exchange(side, read_request(request))
            if exchange is not None and exchange.comment == SEALED:
                body = self.shelf.message(exchange.confirmation or exchange.resolution, purpose.strip())
                message = None if body is None else read_message(body, self.rules()).message
                if isinstance(message, Resolution | Confirmation):
                    return (message.rejected if isinstance(message, Resolution) else message.canceled) or ""
        raise NotFound(f"request {request}: the other side said nothing in words that is kept here")

    # screening -------------------------------------------------------------------------------------------------------------

    def found(self, exchange: Exchange) -> Found:
        """Return what screening says today of everybody in an exchange's payload, and of the other provider."""
        return self._judging.found(exchange)

    def obstacles(self, request: str) -> list[Obstacle]:
        """Return every entry that stands in the way of a request: of whom, and by what.

        Raises: NotFound
        """
        request = read_request(request)
        found: list[Obstacle] = []
        kept_here = [kept for side in (*SIDES, HELD) if (kept := self.shelf.of_handle(f"{side}/{request}")) is not None]
        if not kept_here:
            raise NotFound(f"request {request}: nothing of it is kept here; skarb travel show lists what is")
        for kept in kept_here:
            side = kept.handle.partition("/")[0]
            exchange = self.shelf.exchange(cast(Side, side), request)
            found += self.persons.obstacles(kept.reference, exchange.counterparty if exchange else kept.about.get("to", ""))
        return list(dict.fromkeys(found))

    def rescreen(self, days: int = RECENT_DAYS) -> list[Rescreened]:
        """Compare the payloads of open exchanges, held ones and those of the last days with the lists as they are now."""
        return self._judging.rescreen(days)

    def rescreen_if_changed(self, days: int = RECENT_DAYS) -> list[Rescreened]:
        """Do so if the lists, or what was decided about them, are not those of the last time."""
        return self._judging.rescreen_if_changed(days)

    def ruling(self, handle: str) -> Ruling | None:
        """Return what the law last said of an exchange whose persons were not clear."""
        return self._judging.ruling(handle)

    # the wire --------------------------------------------------------------------------------------------------------------

    def receive(self, kind: Kind, path_request: str, fingerprint: str, headers: dict[str, str], body: bytes) -> Reply:
        """Take a message from the wire and return the answer, which is on disk by then. It never raises an error of ours."""
        return self._incoming.receive(kind, path_request, fingerprint, headers, body)

    def deliver(self, send: Send) -> list[Delivery]:
        """End what has waited too long, take up what is settled by now, and send everything that waits, the oldest first."""
        self._steps.expire()
        self.resume()
        return self._outgoing.deliver(send)

    def resume(self) -> list[Exchange]:
        """Answer, and ask, what was held and is not any more; nothing where a person answers."""
        if self.means.payees is None:
            return []
        return [*self._answering.resume(), *self._inquiring.resume()]

    def expire(self) -> list[Exchange]:
        """End what has waited too long; return what was ended."""
        return self._steps.expire()
