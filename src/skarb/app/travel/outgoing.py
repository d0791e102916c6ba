"""What goes out: everything that waits, the oldest first, with the same identifier and bytes until it is answered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import msgspec

from skarb.app.travel.judging import Judging
from skarb.app.travel.means import Means
from skarb.app.travel.shelf import Waits
from skarb.app.travel.steps import Steps
from skarb.app.travel.wire import Reply
from skarb.core.errors import NotFound, SkarbError
from skarb.registers import Party
from skarb.store.sealed import Waiting
from skarb.travelrule.exchange import Resolved, Seen
from skarb.travelrule.messages import VERSION, Acknowledged, Headers, Inquiry, Resolution, lower_version, read_message, speaks

Send: TypeAlias = Callable[[str, dict[str, str], bytes, Sequence[str]], Reply]  # url, headers, body, fingerprints
_FINAL = (400, 404, 409, 413, 415, 422, 501)  # statuses after which the same message is never taken


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of one message that was to be sent."""

    request: str
    kind: str
    status: int  # 0 if nothing answered
    said: str = ""


class Outgoing:
    """The messages that one office sends."""

    def __init__(self, means: Means, judging: Judging, steps: Steps) -> None:
        self._means, self._judging, self._steps = means, judging, steps

    def deliver(self, send: Send) -> list[Delivery]:
        """Send everything that waits; what is not answered goes on waiting."""
        store, found = self._means.shelf.store, []
        for one in store.waiting():
            waits = msgspec.json.decode(one.value, type=Waits)
            open_states = ("inquired", "acknowledged")
            if waits.kind == "inquiry" and self._steps.exchange(waits.side, waits.request).state not in open_states:
                store.write(sent=[one.number])  # nobody waits for its answer any more
                continue
            try:
                found.append(self._deliver_one(one, waits, send))
            except SkarbError as error:
                found.append(Delivery(waits.request, waits.kind, 0, str(error)))
        return found

    def _deliver_one(self, one: Waiting, waits: Waits, send: Send) -> Delivery:
        to: Party = self._means.directory.provider(waits.counterparty, self._means.day)
        if stopped := self._stopped(waits):
            return Delivery(waits.request, waits.kind, 0, stopped)
        disclosed = f"inquiry {waits.request} sent to {waits.counterparty}" if waits.kind == "inquiry" else ""
        body = self._means.shelf.message(waits.body, disclosed)
        if body is None:
            raise NotFound(f"message {waits.body} is not here any more")
        version = self._version(waits.counterparty)
        reply = send(waits.to, Headers(waits.request, version).written(), body, to.certificates)
        lower = lower_version(reply.version, version) if reply.status in (400, 501) else ""
        if lower and self._says(body, lower):
            self._speak(waits.counterparty, lower)
            reply = send(waits.to, Headers(waits.request, lower).written(), body, to.certificates)
        return self._answered(one.number, waits, reply)

    def _version(self, counterparty: str) -> str:
        """Return the version of the protocol in which another provider is spoken to: ours, unless it once asked for a lower one."""
        known = self._means.shelf.store.record("speaks", counterparty)
        return lower_version(known.decode(), VERSION) or VERSION if known else VERSION

    def _speak(self, counterparty: str, version: str) -> None:
        before = self._means.shelf.store.record("speaks", counterparty)
        self._means.shelf.store.write(records=[("speaks", counterparty, version.encode(), before)])

    def _says(self, body: bytes, version: str) -> bool:
        """Tell whether a message can be said in a version as it is; it is never changed for that."""
        message = read_message(body, self._means.rules()).message
        return not isinstance(message, Inquiry) or speaks(message, version)

    def _stopped(self, waits: Waits) -> str:
        """Say why a message that would carry a transfer on is held: lists have changed since it was written."""
        exchange = self._steps.exchange(waits.side, waits.request)
        if waits.kind != "inquiry" and not (waits.kind == "resolution" and exchange.state == "approved"):
            return ""
        found = self._judging.found(exchange)
        if found.clear:
            return ""
        said = self._judging.rule(waits.side, waits.counterparty, found)
        self._means.shelf.store.write(records=self._judging.writes(f"{waits.side}/{waits.request}", said))
        return f"held, {found.said}; {said.said}"

    def _answered(self, number: int, waits: Waits, reply: Reply) -> Delivery:
        exchange = self._steps.exchange(waits.side, waits.request)
        if waits.kind == "inquiry" and reply.status == 200:
            read = read_message(reply.body, self._means.rules())
            if isinstance(read.message, Resolution):
                self._steps.take(exchange, Resolved(read.message), sent=number)
            elif isinstance(read.message, Acknowledged):
                self._steps.take(exchange, Seen(), sent=number)
            else:
                return Delivery(
                    waits.request, waits.kind, reply.status, "the answer is neither a resolution nor an acknowledgement"
                )
        elif waits.kind == "inquiry" and reply.status in (403, *_FINAL):
            # They will never take this inquiry: that is a rejection, and the transfer is held.
            self._steps.take(exchange, Resolved(Resolution(rejected=_text(reply))), sent=number)
        elif reply.status in (204, *_FINAL):  # taken, or never to be: asking again and again changes nothing
            self._means.shelf.store.write(sent=[number])
        return Delivery(waits.request, waits.kind, reply.status, "" if reply.status in (200, 204) else _text(reply))


def _text(reply: Reply) -> str:
    """Return what the other side says is wrong, shortened."""
    try:
        said = msgspec.json.decode(reply.body, type=dict[str, object])
        paths = said.get("findings")
        named = ", ".join(str(one.get("path")) for one in paths if isinstance(one, dict)) if isinstance(paths, list) else ""
        return f"status {reply.status}: {said.get('error', '')}{f': {named}' if named else ''}"[:400]
    except msgspec.DecodeError:
        return f"status {reply.status}"
