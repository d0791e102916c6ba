"""`skarb decide`: what does the law say about the instructions in a file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from skarb.app.arrivals import open_arrivals
from skarb.app.files import assume, now, open_source
from skarb.app.law import rulebook_of
from skarb.app.setting import example_registers, example_setting, folder_setting, screen_of
from skarb.app.travel.inline import Payloads, payloads_of, without_payloads
from skarb.app.travel.standing import missing
from skarb.app.words import title_of
from skarb.app.work import Account
from skarb.app.work import decide as decide_rows
from skarb.cli.output import Format, Usage, check_outputs, err, format_of, need, progress
from skarb.cli.summary import work_off
from skarb.core.party import Licence, PartyKind
from skarb.rulebook.explain import explain as explain_facts

COLUMNS = (
    "file", "row", "id", "at", "activity", "party", "asset", "amount",
    "verdict", "provision", "title", "measure", "assumed", "duties", "levy", "edition", "missing",
)  # fmt: skip


def decide(
    *files: Path,
    law: str | None = None,
    licence: Annotated[Licence | None, Parameter(name="--as")] = None,
    market: Path | None = None,
    of: Path | None = None,
    operator: str | None = None,
    arrivals: bool = False,
    assumed: Annotated[PartyKind | None, Parameter(name="--assume")] = None,
    mapping: str | None = None,
    at: datetime | None = None,
    schemas: Path | None = None,
    travel: Path | None = None,
    explain: str | None = None,
    output: Path | None = None,
    format: Format | None = None,  # noqa: A002
    problems: Path | None = None,
) -> None:
    """Decide the instructions in files under the law in force on their legal dates; nothing is posted.

    Reads CSV, JSON, JSON lines and Parquet (also gzipped), ISO 20022 pain.001 and pacs.008, raw Bitcoin blocks and answers of Ethereum nodes. Other
    people's files are understood through a mapping; the shipped ones are found by themselves.

    Examples: `skarb decide payments.csv` · `skarb decide transactions.csv.gz --as bank --output decisions.parquet` ·
    `skarb decide pacs008.xml --explain all`

    Parameters
    ----------
    files
        What to decide.
    law
        A shipped country (by, zz) or the folder of a law; by default by.
    licence
        The licence of the made-up institution that decides; by default the one that suits the file.
    market
        A market's folder, to decide with its registers and lists instead of the examples that come with the law.
    of
        The folder of an institution's own registers and lists, to decide with them.
    operator
        With --market or --of: which institution decides.
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
    explain
        Explain a decision leaf by leaf, below the summary: an instruction's id, or "all" for the first of each provision that decided. Where
        the rows go to standard output both go to standard error.
    output
        Write one row per decision to a file: .json, .jsonl, .csv or .parquet.
    format
        Write one row per decision in this form: table, json, csv or parquet. Without it and --output: only the summary.
    problems
        Write every malformed row to a file: .json, .jsonl, .csv or .parquet.
    """
    need(files, "file of instructions")
    if operator is not None and market is None and of is None:
        raise Usage("--operator names an institution; name its market or its registers, too: --market FOLDER or --of FOLDER")
    if arrivals and of is None:
        raise Usage("--arrivals needs the register of wallets; name its folder: --of FOLDER --operator NAME")
    format_of(None, problems)
    check_outputs((output, problems), files)
    format_of(format, output)
    account = Account(keep_all=problems is not None)
    notes: list[str] = []
    titles: dict[str, str] = {}
    explained: list[tuple[str, str]] = []
    provisions: set[str] = set()
    base = None
    if market is not None:
        from skarb.app.market import market_setting

        base = market_setting(market, operator)
    elif of is not None:
        base = folder_setting(law or "by", of, operator, now)
    law = law or (base.law if base is not None else "by")

    def rows() -> Iterator[tuple[Any, ...]]:
        with ExitStack() as stack:
            payloads = stack.enter_context(payloads_of(law, travel, files, keep=False))
            yield from decided(stack, payloads)

    def decided(stack: ExitStack, payloads: Payloads | None) -> Iterator[tuple[Any, ...]]:
        standing = None if payloads is None else payloads.standing()
        for file in files[:1] if arrivals else files:
            registers = base.registers if base is not None else example_registers(law, now)
            if payloads is not None:
                payloads.screen_by(registers, screen_of(registers) if base is None else base.screen)
            source = (
                open_arrivals(files, base)
                if arrivals and base is not None
                else open_source(
                    stack.enter_context(without_payloads(file, payloads)),
                    rulebook_of(law).country.zone,
                    mapping=mapping,
                    at=at,
                    schemas=schemas,
                    assumed=assume(assumed, registers.country.home),
                )
            )
            setting = base or example_setting(law, registers, licence or source.licence)
            if payloads is not None:
                payloads.screen_by(registers, setting.screen)
            notes.extend(note for note in (*source.notes, *setting.notes) if note not in notes)
            with progress(f"Deciding {file.name}") as step:
                for number, one in enumerate(decide_rows(source.readings(), setting, account, standing), 1):
                    i, d = one.instruction, one.decision
                    edition = setting.rulebook.edition(one.facts.day)
                    if d.provision not in titles:
                        titles[d.provision] = title_of(setting.rulebook, d.provision)
                    if explain is not None and (explain == i.id or (explain == "all" and d.provision not in provisions)):
                        provisions.add(d.provision)
                        explained.append((i.id, explain_facts(edition, one.facts).text()))
                    yield (
                        file.name, one.row, i.id, i.at.isoformat(), i.activity, i.party, i.asset, i.amount, d.verdict, d.provision,
                        titles[d.provision], d.measure, d.assumed, " ".join(d.duties), d.levy, one.edition, missing(standing, i, d.verdict),
                    )  # fmt: skip
                    if number % 1024 == 0:
                        step(number, source.first.expected)

    aside = work_off(COLUMNS, rows(), account, notes, titles, form=format, output=output, problems=problems)
    for name, text in explained:
        aside.print(name, style="bold", markup=False, highlight=False, soft_wrap=True)
        aside.print(text, markup=False, highlight=False, soft_wrap=True)
    if explain is not None and not explained:
        err.print(f"Nothing to explain: no instruction {explain!r} was decided", markup=False, highlight=False)
