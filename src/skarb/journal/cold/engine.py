"""Where the kernel of runs runs: in the interpreter, or, the same source, compiled; see `core.compiled`."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import NamedTuple

from skarb.core.compiled import Kind, choose_kind, compiled, interpreted

WORTH_COMPILING = 2_000  # ids


class Kernel(NamedTuple):
    """The entry points that shelves call."""

    make_prints: Callable[..., None]
    enter: Callable[..., None]
    sift: Callable[..., int]
    stamp: Callable[..., None]
    unsound: Callable[..., int]


def kernel(ids: int) -> Kernel:
    """Return the kernel that pays for so many ids, or what the environment asks for."""
    return _load(choose_kind(ids >= WORTH_COMPILING))


@cache
def _load(kind: Kind) -> Kernel:
    modules = [import_module(name) for name in ("skarb.ledger.wide", "skarb.ledger.slots", "skarb.journal.cold.sieve")]
    if kind == "numba":
        functions = compiled(modules, set(Kernel._fields), beside=("skarb.ledger.books",), woven={"mark_of", "block_of"})
    else:
        functions = interpreted(modules)
    return Kernel(**{name: functions[name] for name in Kernel._fields})
