"""The originator's side: asking another provider whether a transfer may be sent.

What screening does not let go out is kept, sealed, with all that is needed to send it. When screening is clear again it may go; in an office
whose answers are automatic it goes by itself, as long as somebody who asked would still be waiting.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from skarb.app.travel.judging import HELD, Judging
from skarb.app.travel.means import Means
from skarb.app.travel.persons import Found, Record
from skarb.app.travel.ruling import Ruling
from skarb.app.travel.shelf import Kept
from skarb.app.travel.steps import Steps
from skarb.core.errors import Conflict, InputError, NotAllowed, NotFound, Unavailable
from skarb.travelrule.address import read_travel_address
from skarb.travelrule.exchange import Asked, Exchange, begin, step
from skarb.travelrule.findings import Finding
from skarb.travelrule.messages import Inquiry, read_request
from skarb.travelrule.model import IdentityPayload
from skarb.travelrule.payload import read_payload, write_payload
from skarb.travelrule.required import lacking


@dataclass(frozen=True, slots=True)
class Held:
    """A transfer that does not go on: what its payload lacks, or who in it is not clear and what the law says of that."""

    lacking: tuple[str, ...]
    found: Found | None = None
    ruling: Ruling | None = None


class Inquiring:
    """The inquiries of one office."""

    def __init__(self, means: Means, judging: Judging, steps: Steps) -> None:
        self._means, self._judging, self._steps = means, judging, steps

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
        means, request = self._means, read_request(request)
        url = read_travel_address(address)
        means.directory.provider(to, means.day)
        lacks = means.lacking(payload, findings)
        if lacks:
            return Held(lacks)
        asked = Asked(request, to, self._inquiry(request, asset, amount, payload))
        known = means.shelf.exchange("originator", request)
        if known is not None:
            return step(known, asked, means.clock(), means.terms).exchange
        about = {"asset": asset, "amount": str(amount)}
        record = means.persons.compare(payload, asset)
        found = self._judging.judge(record, to)
        if not found.clear:
            return self._hold(f"{HELD}/{request}", to, payload, {**about, "to": to, "url": url}, record, found)
        return self._begin(asked, url, about, record)

    def again(self, request: str) -> Exchange | Held:
        """Send an inquiry that screening held, if it does not any more; another one as it was sent before.

        Raises: NotFound, NotAllowed, Conflict
        """
        request = read_request(request)
        known = self._means.shelf.exchange("originator", request)
        if known is not None:
            return known
        kept = self._means.shelf.of_handle(f"{HELD}/{request}")
        if kept is None:
            raise NotFound(f"request {request}: nothing of it is held here; a new inquiry needs its payload")
        if "url" not in kept.about:
            raise InputError(f"request {request}: it is not known any more where it was to go; send it with its payload again")
        found = self._judging.found_in(kept.reference, kept.about["to"])
        said = self._judging.rule("originator", kept.about["to"], found)
        self._judging.write(kept.handle, said)
        if not found.clear:
            return Held((), found, said)
        self._means.directory.provider(kept.about["to"], self._means.day)
        return self._send_held(request, kept)

    def resume(self) -> list[Exchange]:
        """Send what was held for screening and is clear now; what is older than the time that an answer may take waits for a person."""
        sent, today = [], str(self._means.day).encode()
        for request, kept in self._waiting():
            if self._steps.tried(kept.handle) == today:
                continue  # it was opened today, and something else was in the way
            with suppress(Conflict, NotFound, NotAllowed, Unavailable):  # whatever cannot be sent stays held
                asked = self.again(request)
                if isinstance(asked, Exchange):
                    sent.append(asked)
                elif asked.found is None:
                    self._steps.note_try(kept.handle, today)
        return sent

    def _waiting(self) -> Iterator[tuple[str, Kept]]:
        since = self._means.clock() - timedelta(hours=self._means.terms.answer_hours)
        for kept in list(self._means.shelf.held()):
            request = kept.handle.partition("/")[2]
            if "url" in kept.about and kept.at >= since and self._means.shelf.exchange("originator", request) is None:
                yield request, kept

    def _send_held(self, request: str, kept: Kept) -> Exchange | Held:
        body = self._means.shelf.open(kept.reference, f"held inquiry {request} goes out to {kept.about['to']}")
        read = read_payload(body, self._means.rules())
        if read.value is None:
            return Held(lacking(None, read.findings, ()))
        lacks = self._means.lacking(read.value, read.findings)
        if lacks:
            return Held(lacks)
        about = {"asset": kept.about["asset"], "amount": kept.about["amount"]}
        asked = Asked(request, kept.about["to"], self._inquiry(request, about["asset"], Decimal(about["amount"]), read.value))
        record = self._means.persons.compare(read.value, about["asset"])
        return self._begin(asked, kept.about["url"], about, record)

    def _inquiry(self, request: str, asset: str, amount: Decimal, payload: IdentityPayload) -> Inquiry:
        return Inquiry(
            asset=self._means.directory.asset(asset, self._means.day),
            amount=amount,
            callback=f"{self._means.url}/resolutions/{request}",
            ivms101=payload,
        )

    def _begin(self, asked: Asked, url: str, about: dict[str, str], record: Record) -> Exchange:
        made = begin("originator", asked, self._means.clock(), self._means.terms)
        self._steps.write(made, None, inquiry=asked.inquiry, url=url, about=about, record=record)
        return made.exchange

    def _hold(self, handle: str, to: str, payload: IdentityPayload, about: dict[str, str], record: Record, found: Found) -> Held:
        """Keep what was to be sent, sealed, and why it was not; the same request may be asked again when that has changed."""
        shelf = self._means.shelf
        kept, writes = shelf.prepare(handle, write_payload(payload), (), self._means.clock(), about)
        if any(kept.about.get(name, said) != said for name, said in about.items()):
            raise Conflict(
                f"{handle}: it was to go elsewhere or about another amount before; a new inquiry needs a new identifier"
            )
        said = self._judging.rule("originator", to, found)
        records = [
            *writes.get("records", []),
            *self._means.persons.writes(kept.reference, record),
            *self._judging.writes(handle, said),
        ]
        shelf.store.write(sealed=writes.get("sealed", []), records=records)
        return Held((), found, said)
