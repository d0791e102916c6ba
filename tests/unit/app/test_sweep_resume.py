"""A sweep that is stopped goes on where it was, and comes to the same answer."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from tests.unit.app.test_replay_resume import drawn
from tests.unit.oversight.drafts import write_draft
from tests.unit.oversight.lakes import fill

from skarb.app.replay import KEPT, Asked
from skarb.app.sweep import ANSWERED, FILES, sweep
from skarb.oversight import replay as replays
from skarb.oversight.replay import Comparison, Mode, Sum, keep, read

CHUNK = 64
SPEC = "test.pay_max=60.00..160.00/2"
JUNE = date(2026, 6, 30)  # until then no law looks at totals: the rows are read once for all values


class Stopped(Exception):
    """Somebody pulled the plug."""


@pytest.fixture(autouse=True)
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read, "CHUNK", CHUNK)
    monkeypatch.setattr(keep, "PAUSE_NS", 0)
    monkeypatch.setattr(keep, "SHARE", 0)


@pytest.fixture(scope="module")
def question(tmp_path_factory: pytest.TempPathFactory) -> Asked:
    folder = tmp_path_factory.mktemp("question")
    return Asked(fill(folder, drawn(2)), "zz", write_draft(folder))


def results(folder: Path) -> dict[str, object]:
    """Return everything that an answer holds but what it cost and when it was made."""
    told: dict[str, object] = json.loads((folder / FILES[1]).read_text())
    return {name: value for name, value in told.items() if name not in ("cost", "made_at")}


def stopped_after(asked: Asked, chunks: int, spec: str = SPEC) -> list[str]:
    left = [chunks]
    said: list[str] = []

    def progress(done: int, total: int) -> None:
        left[0] -= 1
        if not left[0]:
            raise Stopped

    with pytest.raises(Stopped):
        sweep(asked, spec, progress, said.append)
    return said


def chunks_of(asked: Asked) -> int:
    """Return how often a sweep that nobody stops tells how far it is."""
    seen: list[int] = []
    sweep(asked, SPEC, lambda done, total: seen.append(done))
    return len(seen)


@pytest.mark.parametrize(("mode", "days"), [("as-happened", {"last": JUNE}), ("as-happened", {}), ("as-would-have", {})])
def test_a_stopped_sweep_goes_on_and_answers_the_same(question: Asked, tmp_path: Path, mode: Mode, days: dict[str, date]) -> None:
    asked = replace(question, mode=mode, out=tmp_path / "answer", **days)  # type: ignore[arg-type]
    whole = replace(asked, out=tmp_path / "whole")
    chunks = chunks_of(whole)
    assert whole.out is not None and asked.out is not None
    first = chunks * 3 // 4  # one of two values, and half of the other
    assert not stopped_after(asked, first)
    said: list[str] = []
    seen: list[int] = []
    _, _, tried = sweep(asked, SPEC, lambda done, total: seen.append(done), said.append)
    assert len(seen) <= chunks - first + 1, "nothing is read twice"
    assert len(tried) == 2
    assert any("goes on after" in line or "answered before" in line for line in said)
    if not days:
        assert said[0] == f"{asked.out / ANSWERED}: values answered before: 1"
    assert results(asked.out) == results(whole.out)
    assert sorted(path.name for path in asked.out.iterdir()) == sorted(FILES)


@pytest.mark.parametrize("how", ["flipped", "other values", "foreign"])
def test_what_is_damaged_or_of_another_sweep_is_passed_over(question: Asked, tmp_path: Path, how: str) -> None:
    asked = replace(question, mode="as-would-have", out=tmp_path / "answer")
    assert asked.out is not None
    whole = replace(asked, out=tmp_path / "whole")
    stopped_after(asked, chunks_of(whole) * 3 // 4)
    file, spec = asked.out / ANSWERED, SPEC
    data = file.read_bytes()
    match how:
        case "flipped":
            place = data.rindex(b'"money":') + len(b'"money":')
            file.write_bytes(data[:place] + b"7" + data[place:])
        case "foreign":
            file.write_bytes(b"[]")
        case "other values":
            spec = "test.pay_max=70.00..160.00/2"
    said: list[str] = []
    sweep(asked, spec, say=said.append)
    assert said[0] == f"{file} is damaged, or of another sweep or another lake; it is passed over"
    if how == "other values":
        sweep(whole, spec)
    assert whole.out is not None
    assert results(tmp_path / "answer") == results(whole.out)
    assert not file.exists() and not (tmp_path / "answer" / KEPT).exists()


def test_the_file_of_a_sweep_tells_of_each_value_what_could_not_be_paid(
    question: Asked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = replays.sweep

    def short(*given: object) -> list[Comparison]:
        return [replace(one, unfunded=Sum(2 + place, 300)) for place, one in enumerate(whole(*given))]  # type: ignore[arg-type]

    monkeypatch.setattr(replays, "sweep", short)
    sweep(replace(question, out=tmp_path / "out"), SPEC)
    values = json.loads((tmp_path / "out" / FILES[1]).read_text())["values"]
    assert [one["unfunded"] for one in values] == [{"rows": 2, "money_minor": 300}, {"rows": 3, "money_minor": 300}]
