"""What comes in: a message from the wire, and the answer to it, which is on disk by then."""

from __future__ import annotations

from collections.abc import Iterable
from threading import RLock

import msgspec

from skarb.app.travel.answering import Answering
from skarb.app.travel.judging import Judging
from skarb.app.travel.means import Means
from skarb.app.travel.shelf import Waits
from skarb.app.travel.steps import Steps
from skarb.app.travel.wire import Reply
from skarb.core.errors import FieldError, InputError, NotFound, SkarbError, shorten
from skarb.registers import Party
from skarb.travelrule.exchange import Asked, Ended, Exchange, Resolved, Side, Step, begin, step
from skarb.travelrule.findings import Finding
from skarb.travelrule.messages import (
    VERSION,
    Acknowledged,
    Confirmation,
    Headers,
    Inquiry,
    Kind,
    Message,
    Read,
    Resolution,
    read_headers,
    read_message,
    read_request,
    write_message,
)

_EXTENSIONS: frozenset[str] = frozenset()  # of the protocol that we can do
_FINDINGS_MAX = 100  # in one answer
_STATUS = {"input": 400, "not_allowed": 403, "not_found": 404, "conflict": 409, "unavailable": 503}


class Incoming:
    """The messages that one office gets, one after the other."""

    def __init__(self, means: Means, judging: Judging, steps: Steps, answering: Answering) -> None:
        self._means, self._judging, self._steps, self._answering = means, judging, steps, answering
        self._lock = RLock()

    def receive(self, kind: Kind, path_request: str, fingerprint: str, headers: dict[str, str], body: bytes) -> Reply:
        """Take a message and return the answer. It never raises an error of ours."""
        with self._lock:
            return self._received(kind, path_request, fingerprint, headers, body)

    def _received(self, kind: Kind, path_request: str, fingerprint: str, headers: dict[str, str], body: bytes) -> Reply:
        try:
            sender = self._means.directory.owner(fingerprint, self._means.day)
            head = read_headers(headers)
            unknown = sorted(set(head.extensions) - _EXTENSIONS)
            if unknown:
                return _problem(501, f"extensions that we cannot do: {', '.join(unknown)}")
            if kind != "inquiry" and head.request != read_request(path_request):
                return _problem(400, f"the request identifier of the header is not that of the address, {path_request}")
            read = read_message(body, self._means.rules(), kind)
            if read.message is None:
                return _malformed(read)
            if isinstance(read.message, Inquiry):
                more = sorted(set(read.message.extensions or {}) - _EXTENSIONS)
                if more:  # what they say would be looked at by nobody
                    return _problem(
                        501, f"extensions that we cannot do: {', '.join(shorten(one) for one in more[:_FINDINGS_MAX])}"
                    )
                return self._asked(sender, head, read.message, read.findings)
            self._told(sender, head, read.message)
        except SkarbError as error:
            if isinstance(error, FieldError) and error.field == "content-type":
                return _problem(415, str(error))
            status = _STATUS.get(error.code)  # what went wrong inside is nobody's outside
            return _problem(500, "it could not be done here") if status is None else _problem(status, str(error))
        return Reply(204, b"")

    def _asked(self, sender: Party, head: Headers, inquiry: Inquiry, findings: Iterable[Finding]) -> Reply:
        means, now = self._means, self._means.clock()
        known = means.shelf.exchange("beneficiary", head.request)
        asked = Asked(head.request, sender.party, inquiry)
        if known is not None:
            step(known, asked, now, means.terms)
            return self._answer(known)
        lacks = self._answering.lacking(sender, inquiry.ivms101, findings)
        made = begin("beneficiary", asked, now, means.terms)
        about = {"asset": means.directory.code(made.exchange, means.day), "amount": made.exchange.amount}
        record = means.persons.compare(inquiry.ivms101, about["asset"])
        found = self._judging.judge(record, sender.party)
        resolution = self._answering.automatic(head.request, inquiry, lacks, found)
        if resolution is not None:
            made = step(made.exchange, Resolved(resolution), now, means.terms)
            made = Step(made.exchange, answer=resolution)
        said = None if found.clear else self._judging.rule("beneficiary", sender.party, found)
        self._steps.write(made, None, inquiry=inquiry, lacks=lacks, about=about, record=record, said=said)
        return self._answer(made.exchange)

    def _answer(self, exchange: Exchange) -> Reply:
        """Answer an inquiry with its resolution if there is one, else that it has arrived."""
        shelf = self._means.shelf
        resolved = shelf.message(exchange.resolution) if exchange.resolution and not self._withheld(exchange) else None
        return Reply(200, resolved or write_message(Acknowledged(version=VERSION)))

    def _withheld(self, exchange: Exchange) -> bool:
        """Tell whether an approval still waits to be sent, and may not be: lists have changed since it was given."""
        if exchange.state != "approved" or self._judging.found(exchange).clear:
            return False
        waiting = (msgspec.json.decode(one.value, type=Waits) for one in self._means.shelf.store.waiting())
        return any((one.side, one.request, one.kind) == ("beneficiary", exchange.request, "resolution") for one in waiting)

    def _told(self, sender: Party, head: Headers, message: Message) -> None:
        if not isinstance(message, Resolution | Confirmation):
            raise InputError("expected a resolution or a confirmation")
        side: Side = "originator" if isinstance(message, Resolution) else "beneficiary"
        exchange = self._means.shelf.exchange(side, head.request)
        if exchange is None or exchange.counterparty != sender.party:
            raise NotFound(f"request {head.request}: {sender.party} and we have no such exchange")
        self._steps.take(exchange, Resolved(message) if isinstance(message, Resolution) else Ended(message))


class _Wrong(msgspec.Struct, frozen=True):
    rule: str
    path: str
    expected: str


def _malformed(read: Read) -> Reply:
    """Answer with what is wrong, without repeating what was given; the first of very much, so that the answer can be read."""
    wrong = [_Wrong(one.rule, one.path, one.expected) for one in read.findings if one.weight == "fault"][:_FINDINGS_MAX]
    return Reply(400, msgspec.json.encode({"error": "the message is malformed", "findings": wrong}))


def _problem(status: int, text: str) -> Reply:
    return Reply(status, msgspec.json.encode({"error": text}))
