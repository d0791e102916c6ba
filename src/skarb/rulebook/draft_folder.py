"""Reading a draft's folder against the law that it amends: with every problem at its place, and the law's own folder untouched."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import yaml

from skarb.core.errors import NotFound, Problem
from skarb.core.time import from_day
from skarb.rulebook.acceptedfile import read_accepted
from skarb.rulebook.amend import checked_again, day_text, ended, following, scope_again, uneven, with_codes, with_value
from skarb.rulebook.casefile import read_edition_cases
from skarb.rulebook.draft import Draft
from skarb.rulebook.errors import RulebookError
from skarb.rulebook.expression import write
from skarb.rulebook.feature import with_features
from skarb.rulebook.featurefile import check_features, read_features
from skarb.rulebook.history import Rulebook
from skarb.rulebook.load import read_act, read_folder
from skarb.rulebook.model import FIRST_DAY, LAST_DAY, Act, Case, EditionCase, ListValue, Pack, Provision
from skarb.rulebook.parse import parse
from skarb.rulebook.provisions import Frame, Written, note_lost_references, read_provisions, read_translated
from skarb.rulebook.schema import suggest
from skarb.rulebook.source import Place, Reader, Record, show
from skarb.rulebook.values import Names, Open, read_codes, read_conditions, read_lists, read_parameters, read_value, reporter

FILE = "draft.yaml"
_FOLDERS = ("provisions", "parameters")
_FILES = ("draft", "changes", "conditions", "features", "lists", "cases", "accepted")
_KINDS = {
    "end": (("end",), ("last", "note")),
    "set": (("set", "unit", "value"), ("from", "cites", "note")),
    "list": (("list", "codes"), ("from", "note")),
    "condition": (("condition", "means"), ("note",)),
}


def load_draft(rulebook: Rulebook, folder: Path) -> Draft:
    """Read a draft's folder against the law that it amends; the law's own folder is not touched.

    Raises: NotFound if there is no draft; RulebookError with every problem.
    """
    draft, problems = read_draft(rulebook, folder)
    if draft is None:
        raise RulebookError(str(folder), problems)
    return draft


def read_draft(rulebook: Rulebook, folder: Path) -> tuple[Draft | None, list[Problem]]:
    """Read a draft's folder; the draft is None when anything is wrong.

    Raises: NotFound if there is no draft.
    """
    if not (folder / FILE).is_file():
        raise NotFound(f"there is no draft in {folder}; a draft is a folder with {FILE}, provisions and changes.yaml")
    files, problems = read_folder(folder, _FOLDERS, _FILES)
    reading = _Reading(rulebook, str(folder), files)
    draft = reading.read()
    problems += reading.all_problems()
    return (None if problems else draft), problems


@dataclass
class _Reading:
    """A draft on its way: the pack as changed so far, and what it changes."""

    rulebook: Rulebook
    folder: str
    files: Mapping[str, str]
    provisions: set[str] = field(default_factory=set)
    values: set[str] = field(default_factory=set)
    idle: list[Problem] = field(default_factory=list)
    told: dict[tuple[str, str], tuple[int, Place]] = field(default_factory=dict)  # the latest change of a name: its day and place
    problems: list[Problem] = field(default_factory=list)
    since: int = FIRST_DAY

    def __post_init__(self) -> None:
        self.pack: Pack = self.rulebook.pack
        self.readers = {name: Reader(f"{self.folder}/{name}", text) for name, text in self.files.items()}

    def of(self, what: str) -> list[Reader]:
        """Return the readers of a folder, or of the one file with this name."""
        return [reader for name, reader in self.readers.items() if name == f"{what}.yaml" or name.startswith(f"{what}/")]

    def all_problems(self) -> list[Problem]:
        return [*(problem for reader in self.readers.values() for problem in reader.problems), *self.problems]

    def read(self) -> Draft | None:
        head = self.head()
        if head is None:
            return None
        record, act = head
        self.pack = replace(self.pack, acts={**self.pack.acts, act.id: act})
        opens = self.additions() | self.changes(act)
        scope, problems = scope_again(self.pack, opens)
        self.problems += problems
        features = check_features(self.added_features, scope, self.pack.features)
        self.pack = replace(self.pack, features=dict(sorted({**self.pack.features, **features}.items())))
        written = self.written(
            Frame(self.pack.country, self.pack.fields, self.pack.acts, self.pack.sources, self.pack.lists, scope)
        )
        self.pack, problems = checked_again(self.pack, following(self.pack, self.values), scope, written.keys())
        self.problems += problems
        cases, edition_cases = self.cases(written)
        activities = self.pack.fields["activity"].type.codes
        known = self.pack.provisions, self.pack.acts, activities, self.pack.parameters, self.pack.lists
        accepted = read_accepted(self.of("accepted"), *known)
        if not self.provisions | self.values and not self.all_problems():
            record.reader.problem(record.place(), "", "no change", "a provision, or a change in changes.yaml")
        if self.all_problems():
            return None
        pack = replace(
            self.pack,
            provisions=dict(sorted(self.pack.provisions.items())),
            parameters=dict(sorted(self.pack.parameters.items())),
            lists=dict(sorted(self.pack.lists.items())),
            cases=(*(case for case in self.pack.cases if case.provision not in written), *cases),
            edition_cases=(*self.pack.edition_cases, *edition_cases),
            accepted=(*self.pack.accepted, *accepted),
        )
        return Draft(
            id=record.text("id"),
            title=record.text("title"),
            since=self.since,
            act=act,
            authors=record.texts("authors"),
            note=record.text("note"),
            title_in=read_translated(record, "title_in"),
            note_in=read_translated(record, "note_in"),
            base=self.rulebook,
            rulebook=Rulebook(pack, self.rulebook.facts, self.rulebook, self.since),
            cases=tuple(cases),
            edition_cases=tuple(edition_cases),
            provisions=frozenset(self.provisions),
            values=following(pack, self.values),
            idle=tuple(self.idle),
            accepted=accepted,
        )

    # -- what it is --------------------------------------------------------------------------------------------------------------

    def head(self) -> tuple[Record, Act] | None:
        """Read draft.yaml."""
        reader = self.readers[FILE]
        root = reader.root()
        if root is None:
            if not reader.problems:
                reader.problem(Place(reader.file, 1, 1), "", "nothing", "id, title, law, from and act of the draft")
            return None
        record = Record(
            reader, root, "a draft", ("id", "title", "law", "from", "act"), ("authors", "note", "title_in", "note_in")
        )
        if record.broken:
            return None
        record.text("id"), record.text("title"), record.texts("authors"), record.text("note")
        law, code = record.text("law"), self.pack.country.code
        if law and law != code:
            reader.problem(record.place("law"), "law", law, f"{code}, the country that the draft is read against")
        since = record.day("from")
        if since is None and not record.broken:
            reader.problem(record.place("from"), "from", "nothing", "the first day of the changed law")
        elif since is not None and not max(FIRST_DAY, self.rulebook.since) <= since <= LAST_DAY:
            first = from_day(max(FIRST_DAY, self.rulebook.since))
            reader.problem(record.place("from"), "from", day_text(since), f"a day from {first} to {from_day(LAST_DAY)}")
        activities = self.pack.fields["activity"].type.codes
        act = read_act(reader, record.nodes["act"], self.pack.country, self.pack.acts, activities, self.pack.lists)
        self.since = since or FIRST_DAY
        return None if record.broken else (record, act)

    # -- what it adds ------------------------------------------------------------------------------------------------------------

    def additions(self) -> dict[str, Open]:
        """Read parameters, lists and conditions with names of their own."""
        pack = self.pack
        taken = {name: f"a {what} of {pack.country.name}" for what, table in _tables(pack).items() for name in table}
        names = Names(pack.fields, taken)
        series = [found for reader in self.of("parameters") for found in read_parameters(reader, pack.country, names)]
        lists = [one for reader in self.of("lists") for one in read_lists(reader, pack.fields, names)]
        conditions = [one for reader in self.of("conditions") for one in read_conditions(reader, names)]
        self.added_features = [one for reader in self.of("features") for one in read_features(reader, names)]
        self.pack = replace(
            pack,
            fields=with_features(pack.fields, [one.feature for one in self.added_features], pack.country.currency),
            parameters={**pack.parameters, **{one.name: one for _, one in series}},
            lists={**pack.lists, **{one.name: one for one in lists}},
        )
        lost = uneven(self.pack)
        for record, one in series:
            if one.name in lost:
                record.reader.problem(record.place("values"), "values", one.name, "whole minor units on every day")
        self.added_series = series
        self.values |= {one.feature.name for one in self.added_features}
        self.values |= {one.name for _, one in series} | {one.name for one in lists} | {one.name for one in conditions}
        return {one.name: one for one in conditions}

    # -- what it changes ---------------------------------------------------------------------------------------------------------

    def changes(self, act: Act) -> dict[str, Open]:
        """Read changes.yaml; the conditions that it changes stay open until all is known."""
        opens: dict[str, Open] = {}
        for reader in self.of("changes"):
            for node in reader.records("changes"):
                kind = _kind_of(node)
                if not kind:
                    reader.problem(node, "", show(node), f"a change that begins with one of {', '.join(_KINDS)}")
                    continue
                record = Record(reader, node, "a change", *_KINDS[kind])
                record.text("note")
                name = record.text(kind)
                known = self.pack.provisions if kind == "end" else _tables(self.pack)[_TABLE[kind]]
                if name and name not in known:
                    what = "provision" if kind == "end" else _TABLE[kind]
                    hint = suggest(
                        name, known, f"what is new stands in a file of its own, as in {self.pack.country.name}'s folder"
                    )
                    reader.problem(record.place(kind), kind, name, f"a {what} that {self.pack.country.name} has", hint)
                elif not record.broken and self.in_order(record, kind, name):
                    match kind:
                        case "end":
                            self.change_end(record, name)
                        case "set":
                            self.change_set(record, name, act)
                        case "list":
                            self.change_list(record, name)
                        case "condition":
                            opens |= self.change_condition(record, name)
        return opens

    def in_order(self, record: Record, kind: str, name: str) -> bool:
        """Say whether a change begins later than all that was read about the same name: what begins replaces what was to come."""
        day, place = self.first_day(record), record.place()
        before, there = self.told.setdefault((kind, name), (day, place))
        if place != there and day <= before:
            expected = f"one change of it, or values in the order of their days; {there} has another from {from_day(before)}"
            record.reader.problem(record.place(kind), kind, name, expected)
        self.told[kind, name] = day, place
        return not record.broken

    def first_day(self, record: Record) -> int:
        """Return the day from which a change holds: its own, else the draft's."""
        day = record.day("from") if record.has("from") else self.since
        if day is not None and not self.since <= day <= LAST_DAY:
            expected = f"a day from {from_day(self.since)}, the draft's first, to {from_day(LAST_DAY)}"
            record.reader.problem(record.place("from"), "from", day_text(day), expected)
        return self.since if day is None else day

    def note_idle(self, record: Record, key: str, given: object, already: str) -> None:
        place = str(record.place(key))
        self.idle.append(Problem(place, key, str(given), f"a change; {already}", "leave it out, or say what it should change"))

    def change_end(self, record: Record, name: str) -> None:
        last = record.day("last") if record.has("last") else self.since - 1
        if last is None:
            return
        if not self.since - 1 <= last <= LAST_DAY:
            expected = f"a last day from {from_day(self.since - 1)}, the day before the draft's first, to {from_day(LAST_DAY)}"
            record.reader.problem(record.place("last"), "last", day_text(last), expected)
            return
        before = self.pack.provisions[name]
        after = ended(before, last)
        if after == before:
            self.note_idle(record, "end", name, f"its last day is {day_text(before.end)} already")
            return
        self.pack = replace(self.pack, provisions={**self.pack.provisions, name: after})
        self.provisions.add(name)

    def change_set(self, record: Record, name: str, act: Act) -> None:
        series, unit = self.pack.parameters[name], record.text("unit")
        if unit != series.unit:
            record.reader.problem(record.place("unit"), "unit", unit, f"{series.unit}, the unit of {name}")
            return
        start = self.first_day(record)
        value = read_value(record, name, unit, series.type, self.pack.country, start, None)
        if value is None or record.broken:
            return
        value = replace(value, cites=value.cites or act.id)
        after = with_value(series, value)
        last = series.values[-1]
        if last.value == value.value and last.end is None and (last.start is None or last.start <= start):
            self.note_idle(record, "value", value.value, f"{name} has this value already")
            return
        self.pack = replace(self.pack, parameters={**self.pack.parameters, name: after})
        if lost := uneven(self.pack):
            record.reader.problem(record.place("value"), "value", value.value, f"a value that leaves {lost[0]} whole minor units")
        self.added_series.append((record, replace(after, values=(value,))))
        self.values.add(name)

    def change_list(self, record: Record, name: str) -> None:
        codes = self.pack.lists[name]
        if codes.fact == "activity":
            expected = "a list of codes; a group of activities is written out where it is used"
            record.reader.problem(record.place("list"), "list", name, expected, "replace the provisions that use it")
            return
        value = ListValue(self.first_day(record), None, read_codes(record, codes.type))
        last = codes.values[-1]
        if set(last.codes) == set(value.codes) and last.end is None and (last.start is None or last.start <= (value.start or 0)):
            self.note_idle(record, "codes", ", ".join(value.codes), f"{name} has these codes already")
            return
        self.pack = replace(self.pack, lists={**self.pack.lists, name: with_codes(codes, value)})
        self.values.add(name)

    def change_condition(self, record: Record, name: str) -> dict[str, Open]:
        source = record.located("means", "an expression")
        if source is None:
            return {}
        node = parse(source, reporter(record.reader, source, "means"))
        if node is not None and write(node) == write(self.pack.conditions[name]):
            self.note_idle(record, "means", source.text, f"{name} means this already")
            return {}
        self.values.add(name)
        return {name: Open(name, record.reader, source, node)}

    # -- provisions --------------------------------------------------------------------------------------------------------------

    def written(self, frame: Frame) -> dict[str, Written]:
        """Read whole provisions; one with a known id takes the place of the one that has it."""
        written = read_provisions(self.of("provisions"), frame)
        known = self.pack.provisions
        for name, one in written.items():
            start, record = one.provision.start, one.record
            place = record.place("in_force")
            if name in self.provisions:
                record.reader.problem(record.place("id"), "id", name, "either its end in changes.yaml, or its new text")
            if name in known and start != self.since and not record.broken:
                expected = f"{from_day(self.since)}: a new text takes the old one's place on the draft's first day"
                record.reader.problem(place, "from", day_text(start), expected)
            elif (start is None or not self.since <= start <= LAST_DAY) and not record.broken:
                expected = f"a day from {from_day(self.since)}, the draft's first, to {from_day(LAST_DAY)}"
                record.reader.problem(place, "from", day_text(start), expected)
            if name in known and _same(known[name], one.provision):
                self.note_idle(record, "id", name, "it says the same already")
        self.provisions |= written.keys()
        self.pack = replace(self.pack, provisions={**known, **{name: one.provision for name, one in written.items()}})
        note_lost_references(written, self.added_series, self.pack.acts, self.pack.provisions, self.pack.parameters)
        return written

    def cases(self, written: Mapping[str, Written]) -> tuple[list[Case], list[EditionCase]]:
        """Read the draft's cases; the law before its first day is not the draft's to test."""
        pack = self.pack
        cases = [case for one in written.values() for case in one.cases]
        whole: list[EditionCase] = []
        for reader in self.of("cases"):
            whole += read_edition_cases(reader, pack.country, pack.fields, pack.provisions)
        return cases, whole


_TABLE = {"set": "parameter", "list": "list", "condition": "condition"}


def _tables(pack: Pack) -> dict[str, Mapping[str, object]]:
    return {"parameter": pack.parameters, "list": pack.lists, "condition": pack.conditions}


def _kind_of(node: yaml.Node) -> str:
    keys: Iterator[str] = (show(key) for key, _ in node.value) if isinstance(node, yaml.MappingNode) else iter(())
    return next((key for key in keys if key in _KINDS), "")


def _same(old: Provision, new: Provision) -> bool:
    """Say whether two texts of a provision differ in nothing but their dates."""
    texts = [(one.when and write(one.when), one.needs and write(one.needs)) for one in (old, new)]
    return texts[0] == texts[1] and replace(old, start=None, end=None, when=None, needs=None) == replace(
        new, start=None, end=None, when=None, needs=None
    )
