"""How `skarb travel` shows exchanges, payloads and what became of messages."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import msgspec
from cyclopts import App, Parameter
from rich.markup import escape

from skarb.app.travel.office import Delivery, Office
from skarb.app.travel.persons import Found
from skarb.app.travel.ruling import Ruling
from skarb.app.travel.setting import open_office
from skarb.cli.output import Format, Usage, err, out, write_rows
from skarb.core.errors import InputError, NotFound

Folder: TypeAlias = Annotated[Path, Parameter(help="The folder of the office.")]
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


def add_commands(app: App) -> None:
    """Give the look at an office to `skarb travel`."""
    app.command(show)


def show(folder: Folder, reference: str | None = None, /, *, purpose: str | None = None, format: Format = "table") -> None:  # noqa: A002
    """List the exchanges of an office; with the reference of a payload, open it: a look into personal data, recorded with its purpose.

    With a request, open what the other side said in words about it; its comments are kept sealed, too.
    """
    with open_office(folder) as office:
        if reference is None:
            show_exchanges(office, None, format)
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


def say_held(what: str, found: Found, ruling: Ruling) -> None:
    """Say that something does not go on, and why."""
    said = f"{found.said}; {ruling.said}" if not found.clear else "clear now"
    err.print(f"[yellow]held[/] {escape(what)}: {escape(said)}", highlight=False)


def tell(delivered: Iterable[Delivery]) -> None:
    """Say what became of messages."""
    for one in delivered:
        sign = "[green]✓[/]" if one.status in (200, 204) else "[red]✗[/]"
        err.print(f"{sign} {one.kind} {one.request} {escape(one.said) or 'delivered'}", highlight=False)


def show_exchanges(office: Office, only: set[str] | None, form: Format = "table") -> None:
    """Show exchanges and what was held before there was one: all of them, or some."""
    rows: list[tuple[Any, ...]] = []
    for one in office.shelf.exchanges():
        if only is None or one.request in only:
            kept = office.shelf.of_handle(f"{one.side}/{one.request}")
            ruled = office.ruling(f"{one.side}/{one.request}")
            stands = (ruled.status, ruled.said) if ruled is not None and ruled.status != "clear" else ("", "")
            known = (", ".join(kept.lacking), *stands, kept.reference) if kept is not None else ("", *stands, "")
            said = msgspec.to_builtins(one)
            rows.append((*(said.get(name, "") or "" for name in _SHOWN[:-4]), *known))
    for kept in office.shelf.held():
        request, about = kept.handle.partition("/")[2], kept.about
        ruled = office.ruling(kept.handle)
        if (only is None or request in only) and office.shelf.exchange("originator", request) is None:
            stands = (ruled.status, ruled.said) if ruled is not None and ruled.status != "clear" else ("", "")
            open_words = (request, "originator", about.get("to", ""), "held", about.get("asset", ""), about.get("amount", ""))
            rows.append((*open_words, *("",) * (len(_SHOWN) - len(open_words) - 3), *stands, kept.reference))
    write_rows(_SHOWN, rows, form, None)


def read_bytes(path: Path) -> bytes:
    """Read a file that was named.

    Raises: NotFound, InputError
    """
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise NotFound(f"there is no file {path}") from None
    except IsADirectoryError:
        raise InputError(f"{path}: a folder was given, expected a file") from None
