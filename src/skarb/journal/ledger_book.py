"""A ledger on disk: accounts and transfers posted directly and durably, with no law in between.

Institutions post through the desk, where the law decides first. This is for whoever keeps accounts of another kind: a clearing house, a
fund, a migration, a test. The journal, the chain, recovery and verification are those of every book. A book is of one kind from its first
batch on, so nobody can slip a transfer without an instruction into an institution's book.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import NamedTuple, Self

import numpy as np

from skarb.core.errors import InputError, NotFound
from skarb.core.time import Clock
from skarb.core.transfer import ACCOUNT, TRANSFER
from skarb.journal.book import Book
from skarb.journal.chain import Envelope
from skarb.journal.chart import CODE, account_record
from skarb.journal.group import GroupCommit
from skarb.journal.model import NO_OWNER, Batch, Note, Opening
from skarb.journal.opening import open_book
from skarb.ledger import Ledger, Result
from skarb.ledger.books import Records
from skarb.ledger.machine import Codes
from skarb.store import Location

Metadata = Mapping[str, str]
NOTES_MAX = 1 << 16  # bytes of the metadata of one transfer or account
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class NewAccount(NamedTuple):
    """An account to be opened."""

    address: str  # hierarchical, most general part first: client/anna
    asset: str
    floor: int | None = None  # smallest units; the balance with outgoing holds may not fall below it
    ceiling: int | None = None  # the balance with incoming holds may not rise above it
    flags: int = 0  # AccountFlag
    code: int = CODE  # kind of account, never 0


class LedgerBook:
    """The ledger of one book, for one writer; made by `open_ledger`."""

    def __init__(self, book: Book, rehearse: Clock | None = None) -> None:
        """Take over a book; with the clock of a rehearsal, one that was opened for reading, and nothing is written."""
        self.book = book
        self.chart = book.chart
        self._rehearse = rehearse

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    @property
    def ledger(self) -> Ledger:
        """What the ledger machine knows, to be read from."""
        return self.book.ledger

    def close(self) -> None:
        """Finish what is under way, and seal the book."""
        self.book.close()

    def account(self, address: str, asset: str) -> bytes:
        """Return the id of an account that is open.

        Raises: NotFound
        """
        known = self.chart.ids.get(asset, {}).get(address)
        if known is None:
            raise NotFound(f"{self.book.path} has no account {address!r} in {asset}; open it first")
        return known

    def asset(self, code: str) -> int:
        """Return the ledger's number of an asset in which an account is open.

        Raises: NotFound
        """
        if code not in self.chart.ledgers:
            raise NotFound(f"{self.book.path} has no account in {code}; open one first")
        return self.chart.ledgers[code]

    def open_accounts(self, accounts: Sequence[NewAccount], metadata: Mapping[int, Metadata] | None = None) -> Codes:
        """Open accounts durably; one `Result` each, `exists` for one that is open already.

        Shape: `metadata` keeps words with some of the accounts, by their place among these.
        Raises: InputError if they cannot be taken, nothing was done; Unavailable if they could not be written.
        """
        notes = _notes(metadata or {}, len(accounts), "account")
        if not accounts:
            return np.zeros(0, np.uint8)
        for one in accounts:
            if not one.address or not one.asset:
                raise InputError(f"account {one.address!r} in {one.asset!r}: expected an address and the code of an asset")
        numbers = dict(self.chart.ledgers)
        for one in accounts:
            numbers.setdefault(one.asset, len(numbers) + 1)
        written = [
            account_record(
                one.address, one.asset, numbers[one.asset], floor=one.floor, ceiling=one.ceiling, flags=one.flags, code=one.code
            )
            for one in accounts
        ]
        records = np.frombuffer(b"".join(written), ACCOUNT)
        self._must_begin(accounts, records)
        with self.book.step():
            at = self._instant()
            codes = self.ledger.open_accounts(records, at)
            openings = [Opening(one.address, one.asset) for one in accounts]
            batch = Batch(
                book=self.book.name,
                sequence=0,
                recorded_at=at,
                registers=b"",
                openings=openings,
                accounts=records.tobytes(),
                account_results=codes.tobytes(),
                notes=notes,
            )
            if self._rehearse is None:
                self.book.append(batch)
            else:
                created = [place for place, code in enumerate(codes.tolist()) if code == Result.created]
                self.chart.learn([openings[place] for place in created])
        return codes

    def post(self, transfers: Records, metadata: Mapping[int, Metadata] | None = None) -> Codes:
        """Post transfers durably; one `Result` each.

        Shape: `metadata` keeps words with some of the transfers, by their place in this batch.
        Raises: InputError if they cannot be taken, nothing was done; Unavailable if they could not be written.
        """
        with self.book.step():
            codes, batch = self._post(transfers, metadata)
            if batch is not None and self._rehearse is None:
                self.book.append(batch)
        return codes

    def post_async(self, transfers: Records, metadata: Mapping[int, Metadata] | None = None) -> Future[Codes]:
        """Post transfers and write them behind the next ones; the future gives the codes once they are durable."""
        answer: Future[Codes] = Future()
        with self.book.step():
            codes, batch = self._post(transfers, metadata)
            if batch is None or self._rehearse is not None:
                answer.set_result(codes)
            else:
                self.book.append_async(batch).add_done_callback(lambda written: _pass_on(written, answer, codes))
        return answer

    def group(self) -> GroupCommit[bytes, np.uint8]:
        """Return what lets asyncio callers that each have one transfer, as the bytes of its record, share durable writes."""

        def submit(records: Sequence[bytes]) -> Future[Codes]:
            return self.post_async(np.frombuffer(b"".join(records), TRANSFER))

        return GroupCommit(submit)  # type: ignore[arg-type]  # an array is a sequence of codes

    def dry_run(self, transfers: Records) -> tuple[Codes, Records]:
        """Return what `post` would answer to these transfers now, and the balances after each; nothing is changed."""
        return self.ledger.post_and_tell(transfers, self._instant(), keep=False)

    def _instant(self) -> int:
        if self._rehearse is None:
            return self.book.instant()
        return max((self._rehearse() - _EPOCH) // timedelta(microseconds=1) * 1000, self.ledger.moment + 1)

    def _must_begin(self, accounts: Sequence[NewAccount], records: Records) -> None:
        """Check that the first account of each new asset can be opened; else its number would be given to another asset, too.

        Raises: InputError
        """
        new = [place for place, one in enumerate(accounts) if one.asset not in self.chart.ledgers]
        codes = Ledger().open_accounts(records[new], 1).tolist() if new else []
        seen: set[str] = set()
        for one, code in zip((accounts[place] for place in new), codes, strict=True):
            if one.asset not in seen and code != Result.created:
                raise InputError(
                    f"account {one.address!r} in {one.asset}: given {Result(code).name}, expected an account that can be opened, as it "
                    "is the first one in its asset; nothing was opened"
                )
            seen.add(one.asset)

    def _post(self, transfers: Records, metadata: Mapping[int, Metadata] | None) -> tuple[Codes, Batch | None]:
        notes = _notes(metadata or {}, len(transfers), "transfer")
        if not len(transfers):
            return np.zeros(0, np.uint8), None
        at = self._instant()
        codes = self.ledger.post(transfers, at)
        return codes, Batch(
            book=self.book.name,
            sequence=0,
            recorded_at=at,
            registers=b"",
            transfers=transfers.tobytes(),
            owners=_owners(len(transfers)),
            results=codes.tobytes(),
            notes=notes,
        )


def open_ledger(
    path: Location,
    *,
    clock: Clock,
    name: str | None = None,
    observer: Callable[[Envelope], None] | None = None,
    progress: Callable[[str, int, int], None] | None = None,
    rehearse: bool = False,
) -> LedgerBook:
    """Open a ledger for writing, creating it if there is none and a name is given, and recover all it knows.

    To `rehearse` is to read the book, whoever writes it, and to do everything that a writer does except for writing: the same machine
    gives the same answers, each batch sees what the one before did, and with the last reference to it all is forgotten.
    Raises: InputError if it is an institution's book, where instructions are posted by the desk; and as `open_book` does.
    """
    book = open_book(path, clock=None if rehearse else clock, name=name, observer=observer, progress=progress)
    if book.instructions:
        book.close()
        raise InputError(f"{path} is the book of an institution; it takes instructions, see `open_desk`")
    return LedgerBook(book, clock if rehearse else None)


def _owners(count: int) -> bytes:
    return np.full(count, NO_OWNER, "<u4").tobytes()


def _notes(metadata: Mapping[int, Metadata], count: int, noun: str) -> tuple[Note, ...]:
    for place, words in metadata.items():
        if not 0 <= place < count:
            raise InputError(f"metadata of {noun} {place}: given {count} {noun}s, expected a place below that")
        size = sum(len(key.encode()) + len(value.encode()) for key, value in words.items())
        if size > NOTES_MAX:
            raise InputError(f"metadata of {noun} {place}: given {size} bytes, expected at most {NOTES_MAX}")
    return tuple(Note(place, dict(words)) for place, words in sorted(metadata.items()))


def _pass_on(written: Future[bytes], answer: Future[Codes], codes: Codes) -> None:
    error = written.exception()
    if error is not None:
        answer.set_exception(error)
    else:
        answer.set_result(codes)
