"""Screening lists: who published which version, and the identifiers of everyone on it.

The registers keep every version that was ever loaded; screening matches against the current ones. The hash is
taken over the normal form, so two institutions can compare what they screened with.
"""

from __future__ import annotations

from datetime import date
from hashlib import sha256

import msgspec

from skarb.core.facts import Regime, Screening


class Listed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One entry of a list: a person, an entity or a wallet, by exact identifiers."""

    entry: str  # the publisher's number of the entry
    name: str = ""
    programme: str = ""
    parties: tuple[str, ...] = ()  # party ids of this institution
    taxpayer_numbers: tuple[str, ...] = ()
    leis: tuple[str, ...] = ()
    passports: tuple[str, ...] = ()
    wallets: tuple[str, ...] = ()  # chain:address


class ScreeningList(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One version of a list, whole."""

    list: str  # short name, such as ofac-sdn
    regime: Regime
    publisher: str
    version: str  # as the publisher numbers or dates it
    published: date
    entries: tuple[Listed, ...] = ()

    @property
    def sha256(self) -> str:
        """The hash of the normal form: canonical JSON, entries in the order of their numbers."""
        ordered = msgspec.structs.replace(self, entries=tuple(sorted(self.entries, key=lambda listed: listed.entry)))
        return sha256(msgspec.json.encode(ordered, order="sorted")).hexdigest()


class ListStamp(msgspec.Struct, frozen=True, kw_only=True):
    """Which version of a list was used; kept beside decisions and printed on reports."""

    list: str
    regime: Regime
    publisher: str
    version: str
    published: date
    sha256: str
    count: int


class ScreeningResult(msgspec.Struct, frozen=True, kw_only=True):
    """What screening found for one party or wallet. Several lists may name it; the gravest regime decides."""

    status: Screening
    regime: Regime = "none"
    list: str = ""
    list_sha256: str = ""
    entry: str = ""


class Identifiers(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Everything a party was ever known by; screening compares it with the lists."""

    party: str
    taxpayer_numbers: tuple[str, ...] = ()
    leis: tuple[str, ...] = ()
    passports: tuple[str, ...] = ()
    wallets: tuple[str, ...] = ()  # chain:address
