"""What somebody asks of flows, and of what: the folder of a lake, or a file of transfers of his own."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from skarb.core.errors import InputError, NotFound
from skarb.core.time import to_day
from skarb.lake.open import database_path
from skarb.oversight.flows.definition import Choices
from skarb.oversight.flows.model import Rule
from skarb.oversight.flows.ties import TIE_DAYS

TOP = 10
_FOREVER = (-25567, 73049)


@dataclass(frozen=True)
class Asked:
    """What somebody wants to know of a lake, or of a file of transfers."""

    source: Path
    law: str = "by"
    first: date | None = None
    last: date | None = None
    rule: Rule = "fifo"
    choices: Choices = field(default_factory=Choices)
    horizon: int | None = None  # days
    rates: Path | None = None
    draft: Path | None = None
    purpose: str = ""
    abroad: tuple[str, ...] = ()  # of a file: which accounts lie abroad
    asset: str | None = None  # of a file: the only one to be followed
    mapping: str | None = None
    top: int = TOP
    paths: bool = True
    tie_days: int = TIE_DAYS  # that a payment from one institution to another may take
    language: str = "en"


def is_lake(source: Path) -> bool:
    """Tell whether something is the folder of a lake.

    Raises: NotFound for a folder that is none, or nothing at all.
    """
    if database_path(source).is_file():
        return True
    if source.is_file():
        return False
    what = "is a folder without lake.duckdb" if source.is_dir() else "does not exist"
    raise NotFound(f"{source} {what}; expected the folder of a lake (skarb lake add makes one) or a file of transfers")


def days_of(asked: Asked) -> tuple[int, int]:
    """Return the first and the last legal day that are asked for."""
    first = _FOREVER[0] if asked.first is None else to_day(asked.first)
    last = _FOREVER[1] if asked.last is None else to_day(asked.last)
    if first > last:
        raise InputError(f"days {asked.first} to {asked.last}: given a first day after the last one")
    return first, last
