"""Write a journal out as a feed: batch by batch, a stretch of a day at a time, the manifest last.

Nothing counts before the manifest is there. Until then files lie in `_writing`, which every reader of such folders passes over; an export that was
cut short goes on where it stopped, and what it leaves is what it would have left in one go.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from pathlib import Path
from typing import NamedTuple

import msgspec
import pyarrow as pa

from skarb.core.errors import Conflict, NotFound, Unavailable
from skarb.journal.ahead import ahead
from skarb.journal.chain import Envelope
from skarb.journal.feed.columns import Columns, Decimals, columns_of
from skarb.journal.feed.files import file_of, write_table
from skarb.journal.feed.manifest import (
    TABLES,
    Adding,
    Form,
    Manifest,
    Segment,
    SignedManifest,
    Sums,
    declared_end,
    folder_name,
    manifest_bytes,
    read_manifest,
    signed_bytes,
    span_of,
)
from skarb.journal.model import GENESIS
from skarb.journal.proofs import SignedHead
from skarb.journal.replay import linked, opened
from skarb.journal.seal import Progress
from skarb.rulebook import Country, Edition
from skarb.store import Damaged, Entry, Store

SEGMENT_ROWS = 1 << 19
SEGMENT_BYTES = 1 << 28
STAGE = "_writing"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_Group = list[tuple[Entry, Envelope]]


class Signer(NamedTuple):
    """Who answers for a feed."""

    key: str  # SHA-256 of the public key, hex
    sign: Callable[[bytes], bytes]
    head: Callable[[int], SignedHead] | None  # signs what the book was after a batch; None for columns without bodies


class _Made(msgspec.Struct, frozen=True):
    """A segment that lies in `_writing`, and what the manifest will say of it."""

    segment: Segment
    sums: Sums
    editions: list[str]
    assets: dict[str, int]


def export(
    store: Store,
    book: str,
    to: Path,
    signer: Signer,
    laws: Callable[[str], Edition],
    decimals: Decimals,
    *,
    first: int | None = None,
    upto: int | None = None,
    new_key: bool = False,
    progress: Progress | None = None,
) -> Manifest | None:
    """Write what a journal has gained since the last export into a feed; return its manifest, or None if there is nothing new.

    `first` is the first batch to write where the folder holds none yet, `upto` the last one of a book that may be growing; `new_key` goes on
    with another key than before.
    Raises: Conflict if the folder holds another past of the book, or was signed with another key; Unavailable if somebody else is writing it;
    Damaged if the journal does not hang together; NotFound.
    """
    folder = to / folder_name(book)
    with _alone(folder):
        before = latest(folder)
        _same_key(before, signer, folder, new_key)
        start = _start(store, before, first, folder)
        last = (store.last() or (0, GENESIS))[0]
        last = last if upto is None else min(last, upto)
        if start > last:
            if first is not None and before is None:
                raise NotFound(f"--from {first}: the last batch of book {book!r} is {last}")
            return None
        previous = _head_before(store, start)
        stage = folder / STAGE
        stage.mkdir(parents=True, exist_ok=True)
        made, heads = [], [previous]
        for group in _groups(store, book, start, last, previous):
            made.append(_write(stage, folder, group, laws, decimals))
            heads.append(group[-1][0].head)
            if progress is not None:
                progress("write the feed", group[-1][0].sequence - start + 1, last - start + 1)
        if signer.head is None:
            raise NotFound("a feed with bodies needs somebody who signs heads")
        names = list(dict.fromkeys(name for one in made for name in one.editions))
        country = laws(names[-1]).country if names else None
        manifest = _manifest(book, made, country, signer.key, (previous.hex(), heads[-1].hex()), signer.head(last))
        (folder / "editions").mkdir(exist_ok=True)
        for name in names:
            write_whole(folder / "editions" / f"{name}.json", laws(name).normal)
        publish(folder, manifest, signer)
        return manifest


def write_declared(
    book: str,
    to: Path,
    signer: Signer,
    country: Country,
    parts: Sequence[tuple[str, Columns]] | Iterator[tuple[str, Columns]],
    assets: dict[str, int],
    editions: Sequence[Edition] = (),
    form: Form = "parquet",
    new_key: bool = False,
) -> Manifest:
    """Write columns that an institution declares, without a journal that proves them.

    Shape: `parts` are the day of filing and the tables; each becomes one numbered batch, which the rows must name. Nobody else writes the feed
    from before the first is drawn. `assets` and `editions` are looked at after the last part was drawn. If drawing a part fails, the feed is
    as it was. `new_key` goes on with another key than before.
    Raises: Conflict if the feed was signed with another key; Unavailable if somebody else is writing it; Damaged.
    """
    folder = to / folder_name(book)
    with _alone(folder):
        before = latest(folder)
        _same_key(before, signer, folder, new_key)
        first = 1 if before is None else before.last + 1
        stage = folder / STAGE
        shutil.rmtree(stage, ignore_errors=True)  # what a call that was killed left there belongs to other tables
        stage.mkdir(parents=True, exist_ok=True)
        made = []
        try:
            for number, (day, columns) in enumerate(parts, first):
                made.append(_store(stage, day, number, number, columns, None, (), assets, form))
        except BaseException:
            shutil.rmtree(stage, ignore_errors=True)
            raise
        previous = GENESIS.hex() if before is None else before.end
        end = declared_end(previous, [one.segment for one in made])
        manifest = _manifest(book, made, country, signer.key, (previous, end), None, [one.hash for one in editions])
        (folder / "editions").mkdir(exist_ok=True)
        for one in editions:
            write_whole(folder / "editions" / f"{one.hash}.json", one.normal)
        publish(folder, manifest, signer)
        return manifest


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep everybody else from writing the feed of a book; what is empty afterwards is taken away again.

    Raises: Unavailable if somebody else is writing it
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = os.open(folder, os.O_RDONLY)
    try:
        if not _take(lock, folder):
            raise Unavailable(f"{folder} is being written by another call; wait until it has ended, then call again")
        try:
            yield
        finally:
            for empty in (folder, folder.parent):
                with suppress(OSError):  # it holds something
                    empty.rmdir()
    finally:
        os.close(lock)


def _take(lock: int, folder: Path) -> bool:
    """Lock a folder, unless somebody else has, or took it away meanwhile."""
    with suppress(BlockingIOError, FileNotFoundError):
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return os.path.samestat(os.fstat(lock), folder.stat())
    return False


def _same_key(before: Manifest | None, signer: Signer, folder: Path, new_key: bool) -> None:
    """Refuse to go on with another key by mistake: what is signed with it no supervisor takes before he trusts it.

    Raises: Conflict
    """
    if before is not None and before.key != signer.key and not new_key:
        raise Conflict(
            f"{folder} was signed with the key {before.key[:16]}…, given {signer.key[:16]}…; name that key, or go on with the new one by "
            "--new-key, which the supervisor must trust first (skarb lake trust)"
        )


def latest(folder: Path) -> Manifest | None:
    """Return the manifest of the last export in a book's folder.

    Raises: Damaged
    """
    spans = {span: path for path in folder.glob("manifest-*.json") if (span := span_of(path.name)) is not None}
    if not spans:
        return None
    path = spans[max(spans)]
    try:
        return read_manifest(path.read_bytes()).statement
    except Damaged as error:
        raise Damaged(f"{path}: {error}") from None


def publish(folder: Path, manifest: Manifest, signer: Signer) -> None:
    """Give the files their places and then write the manifest, from when on they count."""
    for segment in manifest.segments:
        for table in segment.files:
            target = folder / segment.path(table)
            staged = folder / STAGE / target.name
            if staged.exists():
                target.parent.mkdir(exist_ok=True)
                staged.replace(target)
    signed = SignedManifest(statement=manifest, signature=signer.sign(signed_bytes(manifest)).hex())
    write_whole(folder / manifest.name, manifest_bytes(signed))
    shutil.rmtree(folder / STAGE)


def write_whole(path: Path, data: bytes) -> None:
    """Write a file that is there wholly or not at all."""
    draft = path.with_name("_" + path.name)
    with draft.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _start(store: Store, before: Manifest | None, first: int | None, folder: Path) -> int:
    if before is None:
        return first or 1
    if first not in (None, before.last + 1):
        raise Conflict(
            f"--from {first}: {folder} holds the feed up to batch {before.last}; leave --from out, or name another folder"
        )
    entry = store.entry(before.last)
    if entry is None or entry.head.hex() != before.end:
        given = "no such batch" if entry is None else f"the head {entry.head.hex()}"
        raise Conflict(
            f"{folder}: the last export ended at batch {before.last} with the head {before.end}, the book has {given}; "
            "it is another book, or it was rewritten"
        )
    return before.last + 1


def _head_before(store: Store, start: int) -> bytes:
    if start == 1:
        return GENESIS
    entry = store.entry(start - 1)
    if entry is None:
        raise NotFound(f"--from {start}: there is no batch {start - 1} before it")
    return entry.head


def _groups(store: Store, book: str, first: int, last: int, head: bytes) -> Iterator[_Group]:
    """Yield consecutive batches of one day of recording, up to half a million rows together."""
    entries = takewhile(lambda one: one.sequence <= last, store.read(first))
    group: _Group = []
    rows, size, day = 0, 0, ""
    for entry, envelope in ahead(opened(linked(entries, first - 1, head), book)):
        recorded = recorded_day(envelope.recorded_at)
        many = rows + envelope.rows > SEGMENT_ROWS or size + len(entry.body) > SEGMENT_BYTES
        if group and (recorded != day or many):
            yield group
            group, rows, size = [], 0, 0
        group.append((entry, envelope))
        rows, size, day = rows + envelope.rows, size + len(entry.body), recorded
    if group:
        yield group


def recorded_day(nanoseconds: int) -> str:
    """Return the day in UTC on which an instant falls."""
    return (_EPOCH + timedelta(seconds=nanoseconds // 10**9)).date().isoformat()


def _write(stage: Path, folder: Path, group: _Group, laws: Callable[[str], Edition], decimals: Decimals) -> _Made:
    """Write the files of some batches, unless an export that was cut short has done so."""
    first, last = group[0][0].sequence, group[-1][0].sequence
    note = stage / f"{first:010d}-{last:010d}.json"
    kept = _kept(note, stage, folder)
    if kept is not None:
        return kept
    used: dict[str, int] = {}

    def known(asset: str) -> int | None:
        found = decimals(asset)
        return found if found is None else used.setdefault(asset, found)

    columns = columns_of([envelope for _, envelope in group], laws, known)
    editions = list(dict.fromkeys(name for _, envelope in group for name in envelope.editions))
    made = _store(stage, recorded_day(group[0][1].recorded_at), first, last, columns, batches_table(group), editions, used)
    write_whole(note, msgspec.json.encode(made))
    return made


def batches_table(group: _Group) -> pa.Table:
    """Return the journal's own bytes as a table."""
    return pa.table(
        {
            "sequence": pa.array([entry.sequence for entry, _ in group], pa.int32()),
            "recorded_at": pa.array([envelope.recorded_at for _, envelope in group], pa.int64()),
            "registers": pa.array([envelope.registers for _, envelope in group], pa.binary()),
            "previous": pa.array([entry.previous for entry, _ in group], pa.binary()),
            "head": pa.array([entry.head for entry, _ in group], pa.binary()),
            "rows": pa.array([envelope.rows for _, envelope in group], pa.int32()),
            "body": pa.array([entry.body for entry, _ in group], pa.binary()),
        }
    )


def _store(
    stage: Path,
    day: str,
    first: int,
    last: int,
    columns: Columns,
    batches: pa.Table | None,
    editions: Sequence[str],
    assets: dict[str, int],
    form: Form = "parquet",
) -> _Made:
    empty = Segment(recorded=day, first=first, last=last, files={}, form=form)
    tables = columns._asdict() | ({} if batches is None else {"batches": batches})
    files = {name: write_table(stage / Path(empty.path(name)).name, tables[name], name) for name in TABLES if name in tables}
    adding = Adding()
    adding.take(columns.rows, columns.transfers)
    segment = msgspec.structs.replace(empty, files=files)
    return _Made(segment, adding.sums(), list(editions), assets)


def _kept(note: Path, stage: Path, folder: Path) -> _Made | None:
    """Return what an earlier export wrote, if it is all there."""
    try:
        made = msgspec.json.decode(note.read_bytes(), type=_Made)
        for table, file in made.segment.files.items():
            target = folder / made.segment.path(table)
            staged = stage / target.name
            if file_of(staged if staged.exists() else target, file.rows) != file:
                return None
    except (OSError, msgspec.MsgspecError):
        return None
    return made


def _manifest(
    book: str,
    made: Sequence[_Made],
    country: Country | None,
    key: str,
    ends: tuple[str, str],
    head: SignedHead | None,
    editions: Sequence[str] = (),
) -> Manifest:
    adding = Adding()
    for one in made:
        adding.add(one.sums)
    return Manifest(
        book=book,
        bodies=head is not None,
        law="" if country is None else country.code,
        currency="" if country is None else country.currency,
        decimals=0 if country is None else country.decimals,
        zone="" if country is None else country.zone,
        first=made[0].segment.first,
        last=made[-1].segment.last,
        previous=ends[0],
        end=ends[1],
        head=head,
        assets=dict(sorted((code, units) for one in made for code, units in one.assets.items())),
        editions=sorted({*editions, *(name for one in made for name in one.editions)}),
        segments=[one.segment for one in made],
        sums=adding.sums(),
        key=key,
    )
