from __future__ import annotations

import string
from collections.abc import Mapping
from typing import Any

import pytest

from skarb.console.language import LANGUAGES, language
from skarb.core.activity import ACTIVITIES
from skarb.core.party import LICENCES


def shape(messages: Mapping[str, Any]) -> dict[str, Any]:
    return {key: set(value) if isinstance(value, dict) else type(value) for key, value in messages.items()}


def named(text: object) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(str(text)) if name}


@pytest.mark.parametrize("code", LANGUAGES)
def test_catalogues_have_the_same_messages_with_the_same_gaps(code: str):
    own, model = language(code).messages, language("en").messages
    assert shape(own) == shape(model)
    assert {key for key in model if isinstance(model[key], str) and named(own[key]) != named(model[key])} == set()
    assert len(own["months"]) == 12


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_activity_and_licence_has_a_word(code: str):
    assert set(language(code).messages["activity"]) == set(ACTIVITIES)
    assert set(language(code).messages["actor_licence"]) == set(LICENCES)


@pytest.mark.parametrize(
    ("text", "english", "belarusian"),
    [
        ("0", "0", "0"),
        ("1234567.890", "1,234,567.890", "1\u00a0234\u00a0567,890"),
        ("-12.5", "\u221212.5", "\u221212,5"),
        ("999", "999", "999"),
        ("n/a", "n/a", "n/a"),
    ],
)
def test_amounts(text: str, english: str, belarusian: str):
    assert language("en").amount(text) == english
    assert language("be").amount(text) == belarusian


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("212.241810000000000000", "212.2418"),
        ("-50.025900000000", "\u221250.0259"),
        ("0.000000012345678", "0.00000001234"),
        ("1204401.50", "1,204,401.50"),
        ("7", "7"),
        ("3.000000", "3"),
        ("0.000000", "0"),
        ("-0.00000001", "\u22120.00000001"),
        ("0.99999999", "0.9999"),
    ],
)
def test_a_glance_is_cut_and_never_rounded_up(text: str, seen: str):
    assert language("en").glance(text) == seen


def test_money_drops_the_fraction_from_a_thousand_on():
    words = language("en")
    assert [words.money(value, 2) for value in (0, 5, 99_999, 100_000, -123_456)] == [
        "0.00",
        "0.05",
        "999.99",
        "1,000",
        "\u22121,234",
    ]
    assert words.money(1234, 0) == "1,234"


def test_percent_is_rounded_half_up_and_nothing_of_nothing_is_nothing():
    words = language("en")
    assert [words.percent(*pair) for pair in ((1, 3), (1, 2000), (1, 2001), (0, 0), (5, 5))] == [
        "33.3\u00a0%", "0.1\u00a0%", "0.0\u00a0%", "0.0\u00a0%", "100.0\u00a0%",
    ]  # fmt: skip
