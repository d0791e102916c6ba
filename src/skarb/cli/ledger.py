"""`skarb ledger`: a ledger without law, for a clearing house, a fund, a migration, a test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
from cyclopts import App
from rich.markup import escape

from skarb.app.files import now
from skarb.app.ledger import Answer, Tally, open_from, post_from
from skarb.app.ledgerview import AccountRow, TransferRow, account_words
from skarb.app.ledgerview import accounts as accounts_of
from skarb.app.ledgerview import reverse as reverse_in
from skarb.app.ledgerview import transfers as transfers_of
from skarb.app.past import look_into
from skarb.cli.output import Format, check_outputs, err, format_of, out, progress, table, write_rows
from skarb.core.errors import EXIT_CODES, ConfigurationError, InputError, NotFound
from skarb.intake.ledger_lines import BATCH, LedgerFile, read_accounts, read_postings
from skarb.journal import LedgerBook, open_ledger
from skarb.store import Location, location_of

_Step = Callable[..., None]
_Work = Callable[[LedgerBook, Any, Tally], Iterator[Answer]]
SHOWN = 10  # problems printed in full
_INSTANTS = {"effective", "recorded"}
_AMOUNTS = {"posted", "held_out", "held_in", "available", "floor", "ceiling", "amount"}

app = App(
    name="ledger",
    help="Keep a ledger without law: open accounts, post transfers and transactions of many legs, take them back, look at them.\n\n"
    "A row of a file is created, repeated (it was there before, with the same content), a conflict (its id stands for something else), "
    "rejected by the ledger with a code, or malformed. The same file again changes nothing, so a run that was interrupted is simply started again. "
    "Exit codes: 0 all rows are in the book, 3 some are malformed, 5 some are conflicts, 10 some were rejected; with several the first of these. "
    "Amounts are whole numbers of the asset's smallest unit.\n\n"
    "A book is a file such as fund.book, a folder such as fund.segments, or postgresql://user@host/database#fund.",
)


@app.command(name="open")
def open_command(
    book: str,
    file: Path,
    /,
    *,
    dry_run: bool = False,
    rejected: Path | None = None,
    output: Path | None = None,
    format: Format | None = None,  # noqa: A002
) -> int:
    """Open the accounts in a file, in a new book or one that is there.

    CSV, JSON lines or Parquet, plain or gzip, with the fields address, asset, floor, ceiling, flags, code, metadata; only the first two are required.
    In CSV and Parquet flags are divided by blanks, and a column metadata.name holds the metadata called name. Flags:
    debits_must_not_exceed_credits, credits_must_not_exceed_debits, history, closed.

    Example: `skarb ledger open fund.book accounts.csv`

    Parameters
    ----------
    book
        Where the ledger lies; it is made if there is none.
    file
        The accounts.
    dry_run
        Say what would become of each row, by the same code, and write nothing.
    rejected
        Write every row that is not in the book afterwards, whole and with the reason, to a file: .json, .jsonl, .csv or .parquet.
    output
        Write the answer to each row to a file: .json, .jsonl, .csv or .parquet.
    format
        Write the answer to each row in this form: table, json, csv or parquet.
    """
    place = location_of(book)
    _check(place, file, rejected, output, format)
    return _work_off(place, read_accounts(file), open_from, dry_run, rejected, output, format, create=True)


@app.command
def post(
    book: str,
    file: Path,
    /,
    *,
    dry_run: bool = False,
    batch: int = BATCH,
    rejected: Path | None = None,
    output: Path | None = None,
    format: Format | None = None,  # noqa: A002
) -> int:
    """Post the transfers and transactions in a file; each is on disk before its answer is given.

    A transfer has id, debit, credit, asset and amount, and may have code, flags, pending_id, timeout (seconds), effective and timestamp
    (nanoseconds since 1970) and metadata. A transaction has id and legs, each with account, asset and an amount above zero for a credit, below for a
    debit; in CSV and Parquet its legs are rows one after the other with the columns id, account, asset and amount. What is linked, and the legs of a
    transaction, stand or fall together.

    Example: `skarb ledger post fund.book today.jsonl --rejected again.jsonl`

    Parameters
    ----------
    book
        Where the ledger lies.
    file
        CSV, JSON lines or Parquet, plain or gzip.
    dry_run
        Say what would become of each row, by the same code, and write nothing; somebody else may be writing the book.
    batch
        Transfers in one durable step; what stands or falls together is never divided.
    rejected
        Write every row that is not in the book afterwards, whole and with the reason, to a file: .json, .jsonl, .csv or .parquet.
    output
        Write the answer to each row to a file: .json, .jsonl, .csv or .parquet.
    format
        Write the answer to each row in this form: table, json, csv or parquet.
    """
    if batch < 1:
        raise InputError(f"--batch: given {batch}, expected at least 1")
    place = location_of(book)
    _check(place, file, rejected, output, format)
    return _work_off(place, read_postings(file, batch), partial(post_from, batch=batch), dry_run, rejected, output, format)


@app.command
def reverse(book: str, transfer: str, /, *, dry_run: bool = False) -> int:
    """Take a transfer back by a new one, or all legs of a transaction together; asked again, nothing more happens.

    A hold is not reversed: post a transfer that voids it.

    Example: `skarb ledger reverse fund.book t-1`

    Parameters
    ----------
    book
        Where the ledger lies.
    transfer
        The id, as it was handed in, or as 0x and 32 hex digits.
    dry_run
        Say what would become of it, by the same code, and write nothing.
    """
    with progress("Reversing") as step, _open(location_of(book), step, dry_run) as ledger:
        answer = reverse_in(ledger, transfer)
    mark = "[green]✓[/]" if answer.done else "[red]✗[/]"
    out.print(f"{mark} reversal of {escape(transfer)}: {answer.outcome} ({answer.code}){_dry(dry_run)}", highlight=False)
    return EXIT_CODES["ok" if answer.done else "conflict" if answer.outcome == "conflict" else "rejected"]


@app.command
def accounts(
    book: str,
    prefix: str = "",
    /,
    *,
    metadata: bool = False,
    purpose: str | None = None,
    output: Path | None = None,
    format: Format | None = None,  # noqa: A002
) -> None:
    """Show accounts with balance, holds, floor, ceiling and state, in the order in which they were opened.

    Examples: `skarb ledger accounts fund.book --purpose audit` · `skarb ledger accounts fund.book member --purpose audit --format json`

    Parameters
    ----------
    book
        Where the ledger lies.
    prefix
        Only the accounts at this address and below it.
    metadata
        Show the metadata of the accounts, too; the whole journal is read for it.
    purpose
        Why you look at people's accounts; it is written into the log of looks of the market, or beside the book into BOOK.looks.jsonl.
    output
        Write the rows to a file: .json, .jsonl, .csv or .parquet.
    format
        Write the rows in this form: table, json, csv or parquet.
    """
    place = location_of(book)
    _check(place, None, None, output, format)
    words: dict[tuple[str, str], str] = {}
    observer = (lambda envelope: account_words(envelope, words)) if metadata else None
    with progress(f"Reading {place.name}") as step, _open(place, step, dry_run=True, observer=observer) as ledger:
        rows = list(accounts_of(ledger, prefix))
    if prefix and not rows:
        raise NotFound(f"{place} has no account at {prefix!r} or below it")
    look_into(place, prefix or "all accounts", purpose)
    columns = (*AccountRow._fields, "metadata") if metadata else AccountRow._fields
    lines = ((*row, words.get((row.address, row.asset), "")) if metadata else tuple(row) for row in rows)
    form = format_of(format, output)
    write_rows(columns, (_exact(columns, line, form) for line in lines), form, output)


@app.command
def transfers(
    book: str,
    transfer: str | None = None,
    /,
    *,
    account: str | None = None,
    limit: int | None = None,
    purpose: str | None = None,
    output: Path | None = None,
    format: Format | None = None,  # noqa: A002
) -> None:
    """Show transfers as the journal has them, those that were rejected, too, with the ledger's answer and their metadata.

    Examples: `skarb ledger transfers fund.book t-1 --purpose "a complaint"` ·
    `skarb ledger transfers fund.book --account member/1 --purpose audit --limit 20`

    Parameters
    ----------
    book
        Where the ledger lies.
    transfer
        Only the transfer with this id, or those of this transaction, and what took them back: as it was handed in, or 0x and 32 hex digits.
    account
        Only those that debit or credit an account at this address.
    limit
        At most so many; by default all.
    purpose
        Why you look at people's accounts; it is written into the log of looks of the market, or beside the book into BOOK.looks.jsonl.
    output
        Write the rows to a file: .json, .jsonl, .csv or .parquet.
    format
        Write the rows in this form: table, json, csv or parquet.
    """
    place = location_of(book)
    _check(place, None, None, output, format)
    if limit is not None and limit < 1:
        raise InputError(f"--limit: given {limit}, expected at least 1")
    with progress(f"Reading {place.name}") as step, _open(place, step, dry_run=True) as ledger:
        rows = transfers_of(ledger, transfer, account)
        first = list(islice(rows, 1))
        if transfer is not None and not first:
            raise NotFound(
                f"{place} has no transfer {transfer!r}; ids are given as they were handed in, or as 0x and 32 hex digits"
            )

        def found() -> Iterator[TransferRow]:
            yield from first
            yield from rows

        look_into(place, f"transfers/{transfer or account or 'all'}", purpose)
        form = format_of(format, output)
        write_rows(TransferRow._fields, (_exact(row._fields, row, form) for row in islice(found(), limit)), form, output)


def _check(place: Location, file: Path | None, rejected: Path | None, output: Path | None, form: Format | None) -> None:
    check_outputs((output, rejected), (file, place if isinstance(place, Path) else None))
    format_of(form, output)
    format_of(None, rejected)


@contextmanager
def _open(place: Location, step: _Step, dry_run: bool, create: bool = False, observer: Any = None) -> Iterator[LedgerBook]:
    """Open a ledger; a new one is called like its place, an old one keeps its name when its place gets another one."""
    rest: dict[str, Any] = {"clock": now, "progress": lambda what, done, total: step(done, total, what), "observer": observer}
    with ExitStack() as stack:
        try:
            ledger = open_ledger(place, name=place.stem if create and not dry_run else None, rehearse=dry_run, **rest)
        except ConfigurationError:
            ledger = open_ledger(place, **rest)
        except NotFound:
            if not (create and dry_run):
                raise
            folder = stack.enter_context(
                TemporaryDirectory(prefix="skarb-")
            )  # a book that is not there yet is rehearsed on one that goes
            ledger = open_ledger(Path(folder) / "dry.book", name=place.stem, **rest)
        yield stack.enter_context(ledger)


def _work_off(
    place: Location,
    source: LedgerFile[Any],
    work: _Work,
    dry_run: bool,
    rejected: Path | None,
    output: Path | None,
    format: Format | None,  # noqa: A002
    create: bool = False,
) -> int:
    """Work a file off, write the answers where they are wanted, then say how it went: on stderr if the answers go to stdout."""
    tally, left = Tally(), list[Answer]()

    def rows() -> Iterator[tuple[Any, ...]]:
        with (
            progress(f"{'Rehearsing' if dry_run else 'Posting'} {source.name}") as step,
            _open(place, step, dry_run, create) as ledger,
        ):
            for answer in work(ledger, source.parts, tally):
                if not answer.done and (rejected is not None or len(left) < SHOWN):
                    left.append(answer)
                if tally.rows % 1024 == 0:
                    step(tally.rows, source.expected)
                yield answer[:-1]

    wanted = format is not None or output is not None
    if wanted:
        write_rows(Answer._fields[:-1], rows(), format_of(format, output), output)
    else:
        for _ in rows():
            pass
    aside = err if wanted and output is None else out
    counts = sorted(tally.counts.items(), key=lambda item: (-item[1], item[0]))
    aside.print(table(("outcome", "code", "rows"), [(*key, count) for key, count in counts]))
    aside.print(f"[bold]{tally.rows:,}[/] rows answered{_dry(dry_run)}")
    if rejected is not None:
        write_rows(Answer._fields, left, format_of(None, rejected), rejected)
    for answer in left[:SHOWN]:
        what = answer.problem or answer.code
        err.print(f"{source.name} row {answer.row} {answer.id}: {answer.outcome}: {what}", markup=False, highlight=False)
    if not dry_run:
        aside.print(f"[dim]· prove it: skarb verify {escape(str(place))}[/]")
    for outcome, code in (("malformed", "input"), ("conflict", "conflict"), ("rejected", "rejected")):
        if tally.of(outcome):  # type: ignore[arg-type]
            return EXIT_CODES[code]
    return EXIT_CODES["ok"]


def _dry(dry_run: bool) -> str:
    return "; a dry run, nothing was written" if dry_run else ""


def _exact(fields: tuple[str, ...], row: tuple[Any, ...], form: Format) -> tuple[Any, ...]:
    """Return a row for the eye, or for programs: exact, and amounts as text, as they may need more than 64 bits."""

    def cell(name: str, one: Any) -> Any:
        if form == "table":
            return one[:19].replace("T", " ") if name in _INSTANTS else one
        if name == "metadata" and form == "json":
            return msgspec.json.decode(one or "{}")
        return str(one) if name in _AMOUNTS and one is not None else one

    return tuple(cell(name, one) for name, one in zip(fields, row, strict=True))
