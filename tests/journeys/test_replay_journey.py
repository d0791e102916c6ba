"""The story of docs/replay.md: a book goes out as a feed, into a lake, and a draft is tried on it; the page says what comes out."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
DRAFT = ROOT / "examples" / "drafts" / "by-payments"


def skarb(folder: Path, *words: object) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "skarb.cli", *map(str, words)], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_from_a_book_to_what_a_draft_would_change(tmp_path: Path):
    payments = subprocess.run([sys.executable, ROOT / "examples" / "payments.py"], capture_output=True, text=True, check=True)
    (tmp_path / "payments.csv").write_text(payments.stdout, encoding="utf-8")
    skarb(tmp_path, "post", "payments.csv", "--assume", "natural_person", "--book", "bank.book")
    skarb(tmp_path, "proof", "key", "bank.key")
    fed = skarb(tmp_path, "feed", "bank.book", "--to", "feed", "--key", "bank.key")
    skarb(tmp_path, "lake", "add", "lake", "feed", "--key", "bank.key.pub")
    said = skarb(tmp_path, "replay", "lake", "--draft", DRAFT, "--by", "month", "--out", "answer")
    told = json.loads((tmp_path / "answer" / "replay.json").read_text(encoding="utf-8"))
    assert told["newly_refused"] == {"rows": 37, "money_minor": 324_518_57}
    assert told["newly_referred"] == {"rows": 35, "money_minor": 288_025_40}
    assert not told["differing"] and not told["undecided"]
    assert told["snapshot"]["books"][0]["head"] in fed, "the answer rests on the journal that the institution signed"
    page = " ".join((ROOT / "docs" / "replay.md").read_text(encoding="utf-8").split())
    headline = " ".join(said.split("From provision")[0].split())
    assert headline in page
