"""Rendering: a page's content and a language become HTML, escaped, with everything it needs beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any
from urllib.parse import quote, urlencode

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from skarb.app.model import ClockView
from skarb.app.words import Spoken
from skarb.console.alertgraph import graph_of
from skarb.console.charts import draft_chart, flow_chart
from skarb.console.language import LANGUAGES, Language, language
from skarb.console.mininghelp import mining_helpers
from skarb.core.amount import format_amount
from skarb.core.decision import SILENCE
from skarb.core.facts import Facts
from skarb.core.time import from_day
from skarb.reporting.shapes import HEIGHT, WIDTH, length, share_bar

_LEGAL_MONEY = frozenset({"value", "capital", "deposit", "bank_money"})
_CODES = {  # facts whose codes have the words of another one
    "counterparty_kind": "actor_kind",
    **dict.fromkeys(("operator_licence", "counterparty_licence", "venue_licence", "licence_sought"), "actor_licence"),
}
_DEFAULTS: dict[str, Any] = {
    field.name: field.default for field in msgspec.structs.fields(Facts) if field.default is not msgspec.NODEFAULT
}


@dataclass(frozen=True)
class StaticFile:
    """A file that belongs to the pages."""

    content: bytes
    media_type: str


@dataclass(frozen=True)
class Page:
    """Something to be shown."""

    name: str  # of the template
    path: str
    words: Language
    lang_in_links: bool  # the reader chose the language by hand
    content: dict[str, Any]
    law: Callable[[str, str], Spoken | None] = lambda provision, code: None  # a provision in a language
    query: tuple[tuple[str, str], ...] = ()  # what was asked besides the language
    sections: tuple[tuple[str, str], ...] = ()  # where each section is, and the message that names it


@cache
def static_files() -> dict[str, StaticFile]:
    """Return the files that belong to the pages, by name."""
    kinds = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
    folder = files("skarb.console").joinpath("static")
    shared = files("skarb.reporting").joinpath("templates", "flows.css")  # pages and reports show flows alike
    return {
        one.name: StaticFile(one.read_bytes(), kinds[one.name.rpartition(".")[2]])
        for one in (*folder.iterdir(), shared)
        if one.name.rpartition(".")[2] in kinds
    }


@cache
def _stamp() -> str:
    """Return a mark that changes with the files, so that browsers may keep them."""
    loaded = static_files()
    return sha256(b"".join(loaded[name].content for name in sorted(loaded))).hexdigest()[:12]


class Renderer:
    """Keeps the compiled templates."""

    def __init__(self) -> None:
        self._templates = Environment(
            loader=PackageLoader("skarb.console", "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def render(self, page: Page) -> str:
        """Return a page as HTML."""
        template = self._templates.get_template(f"{page.name}.html")
        helpers = _helpers(page)
        if page.name == "market" or page.name.startswith("mining"):
            helpers |= mining_helpers(page.words)
        return template.render(
            **page.content, **helpers, everything=helpers
        )  # macros of other files see only what they are given


def _helpers(page: Page) -> dict[str, Any]:
    words, clock = page.words, page.content.get("clock")
    zone_name = clock.zone if clock is not None else "UTC"
    decimals = clock.currency_decimals if clock is not None else 2
    spoken = (("lang", words.code),) if page.lang_in_links else ()
    suffix = f"?{urlencode((*page.query, *spoken))}" if page.query or spoken else ""

    def link(*parts: object, **query: object) -> str:
        address = "/" + "/".join(quote(str(part), safe="/") for part in parts)
        asked: dict[str, object] = {"lang": words.code, **query} if page.lang_in_links else query
        return f"{address}?{urlencode(asked)}" if asked else address

    return {
        "t": words.text,
        "law": lambda provision: page.law(provision, words.code),
        "word": words.word,
        "whole": words.whole,
        "amount": words.amount,
        "glance": words.glance,
        "percent": words.percent,
        "money": lambda minor: words.money(minor, decimals),
        "month": lambda label: words.month(date.fromisoformat(label)),
        "activity": lambda code: words.word("activity", code),
        "venue": lambda code: words.text("no_venue") if code == "none" else code,
        "day": lambda value, year=True: words.day(value, year=year),
        "short_day": words.short_day,
        "instant": lambda value: words.instant(value, zone_name),
        "link": link,
        "sections": [(where, name, page.path.strip("/").partition("/")[0] == where) for where, name in page.sections],
        "static": lambda name: f"/static/{name}?v={_stamp()}",
        "languages": [
            (code, language(code).messages["language"], f"{page.path}?{urlencode((*page.query, ('lang', code)))}")
            for code in LANGUAGES
        ],
        "lang": words.code,
        "lang_in_links": page.lang_in_links,
        "json_link": ("/index" if page.path == "/" else page.path) + ".json" + suffix,
        "page_name": page.name,
        "silence": SILENCE,
        "flow_chart": flow_chart,
        "draft_chart": draft_chart,
        "graph_of": graph_of,
        "date_of": date.fromisoformat,
        "share_bar": share_bar,
        "length": length,
        "width": WIDTH,
        "height": HEIGHT,
        "facts_of": _facts_of,
        "show": lambda name, value: _show_fact(words, clock, name, value),
    }


def _facts_of(facts: Facts) -> tuple[list[tuple[str, Any]], list[tuple[str, Any]]]:
    """Return the facts that say something, and those left at their default."""
    said: list[tuple[str, Any]] = []
    silent: list[tuple[str, Any]] = []
    for name in facts.__struct_fields__:
        value = getattr(facts, name)
        (silent if name in _DEFAULTS and _DEFAULTS[name] == value else said).append((name, value))
    return said, silent


def _show_fact(words: Language, clock: ClockView | None, name: str, value: object) -> str:
    """Write a fact: codes as they are, days as dates, money in major units."""
    if isinstance(value, bool):
        return words.text("yes_word" if value else "no_word")
    if value is None:
        return "—"
    if isinstance(value, tuple):  # running totals, in minor units; the reasons beside them say whose they are
        return ", ".join("—" if one is None else str(one) for one in value)
    if name == "day" and isinstance(value, int):
        return from_day(value).isoformat()
    if isinstance(value, str):
        code = Markup("<code>{}</code>").format(value)
        known = words.messages.get(_CODES.get(name, name), {})
        return Markup("{} {}").format(known[value], code) if isinstance(known, dict) and value in known else code
    if isinstance(value, int) and clock is not None:
        if name in _LEGAL_MONEY:
            return f"{words.amount(format_amount(value, clock.currency_decimals))} {clock.currency}"
        if name == "value_usd":
            return f"{words.amount(format_amount(value, 2))} USD"
    return str(value)
