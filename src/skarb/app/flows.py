"""What went abroad, and did it come back: a lake, or a file of somebody's own, becomes a report of flows.

People in a lake are told by their number unless there is a purpose to see names; then the look is recorded before anything is shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from time import monotonic_ns

import duckdb
import numpy as np

from skarb.app.files import now, open_source
from skarb.app.law import draft_of, rulebook_of
from skarb.app.looks import Looks
from skarb.app.replay import snapshot_of
from skarb.core.errors import InputError, NotFound, Unavailable
from skarb.core.instruction import NOT_PROVIDED
from skarb.core.time import from_day, parse_day, to_day
from skarb.lake import open_lake
from skarb.lake.open import database_path, looks_path
from skarb.oversight.changes import Changes
from skarb.oversight.flows.curves import by_count, by_money
from skarb.oversight.flows.definition import Choices
from skarb.oversight.flows.figures import (
    Headline,
    Rate,
    asset_lines,
    cohort_lines,
    headline,
    heat,
    implied,
    lines,
    sensitivity,
)
from skarb.oversight.flows.follow import OUTWARD, RETURN, Followed, follow
from skarb.oversight.flows.instead import Kept, kept_by_draft, kept_lines
from skarb.oversight.flows.lake import masked_wallet, read_lake, unvalued, wallet_numbers
from skarb.oversight.flows.model import DIMENSIONS, Asset, Crossing, Rule
from skarb.oversight.flows.paths import Origins, Side, Way, find_origins, paths_of, sides_of
from skarb.oversight.flows.reconcile import Entry
from skarb.oversight.flows.sheet import Sheet, parse_abroad, read_sheet
from skarb.oversight.flows.ties import TIE_DAYS, has_ids
from skarb.oversight.replay import Question, replay
from skarb.registers.rate_files import read_rates
from skarb.registers.rates import RateBook
from skarb.reporting.flows import Back, FlowReport, Instead, Lot
from skarb.reporting.replay import Snapshot
from skarb.rulebook.backdate import backdated

TOP, WAYS = 10, 5
_FOREVER = (-25567, 73049)


@dataclass(frozen=True)
class Asked:
    """What somebody wants to know of a lake, or of a file of transfers."""

    source: Path
    law: str = "by"
    first: date | None = None
    last: date | None = None
    rule: Rule = "fifo"
    choices: Choices = field(default_factory=Choices)
    horizon: int | None = None  # days
    rates: Path | None = None
    draft: Path | None = None
    purpose: str = ""
    abroad: tuple[str, ...] = ()  # of a file: which accounts lie abroad
    asset: str | None = None  # of a file: the only one to be followed
    mapping: str | None = None
    top: int = TOP
    paths: bool = True
    tie_days: int = TIE_DAYS  # that a payment from one institution to another may take
    language: str = "en"


@dataclass
class Answer:
    """A report, and where people's own files are concerned, what could not be read."""

    report: FlowReport
    followed: Followed
    sheet: Sheet | None = None


def ask(asked: Asked) -> Answer:
    """Follow the money, and return everything that a report says.

    Raises: NotFound, InputError, RulebookError, Unavailable
    """
    started = monotonic_ns()
    lake = is_lake(asked.source)
    strange = ("abroad", "asset", "mapping") if lake else ("first", "last")
    if any(getattr(asked, name) for name in strange):
        raise InputError(
            f"{asked.source}: "
            + (
                "a lake says itself what lies abroad and of which asset; --abroad, --asset and --mapping are for files"
                if lake
                else "days are chosen of a lake only; without --from and --to the whole file is followed"
            )
        )
    with ExitStack() as stack:
        if lake:
            connection = stack.enter_context(open_lake(asked.source))
            crossing, sheet = _from_lake(asked, connection), None
        else:
            connection = None
            sheet = _from_file(asked)
            crossing = sheet.crossing
        named = bool(asked.purpose.strip()) and connection is not None
        if named:
            # Written down before any name is read.
            Looks(looks_path(asked.source), now).record(asked.purpose.strip(), "lake/flows")
        found = follow(crossing.rows, _suiting(asked, sheet), asked.rule)
        if found.trace.invested and not len(found.starts):
            raise InputError(
                "haircut: there are too many investments in one pot to tell them apart; ask with --rule fifo, or for another --pot"
            )
        if named and connection is not None:
            found = _with_names(found, connection)
        report = _report(asked, crossing, found, connection, named)
        if asked.draft is not None:
            report = replace(report, instead=_instead(asked, connection, crossing, found))
        return Answer(replace(report, milliseconds=(monotonic_ns() - started) // 10**6), found, sheet)


def is_lake(source: Path) -> bool:
    """Tell whether something is the folder of a lake.

    Raises: NotFound for a folder that is none, or nothing at all.
    """
    if database_path(source).is_file():
        return True
    if source.is_file():
        return False
    what = "is a folder without lake.duckdb" if source.is_dir() else "does not exist"
    raise NotFound(f"{source} {what}; expected the folder of a lake (skarb lake add makes one) or a file of transfers")


def crossing_of(asked: Asked) -> Crossing:
    """Return what crossed the border in a lake or file, not followed yet."""
    if is_lake(asked.source):
        with open_lake(asked.source) as connection:
            return _from_lake(asked, connection)
    return _from_file(asked).crossing


def entries_of(asked: Asked, zone: str, book: str | None = None) -> list[Entry]:
    """Return the flows of a lake or a file as one side of a reconciliation.

    In a lake they are what left and what came back; in a file every row counts, its direction is that of its activity.
    """
    if is_lake(asked.source):
        return _lake_entries(asked, book)
    from skarb.oversight.flows.entries import entries_of_readings

    first, last = _days(asked)
    found = entries_of_readings(open_source(asked.source, zone, mapping=asked.mapping).readings(), zone)
    return [one for one in found if first <= one.day <= last]


def ties_of(lake: Path, days: int = TIE_DAYS) -> list[tuple[str, Side | None, Side | None]]:
    """Return what became of each payment between two institutions of a lake that name it by an id: what was sent, what arrived.

    Raises: NotFound, InputError
    """
    with open_lake(lake) as connection:
        return list(sides_of(find_origins(connection, days)))


def _lake_entries(asked: Asked, book: str | None) -> list[Entry]:
    with open_lake(asked.source) as connection:
        crossing = _from_lake(asked, connection)
        rows = crossing.rows
        books = rows.names["institution"]
        if book is not None and book not in books:
            raise NotFound(f"lake {asked.source}: no book {book} sent anything abroad; expected one of {', '.join(books)}")
        ids = _ids(connection, rows.positions.tolist(), _reference(connection))
        found = []
        for place in range(len(rows)):
            name = books[int(rows.codes["institution"][place])]
            if int(rows.kinds[place]) not in (OUTWARD, RETURN) or book not in (None, name):
                continue
            asset = rows.of[int(rows.assets[place])]
            where = f"{name} {rows.sequences[place]}/{rows.numbers[place]}"
            units = int(rows.units[place]) * asset.scale
            outward = int(rows.kinds[place]) == OUTWARD
            amount = (units, asset.decimals)
            found.append(Entry(ids[int(rows.positions[place])], int(rows.days[place]), asset.code, *amount, outward, where))
        return found


def _days(asked: Asked) -> tuple[int, int]:
    first = _FOREVER[0] if asked.first is None else to_day(asked.first)
    last = _FOREVER[1] if asked.last is None else to_day(asked.last)
    if first > last:
        raise InputError(f"days {asked.first} to {asked.last}: given a first day after the last one")
    return first, last


def _from_lake(asked: Asked, connection: duckdb.DuckDBPyConnection) -> Crossing:
    first, last = _days(asked)
    crossing = read_lake(connection, first, last)
    if crossing.first > crossing.last:
        raise InputError(f"days {asked.first} to {asked.last}: the lake {asked.source} holds no rows of them")
    return crossing


def _from_file(asked: Asked) -> Sheet:
    if not asked.abroad:
        raise InputError(
            f"{asked.source}: a file does not say which accounts lie abroad; say it with --abroad PATTERN, such as --abroad 'exchange:*=SC'"
        )
    country = rulebook_of(asked.law).country
    source = open_source(asked.source, country.zone, mapping=asked.mapping)
    rates = None if asked.rates is None else _rate_book(asked.rates)
    unit = 10**country.decimals

    def worth(asset: str, decimals: int, units: int, day: int) -> int | None:
        try:
            found = rates.find(asset, country.currency, day) if rates is not None else None
        except Unavailable:
            return None
        return None if found is None else units * found.numerator * unit // (found.denominator * 10**decimals)

    sheet = read_sheet(
        source.readings(), asked.source.name, parse_abroad(asked.abroad), country.zone, asset=asked.asset,
        worth=worth if rates is not None else None, currency=country.currency, decimals=country.decimals,
    )  # fmt: skip
    crossing = replace(sheet.crossing, notes=(*source.notes, *sheet.crossing.notes))
    return replace(sheet, crossing=crossing)


def _suiting(asked: Asked, sheet: Sheet | None) -> Choices:
    """Return the choices; in a file the pot is the account that pays, whoever put money there."""
    return asked.choices if sheet is None else replace(asked.choices, pot="place", wallets="apart")


def _rate_book(path: Path) -> RateBook:
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise NotFound(f"rates {path}: there is no such file") from None
    file = read_rates(raw, path.name, source=path.name)
    if file.problems:
        raise InputError(f"rates {path}: {file.problems[0]}")
    book = RateBook(10, (path.name,), ("USD", "EUR"))
    for series in file.series:
        book.add(series)
    return book


def _rate(asked: Asked, crossing: Crossing) -> Rate:
    """Return where values of today come from: a file of rates, or else what the latest rows imply."""
    if asked.rates is None and crossing.rows.target is not None:
        return lambda asset, _: (10**crossing.decimals, 1, "its own unit") if asset.code == crossing.currency else None
    if asked.rates is None:
        return implied(crossing)
    book = _rate_book(asked.rates)

    def find(asset: Asset, day: int) -> tuple[int, int, str] | None:
        found = book.find(asset.code, crossing.currency, day)
        if found is None:
            return None
        return found.numerator * 10**crossing.decimals, found.denominator, f"{found.source}, {from_day(found.day)}"

    return find


def _report(
    asked: Asked, crossing: Crossing, found: Followed, connection: duckdb.DuckDBPyConnection | None, named: bool
) -> FlowReport:
    one = headline(found, crossing.last, asked.horizon)
    origins, why = _origins(asked, connection)
    countable = bool(crossing.currency)
    return FlowReport(
        source=asked.source.name,
        lake=connection is not None,
        currency=crossing.currency,
        decimals=crossing.decimals,
        first=from_day(crossing.first),
        last=from_day(crossing.last),
        rule=asked.rule,
        choices=found.choices,
        headline=one,
        variants=sensitivity(crossing, found.choices, asked.rule, one.days) if countable and len(found.starts) else (),
        lines={name: lines(found, name) for name in DIMENSIONS},
        channels=_channels(found),
        assets=asset_lines(found, crossing.last, _rate(asked, crossing)) if found.choices.conversion == "asset" else (),
        heat=heat(found, crossing.last),
        cohorts=cohort_lines(found, crossing.last),
        by_money=by_money(found, crossing.last),
        by_count=by_count(found, crossing.last),
        aside=crossing.aside,
        lots=_top(asked, crossing, found, connection, origins, named),
        rows=len(found.rows),
        unvalued=unvalued(found.rows.values),
        unknown_rows=found.unknown_rows,
        notes=(*crossing.notes, *why),
        snapshot=_snapshot(connection),
        ties={} if origins is None else origins.ties.counts(),
        made_at=now(),
        milliseconds=0,
        named=named,
        purpose=asked.purpose.strip(),
    )


def _origins(asked: Asked, connection: duckdb.DuckDBPyConnection | None) -> tuple[Origins | None, tuple[str, ...]]:
    """Return what brought the money of each transfer, or a note why nobody is told."""
    if connection is None or not asked.paths or not asked.top:
        return None, ()
    try:
        return find_origins(connection, asked.tie_days), ()
    except InputError as error:
        return None, (f"no ways are shown: {error}",)


def _snapshot(connection: duckdb.DuckDBPyConnection | None) -> Snapshot | None:
    return None if connection is None else snapshot_of(connection)


def _channels(found: Followed) -> tuple[tuple[str, str, int, int], ...]:
    """Return what went from each institution to each place, and what of it came back."""
    sums: dict[tuple[int, int], list[int]] = {}
    institutions, places = found.rows.codes["institution"][found.starts], found.rows.codes["place"][found.starts]
    for one, other, worth in zip(institutions.tolist(), places.tolist(), found.worth.tolist(), strict=True):
        sums.setdefault((one, other), [0, 0])[0] += worth
    home = found.rows.kinds[found.pieces.rows] == RETURN
    for lot, worth in zip(found.pieces.lots[home].tolist(), found.worths[home].tolist(), strict=True):
        sums[int(institutions[lot]), int(places[lot])][1] += worth
    names = found.rows.names
    made = [(names["institution"][one], names["place"][other], out, back) for (one, other), (out, back) in sums.items()]
    return tuple(sorted(made, key=lambda line: (-line[2], line[0], line[1])))


def _top(
    asked: Asked,
    crossing: Crossing,
    found: Followed,
    connection: duckdb.DuckDBPyConnection | None,
    origins: Origins | None,
    named: bool,
) -> tuple[Lot, ...]:
    """Return the investments of which most is still out, each with the rows that prove it."""
    weights = found.worth_left if crossing.currency else found.left
    order = sorted(range(len(found.starts)), key=lambda lot: (-int(weights[lot]), lot))[: asked.top]
    if not order:
        return ()
    rows = found.rows
    ids = {} if connection is None else _ids(connection, [int(rows.positions[found.starts[lot]]) for lot in order])
    known = None if connection is None or named else _numbers(connection)
    made = []
    for lot in order:
        row = int(found.starts[lot])
        asset = rows.of[int(rows.assets[row])]
        position = int(rows.positions[row])
        made.append(
            Lot(
                *_place(found, row),
                ids.get(position, ""),
                from_day(int(rows.days[row])),
                crossing.last - int(rows.days[row]),
                _word(found, "person", row),
                _word(found, "place", row),
                _word(found, "country", row),
                asset.code or crossing.currency,
                asset.decimals if asset.code else crossing.decimals,
                int(rows.units[row]) * asset.scale,
                int(found.left[lot]) * asset.scale,
                int(found.worth[lot]),
                int(found.worth_left[lot]),
                _backs(found, lot),
                () if origins is None else _ways(origins, position, known),
            )
        )
    return tuple(made)


def _place(found: Followed, row: int) -> tuple[str, int, int]:
    return _word(found, "institution", row), int(found.rows.sequences[row]), int(found.rows.numbers[row])


def _word(found: Followed, dimension: str, row: int) -> str:
    return found.rows.names[dimension][int(found.rows.codes[dimension][row])]


def _backs(found: Followed, lot: int) -> tuple[Back, ...]:
    mine = np.flatnonzero(found.pieces.lots == lot).tolist()
    return tuple(
        Back(*_place(found, row), from_day(int(found.rows.days[row])), int(found.worths[piece]))
        for piece in mine
        for row in [int(found.pieces.rows[piece])]
    )


def _ways(origins: Origins, position: int, known: dict[str, int] | None) -> tuple[Way, ...]:
    """Return the ways that money took before it left; people and wallets in them by number, unless names were asked for."""
    ways = paths_of(origins, position)[:WAYS]
    if known is None:
        return tuple(ways)
    open_names = set(origins.book_names.values())

    def masked(address: str) -> str:
        kind, _, party = address.partition("/")
        if kind == "chain" and ":" in party:  # a wallet; the chain itself is everybody's
            return f"chain/{masked_wallet(party, known.get(party, 0))}"
        return address if kind in ("own", "chain") or party in open_names or party not in known else f"{kind}/#{known[party]}"

    return tuple(
        replace(way, hops=tuple(replace(hop, source=masked(hop.source), target=masked(hop.target)) for hop in way.hops))
        for way in ways
    )


def _numbers(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Return the numbers of everybody who is no provider abroad and no institution: their names are not shown."""
    places = (
        "SELECT counterparty FROM rows r JOIN cases c USING (case_no) WHERE counterparty_licence <> 'none' AND counterparty IS NOT NULL "
        "UNION SELECT party FROM rows r JOIN cases c USING (case_no) WHERE actor_licence <> 'none' "
        "UNION SELECT venue FROM rows WHERE venue IS NOT NULL"
    )
    return dict(connection.execute(f"SELECT name, number FROM names WHERE number NOT IN ({places})").fetchall())


def _with_names(found: Followed, connection: duckdb.DuckDBPyConnection) -> Followed:
    names = dict(connection.execute("SELECT number, name FROM names").fetchall())
    called = tuple(names.get(int(one[1:]), one) for one in found.rows.names["person"])
    wallets = {masked_wallet(names[number], number): names[number] for number in wallet_numbers(connection)}
    places = tuple(wallets.get(one, one) for one in found.rows.names["place"])
    rows = replace(found.rows, names={**found.rows.names, "person": called, "place": places})
    return replace(found, rows=rows)


def _reference(connection: duckdb.DuckDBPyConnection) -> str:
    """Return how an entry is called by both sides: by its end-to-end id, where there is one, else by its own."""
    if not has_ids(connection):
        return "r.id"
    return f"CASE WHEN upper(r.end_to_end_id) <> '{NOT_PROVIDED}' THEN r.end_to_end_id ELSE r.id END"


def _ids(connection: duckdb.DuckDBPyConnection, positions: Sequence[int], what: str = "r.id") -> dict[int, str]:
    if not positions:
        return {}
    chosen = np.array(sorted(set(positions)), np.int64)
    import pyarrow as pa

    connection.register("chosen", pa.table({"position": chosen}))
    try:
        return dict(connection.execute(f"SELECT r.rowid, {what} FROM rows r JOIN chosen c ON c.position = r.rowid").fetchall())
    finally:
        connection.unregister("chosen")


def _instead(asked: Asked, connection: duckdb.DuckDBPyConnection | None, crossing: Crossing, found: Followed) -> Instead:
    """Replay a draft over the lake and pick out what it would have kept from going abroad."""
    if connection is None or asked.draft is None:
        raise InputError(f"{asked.source}: a draft is tried on what was decided; name the folder of a lake")
    if found.choices.conversion != "asset":
        found = follow(crossing.rows, replace(found.choices, conversion="asset"), asked.rule)
    law, draft = rulebook_of(asked.law), draft_of(asked.law, asked.draft)
    changes = Changes(connection)
    question = Question(law, backdated(draft, crossing.first), crossing.first, crossing.last)
    replay(connection, question, "as-would-have", None, changes.tell)
    changes.finish()
    kept = kept_by_draft(connection, found)
    places = kept_lines(found, kept, "place")
    sums = [sum(getattr(one, name) for one in places) for name in ("lots", "invested", "returned", "still")]
    return Instead(
        draft.id, draft.title_in.get(asked.language, draft.title), draft.hash, from_day(crossing.first), Kept("", *sums), places,
        tuple(sorted(kept_lines(found, kept, "month"), key=lambda one: one.label)),
    )  # fmt: skip


__all__ = ["Answer", "Asked", "Headline", "ask", "crossing_of", "entries_of", "is_lake", "parse_day"]
