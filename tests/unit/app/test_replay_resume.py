"""A replay that is stopped goes on where it was, and comes to the same answer to the last byte."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import date
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from msgspec.structs import replace as changed
from tests.properties.test_replay_oracle import draw
from tests.unit.oversight.drafts import LAW, write_draft
from tests.unit.oversight.lakes import Told, fill

from skarb.app.replay import KEPT, Asked, ask
from skarb.lake import open_lake
from skarb.oversight.changes import Changes
from skarb.oversight.replay import Answer, Mode, keep, read

ROWS, CHUNK = 600, 32
JUNE = date(2026, 6, 30)  # until then no law looks at totals


class Stopped(Exception):
    """Somebody pulled the plug."""


@pytest.fixture(autouse=True)
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read, "CHUNK", CHUNK)
    monkeypatch.setattr(keep, "PAUSE_NS", 0)
    monkeypatch.setattr(keep, "SHARE", 0)


def drawn(seed: int) -> list[Told]:
    """Return rows of the made-up country: one in two is decided by totals, the others are payments; the draft turns some of both."""
    chosen = []
    for place, row in enumerate(draw(seed, ROWS)):
        facts = changed(row.facts, activity="instant_pay", screening="clear" if place % 3 else "possible")
        if place % 2:
            facts = changed(facts, activity="fiat_pay", value=None if facts.value is None else facts.value % 20_000)
        chosen.append(replace(row, facts=facts, edition=LAW.edition(facts.day) if place % 3 else None))
    return chosen


LATE = 28  # chunks; the rows that no total concerns are counted by then, and some of the others are lived through


@pytest.fixture(scope="module")
def question(tmp_path_factory: pytest.TempPathFactory) -> Asked:
    folder = tmp_path_factory.mktemp("question")
    return Asked(fill(folder, drawn(1)), "zz", write_draft(folder), by=("month", "venue", "book"))


@pytest.fixture
def asked(question: Asked, tmp_path: Path) -> Asked:
    return replace(question, out=tmp_path / "answer")


_WHOLE: dict[Asked, tuple[object, ...]] = {}


def whole(asked: Asked) -> tuple[object, ...]:
    """Return what comes of a replay that nobody stops."""
    assert asked.out is not None
    key = replace(asked, out=None)
    if key not in _WHOLE:
        folder = asked.out.with_name("whole")
        ask(replace(asked, out=folder))
        _WHOLE[key] = results(folder)
    return _WHOLE[key]


def results(folder: Path) -> tuple[object, ...]:
    """Return everything that an answer holds but what it cost and when it was made."""
    told = json.loads((folder / "replay.json").read_text())
    del told["cost"], told["made_at"]
    tables = [pq.read_table(folder / name) for name in ("changes.parquet", "summary.parquet")]
    return told, *((table.schema, table.to_pylist()) for table in tables)


def stopped_after(asked: Asked, chunks: int) -> list[str]:
    """Replay, and stop after some chunks; return what was said."""
    left = [chunks]
    said: list[str] = []

    def progress(done: int, total: int) -> None:
        left[0] -= 1
        if not left[0]:
            raise Stopped

    with pytest.raises(Stopped):
        ask(asked, progress, said.append)
    return said


@pytest.mark.parametrize("kind", ["python", "numba"])
@pytest.mark.parametrize(
    ("mode", "days", "engine"),
    [
        ("as-happened", {"last": JUNE}, "kinds"),
        ("as-happened", {}, "rows"),
        ("as-would-have", {}, "rows"),
        ("as-would-have", {"first": date(2026, 7, 3)}, "rows"),
    ],
)
def test_a_stopped_replay_goes_on_and_answers_the_same(
    asked: Asked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, mode: Mode, days: dict[str, date], engine: str
):
    monkeypatch.setenv("SKARB_KERNEL", kind)
    asked = replace(asked, mode=mode, **days)  # type: ignore[arg-type]
    seen: list[int] = []
    ask(replace(asked, out=tmp_path / "seen"), lambda done, total: seen.append(done))
    assert len(seen) >= 8, "there is something to stop"
    assert asked.out is not None
    assert not stopped_after(asked, 2)
    said = stopped_after(asked, 1)  # it goes on, and is stopped again at once
    assert [line.rsplit(": ", 1)[1] for line in said] == [f"goes on after {seen[1]:,} rows"]
    stopped_after(asked, 3)
    read_again: list[int] = []
    report = ask(asked, lambda done, total: read_again.append(done))
    assert report.engine == engine
    assert read_again[0] == seen[6], "nothing is read twice"
    assert results(asked.out) == whole(asked)
    assert not (asked.out / KEPT).exists()


@pytest.mark.parametrize("chunks", [1, 19, 20, 26])
def test_wherever_it_stops(asked: Asked, chunks: int):
    asked = replace(asked, mode="as-would-have")
    assert asked.out is not None
    stopped_after(asked, chunks)
    ask(asked)
    assert results(asked.out) == whole(asked)


def test_a_replay_that_was_stopped_while_telling_changes_tells_each_once(asked: Asked):
    asked = replace(asked, last=JUNE)
    assert asked.out is not None
    stopped_after(asked, 15)  # on the second way through the rows
    said: list[str] = []
    report = ask(asked, say=said.append)
    assert f"goes on after {report.comparison.rows}" in said[0]
    assert results(asked.out) == whole(asked)


@pytest.mark.parametrize("how", ["flipped", "foreign", "gone", "part flipped"])
def test_what_is_damaged_is_passed_over(asked: Asked, how: str):
    asked = replace(asked, mode="as-would-have")
    assert asked.out is not None
    stopped_after(asked, LATE)
    kept = asked.out / KEPT
    path = next(kept.glob("changed-*.parquet")) if how.startswith("part") else kept / keep.FILE
    held = path.read_bytes()
    if how.endswith("gone"):
        path.unlink()
    else:
        middle = len(held) // 2
        flipped = held[:middle] + bytes([held[middle] ^ 1]) + held[middle + 1 :]
        foreign = b'{"format": 0}\n'
        path.write_bytes(foreign + sha256(foreign).digest() if how == "foreign" else flipped)
    said: list[str] = []
    ask(asked, say=said.append)
    assert len(said) == 1 and "is passed over" in said[0]
    assert results(asked.out) == whole(asked)


@pytest.mark.parametrize("what", ["mode", "days", "dimensions", "draft", "lake"])
def test_what_belongs_to_another_question_is_passed_over(asked: Asked, tmp_path: Path, what: str):
    stopped_after(asked, LATE)
    other = tmp_path / "other"
    other.mkdir()
    changes = {
        "mode": {"mode": "as-would-have"},
        "days": {"first": date(2026, 6, 1)},
        "dimensions": {"by": ("month",)},
        "draft": {"begun": date(2026, 6, 1)},
        "lake": {"lake": fill(other, drawn(1)[:-1])},
    }
    asked = replace(asked, **changes[what])  # type: ignore[arg-type]
    said: list[str] = []
    ask(asked, say=said.append)
    assert said == [f"{asked.out}/{KEPT} is of another question or another lake; it is passed over"]
    assert asked.out is not None
    assert results(asked.out) == whole(asked)


def test_it_is_kept_seldom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(keep, "PAUSE_NS", 100)
    monkeypatch.setattr(keep, "SHARE", 50)
    now, saved = [0], []

    class Nothing:
        def put_away(self, folder: Path):  # type: ignore[no-untyped-def]
            saved.append(now[0])
            now[0] += 10  # what it takes
            return [], []

        def take_up(self, *given: object) -> None:
            pytest.fail("there is nothing to take up")

    kept = keep.Keep(tmp_path / KEPT, "a lake", lambda: now[0], Nothing(), pytest.fail)
    while now[0] < 2000:
        kept.offer("a question", lambda: keep.State(0, {}))
        now[0] += 7
    assert saved[0] >= 100
    assert all(second - first >= 10 + 50 * 10 for first, second in pairwise(saved)) and len(saved) > 2


def test_a_folder_that_takes_nothing_does_not_stop_a_replay(asked: Asked):
    assert asked.out is not None
    asked.out.mkdir()
    (asked.out / KEPT).write_text("in the way")
    said: list[str] = []
    report = ask(asked, say=said.append)
    assert report.comparison.rows == ROWS and any("cannot be kept" in line for line in said)


def test_changed_rows_that_could_not_be_written_are_written_the_next_time(asked: Asked, tmp_path: Path):
    permit, refuse = Answer("permit", "one"), Answer("refuse", "two")
    with open_lake(asked.lake) as connection:
        changes = Changes(connection)
        changes.tell(np.array([3, 5]), [permit, permit], [refuse, refuse])
        with pytest.raises(OSError, match="nowhere"):
            changes.put_away(tmp_path / "nowhere")
        changes.put_away(tmp_path)
        changes.tell(np.array([8]), [refuse], [permit])
        changes.tell_unfunded(np.array([2, 5]))
        changes.put_away(tmp_path)
        changes.tell_unfunded(np.array([9]))
        parts, answers = changes.put_away(tmp_path)
        again = Changes(connection)
        again.take_up(tmp_path, parts, answers)
        found = connection.execute("SELECT * FROM changed ORDER BY position").fetchall()
        short = connection.execute("SELECT * FROM unfunded ORDER BY position").fetchall()
    assert short == [(2,), (5,), (9,)]
    assert found == [(3, 0, 1), (5, 0, 1), (8, 1, 0)] and list(answers) == [permit, refuse] and again.rows == len(found)


_KILLED = """
import os, signal, sys
from pathlib import Path
from skarb.app.replay import Asked, ask
from skarb.oversight.replay import keep, read
read.CHUNK, keep.PAUSE_NS, keep.SHARE = 32, 0, 0
seen = []
def progress(done, total):
    seen.append(done)
    if len(seen) == 5:
        os.kill(os.getpid(), signal.SIGKILL)
lake, draft, out, mode = sys.argv[1:]
ask(Asked(Path(lake), "zz", Path(draft), out=Path(out), mode=mode, by=("month", "venue", "book")), progress)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no kill here")
@pytest.mark.parametrize("mode", ["as-happened", "as-would-have"])
def test_a_killed_replay_goes_on_in_another_process(asked: Asked, mode: Mode):
    asked = replace(asked, mode=mode)
    words = [sys.executable, "-c", _KILLED, asked.lake, asked.draft, asked.out, mode]
    killed = subprocess.run(list(map(str, words)), check=False, env={**os.environ, "PYTHONHASHSEED": "7"})
    assert killed.returncode == -signal.SIGKILL
    said: list[str] = []
    ask(asked, say=said.append)
    assert said == [f"{asked.out}/{KEPT}: goes on after {5 * CHUNK} rows"]
    assert asked.out is not None
    assert results(asked.out) == whole(asked)
