"""What is owed, in public: a root, a total and a count for each asset, under one signature with a head of the journal.

Whoever is owed something gets a proof that it was counted; it shows nobody else's balance but sums of groups. So that these say little, every
user's id is salted and the leaves are shuffled, both from a secret of the operator, anew for each publication. Each level of a path shows the sum
of a neighbour; an operator splits balances that would give themselves away.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b, sha256
from typing import Annotated, NamedTuple

import msgspec
import numpy as np

from skarb.core.errors import InputError, NotFound, shorten
from skarb.custody.sumtree import SUM_MAX, Node, SumTree, build, is_included
from skarb.journal.leaves import canonical
from skarb.journal.proofs import SignedHead

FORMAT, PROOF_FORMAT = "skarb liabilities 1", "skarb liability proof 1"
Whole = Annotated[str, msgspec.Meta(pattern="^(0|[1-9][0-9]{0,38})$")]  # as text: readers of JSON lose large numbers
Hex = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
SECRET_MIN = 16  # bytes


class Total(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is owed in one asset. Units: smallest units."""

    asset: str
    count: Annotated[int, msgspec.Meta(ge=1, le=1 << 32)]
    root: Hex
    total: Whole


class Liabilities(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a book owes at an instant."""

    format: str = FORMAT
    book: str
    at: str
    totals: tuple[Total, ...]
    head: SignedHead  # of the book's journal


class SignedLiabilities(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The publication: signed with the key of the head."""

    statement: Liabilities
    signature: str


class LiabilityProof(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one user takes home."""

    format: str = PROOF_FORMAT
    liabilities: SignedLiabilities
    asset: str
    user: str  # salt:id
    index: int
    units: Whole
    path: tuple[tuple[Hex, Whole], ...]


class Owed(NamedTuple):
    """What one user is owed."""

    user: str
    units: int


@dataclass(frozen=True)
class Tree:
    """The tree of one asset, with what its operator knows beside it."""

    asset: str
    users: Sequence[str]  # salted, in the order of the leaves
    units: Sequence[int]
    tree: SumTree

    @property
    def total(self) -> Total:
        """What is published of it."""
        root = self.tree.root
        return Total(asset=self.asset, count=self.tree.count, root=root.hash.hex(), total=str(root.sum))


def plant(asset: str, owed: Iterable[Owed], secret: bytes, at: str) -> Tree:
    """Return the tree of an asset: salted and shuffled by the secret, the same from the same.

    Raises: InputError if the secret is too short, a user stands twice, or something is owed below zero.
    """
    if len(secret) < SECRET_MIN:
        raise InputError(f"secret: given {len(secret)} bytes, expected at least {SECRET_MIN} that nobody can guess")
    key = blake2b(secret, digest_size=64).digest()
    stem = blake2b(f"{at}\0{asset}\0".encode(), key=key, digest_size=32, person=b"skarb-liability")
    given = list(owed)
    drawn = b"".join(_drawn(stem, one.user) for one in given)  # 16 bytes of salt and 16 of order each
    words = np.frombuffer(drawn, ">u8").reshape(-1, 4)
    order = np.lexsort((words[:, 3], words[:, 2]))
    same = np.flatnonzero((words[order[1:], 2:] == words[order[:-1], 2:]).all(axis=1))
    if len(same):
        raise InputError(f"{asset}: user {shorten(given[order[same[0]]].user)!r} stands twice; add up what he is owed")
    units = [given[place].units for place in order.tolist()]
    if (least := min(units, default=0)) < 0:
        who = given[order[units.index(least)]].user
        raise InputError(
            f"{asset}: user {shorten(who)!r} is owed {least}, expected zero or more; a debt must not cancel what others are owed"
        )
    users = [f"{drawn[32 * place : 32 * place + 16].hex()}:{given[place].user}" for place in order.tolist()]
    hashes = b"".join(sha256(user.encode()).digest() for user in users)
    small = not units or max(units) < 1 << 63
    return Tree(asset, users, units, build(np.array(units, np.int64) if small else units, hashes))


def _drawn(stem: blake2b, user: str) -> bytes:
    own = stem.copy()
    own.update(user.encode())
    return own.digest()


def prove(tree: Tree, user: str, liabilities: SignedLiabilities) -> LiabilityProof:
    """Return the proof for a user, by the id without its salt.

    Raises: NotFound
    """
    index = next((place for place, one in enumerate(tree.users) if one[33:] == user), None)
    if index is None:
        raise NotFound(f"{tree.asset}: nothing is owed to user {shorten(user)!r}")
    return proof_at(tree, index, liabilities)


def proof_at(tree: Tree, index: int, liabilities: SignedLiabilities) -> LiabilityProof:
    """Return the proof of a leaf."""
    path = tuple((node.hash.hex(), str(node.sum)) for node in tree.tree.path(index))
    return LiabilityProof(
        liabilities=liabilities, asset=tree.asset, user=tree.users[index], index=index, units=str(tree.units[index]), path=path
    )


def is_counted(proof: LiabilityProof) -> bool:
    """Say whether the path of a proof leads to the root that was published; signatures are checked elsewhere."""
    total = next((one for one in proof.liabilities.statement.totals if one.asset == proof.asset), None)
    if total is None or proof.format != PROOF_FORMAT or proof.liabilities.statement.format != FORMAT:
        return False
    path = [Node(bytes.fromhex(name), int(units)) for name, units in proof.path]
    root = Node(bytes.fromhex(total.root), int(total.total))
    user = sha256(proof.user.encode()).digest()
    return root.sum <= SUM_MAX and is_included(proof.index, int(proof.units), user, path, root, total.count)


def liabilities_bytes(statement: Liabilities) -> bytes:
    """Return the bytes that are signed."""
    return canonical(statement)


def name_of(statement: Liabilities) -> str:
    """Return the hash of a publication: what proofs of assets bind themselves to."""
    return sha256(liabilities_bytes(statement)).hexdigest()
