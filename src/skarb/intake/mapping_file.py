"""Mapping files: YAML read strictly into mappings, each mistake named with file, line, key and what was expected."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

import msgspec

from skarb.core.activity import ACTIVITIES
from skarb.core.errors import ConfigurationError, FieldError
from skarb.core.instruction import Assumptions
from skarb.core.party import PARTY_KINDS, Profile
from skarb.core.time import zone as find_zone
from skarb.intake.check import FIELDS, REQUIRED
from skarb.intake.declared import KINDS, read_declared
from skarb.intake.mapping import READS, Layout, Mapping, Piece, Rule
from skarb.intake.notation import Entry, parse
from skarb.intake.times import check_format, read_instant

SHIPPED = "skarb.intake.mappings"
_PLACE = re.compile(r"\{([^{}|]+)(?:\|([a-z_]+))?\}")
_FIELDS = tuple(name for name in FIELDS if name not in ("declared", "approves"))
_RULE = ("column", "constant", "template", "by", "cases", "table", "format", "zone", "sign", "absolute", "optional")
_ASSUMED = ("kind", "country", "resident", "identified", "age")


@cache
def shipped() -> dict[str, Mapping]:
    """Return the mappings that come with Skarb, by name."""
    folder = files(SHIPPED)
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".yaml"))
    return {m.name: m for m in (parse_mapping(folder.joinpath(name).read_text(encoding="utf-8"), name) for name in names)}


def find_mapping(mapping: str | Path | Mapping) -> Mapping:
    """Return a mapping by its name among the shipped ones, or from a YAML file.

    Raises: ConfigurationError
    """
    if isinstance(mapping, Mapping):
        return mapping
    known = shipped()
    if str(mapping) in known:
        return known[str(mapping)]
    path = Path(mapping)
    if not path.is_file():
        raise ConfigurationError(f"mapping {str(mapping)!r} is neither a file nor one of {', '.join(known)}")
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ConfigurationError(
            f"{path.name}: byte {error.start}: given 0x{error.object[error.start]:02x}, expected UTF-8 text"
        ) from None
    return parse_mapping(text, path.name)


def parse_mapping(text: str, file: str) -> Mapping:
    """Read and check a mapping file.

    Raises: ConfigurationError naming file, line, key, what was given and what was expected.
    """
    top = parse(text, file).only(
        ("name", "title", "reads", "fields", "declared", "ignore", "layouts", "tables", "assumptions"),
        ("name", "title", "assumptions"),
    )
    name = top["name"]
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", name.text()):
        name.refuse("a name of small letters, digits and _")
    reads = top["reads"].text() if "reads" in top else "table"
    if reads not in READS:
        top["reads"].refuse(" or ".join(READS))
    tables = {key: _table(entry) for key, entry in (top["tables"].table() if "tables" in top else {}).items()}
    reader = _Reader(tables)
    shared: dict[str, Entry] = {key: top[key] for key in top if key in ("fields", "declared", "ignore")}
    found = top["layouts"].table() if "layouts" in top else {"": parse("{}", file)}
    layouts = tuple(reader.layout(key, shared, entry, file) for key, entry in found.items())
    return Mapping(name.text(), top["title"].text(), reads, layouts, _assumptions(name.text(), top["assumptions"]))


def _table(entry: Entry) -> dict[str, str]:
    return {key: value.text() for key, value in entry.table().items()}


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads rules; knows the tables that they may name."""

    tables: dict[str, dict[str, str]]

    def layout(self, name: str, shared: dict[str, Entry], own: Entry, file: str) -> Layout:
        parts = own.only(("fields", "declared", "ignore"))
        fields: dict[str, Rule] = {}
        declared: dict[str, Rule] = {}
        ignore: set[str] = set()
        for part in (shared, parts):
            for key, entry in (part["fields"].table() if "fields" in part else {}).items():
                if key not in _FIELDS:
                    entry.refuse(f"a field of an instruction: {', '.join(_FIELDS)}", given=key)
                fields[key] = self.rule(entry, key)
            for key, entry in (part["declared"].table() if "declared" in part else {}).items():
                if key not in KINDS:
                    entry.refuse(f"a fact that parties declare: {', '.join(KINDS)}", given=key)
                declared[key] = self.rule(entry, f"declared.{key}")
            ignore |= {item.text() for item in (part["ignore"].items() if "ignore" in part else [])}
        for needed in REQUIRED:
            if needed not in fields:
                where = f"{file}, layouts.{name}" if name else file
                raise ConfigurationError(
                    f"{where}: no rule for the field {needed!r}, expected one for each of {', '.join(REQUIRED)}"
                )
        return Layout(name, fields, declared, frozenset(ignore))

    def rule(self, entry: Entry, field: str) -> Rule:
        keys = entry.only(_RULE)
        kinds = [kind for kind in ("column", "constant", "template", "by") if kind in keys]
        if len(kinds) != 1:
            entry.refuse("exactly one of column, constant, template, by")
        kind = kinds[0]
        allowed = {
            "column": {"table", "optional"} | ({"format", "zone"} if field == "at" else set()) | self._signs(field),
            "constant": set(),
            "template": {"optional"},
            "by": {"cases"},
        }[kind]
        for key, child in keys.items():
            if key != kind and key not in allowed:
                child.refuse(f"no {key!r} beside {kind!r} for {field}", given=key)
        if kind == "constant":
            self._check_value(keys["constant"], field, keys["constant"].text())
            return Rule(constant=keys["constant"].text())
        if kind == "template":
            return Rule(template=_template(keys["template"]), optional="optional" in keys and keys["optional"].flag())
        if kind == "by":
            if "cases" not in keys:
                entry.refuse("the key 'cases' beside 'by'")
            return Rule(by=keys["by"].text(), cases={key: self.rule(case, field) for key, case in keys["cases"].table().items()})
        return self._column(keys, field)

    @staticmethod
    def _signs(field: str) -> set[str]:
        return {"activity": {"sign"}, "amount": {"absolute"}, "consideration": {"absolute"}}.get(field, set())

    def _column(self, keys: dict[str, Entry], field: str) -> Rule:
        table = None
        if "table" in keys:
            entry = keys["table"]
            if isinstance(entry.value, str):
                table = self.tables.get(entry.value) or entry.refuse(
                    f"a mapping, or one of the tables {', '.join(self.tables) or '(none)'}"
                )
            else:
                table = _table(entry)
            for value in table.values():
                self._check_value(entry, field, value)
        sign = None
        if "sign" in keys:
            parts = keys["sign"].only(("positive", "negative"), ("positive", "negative"))
            for part in parts.values():
                self._check_value(part, field, part.text())
            sign = (parts["positive"].text(), parts["negative"].text())
        if field == "activity" and table is None and sign is None:
            keys["column"].refuse("a table or a sign beside the column, because activities are our own words")
        form, place = keys.get("format"), keys.get("zone")
        if form is not None:
            try:
                check_format(form.text(), place.text() if place else "")
            except ConfigurationError as error:
                form.refuse(str(error))
        if place is not None:
            try:
                find_zone(place.text())
            except ConfigurationError:
                place.refuse("an IANA time zone such as Europe/Minsk")
        return Rule(
            column=keys["column"].text(),
            table=table,
            sign=sign,
            absolute="absolute" in keys and keys["absolute"].flag(),
            optional="optional" in keys and keys["optional"].flag(),
            format=form.text() if form else "",
            zone=place.text() if place else "",
        )

    @staticmethod
    def _check_value(entry: Entry, field: str, value: str) -> None:
        if field == "activity" and value not in ACTIVITIES:
            entry.refuse("an activity: " + ", ".join(ACTIVITIES), given=value)
        try:
            if field == "at":
                read_instant(value, "", "")
            if field.startswith("declared."):
                read_declared(field.removeprefix("declared."), value)
        except FieldError as error:
            entry.refuse(error.expected, given=value)


def _template(entry: Entry) -> tuple[Piece, ...]:
    text, pieces, end = entry.text(), [], 0
    for found in _PLACE.finditer(text):
        if found.start() > end:
            pieces.append(Piece(text[end : found.start()]))
        if found[2] not in (None, "unpadded"):
            entry.refuse("no way of writing besides 'unpadded' after the |", given=found[0])
        pieces.append(Piece(found[1], True, found[2] or ""))
        end = found.end()
    if end < len(text):
        pieces.append(Piece(text[end:]))
    if any("{" in piece.text or "}" in piece.text for piece in pieces) or not any(piece.column for piece in pieces):
        entry.refuse("a text with columns in braces such as 'amlworld-{pattern_id}-{step}'")
    return tuple(pieces)


def _assumptions(name: str, entry: Entry) -> Assumptions:
    keys = entry.only(("party", "observed", "notes"), ("notes",))
    party = None
    if "party" in keys:
        given = keys["party"].only(_ASSUMED, ("kind", "country"))
        values: dict[str, object] = {key: value.flag() for key, value in given.items() if key in ("resident", "identified")}
        if given["kind"].text() not in PARTY_KINDS:
            given["kind"].refuse("one of " + ", ".join(PARTY_KINDS))
        if not re.fullmatch("[A-Z]{2}", given["country"].text()):
            given["country"].refuse("a country code of two capital letters, XX when unknown")
        if "age" in given:
            values["age"] = (
                int(given["age"].text()) if given["age"].text().isdecimal() else given["age"].refuse("a whole number of years")
            )
        party = msgspec.convert({**values, "kind": given["kind"].text(), "country": given["country"].text()}, Profile)
    return Assumptions(
        source=name,
        party=party,
        observed="observed" in keys and keys["observed"].flag(),
        notes=tuple(note.text() for note in keys["notes"].items()),
    )
