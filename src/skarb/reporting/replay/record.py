"""The record of a replay for machines: every figure a whole number, every law and every book by its hash."""

from __future__ import annotations

from typing import Any

from skarb.oversight.replay import Sum, Transition
from skarb.reporting.replay.figures import changed_first, headline_of, turned
from skarb.reporting.replay.model import InForce, Report

LEFT_OUT = {
    "as-happened": "Facts are those of the day each row was decided on; what the draft refuses or frees changes no later total.",
    "as-would-have": "What the draft refuses is in no later total of its world, and money that it kept from coming in cannot be spent there; "
    "a freed row counts in totals as if the ledger had taken it, and moves no money.",
}
ALWAYS = "What the ledger turned down stays turned down. A draft does not change what people try to do."


def record(report: Report) -> dict[str, Any]:
    """Return a replay as plain data: texts and whole numbers.

    Units: money in minor units of the legal currency.
    """
    comparison, found = report.comparison, headline_of(report.comparison)
    return {
        "law": {"code": report.country, "name": report.law, "editions": _editions(report.editions)},
        "draft": {
            "id": report.draft,
            "title": report.title,
            "hash": report.draft_hash,
            "from": report.drafted_from.isoformat(),
            "replayed_from": report.begun.isoformat(),
            "editions": _editions(report.drafted),
        },
        "from": report.first.isoformat(),
        "to": report.last.isoformat(),
        "mode": report.mode,
        "engine": report.engine,
        "leaves_out": [LEFT_OUT[report.mode], ALWAYS],
        "currency": report.currency,
        "decimals": report.decimals,
        "rows": comparison.rows,
        "money_minor": found.all.money,
        "differing": comparison.differing,
        "undecided": comparison.undecided,
        "changed_without_value": report.unvalued,
        "changed": _sum(found.changed),
        "newly_refused": _sum(found.refused),
        "newly_referred": _sum(found.referred),
        "freed": _sum(found.freed),
        "otherwise": _sum(found.otherwise),
        "unfunded": _sum(comparison.unfunded),
        "transitions": [_transition(one) for one in changed_first(comparison.transitions)],
        "by": list(report.by),
        "slices": _slices(report),
        "parties": {one.turn: one.parties for one in report.parties},
        "snapshot": {
            "format": report.snapshot.format,
            "rows": report.snapshot.rows,
            "books": [
                {"name": one.name, "rows": one.rows, "height": one.height, "head": one.head} for one in report.snapshot.books
            ],
        },
        "cost": {
            "milliseconds": report.cost.milliseconds,
            "peak_bytes": report.cost.peak_bytes,
            "rows_per_second": report.cost.rows_per_second,
        },
        "people": "by name" if report.named else "by number",
        "purpose": report.purpose,
        "made_at": report.made_at.isoformat(),
    }


def _editions(editions: tuple[InForce, ...]) -> list[dict[str, str]]:
    return [{"hash": one.hash, "first": one.first.isoformat(), "last": one.last.isoformat()} for one in editions]


def _sum(one: Sum) -> dict[str, int]:
    return {"rows": one.rows, "money_minor": one.money}


def _transition(one: Transition) -> dict[str, Any]:
    return {
        "verdict_before": one.before.verdict,
        "provision_before": one.before.provision,
        "verdict_after": one.after.verdict,
        "provision_after": one.after.provision,
        "changed": one.changed,
        **_sum(one.sum),
    }


def _slices(report: Report) -> list[dict[str, Any]]:
    groups: dict[tuple[str, ...], list[Transition]] = {}
    for one in report.comparison.slices:
        groups.setdefault(one.of, []).append(one)
    found = []
    for of, transitions in sorted(groups.items()):
        what = turned(transitions)
        figures = {
            "newly_refused": what.refused,
            "newly_referred": what.referred,
            "freed": what.freed,
            "otherwise": what.otherwise,
            "all": what.all,
        }
        found.append(dict(zip(report.by, of, strict=True)) | {name: _sum(value) for name, value in figures.items()})
    return found
