"""Which part of a book lies on which page of its SQLite file.

SQLite itself only says that a page is wrong. To say whose bytes were changed, the tables are walked here page by page, reading
nothing but the links between them, and stopping a branch where a link leads nowhere.

Source: SQLite documentation, "Database File Format", sections 1.2 (header), 1.6 (b-tree pages), 2.1 (record format).
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

HEADER = 100  # bytes of page 1 before its b-tree
_TABLE_INTERIOR, _TABLE_LEAF = 5, 13
_INDEX_INTERIOR, _INDEX_LEAF = 2, 10


class Use(NamedTuple):
    """What a page is used for."""

    page: int  # from 1
    table: str  # "" for a page that no table uses
    row: int | None = None  # the row that lies on it, None when there are several or none
    column: str = ""  # "body" where the page lies wholly or partly in the last column of `batch`
    start: int = 0  # of the page's share of that column
    stop: int = 0


def page_size(path: Path, otherwise: int) -> int:
    """Return the page size that a file's header states, or another one if the header states none that SQLite has."""
    with path.open("rb") as file:
        header = file.read(HEADER)
    stated = int.from_bytes(header[16:18], "big") if len(header) == HEADER else 0
    stated = 65_536 if stated == 1 else stated
    return stated if 512 <= stated <= 65_536 and stated & (stated - 1) == 0 else otherwise


def uses_of(path: Path, wanted: set[int], size: int) -> list[Use]:
    """Return what some pages are used for, as far as the links between pages can still be followed; one page may have several."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        walk = _Walk(data, size)
        found = [use for use in walk.all() if use.page in wanted]
    missing = wanted - {use.page for use in found}
    return sorted(found) + [Use(page, "") for page in sorted(missing)]


class _Walk:
    def __init__(self, data: mmap.mmap, size: int) -> None:
        self.data, self.size = data, size
        self.pages = len(data) // size
        self.usable = size - (data[20] if len(data) > 20 and data[20] <= size - 480 else 0)
        self.seen: set[int] = set()

    def all(self) -> Iterator[Use]:
        """Yield the uses of the schema's pages, then of every table and index that it names."""
        roots: list[tuple[str, int]] = []
        for page in self.tree(1):
            yield Use(page, "sqlite_schema")
            for name, root in self._names(page):
                roots.append((name, root))
        for name, root in roots:
            for page in self.tree(root):
                yield from self.rows(page) if name == "batch" and self._kind(page) == _TABLE_LEAF else [Use(page, name)]

    def tree(self, root: int) -> Iterator[int]:
        """Yield the pages of a b-tree, except overflow pages."""
        waiting = [root]
        while waiting:
            page = waiting.pop()
            if page in self.seen or not 1 <= page <= self.pages:
                continue
            self.seen.add(page)
            yield page
            if self._kind(page) in {_TABLE_INTERIOR, _INDEX_INTERIOR}:
                waiting.append(self._number(self._base(page) + 8, 4))
                waiting += [self._number(cell, 4) for cell in self._cells(page, 12)]

    def rows(self, page: int) -> Iterator[Use]:
        """Yield the uses of a leaf of `batch` and of the overflow pages that its rows go on in."""
        for cell in self._cells(page, 8):
            length, at = self._varint(cell)
            row, at = self._varint(at)
            local = self._local(length)
            body = self._body(at)
            yield Use(page, "batch", row, "body", max(0, -body), max(0, local - body))
            if local == length:
                continue
            overflow, done = self._number(at + local, 4), local
            while 1 <= overflow <= self.pages and overflow not in self.seen and done < length:
                self.seen.add(overflow)
                share = min(self.usable - 4, length - done)
                yield Use(overflow, "batch", row, "body", max(0, done - body), done + share - body)
                done += share
                overflow = self._number((overflow - 1) * self.size, 4)

    def _body(self, record: int) -> int:
        """Return where the last column of a `batch` record begins."""
        header, at = self._varint(record)
        end, offset, last = record + min(header, 64), header, header
        while at < end:
            kind, at = self._varint(at)
            last = offset
            offset += (kind - 12) // 2 if kind >= 12 else (0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0)[kind]
        return last

    def _names(self, page: int) -> Iterator[tuple[str, int]]:
        """Yield name and root page of the tables and indexes that a leaf of the schema lists."""
        if self._kind(page) != _TABLE_LEAF:
            return
        for cell in self._cells(page, 8):
            _, at = self._varint(cell)
            _, at = self._varint(at)
            header, types = self._varint(at)
            values, offset = [], at + header
            for _ in range(4):  # type, name, tbl_name, rootpage
                kind, types = self._varint(types)
                width = (kind - 12) // 2 if kind >= 12 else (0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0)[kind]
                values.append((kind, self._bytes(offset, width)))
                offset += width
            root = values[3]
            number = 1 if root[0] == 9 else int.from_bytes(root[1], "big")
            if number > 1:
                yield values[1][1].decode("utf-8", "replace"), number

    def _local(self, length: int) -> int:
        """Return how many bytes of a table row lie on its leaf page."""
        most = self.usable - 35
        if length <= most:
            return length
        least = (self.usable - 12) * 32 // 255 - 23
        share = least + (length - least) % (self.usable - 4)
        return share if share <= most else least

    def _base(self, page: int) -> int:
        return HEADER if page == 1 else (page - 1) * self.size

    def _kind(self, page: int) -> int:
        return self._number(self._base(page), 1)

    def _cells(self, page: int, header: int) -> list[int]:
        base, start = self._base(page), (page - 1) * self.size
        count = min(self._number(base + 3, 2), self.size // 4)
        offsets = [self._number(base + header + 2 * cell, 2) for cell in range(count)]
        return [start + offset for offset in offsets if 0 < offset < self.size]

    def _varint(self, at: int) -> tuple[int, int]:
        value = 0
        for place in range(9):
            byte = self._number(at + place, 1)
            if place == 8:
                return value << 8 | byte, at + 9
            value = value << 7 | byte & 0x7F
            if byte < 0x80:
                break
        return value, at + place + 1

    def _number(self, at: int, width: int) -> int:
        return int.from_bytes(self._bytes(at, width), "big")

    def _bytes(self, at: int, width: int) -> bytes:
        """Return bytes of the file; beyond its end there are zeros."""
        return self.data[at : at + width] if 0 <= at <= len(self.data) else b""
