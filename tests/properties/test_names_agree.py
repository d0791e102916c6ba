"""Names: a name is likest to itself, order and capitals do not matter, and what one planted slip changes is found among many."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skarb.bench.made_names import damaged, made_names
from skarb.bench.screening import made_list
from skarb.core.compiled import interpreted
from skarb.core.screening_list import Described, Name
from skarb.screening.names import NameScreen, Reader, default_policy, kernel
from skarb.screening.names.fold import fold
from skarb.screening.names.grams import Grams, functions
from skarb.screening.names.rough import Rough

READER = Reader("rules")
NAMES = made_names(600, 3)
SCREEN = NameScreen([made_list(NAMES)], method="rules")
WORDS = st.lists(
    st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), min_size=1, max_size=12), min_size=1, max_size=5
)


def like(one: str, other: str) -> float:
    return READER.compare(READER.form(one, "person"), "person", READER.listed_form(other, "person"), "person")[0]


@settings(max_examples=150, deadline=None)
@given(WORDS)
def test_any_text_is_folded_and_is_likest_to_itself(words: list[str]) -> None:
    text = " ".join(words)
    if fold(text, use_icu=False):
        assert like(text, text) == 1.0
    assert 0.0 <= like(text, "Uladzimir Zialionka") <= 1.0


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(NAMES), st.randoms(use_true_random=False))
def test_order_and_capitals_do_not_matter(name: tuple[str, str], rng: random.Random) -> None:
    words = name[0].split()
    rng.shuffle(words)
    if "bin" not in words:
        assert like(" ".join(words).upper(), name[0]) >= 0.99


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(NAMES), st.sampled_from(NAMES))
def test_names_of_as_many_words_are_as_alike_both_ways(one: tuple[str, str], other: tuple[str, str]) -> None:
    if len(one[0].split()) == len(other[0].split()):
        assert like(one[0], other[0]) == pytest.approx(like(other[0], one[0]), abs=0.02)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, len(NAMES) - 1))
def test_everybody_finds_himself_first(place: int) -> None:
    text, kind = NAMES[place]
    hits = SCREEN.search(Described(kind=kind, names=(Name(text=text),))).hits
    assert hits[0].likeness == 1.0
    assert str(place) in {hit.entry for hit in hits if hit.likeness == 1.0}


def test_most_damaged_names_are_found() -> None:
    rng = random.Random(5)
    found = 0
    for place, (text, kind) in enumerate(NAMES):
        latin = " ".join(word.folded for word in fold(text, use_icu=False))
        hits = SCREEN.search(Described(kind=kind, names=(Name(text=damaged(text, rng, latin)),))).hits
        found += str(place) in {hit.entry for hit in hits if hit.stands}
    assert found / len(NAMES) >= 0.8


def test_who_is_read_closely_is_the_same_compiled_and_interpreted() -> None:
    forms = [kept.form for kept in SCREEN.names]
    grams, reading = Grams([form.codes for form in forms], len(forms)), default_policy().reading
    fast, slow = (Rough(forms, grams, kind, reading, 5) for kind in (functions(True), interpreted([kernel])))
    for form in forms[::25]:
        chosen = fast.choose(form, 0.25, 0.7, -1.25)
        assert sorted(chosen) == sorted(slow.choose(form, 0.25, 0.7, -1.25))
        everybody = fast.choose(form, 0.25, 0.25, 9.0)  # as if all were namesakes: they need more room than there is
        assert sorted(everybody) == sorted(grams.candidates(form.codes, 0.25, 2.0)[0])
        assert set(chosen) <= set(everybody)
