"""Reading provisions: one record after the other, each against everything that it may name.

What a provision may name is its `Frame`: the country's facts, acts, sources and lists, and the scope of its expressions. The same reading
serves a country's folder and a draft that changes it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import cast, get_args

from skarb.core.decision import Measure, Verdict
from skarb.core.time import from_day
from skarb.rulebook.casefile import read_case
from skarb.rulebook.check import Checked, Scope, check
from skarb.rulebook.expression import Name
from skarb.rulebook.model import (
    Act,
    Case,
    Certainty,
    Citation,
    CodeList,
    Country,
    Effect,
    Grade,
    ParameterSeries,
    Provision,
    Status,
)
from skarb.rulebook.parse import parse
from skarb.rulebook.schema import Schema, suggest
from skarb.rulebook.source import Reader, Record
from skarb.rulebook.values import ALL, reporter
from skarb.rulebook.words import LANGUAGES

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}/[A-Za-z0-9?._/-]{1,60}", re.ASCII)
_REQUIRED = ("id", "title", "cites", "in_force", "activity", "effect", "authority", "certainty", "grade", "says", "cases")
_OPTIONAL = (
    "when",
    "needs",
    "otherwise",
    "measure",
    "rate",
    "standing",
    "exception_of",
    "precedence",
    "note",
    "title_in",
    "says_in",
)


@dataclass(frozen=True)
class Frame:
    """All that a provision may name."""

    country: Country
    fields: Schema
    acts: Mapping[str, Act]
    sources: Mapping[str, str]
    lists: Mapping[str, CodeList]
    scope: Scope


@dataclass
class Written:
    """A provision as it was read: its record, what the record says, and its cases."""

    record: Record
    provision: Provision
    cases: list[Case] = field(default_factory=list)


def read_provisions(readers: Iterable[Reader], frame: Frame) -> dict[str, Written]:
    """Read files of provisions; an id may be given only once."""
    found: dict[str, Written] = {}
    for reader in readers:
        for node in reader.records("provisions"):
            record = Record(reader, node, "a provision", _REQUIRED, _OPTIONAL)
            written = _read(record, frame)
            if written is None:
                continue
            name = written.provision.id
            if name in found:
                first = found[name].record.place("id")
                reader.problem(record.place("id"), "id", name, f"an id that is not used yet; {first} has it")
            found.setdefault(name, written)
    return found


def _read(record: Record, frame: Frame) -> Written | None:
    name = record.text("id", "the act's id, a slash and a short name: BY-U367-2024/p2p", _ID)
    if not name:
        return None
    cites = _citation(record, name, frame)
    start, end, status = _in_force(record)
    when = _condition(record, "when", frame.scope)
    needs = _condition(record, "needs", frame.scope, when)
    provision = Provision(
        id=name,
        title=record.text("title"),
        cites=cites,
        start=start,
        end=end,
        status=status,
        activities=read_activities(record, "activity", frame.fields["activity"].type.codes, frame.lists),
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
        title_in=read_translated(record, "title_in"),
        says_in=read_translated(record, "says_in"),
    )
    written = Written(record, _with_effect(record, provision))
    written.cases = _cases(record, written.provision, frame)
    return written


def read_translated(record: Record, key: str) -> dict[str, str]:
    """Read a text in other languages than the English one."""
    if not record.has(key):
        return {}
    texts = Record(record.reader, record.nodes[key], key, (), LANGUAGES[:-1])
    return {code: text for code in LANGUAGES[:-1] if (text := texts.text(code))}


def _citation(record: Record, name: str, frame: Frame) -> Citation:
    if "cites" not in record.nodes:
        return Citation("", "")
    acts, sources = frame.acts, frame.sources
    cited = Record(record.reader, record.nodes["cites"], "a citation", ("act", "article"), ("sources", "article_in"))
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
    return Citation(act, article, names, read_translated(cited, "article_in"))


def _in_force(record: Record) -> tuple[int | None, int | None, Status]:
    if "in_force" not in record.nodes:
        return None, None, "in_force"
    dates = Record(record.reader, record.nodes["in_force"], "in_force", ("from",), ("to", "status"))
    start, end = dates.day("from"), dates.day("to")
    if start is not None and end is not None and end < start:
        expected = f"a last day that is not before the first, {from_day(start)}"
        record.reader.problem(dates.place("to"), "to", from_day(end).isoformat(), expected)
    return start, end, cast(Status, dates.choice("status", get_args(Status), "in_force"))


def read_activities(record: Record, key: str, known: Collection[str], lists: Mapping[str, CodeList]) -> tuple[str, ...]:
    """Return the activities that a record names, groups written out."""
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


def _condition(record: Record, key: str, scope: Scope, after: Checked | None = None) -> Checked | None:
    source = record.located(key, "an expression") if key in record.nodes else None
    if source is None:
        return None
    report = reporter(record.reader, source, key)
    node = parse(source, report)
    checked = check(node, scope, report, after.if_true if after else frozenset()) if node else None
    # A broken condition is still a condition: what depends on there being one is not reported as well.
    return checked or Checked(Name(source.text))


def _with_effect(record: Record, provision: Provision) -> Provision:
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


def _cases(record: Record, provision: Provision, frame: Frame) -> list[Case]:
    found = []
    for node in record.items("cases", "cases"):
        found += read_case(record.reader, node, provision, frame.country, frame.fields)
    if not found and not record.broken:
        record.reader.problem(record.place("cases"), "cases", "nothing", "a case on each side of the provision's boundary")
    return found


def note_lost_references(
    written: Mapping[str, Written],
    series: Iterable[tuple[Record, ParameterSeries]],
    acts: Mapping[str, Act],
    provisions: Collection[str],
    parameters: Collection[str],
) -> None:
    """Note names that lead nowhere: exceptions, rates, and the citations of values."""
    for name, one in written.items():
        record, provision = one.record, one.provision
        for other in provision.exception_of:
            if other == name or other not in provisions:
                hint = suggest(other, [one for one in provisions if one != name])
                record.reader.problem(record.place("exception_of"), "exception_of", other, "the id of another provision", hint)
        if provision.rate and provision.rate not in parameters:
            hint = suggest(provision.rate, parameters)
            record.reader.problem(record.place("rate"), "rate", provision.rate, "a parameter", hint)
    for record, found in series:
        for value in found.values:
            if value.cites and not is_cited(value.cites, acts, provisions):
                expected = "the id of a provision or of an act, or act/article"
                record.reader.problem(value.place or record.place(), "cites", value.cites, expected)


def is_cited(cites: str, acts: Mapping[str, Act], provisions: Collection[str]) -> bool:
    """Say whether what a value cites is there: a provision, an act, or an article of one."""
    act, _, article = cites.partition("/")
    return cites in provisions or (act in acts and (not article or article == "?" or article in acts[act].articles))
