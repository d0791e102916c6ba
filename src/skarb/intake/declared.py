"""What the parties of an instruction declare themselves: facts of a closed list, each with its type.

Money is written with its currency ("500.00 BYN"); who gathers the facts reads it exactly.
"""

from __future__ import annotations

import re
from functools import lru_cache
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

from skarb.core.errors import FieldError
from skarb.core.facts import Facts
from skarb.core.instruction import DECLARABLE, TRAVEL_PAYLOAD
from skarb.intake.personal import unseen

_HINTS = get_type_hints(Facts, include_extras=True)
_MONEY = re.compile(r"[0-9]{1,30}(\.[0-9]{1,18})? [A-Z]{3}", re.ASCII)


def _plain(hint: Any) -> Any:
    """Return a fact's type without the part that says it may be missing."""
    if get_origin(hint) in (Union, UnionType):
        return next(part for part in get_args(hint) if part is not type(None))
    return hint


def _kind(hint: Any) -> str:
    for meta in get_args(hint) if get_origin(hint) is Annotated else ():
        if isinstance(meta, msgspec.Meta) and meta.extra:
            return str(meta.extra["type"])
    return "flag" if hint is bool else "code"


_REFERENCE = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z", extra={"type": "reference"})]
_TYPES = {name: _plain(_HINTS[name]) for name in DECLARABLE} | {TRAVEL_PAYLOAD: _REFERENCE}
KINDS = {name: _kind(hint) for name, hint in _TYPES.items()}  # flag, code, count, money or reference


def expectation(name: str) -> str:
    """Return in words what a declared fact may be."""
    hint, kind = _TYPES[name], KINDS[name]
    if get_origin(hint) is Literal:
        return "one of " + ", ".join(get_args(hint))
    words = {
        "flag": "true or false",
        "money": "an amount with its currency such as '500.00 BYN'",
        "count": "a whole number",
        "reference": "the SHA-256 of a payload, 64 hexadecimal digits",
    }
    return words.get(kind, "a country code of two capital letters")


def read_declared(name: str, text: str) -> bool | int | str:
    """Read a declared fact from text.

    Raises: FieldError
    """
    kind = KINDS.get(name)
    value: bool | int | str = text
    if kind == "flag" and text in ("true", "false"):
        value = text == "true"
    elif kind == "count" and text.isascii() and text.isdigit() and len(text) < 12:
        value = int(text)
    check_declared(name, value)
    return value


@lru_cache(maxsize=4096, typed=True)
def check_declared(name: str, value: object) -> None:
    """Refuse a declared fact that is not a party's to declare, or not of its type.

    Raises: FieldError
    """
    field = f"declared.{name}"
    if name not in KINDS:
        raise FieldError(field, value, f"one of the facts that parties state themselves: {', '.join(KINDS)}")
    if KINDS[name] == "money":
        if not isinstance(value, str) or not _MONEY.fullmatch(value):
            raise FieldError(field, value, expectation(name))
        return
    try:
        msgspec.convert(value, _TYPES[name])
    except msgspec.ValidationError:
        error = FieldError(field, value, expectation(name))
        raise (unseen(error) if KINDS[name] == "reference" else error) from None
