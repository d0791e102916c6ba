"""The beneficiary's side: what an inquiry is answered, by a person or by itself.

In an office whose answers are automatic, what is complete and clear is approved, what is not complete or tells of somebody listed is rejected, and
anything else waits. What waits is looked at again whenever something is to be sent: once that which held it is settled (two people have
decided that it is somebody else, a list can be read again, it is known where the client is paid) the answer follows. The step is written only
if the inquiry is still unanswered, together with the message that is to go out: so it follows once, whoever else is at work and whenever
the machine stops.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from hashlib import sha256

from skarb.app.travel.judging import Judging
from skarb.app.travel.means import Means
from skarb.app.travel.persons import Found
from skarb.app.travel.steps import Steps
from skarb.core.errors import Conflict, NotAllowed, NotFound, Unavailable
from skarb.registers import Party
from skarb.travelrule.exchange import Exchange, Resolved
from skarb.travelrule.findings import Finding
from skarb.travelrule.messages import Approval, Inquiry, Resolution, read_message
from skarb.travelrule.model import IdentityPayload


class Answering:
    """The answers of one office."""

    def __init__(self, means: Means, judging: Judging, steps: Steps) -> None:
        self._means, self._judging, self._steps = means, judging, steps

    def resolve(self, request: str, *, pay_to: str | None = None, comment: str = "") -> Exchange:
        """Answer an inquiry: pay there, or no. Where screening stands in the way, no comment goes out with the rejection.

        Raises: NotAllowed naming what is missing if an incomplete payload is to be approved, or who is not clear; NotFound, Conflict
        """
        exchange = self._steps.exchange("beneficiary", request)
        kept = self._means.shelf.of_handle(f"beneficiary/{exchange.request}")
        lacks = () if kept is None else kept.lacking
        if pay_to is not None and lacks:
            raise NotAllowed(f"request {request} is held, its payload lacks {', '.join(lacks)}; reject it, and they can ask anew")
        found = self._judging.found(exchange)
        if pay_to is not None and not found.clear and exchange.state == "received":
            said = self._judging.rule("beneficiary", exchange.counterparty, found)
            self._means.shelf.store.write(records=self._judging.writes(f"beneficiary/{exchange.request}", said))
            raise NotAllowed(f"request {request} is held, {found.said}; {said.said}; {todo(found, exchange.request)}")
        comment = comment if found.clear else ""
        resolution = self.resolution(exchange.request, pay_to, comment or _say(lacks))
        return self._steps.act("beneficiary", request, Resolved(resolution))

    def resolution(self, request: str, pay_to: str | None, comment: str) -> Resolution:
        """Return an answer: where to pay, or the words of a rejection."""
        if pay_to is None:
            return Resolution(rejected=comment)
        return Resolution(approved=Approval(address=pay_to, callback=f"{self._means.url}/confirmations/{request}"))

    def automatic(self, request: str, inquiry: Inquiry, lacks: tuple[str, ...], found: Found) -> Resolution | None:
        """Return what an inquiry is answered by itself; None if a person must answer, or something must be settled first."""
        payees = self._means.payees
        if payees is None:
            return None
        pay_to = payees.address(inquiry) if found.clear and not lacks else None
        if lacks or pay_to is not None or found.result.status == "listed":
            return self.resolution(request, pay_to, _say(lacks))
        return None

    def lacking(self, sender: Party, payload: IdentityPayload, findings: Iterable[Finding]) -> tuple[str, ...]:
        """Return what the payload of an inquiry lacks."""
        return (*self._means.lacking(payload, findings), *_another(sender, payload))

    def resume(self) -> list[Exchange]:
        """Answer what waited for something that is settled by now; without automatic answers nothing."""
        if self._means.payees is None:
            return []
        answered = []
        for exchange in list(self._means.shelf.exchanges()):
            if exchange.side == "beneficiary" and exchange.state == "received":
                with suppress(Conflict, NotFound, NotAllowed, Unavailable):  # somebody was faster, or it goes on waiting
                    after = self._resumed(exchange, self._means.payees.mark + str(self._means.day).encode())
                    answered += [] if after is None else [after]
        return answered

    def _resumed(self, exchange: Exchange, office: bytes) -> Exchange | None:
        means, handle = self._means, f"beneficiary/{exchange.request}"
        found = self._judging.found(exchange)
        circumstances = sha256(office + found.result.status.encode()).digest()
        self._judging.write(handle, self._judging.rule("beneficiary", exchange.counterparty, found))
        if not (found.clear or found.result.status == "listed") or self._steps.tried(handle) == circumstances:
            return None
        sender = means.directory.provider(exchange.counterparty, means.day)
        body = means.shelf.message(exchange.inquiry, f"inquiry {exchange.request} of {sender.party} is answered by itself")
        read = read_message(body or b"", means.rules(), "inquiry")
        kept = means.shelf.of_handle(handle)
        if not isinstance(read.message, Inquiry) or kept is None:
            return None
        lacks = dict.fromkeys((*kept.lacking, *self.lacking(sender, read.message.ivms101, read.findings)))
        resolution = self.automatic(exchange.request, read.message, tuple(lacks), found)
        if resolution is None:
            self._steps.note_try(handle, circumstances)
            return None
        return self._steps.take(exchange, Resolved(resolution))


def todo(found: Found, request: str) -> str:
    """Say what a person can do; there is no way by which a listed one passes."""
    if found.result.status == "unavailable":
        return "load the lists (skarb screen import), or reject it"
    if found.result.status == "listed":
        return "reject it"
    hit = f"{found.result.list}/{found.result.entry}"
    return (
        f"reject it; or, if two people find that it is somebody else: skarb travel whitelist OFFICE {request} {hit}"
        " --reason WHY --by ONE --approved-by ANOTHER"
    )


def _say(lacks: Iterable[str]) -> str:
    named = ", ".join(lacks)
    return f"missing: {named}" if named else "rejected"


def _another(sender: Party, payload: IdentityPayload) -> tuple[str, ...]:
    """Name the originator's provider as wrong if the payload says that it is somebody else than who sends it."""
    person = payload.originating_vasp.originating_vasp if payload.originating_vasp is not None else None
    identity = person.legal_person.national_identification if person is not None and person.legal_person is not None else None
    lei = identity.national_identifier if identity is not None and identity.national_identifier_type == "LEIX" else None
    return ("originatingVASP (not who sends)",) if lei is not None and sender.lei and lei.upper() != sender.lei else ()
