"""Languages: a catalogue of messages each, on top of the words of the law, and how pages write numbers and dates.

A catalogue is a YAML file in `i18n/`; all of them have the same keys. The first language is the default.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from typing import Any

from skarb.core.errors import ConfigurationError
from skarb.core.time import zone
from skarb.rulebook.words import LANGUAGES, Words
from skarb.rulebook.words import words as law_words

__all__ = ["LANGUAGES", "Language", "choose", "language"]


@dataclass(frozen=True)
class Language(Words):
    """Messages, numbers and dates of one language, as pages show them."""

    def glance(self, text: str, places: int = 4) -> str:
        """Write an amount for a first look: cut, never rounded up, to a few decimals (or the first few digits that are not zero)."""
        whole, dot, fraction = text.partition(".")
        if not dot or len(fraction) <= 2:
            return self.amount(text)
        leading = len(fraction) - len(fraction.lstrip("0")) if whole.lstrip("-") == "0" else 0
        cut = fraction[: leading + places].rstrip("0")
        return self.amount(f"{whole}.{cut}" if cut else "0" if whole == "-0" else whole)

    def money(self, minor: int, decimals: int) -> str:
        """Write minor units in major ones, without the fraction from a thousand on."""
        major, rest = divmod(abs(minor), 10**decimals)
        sign = "\u2212" if minor < 0 else ""
        if major >= 1000 or decimals == 0:
            return sign + self.whole(major)
        return f"{sign}{major}{self.messages['decimal']}{rest:0{decimals}}"

    def percent(self, part: int, whole: int) -> str:
        """Write a share with one decimal, rounded half up."""
        tenths = (2000 * part + whole) // (2 * whole) if whole else 0
        return f"{tenths // 10}{self.messages['decimal']}{tenths % 10}\u00a0%"

    def short_day(self, value: date) -> str:
        """Write a date in figures."""
        return value.strftime(self.messages["short_date"])

    def month(self, value: date) -> str:
        """Write a month in figures."""
        return f"{value:%m.%Y}"

    def instant(self, value: datetime, zone_name: str) -> str:
        """Write an instant to the second on the clocks of the law's zone."""
        local = value.astimezone(zone(zone_name))
        return f"{self.day(local.date(), year=False)}, {local:%H:%M:%S}"


@cache
def language(code: str) -> Language:
    """Return a language by its code.

    Raises: ConfigurationError if its catalogue lacks a message that the others have.
    """
    messages, model = _catalogue(code), _catalogue(LANGUAGES[-1])
    missing = [key for key in model if key not in messages]
    if missing:
        raise ConfigurationError(f"console catalogue {code!r} lacks {', '.join(missing)}")
    return Language(code, {**law_words(code).messages, **messages})


def choose(asked: str | None, accepted: str) -> str:
    """Return the language to use: the one asked for, else the best of an Accept-Language header, else the first.

    Source: RFC 9110, section 12.5.4.
    """
    if asked in LANGUAGES:
        return str(asked)
    ranked: list[tuple[float, int, str]] = []
    for place, part in enumerate(accepted.split(",")[:20]):
        tag, _, weight = part.strip().partition(";q=")
        code = tag.split("-")[0].strip().lower()
        if code in LANGUAGES:
            try:
                ranked.append((-float(weight or "1"), place, code))
            except ValueError:
                continue
    return min(ranked)[2] if ranked else LANGUAGES[0]


@cache
def _catalogue(code: str) -> Mapping[str, Any]:
    import yaml

    content = files("skarb.console").joinpath("i18n", f"{code}.yaml").read_text(encoding="utf-8")
    loaded: Mapping[str, Any] = yaml.safe_load(content)
    return loaded
