"""Kernels: plain functions over arrays that the interpreter runs, or, the same source, compiled by numba.

Nothing is compiled or imported before it is used; a little work is done sooner by the interpreter than a compiler is loaded. The
answers are the same, so nobody can tell. `SKARB_KERNEL=python` keeps the interpreter, `SKARB_KERNEL=numba` takes the compiler at once.

To compile, every function of a kernel's modules is copied into one namespace where its neighbours are the compiled ones. The
copies carry a digest of all sources in their names: what numba keeps on disk can never be older than the code.

To compile takes longer than most work. Where a process beside compiles and keeps what is needed, `be_patient` lets work that names no kind go on in
the interpreter until that is done.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Sequence
from functools import cache
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from threading import Event
from types import FunctionType, ModuleType
from typing import Any, Literal, get_args

from skarb.core.errors import ConfigurationError, Unavailable, shorten

Kind = Literal["numba", "python"]
Functions = dict[str, Callable[..., Any]]
# Kernels allocate nothing, so the compiler need not count who uses an array; counting would take most of the time.
# Nobody calls them from C, and only entries from Python: the ways in that numba makes for both would take a third of the time to compile.
_OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "_nrt": False, "no_cfunc_wrapper": True}
_INNER: dict[str, Any] = {**_OPTIONS, "no_cpython_wrapper": True}
_patience = Event()


def choose_kind(worth: bool, kind: Kind | None = None) -> Kind:
    """Return where a kernel runs: as asked for here, or by the environment, or by whether compiling is worth it.

    Raises: ConfigurationError for an unknown kind, Unavailable if numba is asked for and missing.
    """
    wanted = kind or os.environ.get("SKARB_KERNEL", "")
    if wanted not in {"", *get_args(Kind)}:
        raise ConfigurationError(f"kernel {shorten(wanted)!r} (SKARB_KERNEL) is not one of {', '.join(get_args(Kind))}")
    if wanted == "numba" and not has_numba():
        raise Unavailable("a kernel cannot run on numba, which is not installed; install it or set SKARB_KERNEL=python")
    worth = worth and not _patience.is_set()
    return "numba" if wanted == "numba" or (not wanted and worth and has_numba()) else "python"


def be_patient(patient: bool = True) -> None:
    """Let work that is not asked to be compiled stay in the interpreter from now on, or no longer; who chose to compile before is not changed."""
    if patient:
        _patience.set()
    else:
        _patience.clear()


@cache
def has_numba() -> bool:
    """Tell whether there is a compiler."""
    try:
        import_module("numba")
    except ImportError:
        return False
    return True


def interpreted(modules: Sequence[ModuleType]) -> Functions:
    """Return the functions of some modules as they are; words wrap around in them, as they do when compiled."""
    import numpy as np

    def quietly(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            with np.errstate(over="ignore"):
                return function(*arguments)

        return call

    return {name: quietly(function) for name, function in _functions(modules).items()}


def compiled(
    modules: Sequence[ModuleType],
    entries: Collection[str],
    *,
    beside: Sequence[str] = (),
    woven: Collection[str] = (),
) -> Functions:
    """Return the entries of some modules compiled; their machine code is kept beside the source for the next start.

    `beside` names the modules whose constants they use, `woven` the functions that are put into their callers.
    """
    numba = import_module("numba")
    namespace: dict[str, Any] = {}
    for module in modules:
        namespace.update(vars(module))
    digest = _digest([*modules, *map(import_module, (*beside, __name__))])
    for name, function in _functions(modules).items():
        copy = FunctionType(function.__code__, namespace, name, function.__defaults__, function.__closure__)
        copy.__qualname__ = f"{name}_{digest}"
        namespace[name] = _entry(numba, copy) if name in entries else numba.njit(copy, **_INNER, forceinline=name in woven)
    return {name: namespace[name] for name in entries}


def _entry(numba: ModuleType, function: FunctionType) -> Any:
    try:
        return numba.njit(function, **_OPTIONS, cache=True)
    except RuntimeError:  # no folder to keep it in can be written: it is compiled again next time
        return numba.njit(function, **_OPTIONS)


def _functions(modules: Sequence[ModuleType]) -> dict[str, FunctionType]:
    return {
        name: value
        for module in modules
        for name, value in vars(module).items()
        if isinstance(value, FunctionType) and value.__module__ == module.__name__
    }


def _digest(modules: Sequence[ModuleType]) -> str:
    hasher = sha256()
    for module in modules:
        hasher.update(Path(module.__file__ or "").read_bytes())
    return hasher.hexdigest()[:12]
