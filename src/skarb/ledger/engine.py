"""Where the kernel runs: in the interpreter, or, the same source, compiled by numba.

Nothing is compiled or imported before it is used. A few transfers are done sooner by the interpreter than a compiler is loaded,
so a ledger starts there and changes over when the work is worth it; the answers are the same, so nobody can tell.
`SKARB_KERNEL=python` keeps the interpreter, `SKARB_KERNEL=numba` takes the compiler at once.

To compile, every function of the kernel's modules is copied into one namespace where its neighbours are the compiled ones. The
copies carry a digest of all sources in their names: what numba keeps on disk can never be older than the code.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, Literal, NamedTuple, get_args

import numpy as np

from skarb.core.errors import ConfigurationError, Unavailable, shorten

Kind = Literal["numba", "python"]
WORTH_COMPILING = 2_000  # events; about a third of a second in the interpreter
# The kernel allocates nothing, so the compiler need not count who uses an array; counting would take most of the time.
_OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "_nrt": False}
# Functions with one caller on the way of every transfer are woven into it: a call hands over all arrays, which takes half the time.
_WOVEN = {"create_transfer", "post", "settle", "check_sums", "exceeds_limits", "record_transfer"}
_MODULES = ("wide", "bits", "slots", "limits", "opening", "moving", "repeating", "settling", "posting", "deadlines", "batch")


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


def kernel(kind: Kind | None = None, events: int = WORTH_COMPILING) -> Kernel:
    """Return the kernel of a kind; without one, what the environment asks for, or what pays for so many events.

    Raises: ConfigurationError for an unknown kind, Unavailable if numba is asked for and missing.
    """
    wanted = kind or os.environ.get("SKARB_KERNEL", "")
    if wanted not in {"", *get_args(Kind)}:
        raise ConfigurationError(f"ledger kernel {shorten(wanted)!r} (SKARB_KERNEL) is not one of {', '.join(get_args(Kind))}")
    if wanted == "numba" and not _has_numba():
        raise Unavailable("the ledger kernel cannot run on numba, which is not installed; install it or set SKARB_KERNEL=python")
    if wanted == "python" or (not wanted and (events < WORTH_COMPILING or not _has_numba())):
        return _load("python")
    return _load("numba")


@cache
def _has_numba() -> bool:
    try:
        import_module("numba")
    except ImportError:
        return False
    return True


@cache
def _load(kind: Kind) -> Kernel:
    modules = [import_module(f"skarb.ledger.{name}") for name in _MODULES]
    functions = _compiled(modules) if kind == "numba" else _interpreted(modules)
    return Kernel(kind, **{name: functions[name] for name in Kernel._fields if name != "kind"})


def _interpreted(modules: list[ModuleType]) -> dict[str, Callable[..., Any]]:
    def quietly(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            with np.errstate(over="ignore"):  # words wrap around, as they do when compiled
                return function(*arguments)

        return call

    return {name: quietly(function) for name, function in _functions(modules).items()}


def _compiled(modules: list[ModuleType]) -> dict[str, Callable[..., Any]]:
    numba = import_module("numba")
    namespace: dict[str, Any] = {}
    for module in modules:
        namespace.update(vars(module))
    digest = _digest(modules)
    for name, function in _functions(modules).items():
        copy = FunctionType(function.__code__, namespace, name, function.__defaults__, function.__closure__)
        copy.__qualname__ = f"{name}_{digest}"
        namespace[name] = _jit(numba, copy)
    return namespace


def _jit(numba: ModuleType, function: FunctionType) -> Any:
    if function.__name__ in Kernel._fields:
        try:
            return numba.njit(function, **_OPTIONS, cache=True)
        except RuntimeError:  # no folder to keep it in can be written: it is compiled again next time
            pass
    return numba.njit(function, **_OPTIONS, forceinline=function.__name__ in _WOVEN)


def _functions(modules: list[ModuleType]) -> dict[str, FunctionType]:
    return {
        name: value
        for module in modules
        for name, value in vars(module).items()
        if isinstance(value, FunctionType) and value.__module__ == module.__name__
    }


def _digest(modules: list[ModuleType]) -> str:
    sources = [module.__file__ for module in modules]
    sources += [
        import_module(name).__file__ for name in ("skarb.ledger.books", "skarb.ledger.results", "skarb.core.transfer", __name__)
    ]
    hasher = sha256()
    for source in sources:
        hasher.update(Path(source or "").read_bytes())
    return hasher.hexdigest()[:12]
