"""Files for a ledger that takes no instructions: accounts to be opened, transfers, transactions of many legs.

JSON lines, CSV or Parquet, plain or gzip; what a file is shows in its content. A row is read or has a `FieldError`, and keeps its whole content
either way, so that it can be handed back as a line of JSON.

    {"address": "member/1", "asset": "BYN", "floor": "-1000", "metadata": {"name": "Alena"}}
    {"id": "t-1", "debit": "member/1", "credit": "member/2", "asset": "BYN", "amount": "1250"}
    {"id": "t-2", "legs": [{"account": "member/1", "asset": "BYN", "amount": "-300"}, …]}

In CSV and Parquet flags are divided by blanks, a column `metadata.name` holds the metadata called name, and rows with the columns `id`,
`account`, `asset` and `amount` are legs: those of one transaction stand one after the other and share its id.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Annotated, Any, Generic, Literal, NamedTuple, TypeAlias, TypeVar

import msgspec

from skarb.core.errors import FieldError, InputError, shorten
from skarb.core.instruction import Identifier
from skarb.intake.container import Container, open_container
from skarb.intake.delimited import read_header, read_rows
from skarb.intake.model import Rows
from skarb.intake.parquet import MAGIC, ParquetTable
from skarb.intake.text import check_text, chunks
from skarb.intake.transfers import TransferLine
from skarb.journal.chart import CODE

BATCH = 8192
_NOTE = "metadata."
Address = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
AccountFlagName: TypeAlias = Literal["debits_must_not_exceed_credits", "credits_must_not_exceed_debits", "history", "closed"]


class AccountLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One account as it is written."""

    address: Address
    asset: Identifier
    floor: str | int | None = None  # smallest units
    ceiling: str | int | None = None
    flags: tuple[AccountFlagName, ...] = ()
    code: int = CODE
    metadata: dict[str, str] = {}


class LegLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The change of one account."""

    account: str
    asset: str
    amount: str | int  # smallest units; above zero credits the account, below zero debits it


class TransactionLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Changes that stand or fall together; those of each asset add up to zero."""

    id: Identifier
    legs: tuple[LegLine, ...]
    code: int = CODE
    effective: int = 0  # nanoseconds since 1970, where it takes effect at another moment than it is recorded
    metadata: dict[str, str] = {}


PostingLine: TypeAlias = TransferLine | TransactionLine
_Line = TypeVar("_Line")


class Given(NamedTuple, Generic[_Line]):
    """One row of a file."""

    row: int  # its line, or its place in a Parquet file; of a transaction of several rows the first one
    content: str  # the whole row as a line of JSON; as it was written where it is none
    line: _Line | FieldError


class LedgerFile(NamedTuple, Generic[_Line]):
    """An open file."""

    name: str
    expected: int  # rows, or for text an upper bound
    parts: Iterator[list[Given[_Line]]]


def read_accounts(path: Path, batch: int = BATCH) -> LedgerFile[AccountLine]:
    """Open a file of accounts; it was seen to be whole before anything of it is handed out.

    Raises: NotFound, InputError
    """
    return _open(path, batch, _accounts_of_json, _account_of_cells)


def read_postings(path: Path, batch: int = BATCH) -> LedgerFile[PostingLine]:
    """Open a file of transfers and transactions; it was seen to be whole before anything of it is handed out.

    Raises: NotFound, InputError
    """
    return _open(path, batch, _postings_of_json, _transfer_of_cells)


def _open(path: Path, batch: int, of_json: Any, of_cells: Any) -> LedgerFile[Any]:
    container = open_container(path)
    head = container.head()
    if head.startswith(MAGIC):
        table = ParquetTable(container)
        table.check()
        columns, parts, expected = table.columns, table.rows(table.columns, batch), table.expected
    else:
        expected = check_text(container)
        if head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{"):
            return LedgerFile(container.name, expected, _json_parts(container, batch, of_json))
        columns, delimiter = read_header(container)
        parts = read_rows(container, len(columns), delimiter, batch)
    _check_columns(container.name, columns, of_cells)
    if of_cells is _transfer_of_cells and "account" in columns:
        return LedgerFile(container.name, expected, _transactions(columns, parts))
    return LedgerFile(container.name, expected, _cell_parts(columns, parts, of_cells))


def _check_columns(name: str, columns: Sequence[str], of_cells: Any) -> None:
    line = AccountLine if of_cells is _account_of_cells else TransferLine
    fields = {one.name: one.required for one in msgspec.structs.fields(line)}
    if line is TransferLine and "account" in columns:
        fields = {"id": True, "account": True, "asset": True, "amount": True, "code": False, "effective": False}
    fields.pop("metadata", None)
    unknown = [one for one in columns if one not in fields and not one.startswith(_NOTE)]
    missing = [one for one, required in fields.items() if required and one not in columns]
    if unknown or missing:
        words = [f"without {', '.join(missing)}"] * bool(missing) + [f"with {', '.join(map(shorten, unknown))}"] * bool(unknown)
        raise InputError(
            f"{name}: given columns {' and '.join(words)}, expected {', '.join(fields)}, and metadata.NAME for words; nothing was done"
        )


# ── lines of JSON ────────────────────────────────────────────────────────────────────────────────────────────────────


def _json_parts(container: Container, batch: int, of_json: Any) -> Iterator[list[Given[Any]]]:
    for chunk in chunks(container, batch):
        texts, rows = chunk.rows()
        found = of_json(texts)
        yield [Given(row, text.decode(), line) for row, text, line in zip(rows, texts, found, strict=True)]


_TRANSFERS = msgspec.json.Decoder(TransferLine)
_TRANSACTION = msgspec.json.Decoder(TransactionLine)
_ACCOUNTS = msgspec.json.Decoder(AccountLine)


def _accounts_of_json(texts: list[bytes]) -> list[AccountLine | FieldError]:
    return _decoded(_ACCOUNTS, texts)


def _postings_of_json(texts: list[bytes]) -> list[PostingLine | FieldError]:
    many = [b'"legs"' in text for text in texts]
    transfers = iter(_decoded(_TRANSFERS, [text for text, legs in zip(texts, many, strict=True) if not legs]))
    return [_one(_TRANSACTION, text) if legs else next(transfers) for text, legs in zip(texts, many, strict=True)]


def _decoded(decoder: msgspec.json.Decoder[Any], texts: list[bytes]) -> list[Any]:
    try:
        whole = decoder.decode_lines(b"\n".join(texts))
        if len(whole) == len(texts):
            return list(whole)
    except (msgspec.DecodeError, UnicodeDecodeError):
        pass
    return [_one(decoder, text) for text in texts]


def _one(decoder: msgspec.json.Decoder[Any], text: bytes) -> Any:
    try:
        return decoder.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return _wrong(error, text.decode())


def _wrong(error: Exception, given: str) -> FieldError:
    """Say what is wrong with a row in msgspec's words: `Expected `int`, got `str` - at `$.code``."""
    said, _, place = str(error).partition(" - at `$")
    field = place.rstrip("`").lstrip(".")
    return FieldError(field, given, f"a row that can be read ({said[:1].lower()}{said[1:]})")


# ── cells ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _cell_parts(columns: Sequence[str], parts: Iterable[Rows], of_cells: Any) -> Iterator[list[Given[Any]]]:
    for rows in parts:
        found = []
        for place, cells in enumerate(rows.cells):
            row = rows.lines[place] if rows.lines else rows.first + place
            if isinstance(cells, FieldError):
                found.append(Given(row, cells.given, cells))
                continue
            words = _words(columns, cells)
            found.append(Given(row, msgspec.json.encode(words).decode(), of_cells(words)))
        yield found


def _words(columns: Sequence[str], cells: list[str]) -> dict[str, Any]:
    """Return what a row says, as its line of JSON would; an empty cell says nothing."""
    words: dict[str, Any] = {}
    for column, cell in zip(columns, cells, strict=True):
        if cell == "":
            continue
        if column.startswith(_NOTE):
            words.setdefault("metadata", {})[column.removeprefix(_NOTE)] = str(cell)
        else:
            words[column] = cell.split() if column == "flags" else str(cell)
    return words


def _account_of_cells(words: dict[str, Any]) -> AccountLine | FieldError:
    return _converted(words, AccountLine)


def _transfer_of_cells(words: dict[str, Any]) -> TransferLine | FieldError:
    return _converted(words, TransferLine)


def _converted(words: dict[str, Any], kind: type[_Line]) -> _Line | FieldError:
    try:
        return msgspec.convert(words, kind, strict=False)
    except msgspec.ValidationError as error:
        return _wrong(error, msgspec.json.encode(words).decode())


def _transactions(columns: Sequence[str], parts: Iterable[Rows]) -> Iterator[list[Given[PostingLine]]]:
    """Yield rows of legs as transactions; one that goes on in the next part waits for it."""
    waiting: list[tuple[int, dict[str, Any] | FieldError]] = []
    for rows in parts:
        for place, cells in enumerate(rows.cells):
            row = rows.lines[place] if rows.lines else rows.first + place
            waiting.append((row, cells if isinstance(cells, FieldError) else _words(columns, cells)))
        groups = [list(group) for _, group in groupby(waiting, key=_id_of)]
        waiting = groups.pop() if groups else []
        yield [_transaction(group) for group in groups]
    if waiting:
        yield [_transaction(waiting)]


def _id_of(one: tuple[int, dict[str, Any] | FieldError]) -> object:
    row, words = one
    return row if isinstance(words, FieldError) or "id" not in words else words["id"]


def _transaction(group: list[tuple[int, dict[str, Any] | FieldError]]) -> Given[PostingLine]:
    row, first = group[0]
    if isinstance(first, FieldError):
        return Given(row, first.given, first)
    said = [words for _, words in group if isinstance(words, dict)]
    legs = [{name: words[name] for name in ("account", "asset", "amount") if name in words} for words in said]
    whole = {"id": first["id"]} if "id" in first else {}
    for words in said:
        whole |= {name: words[name] for name in ("code", "effective", "metadata") if name in words}
    whole["legs"] = legs
    if any(words.get(name, whole.get(name)) != whole.get(name) for words in said for name in ("code", "effective", "metadata")):
        line: PostingLine | FieldError = FieldError("", whole.get("id"), "the same code, date of effect and metadata in each leg")
    else:
        line = _converted(whole, TransactionLine)
    return Given(row, msgspec.json.encode(whole).decode(), line)
