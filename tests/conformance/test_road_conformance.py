"""The whole road on files that we did not write: every row answered, the book verifies, and any changed byte of it is found.

Files are found below the data folder by what they hold: a file that intake understands is decided and posted; a payment message
that its manifest calls valid must be understood; every other file gets one clear error and leaves no book.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import random
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from skarb.cli import main
from skarb.core.errors import SkarbError
from skarb.intake import read
from skarb.journal import verify

DATA = Path(os.environ.get("SKARB_DATA", Path(__file__).parents[2].parent / "shared" / "data"))
FOLDERS = ("aml", "chain", "iso20022/samples")
PAYMENTS = ("pain.001", "pacs.008")
WHY = f"no files of payments below {DATA} (set SKARB_DATA)"


def everything() -> list[Path]:
    return sorted(
        path for folder in FOLDERS for path in (DATA / folder).rglob("*") if path.is_file() and path.name != "manifest.json"
    )


def valid_messages() -> set[Path]:
    """Return the payment messages that a manifest calls valid by their schema and by the rules of use."""
    found = set()
    for manifest in (DATA / "iso20022").rglob("manifest.json"):
        for entry in json.loads(manifest.read_text(encoding="utf-8")):
            parts = [part for part in entry["parts"] if any(kind in part["namespace"] for kind in PAYMENTS)]
            if parts and all(part["xsd_valid"] for part in entry["parts"]) and "expected_usage_rule_violation" not in entry:
                found.add(manifest.parent / entry["file"])
    return found


def understood(path: Path) -> bool:
    try:
        next(read(path))
    except SkarbError:
        return False
    return True


FILES = everything()
VALID = valid_messages()
READABLE = [path for path in FILES if understood(path)]
OTHERS = [path for path in FILES if path not in set(READABLE)]


def rows_in(path: Path) -> int | None:
    """Count the rows of a file without any help from intake; None for blocks and for answers of nodes, which need one."""
    data = path.read_bytes()
    data = gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data
    if of_a_node(data):
        return None
    if b"CdtTrfTxInf" in data:
        return data.count(b"CdtTrfTxInf>") // 2
    if data.lstrip().startswith(b"["):
        return len(json.loads(data))
    try:
        return len(list(csv.DictReader(io.StringIO(data.decode("utf-8-sig")))))
    except UnicodeDecodeError:
        return None


def of_a_node(data: bytes) -> bool:
    """Tell whether a file holds answers of an Ethereum node, which may tell of no payment at all."""
    return data.lstrip().startswith(b"{") and (b'"jsonrpc"' in data[:4096] or b'"transaction_traces"' in data[:4096])


@pytest.fixture
def skarb(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    def run(*words: Any) -> tuple[int, str, str]:
        capsys.readouterr()
        monkeypatch.setattr(sys, "argv", ["skarb", *map(str, words)])
        with pytest.raises(SystemExit) as left:
            main()
        captured = capsys.readouterr()
        return int(left.value.code or 0), captured.out, captured.err

    return run


def answers(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


@pytest.mark.skipif(not VALID, reason=f"no manifest names valid messages of payments below {DATA} (set SKARB_DATA)")
def test_every_valid_message_is_understood() -> None:
    assert set(READABLE) >= VALID


@pytest.mark.skipif(not FILES, reason=WHY)
@pytest.mark.parametrize("path", READABLE, ids=[str(path.relative_to(DATA)) for path in READABLE])
def test_every_row_is_answered_and_the_book_proves_it(path: Path, skarb, tmp_path: Path) -> None:
    book, problems = tmp_path / "data.book", tmp_path / "problems.jsonl"
    code, out, err = skarb("decide", path, "--format", "csv", "--problems", problems)
    assert code == 0, err
    decided = answers(out)
    malformed = {json.loads(line)["row"] for line in problems.read_text(encoding="utf-8").splitlines()}
    rows = rows_in(path)
    seen = {int(row["row"]) for row in decided}
    assert len(seen) == len(decided)
    assert seen.isdisjoint(malformed)
    assert rows is None or seen | malformed == set(range(1, rows + 1))
    assert rows is not None or seen or malformed or of_a_node(path.read_bytes())
    assert f"{len(seen) + len(malformed):,} rows in" in err
    if path in VALID:
        assert malformed == set()

    code, out, err = skarb("post", path, "--book", book, "--format", "csv", "--problems", problems, "--batch", 2048)
    assert code == 0, err
    posted = answers(out)
    assert {int(row["row"]) for row in posted} == seen
    # What is posted was decided the same way.
    verdicts = {row["row"]: (row["verdict"], row["provision"], row["edition"]) for row in decided}
    assert verdicts == {row["row"]: (row["verdict"], row["provision"], row["edition"]) for row in posted}
    assert all((row["outcome"] in ("posted", "not_posted")) == (row["verdict"] == "permit") for row in posted)
    report = verify(book)
    assert (report.findings, report.seal) == ([], "closed")
    assert report.instructions == len({row["id"] for row in posted})
    assert all(debit == credit for debit, credit in report.supply.values())

    code, out, err = skarb("post", path, "--book", book, "--format", "csv")
    assert code == 0, err
    assert {row["repeated"] for row in answers(out)} <= {"True"}

    if posted:
        data = bytearray(book.read_bytes())
        at = random.Random(path.name).randrange(len(data))
        data[at] ^= 0x10
        book.write_bytes(data)
        report = verify(book)
        assert not report.ok
        assert any(finding.start <= at < finding.stop for finding in report.findings if finding.start is not None)


@pytest.mark.skipif(not FILES, reason=WHY)
@pytest.mark.parametrize("path", OTHERS, ids=[str(path.relative_to(DATA)) for path in OTHERS])
def test_any_other_file_gets_one_clear_error(path: Path, skarb, tmp_path: Path) -> None:
    for words in (("decide", path), ("post", path, "--book", tmp_path / "data.book")):
        code, out, err = skarb(*words)
        assert (code, out) == (3, "")
        assert path.name in err.replace("\n", "")
        assert "Traceback" not in err
    assert not (tmp_path / "data.book").exists()
