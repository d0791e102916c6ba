"""What a refresh of the lists changes for the parties of one institution."""

from __future__ import annotations

from typing import Literal

import msgspec

from skarb.core.screening_list import ListStamp, ScreeningResult


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


Kind = Literal["party", "taxpayer_number", "lei", "passport", "wallet"]
Key = tuple[Kind, str]  # an identifier in its normal form
