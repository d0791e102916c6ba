"""Facts written by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from skarb.core.errors import FieldError, InputError, NotFound, shorten
from skarb.core.facts import Facts
from skarb.core.time import parse_day
from skarb.rulebook import Rulebook

_Given = msgspec.defstruct(
    "_Given",
    [(f.name, f.type) if f.required else (f.name, f.type, f.default) for f in msgspec.structs.fields(Facts)],
    kw_only=True,
    forbid_unknown_fields=True,
)


def facts_from_json(path: Path, rulebook: Rulebook | None = None) -> Facts:
    """Read one object of facts; `day` is a date, what is left out keeps its default. Features of a `rulebook` are named like facts.

    Raises: NotFound, InputError, FieldError
    """
    try:
        given = msgspec.json.decode(path.read_bytes())
    except FileNotFoundError:
        raise NotFound(f"there is no file {path}") from None
    except IsADirectoryError:
        raise InputError(f"{path}: a folder was given, expected a JSON file") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not JSON ({error})") from None
    if not isinstance(given, dict):
        raise InputError(
            f'{path}: given {shorten(given)}, expected one object such as {{"activity": "mine", "day": "2026-08-01"}}'
        )
    return facts_of(given, str(path), rulebook)


def facts_of(given: dict[str, Any], where: str, rulebook: Rulebook | None = None) -> Facts:
    """Return facts from names and values; `day` is a date, features of a `rulebook` are named like facts.

    Raises: FieldError naming the field.
    """
    if not isinstance(given.get("day"), str):
        raise FieldError("day", given.get("day"), "a date such as 2026-08-01")
    if "totals" in given:
        raise FieldError("totals", given["totals"], "each running total by its name in the law, like a fact")
    day = parse_day(given["day"])
    values = given | {"day": day}
    if rulebook is not None and not values.keys().isdisjoint(rulebook.pack.features):
        totals = {name: values.pop(name) for name in rulebook.pack.features if name in values}
        values |= {"totals": [totals.get(name) for name in rulebook.edition(day).features]}
    try:
        found = msgspec.convert(values, _Given)
    except msgspec.ValidationError as error:
        raise InputError(f"{where}: {error}") from None
    return Facts(**msgspec.structs.asdict(found))
