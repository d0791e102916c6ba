"""What changed in the law between two days or two editions, in the words of the law.

Ends and beginnings of provisions, changed conditions and effects, new values of parameters and new codes in lists: as data, and as text that a
reader of the gazette would recognise.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from skarb.core.time import from_day
from skarb.rulebook.edition import Edition
from skarb.rulebook.explain import citation, show_constant
from skarb.rulebook.expression import Node, write
from skarb.rulebook.feature import describe
from skarb.rulebook.history import Rulebook
from skarb.rulebook.model import LawList, Provision

Kind = Literal["added", "ended", "changed"]
Subject = Literal["provision", "parameter", "list", "condition", "feature"]


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is different."""

    kind: Kind
    subject: Subject
    name: str
    title: str = ""
    citation: str = ""
    field: str = ""  # of a changed provision: which part of it
    before: str = ""
    after: str = ""

    def data(self) -> dict[str, Any]:
        """Return the change as plain data for JSON."""
        return asdict(self)

    def text(self) -> str:
        """Return the change as a sentence."""
        title = f" ({self.title})" if self.title else ""
        cited = f" by {self.citation}" if self.citation and self.kind == "added" else ""
        match self.kind:
            case "added":
                says = f": {self.after}" if self.after else ""
                return f"{self.subject} {self.name}{title} enters into force{cited}{says}"
            case "ended":
                said = f": {self.before}" if self.before else ""
                return f"{self.subject} {self.name}{title} is no longer in force{said}"
        what = f"{self.field} of {self.subject} {self.name}" if self.field else f"{self.subject} {self.name}"
        return f"{what}{title} changes from {self.before or 'nothing'} to {self.after or 'nothing'}"


def diff(before: Edition, after: Edition) -> list[Change]:
    """Return what is different in the later of two editions."""
    return [
        *_provisions(before, after),
        *_values("parameter", _parameters(before), _parameters(after)),
        *_values("list", _lists(before.lists), _lists(after.lists)),
        *_values("condition", _texts(before.open_conditions), _texts(after.open_conditions)),
        *_values("feature", _features(before), _features(after)),
    ]


def diff_days(rulebook: Rulebook, first: int, second: int) -> list[Change]:
    """Return what is different in the law of the second of two days."""
    return diff(rulebook.edition(first), rulebook.edition(second))


def diff_text(changes: list[Change]) -> str:
    """Return changes as one line each."""
    return "\n".join(change.text() for change in changes) or "nothing changes"


def _provisions(before: Edition, after: Edition) -> Iterator[Change]:
    old, new = before.open_provisions, after.open_provisions
    for name in sorted(old.keys() | new.keys()):
        if name not in new:
            yield Change("ended", "provision", name, old[name].title, citation(before, old[name]), before=old[name].says)
        elif name not in old:
            yield Change("added", "provision", name, new[name].title, citation(after, new[name]), after=new[name].says)
        else:
            first, second = _parts(before, old[name]), _parts(after, new[name])
            for part in first:
                if first[part] != second[part]:
                    yield Change(
                        "changed", "provision", name, new[name].title, citation(after, new[name]), part, first[part], second[part]
                    )


def _parts(edition: Edition, one: Provision) -> dict[str, str]:
    """Return the parts of a provision that can change, as they are written."""
    return {
        "title": one.title,
        "citation": citation(edition, one),
        "first day": "ever" if one.start is None else from_day(one.start).isoformat(),
        "activities": ", ".join(sorted(one.activities)),
        "condition": write(one.when) if one.when else "always",
        "requirement": write(one.needs) if one.needs else "",
        "consequence": f"{one.effect} {one.measure}" if one.measure != "none" else one.effect,
        "consequence if not met": one.otherwise if one.needs else "",
        "rate": one.rate,
        "exceptions": ", ".join(sorted(one.exception_of)),
        "precedence": str(one.precedence),
        "standing": "yes" if one.standing else "no",
        "authority": ", ".join(one.authority),
        "certainty": one.certainty,
        "grade": one.grade,
        "wording": one.says,
        "sources": ", ".join(one.cites.sources),
    }


def _parameters(edition: Edition) -> dict[str, str]:
    return {name: show_constant(edition, node) for name, node in edition.parameters.items()}


def _lists(lists: Mapping[str, LawList]) -> dict[str, str]:
    return {name: ", ".join(sorted(one.codes)) for name, one in lists.items()}


def _texts(conditions: Mapping[str, Node]) -> dict[str, str]:
    return {name: write(node) for name, node in conditions.items()}


def _features(edition: Edition) -> dict[str, str]:
    return {name: describe(one) for name, one in edition.open_features.items()}


def _values(subject: Subject, before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Change]:
    for name in sorted(before.keys() | after.keys()):
        if name not in after:
            yield Change("ended", subject, name, before=before[name])
        elif name not in before:
            yield Change("added", subject, name, after=after[name])
        elif before[name] != after[name]:
            yield Change("changed", subject, name, before=before[name], after=after[name])
