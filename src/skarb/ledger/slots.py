"""A hash table with open addressing: from a 128-bit id to the row that carries it.

A slot is one word: the upper half of the id's hash as a fingerprint, one bit that tells spent ids from records, and the row plus
one. Zero is empty. A fingerprint only saves looking: the full id is always compared. Nothing is ever deleted except by taking
back the latest insertions, so a slot that was emptied never breaks the way to another.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from skarb.ledger.books import ACCOUNTS, BEFORE, KEPT, SPENT, TRANSFERS, Books, Records, Row, Rows, Words
from skarb.ledger.wide import ZERO, Word

ROWS_MAX = (1 << 31) - 2
SPENT_BIT = np.uint64(1 << 31)
ROW_BITS = np.uint64((1 << 31) - 1)
HALF = np.uint64(32)
FINGERPRINT = np.uint64(0xFFFF_FFFF_0000_0000)
_SPREAD = np.uint64(0x9E37_79B9_7F4A_7C15)  # 2^64 / golden ratio
_MIX_1 = np.uint64(0xBF58_476D_1CE4_E5B9)  # finalizer of splitmix64 (Steele, Lea, Flood 2014)
_MIX_2 = np.uint64(0x94D0_49BB_1331_11EB)
_SHIFT_1 = np.uint64(30)
_SHIFT_2 = np.uint64(27)
_SHIFT_3 = np.uint64(31)


def hash_id(lo: Word, hi: Word) -> Word:
    """Return 64 well mixed bits of an id."""
    h = lo ^ (hi * _SPREAD)
    h = (h ^ (h >> _SHIFT_1)) * _MIX_1
    h = (h ^ (h >> _SHIFT_2)) * _MIX_2
    return h ^ (h >> _SHIFT_3)


def seek(slots: Words, records: Records, spent: Words, lo: Word, hi: Word) -> Row:
    """Return the place of the slot that holds an id, or of the empty slot where it belongs."""
    h = hash_id(lo, hi)
    mask = len(slots) - 1
    place = np.int64(h >> HALF) & mask
    while slots[place] != ZERO:
        word = slots[place]
        if (word ^ h) & FINGERPRINT == ZERO:
            row = np.int64(word & ROW_BITS) - 1
            if word & SPENT_BIT != ZERO:
                if spent[row, 0] == lo and spent[row, 1] == hi:
                    break
            elif records[row]["id_lo"] == lo and records[row]["id_hi"] == hi:
                break
        place = (place + 1) & mask
    return place


def touch(slots: Words, records: Records) -> np.uint64:
    """Read the slots where the ids of a batch begin, so that they are near when their turn comes.

    The reads do not wait for each other as they would one by one. What they add up to means nothing; it only keeps a compiler
    from leaving them out.
    """
    mask = len(slots) - 1
    total = ZERO
    for index in range(len(records)):
        total ^= slots[np.int64(hash_id(records[index]["id_lo"], records[index]["id_hi"]) >> HALF) & mask]
    return total


def occupy(slots: Words, place: Row, lo: Word, hi: Word, row: Row, mark: Word) -> None:
    """Write a row into an empty slot; `mark` is zero for records and `SPENT_BIT` for spent ids."""
    slots[place] = (hash_id(lo, hi) & FINGERPRINT) | mark | np.uint64(row + 1)


def row_at(slots: Words, place: Row) -> Row:
    """Return the row that a slot holds, or -1 if it is empty or holds a spent id."""
    word = slots[place]
    if word == ZERO or word & SPENT_BIT != ZERO:
        return -1
    return np.int64(word & ROW_BITS) - 1


def find_account(books: Books, lo: Word, hi: Word) -> Row:
    """Return the row of an account, or -1."""
    return row_at(books.account_slots, seek(books.account_slots, books.accounts, books.spent, lo, hi))


def find_transfer(books: Books, lo: Word, hi: Word) -> Row:
    """Return the row of a transfer, or -1; spent ids are no transfers."""
    row = row_at(books.transfer_slots, seek(books.transfer_slots, books.transfers, books.spent, lo, hi))
    if row < 0 and len(books.guest_slots) > 1:
        row = row_at(books.guest_slots, seek(books.guest_slots, books.transfers, books.spent, lo, hi))
    return row


def find_many(books: Books, ids: Words, rows: Rows) -> None:
    """Find the rows of many ids at once: -1 where there is none, -2 - n for the spent id n."""
    slots = books.transfer_slots
    for index in range(len(ids)):
        word = slots[seek(slots, books.transfers, books.spent, ids[index, 0], ids[index, 1])]
        row = np.int64(word & ROW_BITS) - 1
        rows[index] = -2 - row if word & SPENT_BIT != ZERO else row


def ordinal_of(books: Books, row: Row) -> Row:
    """Return which transfer of the book stands in a row."""
    if row < books.counts[KEPT]:
        return books.origins[row]  # type: ignore[no-any-return]
    return row - books.counts[KEPT] + books.counts[BEFORE]  # type: ignore[no-any-return]


def row_of(books: Books, ordinal: Row) -> Row:
    """Return the row of a transfer that is in the tail or among the holds in front."""
    if ordinal >= books.counts[BEFORE]:
        return ordinal - books.counts[BEFORE] + books.counts[KEPT]  # type: ignore[no-any-return]
    low, high = np.int64(0), books.counts[KEPT]
    while low < high:
        middle = (low + high) // 2
        if books.origins[middle] < ordinal:
            low = middle + 1
        else:
            high = middle
    return low


def regrow(old: Words, new: Words) -> None:
    """Move all slots into a larger empty table: a fingerprint holds all the bits that choose a place."""
    mask = len(new) - 1
    for word in old:
        if word != ZERO:
            place = np.int64(word >> HALF) & mask
            while new[place] != ZERO:
                place = (place + 1) & mask
            new[place] = word


def index_accounts(books: Books) -> None:
    """Fill an empty table with all accounts."""
    for row in range(books.counts[ACCOUNTS]):
        _index(
            books.account_slots,
            books.accounts,
            books.spent,
            books.accounts[row]["id_lo"],
            books.accounts[row]["id_hi"],
            row,
            ZERO,
        )


def index_transfers(books: Books) -> None:
    """Fill an empty table with all transfers and spent ids."""
    slots, spent = books.transfer_slots, books.spent
    for row in range(books.counts[TRANSFERS]):
        _index(slots, books.transfers, spent, books.transfers[row]["id_lo"], books.transfers[row]["id_hi"], row, ZERO)
    for row in range(books.counts[SPENT]):
        _index(slots, books.transfers, spent, spent[row, 0], spent[row, 1], row, SPENT_BIT)


def index_guests(books: Books, row: Row, transfers: Row, spent_row: Row, spent: Row) -> None:
    """Fill an empty table with the guests, which begin at some rows."""
    slots, ids = books.guest_slots, books.spent
    for place in range(row, row + transfers):
        lo, hi = books.transfers[place]["id_lo"], books.transfers[place]["id_hi"]
        _index(slots, books.transfers, ids, lo, hi, place, ZERO)
    for place in range(spent_row, spent_row + spent):
        _index(slots, books.transfers, ids, ids[place, 0], ids[place, 1], place, SPENT_BIT)


def _index(slots: Words, records: Records, spent: Words, lo: Any, hi: Any, row: Row, mark: Word) -> None:
    occupy(slots, seek(slots, records, spent, lo, hi), lo, hi, row, mark)
