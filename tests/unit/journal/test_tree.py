"""The tree beside a book: it follows from the journal alone, however it came to be and whatever became of its files."""

import random
from collections.abc import Callable
from itertools import accumulate
from pathlib import Path
from types import ModuleType

import pytest

from skarb.journal import merkle
from skarb.journal.chain import open_envelope
from skarb.journal.law import load_law
from skarb.journal.leaves import SEED, next_seed, row_leaves
from skarb.journal.tree import Tree, open_tree, tree_path
from skarb.store import Damaged, open_store

SIZES = (20, 1, 30, 300, 1, 5)  # the first batch funds
FILES = ("nodes", "keys", "accounts", "batches")


@pytest.fixture
def grow(small: ModuleType, tmp_path: Path) -> Callable[[int], Path]:
    """Hand in the batches up to a height and return the book."""
    path = tmp_path / "bank.book"

    def work(height: int) -> Path:
        with small.create(path) as book:
            while book.sequence < height:
                start = book.instructions - 20
                small.hand_in(book, [small.instruction(start + row) for row in range(SIZES[book.sequence])])
        return path

    return work


def with_tree(path: Path, work: Callable[[Tree], object], *, whole: bool = False) -> object:
    store = open_store(path)
    try:
        with open_tree(path, store, "small", lambda name: load_law(store.text(name)), whole=whole) as tree:
            return work(tree)
    finally:
        store.close()


def files(path: Path) -> dict[str, bytes]:
    return {name: (tree_path(path) / name).read_bytes() for name in FILES}


def leaves_of(path: Path) -> list[bytes]:
    """Make all leaves without the tree."""
    store, seed, leaves = open_store(path), SEED, []
    for entry in store.read():
        seed = next_seed(seed, entry.body)
        leaves += row_leaves(open_envelope(entry.body), seed, lambda name: load_law(store.text(name)))
    store.close()
    return leaves


def test_it_is_the_tree_of_the_leaves(grow) -> None:
    path = grow(6)
    leaves = [merkle.leaf_hash(leaf) for leaf in leaves_of(path)]
    sizes = [0, *accumulate(SIZES)]
    assert len(set(leaves)) == len(leaves) == sizes[-1]
    roots = with_tree(path, lambda tree: [tree.root(height) for height in range(7)])
    assert roots == [merkle.root(size, merkle.grown(leaves)) for size in sizes]
    assert with_tree(path, lambda tree: [tree.size(height) for height in range(7)]) == sizes


def test_made_in_steps_or_at_once_it_is_the_same(grow) -> None:
    steps = []
    for height in range(1, 7):
        path = grow(height)
        assert with_tree(path, lambda tree: tree.height) == height
        steps.append(files(path))
    for name in FILES:
        (tree_path(path) / name).unlink()
    with_tree(path, lambda _: None)
    assert files(path) == steps[-1]
    assert all(steps[-1][name].startswith(step[name]) for step in steps for name in FILES)


def test_its_size_is_as_documented(grow) -> None:
    path = grow(6)
    with_tree(path, lambda _: None)
    rows = sum(SIZES)
    sizes = {name: len(data) for name, data in files(path).items()}
    assert sizes == {"nodes": 32 * merkle.count(rows), "keys": 16 * rows, "accounts": 24 * 21, "batches": 112 * 7}


def test_any_changed_byte_is_found_before_a_root_is_signed(grow) -> None:
    path, chance = grow(4), random.Random(1)
    with_tree(path, lambda _: None)
    good = files(path)
    for name in FILES:
        for at in [0, len(good[name]) - 1, *(chance.randrange(len(good[name])) for _ in range(20))]:
            changed = bytearray(good[name])
            changed[at] ^= 1 << chance.randrange(8)
            (tree_path(path) / name).write_bytes(changed)
            assert with_tree(path, lambda tree: tree.is_whole(), whole=True), (name, at)
            assert files(path) == good


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_was_cut_or_written_on_is_mended(name: str, grow) -> None:
    path = grow(4)
    with_tree(path, lambda _: None)
    good, file = files(path), tree_path(path) / name
    for data in (b"", good[name][:-1], good[name][: len(good[name]) // 2], good[name] + b"half a record"):
        file.write_bytes(data)
        with_tree(path, lambda _: None, whole=True)
        assert {one: data for one, data in files(path).items() if one != name} == {
            one: data for one, data in good.items() if one != name
        }
        assert files(path)[name].startswith(good[name])
    path = grow(5)
    with_tree(path, lambda tree: tree.is_whole())
    left = files(path)
    file.unlink()
    with_tree(path, lambda _: None)
    assert files(path) == left


def test_of_another_book_it_is_made_again(grow, small: ModuleType, tmp_path: Path) -> None:
    path = grow(3)
    with_tree(path, lambda _: None)
    first = files(path)
    path.unlink()
    grow(3)  # the same instructions at another time
    with_tree(path, lambda _: None)
    assert files(path)["keys"] == first["keys"]
    assert files(path)["nodes"] != first["nodes"]


def test_ids_places_and_accounts_are_found(grow, small: ModuleType) -> None:
    path = grow(6)
    store = open_store(path)
    columns = b"".join(bytes(open_envelope(entry.body).keys) for entry in store.read())
    store.close()
    keys = [columns[at : at + 16] for at in range(0, len(columns), 16)]
    assert with_tree(path, lambda tree: [tree.find(key) for key in keys]) == list(range(sum(SIZES)))
    places = [(batch + 1, row) for batch, size in enumerate(SIZES) for row in range(size)]
    assert with_tree(path, lambda tree: [tree.place(position) for position in range(sum(SIZES))]) == places
    assert with_tree(path, lambda tree: (tree.find(bytes(16)), tree.opened(bytes(16)))) == (None, None)
    assert with_tree(path, lambda tree: tree.opened(small.account_id("p3"))) == 1


def test_a_broken_chain_stops_it(grow) -> None:
    path = grow(3)
    data = bytearray(path.read_bytes())
    data[data.index(b"i-000001") + 7] ^= 1
    path.write_bytes(data)
    with pytest.raises(Damaged, match="batch 3 does not continue the chain"):
        with_tree(path, lambda _: None)


def test_a_salt_hides_what_is_alike(grow) -> None:
    """Leaves of a seed that nobody has cannot be made, though everything they say is known."""
    path = grow(2)
    store = open_store(path)
    envelope = open_envelope(store.entry(2).body)
    leaves = [
        next(row_leaves(envelope, seed, lambda name: load_law(store.text(name)))) for seed in (bytes(32), bytes(31) + b"\1")
    ]
    store.close()
    assert len(set(leaves)) == 2
    assert len({leaf.replace(leaf[leaf.index(b'"salt":"') + 8 :][:32], b"") for leaf in leaves}) == 1


def test_every_row_has_a_salt_of_its_own(grow) -> None:
    leaves = leaves_of(grow(4))
    salts = {leaf.partition(b'"salt":"')[2][:32] for leaf in leaves}
    assert len(salts) == len(leaves)
    assert all(len(bytes.fromhex(salt.decode())) == 16 for salt in salts)
