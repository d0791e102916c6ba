"""A market in one look: books, answers by provision, value abroad and back, the latest refusals."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape

from skarb.app.market import Market
from skarb.app.model import ClockView
from skarb.cli.output import table
from skarb.core.amount import format_amount
from skarb.core.counted import counted

SHOWN = 14


def print_market(market: Market, to: Console) -> None:
    """Print the summary of a market."""
    view = market.view
    clock = view.clock()
    books = [
        (
            book.name,
            book.licence.replace("_", " "),
            book.permitted,
            book.refused,
            book.referred,
            book.not_posted,
            book.height,
            book.head[:12],
        )
        for book in view.books()
    ]
    columns = ("book", "licence", "posted", "refused", "waiting", "not_posted", "batches", "head")
    to.print(table(columns, books, f"{counted(clock.instructions, 'instruction')} until {clock.now:%d %B %Y}"))
    decisions = [
        (one.verdict, one.count, one.provision + (" (assumed)" if one.assumed else ""), one.title)
        for one in view.decisions()[:SHOWN]
    ]
    to.print(table(("verdict", "count", "provision", "title"), decisions, "What decided"))
    flows = view.flows()
    out, back = sum(day.out for day in flows.days), sum(day.returned for day in flows.days)
    to.print(
        f"Abroad: [bold]{_money(out, clock)} {clock.currency}[/] went to foreign venues, [bold]{_money(back, clock)}[/] came back, "
        f"[bold]{_money(out - back, clock)}[/] is still out\n",
        highlight=False,
    )
    to.print("[bold]Latest refusals[/]")
    for one in view.refusals(6):
        to.print(f"  {one.at:%d %b %H:%M}  {one.activity}, {one.amount} {one.asset}: [red]{one.provision}[/]", highlight=False)
        to.print(f"      {one.says}", markup=False, highlight=False)
    to.print()
    for book in view.books():
        to.print(f"[dim]· prove it: skarb verify {escape(str(market.book_path(book.name)))}[/]", highlight=False)


def _money(minor: int, clock: ClockView) -> str:
    return f"{int(format_amount(abs(minor), clock.currency_decimals).partition('.')[0]) * (1 if minor >= 0 else -1):,}"
