"""Keep a reserve's book: found it, take inflows in, lodge requests, and carry out what a quorum approved.

A decision is made right before it is posted, by the one writer, from the book as it stands; a request that is not allowed is an answer, and
nothing is written. The same inflow or request again is the one that is there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import msgspec
import numpy as np

from skarb.app.custody.story import Story, instant_of
from skarb.app.custody.words import (
    WORD,
    Event,
    Executed,
    Governed,
    Lodged,
    Received,
    changes_of,
    event_bytes,
    name_of,
    records_of,
)
from skarb.core.errors import Conflict, InputError, NotAllowed, NotFound, ensure
from skarb.core.identifiers import normal_wallet
from skarb.core.screening_list import Identifiers, Name, ScreeningResult
from skarb.core.time import Clock, from_day, legal_day, parse_day
from skarb.core.transfer import TRANSFER
from skarb.custody import SPENDS, Circumstances, Policy, Request, Ruling, Signed, governing, hash_of, judge, to_screen
from skarb.custody.model import Statement
from skarb.custody.quorum import is_asked
from skarb.custody.signatures import is_signed
from skarb.journal import LedgerBook, NewAccount, open_ledger
from skarb.journal.ledger_book import NOTES_MAX
from skarb.journal.model import ID_WORD
from skarb.ledger import Result
from skarb.registers.rates import RateBook
from skarb.reserve import Inflow, worth_of
from skarb.reserve.chart import flags_of
from skarb.screening import Screen
from skarb.store import Location

_AT_ONCE = 4096  # inflows in one durable step
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Taken(NamedTuple):
    """What became of the lines of a file."""

    created: list[Received]
    repeated: int


@dataclass
class Keeper:
    """The one writer of a reserve's book; made by `open_reserve`."""

    book: LedgerBook
    story: Story
    clock: Clock

    @property
    def policy(self) -> Policy:
        """The policy in force.

        Raises: NotFound
        """
        if self.story.policy is None:
            raise NotFound(
                f"{self.book.book.path} is not the book of a reserve: it has no custody policy; skarb reserve found begins one"
            )
        return self.story.policy

    def found(self, policy: Policy, signatures: Sequence[Signed]) -> None:
        """Begin a book with its first policy, approved by the quorum that it names.

        Raises: InputError, NotAllowed with all that is missing; Conflict if the book has begun.
        """
        if self.story.policy is not None:
            raise Conflict(
                f"{self.book.book.path} has begun with another policy; skarb reserve govern changes it under its quorum"
            )
        if policy.version != 1:
            raise InputError(f"policy: given version {policy.version}, expected 1 for the first one")
        if missing := governing(policy, signatures):
            raise NotAllowed("the policy does not hold yet:\n" + "\n".join(missing))
        first = Governed(at=0, policy=policy, signatures=tuple(signatures))
        self._post([msgspec.structs.replace(first, at=self._now([first]))])

    def receive(self, inflows: Sequence[Inflow], rates: RateBook) -> Taken:
        """Post inflows; all of a file or, if one of them cannot be taken, none.

        Raises: Conflict where an id stands for something else; InputError, NotFound, Unavailable
        """
        policy, known, new = self.policy, self.story.inflows, list[Received]()
        today = legal_day(self.clock(), policy.zone)
        different = [one.id for one in inflows if one.id in known and known[one.id].line != one]
        if different:
            raise Conflict(
                f"inflow {different[0]!r} is in the book with another content"
                + (f", and {len(different) - 1} more are" if len(different) > 1 else "")
                + "; an id names one line for ever, give what is new a new id. Nothing was posted"
            )
        for one in inflows:
            if one.id in known:
                continue
            if parse_day(one.day) > today:
                raise InputError(
                    f"inflow {one.id!r}, day: given {one.day}, expected a day up to today, {from_day(today)}; nothing was posted"
                )
            place = policy.receiver(one.asset)
            if place is None:
                raise NotFound(f"no place of the policy receives {one.asset}; name one before inflows of it can be posted")
            new.append(Received(line=one, place=place.name, worth=worth_of(one, rates)))
        new.sort(key=lambda one: one.line.day)  # lots are taken in the order in which they stand in the journal
        self._post(new)
        return Taken(new, len(inflows) - len(new))

    def lodge(self, request: Request, signature: Signed) -> bool:
        """Make a request known, so that its time lock begins; return whether it was new.

        Raises: NotAllowed if it is not signed by the holder who asks.
        """
        policy, name = self.policy, hash_of(request)
        if name in self.story.lodged:
            return False
        if request.policy != self.story.policy_hash:
            raise NotAllowed(
                f"request {name[:16]}…: it was asked under another policy than {self.story.policy_hash}; ask again under this one"
            )
        if not is_asked(policy, request, signature):
            raise NotAllowed(f"request {name[:16]}…: it must be signed by {request.asked_by!r}, a holder, as the one who asks")
        self._post([Lodged(request=request, signature=signature)])
        return True

    def carry_out(
        self,
        request: Request,
        signatures: Sequence[Signed],
        screen: Screen | None,
        fee_units: int | None = None,
        reference: str = "",
    ) -> Ruling | None:
        """Carry out a request, or return why not; None if it was done before.

        Raises: InputError if the fee is more than was approved; NotAllowed if the ledger itself refuses.
        """
        name = hash_of(request)
        fee = request.fee_units if fee_units is None else fee_units
        if not 0 <= fee <= request.fee_units:
            raise InputError(f"fee: given {fee}, expected at most {request.fee_units}, which was approved")
        if name in self.story.done:
            return None
        _must_be_named(request)
        spends = request.kind in SPENDS
        draft: Event = (
            Executed(at=0, request=request, signatures=(), screened={}, fee_units=fee)
            if spends
            else Governed(at=0, request=request, signatures=())
        )
        before = judge(self.policy, request, signatures, _here(self.story, request, self._now([]), screen))
        if before.verdict != "permit":
            return before
        now = self._now([draft])
        here = _here(self.story, request, now, screen)
        ruling = judge(self.policy, request, signatures, here)
        if ruling.verdict == "permit":
            kept = _that_count(signatures, request, ruling, self.policy)
            done: Event = (
                Executed(
                    at=now, request=request, signatures=kept, screened=dict(here.screened), fee_units=fee, reference=reference
                )
                if spends
                else Governed(at=now, request=request, signatures=kept)
            )
            self._post([done])
        return ruling

    def _now(self, events: Iterable[Event]) -> int:
        """Open the accounts that events need, then look at the clock."""
        wanted = {(one.address, one.asset): None for event in events for one in changes_of(event)}
        known = self.book.chart.ids
        new = [
            NewAccount(address, asset, flags=flags_of(address))
            for address, asset in wanted
            if address not in known.get(asset, {})
        ]
        if new:
            codes = self.book.open_accounts(new)
            ensure((codes == Result.created).all(), "accounts of the reserve can be opened")
        return self.book.book.instant()

    def _post(self, events: Sequence[Event]) -> None:
        """Post events durably and take them into the story.

        Raises: InputError if one is too large to be kept; NotAllowed if the ledger refuses one.
        """
        self._now(events)
        for first in range(0, len(events), _AT_ONCE):
            part = events[first : first + _AT_ONCE]
            ledgers = dict(self.book.chart.ledgers)
            records, notes, place = [], {}, 0
            for event in part:
                made, text = records_of(event, ledgers), event_bytes(event).decode()
                if len(text.encode()) > NOTES_MAX - 512:
                    raise InputError(
                        f"{name_of(event)}: given {len(text.encode()):,} bytes with all signatures, expected at most {NOTES_MAX - 512:,}"
                    )
                notes[place] = {ID_WORD: name_of(event), WORD: text}
                records.append(made.tobytes())
                place += len(made)
            at = self.book.book.instant()
            codes = self.book.post(np.frombuffer(b"".join(records), TRANSFER), notes)
            if refused := sorted({Result(code).name for code in codes.tolist() if code != Result.created}):
                raise NotAllowed(f"the ledger refused to post: {', '.join(refused)}; nothing of this step was posted")
            for event in part:
                self.story.apply(event, at, name_of(event))
            self.story.before = at


def judge_from(story: Story, request: Request, signatures: Sequence[Signed], screen: Screen | None, clock: Clock) -> Ruling:
    """Return whether a request could be carried out now; nothing is written.

    Raises: NotFound if there is no policy.
    """
    if story.policy is None:
        raise NotFound("the book has no custody policy; skarb reserve found begins one")
    return judge(story.policy, request, signatures, _here(story, request, max(_nanoseconds(clock), story.before), screen))


def _here(story: Story, request: Request, now: int, screen: Screen | None) -> Circumstances:
    subjects = () if screen is None or story.policy is None else to_screen(story.policy, request)
    return replace(
        story.circumstances(request, now), screened={one: screened(screen, one) for one in subjects if screen is not None}
    )


def _nanoseconds(clock: Clock) -> int:
    return (clock() - _EPOCH) // timedelta(microseconds=1) * 1000


def screened(screen: Screen, subject: str) -> ScreeningResult:
    """Return what lists say about an address, or about somebody known by his name."""
    if ":" in subject and normal_wallet(subject) == subject:
        return screen.wallet_result(subject)
    return screen.identifiers(Identifiers(party="", names=(Name(text=subject),)))


@contextmanager
def open_reserve(path: Location, clock: Clock, name: str | None = None) -> Iterator[Keeper]:
    """Open a reserve's book for writing, or begin one that is called by a name.

    Raises: Damaged if it holds something that the reserve did not write; as `open_ledger` does.
    """
    story = Story()
    with open_ledger(path, clock=clock, name=name, observer=story.observe) as book:
        story.must_be_whole(path)
        yield Keeper(book, story, clock)


def tell(path: Location, clock: Clock, at: int | None = None, listing: bool = False) -> Story:
    """Return what a reserve's book says, up to a legal day; whoever writes it goes on. With `listing` problems are listed, and no error.

    Raises: NotFound, Damaged, InputError
    """
    story = Story(at)
    with open_ledger(path, clock=clock, observer=story.observe, rehearse=True) as book:
        if not listing:
            story.must_be_whole(path)
        if story.policy is None:
            raise NotFound(f"{path} is not the book of a reserve: it has no custody policy; skarb reserve found begins one")
        if at is None:
            story.problems += _differences(story, book)
    return story


def _differences(story: Story, book: LedgerBook) -> list[str]:
    """Compare what the story holds with the balances of the ledger."""
    found = []
    for asset, addresses in book.chart.ids.items():
        for address, account in addresses.items():
            kind, _, place = address.partition("/")
            if kind != "held":
                continue
            posted = book.ledger.balance(account).posted
            if posted != story.held.get((place, asset), 0):
                found.append(
                    f"{address} in {asset}: the ledger has {posted}, the words add up to {story.held.get((place, asset), 0)}"
                )
        if asset != "ACT":
            held = sum(units for (_, one), units in story.held.items() if one == asset)
            if held != story.lots.units(asset):
                found.append(f"{asset}: {held} are held, {story.lots.units(asset)} are left in lots")
    return found


def statement_of(request: Request | Policy, by: str, says: str, at: datetime) -> Statement:
    """Return what a holder signs about a document."""
    return Statement(book=request.book, document=hash_of(request), by=by, says=says, at=f"{at:%Y-%m-%dT%H:%M:%SZ}")  # type: ignore[arg-type]


def _that_count(signatures: Sequence[Signed], request: Request, ruling: Ruling, policy: Policy) -> tuple[Signed, ...]:
    """Return one signature each of who asked and who approved."""
    wanted = {(request.asked_by, "asks"), *((one, "approves") for one in ruling.approved_by)}
    kept: dict[tuple[str, str], Signed] = {}
    for one in signatures:
        said, holder = one.statement, policy.holder(one.statement.by)
        counts = (said.by, said.says) in wanted and said.document == hash_of(request) and holder is not None
        if counts and (said.by, said.says) not in kept and holder is not None and is_signed(holder, one):
            kept[said.by, said.says] = one
    return tuple(kept.values())


def _must_be_named(request: Request) -> None:
    """Refuse names that could not be accounts. Places and destinations of a policy always can."""
    for name in (request.place, request.to, request.proceeds_to):
        if "/" in name or not (name.isprintable() and len(name) < 64):
            raise InputError(f"request: given the name {name!r}, expected one of the policy's")


__all__ = ["Keeper", "Taken", "instant_of", "judge_from", "open_reserve", "screened", "statement_of", "tell"]
