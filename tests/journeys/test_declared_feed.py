"""The story of docs/declaring.md: two tables written by hand become a feed, a lake, and an answer about a draft."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq

ROOT = Path(__file__).parents[2]
TABLES = ROOT / "examples" / "declared"


def skarb(folder: Path, *words: object, code: int = 0) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "skarb.cli", *map(str, words)], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == code, done.stderr
    return done.stdout if not code else done.stderr


def words_of(text: str) -> str:
    return " ".join(text.split())


def test_tables_written_by_hand_answer_a_draft(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "declaring.md").read_text(encoding="utf-8")
    for name in ("rows.csv", "transfers.csv"):
        assert (TABLES / name).read_text(encoding="utf-8") in page, "the page shows the tables as they are"
    skarb(tmp_path, "proof", "key", "bank.key")
    fed = skarb(tmp_path, "feed", "declare", TABLES, "--to", "feed", "--book", "bank", "--key", "bank.key")
    added = skarb(tmp_path, "lake", "add", "lake", "feed", "--key", "bank.key.pub")
    draft = ROOT / "examples" / "drafts" / "by-payments"
    asked = ("replay", "lake", "--draft", draft, "--by", "none", "--mode", "as-would-have")
    said = skarb(tmp_path, *asked, "--out", "answer")
    for one in (fed.splitlines()[0], added, said.split("From provision")[0]):
        assert words_of(one) in words_of(page)
    told = json.loads((tmp_path / "answer" / "replay.json").read_text(encoding="utf-8"))
    assert told["unfunded"] == {"rows": 3, "money_minor": 12_918_00}
    short = pq.read_table(tmp_path / "answer" / "unfunded.parquet").to_pylist()
    assert [(one["id"], one["value_minor"], one["provision"], one["changed"]) for one in short] == [
        ("t3", 6_500_00, "BY-BC-2000/transfer", False),
        ("t4", 18_00, "BY-BC-2000/transfer", False),
        ("t5", 6_400_00, "BY-BC-2000/transfer", False),
    ]
    report = (tmp_path / "answer" / "report.html").read_text(encoding="utf-8")
    assert "Permitted, and not paid for" in report and report.index("<td>t3<") < report.index("<td>t5<") < report.index("<td>t4<")
    for language, said_ in (("be", "не хапіла б грошай"), ("ru", "не хватило бы денег"), ("en", "could not be paid")):
        skarb(tmp_path, *asked, "--out", "swept", "--in", language, "--sweep", "pay.max=8500.00..9500.00/3")
        assert said_ in (tmp_path / "swept" / "sweep.html").read_text(encoding="utf-8")
    swept = json.loads((tmp_path / "swept" / "sweep.json").read_text(encoding="utf-8"))
    assert (swept["unit"], swept["drafted"], swept["today"]) == ("BYN", "8500.00", None)
    assert [one["unfunded"]["rows"] for one in swept["values"]] == [3, 3, 3]  # above 9,200 a second person looks first
    assert "filed in an earlier export" in skarb(
        tmp_path, "feed", "declare", TABLES, "--to", "feed", "--book", "bank", "--key", "bank.key", code=3
    )


def test_nothing_is_written_where_a_cell_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "tables").mkdir()
    rows = (TABLES / "rows.csv").read_text(encoding="utf-8").replace("9200.00", "9200.005")
    (tmp_path / "tables" / "rows.csv").write_text(rows, encoding="utf-8")
    skarb(tmp_path, "proof", "key", "bank.key")
    said = skarb(tmp_path, "feed", "declare", "tables", "--to", "feed", "--book", "bank", "--key", "bank.key", code=3)
    assert "rows.csv: line 3, column amount: amount '9200.005' has 3 decimals" in words_of(said)
    assert words_of(said.split("input: ")[-1]) in words_of((ROOT / "docs" / "declaring.md").read_text(encoding="utf-8"))
    assert not (tmp_path / "feed").exists()
