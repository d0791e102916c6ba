"""`skarb bench`: the figures that the documents quote, measured here and now."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

from skarb.cli.output import err, out, table


def bench(
    name: Literal["road", "ledger", "rules", "replay", "flows", "mining", "screening", "alerts"],
    *,
    rows: int | None = None,
    data: Path | None = None,
    json: bool = False,
) -> None:
    """Measure Skarb on this machine and print one object of figures.

    `road`: from JSON bytes to durable receipts, one by one and in batches; recovery and verification. `ledger`: transfers without
    instructions, decided, chained and on disk; holds, hot accounts, JSON, single callers. `rules`: the same small rulebook on
    Skarb and on the policy engines that are installed (pip install 'skarb[bench]'), as ratios, with the wrong answers of each;
    then whole files under the law of Belarus: the kernel over columns, DuckDB, the generated functions. `replay`: a lake of ten million
    rows under two editions, under a law that remembers, under fifty drafts; loading; other engines on the same provisions. `flows`: money
    followed through ten million transfers, by the order in which it came and by shares of balances, conserved to the unit. `mining`: a
    thousand scenarios of price and difficulty over five years; a year of the power system filled, as a linear program, with whole units; two
    days planned anew; scipy, highspy, linopy and PyPSA on the same year where installed; the risk of a reserve forecast for every day of fourteen
    years, and rules for mined coins tried from every month; a Merkle sum tree over a million balances; simulated machines polled over real sockets
    (with the extra `fleet`). `screening`: names against lists, by the best means installed and by rules alone, beside others; a million clients
    against new entries. `alerts`: a watch over a million transfers, what it finds of known schemes and what it disturbs, with and without a view
    across institutions.

    Figures are medians; rates are per second.

    Parameters
    ----------
    name
        What to measure.
    rows
        Of `replay` and `flows`: how many rows, if not ten million. Of `screening`: how many clients are rescreened, and of `alerts`:
        how many transfers are watched, if not a million.
    data
        Of `screening`: the folder with labelled names; by default what SKARB_DATA names. Without it what depends on them is null.
    json
        Print JSON instead of a table.
    """
    err.print(f"[dim]Measuring {name}; this takes a minute or two …[/]")
    figures = _measure(name, rows, data)
    if json:
        out.print_json(msgspec.json.encode(figures).decode())
        return
    plain = {name: value for name, value in figures.items() if not isinstance(value, dict)}
    out.print(table(("figure", "value"), ((name, _shown(value)) for name, value in plain.items())))
    for title, value in figures.items():
        if isinstance(value, dict):
            out.print(table((title, ""), ((key, _shown(one)) for key, one in value.items())))


def _measure(name: str, rows: int | None, data: Path | None) -> dict[str, object]:
    if name == "road":
        from skarb.bench.road import bench as road

        return road()
    if name == "ledger":
        from skarb.bench.ledger import bench as ledger

        return ledger()
    if name == "replay":
        from skarb.bench import replay

        return replay.bench(replay.ROWS if rows is None else rows)
    if name == "mining":
        from skarb.bench.mining import bench as mining

        return mining()
    if name == "flows":
        from skarb.bench import flows

        return flows.bench(flows.ROWS if rows is None else rows)
    if name == "screening":
        from skarb.bench import screening

        return screening.bench(data, screening.CLIENTS if rows is None else rows)
    if name == "alerts":
        from skarb.bench import alerts

        return alerts.bench(alerts.ROWS if rows is None else rows)
    from skarb.bench.rules import bench as rules

    return rules()


def _shown(value: object) -> object:
    if isinstance(value, float):
        return f"{value:,.0f}" if value >= 100 else f"{value:,.3g}"
    return ", ".join(f"{key} {_shown(one)}" for key, one in value.items()) if isinstance(value, dict) else value
