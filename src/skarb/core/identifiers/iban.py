"""International bank account numbers: a country, two check digits and the country's own account number.

The check digits are tested over the whole text first, so a lost, doubled or changed character is named for what it is, a
typing slip; then the country, then the structure of its account numbers, then the check digits that some countries keep inside
the account number. Source: ISO 13616-1:2020, IBAN registry (structures in `iban.csv`: n digits, a letters, c both);
check digits ISO/IEC 7064 MOD 97-10.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from functools import cache
from importlib.resources import files

from skarb.core.identifiers.iso7064 import mod_97_10
from skarb.core.identifiers.model import ALPHANUMERIC, Flaw, tidy

_CLASSES = {"n": "[0-9]", "a": "[A-Z]", "c": "[A-Z0-9]"}


@cache
def iban_structures() -> dict[str, str]:
    """Return the structure of the account numbers by country, such as "4c 4n 16c"."""
    text = files("skarb.core.identifiers").joinpath("iban.csv").read_text(encoding="utf-8")
    return {row["country"]: row["bban"] for row in csv.DictReader(text.splitlines())}


@cache
def _pattern(country: str) -> re.Pattern[str]:
    parts = iban_structures()[country].split()
    return re.compile("".join(f"{_CLASSES[part[-1]]}{{{part[:-1]}}}" for part in parts), re.ASCII)


def check_iban(text: str) -> str | Flaw:
    """Return the account number in capitals without separators, or the first rule it breaks."""
    iban = tidy(text, " -.")
    if not 4 <= len(iban) <= 64 or not ALPHANUMERIC.issuperset(iban):
        return Flaw("format", text, "a country, two check digits and letters or digits, such as BY13NBRB3600900000002Z00AB00")
    if mod_97_10(iban[4:] + iban[:4]) != 1:
        return Flaw("checksum", text, "an account number whose two check digits fit (ISO 7064 MOD 97-10)")
    country, digits, account = iban[:2], iban[2:4], iban[4:]
    if country not in iban_structures():
        return Flaw("component", text, f"a country of the IBAN registry, not {country!r}")
    if not _pattern(country).fullmatch(account):
        return Flaw("format", text, f"the structure of {country}: {iban_structures()[country]} (n digits, a letters, c both)")
    if not digits.isdigit() or not 2 <= int(digits) <= 98:
        return Flaw("checksum", text, "check digits between 02 and 98")
    national = _NATIONAL.get(country)
    if national is not None and not national(account):
        return Flaw("checksum", text, f"an account number whose national check digits fit (rule of {country})")
    return iban


def _belgium(account: str) -> bool:
    """The last two digits are the first ten modulo 97, written 97 for 0. Source: Belgian account structure (Febelfin)."""
    return int(account[:10]) % 97 == int(account[10:]) % 97 and account[10:] not in ("00", "98", "99")


def _spain(account: str) -> bool:
    """Two digits, one over bank and branch and one over the account. Source: código cuenta cliente, Banco de España."""

    def digit(part: str) -> str:
        rest = 11 - sum(2**place % 11 * int(char) for place, char in enumerate(part)) % 11
        return {10: "1", 11: "0"}.get(rest, str(rest))

    return account[8:10] == digit("00" + account[:8]) + digit(account[10:])


def _norway(account: str) -> bool:
    """The last digit checks the others modulo 11; old postal giro numbers use modulus 10. Source: Finans Norge."""
    digits = [int(char) for char in account]
    if account.startswith("0000"):
        doubled = [sum(divmod(digit * (2 if place % 2 else 1), 10)) for place, digit in enumerate(reversed(digits))]
        return sum(doubled) % 10 == 0
    return sum(weight * digit for weight, digit in zip((5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1), digits, strict=True)) % 11 == 0


def _montenegro(account: str) -> bool:
    """The last two digits check the others as an IBAN's do, so that every IBAN of the country begins with ME25. Source: Centralna banka Crne Gore."""
    return mod_97_10(account) == 1


_NATIONAL: dict[str, Callable[[str], bool]] = {"BE": _belgium, "ES": _spain, "ME": _montenegro, "NO": _norway}
