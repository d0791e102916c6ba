"""The manifest of an export: what it holds, down to the hash of each file, signed by the book.

It continues the one before: `previous` is the head where that one ended. With the heads of the batches, or, where an institution files columns
without bodies, with the hashes of its files, each manifest commits to everything that was ever fed, and two different pasts cannot both
be continued. A manifest has one form, byte for byte. Nothing here knows keys.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from hashlib import sha256
from typing import Annotated, Literal
from urllib.parse import quote

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from skarb.core.compiled import Functions, Kind, choose_kind, compiled, interpreted
from skarb.core.errors import shorten
from skarb.journal.leaves import canonical
from skarb.journal.proofs import SignedHead
from skarb.store import Damaged

MANIFEST_FORMAT = "skarb feed 1"
TABLES = ("rows", "cases", "transfers", "accounts", "batches")
_WORTH = 4096  # rows from which on kernels are quicker
_MASK = (1 << 32) - 1
_NAME = re.compile(r"manifest-([0-9]{10})-([0-9]{10})\.json")
_WRONG = (msgspec.MsgspecError, UnicodeError, RecursionError, OverflowError)
Form = Literal["parquet", "csv"]
_Hash = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]
_Whole = Annotated[int, msgspec.Meta(ge=0, le=1 << 53)]
_Day = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")]


class File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One file of a feed."""

    rows: _Whole
    size: _Whole  # bytes
    sha256: _Hash


class Segment(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Consecutive batches that were recorded on one day: one file of each table."""

    recorded: _Day
    first: _Whole  # batch
    last: _Whole
    files: dict[Literal["rows", "cases", "transfers", "accounts", "batches"], File]
    form: Form = "parquet"  # of all files; CSV has no bodies

    def path(self, table: str) -> str:
        """Return where the file of a table lies in the folder of the book."""
        return f"recorded={self.recorded}/{table}-{self.first:010d}-{self.last:010d}.{self.form}"


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
    signature: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{128}\Z")]


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
        if manifest.bodies and one.form != "parquet":
            raise Damaged(f"batches {one.first} to {one.last} are in {one.form}, expected parquet, as bodies do not go into text")
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
        for codes, amounts in _aligned(rows["asset"], rows["amount"]):
            places, texts = places_of(codes)
            totals = _totals(places, len(texts), amounts)
            for code, there, total in zip(texts.to_pylist(), _used(places, len(texts)), totals, strict=False):
                if there:
                    self.amounts[code] = self.amounts.get(code, 0) + total
        for chunk in rows["value"].chunks:
            values = np.asarray(chunk.fill_null(0))
            self.value += (int((values >> 32).sum()) << 32) + int((values & _MASK).sum())
        self.transfers += len(transfers)
        for chunk in transfers["amount"].chunks:
            self.moved += _totals(np.zeros(len(chunk), np.int32), 1, chunk)[0]

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


def places_of(chunk: pa.Array) -> tuple[NDArray[np.int32], pa.Array]:
    """Return texts as places in a list of different ones, and the list; a missing one has the place after its last."""
    one = chunk if pa.types.is_dictionary(chunk.type) else chunk.dictionary_encode()
    return np.asarray(one.indices.fill_null(len(one.dictionary))).astype(np.int32, copy=False), one.dictionary


def _aligned(codes: pa.ChunkedArray, amounts: pa.ChunkedArray) -> Iterator[tuple[pa.Array, pa.Array]]:
    """Yield two columns of one table in pieces that belong together."""
    for batch in pa.table({"codes": codes, "amounts": amounts}).to_batches():
        yield batch.column(0), batch.column(1)


def _used(places: NDArray[np.int32], count: int) -> list[bool]:
    return [bool(number) for number in np.bincount(places, minlength=count + 1)[:count].tolist()]


def _totals(places: NDArray[np.int32], count: int, amounts: pa.Array) -> list[int]:
    """Add up decimals by place, exactly."""
    pairs = np.frombuffer(amounts.buffers()[1] or b"", np.uint64)[
        2 * amounts.offset : 2 * (amounts.offset + len(amounts))
    ].reshape(-1, 2)
    if amounts.null_count:
        pairs = np.where(amounts.is_null().to_numpy(zero_copy_only=False)[:, None], np.uint64(0), pairs)
    sums = np.zeros((count + 1, 4), np.uint64)
    kind = choose_kind(len(places) >= _WORTH)
    _kernels(kind)["add_by_place"](np.ascontiguousarray(places), np.ascontiguousarray(pairs), sums)
    return [sum(part << 32 * place for place, part in enumerate(row)) for row in sums.tolist()]


@cache
def _kernels(kind: Kind) -> Functions:
    from skarb.journal.feed import adding

    return compiled([adding], ("add_by_place",)) if kind == "numba" else interpreted([adding])


def _counts(column: pa.ChunkedArray) -> dict[str, int]:
    counts: dict[str, int] = {}
    for chunk in column.chunks:
        places, texts = places_of(chunk)
        for text, count in zip(texts.to_pylist(), np.bincount(places, minlength=len(texts) + 1).tolist(), strict=False):
            if count:
                counts[text] = counts.get(text, 0) + count
    return counts


def _in_order(numbers: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(numbers.items()))
