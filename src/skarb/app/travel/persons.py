"""Screening of the persons in payloads: the same lists, policies and decisions as on the road, for everybody a payload tells of.

A payload is looked at when it comes, before it is sealed. What is kept beside it are the hits (which entry of which list, by what),
not the persons; so deciding about a transfer goes by today's policies and whitelistings and still opens nothing. Only when the
lists are others than those it was compared with is it opened and compared again, and that look is recorded with its purpose.

A person in a payload is no party of the registers. He is called `told/` and a pseudonym made with the sealing key from his names, births and
numbers: the same person told in the same words is the same subject, and a decision by two that he is somebody else holds for him. What was
decided about a client counts for what his own payload says of him as far as the registers know all that it says.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from datetime import datetime
from hashlib import sha256
from threading import RLock
from typing import NamedTuple

import msgspec

from skarb.app.travel.shelf import Shelf
from skarb.core.errors import SkarbError
from skarb.core.facts import Screening
from skarb.core.screening_list import Identifiers, ScreeningResult
from skarb.core.time import Clock
from skarb.screening import Screen
from skarb.screening.judge import order
from skarb.screening.keys import number_key
from skarb.screening.model import Hit
from skarb.travelrule.model import IdentityPayload
from skarb.travelrule.payload import told_in
from skarb.travelrule.persons import End, Told, persons_of

PURPOSE = "screening against lists that have changed"
_GRAVITY: dict[Screening, int] = {"clear": 0, "unavailable": 1, "possible": 2, "listed": 3}


class Met(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An entry of a list that a person shares something with."""

    list: str
    entry: str
    exact: bool
    by: str


class Compared(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One person of a payload as he was compared; nothing personal is in it."""

    end: End
    role: str
    subject: str  # told/…
    marks: tuple[str, ...] = ()  # pseudonyms of what he was compared by besides weak evidence
    hits: tuple[Met, ...] = ()


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What screening found for a payload, and against what."""

    at: datetime
    lists: dict[str, str]  # name → SHA-256 of the version
    method: str = ""  # by what means names were compared
    persons: tuple[Compared, ...] = ()
    unread: str = ""  # why nobody could be compared


class Found(NamedTuple):
    """The gravest finding about the persons of a payload, and about whom it is."""

    result: ScreeningResult
    role: str = ""
    subject: str = ""

    @property
    def clear(self) -> bool:
        """Whether nothing stands in the way."""
        return self.result.status == "clear"

    @property
    def said(self) -> str:
        """The finding in words, for the institution's own people; never for the other side."""
        one = self.result
        if one.status == "unavailable":
            return f"screening (unavailable: {'; '.join(one.missing)})"
        return "" if self.clear else f"screening ({one.status}: {self.role} {self.subject} by {one.by} on {one.list}/{one.entry})"


class Obstacle(NamedTuple):
    """An entry of a list that stands in the way: of whom, by what, and how much it says."""

    role: str
    subject: str
    list: str
    entry: str
    by: str
    status: Screening

    @property
    def hit(self) -> str:
        """The entry in one word, as people write it."""
        return f"{self.list}/{self.entry}"


class Persons:
    """Compares payloads with the lists. It may be asked by several threads."""

    def __init__(
        self,
        screen: Callable[[], Screen],
        clock: Clock,
        shelf: Shelf | None = None,
        known: Callable[[str], Identifiers | None] = lambda party: None,
    ) -> None:
        """Screen by `screen`, which is asked each time; `known` tells what the registers know of a client. Without a shelf nothing is kept."""
        self._screen, self._clock, self._shelf, self._known = screen, clock, shelf, known
        self._key = secrets.token_bytes(32)
        self._lock = RLock()

    # comparing ---------------------------------------------------------------------------------------------------------------

    def compare(self, payload: IdentityPayload | None, token: str) -> Record:
        """Compare everybody in a payload with the lists as they are; of one that is malformed nobody can be read."""
        with self._lock:
            screen = self._screen()
            empty = Record(at=self._clock(), lists=_versions(screen), method=screen.method)
            if payload is None:
                return msgspec.structs.replace(empty, unread="the payload cannot be read")
            persons = tuple(self._compared(screen, one) for one in persons_of(payload, token))
            return msgspec.structs.replace(empty, persons=persons)

    def _compared(self, screen: Screen, told: Told) -> Compared:
        marks = self._marks(told.known)
        known = msgspec.structs.replace(told.known, names=(*told.known.names, *told.readings))
        hits = (Met(list=one.list, entry=one.listed.entry, exact=one.exact, by=one.by) for one in screen.hits(known))
        return Compared(
            end=told.end,
            role=told.role,
            subject=f"told/{self._mark(' '.join(marks))}",
            marks=marks,
            hits=tuple(dict.fromkeys(hits)),
        )

    def _marks(self, known: Identifiers) -> tuple[str, ...]:
        """Return pseudonyms of a person's names (whatever the order and capitals of their words), births and numbers."""
        said = {
            *(f"name {' '.join(sorted(name.text.casefold().split()))}" for name in known.names),
            *(f"birth {birth}" for birth in known.births),
            *(f"number {number_key(number)}" for number in (*known.leis, *(one.number for one in known.documents))),
        }
        return tuple(sorted(map(self._mark, said)))

    def _mark(self, text: str) -> str:
        return self._shelf.mark(text) if self._shelf is not None else sha256(self._key + text.encode()).hexdigest()[:32]

    # judging -----------------------------------------------------------------------------------------------------------------

    def judge(self, record: Record, client: str = "", end: End | None = None) -> Found:
        """Return what a record means today. Decisions about a `client` count for the person at his `end` of whom no more is told than is known."""
        with self._lock:
            screen = self._screen()
            nobody = screen.result((), ())
            if record.unread:
                unread = (record.unread, *nobody.missing)
                return Found(ScreeningResult(status="unavailable", missing=unread))
            ours = self._known(client) if client else None
            marks = frozenset(self._marks(ours)) if ours is not None else frozenset()
            found = []
            for person in record.persons:
                hits = _hits(screen, person)
                same = person.end == end and bool(person.marks) and marks.issuperset(person.marks)
                result = screen.result(hits, (person.subject, client) if same else (person.subject,))
                found.append(Found(result, person.role, person.subject))
            return gravest(found) if found else Found(nobody)

    def provider(self, party: str) -> Found:
        """Return what screening says today of another provider, as the registers know it."""
        with self._lock:
            return Found(self._screen().party_result(party), "provider", party)

    def obstacles(self, reference: str, provider: str) -> list[Obstacle]:
        """Return every entry that stands in the way of a payload that is kept, or of the provider at the other end."""
        with self._lock:
            self.found(reference)  # against the lists as they are
            screen, record, known = self._screen(), self.record(reference), self._known(provider) if provider else None
            met = [(one.role, one.subject, hit) for one in (record.persons if record else ()) for hit in _hits(screen, one)]
            met += [("provider", provider, hit) for hit in (screen.hits(known) if known is not None else ())]
            found = []
            for role, subject, hit in met:
                status = screen.result((hit,), (subject,)).status
                if status != "clear":
                    found.append(Obstacle(role, subject, hit.list, hit.listed.entry, hit.by, status))
            return list(dict.fromkeys(found))

    # keeping -----------------------------------------------------------------------------------------------------------------

    def writes(self, reference: str, record: Record) -> list[tuple[str, str, bytes, bytes | None]]:
        """Return what to write down of a comparison; what was found before is kept beside."""
        if self._shelf is None:
            return []
        before = self._shelf.store.record("screened", reference)
        after = msgspec.json.encode(record, order="deterministic")
        if before is None:
            return [("screened", reference, after, None)]
        earlier = msgspec.json.decode(before, type=Record)
        if msgspec.structs.replace(earlier, at=record.at) == record:
            return []
        kept = f"{reference}/{earlier.at.isoformat()}"
        return [
            ("screened", reference, after, before),
            ("screened before", kept, before, self._shelf.store.record("screened before", kept)),
        ]

    def keep(self, reference: str, record: Record) -> None:
        """Write a comparison down; it is on disk when this returns."""
        with self._lock:
            if self._shelf is not None:
                self._shelf.store.write(records=self.writes(reference, record))

    def record(self, reference: str) -> Record | None:
        """Return the last comparison of a payload."""
        found = None if self._shelf is None else self._shelf.store.record("screened", reference)
        return None if found is None else msgspec.json.decode(found, type=Record)

    def stale(self, reference: str) -> bool:
        """Tell whether a payload has not been compared with the lists as they are."""
        record, screen = self.record(reference), self._screen()
        return record is None or (record.lists, record.method) != (_versions(screen), screen.method)

    def found(self, reference: str, client: str = "", end: End | None = None) -> Found:
        """Return what screening says today of a payload that is kept; where lists have changed it is opened and compared again."""
        with self._lock:
            record = self.record(reference)
            if self._shelf is not None and self._screen().stamps and self.stale(reference):
                record = self._again(self._shelf, reference)
            return self.judge(record or self._unread("the payload is not kept here"), client, end)

    def _again(self, shelf: Shelf, reference: str) -> Record:
        kept = shelf.kept(reference)
        if kept is None:
            return self._unread("the payload is not kept here")
        try:
            body = shelf.open(reference, PURPOSE)
        except SkarbError as error:
            return self._unread(str(error))
        record = self.compare(told_in(body), kept.about.get("asset", ""))
        self.keep(reference, record)
        return record

    def _unread(self, why: str) -> Record:
        return Record(at=self._clock(), lists={}, unread=why)


def _hits(screen: Screen, person: Compared) -> list[Hit]:
    """Return what a person shares with the entries that are in force."""
    regimes = {stamp.list: stamp.regime for stamp in screen.stamps}
    return [
        Hit(one.list, regimes[one.list], listed, one.exact, one.by)
        for one in person.hits
        if one.list in regimes and (listed := screen.entry(one.list, one.entry)) is not None
    ]


def gravest(found: Iterable[Found]) -> Found:
    """Return the finding that decides, of hits alike that of the gravest list; with all that was put aside."""
    all_of = list(found)
    worst = min(all_of, key=lambda one: (-_GRAVITY[one.result.status], order(one.result)))
    aside = tuple(sorted({hit for one in all_of for hit in one.result.whitelisted}))
    return worst._replace(result=msgspec.structs.replace(worst.result, whitelisted=aside))


def _versions(screen: Screen) -> dict[str, str]:
    return {stamp.list: stamp.sha256 for stamp in screen.stamps}
