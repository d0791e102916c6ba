"""A Merkle sum tree: one root commits to every balance and to their total, and whoever has a balance can check that it was counted.

    leaf = SHA-256(0x00 | index, 8 bytes | balance, 16 bytes | SHA-256(user id))
    node = SHA-256(0x01 | left hash | left sum, 16 bytes | right hash | right sum, 16 bytes)

All numbers are big-endian. A level with an odd number of nodes, above the root, gets one more: 32 zero bytes with the sum 0. Both sums stand
in the hash of a node, so a sum that was changed on the way up is found by whoever walks that way. A sum below zero cannot be written and a
total beyond 128 bits is refused: either would let debts cancel each other.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import cache
from hashlib import sha256
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from skarb.core.compiled import Kind, choose_kind, compiled
from skarb.core.errors import InputError, ensure
from skarb.custody import sumkernel
from skarb.custody.sumkernel import LANES, NODE_WORDS, SUM_WORDS, K, Words

HASH_BYTES, SUM_BYTES, NODE_BYTES = 32, 16, 48
SUM_MAX = (1 << 128) - 1
LEAVES_MAX = 1 << 32
_WORTH_KERNEL = 1 << 14  # leaves; below, the interpreter is done before a compiler is loaded
_PART = 1 << 16  # leaves that are copied at once
_PADDING = bytes(NODE_BYTES)


class Node(NamedTuple):
    """A hash and the sum of all balances below it."""

    hash: bytes
    sum: int


class SumTree:
    """All levels of a tree, from the leaves to the root."""

    def __init__(self, levels: Sequence[bytes | memoryview], count: int) -> None:
        """`levels` hold nodes as they are hashed; each level but the last has an even number of them."""
        self._levels = levels
        self.count = count

    @property
    def root(self) -> Node:
        """The root: its sum is the total."""
        return self._node(len(self._levels) - 1, 0)

    def path(self, index: int) -> list[Node]:
        """Return the neighbours on the way from a leaf to the root.

        Raises: InputError if there is no such leaf.
        """
        if not 0 <= index < self.count:
            raise InputError(f"leaf {index}: expected 0 to {self.count - 1}")
        return [self._node(level, index >> level ^ 1) for level in range(len(self._levels) - 1)]

    def _node(self, level: int, place: int) -> Node:
        node = bytes(self._levels[level][place * NODE_BYTES : (place + 1) * NODE_BYTES])
        return Node(node[:HASH_BYTES], int.from_bytes(node[HASH_BYTES:], "big"))


def build(balances: Sequence[int] | NDArray[np.int64], users: bytes, kind: Kind | None = None) -> SumTree:
    """Build the tree over balances in the order given.

    Shape: `users` holds SHA-256 of each user's id, 32 bytes each, in the same order.
    Raises: InputError if there is no balance, one is below zero, or they exceed 128 bits together.
    """
    count = len(balances)
    ensure(len(users) == count * HASH_BYTES, "there is one user for each balance")
    if not 0 < count < LEAVES_MAX:
        raise InputError(f"balances: given {count:,}, expected at least one and fewer than {LEAVES_MAX:,}")
    words = _words_of(balances)
    if choose_kind(count >= _WORTH_KERNEL, kind) == "numba":
        return SumTree(_levels_compiled(words, users), count)
    return SumTree(_levels_plain(words, users), count)


def leaf_hash(index: int, balance: int, user: bytes) -> bytes:
    """Return the hash of a leaf; `user` is the hash of the id."""
    return sha256(b"\0" + index.to_bytes(8, "big") + balance.to_bytes(SUM_BYTES, "big") + user).digest()


def is_included(index: int, balance: int, user: bytes, path: Sequence[Node], root: Node, count: int) -> bool:
    """Say whether a balance is counted in a root over so many leaves."""
    if not (0 <= index < count <= LEAVES_MAX and 0 <= balance <= SUM_MAX and len(path) == height_of(count)):
        return False
    found, total = leaf_hash(index, balance, user), balance
    for beside, more in path:
        if len(beside) != HASH_BYTES or not 0 <= more <= SUM_MAX - total:
            return False
        if index & 1:
            data = b"\1" + beside + more.to_bytes(SUM_BYTES, "big") + found + total.to_bytes(SUM_BYTES, "big")
        else:
            data = b"\1" + found + total.to_bytes(SUM_BYTES, "big") + beside + more.to_bytes(SUM_BYTES, "big")
        found = sha256(data).digest()
        total += more
        index >>= 1
    return (found, total) == root


def height_of(count: int) -> int:
    """Return how many steps lead from a leaf to the root."""
    return (count - 1).bit_length()


def _words_of(balances: Sequence[int] | NDArray[np.int64]) -> Words:
    """Return balances as four words each, the most significant first, and make sure that their total fits."""
    if isinstance(balances, np.ndarray):
        if int(balances.min()) < 0:
            raise _negative(int(balances.argmin()), int(balances.min()))
        words = np.zeros((len(balances), SUM_WORDS), np.uint32)
        words[:, 2], words[:, 3] = balances >> 32, balances & 0xFFFFFFFF
        return words.reshape(-1)  # fewer than 2^32 numbers of 63 bits do not reach 2^128
    place = next((place for place, one in enumerate(balances) if one < 0), None)
    if place is not None:
        raise _negative(place, balances[place])
    if (total := sum(balances)) > SUM_MAX:
        raise InputError(f"balances: given {total} in all, expected less than 2^128 smallest units")
    return np.frombuffer(b"".join(one.to_bytes(SUM_BYTES, "big") for one in balances), ">u4").astype(np.uint32)


def _negative(place: int, balance: int) -> InputError:
    return InputError(
        f"balance {place}: given {balance}, expected zero or more; a debt of a user must not cancel what others are owed"
    )


def _levels_plain(words: Words, users: bytes) -> list[bytes]:
    sums, leaves = words.astype(">u4").tobytes(), bytearray()
    for index in range(len(users) // HASH_BYTES):
        balance = sums[index * SUM_BYTES : (index + 1) * SUM_BYTES]
        leaves += sha256(
            b"\0" + index.to_bytes(8, "big") + balance + users[index * HASH_BYTES : (index + 1) * HASH_BYTES]
        ).digest()
        leaves += balance
    levels = [leaves]
    while len(levels[-1]) > NODE_BYTES:
        below = levels[-1]
        if len(below) % (2 * NODE_BYTES):
            below += _PADDING
        made = bytearray()
        for first in range(0, len(below), 2 * NODE_BYTES):
            made += sha256(b"\1" + below[first : first + 2 * NODE_BYTES]).digest()
            total = int.from_bytes(below[first + HASH_BYTES : first + NODE_BYTES], "big")
            total += int.from_bytes(below[first + NODE_BYTES + HASH_BYTES : first + 2 * NODE_BYTES], "big")
            made += total.to_bytes(SUM_BYTES, "big")
        levels.append(made)
    return [bytes(level) for level in levels]


def _levels_compiled(words: Words, users: bytes) -> list[memoryview]:
    kernel = _kernel()
    scratch = [np.zeros(rows * LANES, np.uint32) for rows in (68, 68, 64, 32)]  # a, e, w, block
    count = len(users) // HASH_BYTES
    levels = [_level(count)]
    for first in range(0, count, _PART):
        part = np.frombuffer(users[first * HASH_BYTES : (first + _PART) * HASH_BYTES], ">u4").astype(np.uint32)
        kernel["hash_leaves"](first, words, part, levels[0], *scratch, K, sumkernel.START)
    while count > 1:
        count = (count + 1) // 2
        levels.append(_level(count))
        kernel["hash_pairs"](levels[-2], levels[-1], *scratch, K, sumkernel.START)
    if sys.byteorder == "little":
        for level in levels:
            level.byteswap(inplace=True)
    return [level.data.cast("B") for level in levels]


def _level(count: int) -> Words:
    """Return room for a level, with a node of padding where it is odd."""
    return np.zeros((count + (count & 1 if count > 1 else 0)) * NODE_WORDS, np.uint32)


@cache
def _kernel() -> dict[str, Callable[..., Any]]:
    return compiled([sumkernel], ("hash_leaves", "hash_pairs"))
