"""What a simulated market hands out: register entries, and instructions in the order of time.

Everything is invented and says so: entries are marked as examples, rates name their source as simulated. The entries have
the shapes of `skarb.registers`, so the same code serves them and real files.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import msgspec

from skarb.core.instruction import Instruction
from skarb.core.party import Licence
from skarb.core.screening_list import ScreeningList
from skarb.registers import Entry, RateSeries


class Entries(msgspec.Struct, frozen=True, kw_only=True):
    """All registers of the town."""

    country: str
    currency: str
    zone: str
    notice: str
    registers: tuple[Entry, ...]  # parties, licences, tokens, venues, blocks, wallets, listed wallets
    rates: tuple[RateSeries, ...]  # in the legal currency, source "simulated"
    lists: tuple[ScreeningList, ...]
    latin: dict[str, str]  # the name of each party in Latin letters


class BookEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A book of the market: the institution that keeps it and the licence it works under."""

    name: str  # also the id of the institution
    title: str
    latin: str
    licence: Licence


class Event(NamedTuple):
    """An instruction on its way to a book."""

    book: str
    instruction: Instruction


class Beat(NamedTuple):
    """What arrives in one short stretch of simulated time."""

    until: datetime
    events: list[Event]
