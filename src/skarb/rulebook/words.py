"""The words of the law in three languages: facts, codes, comparisons, and how numbers and dates are written.

A catalogue is a YAML file in `i18n/`; all of them have the same keys, and a test holds them to every fact, code and activity there is. The console
builds on the same words. English is last: it is what provisions are written in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

LANGUAGES = ("be", "ru", "en")


@dataclass(frozen=True)
class Words:
    """Messages, numbers and dates of one language."""

    code: str
    messages: Mapping[str, Any]

    def text(self, key: str, **values: object) -> str:
        """Return a message, with values put in where it names them."""
        return str(self.messages[key]).format(**values) if values else str(self.messages[key])

    def word(self, group: str, code: str) -> str:
        """Return the word for a code; a code nobody has translated stays as it is."""
        return str(self.messages[group].get(code, code))

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


@cache
def words(code: str) -> Words:
    """Return the words of a language by its code."""
    content = files("skarb.rulebook").joinpath("i18n", f"{code}.yaml").read_text(encoding="utf-8")
    return Words(code, yaml.safe_load(content))
