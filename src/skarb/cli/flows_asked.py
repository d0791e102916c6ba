"""What every question of `skarb flows` can be told, and how it is answered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from skarb.app import flows as work
from skarb.cli.output import Format, Usage, check_outputs, err, format_of, progress
from skarb.core.counted import counted
from skarb.core.errors import NotAllowed
from skarb.oversight.flows.definition import Choices, Conversion, Opening, Pot, Wallets
from skarb.oversight.flows.model import Rule
from skarb.reporting.flows import FlowReport


@Parameter(name="*")
@dataclass(frozen=True)
class Options:
    """What every question about flows can be told."""

    law: str = "by"
    """The law whose currency and zone count: a shipped country or the folder of a law."""
    first: Annotated[date | None, Parameter(name="--from")] = None
    """The first legal day of a lake; by default that of the first row."""
    last: Annotated[date | None, Parameter(name="--to")] = None
    """The last legal day; by default that of the last row."""
    rule: Rule = "fifo"
    """fifo: money leaves in the order in which it came, the legal default; haircut: every payment is the same mixture, the bound."""
    pot: Pot = "account"
    """Out of whose money a return is paid: of what the same person has at the same place, of what he has anywhere, of all at the place."""
    conversion: Conversion = "asset"
    """asset: each asset by itself, in its units; value: everything in the legal currency, at the value of each day."""
    opening: Opening = "none"
    """none: nothing is abroad at first; inferred: what was paid from abroad without having been seen to go there lay there before."""
    wallets: Wallets = "apart"
    """Own wallets that nobody hosts: apart from the count, or abroad."""
    horizon: int | None = None
    """The age in days for the share that never returned; by default twelve months, or the longest of 1, 3, 6, 12 that the data reach."""
    rates: Path | None = None
    """A file of rates for values: of a lake, of today; of a file, of each day. Without it a lake's latest rows say what an asset is worth."""
    abroad: Annotated[tuple[str, ...], Parameter(negative=())] = ()
    """Of a file: accounts that lie abroad, with * and ?, and a country where it is known, such as exchange:*=SC; may be repeated."""
    asset: str | None = None
    """Of a file: follow one asset only."""
    mapping: str | None = None
    """Of a file: the name of a shipped mapping, a mapping file, or "native" for our own columns."""
    purpose: str | None = None
    """Why you want to see names. It is recorded in the lake's log of looks; without a purpose people are told by their numbers."""
    output: Path | None = None
    """A file for the answer: .json, .csv or .parquet."""
    format: Format | None = None
    """table, json, csv or parquet."""


USUAL = Options()


def asked_of(source: Path, options: Options, **more: Any) -> work.Asked:
    """Return what was typed as a question, having refused what makes no sense."""
    if options.purpose is not None and not options.purpose.strip():
        raise NotAllowed(
            "--purpose: given nothing, expected why you want to see names; without the option people are told by number"
        )
    if options.horizon is not None and options.horizon < 1:
        raise Usage(f"--horizon {options.horizon}: expected 1 day or more")
    if more.get("top", 0) < 0:
        raise Usage(f"--most {more['top']}: expected 0 or more")
    choices = Choices(options.pot, options.conversion, options.opening, options.wallets)
    return work.Asked(
        source, options.law, options.first, options.last, options.rule, choices, options.horizon, options.rates,
        purpose=options.purpose or "", abroad=options.abroad, asset=options.asset, mapping=options.mapping, **more,
    )  # fmt: skip


def answer_of(source: Path, options: Options, **more: Any) -> tuple[Format, FlowReport]:
    """Follow the money; return the form of the answer and the report, having said what of a file could not be read."""
    form = format_of(options.format, options.output)
    check_outputs((options.output,), (source,))
    with progress("Following the money"):
        answer = work.ask(asked_of(source, options, **more))
    if answer.sheet is not None:
        sheet = answer.sheet
        err.print(
            f"· {counted(sheet.read, 'row')} in, {sheet.malformed:,} malformed, {counted(sheet.accounts, 'account')}",
            style="dim",
            highlight=False,
        )
        for problem in sheet.problems[:10]:
            err.print(str(problem), markup=False, highlight=False)
    return form, answer.report
