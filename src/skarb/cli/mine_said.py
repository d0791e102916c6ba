"""What bills and audits tell in codes, as a command says it: codes and figures, and beside them what they mean in English."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from skarb.metering import Bill, Finding, Line, Remark


def english(one: Remark) -> str:
    """Return a remark in words."""
    from skarb.reporting.bills import told, words_of

    return told(words_of("en"), one)


def said_in_english(several: Iterable[Remark]) -> list[dict[str, Any]]:
    """Return remarks as they are written, each with `says`."""
    return [{**msgspec.to_builtins(one), "says": english(one)} for one in several]


def finding_said(one: Finding) -> dict[str, Any]:
    """Return a finding with `says`, its evidence in one sentence."""
    return {**msgspec.to_builtins(one), "says": evidence_of(one)}


def evidence_of(one: Finding) -> str:
    """Return the evidence of a finding in one sentence."""
    return "; ".join(english(part) for part in one.evidence)


def arithmetic_of(line: Line, bill: Bill) -> str:
    """Return how the amount of a line comes out."""
    from skarb.reporting.bills import arithmetic, words_of

    return arithmetic(words_of("en"), line, bill)


def bill_said(bill: Bill) -> dict[str, Any]:
    """Return a bill with what its codes mean in English beside them; its hash is that of the bill without."""
    content: dict[str, Any] = msgspec.to_builtins(bill)
    for given, line in zip(content["lines"], bill.lines, strict=True):
        given["arithmetic"] = arithmetic_of(line, bill)
    return {**content, "faults": said_in_english(bill.faults), "notes": said_in_english(bill.notes)}
