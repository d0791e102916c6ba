"""`skarb travel`: exchanges with other providers: asking, answering, and what stands in the way."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from uuid import uuid4

from cyclopts import App
from rich.markup import escape

from skarb.app.files import now
from skarb.app.setting import open_registers
from skarb.app.travel.office import Held
from skarb.app.travel.putaside import put_aside
from skarb.app.travel.setting import open_office, read_office_file, sender_of
from skarb.cli.output import Format, Usage, err, out, write_rows
from skarb.cli.travel_shown import Folder, read_bytes, say_held, show_exchanges, tell
from skarb.core.errors import EXIT_CODES, FieldError, InputError
from skarb.travelrule.findings import Finding
from skarb.travelrule.messages import Confirmation
from skarb.travelrule.payload import read_payload
from skarb.travelrule.required import lacking


def add_commands(app: App) -> None:
    """Give the verbs of exchanges to `skarb travel`."""
    for verb in (send, screen, whitelist, resolve, confirm):
        app.command(verb)


def send(
    folder: Folder,
    payload: Path | None = None,
    /,
    *,
    to: str | None = None,
    address: str | None = None,
    asset: str | None = None,
    amount: str | None = None,
    request: str | None = None,
) -> int:
    """Ask another provider whether a transfer may be sent, telling it who sends and who receives; without a payload, send what waits.

    A payload that is malformed or lacks what the law wants is not sent: what is missing is named, and the command leaves with 9. What screening
    held goes out with --request alone, once screening is clear.

    Example: `skarb travel send office payload.json --to beta --address ta… --asset BTC --amount 0.5`

    Parameters
    ----------
    payload
        The payload of the transfer, IVMS 101.
    to
        The other provider's name in the registers.
    address
        The travel address that the receiver passed on.
    asset
        The token, by its code in the registers.
    amount
        How much, in the token's major unit.
    request
        A request identifier (UUID), to send the same inquiry again, or without a payload one that was held; by default a new one.
    """
    file = read_office_file(folder)
    with open_office(folder) as office:
        if payload is not None:
            if to is None or address is None or asset is None or amount is None:
                raise Usage("a payload needs --to, --address, --asset and --amount")
            checked = read_payload(read_bytes(payload), office.rules())
            if checked.value is None:
                return _hold(lacking(None, checked.findings, ()), checked.findings)
            name = request or str(uuid4())
            asked = office.ask(name, to, address, asset, _amount(amount), checked.value, checked.findings)
            if isinstance(asked, Held):
                return _held(name, asked, checked.findings)
            out.print(f"request {name}", highlight=False)
        elif request is not None:
            again = office.ask_again(request)
            if isinstance(again, Held):
                return _held(request, again, ())
        delivered = office.deliver(sender_of(folder, file))
        tell(delivered)
        show_exchanges(office, {one.request for one in delivered})
        return EXIT_CODES["ok"] if all(one.status in (200, 204) for one in delivered) else EXIT_CODES["unavailable"]


def screen(folder: Folder, /, *, days: int | None = None, format: Format = "table") -> int:  # noqa: A002
    """Compare everybody in the payloads of open exchanges, held ones and those of the last days with the lists as they are now.

    Payloads are opened only where the lists have changed since; each look is recorded with its purpose. Leaves with 9 if somebody is not clear.
    `skarb travel serve` does the same whenever the registers change.

    Parameters
    ----------
    folder
        The folder of the office.
    days
        How far back; by default `rescreen_days` of office.yaml.
    format
        table, json, csv or parquet.
    """
    if days is not None and days < 1:
        raise InputError(f"--days: given {days}, expected at least 1")
    with open_office(folder) as office:
        found = office.rescreen(days or read_office_file(folder).rescreen_days)
    rows = []
    for one in found:
        result, said = one.found.result, one.ruling.said
        rows.append((one.handle, one.state, one.before, result.status, one.found.said, said, one.reference))
    write_rows(("payload", "state", "before", "now", "screening", "ruling", "reference"), rows, format, None)
    return EXIT_CODES["ok"] if all(one.found.clear for one in found) else EXIT_CODES["verification"]


def whitelist(
    folder: Folder,
    request: str,
    hit: str | None = None,
    /,
    *,
    reason: str | None = None,
    by: str | None = None,
    approved_by: str | None = None,
    until: date | None = None,
    format: Format = "table",  # noqa: A002
) -> int:
    """Show which entries of lists hold a request; with one of them, decide that somebody else is meant. Two people decide, for a year at most.

    It is the decision of `skarb screen whitelist add`, about the person whom this request tells of, and it holds wherever he is told of in the same
    words. A hit that cannot mean anybody else cannot be put aside. Where answers are automatic the answer follows at once.

    Example: `skarb travel whitelist office 3d4f9e2a-… un-sc/QDi.1 --reason "born 1991, not 1966" --by "A. One" --approved-by "B. Two"`

    Parameters
    ----------
    folder
        The folder of the office.
    request
        The request that is held.
    hit
        The list and the entry, as this command shows them: un-sc/QDi.1.
    reason
        What shows that it is somebody else.
    by
        Who looked at it.
    approved_by
        A second person who agreed.
    until
        The last day; by default a year from today.
    format
        How the entries are shown: table, json, csv or parquet.
    """
    file = read_office_file(folder)
    with open_office(folder) as office:
        found = office.obstacles(request)
        if hit is None:
            rows = [(one.hit, one.role, one.subject, one.by, one.status) for one in found]
            write_rows(("hit", "who", "subject", "by", "status"), rows, format, None)
            return EXIT_CODES["verification"] if found else EXIT_CODES["ok"]
        if reason is None or by is None or approved_by is None:
            raise Usage("two people decide: give --reason, --by and --approved-by")
        summary = put_aside(open_registers(file.law, folder / file.registers, now), found, hit, reason, by, approved_by, until)
        if summary.problems:
            raise InputError("\n".join(map(str, summary.problems)))
        out.print(f"[green]recorded[/] {escape(hit)} is not whom request {escape(request)} tells of", highlight=False)
        left = office.obstacles(request)
        for one in left:
            err.print(
                f"[yellow]still held[/] {escape(one.hit)}: {escape(one.role)} {escape(one.subject)} by {escape(one.by)}",
                highlight=False,
            )
        tell(office.deliver(sender_of(folder, file)))
        show_exchanges(office, {request})
    return EXIT_CODES["verification"] if left else EXIT_CODES["ok"]


def resolve(folder: Folder, request: str, /, *, approve: str | None = None, reject: str | None = None) -> None:
    """Answer an inquiry: approve it with the address where the client is paid, or reject it with a comment. What is incomplete cannot be approved."""
    if (approve is None) == (reject is None):
        raise Usage("give --approve ADDRESS or --reject COMMENT, one of them")
    with open_office(folder) as office:
        done = office.resolve(request, pay_to=approve, comment=reject or "")
        if reject and done.comment != reject:
            err.print("[yellow]the comment was not sent:[/] a rejection says nothing of screening", highlight=False)
        tell(office.deliver(sender_of(folder, read_office_file(folder))))
        show_exchanges(office, {request})


def confirm(folder: Folder, request: str, /, *, txid: str | None = None, cancel: str | None = None) -> None:
    """Say what became of an approved transfer: the transaction on the chain, or that it was given up."""
    if (txid is None) == (cancel is None):
        raise Usage("give --txid ID or --cancel COMMENT, one of them")
    with open_office(folder) as office:
        office.confirm(request, Confirmation(txid=txid, canceled=None if cancel is None else cancel.strip() or "canceled"))
        tell(office.deliver(sender_of(folder, read_office_file(folder))))
        show_exchanges(office, {request})


def _held(request: str, held: Held, findings: Iterable[Finding]) -> int:
    if held.found is None or held.ruling is None:
        return _hold(held.lacking, findings)
    say_held(f"request {request}", held.found, held.ruling)
    if held.found.result.status == "possible":
        err.print(f"[dim]· skarb travel whitelist OFFICE {request} shows what holds it[/]", highlight=False)
    return EXIT_CODES["verification"]


def _hold(lacks: tuple[str, ...], findings: Iterable[Finding]) -> int:
    err.print(f"[yellow]held[/] nothing was sent; missing or wrong: {escape(', '.join(lacks))}", highlight=False)
    for one in findings:  # without what was given, which is personal: skarb travel check shows it
        err.print(
            f"{one.weight} {one.rule} at {one.path or 'the payload'}: expected {one.expected}", markup=False, highlight=False
        )
    return EXIT_CODES["verification"]


def _amount(text: str) -> Decimal:
    with suppress(InvalidOperation):
        amount = Decimal(text)
        if amount.is_finite() and amount > 0:
            return amount
    raise FieldError("--amount", text, "an amount above 0 in the token's major unit")
