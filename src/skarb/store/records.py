"""How an entry lies in a segment file: a header, the body, and a mark.

Header and body are written together and flushed. The mark is written once the disk has both, so it proves that the entry was
acknowledged; readers of a book that is being written wait for it. Header and mark are tied to their place in the file, so that a copy
of them elsewhere, in a body for instance, is not taken for one.

Numbers are little-endian. Header, 96 bytes: magic, sequence, length of the body, head before, head after, CRC-32 of the body,
CRC-32 of the place and of the header so far. Mark, 24 bytes: magic, place of the header, the header's last CRC-32, CRC-32 of the mark so far.

Source: ISO/IEC 8802-3 (CRC-32).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from struct import Struct
from typing import NamedTuple
from zlib import crc32

HEADER_MAGIC, MARK_MAGIC = b"\x89SkarbH\n", b"\x89SkarbM\n"
HEAD = 32  # bytes of a head

_START = HEADER_MAGIC[:6]  # what both begin with
_HEADER = Struct("<8sQQ32s32sI")
_MARK = Struct("<8sQI")
_CHECK = Struct("<I")
_PLACE = Struct("<Q")
HEADER_SIZE, MARK_SIZE = _HEADER.size + _CHECK.size, _MARK.size + _CHECK.size
_CHUNK = 1 << 20  # bytes that are searched at once

Read = Callable[[int, int], bytes]  # size, place → the bytes there; fewer at the end of the file
Span = tuple[int, int]  # the first byte and the one after the last


class Header(NamedTuple):
    """What a header says, and the CRC-32 that it ends with."""

    sequence: int
    length: int  # bytes of the body
    previous: bytes
    head: bytes
    body_check: int
    check: int

    @property
    def size(self) -> int:
        """Bytes of the whole record."""
        return HEADER_SIZE + self.length + MARK_SIZE


def make_header(sequence: int, previous: bytes, head: bytes, body: bytes, at: int) -> tuple[Header, bytes]:
    """Return the header of an entry whose record begins at a place, and its bytes."""
    body_check = crc32(body)
    fields = _HEADER.pack(HEADER_MAGIC, sequence, len(body), previous, head, body_check)
    check = _check(fields, at)
    return Header(sequence, len(body), previous, head, body_check, check), fields + _CHECK.pack(check)


def read_header(data: bytes, at: int) -> Header | None:
    """Return the header that stands at a place, or None if those bytes are not one."""
    if len(data) < HEADER_SIZE or data[: len(HEADER_MAGIC)] != HEADER_MAGIC:
        return None
    (check,) = _CHECK.unpack_from(data, _HEADER.size)
    if check != _check(data[: _HEADER.size], at):
        return None
    _, sequence, length, previous, head, body_check = _HEADER.unpack_from(data)
    return Header(sequence, length, previous, head, body_check, check)


def pack_mark(at: int, check: int) -> bytes:
    """Return the mark of a record by its place and its header's CRC-32."""
    fields = _MARK.pack(MARK_MAGIC, at, check)
    return fields + _CHECK.pack(crc32(fields))


def is_whole(header: Header, body: bytes) -> bool:
    """Whether a body is the one that its header was written for."""
    return len(body) == header.length and crc32(body) == header.body_check


def proof_after(read: Read, at: int, spans: Iterable[Span]) -> int | None:
    """Return where something stands that was only written after the record at `at` had been flushed, or None.

    That is its own mark, or any header or mark further on. Outside the spans there are only zeros.
    """
    return next((place for place, data in _starts(read, spans) if _is_proof(data, place, at)), None)


def next_header(read: Read, span: Span) -> int | None:
    """Return where the first header within a span stands, or None."""
    return next((place for place, data in _starts(read, [span]) if read_header(data, place) is not None), None)


def _starts(read: Read, spans: Iterable[Span]) -> Iterator[tuple[int, bytes]]:
    """Yield every place where a header or a mark may begin, and the bytes there."""
    for first, end in spans:
        for at in range(first, end, _CHUNK):
            length = min(_CHUNK, end - at)
            chunk = read(length + HEADER_SIZE, at)
            found = chunk.find(_START)
            while 0 <= found < length:
                yield at + found, chunk[found : found + HEADER_SIZE]
                found = chunk.find(_START, found + 1)


def _is_proof(data: bytes, place: int, at: int) -> bool:
    if read_header(data, place) is not None:
        return place > at
    if len(data) < MARK_SIZE:
        return False
    _, start, check = _MARK.unpack_from(data)
    return start >= at and data[:MARK_SIZE] == pack_mark(start, check)


def _check(fields: bytes, at: int) -> int:
    return crc32(fields, crc32(_PLACE.pack(at)))
