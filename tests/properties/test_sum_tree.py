"""The Merkle sum tree against a naive one written straight from its definition, and every way to cheat with it."""

from __future__ import annotations

from hashlib import sha256

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from skarb.core.errors import InputError
from skarb.custody.sumtree import SUM_MAX, Node, SumTree, build, is_included

BALANCES = st.lists(st.integers(0, SUM_MAX >> 7), min_size=1, max_size=70)


def users_of(count: int) -> bytes:
    return b"".join(sha256(f"user {number}".encode()).digest() for number in range(count))


def naive(balances: list[int], users: bytes) -> tuple[bytes, int]:
    level = [
        (sha256(b"\0" + i.to_bytes(8, "big") + one.to_bytes(16, "big") + users[32 * i : 32 * i + 32]).digest(), one)
        for i, one in enumerate(balances)
    ]
    while len(level) > 1:
        if len(level) % 2:
            level.append((bytes(32), 0))
        level = [
            (sha256(b"\1" + a[0] + a[1].to_bytes(16, "big") + b[0] + b[1].to_bytes(16, "big")).digest(), a[1] + b[1])
            for a, b in zip(level[::2], level[1::2], strict=True)
        ]
    return level[0]


def proven(tree: SumTree, balances: list[int], users: bytes, index: int) -> bool:
    return is_included(index, balances[index], users[32 * index : 32 * index + 32], tree.path(index), tree.root, tree.count)


@given(BALANCES)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_root_is_the_naive_one_and_every_leaf_is_in_it(balances: list[int]) -> None:
    users = users_of(len(balances))
    tree = build(balances, users, "python")
    assert tree.root == naive(balances, users)
    assert tree.root.sum == sum(balances)
    assert all(proven(tree, balances, users, index) for index in range(len(balances)))


@pytest.mark.parametrize("count", [1, 2, 3, 31, 32, 33, 63, 64, 65, 129, 1000, 70_001])
def test_compiled_and_interpreted_trees_are_one(count: int) -> None:
    draw = np.random.default_rng(count)
    balances = draw.integers(0, 1 << 62, count)
    users = draw.bytes(32 * count)
    compiled, plain = build(balances, users, "numba"), build(balances.tolist(), users, "python")
    assert compiled.root == plain.root == naive(balances.tolist(), users)
    for index in {0, count // 2, count - 1}:
        assert compiled.path(index) == plain.path(index)


def test_sums_beyond_64_bits_are_carried_in_the_kernel() -> None:
    balances = [SUM_MAX >> 3, (1 << 96) - 1, (1 << 64) - 1, 1, (1 << 32) - 1]
    users = users_of(len(balances))
    assert build(balances, users, "numba").root == naive(balances, users)


@given(BALANCES, st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_change_is_noticed(balances: list[int], data: st.DataObject) -> None:
    users = users_of(len(balances))
    tree = build(balances, users, "python")
    index = data.draw(st.integers(0, len(balances) - 1))
    balance, user, path, root = balances[index], users[32 * index : 32 * index + 32], tree.path(index), tree.root
    other = data.draw(st.integers(-5, SUM_MAX).filter(lambda one: one != balance))
    assert not is_included(index, other, user, path, root, tree.count)
    assert not is_included(index, balance, bytes([user[0] ^ 1]) + user[1:], path, root, tree.count)
    assert not is_included(index, balance, user, path, Node(root.hash, root.sum + 1), tree.count)
    assert not is_included(index + 1, balance, user, path, root, tree.count)
    assert not is_included(index, balance, user, [*path, Node(bytes(32), 0)], root, tree.count)
    if path:
        place = data.draw(st.integers(0, len(path) - 1))
        beside = path[place]
        changed = data.draw(st.integers(-SUM_MAX, SUM_MAX).filter(lambda one: one != beside.sum))
        for wrong in (
            Node(beside.hash, changed),
            Node(bytes([beside.hash[0] ^ 1]) + beside.hash[1:], beside.sum),
            Node(b"", beside.sum),
        ):
            assert not is_included(index, balance, user, [*path[:place], wrong, *path[place + 1 :]], root, tree.count)
        assert not is_included(index, balance, user, path[:-1], root, tree.count)


def test_a_debt_that_would_hide_what_is_owed_is_refused() -> None:
    """A neighbour below zero, hashed as if it were a sum, makes a root with a smaller total; it must not pass."""
    users = users_of(2)
    debt = -40 + (1 << 128)  # what sixteen bytes would make of it
    root = naive([100], users)[0]
    forged = sha256(b"\1" + root + (100).to_bytes(16, "big") + bytes(32) + debt.to_bytes(16, "big")).digest()
    for said in (-40, debt):
        assert not is_included(0, 100, users[:32], [Node(bytes(32), said)], Node(forged, 60), 2)


@pytest.mark.parametrize("kind", ["python", "numba"])
def test_what_cannot_be_a_sum_is_refused(kind: str) -> None:
    users = users_of(2)
    for balances in ([1, -1], [SUM_MAX, 1], [SUM_MAX + 1, 0]):
        with pytest.raises(InputError, match="balance"):
            build(balances, users, kind)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="-7"):
        build(np.array([3, -7]), users, kind)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="at least one"):
        build([], b"", kind)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="expected 0 to 1"):
        build([1, 2], users, kind).path(2)  # type: ignore[arg-type]
