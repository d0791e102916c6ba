"""Changing law that was read: from a day on, and never in place.

A change makes a new pack. What names something that changed is checked again from its written form, since a new value, list or condition may
break what was proven about it (that nothing overflows, that no missing fact is compared).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import replace

from skarb.core.errors import InputError, NotFound, Problem
from skarb.core.time import from_day
from skarb.rulebook.check import Checked, Scope, check
from skarb.rulebook.expression import Node, write
from skarb.rulebook.featurefile import Reading, check_features
from skarb.rulebook.model import CodeList, Feature, ListValue, Pack, ParameterSeries, Provision, Value
from skarb.rulebook.parse import parse
from skarb.rulebook.schema import suggest
from skarb.rulebook.source import Located, Reader
from skarb.rulebook.tree import names_of
from skarb.rulebook.values import BASE_UNIT, Open, check_conditions, constant, overlap, reporter, scope_of, times_base_unit


def with_value(series: ParameterSeries, value: Value) -> ParameterSeries:
    """Return a series in which a value holds from its first day on, and whatever was to come later does not."""
    kept = [one for one in series.values if _starts_before(one.start, value.start)]
    return replace(series, values=(*(replace(one, end=_cut(one.end, value.start)) for one in kept), value))


def with_codes(codes: CodeList, value: ListValue) -> CodeList:
    """Return a list in which codes hold from their first day on."""
    kept = [one for one in codes.values if _starts_before(one.start, value.start)]
    return replace(codes, values=(*(replace(one, end=_cut(one.end, value.start)) for one in kept), value))


def ended(provision: Provision, last: int) -> Provision:
    """Return a provision that is in force until a last day, or until its own if that comes sooner."""
    return replace(provision, end=last if provision.end is None else min(last, provision.end))


def _starts_before(start: int | None, day: int | None) -> bool:
    return day is not None and (start is None or start < day)


def _cut(end: int | None, day: int | None) -> int | None:
    return end if day is None or (end is not None and end < day) else day - 1


def set_parameter(pack: Pack, name: str, text: str, since: int) -> tuple[Pack, frozenset[str]]:
    """Return a pack in which a parameter has one value from a day on, and the names of all values that this changes.

    Raises: NotFound, InputError
    """
    series = pack.parameters.get(name)
    if series is None:
        raise NotFound(
            f"parameter {name!r}: the law of {pack.country.name} has none; {suggest(name, pack.parameters, 'see law show')}"
        )
    try:
        node, multiple = constant(text, name, series.unit, series.type, pack.country)
    except (InputError, ValueError):
        raise InputError(
            f"parameter {name}: given {text!r}, expected a value in {series.unit} such as {series.values[-1].value!r}"
        ) from None
    value = Value(since, None, text, node, multiple, series.values[-1].cites)
    changed = replace(pack, parameters={**pack.parameters, name: with_value(series, value)})
    if lost := uneven(changed):
        raise InputError(f"parameter {name} = {text}: {lost[0]} is no whole number of minor units, or too large")
    return changed, following(pack, {name})


def following(pack: Pack, names: Iterable[str]) -> frozenset[str]:
    """Return names with those whose value follows from them: amounts in base units follow the base unit, totals what they count."""
    found = frozenset(names)
    if BASE_UNIT in found:
        found |= {name for name, one in pack.parameters.items() if one.unit == BASE_UNIT}
    return found | {name for name, one in pack.features.items() if one.of is not None and names_of(one.of) & found}


def uneven(pack: Pack) -> list[str]:
    """Return the parameters in base units that are no whole number of minor units on some day."""
    base = pack.parameters.get(BASE_UNIT)
    units = base.values if base is not None else ()

    def fits(value: Value) -> bool:
        return bool(units) and all(times_base_unit(value, unit) is not None for unit in units if overlap(value, unit))

    return [name for name, one in pack.parameters.items() if one.unit == BASE_UNIT and not all(map(fits, one.values))]


# -- checking again --------------------------------------------------------------------------------------------------------------


def scope_again(pack: Pack, own: Mapping[str, Open]) -> tuple[Scope, list[Problem]]:
    """Return what expressions may name in a changed pack, `own` being conditions that stand in a file; the others are read from the pack."""
    readers: list[Reader] = []

    def written(name: str, node: Node) -> Open:
        text = write(node)
        reader, source = Reader(f"{pack.country.code}: condition {name}", text), Located(text)
        readers.append(reader)
        return Open(name, reader, source, parse(source, reporter(reader, source, "means")))

    opens = {name: own[name] if name in own else written(name, node) for name, node in pack.conditions.items()}
    opens |= {name: one for name, one in own.items() if name not in opens}
    scope = scope_of(pack.fields, pack.parameters, pack.lists)
    checked = check_conditions(opens.values(), scope)
    problems = [problem for reader in readers for problem in reader.problems]
    return replace(scope, conditions=checked), problems


def checked_again(pack: Pack, changed: Set[str], scope: Scope, keep: Set[str] = frozenset()) -> tuple[Pack, list[Problem]]:
    """Return a pack whose conditions, features and provisions know what changed, `keep` aside, and what no longer holds water."""
    features, problems = _features_again(pack, changed, scope)
    provisions = dict(pack.provisions)
    for name, one in pack.provisions.items():
        nodes = [node for node in (one.when, one.needs) if node is not None]
        if name in keep or not any(names_of(node) & changed for node in nodes):
            continue
        reader = Reader(f"{pack.country.code}: {name}", "")
        when = _again(reader, "when", one.when, scope)
        needs = _again(reader, "needs", one.needs, scope, when.if_true if when else frozenset())
        problems += reader.problems
        if not reader.problems:
            provisions[name] = replace(one, when=when.node if when else None, needs=needs.node if needs else None)
    conditions = {name: one.node for name, one in sorted(scope.conditions.items())}
    return replace(pack, provisions=provisions, conditions=conditions, features=features), problems


def _features_again(pack: Pack, changed: Set[str], scope: Scope) -> tuple[dict[str, Feature], list[Problem]]:
    """Return the features with what counts checked again where it names something that changed."""
    readings: list[Reading] = []
    for name, one in pack.features.items():
        if one.of is not None and names_of(one.of) & changed:
            reader = Reader(f"{pack.country.code}: feature {name}", "")
            source = Located(write(one.of), reader.file)
            readings.append(Reading(one, reader, source, parse(source, reporter(reader, source, "of"))))
    features = {**pack.features, **check_features(readings, scope, pack.features)}
    return features, [problem for one in readings for problem in one.reader.problems]


def _again(reader: Reader, key: str, node: Node | None, scope: Scope, known: frozenset[str] = frozenset()) -> Checked | None:
    if node is None:
        return None
    source = Located(write(node), reader.file)
    report = reporter(reader, source, key)
    parsed = parse(source, report)
    return check(parsed, scope, report, known) if parsed is not None else None


def day_text(day: int | None) -> str:
    """Return a day as people write it."""
    return "ever" if day is None else from_day(day).isoformat()
