"""Transfers as lines of JSON, for a ledger that takes no instructions.

    {"id": "t-1", "debit": "member/1", "credit": "member/2", "asset": "BYN", "amount": "1250", "code": 7}

An id is any text; accounts are addresses that are open; the amount is in the asset's smallest unit, as text or number. A hold has
`"flags": ["pending"]` and may have a `timeout` in seconds; what settles it names it in `pending_id`. `read_transfers` takes all lines or
none; `records_of` names the first line that cannot be taken, for callers who put it aside.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import Literal, NamedTuple, TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

from skarb.core.columns import WORTH_COLUMNS, keys_of
from skarb.core.compiled import Kind, choose_kind
from skarb.core.errors import FieldError, InputError
from skarb.core.instruction import Identifier
from skarb.core.transfer import TRANSFER, TransferFlag, key_128
from skarb.journal.chart import CODE, Chart
from skarb.ledger.books import Records

_WORD = (1 << 64) - 1
_NO_WORDS = np.zeros(1, np.uint64)
Halves: TypeAlias = NDArray[np.uint64]
Flag = Literal[
    "linked",
    "pending",
    "post_pending_transfer",
    "void_pending_transfer",
    "balancing_debit",
    "balancing_credit",
    "closing_debit",
    "closing_credit",
    "imported",
]


class TransferLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """One transfer as it is written."""

    id: Identifier
    debit: str
    credit: str
    asset: str
    amount: str | int  # smallest units, below 2^128
    code: int = CODE
    flags: tuple[Flag, ...] = ()
    pending_id: Identifier | None = None
    timeout: int = 0  # seconds, of a hold
    effective: int = 0  # nanoseconds since 1970, where it takes effect at another moment than it is recorded
    timestamp: int = 0  # nanoseconds since 1970, of an imported transfer
    metadata: dict[str, str] = {}  # words that the ledger keeps and does not read


class WrongLine(FieldError):
    """One of some lines cannot be taken."""

    def __init__(self, row: int, field: str, given: object, expected: str) -> None:
        super().__init__(field, given, expected)
        self.row = row  # its place among the lines, from 0


class _Columns(NamedTuple):
    """What many lines say, one sequence a field."""

    id: Sequence[str]
    debit: Sequence[str]
    credit: Sequence[str]
    asset: Sequence[str]
    amount: Sequence[str | int]
    code: Sequence[int]
    flags: Sequence[tuple[Flag, ...]]
    pending_id: Sequence[str | None]
    timeout: Sequence[int]
    effective: Sequence[int]
    timestamp: Sequence[int]


_FIELDS = [attrgetter(name) for name in _Columns._fields]
_lines = msgspec.json.Decoder(TransferLine).decode_lines


def read_transfers(text: bytes, chart: Chart, *, worth: bool | None = None) -> Records:
    """Return the transfers of lines of JSON; metadata is for the caller to hand on.

    Shape: one TRANSFER record per line. Units: `worth`, whether to load what hashes many ids at once; else the number of lines tells.
    Raises: InputError naming the line, what was given and what was expected.
    """
    try:
        lines = _lines(text)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError(f"transfers: line {_wrong_line(text)}: {error}; nothing was posted") from None
    try:
        return records_of(lines, chart, worth=worth)
    except WrongLine as error:
        raise InputError(f"transfers: line {_line_of(text, error.row)}: {error}; nothing was posted") from None


def records_of(lines: Sequence[TransferLine], chart: Chart, *, worth: bool | None = None) -> Records:
    """Return the transfers that lines say.

    Shape and Units: as in `read_transfers`.
    Raises: WrongLine
    """
    kind = choose_kind(len(lines) >= WORTH_COLUMNS if worth is None else worth)
    records = np.zeros(len(lines), TRANSFER)
    if not lines:
        return records
    said = _Columns(*[list(map(field, lines)) for field in _FIELDS])
    _set(records, "id", _keys(said.id, kind))
    _set(records, "user", np.stack([records["id_lo"], records["id_hi"]], axis=1))
    for side, addresses in (("debit", said.debit), ("credit", said.credit)):
        _set(records, side, _accounts(addresses, said.asset, side, chart))
    records["amount_lo"], records["amount_hi"] = _amounts(said.amount)
    records["ledger"] = list(map(chart.ledgers.__getitem__, said.asset))
    for name, column in (("code", "code"), ("timeout", "timeout"), ("effective", "user_64"), ("timestamp", "timestamp")):
        records[column] = _numbers(getattr(said, name), name, int(np.iinfo(TRANSFER[column]).max))
    if any(said.flags):
        records["flags"] = list(map(_flags, said.flags))
    pending = [(row, name) for row, name in enumerate(said.pending_id) if name is not None]
    if pending:
        rows, names = zip(*pending, strict=True)
        keys = _keys(names, kind)
        records["pending_lo"][list(rows)], records["pending_hi"][list(rows)] = keys[:, 0], keys[:, 1]
    return records


def _set(records: Records, name: str, halves: np.ndarray[tuple[int, int], np.dtype[np.uint64]]) -> None:
    records[f"{name}_lo"], records[f"{name}_hi"] = halves[:, 0], halves[:, 1]


def _keys(names: Sequence[str], kind: Kind) -> np.ndarray[tuple[int, int], np.dtype[np.uint64]]:
    """Return the keys of ids as two halves; few are sooner hashed one by one than by the kernel in the interpreter."""
    if kind == "numba":
        return keys_of(names, kind)
    return np.frombuffer(b"".join(map(key_128, names)), "<u8").reshape(-1, 2)


def _accounts(
    addresses: Sequence[str], assets: Sequence[str], side: str, chart: Chart
) -> np.ndarray[tuple[int, int], np.dtype[np.uint64]]:
    known = chart.ids
    if assets.count(assets[0]) == len(assets):
        found = list(map(known.get(assets[0], {}).get, addresses))
    else:
        found = [known.get(asset, {}).get(address) for address, asset in zip(addresses, assets, strict=True)]
    if None in found:
        row = found.index(None)
        raise WrongLine(row, side, addresses[row], f"the address of an account that is open in {assets[row]}")
    return np.frombuffer(b"".join(found), "<u8").reshape(-1, 2)  # type: ignore[arg-type]


def _amounts(given: Sequence[str | int]) -> tuple[Halves, Halves]:
    """Return the low and the high words of amounts; looked at one by one only where not all are short and plain."""
    try:
        digits = "".join(given)  # type: ignore[arg-type]  # a number among them is a TypeError
        if digits.isdecimal() and digits.isascii() and max(map(len, given)) < 19 and all(given):  # type: ignore[arg-type]
            return np.array(list(map(int, given)), np.uint64), _NO_WORDS
    except TypeError:
        pass
    amounts = []
    for row, one in enumerate(given):
        amount = whole(one)
        if amount is None or not 0 <= amount < 1 << 128:
            raise WrongLine(row, "amount", one, "a whole number of smallest units, below 2^128")
        amounts.append(amount)
    return np.array([one & _WORD for one in amounts], np.uint64), np.array([one >> 64 for one in amounts], np.uint64)


def whole(given: str | int) -> int | None:
    """Return a whole number as it may be written, as text or number, with a minus or none; None if it is something else."""
    if isinstance(given, int):
        return given
    digits = given.removeprefix("-")
    return int(given) if digits.isdecimal() and digits.isascii() and len(digits) <= 39 else None


def _numbers(numbers: Sequence[int], name: str, most: int) -> Sequence[int]:
    if min(numbers) < 0 or max(numbers) > most:
        row = next(row for row, number in enumerate(numbers) if not 0 <= number <= most)
        raise WrongLine(row, name, numbers[row], f"a whole number of at most {most}")
    return numbers


def _flags(names: Sequence[Flag]) -> int:
    flags = 0
    for name in names:
        flags |= TransferFlag[name]
    return flags


def _line_of(text: bytes, row: int) -> int:
    """Return the number of the line that a row stands in; empty lines are lines and no rows."""
    return [number for number, line in enumerate(text.split(b"\n"), 1) if line.strip()][row]


def _wrong_line(text: bytes) -> int:
    decode = msgspec.json.Decoder(TransferLine).decode
    for number, line in enumerate(text.split(b"\n"), 1):
        try:
            if line.strip():
                decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return number
    return 1
