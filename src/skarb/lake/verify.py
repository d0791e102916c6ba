"""Verify a feed: its manifests, one after the other, and every table against the bodies it was made from.

Nothing is believed. A manifest must be signed with a known key and continue what the lake holds; each file must have the hash it states; the heads
of the batches follow from their bodies; and the columns are made again from the bodies by the code that made them, and compared. Of a feed
without bodies all that can be checked is that it is whole, consistent in itself, and signed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
import pyarrow as pa

from skarb.core.asset import currencies
from skarb.core.errors import SkarbError, shorten
from skarb.journal.ahead import ahead
from skarb.journal.chain import Envelope, head_of, open_envelope
from skarb.journal.feed.columns import Columns, columns_of
from skarb.journal.feed.files import OPTIONAL, read_table
from skarb.journal.feed.manifest import (
    Adding,
    Manifest,
    Segment,
    declared_end,
    folder_name,
    read_manifest,
    signed_bytes,
    span_of,
)
from skarb.journal.feed.write import recorded_day
from skarb.journal.model import GENESIS
from skarb.journal.proofs import statement_bytes
from skarb.lake.declared import Declared, check_days
from skarb.lake.errors import Refused
from skarb.rulebook import Edition
from skarb.store import Damaged

Signed = Callable[
    [str, str, bytes, bytes], bool
]  # book, id of a key, data, signature → whether that known key of the book made it
_MAY_LACK = frozenset(OPTIONAL["rows"])  # columns that an older feed has not; its bodies say what stands in them
_WRONG = (SkarbError, ValueError, TypeError, IndexError, KeyError, OverflowError, pa.ArrowException)


class End(NamedTuple):
    """Where a book ends in the lake."""

    sequence: int = 0
    head: bytes = GENESIS
    rows: int = 0


@dataclass(frozen=True)
class Feed:
    """One export that may be added, as far as its manifest tells."""

    path: Path  # of the manifest
    digest: str  # SHA-256 of the manifest's file
    manifest: Manifest
    editions: Mapping[str, Edition]

    @property
    def folder(self) -> Path:
        """The folder of the book."""
        return self.path.parent


class Verified(NamedTuple):
    """A segment whose columns are what they must be."""

    segment: Segment
    columns: Columns
    batches: pa.Table | None  # without the bodies; None in a feed that has none


def manifests_of(folder: Path) -> list[Path]:
    """Return the manifests of a feed: of every book in the folder, or of the book whose folder it is, in order.

    Of a single file of a feed, such as a manifest or one with rows, it is the book whose folder the file lies in.
    Raises: Refused
    """
    if folder.is_file():
        folder = next((one for one in folder.absolute().parents if one.name.startswith("book=")), folder.parent)
    books = [folder] if folder.name.startswith("book=") else sorted(folder.glob("book=*"))
    found = [path for book in books for path in sorted(book.glob("manifest-*.json")) if span_of(path.name) is not None]
    if not found:
        raise Refused(
            f"{folder}: there is no manifest in it; a feed has folders book=… with manifest-….json, skarb feed makes one"
        )
    return found


def read_feed(path: Path, signed: Signed) -> Feed:
    """Read a manifest and the editions it names, and check that a known key of the book signed it.

    Raises: Refused
    """
    try:
        data = path.read_bytes()
        whole = read_manifest(data)
    except (OSError, Damaged) as error:
        raise Refused(f"{path}: {error}") from None
    manifest = whole.statement
    if path.name != manifest.name or path.parent.name != folder_name(manifest.book):
        given, expected = f"{path.parent.name}/{path.name}", f"{folder_name(manifest.book)}/{manifest.name}"
        raise Refused(f"{path}: given the place {given}, expected {expected}, as the manifest says; files were swapped")
    if not signed(manifest.book, manifest.key, signed_bytes(manifest), bytes.fromhex(whole.signature)):
        raise Refused(f"{path}: the signature is not one of key {manifest.key} over this manifest")
    _check_head(path, manifest, signed)
    for code, decimals in manifest.assets.items():
        known = currencies().get(code)
        if known is not None and known.decimals != decimals:
            raise Refused(f"{path}: given {decimals} decimals of {code}, expected {known.decimals} as ISO 4217 says")
    return Feed(path, sha256(data).hexdigest(), manifest, {name: _edition(path, manifest, name) for name in manifest.editions})


def _check_head(path: Path, manifest: Manifest, signed: Signed) -> None:
    if manifest.head is None:
        if (expected := declared_end(manifest.previous, manifest.segments)) != manifest.end:
            raise Refused(f"{path}: given the end {manifest.end}, expected {expected}, which follows from the files")
        return
    head = manifest.head.statement
    try:
        holds = signed(head.book, head.key, statement_bytes(head), bytes.fromhex(manifest.head.signature))
    except ValueError:
        holds = False
    if not holds:
        raise Refused(f"{path}: the signature of the head is not one of key {shorten(head.key, 64)}")
    stated, due = (head.book, head.height, head.chain_head), (manifest.book, manifest.last, manifest.end)
    if stated != due:
        raise Refused(f"{path}: the signed head is of {stated}, expected {due}")


def _edition(path: Path, manifest: Manifest, name: str) -> Edition:
    file = path.parent / "editions" / f"{name}.json"
    try:
        text = file.read_bytes()
    except OSError as error:
        raise Refused(f"{file}: the manifest names this edition, it cannot be read: {error.strerror}") from None
    if (given := sha256(text).hexdigest()) != name:
        raise Refused(f"{file}: given a text with the SHA-256 {given}, expected {name}")
    try:
        edition = Edition.from_normal(text)
    except _WRONG as error:
        raise Refused(f"{file}: not the normal form of an edition: {shorten(str(error), 200)}") from None
    country = edition.country.code, edition.country.currency, edition.country.decimals, edition.country.zone
    if country != (expected := (manifest.law, manifest.currency, manifest.decimals, manifest.zone)):
        raise Refused(f"{file}: given the law of {country}, expected {expected} as {path.name} says")
    return edition


def check_place(feed: Feed, end: End, head_at: Callable[[int], bytes | None]) -> bool:
    """Say whether an export continues what the lake holds of its book; False if the lake holds it already.

    Raises: Refused for a missing stretch, an overlap, or another past.
    """
    manifest, where = (
        feed.manifest,
        f"{feed.path}: batches {feed.manifest.first} to {feed.manifest.last} of book {feed.manifest.book!r}",
    )
    if manifest.last <= end.sequence:
        held = head_at(manifest.last)
        if held is not None and held.hex() == manifest.end:
            return False
        raise Refused(
            f"{where} end with the head {manifest.end}, the lake holds batch {manifest.last} with the head "
            f"{'none' if held is None else held.hex()}: a fork, the book has two pasts; ask the institution which one is true"
        )
    if manifest.first > end.sequence + 1:
        raise Refused(
            f"{where}: batches {end.sequence + 1} to {manifest.first - 1} are missing, the lake ends at {end.sequence}; "
            "add their export first"
        )
    if manifest.first <= end.sequence:
        given = _head_in(feed, end.sequence)
        other = (
            ""
            if given == end.head
            else f" with the head {end.head.hex()}, and here it is {_hex(given)}: a fork, the book has two pasts"
        )
        raise Refused(
            f"{where}: an overlap, the lake holds all up to {end.sequence}{other}; ask for the export from batch {end.sequence + 1} on"
        )
    if manifest.previous != end.head.hex():
        raise Refused(
            f"{where} continue the head {manifest.previous}, the lake ends at batch {end.sequence} with {end.head.hex()}: a fork, "
            "the book has two pasts; ask the institution which one is true"
        )
    return True


def _head_in(feed: Feed, sequence: int) -> bytes | None:
    """Return the head that an export states for a batch, None where it states none."""
    segment = next(one for one in feed.manifest.segments if one.first <= sequence <= one.last)
    if "batches" not in segment.files:
        return None
    heads = _read(feed, segment, "batches")["head"]
    return bytes(heads[sequence - segment.first].as_py()) if sequence - segment.first < len(heads) else None


def verified(feed: Feed, end: End) -> Iterator[Verified]:
    """Yield the segments of an export, each after it was verified; the control sums are compared after the last one.

    Raises: Refused naming the file, what was given and what was expected.
    """
    manifest, adding, rows = feed.manifest, Adding(), end.rows
    for one in ahead(_segments(feed, end.head), depth=1):
        adding.take(one.columns.rows, one.columns.transfers)
        rows += len(one.columns.rows)
        yield one
    if (given := adding.sums()) != manifest.sums:
        raise Refused(f"{feed.path}: given the control sums {_words(manifest.sums)}, the rows give {_words(given)}")
    if manifest.head is not None and manifest.head.statement.size != rows:
        raise Refused(f"{feed.path}: the signed head is over {manifest.head.statement.size:,} instructions, expected {rows:,}")


def _words(value: object) -> str:
    return shorten(msgspec.json.encode(value).decode(), 400)


def _segments(feed: Feed, head: bytes) -> Iterator[Verified]:
    recorded_at, declared = 0, Declared(feed.manifest, feed.editions)
    for segment in feed.manifest.segments:
        tables: dict[str, pa.Table] = {name: _read(feed, segment, name) for name in segment.files}
        stated = Columns(*(tables[name] for name in Columns._fields))
        if not feed.manifest.bodies:
            declared.check(feed.folder, segment, stated)
            yield Verified(segment, stated, None)
            continue
        batches = tables["batches"]
        where = feed.folder / segment.path("batches")
        try:
            envelopes, head, recorded_at = _chained(feed, segment, batches, head, recorded_at)
            made = columns_of(envelopes, feed.editions.__getitem__, feed.manifest.assets.get)
        except _WRONG as error:
            if isinstance(error, Refused):
                raise
            raise Refused(
                f"{where}: the bodies of batches {segment.first} to {segment.last} cannot be read: {_said(error)}"
            ) from None
        for name in Columns._fields:
            _compare(feed.folder / segment.path(name), getattr(stated, name), getattr(made, name))
        for name in ("rows", "transfers"):
            check_days(feed.folder / segment.path(name), getattr(made, name))
        yield Verified(segment, made, batches.drop_columns(["body"]))
    if feed.manifest.bodies and head.hex() != feed.manifest.end:
        raise Refused(f"{feed.path}: given the end {feed.manifest.end}, the bodies give {head.hex()}")


def _read(feed: Feed, segment: Segment, name: str) -> pa.Table:
    try:
        return read_table(feed.folder / segment.path(name), name, segment.files[name])  # type: ignore[index]
    except Damaged as error:
        raise Refused(str(error)) from None


def _said(error: Exception) -> str:
    return shorten(str(error) or type(error).__name__, 200)


def _chained(feed: Feed, segment: Segment, batches: pa.Table, head: bytes, recorded_at: int) -> tuple[list[Envelope], bytes, int]:
    """Return the batches of a segment after checking that each continues the one before and is what its row says."""
    where, envelopes = feed.folder / segment.path("batches"), []
    bodies = batches["body"]
    rows = batches.drop_columns(["body"]).to_pylist()
    if len(rows) != segment.last - segment.first + 1:
        raise Refused(f"{where}: given {len(rows)} batches, expected those from {segment.first} to {segment.last}")
    for sequence, (row, body) in enumerate(zip(rows, bodies, strict=True), segment.first):
        data = body.as_py()
        if row["previous"] != head:
            raise Refused(
                f"{where}: batch {sequence} continues {_hex(row['previous'])}, expected the head {head.hex()} before it"
            )
        head = head_of(head, data)
        if row["head"] != head:
            raise Refused(f"{where}: batch {sequence} has the head {_hex(row['head'])}, its body gives {head.hex()}")
        envelope = open_envelope(data, strict=True)
        stated = {name: row[name] for name in ("sequence", "recorded_at", "registers", "rows")}
        given = {name: getattr(envelope, name) for name in stated}
        if given != stated or envelope.sequence != sequence or envelope.book != feed.manifest.book:
            raise Refused(
                f"{where}: batch {sequence} of book {feed.manifest.book!r} is stated as {stated}, its body is of book "
                f"{envelope.book!r} and says {given}"
            )
        if recorded_day(envelope.recorded_at) != segment.recorded or envelope.recorded_at < recorded_at:
            raise Refused(
                f"{where}: batch {sequence} was recorded at {envelope.recorded_at} ns, expected one on {segment.recorded}, "
                f"not before {recorded_at} ns"
            )
        recorded_at = envelope.recorded_at
        unknown = sorted(set(envelope.editions) - set(feed.editions))
        if unknown:
            raise Refused(f"{where}: batch {sequence} was decided by edition {unknown[0]}, which the manifest does not name")
        envelopes.append(envelope)
    return envelopes, head, recorded_at


def _hex(value: bytes | None) -> str:
    return "none" if value is None else value.hex()


def _compare(path: Path, stated: pa.Table, made: pa.Table) -> None:
    """Compare the columns of a file with those made from the bodies.

    Raises: Refused naming the first row and column that differ.
    """
    if len(stated) != len(made):
        raise Refused(f"{path}: given {len(stated):,} rows, the bodies give {len(made):,}")
    for name in made.column_names:
        given, expected = stated[name], made[name]
        if name in _MAY_LACK and given.null_count == len(given):
            continue
        if pa.types.is_dictionary(expected.type):
            if not pa.types.is_dictionary(given.type):
                given = given.dictionary_encode()
            both = pa.chunked_array([*given.chunks, *expected.chunks], expected.type).unify_dictionaries()
            numbers = (
                np.concatenate([np.asarray(chunk.indices.fill_null(-1)) for chunk in both.chunks]) if both.num_chunks else None
            )
            same = numbers is None or bool((numbers[: len(stated)] == numbers[len(stated) :]).all())
        else:
            same = given.equals(expected)
        if not same:
            row = next(n for n, (a, b) in enumerate(zip(given, expected, strict=True)) if a.as_py() != b.as_py())
            raise Refused(
                f"{path}: row {row}, column {name}: given {shorten(given[row].as_py())}, the bodies give {shorten(expected[row].as_py())}"
            )
