"""The reading of nomenklatura's `logic-v2`: knows variants of names across languages and scripts, words of trade, places and
legal forms.

It is wrapped here and nowhere else, because its inner functions move between versions (pinned in pyproject.toml). The analysis of
a listed name is made once and kept with the name, with all that does not depend on the name beside it. What answers to what is told by
the compiled functions that logic-v2 itself is made of, weighed by its tables; `tests/properties/test_logic_agrees.py` holds the
parts equal to its own. The number is ours (likeness.py), so both readings are judged alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final, NamedTuple

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
        import_module("nomenklatura.matching.logic_v2.names.magic")
    except (PackageNotFoundError, ImportError):
        return ""
    return found if found.startswith(_TESTED) else ""


class Known(NamedTuple):
    """A name as logic-v2 analyses it, and what of it counts beside any other name."""

    name: Any
    parts: list[Any]
    extras: dict[tuple[Any, ...], float]  # how much words weigh that nothing answers to, where that is not one
    person: bool
    little: bool  # whether it has words that say next to nothing
    family: bool  # whether it is told which word is the family name


class _Edge(NamedTuple):
    """Words of one name that answer to words of another."""

    edge: Any
    query: tuple[Any, ...]
    listed: tuple[Any, ...]
    score: float
    weight: float


class Logic:
    """The comparison of logic-v2 over kept names."""

    def __init__(self) -> None:
        from nomenklatura.matching.logic_v2.names.magic import SYM_SCORES, SYM_WEIGHTS, extra_match_weights
        from rigour.names import (
            CompareConfig,
            NamePart,
            NamePartTag,
            NameTypeTag,
            align_person_name_order,
            analyze_names,
            compare_parts,
        )
        from rigour.names.symbol import pair_symbols

        self._pair: Any = pair_symbols
        self._compare: Any = compare_parts
        self._in_order: Any = align_person_name_order
        self._by_tag: Any = NamePart.tag_sort
        self._scores: dict[Any, float] = SYM_SCORES
        self._weights: dict[Any, float] = SYM_WEIGHTS
        self._extras: Any = extra_match_weights
        self._stop, self._family, self._person = NamePartTag.STOP, NamePartTag.FAMILY, NameTypeTag.PER
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

    def kept(self, form: Form, kind: SubjectKind, name: Name | None = None) -> tuple[Known, ...]:
        """Return the analysis of a listed name, made when it is first needed."""
        if form.known is None:
            form.known = tuple(map(self._known, self._analyze(self._tags[kind], [form.text], _roles(name))))
        return form.known  # type: ignore[return-value]

    def _analysed_query(self, text: str, kind: SubjectKind) -> tuple[Known, ...]:
        return tuple(map(self._known, self._analyze(self._tags[kind], [text], infer_initials=True)))

    def _known(self, name: Any) -> Known:
        parts = list(name.parts)
        tags = [part.tag for part in parts]
        return Known(name, parts, self._extras(name), name.tag == self._person, self._stop in tags, self._family in tags)

    def align(self, queries: Iterable[Known], listed: Sequence[Known]) -> list[Part]:
        """Return the parts of the pair of analyses that logic-v2 scores best."""
        best, chosen = 0.0, []
        for one in queries:
            for other in listed:
                for symbols in self._pair(one.name, other.name):
                    edges = self._edges(one, other, symbols)
                    score = sum([edge.score * edge.weight for edge in edges]) / (sum([edge.weight for edge in edges]) or 1.0)
                    if score > best:
                        best, chosen = score, edges
        return _parts(chosen)

    def _edges(self, one: Known, other: Known, symbols: Sequence[Any]) -> list[_Edge]:
        """Return all words of two names, those that mean the same thing paired by what they mean and the others by their letters."""
        edges = []
        free, open_ = one.parts, other.parts
        for edge in symbols:
            query, listed, category = edge.qps, edge.rps, edge.symbol.category
            free = [part for part in free if part not in query]
            open_ = [part for part in open_ if part not in listed]
            edges.append(
                self._weighed(one, other, edge, query, listed, self._scores.get(category, 1.0), self._weights.get(category, 1.0))
            )
        if free or open_:
            if one.person or other.person:
                free, open_ = self._in_order(free, open_)
            else:
                free, open_ = self._by_tag(free), self._by_tag(open_)
            for edge in self._compare(free, open_, config=self._config):
                edges.append(self._weighed(one, other, edge, edge.qps, edge.rps, edge.score, edge.weight))
        return edges

    def _weighed(
        self, one: Known, other: Known, edge: Any, query: tuple[Any, ...], listed: tuple[Any, ...], score: float, weight: float
    ) -> _Edge:
        """Return an edge with its weight: a word too many, a little word, a family name."""
        little = (one.little and self._is_little(query)) or (other.little and self._is_little(listed))
        if not query:
            weight = _EXTRA_LISTED * (0.5 if little else other.extras.get(tuple(listed), 1.0) if other.extras else 1.0)
        elif not listed:
            weight = _EXTRA_QUERY * (0.5 if little else one.extras.get(tuple(query), 1.0) if one.extras else 1.0)
        elif score < 1.0 and edge.qstr == edge.rstr:
            score = 1.0
        if little:
            weight *= 0.7
        if (one.family or other.family) and any(part.tag == self._family for part in (*query, *listed)):
            weight *= _FAMILY
        return _Edge(edge, query, listed, score, weight)

    def _is_little(self, parts: Sequence[Any]) -> bool:
        return len(parts) == 1 and parts[0].tag == self._stop


def _roles(name: Name | None) -> dict[Any, list[str]] | None:
    """Return which words are given and family names, where the list tells them apart."""
    if name is None or not (name.given or name.family):
        return None
    from rigour.names import NamePartTag

    told = ((NamePartTag.GIVEN, name.given), (NamePartTag.MIDDLE, name.middle), (NamePartTag.FAMILY, name.family))
    return {tag: [text] for tag, text in told if text}


def _parts(edges: Iterable[_Edge]) -> list[Part]:
    parts: list[Part] = []
    free: list[tuple[str, float]] = []
    open_: list[tuple[str, float]] = []
    for edge in edges:
        query, listed = _written(edge.query), _written(edge.listed)
        if not listed:
            free.append((query, edge.weight / _EXTRA_QUERY))
        elif not query:
            open_.append((listed, edge.weight / _EXTRA_LISTED))
        elif edge.score <= 0.0:
            parts.append(_unlike(query, listed, edge.weight))
        else:
            parts.append(Part(query, listed, _how(edge, query, listed), edge.score, edge.weight))
    return parts + leftovers(free, open_)


def _written(parts: tuple[Any, ...]) -> str:
    return parts[0].form if len(parts) == 1 else " ".join([part.form for part in parts])


def _unlike(query: str, listed: str, weight: float) -> Part:
    """Return a pair that logic-v2 finds unlike; that one is the initial of the other it tells only where roles are known."""
    one, other = query.casefold(), listed.casefold()
    if min(len(one), len(other)) == 1 and one[0] == other[0]:
        return Part(query, listed, "initial", 0.85, 0.5)
    return Part(query, listed, "replaced", 0.0, weight)


def _how(found: _Edge, query: str, listed: str) -> How:
    if query == listed:
        return "exact"
    edge = found.edge
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
    return "spelling" if len(found.query) == len(found.listed) else "joined"
