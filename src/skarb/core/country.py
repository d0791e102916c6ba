"""Countries as others write them: English names, demonyms and the forms of official lists, to ISO 3166-1 alpha-2.

A name that is not in the table is no country: nothing is guessed from its letters. XK stands for Kosovo, which has no code of its own in ISO 3166.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files


def country_of(text: str) -> str | None:
    """Return the code of a country for its name, None if it is not known. A code is no name: `na` is not Namibia."""
    return _names().get(" ".join(text.replace("’", "'").split()).strip(" .").casefold())


@cache
def codes() -> frozenset[str]:
    """Return all codes of the table."""
    return frozenset(_names().values())


@cache
def _names() -> dict[str, str]:
    text = files("skarb.core").joinpath("countries.csv").read_text(encoding="utf-8")
    rows = (line.split(";", 1) for line in text.splitlines()[1:])
    return {name.casefold(): code for code, names in rows for name in names.split("|")}
