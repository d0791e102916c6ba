"""Bytes to text to rows, strictly: a file that is cut, too wide or too narrow somewhere is not read around."""

from __future__ import annotations

import csv
import gzip
import io
import re
import zlib
from collections.abc import Iterator
from datetime import date

from skarb.core.errors import InputError
from skarb.screening.lists.model import Edition, Findings, Source

END_MARK = "\x1a"  # how old systems end a text
_SIZE_MAX = 1 << 30  # bytes after unpacking
_DAY = re.compile(r"(?<!\d)(\d{4})-(\d{2})(?:-(\d{2}))?(?!\d)")


def unpacked(source: Source) -> bytes:
    """Return the bytes of a file, unpacked if it is gzip.

    Raises: InputError if it is cut or too large.
    """
    raw = source.raw
    if raw[:2] == b"\x1f\x8b":
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(raw)) as packed:
                raw = packed.read(_SIZE_MAX + 1)
        except (OSError, EOFError, zlib.error) as error:
            raise InputError(f"a gzip file that ends before its end ({error})") from None
    if len(raw) > _SIZE_MAX:
        raise InputError(f"more than {_SIZE_MAX >> 20} MB after unpacking")
    return raw


def text_of(source: Source) -> str:
    """Return the text of a file in UTF-8.

    Raises: InputError if it is cut, too large or not in this encoding.
    """
    try:
        return unpacked(source).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"byte {error.start} is {error.object[error.start]:#04x}, which is no utf-8") from None


def old_text_of(source: Source) -> str:
    """Return the text of a file of publishers who wrote Latin-1 and ended files with a mark; where the bytes are UTF-8, it was written anew.

    Raises: InputError if it is cut or too large.
    """
    raw = unpacked(source)
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def without_end_mark(text: str) -> str:
    """Return a text without the mark at its end, and without what an editor put behind the mark."""
    bare = text.rstrip()
    return bare.rstrip(END_MARK) if bare.endswith(END_MARK) else text


def header_of(text: str, delimiter: str = ",") -> list[str]:
    """Return the cells of the first row, without blanks around a cell.

    Raises: InputError if it is no row.
    """
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        return [cell.strip() for cell in next(reader, [])]
    except csv.Error as error:
        raise InputError(f"the header is no row that is whole ({error})") from None


def rows_of(text: str, columns: int, name: str, found: Findings, delimiter: str = ",") -> Iterator[tuple[int, list[str]]]:
    """Yield number and cells of every row, without blanks around a cell; a row of another width is a problem."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    last = 0
    try:
        for cells in reader:
            if not cells:
                continue
            last += 1
            if len(cells) != columns:
                todo = "the file is cut there or its form has changed; fetch it again"
                found.wrong(f"{name} row {last}", "", f"{len(cells)} columns", f"{columns} columns", todo, last)
                return
            yield last, [cell.strip() for cell in cells]
    except csv.Error as error:
        found.wrong(
            f"{name} row {last + 1}", "", str(error), "a row that is whole", "the file is cut there; fetch it again", last + 1
        )


def check_end(text: str, name: str, found: Findings) -> None:
    """Take a last row without its end for one that is cut: whether its last cell is whole, nobody can tell, unless a quote closes it."""
    if text and not text.endswith(("\n", "\r", '"')):
        todo = "fetch it again; a file of your own ends with a line end"
        found.wrong(name, "", repr(text[-30:]), "a last row with its end", f"the file may be cut: {todo}")


def published_of(sources: list[Source], edition: Edition, found: Findings) -> date | None:
    """Return the day a list was published: as it was said, else as the names of its files say (of a month its first day)."""
    if edition.published is not None:
        return edition.published
    for source in sources:
        if match := _DAY.search(source.name):
            try:
                return date(int(match[1]), int(match[2]), int(match[3] or 1))
            except ValueError:
                found.wrong(source.name, "published", match[0], "a day of the calendar in its name")
                return None
    todo = "say it with --published, or put it into the name of the file"
    found.wrong(sources[0].name, "published", "no date", "the day on which this version was published", todo)
    return None
