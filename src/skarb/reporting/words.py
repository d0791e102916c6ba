"""The words of reports in three languages, on top of the words of the law."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import yaml

from skarb.core.amount import format_amount
from skarb.rulebook.words import LANGUAGES, Words
from skarb.rulebook.words import words as law_words

__all__ = ["LANGUAGES", "Said", "said"]


class Said(Words):
    """Messages, numbers and money of one language, exact to the last unit."""

    def money(self, minor: int, decimals: int) -> str:
        """Write minor units in major ones, nothing cut."""
        return self.amount(format_amount(minor, decimals))

    def share(self, part: int, whole: int) -> str:
        """Write a share in percent with two decimals, rounded half up; something is never nothing, and not all is never all."""
        hundredths = (20_000 * part + whole) // (2 * whole) if whole else 0
        if part and not hundredths:
            return f"<\u00a00{self.messages['decimal']}01\u00a0%"
        if part < whole and hundredths >= 10_000:
            return f">\u00a099{self.messages['decimal']}99\u00a0%"
        return f"{hundredths // 100}{self.messages['decimal']}{hundredths % 100:02}\u00a0%"


@cache
def said(code: str) -> Said:
    """Return the words of reports in a language."""
    content = files("skarb.reporting").joinpath("i18n", f"{code}.yaml").read_text(encoding="utf-8")
    return Said(code, {**law_words(code).messages, **yaml.safe_load(content)})
