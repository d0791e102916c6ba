"""Hold a message to its schema, and say each fault once: line, element, what was given, what was expected."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from lxml import etree

from skarb.core.errors import shorten
from skarb.intake.iso20022.messages import Message
from skarb.intake.iso20022.schemas import Schema, Schemas

_NAMES = re.compile(r"\{[^}]*\}")
_ELEMENT = re.compile(r"^Element '([^']*)'(?:, attribute '([^']*)')?: (?:\[facet '(\w+)'\] )?(.*)$", re.DOTALL)
_VALUE = re.compile(r"^The (?:attribute )?value '(.*)' (?:has a length|is not|is less|has more|is greater|must)", re.DOTALL)
_ATOMIC = re.compile(r"^'(.*)' is not a valid value of", re.DOTALL)
_EXPECTED = re.compile(r"Expected is (?:one of )?\((.*)\)", re.DOTALL)
_KEY = re.compile(r"key identity-constraint '(?:\{[^}]*\})?(\w+)_is_there'")
_PATTERN = re.compile(r"accepted by the pattern '(.*)'\.?$", re.DOTALL)
_SET = re.compile(r"not an element of the set \{(.*)\}", re.DOTALL)
MANY = 1000  # faults that are told of one message


@dataclass(frozen=True)
class Fault:
    """One thing that the schema does not accept."""

    line: int
    field: str
    given: str
    expected: str
    path: str  # of the element inside the document


def faults_of(message: Message, schema: Schema, schemas: Schemas) -> list[Fault]:
    """Return what is wrong with a message, its header included, by the schemas; at most `MANY` faults."""
    found = _validate(schema.compiled, message.document)
    if message.header is not None and schema.full:
        name = (etree.QName(message.header).namespace or "").rpartition(":")[2]
        official = schemas.official(name)
        if official is not None:
            found = [
                Fault(f.line, f.field, f.given, f.expected, "") for f in _validate(official.compiled, message.header)
            ] + found
    return found[:MANY]


def _validate(schema: Any, element: Any) -> list[Fault]:
    if schema.validate(element):
        return []
    faults: dict[tuple[int, str, str], Fault] = {}
    for entry in schema.error_log:
        fault = _fault(entry.line, entry.message, entry.path or "")
        faults.setdefault((fault.line, fault.path, fault.field), fault)  # one facet and its type are one fault
    return list(faults.values())


def _fault(line: int, message: str, path: str) -> Fault:
    found = _ELEMENT.match(message)
    if found is None:
        return Fault(line, "", "", _NAMES.sub("", message), path)
    field = _NAMES.sub("", found[1]) + (f"/@{_NAMES.sub('', found[2])}" if found[2] else "")
    rest = found[4]
    given, expected = _given(rest), _NAMES.sub("", rest).strip()
    if key := _KEY.search(rest):
        given, expected = "nothing", f"the element {key[1]} once"
    elif options := _EXPECTED.search(rest):
        names = _NAMES.sub("", options[1]).strip().replace("*", "")
        expected = f"{'one of ' if ',' in names else ''}{names}" + (" here" if "not expected" in rest else " inside")
        given = f"{field}" if "not expected" in rest else f"{field} that ends too early"
    elif "not expected" in rest:
        given, expected = field, "no more elements here"
    elif pattern := _PATTERN.search(rest):
        expected = f"a text like {pattern[1]}"
    elif options := _SET.search(rest):
        expected = f"one of {options[1]}"
    return Fault(line, field, shorten(given), shorten(expected, 300), path)


def _given(rest: str) -> str:
    for shape in (_VALUE, _ATOMIC):
        if found := shape.match(rest):
            return found[1]
    return ""
