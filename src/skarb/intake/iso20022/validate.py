"""Hold a message to its schema, and say each fault once: line, element, what was given, what was expected."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from lxml import etree

from skarb.core.errors import shorten
from skarb.intake.iso20022.messages import Message
from skarb.intake.iso20022.schemas import Schema, Schemas

_NAMES = re.compile(r"\{[a-z]+:[^}]*\}")
_ELEMENT = re.compile(r"^Element '([^']*)'(?:, attribute '([^']*)')?: (?:\[facet '\w+'\] )?(.*)\Z", re.DOTALL)
_SHAPES = (  # what the validator says → what was given, what was expected
    (r"The value '(.*)' is not accepted by the pattern '(.*)'\.", "{0}", "a text like {1}"),
    (r"The value has a length of '(\d+)'; this exceeds the allowed maximum length of '(\d+)'", "{0} characters", "at most {1}"),
    (
        r"The value has a length of '(\d+)'; this underruns the allowed minimum length of '(\d+)'",
        "{0} characters",
        "at least {1}",
    ),
    (r"The value '(.*)' is less than the minimum value allowed \('(.*)'\)", "{0}", "at least {1}"),
    (r"The value '(.*)' is greater than the maximum value allowed \('(.*)'\)", "{0}", "at most {1}"),
    (r"The value '(.*)' has more fractional digits than are allowed \('(\d+)'\)", "{0}", "at most {1} decimals"),
    (r"The value '(.*)' has more digits than are allowed \('(\d+)'\)", "{0}", "at most {1} digits"),
    (r"The value '(.*)' is not an element of the set \{(.*)\}", "{0}", "one of {1}"),
    (r"'(.*)' is not a valid value of the (?:atomic|local atomic|union|list) type(?: '(.*)')?", "{0}", "a value of the type {1}"),
    (r"The attribute '(.*)' is required but missing", "no attribute {0}", "the attribute {0}"),
    (r"The attribute '(.*)' is not allowed", "the attribute {0}", "no such attribute"),
    (r"Not all fields of key identity-constraint '(.*)_is_there'", "nothing", "the element {0}"),
)
_COMPILED = tuple((re.compile(shape, re.DOTALL), given, expected) for shape, given, expected in _SHAPES)
_EXPECTED = re.compile(r"Expected is (?:one of )?\((.*)\)", re.DOTALL)
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
    faults: dict[tuple[int, str, str, str], Fault] = {}
    places = set()
    for entry in schema.error_log:
        fault = _fault(entry.line, entry.message, entry.path or "")
        place = (fault.line, fault.path, fault.field)
        if place not in places or "is not a valid value" not in entry.message:  # the type of a value whose facet was told already
            faults.setdefault((*place, fault.expected), fault)
        places.add(place)
    return list(faults.values())


def _fault(line: int, message: str, path: str) -> Fault:
    found = _ELEMENT.match(message)
    if found is None:
        return Fault(line, "", "", _NAMES.sub("", message), path)
    element, attribute, rest = _NAMES.sub("", found[1]), found[2], _NAMES.sub("", found[3]).strip()
    given, expected = _said(element, rest)
    field = f"{element}/@{_NAMES.sub('', attribute)}" if attribute else element
    return Fault(line, field, shorten(given), shorten(expected, 300), path)


def _said(element: str, rest: str) -> tuple[str, str]:
    """Return what was given and what was expected in the words of the validator, made short."""
    for shape, given, expected in _COMPILED:
        if found := shape.match(rest):
            parts = ["of the schema" if part is None else part for part in found.groups()]
            return given.format(*parts), expected.format(*parts)
    names = _EXPECTED.search(rest)
    if "not expected" in rest:
        return element, f"{_options(names[1])} here" if names else "no more elements here"
    if names:  # some children are missing
        return f"{element} that ends too early", f"{_options(names[1])} inside"
    return element, rest


def _options(names: str) -> str:
    listed = names.strip().replace("*", "")
    return f"one of {listed}" if "," in listed else listed
