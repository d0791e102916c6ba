"""Looking back: which transfers touched an account, what its balance was after each, and everything that changed, in order.

All of it is derived from the transfers that the ledger keeps and can be asked again at any time; nothing here writes. Selections look
at every record once. Filters and their meaning are TigerBeetle's (`get_account_transfers`, `get_account_balances`,
`query_accounts`, `query_transfers`, `get_change_events`); a filter that makes no sense selects nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from skarb.core.transfer import AccountFlag, TransferFlag
from skarb.ledger.books import Records
from skarb.ledger.whole import Whole

Change = Literal["created", "pending", "posted", "voided", "expired"]
_ID_MAX = (1 << 128) - 1
_WORD = (1 << 64) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which records to select; zero leaves a field open."""

    user_data_128: int = 0
    user_data_64: int = 0
    user_data_32: int = 0
    ledger: int = 0
    code: int = 0
    timestamp_min: int = 0  # both ends belong to the span
    timestamp_max: int = 0
    limit: int = 8_190  # most records to select
    reversed: bool = False  # latest first


@dataclass(frozen=True, slots=True)
class Sums:
    """The four sums of one account at a moment, and whether it was closed."""

    debits_pending: int = 0
    debits_posted: int = 0
    credits_pending: int = 0
    credits_posted: int = 0
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Moved:
    """One change of two accounts, and what they were after it."""

    timestamp: int
    change: Change
    transfer: int | None  # id of the transfer; a hold that runs out has none of its own
    pending: int | None  # id of the hold that was posted, voided or ran out
    amount: int
    debit: int  # account id
    debit_sums: Sums
    credit: int
    credit_sums: Sums


class History:
    """The past of one ledger up to now. It stays as it is when the ledger moves on; what it gives out are copies."""

    def __init__(self, whole: Whole) -> None:
        self._whole = whole

    @property
    def _accounts(self) -> Records:
        return self._whole.accounts()

    def query_accounts(self, wanted: Filter) -> Records:
        """Return the accounts that a filter selects, in order of time."""
        return self._accounts[_limited(_rows(self._accounts, wanted), wanted)]

    def query_transfers(self, wanted: Filter) -> Records:
        """Return the transfers that a filter selects, in order of time."""
        return self._whole.at(_limited(self._chosen(wanted), wanted))

    def account_transfers(self, account: int, wanted: Filter, *, outgoing: bool = True, incoming: bool = True) -> Records:
        """Return the transfers that debit an account (outgoing), credit it (incoming), or both."""
        return self._whole.at(_limited(self._rows_of(account, wanted, outgoing, incoming), wanted))

    def account_balances(
        self, account: int, wanted: Filter, *, outgoing: bool = True, incoming: bool = True
    ) -> list[tuple[int, Sums]]:
        """Return the sums of an account after each of its transfers, with their moments.

        Only for accounts that were opened with the flag `history`.
        """
        own = self._accounts[(self._accounts["id_lo"] == account & _WORD) & (self._accounts["id_hi"] == account >> 64)]
        if not len(own) or not int(own["flags"][0]) & AccountFlag.history:
            return []
        rows = _limited(self._rows_of(account, wanted, outgoing, incoming), wanted)
        after = {
            moved.timestamp: moved.debit_sums if moved.debit == account else moved.credit_sums
            for moved in self.changes(account)
            if moved.transfer is not None
        }
        return [(moment, after[moment]) for moment in self._whole.at(rows)["timestamp"].tolist()]

    def changes(self, account: int | None = None) -> Iterator[Moved]:
        """Yield everything that changed, in order, or what changed one account.

        With an account only that account's own sums are right; the other side's count what passed between the two.
        """
        sums: dict[int, Sums] = {}
        for timestamp, change, row, cause in self._events(account):
            transfer = self._one(row)
            debit, credit = _id(transfer, "debit"), _id(transfer, "credit")
            amount = _id(transfer, "amount")
            hold = transfer if cause is None else self._one(cause)
            held, flags = _id(hold, "amount"), int(hold["flags"])
            sums[debit] = _after(
                sums.get(debit, Sums()), change, amount, held, bool(flags & TransferFlag.closing_debit), out=True
            )
            sums[credit] = _after(
                sums.get(credit, Sums()), change, amount, held, bool(flags & TransferFlag.closing_credit), out=False
            )
            own = None if change == "expired" else _id(transfer, "id")
            settled = None if cause is None else _id(hold, "id")
            yield Moved(timestamp, change, own, settled, amount, debit, sums[debit], credit, sums[credit])

    def _events(self, account: int | None) -> Iterator[tuple[int, Change, int, int | None]]:
        """Yield moment, change, row of the transfer and row of the hold it settles; holds that ran out between."""
        rows = np.arange(len(self._whole)) if account is None else self._rows_of(account, Filter(), True, True)
        own = set(rows.tolist()) if account is not None else None
        records = self._whole.at(rows)
        by_id = {_id(records[place], "id"): int(rows[place]) for place in np.flatnonzero(_has(records, TransferFlag.pending))}
        expiries = [entry for entry in self._whole.expiries().tolist() if own is None or entry[0] in own]
        place = 0
        for number, row in enumerate([*rows.tolist(), len(self._whole)]):
            while place < len(expiries) and expiries[place][1] <= row:
                held, _, moment = expiries[place]
                yield moment, "expired", held, held
                place += 1
            if number < len(rows):
                transfer = records[number]
                flags = int(transfer["flags"])
                settles = flags & (TransferFlag.post_pending_transfer | TransferFlag.void_pending_transfer)
                cause = by_id[_id(transfer, "pending")] if settles else None
                yield int(transfer["timestamp"]), _change(flags), row, cause

    def _rows_of(self, account: int, wanted: Filter, outgoing: bool, incoming: bool) -> NDArray[np.intp]:
        if not 0 < account < _ID_MAX:
            return np.empty(0, np.intp)
        return self._chosen(wanted, lambda records: _touch(records, account, outgoing, incoming))

    def _chosen(self, wanted: Filter, also: Callable[[Records], NDArray[np.bool_]] | None = None) -> NDArray[np.intp]:
        """Return the ordinals of the transfers that a filter selects, in order."""
        found = [np.empty(0, np.intp)]
        for first, records in self._whole.pieces():
            rows = _rows(records, wanted)
            found.append(first + (rows if also is None else rows[also(records)[rows]]))
        return np.concatenate(found)

    def _one(self, ordinal: int) -> np.void:
        record: np.void = self._whole.at(np.array([ordinal]))[0]
        return record


def _touch(records: Records, account: int, outgoing: bool, incoming: bool) -> NDArray[np.bool_]:
    touched = np.zeros(len(records), np.bool_)
    for side, asked in (("debit", outgoing), ("credit", incoming)):
        if asked:
            low, high = records[f"{side}_lo"], records[f"{side}_hi"]
            touched |= (low == np.uint64(account & _WORD)) & (high == np.uint64(account >> 64))
    return touched


def _rows(records: Records, wanted: Filter) -> NDArray[np.intp]:
    chosen = np.ones(len(records), np.bool_)
    if wanted.user_data_128:
        low, high = np.uint64(wanted.user_data_128 & _WORD), np.uint64(wanted.user_data_128 >> 64)
        chosen &= (records["user_lo"] == low) & (records["user_hi"] == high)
    for field, value in (
        ("user_64", wanted.user_data_64),
        ("user_32", wanted.user_data_32),
        ("ledger", wanted.ledger),
        ("code", wanted.code),
    ):
        if value:
            chosen &= records[field] == value
    if wanted.timestamp_min:
        chosen &= records["timestamp"] >= np.uint64(wanted.timestamp_min)
    if wanted.timestamp_max:
        chosen &= records["timestamp"] <= np.uint64(wanted.timestamp_max)
    return np.flatnonzero(chosen)


def _limited(rows: NDArray[np.intp], wanted: Filter) -> NDArray[np.intp]:
    return (rows[::-1] if wanted.reversed else rows)[: wanted.limit]


def _has(transfers: Records, flag: TransferFlag) -> NDArray[np.bool_]:
    return np.asarray(transfers["flags"] & int(flag) != 0, np.bool_)


def _id(record: np.void, field: str) -> int:
    return int(record[f"{field}_lo"]) | int(record[f"{field}_hi"]) << 64


def _change(flags: int) -> Change:
    if flags & TransferFlag.pending:
        return "pending"
    if flags & TransferFlag.post_pending_transfer:
        return "posted"
    return "voided" if flags & TransferFlag.void_pending_transfer else "created"


def _after(sums: Sums, change: Change, amount: int, held: int, closes: bool, *, out: bool) -> Sums:
    """Return the sums of one side after a change."""
    pending = amount if change == "pending" else 0 if change == "created" else -held
    posted = amount if change in {"created", "posted"} else 0
    closed = (sums.closed or closes) if change == "pending" else sums.closed and not closes
    return Sums(
        sums.debits_pending + (pending if out else 0),
        sums.debits_posted + (posted if out else 0),
        sums.credits_pending + (0 if out else pending),
        sums.credits_posted + (0 if out else posted),
        closed,
    )
