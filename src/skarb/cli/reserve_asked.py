"""How the verbs of value and risk are asked: whose figures, which prices, where the answer goes; and how tables are cut for a terminal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from skarb.cli.mine_shown import settings_of
from skarb.cli.output import Format, check_outputs, format_of, need
from skarb.core.errors import FieldError

Files = Annotated[list[Path], Parameter(help="Files, each named by itself.", negative=())]


@Parameter(name="*")
@dataclass(frozen=True)
class Asked:
    """Whose figures, which of them are given, and where the answer goes."""

    country: str = "by"
    "The country whose reserve.yaml has the figures."
    settings: Annotated[list[str] | None, Parameter(name="--set", negative=())] = None
    "A figure with another value, such as fee=0.005; once for each."
    market: str | None = None
    "What the market of the hours is called; by default as its file."
    over_gaps: int = 0
    "Holes in the daily prices of at most so many days are bridged, and told."
    output: Path | None = None
    "A file for the answer instead of the terminal: .json, .csv or .parquet."
    format: Format | None = None
    "table, json (with all inputs), csv or parquet."


@Parameter(name="*")
@dataclass(frozen=True)
class Span:
    """Which prices are looked at, and how."""

    first: Annotated[date | None, Parameter(name="--from")] = None
    "The first day of prices; by default the first behind all holes."
    last: Annotated[date | None, Parameter(name="--to")] = None
    "The last day of prices."
    currency: Literal["USD", "BYN"] = "USD"
    "In which currency changes are measured; BYN needs official rates of all days."


USUAL = Asked()
WHOLE = Span()


def read(paths: list[Path], asked: Asked) -> tuple[Any, Any]:
    """Return the policy of the country and what the files say."""
    from skarb.app.reserve_files import load
    from skarb.app.reserve_policy import policy_of

    need(paths, "file")
    if not 0 <= asked.over_gaps <= 31:
        raise FieldError("--over-gaps", asked.over_gaps, "0 to 31 days")
    policy = policy_of(asked.country, settings_of(asked.settings))
    return policy, load(paths, policy, asked.market)


def prices_of(files: Any, policy: Any, asked: Asked, span: Span, gaps: int = 0) -> Any:
    """Return the prices that are looked at."""
    from skarb.core.time import to_day

    first, last = (None if one is None else to_day(one) for one in (span.first, span.last))
    found = files.prices(max(gaps, asked.over_gaps), first if span.currency == "USD" else None, span.currency, policy.currency)
    return found.between(first, last)


def coins_of(text: str | None, field: str = "--coins") -> int | None:
    """Read an amount of BTC as satoshi."""
    from skarb.core.amount import parse_amount

    if text is None:
        return None
    sat = parse_amount(text, 8)
    if not 0 < sat <= 21 * 10**14:
        raise FieldError(field, text, "more than 0 and at most 21000000")
    return sat


def form_of(asked: Asked, files: list[Path]) -> Format:
    """Return the form of an answer, having found out that it has somewhere to go."""
    form = format_of(asked.format, asked.output)
    check_outputs((asked.output,), files)
    return form


def numbers(field: str, text: str) -> list[float]:
    """Read numbers joined by commas."""
    try:
        found = [float(one) for one in text.split(",")]
        whole = field != "--horizon" or all(one == int(one) for one in found)
        if not whole or not all(0 < one < 400 for one in found):
            raise ValueError
    except (ValueError, OverflowError):
        raise FieldError(
            field, text, "numbers joined by commas such as " + ("1,10" if field == "--horizon" else "95,99")
        ) from None
    if field == "--level" and not all(50 <= one < 100 for one in found):
        raise FieldError(field, text, "levels from 50 to below 100 percent")
    return found


def without(
    columns: tuple[str, ...], rows: list[tuple[Any, ...]], names: tuple[str, ...]
) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    """Leave out columns that would not fit a terminal."""
    kept = [place for place, name in enumerate(columns) if name not in names]
    return tuple(columns[place] for place in kept), [tuple(row[place] for place in kept) for row in rows]


def whole_units(columns: tuple[str, ...], rows: list[tuple[Any, ...]]) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    """Round money to whole units, for the eye."""
    money = [name.endswith(("_usd", "_byn")) for name in columns]
    return columns, [
        tuple(round(float(one)) if is_money and one else one for one, is_money in zip(row, money, strict=True)) for row in rows
    ]
