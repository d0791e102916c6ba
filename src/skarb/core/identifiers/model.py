"""What a check of an identifier returns: a normalised text, an address, or the first rule that is broken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from skarb.core.errors import Problem, shorten

ErrorClass = Literal["length", "format", "component", "checksum"]


@dataclass(frozen=True, slots=True)
class Flaw:
    """The first rule that a text breaks.

    `length`: too short or too long; `format`: characters in places where they may not stand; `component`: a part (a country,
    a prefix, a version) that does not exist; `checksum`: the check digits do not fit the rest.
    """

    error_class: ErrorClass
    given: str
    expected: str

    def problem(self, where: str, field: str, row: int | None = None) -> Problem:
        """Return the flaw as a problem of something handed in."""
        return Problem(where=where, field=field, given=shorten(self.given), expected=self.expected, row=row)


@dataclass(frozen=True, slots=True)
class Address:
    """A wallet address whose form and checksum hold."""

    chain: str  # one of wallet.CHAINS
    text: str  # normalised: equal addresses are equal texts
    kind: str  # p2pkh, p2sh, segwit_v0 …, account
    network: Literal["main", "test"] = "main"
    checked: bool = True  # False where the spelling carries no checksum (Ethereum in one case)

    @property
    def key(self) -> str:
        """The address as instructions and lists name it: chain:address."""
        return f"{self.chain}:{self.text}"


ALPHANUMERIC = frozenset("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")


def tidy(text: str, ignored: str) -> str:
    """Return the text in capitals without blanks around it and without the ignored separators."""
    for separator in ignored:
        text = text.replace(separator, "")
    # `upper` may turn one foreign letter into several Latin ones (ß → SS); such letters stay as they are and fail.
    return "".join(char.upper() if char.isascii() else char for char in text.strip())
