"""What screening finds, and what a refresh of the lists changes for the parties of one institution."""

from __future__ import annotations

from typing import Literal, NamedTuple

import msgspec

from skarb.core.facts import Regime
from skarb.core.screening_list import Listed, ListStamp, ScreeningResult

Kind = Literal["party", "taxpayer_number", "lei", "passport", "document", "wallet"]
Key = tuple[Kind, str]  # an identifier in its normal form


class Hit(NamedTuple):
    """An entry of a list that names a party or a wallet, or may name it."""

    list: str
    regime: Regime
    listed: Listed
    exact: bool  # by something that only one person has; otherwise it may be somebody else
    by: str  # what they share: a kind of identifier, or a name


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A known party or wallet whose answer is another one than before."""

    subject: str  # party id, or chain:address
    before: ScreeningResult
    after: ScreeningResult


class Delta(msgspec.Struct, frozen=True, kw_only=True):
    """What changed from one set of lists to the next."""

    added: tuple[tuple[str, str], ...] = ()  # list, entry number
    removed: tuple[tuple[str, str], ...] = ()
    changed: tuple[tuple[str, str], ...] = ()  # same number, other content
    hits: tuple[Change, ...] = ()  # known parties and wallets concerned
    before: tuple[ListStamp, ...] = ()
    after: tuple[ListStamp, ...] = ()
