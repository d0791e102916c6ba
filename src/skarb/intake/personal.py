"""What a problem of a row may not repeat: the particulars of people in a payload of the travel rule.

A problem says what was given, so that whoever wrote the file finds it; problems go into logs and answers. Where a row mentions a payload, only what
stands in a field of its own that is no payload is repeated: no piece of the row as text, no payload, nothing that one is nested in. No field of an
instruction holds anything nested, so of any row a nested value is taken for a payload whose field is misspelt.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from skarb.core.errors import FieldError
from skarb.core.instruction import TRAVEL_PAYLOAD
from skarb.intake.model import Rows

NOT_SHOWN: Final = "(not shown, it may be personal)"
_MARK: Final = TRAVEL_PAYLOAD.encode()
_ESCAPE: Final = re.compile(rb"\\u00([0-7][0-9a-fA-F])")


def masked(error: FieldError, row: bytes) -> FieldError:
    """Return a problem of a row of JSON without what may be personal in it."""
    if error.field and error.given[:1] in ("{", "["):
        return unseen(error)
    if not _mentions(row):
        return error
    inside = error.field in ("", "declared") or TRAVEL_PAYLOAD in error.field or TRAVEL_PAYLOAD in error.given
    return unseen(error) if inside else error


def unseen(error: FieldError) -> FieldError:
    """Return a problem without what was given."""
    return FieldError(error.field, NOT_SHOWN, error.expected, error.todo)


def without_texts(rows: Rows) -> Rows:
    """Return rows of a table that has a column of payloads, those that could not be taken apart without their text."""
    return replace(rows, cells=[unseen(one) if isinstance(one, FieldError) else one for one in rows.cells])


def _mentions(row: bytes) -> bool:
    return _MARK in _ESCAPE.sub(lambda found: bytes([int(found[1], 16)]), row)
