"""The office: what an institution does about the travel rule, on either side of an exchange.

Every message that counts is on disk before it is answered or sent. A message to be sent is written together with what it makes
of the exchange, and is taken off the list only when the other side has answered it; whatever happens in between, it is sent
again with the same identifier and bytes, and the other side answers what it answered before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from threading import RLock
from typing import TypeAlias, cast, get_args

import msgspec

from skarb.app.travel.directory import Directory
from skarb.app.travel.persons import Found, Persons, Record, gravest
from skarb.app.travel.ruling import Ask, Ruling, ruling
from skarb.app.travel.shelf import Shelf, Waits
from skarb.app.travel.wire import Reply
from skarb.core.errors import Conflict, InputError, NotAllowed, NotFound, SkarbError, shorten
from skarb.core.time import Clock, legal_day
from skarb.registers import Party
from skarb.screening import Screen
from skarb.travelrule.address import make_travel_address, read_travel_address
from skarb.travelrule.constraints import Rules
from skarb.travelrule.exchange import (
    OPEN,
    SEALED,
    Asked,
    Ended,
    Event,
    Exchange,
    Resolved,
    Seen,
    Side,
    Step,
    Terms,
    Waited,
    begin,
    digest,
    step,
)
from skarb.travelrule.findings import Finding
from skarb.travelrule.messages import (
    VERSION,
    Acknowledged,
    Approval,
    Confirmation,
    Headers,
    Identity,
    Inquiry,
    Kind,
    Message,
    Read,
    Resolution,
    lower_version,
    read_headers,
    read_message,
    read_request,
    speaks,
    write_message,
)  # fmt: skip
from skarb.travelrule.model import IdentityPayload
from skarb.travelrule.payload import write_payload
from skarb.travelrule.required import Requirement, Requirements, lacking, required_on

Send: TypeAlias = Callable[[str, dict[str, str], bytes, Sequence[str]], Reply]  # url, headers, body, fingerprints
PayTo: TypeAlias = Callable[[Inquiry], str | None]  # where a client of ours is paid; None = a person decides
_EXTENSIONS: frozenset[str] = frozenset()  # of the protocol that we can do
_SIDES: tuple[Side, ...] = get_args(Side)
RECENT_DAYS = 30  # whose payloads are compared again when lists change, besides those of open exchanges
_FINAL = (400, 404, 409, 413, 415, 422, 501)  # statuses after which the same message is never taken
_FINDINGS_MAX = 100  # in one answer
_LATER: frozenset[Requirement] = frozenset({"beneficiary.account"})  # the approval brings it


@dataclass(frozen=True, slots=True)
class Held:
    """A transfer that does not go on: what its payload lacks, or who in it is not clear and what the law says of that."""

    lacking: tuple[str, ...]
    found: Found | None = None
    ruling: Ruling | None = None


@dataclass(frozen=True, slots=True)
class Rescreened:
    """A payload whose persons are not clear now, or were not before."""

    handle: str  # the exchange or instruction that it belongs to
    reference: str
    state: str  # of the exchange; or which instruction used the payload
    before: str
    found: Found
    ruling: Ruling


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of one message that was to be sent."""

    request: str
    kind: str
    status: int  # 0 if nothing answered
    said: str = ""


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
        pay_to: PayTo | None = None,
        persons: Persons | None = None,
        law: Ask | None = None,
    ) -> None:
        """Work for a party of the registers, reachable at a URL; without `pay_to` a person answers every inquiry.

        `persons` screens everybody in payloads; without it nobody is clear, so everything is held. `law` says what follows from a finding.
        """
        self.shelf, self.directory, self.party, self.url = shelf, directory, party, url.rstrip("/")
        self.requirements, self.terms = requirements, terms
        self._clock, self._zone, self._authorities, self._pay_to = clock, zone, frozenset(authorities), pay_to
        self.persons = persons or Persons(lambda: Screen(()), clock, shelf)
        self._law = law
        self._screened_at = b""  # the version of the registers
        self._lock = RLock()

    @property
    def day(self) -> int:
        """The legal day."""
        return legal_day(self._clock(), self._zone)

    def rules(self) -> Rules:
        """Return the rules of a check made now."""
        return Rules(self.day, self._authorities)

    def travel_address(self, client: str) -> str:
        """Return the travel address that a client of ours passes on."""
        return make_travel_address(f"{self.url}/inquiries/{client}?t=i")

    def identity(self) -> Identity:
        """Return who we are."""
        known = self.directory.provider(self.party, self.day)
        return Identity(name=known.name or known.party, lei=known.lei or None)

    # originator's side -----------------------------------------------------------------------------------------------------

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
        now, request = self._clock(), read_request(request)
        url = read_travel_address(address)
        self.directory.provider(to, self.day)
        lacks = self._lacking(payload, findings)
        if lacks:
            return Held(lacks)
        inquiry = Inquiry(
            asset=self.directory.asset(asset, self.day),
            amount=amount,
            callback=f"{self.url}/resolutions/{request}",
            ivms101=payload,
        )
        known = self.shelf.exchange("originator", request)
        asked = Asked(request, to, inquiry)
        if known is not None:
            return step(known, asked, now, self.terms).exchange
        about = {"asset": asset, "amount": str(amount)}
        record = self.persons.compare(payload, asset)
        found = self._judged(record, to)
        if not found.clear:
            return self._hold(f"held/{request}", to, payload, about, record, found)
        made = begin("originator", asked, now, self.terms)
        self._write(made, None, inquiry=inquiry, url=url, about=about, record=record)
        return made.exchange

    def _hold(self, handle: str, to: str, payload: IdentityPayload, about: dict[str, str], record: Record, found: Found) -> Held:
        """Keep what was to be sent, sealed, and why it was not; the same request may be asked again when that has changed."""
        kept, writes = self.shelf.prepare(handle, write_payload(payload), (), self._clock(), {**about, "to": to})
        said = self._rule("originator", to, found)
        records = [*writes.get("records", []), *self.persons.writes(kept.reference, record), *self._ruled(handle, said)]
        self.shelf.store.write(sealed=writes.get("sealed", []), records=records)
        return Held((), found, said)

    def confirm(self, request: str, confirmation: Confirmation) -> Exchange:
        """Say what became of an approved transfer."""
        return self._act("originator", request, Ended(confirmation))

    # beneficiary's side ----------------------------------------------------------------------------------------------------

    def resolve(self, request: str, *, pay_to: str | None = None, comment: str = "") -> Exchange:
        """Answer an inquiry: pay there, or no. Where screening stands in the way, no comment goes out with the rejection.

        Raises: NotAllowed naming what is missing if an incomplete payload is to be approved, or who is not clear; NotFound, Conflict
        """
        exchange = self._exchange("beneficiary", request)
        kept = self.shelf.of_handle(f"beneficiary/{exchange.request}")
        lacks = () if kept is None else kept.lacking
        if pay_to is not None and lacks:
            raise NotAllowed(f"request {request} is held, its payload lacks {', '.join(lacks)}; reject it, and they can ask anew")
        found = self.found(exchange)
        if pay_to is not None and not found.clear and exchange.state == "received":
            said = self._rule("beneficiary", exchange.counterparty, found)
            self.shelf.store.write(records=self._ruled(f"beneficiary/{exchange.request}", said))
            raise NotAllowed(f"request {request} is held, {found.said}; {said.said}; {_todo(found)}")
        comment = comment if found.clear else ""
        return self._act("beneficiary", request, Resolved(self._resolution(exchange.request, pay_to, comment or _say(lacks))))

    # screening -------------------------------------------------------------------------------------------------------------

    def found(self, exchange: Exchange) -> Found:
        """Return what screening says today of everybody in an exchange's payload, and of the other provider."""
        kept = self.shelf.of_handle(f"{exchange.side}/{exchange.request}")
        return self._with_provider(self.persons.found(kept.reference if kept is not None else ""), exchange.counterparty)

    def rescreen(self, days: int = RECENT_DAYS) -> list[Rescreened]:
        """Compare the payloads of open exchanges, held ones and those of the last days with the lists as they are now.

        Returns who is not clear, or was not when it was last looked at. What the law says of it is written down anew.
        """
        since, changed = self._clock() - timedelta(days=days), []
        for kept in list(self.shelf.payloads()):
            side, _, request = kept.handle.partition("/")
            of = "originator" if side == "held" else side
            exchange = self.shelf.exchange(of, request) if of in _SIDES else None
            if side == "held" and exchange is not None:
                continue  # it was sent in the end
            if kept.at < since and side != "held" and (exchange is None or exchange.state not in OPEN):
                continue
            last = self.ruling(kept.handle)
            before = last.status if last is not None else "clear"
            counterparty = exchange.counterparty if exchange is not None else kept.about.get("to", "")
            found = self._with_provider(self.persons.found(kept.reference), counterparty)
            if found.clear and before == "clear":
                continue
            end = exchange.side if exchange is not None else cast(Side, kept.about.get("side", "originator"))
            said = self._rule(end, counterparty, found)
            if last is None or (last.status, last.list, last.entry) != (said.status, said.list, said.entry):
                self.shelf.store.write(records=self._ruled(kept.handle, said))
            state = exchange.state if exchange is not None else self.shelf.used_by(kept.reference) or "held"
            changed.append(Rescreened(kept.handle, kept.reference, state, before, found, said))
        return changed

    def rescreen_if_changed(self, days: int = RECENT_DAYS) -> list[Rescreened]:
        """Do so if the lists, or what was decided about them, are not those of the last time."""
        version = self.directory.version
        if version == self._screened_at:
            return []
        found = self.rescreen(days)
        self._screened_at = version
        return found

    def ruling(self, handle: str) -> Ruling | None:
        """Return what the law last said of an exchange whose persons were not clear."""
        found = self.shelf.store.record("ruling", handle)
        return None if found is None else msgspec.json.decode(found, type=Ruling)

    def _judged(self, record: Record, counterparty: str) -> Found:
        return self._with_provider(self.persons.judge(record), counterparty)

    def _with_provider(self, found: Found, counterparty: str) -> Found:
        return gravest((found, self.persons.provider(counterparty))) if counterparty else found

    def _rule(self, side: Side, counterparty: str, found: Found) -> Ruling:
        said = None if self._law is None or found.clear else self._law(side, counterparty, self.day, found)
        return ruling(found, self._clock(), said)

    def _ruled(self, handle: str, said: Ruling) -> list[tuple[str, str, bytes, bytes | None]]:
        """Return what to write of a ruling; what was said before stays beside it."""
        before = self.shelf.store.record("ruling", handle)
        after = msgspec.json.encode(said, order="deterministic")
        if before == after:
            return []
        written: list[tuple[str, str, bytes, bytes | None]] = [("ruling", handle, after, before)]
        if before is not None:
            at = msgspec.json.decode(before, type=Ruling).at.isoformat()
            written.append(("ruled before", f"{handle}/{at}", before, self.shelf.store.record("ruled before", f"{handle}/{at}")))
        return written

    def _resolution(self, request: str, pay_to: str | None, comment: str) -> Resolution:
        if pay_to is None:
            return Resolution(rejected=comment)
        return Resolution(approved=Approval(address=pay_to, callback=f"{self.url}/confirmations/{request}"))

    def comment(self, request: str, purpose: str) -> str:
        """Open what the other side said in words about an exchange; the look is recorded with its purpose.

        Raises: InputError without a purpose; NotFound
        """
        if not purpose.strip():
            raise InputError("what the other side says may be personal: say what it is opened for (--purpose)")
        for side in _SIDES:
            exchange = self.shelf.exchange(side, read_request(request))
            if exchange is not None and exchange.comment == SEALED:
                body = self.shelf.message(exchange.confirmation or exchange.resolution, purpose.strip())
                message = None if body is None else read_message(body, self.rules()).message
                if isinstance(message, Resolution | Confirmation):
                    return (message.rejected if isinstance(message, Resolution) else message.canceled) or ""
        raise NotFound(f"request {request}: the other side said nothing in words that is kept here")

    # what comes in ---------------------------------------------------------------------------------------------------------

    def receive(self, kind: Kind, path_request: str, fingerprint: str, headers: dict[str, str], body: bytes) -> Reply:
        """Take a message from the wire and return the answer, which is on disk by then. It never raises an error of ours."""
        with self._lock:
            return self._received(kind, path_request, fingerprint, headers, body)

    def _received(self, kind: Kind, path_request: str, fingerprint: str, headers: dict[str, str], body: bytes) -> Reply:
        try:
            sender = self.directory.owner(fingerprint, self.day)
            head = read_headers(headers)
            unknown = sorted(set(head.extensions) - _EXTENSIONS)
            if unknown:
                return _problem(501, f"extensions that we cannot do: {', '.join(unknown)}")
            if kind != "inquiry" and head.request != read_request(path_request):
                return _problem(400, f"the request identifier of the header is not that of the address, {path_request}")
            read = read_message(body, self.rules(), kind)
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
            status = _STATUS.get(error.code)  # what went wrong inside is nobody's outside
            return _problem(500, "it could not be done here") if status is None else _problem(status, str(error))
        return Reply(204, b"")

    def _asked(self, sender: Party, head: Headers, inquiry: Inquiry, findings: Iterable[Finding]) -> Reply:
        now = self._clock()
        known = self.shelf.exchange("beneficiary", head.request)
        asked = Asked(head.request, sender.party, inquiry)
        if known is not None:
            step(known, asked, now, self.terms)
            return self._answer(known)
        lacks = (*self._lacking(inquiry.ivms101, findings), *_another(sender, inquiry.ivms101))
        made = begin("beneficiary", asked, now, self.terms)
        about = {"asset": self.directory.code(made.exchange, self.day), "amount": made.exchange.amount}
        record = self.persons.compare(inquiry.ivms101, about["asset"])
        found = self._judged(record, sender.party)
        pay_to = self._pay_to(inquiry) if self._pay_to is not None and found.clear else None
        if self._pay_to is not None and (lacks or pay_to is not None or found.result.status == "listed"):
            resolution = self._resolution(head.request, None if lacks else pay_to, _say(lacks))
            made = step(made.exchange, Resolved(resolution), now, self.terms)
            made = Step(made.exchange, answer=resolution)
        said = None if found.clear else self._rule("beneficiary", sender.party, found)
        self._write(made, None, inquiry=inquiry, lacks=lacks, about=about, record=record, said=said)
        return self._answer(made.exchange)

    def _answer(self, exchange: Exchange) -> Reply:
        """Answer an inquiry with its resolution if there is one, else that it has arrived."""
        resolved = self.shelf.message(exchange.resolution) if exchange.resolution and not self._withheld(exchange) else None
        return Reply(200, resolved or write_message(Acknowledged(version=VERSION)))

    def _withheld(self, exchange: Exchange) -> bool:
        """Tell whether an approval still waits to be sent, and may not be: lists have changed since it was given."""
        if exchange.state != "approved" or self.found(exchange).clear:
            return False
        waiting = (msgspec.json.decode(one.value, type=Waits) for one in self.shelf.store.waiting())
        return any((one.side, one.request, one.kind) == ("beneficiary", exchange.request, "resolution") for one in waiting)

    def _told(self, sender: Party, head: Headers, message: Message) -> None:
        side: Side = "originator" if isinstance(message, Resolution) else "beneficiary"
        exchange = self.shelf.exchange(side, head.request)
        if exchange is None or exchange.counterparty != sender.party:
            raise NotFound(f"request {head.request}: {sender.party} and we have no such exchange")
        event = (
            Resolved(message)
            if isinstance(message, Resolution)
            else Ended(message)
            if isinstance(message, Confirmation)
            else None
        )
        if event is None:
            raise InputError("expected a resolution or a confirmation")
        self._take(exchange, event)

    # what goes out ---------------------------------------------------------------------------------------------------------

    def deliver(self, send: Send) -> list[Delivery]:
        """Send everything that waits, the oldest first; what is not answered goes on waiting."""
        self.expire()
        found = []
        for one in self.shelf.store.waiting():
            waits = msgspec.json.decode(one.value, type=Waits)
            if waits.kind == "inquiry" and self._exchange(waits.side, waits.request).state not in ("inquired", "acknowledged"):
                self.shelf.store.write(sent=[one.number])  # nobody waits for its answer any more
                continue
            try:
                to = self.directory.provider(waits.counterparty, self.day)
                if stopped := self._stopped(waits):
                    found.append(Delivery(waits.request, waits.kind, 0, stopped))
                    continue
                disclosed = f"inquiry {waits.request} sent to {waits.counterparty}" if waits.kind == "inquiry" else ""
                body = self.shelf.message(waits.body, disclosed)
                if body is None:
                    raise NotFound(f"message {waits.body} is not here any more")
                version = self._version(waits.counterparty)
                reply = send(waits.to, Headers(waits.request, version).written(), body, to.certificates)
                lower = lower_version(reply.version, version) if reply.status in (400, 501) else ""
                if lower and self._says(body, lower):
                    self._speak(waits.counterparty, lower)
                    reply = send(waits.to, Headers(waits.request, lower).written(), body, to.certificates)
                found.append(self._answered(one.number, waits, reply))
            except SkarbError as error:
                found.append(Delivery(waits.request, waits.kind, 0, str(error)))
        return found

    def _version(self, counterparty: str) -> str:
        """Return the version of the protocol in which another provider is spoken to: ours, unless it once asked for a lower one."""
        known = self.shelf.store.record("speaks", counterparty)
        return lower_version(known.decode(), VERSION) or VERSION if known else VERSION

    def _speak(self, counterparty: str, version: str) -> None:
        before = self.shelf.store.record("speaks", counterparty)
        self.shelf.store.write(records=[("speaks", counterparty, version.encode(), before)])

    def _says(self, body: bytes, version: str) -> bool:
        """Tell whether a message can be said in a version as it is; it is never changed for that."""
        message = read_message(body, self.rules()).message
        return not isinstance(message, Inquiry) or speaks(message, version)

    def _stopped(self, waits: Waits) -> str:
        """Say why a message that would carry a transfer on is held: lists have changed since it was written."""
        exchange = self._exchange(waits.side, waits.request)
        if waits.kind != "inquiry" and not (waits.kind == "resolution" and exchange.state == "approved"):
            return ""
        found = self.found(exchange)
        if found.clear:
            return ""
        said = self._rule(waits.side, waits.counterparty, found)
        self.shelf.store.write(records=self._ruled(f"{waits.side}/{waits.request}", said))
        return f"held, {found.said}; {said.said}"

    def _answered(self, number: int, waits: Waits, reply: Reply) -> Delivery:
        exchange = self._exchange(waits.side, waits.request)
        if waits.kind == "inquiry" and reply.status == 200:
            read = read_message(reply.body, self.rules())
            if isinstance(read.message, Resolution):
                self._take(exchange, Resolved(read.message), sent=number)
            elif isinstance(read.message, Acknowledged):
                self._take(exchange, Seen(), sent=number)
            else:
                return Delivery(
                    waits.request, waits.kind, reply.status, "the answer is neither a resolution nor an acknowledgement"
                )
        elif waits.kind == "inquiry" and reply.status in (403, *_FINAL):
            # They will never take this inquiry: that is a rejection, and the transfer is held.
            self._take(exchange, Resolved(Resolution(rejected=_text(reply))), sent=number)
        elif reply.status in (204, *_FINAL):  # taken, or never to be: asking again and again changes nothing
            self.shelf.store.write(sent=[number])
        return Delivery(waits.request, waits.kind, reply.status, "" if reply.status in (200, 204) else _text(reply))

    # one step --------------------------------------------------------------------------------------------------------------

    def expire(self) -> list[Exchange]:
        """End what has waited too long; return what was ended."""
        ended = []
        for exchange in list(self.shelf.exchanges()):
            after = step(exchange, Waited(), self._clock(), self.terms).exchange
            if after is not exchange and after.state == "expired":
                with suppress(Conflict):  # a message came in between, and what it said counts
                    self.shelf.store.write(records=[self.shelf.changed(after, exchange)])
                    ended.append(after)
        return ended

    def _exchange(self, side: Side, request: str) -> Exchange:
        found = self.shelf.exchange(side, read_request(request))
        if found is None:
            raise NotFound(f"request {request}: there is no such exchange on the {side}'s side; skarb travel show lists them")
        return found

    def _act(self, side: Side, request: str, event: Event) -> Exchange:
        return self._take(self._exchange(side, request), event)

    def _take(self, exchange: Exchange, event: Event, sent: int | None = None) -> Exchange:
        """Write what an event makes of an exchange, its message, and what is to be sent because of it."""
        made = step(exchange, event, self._clock(), self.terms)
        message = event.resolution if isinstance(event, Resolved) else event.confirmation if isinstance(event, Ended) else None
        self._write(made, exchange, message=message, sent=sent)
        return made.exchange

    def _write(
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
        after = made.exchange
        sealed, records, waiting = [], [], []
        if inquiry is not None:
            payload = write_payload(inquiry.ivms101)
            kept, writes = self.shelf.prepare(f"{after.side}/{after.request}", payload, lacks, after.began, about or {})
            sealed += [*writes.get("sealed", []), self.shelf.seal_message(after.inquiry, write_message(inquiry))]
            records += writes.get("records", [])
            records += self.persons.writes(kept.reference, record) if record is not None else []
            records += self._ruled(f"{after.side}/{after.request}", said) if said is not None else []
        for one in (message, made.answer):
            if isinstance(one, Resolution | Confirmation):
                sealed.append(self.shelf.seal_message(digest(one), write_message(one)))
        if after != before:
            records.append(self.shelf.changed(after, before))
        if made.sends is not None and not made.repeated:
            kind = (
                "inquiry"
                if isinstance(made.sends, Inquiry)
                else "resolution"
                if isinstance(made.sends, Resolution)
                else "confirmation"
            )
            waits = Waits(
                request=after.request,
                side=after.side,
                to=made.to or url,
                counterparty=after.counterparty,
                kind=kind,
                body=digest(made.sends),
            )
            waiting.append((after.request, msgspec.json.encode(waits)))
        self.shelf.store.write(sealed=sealed, records=records, waiting=waiting, sent=[] if sent is None else [sent])

    def _lacking(self, payload: IdentityPayload, findings: Iterable[Finding]) -> tuple[str, ...]:
        required = [one for one in required_on(self.requirements, self.day) if one not in _LATER]
        return lacking(payload, findings, required)


_STATUS = {"input": 400, "not_allowed": 403, "not_found": 404, "conflict": 409, "unavailable": 503}


def _say(lacks: Iterable[str]) -> str:
    named = ", ".join(lacks)
    return f"missing: {named}" if named else "rejected"


def _todo(found: Found) -> str:
    """Say what a person can do; there is no way by which a listed one passes."""
    if found.result.status == "unavailable":
        return "load the lists (skarb screen import), or reject it"
    if found.result.status == "listed":
        return "reject it"
    one = found.result
    return f"reject it; if two people find that it is somebody else: skarb screen whitelist add {found.subject} {one.list} {one.entry}"


def _another(sender: Party, payload: IdentityPayload) -> tuple[str, ...]:
    """Name the originator's provider as wrong if the payload says that it is somebody else than who sends it."""
    person = payload.originating_vasp.originating_vasp if payload.originating_vasp is not None else None
    identity = person.legal_person.national_identification if person is not None and person.legal_person is not None else None
    lei = identity.national_identifier if identity is not None and identity.national_identifier_type == "LEIX" else None
    return ("originatingVASP (not who sends)",) if lei is not None and sender.lei and lei.upper() != sender.lei else ()


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


def _text(reply: Reply) -> str:
    """Return what the other side says is wrong, shortened."""
    try:
        said = msgspec.json.decode(reply.body, type=dict[str, object])
        paths = said.get("findings")
        named = ", ".join(str(one.get("path")) for one in paths if isinstance(one, dict)) if isinstance(paths, list) else ""
        return f"status {reply.status}: {said.get('error', '')}{f': {named}' if named else ''}"[:400]
    except msgspec.DecodeError:
        return f"status {reply.status}"
