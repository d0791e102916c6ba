"""Provisions in words: title, sentence and citation by id, in English and in the languages they were written in."""

from __future__ import annotations

from dataclasses import dataclass

from skarb.core.decision import SILENCE
from skarb.rulebook import Provision, Rulebook


def title_of(rulebook: Rulebook, provision: str) -> str:
    """Return the title of a provision."""
    found = rulebook.pack.provisions.get(provision)
    return found.title if found is not None else ("The law is silent" if provision == SILENCE else "")


def says_of(rulebook: Rulebook, provision: str) -> str:
    """Return a provision in one sentence, for the person concerned."""
    found = rulebook.pack.provisions.get(provision)
    if found is not None:
        return found.says
    return "No provision speaks about this; a person must decide." if provision == SILENCE else ""


def citation_of(rulebook: Rulebook, provision: str) -> str:
    """Return where a provision stands in the law."""
    found = rulebook.pack.provisions.get(provision)
    return "" if found is None else citation(rulebook, found)


def citation(rulebook: Rulebook, provision: Provision) -> str:
    """Return where a provision stands: the act's title and the article, where it was seen."""
    return _cited(rulebook.pack.acts[provision.cites.act].title, provision.cites.article)


def _cited(act: str, article: str) -> str:
    """Join an act and an article; "?" stands for a number that nobody saw, "Regulation, ?" for a part whose number nobody saw."""
    seen = article.removesuffix("?").removesuffix(", ")
    return f"{act}, {seen}" if seen else act


@dataclass(frozen=True)
class Spoken:
    """A provision as it is told in a language; where nobody wrote it in that language it is English and says so."""

    title: str
    says: str
    citation: str
    act: str
    translated: bool


def spoken(rulebook: Rulebook, provision: str, code: str) -> Spoken | None:
    """Return a provision in a language, None if the law has none of this id."""
    found = rulebook.pack.provisions.get(provision)
    if found is None:
        return None
    cited = rulebook.pack.acts[found.cites.act]
    act, article = cited.title_in.get(code, cited.title), found.cites.article_in.get(code, found.cites.article)
    whole = code == "en" or (code in found.title_in and (code in found.says_in or not found.says))
    return Spoken(
        title=found.title_in.get(code, found.title),
        says=found.says_in.get(code, found.says),
        citation=_cited(act, article),
        act=act,
        translated=whole and (code == "en" or code in cited.title_in),
    )
