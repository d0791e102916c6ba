"""Ids that both sides of a payment know it by, from the bodies of a book into feeds and a lake; books, feeds and lakes from before have none."""

import importlib.util
import shutil
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from msgspec.structs import replace

from skarb.app.keys import public_path
from skarb.app.lake import add, trust
from skarb.journal.feed.manifest import folder_name
from skarb.lake.open import open_lake

_spec = importlib.util.spec_from_file_location("lake_story", Path(__file__).with_name("test_lake.py"))
assert _spec is not None
assert _spec.loader is not None
story = importlib.util.module_from_spec(_spec)
sys.modules["lake_story"] = story
_spec.loader.exec_module(story)

IDS = {3: "174c245f-2682-4291-ad67-2a41e530cd27", 5: "Рахунак 7", 40: "INV-1", 41: "INV-1"}


def hand_in(folder: Path, first: int, size: int) -> None:
    with story.small.create(folder / "bank.book", story.ticking(), story.NAME) as opened:
        given = [story.small.instruction(number) for number in range(first, first + size)]
        story.small.hand_in(opened, [replace(one, end_to_end_id=IDS.get(first + place)) for place, one in enumerate(given)])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A book whose first two additions have ids and whose last has none, its key, its feed, and a lake that holds the key alone."""
    hand_in(tmp_path, 0, 30)
    hand_in(tmp_path, 30, 30)
    story.make_key(tmp_path / "bank.key")
    story.feed(tmp_path, tmp_path / "feed")
    hand_in(tmp_path, 60, 10)
    story.feed(tmp_path, tmp_path / "feed")
    trust(tmp_path / "lake", story.NAME, public_path(tmp_path / "bank.key"), "the supervisor")
    return tmp_path


def rows_files(folder: Path) -> list[Path]:
    return sorted((folder / "feed" / folder_name(story.NAME)).rglob("rows-*.parquet"), key=lambda path: path.name)


def ids(lake: Path) -> dict[str, str]:
    with open_lake(lake) as connection:
        found = connection.execute("SELECT id, end_to_end_id FROM rows WHERE end_to_end_id IS NOT NULL").fetchall()
        assert found == connection.execute("SELECT id, end_to_end_id FROM decisions WHERE end_to_end_id IS NOT NULL").fetchall()
    return dict(found)


EXPECTED = {f"i-{number:06d}": one for number, one in IDS.items()}


def test_ids_reach_the_lake_and_a_file_without_any_has_no_column(folder: Path) -> None:
    there = ["end_to_end_id" in pq.read_schema(path).names for path in rows_files(folder)]
    assert there[0] and not there[-1]
    add(folder / "lake", folder / "feed")
    assert ids(folder / "lake") == EXPECTED


def without_ids(folder: Path) -> None:
    """Write the files as they were before there was the column, and sign that."""
    for path in rows_files(folder):
        table = pq.read_table(path, partitioning=None)
        pq.write_table(table.drop_columns([name for name in table.column_names if name == "end_to_end_id"]), path)
    _sign_again(folder)


def _sign_again(folder: Path) -> None:
    for path in story.manifests_of(folder / "feed"):
        alone = folder / "alone"
        shutil.rmtree(alone, ignore_errors=True)
        place = alone / "feed" / path.parent.name
        shutil.copytree(path.parent, place)
        for other in place.glob("manifest-*.json"):
            if other.name != path.name:
                other.unlink()
        shutil.copy(folder / "bank.key", alone / "bank.key")
        story.sign_again(alone)
        shutil.copy(place / path.name, path)
    shutil.rmtree(alone)


def test_a_feed_from_before_is_read_and_its_bodies_say_the_ids(folder: Path) -> None:
    without_ids(folder)
    assert not any("end_to_end_id" in pq.read_schema(path).names for path in rows_files(folder))
    add(folder / "lake", folder / "feed")
    assert ids(folder / "lake") == EXPECTED


@pytest.mark.parametrize(("row", "said"), [(3, "another"), (4, "made up"), (5, None)])
def test_ids_that_the_bodies_do_not_say_are_refused(folder: Path, row: int, said: str | None) -> None:
    def edit(rows: list[dict[str, Any]]) -> None:
        next(one for one in rows if one["id"] == f"i-{row:06d}")["end_to_end_id"] = said

    story.change(next(path for path in rows_files(folder) if "end_to_end_id" in pq.read_schema(path).names), "rows", edit)
    _sign_again(folder)
    assert "column end_to_end_id" in story.refused(folder)


def test_a_lake_from_before_opens_and_grows(folder: Path) -> None:
    _, second = story.manifests_of(folder / "feed")
    later = second.with_name("later")
    second.rename(later)
    add(folder / "lake", folder / "feed")
    with open_lake(folder / "lake", write=True) as connection:
        view = connection.execute("SELECT sql FROM duckdb_views() WHERE view_name = 'decisions'").fetchall()[0][0]
        connection.execute("DROP VIEW decisions")
        connection.execute("ALTER TABLE rows DROP COLUMN end_to_end_id")
        connection.execute(view.replace("r.end_to_end_id,", ""))
    with open_lake(folder / "lake") as connection:
        assert "end_to_end_id" not in [row[0] for row in connection.execute("DESCRIBE rows").fetchall()]
        before = connection.execute("SELECT id, amount, party FROM rows").fetchall()
    later.rename(second)
    add(folder / "lake", folder / "feed")
    assert ids(folder / "lake") == {}  # what came before the column has none
    with open_lake(folder / "lake") as connection:
        assert connection.execute("SELECT id, amount, party FROM rows").fetchall()[: len(before)] == before
        assert connection.execute("SELECT count(*) FROM rows").fetchall()[0][0] == 90
