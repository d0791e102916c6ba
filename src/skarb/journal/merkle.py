"""Merkle trees in the shape of Certificate Transparency: one root stands for a list, a short path proves one item of it.

A tree that only grows keeps the hash of every complete subtree for ever. They are written in the order in which they become
complete (leaf, then each subtree that this leaf completes), so a file of them is only ever appended to, and the place of each one in it
follows from its level and number. A root or a path needs a few dozen of them.

Source: RFC 6962, section 2.1 (definitions and proofs); RFC 9162, section 2.1.3.2 and 2.1.4.2 (how paths are checked).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256

from skarb.core.errors import ensure

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()

Nodes = Callable[[int, int], bytes]  # level (0 = leaves) and number → hash of that complete subtree


def leaf_hash(data: bytes) -> bytes:
    """Return the hash of a leaf."""
    return sha256(b"\0" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of two subtrees."""
    return sha256(b"\1" + left + right).digest()


# ── growing ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def place(level: int, number: int) -> int:
    """Return the place of a complete subtree among all of them, in the order in which they become complete."""
    last = ((number + 1) << level) - 1  # the leaf that completes it
    return 2 * last - last.bit_count() + level


def count(size: int) -> int:
    """Return how many complete subtrees a tree has, its leaves included."""
    return 2 * size - size.bit_count()


class Growth:
    """A tree that is being appended to; it remembers only its right edge."""

    def __init__(self, size: int = 0, nodes: Nodes | None = None) -> None:
        """Begin with nothing, or go on with a tree of some size whose subtrees are known."""
        self.size = size
        levels = [level for level in reversed(range(size.bit_length())) if size >> level & 1]
        ensure(nodes is not None or not levels, "a tree that goes on knows its subtrees")
        self._edge = [nodes(level, (size >> level) - 1) for level in levels] if nodes is not None else []

    def add(self, leaves: Iterable[bytes]) -> list[bytes]:
        """Append the hashes of leaves; return all subtrees that become complete, in order."""
        made, edge, size = [], self._edge, self.size
        for leaf in leaves:
            one, rest = leaf, size
            made.append(one)
            while rest & 1:
                one = sha256(b"\1" + edge.pop() + one).digest()
                made.append(one)
                rest >>= 1
            edge.append(one)
            size += 1
        self.size = size
        return made


def grown(leaves: Iterable[bytes]) -> Nodes:
    """Return the subtrees of a tree that is kept in memory."""
    made = Growth().add(leaves)
    return lambda level, number: made[place(level, number)]


# ── root and proofs ──────────────────────────────────────────────────────────────────────────────────────────────────


def root(size: int, nodes: Nodes) -> bytes:
    """Return the Merkle tree hash of the first leaves of a tree."""
    return _subtree(0, size, nodes) if size else EMPTY_ROOT


def audit_path(index: int, size: int, nodes: Nodes) -> list[bytes]:
    """Return what leads from one leaf to the root: PATH(m, D[n]) of RFC 6962."""
    ensure(0 <= index < size, "a path begins at a leaf of the tree")
    path: list[bytes] = []
    start, stop = 0, size
    while stop - start > 1:
        middle = start + _split(stop - start)
        if index < middle:
            path.append(_subtree(middle, stop, nodes))
            stop = middle
        else:
            path.append(_subtree(start, middle, nodes))
            start = middle
    return path[::-1]


def consistency_path(old: int, new: int, nodes: Nodes) -> list[bytes]:
    """Return what shows that a tree begins with an earlier one: PROOF(m, D[n]) of RFC 6962; nothing for an empty earlier one."""
    ensure(0 <= old <= new, "an earlier tree is not larger")
    path: list[bytes] = []
    start, stop, whole = 0, new, True  # whole: everything from the first leaf on
    while old and old != stop:
        middle = start + _split(stop - start)
        if old <= middle:
            path.append(_subtree(middle, stop, nodes))
            stop = middle
        else:
            path.append(_subtree(start, middle, nodes))
            start, whole = middle, False
    if old and not whole:
        path.append(_subtree(start, stop, nodes))
    return path[::-1]


def _subtree(start: int, stop: int, nodes: Nodes) -> bytes:
    """Return the hash of some leaves that RFC 6962 takes together; they begin at a multiple of the size of their left part."""
    size = stop - start
    if size & (size - 1) == 0:
        level = size.bit_length() - 1
        return nodes(level, start >> level)
    middle = start + _split(size)
    return node_hash(_subtree(start, middle, nodes), _subtree(middle, stop, nodes))


def _split(size: int) -> int:
    """Return the largest power of two below a size."""
    return 1 << (size - 1).bit_length() - 1


# ── checking ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def root_from_path(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """Return the root to which a path leads from the hash of a leaf, or None if a path in such a tree has another length."""
    if not 0 <= index < size:
        return None
    found, last = leaf, size - 1
    for one in path:
        if last == 0:
            return None
        if index & 1 or index == last:
            found = node_hash(one, found)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            found = node_hash(found, one)
        index, last = index >> 1, last >> 1
    return found if last == 0 else None


def is_consistent(old: int, old_root: bytes, new: int, new_root: bytes, path: Sequence[bytes]) -> bool:
    """Say whether a path shows that the tree with the new root begins with the whole tree of the old one."""
    if old == new:
        return old_root == new_root and not path
    if old == 0:
        return old_root == EMPTY_ROOT and not path
    if not 0 < old < new or not path:
        return False
    rest = list(path)
    index, last = old - 1, new - 1
    while index & 1:
        index, last = index >> 1, last >> 1
    before = after = old_root if index == 0 else rest.pop(0)
    for one in rest:
        if last == 0:
            return False
        if index & 1 or index == last:
            before, after = node_hash(one, before), node_hash(one, after)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            after = node_hash(after, one)
        index, last = index >> 1, last >> 1
    return last == 0 and before == old_root and after == new_root
