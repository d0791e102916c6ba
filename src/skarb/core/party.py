"""Parties: what kind of person somebody is, and under which licence an institution works.

The two are kept apart: a crypto bank is a legal entity (kind) with a licence that two supervisors must both have
given. A "regime" is a special legal regime whose residents enjoy their own rules (in Belarus the Hi-Tech Park).
"""

from __future__ import annotations

from typing import Literal, get_args

import msgspec

PartyKind = Literal[
    "natural_person",
    "self_employed",
    "craftsperson",
    "farm_stay_host",  # agro-ecotourism provider
    "sole_proprietor",
    "legal_entity",
    "state_body",
    "central_bank",
    "unknown",
]
PARTY_KINDS: tuple[str, ...] = get_args(PartyKind)
HUMAN: frozenset[str] = frozenset(
    ("natural_person", "self_employed", "craftsperson", "farm_stay_host", "sole_proprietor", "unknown")
)
"""Kinds of which each is, or may be, one human being: whoever looks at one says why."""

Licence = Literal[
    "none",
    "platform",  # operates a trading venue, matches clients
    "exchanger",  # dealer in its own name, crypto ATMs
    "broker",
    "token_organiser",  # creates and places tokens for others (ICO)
    "miner",
    "crypto_bank",
    "bank",
    "nonbank_credit",
    "payment_provider",
    "foreign_provider",  # a virtual-asset provider licensed elsewhere, or nowhere
]
LICENCES: tuple[str, ...] = get_args(Licence)


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a party on one day, from the registers or, where a source says so, by assumption."""

    kind: PartyKind = "unknown"
    licence: Licence = "none"
    country: str = "XX"  # ISO 3166-1 alpha-2
    resident: bool = False  # of the country whose law applies
    identified: bool = False
    age: int | None = None
    regime_resident: bool = False  # first gate
    registered: bool = False  # second gate: entry in the central bank's register
    covers: frozenset[str] = frozenset()  # activities that the licence names
    blocked: bool = False  # access to the venue is restricted on that day
    screening: Literal["clear", "possible", "listed"] = "clear"  # by the party lists that are loaded
    screening_regime: Literal["none", "national", "un", "eu", "us", "own"] = "none"
