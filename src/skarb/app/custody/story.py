"""What a reserve's book says, told from its journal alone: lots, holdings, limits used, policies, freezings, requests.

Every transaction must be the one that its own words say, or the book is not what the reserve wrote. Every decision is made again from the
signatures and findings that were journalled, under the policy that held then: whoever can post into the ledger can write words, not signatures.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import msgspec
import numpy as np

from skarb.app.custody.words import WORD, Event, Executed, Governed, Lodged, Received, is_of, name_of, read_event
from skarb.core.errors import InputError
from skarb.core.time import legal_day, parse_day
from skarb.core.transfer import TRANSFER, TransferFlag
from skarb.custody import Circumstances, Policy, Request, governing, hash_of, is_asked, judge
from skarb.journal import Envelope
from skarb.journal.chain import notes_of, openings_of
from skarb.ledger import Result
from skarb.reserve import Lot, Lots
from skarb.reserve.chart import LEGAL
from skarb.reserve.inflow import is_worth
from skarb.store import Damaged

_PATIENCE = 600 * 10**9  # a decision and its batch lie no further apart
_LINKED = TransferFlag.linked.value
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Step(NamedTuple):
    """One thing that happened to an asset. Units: smallest units."""

    day: int
    kind: str  # of the inflow, or of the request
    id: str
    place: str  # from where; nothing for an inflow
    to: str
    asset: str
    units: int
    fee_units: int
    approved_by: str
    recorded_at: int


class Story:
    """Shown every batch of a book in order; an observer of the book's opening."""

    def __init__(self, at: int | None = None) -> None:
        """`at` is the last legal day that counts; by default everything does."""
        self.policy: Policy | None = None
        self.inflows: dict[str, Received] = {}
        self.lots = Lots()
        self.held: dict[tuple[str, str], int] = {}  # by place and asset
        self.left: dict[tuple[str, str, int], int] = {}  # by place, asset and legal day, fees included
        self.lodged: dict[str, int] = {}  # hash of the request → nanoseconds since 1970
        self.done: dict[str, Executed | Governed] = {}
        self.freezings: tuple[str, ...] = ()
        self.steps: list[Step] = []
        self.problems: list[str] = []
        self.judged = 0
        self._at = at
        self.height = 0  # the last batch that was recorded up to the day: what a proof of the day stands on
        self.late = 0  # inflows of the day or before that were posted after it
        self.where: dict[str, str] = {}  # by the name of an event: batch and transfer of the journal
        self.before = 0  # when the last batch was recorded, nanoseconds since 1970
        self._ledgers: dict[str, int] = {}

    @property
    def policy_hash(self) -> str:
        """The hash of the policy in force, nothing before the first."""
        return "" if self.policy is None else hash_of(self.policy)

    def must_be_whole(self, path: object) -> None:
        """Go no further with a book that is not what the reserve wrote.

        Raises: Damaged
        """
        if self.problems:
            more = f" (and {len(self.problems) - 1} more)" if len(self.problems) > 1 else ""
            raise Damaged(f"{path}: {self.problems[0]}{more}; skarb reserve verify tells all of it")

    def observe(self, envelope: Envelope) -> None:
        """Take in a batch."""
        if len(envelope.accounts):
            for opening in openings_of(envelope):
                self._ledgers.setdefault(opening.asset, len(self._ledgers) + 1)
        records = np.frombuffer(envelope.transfers, TRANSFER)
        words = {note.transfer: note.words for note in notes_of(envelope)} if len(records) else {}
        place = 0
        while place < len(records):
            first = place
            while int(records[place]["flags"]) & _LINKED and place + 1 < len(records):
                place += 1
            place += 1
            if all(envelope.results[one] == Result.created for one in range(first, place)):
                self._unit(records[first:place], words.get(first, {}).get(WORD), envelope, first)
        self.before = max(self.before, envelope.recorded_at)
        if not self._is_later(envelope.recorded_at):
            self.height = envelope.sequence

    def _unit(self, records: np.ndarray, text: str | None, envelope: Envelope, place: int) -> None:
        where = f"batch {envelope.sequence}, transfer {place}"
        try:
            event = read_event(text or "")
            if isinstance(event, Received):
                parse_day(event.line.day)
        except (msgspec.MsgspecError, InputError):
            self.problems.append(f"{where}: it does not say why; the reserve posts nothing without words")
            return
        if not is_of(event, records, self._ledgers):
            self.problems.append(f"{where}: it moves something else than its words say")
            return
        self.apply(event, envelope.recorded_at, where)

    def apply(self, event: Event, recorded_at: int, where: str) -> None:
        """Take in one event."""
        self.where[name_of(event)] = where
        if isinstance(event, Received):
            self._received(event, recorded_at, where)
        elif isinstance(event, Lodged):
            self._lodged(event, recorded_at, where)
        elif isinstance(event, Governed):
            self._governed(event, recorded_at, where)
        else:
            self._executed(event, recorded_at, where)

    def _received(self, event: Received, recorded_at: int, where: str) -> None:
        line, day = event.line, parse_day(event.line.day)
        if not is_worth(line, event.worth):
            self.problems.append(f"{where}: inflow {line.id!r} costs something else than its units at its rate")
        self.inflows[line.id] = event
        if self._at is not None and day > self._at:
            return
        self.late += self._is_later(recorded_at)
        self.lots.add(Lot(line.id, day, line.asset, line.units, event.worth.cost_byn))
        self._hold(event.place, line.asset, line.units)
        self.steps.append(Step(day, line.kind, line.id, "", event.place, line.asset, line.units, 0, "", recorded_at))

    def _lodged(self, event: Lodged, recorded_at: int, where: str) -> None:
        if self.policy is None or not is_asked(self.policy, event.request, event.signature):
            self.problems.append(f"{where}: it was lodged without the signature of whoever asks, under the policy of that time")
            return
        self.lodged.setdefault(hash_of(event.request), recorded_at)

    def _governed(self, event: Governed, recorded_at: int, where: str) -> None:
        request = event.request
        if not self._is_of_then(event.at, recorded_at, where):
            return
        if request is None:
            if self.policy is not None or event.policy is None:
                self.problems.append(f"{where}: a book has one founding")
                return
            if self._is_allowed(governing(event.policy, event.signatures), where):
                self.policy = event.policy
            return
        if self.policy is None:
            self.problems.append(f"{where}: before the first policy nobody can decide")
            return
        here = self.circumstances(request, event.at)
        if self._at is not None and here.day > self._at:
            return
        if not self._is_allowed([one.says for one in judge(self.policy, request, event.signatures, here).findings], where):
            return
        name = hash_of(request)
        self.done[name] = event
        if request.kind == "freeze":
            self.freezings = (*self.freezings, name)
        elif request.kind == "unfreeze":
            self.freezings = tuple(one for one in self.freezings if one != request.lifts)
        elif request.next is not None:
            self.policy = request.next

    def _executed(self, event: Executed, recorded_at: int, where: str) -> None:
        request, fee = event.request, event.fee_units
        if not self._is_of_then(event.at, recorded_at, where):
            return
        if self.policy is None:
            self.problems.append(f"{where}: before the first policy nothing can leave")
            return
        here = self.circumstances(request, event.at)
        name, day = hash_of(request), here.day
        if self._at is not None and day > self._at:
            return
        ruling = judge(self.policy, request, event.signatures, replace(here, screened=event.screened))
        self._is_allowed([one.says for one in ruling.findings], where)
        if not 0 <= fee <= request.fee_units:
            self.problems.append(f"{where}: a fee of {fee} was taken, at most {request.fee_units} were approved")
        if self.lots.units(request.asset) < request.units + fee:
            self.problems.append(f"{where}: more {request.asset} left than ever came in")
            return
        self.done[name] = event
        approved = ", ".join(sorted({one.statement.by for one in event.signatures if one.statement.says == "approves"}))
        self.steps.append(
            Step(day, request.kind, name, request.place, request.to, request.asset, request.units, fee, approved, recorded_at)
        )
        self._hold(request.place, request.asset, -request.units - fee)
        key = request.place, request.asset, day
        self.left[key] = self.left.get(key, 0) + request.units + fee
        if request.kind == "move":
            self._hold(request.to, request.asset, request.units)
        else:
            kind = "sell" if request.kind == "sell" else "pay"
            self.lots.dispose(name, day, kind, request.asset, request.units, request.value_byn)  # type: ignore[arg-type]
        if fee:
            self.lots.dispose(name, day, "fee", request.asset, fee)
        if request.kind == "sell":
            self._hold(request.proceeds_to, LEGAL, request.value_byn)
            self.lots.add(Lot(f"sale:{name}", day, LEGAL, request.value_byn, request.value_byn))

    def circumstances(self, request: Request, now: int) -> Circumstances:
        """Return what the book says about a request at an instant; what screening finds is added by whoever asks."""
        zone = "UTC" if self.policy is None else self.policy.zone
        day = legal_day(instant_of(now), zone)
        return Circumstances(
            now=now,
            day=day,
            lodged_at=self.lodged.get(hash_of(request)),
            done=hash_of(request) in self.done,
            freezings=self.freezings,
            left_today=self.left.get((request.place, request.asset, day), 0),
            held=self.held.get((request.place, request.asset), 0),
        )

    def _is_later(self, recorded_at: int) -> bool:
        """Say whether something was recorded after the day that is told."""
        zone = "UTC" if self.policy is None else self.policy.zone
        return self._at is not None and legal_day(instant_of(recorded_at), zone) > self._at

    def _hold(self, place: str, asset: str, units: int) -> None:
        self.held[place, asset] = self.held.get((place, asset), 0) + units

    def _is_of_then(self, at: int, recorded_at: int, where: str) -> bool:
        """Say whether a decision is as old as its batch."""
        if self.before <= at <= recorded_at <= at + _PATIENCE:
            return True
        self.problems.append(f"{where}: it says that it was decided at another time than it was recorded")
        return False

    def _is_allowed(self, findings: list[str], where: str) -> bool:
        self.judged += 1
        if findings:
            self.problems.append(f"{where}: it was not allowed: {'; '.join(findings)}")
        return not findings


def instant_of(nanoseconds: int) -> datetime:
    """Return nanoseconds since 1970 as an instant, to the microsecond."""
    return _EPOCH + timedelta(microseconds=nanoseconds // 1000)
