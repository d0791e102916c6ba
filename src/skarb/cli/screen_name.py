"""`skarb screen name`: who on the lists may bear a name, and why."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Literal

import msgspec
from cyclopts import App
from rich.markup import escape

from skarb.app.files import now
from skarb.app.lists import read_list_files
from skarb.app.setting import example_registers, screen_of
from skarb.cli.output import err, need, out
from skarb.cli.register import law_of, open_to_read
from skarb.core.errors import InputError
from skarb.core.screening_list import Described, Document, Gender, Name, ScreeningList, SubjectKind
from skarb.screening.lists import Edition


def add_to(app: App) -> None:
    """Make `name` a command of a group."""
    app.command(name, name="name")


def name(
    *names: str,
    of: Path | None = None,
    lists: tuple[Path, ...] = (),
    published: date | None = None,
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

    Examples: `skarb screen name "Uladzimir Zyalenka" --of market --kind person --born 1970-05-17` ·
    `skarb screen name "Пряклад ООО" "Pryklad LLC" --lists own.json --kind entity`

    Parameters
    ----------
    names
        The name, in any script; several are other names of the same one.
    of
        The folder of registers, or of a market, whose lists are meant; by default the example lists that come with the law.
    lists
        Files of lists instead, as `skarb screen import` reads them.
    published
        The day they were published, where neither a file nor its name says it.
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
    found, missing, eased = _lists(of, lists, published, law)
    screen = NameScreen(found, method=method)
    if not len(screen):
        err.print("[yellow]No list here tells names; nothing could be compared, and nobody is clear by that.[/]")
    for words in eased:
        err.print(f"[yellow]made up:[/] {escape(words)}", highlight=False)
    if missing:
        err.print(f"[yellow]nobody is clear:[/] {escape('; '.join(missing))}", highlight=False)
    answer = screen.search(known)
    if json:
        more = {name: said for name, said in (("missing", missing), ("made_up", eased)) if said}
        out.print_json(msgspec.json.encode({**msgspec.to_builtins(answer), **more}).decode())
    else:
        out.print(escape(show(answer)), soft_wrap=True)


def _lists(
    of: Path | None, files: tuple[Path, ...], published: date | None, law: str | None
) -> tuple[Sequence[ScreeningList], tuple[str, ...], tuple[str, ...]]:
    """Return the lists, and of those that registers keep what keeps everybody from being clear and what is made up."""
    registers = example_registers(law or "by", now) if of is None else open_to_read(of, law_of(of, law))
    if not files:
        screen = screen_of(registers)
        return registers.lists(), screen.missing, screen.eased
    reading = read_list_files(files, Edition(published), registers, fewer=True)
    if reading.problems:
        raise InputError("\n".join(map(str, reading.problems)))
    return reading.lists, (), ()


def _document(text: str) -> Document:
    kind, colon, number = text.partition(":")
    return Document(kind=kind, number=number) if colon else Document(kind="document", number=text)
