"""A country's law over time: an edition for every day, made when it is first asked for and kept.

Law that is changed from some day on keeps the law as it was: until that day its editions are the old ones, hash and all.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import replace
from functools import cached_property

from skarb.core.errors import InputError, Problem
from skarb.core.facts import Facts
from skarb.core.time import from_day
from skarb.rulebook.amend import checked_again, scope_again, set_parameter
from skarb.rulebook.check import Scope
from skarb.rulebook.edition import Edition
from skarb.rulebook.expression import Money, Node
from skarb.rulebook.feature import values_in
from skarb.rulebook.model import FIRST_DAY, LAST_DAY, Country, LawList, Pack, ParameterSeries, Value
from skarb.rulebook.tree import names_of
from skarb.rulebook.values import BASE_UNIT, scope_of, times_base_unit


class Rulebook:
    """A country's law over time: an edition for every day."""

    def __init__(self, pack: Pack, facts: type = Facts, past: Rulebook | None = None, since: int = FIRST_DAY) -> None:
        """Keep a pack that was read without problems; before the day `since` the law is that of `past`."""
        self.pack, self.facts = pack, facts
        self.past, self.since = past, since
        self._editions: dict[tuple[int, frozenset[str]], Edition] = {}

    @property
    def country(self) -> Country:
        """Whose law it is."""
        return self.pack.country

    @cached_property
    def boundaries(self) -> tuple[int, ...]:
        """Every day on which the law may differ from the day before, the first day of all first."""
        dated = [(one.start, one.end) for one in self.pack.provisions.values()]
        dated += [(value.start, value.end) for one in self.pack.parameters.values() for value in one.values]
        dated += [(value.start, value.end) for one in self.pack.lists.values() for value in one.values]
        days = {*(start for start, _ in dated if start is not None), *(end + 1 for _, end in dated if end is not None)}
        own = {self.since, *(day for day in days if self.since <= day <= LAST_DAY)}
        earlier = () if self.past is None else (day for day in self.past.boundaries if day < self.since)
        return (*earlier, *sorted(own))

    @cached_property
    def scope(self) -> Scope:
        """All that an expression may name."""
        return scope_again(self.pack, {})[0]

    def edition(self, day: int, also: frozenset[str] = frozenset()) -> Edition:
        """Return the law in force on a day; `also` are provisions that stand ready and count as enabled.

        Units: days since 1970-01-01.
        Raises: InputError for a day outside 1900 … 2169.
        """
        if not FIRST_DAY <= day <= LAST_DAY:
            raise InputError(f"legal day {day} lies outside {from_day(FIRST_DAY)} … {from_day(LAST_DAY)}")
        if self.past is not None and day < self.since:
            return self.past.edition(day, also)
        start = self.boundaries[bisect_right(self.boundaries, day) - 1]
        if (start, also) not in self._editions:
            self._editions[start, also] = self._make(start, also)
        return self._editions[start, also]

    def with_parameter(self, name: str, value: str, since: int) -> Rulebook:
        """Return the law with one parameter's value replaced from a day on; what was to come later is replaced, too.

        The value is written as in a parameter's file, in the parameter's unit. Meant for trying many values: nothing is read again.
        Raises: NotFound for an unknown parameter; InputError for a value that its unit does not know, or that the law cannot reckon with.
        """
        pack, changed = set_parameter(self.pack, name, value, since)
        problems: list[Problem] = []
        if any(names_of(node) & changed for node in pack.conditions.values()):
            scope, problems = scope_again(pack, {})
        else:
            scope = replace(self.scope, parameters=scope_of(pack.fields, pack.parameters, {}).parameters)
        pack, found = checked_again(pack, changed, scope)
        if problems := [*problems, *found]:
            raise InputError(f"parameter {name} = {value}: {problems[0]}")
        if self.past is None or since >= self.since:
            return Rulebook(pack, self.facts, self, max(since, FIRST_DAY))
        past = self.past.with_parameter(name, value, since) if name in self.past.pack.parameters else self.past
        return Rulebook(pack, self.facts, past, self.since)

    def _make(self, day: int, also: frozenset[str]) -> Edition:
        pack = self.pack
        parameters = {name: node for name, one in pack.parameters.items() if (node := self._constant(one, day)) is not None}
        lists = {
            name: LawList(one.fact, value.codes)
            for name, one in pack.lists.items()
            for value in one.values
            if (value.start is None or value.start <= day) and (value.end is None or day <= value.end)
        }
        names = parameters.keys() | lists.keys()
        return Edition(
            country=pack.country,
            acts=pack.acts,
            provisions={
                name: one for name, one in pack.provisions.items() if one.in_force(day) and (one.enabled or name in also)
            },
            parameters=parameters,
            lists=lists,
            conditions={name: node for name, node in pack.conditions.items() if names.issuperset(values_in(node, pack.features))},
            facts=self.facts,
            features=pack.features,
            like=self._made_last(),
        )

    def _made_last(self) -> Edition | None:
        """Return the edition that was made last, of this law or of the one it amends."""
        editions = self._editions or (self.past._editions if self.past else {})
        return next(reversed(editions.values()), None)

    def _constant(self, series: ParameterSeries, day: int) -> Node | None:
        value = value_on(series, day)
        if value is None or value.node is not None:
            return value.node if value else None
        base = value_on(self.pack.parameters[BASE_UNIT], day)
        minor = times_base_unit(value, base) if base else None
        return None if minor is None else Money(minor, self.country.currency, series.name)


def value_on(series: ParameterSeries, day: int) -> Value | None:
    """Return a parameter's value on a day, None when it has none."""
    found = (one for one in series.values if (one.start is None or one.start <= day) and (one.end is None or day <= one.end))
    return next(found, None)
