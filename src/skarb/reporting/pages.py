"""What all pages of reports are made with: the templates, styles and scripts that stand inside, the words of a room."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import yaml
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from skarb.reporting.words import Said, said


@cache
def templates() -> Environment:
    """Return the templates of all reports."""
    return Environment(
        loader=PackageLoader("skarb.reporting"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )


@cache
def text_of(name: str) -> Markup:
    """Return a style or a script as it stands in a page."""
    # Our own files, not what somebody filed: they stand in the page as they are.
    return Markup(files("skarb.reporting").joinpath("templates", name).read_text(encoding="utf-8"))


@cache
def words_in(room: str, code: str) -> Said:
    """Return the words of reports in a language, with those of one room."""
    content = files("skarb.reporting").joinpath(room, "i18n", f"{code}.yaml").read_text(encoding="utf-8")
    return Said(code, {**said(code).messages, **yaml.safe_load(content)})
