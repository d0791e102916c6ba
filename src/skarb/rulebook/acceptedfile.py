"""Reading `accepted.yaml`: the findings of the analysis that are known and lived with."""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import cast

from skarb.rulebook.model import ACCEPTABLE, Acceptance, FindingKind
from skarb.rulebook.source import Reader, Record


def read_accepted(readers: Iterable[Reader], *known: Container[str]) -> tuple[Acceptance, ...]:
    """Read the findings that are accepted; `known` hold the names that they can be about."""
    found: list[Acceptance] = []
    for reader in readers:
        for node in reader.records("acceptances"):
            record = Record(reader, node, "an acceptance", ("finding", "about", "reason", "by", "until"))
            kind, about = record.choice("finding", ACCEPTABLE), record.texts("about", "a list of ids and names")
            for name in about:
                if not any(name in names for names in known):
                    reader.problem(record.place("about"), "about", name, "a provision, act, activity, parameter or list")
            reason, by, until = record.text("reason"), record.text("by"), record.day("until")
            if "until" in record.nodes and record.nodes["until"] is not None and until is None and not record.broken:
                reader.problem(record.place("until"), "until", "nothing", "the last day on which the acceptance counts")
            if not record.broken and until is not None:
                found.append(Acceptance(cast(FindingKind, kind), frozenset(about), reason, by, until, record.place()))
    return tuple(found)
