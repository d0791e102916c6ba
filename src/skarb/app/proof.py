"""Make proofs out of a book: a signed head, an instruction is in it, an account had a balance, it only grew.

A proof stands on a head. With a key a new head is signed, for which all balances are made again from the journal; with a head that was
signed before, and handed to everybody alike, no key is needed and a proof costs a few hashes. Every proof is checked before it
leaves, so an old head that was not made of this book is found out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from skarb.app.files import now
from skarb.app.keys import key_id, sign
from skarb.app.looks import Looks, beside
from skarb.core.errors import InputError, NotFound, SkarbError
from skarb.core.transfer import key_128
from skarb.journal.balances import Balances, balances_at
from skarb.journal.chain import open_envelope, openings_of
from skarb.journal.chart import account_id
from skarb.journal.leaves import RowLeaf, instant_words, row_leaves
from skarb.journal.merkle import audit_path, consistency_path
from skarb.journal.proofs import (
    Account,
    BalanceProof,
    Consistency,
    Head,
    Inclusion,
    Proof,
    SignedHead,
    check,
    read_proof,
    sides,
    with_leaf,
)
from skarb.journal.seal import Progress
from skarb.journal.tree import Tree, laws_of, open_tree
from skarb.store import Damaged, Store, open_store

_P = TypeVar("_P", bound=Proof)


class DoesNotHold(SkarbError):
    """A proof cannot be given, because it would not hold."""

    code = "verification"


class Prover:
    """Makes proofs of one book; see `open_prover`."""

    def __init__(
        self, path: Path, store: Store, name: str, tree: Tree, signer: Ed25519PrivateKey | SignedHead, progress: Progress | None
    ) -> None:
        self.book = name
        self._path, self._store, self._tree, self._progress = path, store, tree, progress
        self._signer = signer
        self._law = laws_of(store)
        self._balances: dict[int, Balances] = {}

    @property
    def height(self) -> int:
        """The last batch that can be proved; a book that is open elsewhere may have grown since."""
        return self._tree.height

    def head(self, height: int | None = None) -> SignedHead:
        """Sign what the book was after a batch, by default the last; or return the head that was handed in, if it is of this book."""
        if isinstance(self._signer, SignedHead):
            return self._own(self._signer)
        height = self._height(height)
        balances = self._balances_at(height)
        return sign(
            Head(
                book=self.book,
                height=height,
                size=self._tree.size(height),
                journal_root=self._tree.root(height).hex(),
                accounts=balances.size,
                balances_root=balances.root.hex(),
                chain_head=self._tree.head(height).hex(),
                recorded_at=instant_words(balances.memory.recorded_at),
                key=key_id(self._signer.public_key()),
            ),
            self._signer,
        )

    def include(self, instruction: str, purpose: str | None) -> Inclusion:
        """Prove that an instruction is in the book.

        Raises: NotFound; NotAllowed without a purpose
        """
        self._must_have_instructions("that an instruction is in it")
        tree = self._tree
        position = tree.find(key_128(instruction))
        if position is None:
            raise NotFound(
                f"book {self.book!r} has no instruction {instruction!r} among its {tree.size(tree.height):,}, up to batch {tree.height}; "
                "ids are written as they were handed in, and malformed rows are not journalled"
            )
        head = self.head()
        sequence, row = tree.place(position)
        size = head.statement.size
        if position >= size:
            raise NotFound(
                f"instruction {instruction!r} was journalled in batch {sequence}, the head is of batch {head.statement.height}; "
                "take a later head"
            )
        self._look(purpose, f"{sequence}/{row}")
        leaf = self._leaf(sequence, row)
        fields = with_leaf(leaf, audit_path(position, size, tree.node))
        proof = Inclusion(head=head, index=position, accounts=self._accounts(leaf), **fields)
        return self._checked(proof)

    def balance(self, address: str, asset: str, purpose: str | None, height: int | None = None) -> BalanceProof:
        """Prove the balance of an account at a height, by default after the last batch.

        Raises: NotFound; NotAllowed without a purpose
        """
        head = self.head(height)
        balances = self._balances_at(head.statement.height)
        self._same(head.statement, {"accounts": balances.size, "balances_root": balances.root.hex()})
        index = balances.find(address, asset)
        self._look(purpose, f"account {address} {asset}")
        fields = with_leaf(balances.leaf(index), audit_path(index, balances.size, balances.nodes))
        return self._checked(BalanceProof(head=head, index=index, **fields))

    def consistent(self, earlier: SignedHead) -> Consistency:
        """Prove that the book still begins with what it was at an earlier head.

        Raises: DoesNotHold if it does not.
        """
        self._must_have_instructions("that it only grew")
        earlier = self._own(earlier)
        head = self.head()
        old, new = earlier.statement, head.statement
        if old.height > new.height:
            raise DoesNotHold(f"the earlier head is of batch {old.height}, the later one of batch {new.height}; exchange them")
        path = consistency_path(old.size, new.size, self._tree.node)
        return self._checked(Consistency(head=head, earlier=earlier, path=[one.hex() for one in path]))

    def _must_have_instructions(self, what: str) -> None:
        """Refuse a proof that would say nothing: of a book that holds something, but no instruction.

        Raises: NotFound
        """
        if self._tree.height and not self._tree.size(self._tree.height):
            raise NotFound(
                f"book {self.book!r} holds no instructions, and {what} is proved by them; of a ledger without law heads and balances are "
                "proved, and its growth by giving the journal to whoever checks it with skarb verify"
            )

    def _own(self, signed: SignedHead) -> SignedHead:
        """Return a head after comparing it with the book.

        Raises: DoesNotHold
        """
        head, tree = signed.statement, self._tree
        if head.book != self.book:
            raise DoesNotHold(f"the head is of book {head.book!r}, this is book {self.book!r}")
        if not 0 <= head.height <= tree.height:
            raise DoesNotHold(
                f"the head is of batch {head.height} of book {self.book!r}, which ends at batch {tree.height}: batches are missing, "
                "or the book was rewritten"
            )
        height = head.height
        same = {"size": tree.size(height), "journal_root": tree.root(height).hex(), "chain_head": tree.head(height).hex()}
        self._same(head, same)
        return signed

    def _same(self, head: Head, book: Mapping[str, object]) -> None:
        """Compare a head with what the book gives.

        Raises: DoesNotHold
        """
        for name, expected in book.items():
            if (given := getattr(head, name)) != expected:
                self._doubt_the_tree()
                raise DoesNotHold(
                    f"{name} of the head of batch {head.height}: given {given}, the book gives {expected}; "
                    "the head is not one of this book, or the book was rewritten"
                )

    def _height(self, wanted: int | None) -> int:
        last = self._tree.height
        if wanted is not None and not 0 <= wanted <= last:
            raise NotFound(f"--height: given {wanted}, expected 0 to {last}, the last batch of book {self.book!r}")
        return last if wanted is None else wanted

    def _balances_at(self, height: int) -> Balances:
        if height not in self._balances:
            made = balances_at(self._store, self.book, height, self._tree.seed(height), self._progress)
            if (made.memory.sequence, made.memory.head) != (height, self._tree.head(height)):
                raise Damaged(f"{self._path}: the journal up to batch {height} changed while it was read; run skarb verify")
            self._balances[height] = made
        return self._balances[height]

    def _leaf(self, sequence: int, row: int) -> bytes:
        entry = self._store.entry(sequence)
        if entry is None:
            raise Damaged(f"{self._path}: batch {sequence} is missing; run skarb verify")
        return next(row_leaves(open_envelope(entry.body), self._tree.seed(sequence), self._law, [row]))

    def _accounts(self, leaf: bytes) -> list[Account]:
        """Return the accounts of an instruction's transfers in words, as far as their ids are the hashes of words."""
        transfers = msgspec.json.decode(leaf, type=RowLeaf).transfers
        found = []
        for name in dict.fromkeys(side for one in transfers for side in sides(one)):
            sequence = self._tree.opened(bytes.fromhex(name))
            entry = None if sequence is None else self._store.entry(sequence)
            for opening in openings_of(open_envelope(entry.body)) if entry is not None else ():
                if account_id(opening.address, opening.asset).hex() == name:
                    found.append(Account(id=name, address=opening.address, asset=opening.asset))
        return found

    def _checked(self, proof: _P) -> _P:
        """Return a proof of our own after checking it like a stranger would, but for the signatures.

        Raises: DoesNotHold
        """
        wrong = [step.says for step in check(proof, lambda *_: True) if not step.holds]
        if wrong:
            self._doubt_the_tree()
            raise DoesNotHold(f"the proof made of {self._path} does not hold: {'; '.join(wrong)}; run skarb verify")
        return proof

    def _doubt_the_tree(self) -> None:
        """Look whether it is the tree that is wrong and not the book.

        Raises: Damaged
        """
        if not self._tree.is_whole():
            raise Damaged(f"{self._tree.folder} was changed since it was made; remove it and try again, the book is not at fault")

    def _look(self, purpose: str | None, subject: str) -> None:
        """Record who is looked at and why, before anything is shown."""
        Looks(beside(self._path), now).record(purpose, f"{self.book}/{subject}")


@contextmanager
def open_prover(path: Path, signer: Ed25519PrivateKey | SignedHead, progress: Progress | None = None) -> Iterator[Prover]:
    """Open a book for proofs; its tree is brought up to date first.

    Raises: NotFound; InputError if it is no book; Damaged if its journal does not hang together.
    """
    store = open_store(path)
    try:
        name = _name(path, store)
        whole = not isinstance(signer, SignedHead)
        with open_tree(path, store, name, laws_of(store), whole=whole, progress=progress) as tree:
            yield Prover(path, store, name, tree, signer, progress)
    finally:
        store.close()


def grow_tree(path: Path, progress: Progress | None = None) -> int:
    """Bring the tree of a book up to its last batch, as the next proof would, and return that batch.

    Raises: as `open_prover`.
    """
    store = open_store(path)
    try:
        with open_tree(path, store, _name(path, store), laws_of(store), progress=progress) as tree:
            return tree.height
    finally:
        store.close()  # a book that is being read is not sealed


def _name(path: Path, store: Store) -> str:
    name = store.meta("book")
    if name is None:
        raise InputError(f"{path} does not say which book it is; it was never finished, or its notes were changed")
    return name


def read_head(path: Path) -> SignedHead:
    """Read the head of a file: of a head alone, or of any proof.

    Raises: NotFound; Damaged if the file is not a proof.
    """
    return read_file(path).head


def read_file(path: Path) -> Proof:
    """Read a proof file.

    Raises: NotFound; Damaged if it is not one.
    """
    try:
        return read_proof(path.read_bytes())
    except FileNotFoundError:
        raise NotFound(f"there is no file {path}; skarb proof head writes a head, the other commands proofs") from None
    except Damaged as error:
        raise Damaged(f"{path}: {error}") from None
