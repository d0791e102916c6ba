"""Provisions in words: title, sentence and citation by id."""

from __future__ import annotations

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
    act = rulebook.pack.acts[provision.cites.act].title
    return act if provision.cites.article == "?" else f"{act}, {provision.cites.article}"
