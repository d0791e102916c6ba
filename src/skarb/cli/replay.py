"""`skarb replay`: what would this draft change, answered on everything that ever happened."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Annotated, Any, get_args

from cyclopts import Parameter

from skarb.app.replay import FILES, UNFUNDED, Asked, ask
from skarb.app.sweep import FILES as SWEPT
from skarb.app.sweep import sweep as try_values
from skarb.cli.output import Format, Usage, check_outputs, err, format_of, out, progress, write_rows
from skarb.core.amount import format_amount
from skarb.core.counted import counted
from skarb.core.errors import NotAllowed
from skarb.oversight.replay import Answer, Dimension, Engine, Mode, Sum
from skarb.reporting.replay import Report, Swept, Tried, Turned, by_dimension, headline_of, record, tryouts, turned
from skarb.reporting.replay.figures import changed_first
from skarb.reporting.words import LANGUAGES, said

_SHOWN = 12  # lines of a table; the rest is in the files
_SUMMARY = ("verdict_before", "provision_before", "verdict_after", "provision_after", "changed", "rows", "money_minor")


def replay(
    lake: Path,
    /,
    *,
    draft: Path,
    law: str = "by",
    first: Annotated[date | None, Parameter(name="--from")] = None,
    last: Annotated[date | None, Parameter(name="--to")] = None,
    since: date | None = None,
    by: str = "month,venue",
    mode: Mode = "as-happened",
    engine: Engine = "kernel",
    feed: Path | None = None,
    sweep: str | None = None,
    purpose: str | None = None,
    out: Path | None = None,
    language: Annotated[str, Parameter(name="--in")] = "en",
    output: Path | None = None,
    format: Format | None = None,  # noqa: A002
) -> None:
    """Decide everything in a lake twice, by the law and by a draft, and tell what the draft would change.

    Example: `skarb replay lake --draft examples/drafts/by-abroad --from 2026-01-01 --to 2026-12-31 --out answer`

    In the folder `--out` lie afterwards a page for people (report.html), every changed row (changes.parquet), the sums (summary.parquet) and all
    figures with the hashes of what they rest on (replay.json). Money is exact. A draft that has not begun yet is tried as if it had.

    Parameters
    ----------
    lake
        The folder of a lake; `skarb lake add` fills it.
    draft
        The folder of the draft.
    law
        The law that the draft would change: a shipped country or the folder of a law.
    first
        The first legal day to be replayed; by default that of the first row.
    last
        The last legal day; by default that of the last row.
    since
        The day on which the draft is taken to begin; by default the first day that is replayed. Days inside the draft move with it.
    by
        What to tell apart, joined by commas: month, activity, venue, residency, book; or none.
    mode
        as-happened: every row with the facts of its day. as-would-have: what the draft refuses is missing from later totals, too.
    engine
        Who decides: kernel, which knows every mode and lists every changed row; duckdb or spark, which decide each row by itself in SQL, as a second
        opinion or on a cluster, and give the sums only.
    feed
        The folder of the feeds that Spark reads; the lake says how many rows there must be.
    sweep
        Try many values of a parameter instead: PARAMETER=FROM..TO/STEPS, such as abroad.transfer_max=50..500/10.
    purpose
        Why you want to see names. It is recorded in the lake's log of looks; without a purpose people are told by their numbers.
    out
        A folder for the report and its data; it is made when there is none. A replay that was stopped goes on where it was.
    language
        The language of the report: be, ru or en.
    output
        A file for the sums instead of the terminal: .json, .csv or .parquet.
    format
        table, json (all figures), csv or parquet (the sums).
    """
    form = format_of(format, output)
    check_outputs((output,), ())
    if purpose is not None and not purpose.strip():
        raise NotAllowed(
            "--purpose: given nothing, expected why you want to see names; without the option people are told by number"
        )
    if language not in LANGUAGES:
        raise Usage(f"--in {language}: expected one of {', '.join(LANGUAGES)}")
    asked = Asked(lake, law, draft, first, last, since, _dimensions(by), mode, engine, feed, purpose or "", out, language)
    if sweep is not None:
        _sweep(asked, sweep, form, output)
        return
    with progress("Replaying") as step:
        report = ask(asked, _counted(step), _noted)
    if form == "table":
        _print(report)
    elif form == "json":
        _print_json(report, output)
    else:
        slices = report.comparison.slices if report.by else report.comparison.transitions
        rows = ((*one.of, *_named(one.before), *_named(one.after), one.changed, one.sum.rows, one.sum.money) for one in slices)
        write_rows((*report.by, *_SUMMARY), rows, form, output)
    _loudly(report)
    if asked.out is not None:
        _print_files(asked.out, (*FILES, UNFUNDED) if report.unfunded else FILES)


def _noted(text: str) -> None:
    err.print(f"· {text}", style="dim", markup=False, highlight=False)


def _named(answer: Answer) -> tuple[str, str]:
    return answer.verdict, answer.provision


def _dimensions(by: str) -> tuple[Dimension, ...]:
    names = [] if by == "none" else [one.strip() for one in by.split(",")]
    for name in names:
        if name not in get_args(Dimension):
            raise Usage(f"--by {by}: {name!r} is not known, expected some of {', '.join(get_args(Dimension))}, or none")
    if len(set(names)) < len(names):
        raise Usage(f"--by {by}: expected each name once")
    return tuple(names)  # type: ignore[arg-type]


def _counted(step: Callable[..., None]) -> Callable[[int, int], None]:
    return lambda done, total: step(done, total, "rows")


def _print(report: Report) -> None:
    words, found = said("en"), headline_of(report.comparison)
    rows = words.whole(report.comparison.rows)
    changed, share = (
        words.whole(found.changed.rows),
        words.share(found.changed.rows, report.comparison.rows).replace("\u00a0", " "),
    )
    turns = (
        ("newly refused", found.refused),
        ("newly referred", found.referred),
        ("newly permitted", found.freed),
        ("otherwise", found.otherwise),
    )
    parts = ", ".join(_told(report, *one) for one in turns if one[1].rows)
    head = (
        words.text("headline", rows=rows, changed=changed, share=share) + f": {parts}"
        if parts
        else words.text("nothing", rows=rows)
    )
    out.print(report.title, style="bold", markup=False, highlight=False)
    out.print(f"{head}.", markup=False, highlight=False)
    short = report.comparison.unfunded
    if short.rows:
        told = words.text("unfunded", n=words.whole(short.rows), money=_money(report, short), currency=report.currency)
        out.print(told, markup=False, highlight=False)
    _print_notes(report)
    transitions = changed_first(report.comparison.transitions)
    changes = sum(one.changed for one in transitions)
    shown = transitions[: max(_SHOWN, changes)]
    columns = ("decides_today", "by", "would_decide", "by_then", "rows", f"worth, {report.currency}")
    lines = (
        (
            one.before.verdict,
            one.before.provision,
            one.after.verdict if one.changed else "stays",
            one.after.provision if one.changed else "",
            one.sum.rows,
            _money(report, one.sum),
        )
        for one in shown
    )
    write_rows(columns, lines, "table", None, "From provision to provision")
    if len(transitions) > len(shown):
        out.print(f"[dim]… and {counted(len(transitions) - len(shown), 'pair')} more that stay as they are[/]")
    for place, name in enumerate(report.by):
        slices = by_dimension(report.comparison, place, name == "month")
        most = len(slices) if name == "month" else _SHOWN
        _print_turned(report, name, [(one.label, one.turned) for one in slices[:most]], f"By {name}")
        if len(slices) > most:
            out.print(f"[dim]… and {len(slices) - most:,} more[/]")
    for parties in report.parties:
        if parties.turn == "otherwise" or not parties.parties:
            continue
        what = "would no longer be permitted something" if parties.turn == "kept" else "would newly be permitted something"
        people = [(one.name, one.rows, _money(report, Sum(one.rows, one.money))) for one in parties.most[:5]]
        out.print(f"{counted(parties.parties, 'party', 'parties')} {what}", style="italic", highlight=False)
        write_rows(("party", "rows", f"worth, {report.currency}"), people, "table", None)
    if report.parties and not report.named:
        err.print("[dim]· people are told by their number in the lake; --purpose TEXT shows names and is recorded[/]")


def _print_notes(report: Report) -> None:
    words = said("en")
    own, begun = report.drafted_from.isoformat(), report.begun.isoformat()
    notes = [
        f"{words.text(f'mode_{report.mode}')}. {words.text(f'told_{report.mode}')} {words.text('left_out')}",
        words.text("begins", begun=begun) if own == begun else words.text("backdated", own=own, begun=begun),
        f"{report.first} to {report.last}; "
        f"{words.amount(format_amount(report.cost.milliseconds, 3))} s, {counted(report.cost.rows_per_second, 'row')} a second",
    ]
    if report.unvalued:
        notes.append(words.text("unvalued", n=words.whole(report.unvalued)))
    if report.comparison.undecided:
        notes.append(words.text("undecided", n=words.whole(report.comparison.undecided)))
    for note in notes:
        err.print(f"· {note}", style="dim", markup=False, highlight=False)


def _loudly(report: Report) -> None:
    if report.comparison.differing:
        text = said("en").text("differing", n=f"{report.comparison.differing:,}")
        err.print(text, style="bold red", markup=False, highlight=False)


def _print_turned(report: Report, head: str, lines: list[tuple[str, Turned]], title: str) -> None:
    # Columns of money are all headed by the currency; blanks keep their names apart.
    columns = [head, "rows"]
    for place, what in enumerate(("newly_refused", "newly_referred", "newly_permitted", "otherwise"), 1):
        columns += [what, report.currency + " " * place]
    body = []
    for label, one in lines:
        row: list[Any] = [label, one.all.rows]
        for sum_ in (one.refused, one.referred, one.freed, one.otherwise):
            row += [sum_.rows, _money(report, sum_)]
        body.append(row)
    write_rows(columns, body, "table", None, title)


def _money(report: Report, one: Sum) -> str:
    return said("en").money(one.money, report.decimals)


def _told(report: Report, what: str, one: Sum) -> str:
    return f"{one.rows:,} {what} ({_money(report, one)} {report.currency})"


def _print_json(report: Report, output: Path | None) -> None:
    import msgspec

    text = msgspec.json.format(msgspec.json.encode(record(report)))
    if output is None:
        out.print_json(text.decode())
    else:
        output.write_bytes(text + b"\n")


def _print_files(folder: Path, names: tuple[str, ...]) -> None:
    err.print(f"· {folder}: {', '.join(names)}", style="dim", markup=False, highlight=False)


def _sweep(asked: Asked, spec: str, form: Format, output: Path | None) -> None:
    with progress("Replaying") as step:
        report, parameter, tried = try_values(asked, spec, _counted(step), _noted)
    if form == "table":
        out.print(
            f"{report.title}: {counted(len(tried), 'value')} of {parameter.name}, {counted(report.comparison.rows, 'row')} each",
            style="bold",
            markup=False,
            highlight=False,
        )
        today = "" if parameter.today is None else f", the law in force {parameter.today}"
        out.print(f"The draft itself says {parameter.drafted} {_unit(parameter)}{today}.", markup=False, highlight=False)
        _print_notes(report)
        _print_tried(report, parameter, tried)
    else:
        columns = ("value", *(f"{what}_{unit}" for what in (*_TURNS, "unfunded") for unit in ("rows", "money_minor")))
        write_rows(columns, [_line(one) for one in tried], form, output)
    _loudly(report)
    if asked.out is not None:
        _print_files(asked.out, SWEPT)


def _print_tried(report: Report, parameter: Swept, tried: list[Tried]) -> None:
    """Print a line for each value; what no value brings about has no columns."""
    values = tryouts(tried)
    sums = {
        "newly_refused": [one.turned.refused for one in values],
        "newly_referred": [one.turned.referred for one in values],
        "newly_permitted": [one.turned.freed for one in values],
        "otherwise": [one.turned.otherwise for one in values],
        "unfunded": [one.unfunded for one in values],
    }
    shown = {name: column for name, column in sums.items() if any(one.rows for one in column)} or {
        "newly_refused": sums["newly_refused"]
    }
    columns = [f"value, {_unit(parameter)}" if _unit(parameter) else "value"]
    for place, name in enumerate(shown, 1):
        columns += [name, report.currency + " " * place]
    lines = []
    for number, one in enumerate(values):
        mark = " (draft)" if one.value == parameter.drafted else ""
        cells = (cell for column in shown.values() for cell in (column[number].rows, _money(report, column[number])))
        lines.append((one.value + mark, *cells))
    write_rows(columns, lines, "table", None)


def _unit(parameter: Swept) -> str:
    return parameter.unit if parameter.unit.isupper() else ""


_TURNS = ("newly_refused", "newly_referred", "freed", "otherwise")


def _line(one: Tried) -> tuple[Any, ...]:
    found = turned(one.comparison.transitions)
    sums = (found.refused, found.referred, found.freed, found.otherwise, one.comparison.unfunded)
    return (one.value, *(number for sum_ in sums for number in (sum_.rows, sum_.money)))
