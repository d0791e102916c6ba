"""`skarb law`: check and show what a country's folder says; comparing, explaining and importing stand beside it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import msgspec
from cyclopts import App

from skarb.app.explain import parameters_of
from skarb.app.law import rulebook_of
from skarb.app.lawcheck import check_draft, check_law
from skarb.app.lawpage import page_of
from skarb.app.words import citation
from skarb.cli.law_diff import diff
from skarb.cli.law_draft import day_of, print_draft
from skarb.cli.law_explain import explain
from skarb.cli.law_import import app as imports
from skarb.cli.lawcheck import print_check
from skarb.cli.output import Format, check_outputs, out, table, write_rows
from skarb.core.errors import EXIT_CODES, NotFound
from skarb.core.time import from_day
from skarb.rulebook.expression import write

app = App(name="law", help="Check, show, compare, explain and import the law as it is written down.")
app.command(imports)
app.command(diff)
app.command(explain)


@app.command
def check(
    *, law: str = "by", draft: Path | None = None, at: date | None = None, html: Path | None = None, json: bool = False
) -> int:
    """Check a law: its text, its dates, its citations, every case, and then what a solver can prove of the whole.

    Reports everything that is wrong with file, line and column. Where nothing is, it proves or disproves by an example that no two provisions
    meet that nothing orders, that every provision can be reached, that what an act promises to answer is answered, and that no days lie
    between values or versions. Exit code 9 when something is wrong and not accepted.

    Parameters
    ----------
    law
        A shipped country (by, zz) or the folder of a law.
    draft
        The folder of a draft: checks what it would make of the law from its first day on, tells the findings that it brings, and lists the
        law's cases that come out differently.
    at
        The day on which acceptances count; by default today.
    html
        Write what was found and proven as a page into this file.
    json
        Print problems, findings and proofs as JSON.
    """
    check_outputs([html], [])
    checked = check_law(law, at) if draft is None else check_draft(law, draft, at)
    if html is not None:
        html.write_text(page_of(checked), encoding="utf-8")
    if json:
        out.print_json(msgspec.json.encode(checked.data()).decode())
    else:
        print_check(checked)
        if checked.draft is not None:
            print_draft(checked.draft)
    return EXIT_CODES["ok" if checked.passed else "verification"]


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
        Form of the answer: table, json, csv or parquet.
    """
    rulebook = rulebook_of(law)
    day = day_of(rulebook, at)
    if provision is None:
        rows = (
            (
                one.id,
                one.effect,
                one.grade,
                one.certainty.replace("_", " ") if format == "table" else one.certainty,
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
    if format == "table":
        out.print(table(("", one.title), ((name, text) for name, text in lines.items() if text)))
    else:
        told = {"title": one.title, **lines}
        write_rows([name.replace(" ", "_") for name in told], [tuple(told.values())], format, None)


def _span(start: int | None, end: int | None) -> str:
    return f"{'since ever' if start is None else from_day(start)} … {'' if end is None else from_day(end)}".rstrip()
