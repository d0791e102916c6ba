"""Declare: the tables in a folder become the next export of a book's feed, signed, or nothing of it does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path

import duckdb
import numpy as np
import pyarrow.compute as pc

from skarb.app.declaring import cells, moves, rows
from skarb.app.declaring.moves import Accounts, Moves
from skarb.app.declaring.rows import Flat
from skarb.app.declaring.sheets import Sheet, check_folder, in_parts, sheets, table_in
from skarb.app.files import now
from skarb.app.keys import key_id, read_private
from skarb.app.law import rulebook_of
from skarb.app.setting import open_registers
from skarb.core.asset import check_asset_code, currencies
from skarb.core.errors import Conflict, InputError, NotFound, shorten
from skarb.journal.feed.columns import Columns
from skarb.journal.feed.files import read_table
from skarb.journal.feed.manifest import Form, Manifest, Segment, folder_name, read_manifest, span_of
from skarb.journal.feed.write import SEGMENT_ROWS, STAGE, Signer, latest, write_declared
from skarb.journal.seal import Progress
from skarb.registers import Registers
from skarb.rulebook import Edition, Rulebook

TABLES = ("rows", "cases", "transfers", "assets")
_ASSET = ("code", "decimals")
_DECIMALS_MAX = 38
_BOOK = 140  # characters


@dataclass(frozen=True)
class Declaring:
    """What an institution wants to file."""

    tables: Path
    to: Path
    book: str
    key: Path
    law: str = "by"
    filed: date | None = None  # by default the day on which it is done, in UTC
    form: Form = "parquet"
    segment: int = SEGMENT_ROWS  # rows
    new_key: bool = False  # go on with another key than before
    progress: Progress | None = field(default=None, compare=False)


def declare(asked: Declaring) -> Manifest:
    """Check tables and write them as a feed, or as what follows the feed that is there; return its manifest.

    Raises: NotFound, InputError naming file, row and column, Conflict, Unavailable if somebody else is writing the feed, Damaged
    """
    private = read_private(asked.key)
    if not 1 <= len(asked.book) <= _BOOK or not asked.book.isprintable():
        raise InputError(f"book {shorten(asked.book)!r}: expected a name of 1 to {_BOOK} characters")
    check_folder(asked.tables, TABLES)
    if not asked.to.parent.is_dir():
        raise NotFound(f"feed {asked.to}: there is no folder {asked.to.parent}; create it first")
    if asked.to.exists() and not asked.to.is_dir():
        raise InputError(f"feed {asked.to}: given a file, expected a folder")
    work = _Work(asked, rulebook_of(asked.law))
    signer = Signer(key_id(private.public_key()), private.sign, None)
    how = asked.form, asked.new_key
    return write_declared(asked.book, asked.to, signer, work.law.country, work.parts(), work.assets, work.editions, *how)


class _Work:
    """What is known while tables are read. `assets` and `editions` grow until the last part was drawn.

    What was filed before is read when the first part is drawn: from then on nobody else writes the feed.
    """

    def __init__(self, asked: Declaring, law: Rulebook) -> None:
        self.asked, self.law = asked, law
        self.assets: dict[str, int] = {}
        self.editions: list[Edition] = []
        self._folder = asked.to / folder_name(asked.book)
        self._before: Manifest | None = None
        self._told: dict[str, int] = {}

    def parts(self) -> Iterator[tuple[str, Columns]]:
        """Yield the tables of each segment, with the day of filing."""
        self._before = latest(self._folder)
        self._check_before()
        self._told = self._told_assets()
        asked, path = self.asked, self._rows()
        filed = (asked.filed or now().date()).isoformat()
        flat = Flat(self.law, self.decimals, self._sheets("cases", ("case",), rows.CASES))
        paid = Moves(self._sheets("transfers", moves.NEEDED, moves.KNOWN), self._accounts, self.decimals)
        sequence = 0 if self._before is None else self._before.last
        done = 0
        begins: tuple[Sheet, int] | None = None
        for sheet in in_parts(sheets(path, rows.NEEDED, rows.KNOWN), asked.segment):
            sequence += 1
            made, cases = flat.make(sheet, sequence)
            transfers, accounts = paid.make(made, sequence)
            done += len(sheet)
            begins = begins or (sheet.slice(0, 1), made["instant"][0].as_py())
            if asked.progress is not None:
                asked.progress("rows", done, done)
            yield filed, Columns(made, cases, transfers, accounts)
        if begins is None:
            raise InputError(f"{path.name}: given no row, expected one for each instruction")
        paid.finish()
        self.editions += flat.editions.values()
        self._check_ids()  # whoever drew the last part has written it
        self._check_after(*begins)

    def _rows(self) -> Path:
        path = table_in(self.asked.tables, "rows")
        if path is None:
            raise NotFound(
                f"{self.asked.tables}: there is no table of rows, such as rows.csv, with the columns {', '.join(rows.NEEDED)} …"
            )
        return path

    def decimals(self, code: str) -> int:
        """Return the decimals of an asset, and note that it was used.

        Raises: InputError for an asset that nobody knows.
        """
        if code not in self.assets:
            found = self._told.get(code)
            if found is None:
                found = self._registered(code)
            self.assets[code] = found
        return self.assets[code]

    def _registered(self, code: str) -> int:
        if code in self._assets_before:
            return self._assets_before[code]
        try:
            return self._registers.asset(code).decimals
        except NotFound:
            raise InputError(
                f"asset {shorten(code)!r}: nobody knows how many decimals it has; tell in a table assets with the columns code and decimals"
            ) from None

    @cached_property
    def _registers(self) -> Registers:
        return open_registers(self.asked.law, None, now)

    def _sheets(self, name: str, needed: Sequence[str], known: Sequence[str]) -> Iterator[Sheet]:
        path = table_in(self.asked.tables, name)
        return iter(()) if path is None else sheets(path, needed, known)

    def _told_assets(self) -> dict[str, int]:
        """Return the decimals that the institution tells."""
        found: dict[str, int] = {}
        before = self._assets_before
        for sheet in self._sheets("assets", _ASSET, _ASSET):
            codes = sheet.needed("code", check_asset_code)
            told = sheet.needed("decimals", _decimals)
            for row, (code, own) in enumerate(zip(codes.places.tolist(), told.places.tolist(), strict=True)):
                name, decimals = codes.values[code], told.values[own]
                fixed = currencies().get(name)
                due = fixed.decimals if fixed is not None else before.get(name, found.get(name, decimals))
                if due != decimals:
                    why = "as ISO 4217 says" if fixed is not None else "as was said of it before"
                    raise sheet.error(row, "decimals", str(decimals), f"{due} for {name}, {why}")
                found[name] = decimals
        return found

    # -- what was filed before -------------------------------------------------------------------------------------------------

    def _check_before(self) -> None:
        before, country = self._before, self.law.country
        if before is None:
            return
        if before.bodies:
            raise Conflict(f"{self._folder}: it holds the feed of a journal; declare into another folder, or under another name")
        given = country.code, country.currency, country.decimals, country.zone
        due = before.law, before.currency, before.decimals, before.zone
        if given != due:
            raise Conflict(
                f"{self._folder}: it was filed under the law of {due}, given that of {given}; name that law with --law"
            )

    @cached_property
    def _accounts(self) -> Accounts:
        """The accounts that earlier exports opened."""
        found = Accounts()
        for folder, segment in self._segments():
            found.learn(read_table(folder / segment.path("accounts"), "accounts", segment.files["accounts"]))
        return found

    @cached_property
    def _assets_before(self) -> dict[str, int]:
        """The decimals of all assets of earlier exports; each manifest names only those that its own rows use."""
        return {code: decimals for one in self._manifests() for code, decimals in one.assets.items()}

    def _manifests(self) -> Iterator[Manifest]:
        for path in sorted(self._folder.glob("manifest-*.json")):
            if span_of(path.name) is not None:
                yield read_manifest(path.read_bytes()).statement

    def _segments(self) -> Iterator[tuple[Path, Segment]]:
        for manifest in self._manifests():
            for segment in manifest.segments:
                yield self._folder, segment

    def _check_after(self, sheet: Sheet, instant: int) -> None:
        """Check that a first row is no earlier than what was filed last.

        Raises: InputError
        """
        filed = [] if self._before is None else [one for one in self._before.segments if one.files["rows"].rows]
        if not filed:
            return
        last = filed[-1]
        latest_at = read_table(self._folder / last.path("rows"), "rows", last.files["rows"])["instant"][-1].as_py()
        if instant < latest_at:
            given, after = sheet.table["at"][0].as_py(), cells.from_nanoseconds(latest_at, self.law.country.zone)
            raise sheet.error(0, "at", given, f"no earlier instant than {after}, that of the last row of the export before")

    def _check_ids(self) -> None:
        """Check that no id was filed before, or twice now.

        Raises: InputError
        """
        stage = self._folder / STAGE
        files = [str(path) for path in sorted(stage.glob(f"rows-*.{self.asked.form}"))]
        before = [str(folder / segment.path("rows")) for folder, segment in self._segments()]
        if len(files) + len(before) < 2:
            return  # within a segment ids were looked at
        with duckdb.connect() as connection:
            connection.execute("SET memory_limit = '1GB'")
            connection.execute(f"SET temp_directory = '{str(stage).replace(chr(39), chr(39) * 2)}'")
            union = " UNION ALL ".join(_ids(one) for one in (*before, *files))
            query = f"SELECT id FROM ({union}) GROUP BY id HAVING count(*) > 1 ORDER BY id LIMIT 1"
            found = connection.execute(query).fetchall()
        if found:
            raise self._twice(found[0][0])

    def _twice(self, name: str) -> InputError:
        """Return where an id stands that stood somewhere before."""
        places = [
            (sheet, row)
            for sheet in sheets(self._rows(), rows.NEEDED, rows.KNOWN)
            for row in np.flatnonzero(pc.equal(sheet.table["id"], name)).tolist()
        ]
        sheet, row = places[-1]
        before = (
            f"stands in {places[0][0].where(places[0][1])}, too"
            if len(places) > 1
            else "was filed in an earlier export of this feed"
        )
        return sheet.error(row, "id", name, f"an id of its own, this one {before}")


def _ids(path: str) -> str:
    name = "'" + path.replace("'", "''") + "'"
    if path.endswith(".csv"):
        return f"SELECT id FROM read_csv({name}, header = true, all_varchar = true, delim = ',', quote = '\"')"
    return f"SELECT id FROM read_parquet({name}, hive_partitioning = false)"


def _decimals(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 2 and int(text) <= _DECIMALS_MAX):
        raise InputError(f"given {shorten(text)!r}, expected a whole number from 0 to {_DECIMALS_MAX}")
    return int(text)
