"""What is lived through comes in the order of the journals, however a lake lays its rows down."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from skarb.bench.fill import fill
from skarb.lake import open_lake
from skarb.oversight.replay import read
from skarb.oversight.replay.passing import Passing
from skarb.oversight.replay.read import Rows
from skarb.oversight.replay.tally import kernels

ROWS = 300_000  # DuckDB groups some hundred thousand rows and reads the groups side by side


def test_rows_are_taken_in_the_order_of_their_journals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read, "CHUNK", 2048)
    fill(tmp_path / "lake", ROWS, clients=50)
    with open_lake(tmp_path / "lake") as connection:
        rows = Rows(connection, 0, 1 << 20)
        cases = connection.execute("SELECT max(case_no) + 1 FROM rows").fetchall()[0][0]
        among, also = np.arange(cases) % 9 == 4, np.arange(0, ROWS, 50_021)
        passing = Passing(rows, (), among, also, kernels("python"))
        turns = [one for chunk in rows.chunks(passing.columns) for one in passing.take(passing.pick(chunk))]
        last = list(passing.rest())
        wanted = "SELECT rowid, value FROM rows WHERE case_no % 9 = 4 OR rowid % 50021 = 0 ORDER BY rowid"
        expected = connection.execute(wanted).fetchnumpy()
    assert {len(one.cases) for one in turns} == {2048} and len(last) <= 1
    for name in ("rowid", "value"):
        assert np.array_equal(np.concatenate([one.columns[name] for one in (*turns, *last)]), expected[name])
