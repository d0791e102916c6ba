"""Reading a country's folder: strict, whole, and with every problem at its place.

The folder is read once as texts; everything after that is a function of the texts. A rulebook with a problem is never handed out:
the caller gets all problems in one `RulebookError`, or asks for the list with `read`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from importlib.resources.abc import Traversable
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml

from skarb.core.asset import ASSET_CODE, currencies
from skarb.core.errors import NotFound, Problem
from skarb.core.facts import Facts
from skarb.rulebook.acceptedfile import read_accepted
from skarb.rulebook.casefile import read_edition_cases
from skarb.rulebook.check import Checked, Scope
from skarb.rulebook.errors import RulebookError
from skarb.rulebook.feature import with_features
from skarb.rulebook.featurefile import check_features, read_features
from skarb.rulebook.model import Act, CodeList, Country, EditionCase, Pack, ParameterSeries
from skarb.rulebook.provisions import Frame, note_lost_references, read_activities, read_provisions, read_translated
from skarb.rulebook.schema import Schema, schema
from skarb.rulebook.source import Reader, Record
from skarb.rulebook.values import (
    Names,
    Open,
    check_conditions,
    note_base_units,
    read_conditions,
    read_lists,
    read_parameters,
    scope_of,
)

FOLDERS = ("acts", "provisions", "parameters")
FILES = ("country", "conditions", "features", "lists", "cases", "sources", "accepted")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}", re.ASCII)


def read(folder: Path | Traversable, facts: type = Facts) -> tuple[Pack | None, list[Problem]]:
    """Read a country's folder; the pack is None when anything is wrong.

    Raises: NotFound if there is no such folder.
    """
    if not folder.is_dir():
        raise NotFound(f"there is no folder {folder}; a country is a folder with country.yaml, acts, provisions and more")
    files, problems = read_folder(folder, FOLDERS, FILES)
    pack, found = read_texts(files, str(folder), facts)
    problems += found
    return (None if problems else pack), problems


def load(folder: Path | Traversable, facts: type = Facts) -> Pack:
    """Read a country's folder.

    Raises: NotFound if there is no such folder; RulebookError with every problem.
    """
    pack, problems = read(folder, facts)
    if pack is None:
        raise RulebookError(str(folder), problems)
    return pack


def read_folder(
    folder: Path | Traversable, folders: Collection[str], names: Collection[str]
) -> tuple[dict[str, str], list[Problem]]:
    """Return the texts of a folder's files by path within it, and which could not be read; what has another name is not ours."""
    files: dict[str, str] = {}
    problems: list[Problem] = []
    for entry in sorted(folder.iterdir(), key=lambda one: one.name):
        if entry.is_dir() and entry.name in folders:
            inside = sorted(entry.iterdir(), key=lambda one: one.name)
            found = [(f"{entry.name}/{one.name}", one) for one in inside if not one.name.startswith(".")]
        elif entry.name.removesuffix(".yaml") in names or _nearly(entry.name) in names:
            found = [(entry.name, entry)]
        else:
            continue
        for name, one in found:
            if not name.endswith(".yaml") or not one.is_file():
                problems.append(Problem(f"{folder}/{name}", "", name, "a file ending in .yaml", "rename it or move it elsewhere"))
                continue
            try:
                files[name] = one.read_bytes().decode("utf-8-sig")
            except UnicodeDecodeError as error:
                problems.append(Problem(f"{folder}/{name}", "", f"byte {error.start}", "text in UTF-8"))
    return files, problems


def _nearly(name: str) -> str:
    """Return what a file would be called whose ending is nearly that of ours: it was meant, and would be passed over in silence."""
    stem, _, ending = name.rpartition(".")
    return stem if ending.lower() in ("yml", "yaml") else ""


def read_texts(files: Mapping[str, str], folder: str, facts: type = Facts) -> tuple[Pack | None, list[Problem]]:
    """Read a country from its files' texts, by path within the folder."""
    return _Loader(files, folder, facts).read()


class _Loader:
    def __init__(self, files: Mapping[str, str], folder: str, facts: type) -> None:
        self.folder, self.facts = folder, facts
        self.readers = {name: Reader(f"{folder}/{name}", text) for name, text in files.items()}

    def of(self, what: str) -> list[Reader]:
        """Return the readers of a folder, or of the one file with this name."""
        return [reader for name, reader in self.readers.items() if name == f"{what}.yaml" or name.startswith(f"{what}/")]

    @property
    def problems(self) -> list[Problem]:
        return [problem for reader in self.readers.values() for problem in reader.problems]

    def read(self) -> tuple[Pack | None, list[Problem]]:
        country = self.country()
        if country is None:
            missing = Problem(f"{self.folder}/country.yaml", "", "nothing", "code, name, currency, zone and ranks of the country")
            return None, self.problems or [missing]
        fields = schema(country.currency, self.facts)
        names = Names(fields, {})
        lists = {one.name: one for reader in self.of("lists") for one in read_lists(reader, fields, names)}
        acts = self.acts(country, fields, lists)
        sources = self.sources()
        series = [found for reader in self.of("parameters") for found in read_parameters(reader, country, names)]
        parameters = {one.name: (record, one) for record, one in series}
        note_base_units(parameters, country)
        conditions = [one for reader in self.of("conditions") for one in read_conditions(reader, names)]
        drafted = [found for reader in self.of("features") for found in read_features(reader, names)]
        fields = with_features(fields, [one.feature for one in drafted], country.currency)
        scope, checked = self.scope(fields, {name: one for name, (_, one) in parameters.items()}, lists, conditions)
        features = check_features(drafted, scope)
        frame = Frame(country, fields, acts, sources, lists, scope)
        written = read_provisions(self.of("provisions"), frame)
        note_lost_references(written, parameters.values(), acts, written, parameters)
        edition_cases: list[EditionCase] = []
        for reader in self.of("cases"):
            edition_cases += read_edition_cases(reader, country, fields, written)
        pack = Pack(
            country=country,
            fields=fields,
            acts=acts,
            provisions={name: written[name].provision for name in sorted(written)},
            parameters={name: parameters[name][1] for name in sorted(parameters)},
            conditions={name: one.node for name, one in sorted(checked.items())},
            lists={name: lists[name] for name in sorted(lists)},
            cases=tuple(case for name in sorted(written) for case in written[name].cases),
            edition_cases=tuple(edition_cases),
            sources=sources,
            features=dict(sorted(features.items())),
            accepted=read_accepted(self.of("accepted"), written, acts, fields["activity"].type.codes, parameters, lists),
        )
        problems = self.problems
        return (None if problems else pack), problems

    # -- country, acts, sources ------------------------------------------------------------------------------------------------

    def country(self) -> Country | None:
        for reader in self.of("country"):
            root = reader.root()
            if root is None:
                return None
            record = Record(reader, root, "the country", ("code", "name", "currency", "zone", "ranks"), ("decimals", "note"))
            code = record.text("code", "two capital letters (ISO 3166-1)", re.compile("[A-Z]{2}"))
            currency = record.text("currency", "a currency's code", ASSET_CODE)
            decimals = self.decimals(record, currency)
            zone = record.text("zone")
            try:
                ZoneInfo(zone or "UTC")
            except (ZoneInfoNotFoundError, ValueError):
                reader.problem(record.place("zone"), "zone", zone, "an IANA time zone, such as Europe/Minsk")
            country = Country(
                code, record.text("name"), currency, decimals, zone, record.texts("ranks", "a list of kinds of act")
            )
            return None if record.broken else country
        return None

    def decimals(self, record: Record, currency: str) -> int:
        known = currencies().get(currency)
        if known is None and currency and not record.has("decimals"):
            expected = f"decimals: how many decimals {currency} has, as it is not in ISO 4217"
            record.reader.problem(record.place("currency"), "decimals", "nothing", expected)
        decimals = record.whole("decimals", known.decimals if known else 0)
        if not 0 <= decimals <= 6 or (known is not None and decimals != known.decimals):
            expected = f"{known.decimals}, as in ISO 4217" if known else "0 to 6"
            record.reader.problem(record.place("decimals"), "decimals", decimals, expected)
        return decimals

    def acts(self, country: Country, fields: Schema, lists: Mapping[str, CodeList]) -> dict[str, Act]:
        found: dict[str, Act] = {}
        for reader in self.of("acts"):
            for node in reader.records("acts"):
                act = read_act(reader, node, country, found, fields["activity"].type.codes, lists)
                if act.id:
                    found.setdefault(act.id, act)
        return found

    def sources(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for reader in self.of("sources"):
            for node in reader.records("sources"):
                record = Record(reader, node, "a source", ("id", "title"), ("link", "note", "seen"))
                name = record.text("id")
                if name in found:
                    reader.problem(record.place("id"), "id", name, "an id that is not used yet")
                found[name] = record.text("title")
                record.text("link"), record.text("note"), record.day("seen")
        return found

    def scope(
        self, fields: Schema, parameters: Mapping[str, ParameterSeries], lists: Mapping[str, CodeList], conditions: list[Open]
    ) -> tuple[Scope, dict[str, Checked]]:
        scope = scope_of(fields, parameters, lists)
        checked = check_conditions(conditions, scope)
        return replace(scope, conditions=checked), checked


def read_act(
    reader: Reader,
    node: yaml.Node,
    country: Country,
    taken: Mapping[str, Act],
    known: Collection[str],
    lists: Mapping[str, CodeList],
) -> Act:
    """Read one act; its id must be free. `known` are the activities there are, which lists may group."""
    optional = ("signed", "articles", "link", "note", "status", "complete", "title_in")
    record = Record(reader, node, "an act", ("id", "title", "rank"), optional)
    name = record.text("id", "an id of letters, digits, '.', '_' and '-'", _ID)
    if name in taken:
        reader.problem(record.place("id"), "id", name, f"an id that is not used yet; {taken[name].place} has it")
    record.text("note"), record.text("status")
    return Act(
        name,
        record.text("title"),
        record.choice("rank", country.ranks),
        record.day("signed"),
        record.texts("articles", "a list of articles, in quotes"),
        record.text("link"),
        read_activities(record, "complete", known, lists),
        record.place(),
        read_translated(record, "title_in"),
    )
