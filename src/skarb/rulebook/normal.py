"""The normal form of an edition: canonical JSON that holds everything an answer or its explanation depends on, and nothing else.

No cases, no remarks, no ends of validity: they move when the law is changed later, and last year's edition stays what it was.
Conditions are written as text from the checked tree and go through parser and checker again when they are read.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import msgspec

from skarb.core.decision import Measure, Verdict
from skarb.core.errors import InputError, shorten
from skarb.rulebook.check import Checked, Scope, Span, check
from skarb.rulebook.expression import Count, Day, Money, Node, Ratio, write
from skarb.rulebook.feature import features_in, with_features
from skarb.rulebook.featurefile import WINDOW, Side, Summed
from skarb.rulebook.model import Act, Certainty, Citation, Country, Effect, Feature, Grade, LawList, Provision
from skarb.rulebook.parse import parse
from skarb.rulebook.schema import COUNT, DAY, RATIO, money, schema
from skarb.rulebook.source import Located
from skarb.rulebook.values import ALL, after_each_other

if TYPE_CHECKING:
    from skarb.rulebook.edition import Edition

FORMAT = "skarb-edition-1"


def write_edition(edition: Edition) -> bytes:
    """Return an edition as canonical JSON."""
    acts = edition.acts
    data: dict[str, object] = {
        "format": FORMAT,
        "country": _country_data(edition.country),
        "acts": {
            name: {"title": act.title, "rank": act.rank, "signed": act.signed, "link": act.link} for name, act in acts.items()
        },
        "parameters": {name: _constant_data(node) for name, node in edition.parameters.items()},
        "lists": {name: {"field": one.fact, "codes": sorted(one.codes)} for name, one in edition.lists.items()},
        "conditions": {name: write(node) for name, node in edition.open_conditions.items()},
        "provisions": {name: _provision_data(one, edition.activities) for name, one in edition.open_provisions.items()},
    }
    if edition.open_features:  # law without features keeps the form, and so the name, that it had before there were any
        data["features"] = {name: _feature_data(one) for name, one in edition.open_features.items()}
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def read_edition(normal: bytes, make: Callable[..., Edition], facts: type) -> Edition:
    """Return the edition that a normal form describes.

    Raises: InputError if the bytes are not the normal form of an edition.
    """
    try:
        data = msgspec.json.decode(normal, type=_Normal)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"an edition's normal form: given {shorten(normal[:60])}, expected {FORMAT} ({error})") from None
    if data.format != FORMAT:
        raise InputError(f"an edition's normal form: given format {shorten(data.format)!r}, expected {FORMAT!r}")
    edition = _Reading(data, facts).edition(make)
    if write_edition(edition) != normal:
        raise InputError("an edition's normal form: the bytes are not canonical; take them from the journal as they are")
    return edition


def _country_data(country: Country) -> dict[str, object]:
    return {
        "code": country.code,
        "name": country.name,
        "currency": country.currency,
        "decimals": country.decimals,
        "zone": country.zone,
        "ranks": list(country.ranks),
    }


def _constant_data(node: Node) -> dict[str, object]:
    match node:
        case Money(value, currency):
            return {"type": "money", "value": value, "currency": currency}
        case Ratio(numerator, denominator):
            return {"type": "ratio", "value": numerator, "of": denominator}
        case Count(value):
            return {"type": "count", "value": value}
        case Day(value):
            return {"type": "day", "value": value}
    raise TypeError(f"{type(node).__name__} is not a value")


def _provision_data(one: Provision, every: tuple[str, ...]) -> dict[str, object]:
    return {
        "title": one.title,
        "act": one.cites.act,
        "article": one.cites.article,
        "sources": list(one.cites.sources),
        "from": one.start,
        # Every activity stays one word, so that an activity added later leaves the hash of older law alone.
        "activities": [ALL] if set(one.activities) == set(every) else sorted(one.activities),
        "effect": one.effect,
        "authority": list(one.authority),
        "certainty": one.certainty,
        "grade": one.grade,
        "says": one.says,
        "when": write(one.when) if one.when else None,
        "needs": write(one.needs) if one.needs else None,
        "otherwise": one.otherwise,
        "measure": one.measure,
        "rate": one.rate,
        "standing": one.standing,
        "exception_of": sorted(one.exception_of),
        "precedence": one.precedence,
    }


def _feature_data(one: Feature) -> dict[str, object]:
    return {
        "title": one.title,
        "sum": one.sum,
        "over": list(one.over),
        "of": write(one.of) if one.of else None,
        "window": one.window,
        "including": one.including,
    }


class _NormalCountry(msgspec.Struct, forbid_unknown_fields=True):
    code: str
    name: str
    currency: str
    decimals: int
    zone: str
    ranks: tuple[str, ...]


class _NormalAct(msgspec.Struct, forbid_unknown_fields=True):
    title: str
    rank: str
    signed: int | None
    link: str


class _NormalValue(msgspec.Struct, forbid_unknown_fields=True):
    type: str
    value: int
    of: int = 1
    currency: str = ""


class _NormalList(msgspec.Struct, forbid_unknown_fields=True):
    field: str
    codes: tuple[str, ...]


class _NormalProvision(msgspec.Struct, forbid_unknown_fields=True, rename={"start": "from"}):
    title: str
    act: str
    article: str
    sources: tuple[str, ...]
    start: int | None
    activities: tuple[str, ...]
    effect: Effect
    authority: tuple[str, ...]
    certainty: Certainty
    grade: Grade
    says: str
    when: str | None
    needs: str | None
    otherwise: Verdict
    measure: Measure
    rate: str
    standing: bool
    exception_of: tuple[str, ...]
    precedence: int


class _NormalFeature(msgspec.Struct, forbid_unknown_fields=True):
    title: str
    sum: Summed
    over: tuple[Side, ...]
    of: str | None
    window: Annotated[str, msgspec.Meta(pattern=rf"^({WINDOW})\Z")]
    including: bool


class _Normal(msgspec.Struct, forbid_unknown_fields=True):
    format: str
    country: _NormalCountry
    acts: dict[str, _NormalAct]
    parameters: dict[str, _NormalValue]
    lists: dict[str, _NormalList]
    conditions: dict[str, str]
    provisions: dict[str, _NormalProvision]
    features: dict[str, _NormalFeature] = {}  # msgspec copies it


class _Faults:
    """Collects what parser and checker complain about."""

    def __init__(self, where: str) -> None:
        self.where, self.found = where, ""

    def __call__(self, offset: int, given: str, expected: str, todo: str) -> None:
        self.found = self.found or f"at {offset}, given {given!r}, expected {expected}{f'; {todo}' if todo else ''}"

    def error(self) -> InputError:
        return InputError(f"an edition's normal form: {self.where}: {self.found}")


class _Reading:
    """From a decoded normal form back to the parts of an edition, through the parser and the checker."""

    def __init__(self, data: _Normal, facts: type) -> None:
        self.data, self.facts = data, facts
        country = data.country
        self.country = Country(country.code, country.name, country.currency, country.decimals, country.zone, country.ranks)
        self.features = {
            name: Feature(name, one.sum, one.over, one.window, one.including, None, one.title)
            for name, one in data.features.items()
        }
        facts_only = schema(country.currency, facts)
        for name in self.features.keys() & facts_only.keys():
            raise InputError(f"an edition's normal form: feature {name!r} has the name of a fact")
        self.fields = with_features(facts_only, self.features.values(), country.currency)
        self.parameters = {name: self.constant(name, one) for name, one in data.parameters.items()}

    def constant(self, name: str, one: _NormalValue) -> Node:
        match one.type:
            case "money":
                return Money(one.value, one.currency, name)
            case "ratio" if one.of > 0:
                return Ratio(one.value, one.of, name)
            case "count":
                return Count(one.value, name)
            case "day":
                return Day(one.value, name)
        raise InputError(f"an edition's normal form: parameter {name!r} is no money, ratio, count or day")

    def parsed(self, text: str, where: str) -> Node:
        faults = _Faults(where)
        node = parse(Located(text), faults)
        if node is None:
            raise faults.error()
        return node

    def checked(self, node: Node, where: str, scope: Scope, known: frozenset[str] = frozenset()) -> Checked:
        faults = _Faults(where)
        checked = check(node, scope, faults, known)
        if checked is None:
            raise faults.error()
        return checked

    def text(self, text: str, where: str, scope: Scope, known: frozenset[str] = frozenset()) -> Checked:
        return self.checked(self.parsed(text, where), where, scope, known)

    def conditions(self, scope: Scope) -> dict[str, Checked]:
        """Read the conditions, each after those it names."""
        parsed = {name: self.parsed(text, f"condition {name!r}") for name, text in self.data.conditions.items()}
        done: dict[str, Checked] = {}
        for name in after_each_other(parsed):
            done[name] = self.checked(parsed[name], f"condition {name!r}", replace(scope, conditions=done))
        if len(done) < len(parsed):
            raise InputError("an edition's normal form: conditions name each other in a circle")
        return done

    def edition(self, make: Callable[..., Edition]) -> Edition:
        """Make the edition from its parts."""
        data = self.data
        for name, one in data.lists.items():
            if one.field not in self.fields or self.fields[one.field].type.base != "code":
                raise InputError(f"an edition's normal form: list {name!r} is of {one.field!r}, expected a fact that is a code")
        types = {name: self.fields[one.field].type for name, one in data.lists.items()}
        spans = {name: _span(node) for name, node in self.parameters.items()}
        scope = Scope(self.fields, spans, types)
        conditions = self.conditions(scope)
        scope = replace(scope, conditions=conditions)
        return make(
            country=self.country,
            acts={name: Act(name, one.title, one.rank, one.signed, (), one.link) for name, one in data.acts.items()},
            provisions={name: self.provision(name, one, scope) for name, one in data.provisions.items()},
            parameters=self.parameters,
            lists={name: LawList(one.field, one.codes) for name, one in data.lists.items()},
            conditions={name: one.node for name, one in conditions.items()},
            facts=self.facts,
            features={name: self.feature(one, scope) for name, one in self.features.items()},
        )

    def feature(self, one: Feature, scope: Scope) -> Feature:
        """Read which instructions count for a feature."""
        text = self.data.features[one.name].of
        of = self.text(text, one.name, scope).node if text is not None else None
        if features_in(of, self.features):
            raise InputError(f"an edition's normal form: feature {one.name!r} is made of another feature")
        return replace(one, of=of)

    def provision(self, name: str, one: _NormalProvision, scope: Scope) -> Provision:
        when = self.text(one.when, name, scope) if one.when is not None else None
        needs = self.text(one.needs, name, scope, when.if_true if when else frozenset()) if one.needs is not None else None
        if one.act not in self.data.acts or self.data.acts[one.act].rank not in self.country.ranks:
            raise InputError(f"an edition's normal form: {name} cites {one.act!r}, expected an act with a known rank")
        return Provision(
            id=name,
            title=one.title,
            cites=Citation(one.act, one.article, one.sources),
            start=one.start,
            end=None,
            status="in_force",
            activities=self.fields["activity"].type.codes if one.activities == (ALL,) else one.activities,
            effect=one.effect,
            authority=one.authority,
            certainty=one.certainty,
            grade=one.grade,
            says=one.says,
            when=when.node if when else None,
            needs=needs.node if needs else None,
            otherwise=one.otherwise,
            measure=one.measure,
            rate=one.rate,
            standing=one.standing,
            exception_of=one.exception_of,
            precedence=one.precedence,
        )


def _span(node: Node) -> Span:
    match node:
        case Money(value, currency):
            return Span(money(currency), value, value)
        case Ratio(numerator, denominator):
            return Span(RATIO, ratios=((numerator, denominator),))
        case Count(value):
            return Span(COUNT, value, value)
        case Day(value):
            return Span(DAY, value, value)
    raise TypeError(f"{type(node).__name__} is not a value")
