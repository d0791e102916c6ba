"""`skarb register`: what the registers say, and writing into them."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Literal

import msgspec
from cyclopts import App
from rich.markup import escape

from skarb.app.files import now
from skarb.app.law import rulebook_of
from skarb.app.lists import read_list_files
from skarb.app.looks import Looks
from skarb.app.setting import open_registers
from skarb.cli.output import Format, err, need, out, table, write_rows
from skarb.core.counted import counted
from skarb.core.errors import EXIT_CODES, InputError, NotFound
from skarb.core.party import HUMAN
from skarb.core.time import legal_day, to_day
from skarb.registers import REGISTERS, Party, Registers, Summary, read_entries, read_rates
from skarb.screening.lists import Edition, Source, form_of
from skarb.screening.lists.files import unpacked

app = App(
    name="register",
    help="The registers: parties, licences, tokens, venues, wallets, holds, mining sites, meters, tariffs, screening lists, rates. "
    "Dated, nothing deleted.",
)

SHOWN = 20  # problems printed in full
_OF_SOMEBODY = ("wallets", "wallet_proofs", "holds", "whitelist", "mining_sites")  # whose entries say something of a party
Kind = Literal["entries", "rates", "list"]


@app.command(name="import")
def import_file(
    *files: Path,
    to: Path,
    kind: Kind | None = None,
    register: str | None = None,
    publisher: str = "NBRB",
    currency: str | None = None,
    correct: bool = False,
    law: str | None = None,
) -> int:
    """Write what files say into the registers: each file whole or not at all.

    Entries of registers come as CSV, JSON lines or YAML; rates as the National Bank's CSV or JSON or the ECB's CSV; screening lists in our own JSON
    form (those of publishers: skarb screen import). A rate feed that stands still or has holes is refused with the reason.

    Examples: `skarb register import parties.csv --to market --register parties` ·
    `skarb register import rates.csv --to market --kind rates --publisher NBRB`

    Parameters
    ----------
    files
        What to import.
    to
        The folder of the registers; a market's own folder.
    kind
        entries, rates or list; by default told by the content.
    register
        Which register the entries belong to, when the file does not say.
    publisher
        Who published the rates.
    currency
        Which currency a list of rates is about, when the file does not say.
    correct
        The rates correct earlier ones of the same publisher.
    law
        The country whose registers these are; by default the market's own, else by.
    """
    need(files, "file")
    registers = open_registers(law_of(to, law), to, now)
    failed = False
    for file in files:
        try:
            raw = file.read_bytes()
        except FileNotFoundError:
            raise NotFound(f"there is no file {file}") from None
        except IsADirectoryError:
            raise InputError(f"{file}: a folder was given, expected a file") from None
        what = kind or _kind_of(raw, file.name)
        if what == "list":
            reading = read_list_files([file], Edition(), registers)
            wrong = Summary(source=file.name, problems=reading.problems)
            summary = wrong if reading.problems else registers.record_list(reading.lists[0], file.name)
        else:
            summary = _record(registers, raw, file.name, what, register, publisher, currency, correct)
        failed = failed or bool(summary.problems)
        _print(summary)
    return EXIT_CODES["input"] if failed else EXIT_CODES["ok"]


def _record(
    registers: Registers,
    raw: bytes,
    name: str,
    kind: Kind,
    register: str | None,
    publisher: str,
    currency: str | None,
    correct: bool,
) -> Summary:
    if kind == "rates":
        return registers.record_rates(read_rates(raw, name, source=publisher, currency=currency), correct=correct)
    country = registers.country
    return registers.record_import(read_entries(raw, name, register=register, numbering=country.numbering, home=country.home))


def _kind_of(raw: bytes, name: str) -> Kind:
    """Tell what a file holds by its beginning."""
    head = raw[:4096].decode("utf-8", "replace").lstrip("\ufeff \r\n\t")
    if '"entries"' in head and '"regime"' in head:
        return "list"
    if form_of(Source(name, unpacked(Source(name, raw)))) in ("ofac", "un", "eu", "dpl"):
        raise InputError(
            f"{name}: a screening list as its publisher writes it; skarb screen import takes it, with all files of the list together"
        )
    first = head.partition("\n")[0].lower()
    if '"Cur_OfficialRate"' in head or first.startswith(("date,usd", "date,currency", "date,eur")) or "_per_" in first:
        return "rates"
    if name.lower().endswith((".csv", ".jsonl", ".yaml", ".yml")):
        return "entries"
    raise InputError(f"{name}: cannot tell what it holds; name it with --kind entries, rates or list")


def _print(summary: Summary) -> None:
    if summary.problems:
        err.print(
            f"[red]refused[/] {escape(summary.source)}: {counted(len(summary.problems), 'problem')}, nothing of it was recorded"
        )
        for problem in summary.problems[:SHOWN]:
            err.print(str(problem), markup=False, highlight=False)
        return
    out.print(
        f"[green]recorded[/] {escape(summary.source)}: {summary.added:,} new, {summary.replaced:,} replaced, {summary.repeated:,} known already; "
        f"registers now {summary.version.hex()[:16]}…",
        highlight=False,
    )


def law_of(folder: Path, law: str | None) -> str:
    """Return the law that was named, else that of the market whose folder it is, else by."""
    if law is None and (folder / "market.yaml").is_file():
        from skarb.app.market import read_market_file

        return read_market_file(folder).law
    return law or "by"


def open_to_read(folder: Path, law: str) -> Registers:
    """Open registers to look at them; looking makes no new ones."""
    if not (folder / "registers.jsonl").is_file():
        raise NotFound(f"{folder} holds no registers; skarb register import FILE --to {folder} makes some")
    return open_registers(law, folder, now)


@app.command
def show(
    subject: str, /, *, of: Path, at: date | None = None, purpose: str | None = None, law: str | None = None, json: bool = False
) -> None:
    """Show what the registers know of a party on a day, and every entry about it.

    Whoever looks at a human being says why; it is written into looks.jsonl beside the registers.

    Example: `skarb register show anna --of market --purpose "case 17"`

    Parameters
    ----------
    subject
        The party's id.
    of
        The folder of the registers; a market's own folder.
    at
        The legal date; by default today.
    purpose
        Why you look, where it is a human being.
    law
        The country whose registers these are; by default the market's own, else by.
    json
        Print JSON.
    """
    law = law_of(of, law)
    registers = open_to_read(of, law)
    day = to_day(at) if at is not None else legal_day(now(), rulebook_of(law).country.zone)
    profile = registers.profile(subject, day)
    entries = [(name, entry) for name in REGISTERS for entry in registers.history(name, subject)]
    if profile is None and not entries:
        raise NotFound(f"the registers in {of} say nothing about {subject!r}")
    look_at_party(registers, of, subject, purpose)
    if json:
        out.print_json(msgspec.json.encode({"profile": profile, "entries": entries}).decode())
        return
    if profile is not None:
        values = msgspec.to_builtins(profile)
        out.print(
            table((subject, ""), ((name, ", ".join(sorted(v)) if isinstance(v, list) else v) for name, v in values.items()))
        )
    rows = (
        (name, str(entry.valid_from), str(entry.valid_to or ""), msgspec.json.encode(entry).decode()) for name, entry in entries
    )
    out.print(table(("register", "from", "to", "entry"), rows))


def look_at_party(registers: Registers, of: Path, party: str, purpose: str | None) -> None:
    """Write down why somebody looks at a human being, or at his wallet or mine; organisations stand in public registers.

    Of whom no entry says what he is, he may be one.

    Raises: NotAllowed without a purpose; Unavailable
    """
    owners = {str(getattr(one, "party", "")) for name in _OF_SOMEBODY for one in registers.history(name, party)} - {""}
    kinds = [one.kind for who in sorted({party, *owners}) for one in registers.history("parties", who) if isinstance(one, Party)]
    unknown = [one for one in sorted(owners) if not registers.history("parties", one)]
    if unknown or any(kind in HUMAN for kind in kinds):
        Looks(of / "looks.jsonl", now).record(purpose, f"registers/{party}")


@app.command
def recordings(*, of: Path, law: str | None = None, format: Format = "table") -> None:  # noqa: A002
    """List every recording: when, from what source, how much of which register.

    Parameters
    ----------
    of
        The folder of the registers; a market's own folder.
    law
        The country whose registers these are; by default the market's own, else by.
    format
        table, json, csv or parquet.
    """
    registers = open_to_read(of, law_of(of, law))
    rows = []
    for recording in registers.recordings:
        counts = {name: len(recording.entries(name)) for name in REGISTERS}
        counts |= {
            "lists": len(recording.lists),
            "list changes": len(recording.list_changes),
            "rates": sum(len(series.points) for series in recording.rates),
        }
        held = ", ".join(f"{name.replace('_', ' ')}: {count:,}" for name, count in counts.items() if count)
        rows.append((recording.recorded_at.isoformat(timespec="seconds"), recording.source, held, recording.previous[:16]))
    write_rows(("recorded_at", "source", "holds", "after"), rows, format, None)
