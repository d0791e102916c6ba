"""Explanations and provisions in the shapes that people look at."""

from __future__ import annotations

from datetime import date

from skarb.app.model import Leaf, ParameterView, ProvisionView, Reason, Refusal
from skarb.app.words import citation
from skarb.core.decision import Verdict
from skarb.core.facts import Facts
from skarb.core.time import from_day
from skarb.rulebook import Edition, Rulebook
from skarb.rulebook.explain import explain, leaves_of, show_constant
from skarb.rulebook.expression import Node, write
from skarb.rulebook.feature import values_in
from skarb.rulebook.model import Provision


def reasons_of(edition: Edition, facts: Facts) -> tuple[Reason, ...]:
    """Return every provision that plays a part in a decision, the deciding one first, with the leaves of its condition."""
    told = explain(edition, facts)
    mentions = sorted((*told.applying, *told.silenced), key=lambda one: (one.id != told.provision, bool(one.silenced_by), one.id))
    return tuple(
        Reason(
            provision=one.id,
            title=one.title,
            citation=one.citation,
            effect=one.outcome,
            decided=one.id == told.provision,
            yields_to=", ".join(one.silenced_by),
            assumed=one.assumed,
            leaves=tuple(
                Leaf(text=leaf.text, truth=leaf.holds, values=tuple(leaf.saw.items()), depth=1 if leaf.within else 0)
                for leaf in leaves_of(edition, edition.provisions[one.id], facts)
            ),
        )
        for one in mentions
    )


def provision_view(
    rulebook: Rulebook, provision: str, day: int, counts: tuple[tuple[Verdict, int], ...], latest: tuple[Refusal, ...]
) -> ProvisionView | None:
    """Return a provision in full with the values of a legal day, or None if there is no such provision."""
    one = rulebook.pack.provisions.get(provision)
    if one is None:
        return None
    return ProvisionView(
        id=one.id,
        title=one.title,
        act=rulebook.pack.acts[one.cites.act].title,
        citation=citation(rulebook, one),
        says=one.says,
        effect=one.effect,
        measure=one.measure,
        activities=one.activities,
        when=_written(one.when),
        needs=_written(one.needs),
        in_force_from=_date(one.start),
        in_force_to=_date(one.end),
        status=one.status,
        authority=one.authority,
        certainty=one.certainty,
        grade=one.grade,
        exception_of=one.exception_of,
        exceptions=tuple(name for name, other in rulebook.pack.provisions.items() if provision in other.exception_of),
        parameters=parameters_of(rulebook, one, day),
        sources=tuple(rulebook.pack.sources.get(name, name) for name in one.cites.sources),
        note=one.note,
        counts=counts,
        latest=latest,
    )


def parameters_of(rulebook: Rulebook, provision: Provision, day: int) -> tuple[ParameterView, ...]:
    """Return the dated values that a provision's condition uses, as they are on a legal day."""
    edition = rulebook.edition(day)
    names = {
        name for node in (provision.when, provision.needs) if node is not None for name in values_in(node, rulebook.pack.features)
    }
    found = []
    for name in sorted(names | {provision.rate} if provision.rate else names):
        series = rulebook.pack.parameters.get(name)
        if series is None:
            continue
        value = next((one for one in reversed(series.values) if one.start is None or one.start <= day), None)
        constant = edition.parameters.get(name)
        found.append(
            ParameterView(
                name=name,
                unit=series.unit,
                value=show_constant(edition, constant) if constant is not None else "no value on this day",
                since=_date(value.start) if value else None,
                until=_date(value.end) if value else None,
                cites=value.cites if value else "",
            )
        )
    return tuple(found)


def _written(node: Node | None) -> str:
    return "" if node is None else write(node)


def _date(day: int | None) -> date | None:
    return None if day is None else from_day(day)
