"""Where the kernel of the past runs: in the interpreter, or, the same source, compiled; see `core.compiled`."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any, NamedTuple

from skarb.core.compiled import Kind, choose_kind, compiled, interpreted

WORTH_COMPILING = 2_000  # changes
_MODULES = ("wide", "slots", "past.summing", "past.sorting", "past.gathering")
_BESIDE = (
    "skarb.ledger.books",
    "skarb.ledger.bits",
    "skarb.ledger.settling",
    "skarb.ledger.posting",
    "skarb.ledger.past.model",
    "skarb.core.transfer",
)
_WOVEN = {"add_long", "add_leg", "add_side"}


class Kernel(NamedTuple):
    """The entry points that the past calls."""

    kind: Kind
    gather: Callable[..., int]
    is_in_order: Callable[..., bool]
    cut: Callable[..., int]
    sort_by_digit: Callable[..., None]
    group: Callable[..., int]
    note_sums: Callable[..., None]
    add_all: Callable[..., None]
    add_run: Callable[..., None]
    add_rest: Callable[..., None]
    add_part: Callable[..., None]
    add_legs: Callable[..., None]
    legs_of: Callable[..., int]
    first_after: Callable[..., int]


def kernel(kind: Kind | None, changes: int) -> Kernel:
    """Return the kernel of a kind; without one, what the environment asks for, or what pays for so many changes."""
    return _load(choose_kind(changes >= WORTH_COMPILING, kind))


@cache
def _load(kind: Kind) -> Kernel:
    modules = [import_module(f"skarb.ledger.{name}") for name in _MODULES]
    if kind == "numba":
        functions: dict[str, Any] = compiled(modules, set(Kernel._fields[1:]), beside=_BESIDE, woven=_WOVEN)
    else:
        functions = interpreted(modules)
    return Kernel(kind, **{name: functions[name] for name in Kernel._fields if name != "kind"})
