"""The check of a law as a page that stands alone: one file, no script, nothing fetched."""

from __future__ import annotations

from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from skarb.app.lawcheck import LawCheck
from skarb.app.words import citation
from skarb.core.time import from_day
from skarb.rulebook.analysis import MEANING, Finding
from skarb.rulebook.expression import write
from skarb.rulebook.model import LAST_DAY, Provision


def page_of(checked: LawCheck) -> str:
    """Return the page."""
    found = checked.analysis.findings if checked.analysis else ()
    groups = {
        "Open": [one for one in found if one.open],
        "Accepted": [one for one in found if one.accepted],
        "Information": [one for one in found if not one.matters],
    }
    page = (
        _environment()
        .get_template("law_check.html")
        .render(
            law=checked.subject,
            name=checked.rulebook.country.name if checked.rulebook else checked.law,
            day=str(from_day(checked.day)),
            passed=checked.passed,
            problems=[str(problem) for problem in checked.problems],
            size=checked.size(),
            groups={title: [_told(checked, one) for one in ones] for title, ones in groups.items()},
            meaning=MEANING,
            proven=checked.analysis.proven if checked.analysis else {},
            seconds=f"{checked.seconds:.1f}",
        )
    )
    return page + "\n"


@cache
def _environment() -> Environment:
    loader = PackageLoader("skarb.app", "templates")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)


def _told(checked: LawCheck, one: Finding) -> dict[str, Any]:
    seen, accepted = one.witness, one.accepted
    provisions = checked.rulebook.pack.provisions if checked.rulebook else {}
    return {
        "kind": one.kind,
        "about": one.about,
        "says": one.says,
        "activities": one.activities,
        "days": [_span(*span) for span in one.days],
        "reasons": one.reasons,
        "provisions": [_provision(checked, provisions[name]) for name in one.about if name in provisions],
        "facts": dict(seen.shown) if seen else None,
        "day": str(from_day(seen.day)) if seen else "",
        "activity": seen.activity if seen else "",
        "verdict": seen.explanation.verdict if seen else "",
        "decides": seen.explanation.provision if seen else "",
        "explanation": seen.explanation.text() if seen else "",
        "accepted": accepted
        and {"reason": accepted.reason, "by": accepted.by, "until": str(from_day(accepted.until)), "place": accepted.place},
    }


def _provision(checked: LawCheck, one: Provision) -> dict[str, str]:
    first = LAST_DAY if one.end is None else one.end
    return {
        "id": one.id,
        "title": one.title,
        "says": one.says,
        "effect": one.effect,
        "when": write(one.when) if one.when is not None else "always",
        "needs": write(one.needs) if one.needs is not None else "",
        "cited": citation(checked.rulebook, one) if checked.rulebook else "",
        "days": _span(one.start, first),
    }


def _span(first: int | None, last: int) -> str:
    begins = "since ever" if first is None else str(from_day(first))
    return f"{begins} …" if last == LAST_DAY else f"{begins} … {from_day(last)}"
