"""Many instructions as columns: the bytes of their contents one after another, and where each field of each one lies.

The content of an instruction is its MessagePack with the fields in their order, those left out that have their usual value. It is what
stands in the journal, what makes two instructions equal, and, a row of bytes among many, all that the road needs of a plain one:
keys, amounts and instants are read from it for all rows at once. Who wants an instruction as an object gets it made when he asks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from importlib import import_module
from typing import Any, Self, overload

import msgspec
import numpy as np
from numpy.typing import NDArray

from skarb.core.columns.blake2 import start_of
from skarb.core.compiled import Kind, compiled, interpreted
from skarb.core.instruction import Instruction
from skarb.core.transfer import KEY_PERSON

FIELDS = {name: place for place, name in enumerate(Instruction.__struct_fields__)}
FIELD_NAMES = "".join(FIELDS).encode()
FIELD_STOPS = np.cumsum([len(name) for name in FIELDS])
WORTH_COLUMNS = 20_000  # rows; so many pay for loading the kernels that handle them as columns
_ENCODER = msgspec.msgpack.Encoder(order="deterministic")
_ONE = msgspec.msgpack.Decoder(Instruction)
_DECODER = msgspec.msgpack.Decoder(list[Instruction])
_KEY_START = start_of(KEY_PERSON)
_SHORT, _SHORT_MAX, _LONG, _LONG_MAX = 0x90, 15, 0xDC, 65_535  # how MessagePack begins a list

Column = NDArray[np.int64]


def content_of(instruction: Instruction) -> bytes:
    """Return the content of an instruction as the bytes that stand in the journal; equal contents are equal bytes."""
    return _ENCODER.encode(instruction)


def listed(count: int, contents: bytes | memoryview) -> bytes:
    """Return contents, one after another, as one list in MessagePack."""
    if count <= _SHORT_MAX:
        return bytes((_SHORT | count,)) + contents
    wide = count > _LONG_MAX
    return bytes((_LONG + wide,)) + count.to_bytes(4 if wide else 2, "big") + contents


class Sheet(Sequence[Instruction]):
    """Instructions of one batch as columns; made by `Sheet.of` and `Sheet.read`."""

    def __init__(
        self, contents: bytes, starts: Column, begins: NDArray[np.int32], sizes: NDArray[np.int32], at: Column, kind: Kind
    ) -> None:
        self.contents = contents
        self.starts = starts  # of each row, and the end
        self.at = at  # nanoseconds since 1970
        self._begins, self._sizes = begins, sizes  # of each field, size -1 where it is left out
        self.kind: Kind = kind  # of the kernels that read it
        self.data = np.frombuffer(contents, np.uint8)
        self._rows: list[Instruction] | None = None

    @classmethod
    def of(cls, instructions: Sequence[Instruction], kind: Kind) -> Self | None:
        """Return instructions as columns, None if one of them is written in a way that only the typed decoder reads."""
        count = len(instructions)
        sheet = cls.read(_ENCODER.encode(instructions)[len(listed(count, b"")) :], count, kind)
        if sheet is not None:
            sheet._rows = list(instructions)
        return sheet

    @classmethod
    def read(cls, contents: bytes, count: int, kind: Kind) -> Self | None:
        """Return so many instructions, written one after another, as columns; None as in `of`."""
        shape = count, len(FIELDS)
        starts, begins, sizes = np.empty(count + 1, np.int64), np.empty(shape, np.int32), np.empty(shape, np.int32)
        at = np.empty(count, np.int64)
        data, names = np.frombuffer(contents, np.uint8), np.frombuffer(FIELD_NAMES, np.uint8)
        read = _kernels(kind)["scan"](data, names, FIELD_STOPS, starts, begins, sizes, at)
        return cls(contents, starts, begins, sizes, at, kind) if read == count else None

    # as instructions ---------------------------------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self.at)

    def __iter__(self) -> Iterator[Instruction]:
        return iter(self._made())

    @overload
    def __getitem__(self, index: int) -> Instruction: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Instruction]: ...
    def __getitem__(self, index: int | slice) -> Instruction | Sequence[Instruction]:
        if self._rows is None and not isinstance(index, slice):
            row = index if index >= 0 else len(self) + index
            if not 0 <= row < len(self):
                raise IndexError(f"row {index} of a sheet with {len(self)} rows")
            return _ONE.decode(memoryview(self.contents)[self.starts[row] : self.starts[row + 1]])
        return self._made()[index]

    def _made(self) -> list[Instruction]:
        if self._rows is None:
            self._rows = _DECODER.decode(listed(len(self), self.contents))
        return self._rows

    def listed(self) -> msgspec.Raw:
        """Return the contents as one list in MessagePack."""
        return msgspec.Raw(listed(len(self), self.contents))

    # as columns --------------------------------------------------------------------------------------------------------

    def keys(self) -> bytes:
        """Return the keys of all ids, 16 bytes each; see `core.transfer.key_128`."""
        return _keys(self.data, *self.spans("id"), self.kind).tobytes()

    def present(self, *fields: str) -> NDArray[np.bool_]:
        """Return which rows have any of some fields."""
        sizes = self._sizes[:, [FIELDS[field] for field in fields]]
        return np.asarray((sizes >= 0).any(axis=1))

    def texts(self, field: str) -> list[str]:
        """Return a field that every row has."""
        begins, sizes = self.spans(field)
        joined = np.zeros(int(sizes.sum()) + len(sizes), np.uint8)
        _kernels(self.kind)["join_texts"](self.data, begins, sizes, joined)
        texts = joined[:-1].tobytes().decode().split("\0")
        if len(texts) != len(self):  # one of them has a zero in it
            places = zip(begins.tolist(), sizes.tolist(), strict=True)
            return [self.contents[begin : begin + size].decode() for begin, size in places]
        return texts

    def alike(self, field: str) -> str | None:
        """Return the text that a field has in every row, or None if they differ or one has none."""
        begins, sizes = self.spans(field)
        if not _kernels(self.kind)["are_alike"](self.data, begins, sizes):
            return None
        return self.contents[begins[0] : begins[0] + sizes[0]].decode()

    def amounts(self, decimals: int) -> Column | None:
        """Return the amounts in smallest units; None if one of them is no such amount, or too long for this short way."""
        return amounts_of(self.data, *self.spans("amount"), decimals, self.kind)

    def spans(self, field: str) -> tuple[Column, Column]:
        """Return where a field begins in the data in each row, and its size, -1 where it is left out."""
        place = FIELDS[field]
        return self._begins[:, place].astype(np.int64), self._sizes[:, place].astype(np.int64)


def keys_of(texts: Sequence[str], kind: Kind) -> NDArray[np.uint64]:
    """Return the keys of many texts, each as two halves; see `core.transfer.key_128`."""
    joined = "".join(texts)
    written: Sequence[str] | Sequence[bytes] = texts if joined.isascii() else [text.encode() for text in texts]
    sizes = np.array(list(map(len, written)), np.int64)
    return _keys(np.frombuffer(joined.encode(), np.uint8), np.cumsum(sizes) - sizes, sizes, kind)


def amounts_of(data: NDArray[np.uint8], begins: Column, sizes: Column, decimals: int, kind: Kind) -> Column | None:
    """Return decimal texts that lie somewhere in the data in smallest units; None as in `Sheet.amounts`."""
    units = np.empty(len(begins), np.int64)
    return units if _kernels(kind)["read_amounts"](data, begins, sizes, decimals, units) else None


def texts_of(data: NDArray[np.uint8], begins: Column, sizes: Column, kind: Kind) -> tuple[NDArray[np.uint8], Column]:
    """Return texts that lie somewhere in the data one right after another, and where each begins, and the end."""
    stops = np.concatenate(([0], np.cumsum(sizes)))
    joined = np.zeros(int(stops[-1]) + len(sizes), np.uint8)
    _kernels(kind)["join_texts"](data, begins, sizes, joined)
    return np.delete(joined, stops[1:] + np.arange(len(sizes))), stops


def _keys(data: NDArray[np.uint8], begins: Column, sizes: Column, kind: Kind) -> NDArray[np.uint64]:
    keys = np.empty((len(begins), 2), np.uint64)
    block = np.zeros(128, np.uint8)
    room = block, block.view(np.uint64), np.zeros(8, np.uint64), np.zeros(16, np.uint64)
    _kernels(kind)["hash_pieces"](data, begins, sizes, _KEY_START, *room, keys)
    return keys


@cache
def _kernels(kind: Kind) -> dict[str, Callable[..., Any]]:
    modules = [import_module("skarb.core.columns.blake2"), import_module("skarb.core.columns.scanning")]
    entries = ("scan", "read_amounts", "join_texts", "are_alike", "hash_pieces")
    return compiled(modules, entries) if kind == "numba" else interpreted(modules)
