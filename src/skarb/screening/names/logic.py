"""The reading of nomenklatura's `logic-v2`: knows variants of names across languages and scripts, words of trade, places and
legal forms.

It is wrapped here and nowhere else, because its inner functions move between versions (pinned in pyproject.toml). The analysis of
a listed name is made once and kept with the name. Its alignment becomes our parts; the number is ours (likeness.py), so both
readings are judged alike.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache, lru_cache
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

from skarb.core.screening_list import Name, SubjectKind
from skarb.screening.names.align import leftovers
from skarb.screening.names.form import Form
from skarb.screening.names.model import How, Part

_TESTED: Final = "4.17."
_EXTRA_QUERY: Final = 0.8  # the defaults of logic-v2 4.17
_EXTRA_LISTED: Final = 0.2
_FAMILY: Final = 1.3


@cache
def logic_version() -> str:
    """Return the version of nomenklatura, or nothing when it is missing or not the one that this was tested with."""
    try:
        found = version("nomenklatura")
        import_module("nomenklatura.matching.logic_v2.names.match")
    except (PackageNotFoundError, ImportError):
        return ""
    return found if found.startswith(_TESTED) else ""


class Logic:
    """The comparison of logic-v2 over kept names."""

    def __init__(self) -> None:
        from nomenklatura.matching.logic_v2.names.match import match_name_symbolic
        from rigour.names import CompareConfig, NameTypeTag, analyze_names

        self._match: Any = match_name_symbolic
        self._config: Any = CompareConfig()
        self._analyze: Any = analyze_names
        self._tags: dict[SubjectKind, Any] = {
            "person": NameTypeTag.PER,
            "entity": NameTypeTag.ORG,
            "vessel": NameTypeTag.ORG,
            "aircraft": NameTypeTag.ORG,
            "unknown": NameTypeTag.ENT,
        }
        self.asked = lru_cache(maxsize=1 << 12)(self._analysed_query)

    def kept(self, form: Form, kind: SubjectKind, name: Name | None = None) -> tuple[Any, ...]:
        """Return the analysis of a listed name, made when it is first needed."""
        if form.known is None:
            form.known = tuple(self._analyze(self._tags[kind], [form.text], _roles(name)))
        return form.known  # type: ignore[return-value]

    def _analysed_query(self, text: str, kind: SubjectKind) -> tuple[Any, ...]:
        return tuple(self._analyze(self._tags[kind], [text], infer_initials=True))

    def align(self, queries: Iterable[Any], listed: Iterable[Any]) -> list[Part]:
        """Return the parts of the pair of analyses that logic-v2 scores best."""
        best, chosen = -1.0, None
        for one in queries:
            for other in listed:
                result, alignment = self._match(one, other, self._config, _EXTRA_QUERY, _EXTRA_LISTED, _FAMILY)
                if result.score > best:
                    best, chosen = result.score, alignment
        return [] if chosen is None else _parts(chosen)


def _roles(name: Name | None) -> dict[Any, list[str]] | None:
    """Return which words are given and family names, where the list tells them apart."""
    if name is None or not (name.given or name.family):
        return None
    from rigour.names import NamePartTag

    told = ((NamePartTag.GIVEN, name.given), (NamePartTag.MIDDLE, name.middle), (NamePartTag.FAMILY, name.family))
    return {tag: [text] for tag, text in told if text}


def _parts(alignment: Iterable[Any]) -> list[Part]:
    parts: list[Part] = []
    free: list[tuple[str, float]] = []
    open_: list[tuple[str, float]] = []
    for edge in alignment:
        query, listed = " ".join(part.form for part in edge.qps), " ".join(part.form for part in edge.rps)
        if not listed:
            free.append((query, edge.weight / _EXTRA_QUERY))
        elif not query:
            open_.append((listed, edge.weight / _EXTRA_LISTED))
        elif edge.score <= 0.0:
            parts.append(_unlike(query, listed, edge.weight))
        else:
            parts.append(Part(query, listed, _how(edge, query, listed), edge.score, edge.weight))
    return parts + leftovers(free, open_)


def _unlike(query: str, listed: str, weight: float) -> Part:
    """Return a pair that logic-v2 finds unlike; that one is the initial of the other it tells only where roles are known."""
    one, other = query.casefold(), listed.casefold()
    if min(len(one), len(other)) == 1 and one[0] == other[0]:
        return Part(query, listed, "initial", 0.85, 0.5)
    return Part(query, listed, "replaced", 0.0, weight)


def _how(edge: Any, query: str, listed: str) -> How:
    if query == listed:
        return "exact"
    if edge.qstr == edge.rstr:
        return "transliteration"
    category = "" if edge.symbol is None else edge.symbol.category.value
    if category == "INITIAL":
        return "initial"
    if category == "ORGCLS":
        return "legal_form"
    if category == "NUM":
        return "number"
    if category:
        return "known_variant"
    return "spelling" if len(edge.qps) == len(edge.rps) else "joined"
