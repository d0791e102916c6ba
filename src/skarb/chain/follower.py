"""Following a chain: each block on top of one that is known, the heaviest branch counts, and what a change of branch undoes is said.

A block never goes away by being wrong later; it leaves the chain when another branch becomes heavier. Then the payments of the blocks that
left are undone, unless the new blocks hold them too. What was credited for them must be looked at again by a person: books are
never changed backwards. A branch that leaves further below than is settled is not followed by itself.
State in, state out: nothing is fetched, and no clock is asked.
Source: Bitcoin protocol documentation (the chain with the most work); Ethereum yellow paper, 10 (total difficulty).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Literal

from skarb.chain.bitcoin import parse_block
from skarb.chain.ethereum.blocks import block_of
from skarb.chain.ethereum.header import header_hash
from skarb.chain.model import Block, target_of
from skarb.chain.payments import Payment
from skarb.core.errors import InputError

SETTLED = 100  # blocks below the tip whose order is not changed without a person
Verdict = Literal["begun", "extended", "reorganised", "beside", "known", "refused"]


@dataclass(frozen=True, slots=True)
class Link:
    """A block as far as its place in the chain goes."""

    hash: str
    previous: str
    work: int  # of this block
    height: int | None = None  # as the block says itself, where it does


@dataclass(frozen=True, slots=True)
class Followed:
    """All blocks that were taken, and the tip of the heaviest branch.

    States that follow on each other share one map to which blocks are only added, and each knows how many of them are its own: a step costs the same
    however long the chain is, and an earlier state stays what it was.
    """

    tip: str = ""
    count: int = 0  # blocks taken
    _taken: dict[str, tuple[int, Link, int]] = field(
        default_factory=dict
    )  # which one it was, and the work from the first block on

    def link(self, block: str) -> Link | None:
        """Return the place of a block that was taken."""
        found = self._taken.get(block)
        return found[1] if found is not None and found[0] < self.count else None

    def total(self, block: str) -> int:
        """Return the work from the first block on."""
        return self._taken[block][2]

    def with_block(self, link: Link, total: int) -> Followed:
        """Return the state with one more block; the tip stays."""
        taken = self._taken
        if len(taken) > self.count:  # another state has gone on from here already
            taken = {block: one for block, one in taken.items() if one[0] < self.count}
        taken[link.hash] = self.count, link, total
        return Followed(self.tip, self.count + 1, taken)

    def branch(self, tip: str) -> list[str]:
        """Return the blocks of a branch, the tip first."""
        found, link = [], self.link(tip)
        while link is not None:
            found.append(link.hash)
            link = self.link(link.previous)
        return found

    def parting(self, tip: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the blocks above the last one in common, of the branch that counts and of another, each in the order of the chain."""
        branches = ([self.tip], [tip])
        places = ({self.tip: 0}, {tip: 0})  # of each block in its branch
        while True:  # down both at once, no further than to where they part
            for side in (0, 1):
                block = branches[side][-1]
                if block in places[1 - side]:
                    left, joined = (tuple(reversed(branches[one][: places[one][block]])) for one in (0, 1))
                    return left, joined
                link = self.link(block)
                if link is not None and self.link(link.previous) is not None:
                    places[side][link.previous] = len(branches[side])
                    branches[side].append(link.previous)


@dataclass(frozen=True, slots=True)
class Step:
    """What became of a block. `left` and `joined` are blocks of the branch that counts, in the order of the chain."""

    verdict: Verdict
    block: str
    left: tuple[str, ...] = ()
    joined: tuple[str, ...] = ()
    reason: str = ""


def follow(state: Followed, link: Link, settled: int = SETTLED) -> tuple[Followed, Step]:
    """Take one block whose own content was checked already, and say what it changes."""
    if state.link(link.hash) is not None:
        return state, Step("known", link.hash)
    if not state.count:
        return replace(state.with_block(link, link.work), tip=link.hash), Step("begun", link.hash, joined=(link.hash,))
    parent = state.link(link.previous)
    if parent is None:
        return state, Step(
            "refused", link.hash, reason=f"it follows {link.previous}, which is not known; fetch the blocks between"
        )
    if None not in (link.height, parent.height) and link.height != (parent.height or 0) + 1:
        return state, Step(
            "refused", link.hash, reason=f"it says height {link.height} and follows a block of height {parent.height}"
        )
    total = state.total(link.previous) + link.work
    grown = state.with_block(link, total)
    if total <= state.total(state.tip):
        return grown, Step("beside", link.hash, reason=f"the branch of {state.tip} has as much work or more")
    if link.previous == state.tip:
        return replace(grown, tip=link.hash), Step("extended", link.hash, joined=(link.hash,))
    left, joined = grown.parting(link.hash)
    if len(left) > settled:
        reason = f"it would undo {len(left)} blocks, more than the {settled} that are not settled yet; a person decides"
        return grown, Step("refused", link.hash, left, joined, reason)
    return replace(grown, tip=link.hash), Step("reorganised", link.hash, left, joined)


def bitcoin_link(block: Block) -> Link:
    """Return the place of a block of Bitcoin, whose work and Merkle root were checked when it was read."""
    return Link(block.block_hash, block.previous_hash, (1 << 256) // (target_of(block.bits) + 1), block.height)


def ethereum_link(result: object, where: str) -> Link:
    """Return the place of a block of Ethereum after holding its fields to its hash.

    Since blocks are no longer worked for, each weighs the same.
    Raises: InputError if the fields do not give the hash, or some of them are missing.
    """
    block = block_of(result, where)
    found = header_hash(result, where)
    if found is None:
        raise InputError(f"{where}: given a header without all of its fields, expected them, so that its hash can be checked")
    if found != block.hash:
        raise InputError(f"{where}: given the hash {block.hash}, expected {found}, the hash over the header's fields")
    return Link(block.hash, block.parent_hash, max(1, block.difficulty), block.number)


def take_block(state: Followed, data: bytes, name: str, settled: int = SETTLED) -> tuple[Followed, Step, Block | None]:
    """Take the bytes of a block of Bitcoin; one with wrong work, Merkle root or rest is refused with the reason."""
    try:
        block = parse_block(data, name)
    except InputError as error:
        return state, Step("refused", "", reason=str(error)), None
    return *follow(state, bitcoin_link(block), settled), block


@dataclass(frozen=True, slots=True)
class Undone:
    """What a change of branch did to payments, by asset, transaction and place in it."""

    gone: tuple[Payment, ...]  # in no block any more: what was credited for them must be looked at again
    moved: tuple[Payment, ...]  # in another block now, as they were
    fresh: tuple[Payment, ...]  # new with the branch: not screened yet


def undone(left: Iterable[Payment], joined: Iterable[Payment]) -> Undone:
    """Compare the payments of blocks that left with those of blocks that joined.

    A payment is the same when it is the same output of the same transaction to the same receiver.
    """
    before = {_identity(one): one for one in left}
    after = {_identity(one): one for one in joined}
    return Undone(
        tuple(one for key, one in before.items() if key not in after),
        tuple(one for key, one in after.items() if key in before),
        tuple(one for key, one in after.items() if key not in before),
    )


def _identity(one: Payment) -> tuple[str, str, int, str, int]:
    return one.asset, one.tx, one.index, one.receiver, one.value
