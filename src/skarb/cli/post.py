"""`skarb post`: take the instructions in files down the whole road, into a book."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, nullcontext
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from skarb.app.arrivals import open_arrivals
from skarb.app.files import assume, now, open_source
from skarb.app.law import rulebook_of
from skarb.app.setting import example_registers, example_setting, folder_setting, screen_of
from skarb.app.travel.inline import Payloads, payloads_of, without_payloads
from skarb.app.travel.standing import missing, settle
from skarb.app.words import title_of
from skarb.app.work import Account
from skarb.app.work import post as post_rows
from skarb.cli.output import Format, Usage, check_outputs, format_of, need, progress
from skarb.cli.summary import work_off
from skarb.core.errors import EXIT_CODES, ConfigurationError, InputError
from skarb.core.party import Licence, PartyKind
from skarb.desk import Desk, open_desk
from skarb.journal.treebehind import TreeBehind
from skarb.products import products
from skarb.store import Location, location_of

COLUMNS = (
    "file", "row", "id", "outcome", "verdict", "provision", "measure", "assumed", "duties", "levy",
    "codes", "book", "sequence", "book_row", "repeated", "edition", "head", "missing",
)  # fmt: skip


def post(
    *files: Path,
    book: str,
    law: str = "by",
    licence: Annotated[Licence | None, Parameter(name="--as")] = None,
    of: Path | None = None,
    operator: str | None = None,
    arrivals: bool = False,
    assumed: Annotated[PartyKind | None, Parameter(name="--assume")] = None,
    mapping: str | None = None,
    at: datetime | None = None,
    schemas: Path | None = None,
    travel: Path | None = None,
    batch: int = 8192,
    tree: bool = False,
    output: Path | None = None,
    format: Format | None = None,  # noqa: A002
    problems: Path | None = None,
) -> int:
    """Decide the instructions in files, post what is permitted, and write it all into a book that anyone can verify.

    A receipt is given only after its batch is on disk. The same instruction again gets its first receipt again; the same id with another
    content is a conflict, and nothing of it is done. So a run that was interrupted is simply started again.

    Example: `skarb post transactions.csv.gz --book first.book && skarb verify first.book`

    Parameters
    ----------
    files
        What to post; see `skarb decide --help` for the kinds of files.
    book
        Where the book lies; it is made if there is none. A file such as bank.book, a folder of files that only grow such as bank.segments,
        or a schema of a PostgreSQL database such as postgresql://user@host/database#bank (with the extra `postgres`).
    law
        A shipped country (by, zz) or the folder of a law.
    licence
        The licence of the made-up institution whose book this is; by default the one that suits the file.
    of
        The folder of an institution's own registers and lists, instead of the examples that come with the law.
    operator
        With --of: which institution's book this is.
    arrivals
        With --of: take raw blocks, and answers of Ethereum nodes, together, as what they bring to the wallets that the institution keeps for its
        clients.
    assumed
        What parties that the registers do not know are taken for: identified residents of this kind. Without it they stay unknown,
        unless the file's mapping says otherwise.
    mapping
        The name of a shipped mapping, a mapping file, or "native" for our own columns.
    at
        The instant for files that carry none, such as 2026-08-01T12:00:00+03:00.
    schemas
        A folder or zip of ISO 20022 schemas.
    travel
        The office that keeps payloads of the travel rule (skarb travel init); what a transfer's payload lacks is then computed and named.
    batch
        Instructions in one durable step.
    tree
        Keep the tree for proofs up to date behind the writer, in a second thread; see `skarb proof tree` for a process of its own.
    output
        Write one row per receipt to a file: .json, .jsonl, .csv or .parquet.
    format
        Write one row per receipt in this form: table, json, csv or parquet.
    problems
        Write every malformed row to a file: .json, .jsonl, .csv or .parquet.
    """
    need(files, "file of instructions")
    if of is None and (operator is not None or arrivals):
        raise Usage("--operator and --arrivals need the institution's registers; name their folder: --of FOLDER --operator NAME")
    if batch < 1:
        raise InputError(f"--batch: given {batch}, expected at least 1")
    format_of(None, problems)
    place = location_of(book)
    check_outputs((output, problems), (*files, *([place] if isinstance(place, Path) else [])))
    format_of(format, output)
    account = Account(keep_all=problems is not None)
    notes: list[str] = []
    titles: dict[str, str] = {}
    country = rulebook_of(law).country

    def rows() -> Iterator[tuple[Any, ...]]:
        with ExitStack() as stack:
            payloads = stack.enter_context(payloads_of(law, travel, files, keep=True))
            yield from posted(stack, payloads)

    def posted(stack: ExitStack, payloads: Payloads | None) -> Iterator[tuple[Any, ...]]:
        standing = None if payloads is None else payloads.standing(posting=True)
        for file in files[:1] if arrivals else files:
            base = None if of is None else folder_setting(law, of, operator, now)
            registers = example_registers(law, now) if base is None else base.registers
            if payloads is not None:
                payloads.screen_by(registers, screen_of(registers) if base is None else base.screen)
            source = (
                open_arrivals(files, base)
                if arrivals and base is not None
                else open_source(
                    stack.enter_context(without_payloads(file, payloads)),
                    country.zone,
                    mapping=mapping,
                    at=at,
                    schemas=schemas,
                    batch=batch,
                    assumed=assume(assumed, registers.country.home),
                )
            )
            setting = base or example_setting(law, registers, licence or source.licence)
            if payloads is not None:
                payloads.screen_by(registers, setting.screen)
            notes.extend(note for note in (*source.notes, *setting.notes) if note not in notes)
            with (
                progress(f"Posting {file.name}") as step,
                _open(
                    place,
                    rulebook=setting.rulebook,
                    registers=registers,
                    screen=setting.screen,
                    products=products(),
                    operator=setting.operator,
                    clock=now,
                    progress=lambda what, done, total: step(done, total, what),
                    travel=standing,
                ) as desk,
                TreeBehind(desk.book) if tree else nullcontext(),
            ):
                for number, one in enumerate(post_rows(source.readings(), desk, account), 1):
                    r, d = one.receipt, one.receipt.decision
                    if payloads is not None and payloads.shelf is not None:
                        settle(payloads.shelf, one.instruction, r.outcome)
                    if d.provision not in titles:
                        titles[d.provision] = title_of(setting.rulebook, d.provision)
                    yield (
                        file.name, one.row, r.id, r.outcome, d.verdict, d.provision, d.measure, d.assumed, " ".join(d.duties), d.levy,
                        " ".join(r.codes), r.book, r.sequence, r.row, r.repeated, r.edition, r.head,
                        missing(standing, one.instruction, d.verdict),
                    )  # fmt: skip
                    if number % 1024 == 0:
                        step(number, source.first.expected)
        notes.append(f"prove it: skarb verify {place}")

    work_off(COLUMNS, rows(), account, notes, titles, form=format, output=output, problems=problems)
    conflicts = sum(count for (outcome, _), count in account.counts.items() if outcome == "conflict")
    return EXIT_CODES["conflict"] if conflicts else EXIT_CODES["ok"]


def _open(book: Location, **rest: Any) -> Desk:
    """Open a book; a new one is called like its place, an old one keeps its name when its place gets another one."""
    try:
        return open_desk(book, name=book.stem, **rest)
    except ConfigurationError:
        return open_desk(book, name=None, **rest)
