"""A provision in plain words, in Belarusian, Russian or English: for the client it concerns and the officer who applies it.

A condition becomes a list, not a sentence: what must all hold, what suffices, and single statements in the form "fact: value", which need no
declension. A `not` is carried down to the statements. Amounts are those of the day, with the name they have in the law. Titles and wording are the
law's own where they were written in the language; else they stay English, and that is said.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from skarb.core.amount import format_amount
from skarb.core.asset import currencies
from skarb.core.time import from_day
from skarb.rulebook.edition import Edition
from skarb.rulebook.explain import explain, lacks, split
from skarb.rulebook.expression import (
    And,
    Code,
    Codes,
    Compare,
    Count,
    Day,
    Fact,
    Greatest,
    Least,
    Minus,
    Missing,
    Money,
    Named,
    Node,
    Not,
    Operator,
    Or,
    Parameter,
    Plus,
    Ratio,
    Share,
    Within,
    walk,
)
from skarb.rulebook.history import Rulebook, value_on
from skarb.rulebook.model import Country, Provision
from skarb.rulebook.schema import Schema
from skarb.rulebook.tree import TRUE, names_in, truth
from skarb.rulebook.words import Words

_OPPOSITE: dict[str, Operator] = {"==": "!=", "!=": "==", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}
_UNKNOWN_COUNTRY = "XX"


@dataclass(frozen=True, slots=True)
class Line:
    """A statement, at its depth below the heading of its list."""

    depth: int
    text: str


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with what stands under it."""

    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Telling:
    """A provision in one language."""

    provision: str
    language: str
    day: str
    translated: bool  # whether its own wording exists in the language
    sections: tuple[Section, ...]

    def data(self) -> dict[str, Any]:
        """Return the telling as plain data for JSON."""
        return asdict(self)

    def text(self) -> str:
        """Return the telling as plain text."""
        lines = [self.provision]
        for section in self.sections:
            if len(section.lines) == 1:
                lines.append(f"  {section.title}: {section.lines[0].text}")
            else:
                lines += [f"  {section.title}:", *(f"  {'  ' * (line.depth + 1)}{line.text}" for line in section.lines)]
        return "\n".join(lines)


def tell(rulebook: Rulebook, provision: Provision, day: int, words: Words) -> Telling:
    """Tell a provision with the values of a legal day."""
    english = words.code == "en"
    translated = english or words.code in provision.says_in
    sections = [
        Section(words.text("told_title"), (Line(0, provision.title_in.get(words.code, provision.title)),)),
        Section(words.text("told_says"), _says(provision, words, translated)),
        *_about(rulebook, provision, day, words),
        *_conditions(rulebook, provision, day, words),
        *_values(rulebook, provision, day, words),
        *_exceptions(rulebook, provision, words),
    ]
    return Telling(provision.id, words.code, from_day(day).isoformat(), translated, tuple(one for one in sections if one.lines))


def _says(provision: Provision, words: Words, translated: bool) -> tuple[Line, ...]:
    said = Line(0, provision.says_in.get(words.code, provision.says))
    return (said,) if translated else (said, Line(0, f"[{words.text('told_only_english')}]"))


def _about(rulebook: Rulebook, provision: Provision, day: int, words: Words) -> Iterator[Section]:
    article = provision.cites.article
    act = f"{provision.cites.act} «{rulebook.pack.acts[provision.cites.act].title}»"
    key = "told_article_unseen" if article == "?" else "told_article"
    yield _one(words, "told_source", words.text(key, act=act, article=article))
    start = (
        words.text("told_ever") if provision.start is None else words.text("told_from", day=words.day(from_day(provision.start)))
    )
    end = words.text("told_open") if provision.end is None else words.text("told_until", day=words.day(from_day(provision.end)))
    dates = [Line(0, f"{start}, {end}; {words.word('status', provision.status)}")]
    if not provision.in_force(day):
        dates.append(Line(0, words.text("told_not_in_force")))
    yield Section(words.text("told_dates"), tuple(dates))
    grade = words.word("told_grade", provision.grade)
    yield _one(words, "told_certainty", f"{words.word('certainty_word', provision.certainty)}; {grade}")
    yield _one(words, "told_authority", ", ".join(provision.authority))
    measure = words.text("told_measure", measure=words.word("measure", provision.measure)) if provision.measure != "none" else ""
    yield _one(words, "told_effect", "; ".join(filter(None, (words.word("effect", provision.effect), measure))))
    every = set(provision.activities) == set(rulebook.pack.fields["activity"].type.codes)
    names = words.text("told_every_activity") if every else ", ".join(words.word("activity", one) for one in provision.activities)
    yield _one(words, "told_activities", names)


def _conditions(rulebook: Rulebook, provision: Provision, day: int, words: Words) -> Iterator[Section]:
    phrases = _phrases(rulebook, day, words)
    yield Section(words.text("told_when"), phrases.lines(provision.when or TRUE))
    if provision.needs is not None:
        otherwise = words.word("told_otherwise", provision.otherwise)
        yield Section(f"{words.text('told_needs')} ({otherwise})", phrases.lines(provision.needs))


def _values(rulebook: Rulebook, provision: Provision, day: int, words: Words) -> Iterator[Section]:
    phrases, lines = _phrases(rulebook, day, words), []
    names = {name for node in (provision.when, provision.needs) if node is not None for name in names_in(node)}
    for name in sorted(names | {provision.rate} if provision.rate else names):
        series = rulebook.pack.parameters.get(name)
        if series is None:
            continue
        dated, constant = value_on(series, day), phrases.parameters.get(name)
        value = words.text("told_no_value") if constant is None else phrases.value(constant).removesuffix(f" ({name})")
        cited = f" ({words.text('told_cited', cites=dated.cites)})" if dated is not None and dated.cites else ""
        lines.append(Line(0, f"{name} = {value}{cited}"))
    yield Section(words.text("told_values", day=words.day(from_day(day))), tuple(lines))


def _exceptions(rulebook: Rulebook, provision: Provision, words: Words) -> Iterator[Section]:
    provisions = rulebook.pack.provisions
    below = [one for one in provisions.values() if provision.id in one.exception_of]
    above = [provisions[name] for name in provision.exception_of]
    for key, found in (("told_exceptions", below), ("told_exception_of", above)):
        yield Section(words.text(key), tuple(Line(0, f"{one.id}: {one.title_in.get(words.code, one.title)}") for one in found))


def _one(words: Words, key: str, text: str) -> Section:
    return Section(words.text(key), (Line(0, text),) if text else ())


# -- decisions -------------------------------------------------------------------------------------------------------------------


def tell_decision(rulebook: Rulebook, facts: Any, words: Words) -> Telling:
    """Tell what the law of their day decides about facts, and why."""
    edition = rulebook.edition(facts.day)
    told, phrases = explain(edition, facts), phrases_of(edition, words)
    deciding = edition.provisions.get(told.provision)
    measure = f" ({words.word('measure', told.measure)})" if told.measure != "none" else ""
    decision = [
        f"{words.word('verdict', told.verdict)}{measure}: {words.word('activity', facts.activity)}, {words.day(from_day(facts.day))}"
    ]
    decision += [words.text("told_approved")] * told.approved + [words.text("told_assumed")] * told.assumed
    sections = [Section(words.text("told_decision"), tuple(Line(0, text) for text in decision))]
    if deciding is None:
        sections.append(_one(words, "told_says", words.text("told_silence")))
    else:
        translated = words.code == "en" or words.code in deciding.says_in
        sections.append(_one(words, "told_decided_by", f"{deciding.id}: {deciding.title_in.get(words.code, deciding.title)}"))
        sections.append(Section(words.text("told_says"), _says(deciding, words, translated)))
        sections.append(_one(words, "told_source", told.citation))
        for key, node in (("told_when", deciding.when), ("told_needs", deciding.needs)):
            if node is not None:
                sections.append(Section(words.text(key), tuple(_looked_at(node, facts, phrases))))
    others = [f"{one.id}: {_title(edition, one.id, words)}" for one in told.applying if one.id != told.provision]
    sections.append(Section(words.text("told_also"), tuple(Line(0, text) for text in others)))
    silenced = [f"{one.id}: {_title(edition, one.id, words)} ({', '.join(one.silenced_by)})" for one in told.silenced]
    sections.append(Section(words.text("told_silenced"), tuple(Line(0, text) for text in silenced)))
    sections.append(_one(words, "told_besides", ", ".join(told.duties)))
    sections.append(_one(words, "told_levy", told.levy))
    translated = words.code == "en" or deciding is None or words.code in deciding.says_in
    return Telling(told.provision, words.code, told.day, translated, tuple(one for one in sections if one.lines))


def _title(edition: Edition, name: str, words: Words) -> str:
    one = edition.provisions[name]
    return one.title_in.get(words.code, one.title)


def _looked_at(node: Node, facts: Any, phrases: Phrases) -> Iterator[Line]:
    """Yield every statement of a condition with its truth and the values of the facts in it."""
    for leaf, _ in split(node):
        holds = "unseen" if lacks(leaf, facts) else "yes" if truth(leaf, facts) else "no"
        names = dict.fromkeys(part.name for part in walk(leaf) if isinstance(part, Fact))
        saw = [phrases.seen(name, getattr(facts, name)) for name in names if phrases.fields[name].type.base != "flag"]
        seen = f" [{'; '.join(saw)}]" if saw else ""
        yield Line(0, f"{phrases.statement(leaf)} — {phrases.words.word('told_holds', holds)}{seen}")


# -- conditions ------------------------------------------------------------------------------------------------------------------


def _phrases(rulebook: Rulebook, day: int, words: Words) -> Phrases:
    return phrases_of(rulebook.edition(day), words)


def phrases_of(edition: Edition, words: Words) -> Phrases:
    """Return how conditions of an edition are put into words."""
    return Phrases(
        words, edition.fields, edition.country, edition.parameters, {name: one.codes for name, one in edition.lists.items()}
    )


@dataclass(frozen=True)
class Phrases:
    """Puts conditions into words, with the values of one day."""

    words: Words
    fields: Schema
    country: Country
    parameters: dict[str, Node]
    lists: dict[str, tuple[str, ...]]

    def lines(self, node: Node) -> tuple[Line, ...]:
        """Return a condition as statements at their depths."""
        return tuple(self._lines(node, True, 0))

    def _lines(self, node: Node, holds: bool, depth: int) -> Iterator[Line]:
        """Yield the statements that say that a condition holds, or that it does not."""
        match node:
            case Not(part):
                yield from self._lines(part, not holds, depth)
            case Named(_, means):
                yield from self._lines(means, holds, depth)
            case And(parts) | Or(parts):
                if len(parts) == 0:
                    yield Line(depth, self.words.text("always_holds" if (node == TRUE) == holds else "never_holds"))
                    return
                every = isinstance(node, And) == holds
                flat = [one for part in parts for one in _flat(part, holds, every)]
                yield Line(depth, self.words.text("all_of" if every else "any_of"))
                for part, wanted in flat:
                    yield from self._lines(part, wanted, depth + 1)
            case _:
                yield Line(depth, self.statement(node, holds))

    def statement(self, node: Node, holds: bool = True) -> str:
        """Return one comparison as a statement."""
        words = self.words
        match node:
            case Not(part):
                return self.statement(part, not holds)
            case Fact(name):  # a flag
                return words.word("fact" if holds else "flag_not", name)
            case Missing(Fact(name), negated):
                return words.text("is_missing" if negated != holds else "is_present", fact=self.fact(name))
            case Within(Fact(name), Codes(codes, listed), negated):
                found = self.lists.get(listed, codes) if listed else codes
                key = (
                    ("is_in" if negated != holds else "is_not_in")
                    if len(found) != 1
                    else ("is_code" if negated != holds else "is_not_code")
                )
                told = ", ".join(self.code(name, code) for code in found)
                return words.text(key, fact=self.fact(name), **{"code" if len(found) == 1 else "codes": told})
            case Compare(sign, Fact(name), Code(code)) | Compare(sign, Code(code), Fact(name)):
                return words.text(
                    "is_code" if (sign == "==") == holds else "is_not_code", fact=self.fact(name), code=self.code(name, code)
                )
            case Compare(sign, left, right):
                sign = sign if holds else _OPPOSITE[sign]
                return str(words.messages[self._comparing(left, right)][sign]).format(
                    left=self.value(left), right=self.value(right)
                )
        raise TypeError(f"{type(node).__name__} is no statement")

    def _comparing(self, *sides: Node) -> str:
        bases = {self.fields[side.name].type.base for side in sides if isinstance(side, Fact)}
        if bases & {"flag", "code"}:
            return "compare_flags"
        return "compare_day" if "day" in bases or any(isinstance(side, Day) for side in sides) else "compare"

    def fact(self, name: str) -> str:
        """Return what a fact is called."""
        return self.words.word("fact", name)

    def code(self, fact: str, code: str) -> str:
        """Return what a code of a fact is called; countries keep their letters."""
        type_ = self.fields[fact].type
        if not type_.codes:
            return self.words.text("unknown_country") if code == _UNKNOWN_COUNTRY else code
        return self.words.word(group_of(self.fields, fact), code)

    def seen(self, name: str, value: object) -> str:
        """Return the value that a fact had."""
        type_ = self.fields[name].type
        match value:
            case None:
                return self.words.text("is_missing", fact=self.fact(name))
            case str():
                shown = self.code(name, value)
            case int() if type_.base == "money":
                shown = self.value(Money(value, type_.currency))
            case int() if type_.base == "day":
                shown = self.value(Day(value))
            case _:
                shown = str(value)
        return self.words.text("is_code", fact=self.fact(name), code=shown)

    def value(self, node: Node) -> str:
        """Return a value in words."""
        words = self.words
        match node:
            case Fact(name):
                return self.fact(name)
            case Parameter(name):
                return self.value(self.parameters[name]) if name in self.parameters else name
            case Money(value, currency, name):
                known = currencies().get(currency)
                decimals = self.country.decimals if currency == self.country.currency or known is None else known.decimals
                return self._named(f"{words.amount(format_amount(value, decimals))}\u00a0{currency}", name)
            case Count(value, name):
                return self._named(words.whole(value), name)
            case Day(value, name):
                return self._named(words.day(from_day(value)), name)
            case Ratio(top, bottom, name):
                return self._named(_ratio(top, bottom, words), name)
            case Plus(left, right):
                return words.text("plus", left=self.value(left), right=self.value(right))
            case Minus(left, right):
                return words.text("minus", left=self.value(left), right=self.value(right))
            case Share(amount, ratio):
                return words.text("share", ratio=self.value(ratio), amount=self.value(amount))
            case Least(parts):
                return words.text("least", parts="; ".join(map(self.value, parts)))
            case Greatest(parts):
                return words.text("greatest", parts="; ".join(map(self.value, parts)))
        return self.statement(node)

    def _named(self, value: str, name: str) -> str:
        return self.words.text("named_value", value=value, name=name) if name else value


def group_of(fields: Schema, fact: str) -> str:
    """Return the group of words for a fact's codes: the first fact that has the same codes gives it its name."""
    type_ = fields[fact].type
    return next(name for name, one in fields.items() if one.type == type_)


def _flat(node: Node, holds: bool, every: bool) -> Iterator[tuple[Node, bool]]:
    """Yield the parts of a condition that can stand in the same list as its neighbours, with whether each must hold."""
    match node:
        case Not(part):
            yield from _flat(part, not holds, every)
        case Named(_, means):
            yield from _flat(means, holds, every)
        case And(parts) | Or(parts) if parts and (isinstance(node, And) == holds) == every:
            for part in parts:
                yield from _flat(part, holds, every)
        case _:
            yield node, holds


def _ratio(numerator: int, denominator: int, words: Words) -> str:
    """Return a ratio as percent where that is exact to two decimals, else as a fraction."""
    hundredths, rest = divmod(numerator * 10_000, denominator)
    if rest:
        return f"{numerator}/{denominator}"
    text = f"{hundredths // 100}.{hundredths % 100:02}".rstrip("0").rstrip(".")
    return f"{words.amount(text)}\u00a0%"
