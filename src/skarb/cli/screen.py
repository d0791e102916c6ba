"""`skarb screen`: screening lists, what changed in them, whom they name, and what was decided about hits."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any, Literal

import msgspec
from cyclopts import App
from rich.markup import escape

from skarb.app.files import now
from skarb.app.lists import compare_versions, read_list_files, record_lists, set_policy
from skarb.app.setting import open_registers, screen_of
from skarb.cli.output import Format, err, need, out, table, write_rows
from skarb.cli.register import law_of, look_at_party, open_to_read
from skarb.cli.screen_name import add_to as add_name_to
from skarb.cli.screen_told import SHOWN, recorded, tell
from skarb.cli.screen_whitelist import decisions
from skarb.core.counted import counted
from skarb.core.errors import EXIT_CODES, InputError, NotFound, shorten
from skarb.core.identifiers import Flaw
from skarb.core.screening_list import ScreeningResult
from skarb.core.time import from_day
from skarb.registers import read_wallet
from skarb.screening import Screen
from skarb.screening.lists import Edition

app = App(
    name="screen",
    help="Screening lists: bring them in, see what changed, ask about a party or a wallet, decide about hits. Nothing switches screening off.",
)
policies = App(name="policy", help="What is done about a hit on a list: block, reject or report. There is no fourth.")
add_name_to(app)
app.command(policies)
app.command(decisions)

Measure = Literal["block", "reject", "report"]


@app.command(name="import")
def import_lists(
    *files: Path,
    to: Path,
    published: date | None = None,
    name: str = "",
    publisher: str = "",
    fewer: bool = False,
    law: str | None = None,
) -> int:
    """Take screening lists into the registers, whole or not at all, and say which known parties that concerns.

    What a file is, is told by its content (gzip too): the files of OFAC's SDN and consolidated lists (entries, addresses, aliases and comments belong
    together), the XML of the UN, the table of an EU regulation, the US Denied Persons List, an own list as CSV or in our JSON form. A list that is
    cut, lacks a file, holds something unknown or has lost more than half of its entries is refused with the reason, and the version before stays
    in force.

    Examples: `skarb screen import sdn.csv add.csv alt.csv sdn_comments.csv --to market --published 2023-12-28` ·
    `skarb screen import consolidated.xml --to market`

    Parameters
    ----------
    files
        The files; all that make one list together.
    to
        The folder of the registers; a market's own folder.
    published
        The day this version was published, where neither the file nor its name says it.
    name
        The short name of the list, instead of the usual one; an own list needs one.
    publisher
        Who published it, instead of the usual.
    fewer
        Take a list over that has lost more than half of its entries.
    law
        The country whose registers these are; by default the market's own, else by.
    """
    need(files, "file")
    registers = open_registers(law_of(to, law), to, now)
    reading = read_list_files(files, Edition(published, name, publisher), registers, fewer=fewer)
    if reading.problems:
        err.print(
            f"[red]refused[/] {counted(len(reading.problems), 'problem')}, nothing was recorded; what was in force stays in force"
        )
        tell(reading.problems)
        return EXIT_CODES["input"]
    if reading.notes:
        err.print(f"[yellow]{counted(len(reading.notes), 'note')}[/], taken over all the same:")
        tell(reading.notes)
    summaries, screen, delta = record_lists(registers, reading.lists, screen_of(registers))
    failed = [not recorded(summary) for summary in summaries]
    for stamp in screen.stamps:
        if stamp.list in {found.list for found in reading.lists}:
            measure = screen.measure(stamp.list)
            out.print(
                f"{stamp.list}: {counted(stamp.count, 'entry', 'entries')} of {stamp.published}, sha256 {stamp.sha256[:16]}…, a hit means {measure}",
                highlight=False,
            )
    _warn(screen)
    out.print(f"another answer than before: {len(delta.hits):,} of the known parties and wallets", highlight=False)
    rows = ((hit.subject, _short(hit.before), _short(hit.after)) for hit in delta.hits[:SHOWN])
    if delta.hits:
        out.print(table(("party or wallet", "before", "now"), rows))
    return EXIT_CODES["input"] if any(failed) else EXIT_CODES["ok"]


@app.command
def lists(*, of: Path, all: bool = False, law: str | None = None, format: Format = "table") -> None:  # noqa: A002
    """List the screening lists in force: publisher, version, day, entries, hash, and what a hit means.

    Parameters
    ----------
    of
        The folder of the registers; a market's own folder.
    all
        Every version that was ever recorded, and when.
    law
        The country whose registers these are; by default the market's own, else by.
    format
        table, json, csv or parquet.
    """
    registers = open_to_read(of, law_of(of, law))
    screen = screen_of(registers)
    _warn(screen)
    versions = list(registers.list_versions())
    latest = {version.stamp.list: version for version in versions}
    rows = [
        (
            one.stamp.list,
            one.stamp.regime,
            one.stamp.publisher,
            one.stamp.version,
            one.stamp.published.isoformat(),
            one.stamp.count,
            one.written,
            one.stamp.sha256[:16] if format == "table" else one.stamp.sha256,
            screen.measure(one.stamp.list),
            one.recorded_at.isoformat(timespec="seconds"),
        )
        for one in (versions if all else sorted(latest.values(), key=lambda one: one.stamp.list))
    ]
    columns = ("list", "regime", "publisher", "version", "published", "entries", "written", "sha256", "measure", "recorded_at")
    write_rows(columns, rows, format, None)


@app.command
def delta(old: str, new: str, /, *, of: Path | None = None, law: str | None = None, json: bool = False) -> None:
    """Compare two versions of a list: entries that came, went, or say something else.

    Each is a file, or a version that the registers keep, written list@version (or list@ and the beginning of its hash). Of an
    OFAC list the main file is enough to compare; it is not enough to screen with.

    Example: `skarb screen delta sdn_2022-02-23.csv sdn_2022-02-25.csv --json`

    Parameters
    ----------
    old
        The earlier version.
    new
        The later version.
    of
        The folder of the registers that keep the versions.
    law
        The country whose registers these are; by default the market's own, else by.
    json
        Print the numbers of the entries as JSON.
    """
    registers = None if of is None else open_to_read(of, law_of(of, law))
    changes, entries = compare_versions(old, new, registers)
    if json:
        out.print_json(msgspec.json.encode(changes).decode())
        return
    kinds = (("added", changes.added), ("removed", changes.removed), ("changed", changes.changed))
    out.print(", ".join(f"{len(numbers):,} {kind}" for kind, numbers in kinds), highlight=False)
    rows = [
        (kind, number, entries[number].name or "", entries[number].programme) for kind, numbers in kinds for number in numbers
    ]
    if rows:
        out.print(table(("", "entry", "name", "programme"), rows))


@app.command
def party(party: str, /, *, of: Path, purpose: str | None = None, law: str | None = None, json: bool = False) -> None:
    """Say what screening finds for a registered party by its identifiers and its names, on which list, and what that means.

    Whoever looks at a human being says why; it is written into looks.jsonl beside the registers.

    Example: `skarb screen party anna --of market --purpose "case 17"`

    Parameters
    ----------
    party
        The party's id.
    of
        The folder of the registers; a market's own folder.
    purpose
        Why you look, where it is a human being.
    law
        The country whose registers these are; by default the market's own, else by.
    json
        Print JSON.
    """
    registers = open_to_read(of, law_of(of, law))
    if not registers.history("parties", party):
        raise NotFound(f"the registers in {of} know no party {party!r}")
    look_at_party(registers, of, party, purpose)
    screen = screen_of(registers)
    _tell_eased(screen)
    _show(party, screen.party_result(party), json)


@app.command
def wallet(address: str, /, *, of: Path, law: str | None = None, json: bool = False) -> None:
    """Say what screening finds for an address, in any spelling and under whatever coin a list names it.

    Example: `skarb screen wallet ETH:0x7f367cc41522ce07553e823bf3be79a889debe1b --of market`

    Parameters
    ----------
    address
        The address as chain:address.
    of
        The folder of the registers; a market's own folder.
    law
        The country whose registers these are; by default the market's own, else by.
    json
        Print JSON.
    """
    registers = open_to_read(of, law_of(of, law))
    screen = screen_of(registers)
    _tell_eased(screen)
    found = screen.wallet_result(address)
    known, national = read_wallet(address), registers.wallet_listed(address, registers.today)
    if isinstance(known, Flaw) and not national and found.status in ("clear", "unavailable"):
        raise InputError(f"{shorten(address)!r} is not an address: expected {known.expected}; nobody is clear by that")
    _show(address, found, json, national=national)


@policies.default
def show_policies(*, of: Path, law: str | None = None, format: Format = "table") -> None:  # noqa: A002
    """Show what is done about hits on each list that is loaded, who decided it and why.

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
    screen = screen_of(registers)
    rows = []
    for stamp in screen.stamps:
        history = registers.history("list_policies", stamp.list) or registers.history("list_policies", stamp.regime)
        last = [msgspec.to_builtins(one) for one in history if one.valid_from <= from_day(registers.today) and not one.withdrawn][
            -1:
        ]
        said: dict[str, Any] = last[0] if last else {"reason": "the usual for lists of this regime", "by": "", "valid_from": ""}
        rows.append((stamp.list, stamp.regime, screen.measure(stamp.list), said["reason"], said["by"], said["valid_from"]))
    write_rows(("list", "regime", "measure", "reason", "by", "since"), rows, format, None)


@policies.command(name="set")
def set_measure(
    name: str, measure: str, /, *, to: Path, reason: str, by: str, since: date | None = None, law: str | None = None
) -> int:
    """Decide what is done about hits on a list, or on all lists of a regime; it is recorded with its reason.

    Lists of the nation and of the UN are blocked and nothing else; an own list cannot block, since nobody may keep what belongs
    to others by his own decision. Nothing is ever "off".

    Example: `skarb screen policy set us-dpl report --to market --reason "export controls, no asset freeze" --by "A. Officer"`

    Parameters
    ----------
    name
        The short name of a list, or a regime: national, un, eu, us, own.
    measure
        block, reject or report.
    to
        The folder of the registers; a market's own folder.
    reason
        Why.
    by
        Who decided it.
    since
        The first day; by default today.
    law
        The country whose registers these are; by default the market's own, else by.
    """
    registers = open_registers(law_of(to, law), to, now)
    return EXIT_CODES["ok"] if recorded(set_policy(registers, name, measure, reason, by, since)) else EXIT_CODES["input"]


def _tell_eased(screen: Screen) -> None:
    for words in screen.eased:
        err.print(f"[yellow]made up:[/] {escape(words)}", highlight=False)


def _warn(screen: Screen) -> None:
    """Say why nobody is clear, where that is so, and what is made up."""
    _tell_eased(screen)
    if screen.missing:
        err.print(
            f"[yellow]nobody is clear, every instruction is referred:[/] {escape('; '.join(screen.missing))}", highlight=False
        )


def _short(found: ScreeningResult) -> str:
    return f"{found.status} ({found.list}/{found.entry}: {found.measure})" if found.list else found.status


def _show(subject: str, found: ScreeningResult, json: bool, national: bool = False) -> None:
    if json:
        out.print_json(
            msgspec.json.encode({"subject": subject, "national_register": national, **msgspec.to_builtins(found)}).decode()
        )
        return
    values = {name: value for name, value in msgspec.to_builtins(found).items() if value}
    if found.missing:
        values["missing"] = "; ".join(found.missing)
    if national:
        values["national_register"] = "included"
    out.print(
        table((subject, ""), ((name, ", ".join(value) if isinstance(value, list) else value) for name, value in values.items()))
    )
