"""What can go wrong, and how it is said.

A refusal under the law is an answer (`core.decision`), never an error. An error is for what cannot be
read, found or reached. Its message tells where, what was given, what was expected and what to do.
A broken promise of our own code is `ensure`, which holds also under `python -O`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


class SkarbError(Exception):
    """The root of every error that Skarb raises on purpose."""

    code: ClassVar[str] = "error"


class InputError(SkarbError):
    """Something handed in cannot be read; nothing of it was done."""

    code = "input"


class FieldError(InputError):
    """One field of something handed in cannot be read."""

    def __init__(self, field: str, given: object, expected: str, todo: str = "") -> None:
        self.field, self.given, self.expected, self.todo = field, shorten(given), expected, todo
        super().__init__(f"{field}: given {self.given!r}, expected {expected}" + (f"; {todo}" if todo else ""))

    def problem(self, where: str, row: int | None = None) -> Problem:
        """Return the same as an item of a list of problems."""
        return Problem(where, self.field, self.given, self.expected, self.todo, row)


class NotFound(SkarbError):
    """A named thing does not exist here."""

    code = "not_found"


class NotAllowed(SkarbError):
    """The caller may not do this (a right of access, not a rule of law)."""

    code = "not_allowed"


class Conflict(SkarbError):
    """The same id was used before with another content, or another writer was first."""

    code = "conflict"


class Unavailable(SkarbError):
    """A source, a store or an extra that is needed cannot be reached now."""

    code = "unavailable"


class ConfigurationError(SkarbError):
    """A rulebook, mapping or setting contradicts itself."""

    code = "configuration"


class BrokenPromise(SkarbError):
    """Our own code broke a promise it makes; the work was rolled back."""

    code = "broken_promise"


def ensure(condition: object, promise: str) -> None:
    """Hold the code to a promise written in words.

    Raises: BrokenPromise if the condition is false.
    """
    if not condition:
        raise BrokenPromise(f"broken promise: {promise}")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with something handed in: where it is, what was given, what was expected."""

    where: str  # file, and line or row where there is one: "rates.csv row 7"
    field: str  # the column, key or element; "" when the whole row is meant
    given: str  # as it was written, shortened to 80 characters
    expected: str  # what would have been read
    todo: str = ""  # what to do next, when that is not obvious
    row: int | None = None  # the row in the source, counted from 1, where there are rows

    def __str__(self) -> str:
        field = f", {self.field}" if self.field else ""
        todo = f"; {self.todo}" if self.todo else ""
        return f"{self.where}{field}: given {self.given!r}, expected {self.expected}{todo}"


def shorten(value: object, most: int = 80) -> str:
    """Return a value as text that fits into a message."""
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= most else text[: most - 1] + "…"


EXIT_CODES = {
    "ok": 0,  # the work was done; refusals under the law are answers and do not change it
    "error": 1,  # unexpected
    "usage": 2,  # the command line was not understood
    "input": 3,
    "not_found": 4,
    "conflict": 5,
    "unavailable": 6,
    "configuration": 7,
    "not_allowed": 8,
    "verification": 9,  # `verify`, `law check` or `proof check` found something wrong
    "rejected": 10,  # the ledger rejected something; nobody's law was asked
    "broken_promise": 70,
}
