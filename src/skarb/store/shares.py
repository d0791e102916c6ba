"""Which part of which entry lies in some bytes of a segment file, also where headers are damaged."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, NamedTuple

from skarb.store.records import HEADER_SIZE, MARK_SIZE, next_header, read_header

_SUFFIX = ".segment"
Part = Literal["header", "body", "mark", "record"]  # "record" where a damaged header does not say where its parts are


class Share(NamedTuple):
    """A part of one record, as far as it lies in the bytes that are asked for."""

    sequence: int
    part: Part
    start: int  # of the share, counted from the beginning of the part
    stop: int
    body: bytes = b""  # the whole body as it is now, with the part "body"


def shares_of(path: Path, start: int, stop: int) -> list[Share] | None:
    """Return what lies in the bytes from `start` up to `stop` of a segment file, or None for another kind of file."""
    if path.suffix != _SUFFIX or not path.stem.isdecimal():
        return None
    with path.open("rb") as file:

        def read(size: int, at: int) -> bytes:
            file.seek(at)
            return file.read(size)

        shares: list[Share] = []
        sequence, at, size = int(path.stem), 0, path.stat().st_size
        while at < min(stop, size):
            header = read_header(read(HEADER_SIZE, at), at)
            if header is None:
                parts: list[tuple[Part, int]] = [("record", (next_header(read, (at + 1, size)) or size) - at)]
            else:
                sequence = header.sequence
                parts = [("header", HEADER_SIZE), ("body", header.length), ("mark", MARK_SIZE)]
            for part, length in parts:
                first, last = max(start, at), min(stop, at + length)
                if first < last:
                    body = read(length, at) if part == "body" else b""
                    shares.append(Share(sequence, part, first - at, last - at, body))
                at += length
            sequence += 1
    return shares
