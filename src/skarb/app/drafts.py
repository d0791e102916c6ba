"""The drafts of a market, and what their replay brought.

```
market/
  drafts/<id>/        a draft of law each; the first ones come with the market, anybody may add others
  keys/<book>.key     the keys that the institutions sign their feeds with
  feed/  lake/        what they hand to the supervisor, and what he made of it
  answers/<id>/       what a draft would have changed: answer.json for the console, report.<language>.html, and the files of `skarb replay`
```
"""

from __future__ import annotations

from pathlib import Path
from threading import Lock

import msgspec

from skarb.app.draftmodel import DraftAnswer, DraftLine

ANSWER, PROBLEM = "answer.json", "problem.txt"


def draft_folders(market: Path) -> list[Path]:
    """Return the drafts of a market, by name."""
    folder = market / "drafts"
    return sorted(one for one in folder.iterdir() if one.joinpath("draft.yaml").is_file()) if folder.is_dir() else []


def answer_folder(market: Path, draft: str) -> Path:
    """Return where the answer to a draft lies."""
    return market / "answers" / draft


def report_path(market: Path, draft: str, language: str) -> Path:
    """Return where the report that stands alone lies."""
    return answer_folder(market, draft) / f"report.{language}.html"


def read_answer(market: Path, draft: str) -> DraftAnswer | None:
    """Return the answer to a draft, or None if there is none, or one of another release."""
    try:
        return msgspec.json.decode((answer_folder(market, draft) / ANSWER).read_bytes(), type=DraftAnswer)
    except (FileNotFoundError, msgspec.DecodeError):
        return None


class Answers:
    """Reads answers for many threads; each is decoded once."""

    def __init__(self, market: Path) -> None:
        self._market = market
        self._kept: dict[str, tuple[int, DraftAnswer | None]] = {}
        self._lock = Lock()

    def lines(self) -> tuple[DraftLine, ...]:
        """Return every draft, with its answer where there is one."""
        return tuple(self._line(one.name) for one in draft_folders(self._market))

    def report(self, draft: str, language: str) -> bytes | None:
        """Return the report that stands alone, or None."""
        if all(one.name != draft for one in draft_folders(self._market)):
            return None
        try:
            return report_path(self._market, draft, language).read_bytes()
        except FileNotFoundError:
            return None

    def _line(self, draft: str) -> DraftLine:
        folder = answer_folder(self._market, draft)
        try:
            return DraftLine(id=draft, problem=(folder / PROBLEM).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return DraftLine(id=draft, answer=self._answer(draft, folder / ANSWER))

    def _answer(self, draft: str, path: Path) -> DraftAnswer | None:
        try:
            stamp = path.stat().st_mtime_ns
        except FileNotFoundError:
            return None
        with self._lock:
            known = self._kept.get(draft)
            if known is None or known[0] != stamp:
                known = self._kept[draft] = stamp, read_answer(self._market, draft)
            return known[1]
