import csv
import io
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from skarb.cli import main

HEADER = ("id", "at", "activity", "party", "asset", "amount", "counterparty")


class Result(NamedTuple):
    """What a command said."""

    code: int
    out: str
    err: str

    @property
    def rows(self) -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO(self.out)))


@pytest.fixture
def skarb(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Callable[..., Result]:
    """Run the command line in this process, in a folder of its own."""
    monkeypatch.chdir(tmp_path)

    def run(*words: Any) -> Result:
        capsys.readouterr()
        monkeypatch.setattr(sys, "argv", ["skarb", *map(str, words)])
        with pytest.raises(SystemExit) as left:
            main()
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        return Result(int(left.value.code or 0), captured.out, captured.err)

    return run


def write(path: Path, rows: Sequence[Sequence[str]], header: Sequence[str] = HEADER) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *rows])
    return path


def payment(number: int, **changes: str) -> tuple[str, ...]:
    row = {
        "id": f"r{number}",
        "at": "2026-08-01T10:00:00+03:00",
        "activity": "fiat_pay",
        "party": f"p{number % 7}",
        "asset": "ZZD",
        "amount": f"{number + 1}.50",
        "counterparty": f"p{number % 5 + 10}",
    }
    return tuple({**row, **changes}.values())


@pytest.fixture
def payments(tmp_path: Path) -> Path:
    """Ten payments of which three cannot be read."""
    rows = [payment(number) for number in range(10)]
    rows[3] = payment(3, amount="1.005")
    rows[5] = payment(5, asset="QQQ")
    rows[8] = payment(8, at="2026-02-30T10:00:00+03:00")
    return write(tmp_path / "payments.csv", rows)
