"""The flows of a market: what its lake says about money abroad, made beside it when the lake has grown.

```
market/
  flows/  flows.json   all figures
          heights.json what was read: the batches of each book, and the release that read them
          part.<language>.html, report.<language>.html   for the console, and to stand alone
```
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec

from skarb import __version__
from skarb.app.flows import Asked, ask
from skarb.reporting.flows import fragment, page, record
from skarb.rulebook.words import LANGUAGES

FOLDER = "flows"
_HEIGHTS, _FIGURES = "heights.json", "flows.json"


def follow_flows(market: Path, law: str, heights: dict[str, int]) -> None:
    """Follow the money in a market's lake, unless that was done for the same batches.

    Raises: InputError, Unavailable
    """
    folder = market / FOLDER
    stamp = msgspec.json.encode({"version": __version__, "heights": heights}, order="sorted")
    if _read(folder / _HEIGHTS) == stamp:
        return
    report = ask(Asked(market / "lake", law)).report
    folder.mkdir(exist_ok=True)
    for code in LANGUAGES:
        part = fragment(report, code, partial(_row_page, code))
        _write(folder / f"part.{code}.html", part.encode())
        _write(folder / f"report.{code}.html", page(report, code).encode())
    _write(folder / _FIGURES, msgspec.json.encode(record(report)))
    _write(folder / _HEIGHTS, stamp)


def _row_page(code: str, book: str, sequence: int, row: int) -> str:
    """Return where the console shows a row of a journal."""
    return f"/book/{quote(book)}/batch/{sequence}/row/{row}?lang={code}"


def flow_part(market: Path, language: str) -> str | None:
    """Return what the console shows of the flows, or None if nothing was followed yet."""
    found = _read(market / FOLDER / f"part.{language}.html")
    return None if found is None else found.decode()


def flow_report(market: Path, language: str) -> bytes | None:
    """Return the report that stands alone, or None."""
    return _read(market / FOLDER / f"report.{language}.html")


def flow_figures(market: Path) -> dict[str, Any] | None:
    """Return all figures, or None."""
    found = _read(market / FOLDER / _FIGURES)
    return None if found is None else msgspec.json.decode(found, type=dict[str, Any])


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _write(path: Path, content: bytes) -> None:
    draft = path.with_name(path.name + ".new")
    draft.write_bytes(content)
    draft.replace(path)
