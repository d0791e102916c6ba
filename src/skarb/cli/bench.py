"""`skarb bench`: the figures that the documents quote, measured here and now."""

from __future__ import annotations

from typing import Literal

import msgspec

from skarb.cli.output import err, out, table


def bench(name: Literal["road", "ledger", "rules", "replay", "alerts"], *, rows: int | None = None, json: bool = False) -> None:
    """Measure Skarb on this machine and print one object of figures.

    `road`: from JSON bytes to durable receipts, one by one and in batches; recovery and verification. `ledger`: transfers without
    instructions, decided, chained and on disk; holds, hot accounts, JSON, single callers. `rules`: the same small rulebook on
    Skarb and on the policy engines that are installed (pip install 'skarb[bench]'), as ratios, with the wrong answers of each;
    then whole files under the law of Belarus: the kernel over columns, DuckDB, the generated functions. `replay`: a lake of ten million
    rows under two editions, under a law that remembers, under fifty drafts; loading; other engines on the same provisions. `alerts`: a watch
    over a million transfers, what it finds of known schemes and what it disturbs, with and without a view across institutions.

    Figures are medians; rates are per second.

    Parameters
    ----------
    name
        What to measure.
    rows
        Of `replay`: how many rows, if not ten million; of `alerts`: if not one million.
    json
        Print JSON instead of a table.
    """
    err.print(f"[dim]Measuring {name}; this takes a minute or two …[/]")
    figures = _measure(name, rows)
    if json:
        out.print_json(msgspec.json.encode(figures).decode())
        return
    plain = {name: value for name, value in figures.items() if not isinstance(value, dict)}
    out.print(table(("figure", "value"), ((name, _shown(value)) for name, value in plain.items())))
    for title, value in figures.items():
        if isinstance(value, dict):
            out.print(table((title, ""), ((key, _shown(one)) for key, one in value.items())))


def _measure(name: str, rows: int | None) -> dict[str, object]:
    if name == "road":
        from skarb.bench.road import bench as road

        return road()
    if name == "ledger":
        from skarb.bench.ledger import bench as ledger

        return ledger()
    if name == "replay":
        from skarb.bench import replay

        return replay.bench(replay.ROWS if rows is None else rows)
    if name == "alerts":
        from skarb.bench import alerts

        return alerts.bench(alerts.ROWS if rows is None else rows)
    from skarb.bench.rules import bench as rules

    return rules()


def _shown(value: object) -> object:
    if isinstance(value, float):
        return f"{value:,.0f}" if value >= 100 else f"{value:,.3g}"
    return ", ".join(f"{key} {_shown(one)}" for key, one in value.items()) if isinstance(value, dict) else value
