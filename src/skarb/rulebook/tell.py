"""A provision in plain words, in Belarusian, Russian or English: for the client it concerns and the officer who applies it.

Titles and wording are the law's own where they were written in the language; else they stay English, and that is said.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from skarb.core.time import from_day
from skarb.rulebook.edition import Edition
from skarb.rulebook.explain import explain, lacks, split
from skarb.rulebook.expression import Fact, Node, walk
from skarb.rulebook.history import Rulebook, value_on
from skarb.rulebook.model import Act, Citation, Provision
from skarb.rulebook.phrases import Line, Phrases, phrases_of
from skarb.rulebook.tree import TRUE, names_in, truth
from skarb.rulebook.words import Words


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
    yield _one(words, "told_source", _where(rulebook.pack.acts[provision.cites.act], provision.cites, words))
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


def _where(act: Act, cites: Citation, words: Words) -> str:
    """Return act and article; a part that is not numbered, such as an appendix, is told by its own name."""
    title = f"{act.id}: {act.title_in.get(words.code, act.title)}"
    if cites.article == "?":
        return words.text("told_article_unseen", act=title)
    article = cites.article_in.get(words.code, cites.article).removesuffix("?").removesuffix(", ")
    return words.text("told_article", act=title, article=article) if article[:1].isdigit() else f"{title}, {article}"


def _conditions(rulebook: Rulebook, provision: Provision, day: int, words: Words) -> Iterator[Section]:
    phrases = phrases_of(rulebook.edition(day), words)
    yield Section(words.text("told_when"), phrases.lines(provision.when or TRUE))
    if provision.needs is not None:
        otherwise = words.word("told_otherwise", provision.otherwise)
        yield Section(f"{words.text('told_needs')} ({otherwise})", phrases.lines(provision.needs))


def _values(rulebook: Rulebook, provision: Provision, day: int, words: Words) -> Iterator[Section]:
    phrases, lines = phrases_of(rulebook.edition(day), words), []
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
        sections.append(_one(words, "told_source", _where(edition.acts[deciding.cites.act], deciding.cites, words)))
        for key, node in (("told_when", deciding.when), ("told_needs", deciding.needs)):
            if node is not None:
                sections.append(Section(words.text(key), tuple(_looked_at(node, edition.seen(facts), phrases))))
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
