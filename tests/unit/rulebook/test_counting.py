"""Nouns after numbers, in each language and each message that counts."""

import re
from pathlib import Path

import pytest
import yaml

import skarb
from skarb.console.language import language
from skarb.core.counted import counted
from skarb.reporting.words import said

CATALOGUES = sorted(Path(skarb.__file__).parent.rglob("i18n/*.yaml"))
FORMS = re.compile(r"\{(\w+):([^{}]*\|[^{}]*)\}")


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("en", {"1": "1 batch", "2": "2 batches", "0": "0 batches", "11": "11 batches", "1,001": "1,001 batches"}),
        (
            "ru",
            {
                "0": "0 пакетов", "1": "1 пакет", "2": "2 пакета", "4": "4 пакета", "5": "5 пакетов", "11": "11 пакетов", "12": "12 пакетов",
                "21": "21 пакет", "111": "111 пакетов", "112": "112 пакетов", "122": "122 пакета", "1\u00a0001": "1\u00a0001 пакет",
                "1,5": "1,5 пакета",
            },
        ),
        ("be", {"1": "1 пакет", "3": "3 пакеты", "13": "13 пакетаў", "25": "25 пакетаў", "101": "101 пакет", "2\u00a0302": "2\u00a0302 пакеты"}),
    ],
)  # fmt: skip
def test_a_noun_follows_its_number(code: str, expected: dict[str, str]) -> None:
    assert {number: said(code).text("n_batches", n=number) for number in expected} == expected


def test_a_number_may_be_a_number_and_stand_elsewhere() -> None:
    assert said("en").text("people_kept", n=1) == "1 party would no longer be permitted something"
    assert "У 1 строки нет" in said("ru").text("flows_unvalued", n=1) and "У 11 строк нет" in said("ru").text(
        "flows_unvalued", n=11
    )
    assert language("be").text("mining_in_hours", hours="21") == "за 21 гадзіну года"
    assert (
        language("en").text("alerts_count", alerts="1", held="3", all="6", share="50") == "1 alert holds 3 of 6 transfers (50)."
    )


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: "/".join(path.parts[-3:]))
def test_each_message_has_as_many_forms_as_its_language(path: Path) -> None:
    text = yaml.safe_dump(yaml.safe_load(path.read_text(encoding="utf-8")), allow_unicode=True, width=10**6)
    for name, forms in FORMS.findall(text):
        assert len(forms.split("|")) == (2 if path.stem == "en" else 3), (name, forms)
    bare = re.findall(r"\{n\} (?:rows|batches|строк|пакетов|радкоў|пакетаў)\b", text)
    assert not bare, "a noun behind a number has its forms"


def test_english_on_the_command_line() -> None:
    assert [counted(number, "row") for number in (0, 1, 2, 1000)] == ["0 rows", "1 row", "2 rows", "1,000 rows"]
    assert [counted(number, "batch", "batches") for number in (1, 2)] == ["1 batch", "2 batches"]
