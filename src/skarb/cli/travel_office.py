"""`skarb travel`: the office itself: its folder and keys, its addresses, its server."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Literal

from cyclopts import App
from rich.markup import escape

from skarb.app.files import now
from skarb.app.travel.keys import add_key
from skarb.app.travel.office import Office, Send
from skarb.app.travel.server import Listening
from skarb.app.travel.setting import OfficeFile, credentials_of, make_office, open_office, read_office_file, sender_of
from skarb.app.travel.wire import fingerprint_of
from skarb.cli.output import err, out
from skarb.cli.travel_shown import Folder, say_held, tell
from skarb.core.errors import InputError, SkarbError


def add_commands(app: App) -> None:
    """Give the verbs of an office to `skarb travel`."""
    for verb in (key, init, address, serve):
        app.command(verb)


def key(file: Path, /, *, name: str | None = None) -> None:
    """Add a key that seals payloads from now on; earlier keys stay in the file and open what they sealed.

    Example: `skarb travel key office/sealing.keys`
    """
    add_key(file, name or now().strftime("%Y-%m-%d"))
    out.print(f"[green]✓[/] {escape(str(file))} has a new key", highlight=False)


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


def address(folder: Folder, client: str, /) -> None:
    """Print the travel address that a client passes on to whoever wants to send him tokens."""
    with open_office(folder) as office:
        out.print(office.travel_address(client), highlight=False, soft_wrap=True)


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


def _tick(office: Office, send_now: Send, days: int) -> None:
    """Do what time brings: look again at payloads when lists have changed, then send what waits."""
    try:
        for one in office.rescreen_if_changed(days):
            say_held(one.handle, one.found, one.ruling)
    except SkarbError as error:  # the server goes on; whatever cannot be looked at stays held
        err.print(f"[red]not screened again:[/] {escape(str(error))}", highlight=False)
        return
    try:
        tell(one for one in office.deliver(send_now) if one.status in (200, 204))
    except SkarbError as error:  # what could not go out now waits for the next time
        err.print(f"[red]not sent:[/] {escape(str(error))}", highlight=False)
