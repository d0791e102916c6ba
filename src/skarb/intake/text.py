"""Text files: checked as a whole for their encoding, then handed on in lines.

Text is UTF-8, with or without a byte order mark. Only LF and CR LF end a line.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from skarb.core.errors import InputError
from skarb.intake.container import Container

LINE_BYTES_MAX = 1 << 20
_LINE = 0x0A
_MARKS = {codecs.BOM_UTF32_LE: "UTF-32", codecs.BOM_UTF16_LE: "UTF-16", codecs.BOM_UTF16_BE: "UTF-16"}


def check_text(container: Container, one_row_a_line: bool = True) -> int:
    """Read a text file once to see that it is whole and UTF-8, and return the number of its lines.

    Raises: InputError with the byte offset of what is wrong.
    """
    name, offset, rest, run, count = container.name, 0, b"", 0, 0
    last = b""
    for block in container.blocks():
        if not offset:
            _refuse_other_encodings(name, block)
        data = rest + block
        try:
            _, used = codecs.utf_8_decode(data, "strict", False)
        except UnicodeDecodeError as error:
            raise _not_utf8(name, offset + error.start, data[error.start]) from None
        if 0 in block:
            raise _not_utf8(name, offset + len(rest) + block.index(0), 0)
        rest, offset = data[used:], offset + used
        ends = block.count(b"\n")
        if one_row_a_line and run + (block.find(b"\n") if ends else len(block)) > LINE_BYTES_MAX:
            raise InputError(f"{name}: line {count + 1} is longer than {LINE_BYTES_MAX} bytes, expected one row per line")
        run = len(block) - block.rfind(b"\n") - 1 if ends else run + len(block)
        count, last = count + ends, block
    if rest:
        raise _not_utf8(name, offset, rest[0])
    return count + (not last.endswith(b"\n"))


def _refuse_other_encodings(name: str, block: bytes) -> None:
    for mark, encoding in _MARKS.items():
        if block.startswith(mark):
            raise InputError(
                f"{name}: byte 0: given {encoding} text (byte order mark {mark.hex()}), expected UTF-8; save it as UTF-8"
            )
    if b"\r" in block and b"\n" not in block:
        raise InputError(
            f"{name}: byte {block.index(13)}: lines end with CR alone, expected LF or CR LF; save it with other line ends"
        )


def _not_utf8(name: str, offset: int, byte: int) -> InputError:
    return InputError(f"{name}: byte {offset}: given 0x{byte:02x}, expected UTF-8 text; nothing of it was used; save it as UTF-8")


def lines(container: Container) -> Iterator[list[bytes]]:
    """Yield the lines of a checked text file in lists, without line ends; the byte order mark is dropped."""
    rest, start = b"", True
    for block in container.blocks():
        data = rest + block
        if start:
            data, start = data.removeprefix(codecs.BOM_UTF8), False
        parts = data.split(b"\n")
        rest = parts.pop()
        yield [part[:-1] if part.endswith(b"\r") else part for part in parts] if b"\r" in data else parts
    if rest:
        yield [rest.removesuffix(b"\r")]


def chunks(container: Container, size: int) -> Iterator[Chunk]:
    """Yield a checked text file in pieces of so many lines, the last one shorter; the byte order mark is dropped."""
    rest, first, start = b"", 1, True
    for block in container.blocks():
        data = rest + block
        if start:
            data, start = data.removeprefix(codecs.BOM_UTF8), False
        ends = np.flatnonzero(np.frombuffer(data, np.uint8) == _LINE)
        begin = 0
        for end in ends[size - 1 :: size].tolist():
            yield Chunk(data[begin:end], size, first)
            begin, first = end + 1, first + size
        rest = data[begin:]
    if rest:
        rest = rest.removesuffix(b"\n")
        yield Chunk(rest, rest.count(b"\n") + 1, first)


class Chunk(NamedTuple):
    """Some lines of a text file, in one piece."""

    text: bytes  # without the end of the last line
    lines: int
    first: int  # number of the first line

    def rows(self) -> tuple[list[bytes], list[int]]:
        """Return the lines that are not blank, stripped, each with its number."""
        stripped = [line.strip() for line in self.text.split(b"\n")]
        return [line for line in stripped if line], [number for number, line in enumerate(stripped, self.first) if line]


def row_batches(container: Container, size: int) -> Iterator[tuple[list[bytes], list[int]]]:
    """Yield the lines that are not blank, stripped, in lists of `size`, each with its line number."""
    rows: list[bytes] = []
    numbers: list[int] = []
    seen = 0
    for part in lines(container):
        stripped = [line.strip() for line in part]
        places = range(seen + 1, seen + 1 + len(part))
        seen += len(part)
        if all(stripped):
            rows += stripped
            numbers += places
        else:
            kept = [(place, line) for place, line in zip(places, stripped, strict=True) if line]
            rows += [line for _, line in kept]
            numbers += [place for place, _ in kept]
        start = 0
        while len(rows) - start >= size:
            yield rows[start : start + size], numbers[start : start + size]
            start += size
        if start:
            del rows[:start], numbers[:start]
    if rows:
        yield rows, numbers
