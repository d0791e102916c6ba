"""Holds that expire: a heap of moments, looked at before every batch. Part of the kernel.

A hold stays in the heap until its moment comes, also when it was posted or voided long before; then it is dropped. The heap is
derived from the transfers and can be rebuilt.
"""

from __future__ import annotations

import numpy as np

from skarb.ledger.books import DUE, EXPIRED, EXPIRIES, PENDING, TRANSFERS, Books, Row
from skarb.ledger.moving import hold, release
from skarb.ledger.settling import SECOND
from skarb.ledger.slots import find_account, ordinal_of, row_of
from skarb.ledger.wide import Word


def expire(books: Books, now: Word) -> None:
    """Release all holds whose moment has come, and note each."""
    while books.counts[DUE] > 0 and books.due_at[0] <= now:
        row = pop_due(books)
        if books.status[row] == PENDING:
            transfer = books.transfers[row]
            debit = find_account(books, transfer["debit_lo"], transfer["debit_hi"])
            credit = find_account(books, transfer["credit_lo"], transfer["credit_hi"])
            release(books, debit, credit, row, EXPIRED)
            note = books.counts[EXPIRIES]
            books.expiries[note, 0] = ordinal_of(books, row)
            books.expiries[note, 1] = ordinal_of(books, books.counts[TRANSFERS])
            books.expiries[note, 2] = np.int64(now)
            books.counts[EXPIRIES] = note + 1


def undo_expire(books: Books, base: Row) -> None:
    """Take back all expiries from a note on."""
    while books.counts[EXPIRIES] > base:
        books.counts[EXPIRIES] -= 1
        row = row_of(books, books.expiries[books.counts[EXPIRIES], 0])
        transfer = books.transfers[row]
        debit = find_account(books, transfer["debit_lo"], transfer["debit_hi"])
        credit = find_account(books, transfer["credit_lo"], transfer["credit_hi"])
        hold(books, debit, credit, row)
        push_due(books, row)


def schedule(books: Books, first: Row) -> None:
    """Put the holds from a row on into the heap."""
    for row in range(first, books.counts[TRANSFERS]):
        if books.status[row] == PENDING and books.transfers[row]["timeout"] != 0:
            push_due(books, row)


def push_due(books: Books, row: Row) -> None:
    """Add a hold to the heap."""
    transfer = books.transfers[row]
    moment = transfer["timestamp"] + transfer["timeout"] * SECOND
    place = books.counts[DUE]
    books.counts[DUE] = place + 1
    while place > 0:
        parent = (place - 1) // 2
        if not earlier(moment, row, books.due_at[parent], books.due_row[parent]):
            break
        books.due_at[place] = books.due_at[parent]
        books.due_row[place] = books.due_row[parent]
        place = parent
    books.due_at[place] = moment
    books.due_row[place] = row


def pop_due(books: Books) -> Row:
    """Take the earliest hold from the heap and return its row."""
    top: np.int64 = books.due_row[0]
    size = books.counts[DUE] - 1
    books.counts[DUE] = size
    moment: Word = books.due_at[size]
    row: np.int64 = books.due_row[size]
    place = np.int64(0)
    while 2 * place + 1 < size:
        child = 2 * place + 1
        if child + 1 < size and earlier(
            books.due_at[child + 1], books.due_row[child + 1], books.due_at[child], books.due_row[child]
        ):
            child += 1
        if not earlier(books.due_at[child], books.due_row[child], moment, row):
            break
        books.due_at[place] = books.due_at[child]
        books.due_row[place] = books.due_row[child]
        place = child
    books.due_at[place] = moment
    books.due_row[place] = row
    return top


def earlier(moment: Word, row: Row, other: Word, other_row: Row) -> bool:
    """Order holds by moment, then by row."""
    return bool(moment < other or (moment == other and row < other_row))
