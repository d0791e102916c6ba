"""`skarb mine bill`: what a miner owes for a month, and why each line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from cyclopts import Parameter
from rich.markup import escape

from skarb.app.files import now
from skarb.app.mining_basis import Basis, basis_of
from skarb.app.mining_bills import (
    bills_of,
    corrected,
    inflow_csv,
    inflows,
    own_mining,
    strange_payouts,
)
from skarb.app.mining_month import Given, month_read
from skarb.cli.mine_said import arithmetic_of, bill_said, english, said_in_english
from skarb.cli.output import Format, Usage, check_outputs, err, format_of, out, progress, table, write_rows
from skarb.core.amount import format_amount
from skarb.core.counted import counted
from skarb.core.errors import EXIT_CODES, Conflict, InputError, NotFound
from skarb.metering import Bill, Line, Refused, Remark, bill_bytes, bill_hash, mean_price, read_bill

Language = Literal["be", "ru", "en"]
LINES = (
    "bill", "line", "what", "quantity", "unit", "rate", "rate_unit", "exact", "amount", "asset", "rule", "parameter", "from", "to", "certainty",
    "intervals", "estimated", "arithmetic",
)  # fmt: skip

_TOTALS = ("net", "vat", "levy", "profit_tax", "contribution", "payable")
_IN_FULL = 5  # bills that are printed line by line


def bill(
    month: str,
    *readings: Path,
    law: str = "by",
    of: Path | None = None,
    entries: Annotated[list[Path] | None, Parameter(negative=())] = None,
    miner: str | None = None,
    site: str | None = None,
    schedule: Path | None = None,
    payouts: Path | None = None,
    prices: Path | None = None,
    devices: Path | None = None,
    terms: Path | None = None,
    corrects: Annotated[list[Path] | None, Parameter(negative=())] = None,
    to: Path | None = None,
    language: Annotated[Language, Parameter(name="--in")] = "en",
    inflow: Path | None = None,
    output: Path | None = None,
    format: Format | None = None,  # noqa: A002
) -> int:
    """Make the bills of a month: electricity, VAT, levy, taxes and the share of the reserve, every line with its rule and its arithmetic.

    Example: `skarb mine bill 2026-04 meters.csv --of market --to bills`

    Readings are CSV or Parquet: meter, at, and energy_wh, kwh or counter_kwh; perhaps minutes and estimated. Every interval is judged; what is
    missing is estimated with its method, or there is no bill and the reason is told. The same data make the same bytes, and their hash is printed.
    Exit code 3 if a bill is refused.

    Parameters
    ----------
    month
        The month, such as 2026-04.
    readings
        Files of meters.
    law
        Whose law and terms: a shipped country or the folder of a law.
    of
        The folder of the registers; without one the country's examples.
    entries
        Files of register entries besides: sites, machines, meters, parties, licences, tariffs.
    miner
        Only the sites of this party.
    site
        Only this site.
    schedule
        Which hours are surplus: a schedule as `skarb mine plan --schedule --format csv` writes it.
    payouts
        What pools paid: id, day, site, scheme, sat. Without it nothing is said of taxes and shares.
    prices
        What one BTC was worth: day and btc_byn (or the country's currency); by default the rates of the registers.
    devices
        What devices reported, to estimate gaps by: site, device, at, minutes, hashrate_gh_s, power_w.
    terms
        Other terms than the country's mining.yaml.
    corrects
        The bill of the month that was given and its corrections so far, in order; then a bill of the differences is made.
    to
        A folder for the bills: a JSON file and a page of each. A file that is there is never changed.
    language
        The language of the pages: be, ru or en.
    inflow
        A CSV file for what flows to the state: id, day, miner, kind, asset, units, source.
    output
        A file for the lines: .json has whole bills, .csv and .parquet the lines.
    format
        The form: table, json, csv or parquet.
    """
    if not readings:
        raise Usage("no file of meters was named, expected at least one")
    given = Given(readings, schedule, payouts, prices, devices)
    named = (*readings, *(entries or ()), *(corrects or ()), schedule, payouts, prices, devices, terms)
    check_outputs((output, inflow), named)
    if to is not None and not to.parent.is_dir():
        raise NotFound(f"--to {to}: there is no folder {to.parent}; create it first")
    if to is not None and to.is_file():
        raise InputError(f"--to {to}: given a file, expected a folder")
    form = format_of(format, output)
    basis = basis_of(law, of, entries or (), terms, now)
    before = [read_bill(_bytes(path), path.name) for path in corrects or ()]
    if before and site is None:
        site = before[0].site
    with progress("Reading meters"):
        read = month_read(basis, month, given, now, miner, site)
        answers = bills_of(basis, read, given)
    bills = [one for one in answers if isinstance(one, Bill)]
    refused = [one for one in answers if isinstance(one, Refused)]
    if before:
        made = [corrected(before, one) for one in bills]
        if bills and made == [None]:
            err.print("[dim]· nothing differs from the bills that were given; there is nothing to correct[/]")
        bills = [one for one in made if one is not None]
    if form == "json":
        _json(bills, refused, output)
    elif form == "table":
        _tables(bills)
    else:
        write_rows(LINES, [_row(one, line) for one in bills for line in one.lines], form, output)
    if to is not None:
        _keep(bills, to, language, basis)
    if inflow is not None:
        inflow.write_text(inflow_csv(inflows(bills, own_mining(read, payouts))), encoding="utf-8")
    _tell(basis, bills, refused, [one.told for one in read.strangers])
    for name in strange_payouts(basis, read, payouts):
        err.print(f"[yellow]· payouts of {escape(name)}: no such site is registered; nothing is assessed of them[/]")
    return EXIT_CODES["input"] if refused else EXIT_CODES["ok"]


def _tell(basis: Basis, bills: Sequence[Bill], refused: Sequence[Refused], strangers: Sequence[Remark]) -> None:
    for note in basis.notes:
        err.print(f"[dim]· {escape(note)}[/]")
    for one in bills:
        err.print(f"[dim]· bill {escape(one.id)} {bill_hash(one)}[/]")
    for stranger in strangers:
        err.print(f"[yellow]· {escape(english(stranger))}[/]")
    for gone in refused:
        for reason in gone.reasons:
            err.print(f"[red]· no bill of {escape(gone.site)}: {escape(english(reason))}[/]")


def _tables(bills: Sequence[Bill]) -> None:
    """Print bills line by line; of many only what they come to."""
    if len(bills) > _IN_FULL:
        rows = [
            (one.id, one.miner, f"{one.energy_wh / 1000:,.3f}", *(_total(one, name) for name in _TOTALS), one.currency)
            for one in bills
        ]
        out.print(table(("bill", "miner", "kwh", *_TOTALS, "currency"), rows, counted(len(bills), "bill")))
        return
    for one in bills:
        money = _money(one)
        rows = [
            (
                line.kind,
                line.what,
                line.quantity,
                line.unit,
                line.rate,
                money(line),
                line.asset,
                line.rule.rule,
                line.rule.certainty,
            )
            for line in one.lines
        ]
        columns = ("line", "what", "quantity", "unit", "rate", "amount", "asset", "rule", "certainty")
        out.print(table(columns, rows, f"Bill {one.id} of {one.miner}, {one.energy_wh / 1000:,.3f} kWh"))
        mean = f", {mean_price(one)} {one.currency}/kWh" if mean_price(one) else ""
        owed = format_amount(one.totals["payable"], one.decimals)
        out.print(f"Electricity exactly {one.exact_net} {one.currency}{mean}; to pay {owed} {one.currency}.")
        for standing in one.standing:
            out.print(
                f"{standing.first} to {standing.last}: about mining the law says {standing.verdict}, by {standing.provision}."
            )
        for note in (*one.notes, *one.faults):
            out.print(f"· {escape(english(note))}")
        out.print()


def _total(one: Bill, name: str) -> str:
    return format_amount(one.totals[name], one.decimals) if name in one.totals else ""


def _money(one: Bill) -> Any:
    def shown(line: Line) -> str:
        return format_amount(line.amount, one.decimals if line.asset == one.currency else 8)

    return shown


def _row(one: Bill, line: Line) -> tuple[Any, ...]:
    rule, rests = line.rule, line.inputs
    return (
        one.id, line.key, line.what, line.quantity, line.unit, line.rate, line.rate_unit, line.exact, line.amount, line.asset, rule.rule,
        rule.parameter, rule.first, rule.last, rule.certainty, rests.intervals, rests.estimated, arithmetic_of(line, one),
    )  # fmt: skip


def _json(bills: Sequence[Bill], refused: Sequence[Refused], output: Path | None) -> None:
    content = {
        "bills": [{**bill_said(one), "sha256": bill_hash(one)} for one in bills],
        "refused": [{**msgspec.to_builtins(one), "reasons": said_in_english(one.reasons)} for one in refused],
    }
    text = msgspec.json.format(msgspec.json.encode(content, order="sorted"), indent=1).decode()
    if output is None:
        print(text)
    else:
        output.write_text(text + "\n", encoding="utf-8")


def _keep(bills: Sequence[Bill], folder: Path, language: Language, basis: Basis) -> None:
    """Write bills into a folder; one that is there stays as it was given."""
    from skarb.reporting.bills import bill_page

    folder.mkdir(exist_ok=True)
    places = [(folder / f"{_file_name(one)}.json", one) for one in bills]
    for path, one in places:
        if path.is_file() and path.read_bytes() != bill_bytes(one):
            raise Conflict(
                f"{path}: another bill of this name was given; a bill is never changed, make one of the differences with --corrects {path}"
            )
    for path, one in places:
        path.write_bytes(bill_bytes(one))
        path.with_suffix(f".{language}.html").write_text(bill_page(one, language), encoding="utf-8")
        err.print(f"[dim]· {escape(str(path))} and its page[/]")


def _file_name(bill: Bill) -> str:
    """Return a name for the files of a bill; what no name of a file may have stands as its number, so that no two sites share one."""
    site = "".join(one if one.isprintable() and one not in r"/\%" else f"%{ord(one):02X}" for one in bill.site)
    return "_".join((bill.month, site, *bill.id.removeprefix(f"{bill.month}/{bill.site}").split("/")[1:]))


def _bytes(path: Path) -> bytes:
    if not path.is_file():
        raise NotFound(f"{path}: there is no such file")
    return path.read_bytes()
