"""What would a draft change: a lake, a law and a draft become a report, and a folder of files to keep."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from time import monotonic_ns
from typing import Any

import duckdb
import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from skarb.app.files import now
from skarb.app.law import draft_of, rulebook_of
from skarb.app.looks import Looks
from skarb.core.errors import ConfigurationError, InputError, NotFound
from skarb.core.time import from_day, to_day
from skarb.lake import open_lake
from skarb.lake.open import looks_path
from skarb.oversight.changes import TURNS, Changes
from skarb.oversight.replay import (
    Comparison,
    Dimension,
    Engine,
    Keep,
    Mode,
    Question,
    looks_at_totals,
    replay,
    with_duckdb,
    with_spark,
)
from skarb.reporting.replay import Book, Cost, InForce, Report, Snapshot, page, record
from skarb.rulebook import Draft, Rulebook
from skarb.rulebook.backdate import backdated

LARGEST, PARTIES = 1000, 20
KEPT = ".resume"  # a folder in the folder for the results while a replay is not done
UNFUNDED = "unfunded.parquet"  # there only if some row is
FILES = ("report.html", "changes.parquet", "summary.parquet", "replay.json")
Progress = Callable[[int, int], None]  # rows read, of how many
Say = Callable[[str], None]

_SNAPSHOT = """
SELECT b.name, count(*), coalesce(any_value(t.height), max(r.sequence)), coalesce(lower(hex(any_value(t.head))), '')
FROM rows r JOIN books b ON b.number = r.book
LEFT JOIN (SELECT book, max(sequence) AS height, arg_max(head, sequence) AS head FROM batches GROUP BY book) t ON t.book = r.book
GROUP BY b.name ORDER BY b.name
"""
_FEEDS = "SELECT number, book, manifest, rows, added_at FROM feeds ORDER BY number"


@dataclass(frozen=True)
class Asked:
    """What somebody wants to know.

    Without days the whole lake is replayed; `begun` is when the draft is taken to begin, by default on the first day that is replayed.
    """

    lake: Path
    law: str
    draft: Path
    first: date | None = None
    last: date | None = None
    begun: date | None = None
    by: tuple[Dimension, ...] = ("month", "venue")
    mode: Mode = "as-happened"
    engine: Engine = "kernel"
    feed: Path | None = None  # where Spark reads the rows
    purpose: str = ""  # why names are to be seen; without one people are told by number
    out: Path | None = None
    language: str = "en"


@dataclass(frozen=True)
class Put:
    """A question put to an open lake."""

    asked: Asked
    connection: duckdb.DuckDBPyConnection
    question: Question
    draft: Draft
    begun: int  # the legal day on which the draft begins in the replay
    snapshot: Snapshot


def ask(asked: Asked, progress: Progress | None = None, say: Say | None = None) -> Report:
    """Replay a draft, write what was asked for, and return the report. One that was stopped before goes on where it was, and `say` is told so.

    Raises: NotFound, InputError, RulebookError, ConfigurationError, Unavailable
    """
    if asked.out is not None:
        make_room(asked.out)
    with opened(asked) as put:
        return _answer(put, progress, say)


def make_room(folder: Path, last: str = FILES[-1]) -> None:
    """Make the folder for the results before any work is done; `last` is the file that is written last.

    Raises: NotFound, InputError
    """
    if not folder.parent.is_dir():
        raise NotFound(f"output {folder}: there is no folder {folder.parent}; create it first")
    if folder.exists() and not folder.is_dir():
        raise InputError(f"output {folder}: given a file, expected a folder")
    folder.mkdir(exist_ok=True)
    for name in (last, UNFUNDED):
        folder.joinpath(name).unlink(missing_ok=True)  # where the last one lies, the others are whole


@contextmanager
def opened(asked: Asked) -> Iterator[Put]:
    """Open a lake with the question that is put to it.

    Raises: NotFound, InputError, RulebookError, Unavailable
    """
    law, draft = rulebook_of(asked.law), draft_of(asked.law, asked.draft)
    with open_lake(asked.lake) as connection:
        first, last = _days(connection, asked)
        _check_law(connection, asked, law)
        begun = first if asked.begun is None else to_day(asked.begun)
        yield Put(
            asked,
            connection,
            Question(law, backdated(draft, begun), first, last, asked.by),
            draft,
            begun,
            snapshot_of(connection),
        )


def _days(connection: duckdb.DuckDBPyConnection, asked: Asked) -> tuple[int, int]:
    """Return the legal days to be replayed: those asked for, as far as there are rows."""
    low, high = connection.execute("SELECT min(day), max(day) FROM rows").fetchall()[0]
    if low is None:
        raise InputError(f"lake {asked.lake}: there is no row in it; skarb lake add brings some")
    first = low if asked.first is None else to_day(asked.first)
    last = high if asked.last is None else to_day(asked.last)
    if first > last:
        raise InputError(f"days {from_day(first)} to {from_day(last)}: given a first day after the last one")
    if last < low or first > high:
        given = f"days {from_day(first)} to {from_day(last)}"
        raise InputError(f"{given}: lake {asked.lake} holds rows from {from_day(low)} to {from_day(high)} only")
    return max(first, low), min(last, high)


def _check_law(connection: duckdb.DuckDBPyConnection, asked: Asked, law: Rulebook) -> None:
    expected = law.country.currency, law.country.decimals
    for name, currency, decimals in connection.execute("SELECT name, currency, decimals FROM books ORDER BY name").fetchall():
        if (currency, decimals) != expected:
            raise InputError(
                f"lake {asked.lake}: book {name} counts in {currency} with {decimals} decimals, the law {asked.law} in {expected[0]} with "
                f"{expected[1]}; name the law that the book was kept under with --law"
            )


def _answer(put: Put, progress: Progress | None, say: Say | None) -> Report:
    asked, connection, draft = put.asked, put.connection, put.draft
    started = monotonic_ns()
    changes = Changes(connection)
    keep = keep_in(asked.out, put, changes, say) if asked.out is not None and asked.engine == "kernel" else None
    comparison = _compare(put, changes, progress, keep)
    changes.finish()
    cost = Cost((monotonic_ns() - started) // 10**6, peak_bytes(), comparison.rows)
    named = bool(asked.purpose.strip())
    if named:
        Looks(looks_path(asked.lake), now).record(asked.purpose.strip(), f"lake/replay/{draft.id}/{draft.hash[:16]}")
    report = Report(
        **subject(put),
        comparison=comparison,
        cost=cost,
        parties=tuple(changes.parties(turn, PARTIES, named=named) for turn in TURNS),
        largest=tuple(changes.largest(LARGEST, named=named)) if asked.out is not None else (),
        unvalued=changes.unvalued(),
        unfunded=tuple(changes.largest_unfunded(LARGEST, named=named)) if asked.out is not None else (),
        named=named,
        purpose=asked.purpose.strip(),
    )
    if asked.out is not None:
        notes = {"skarb.draft": report.draft_hash, "skarb.mode": report.mode, "skarb.currency": report.currency}
        notes["skarb.decimals"] = str(report.decimals)
        changes.write(asked.out / "changes.parquet", named=named, notes=notes)
        if report.unfunded:
            changes.write_unfunded(asked.out / UNFUNDED, named=named, notes=notes)
        pq.write_table(summary(report), asked.out.absolute() / "summary.parquet", compression="zstd")
        (asked.out / "report.html").write_text(page(report, asked.language), encoding="utf-8")
        (asked.out / "replay.json").write_bytes(msgspec.json.format(msgspec.json.encode(record(report))) + b"\n")
    if keep is not None:
        keep.clear()
    return report


def _compare(put: Put, changes: Changes, progress: Progress | None, keep: Keep | None) -> Comparison:
    """Ask the engine that was chosen; only the kernel tells of single rows."""
    asked, connection = put.asked, put.connection
    if asked.engine == "kernel":
        return replay(connection, put.question, asked.mode, told(connection, progress), changes.tell, keep, changes.tell_unfunded)
    if asked.mode != "as-happened":
        raise ConfigurationError(
            f"engine {asked.engine} decides every row by itself, so it replays as-happened only; leave --engine out"
        )
    if asked.engine == "duckdb":
        return with_duckdb(connection, put.question)
    if asked.feed is None:
        raise ConfigurationError("engine spark reads feeds: name their folder with --feed")
    found = with_spark(asked.feed, put.question)
    question = put.question
    held = connection.execute(
        f"SELECT count(*) FROM rows WHERE day BETWEEN {question.first_day} AND {question.last_day}"
    ).fetchall()[0][0]
    if found.rows != held:
        raise InputError(
            f"feed {asked.feed}: given {found.rows:,} rows of these days, the lake {asked.lake} holds {held:,}; add the feed first"
        )
    return found


def keep_in(out: Path, put: Put, changes: Changes, say: Say | None) -> Keep:
    """Return where a replay keeps what it counted so far; what lies there belongs to one state of one lake."""
    return Keep(out / KEPT, state_of(put), monotonic_ns, changes, say or (lambda text: None))


def state_of(put: Put) -> str:
    """Return what is another text when the lake holds something else."""
    return f"{put.snapshot} {put.connection.execute(_FEEDS).fetchall()}"


def told(connection: duckdb.DuckDBPyConnection, progress: Progress | None) -> Callable[[int], None] | None:
    """Return what a replay calls as it reads on."""
    total = connection.execute("SELECT coalesce(max(rowid) + 1, 0) FROM rows").fetchall()[0][0]
    return None if progress is None else lambda done: progress(done, total)


def subject(put: Put) -> dict[str, Any]:
    """Return the parts of a report that are known before anything is reckoned."""
    asked, question, draft = put.asked, put.question, put.draft
    country = question.law.country
    laws = question.law, question.draft
    totals = looks_at_totals(put.connection, laws, question.first_day, question.last_day)
    counts = asked.mode == "as-happened" and not totals
    return {
        "country": country.code,
        "law": country.name,
        "currency": country.currency,
        "decimals": country.decimals,
        "draft": draft.id,
        "title": draft.title_in.get(asked.language, draft.title),
        "draft_hash": draft.hash,
        "drafted_from": from_day(draft.since),
        "begun": from_day(put.begun),
        "first": from_day(question.first_day),
        "last": from_day(question.last_day),
        "mode": asked.mode,
        "engine": ("kinds" if counts else "rows") if asked.engine == "kernel" else asked.engine,
        "by": asked.by,
        "editions": _in_force(question.law, question),
        "drafted": _in_force(question.draft, question),
        "snapshot": put.snapshot,
        "made_at": now(),
        "titles": {name: one.title_in.get(asked.language, one.title) for name, one in question.draft.pack.provisions.items()},
    }


def summary(report: Report) -> pa.Table:
    """Return the slices as a table: the dimensions, what decided and would decide, rows and money.

    Shape: one row per combination of the dimensions and pair of answers; money in minor units of the legal currency.
    """
    slices = report.comparison.slices if report.by else report.comparison.transitions
    texts: dict[str, list[str]] = {name: [one.of[place] for one in slices] for place, name in enumerate(report.by)}
    texts |= {
        "verdict_before": [one.before.verdict for one in slices],
        "provision_before": [one.before.provision for one in slices],
        "verdict_after": [one.after.verdict for one in slices],
        "provision_after": [one.after.provision for one in slices],
    }
    columns: dict[str, pa.Array] = {name: pa.array(column, pa.string()) for name, column in texts.items()}
    columns["changed"] = pa.array([one.changed for one in slices], pa.bool_())
    columns["rows"] = pa.array([one.sum.rows for one in slices], pa.int64())
    columns["money_minor"] = pa.array([one.sum.money for one in slices], pa.decimal128(38, 0))
    return pa.table(columns)


def _in_force(law: Rulebook, question: Question) -> tuple[InForce, ...]:
    starts = sorted({question.first_day, *(day for day in law.boundaries if question.first_day < day <= question.last_day)})
    ends = [*(day - 1 for day in starts[1:]), question.last_day]
    found: list[InForce] = []
    for start, end in zip(starts, ends, strict=True):
        name = law.edition(start).hash
        if found and found[-1].hash == name:
            found[-1] = InForce(name, found[-1].first, from_day(end))
        else:
            found.append(InForce(name, from_day(start), from_day(end)))
    return tuple(found)


def snapshot_of(connection: duckdb.DuckDBPyConnection) -> Snapshot:
    """Return what a lake holds, book by book."""
    form = connection.execute("SELECT format FROM lake").fetchall()[0][0]
    books = tuple(Book(name, rows, height, head) for name, rows, height, head in connection.execute(_SNAPSHOT).fetchall())
    return Snapshot(form, sum(one.rows for one in books), books)


def peak_bytes() -> int:
    """Return the most memory that this process has had, 0 where the system does not tell."""
    try:
        from resource import RUSAGE_SELF, getrusage
    except ImportError:
        return 0
    most = getrusage(RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024
