"""The pages: one HTML file each with everything in it; the same bill or audit, the same bytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from skarb.core.amount import format_amount
from skarb.metering import Bill, Day, Finding, Line, bill_hash, mean_price
from skarb.reporting.pages import templates, text_of, words_in
from skarb.reporting.words import Said

_BTC = 8


@dataclass(frozen=True)
class _Head:
    title: str


def bill_page(bill: Bill, code: str = "en") -> str:
    """Return the page of a bill, in a language."""
    words = words_of(code)

    def money(line: Line) -> str:
        return words.amount(format_amount(line.amount, bill.decimals if line.asset == bill.currency else _BTC))

    names = words.messages["whats"]

    def what(line: Line) -> str:
        """Bands have the names that their tariff gives them; all else has a word."""
        bound = line.what.removeprefix("price from ")
        if line.kind == "levy" and bound != line.what:
            return words.text("price_from", price=bound)
        return (
            line.what if line.kind in ("energy", "surplus_discount") and line.what != "all" else names.get(line.what, line.what)
        )

    return _render(
        "bill.html",
        words,
        words.text("bill_title", site=bill.site, month=bill.month),
        bill=bill,
        hash=bill_hash(bill),
        mean=mean_price(bill),
        money=money,
        what=what,
        payable=words.money(bill.totals["payable"], bill.decimals),
        energy=words.amount(format_amount(bill.energy_wh, 3)),
    )


def audit_page(
    month: str, currency: str, findings: Sequence[Finding], days: Sequence[Day], notes: Sequence[str], code: str = "en"
) -> str:
    """Return the page of an audit, in a language."""
    words = words_of(code)
    return _render(
        "audit.html",
        words,
        words.text("audit_title", month=month),
        month=month,
        currency=currency,
        findings=findings,
        days=days,
        notes=notes,
    )


def _render(template: str, words: Said, title: str, **content: Any) -> str:
    return (
        templates()
        .get_template(template)
        .render(
            lang=words.code,
            t=words.text,
            word=words.word,
            day=lambda text: words.day(date.fromisoformat(text)) if text else "",
            whole=words.whole,
            kilowatt_hours=lambda wh: "" if wh is None else words.amount(format_amount(wh, 3)),
            report=_Head(title),
            style=text_of("report.css") + text_of("bill.css"),
            script=text_of("report.js"),
            **content,
        )
    )


def words_of(code: str) -> Said:
    """Return the words of bills and audits in a language."""
    return words_in("bills", code)
