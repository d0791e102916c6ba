"""Reading OpenFisca's parameters: folders of YAML files in which every value has a first day, into our own.

A file, or a part of one, is a parameter (`values` by date), a scale (`brackets`, each with a threshold and a rate or amount) or a node with
more of them below. A value lasts until the next date; `null` ends it. Dates are compared as texts there, so `2006-01` and `2006` mean the first
day, `0000-01-01` is since ever, and a day that its month has not is the first of the next. What single values become says `openfisca_values`.
A scale becomes one series for each threshold, rate and amount. What our parameters cannot say (texts, lists, negative numbers, a currency that
is not named) is not dropped in silence: it is listed with the reason.

Source: openfisca-core, "Parameters", the layout of the country packages.
"""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from skarb.core.errors import InputError, shorten
from skarb.core.facts import Facts
from skarb.core.time import from_day, parse_day
from skarb.rulebook.foreign import read_foreign
from skarb.rulebook.model import FIRST_DAY, LAST_DAY
from skarb.rulebook.openfisca_values import NULL, Given, our_unit, read_value, written
from skarb.rulebook.values import BASE_UNIT, RESERVED

_INSTANT = re.compile(r"(\d{4})(?:-(0[1-9]|1[0-2])(?:-(0[1-9]|[12]\d|3[01]))?)?", re.ASCII)
_FIRST_YEAR = from_day(FIRST_DAY).year
_ABOUT = frozenset({"description", "metadata", "documentation", "reference", "unit", "label", "short_label", "order"})
_PARTS = {
    "threshold": "threshold_unit",
    "rate": "rate_unit",
    "amount": "amount_unit",
    "average_rate": "rate_unit",
    "base": "base_unit",
}


@dataclass(frozen=True, slots=True)
class ImportedValue:
    """A value from one day to another, written as our parameters write it."""

    start: int | None
    end: int | None
    value: str
    source: int  # number of the source it cites, 0 = none


@dataclass(frozen=True, slots=True)
class ImportedSeries:
    """A parameter of ours with where it came from."""

    name: str
    unit: str
    title: str
    note: str  # the original's path and unit
    values: tuple[ImportedValue, ...]
    path: str  # of the original, its parts with slashes between


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something that could not be taken over, and why."""

    path: str
    reason: str


@dataclass
class Imported:
    """Everything found in a folder of parameters."""

    series: list[ImportedSeries] = field(default_factory=list)
    sources: list[tuple[str, str]] = field(default_factory=list)  # title and link; numbers count from 1
    left: list[LeftOut] = field(default_factory=list)
    _numbers: dict[tuple[str, str], int] = field(default_factory=dict, repr=False)

    def source(self, title: str, link: str) -> int:
        """Return the number of a source, noting it when it is new."""
        if not (title or link):
            return 0
        found = title or link, link
        if found not in self._numbers:
            self.sources.append(found)
            self._numbers[found] = len(self.sources)
        return self._numbers[found]


def read_openfisca(files: Mapping[str, str], currency: str = "") -> Imported:
    """Read the texts of a parameter tree by path within its folder, in the order of the paths.

    `currency` is meant where a unit says "currency" and not which.
    """
    return _Tree(currency).read(files)


_Units = str | Mapping[str, Any]  # a unit, or units by date


@dataclass
class _Tree:
    currency: str
    found: Imported = field(default_factory=Imported)
    names: set[str] = field(
        default_factory=lambda: {BASE_UNIT, *RESERVED, *Facts.__struct_fields__}
    )  # what a parameter may not be called

    def read(self, files: Mapping[str, str]) -> Imported:
        for path in sorted(files):
            try:
                content = read_foreign(files[path])
            except InputError as error:
                self.leave(path, f"no readable YAML: {error}")
                continue
            parts = tuple(path.removesuffix(".yaml").removesuffix(".yml").split("/"))
            if parts[-1] != "index":
                self.node(parts, content, {})
            elif content is not None:  # a folder may have nothing to say about itself
                self.node(parts[:-1], content, {})
        return self.found

    def leave(self, path: str, reason: str) -> None:
        self.found.left.append(LeftOut(path, reason))

    def node(self, path: tuple[str, ...], content: Any, general: Mapping[str, Any]) -> None:
        """Read a parameter, a scale, or what stands below a node; `general` is what a node says of all that is below."""
        where = "/".join(path)
        if not isinstance(content, dict):
            self.leave(where, f"{_shown(content)}, expected a parameter with values by date, a scale or a node")
            return
        content = {**content, "metadata": {**general, **_metadata(content)}}
        if "values" in content:
            self.parameter(path, content, content["values"], _unit(content, "unit"))
        elif "brackets" in content:
            self.scale(path, content)
        elif _dated(content):
            values = {key: given for key, given in content.items() if key not in _ABOUT}
            self.parameter(path, content, values, _unit(content, "unit"))
        else:
            below = content["metadata"] if _of_all(content["metadata"]) else {}
            for key, one in content.items():
                if key not in _ABOUT:
                    self.node((*path, key), one, below)

    def scale(self, path: tuple[str, ...], content: Mapping[str, Any]) -> None:
        brackets = content["brackets"]
        odd = [one for one in brackets if not isinstance(one, dict)] if isinstance(brackets, list) and brackets else [brackets]
        if odd:
            self.leave(
                "/".join(path), f"{_shown(odd[0])} as brackets or one of them, expected a list, each with its parts by date"
            )
            return
        for number, bracket in enumerate(brackets, 1):
            for part, dated in bracket.items():
                below = (*path, f"bracket_{number}", part)
                if part in _PARTS:
                    own = dated if isinstance(dated, dict) else {}
                    values = own.get("values") or {key: one for key, one in own.items() if key not in _ABOUT}
                    unit = _unit(own, "unit") or _unit(content, _PARTS[part]) or _usual(part, _unit(content, "unit"))
                    about = {**content, **own, "metadata": {**content["metadata"], **_metadata(own)}}
                    self.parameter(below, about, values if own else dated, unit)
                elif part not in _ABOUT:
                    self.leave("/".join(below), f"a bracket has no {part!r} in this law, expected {', '.join(_PARTS)}")

    # -- one parameter -----------------------------------------------------------------------------------------------------------

    def parameter(self, path: tuple[str, ...], about: Mapping[str, Any], dated: Any, unit: _Units) -> None:
        where = "/".join(path)
        if not isinstance(dated, dict) or not dated:
            self.leave(where, f"{_shown(dated)}, expected values by date")
            return
        given = [self.dated(where, about, unit, day, key, one) for day, key, one in self.days(where, dated)]
        kind = next((kind for kind in ("number", "flag", "day") if any(one.kind == kind for one in given)), "")
        known = [one for one in given if one.kind == kind and kind]
        if not known:
            for one in given:
                self.refuse(where, one)
            if all(one.kind == "end" for one in given):
                self.leave(where, "no value at all")
            return
        ours = our_unit(kind, known[-1].unit, self.currency, [one for one in known if one.unit == known[-1].unit])
        values = []
        for index, one in enumerate(given):
            said = written(one, ours) if one.kind == kind and one.unit == known[-1].unit else None
            if said is not None:
                end = given[index + 1].day - 1 if index + 1 < len(given) else None
                start = None if one.day == FIRST_DAY else one.day
                values.append(ImportedValue(start, end, said, one.source))
            elif one.kind != kind:
                self.refuse(where, one)
            elif one.unit != known[-1].unit:
                self.leave(
                    f"{where} {one.at}", f"its unit is {one.unit or 'not said'}, and that of its parameter {known[-1].unit}"
                )
            else:
                self.leave(f"{where} {one.at}", f"{one.text} {one.unit}".strip() + f" is {ours.refusal}")
        if values:
            title = about.get("description", "")
            note = f"from {where}" + (f", unit {known[-1].unit}" if known[-1].unit else "") + ours.remark + _indexed(about)
            name = self.name(path)
            title = title if isinstance(title, str) else ""
            self.found.series.append(ImportedSeries(name, ours.name, title, note, tuple(values), where))

    def refuse(self, where: str, one: Given) -> None:
        """List a value that is none of ours; the end of one is nothing to list."""
        if one.kind != "end":
            self.leave(f"{where} {one.at}", f"{repr(one.text) if one.kind else one.text} is no number")

    def dated(self, where: str, about: Mapping[str, Any], unit: _Units, day: int, key: str, given: Any) -> Given:
        """Return a value with its day, kind and unit."""
        text = given.get("value", ()) if isinstance(given, dict) else given
        own = _unit(given, "unit") if isinstance(given, dict) else ""
        kind, number, shown = read_value(text)
        at = "ever" if day == FIRST_DAY else from_day(day).isoformat()
        return Given(day, at, kind, number, shown, _unit_on(own or unit, key), self.cited(about, given, key))

    def days(self, where: str, dated: Mapping[str, Any]) -> Iterator[tuple[int, str, Any]]:
        """Yield the day, the key and the value of each entry that begins on a day of ours, in order and each day once."""
        found: dict[int, tuple[str, Any]] = {}
        for key, given in sorted(dated.items()):
            if key in _ABOUT:
                continue
            if given == "expected" or (isinstance(given, dict) and _expected(given)):
                self.leave(f"{where} {key}", "a change that is expected and has no value yet")
                continue
            day = _day_of(key)
            if day is None:
                self.leave(f"{where} {key}", "no calendar date, expected one written 2017-01-15")
            elif day > LAST_DAY:
                self.leave(f"{where} {key}", "a date after 2169")
            else:
                if day in found:
                    before = (
                        f"a value that ended before {_FIRST_YEAR}"
                        if day == FIRST_DAY
                        else f"no day of its own, {key} begins with it"
                    )
                    self.leave(f"{where} {found[day][0]}", before)
                found[day] = key, given
        yield from ((day, key, given) for day, (key, given) in found.items())

    def cited(self, about: Mapping[str, Any], given: Any, day: str) -> int:
        """Return the number of the source of a value: its own, else that of its day, else the parameter's."""
        own = _reference(given) if isinstance(given, dict) else None
        general = _reference(about)
        if isinstance(general, dict) and any(_INSTANT.fullmatch(key) for key in general):
            general = general.get(day)
        title, link = _titled(own) if own else _titled(general)
        return self.found.source(title, link)

    def name(self, path: tuple[str, ...]) -> str:
        """Return a name in the law's own letters that no other parameter has."""
        base = ".".join(_component(part, first=index == 0) for index, part in enumerate(path)) or "parameter"
        name, number = base, 2
        while name in self.names:
            name, number = f"{base}_{number}", number + 1
        self.names.add(name)
        return name


def _metadata(content: Mapping[str, Any]) -> Mapping[str, Any]:
    about = content.get("metadata")
    return about if isinstance(about, dict) else {}


def _of_all(about: Mapping[str, Any]) -> bool:
    """Say whether what a node says of itself is meant for each of its parts: they are one value, broken down."""
    return "breakdown" in about or about.get("propagate_metadata_to_children") in ("true", "True")


def _dated(content: Mapping[str, Any]) -> bool:
    """Say whether a mapping is values by date, which may have something said about them beside them."""
    given = {key: one for key, one in content.items() if key not in _ABOUT}
    plain = all(not isinstance(one, dict) or "value" in one or "expected" in one for one in given.values())
    return bool(given) and plain and all(_INSTANT.fullmatch(key) for key in given)


def _expected(given: Mapping[str, Any]) -> bool:
    """Say whether a value is only expected: the word, or a mark that is not taken back."""
    return given.get("value") == "expected" or given.get("expected", "false") not in ("false", *NULL)


def _day_of(key: str) -> int | None:
    """Return the first day that a date means when dates are compared as texts; None for what is no date."""
    match = _INSTANT.fullmatch(key)
    if match is None:
        return None
    if int(match[1]) < _FIRST_YEAR:
        return FIRST_DAY
    year, month, day = int(match[1]), int(match[2] or 1), match[3] or "01"
    try:
        return parse_day(f"{year}-{month:02}-{day}")
    except InputError:
        return _day_of(f"{year}-{month + 1:02}-01")  # only months before the last have fewer than 31 days


def _indexed(about: Mapping[str, Any]) -> str:
    """Return a remark on a parameter whose later values are reckoned there and written nowhere."""
    by = _metadata(about).get("uprating")
    by = by.get("parameter") if isinstance(by, dict) else by
    return f", indexed there by {by}" if isinstance(by, str) and by not in NULL else ""


def _usual(part: str, unit: _Units) -> _Units:
    """Return the unit of a part of a bracket that names none: rates have none, and the unit of a scale is that of its thresholds."""
    if part in ("rate", "average_rate"):
        return "/1"
    return unit if part == "threshold" and unit != "/1" else ""


def _shown(given: Any) -> str:
    if isinstance(given, str) and given.strip():
        return shorten(given)
    return "a list" if isinstance(given, list) else "a mapping" if isinstance(given, dict) and given else "nothing"


def _unit(content: Mapping[str, Any], key: str) -> _Units:
    """Return the unit that is named, or the units by the day since which each is meant."""
    found = _metadata(content).get(key)
    found = content.get(key) if found is None else found
    return found if isinstance(found, dict | str) and found and found not in NULL else ""


def _unit_on(unit: _Units, key: str) -> str:
    """Return the unit on a date; dates are compared as texts."""
    if isinstance(unit, str):
        return unit
    found = unit[max((day for day in unit if day <= key), default=min(unit))]
    return found if isinstance(found, str) and found not in NULL else ""


def _reference(content: Mapping[str, Any]) -> Any:
    """Return what a part names as its source: its reference, or a title and link that stand beside its unit."""
    about = _metadata(content)
    beside = {key: about[key] for key in ("title", "href") if key in about}
    return about.get("reference") or content.get("reference") or beside


def _titled(reference: Any) -> tuple[str, str]:
    """Return title and link of a reference; of several all titles, and the first link."""
    if isinstance(reference, list):
        found = [_titled(one) for one in reference]
        return "; ".join(title for title, _ in found if title), next((link for _, link in found if link), "")
    if isinstance(reference, dict):
        return str(reference.get("title") or ""), str(reference.get("href") or "")
    text = reference.strip() if isinstance(reference, str) else ""
    return ("", text) if text.startswith(("http://", "https://")) else (text, "")


def _component(text: str, *, first: bool) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9_]", "_", plain) or "_"
    if keyword.iskeyword(name):
        name += "_"
    if first and not name[0].isalpha():
        return f"p{name}"
    return f"_{name}" if name[0].isdigit() else name
