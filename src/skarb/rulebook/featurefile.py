"""Reading `features.yaml`: strictly, each fault at its place."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Literal, get_args

from skarb.rulebook.check import Scope, check
from skarb.rulebook.expression import Fact, Node, walk
from skarb.rulebook.feature import CALENDAR, DAYS_MAX
from skarb.rulebook.model import Feature
from skarb.rulebook.parse import parse
from skarb.rulebook.source import Located, Reader, Record
from skarb.rulebook.values import Names, reporter

Summed = Literal["", "value", "value_usd"]
Side = Literal["actor", "counterparty", "venue", "wallet", "asset", "operator"]
SIDES: tuple[str, ...] = get_args(Side)
WINDOW = rf"{'|'.join(CALENDAR)}|[1-9][0-9]{{0,3}} days"
_NAME = re.compile(r"[a-z][a-z0-9_]{0,59}", re.ASCII)
_NAME_EXPECTED = "a name in small letters, digits and _, without dots: a total is looked at like a fact"
_WINDOW = re.compile(WINDOW, re.ASCII)
_WINDOW_EXPECTED = f"{', '.join(CALENDAR)} of the calendar, or so many days: 30 days (2 to {DAYS_MAX})"


@dataclass(frozen=True)
class Reading:
    """A feature that was read; its condition was parsed and not checked yet."""

    feature: Feature
    reader: Reader
    source: Located | None
    node: Node | None


def read_features(reader: Reader, names: Names) -> list[Reading]:
    """Read the features of a file; which instructions count is checked later, by `check_features`."""
    found = []
    for node in reader.records("features"):
        record = Record(
            reader, node, "a feature", ("name", "over", "window", "including"), ("sum", "count", "of", "title", "note")
        )
        name = record.text("name", _NAME_EXPECTED, _NAME)
        if not names.take(record, name, "feature"):
            continue
        source = record.located("of", "an expression") if "of" in record.nodes else None
        feature = Feature(
            name,
            _summed(record),
            _over(record),
            _window(record),
            record.flag("including"),
            title=record.text("title"),
            place=record.place(),
        )
        parsed = parse(source, reporter(reader, source, "of")) if source else None
        found.append(Reading(feature, reader, source, parsed))
    return found


def _summed(record: Record) -> str:
    if record.has("sum") == record.has("count"):
        given = "both" if record.has("sum") else "neither"
        record.reader.problem(record.place(), "sum", given, "either `sum: value` (or value_usd) or `count: instructions`")
    record.choice("count", ("instructions",))
    return record.choice("sum", [one for one in get_args(Summed) if one])


def _over(record: Record) -> tuple[str, ...]:
    given = record.texts("over", "a list of whose total it is")
    if not given and not record.broken:
        record.reader.problem(record.place("over"), "over", "nothing", f"at least one of {', '.join(SIDES)}")
    for one in given:
        if one not in SIDES:
            record.reader.problem(record.place("over"), "over", one, f"one of {', '.join(SIDES)}")
    return given


def _window(record: Record) -> str:
    window = record.text("window", _WINDOW_EXPECTED, _WINDOW)
    if window.endswith("days") and not 2 <= int(window.split()[0]) <= DAYS_MAX:
        record.reader.problem(record.place("window"), "window", window, _WINDOW_EXPECTED)
    return window


def check_features(readings: Iterable[Reading], scope: Scope, known: Collection[str] = ()) -> dict[str, Feature]:
    """Check which instructions count for each feature, by their own facts and nothing else; `known` are features there are already."""
    readings = list(readings)
    known = {*known, *(one.feature.name for one in readings)}
    return {one.feature.name: replace(one.feature, of=_checked(one, scope, known)) for one in readings}


def _checked(reading: Reading, scope: Scope, features: set[str]) -> Node | None:
    source, node = reading.source, reading.node
    if source is None or node is None:
        return None
    checked = check(node, scope, reporter(reading.reader, source, "of"))
    if checked is None:
        return None
    for part in walk(checked.node):
        if isinstance(part, Fact) and part.name in features:
            itself = part.name == reading.feature.name
            given = f"{part.name}, which is this feature itself" if itself else f"{part.name}, which is a feature"
            expected = "an instruction's own facts: no total is made of totals"
            reading.reader.problem(source.at(0), "of", given, expected, "compare totals in a provision instead")
            return None
    return checked.node
