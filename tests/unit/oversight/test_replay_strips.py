"""Strips of a lake: what is read from them is what the tables say, whatever became of lake and files meanwhile."""

from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pytest

from skarb.app.law import rulebook_of
from skarb.bench.fill import fill
from skarb.lake import open_lake, strips
from skarb.oversight.replay import Lived, Question, as_happened, read
from skarb.oversight.replay.read import Rows
from skarb.rulebook.backdate import backdated
from skarb.rulebook.coding import MISSING
from skarb.rulebook.draft_folder import load_draft

ROWS = 5_000
DRAFTS = Path(__file__).parents[3] / "examples" / "drafts"
Read = dict[str, npt.NDArray[Any]]


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(strips, "WORTH", 1)
    monkeypatch.setattr(read, "CHUNK", 2048)
    return made(tmp_path / "lake")


def made(lake: Path, seed: int = 1) -> Path:
    fill(lake, ROWS, clients=50, seed=seed)
    return lake


def grow(lake: Path) -> None:
    """Bring the first rows once more, some of them without values, as a second addition."""
    with open_lake(lake, write=True) as connection:
        connection.execute(
            "INSERT INTO rows SELECT * REPLACE (sequence + 1000000 AS sequence, "
            "CASE WHEN row_no % 3 = 0 THEN NULL ELSE value END AS value, NULL AS edition) FROM rows WHERE rowid < 700"
        )
        connection.execute("INSERT INTO feeds SELECT * REPLACE (1 AS number, 'second' AS manifest, 700 AS rows) FROM feeds")


def rows_of(lake: Path, *columns: str, position: int = 0) -> Read:
    with open_lake(lake) as connection:
        return joined(Rows(connection, 0, 1 << 20, ("venue",)), *columns, position=position)


def joined(rows: Rows, *columns: str, position: int = 0) -> Read:
    chunks = list(rows.chunks(["rowid", *columns], position))
    return {name: np.concatenate([one.columns[name].astype(np.int64) for one in chunks]) for name in chunks[0].columns}


def from_table(lake: Path, *columns: str, position: int = 0) -> Read:
    """Read a lake without its strips."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(strips, "WORTH", 1 << 40)
        return rows_of(lake, *columns, position=position)


def same(first: Read, second: Read) -> bool:
    return first.keys() == second.keys() and all(np.array_equal(first[name], second[name]) for name in first)


def noted(lake: Path) -> dict[str, int]:
    return {name: strip.rows for name, strip in strips._noted(lake / "strips").items()}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What columns are read from strips."""
    told: list[str] = []
    original = strips.Strips.read

    def reading(self: strips.Strips, name: str, first: int, into: npt.NDArray[Any]) -> None:
        told.append(name)
        original(self, name, first, into)

    monkeypatch.setattr(strips.Strips, "read", reading)
    return told


def test_the_second_reading_is_from_strips(lake: Path, asked: list[str]) -> None:
    expected = from_table(lake, "party")
    assert noted(lake) == {}
    assert same(rows_of(lake, "party"), expected) and not asked
    assert noted(lake) == dict.fromkeys(expected.keys() - {"rowid"}, ROWS)
    assert same(rows_of(lake, "party"), expected) and set(asked) == expected.keys() - {"rowid"}
    assert same(rows_of(lake, "party", position=3001), from_table(lake, "party", position=3001))


def test_a_further_column_is_laid_out_when_it_is_asked_for(lake: Path, asked: list[str]) -> None:
    rows_of(lake)
    inode = (lake / "strips" / "day.i4").stat()
    assert same(rows_of(lake, "answer"), from_table(lake, "answer"))
    assert noted(lake)["answer"] == ROWS and (lake / "strips" / "day.i4").stat() == inode
    asked.clear()
    assert same(rows_of(lake, "answer"), from_table(lake, "answer")) and "answer" in asked


def test_strips_grow_with_the_lake(lake: Path, asked: list[str]) -> None:
    rows_of(lake)
    grow(lake)
    expected = from_table(lake, "party")
    rows_of(lake, "party")  # the party is laid out from the beginning, the others from where they end
    assert set(noted(lake).values()) == {ROWS + 700}
    assert same(rows_of(lake, "party"), expected)
    grown = from_table(lake)
    assert same(rows_of(lake), grown) and MISSING in grown["value"][-700:] and set(grown["edition"][-700:]) == {-1}
    asked.clear()
    assert same(rows_of(lake, position=ROWS + 30), from_table(lake, position=ROWS + 30)) and asked


def test_reading_from_the_middle_lays_nothing_out(lake: Path) -> None:
    rows_of(lake, position=10)
    assert noted(lake) == {}


def test_part_of_the_days_is_read_from_the_table(lake: Path) -> None:
    with open_lake(lake) as connection:
        days = connection.execute("SELECT min(day), max(day) FROM rows").fetchall()[0]
        rows = Rows(connection, days[0] + 5, days[1])
        assert joined(rows)["day"].min() == days[0] + 5
    assert noted(lake) == {}


def test_a_lake_that_was_made_anew_has_none(lake: Path, asked: list[str]) -> None:
    rows_of(lake)
    (lake / "lake.duckdb").unlink()
    made(lake, seed=2)
    expected = from_table(lake)
    assert same(rows_of(lake), expected) and not asked
    assert same(rows_of(lake), expected) and asked


def test_who_reads_while_a_lake_is_made_anew_reads_on(lake: Path) -> None:
    rows_of(lake)
    expected = from_table(lake)
    with open_lake(lake) as connection:
        pieces = list(Rows(connection, 0, 1 << 20).pieces())
        first = pieces[0].read(read.Room())
    (lake / "lake.duckdb").unlink()
    rows_of(made(lake, seed=2))
    values = [first.columns["value"], *(one.read(read.Room()).columns["value"] for one in pieces[1:])]
    assert np.array_equal(np.concatenate(values), expected["value"])


def test_what_is_no_number_is_read_from_the_table(lake: Path) -> None:
    with open_lake(lake) as connection:
        for _ in range(2):
            chunks = list(Rows(connection, 0, 1 << 20).chunks(["id"]))
            assert chunks[0].columns["id"][0] == connection.execute("SELECT id FROM rows LIMIT 1").fetchall()[0][0]
    assert "id" not in noted(lake) and noted(lake)["day"] == ROWS


def test_a_strip_that_is_cut_short_is_laid_out_again(lake: Path, asked: list[str]) -> None:
    rows_of(lake)
    os.truncate(lake / "strips" / "day.i4", 4 * ROWS - 1)
    assert same(rows_of(lake), from_table(lake)) and not asked
    assert same(rows_of(lake), from_table(lake)) and asked


@pytest.mark.parametrize("note", ["", "{", "[]", '{"format": 2, "strips": {}}', '{"format": 1, "strips": {"day": {"rows": -1}}}'])
def test_a_note_that_says_nothing_is_passed_over(lake: Path, note: str, asked: list[str]) -> None:
    rows_of(lake)
    (lake / "strips" / "strips.json").write_text(note)
    assert same(rows_of(lake), from_table(lake)) and not asked


def test_rows_that_nobody_brought_have_no_strips(lake: Path) -> None:
    with open_lake(lake, write=True) as connection:
        connection.execute("INSERT INTO rows SELECT * FROM rows LIMIT 1")
    rows_of(lake)
    assert noted(lake) == {}


def test_a_database_in_memory_has_none() -> None:
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE feeds (number INTEGER, book INTEGER, manifest VARCHAR, rows BIGINT)")
        assert strips.strips_of(connection, strips.WORTH) is None


def test_a_full_disk_leaves_no_strips_and_every_row(lake: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected, written = from_table(lake), os.pwrite

    def pwrite(file: int, data: memoryview, place: int) -> int:
        if place > 2048:
            raise OSError(errno.ENOSPC, "No space left on device")
        return written(file, data, place)

    monkeypatch.setattr(os, "pwrite", pwrite)
    assert same(rows_of(lake), expected) and noted(lake) == {}
    assert {path.stat().st_size for path in (lake / "strips").iterdir()} == {0}


def test_a_reading_that_is_broken_off_leaves_no_strips(lake: Path) -> None:
    with open_lake(lake) as connection:
        next(iter(Rows(connection, 0, 1 << 20).chunks()))
    assert noted(lake) == {}
    assert same(rows_of(lake), from_table(lake))


def test_one_process_lays_out_at_a_time(lake: Path) -> None:
    (lake / "strips").mkdir()
    with (lake / "strips" / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert same(rows_of(lake), from_table(lake)) and noted(lake) == {}
    rows_of(lake)
    assert noted(lake)


def test_a_folder_that_cannot_be_written_is_no_hindrance(lake: Path) -> None:
    (lake / "strips").write_text("in the way")
    assert same(rows_of(lake), from_table(lake))


def test_replays_say_the_same_with_strips(lake: Path) -> None:
    law = rulebook_of("by")
    with open_lake(lake) as connection:
        first, last = connection.execute("SELECT min(day), max(day) FROM rows").fetchall()[0]
        drafts = [backdated(load_draft(law, DRAFTS / name), first) for name in ("by-abroad", "by-abroad-month")]
        asked = [Question(law, draft, first, last) for draft in drafts]
        happened = [as_happened(connection, asked[0]) for _ in range(2)]
        lived = [Lived(connection, asked[1], actual=False).run() for _ in range(2)]
        told = [[[part.tolist() for part in one] for one in way.changes()] for way in happened]
    assert lived[0] == lived[1] and lived[0].rows == ROWS
    assert happened[0].comparison == happened[1].comparison and told[0] == told[1] != []
    assert noted(lake)["party"] == ROWS
