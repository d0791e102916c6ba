"""Merkle trees: the vectors of Certificate Transparency, and every leaf and every pair of sizes of small trees."""

from hashlib import sha256
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skarb.core.errors import BrokenPromise
from skarb.journal.merkle import (
    EMPTY_ROOT,
    Growth,
    audit_path,
    consistency_path,
    count,
    grown,
    is_consistent,
    leaf_hash,
    place,
    root,
    root_from_path,
)

# github.com/transparency-dev/merkle, testonly/constants.go and proof tests: leaves, roots, paths.
LEAVES = [
    bytes.fromhex(one) for one in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", bytes(range(0x60, 0x70)).hex())
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
ONE = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
TWO = "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"
FOUR = "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"
A, B, C = (
    "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
    "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
)
D, E = (
    "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
)
F = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"
PATHS = {(0, 1): [], (0, 8): [A, B, C], (5, 8): [D, E, FOUR], (2, 3): [TWO], (1, 5): [ONE, B, D]}
CONSISTENT = {(1, 1): [], (1, 8): [A, B, C], (6, 8): [F, E, FOUR], (2, 5): [B, D]}
HASHES = [leaf_hash(leaf) for leaf in LEAVES]


def simple_root(leaves: list[bytes]) -> bytes:
    """The definition of RFC 6962 word for word, on its own."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0]).digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return sha256(b"\x01" + simple_root(leaves[:split]) + simple_root(leaves[split:])).digest()


def numbered(size: int) -> list[bytes]:
    return [leaf_hash(b"%d" % number) for number in range(size)]


def test_roots_of_certificate_transparency() -> None:
    assert [root(size, grown(HASHES)).hex() for size in range(9)] == ROOTS
    assert [simple_root(LEAVES[:size]).hex() for size in range(9)] == ROOTS
    assert EMPTY_ROOT.hex() == ROOTS[0]


def test_paths_of_certificate_transparency() -> None:
    for (index, size), path in PATHS.items():
        assert [one.hex() for one in audit_path(index, size, grown(HASHES))] == path
        found = root_from_path(HASHES[index], index, size, [bytes.fromhex(one) for one in path])
        assert found is not None and found.hex() == ROOTS[size]


def test_consistency_of_certificate_transparency() -> None:
    for (old, new), path in CONSISTENT.items():
        assert [one.hex() for one in consistency_path(old, new, grown(HASHES))] == path
        roots = bytes.fromhex(ROOTS[old]), bytes.fromhex(ROOTS[new])
        assert is_consistent(old, roots[0], new, roots[1], [bytes.fromhex(one) for one in path])


def test_every_leaf_of_trees_up_to_seventy() -> None:
    for size in range(71):
        leaves = [b"%d" % number for number in range(size)]
        hashes = numbered(size)
        top = root(size, grown(hashes))
        assert top == simple_root(leaves)
        for index in range(size):
            path = audit_path(index, size, grown(hashes))
            assert len(path) <= 7
            assert root_from_path(hashes[index], index, size, path) == top
            assert root_from_path(leaf_hash(b"other"), index, size, path) != top
            assert root_from_path(hashes[index], index, size, [*path, top]) is None
            assert root_from_path(hashes[index], (index + 1) % size, size, path) != top or size == 1
            if path:
                assert root_from_path(hashes[index], index, size, path[1:]) != top


def test_every_pair_of_trees_up_to_seventy() -> None:
    nodes = grown(numbered(70))
    for new in range(71):
        for old in range(new + 1):
            path = consistency_path(old, new, nodes)
            roots = root(old, nodes), root(new, nodes)
            assert is_consistent(old, roots[0], new, roots[1], path)
            assert not is_consistent(old, roots[0], new, roots[1], [*path, roots[1]])
            assert not is_consistent(old, sha256(b"another").digest(), new, roots[1], path)
            assert not is_consistent(old, roots[0], new, sha256(b"another").digest(), path) or old == 0
            assert not path or not is_consistent(old, roots[0], new, roots[1], path[:-1])
            assert old == new or not is_consistent(new, roots[1], old, roots[0], path)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_flipped_byte_is_noticed(data: st.DataObject) -> None:
    size = data.draw(st.integers(2, 300))
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size - 1))
    hashes = numbered(size)
    nodes = grown(hashes)
    for path, holds in (
        (audit_path(index, size, nodes), lambda path: root_from_path(hashes[index], index, size, path) == root(size, nodes)),
        (consistency_path(old, size, nodes), lambda path: is_consistent(old, root(old, nodes), size, root(size, nodes), path)),
    ):
        assert holds(path)
        step, at = data.draw(st.integers(0, len(path) - 1)), data.draw(st.integers(0, 31))
        changed = bytearray(path[step])
        changed[at] ^= data.draw(st.integers(1, 255))
        assert not holds([*path[:step], bytes(changed), *path[step + 1 :]])


@given(st.lists(st.integers(0, 40), max_size=8))
def test_growing_in_steps_gives_the_same_subtrees(steps: list[int]) -> None:
    hashes = numbered(sum(steps))
    made: list[bytes] = []

    def node(level: int, number: int) -> bytes:
        return made[place(level, number)]

    start = 0
    for step in steps:
        growth = Growth(start, node)
        made += growth.add(hashes[start : start + step])
        start += step
        assert (growth.size, len(made)) == (start, count(start))
    assert made == Growth().add(hashes)


def test_places_follow_each_other() -> None:
    found = sorted(place(level, number) for level in range(8) for number in range(100 >> level))
    assert found == list(range(count(100)))
    assert all(after == before + 1 for before, after in pairwise(found))


def test_what_makes_no_sense_is_refused() -> None:
    nodes = grown(numbered(3))
    for wrong in (lambda: audit_path(3, 3, nodes), lambda: audit_path(-1, 3, nodes), lambda: consistency_path(4, 3, nodes)):
        with pytest.raises(BrokenPromise):
            wrong()
    assert root_from_path(leaf_hash(b""), 0, 0, []) is None
    assert not is_consistent(2, root(2, nodes), 3, root(3, nodes), [])
    assert not is_consistent(-1, root(2, nodes), 3, root(3, nodes), [])
