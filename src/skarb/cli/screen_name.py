"""`skarb screen name`: who on the lists may bear a name, and why."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec
from cyclopts import App
from rich.markup import escape

from skarb.app.files import now
from skarb.app.setting import example_registers, open_registers
from skarb.cli.output import err, need, out
from skarb.core.errors import InputError, NotFound
from skarb.core.screening_list import Described, Document, Gender, Name, ScreeningList, SubjectKind
from skarb.registers import Registers, read_screening_list


def add_to(app: App) -> None:
    """Make `name` a command of a group."""
    app.command(name, name="name")


def name(
    *names: str,
    market: Path | None = None,
    lists: tuple[Path, ...] = (),
    kind: SubjectKind = "unknown",
    born: tuple[str, ...] = (),
    country: tuple[str, ...] = (),
    gender: Gender = "unknown",
    document: tuple[str, ...] = (),
    method: Literal["best", "logic-v2", "rules"] = "best",
    json: bool = False,
    law: str | None = None,
) -> None:
    """Say who on the lists may bear a name: how alike the names are, what else speaks for and against, part by part.

    For the officer, not for clients. Everything found is shown, also what a rule cleared, with the rule.

    Examples: `skarb screen name "Uladzimir Zyalenka" --market market --kind person --born 1970-05-17` ·
    `skarb screen name "Пряклад ООО" "Pryklad LLC" --lists own.json --kind entity`

    Parameters
    ----------
    names
        The name, in any script; several are other names of the same one.
    market
        The folder of a market, or of registers, whose lists are meant; by default the example lists that come with the law.
    lists
        Files of lists instead, as `skarb register import` reads them.
    kind
        What the bearer is: person, entity, vessel or aircraft.
    born
        When he was born, or it was founded: 1970, 1970-05 or 1970-05-17.
    country
        Two letters: of nationality, residence or registration.
    gender
        male, female or other.
    document
        A document's number; with its kind before a colon, such as passport:MP1234567.
    method
        How to compare: the best that is installed, logic-v2 of nomenklatura, or rules of our own.
    json
        Print JSON.
    law
        The country whose registers these are; by default the market's own, else by.
    """
    need(names, "name")
    from skarb.screening.names import NameScreen, show

    known = Described(
        kind=kind,
        names=tuple(Name(text=text) for text in names),
        births=born,
        gender=gender,
        countries=tuple(code.upper() for code in country),
        documents=tuple(_document(text) for text in document),
    )
    screen = NameScreen(_lists(market, lists, law), method=method)
    if not len(screen):
        err.print("[yellow]No list here tells names; nothing could be compared, and nobody is clear by that.[/]")
    answer = screen.search(known)
    if json:
        out.print_json(msgspec.json.encode(answer).decode())
    else:
        out.print(escape(show(answer)), soft_wrap=True)


def _lists(market: Path | None, files: tuple[Path, ...], law: str | None) -> tuple[ScreeningList, ...]:
    if not files:
        return _registers(market, law).lists()
    found = []
    for file in files:
        try:
            read = read_screening_list(file.read_bytes(), file.name)
        except OSError as problem:
            raise InputError(f"{file}: cannot be read ({problem.strerror})") from None
        if isinstance(read, tuple):
            raise InputError("\n".join(map(str, read)))
        found.append(read)
    return tuple(found)


def _registers(market: Path | None, law: str | None) -> Registers:
    if market is None:
        return example_registers(law or "by", now)
    if not market.is_dir():
        raise NotFound(f"there is no folder {market}")
    if law is None and (market / "market.yaml").is_file():
        from skarb.app.market import read_market_file

        law = read_market_file(market).law
    return open_registers(law or "by", market, now)


def _document(text: str) -> Document:
    kind, colon, number = text.partition(":")
    return Document(kind=kind, number=number) if colon else Document(kind="document", number=text)
