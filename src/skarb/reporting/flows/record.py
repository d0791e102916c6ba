"""The record of flows for machines: money in whole numbers, shares as decimals with six places."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from skarb.oversight.flows.curves import HORIZONS, Curve
from skarb.reporting.flows.model import FlowReport, Instead, Lot


def record(report: FlowReport) -> dict[str, Any]:
    """Return a report as plain data.

    Units: money in minor units of `currency`; units of assets in smallest units, as text where they may pass 64 bits.
    """
    one = report.headline
    return {
        "source": report.source,
        "from": report.first.isoformat(),
        "to": report.last.isoformat(),
        "currency": report.currency,
        "decimals": report.decimals,
        "rule": report.rule,
        "choices": asdict(report.choices),
        "rows": report.rows,
        "invested": one.invested,
        "returned": one.returned,
        "spent": one.spent,
        "still_out": one.still,
        "never_returned": {
            "definition": f"share of the money sent abroad that had not come back {one.days} days later, by Kaplan and Meier",
            "days": one.days,
            "share": _share(one.share),
            "low": _share(one.low),
            "high": _share(one.high),
            "by_count": _share(one.by_count),
            "still_out_at_the_end": _share(one.plain),
        },
        "sensitivity": [
            {
                "what": variant.what or "as asked",
                "rule": variant.rule,
                **asdict(variant.choices),
                "days": variant.days,
                "share": None if variant.share is None else _share(variant.share),
                "invested": variant.invested,
                "still_out": variant.still,
            }
            for variant in report.variants
        ],
        "assets": [
            {**asdict(asset), **{name: str(getattr(asset, name)) for name in ("invested", "returned", "spent", "still")}}
            for asset in report.assets
        ],
        "by": {name: [asdict(line) for line in lines] for name, lines in report.lines.items() if name != "person"},
        "curve_by_money": _curve(report.by_money),
        "curve_by_count": _curve(report.by_count),
        "cohorts": [
            {
                "month": cohort.month,
                "lots": cohort.lots,
                "invested": cohort.invested,
                "returned": cohort.returned,
                **{
                    f"back_after_{months}_months": None if share is None else _share(share)
                    for (months, _), share in zip(HORIZONS, cohort.back, strict=True)
                },
            }
            for cohort in report.cohorts
        ],
        "ages": {"countries": list(report.heat.countries), "still_out": [list(row) for row in report.heat.cells]},
        "aside": {one.kind: {"rows": one.rows, "value": one.value} for one in report.aside},
        "lots": [lot_record(lot) for lot in report.lots],
        "ties": dict(report.ties),
        "unvalued": report.unvalued,
        "unknown_rows": report.unknown_rows,
        "notes": list(report.notes),
        "draft": None if report.instead is None else _instead(report.instead),
        "books": None if report.snapshot is None else [asdict(book) for book in report.snapshot.books],
        "people": "by name" if report.named else "by number",
        "purpose": report.purpose,
        "made_at": report.made_at.isoformat(),
    }


def lot_record(lot: Lot) -> dict[str, Any]:
    """Return a lot as plain data."""
    found = {**asdict(lot), "day": lot.day.isoformat(), "units": str(lot.units), "left": str(lot.left)}
    found["back"] = [{**asdict(one), "day": one.day.isoformat()} for one in lot.back]
    found["ways"] = [
        {"units": str(way.units), "begins": way.begins, "hops": [{**asdict(hop), "units": str(hop.units)} for hop in way.hops]}
        for way in lot.ways
    ]
    return found


def _curve(curve: Curve) -> list[dict[str, Any]]:
    return [
        {
            "age": one.age,
            "out": _share(one.share),
            "low": _share(one.low),
            "high": _share(one.high),
            "watched": one.watched,
            "back": one.back,
        }
        for one in curve.steps
    ]


def _instead(one: Instead) -> dict[str, Any]:
    return {
        "id": one.draft,
        "title": one.title,
        "hash": one.hash,
        "begun": one.begun.isoformat(),
        "total": asdict(one.total),
        "by_place": [asdict(line) for line in one.places],
        "by_month": [asdict(line) for line in one.months],
    }


def _share(value: float) -> float:
    return round(value, 6)
