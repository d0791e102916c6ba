"""The words of the law in three languages: facts, codes, comparisons, and how numbers and dates are written.

A catalogue is a YAML file in `i18n/`; all of them have the same keys, and a test holds them to every fact, code and activity there is. The console
builds on the same words. English is last: it is what provisions are written in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from string import Formatter
from typing import Any

import yaml

LANGUAGES = ("be", "ru", "en")


@dataclass(frozen=True)
class Words:
    """Messages, numbers and dates of one language."""

    code: str
    messages: Mapping[str, Any]

    def text(self, key: str, **values: object) -> str:
        """Return a message, with values put in where it names them.

        A noun that follows a number stands in its forms behind the number's name: `{n} {n:row|rows}`, `{n} {n:строка|строки|строк}`.
        """
        return _Counting(self).vformat(str(self.messages[key]), (), values) if values else str(self.messages[key])

    def word(self, group: str, code: str) -> str:
        """Return the word for a code; a code nobody has translated stays as it is."""
        return str(self.messages[group].get(code, code))

    def form(self, number: str, forms: Sequence[str]) -> str:
        """Return the form of a noun that follows a number as it is written; a fraction goes with the second.

        Source: Unicode CLDR, plural rules of be, ru and en.
        """
        digits = number.replace(self.messages["group"], "").lstrip("\u2212-")
        if self.code == "en":
            return forms[digits != "1"]
        if not digits.isdecimal() or (digits[-1] in "234" and digits[-2:-1] != "1"):
            return forms[1]
        return forms[0 if digits[-1] == "1" and digits[-2:-1] != "1" else 2]

    def whole(self, number: int) -> str:
        """Write a whole number in groups of three."""
        return f"{number:,}".replace(",", self.messages["group"])

    def amount(self, text: str) -> str:
        """Write a plain decimal text in groups of three, with this language's decimal sign."""
        sign, digits = ("\u2212", text[1:]) if text.startswith("-") else ("", text)
        whole, dot, fraction = digits.partition(".")
        if not whole.isdecimal():
            return text
        grouped = sign + self.whole(int(whole))
        return f"{grouped}{self.messages['decimal']}{fraction}" if dot else grouped

    def day(self, value: date, *, year: bool = True) -> str:
        """Write a date."""
        month = self.messages["months"][value.month - 1]
        return f"{value.day}\u00a0{month}\u00a0{value.year}" if year else f"{value.day}\u00a0{month}"


class _Counting(Formatter):
    """Puts values into a message, and after a number the form of the noun that goes with it."""

    def __init__(self, words: Words) -> None:
        self._words = words

    def format_field(self, value: Any, format_spec: str) -> str:
        """Return a value as a message asks for it."""
        forms = format_spec.split("|")
        return self._words.form(str(value), forms) if len(forms) > 1 else str(format(value, format_spec))


@cache
def words(code: str) -> Words:
    """Return the words of a language by its code."""
    content = files("skarb.rulebook").joinpath("i18n", f"{code}.yaml").read_text(encoding="utf-8")
    return Words(code, yaml.safe_load(content))
