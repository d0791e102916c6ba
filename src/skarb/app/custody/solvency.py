"""Publish what is owed and what is there, make proofs for users, and check such files with public keys alone."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from io import StringIO

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from skarb.app.keys import Keyring
from skarb.core.errors import InputError, NotFound, shorten
from skarb.custody.assets import (
    OnAddress,
    SignedSolvency,
    Snapshot,
    Solvency,
    covers_of,
    is_ours,
    is_true,
    normal_address,
    solvency_bytes,
)
from skarb.custody.liabilities import (
    FORMAT,
    Liabilities,
    LiabilityProof,
    Owed,
    SignedLiabilities,
    Tree,
    is_counted,
    liabilities_bytes,
    plant,
)
from skarb.journal import open_book
from skarb.journal.proofs import SignedHead, Step, statement_bytes
from skarb.registers.read import text_of
from skarb.store import Damaged, Location

Paper = SignedLiabilities | LiabilityProof | SignedSolvency
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_HEX = re.compile("[0-9a-f]{128}")
_UNREADABLE = (msgspec.MsgspecError, UnicodeError, RecursionError, OverflowError)


def read_owed(data: bytes, where: str) -> dict[str, list[Owed]]:
    """Read what is owed: CSV with user,asset,units.

    Raises: InputError
    """
    found: dict[str, list[Owed]] = {}
    for row, (user, asset, units) in _rows(data, where, ("user", "asset", "units")):
        if not user or not asset or not user.isprintable():
            raise InputError(f"{where} row {row}: given user {shorten(user)!r}, asset {asset!r}, expected both")
        found.setdefault(asset, []).append(Owed(user, _whole(units, f"{where} row {row}, units")))
    if not found:
        raise InputError(f"{where}: given no row, expected at least one")
    return found


def owed_by_book(path: Location, prefix: str) -> dict[str, list[Owed]]:
    """Return what a book owes: the balances of all accounts below an address, such as client.

    Raises: NotFound; InputError where an account is overdrawn.
    """
    found: dict[str, list[Owed]] = {}
    book = open_book(path)
    try:
        for asset, addresses in book.chart.ids.items():
            for address, account in addresses.items():
                if address.startswith(f"{prefix}/"):
                    found.setdefault(asset, []).append(
                        Owed(address.removeprefix(f"{prefix}/"), book.ledger.balance(account).posted)
                    )
    finally:
        book.close()
    if not found:
        raise NotFound(f"{path} has no account below {prefix!r}")
    return found


def plant_all(owed: Mapping[str, Sequence[Owed]], secret: bytes, at: str) -> list[Tree]:
    """Return the trees of all assets.

    Raises: InputError
    """
    _must_be_instant(at)
    return [plant(asset, owed[asset], secret, at) for asset in sorted(owed)]


def publish(trees: Sequence[Tree], head: SignedHead, at: str, key: Ed25519PrivateKey) -> SignedLiabilities:
    """Return the signed publication of trees."""
    statement = Liabilities(book=head.statement.book, at=at, totals=tuple(one.total for one in trees), head=head)
    return SignedLiabilities(statement=statement, signature=key.sign(liabilities_bytes(statement)).hex())


def must_be_of(trees: Sequence[Tree], published: SignedLiabilities) -> None:
    """Make sure that trees are those that were published.

    Raises: InputError
    """
    if tuple(one.total for one in trees) != published.statement.totals:
        raise InputError(
            "the roots are not those that were published: expected the same file, the same secret and the same instant"
        )


def read_snapshot(data: bytes, where: str) -> tuple[dict[str, int], Snapshot]:
    """Read what is on addresses at one block: CSV with address,units,height,block.

    Raises: InputError
    """
    found: dict[str, int] = {}
    moment: tuple[str, str] | None = None
    for row, (address, units, height, block) in _rows(data, where, ("address", "units", "height", "block")):
        place = f"{where} row {row}"
        name = normal_address(address, f"{place}, address")
        if name in found:
            raise InputError(f"{place}: {name} stands twice")
        if moment not in (None, (height, block)):
            raise InputError(
                f"{place}: given block {height} {block}, expected the one block of all rows; balances of different moments do not add up"
            )
        moment = height, block
        found[name] = _whole(units, f"{place}, units")
    try:
        said = {"height": int((moment or ("",))[0]), "block": (moment or ("", ""))[1], "file": sha256(data).hexdigest()}
        return found, msgspec.convert(said, Snapshot)
    except (ValueError, msgspec.ValidationError):
        raise InputError(f"{where}: expected rows with the height and the hash of one block") from None


def read_signatures(data: bytes, where: str) -> dict[str, str]:
    """Read which addresses signed: CSV with address,signature.

    Raises: InputError
    """
    found: dict[str, str] = {}
    for row, (address, signature) in _rows(data, where, ("address", "signature")):
        name = normal_address(address, f"{where} row {row}, address")
        if name in found:
            raise InputError(f"{where} row {row}: {name} stands twice")
        found[name] = signature
    return found


def cover(
    published: SignedLiabilities,
    signatures: Mapping[str, str],
    balances: Mapping[str, int],
    snapshot: Snapshot,
    booked: Mapping[str, int],
    head: SignedHead,
    at: str,
    key: Ed25519PrivateKey,
) -> tuple[SignedSolvency, list[str]]:
    """Return the signed publication of both sides, and the addresses that do not count, with the reason.

    Raises: InputError if `at` is no instant.
    """
    _must_be_instant(at)
    counted, left_out = [], []
    for address, signature in sorted(signatures.items()):
        if address not in balances:
            left_out.append(f"{address} is not in the snapshot")
        elif not is_ours(published.statement, address, signature):
            left_out.append(f"{address} did not sign the text for these liabilities")
        else:
            counted.append(OnAddress(address=address, signature=signature, units=str(balances[address])))
    left_out += [f"{address} is in the snapshot and did not sign" for address in sorted(balances.keys() - signatures.keys())]
    statement = Solvency(
        book=head.statement.book,
        at=at,
        liabilities=published,
        snapshot=snapshot,
        addresses=tuple(counted),
        covers=covers_of(published.statement, counted, booked),
        head=head,
    )
    return SignedSolvency(statement=statement, signature=key.sign(solvency_bytes(statement)).hex()), left_out


def paper_bytes(paper: Paper) -> bytes:
    """Return the one form of a file."""
    return msgspec.json.format(msgspec.json.encode(paper), indent=2) + b"\n"


def read_paper(data: bytes, where: str) -> Paper:
    """Read any of the files that are given out.

    Raises: Damaged if it is none, or not in its one form.
    """
    kinds: tuple[type[Paper], ...] = (LiabilityProof, SignedLiabilities, SignedSolvency)
    for kind in kinds:
        try:
            paper = msgspec.json.decode(data, type=kind)
        except _UNREADABLE:
            continue
        if paper_bytes(paper) != data:
            raise Damaged(f"{where}: it is not byte for byte what a file of this content is: it was changed or written again")
        return paper
    raise Damaged(f"{where} is no publication of liabilities or of cover and no proof of a liability")


def check_paper(paper: Paper, ring: Keyring) -> list[Step]:
    """Check a file and say what was looked at; it holds when every step does."""
    if isinstance(paper, SignedSolvency):
        said = paper.statement
        steps = [
            _signed(said.head, solvency_bytes(said), paper.signature, ring, f"what is there, for book {said.book} at {said.at},")
        ]
        wrong = is_true(said)
        steps.append(
            Step(
                not wrong,
                f"{len(said.addresses)} addresses signed, and the sums are theirs" + "".join(f"; {one}" for one in wrong),
            )
        )
        steps.append(Step(said.book == said.head.statement.book, "the head is of the book that holds the assets"))
        return [*steps, *check_paper(said.liabilities, ring)]
    if isinstance(paper, LiabilityProof):
        return [
            *check_paper(paper.liabilities, ring),
            Step(is_counted(paper), f"{paper.units} {paper.asset} of {shorten(paper.user)} are counted in the root"),
        ]
    owed = paper.statement
    return [
        _signed(owed.head, liabilities_bytes(owed), paper.signature, ring, f"what is owed by book {owed.book} at {owed.at}"),
        Step(owed.book == owed.head.statement.book and owed.format == FORMAT, "the head is of this book"),
        Step(len({one.asset for one in owed.totals}) == len(owed.totals), "each asset has one root and one total"),
    ]


def _signed(head: SignedHead, data: bytes, signature: str, ring: Keyring, what: str) -> Step:
    statement = head.statement
    holds = all(
        _HEX.fullmatch(text) is not None and ring.signed(statement, content, bytes.fromhex(text))
        for content, text in ((data, signature), (statement_bytes(statement), head.signature))
    )
    return Step(
        holds, f"{what} is signed with key {shorten(statement.key, 17)}, as is the journal's head of batch {statement.height}"
    )


def _rows(data: bytes, where: str, columns: tuple[str, ...]) -> Iterator[tuple[int, list[str]]]:
    text = text_of(data, where)
    if text and not text.endswith("\n"):
        raise InputError(f"{where}: the file ends in the middle of a line, it seems to be cut; fetch it again")
    rows = csv.reader(StringIO(text), strict=True)
    try:
        header = next(rows, [])
        if tuple(header) != columns:
            raise InputError(
                f"{where} row 1: given columns {shorten(','.join(header)) or 'nothing'!r}, expected {','.join(columns)}"
            )
        for number, row in enumerate(rows, 2):
            if len(row) != len(columns):
                raise InputError(f"{where} row {number}: given {len(row)} fields, expected {len(columns)}")
            yield number, row
    except csv.Error as error:
        raise InputError(f"{where}: given {error}, expected comma-separated values") from None


def _must_be_instant(at: str) -> None:
    if _INSTANT.fullmatch(at) is None:
        raise InputError(f"--at: given {at!r}, expected an instant such as 2026-06-30T21:00:00Z")


def _whole(text: str, where: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 38):
        raise InputError(f"{where}: given {shorten(text)!r}, expected a whole number of smallest units, zero or more")
    return int(text)
