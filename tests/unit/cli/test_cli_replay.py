"""`skarb replay` on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from tests.unit.oversight.drafts import ROWS, lake_of, paid, write_draft


@pytest.fixture
def words(tmp_path: Path) -> tuple[object, ...]:
    """The lake, the law and the draft of every command here."""
    return (lake_of(tmp_path), "--law", "zz", "--draft", write_draft(tmp_path))


def test_the_terminal_begins_with_one_sentence_and_shows_exact_money(skarb, words: tuple[object, ...]):
    result = skarb("replay", *words, "--by", "month,residency")
    assert result.code == 0
    said = " ".join(result.out.split())
    assert (
        "Of 8 rows, 6 (75.00 %) would be decided otherwise: 2 newly refused (1,234,567,990.12 ZZD), 1 newly referred (50.00 ZZD)"
        in said
    )
    assert "2 newly permitted (7.00 ZZD), 1 otherwise (200.00 ZZD)." in said
    assert "2026-06 3 1 1,234,567,890.12 0 0.00 1 7.00 1 200.00" in said
    assert "By residency" in said and "By venue" not in said
    assert "2 parties would no longer be permitted something" in said
    assert "As it happened" in result.err and "as if it had begun on 2026-05-05" in " ".join(result.err.split())


def test_changed_pairs_come_first(skarb, words: tuple[object, ...]):
    table = skarb("replay", *words, "--by", "none").out
    assert table.index("ZZ-T1-2027/stop") < table.index("stays")


def test_names_need_a_purpose(skarb, words: tuple[object, ...]):
    masked = skarb("replay", *words, "--by", "none")
    assert "#0" in masked.out and " p1 " not in masked.out and "--purpose" in masked.err
    named = skarb("replay", *words, "--by", "none", "--purpose", "impact of the draft")
    assert " p1 " in named.out and "#0" not in named.out
    assert skarb("replay", *words, "--purpose", " ").code == 8


def test_json_is_the_record(skarb, words: tuple[object, ...]):
    told = json.loads(skarb("replay", *words, "--format", "json").out, parse_float=lambda found: pytest.fail(f"a float: {found}"))
    assert told["newly_refused"] == {"rows": 2, "money_minor": 123_456_799_012}


def test_the_sums_go_to_files(skarb, words: tuple[object, ...], tmp_path: Path):
    rows = skarb("replay", *words, "--format", "csv", "--by", "book").rows
    assert sum(int(row["rows"]) for row in rows) == 8
    assert {(row["book"], row["money_minor"]) for row in rows if row["provision_after"] == "ZZ-T1-2027/look"} == {
        ("bank1", "5000")
    }
    assert skarb("replay", *words, "--by", "book", "--output", tmp_path / "sums.parquet").code == 0
    assert sum(pq.read_table(tmp_path / "sums.parquet")["rows"].to_pylist()) == 8


def test_the_folder_holds_everything(skarb, words: tuple[object, ...], tmp_path: Path):
    result = skarb("replay", *words, "--out", tmp_path / "answer")
    assert sorted(path.name for path in (tmp_path / "answer").iterdir()) == [
        "changes.parquet",
        "replay.json",
        "report.html",
        "summary.parquet",
    ]
    assert "report.html" in result.err


def test_a_sweep_is_a_table_of_values(skarb, words: tuple[object, ...], tmp_path: Path):
    rows = skarb("replay", *words, "--sweep", "test.pay_max=60.00..160.00/2", "--format", "csv", "--out", tmp_path / "tried").rows
    assert [(row["value"], row["newly_refused_rows"]) for row in rows] == [("60.00", "2"), ("160.00", "1")]
    assert (tmp_path / "tried" / "sweep.html").is_file()


def test_rows_decided_otherwise_than_recorded_are_told_loudly(skarb, tmp_path: Path):
    lake = lake_of(tmp_path, (*ROWS, paid(7, 100, 0, outcome=0)))
    result = skarb("replay", lake, "--law", "zz", "--draft", write_draft(tmp_path))
    assert result.code == 0 and "1 row was recorded with another decision" in " ".join(result.err.split())


@pytest.mark.parametrize(
    ("more", "code", "said"),
    [
        (("--by", "month,colour"), 2, "'colour' is not known"),
        (("--by", "month,month"), 2, "each name once"),
        (("--in", "de"), 2, "expected one of be, ru, en"),
        (("--from", "2026-07-01", "--to", "2026-06-01"), 3, "a first day after the last one"),
        (("--sweep", "pay=1"), 3, "PARAMETER=FROM..TO/STEPS"),
        (("--out", "nowhere/answer"), 4, "there is no folder nowhere"),
    ],
)
def test_what_makes_no_sense_is_said_with_an_exit_code(
    skarb, words: tuple[object, ...], more: tuple[str, ...], code: int, said: str
):
    result = skarb("replay", *words, *more)
    assert result.code == code and said in " ".join(result.err.split())
