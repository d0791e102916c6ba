"""Where the ledger's kernel runs: in the interpreter, or, the same source, compiled by numba; see `core.compiled`.

A ledger starts in the interpreter and changes over when the work is worth it; the answers are the same, so nobody can tell.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import NamedTuple

from skarb.core.compiled import Kind, choose_kind, compiled, interpreted

WORTH_COMPILING = 2_000  # events; about a third of a second in the interpreter
# Functions with one caller on the way of every transfer are woven into it: a call hands over all arrays, which takes half the time.
_WOVEN = {"create_transfer", "post", "settle", "check_sums", "exceeds_limits", "record_transfer"}
_MODULES = ("wide", "bits", "slots", "limits", "opening", "moving", "repeating", "settling", "posting", "deadlines", "batch")
_BESIDE = ("skarb.ledger.books", "skarb.ledger.results", "skarb.core.transfer")


class Kernel(NamedTuple):
    """The entry points that the ledger calls."""

    kind: Kind
    open_batch: Callable[..., None]
    post_batch: Callable[..., None]
    undo_post_batch: Callable[..., None]
    expire: Callable[..., None]
    undo_expire: Callable[..., None]
    schedule: Callable[..., None]
    find_account: Callable[..., int]
    find_transfer: Callable[..., int]
    regrow: Callable[..., None]
    index_accounts: Callable[..., None]
    index_transfers: Callable[..., None]
    index_guests: Callable[..., None]
    find_many: Callable[..., None]


def kernel(kind: Kind | None = None, events: int = WORTH_COMPILING) -> Kernel:
    """Return the kernel of a kind; without one, what the environment asks for, or what pays for so many events.

    Raises: ConfigurationError for an unknown kind, Unavailable if numba is asked for and missing.
    """
    return _load(choose_kind(events >= WORTH_COMPILING, kind))


@cache
def _load(kind: Kind) -> Kernel:
    modules = [import_module(f"skarb.ledger.{name}") for name in _MODULES]
    if kind == "numba":
        functions = compiled(modules, set(Kernel._fields[1:]), beside=_BESIDE, woven=_WOVEN)
    else:
        functions = interpreted(modules)
    return Kernel(kind, **{name: functions[name] for name in Kernel._fields if name != "kind"})
