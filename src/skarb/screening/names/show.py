"""A hit by name in plain words, for the officer who decides on it: both numbers, which part answers to which, what is left, what
else speaks for and against.

It is his alone. Whoever is screened is told neither that nor why: it would tip him off, and show a listed party how to be spelled
next time.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from skarb.screening.names.model import How, NameAnswer, NameHit, Part

_SAYS: Final[dict[How, str]] = {
    "exact": "the same",
    "transliteration": "the same in Latin letters",
    "sound": "sounds alike",
    "spelling": "spelled otherwise",
    "known_variant": "known variant",
    "joined": "written together on one side",
    "initial": "initial",
    "legal_form": "legal form",
    "number": "number",
    "replaced": "unlike",
    "only_query": "only in the name given",
    "only_listed": "only on the list",
}
_RULES: Final = {
    "clear": "clear",
    "possible": "possible: a person decides",
    "confirmed": "confirmed by other evidence: a person decides",
}


def show(answer: NameAnswer) -> str:
    """Return an answer as lines of plain text."""
    lines = [f"{answer.verdict}  ({answer.method})"]
    lines += [f"{why}: a person decides" for why in answer.unread]
    for hit in answer.hits:
        lines += ["", *_hit(hit)]
    return "\n".join(lines)


def _hit(hit: NameHit) -> Iterator[str]:
    yield f"{hit.query}  ~  {hit.listed}   [{hit.list} {hit.entry}, {hit.regime}]"
    yield f"  {_RULES[hit.verdict]} (rule {hit.rule})"
    yield f"  likeness {hit.likeness:.3f}, other evidence {hit.evidence:+.1f} bits"
    for part in hit.parts:
        yield f"    {_part(part)}"
    for one in hit.why:
        yield f"    {one.bits:+5.1f}  {one.kind}: {one.says}"


def _part(part: Part) -> str:
    said = _SAYS[part.how]
    if not part.query or not part.listed:
        return f"{part.query or part.listed}: {said}"
    alike = f" {part.score:.2f}" if 0 < part.score < 1 else ""
    return f"{part.query} = {part.listed}: {said}{alike}" if part.how != "replaced" else f"{part.query} / {part.listed}: {said}"
