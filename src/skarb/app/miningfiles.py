"""What a market keeps of mining beside its books.

```
market/
  mining/  figures.json   the slow answers, with a stamp of what they were made from
           files.txt      files of the real chain, if somebody gave them; without them the past is made up
```
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from skarb.app.miningmodel import MiningFigures
from skarb.reporting.mining import MiningReport

FOLDER = "mining"
_FIGURES, _FILES = "figures.json", "files.txt"
_kept: dict[Path, tuple[int, MiningFigures]] = {}


def give_files(market: Path, files: Sequence[Path]) -> None:
    """Note files of the real chain, from which the market tells what mining paid and may pay; none leaves what was noted."""
    if files:
        folder = market / FOLDER
        folder.mkdir(exist_ok=True)
        (folder / _FILES).write_text("".join(f"{one.resolve()}\n" for one in files), encoding="utf-8")


def files_of(market: Path) -> list[Path]:
    """Return the files of the real chain that somebody gave."""
    try:
        return [Path(line) for line in (market / FOLDER / _FILES).read_text(encoding="utf-8").splitlines() if line]
    except FileNotFoundError:
        return []


def write_figures(market: Path, figures: MiningFigures) -> None:
    """Write the slow answers of a market, whole or not at all."""
    folder = market / FOLDER
    folder.mkdir(exist_ok=True)
    draft = folder / f"{_FIGURES}.new"
    draft.write_bytes(msgspec.json.encode(figures))
    draft.replace(folder / _FIGURES)


def read_figures(market: Path) -> MiningFigures | None:
    """Return the slow answers of a market, or None if they are not made yet; the file is read again when it changes."""
    path = market / FOLDER / _FIGURES
    try:
        changed = path.stat().st_mtime_ns
        if path not in _kept or _kept[path][0] != changed:
            _kept[path] = changed, msgspec.json.decode(path.read_bytes(), type=MiningFigures)
        return _kept[path][1]
    except (FileNotFoundError, msgspec.ValidationError, msgspec.DecodeError):  # none yet, or those of another release
        return None


def report_from(values: dict[str, Any]) -> MiningReport:
    """Return a report as it was before it was written down."""
    return msgspec.convert(values, MiningReport)
