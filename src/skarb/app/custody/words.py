"""What stands beside each transaction of a reserve's book: why it happened, whole, so that anybody can judge it again."""

from __future__ import annotations

import msgspec
import numpy as np

from skarb.core.screening_list import ScreeningResult
from skarb.core.transfer import TRANSFER, key_128
from skarb.custody.model import Policy, Request, Signed, hash_of
from skarb.journal.chart import account_id
from skarb.ledger import transfers_of
from skarb.ledger.books import Records
from skarb.ledger.transaction import Leg
from skarb.reserve import chart
from skarb.reserve.chart import Change
from skarb.reserve.inflow import Inflow, Worth

WORD = "reserve"  # of a note
ACT = "ACT"  # the asset of what moves nothing: one unit goes from open to done
_ACTS = (Change(chart.OPEN, ACT, -1), Change(chart.DONE, ACT, 1))
_DAY_NS = 86_400 * 10**9


class Received(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="received"):
    """An inflow, where it arrived and what it cost."""

    line: Inflow
    place: str
    worth: Worth


class Governed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="governed"):
    """A policy began to hold, the book was frozen or a freezing lifted. Without a request: the first policy."""

    at: int  # nanoseconds since 1970, when it was decided
    policy: Policy | None = None
    request: Request | None = None
    signatures: tuple[Signed, ...]


class Lodged(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="lodged"):
    """A request was made known; its time lock begins."""

    request: Request
    signature: Signed


class Executed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="executed"):
    """Something left a place under an approved request."""

    at: int  # nanoseconds since 1970, when it was decided
    request: Request
    signatures: tuple[Signed, ...]
    screened: dict[str, ScreeningResult]
    fee_units: int  # really taken, at most what was approved
    reference: str = ""  # the transaction on the chain, or of the bank


Event = Received | Governed | Lodged | Executed


def event_bytes(event: Event) -> bytes:
    """Return an event as it is kept."""
    return msgspec.json.encode(event, order="sorted")


def read_event(text: str) -> Event:
    """Read an event. Raises: msgspec.MsgspecError."""
    event: Event = msgspec.json.decode(text, type=Event)
    return event


def name_of(event: Event) -> str:
    """Return the id of an event's transaction: the same event can only be there once."""
    if isinstance(event, Received):
        return f"inflow:{event.line.id}"
    if isinstance(event, Lodged):
        return f"lodged:{hash_of(event.request)}"
    if isinstance(event, Governed) and event.request is None:
        return "founding"
    document = event.request
    return f"done:{'' if document is None else hash_of(document)}"


def changes_of(event: Event) -> list[Change]:
    """Return what an event changes in the accounts."""
    if isinstance(event, Received):
        line = event.line
        return chart.inflow(line.kind, event.place, line.asset, line.units)
    if not isinstance(event, Executed):
        return list(_ACTS)
    asked, fee = event.request, event.fee_units
    if asked.kind == "move":
        return chart.move(asked.place, asked.to, asked.asset, asked.units, fee)
    if asked.kind == "sell":
        return chart.sale(asked.place, asked.asset, asked.units, fee, asked.proceeds_to, asked.value_byn)
    return chart.payment(asked.place, asked.asset, asked.units, fee)


def records_of(event: Event, ledgers: dict[str, int]) -> Records:
    """Return the transfers of an event; `ledgers` are the numbers of the assets."""
    legs = [
        Leg(int.from_bytes(account_id(one.address, one.asset), "little"), ledgers[one.asset], one.units)
        for one in changes_of(event)
    ]
    key = int.from_bytes(key_128(name_of(event)), "little")
    effective = 0
    if isinstance(event, Received):
        effective = max(0, int(np.datetime64(event.line.day, "D").astype(np.int64))) * _DAY_NS
    return transfers_of(key, legs, code=1, user_128=key, effective=effective)


def is_of(event: Event, records: Records, ledgers: dict[str, int]) -> bool:
    """Say whether transfers are exactly those of an event."""
    if not {one.asset for one in changes_of(event)} <= ledgers.keys():
        return False
    return records_of(event, ledgers).tobytes() == np.ascontiguousarray(records, TRANSFER).tobytes()
