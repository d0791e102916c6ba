"""The ledger: a machine that takes batches of accounts and transfers and answers each with one result code.

It looks at no clock and draws no chance: the moment of a batch is handed in, so the same batches give the same answers, the same
balances and the same bytes again, always. What fails changes nothing; only an id that failed for a passing reason is spent.

The semantics are TigerBeetle's (reference documentation, release 0.16), plus a floor and a ceiling for each account.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from threading import Lock
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from skarb.core.compiled import Kind
from skarb.core.errors import InputError, NotFound, Unavailable, ensure
from skarb.core.transfer import ACCOUNT, TRANSFER, AccountFlag
from skarb.ledger import growing
from skarb.ledger.books import ACCOUNTS, BEFORE, DUE, EXPIRIES, EXPIRIES_BEFORE, KEPT, SPENT, TRANSFERS, Books, Records
from skarb.ledger.cold import Cold, check_shelves
from skarb.ledger.engine import WORTH_COMPILING, Kernel, kernel
from skarb.ledger.history import History
from skarb.ledger.ids import Id, number_of, words_of
from skarb.ledger.model import AFTER, BALANCE, Balance, Marks, Supply
from skarb.ledger.whole import Whole, canonical, window_of

Codes = NDArray[np.uint8]
_MOMENT_MAX = (1 << 63) - 1
_NOBODY_ASKS = np.zeros((0, 16), np.uint64)


class _Undo(NamedTuple):
    """How to take transfers back: where they begin among all, and where their ids and the spent ones stand in the index."""

    records: Records
    base: int
    placed: NDArray[np.int64]
    spent_base: int
    spent_at: NDArray[np.int64]
    noted: int  # expiries before them


class Ledger:
    """All accounts and transfers of one book. For one thread at a time."""

    def __init__(self, kind: Kind | None = None, cold: Cold | None = None) -> None:
        """Begin a ledger; `cold` takes what is too much for memory, and without it everything stays there."""
        self._kind = kind
        self._cold = cold
        self._events = 0
        self._loaded: Kernel | None = None
        self._books = growing.empty_books()
        self._clock = 0
        self._rehearsed: list[_Undo] = []
        self._moving = Lock()  # held while arrays may move in memory
        self.follower: Callable[[Marks], None] | None = None  # is told after each step how far the books go

    @property
    def _kernel(self) -> Kernel:
        if self._loaded is None or (self._loaded.kind == "python" and self._events >= WORTH_COMPILING):
            self._loaded = kernel(self._kind, self._events)
        return self._loaded

    # ── writing ──────────────────────────────────────────────────────────────────────────────────────────────

    def open_accounts(self, records: Records, at: int) -> Codes:
        """Open accounts; one `Result` each.

        Units: `at` in nanoseconds since 1970, the moment of the first event; each next one is a nanosecond later. A moment that
        lies before what the ledger has seen is moved behind it, so time never runs back.
        Raises: InputError if the records or the moment cannot be taken; nothing was done.
        """
        events, start = self._read(records, ACCOUNT, "account"), self._start(at, len(records))
        codes, placed, _ = _answers(len(events))
        if len(events):
            with self._moving:
                self._books = growing.room_for_accounts(self._books, self._kernel, len(events))
            self._kernel.open_batch(self._books, events, np.uint64(start), codes, placed, self._taken(events))
            self._clock = start + len(events) - 1
        return codes

    def post(self, records: Records, at: int) -> Codes:
        """Post transfers; one `Result` each. Holds that expire until `at` are released first.

        Units and Raises: as in `open_accounts`.
        """
        return self._post(records, at, True, _NOBODY_ASKS)

    def dry_run(self, records: Records, at: int) -> Codes:
        """Return what `post` would answer, and change nothing: the same code runs and is taken back exactly."""
        return self._post(records, at, False, _NOBODY_ASKS)

    def rehearse(self, records: Records, at: int) -> Codes:
        """Post transfers for now and return what they are answered; `forget` takes back all that was rehearsed, exactly.

        Accounts may be opened in between and stay; nothing else may be posted before all is forgotten.
        Units and Raises: as in `open_accounts`.
        """
        before = [one.records for one in self._rehearsed]
        most = len(records) * (
            1 if self._cold is None else 3
        )  # each may bring two guests, by its id and by the hold that it names
        if before and not growing.has_room_for_transfers(self._books, most):
            self.forget()  # places in the index are remembered, and it is about to grow
            with self._moving:
                self._books = growing.room_for_transfers(self._books, self._kernel, 3 * sum(map(len, before)) + most)
        for one in before[len(self._rehearsed) :]:
            self._post(one, at, False, _NOBODY_ASKS, self._rehearsed)
        return self._post(records, at, False, _NOBODY_ASKS, self._rehearsed)

    def forget(self) -> None:
        """Take back what was rehearsed, the latest first."""
        while self._rehearsed:
            self._undo(self._rehearsed.pop())

    def post_and_tell(self, records: Records, at: int, *, keep: bool = True) -> tuple[Codes, Records]:
        """Post transfers, or with `keep` false only say what would become of them; tell the balances after each, too.

        Shape: `AFTER` records, one for each transfer: the four sums of the debit account and of the credit account right after it, all
        zero where none was created.
        Units and Raises: as in `open_accounts`.
        """
        after = np.zeros((len(records), 16), np.uint64)
        codes = self._post(records, at, keep, after)
        return codes, after.view(AFTER).reshape(-1)

    def expire(self, at: int) -> int:
        """Release the holds that expire until a moment and return how many there were.

        `post` does the same before each batch, so this is only for books in which nothing else happens. It changes the books: whoever
        keeps a journal must be able to repeat it at the same place.
        """
        moment = max(self._moment(at), self._clock)
        if not self._is_due(moment):
            return 0
        before = int(self._books.counts[EXPIRIES])
        with self._moving:
            self._books = growing.room_for_transfers(self._books, self._kernel, 0)
        self._kernel.expire(self._books, np.uint64(moment))
        self._clock = moment
        self._tell()
        return int(self._books.counts[EXPIRIES]) - before

    def _post(
        self, records: Records, at: int, keep: bool, after: NDArray[np.uint64], rehearsed: list[_Undo] | None = None
    ) -> Codes:
        ensure(rehearsed is not None or not self._rehearsed, "what was rehearsed is forgotten before anything else is posted")
        events, start = self._read(records, TRANSFER, "transfer"), self._start(at, len(records))
        codes, placed, spent_at = _answers(len(events))
        if not len(events):
            return codes
        run = self._kernel
        self._put_away()
        with self._moving:
            if self._cold is None:
                books = self._books = growing.room_for_transfers(self._books, run, len(events))
            else:
                books = self._cold.invite(self._books, run, events)
                self._books = books._replace(guest_slots=self._books.guest_slots)
        base, spent_base, noted = int(books.counts[TRANSFERS]), int(books.counts[SPENT]), int(books.counts[EXPIRIES])
        if self._is_due(start):
            run.expire(books, np.uint64(start))
        run.post_batch(books, events, np.uint64(start), codes, placed, spent_at, after)
        if keep:
            run.schedule(books, base)
            self._clock = start + len(events) - 1
            self._tell()
            return codes
        undo = _Undo(records, base, placed, spent_base, spent_at, noted)
        if rehearsed is None:
            self._undo(undo)
        else:
            rehearsed.append(undo)
        return codes

    def _undo(self, one: _Undo) -> None:
        self._kernel.undo_post_batch(self._books, one.base, one.placed, one.spent_base, one.spent_at)
        self._kernel.undo_expire(self._books, one.noted)

    def put_away(self) -> None:
        """Put away all that may leave memory, whatever the limit, and return when it is written.

        Raises: Unavailable if it could not be; it stays in memory then, and the ledger goes on.
        """
        self._put_away(always=True)
        self.finish_leaving()

    def finish_leaving(self) -> None:
        """Return when nothing is on its way out of memory.

        Raises: Unavailable if it could not be written.
        """
        if self._cold is not None:
            with self._moving:
                written = self._cold.finish()
            if not written:
                raise Unavailable(f"transfers could not be put away, they stay in memory: {self._cold.failure}")

    def _put_away(self, always: bool = False) -> None:
        if self._cold is None or self._rehearsed:  # what is rehearsed is taken back by its places
            return
        with self._moving:
            self._cold.tidy()
            if always or self._cold.is_too_much(self._books):
                self._books = self._cold.take(self._books, self._kernel)

    def _taken(self, events: Records) -> Codes:
        """Say of each account whether a transfer that was put away has its moment; only imported ones say one."""
        if self._cold is None or not self._books.counts[BEFORE] or not events["timestamp"].any():
            return np.zeros(0, np.uint8)
        whole = Whole(self._books, self._cold)
        return np.array([whole.has_moment(moment) for moment in events["timestamp"].tolist()], np.uint8)

    def _tell(self) -> None:
        if self.follower is not None:
            self.follower(self.marks)

    def _is_due(self, moment: int) -> bool:
        return bool(self._books.counts[DUE] > 0 and self._books.due_at[0] <= moment)

    def _start(self, at: int, count: int) -> int:
        start = max(self._moment(at), self._clock + 1)
        if start + count - 1 > _MOMENT_MAX:
            raise InputError(f"moment of a batch: given {at} for {count} events, expected all of them before 2^63 nanoseconds")
        return start

    @staticmethod
    def _moment(at: int) -> int:
        if not 1 <= at <= _MOMENT_MAX:
            raise InputError(f"moment of a batch: given {at}, expected nanoseconds since 1970, above 0 and below 2^63")
        return int(at)

    def _read(self, records: Records, dtype: np.dtype[np.void], noun: str) -> Records:
        if not isinstance(records, np.ndarray) or records.dtype != dtype or records.ndim != 1:
            given = f"{records.dtype} of {records.ndim} dimensions" if isinstance(records, np.ndarray) else type(records).__name__
            raise InputError(f"{noun} batch: given {given[:200]}, expected one row of {noun} records (core.transfer)")
        self._events += len(records)
        events = np.ascontiguousarray(records).view()
        events.flags.writeable = False  # one type for the compiler, whether it came from bytes or from an array
        return events

    # ── reading ──────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def accounts(self) -> int:
        """How many accounts there are."""
        return int(self._books.counts[ACCOUNTS])

    @property
    def transfers(self) -> int:
        """How many transfers were created."""
        return self.marks.transfers

    @property
    def is_leaving(self) -> bool:
        """Whether transfers are being put away just now."""
        return self._cold is not None and self._cold.busy

    @property
    def moment(self) -> int:
        """The moment of the latest event, in nanoseconds since 1970; 0 when nothing happened yet."""
        return self._clock

    @property
    def marks(self) -> Marks:
        """How far the books go."""
        counts = self._books.counts
        return Marks(int(counts[BEFORE] + counts[TRANSFERS] - counts[KEPT]), int(counts[EXPIRIES_BEFORE] + counts[EXPIRIES]))

    @contextmanager
    def still(self, since: Marks | None = None, until: Marks | None = None) -> Iterator[Books]:
        """Give the books to another thread, which may read them up to marks that it was told; nothing moves in memory meanwhile.

        With marks, what lies between them is there also if it was put away.
        """
        with self._moving:
            counts = self._books.counts
            is_away = since is not None and (since.transfers < counts[BEFORE] or since.expiries < counts[EXPIRIES_BEFORE])
            if is_away and self._cold is not None and since is not None and until is not None:
                yield window_of(self._books, self._cold, self._kernel, since, until)
            else:
                yield self._books

    def row(self, account: Id) -> int:
        """Return the place of an account in the order of opening.

        Raises: NotFound if the ledger has no such account.
        """
        row = int(self._kernel.find_account(self._books, *words_of(account)))
        if row < 0:
            raise NotFound(f"account {number_of(account):#034x} is not in this ledger; open it first")
        return row

    def balance(self, account: Id) -> Balance:
        """Return the balance of an account.

        Raises: NotFound if the ledger has no such account.
        """
        row = self.row(account)
        record = self._books.accounts[row]
        words = [int(word) for word in self._books.balances[row]]
        sums = [words[column] | words[column + 1] << 64 for column in range(0, 8, 2)]
        return Balance(
            sums[0], sums[1], sums[2], sums[3], int(record["ledger"]), int(record["code"]), AccountFlag(int(record["flags"]))
        )

    def balances(self) -> Records:
        """Return all balances as `BALANCE` records, in the order in which the accounts were opened."""
        count = self.accounts
        table = np.empty(count, BALANCE)
        for name in ("id_lo", "id_hi", "ledger", "code", "flags"):
            table[name] = self._books.accounts[name][:count]
        for column, name in enumerate(BALANCE.names[2:10] if BALANCE.names else ()):
            table[name] = self._books.balances[:count, column]
        return table

    def supply(self) -> dict[int, Supply]:
        """Return the sums over all accounts, for each ledger number (asset) in rising order."""
        count = self.accounts
        ledgers = self._books.accounts["ledger"][:count]
        order = np.argsort(ledgers, kind="stable")
        numbers, firsts = np.unique(ledgers[order], return_index=True)
        if not count:
            return {}
        words = [_sums_of_words(self._books.balances[:count, column][order], firsts) for column in range(8)]
        sums = [[lo + (hi << 64) for lo, hi in zip(words[column], words[column + 1], strict=True)] for column in range(0, 8, 2)]
        sizes = np.diff(firsts, append=count).tolist()
        return {
            int(number): Supply(sums[0][place], sums[1][place], sums[2][place], sums[3][place], sizes[place])
            for place, number in enumerate(numbers)
        }

    def lookup_account(self, account: Id) -> np.void | None:
        """Return the `ACCOUNT` record of an account as it stands now, or None."""
        row = self._kernel.find_account(self._books, *words_of(account))
        return None if row < 0 else self._books.accounts[row].copy()

    def lookup_transfer(self, transfer: Id) -> np.void | None:
        """Return the `TRANSFER` record as posted (with the amount really moved and its moment), or None."""
        row = self._kernel.find_transfer(self._books, *words_of(transfer))
        if row < 0:
            return None if self._cold is None else self._cold.transfer(np.array(words_of(transfer)), self._books, self._kernel)
        record: np.void = self._books.transfers[row].copy()
        return record

    def history(self) -> History:
        """Return the past of this ledger as it stands now."""
        return History(Whole(self._books, self._cold))

    # ── keeping ──────────────────────────────────────────────────────────────────────────────────────────────

    def state_hash(self) -> bytes:
        """Return the SHA-256 of all that the ledger remembers."""
        hasher = sha256()
        for piece in canonical(self._books, self._clock, self._cold, self._kernel):
            hasher.update(piece)
        return hasher.digest()

    def snapshot(self) -> bytes:
        """Return all that the ledger has in memory as bytes, sealed with their SHA-256."""
        return b"".join(self.snapshot_pieces())

    def snapshot_pieces(self) -> Iterator[bytes | memoryview]:
        """Yield the bytes of `snapshot` piece by piece; write them down before anything else is posted."""
        return growing.sealed(self._books, self._clock)

    @classmethod
    def restore(cls, data: bytes | memoryview, kind: Kind | None = None, cold: Cold | None = None) -> Ledger:
        """Return the ledger that a snapshot was taken of; `cold` has what had been put away by then.

        Raises: InputError if the bytes are not a whole and unchanged snapshot, or if what was put away is not there.
        """
        ledger = cls(kind, cold)
        ledger._events = len(data) // TRANSFER.itemsize  # a large one is worth compiling for
        ledger._books, ledger._clock = growing.unseal(data, ledger._kernel)
        check_shelves(ledger._books, cold)
        return ledger


def _answers(count: int) -> tuple[Codes, NDArray[np.int64], NDArray[np.int64]]:
    return np.zeros(count, np.uint8), np.empty(count, np.int64), np.empty(count, np.int64)


def _sums_of_words(words: NDArray[np.uint64], firsts: NDArray[Any]) -> list[int]:
    """Sum words exactly between the given places: halves of 32 bits cannot overflow 64 within the rows a ledger can have."""
    low = np.add.reduceat(words & np.uint64(0xFFFF_FFFF), firsts)
    high = np.add.reduceat(words >> np.uint64(32), firsts)
    return [int(a) + (int(b) << 32) for a, b in zip(low, high, strict=True)]
