"""Reading OpenFisca's parameters: folders of YAML files in which every value has a first day, into our own.

A file, or a part of one, is a parameter (`values` by date), a scale (`brackets`, each with a threshold and a rate or amount) or a node with more
of them below. A value lasts until the next date; `null` ends it. Numbers are taken as they are written, never as floats. A scale becomes one series
for each threshold, rate and amount. What our parameters cannot say (texts, flags, negative numbers, cents of cents, dates before 1900 that are
superseded by then) is not dropped in silence: it is listed with the reason.

Source: openfisca-core, "Parameters", the layout of the country packages.
"""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import yaml

from skarb.core.amount import LEGAL_VALUE_MAX
from skarb.core.asset import currencies
from skarb.core.errors import InputError
from skarb.core.facts import Facts
from skarb.core.time import from_day, parse_day
from skarb.rulebook.check import RATIO_MAX
from skarb.rulebook.model import FIRST_DAY, LAST_DAY
from skarb.rulebook.values import BASE_UNIT, RESERVED

_LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)  # every scalar stays the text that was written
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_NUMBER = re.compile(r"([+-]?)((?:0|[1-9][\d_]*)(?:\.\d*)?|\.\d+)(?:[eE]([+-]?\d{1,3}))?", re.ASCII)
_NULL = ("null", "~", "", "Null", "NULL")
_ABOUT = frozenset({"description", "metadata", "documentation", "reference", "unit", "label", "short_label", "order"})
_PARTS = {
    "threshold": "threshold_unit",
    "rate": "rate_unit",
    "amount": "amount_unit",
    "average_rate": "rate_unit",
    "base": "base_unit",
}
_COUNT_MAX = 10**18 - 1


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

    def source(self, title: str, link: str) -> int:
        """Return the number of a source, noting it when it is new."""
        if not (title or link):
            return 0
        found = title or link, link
        if found not in self.sources:
            self.sources.append(found)
        return self.sources.index(found) + 1


def read_openfisca(files: Mapping[str, str], currency: str = "") -> Imported:
    """Read the texts of a parameter tree by path within its folder, in the order of the paths.

    `currency` is meant where a unit says "currency" and not which.
    """
    return _Tree(currency).read(files)


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
                content = yaml.load(files[path], Loader=_LOADER)
            except (yaml.YAMLError, RecursionError) as error:
                self.leave(path, f"no readable YAML: {str(error).splitlines()[0]}")
                continue
            parts = tuple(path.removesuffix(".yaml").removesuffix(".yml").split("/"))
            self.node(parts[:-1] if parts[-1] == "index" else parts, content)
        return self.found

    def leave(self, path: str, reason: str) -> None:
        self.found.left.append(LeftOut(path, reason))

    def node(self, path: tuple[str, ...], content: Any) -> None:
        """Read a parameter, a scale, or what stands below a node."""
        where = "/".join(path)
        if not isinstance(content, dict):
            self.leave(where, "neither a parameter, a scale nor a node")
        elif "values" in content:
            self.parameter(path, content, content["values"], _unit(content, "unit"))
        elif "brackets" in content:
            self.scale(path, content)
        elif content and all(_DATE.fullmatch(key) for key in content):
            self.parameter(path, {}, content, "")
        else:
            for key, below in content.items():
                if key not in _ABOUT:
                    self.node((*path, key), below)

    def scale(self, path: tuple[str, ...], content: Mapping[str, Any]) -> None:
        brackets = content["brackets"]
        if not isinstance(brackets, list) or not brackets or not all(isinstance(one, dict) for one in brackets):
            self.leave("/".join(path), "a scale without a list of brackets")
            return
        for number, bracket in enumerate(brackets, 1):
            for part, dated in bracket.items():
                below = (*path, f"bracket_{number}", part)
                if part in _PARTS:
                    values = dated.get("values", dated) if isinstance(dated, dict) else dated
                    default = "/1" if part in ("rate", "average_rate") else ""
                    self.parameter(below, content, values, _unit(content, _PARTS[part]) or default)
                elif part not in _ABOUT:
                    self.leave("/".join(below), f"a bracket has no {part!r} in this law")

    # -- one parameter -----------------------------------------------------------------------------------------------------------

    def parameter(self, path: tuple[str, ...], about: Mapping[str, Any], dated: Any, unit: str) -> None:
        where = "/".join(path)
        if not isinstance(dated, dict):
            self.leave(where, "no values by date")
            return
        numbers: list[tuple[int | None, Fraction | None, int]] = []
        for day, given in self.days(where, dated):
            text = given.get("value") if isinstance(given, dict) else given
            number = self.number(f"{where} {from_day(day)}", text)
            own = _unit(given, "unit") if isinstance(given, dict) else ""
            if number is not None and unit and own not in ("", unit):
                self.leave(f"{where} {from_day(day)}", f"its unit is {own}, and that of its parameter {unit}")
                number = None  # it ends what was before, like all that cannot be said
            numbers.append((None if day <= FIRST_DAY else day, number, self.cited(about, given, from_day(day).isoformat())))
        ever = [one for one in numbers if one[0] is None]
        for _ in ever[:-1]:
            self.leave(where, "a value that ended before 1900")
        numbers = [*ever[-1:], *(one for one in numbers if one[0] is not None)]
        ours, decimals, per = self.ours(unit, [number for _, number, _ in numbers if number is not None])
        values = []
        for index, (start, number, source) in enumerate(numbers):
            following = numbers[index + 1][0] if index + 1 < len(numbers) else None
            if number is None:
                continue
            written = _written(number, ours, decimals)
            if written is None:
                self.leave(
                    f"{where} {_day(start)}",
                    f"{_plain(number)} {unit}".strip() + f" is no value in {ours or 'a currency that is named'}",
                )
                continue
            values.append(ImportedValue(start, None if following is None else following - 1, written, source))
        if values:
            title = about.get("description", "")
            note = f"from {where}" + (f", unit {unit}" if unit else "") + per
            self.found.series.append(
                ImportedSeries(self.name(path), ours, title if isinstance(title, str) else "", note, tuple(values))
            )
        elif all(number is None for _, number, _ in numbers):
            self.leave(where, "no value at all")

    def days(self, where: str, dated: Mapping[str, Any]) -> Iterator[tuple[int, Any]]:
        for key, given in sorted(dated.items()):
            if key in _ABOUT:
                continue
            if given == "expected" or (isinstance(given, dict) and ("expected" in given or given.get("value") == "expected")):
                self.leave(f"{where} {key}", "a change that is expected and has no value yet")
                continue
            try:
                day = parse_day(key)
            except InputError:
                self.leave(f"{where} {key}", "no calendar date")
                continue
            if day > LAST_DAY:
                self.leave(f"{where} {key}", "a date after 2169")
                continue
            yield max(day, FIRST_DAY), given

    def number(self, where: str, text: Any) -> Fraction | None:
        """Return a number exactly as written, None for the end of validity and for what is no number."""
        if isinstance(text, str) and text.strip() in _NULL:
            return None
        match = _NUMBER.fullmatch(text.strip()) if isinstance(text, str) else None
        if match is None:
            what = "a list" if isinstance(text, list) else "nothing" if text is None else repr(text)
            self.leave(where, f"{what} is no number")
            return None
        sign, digits, exponent = match.groups()
        digits = digits.replace("_", "")
        number = Fraction(f"0{digits}0" if digits.endswith(".") else f"0{digits}") * Fraction(10) ** int(exponent or 0)
        return -number if sign == "-" else number

    def ours(self, unit: str, numbers: list[Fraction]) -> tuple[str, int, str]:
        """Return our unit, its decimals, and a remark on what the original's unit says besides."""
        name, _, per = unit.partition("/")
        if name.startswith("currency"):
            _, _, code = name.partition("-")
            code = code if code in currencies() else self.currency
            known = currencies().get(code)
            return (code, known.decimals, f", for each {per}" if per else "") if known else ("", 0, "")
        whole = unit != "/1" and all(number.denominator == 1 for number in numbers)
        return ("count" if whole else "ratio"), 0, ""

    def cited(self, about: Mapping[str, Any], given: Any, day: str) -> int:
        """Return the number of the source of a value: its own, else that of its day, else the parameter's."""
        own = _reference(given) if isinstance(given, dict) else None
        general = _reference(about)
        if isinstance(general, dict) and any(_DATE.fullmatch(str(key)) for key in general):
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


def _unit(content: Mapping[str, Any], key: str) -> str:
    about = content.get("metadata")
    found = about.get(key) if isinstance(about, dict) else None
    found = content.get(key) if found is None else found
    return found if isinstance(found, str) else ""


def _reference(content: Mapping[str, Any]) -> Any:
    about = content.get("metadata")
    found = about.get("reference") if isinstance(about, dict) else None
    return found or content.get("reference")


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


def _written(number: Fraction, unit: str, decimals: int) -> str | None:
    """Return a number as a value in our unit, None when it is none."""
    if unit == "ratio":
        fits = 0 <= number.numerator <= RATIO_MAX and number.denominator <= RATIO_MAX
        return f"{number.numerator}/{number.denominator}" if fits else None
    if unit == "count":
        return str(number) if 0 <= number <= _COUNT_MAX else None
    minor = number * 10**decimals
    if not unit or minor.denominator != 1 or not 0 <= minor <= LEGAL_VALUE_MAX:
        return None
    whole, rest = divmod(minor.numerator, 10**decimals)
    return f"{whole}.{rest:0{decimals}}" if decimals else str(whole)


def _plain(number: Fraction) -> str:
    return str(number.numerator) if number.denominator == 1 else f"{number.numerator}/{number.denominator}"


def _day(day: int | None) -> str:
    return "ever" if day is None else from_day(day).isoformat()
