"""Say what lies in some bytes of a book's file: which page, which batch, which rows of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np

from skarb.core.errors import SkarbError
from skarb.core.transfer import TRANSFER
from skarb.journal.chain import KEY_BYTES, OWNER_BYTES, Envelope, address, open_envelope, raw_rows
from skarb.journal.folding import CASE_BYTES, VALUE_BYTES
from skarb.store import Store
from skarb.store.pages import HEADER, Use, page_size, uses_of
from skarb.store.shares import Share, shares_of

_PAGE = 16_384  # when the header does not even state a page size
_BY_ROW = {"keys": KEY_BYTES, "cases": CASE_BYTES, "values": VALUE_BYTES, "dollars": VALUE_BYTES}
_BY_TRANSFER = {"transfers": TRANSFER.itemsize, "owners": OWNER_BYTES, "results": 1}
_OF_INSTRUCTIONS = {"instructions", "rulings", *_BY_ROW}  # fields with one item per instruction


class Place(NamedTuple):
    """A place in the file in words, with the batch and the row where there is exactly one."""

    words: str
    sequence: int | None
    row: int | None


def place_of(path: Path, start: int, stop: int, store: Store | None, file: str = "") -> Place:
    """Return what lies in the bytes from `start` up to `stop` of a book's file, or of one of the files in its folder."""
    if file:
        shares = shares_of(path / file, start, stop)
        return (
            Place(f"bytes {start} to {stop - 1} of {file}", None, None)
            if shares is None
            else _in_segment(file, start, stop, shares)
        )
    size = page_size(path, _PAGE)
    first, last = start // size + 1, (stop - 1) // size + 1
    pages = f"page {first}" if first == last else f"pages {first} to {last}"
    words, sequences, rows = [], set(), set()
    if start < HEADER:
        words.append("the file's header")
    for use in _joined(uses_of(path, set(range(first, last + 1)), size)):
        name, found = _words(use, partial(_body, store, use))
        if name not in words:
            words.append(name)
        sequences.add(use.row if use.table == "batch" else None)
        rows |= found
    words = words if len(words) <= 8 else [*words[:4], f"… {len(words) - 6} more …", *words[-2:]]
    sequence = sequences.pop() if len(sequences) == 1 else None
    row = rows.pop() if sequence is not None and len(rows) == 1 else None
    return Place(f"bytes {start} to {stop - 1} of {path.name}, {pages}: {', '.join(words)}", sequence, row)


def rows_at(body: bytes, start: int, stop: int) -> dict[str, tuple[int, int]]:
    """Return which rows of which fields of a batch lie between two places of its body: first and last row by field.

    Rows of `facts` are distinct facts, those of transfers, owners and results are transfers; all others are instructions.
    A row of -1 means the field's frame or a field without rows. Raises: Damaged if the body cannot be taken apart.
    """
    envelope = open_envelope(body, strict=True)
    origin = address(body)
    found: dict[str, tuple[int, int]] = {}
    for name in Envelope.__struct_fields__:
        value = getattr(envelope, name)
        if not isinstance(value, msgspec.Raw | memoryview) or memoryview(value).nbytes == 0:
            continue
        at = address(value) - origin
        if at >= stop or at + len(memoryview(value)) <= start:
            continue
        hit = _rows(name, value, start - at, stop - at)
        if hit:
            found[name] = (hit[0], hit[-1])
    return found


def _rows(name: str, value: msgspec.Raw | memoryview, start: int, stop: int) -> list[int]:
    width = _BY_ROW.get(name) or _BY_TRANSFER.get(name)
    if width is not None:
        return [max(0, start) // width, (min(stop, len(memoryview(value))) - 1) // width]
    if name not in {"instructions", "facts", "rulings"} or not isinstance(value, msgspec.Raw):
        return [-1]
    raws = raw_rows(value)
    if not raws:
        return [-1]
    stops = np.cumsum([len(memoryview(raw)) for raw in raws])
    stops += address(raws[0]) - address(value)
    first, last = np.searchsorted(stops, [max(0, start), stop - 1], side="right")
    return [int(min(first, len(raws) - 1)), int(min(last, len(raws) - 1))]


def _in_segment(file: str, start: int, stop: int, shares: list[Share]) -> Place:
    """Name the batches, and of one alone its parts and rows."""
    where, sequences = f"bytes {start} to {stop - 1} of {file}", sorted({share.sequence for share in shares})
    if len(sequences) != 1:
        words = f"batches {sequences[0]} to {sequences[-1]}" if sequences else "behind the last batch"
        return Place(f"{where}: {words}", None, None)
    words_of, rows = [], set()
    for share in shares:
        if share.part == "body":
            use = Use(0, "batch", share.sequence, "body", share.start, share.stop)
            name, found = _words(use, partial(bytes, share.body))
            rows |= found
        else:
            name = f"the {share.part} of batch {share.sequence}"
        words_of.append(name)
    return Place(f"{where}: {', '.join(words_of)}", sequences[0], rows.pop() if len(rows) == 1 else None)


def _body(store: Store | None, use: Use) -> bytes | None:
    entry = store.entry(use.row) if store is not None and use.row is not None else None
    return None if entry is None else entry.body


def _words(use: Use, body_of: Callable[[], bytes | None]) -> tuple[str, set[int]]:
    """Return the use of a page in words, and the rows of instructions where it can be said."""
    if use.table == "":
        return "unused, or no longer reachable", set()
    if use.table != "batch":
        return f"table {use.table}", set()
    if use.row is None:
        return "the index of batches", set()
    words = f"batch {use.row}, bytes {use.start} to {use.stop - 1} of its body"
    try:
        body = body_of()
        rows = rows_at(body, use.start, use.stop) if body is not None else {}
    except SkarbError:
        return words, set()
    parts = [
        f"{name} {first}" if first == last else f"{name} {first} to {last}" for name, (first, last) in rows.items() if first >= 0
    ]
    hit = {row for name, pair in rows.items() if name in _OF_INSTRUCTIONS for row in pair}
    return (f"{words} ({', '.join(parts)})" if parts else words), hit


def _joined(uses: list[Use]) -> list[Use]:
    """Join the shares of one batch that follow each other."""
    joined: list[Use] = []
    for use in sorted(uses, key=lambda one: (one.table, one.row or 0, one.start, one.page)):
        before = joined[-1] if joined else None
        if before is not None and use.column and (before.table, before.row, before.stop) == (use.table, use.row, use.start):
            joined[-1] = before._replace(stop=use.stop)
        else:
            joined.append(use)
    return joined
