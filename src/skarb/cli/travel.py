"""`skarb travel`: the travel rule, from looking at a payload to exchanging it with another provider."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Literal, TypeAlias
from uuid import uuid4

import msgspec
from cyclopts import App, Parameter
from rich.markup import escape

from skarb.app.files import now
from skarb.app.law import law_folder, rulebook_of
from skarb.app.travel.keys import add_key
from skarb.app.travel.office import Delivery, Held, Office, Send
from skarb.app.travel.persons import Found
from skarb.app.travel.ruling import Ruling
from skarb.app.travel.server import Listening
from skarb.app.travel.setting import OfficeFile, credentials_of, make_office, open_office, read_office_file, sender_of
from skarb.app.travel.wire import fingerprint_of
from skarb.cli.output import Format, Usage, err, out, write_rows
from skarb.core.errors import EXIT_CODES, FieldError, InputError, NotFound, SkarbError
from skarb.core.time import legal_day, to_day
from skarb.travelrule.constraints import Role, Rules
from skarb.travelrule.findings import Finding, fault
from skarb.travelrule.messages import Confirmation, Inquiry, kind_of, read_tree
from skarb.travelrule.payload import Part, check_tree, part_of, read_payload
from skarb.travelrule.reading import parse
from skarb.travelrule.required import lacking, load_requirements, required_on

Folder: TypeAlias = Annotated[Path, Parameter(help="The folder of the office.")]
_FINDINGS = ("file", "what", "verdict", "weight", "rule", "path", "given", "expected", "todo")
_SHOWN = (
    "request",
    "side",
    "counterparty",
    "state",
    "asset",
    "amount",
    "deadline",
    "address",
    "txid",
    "comment",
    "missing",
    "screening",
    "ruling",
    "reference",
)
_NOTHING: list[Finding | None] = [None]

app = App(
    name="travel", help="The travel rule: check payloads and messages, keep them sealed, exchange them with other providers."
)


@app.command
def check(
    *files: Path,
    law: str | None = None,
    day: date | None = None,
    part: Part | None = None,
    role: Annotated[Role, Parameter(name="--as")] = "originator",
    authorities: Path | None = None,
    format: Format = "table",  # noqa: A002
    output: Path | None = None,
) -> int:
    """Check payloads (IVMS 101, the form of 2023 and older ones) and messages (Travel Rule Protocol 3), and say everything that is wrong.

    Leaves with 0 if all keep their standard, else with 9. With --law, what the law wants to travel and a payload lacks is named as well.

    Example: `skarb travel check payload.json inquiry.json --law by`

    Parameters
    ----------
    files
        JSON files: a whole payload, a part of one, or a message.
    law
        A shipped country (by, zz) or the folder of a law, for what must travel.
    day
        The legal day of the check; by default today.
    part
        Which part of a payload the files are, where that cannot be told from their elements.
    role
        Whose a person is that stands alone.
    authorities
        A file with the codes of the GLEIF list of registration authorities, one a line.
    format
        table, json, csv or parquet.
    output
        Write one row per finding to a file.
    """
    if not files:
        raise Usage("no file was named, expected at least one")
    zone = rulebook_of(law or "by").country.zone
    on = to_day(day) if day is not None else legal_day(now(), zone)
    rules = Rules(on, frozenset(_read(authorities).decode().split()) if authorities is not None else ())
    required = required_on(load_requirements(law_folder(law)), on) if law is not None else ()
    found = [_check_one(file, rules, part, role, required) for file in files]
    rows = [
        (file.name, what, verdict, *(getattr(one, name, "") for name in _FINDINGS[3:]))
        for file, (what, verdict, findings) in zip(files, found, strict=True)
        for one in findings or _NOTHING
    ]
    write_rows(_FINDINGS, rows, format, output)
    return EXIT_CODES["ok"] if all(verdict != "invalid" for _, verdict, _ in found) else EXIT_CODES["verification"]


def _check_one(
    file: Path, rules: Rules, part: Part | None, role: Role, required: Iterable[str]
) -> tuple[str, Literal["valid", "invalid", "incomplete"], list[Finding]]:
    try:
        tree = parse(_read(file))
    except FieldError as error:
        return "nothing", "invalid", [fault("structure", error.field, error.given, error.expected, error.todo)]
    kind = None if part is not None or part_of(tree) not in ("payload", "legalPerson") else kind_of(tree)
    if kind is not None and not (isinstance(tree, dict) and "originator" in tree):
        read = read_tree(tree, rules, kind)
        what, findings = f"message: {kind}", list(read.findings)
        payload = read.message.ivms101 if isinstance(read.message, Inquiry) else None
    else:
        checked = check_tree(tree, rules, part or part_of(tree), role)
        what, findings = checked.part, list(checked.findings)
        payload = checked.value if checked.part == "payload" else None
    if any(one.weight == "fault" for one in findings):
        return what, "invalid", findings
    lacks = lacking(payload, findings, required) if payload is not None else ()  # type: ignore[arg-type]
    findings += [
        Finding("doubt", "law", one, "nothing", "it to travel", "complete the payload") for one in lacks if "(" not in one
    ]
    return what, "incomplete" if lacks else "valid", findings


@app.command
def key(file: Path, /, *, name: str | None = None) -> None:
    """Add a key that seals payloads from now on; earlier keys stay in the file and open what they sealed.

    Example: `skarb travel key office/sealing.keys`
    """
    add_key(file, name or now().strftime("%Y-%m-%d"))
    out.print(f"[green]✓[/] {escape(str(file))} has a new key", highlight=False)


@app.command
def init(
    folder: Path,
    /,
    *,
    party: str,
    registers: Path,
    url: str,
    certificate: Path,
    key: Path,
    trust: Path,
    law: str = "by",
    listen: str = "127.0.0.1:8443",
    answer: Literal["person", "automatic"] = "person",
    pay_to: str = "",
) -> None:
    """Make the office of an institution: a folder with its settings and a first sealing key.

    Example: `skarb travel init office --party alpha --registers market --url https://localhost:8443 --certificate a.pem --key a.key --trust ca.pem`

    Parameters
    ----------
    folder
        Where the office goes.
    party
        The institution's name in the registers.
    registers
        The folder with registers.jsonl; they name the certificates of other providers.
    url
        Under which others reach us.
    certificate
        What we show to others, PEM.
    key
        Its private key, PEM, not encrypted.
    trust
        Certificate authorities that we believe, PEM.
    law
        A shipped country (by, zz) or the folder of a law.
    listen
        Host and port to listen on.
    answer
        Whether a person answers inquiries, or those that are complete are approved and the others rejected.
    pay_to
        Where clients are paid when answers are automatic.
    """
    made = OfficeFile(
        party=party,
        law=law,
        registers=str(registers.resolve()),
        url=url,
        listen=listen,
        certificate=str(certificate.resolve()),
        key=str(key.resolve()),
        trust=str(trust.resolve()),
        answer=answer,
        pay_to={"*": pay_to} if pay_to else {},
    )
    make_office(folder, made)
    out.print(f"[green]✓[/] office {escape(str(folder))}; tell others the fingerprint of its certificate:", highlight=False)
    out.print(fingerprint_of(certificate), highlight=False)


@app.command
def address(folder: Folder, client: str, /) -> None:
    """Print the travel address that a client passes on to whoever wants to send him tokens."""
    with open_office(folder) as office:
        out.print(office.travel_address(client), highlight=False, soft_wrap=True)


@app.command
def serve(folder: Folder, /) -> None:
    """Answer other providers until Ctrl-C, and send what waits."""
    file = read_office_file(folder)
    host, _, port = file.listen.rpartition(":")
    if not port.isdigit():
        raise InputError(f"{folder}/office.yaml: listen: given {file.listen!r}, expected host:port")
    base = "/" + file.url.partition("://")[2].partition("/")[2].strip("/")
    with (
        open_office(folder) as office,
        Listening(office, credentials_of(folder, file), host, int(port), base.rstrip("/")) as listening,
    ):
        out.print(f"listening on {host}:{listening.port} as {file.party}; Ctrl-C ends it", highlight=False)
        send_now = sender_of(folder, file)
        with suppress(KeyboardInterrupt):
            listening.wait(lambda: _tick(office, send_now, file.rescreen_days), 2.0)


@app.command
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

    A payload that is malformed or lacks what the law wants is not sent: what is missing is named, and the command leaves with 9.

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
        A request identifier (UUID), to send the same inquiry again; by default a new one.
    """
    file = read_office_file(folder)
    with open_office(folder) as office:
        if payload is not None:
            if to is None or address is None or asset is None or amount is None:
                raise Usage("a payload needs --to, --address, --asset and --amount")
            checked = read_payload(_read(payload), office.rules())
            if checked.value is None:
                return _hold(lacking(None, checked.findings, ()), checked.findings)
            name = request or str(uuid4())
            asked = office.ask(name, to, address, asset, _amount(amount), checked.value, checked.findings)
            if isinstance(asked, Held) and asked.found is not None and asked.ruling is not None:
                _say_held(f"request {name}", asked.found, asked.ruling)
                return EXIT_CODES["verification"]
            if isinstance(asked, Held):
                return _hold(asked.lacking, checked.findings)
            out.print(f"request {name}", highlight=False)
        delivered = office.deliver(sender_of(folder, file))
        _tell(delivered)
        _show(office, {one.request for one in delivered})
        return EXIT_CODES["ok"] if all(one.status in (200, 204) for one in delivered) else EXIT_CODES["unavailable"]


@app.command
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


@app.command
def resolve(folder: Folder, request: str, /, *, approve: str | None = None, reject: str | None = None) -> None:
    """Answer an inquiry: approve it with the address where the client is paid, or reject it with a comment. What is incomplete cannot be approved."""
    if (approve is None) == (reject is None):
        raise Usage("give --approve ADDRESS or --reject COMMENT, one of them")
    with open_office(folder) as office:
        done = office.resolve(request, pay_to=approve, comment=reject or "")
        if reject and done.comment != reject:
            err.print("[yellow]the comment was not sent:[/] a rejection says nothing of screening", highlight=False)
        _tell(office.deliver(sender_of(folder, read_office_file(folder))))
        _show(office, {request})


@app.command
def confirm(folder: Folder, request: str, /, *, txid: str | None = None, cancel: str | None = None) -> None:
    """Say what became of an approved transfer: the transaction on the chain, or that it was given up."""
    if (txid is None) == (cancel is None):
        raise Usage("give --txid ID or --cancel COMMENT, one of them")
    with open_office(folder) as office:
        office.confirm(request, Confirmation(txid=txid, canceled=cancel))
        _tell(office.deliver(sender_of(folder, read_office_file(folder))))
        _show(office, {request})


@app.command
def show(folder: Folder, reference: str | None = None, /, *, purpose: str | None = None, format: Format = "table") -> None:  # noqa: A002
    """List the exchanges of an office; with the reference of a payload, open it: a look into personal data, recorded with its purpose.

    With a request, open what the other side said in words about it; its comments are kept sealed, too.
    """
    with open_office(folder) as office:
        if reference is None:
            _show(office, None, format)
            return
        if purpose is None:
            raise Usage(
                "a payload is personal data: say what it is opened for, --purpose 'request of the financial monitoring no. 7'"
            )
        if "-" in reference:
            print(office.comment(reference, purpose))
            return
        body = office.shelf.open(reference, purpose)
        out.print_json(body.decode()) if out.is_terminal else print(body.decode())
        err.print(f"[dim]· the look was recorded in {escape(str(folder / 'looks.jsonl'))}[/]")


def _hold(lacks: tuple[str, ...], findings: Iterable[Finding]) -> int:
    err.print(f"[yellow]held[/] nothing was sent; missing or wrong: {escape(', '.join(lacks))}", highlight=False)
    for one in findings:
        err.print(str(one), markup=False, highlight=False)
    return EXIT_CODES["verification"]


def _tick(office: Office, send_now: Send, days: int) -> None:
    """Do what time brings: look again at payloads when lists have changed, then send what waits."""
    try:
        for one in office.rescreen_if_changed(days):
            _say_held(one.handle, one.found, one.ruling)
    except SkarbError as error:  # the server goes on; whatever cannot be looked at stays held
        err.print(f"[red]not screened again:[/] {escape(str(error))}", highlight=False)
        return
    _tell(one for one in office.deliver(send_now) if one.status in (200, 204))


def _say_held(what: str, found: Found, ruling: Ruling) -> None:
    said = f"{found.said}; {ruling.said}" if not found.clear else "clear now"
    err.print(f"[yellow]held[/] {escape(what)}: {escape(said)}", highlight=False)


def _tell(delivered: Iterable[Delivery]) -> None:
    for one in delivered:
        sign = "[green]✓[/]" if one.status in (200, 204) else "[red]✗[/]"
        err.print(f"{sign} {one.kind} {one.request} {escape(one.said) or 'delivered'}", highlight=False)


def _show(office: Office, only: set[str] | None, form: Format = "table") -> None:
    rows = []
    for one in office.shelf.exchanges():
        if only is None or one.request in only:
            kept = office.shelf.of_handle(f"{one.side}/{one.request}")
            ruled = office.ruling(f"{one.side}/{one.request}")
            stands = (ruled.status, ruled.said) if ruled is not None and ruled.status != "clear" else ("", "")
            known = (", ".join(kept.lacking), *stands, kept.reference) if kept is not None else ("", *stands, "")
            said = msgspec.to_builtins(one)
            rows.append((*(said.get(name, "") or "" for name in _SHOWN[:-4]), *known))
    write_rows(_SHOWN, rows, form, None)


def _amount(text: str) -> Decimal:
    with suppress(InvalidOperation):
        amount = Decimal(text)
        if amount.is_finite() and amount > 0:
            return amount
    raise FieldError("--amount", text, "an amount above 0 in the token's major unit")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise NotFound(f"there is no file {path}") from None
