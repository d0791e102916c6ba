"""The first number: how alike two names are, out of the parts of either reading.

Four things count, each by itself reasonable. What answers to each other, by weight (a word too many in the query weighs 0.8, one
that only the list has 0.2: people leave out names they have). What is *replaced*: a word that stands against another one
contradicts, while a word that is merely missing does not. The letters that differ in all: few can always be a slip of the pen
(between two scripts they are not counted where all words are answered for: Arabic leaves out vowels). And whether descent is
turned round. The sum is brought between 0 and 1 by the logistic curve; equal names are 1.

A patronymic that only one of the names has is left out on either side, whoever asks: papers of some countries have it and most lists do not. It
counts as a few letters that differ, whatever its length.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import exp

from rapidfuzz.distance import OSA

from skarb.screening.names.form import Form
from skarb.screening.names.model import Part
from skarb.screening.names.policy import Reading


def likeness(query: Form, listed: Form, parts: Iterable[Part], reading: Reading) -> float:
    """Return the likeness of two names. Units: /1."""
    answered = weight = replaced = 0.0
    extra_query = extra_listed = 0.0
    lone = False  # whether a patronymic stands against nothing
    for part in parts:
        if part.how == "replaced":
            replaced += part.weight
        elif part.how == "only_listed":
            extra_listed += part.weight
            lone |= part.listed.casefold() in listed.fathers and not query.fathers
        elif part.how == "only_query" and part.query.casefold() in query.fathers and not listed.fathers:
            extra_listed += part.weight
            lone = True
        elif part.how == "only_query":
            extra_query += part.weight
        else:
            answered += part.score * part.weight
            weight += part.weight
    if answered == 0.0:
        return 0.0
    share = answered / (weight + replaced + reading.only_query * extra_query + reading.only_listed * extra_listed)
    contradiction = replaced / (weight + replaced + extra_query + extra_listed)
    told = reading.answered * share - reading.replaced * contradiction
    letters = reading.patronymic if lone else 0
    if query.foreign == listed.foreign or replaced or extra_query:
        letters += _edits(query, listed, lone, reading.edits_most)
    told -= reading.edits * min(letters, reading.edits_most) / reading.edits_most
    if query.descent and any((child, parent) in listed.descent for parent, child in query.descent if parent != child):
        told -= reading.turned
    return _logistic(told) / _logistic(reading.answered)


def _edits(query: Form, listed: Form, lone: bool, most: int) -> int:
    """Return how many letters or sounds differ, in the order that suits best, at most so many; a lone patronymic is left out."""
    one, ways = query.without if lone else (query.plain, None)
    other, other_ways = listed.without if lone else (listed.plain, None)
    fewest = OSA.distance(one, other, score_cutoff=most)
    if fewest:
        for left, right in zip(ways or query.ways, other_ways or listed.ways, strict=True):
            fewest = min(fewest, OSA.distance(left, right, score_cutoff=most))
    return min(fewest, most)


def _logistic(told: float) -> float:
    return 1.0 / (1.0 + exp(-told))
