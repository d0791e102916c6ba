"""What a change of law does to decisions: facts decided under the law as it is and as it would be.

The facts come from the cases that stand beside the law, and from its boundaries: around every case of a provision that changes, and in every
situation that the law's cases tell as a whole, each amount, age and date is put just below, on and just above where a condition turns, each flag
and each named code is tried both ways. What comes out the same is left out; what comes out
differently in the same way is one row, cases apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import islice, product
from typing import Any

import msgspec

from skarb.core.decision import Decision
from skarb.rulebook.cases import facts_for
from skarb.rulebook.draft import Draft
from skarb.rulebook.edition import Edition
from skarb.rulebook.explain import show
from skarb.rulebook.expression import Code, Codes, Compare, Fact, Missing, Node, Within, walk
from skarb.rulebook.model import Case, EditionCase, Provision
from skarb.rulebook.schema import Field
from skarb.rulebook.tree import compute, names_of

FACTS_MAX = 400_000  # sets of facts that one comparison decides at most

Sample = tuple[str, bool, Mapping[str, object]]  # where the facts come from, whether that is a case, and what is given
_LOOKED_AT = 8  # examples of one row of which the simplest is shown


@dataclass(frozen=True, slots=True)
class Turned:
    """An answer that changes, with one example of the facts that change it."""

    origin: str  # where the example comes from: a case's place, or the boundaries of a provision
    activity: str
    facts: dict[str, str]  # those that matter, as people write them: all others may stay at their default
    before: str  # provision and what it says
    after: str
    examples: int  # how many sets of facts turned in this way

    def data(self) -> dict[str, Any]:
        """Return the row as plain data for JSON."""
        return asdict(self)

    def given(self) -> str:
        """Return the facts in one line."""
        return ", ".join(f"{name} = {value}" for name, value in self.facts.items())


@dataclass(frozen=True, slots=True)
class Comparison:
    """Every answer that changes, and how many sets of facts were decided."""

    day: int
    decided: int
    turned: tuple[Turned, ...]


def turned_cases(draft: Draft) -> tuple[Turned, ...]:
    """Return the country's cases that come out differently: on their own day, or on the draft's first if that is later."""
    pack, concerned = draft.base.pack, activities_of(draft)
    by_day: dict[int, list[Sample]] = {}
    cases: tuple[EditionCase | Case, ...] = (*pack.edition_cases, *pack.cases)
    for one in cases:
        if one.facts["activity"] in concerned:
            by_day.setdefault(max(one.day, draft.since), []).append((str(one.place), True, one.facts))
    return tuple(one for day in sorted(by_day) for one in _compare(draft, day, by_day[day]).turned)


def compare(draft: Draft, day: int) -> Comparison:
    """Decide cases and boundaries of a draft on one day, under the law as it is and as it would be.

    Raises: InputError for a day that the law does not reach.
    """
    return _compare(draft, day, islice(_samples(draft, day), FACTS_MAX))


def _compare(draft: Draft, day: int, samples: Iterable[Sample]) -> Comparison:
    pair = Pair(draft.base.edition(day), draft.rulebook.edition(day))
    rows: dict[object, tuple[str, list[Mapping[str, Any]]]] = {}
    seen: set[object] = set()
    for origin, told_case, given in samples:
        facts = {**given, "day": day}
        if (key := frozenset(facts.items())) in seen:
            continue
        seen.add(key)
        answers = pair.answers(facts)
        if answers[0] != answers[1]:
            kind = (facts["activity"], *answers, origin if told_case else "")
            rows.setdefault(kind, (origin, []))[1].append(facts)
    return Comparison(day, len(seen), tuple(pair.row(origin, examples) for origin, examples in rows.values()))


@dataclass(frozen=True)
class Pair:
    """The law of one day as it is and as it would be; facts go by name, features among them."""

    before: Edition
    after: Edition

    def answers(self, facts: Mapping[str, Any]) -> tuple[str, str]:
        """Return what either says."""
        before, after = (_answer(one.decision(facts_for(one, facts))) for one in (self.before, self.after))
        return before, after

    def row(self, origin: str, examples: list[Mapping[str, Any]]) -> Turned:
        """Return one row for facts that turn alike, shown by the simplest of the first few."""
        simplest = min((self.bare(facts) for facts in examples[:_LOOKED_AT]), key=len)
        before, after = self.answers(examples[0])
        fields = {**self.after.fields, **self.before.fields}
        shown = {name: show(self.before, value, fields[name].type) for name, value in simplest.items()}
        return Turned(origin, examples[0]["activity"], shown, before, after, len(examples))

    def bare(self, facts: Mapping[str, Any]) -> dict[str, object]:
        """Return the facts that matter: those that cannot be left at their default without another answer."""
        asked, kept = self.answers(facts), dict(facts)
        usual = {name: None for one in (self.before, self.after) for name in one.features} | {
            one.name: one.default for one in msgspec.structs.fields(self.before.facts) if one.default is not msgspec.NODEFAULT
        }
        for name in facts:
            if name in usual:
                without = {other: value for other, value in kept.items() if other != name}
                kept = without if self.answers(without) == asked else kept
        return {name: value for name, value in kept.items() if name in usual and value != usual[name]}


def _answer(decision: Decision) -> str:
    measure = f" ({decision.measure})" if decision.measure not in ("none", "reject") else ""
    besides = "".join(f" + {name}" for name in (*decision.duties, *filter(None, [decision.levy])))
    return f"{decision.verdict}{measure}: {decision.provision}{besides}"


def _nodes(provision: Provision) -> list[Node]:
    return [node for node in (provision.when, provision.needs) if node is not None]


# -- facts to decide ---------------------------------------------------------------------------------------------------------------


def _samples(draft: Draft, day: int) -> Iterator[Sample]:
    """Yield the country's cases, the draft's, and facts around the boundaries of what changes."""
    concerned = activities_of(draft)
    whole = [one for one in (*draft.edition_cases, *draft.base.pack.edition_cases) if one.facts["activity"] in concerned]
    every = [one for one in (*draft.cases, *draft.base.pack.cases) if one.facts["activity"] in concerned]
    cases: tuple[EditionCase | Case, ...] = (*whole, *every)
    for told in cases:
        yield str(told.place), True, told.facts
    for name in sorted(touched(draft)):
        editions = [one for rulebook in (draft.base, draft.rulebook) if name in (one := rulebook.edition(day)).provisions]
        turns = {turn for edition in editions for turn in _turns(edition.provisions[name], edition)}
        own = [case.facts for case in every if case.provision == name] or [{}]
        for activity in dict.fromkeys(activity for edition in editions for activity in edition.provisions[name].activities):
            around = [one.facts for one in whole if one.facts["activity"] == activity] or [{"screening": "clear"}]
            for situation, case in product(around, own):
                facts = {**situation, **case, "activity": activity}
                yield f"around {name}", False, facts
                yield from ((f"around {name}", False, {**facts, field: value}) for field, value in sorted(turns, key=str))


def activities_of(draft: Draft) -> frozenset[str]:
    """Return the activities that a draft can decide otherwise; of others every provision reads as before."""
    provisions = (*draft.base.pack.provisions.values(), *draft.rulebook.pack.provisions.values())
    names = touched(draft)
    return frozenset(activity for one in provisions if one.id in names for activity in one.activities)


def touched(draft: Draft) -> frozenset[str]:
    """Return the provisions that read differently: those the draft names, and those that use a value, list or condition it changes."""
    provisions = {**draft.base.pack.provisions, **draft.rulebook.pack.provisions}
    using = {
        name
        for name, one in provisions.items()
        if one.rate in draft.values or any(names_of(node) & draft.values for node in _nodes(one))
    }
    return draft.provisions | using


def _turns(provision: Provision, edition: Edition) -> set[tuple[str, object]]:
    """Return values of facts at which a provision's condition may turn, one fact at a time."""
    found: set[tuple[str, object]] = set()
    for node in _nodes(provision):
        for part in walk(node):
            found |= set(_turns_of(part, edition))
    return {(name, value) for name, value in found if name not in ("activity", "day")}


def _turns_of(node: Node, edition: Edition) -> Iterator[tuple[str, object]]:
    fields = edition.fields
    match node:
        case Fact(name) if fields[name].type.base == "flag":
            yield from ((name, False), (name, True))
        case Missing(Fact(name)):
            yield name, None
        case Within(Fact(name), Codes(codes)):
            yield from ((name, code) for code in (*codes, *_others(fields[name], codes)))
        case Compare(_, Fact(name), Code(code)) | Compare(_, Code(code), Fact(name)):
            yield from ((name, one) for one in (code, *_others(fields[name], (code,))))
        case Compare(_, Fact(name), amount) | Compare(_, amount, Fact(name)) if not any(
            isinstance(one, Fact) for one in walk(amount)
        ):
            field, turn = fields[name], compute(amount, None)
            yield from ((name, value) for value in (turn - 1, turn, turn + 1) if field.low <= value <= field.high)


def _others(field: Field, codes: tuple[str, ...]) -> tuple[str, ...]:
    """Return a code that is none of those given: another of the closed list, or an unassigned country."""
    return tuple(code for code in (*field.type.codes, "QZ") if code not in codes and field.type.admits(code))[:1]
