"""What `skarb flows` shows of money abroad: the headline, tables for people, rows for programs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from skarb.cli.output import err, out, write_rows
from skarb.core.amount import format_amount
from skarb.core.counted import counted
from skarb.core.time import from_day
from skarb.oversight.flows.paths import Hop, Side
from skarb.oversight.flows.reconcile import Pair
from skarb.reporting.flows import FlowReport
from skarb.reporting.words import said


def money_of(report: FlowReport, minor: int) -> str:
    """Return money in the words of a terminal."""
    return said("en").money(minor, report.decimals)


def percent_of(share: float) -> str:
    """Return a share between 0 and 1 in percent."""
    return f"{100 * max(0.0, share):.2f} %"


def share_of(part: int, whole: int) -> str:
    """Return what part of a whole something is, in percent."""
    return said("en").share(part, whole).replace("\u00a0", " ")


def print_headline(report: FlowReport) -> None:
    """Print what went, came back and is still out, with its definition."""
    one = report.headline
    if not one.invested:
        out.print(
            f"{report.source}, {report.first} to {report.last}: {counted(report.rows, 'row')} across the border",
            markup=False,
            highlight=False,
        )
        return
    out.print(
        f"{money_of(report, one.invested)} {report.currency} went abroad from {report.first} to {report.last}; "
        f"{money_of(report, one.returned)} came back, "
        + (f"{money_of(report, one.spent)} was spent there, " if one.spent else "")
        + f"{money_of(report, one.still)} ({percent_of(one.plain)}) is still out.",
        style="bold", markup=False, highlight=False,
    )  # fmt: skip
    out.print(
        f"Never returned: {percent_of(one.share)} of the money had not come back after {counted(one.days, 'day')} (95 %: {percent_of(one.low)} … "
        f"{percent_of(one.high)}); of investments by count, {percent_of(one.by_count)} were not wholly back.",
        markup=False, highlight=False,
    )  # fmt: skip


def print_assets(report: FlowReport) -> None:
    """Print the same for each asset in its own units."""
    lines = []
    for one in report.assets:
        units = (format_amount(sum_, one.decimals) for sum_ in (one.invested, one.returned, one.spent, one.still))
        now = "" if one.worth_now is None else money_of(report, one.worth_now)
        lines.append((one.asset, *units, money_of(report, one.worth_then), now, one.rate))
    columns = ("asset", "invested", "returned", "spent", "still out", "worth then", f"worth now, {report.currency}", "rate")
    write_rows(columns, lines, "table", None, "Each asset in its own units")


def print_variants(report: FlowReport) -> None:
    """Print how much hangs on each choice."""
    lines = [
        (one.what, one.days, "too many investments in one pot to tell them apart", "", "")
        if one.still is None or one.invested is None
        else (
            one.what or "as asked",
            one.days,
            "not watched so long" if one.share is None else percent_of(one.share),
            money_of(report, one.still),
            share_of(one.still, one.invested),
        )
        for one in report.variants
    ]
    columns = ("what is otherwise", "days", "never returned", f"still out, {report.currency}", "share out")
    write_rows(columns, lines, "table", None, "How much hangs on the choices")


def print_lots(report: FlowReport) -> None:
    """Print the investments of which most is out."""
    lines = [
        (
            f"{one.book} {one.sequence}/{one.row}",
            one.day.isoformat(),
            one.age,
            one.person,
            f"{one.place} ({one.country})",
            f"{format_amount(one.units, one.decimals)} {one.asset}",
            money_of(report, one.worth),
            money_of(report, one.worth_left),
        )
        for one in report.lots
    ]
    columns = ("row", "day", "age", "who", "where", "amount", "worth", "still out")
    write_rows(columns, lines, "table", None, "Of these most is still out")


def print_notes(report: FlowReport) -> None:
    """Print what was chosen and what was taken for granted."""
    notes = [
        f"rule {report.rule}, pot {report.choices.pot}, conversion {report.choices.conversion}, opening {report.choices.opening}, own wallets "
        f"{report.choices.wallets}; invested is returned, spent and still out together, to the unit",
        *(
            f"not followed: {one.kind.replace('_', ' ')}, {counted(one.rows, 'row')} worth {money_of(report, one.value)} {report.currency}"
            for one in report.aside
        ),
        *report.notes,
    ]  # fmt: skip
    if report.unvalued:
        notes.append(f"{counted(report.unvalued, 'row')} of no known value, counted in units; nothing of it is in sums of money")
    if report.unknown_rows:
        notes.append(f"{counted(report.unknown_rows, 'return')} paid, at least in part, out of money that was not seen to go out")
    if report.lake and not report.named:
        notes.append("people are told by their number in the lake; --purpose TEXT shows names and is recorded")
    if report.ties:
        notes.append(f"payments between institutions that an id names: {ties_text(report.ties)}; skarb flows ties tells each")
    for note in notes:
        err.print(f"· {note}", style="dim", markup=False, highlight=False)


def lot_rows(report: FlowReport) -> Iterator[tuple[Any, ...]]:
    """Yield a row for each investment that is told."""
    for one in report.lots:
        yield (
            one.book, one.sequence, one.row, one.id, one.day.isoformat(), one.age, one.person, one.place, one.country, one.asset, str(one.units),
            str(one.left), one.decimals, one.worth, one.worth_left,
        )  # fmt: skip


def hop_rows(report: FlowReport) -> Iterator[tuple[Any, ...]]:
    """Yield a row for each hop on its ways."""
    for lot in report.lots:
        for number, way in enumerate(lot.ways, 1):
            for place, hop in enumerate(way.hops, 1):
                yield (
                    lot.book, lot.sequence, lot.row, number, way.begins, place, hop.book, hop.sequence, hop.row, hop.source, hop.target, hop.asset,
                    str(hop.units), hop.decimals,
                )  # fmt: skip


def hop_text(hop: Hop) -> str:
    """Return a hop in one line."""
    return (
        f"{hop.book} {hop.sequence}/{hop.row}: {hop.source} → {hop.target}, {format_amount(hop.units, hop.decimals)} {hop.asset}"
    )


def ties_text(counts: Mapping[str, int]) -> str:
    """Return in words how many payments between institutions ended how."""
    return ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in counts.items())


def tie_rows(found: Iterable[tuple[str, Side | None, Side | None]]) -> Iterator[tuple[Any, ...]]:
    """Yield a row for each payment between institutions."""
    for what, sent, arrived in found:
        yield (what, *_side_cells(sent), *_side_cells(arrived))


def _side_cells(side: Side | None) -> tuple[Any, ...]:
    if side is None:
        return (None,) * 6
    amount = format_amount(side.units, side.decimals)
    return side.book, side.sequence, side.row, _moment(side).isoformat(), amount, side.asset


def _moment(side: Side) -> datetime:
    return datetime.fromtimestamp(side.instant // 10**9, UTC)


def tie_lines(found: Iterable[tuple[str, Side | None, Side | None]]) -> Iterator[tuple[str, str, str]]:
    """Yield the same for people."""
    for what, sent, arrived in found:
        yield what.replace("_", " "), _side_text(sent), _side_text(arrived)


def _side_text(side: Side | None) -> str:
    if side is None:
        return ""
    amount = format_amount(side.units, side.decimals)
    return f"{side.book} {side.sequence}/{side.row} {_moment(side):%Y-%m-%d %H:%M} UTC, {amount} {side.asset}"


def pair_rows(pair: Pair) -> Iterator[tuple[Any, ...]]:
    """Yield a row for each entry of either side."""
    for side, entries in (("here", pair.here), ("there", pair.there)):
        for one in entries:
            direction = "out" if one.outward else "in"
            amount = format_amount(one.units, one.decimals)
            yield (
                pair.found,
                pair.by,
                side,
                one.where,
                one.reference,
                from_day(one.day).isoformat(),
                direction,
                amount,
                one.asset,
            )


def print_json(found: dict[str, Any], output: Path | None) -> None:
    """Print an answer as JSON, or write it into a file."""
    text = msgspec.json.format(msgspec.json.encode(found))
    if output is None:
        out.print_json(text.decode())
    else:
        output.write_bytes(text + b"\n")
