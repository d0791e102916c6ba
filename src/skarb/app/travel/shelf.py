"""The shelf: payloads sealed at rest, and beside each what may be known without opening it.

A payload has a **reference**, SHA-256 over a salt and its bytes. Only the reference, and whether the payload is complete, go
into a journal. The salt comes from the sealing key, so whoever has the journal cannot try names against it; and the same
payload handed in again under the same handle gets the same reference. What the payload lacks was found when it came; so
deciding about a transfer opens nothing. Opening is a look into personal data: its purpose is recorded before it happens.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256
from typing import Any

import msgspec

from skarb.app.looks import Looks
from skarb.app.travel.keys import SealingKeys
from skarb.core.errors import Conflict, InputError, NotFound
from skarb.store.sealed import SealedStore
from skarb.travelrule.exchange import Exchange, Side


class Kept(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is known of a payload while it stays sealed."""

    reference: str  # SHA-256, hex
    handle: str  # of what it belongs to: instruction/ID or originator/UUID
    key: str  # name of the sealing key that salted the reference
    at: datetime
    lacking: tuple[str, ...]  # what keeps it from being complete; paths and requirements, nothing personal
    about: dict[str, str] = {}  # the transfer that it belongs to, as far as it is known: asset, amount, wallet


class Waits(msgspec.Struct, frozen=True, kw_only=True):
    """A message that must still be sent; its bytes are sealed under `body`."""

    request: str
    side: Side
    to: str  # URL
    counterparty: str
    kind: str
    body: str


class Shelf:
    """Payloads, messages and exchanges of one institution."""

    def __init__(self, store: SealedStore, keys: SealingKeys, looks: Looks) -> None:
        """Keep things in a store, under keys."""
        self.store, self._keys, self._looks = store, keys, looks

    # payloads ----------------------------------------------------------------------------------------------------------------

    def prepare(
        self, handle: str, body: bytes, lacking: tuple[str, ...], at: datetime, about: dict[str, str]
    ) -> tuple[Kept, dict[str, Any]]:
        """Return what is to be kept of a payload and what to write for it, in whatever transaction it belongs to.

        Raises: Conflict if the handle has another payload already.
        """
        known = self.of_handle(handle)
        salt = self._keys.salt(handle, None if known is None else known.key)
        reference = sha256(salt + body).hexdigest()
        if known is not None:
            if known.reference != reference:
                raise Conflict(
                    f"{handle}: another payload was kept for it before; a completed payload belongs to a new instruction"
                )
            return known, {}
        kept = Kept(reference=reference, handle=handle, key=self._keys.current, at=at, lacking=lacking, about=about)
        sealed = [(f"payload/{reference}", self._keys.seal(body, f"payload/{reference}"))]
        records = [("payload", reference, _json(kept), None), ("handle", handle, reference.encode(), None)]
        return kept, {"sealed": sealed, "records": records}

    def keep(self, handle: str, body: bytes, lacking: tuple[str, ...], at: datetime, about: dict[str, str] | None = None) -> Kept:
        """Keep a payload; it is on disk when this returns."""
        kept, writes = self.prepare(handle, body, lacking, at, about or {})
        if writes:
            self.store.write(**writes)
        return kept

    def kept(self, reference: str) -> Kept | None:
        """Return what is known of a payload, None if it is not here."""
        found = self.store.record("payload", reference)
        return None if found is None else msgspec.json.decode(found, type=Kept)

    def of_handle(self, handle: str) -> Kept | None:
        """Return what is known of the payload of an instruction or an exchange."""
        found = self.store.record("handle", handle)
        return None if found is None else self.kept(found.decode())

    def open(self, reference: str, purpose: str) -> bytes:
        """Open a payload; the look and its purpose are on disk before anything is seen.

        Raises: InputError without a purpose; NotFound, Unavailable, NotAllowed
        """
        if not purpose.strip():
            raise InputError("a payload is personal data: say what it is opened for (--purpose)")
        blob = self.store.sealed(f"payload/{reference}")
        if blob is None:
            raise NotFound(f"there is no payload {reference} here")
        self._looks.record(purpose.strip(), f"travel/{reference}")
        return self._keys.open(blob, f"payload/{reference}")

    def payloads(self) -> Iterator[Kept]:
        """Yield what is known of all payloads."""
        for _, value in self.store.records("payload"):
            yield msgspec.json.decode(value, type=Kept)

    def held(self) -> Iterator[Kept]:
        """Yield what is known of payloads that were to be sent and were held, whether or not they went out later."""
        for _, reference in self.store.records("handle", "held/"):
            kept = self.kept(reference.decode())
            if kept is not None:
                yield kept

    def mark(self, text: str) -> str:
        """Return a pseudonym for something personal that must be found again without being kept."""
        return self._keys.mark(text)

    # which instruction used the payload of an exchange ---------------------------------------------------------------------------

    def used_by(self, reference: str) -> str | None:
        """Return the instruction that a payload was used for, None if it is free."""
        found = self.store.record("use", reference)
        return found.decode() or None if found is not None else None

    def use(self, reference: str, instruction: str) -> str:
        """Let an instruction have a payload that nobody has; return who has it, which is on disk by then."""
        found = self.store.record("use", reference)
        if not found:
            self.store.write(records=[("use", reference, instruction.encode(), found)])
            return instruction
        return found.decode()

    def free(self, reference: str, instruction: str) -> None:
        """Give a payload back: the instruction that had it came to nothing."""
        if self.used_by(reference) == instruction:
            self.store.write(records=[("use", reference, b"", instruction.encode())])

    # messages ----------------------------------------------------------------------------------------------------------------

    def seal_message(self, name: str, body: bytes) -> tuple[str, bytes]:
        """Return a message as it is kept; it may hold a payload, so it is sealed, too."""
        return f"message/{name}", self._keys.seal(body, f"message/{name}")

    def message(self, name: str, disclosed: str = "") -> bytes | None:
        """Return a message for sending it; None if it is not here. To whom an inquiry discloses a payload is recorded like any look."""
        blob = self.store.sealed(f"message/{name}")
        if blob is not None and disclosed:
            self._looks.record(disclosed, f"travel/message/{name}")
        return None if blob is None else self._keys.open(blob, f"message/{name}")

    # exchanges ---------------------------------------------------------------------------------------------------------------

    def exchange(self, side: Side, request: str) -> Exchange | None:
        """Return an exchange, None if there is none."""
        found = self.store.record("exchange", f"{side}/{request}")
        return None if found is None else msgspec.json.decode(found, type=Exchange)

    def exchanges(self) -> Iterator[Exchange]:
        """Yield all exchanges."""
        for _, value in self.store.records("exchange"):
            yield msgspec.json.decode(value, type=Exchange)

    def changed(self, after: Exchange, before: Exchange | None) -> tuple[str, str, bytes, bytes | None]:
        """Return what to write for an exchange."""
        return "exchange", f"{after.side}/{after.request}", _json(after), None if before is None else _json(before)


def _json(value: object) -> bytes:
    return msgspec.json.encode(value, order="deterministic")
