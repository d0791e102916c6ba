"""The pages: one HTML file each with everything in it; the same bill or audit, the same bytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from skarb.core.amount import format_amount
from skarb.metering import Bill, Day, Finding, Remark, bill_hash, mean_price
from skarb.reporting.bills.remarks import all_told, arithmetic, money, told, unit, what
from skarb.reporting.pages import templates, text_of, words_in
from skarb.reporting.words import Said


@dataclass(frozen=True)
class _Head:
    title: str


def bill_page(bill: Bill, code: str = "en") -> str:
    """Return the page of a bill, in a language."""
    words = words_of(code)

    return _render(
        "bill.html",
        words,
        words.text("bill_title", site=bill.site, month=bill.month),
        bill=bill,
        hash=bill_hash(bill),
        mean=words.amount(mean_price(bill)),
        money=lambda line: money(words, line, bill),
        what=lambda line: what(words, line),
        arithmetic=lambda line: arithmetic(words, line, bill),
        exact=words.amount(bill.exact_net),
        payable=words.money(bill.totals["payable"], bill.decimals),
        energy=words.amount(format_amount(bill.energy_wh, 3)),
    )


def audit_page(
    month: str, currency: str, findings: Sequence[Finding], days: Sequence[Day], notes: Sequence[Remark], code: str = "en"
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
            amount=words.amount,
            unit=lambda text: unit(words, text),
            told=lambda one: told(words, one),
            all_told=lambda several: all_told(words, several),
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
