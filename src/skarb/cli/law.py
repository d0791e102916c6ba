"""`skarb law`: check, show, compare and explain what a country's folder says."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import msgspec
from cyclopts import App

from skarb.app.explain import parameters_of
from skarb.app.facts import facts_from_json
from skarb.app.files import now
from skarb.app.law import rulebook_of
from skarb.app.lawcheck import check_law
from skarb.app.lawpage import page_of
from skarb.app.words import citation
from skarb.cli.lawcheck import print_check
from skarb.cli.output import Format, check_outputs, out, table, write_rows
from skarb.core.errors import EXIT_CODES, NotFound
from skarb.core.time import from_day, legal_day, to_day
from skarb.rulebook import Rulebook
from skarb.rulebook.diff import diff as differences
from skarb.rulebook.explain import explain as explain_facts
from skarb.rulebook.expression import write

app = App(name="law", help="Check, show, compare and explain the law as it is written down.")


@app.command
def check(*, law: str = "by", at: date | None = None, html: Path | None = None, json: bool = False) -> int:
    """Check a law: its text, its dates, its citations, every case, and then what a solver can prove of the whole.

    Reports everything that is wrong with file, line and column. Where nothing is, it proves or disproves by an example that no two provisions
    meet that nothing orders, that every provision can be reached, that what an act promises to answer is answered, and that no days lie
    between values or versions. Exit code 9 when something is wrong and not accepted.

    Parameters
    ----------
    law
        A shipped country (by, zz) or the folder of a law.
    at
        The day on which acceptances count; by default today.
    html
        Write what was found and proven as a page into this file.
    json
        Print problems, findings and proofs as JSON.
    """
    check_outputs([html], [])
    checked = check_law(law, at)
    if html is not None:
        html.write_text(page_of(checked), encoding="utf-8")
    if json:
        out.print_json(msgspec.json.encode(checked.data()).decode())
    else:
        print_check(checked)
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
        Form of the list: table, json, csv or parquet.
    """
    rulebook = rulebook_of(law)
    day = _day(rulebook, at)
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


@app.command
def diff(before: date, after: date, /, *, law: str = "by", draft: str | None = None, format: Format = "table") -> None:  # noqa: A002
    """Show how the law of one day differs from that of another, in the words of the law.

    Example: `skarb law diff 2024-09-19 2024-09-20`

    Parameters
    ----------
    before
        The first legal date.
    after
        The second one.
    law
        A shipped country or the folder of a law.
    draft
        Take the second edition from the folder of another law: a draft, or an older copy.
    format
        table, json, csv or parquet.
    """
    changes = differences(rulebook_of(law).edition(to_day(before)), rulebook_of(draft or law).edition(to_day(after)))
    if format == "table":
        for change in changes:
            colour = {"added": "green", "ended": "red", "changed": "yellow"}[change.kind]
            out.print(f"[{colour}]{change.kind:<7}[/] ", end="")
            out.print(change.text(), markup=False, highlight=False)
        out.print(
            f"{len(changes)} changes between {before} and {after}" if changes else f"No change between {before} and {after}"
        )
        return
    columns = ("kind", "subject", "name", "title", "citation", "field", "before", "after")
    write_rows(columns, ([change.data()[column] for column in columns] for change in changes), format, None)


@app.command
def explain(facts: Path, /, *, law: str = "by", json: bool = False) -> None:
    """Explain what the law says about facts: every leaf of the deciding condition, its truth, the values it saw, the citation.

    `skarb decide FILE --explain ID` explains an instruction; this explains facts written by hand, in a JSON file such as
    `{"activity": "token_buy_fiat", "day": "2026-08-01", "actor_kind": "natural_person", "value": 150000}`.

    Parameters
    ----------
    facts
        A JSON file with one object of facts; money in minor units, `day` as a date; what is left out keeps its default.
    law
        A shipped country or the folder of a law.
    json
        Print the explanation as JSON.
    """
    rulebook = rulebook_of(law)
    given = facts_from_json(facts)
    told = explain_facts(rulebook.edition(given.day), given)
    if json:
        out.print_json(msgspec.json.encode(told.data()).decode())
    else:
        out.print(told.text(), markup=False, highlight=False)


def _day(rulebook: Rulebook, at: date | None) -> int:
    return to_day(at) if at is not None else legal_day(now(), rulebook.country.zone)


def _span(start: int | None, end: int | None) -> str:
    return f"{'since ever' if start is None else from_day(start)} … {'' if end is None else from_day(end)}".rstrip()
