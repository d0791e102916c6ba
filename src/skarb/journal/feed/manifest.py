"""The manifest of an export: what it holds, down to the hash of each file, signed by the book.

It continues the one before: `previous` is the head where that one ended. With the heads of the batches, or, where an institution files columns
without bodies, with the hashes of its files, each manifest commits to everything that was ever fed, and two different pasts cannot both
be continued. A manifest has one form, byte for byte. Nothing here knows keys.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Annotated, Literal
from urllib.parse import quote

import msgspec
import numpy as np
import pyarrow as pa

from skarb.core.errors import shorten
from skarb.journal.leaves import canonical
from skarb.journal.proofs import SignedHead
from skarb.store import Damaged

MANIFEST_FORMAT = "skarb feed 1"
TABLES = ("rows", "cases", "transfers", "accounts", "batches")
_NAME = re.compile(r"manifest-([0-9]{10})-([0-9]{10})\.json")
_WRONG = (msgspec.MsgspecError, UnicodeError, RecursionError, OverflowError)
_Hash = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
_Whole = Annotated[int, msgspec.Meta(ge=0, le=1 << 53)]
_Day = Annotated[str, msgspec.Meta(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]


class File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One file of a feed."""

    rows: _Whole
    size: _Whole  # bytes
    sha256: _Hash


class Segment(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Consecutive batches that were recorded on one day: one file of each table."""

    recorded: _Day
    first: _Whole  # batch
    last: _Whole
    files: dict[Literal["rows", "cases", "transfers", "accounts", "batches"], File]

    def path(self, table: str) -> str:
        """Return where the file of a table lies in the folder of the book."""
        return f"recorded={self.recorded}/{table}-{self.first:010d}-{self.last:010d}.parquet"


class Sums(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Control sums of instructions: whoever adds up the rows must come to the same. Units: smallest units, as texts where they may be long."""

    answers: dict[str, _Whole]  # how many instructions were answered so
    amounts: dict[str, str]  # by asset
    value: str  # in minor units of the legal currency
    transfers: _Whole
    moved: str  # the sum of all transfers of all assets


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one export of a book holds."""

    format: str = MANIFEST_FORMAT
    book: Annotated[str, msgspec.Meta(min_length=1, max_length=140)]
    bodies: bool  # False: columns that the institution declares; nothing proves them
    law: str  # code of the country, "" where the batches name no edition
    currency: str  # that `value` is in
    decimals: Annotated[int, msgspec.Meta(ge=0, le=4)]  # of the currency
    zone: str  # where the legal day begins
    first: _Whole  # batch
    last: _Whole
    previous: _Hash  # the head before the first batch
    end: _Hash  # the head after the last one
    head: SignedHead | None  # of the book after the last batch; None in a feed without bodies
    assets: dict[str, Annotated[int, msgspec.Meta(ge=0, le=38)]]  # decimals of each asset
    editions: list[_Hash]
    segments: list[Segment]
    sums: Sums
    key: _Hash  # SHA-256 of the public key

    @property
    def name(self) -> str:
        """The name of its file."""
        return f"manifest-{self.first:010d}-{self.last:010d}.json"


class SignedManifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A manifest and the signature over its canonical JSON."""

    statement: Manifest
    signature: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{128}$")]


def folder_name(book: str) -> str:
    """Return the name of a book's folder in a feed."""
    return f"book={quote(book, safe='')}"


def span_of(name: str) -> tuple[int, int] | None:
    """Return first and last batch from the name of a manifest's file, None if it is not one."""
    found = _NAME.fullmatch(name)
    return None if found is None else (int(found[1]), int(found[2]))


def signed_bytes(manifest: Manifest) -> bytes:
    """Return the bytes that are signed; a manifest's cannot be those of a head."""
    return canonical(manifest)


def manifest_bytes(signed: SignedManifest) -> bytes:
    """Return the one form of a manifest's file."""
    return msgspec.json.format(canonical(signed), indent=2) + b"\n"


def read_manifest(data: bytes) -> SignedManifest:
    """Read a manifest.

    Raises: Damaged if the bytes are not a manifest in its one form, or it contradicts itself.
    """
    try:
        signed = msgspec.json.decode(data, type=SignedManifest)
        if manifest_bytes(signed) != data:
            raise Damaged("it is not byte for byte what a manifest of this content is: it was changed or written again")
    except _WRONG as error:
        raise Damaged(f"it is not a manifest: {shorten(str(error), 200)}") from None
    _check(signed.statement)
    return signed


def _check(manifest: Manifest) -> None:
    if manifest.format != MANIFEST_FORMAT:
        raise Damaged(f"given the format {shorten(manifest.format)!r}, expected {MANIFEST_FORMAT!r}")
    expected = manifest.first
    for one in manifest.segments:
        if not one.first == expected <= one.last:
            raise Damaged(f"a segment begins with batch {one.first}, expected {expected}, and ends with {one.last}")
        wanted = set(TABLES) if manifest.bodies else set(TABLES) - {"batches"}
        if set(one.files) != wanted:
            raise Damaged(f"batches {one.first} to {one.last} have the files {sorted(one.files)}, expected {sorted(wanted)}")
        expected = one.last + 1
    if not manifest.segments or manifest.first < 1 or expected != manifest.last + 1:
        raise Damaged(f"the segments end with batch {expected - 1}, expected {manifest.first} to {manifest.last}")
    if manifest.bodies != (manifest.head is not None):
        raise Damaged("a feed with bodies has a signed head, one without has none")


def declared_end(previous: str, segments: Iterable[Segment]) -> str:
    """Return the head after segments without bodies: SHA-256 over the head before and the hashes of all files."""
    return sha256(bytes.fromhex(previous) + canonical(list(segments))).hexdigest()


# control sums -----------------------------------------------------------------------------------------------------------------


class Adding:
    """Adds up the control sums of one segment after the other, exactly."""

    def __init__(self) -> None:
        self.answers: dict[str, int] = {}
        self.amounts: dict[str, int] = {}
        self.value, self.transfers, self.moved = 0, 0, 0

    def take(self, rows: pa.Table, transfers: pa.Table) -> None:
        """Add a segment's rows and transfers."""
        for name, count in _counts(rows["answer"]).items():
            self.answers[name] = self.answers.get(name, 0) + count
        low, high = halves_of(rows["amount"])
        numbers, codes = numbered(rows["asset"])
        for place, code in enumerate(codes):
            own = numbers == place
            if own.any():
                self.amounts[code] = self.amounts.get(code, 0) + _total(low[own], high[own])
        values = rows["value"].fill_null(0).to_numpy()
        self.value += (
            int(values.sum())
            if len(values) < 9000
            else sum(int(part.sum()) for part in np.array_split(values, len(values) // 4096))
        )
        self.transfers += len(transfers)
        self.moved += _total(*halves_of(transfers["amount"]))

    def add(self, sums: Sums) -> None:
        """Add what was added up before."""
        for name, count in sums.answers.items():
            self.answers[name] = self.answers.get(name, 0) + count
        for code, amount in sums.amounts.items():
            self.amounts[code] = self.amounts.get(code, 0) + int(amount)
        self.value, self.transfers, self.moved = (
            self.value + int(sums.value),
            self.transfers + sums.transfers,
            self.moved + int(sums.moved),
        )

    def sums(self) -> Sums:
        """Return what was added up."""
        return Sums(
            answers=_in_order(self.answers),
            amounts={code: str(amount) for code, amount in _in_order(self.amounts).items()},
            value=str(self.value),
            transfers=self.transfers,
            moved=str(self.moved),
        )


def numbered(column: pa.ChunkedArray) -> tuple[np.ndarray[tuple[int], np.dtype[np.int64]], list[str]]:
    """Return a column of texts as places in the list of the different ones, -1 where there is none."""
    one = (
        column.unify_dictionaries().combine_chunks()
        if pa.types.is_dictionary(column.type)
        else column.dictionary_encode().combine_chunks()
    )
    if isinstance(one, pa.ChunkedArray):
        one = one.chunk(0) if one.num_chunks else pa.array([], pa.string()).dictionary_encode()
    return one.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64), one.dictionary.to_pylist()


def halves_of(
    column: pa.ChunkedArray,
) -> tuple[np.ndarray[tuple[int], np.dtype[np.uint64]], np.ndarray[tuple[int], np.dtype[np.uint64]]]:
    """Return decimals that are not below zero as two halves of 64 bits, nought where there is none."""
    parts = []
    for chunk in column.chunks:
        buffer = chunk.buffers()[1]
        pairs = np.frombuffer(buffer, np.uint64)[2 * chunk.offset : 2 * (chunk.offset + len(chunk))].reshape(-1, 2)
        parts.append(
            np.where(chunk.is_null().to_numpy(zero_copy_only=False)[:, None], np.uint64(0), pairs) if chunk.null_count else pairs
        )
    joined = np.concatenate(parts) if parts else np.zeros((0, 2), np.uint64)
    return joined[:, 0], joined[:, 1]


def _total(low: np.ndarray[tuple[int], np.dtype[np.uint64]], high: np.ndarray[tuple[int], np.dtype[np.uint64]]) -> int:
    """Add up numbers in two halves exactly; sums of 32 bits each cannot overflow for four billion rows."""
    bottom, mask = np.uint64(32), np.uint64((1 << 32) - 1)
    parts = [(low & mask), (low >> bottom), (high & mask), (high >> bottom)]
    return sum(int(part.sum()) << 32 * place for place, part in enumerate(parts))


def _counts(column: pa.ChunkedArray) -> dict[str, int]:
    numbers, texts = numbered(column)
    counts = np.bincount(numbers[numbers >= 0], minlength=len(texts)).tolist()
    return {text: count for text, count in zip(texts, counts, strict=True) if count}


def _in_order(numbers: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(numbers.items()))
