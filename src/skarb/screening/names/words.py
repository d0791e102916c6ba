"""Words in names that say less than others: legal forms, titles, particles. Data, kept in words.yaml beside this file."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import msgspec
import yaml


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The words as they are written in words.yaml."""

    legal_forms: dict[str, list[str]]
    titles: list[str]
    particles: list[str]
    descent: list[str]
    generic: list[str]
    numbers: dict[str, list[str]]
    korean_family_names: dict[str, str]


@cache
def words() -> Words:
    """Return the words; they are read once."""
    content = files("skarb.screening.names").joinpath("words.yaml").read_text(encoding="utf-8")
    return msgspec.convert(yaml.safe_load(content), Words)
