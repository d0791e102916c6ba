"""The second number: what besides the name speaks for or against two being one and the same.

Agreement weighs by how rare it is on the list: the logarithm of one over the share of entries that have it (Fellegi and Sunter),
in bits. A birth on the same day is nearly proof, the same country next to nothing where half the list is from there. Disagreement
weighs as policy.yaml says: dates on lists are often guesses. That a name is made of what many names are made of takes away; that
it is rare adds nothing, because a name is no evidence for itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from math import log2
from typing import Final

from skarb.core.screening_list import Described, Document
from skarb.screening.keys import number_key
from skarb.screening.names.model import Evidence
from skarb.screening.names.policy import Bits

_PEOPLE: Final = ("male", "female")
_TELLING: Final = 10.0  # the length of a name's vector of rarities at which half of `rarity_most` is left


class Shares:
    """How common years and countries are among the entries of the lists."""

    def __init__(self, entries: Iterable[Described]) -> None:
        self._years: Counter[str] = Counter()
        self._countries: Counter[str] = Counter()
        self._entries = 0
        for entry in entries:
            self._entries += 1
            self._years.update({birth[:4] for birth in entry.births})
            self._countries.update(set(entry.countries))

    def year(self, year: str) -> float:
        """Return what agreement on a year weighs. Units: bits."""
        return self._bits(self._years, year)

    def country(self, country: str) -> float:
        """Return what agreement on a country weighs. Units: bits."""
        return self._bits(self._countries, country)

    def _bits(self, counter: Counter[str], value: str) -> float:
        return log2((self._entries + 2) / (counter[value] + 1))


def weigh(query: Described, listed: Described, shares: Shares, telling: float, bits: Bits) -> tuple[Evidence, ...]:
    """Return everything that speaks for or against, what is silent left out. `telling` is how much the listed name itself tells."""
    return (
        *_documents(query.documents, listed.documents, bits),
        *_births(query.births, listed.births, shares, bits),
        *_countries(query.countries, listed.countries, shares, bits),
        *_gender(query.gender, listed.gender, bits),
        *_kind(query.kind, listed.kind, bits),
        _rarity(telling, bits),
    )


def _documents(query: tuple[Document, ...], listed: tuple[Document, ...], bits: Bits) -> Iterator[Evidence]:
    if not query or not listed:
        return
    numbers = {number_key(one.number): one for one in listed}
    for one in query:
        if (other := numbers.get(number_key(one.number))) is not None:
            yield Evidence("document", f"{other.kind} {other.number} is the same", bits.document_same)
            return
    of = {(one.kind, one.country) for one in listed if one.country}
    for one in query:
        if (one.kind, one.country) in of:
            yield Evidence("document", f"{one.kind} of {one.country} has another number", bits.document_other)
            return


def _births(query: tuple[str, ...], listed: tuple[str, ...], shares: Shares, bits: Bits) -> Iterator[Evidence]:
    """The pair that agrees best counts: lists give several dates because the true one is not known."""
    found = [
        _birth(one, other, shares, bits) for one in query for other in listed if one[:4].isdecimal() and other[:4].isdecimal()
    ]
    if found:
        yield max(found, key=lambda one: one.bits)


def _birth(query: str, listed: str, shares: Shares, bits: Bits) -> Evidence:
    first, last = _span(listed)
    year = int(query[:4])
    if first != last and first <= year <= last:
        weight = max(0.0, shares.year(query[:4]) - log2(last - first + 1))
        return Evidence("birth", f"{query} lies within {listed}", weight)
    apart = max(first - year, year - last, 0)
    if apart == 0:
        weight = shares.year(query[:4])
        if len(query) == len(listed) == 10:
            if query == listed:
                return Evidence("birth", f"{listed} is the same day", weight + bits.birth_day)
            if query[5:7] == listed[8:] and query[8:] == listed[5:7]:
                return Evidence("birth", f"{query} is {listed} with day and month exchanged", weight + bits.birth_swapped)
            return Evidence("birth", f"{query} is another day than {listed}", bits.birth_other_day)
        if len(query) >= 7 and len(listed) >= 7:
            same = query[5:7] == listed[5:7]
            return Evidence("birth", f"{query} and {listed}", weight + bits.birth_month if same else bits.birth_other_day)
        return Evidence("birth", f"{query} and {listed}: the same year", weight)
    if apart <= bits.near_years:
        return Evidence("birth", f"{query} and {listed}: near", bits.birth_near)
    return Evidence(
        "birth", f"{query} and {listed}: {apart} years apart", bits.birth_far if apart > bits.far_years else bits.birth_apart
    )


def _span(birth: str) -> tuple[int, int]:
    first, _, last = birth.partition("/")
    return int(first[:4]), int(last[:4]) if last[:4].isdecimal() else int(first[:4])


def _countries(query: tuple[str, ...], listed: tuple[str, ...], shares: Shares, bits: Bits) -> Iterator[Evidence]:
    if not query or not listed:
        return
    common = sorted(set(query) & set(listed))
    if common:
        yield Evidence(
            "country", f"{', '.join(common)} on both", min(bits.country_most, max(shares.country(one) for one in common))
        )
    else:
        yield Evidence("country", f"{', '.join(query)} against {', '.join(listed)}", bits.country_other)


def _gender(query: str, listed: str, bits: Bits) -> Iterator[Evidence]:
    if query in _PEOPLE and listed in _PEOPLE:
        same = query == listed
        yield Evidence("gender", query if same else f"{query} against {listed}", bits.gender_same if same else bits.gender_other)


def _kind(query: str, listed: str, bits: Bits) -> Iterator[Evidence]:
    if query != listed and "unknown" not in (query, listed):
        yield Evidence("kind", f"{query} against {listed}", bits.kind_other)


def _rarity(telling: float, bits: Bits) -> Evidence:
    return Evidence("rarity", "how common the name is", bits.rarity_most / (1.0 + telling / _TELLING))
