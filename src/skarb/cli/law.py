"""`skarb law`: check and show what a country's folder says; comparing, explaining and importing stand beside it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import msgspec
from cyclopts import App

from skarb.app.explain import parameters_of
from skarb.app.law import law_folder, rulebook_of
from skarb.app.words import citation
from skarb.cli.law_diff import diff
from skarb.cli.law_draft import check_draft, day_of
from skarb.cli.law_explain import explain
from skarb.cli.law_import import app as imports
from skarb.cli.output import Format, out, table, write_rows
from skarb.core.errors import EXIT_CODES, NotFound
from skarb.core.time import from_day
from skarb.rulebook import Rulebook, problems_in
from skarb.rulebook.expression import write

app = App(name="law", help="Check, show, compare, explain and import the law as it is written down.")
app.command(imports)
app.command(diff)
app.command(explain)


@app.command
def check(*, law: str = "by", draft: Path | None = None, json: bool = False) -> int:
    """Check a law: its text, its dates, its citations, and every case.

    Reports everything that is wrong with file, line and column. Exit code 9 when something is.

    Parameters
    ----------
    law
        A shipped country (by, zz) or the folder of a law.
    draft
        The folder of a draft: checks what it would make of the law, and lists the law's cases that come out differently.
    json
        Print the problems as JSON.
    """
    if draft is not None:
        return check_draft(law, draft, json)
    problems = problems_in(law_folder(law))
    if json:
        out.print_json(msgspec.json.encode(problems, enc_hook=str).decode())
    else:
        for problem in problems:
            out.print(str(problem), markup=False, highlight=False)
        if not problems:
            _print_size(law, rulebook_of(law))
    return EXIT_CODES["verification"] if problems else EXIT_CODES["ok"]


def _print_size(law: str, rulebook: Rulebook) -> None:
    pack = rulebook.pack
    grades = [sum(one.grade == grade for one in pack.provisions.values()) for grade in "ABC"]
    out.print(
        f"[green]✓[/] {law}: {len(pack.provisions)} provisions ({grades[0]} decide, {grades[1]} decide and are marked assumed, "
        f"{grades[2]} stand ready), {len(pack.cases)} cases and {len(pack.edition_cases)} of whole editions hold, "
        f"{len(pack.parameters)} parameters, {len(rulebook.boundaries)} days on which the law changes"
    )


@app.command
def show(provision: str | None = None, /, *, law: str = "by", at: date | None = None, format: Format = "table") -> None:  # noqa: A002
    """Show one provision in full, or the list of all that a law holds.

    Parameters
    ----------
    provision
        Its id, such as BY-U367-2024/p2p; without it the list.
    law
        A shipped country or the folder of a law.
    at
        The legal date that values and the list's mark "in force" are taken on; by default today.
    format
        Form of the list: table, json, csv or parquet.
    """
    rulebook = rulebook_of(law)
    day = day_of(rulebook, at)
    if provision is None:
        rows = (
            (
                one.id,
                one.effect,
                one.grade,
                one.certainty,
                one.in_force(day) and one.enabled,
                _span(one.start, one.end),
                one.title,
            )
            for one in rulebook.pack.provisions.values()
        )
        write_rows(("id", "effect", "grade", "certainty", "in_force", "dates", "title"), rows, format, None)
        return
    one = rulebook.pack.provisions.get(provision)
    if one is None:
        near = [name for name in rulebook.pack.provisions if provision.lower() in name.lower()][:5]
        raise NotFound(
            f"law {law!r} has no provision {provision!r}"
            + (f"; did you mean {', '.join(near)}?" if near else "; skarb law show lists them")
        )
    lines = {
        "id": one.id,
        "says": one.says,
        "cited": citation(rulebook, one),
        "dates": f"{_span(one.start, one.end)} ({one.status.replace('_', ' ')})",
        "activity": ", ".join(one.activities),
        "when": write(one.when) if one.when is not None else "always",
        "needs": write(one.needs) if one.needs is not None else "",
        "effect": one.effect + (f", carried out as {one.measure}" if one.measure != "none" else ""),
        "exception of": ", ".join(one.exception_of),
        "exceptions": ", ".join(name for name, other in rulebook.pack.provisions.items() if provision in other.exception_of),
        "authority": ", ".join(one.authority),
        "certainty": f"{one.certainty.replace('_', ' ')}, grade {one.grade}",
        "sources": "; ".join(rulebook.pack.sources.get(name, name) for name in one.cites.sources),
        "values": "; ".join(f"{p.name} = {p.value}" for p in parameters_of(rulebook, one, day)),
        "note": one.note,
    }
    out.print(table(("", one.title), ((name, text) for name, text in lines.items() if text)))


def _span(start: int | None, end: int | None) -> str:
    return f"{'since ever' if start is None else from_day(start)} … {'' if end is None else from_day(end)}".rstrip()
