"""`skarb alerts`: transfers watched for schemes, one alert in full, a ranker that orders the queue."""

from __future__ import annotations

from pathlib import Path

import msgspec
from cyclopts import App
from rich.markup import escape

from skarb.app.alertlearning import learn_ranker, shipped_ranker
from skarb.app.alerts import COLUMNS, Findings, find, flow_from_all, rows_of, settings_of
from skarb.app.files import now
from skarb.app.looks import Looks
from skarb.cli.output import Format, check_outputs, err, format_of, need, out, table, write_rows
from skarb.core.counted import counted
from skarb.core.errors import NotFound
from skarb.lake.open import database_path, looks_path
from skarb.oversight.typologies.ranker import read_model

app = App(name="alerts", help="Watch transfers for schemes: fans, cycles, layers, sums below a threshold, dealing for others.")


@app.command(name="find")
def find_alerts(
    *sources: Path,
    law: str = "by",
    settings: str | None = None,
    model: Path | None = None,
    by_score: bool = False,
    purpose: str | None = None,
    json: bool = False,
    output: Path | None = None,
    format: Format | None = None,  # noqa: A002
) -> None:
    """Find schemes in the transfers of a lake, or of files that the intake reads, and list the queue.

    Example: `skarb alerts find lake --purpose "weekly watch"`

    Parameters
    ----------
    sources
        A lake, or files of instructions; several files are one stream.
    law
        The country whose settings and provisions apply.
    settings
        A file that changes some settings, or "sample" for extracts with little ordinary life in them.
    model
        A ranker to order the queue by, instead of the one that comes with Skarb. Without the extra `ranking` the order is that of the score,
        and the answer says so.
    by_score
        Order the queue by score alone.
    purpose
        Why you look; needed for a lake, where it is recorded.
    json
        Print everything about every alert as JSON.
    output
        Write the rows to a file: .json, .jsonl, .csv or .parquet.
    format
        Write the rows in this form: table, json, csv or parquet.
    """
    check_outputs((output,), (*sources, model))
    found = _found(sources, law, settings, model, purpose, "alerts", by_score)
    if json:
        out.print_json(msgspec.json.encode(found).decode())
        return
    write_rows(COLUMNS, rows_of(found.alerts), format_of(format, output), output)
    share = 100 * found.disturbed / found.transfers if found.transfers else 0
    err.print(
        f"[dim]· {counted(len(found.alerts), 'alert')} with {found.disturbed:,} of {counted(found.transfers, 'transfer')} ({share:.2f} %); "
        f"settings {escape(found.settings)}; ordered by {escape(found.order)}[/]"
    )
    if found.bounds_met:
        met = ", ".join(f"{name} {count:,}" for name, count in found.bounds_met.items())
        err.print(
            f"[dim]· looks that ended at a bound: {met}; too busy to follow: {escape(', '.join(list(found.too_busy)[:5]))}[/]"
        )


@app.command
def show(
    alert: str,
    /,
    *sources: Path,
    law: str = "by",
    settings: str | None = None,
    model: Path | None = None,
    purpose: str | None = None,
    json: bool = False,
) -> None:
    """Show one alert in full: its transfers, what its score is made of, the provision it serves.

    It is found again from the source, which gives the same alerts under the same ids.

    Example: `skarb alerts show 8f21c0d1a2b3 lake --purpose "case 17"`

    Parameters
    ----------
    alert
        The id of the alert, as `find` lists it.
    sources
        A lake, or files, as `find` was given them.
    law
        The country whose settings and provisions apply.
    settings
        A file that changes some settings, or "sample".
    model
        A ranker, to see what contributes to the alert's place in the queue.
    purpose
        Why you look; needed for a lake, where it is recorded.
    json
        Print it as JSON.
    """
    found = _found(sources, law, settings, model, purpose, f"alerts/{alert}")
    one = next((each for each in found.alerts if each.id == alert), None)
    if one is None:
        raise NotFound(f"there is no alert {alert!r} in {', '.join(map(str, sources))}; skarb alerts find lists them")
    if json:
        out.print_json(msgspec.json.encode(one).decode())
        return
    out.print(
        f"{one.family.replace('_', ' ')}, score {one.score}: {counted(one.features['accounts'], 'account')}, centre {one.centre}",
        markup=False,
    )
    out.print(
        f"{one.serves.provision}: {one.serves.says} ({one.serves.citation}; {one.serves.certainty.replace('_', ' ')})",
        markup=False,
    )
    if one.bounded:
        out.print("Something about it was too large to be followed to its end.")
    out.print(table(("points", ""), one.points.items()))
    if one.rank is not None:
        shares = ((name, f"{value:+.3f}") for name, value in list(one.contributions.items())[:8])
        out.print(table((f"contributes to rank {one.rank:.3f}", ""), shares))
    moved = ((f"{m.at:%Y-%m-%d %H:%M}", m.sender, m.receiver, m.amount, m.reference) for m in one.transfers)
    out.print(table(("at", "sender", "receiver", "amount", "reference"), moved))


@app.command
def learn(model: Path, /, *, law: str = "by", seed: int = 1) -> None:
    """Learn a ranker from made-up worlds whose schemes are known, and write it with its model card beside it.

    Needs the extra `ranking`. The same seed gives the same ranker.

    Example: `skarb alerts learn ranker.json`

    Parameters
    ----------
    model
        The file to write; the card is written beside it with the ending .md.
    law
        The country whose settings the worlds are watched with.
    seed
        The first seed of the worlds.
    """
    check_outputs((model, model.with_suffix(".md")), ())
    card = learn_ranker(model, settings_of(law), law, seed)
    out.print(card, markup=False, highlight=False)


def _found(
    sources: tuple[Path, ...],
    law: str,
    settings: str | None,
    model: Path | None,
    purpose: str | None,
    subject: str,
    by_score: bool = False,
) -> Findings:
    need(sources, "lake or file of transfers")
    said = settings_of(law, settings)
    chosen, order = (
        shipped_ranker()
        if model is None
        else (read_model(model), f"ranker {model.name}; it orders the queue and decides nothing")
    )
    for source in sources:
        if database_path(source).is_file():
            Looks(looks_path(source), now).record(purpose, subject)
    flow = flow_from_all(sources, law)
    return find(flow, said, law, None, "score, as asked for") if by_score else find(flow, said, law, chosen, order)
