"""Curtailment as records: what a journal keeps, the same bytes for the same event."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypeAlias

import msgspec

from skarb.core.errors import InputError
from skarb.grid.curtail.model import Acknowledgement, Charge, Order, Reading, Step, Verdict

Event: TypeAlias = Order | Acknowledgement | Step | Reading | Verdict | Charge
_KINDS: dict[str, type[Event]] = {
    "order": Order,
    "acknowledgement": Acknowledgement,
    "step": Step,
    "reading": Reading,
    "verdict": Verdict,
    "charge": Charge,
}


def record_of(event: Event) -> dict[str, Any]:
    """Return an event as plain values, with its kind."""
    kind = next(name for name, noun in _KINDS.items() if type(event) is noun)
    return {"kind": kind, **msgspec.to_builtins(event)}


def bytes_of(event: Event) -> bytes:
    """Return an event as JSON with its keys in order."""
    return msgspec.json.encode(record_of(event), order="sorted")


def event_of(content: bytes) -> Event:
    """Read an event again.

    Raises: InputError
    """
    try:
        record = msgspec.json.decode(content)
        kind = _KINDS[record.pop("kind")]
        return msgspec.convert(record, kind, strict=True)
    except (msgspec.ValidationError, msgspec.DecodeError, KeyError, AttributeError, TypeError) as error:
        raise InputError(f"curtailment record: {error}; expected one of {', '.join(_KINDS)} with its fields") from None


def order_id(at: datetime, number: int) -> str:
    """Return the id of the so-manieth order of its day."""
    return f"shed-{at:%Y%m%d}-{number:03}"
