"""Signed heads and proofs: what a proof file says, in which bytes, and how it is checked.

A **head** states what a book was after a batch: how many instructions, the root over them, how many accounts, the root over their
balances, the chain head. Its signature (Ed25519) is over the head as canonical JSON. Three proofs stand on heads: an instruction is
in the book, an account had a balance, a book only grew. A proof file has one form, so a change of any byte of it is noticed.

Nothing here knows keys: `Signed` is handed in. Source: RFC 8032 (Ed25519), RFC 6962 (trees).
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import msgspec

from skarb.core.errors import shorten
from skarb.journal.chart import account_id
from skarb.journal.leaves import BALANCE_FORMAT, ROW_FORMAT, BalanceLeaf, Posted, RowLeaf, Said, canonical
from skarb.journal.merkle import HASH_BYTES, is_consistent, leaf_hash, root_from_path
from skarb.store import Damaged

HEAD_FORMAT = "skarb head 1"
_T = TypeVar("_T")
_UNREADABLE = (msgspec.MsgspecError, UnicodeError, RecursionError, OverflowError)
_NUMBER_MAX = 1 << 53  # larger whole numbers do not survive every reader of JSON


class Head(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a book was after a batch."""

    format: str = HEAD_FORMAT
    book: str
    height: int  # the last batch, 0 for an empty book
    size: int  # instructions up to there: leaves of the journal's tree
    journal_root: str
    accounts: int  # leaves of the balances' tree
    balances_root: str
    chain_head: str  # SHA-256 of the chain of batches
    recorded_at: str  # when the last batch was recorded, "" for an empty book
    key: str  # SHA-256 of the public key


class SignedHead(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A head and the signature over its canonical JSON."""

    statement: Head
    signature: str


class Account(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An account in words; its id is the hash of them."""

    id: str
    address: str
    asset: str


class _Proof(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="proof"):
    head: SignedHead


class HeadFile(_Proof, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="head"):
    """A signed head alone."""


class Inclusion(_Proof, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="inclusion"):
    """An instruction is in the book. Hashes are hex, the leaf is Base64."""

    words: dict[str, Any]  # the leaf, to be read by people
    accounts: list[Account]  # of its transfers
    index: int  # of the leaf
    leaf: str
    path: list[str]


class BalanceProof(_Proof, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="balance"):
    """An account had a balance."""

    words: dict[str, Any]
    index: int
    leaf: str
    path: list[str]


class Consistency(_Proof, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="consistency"):
    """A book began, at its head, with everything it held at the earlier one."""

    earlier: SignedHead
    path: list[str]


Proof = HeadFile | Inclusion | BalanceProof | Consistency
Signed = Callable[[Head, bytes, bytes], bool]  # head, its canonical bytes, signature → whether one of the known keys made it


class Step(NamedTuple):
    """One thing that was checked."""

    holds: bool
    says: str


def statement_bytes(head: Head) -> bytes:
    """Return the bytes that are signed."""
    return canonical(head)


def proof_bytes(proof: Proof) -> bytes:
    """Return the one form of a proof file."""
    return msgspec.json.format(msgspec.json.encode(proof), indent=2) + b"\n"


def read_proof(data: bytes) -> Proof:
    """Read a proof file.

    Raises: Damaged if the bytes are not a proof in its one form.
    """
    try:
        proof: Proof = msgspec.json.decode(data, type=Proof)
        if proof_bytes(proof) != data:
            raise Damaged("it is not byte for byte what a proof of this content is: it was changed or written again")
    except _UNREADABLE as error:
        raise Damaged(f"it is not a proof: {shorten(str(error), 200)}") from None
    return proof


def sides(posted: Posted) -> tuple[str, str]:
    """Return the ids of the accounts that a transfer debits and credits, hex."""
    return posted.record[32:64], posted.record[64:96]


def row_of(proof: Inclusion) -> tuple[RowLeaf, Said] | None:
    """Return the instruction of a proof and the decision about it, or None if the leaf is something else."""
    row = _shaped(proof.leaf, RowLeaf)
    try:
        return None if row is None else (row, msgspec.json.decode(row.ruling, type=Said))
    except _UNREADABLE:
        return None


def account_of(proof: BalanceProof) -> BalanceLeaf | None:
    """Return the account of a proof, or None if the leaf is something else."""
    return _shaped(proof.leaf, BalanceLeaf)


def with_leaf(leaf: bytes, path: list[bytes]) -> dict[str, Any]:
    """Return the fields of a proof that speak of its leaf."""
    return {"words": json.loads(leaf), "leaf": b64encode(leaf).decode(), "path": [one.hex() for one in path]}


def check(proof: Proof, signed: Signed) -> list[Step]:
    """Check a proof and say what was looked at; it holds when every step does."""
    head = proof.head.statement
    steps = _head("the head", proof.head, signed)
    if isinstance(proof, Inclusion):
        steps += _leaf(proof, head.size, head.journal_root, "instructions")
        row = row_of(proof)
        if row is None or proof.words.get("format") != ROW_FORMAT:
            return [*steps, Step(False, "the leaf is an instruction in the form that this version knows")]
        leaf = row[0]
        fits = leaf.book == head.book and 1 <= leaf.sequence <= head.height
        steps.append(Step(fits, f"it is row {leaf.row} of batch {leaf.sequence} of this book, not after the head"))
        steps.append(Step(_known(proof.accounts, leaf), "the accounts in words are those of its transfers"))
    elif isinstance(proof, BalanceProof):
        steps += _leaf(proof, head.accounts, head.balances_root, "accounts")
        account = account_of(proof)
        given = (account.book, account.height) if account is not None else None
        fits = given == (head.book, head.height) and proof.words.get("format") == BALANCE_FORMAT
        steps.append(Step(fits, f"it is an account of this book after batch {head.height}"))
    elif isinstance(proof, Consistency):
        steps += _head("the earlier head", proof.earlier, signed) + _grown(proof)
    return steps


def _head(name: str, given: SignedHead, signed: Signed) -> list[Step]:
    head, signature = given.statement, _hex(given.signature, 64)
    numbers = all(0 <= one < _NUMBER_MAX for one in (head.height, head.size, head.accounts))
    hashes = [_hex(one, HASH_BYTES) for one in (head.journal_root, head.balances_root, head.chain_head, head.key)]
    whole = head.format == HEAD_FORMAT and numbers and None not in hashes
    holds = whole and signature is not None and signed(head, statement_bytes(head), signature)
    return [Step(holds, f"{name} (batch {head.height} of book {head.book}) is signed with key {shorten(head.key, 17)}")]


def _leaf(proof: Inclusion | BalanceProof, size: int, root: str, what: str) -> list[Step]:
    leaf, path = _base64(proof.leaf), [_hex(one, HASH_BYTES) for one in proof.path]
    known = [one for one in path if one is not None]
    found = root_from_path(leaf_hash(leaf), proof.index, size, known) if leaf is not None and len(known) == len(path) else None
    return [
        Step(leaf is not None and canonical(proof.words) == leaf, "the words are those of the leaf"),
        Step(found is not None and found.hex() == root, f"the path leads from the leaf to the root over {size:,} {what}"),
    ]


def _grown(proof: Consistency) -> list[Step]:
    old, new = proof.earlier.statement, proof.head.statement
    path = [_hex(one, HASH_BYTES) for one in proof.path]
    known = [one for one in path if one is not None]
    roots = _hex(old.journal_root, HASH_BYTES), _hex(new.journal_root, HASH_BYTES)
    grew = len(known) == len(path) and is_consistent(old.size, roots[0] or b"", new.size, roots[1] or b"", known)
    same = old.height < new.height or (old.height == new.height and old.chain_head == new.chain_head)
    return [
        Step(old.book == new.book and same, "both are heads of one book, in this order"),
        Step(grew, f"the {new.size:,} instructions begin with the {old.size:,} earlier ones, unchanged"),
    ]


def _known(accounts: list[Account], row: RowLeaf) -> bool:
    """Say whether accounts are called by their names, and only those that the transfers touch."""
    touched = {side for one in row.transfers for side in sides(one)}
    return all(one.id in touched and one.id == account_id(one.address, one.asset).hex() for one in accounts)


def _shaped(text: str, kind: type[_T]) -> _T | None:
    leaf = _base64(text)
    try:
        return None if leaf is None else msgspec.json.decode(leaf, type=kind)
    except _UNREADABLE:
        return None


def _hex(text: str, length: int) -> bytes | None:
    """Read hex of a length; None unless it is written in the one way."""
    try:
        data = bytes.fromhex(text)
    except ValueError:
        return None
    return data if data.hex() == text and len(data) == length else None


def _base64(text: str) -> bytes | None:
    try:
        data = b64decode(text, validate=True)
    except ValueError:
        return None
    return data if b64encode(data).decode() == text else None
