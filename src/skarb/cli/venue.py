"""`skarb venue`: an order book made again from its messages."""

from __future__ import annotations

from pathlib import Path

from cyclopts import App

from skarb.cli.output import Format, Usage, check_outputs, err, format_of, out, table, write_rows
from skarb.core.counted import counted

app = App(name="venue", help="A venue's order book: the same messages make the same trades and the same book, at any message.")


@app.command
def match(
    orders: Path,
    /,
    *,
    at: int | None = None,
    depth: int = 5,
    output: Path | None = None,
    format: Format | None = None,  # noqa: A002
) -> None:
    """Match the messages of a file by price and then by time; show the trades, or the book after any message.

    Example: `skarb venue match orders.csv --at 5000`

    CSV, plain or gzip, with op,id,side,price,qty in whole ticks and lots. op: 0 a limit that rests, 1 immediate or cancel, 2 cancel, 3 move to a
    price, 4 fill or kill, 5 only if it would not trade. side: 0 buys, 1 sells. Trades are made at the price of the order that rested.

    Parameters
    ----------
    orders
        The file of messages.
    at
        Stop after so many messages and show what rests then.
    depth
        How many prices of each side are shown.
    output
        Write the trades, or what rests, to a file: .json, .jsonl, .csv or .parquet.
    format
        The form: table, json, csv or parquet.
    """
    from skarb.app.venue import matched, read_messages, trades_hash

    form = format_of(format, output)
    check_outputs((output,), (orders,))
    if at is not None and at < 0:
        raise Usage(f"--at: given {at}, expected a number of messages from 0 on")
    if depth < 1:
        raise Usage(f"--depth: given {depth}, expected at least 1")
    book, trades, count = matched(read_messages(orders), at)
    columns: tuple[str, ...] = ("maker", "taker", "price", "quantity")
    rows: list[tuple[str | int, ...]] = list(trades)
    if at is not None:
        columns = ("side", "price", "quantity", "orders")
        rows = [(("buy", "sell")[side], *level) for side in (0, 1) for level in book.depth(side, depth)]
    if form == "table" and at is None:
        out.print(table(columns, [tuple(map(str, row)) for row in rows[-depth:]], f"The last of {counted(len(trades), 'trade')}"))
    else:
        write_rows(columns, rows, form, output)
    traded = sum(one.quantity for one in trades)
    said = (
        f"{counted(count, 'message')}, {counted(len(trades), 'trade')} of {counted(traded, 'lot')}, "
        f"{counted(len(book), 'order')} left; trades {trades_hash(trades)}"
    )
    err.print(f"· {said}", style="dim", markup=False, highlight=False, soft_wrap=True)
