"""`skarb law explain`: why the law says what it says, about facts or in a provision, in three languages."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from cyclopts import Parameter

from skarb.app.facts import facts_from_json
from skarb.app.law import draft_of, rulebook_of
from skarb.cli.law_draft import day_of
from skarb.cli.output import out
from skarb.core.errors import NotFound
from skarb.rulebook.explain import explain as explain_facts
from skarb.rulebook.tell import Telling, tell, tell_decision
from skarb.rulebook.words import words

LanguageCode = Literal["be", "ru", "en"]


def explain(
    what: str,
    /,
    *,
    law: str = "by",
    draft: Path | None = None,
    language: Annotated[LanguageCode | None, Parameter(name="--in")] = None,
    at: date | None = None,
    json: bool = False,
) -> None:
    """Explain a provision in plain words, or what the law says about facts.

    Examples: `skarb law explain BY-U367-2024/p2p --in be` and `skarb law explain facts.json`

    `skarb decide FILE --explain ID` explains an instruction; this explains facts written by hand, in a JSON file such as
    `{"activity": "token_buy_fiat", "day": "2026-08-01", "actor_kind": "natural_person", "value": 150000}`.

    Parameters
    ----------
    what
        A provision's id; or a JSON file with one object of facts: money in minor units, `day` as a date, what is left out keeps its default.
    law
        A shipped country or the folder of a law.
    draft
        The folder of a draft: explains the law as it would be.
    language
        be, ru or en. Facts without it are explained in the terms of the law's own expressions.
    at
        The legal date of a provision's values; by default today, or the draft's first. Facts carry their own.
    json
        Print the explanation as JSON.
    """
    drafted = None if draft is None else draft_of(law, draft)
    rulebook = rulebook_of(law) if drafted is None else drafted.rulebook
    provision = rulebook.pack.provisions.get(what)
    if provision is not None:
        day = drafted.since if drafted is not None and at is None else day_of(rulebook, at)
        _print(tell(rulebook, provision, day, words(language or "en")), json)
        return
    if not Path(what).exists():
        near = [name for name in rulebook.pack.provisions if what.lower() in name.lower()][:5]
        hint = f"did you mean {', '.join(near)}?" if near else "skarb law show lists the provisions"
        raise NotFound(f"{what!r} is neither a provision of law {law!r} nor a file of facts; {hint}")
    given = facts_from_json(Path(what))
    if language is not None:
        _print(tell_decision(rulebook, given, words(language)), json)
        return
    told = explain_facts(rulebook.edition(given.day), given)
    if json:
        out.print_json(msgspec.json.encode(told.data()).decode())
    else:
        out.print(told.text(), markup=False, highlight=False)


def _print(told: Telling, json: bool) -> None:
    if json:
        out.print_json(msgspec.json.encode(told.data()).decode())
    else:
        out.print(told.text(), markup=False, highlight=False)
