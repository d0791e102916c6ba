"""`skarb mine audit | levy`: what does not fit together in a month, and what another rate of the levy would do."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import msgspec
from cyclopts import Parameter
from rich.markup import escape

from skarb.app.files import now
from skarb.app.mining_audit import audit as audit_of
from skarb.app.mining_basis import basis_of
from skarb.app.mining_evidence import Evidence
from skarb.app.mining_levy import COLUMNS as LEVY
from skarb.app.mining_levy import rates_of, tried
from skarb.cli.mine_said import evidence_of, finding_said, said_in_english
from skarb.cli.output import Format, Usage, check_outputs, err, format_of, out, progress, table, write_rows
from skarb.core.errors import EXIT_CODES
from skarb.metering import Day, Finding

FINDINGS = tuple(one.name for one in msgspec.structs.fields(Finding))
DAYS = tuple(one.name for one in msgspec.structs.fields(Day))
Language = Literal["be", "ru", "en"]


def audit(
    month: str,
    *readings: Path,
    law: str = "by",
    of: Path | None = None,
    entries: Annotated[list[Path] | None, Parameter(negative=())] = None,
    site: str | None = None,
    payouts: Path | None = None,
    devices: Path | None = None,
    posted: Annotated[list[str] | None, Parameter(negative=())] = None,
    network: Path | None = None,
    chain: Annotated[list[Path] | None, Parameter(negative=())] = None,
    prices: Path | None = None,
    terms: Path | None = None,
    days: bool = False,
    report: Path | None = None,
    language: Annotated[Language, Parameter(name="--in")] = "en",
    output: Path | None = None,
    format: Format | None = None,  # noqa: A002
) -> int:
    """Compare what meters, devices, pools and books say of a month, and look for machines that nobody registered.

    Example: `skarb mine audit 2026-04 meters.csv --of market --payouts paid.csv --network network.csv`

    Coins that energy should bring run from the worst to the best that the registered machines may do. Pools that pay per share leave no room for
    luck; of others, and of lone miners, it is told how likely luck is. A finding is a question with a score, its evidence and the provision it
    touches. Exit code 9 if there are findings.

    Parameters
    ----------
    month
        The month, such as 2026-04.
    readings
        Files of meters, as for `skarb mine bill`.
    law
        Whose law and terms: a shipped country or the folder of a law.
    of
        The folder of the registers; without one the country's examples.
    entries
        Files of register entries besides.
    site
        Only this site, registered or not.
    payouts
        What pools paid: id, day (on which it was earned), site, scheme, sat.
    devices
        What devices reported: site, device, at, minutes, hashrate_gh_s, power_w.
    posted
        What a book says: SITE=FILE, a statement of the account (`skarb statement --output`) or day and sat; may be given several times.
    network
        What the network paid: day, difficulty, reward_sat.
    chain
        Instead of it, files of the chain, as for `skarb mine economics`.
    prices
        What one BTC was worth: day and btc_byn (or the country's currency).
    terms
        Other terms than the country's mining.yaml.
    days
        Show the table by day instead of the findings.
    report
        Write a page for people to this .html file.
    language
        The language of the page: be, ru or en.
    output
        A file for the answer: .json has findings and days, .csv and .parquet one of them.
    format
        The form: table, json, csv or parquet.
    """
    if not readings:
        raise Usage("no file of meters was named, expected at least one")
    statements = dict(_pair(one) for one in posted or ())
    evidence = Evidence(payouts, devices, statements, network, tuple(chain or ()), prices)
    check_outputs((output, report), (*readings, *(entries or ()), payouts, devices, network, prices, terms, *statements.values()))
    form = format_of(format, output)
    basis = basis_of(law, of, entries or (), terms, now)
    with progress("Reading meters"):
        found = audit_of(basis, month, readings, evidence, now, site)
    columns, several = (DAYS, found.days) if days else (FINDINGS, found.findings)
    if form == "json":
        content = {
            "month": month,
            "findings": [finding_said(one) for one in found.findings],
            "days": found.days,
            "notes": said_in_english(found.notes),
        }
        text = msgspec.json.format(msgspec.json.encode(content, order="sorted"), indent=1).decode()
        if output is None:
            print(text)
        else:
            output.write_text(text + "\n", encoding="utf-8")
    elif form == "table" and not days:
        rows = [
            (
                one.score,
                one.site,
                one.kind,
                one.first,
                one.last,
                one.provision,
                f"{one.amount or ''} {one.unit}".strip(),
                evidence_of(one),
            )
            for one in found.findings
        ]
        out.print(table(("score", "site", "finding", "from", "to", "provision", "amount", "evidence"), rows, f"Audit of {month}"))
    else:
        written = [
            tuple(evidence_of(one) if isinstance(one, Finding) and name == "evidence" else getattr(one, name) for name in columns)
            for one in several
        ]
        write_rows(columns, written, form, output, f"Days of {month}")
    for note in (*basis.notes, *(one["says"] for one in said_in_english(found.notes))):
        err.print(f"[dim]· {escape(note)}[/]")
    if report is not None:
        from skarb.reporting.bills import audit_page

        report.write_text(audit_page(month, basis.currency, found.findings, found.days, found.notes, language), encoding="utf-8")
        err.print(f"[dim]· the page is {escape(str(report))}[/]")
    return EXIT_CODES["verification"] if found.findings else EXIT_CODES["ok"]


def levy(
    day: str,
    *,
    rates: str,
    hashprice: str,
    price: str,
    law: str = "by",
    of: Path | None = None,
    entries: Annotated[list[Path] | None, Parameter(negative=())] = None,
    terms: Path | None = None,
    per_usd: str = "1",
    pue: str = "1.05",
    uptime: str = "0.95",
    pool_fee: str = "0.02",
    output: Path | None = None,
    format: Format | None = None,  # noqa: A002
) -> None:
    """Try rates of the levy on the registered machines: which of them still pay, and what the levy brings then.

    Example: `skarb mine levy 2026-04-01 --rates 0..0.2/0.01 --hashprice 33 --price 0.15 --per-usd 2.93 --of market`

    A machine runs while a kWh brings more than it costs with the levy. The rate that brings most is marked.

    Parameters
    ----------
    day
        The day whose registered machines are meant, such as 2026-04-01.
    rates
        FROM..TO/STEP per kWh, in the legal currency.
    hashprice
        What a petahash a second brings in a day, in USD.
    price
        What a kWh costs without the levy, in the legal currency.
    law
        Whose law: a shipped country or the folder of a law.
    of
        The folder of the registers; without one the country's examples.
    entries
        Files of register entries besides.
    terms
        Other terms than the country's mining.yaml.
    per_usd
        The legal currency for one USD.
    pue
        Power at the meter over power at the machines.
    uptime
        Share of hours in which machines run.
    pool_fee
        What the pool keeps.
    output
        A file for the rows: .json, .csv or .parquet.
    format
        The form: table, json, csv or parquet.
    """
    check_outputs((output,), (*(entries or ()), terms))
    form = format_of(format, output)
    basis = basis_of(law, of, entries or (), terms, now)
    rows = tried(basis, day, rates_of(rates), hashprice, price, per_usd, (pue, uptime, pool_fee))
    write_rows(LEVY, rows, form, output, f"Levy per kWh, machines registered on {day}, a year of {basis.currency}")
    for note in basis.notes:
        err.print(f"[dim]· {escape(note)}[/]")


def _pair(text: str) -> tuple[str, Path]:
    name, equals, path = text.partition("=")
    if not equals or not name or not path:
        raise Usage(f"--posted {text}: expected SITE=FILE")
    return name, Path(path)
