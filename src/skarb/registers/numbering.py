"""National taxpayer numbers: a fixed length, weights and a check digit, described by data.

A country's `registers.yaml` describes its scheme under `numbering:`.

```yaml
numbering:
  name: UNP                               # how the number is called
  title: Учётный номер плательщика        # its legal name (optional)
  length: 9
  prefixes: [УНП, UNP]                    # words that may stand before the number (optional)
  lookalikes: {А: A, В: B}                # letters of another script that are read as Latin ones (optional)
  first: 1234567ABCEHKM                   # characters that the first place may hold (optional: any)
  letters:                                # older form with letters (optional: digits only)
    alphabet: ABCEHKMOPT                  # the letters in use
    positions: 2                          # the first two places, all of them letters or all of them digits
    values: [alphanumeric, index]         # per place: A = 10 … Z = 35, or the place in the alphabet from 0
  weights: [29, 23, 19, 17, 13, 7, 5, 3]  # one for each place but the last
  modulus: 11
  refuse_above: 9                         # a remainder above it has no check digit: no such number is given out
  source: where the facts come from       # optional
  examples: ["100217336"]                 # numbers that must pass; tested when the scheme is read (optional)
```

The rules are tested in the order length, format, component (the first place), checksum. Blanks and lower case do not matter.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from skarb.core.errors import ConfigurationError, shorten
from skarb.core.identifiers import Flaw
from skarb.core.identifiers.model import tidy

_DIGITS = frozenset("0123456789")


class Letters(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The letters that the first places may hold instead of digits."""

    alphabet: Annotated[str, msgspec.Meta(pattern=r"^[A-Z]+\Z")]
    positions: Annotated[int, msgspec.Meta(ge=1)]
    values: tuple[Literal["alphanumeric", "index"], ...]


class Numbering(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A scheme of taxpayer numbers with a weighted check digit."""

    name: str
    length: Annotated[int, msgspec.Meta(ge=2, le=32)]
    weights: tuple[int, ...]
    modulus: Annotated[int, msgspec.Meta(ge=2)]
    refuse_above: int = 9
    letters: Letters | None = None
    first: str = ""
    prefixes: tuple[str, ...] = ()
    lookalikes: dict[str, str] = {}
    title: str = ""
    source: str = ""
    examples: tuple[str, ...] = ()


def read_numbering(data: Any, where: str) -> Numbering:
    """Return the scheme described by a mapping.

    Raises: ConfigurationError if it contradicts itself or one of its own examples fails.
    """
    try:
        scheme = msgspec.convert(data, Numbering)
    except msgspec.ValidationError as error:
        raise ConfigurationError(
            f"{where}: numbering cannot be read: {error}; see skarb.registers.numbering for the keys"
        ) from None
    if len(scheme.weights) != scheme.length - 1:
        raise ConfigurationError(
            f"{where}: numbering {scheme.name} has {len(scheme.weights)} weights, "
            f"expected {scheme.length - 1}, one for each place but the last"
        )
    if not 0 <= scheme.refuse_above <= 9:
        raise ConfigurationError(
            f"{where}: numbering {scheme.name}: refuse_above is {scheme.refuse_above}, a check digit is 0 to 9"
        )
    if scheme.letters and not len(scheme.letters.values) == scheme.letters.positions < scheme.length:
        raise ConfigurationError(
            f"{where}: numbering {scheme.name}: letters need one entry of `values` for each of their positions"
        )
    for example in scheme.examples:
        flaw = check_number(scheme, example)
        if isinstance(flaw, Flaw):
            raise ConfigurationError(f"{where}: numbering {scheme.name}: its example {example!r} fails; expected {flaw.expected}")
    return scheme


def check_number(scheme: Numbering, text: str) -> str | Flaw:
    """Return the number in its normal form (capitals, Latin letters, no prefix), or the first rule it breaks."""
    number = _normal(scheme, text)
    if len(number) != scheme.length:
        return Flaw("length", shorten(text), f"{scheme.length} characters ({scheme.name}), not {len(number)}")
    count = _letter_count(scheme, number)
    if count is None or not _DIGITS.issuperset(number[count:]):
        letters = f", or {scheme.letters.positions} letters of {scheme.letters.alphabet} and digits" if scheme.letters else ""
        return Flaw("format", text, f"{scheme.length} digits{letters} ({scheme.name})")
    if scheme.first and number[0] not in scheme.first:
        return Flaw("component", text, f"a first character of {scheme.first} ({scheme.name})")
    rest = _remainder(scheme, number, count)
    if rest > scheme.refuse_above:
        return Flaw("checksum", text, f"a number that has a check digit; this one would need {rest} ({scheme.name})")
    if number[-1] != str(rest):
        return Flaw("checksum", text, f"a check digit that fits the digits before it ({scheme.name})")
    return number


def check_digit(scheme: Numbering, body: str) -> str | None:
    """Return the check digit for the places before it, or None if the scheme gives none for them."""
    rest = _remainder(scheme, body + "0", _letter_count(scheme, body) or 0)
    return str(rest) if rest <= scheme.refuse_above else None


def _normal(scheme: Numbering, text: str) -> str:
    number = tidy(text, " \u00a0")
    for prefix in scheme.prefixes:
        if number.upper().startswith(prefix.upper()):
            number = number[len(prefix) :]
            break
    return "".join(scheme.lookalikes.get(char.upper(), char) for char in number).strip()


def _letter_count(scheme: Numbering, number: str) -> int | None:
    """Return how many leading places are letters: none or all that may be; None for a mixture."""
    if scheme.letters is None:
        return 0
    head = number[: scheme.letters.positions]
    if _DIGITS.issuperset(head):
        return 0
    return len(head) if set(scheme.letters.alphabet).issuperset(head) else None


def _remainder(scheme: Numbering, number: str, letters: int) -> int:
    total = 0
    for place, weight in enumerate(scheme.weights):
        char = number[place]
        if place < letters and scheme.letters is not None and scheme.letters.values[place] == "index":
            total += weight * scheme.letters.alphabet.index(char)
        else:
            total += weight * int(char, 36)
    return total % scheme.modulus
