"""Cases: facts, a day, and what the law must make of them, written beside the law.

Facts are read as the type of their field: money with its currency, codes of their list, days as dates. Fields that a case does
not mention keep their defaults.
"""

from __future__ import annotations

from collections.abc import Container
from typing import get_args

import yaml

from skarb.core.decision import SILENCE, Measure, Verdict
from skarb.core.errors import InputError
from skarb.rulebook.model import Case, Country, EditionCase, Provision
from skarb.rulebook.schema import Field, Schema, suggest
from skarb.rulebook.source import Reader, Record, is_null, place_of, show
from skarb.rulebook.values import parse_money

SILENT, MET = "silent", "met"


def outcomes_of(provision: Provision) -> tuple[str, ...]:
    """Return what a case of a provision may expect of it."""
    if provision.has_needs:
        return (
            (SILENT, MET, provision.otherwise, "permit") if provision.otherwise == "refer" else (SILENT, MET, provision.otherwise)
        )
    if provision.effect == "refer":
        return (SILENT, "refer", "permit")  # permit: approved by a second person
    return (SILENT, provision.effect)


def read_case(reader: Reader, node: yaml.Node, provision: Provision, country: Country, fields: Schema) -> list[Case]:
    """Read a case of a provision, once for each of its days."""
    record = Record(reader, node, "a case", ("at", "facts", "then"), ("note",))
    facts = read_facts(record, country, fields)
    then = record.choice("then", outcomes_of(provision))
    days = read_days(record)
    if record.broken:
        return []
    if "activity" not in facts and provision.activities:
        facts["activity"] = provision.activities[0]
    return [Case(provision.id, day, {**facts, "day": facts.get("day", day)}, then, record.place()) for day in days]


def read_edition_cases(reader: Reader, country: Country, fields: Schema, provisions: Container[str]) -> list[EditionCase]:
    """Read the cases of whole editions, once for each of their days."""
    found: list[EditionCase] = []
    for node in reader.records("cases"):
        record = Record(reader, node, "a case", ("name", "at", "facts", "then"), ("note",))
        name = record.text("name")
        facts = read_facts(record, country, fields)
        if "activity" not in facts and not record.broken:
            reader.problem(record.place("facts"), "activity", "nothing", "the activity of the case")
        days = read_days(record)
        if "then" not in record.nodes:
            continue
        then = Record(
            reader, record.nodes["then"], "an outcome", ("verdict", "provision"), ("measure", "duties", "levy", "assumed")
        )
        verdict = then.choice("verdict", get_args(Verdict))
        measure = then.choice("measure", get_args(Measure)) if "measure" in then.nodes else None
        decides = then.text("provision")
        duties = then.texts("duties", "a list of provisions' ids") if "duties" in then.nodes else None
        levy = then.text("levy") if then.has("levy") else "" if "levy" in then.nodes else None
        assumed = then.flag("assumed") if "assumed" in then.nodes else None
        for one in (decides, levy, *(duties or ())):
            if one and one != SILENCE and one not in provisions:
                reader.problem(then.place(), "then", one, "the id of a provision, or silence")
        if not record.broken:
            for day in days:
                dated = {**facts, "day": facts.get("day", day)}
                found.append(EditionCase(name, day, dated, verdict, decides, record.place(), measure, duties, levy, assumed))
    return found


def read_days(record: Record) -> list[int]:
    """Return the day of a case, or its list of days."""
    node = record.nodes.get("at")
    if node is None:
        return []
    nodes = node.value if isinstance(node, yaml.SequenceNode) else [node]
    days = [record.reader.day(one, "at") for one in nodes]
    return [day for day in days if day is not None]


def read_facts(record: Record, country: Country, fields: Schema) -> dict[str, object]:
    """Return the facts of a case by field."""
    node = record.nodes.get("facts")
    facts: dict[str, object] = {}
    if node is None or is_null(node):
        return facts
    reader = record.reader
    if not isinstance(node, yaml.MappingNode):
        reader.problem(node, "facts", show(node), "facts in braces: {actor_kind: natural_person}")
        return facts
    for key, value in node.value:
        name = show(key)
        if name not in fields:
            reader.problem(key, "facts", name, "a fact", suggest(name, fields, "core/facts.py lists them"))
        elif name in facts:
            reader.problem(key, "facts", name, "each fact only once")
        else:
            facts[name] = read_fact(reader, value, fields[name], country)
    return facts


def read_fact(reader: Reader, node: yaml.Node, field: Field, country: Country) -> object:
    """Return one fact's value as its type; None for a missing one."""
    if is_null(node):
        if not field.optional:
            reader.problem(node, field.name, "nothing", f"a value: {field.name} cannot be missing")
        return None
    match field.type.base:
        case "flag":
            return reader.flag(node, field.name)
        case "code":
            return _code(reader, node, field)
        case "day":
            return _within(reader, node, field, reader.day(node, field.name))
        case "count":
            return _within(reader, node, field, reader.whole(node, field.name))
    currency = field.type.currency
    expected = f'an amount such as "500.00 {currency}"'
    text = reader.scalar(node, field.name, expected)
    try:
        return None if text is None else _within(reader, node, field, parse_money(text, currency, country))
    except InputError:
        reader.problem(node, field.name, text, expected)
        return None


def _code(reader: Reader, node: yaml.Node, field: Field) -> str | None:
    text = reader.scalar(node, field.name, field.type.listing())
    if text is not None and not field.type.admits(text):
        reader.problem(node, field.name, text, field.type.listing(), suggest(text, field.type.codes))
    return text


def _within(reader: Reader, node: yaml.Node, field: Field, value: int | None) -> int | None:
    if value is not None and not field.low <= value <= field.high:
        reader.problem(place_of(reader.file, node), field.name, show(node), f"a value within {field.low} … {field.high}")
    return value
