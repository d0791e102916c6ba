"""One batch of events, strictly one by one: chains that stand or fall together, and taking a whole batch back.

This is the top of the kernel. It allocates nothing: the caller has made room for every event of the batch. The two loops are
alike; they stay two because accounts and transfers are records of different shape, which a compiled function keeps apart.
"""

from __future__ import annotations

import numpy as np

from skarb.ledger.bits import ACCOUNT_IMPORTED, LINKED, TRANSFER_IMPORTED
from skarb.ledger.books import ACCOUNTS, SPENT, TRANSFERS, Books, Bytes, Records, Row, Rows, Words
from skarb.ledger.moving import undo_transfer
from skarb.ledger.opening import create_account, undo_account
from skarb.ledger.posting import TIME_MAX, create_transfer
from skarb.ledger.results import Result
from skarb.ledger.slots import ROW_BITS, SPENT_BIT, find_account, occupy, seek, touch
from skarb.ledger.wide import ZERO, Word

NO_CHAIN = -1
CHAIN_FAILED = np.uint8(Result.linked_event_failed)


def open_batch(books: Books, events: Records, start: Word, codes: Bytes, placed: Rows, taken: Bytes) -> None:
    """Open accounts; one result code each. `placed` keeps the slots that were taken, for undoing.

    `taken` says of each event whether a transfer that was put away has its moment, or has no rows if none can.
    """
    base = books.counts[ACCOUNTS]
    last = len(events) - 1
    imported = events[0]["flags"] & ACCOUNT_IMPORTED != 0  # the first event decides for all
    chain, mark, broken = NO_CHAIN, base, False
    for index in range(len(events)):
        event = events[index]
        linked = event["flags"] & LINKED != 0
        if linked and chain == NO_CHAIN:
            chain, mark = index, books.counts[ACCOUNTS]
        moment = event["timestamp"] if imported else start + np.uint64(index)
        code = check_chain(linked and index == last, broken)
        if code == Result.created:
            code = check_time(event["timestamp"], event["flags"] & ACCOUNT_IMPORTED != 0, imported, start + np.uint64(last))
        if code == Result.created:
            code = create_account(books, event, moment, len(taken) > 0 and taken[index] != 0, base, placed)
        codes[index] = code
        if code != Result.created and chain != NO_CHAIN and not broken:
            broken = True
            undo_accounts(books, mark, base, placed)
            codes[chain:index] = CHAIN_FAILED
        if not linked or index == last:
            chain, broken = NO_CHAIN, False


def post_batch(books: Books, events: Records, start: Word, codes: Bytes, placed: Rows, spent_at: Rows, after: Words) -> None:
    """Create transfers; one result code each. `placed` and `spent_at` keep the slots that were taken, for undoing.

    `after` gets the sums of both accounts after each created transfer, or has no rows if nobody asks.
    """
    base, spent_base = books.counts[TRANSFERS], books.counts[SPENT]
    last = len(events) - 1
    spent_at[0] = np.int64(touch(books.transfer_slots, events) & ROW_BITS)
    imported = events[0]["flags"] & TRANSFER_IMPORTED != 0
    chain, mark, broken = NO_CHAIN, base, False
    for index in range(len(events)):
        event = events[index]
        linked = event["flags"] & LINKED != 0
        if linked and chain == NO_CHAIN:
            chain, mark = index, books.counts[TRANSFERS]
        moment = event["timestamp"] if imported else start + np.uint64(index)
        code = check_chain(linked and index == last, broken)
        if code == Result.created:
            code = check_time(event["timestamp"], event["flags"] & TRANSFER_IMPORTED != 0, imported, start + np.uint64(last))
        if code == Result.created:
            code = create_transfer(books, event, moment, base, placed)
        codes[index] = code
        if code == Result.created:
            if len(after) > 0:
                show_sums(books, after, index)
        else:
            if chain != NO_CHAIN and not broken:
                broken = True
                undo_transfers(books, mark, base, placed)
                codes[chain:index] = CHAIN_FAILED
                after[chain:index] = ZERO
            if is_transient(code):
                spend(books, event["id_lo"], event["id_hi"], spent_base, spent_at)
        if not linked or index == last:
            chain, broken = NO_CHAIN, False


def show_sums(books: Books, after: Words, index: Row) -> None:
    """Write down the sums of the two accounts of the latest transfer."""
    transfer = books.transfers[books.counts[TRANSFERS] - 1]
    debit = find_account(books, transfer["debit_lo"], transfer["debit_hi"])
    credit = find_account(books, transfer["credit_lo"], transfer["credit_hi"])
    for column in range(8):
        after[index, column] = books.balances[debit, column]
        after[index, column + 8] = books.balances[credit, column]


def check_chain(is_open: bool, broken: bool) -> int:
    """Check that a chain ends within its batch and that nothing before in it has failed."""
    if is_open:
        return Result.linked_event_chain_open
    if broken:
        return Result.linked_event_failed
    return Result.created


def check_time(given: Word, is_imported: bool, batch_is_imported: bool, now: Word) -> int:
    """Check that a batch is either all imported, each event with a moment of its own in the past, or not at all."""
    if is_imported and not batch_is_imported:
        return Result.imported_event_not_expected
    if batch_is_imported and not is_imported:
        return Result.imported_event_expected
    if not is_imported:
        return Result.created if given == ZERO else Result.timestamp_must_be_zero
    if given == ZERO or given > TIME_MAX:
        return Result.imported_event_timestamp_out_of_range
    if given >= now:
        return Result.imported_event_timestamp_must_not_advance
    return Result.created


def is_transient(code: int) -> bool:
    """Tell whether an answer depends on the moment and so spends the id; the same set as `results.TRANSIENT`."""
    return code in (
        Result.debit_account_not_found,
        Result.credit_account_not_found,
        Result.pending_transfer_not_found,
        Result.debit_account_already_closed,
        Result.credit_account_already_closed,
        Result.exceeds_credits,
        Result.exceeds_debits,
        Result.exceeds_floor,
        Result.exceeds_ceiling,
    )


def spend(books: Books, lo: Word, hi: Word, spent_base: Row, spent_at: Rows) -> None:
    """Remember an id that failed for a passing reason."""
    place = seek(books.transfer_slots, books.transfers, books.spent, lo, hi)
    row = books.counts[SPENT]
    books.spent[row, 0] = lo
    books.spent[row, 1] = hi
    occupy(books.transfer_slots, place, lo, hi, row, SPENT_BIT)
    spent_at[row - spent_base] = place
    books.counts[SPENT] = row + 1


def undo_accounts(books: Books, target: Row, base: Row, placed: Rows) -> None:
    """Take back the latest accounts until as many as the target are left."""
    while books.counts[ACCOUNTS] > target:
        undo_account(books, placed[books.counts[ACCOUNTS] - 1 - base])


def undo_transfers(books: Books, target: Row, base: Row, placed: Rows) -> None:
    """Take back the latest transfers until as many as the target are left."""
    while books.counts[TRANSFERS] > target:
        undo_transfer(books, placed[books.counts[TRANSFERS] - 1 - base])


def undo_post_batch(books: Books, base: Row, placed: Rows, spent_base: Row, spent_at: Rows) -> None:
    """Take back all transfers from a row on, and the ids that were spent since."""
    undo_transfers(books, base, base, placed)
    while books.counts[SPENT] > spent_base:
        books.counts[SPENT] -= 1
        books.transfer_slots[spent_at[books.counts[SPENT] - spent_base]] = ZERO
