"""Reading a country's folder: strict, whole, and with every problem at its place.

The folder is read once as texts; everything after that is a function of the texts. A rulebook with a problem is never handed out:
the caller gets all problems in one `RulebookError`, or asks for the list with `read`.
"""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from dataclasses import dataclass, field, replace
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import cast, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from skarb.core.asset import ASSET_CODE, currencies
from skarb.core.decision import Measure, Verdict
from skarb.core.errors import NotFound, Problem
from skarb.core.facts import Facts
from skarb.core.time import from_day
from skarb.rulebook.casefile import read_case, read_edition_cases
from skarb.rulebook.check import Checked, Scope, check
from skarb.rulebook.errors import RulebookError
from skarb.rulebook.expression import Name
from skarb.rulebook.model import (
    ACCEPTABLE,
    Acceptance,
    Act,
    Case,
    Certainty,
    Citation,
    CodeList,
    Country,
    EditionCase,
    Effect,
    FindingKind,
    Grade,
    Pack,
    ParameterSeries,
    Provision,
    Status,
)
from skarb.rulebook.parse import parse
from skarb.rulebook.schema import Schema, schema, suggest
from skarb.rulebook.source import Reader, Record
from skarb.rulebook.values import (
    ALL,
    BASE_UNIT,
    Names,
    Open,
    check_conditions,
    note_base_units,
    read_conditions,
    read_lists,
    read_parameters,
    reporter,
    span_of,
)

FOLDERS = ("acts", "provisions", "parameters")
FILES = ("country", "conditions", "lists", "cases", "sources", "accepted")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}", re.ASCII)
_PROVISION_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}/[A-Za-z0-9?._/-]{1,60}", re.ASCII)
_REQUIRED = ("id", "title", "cites", "in_force", "activity", "effect", "authority", "certainty", "grade", "says", "cases")
_OPTIONAL = ("when", "needs", "otherwise", "measure", "rate", "standing", "exception_of", "precedence", "note")


def read(folder: Path | Traversable, facts: type = Facts) -> tuple[Pack | None, list[Problem]]:
    """Read a country's folder; the pack is None when anything is wrong.

    Raises: NotFound if there is no such folder.
    """
    files, problems = _read_files(folder)
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


def _read_files(folder: Path | Traversable) -> tuple[dict[str, str], list[Problem]]:
    if not folder.is_dir():
        raise NotFound(f"there is no folder {folder}; a country is a folder with country.yaml, acts, provisions and more")
    files: dict[str, str] = {}
    problems: list[Problem] = []
    for entry in sorted(folder.iterdir(), key=lambda one: one.name):
        if entry.is_dir() and entry.name in FOLDERS:
            inside = sorted(entry.iterdir(), key=lambda one: one.name)
            found = [(f"{entry.name}/{one.name}", one) for one in inside if one.is_file() and not one.name.startswith(".")]
        elif entry.name.removesuffix(".yaml") in FILES:
            found = [(entry.name, entry)]
        else:
            continue
        for name, one in found:
            if not name.endswith(".yaml"):
                problems.append(Problem(f"{folder}/{name}", "", name, "a file ending in .yaml", "rename it or move it elsewhere"))
                continue
            try:
                files[name] = one.read_bytes().decode("utf-8-sig")
            except UnicodeDecodeError as error:
                problems.append(Problem(f"{folder}/{name}", "", f"byte {error.start}", "text in UTF-8"))
    return files, problems


def read_texts(files: Mapping[str, str], folder: str, facts: type = Facts) -> tuple[Pack | None, list[Problem]]:
    """Read a country from its files' texts, by path within the folder."""
    return _Loader(files, folder, facts).read()


@dataclass
class _Draft:
    """A provision on its way: its record, and what is known of it so far."""

    record: Record
    provision: Provision
    cases: list[Case] = field(default_factory=list)


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
        scope, checked = self.scope(fields, {name: one for name, (_, one) in parameters.items()}, lists, conditions)
        drafts = self.provisions(country, fields, acts, sources, lists, scope)
        self.references(drafts, acts, parameters)
        edition_cases: list[EditionCase] = []
        for reader in self.of("cases"):
            edition_cases += read_edition_cases(reader, country, fields, drafts)
        pack = Pack(
            country=country,
            fields=fields,
            acts=acts,
            provisions={name: drafts[name].provision for name in sorted(drafts)},
            parameters={name: parameters[name][1] for name in sorted(parameters)},
            conditions={name: one.node for name, one in sorted(checked.items())},
            lists={name: lists[name] for name in sorted(lists)},
            cases=tuple(case for name in sorted(drafts) for case in drafts[name].cases),
            edition_cases=tuple(edition_cases),
            sources=sources,
            accepted=self.accepted(drafts, acts, fields["activity"].type.codes, parameters, lists),
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
                optional = ("signed", "articles", "link", "note", "status", "complete")
                record = Record(reader, node, "an act", ("id", "title", "rank"), optional)
                name = record.text("id", "an id of letters, digits, '.', '_' and '-'", _ID)
                if name in found:
                    reader.problem(record.place("id"), "id", name, f"an id that is not used yet; {found[name].place} has it")
                rank = record.choice("rank", country.ranks)
                act = Act(
                    name,
                    record.text("title"),
                    rank,
                    record.day("signed"),
                    record.texts("articles", "a list of articles, in quotes"),
                    record.text("link"),
                    self.activities(record, "complete", fields, lists),
                    record.place(),
                )
                record.text("note"), record.text("status")
                if name:
                    found.setdefault(name, act)
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
        spans = {name: span_of(one, parameters.get(BASE_UNIT)) for name, one in parameters.items()}
        types = {name: one.type for name, one in lists.items()}
        scope = Scope(fields, spans, types)
        checked = check_conditions(conditions, scope)
        return Scope(fields, spans, types, checked), checked

    # -- provisions --------------------------------------------------------------------------------------------------------------

    def provisions(
        self,
        country: Country,
        fields: Schema,
        acts: Mapping[str, Act],
        sources: Mapping[str, str],
        lists: Mapping[str, CodeList],
        scope: Scope,
    ) -> dict[str, _Draft]:
        found: dict[str, _Draft] = {}
        for reader in self.of("provisions"):
            for node in reader.records("provisions"):
                record = Record(reader, node, "a provision", _REQUIRED, _OPTIONAL)
                expected = "the act's id, a slash and a short name: BY-U367-2024/p2p"
                name = record.text("id", expected, _PROVISION_ID)
                if not name:
                    continue
                if name in found:
                    first = found[name].record.place("id")
                    reader.problem(record.place("id"), "id", name, f"an id that is not used yet; {first} has it")
                cites = self.citation(record, name, acts, sources)
                start, end, status = self.in_force(record)
                activities = self.activities(record, "activity", fields, lists)
                when = self.condition(record, "when", scope)
                needs = self.condition(record, "needs", scope, when)
                provision = Provision(
                    id=name,
                    title=record.text("title"),
                    cites=cites,
                    start=start,
                    end=end,
                    status=status,
                    activities=activities,
                    effect=cast(Effect, record.choice("effect", get_args(Effect), "define")),
                    authority=record.texts("authority", "a list of authorities"),
                    certainty=cast(Certainty, record.choice("certainty", get_args(Certainty), "general_knowledge")),
                    grade=cast(Grade, record.choice("grade", get_args(Grade), "C")),
                    says=record.text("says"),
                    when=when.node if when else None,
                    needs=needs.node if needs else None,
                    otherwise=cast(Verdict, record.choice("otherwise", ("refuse", "refer"), "refuse")),
                    measure=cast(Measure, record.choice("measure", get_args(Measure)[1:], "none")),
                    rate=record.text("rate"),
                    standing=record.flag("standing"),
                    exception_of=record.texts("exception_of", "a list of provisions' ids"),
                    precedence=record.whole("precedence"),
                    note=record.text("note"),
                    place=record.place(),
                )
                draft = _Draft(record, self.effect(record, provision))
                draft.cases = self.cases(record, draft.provision, country, fields)
                found.setdefault(name, draft)
        return found

    def citation(self, record: Record, name: str, acts: Mapping[str, Act], sources: Mapping[str, str]) -> Citation:
        if "cites" not in record.nodes:
            return Citation("", "")
        cited = Record(record.reader, record.nodes["cites"], "a citation", ("act", "article"), ("sources",))
        act, article = cited.text("act"), cited.text("article", 'an article in quotes, "?" where it was not seen')
        names = cited.texts("sources", "a list of sources")
        if act and act not in acts:
            record.reader.problem(cited.place("act"), "act", act, "an act of acts/", suggest(act, acts, "add it there"))
        elif act and article not in ("", "?") and acts[act].articles and article not in acts[act].articles:
            expected = f'an article of {act}: {", ".join(acts[act].articles)}, or "?"'
            record.reader.problem(cited.place("article"), "article", article, expected)
        if act and not name.startswith(f"{act}/"):
            record.reader.problem(record.place("id"), "id", name, f"an id that begins with the act that it cites: {act}/")
        for source in names:
            if sources and source not in sources:
                record.reader.problem(cited.place("sources"), "sources", source, "a source of sources.yaml")
        return Citation(act, article, names)

    def in_force(self, record: Record) -> tuple[int | None, int | None, Status]:
        if "in_force" not in record.nodes:
            return None, None, "in_force"
        dates = Record(record.reader, record.nodes["in_force"], "in_force", ("from",), ("to", "status"))
        start, end = dates.day("from"), dates.day("to")
        if start is not None and end is not None and end < start:
            expected = f"a last day that is not before the first, {from_day(start)}"
            record.reader.problem(dates.place("to"), "to", from_day(end).isoformat(), expected)
        return start, end, cast(Status, dates.choice("status", get_args(Status), "in_force"))

    def activities(self, record: Record, key: str, fields: Schema, lists: Mapping[str, CodeList]) -> tuple[str, ...]:
        known = fields["activity"].type.codes
        found: dict[str, None] = {}
        for name in record.texts(key, "a list of activities or groups"):
            if name == ALL:
                found |= dict.fromkeys(known)
            elif name in lists and lists[name].fact == "activity":
                if len(lists[name].values) != 1:
                    record.reader.problem(record.place(key), key, name, "a group of activities without dates")
                found |= dict.fromkeys(code for value in lists[name].values for code in value.codes)
            elif name in known:
                found[name] = None
            else:
                groups = [ALL, *(one.name for one in lists.values() if one.fact == "activity")]
                hint = suggest(name, [*known, *groups], f"groups are {', '.join(groups)}")
                record.reader.problem(record.place(key), key, name, "an activity or a group of activities", hint)
        if key in record.required and not found and not record.broken:
            record.reader.problem(record.place(key), key, "nothing", "at least one activity")
        return tuple(found)

    def condition(self, record: Record, key: str, scope: Scope, after: Checked | None = None) -> Checked | None:
        source = record.located(key, "an expression") if key in record.nodes else None
        if source is None:
            return None
        report = reporter(record.reader, source, key)
        node = parse(source, report)
        checked = check(node, scope, report, after.if_true if after else frozenset()) if node else None
        # A broken condition is still a condition: what depends on there being one is not reported as well.
        return checked or Checked(Name(source.text))

    def effect(self, record: Record, provision: Provision) -> Provision:
        """Note keys that the effect has no use for, and fill in how a refusal is carried out."""
        effect, needs = provision.effect, "needs" in record.nodes
        refuses = effect == "refuse" or (effect == "require" and needs and provision.otherwise == "refuse")
        allowed = {
            "needs": effect == "require",
            "otherwise": effect == "require" and needs,
            "measure": refuses,
            "rate": effect in ("levy", "exempt"),
            "standing": (effect == "require" and not needs) or effect == "report",
        }
        meant = {
            "needs": "`effect: require`",
            "otherwise": "`effect: require` with `needs`",
            "measure": "a refusal, or a requirement that refuses",
            "rate": "`effect: levy` or `exempt`",
            "standing": "`effect: report`, or `require` without `needs`",
        }
        for key, fine in allowed.items():
            if key in record.nodes and not fine:
                record.reader.problem(record.place(key), key, f"{key} with effect {effect}", f"{key} only with {meant[key]}")
        if effect == "levy" and not provision.rate and not record.broken:
            record.reader.problem(record.place("effect"), "rate", "nothing", "the parameter that the levy is computed with")
        if refuses and provision.measure == "none":
            return replace(provision, measure="reject")
        return provision

    def cases(self, record: Record, provision: Provision, country: Country, fields: Schema) -> list[Case]:
        found = []
        for node in record.items("cases", "cases"):
            found += read_case(record.reader, node, provision, country, fields)
        if not found and not record.broken:
            record.reader.problem(record.place("cases"), "cases", "nothing", "a case on each side of the provision's boundary")
        return found

    def accepted(self, *known: Container[str]) -> tuple[Acceptance, ...]:
        """Read the findings that are accepted; `known` hold the names that they can be about."""
        found: list[Acceptance] = []
        for reader in self.of("accepted"):
            for node in reader.records("acceptances"):
                record = Record(reader, node, "an acceptance", ("finding", "about", "reason", "by", "until"))
                kind, about = record.choice("finding", ACCEPTABLE), record.texts("about", "a list of ids and names")
                for name in about:
                    if not any(name in names for names in known):
                        reader.problem(record.place("about"), "about", name, "a provision, act, activity, parameter or list")
                reason, by, until = record.text("reason"), record.text("by"), record.day("until")
                if "until" in record.nodes and record.nodes["until"] is not None and until is None and not record.broken:
                    reader.problem(record.place("until"), "until", "nothing", "the last day on which the acceptance counts")
                if not record.broken and until is not None:
                    found.append(Acceptance(cast(FindingKind, kind), frozenset(about), reason, by, until, record.place()))
        return tuple(found)

    def references(
        self, drafts: Mapping[str, _Draft], acts: Mapping[str, Act], parameters: Mapping[str, tuple[Record, ParameterSeries]]
    ) -> None:
        """Note names that lead nowhere: exceptions, rates and the citations of values."""
        for name, draft in drafts.items():
            record, provision = draft.record, draft.provision
            for other in provision.exception_of:
                if other == name or other not in drafts:
                    hint = suggest(other, [one for one in drafts if one != name])
                    record.reader.problem(
                        record.place("exception_of"), "exception_of", other, "the id of another provision", hint
                    )
            if provision.rate and provision.rate not in parameters:
                hint = suggest(provision.rate, parameters)
                record.reader.problem(record.place("rate"), "rate", provision.rate, "a parameter", hint)
        for record, series in parameters.values():
            for value in series.values:
                act, _, article = value.cites.partition("/")
                known = value.cites in drafts or (
                    act in acts and (not article or article == "?" or article in acts[act].articles)
                )
                if value.cites and not known:
                    expected = "the id of a provision or of an act, or act/article"
                    record.reader.problem(value.place or record.place(), "cites", value.cites, expected)
