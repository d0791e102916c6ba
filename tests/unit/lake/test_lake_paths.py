"""A path is a path: whatever letters a folder's name has, a lake lies there, or the name is refused in words."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from skarb.cli import make_app
from skarb.cli.output import write_rows
from skarb.core.errors import InputError, NotFound
from skarb.lake.open import create_lake, open_lake
from skarb.lake.spark import open_feeds
from skarb.store.sealed import SealedStore
from skarb.store.sqlite import SqliteStore

NAMES = ["h#x", "p%20x", "b'x", 'q"x', "star*[a]", "md:x", ":memory:", "a b&c=d", "озеро", "semi;x"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("relative", [True, False])
def test_a_lake_lies_where_it_was_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, relative: bool) -> None:
    monkeypatch.chdir(tmp_path)
    lake = Path(name) if relative else tmp_path / name
    create_lake(lake)
    with open_lake(lake, write=True) as connection:
        assert connection.execute("SELECT count(*) FROM lake").fetchall() == [(1,)]
    assert sorted(one.name for one in tmp_path.iterdir()) == [name] and (tmp_path / name / "lake.duckdb").is_file()


@pytest.mark.parametrize(("name", "said"), [("a?b", r"the path has a \?"), ("back\\x", "the path has a backslash")])
def test_what_duckdb_reads_otherwise_is_refused_in_words(tmp_path: Path, name: str, said: str) -> None:
    lake = tmp_path / name
    with pytest.raises(InputError, match=said):
        create_lake(lake)
    assert not lake.exists(), "nothing is left behind"
    lake.mkdir()
    (lake / "lake.duckdb").write_bytes(b"")
    with pytest.raises(InputError, match=said), open_lake(lake):
        pass
    with pytest.raises(InputError, match="the path has a"):
        make_app()(["lake", "show", str(lake)], result_action="return_value", exit_on_error=False)


@pytest.mark.parametrize("name", ["a?b", "star*", "[a]", "{a}"])
def test_spark_is_not_asked_for_a_folder_that_it_would_take_for_a_pattern(tmp_path: Path, name: str) -> None:
    rows = tmp_path / name / "book=x" / "recorded=2026-01-01"
    rows.mkdir(parents=True)
    (rows / "rows-1.parquet").write_bytes(b"")
    with pytest.raises(InputError, match="for a pattern"), open_feeds(tmp_path / name):
        pass
    with pytest.raises(NotFound), open_feeds(tmp_path):
        pass


@pytest.mark.parametrize("name", ["x:y.parquet", "s3:a.parquet", "q?x.parquet", "h#x%20.parquet", "star*[a].parquet"])
def test_a_table_is_written_under_any_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    write_rows(("a",), [(1,)], "parquet", Path(name))
    write_rows(("a",), [], "parquet", Path("e" + name))
    assert pq.read_table((tmp_path / name).absolute()).to_pylist() == [{"a": 1}]


@pytest.mark.parametrize("name", [*NAMES, "a?b", "a?mode=memory"])
def test_books_and_sealed_blobs_lie_there_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).mkdir()
    with SealedStore(Path(name) / "payloads.db") as store:
        store.write(records=[("a", "b", b"c", None)])
    SqliteStore(Path(name) / f"{name}.book", write=True, create=True).close()
    assert {"payloads.db", f"{name}.book"} <= {one.name for one in Path(name).iterdir()}
