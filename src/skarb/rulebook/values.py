"""Parameters, lists and named conditions: what provisions refer to by name, with dates and units.

A value without an end lasts until the day before the next one begins. Amounts in base units stay a multiple here; they become
money in an edition, with the base unit of the day.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from skarb.core.amount import LEGAL_VALUE_MAX, parse_amount
from skarb.core.asset import currencies
from skarb.core.errors import InputError
from skarb.core.time import from_day, parse_day
from skarb.rulebook.check import RATIO_MAX, Checked, Scope, Span, check
from skarb.rulebook.expression import Count, Day, Money, Name, Node, Ratio, walk
from skarb.rulebook.model import FIRST_DAY, LAST_DAY, CodeList, Country, ListValue, ParameterSeries, Value
from skarb.rulebook.parse import parse
from skarb.rulebook.schema import COUNT, DAY, RATIO, Schema, Type, money, suggest
from skarb.rulebook.source import Located, Reader, Record

BASE_UNIT = "base_unit"
ALL = "all"  # the built-in group of every activity
NAME = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)*", re.ASCII)
_NAME_EXPECTED = "a name in small letters, digits and _, dotted where it helps (report.special_np)"
_RATIO = re.compile(r"([0-9]{1,10})/([0-9]{1,10})", re.ASCII)
_MULTIPLE = re.compile(r"([0-9]{1,12})(?:\.([0-9]{1,6}))?", re.ASCII)
RESERVED = frozenset({"missing", "share", "min", "max", "date", "and", "or", "not", "in", "is", "true", "false", ALL})


def decimals_of(currency: str, country: Country) -> int | None:
    """Return the decimals of a currency's minor unit; None when the currency is unknown."""
    if currency == country.currency:
        return country.decimals
    return currencies()[currency].decimals if currency in currencies() else None


def parse_money(text: str, currency: str, country: Country) -> int:
    """Read "500.00 BYN" as minor units of the expected currency.

    Raises: InputError
    """
    digits, _, given = text.strip().partition(" ")
    if given != currency:
        raise InputError(f"expected an amount in {currency}")
    minor = parse_amount(digits.removeprefix("-"), decimals_of(currency, country) or 0)
    return -minor if digits.startswith("-") else minor


@dataclass
class Names:
    """Every name a pack gives, so that none is given twice."""

    fields: Schema
    taken: dict[str, str]

    def take(self, record: Record, name: str, what: str) -> bool:
        """Note a name; False, with the problem noted, when it is not free."""
        if not name:
            return False
        other = "a word of the language" if name in RESERVED else "a fact" if name in self.fields else self.taken.get(name, "")
        if other:
            record.reader.problem(record.place("name"), "name", name, f"a name that is not {other} already")
            return False
        self.taken[name] = f"the {what} at {record.place('name')}"
        return True


def last_before(days: Sequence[tuple[int | None, int | None]]) -> list[int | None]:
    """Return the last day of each dated value: as given, or the day before the next begins."""
    ends: list[int | None] = []
    for index, (_, end) in enumerate(days):
        following = days[index + 1][0] if index + 1 < len(days) else None
        ends.append(following - 1 if end is None and following is not None else end)
    return ends


def note_overlaps(reader: Reader, records: Sequence[Record], days: Sequence[tuple[int | None, int | None]], name: str) -> None:
    """Note dated values of one name that are out of order, end before they begin, or overlap."""
    for index, (record, (start, end)) in enumerate(zip(records, days, strict=True)):
        if start is not None and end is not None and end < start:
            reader.problem(
                record.place("to"),
                "to",
                str(from_day(end)),
                f"a last day of {name} that is not before the first, {from_day(start)}",
            )
        if index == 0:
            continue
        before_start, before_end = days[index - 1]
        if start is None or (before_start is not None and start <= before_start):
            reader.problem(record.place("from"), "from", _day(start), f"values of {name} in order, after {_day(before_start)}")
        elif before_end is not None and start <= before_end:
            expected = f"no overlap: {name} already has a value until {from_day(before_end)}"
            reader.problem(record.place("from"), "from", _day(start), expected, "end the earlier value the day before")


def _day(day: int | None) -> str:
    return "ever" if day is None else str(from_day(day))


# -- parameters ----------------------------------------------------------------------------------------------------------------


def read_parameters(reader: Reader, country: Country, names: Names) -> list[tuple[Record, ParameterSeries]]:
    """Read one file of dated values."""
    found = []
    for node in reader.records("parameters"):
        record = Record(reader, node, "a parameter", ("name", "unit", "values"), ("title", "note"))
        name = record.text("name", _NAME_EXPECTED, NAME)
        unit = record.text("unit")
        type_ = _unit(record, unit, country)
        if not names.take(record, name, "parameter") or type_ is None:
            continue
        records = [
            Record(reader, item, "a value", ("from", "value", "cites"), ("to", "note"))
            for item in record.items("values", "values")
        ]
        days = [(one.day("from"), one.day("to")) for one in records]
        note_overlaps(reader, records, days, name)
        values = [
            read_value(one, name, unit, type_, country, start, end)
            for one, (start, _), end in zip(records, days, last_before(days), strict=True)
        ]
        if not records and not record.broken:
            reader.problem(record.place("values"), "values", "nothing", f"at least one value of {name}")
        # A broken series is kept, so that what names it is not reported as well; nothing is compiled while there are problems.
        found.append((record, ParameterSeries(name, unit, type_, tuple(filter(None, values)), record.place())))
    return found


def _unit(record: Record, unit: str, country: Country) -> Type | None:
    if unit == BASE_UNIT:
        return money(country.currency)
    plain = {"ratio": RATIO, "count": COUNT, "day": DAY}.get(unit)
    if plain is not None:
        return plain
    if decimals_of(unit, country) is not None:
        return money(unit)
    if unit:
        record.reader.problem(
            record.place("unit"), "unit", unit, f"ratio, count, day, base_unit, {country.currency} or another currency"
        )
    return None


_WRITTEN = {"ratio": '"13/100"', "count": '"18"', "day": '"2026-01-01"', BASE_UNIT: '"2000" (how many base units)'}


def read_value(
    record: Record, name: str, unit: str, type_: Type, country: Country, start: int | None, end: int | None
) -> Value | None:
    """Read one dated value of a parameter; None, with the problem noted, when it is not one."""
    expected = f"a value in {unit}, in quotes, such as {_WRITTEN.get(unit, chr(34) + '45.00' + chr(34))}"
    text, cites = record.text("value", expected), record.text("cites")
    if not text:
        return None
    try:
        node, multiple = constant(text, name, unit, type_, country)
    except (InputError, ValueError):
        record.reader.problem(record.place("value"), "value", text, expected)
        return None
    return Value(start, end, text, node, multiple, cites, record.place())


def constant(text: str, name: str, unit: str, type_: Type, country: Country) -> tuple[Node | None, tuple[int, int]]:
    """Return a value as written as a constant, or as a multiple of the base unit.

    Raises: ValueError or InputError where the text is no value in the unit.
    """
    if unit == "ratio":
        match = _RATIO.fullmatch(text)
        numerator, denominator = (int(match[1]), int(match[2])) if match else (0, 0)
        if not 0 < denominator <= RATIO_MAX or numerator > RATIO_MAX:
            raise ValueError
        return Ratio(numerator, denominator, name), (0, 1)
    if unit == "count":
        if not (text.isascii() and text.isdecimal()) or len(text) > 18:
            raise ValueError
        return Count(int(text), name), (0, 1)
    if unit == "day":
        return Day(parse_day(text), name), (0, 1)
    if unit == BASE_UNIT:
        if not _MULTIPLE.fullmatch(text):
            raise ValueError
        multiple = Fraction(text)
        return None, (multiple.numerator, multiple.denominator)
    currency = type_.currency
    minor = parse_money(text if " " in text else f"{text} {currency}", currency, country)
    if not 0 <= minor <= LEGAL_VALUE_MAX:
        raise ValueError
    return Money(minor, currency, name), (0, 1)


def note_base_units(series: Mapping[str, tuple[Record, ParameterSeries]], country: Country) -> None:
    """Note amounts in base units that are no whole number of minor units, or that have no base unit to stand on."""
    base = series.get(BASE_UNIT)
    for record, one in series.values():
        if one.unit != BASE_UNIT:
            continue
        if one.name == BASE_UNIT or base is None or base[1].type != money(country.currency) or base[1].unit == BASE_UNIT:
            expected = f"a parameter named base_unit with `unit: {country.currency}` to multiply with"
            record.reader.problem(record.place("unit"), "unit", BASE_UNIT, expected)
            continue
        for value in one.values:
            for unit in base[1].values:
                if overlap(value, unit) and times_base_unit(value, unit) is None:
                    expected = (
                        f"whole minor units, at most {LEGAL_VALUE_MAX}, when multiplied with {unit.value} {country.currency}"
                    )
                    place = value.place or record.place()
                    record.reader.problem(place, "value", value.value, expected)


def overlap(one: Value, other: Value) -> bool:
    """Say whether two values share a day."""
    first = max(one.start if one.start is not None else FIRST_DAY, other.start if other.start is not None else FIRST_DAY)
    last = min(one.end if one.end is not None else LAST_DAY, other.end if other.end is not None else LAST_DAY)
    return first <= last


def times_base_unit(value: Value, unit: Value) -> int | None:
    """Return a multiple of the base unit in minor units; None when it is not a whole number or too large."""
    if not isinstance(unit.node, Money):
        return None
    numerator, denominator = value.multiple
    minor, rest = divmod(unit.node.value * numerator, denominator)
    return None if rest or minor > LEGAL_VALUE_MAX else minor


def span_of(series: ParameterSeries, base: ParameterSeries | None) -> Span:
    """Return every value a parameter takes over time, as limits."""
    ratios = tuple((node.numerator, node.denominator) for node in (one.node for one in series.values) if isinstance(node, Ratio))
    numbers = [node.value for node in (one.node for one in series.values) if isinstance(node, Count | Day | Money)]
    if series.unit == BASE_UNIT and base is not None:
        numbers += [times_base_unit(one, unit) or 0 for one in series.values for unit in base.values if overlap(one, unit)]
    return Span(series.type, min(numbers, default=0), max(numbers, default=0), ratios)


def scope_of(fields: Schema, parameters: Mapping[str, ParameterSeries], lists: Mapping[str, CodeList]) -> Scope:
    """Return what an expression may name, conditions excepted."""
    spans = {name: span_of(one, parameters.get(BASE_UNIT)) for name, one in parameters.items()}
    return Scope(fields, spans, {name: one.type for name, one in lists.items()})


# -- lists ---------------------------------------------------------------------------------------------------------------------


def read_lists(reader: Reader, fields: Schema, names: Names) -> list[CodeList]:
    """Read the named lists of codes."""
    found = []
    for node in reader.records("lists"):
        record = Record(reader, node, "a list", ("name", "field"), ("codes", "values", "note", "title", "cites"))
        name, field = record.text("name", _NAME_EXPECTED, NAME), record.text("field")
        if field and (field not in fields or fields[field].type.base != "code"):
            hint = suggest(field, [one.name for one in fields.values() if one.type.base == "code"])
            reader.problem(record.place("field"), "field", field, "a fact that is a code", hint)
            continue
        if not names.take(record, name, "list") or not field:
            continue
        if ("codes" in record.nodes) == ("values" in record.nodes):
            reader.problem(record.place(), "codes", name, "either `codes`, or dated `values` with codes")
            continue
        type_ = fields[field].type
        records = [record]
        if "values" in record.nodes:
            items = record.items("values", "values")
            records = [Record(reader, item, "a value", ("from", "codes"), ("to", "note", "cites")) for item in items]
        days = [(one.day("from"), one.day("to")) for one in records]
        note_overlaps(reader, records, days, name)
        values = [
            ListValue(start, end, read_codes(one, type_))
            for one, (start, _), end in zip(records, days, last_before(days), strict=True)
        ]
        found.append(CodeList(name, field, type_, tuple(values), record.place()))
    return found


def read_codes(record: Record, type_: Type) -> tuple[str, ...]:
    """Read the codes of a list, each of the list's type."""
    codes = record.texts("codes", "a list of codes")
    if not codes and not record.broken:
        record.reader.problem(record.place("codes"), "codes", "nothing", "at least one code")
    for code in codes:
        if not type_.admits(code):
            node = next(item for item in record.items("codes", "codes") if item.value == code)
            record.reader.problem(node, "codes", code, type_.listing(), suggest(code, type_.codes))
    return codes


# -- named conditions ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Open:
    """A named condition that was parsed and not checked yet."""

    name: str
    reader: Reader
    source: Located
    node: Node | None


def read_conditions(reader: Reader, names: Names) -> list[Open]:
    """Read the named conditions of a file."""
    found = []
    for node in reader.records("conditions"):
        record = Record(reader, node, "a condition", ("name", "means"), ("note", "title"))
        name, source = record.text("name", _NAME_EXPECTED, NAME), record.located("means", "an expression")
        if names.take(record, name, "condition") and source is not None:
            found.append(Open(name, reader, source, parse(source, reporter(reader, source, "means"))))
    return found


def reporter(reader: Reader, source: Located, key: str) -> Callable[[int, str, str, str], None]:
    """Return a function that turns faults of an expression into problems of its file."""
    return lambda offset, given, expected, todo: reader.problem(source.at(offset), key, given, expected, todo)


def check_conditions(conditions: Iterable[Open], scope: Scope) -> dict[str, Checked]:
    """Check named conditions, each after those it names, and refuse circles."""
    found = {one.name: one for one in conditions}
    parsed = {name: one.node or Name(name) for name, one in found.items()}
    done: dict[str, Checked] = {}
    broken = {name for name, one in found.items() if one.node is None}
    order = after_each_other({name: node for name, node in parsed.items() if name not in broken})
    for name in order:
        one = found[name]
        if names_used(parsed[name]) & broken:
            broken.add(name)
            continue
        checked = check(parsed[name], replace(scope, conditions=done), reporter(one.reader, one.source, "means"))
        if checked is None:
            broken.add(name)
        else:
            done[name] = checked
    for name in sorted(found.keys() - done.keys() - broken):
        one = found[name]
        circle = f"it names {', '.join(sorted(names_used(parsed[name]) & found.keys()))}"
        one.reader.problem(one.source.at(0), "means", name, "a condition that does not lead back to itself", circle)
        broken.add(name)
    # What names a broken condition is not reported as well.
    return done | {name: Checked(Name(name)) for name in broken}


def names_used(node: Node) -> set[str]:
    """Return the names in a tree that was parsed and not checked."""
    return {part.name for part in walk(node) if isinstance(part, Name)}


def after_each_other(conditions: Mapping[str, Node]) -> list[str]:
    """Return conditions in an order in which each comes after those it names; those in a circle are left out."""
    waiting = {name: names_used(node) & conditions.keys() for name, node in conditions.items()}
    order: list[str] = []
    while ready := sorted(name for name, used in waiting.items() if not used & waiting.keys()):
        order += ready
        for name in ready:
            del waiting[name]
    return order
