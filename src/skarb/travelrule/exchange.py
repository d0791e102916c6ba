"""One exchange about one transfer, on either side: an event goes in, the new state and what is to be sent come out. Pure; time
is handed in.

```
originator    inquired → acknowledged → approved → confirmed
                   └──────────┴────→ rejected   └→ canceled
beneficiary   received → approved → confirmed
                   └→ rejected  └→ canceled
```

Whoever waits too long on either side has an exchange that is `expired`. The same message again gets the same answer again,
whatever has happened since; the same request identifier with another content, or a message that cannot follow, is a conflict
and changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Literal, TypeAlias

import msgspec

from skarb.core.errors import Conflict
from skarb.travelrule.messages import Confirmation, Inquiry, Resolution, write_message
from skarb.travelrule.required import REQUIREMENTS

Side = Literal["originator", "beneficiary"]
State = Literal["inquired", "acknowledged", "received", "approved", "rejected", "confirmed", "canceled", "expired"]
SEALED = "sealed"  # stands for what the other side said in words
OPEN: tuple[State, ...] = ("inquired", "acknowledged", "received", "approved")


class Terms(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long each side waits. Units: hours."""

    answer_hours: int = 72  # from the inquiry to its resolution
    confirm_hours: int = 72  # from the approval to the confirmation


class Exchange(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one side knows of one exchange. It holds no personal data; what was said of persons lies sealed under `inquiry`."""

    request: str  # UUID
    side: Side
    counterparty: str  # the other provider, by its name in the register
    state: State
    began: datetime
    changed: datetime
    deadline: datetime | None = None  # until when the next message must have come
    inquiry: str  # SHA-256 of the inquiry as it was written
    asset: str = ""  # as it stands in the inquiry: dti:4H95J0R2X
    amount: str = ""
    callback: str = ""  # where our next message goes
    resolution: str = ""  # SHA-256
    confirmation: str = ""  # SHA-256
    address: str = ""  # where to pay, once it is approved
    comment: str = ""  # of our own rejection or cancellation; what the other side says in words lies sealed under its message
    txid: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """An inquiry: sent by the originator's side, received by the other."""

    request: str
    counterparty: str
    inquiry: Inquiry


@dataclass(frozen=True, slots=True)
class Seen:
    """The other side has acknowledged the inquiry."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """A resolution: received by the originator's side, given by the other."""

    resolution: Resolution


@dataclass(frozen=True, slots=True)
class Ended:
    """A confirmation: given by the originator's side, received by the other."""

    confirmation: Confirmation


@dataclass(frozen=True, slots=True)
class Waited:
    """Time has passed."""


Event: TypeAlias = Asked | Seen | Resolved | Ended | Waited


@dataclass(frozen=True, slots=True)
class Step:
    """What an event did."""

    exchange: Exchange
    sends: Inquiry | Resolution | Confirmation | None = None  # to the other side
    to: str = ""  # its URL; empty for an inquiry, whose travel address the sender knows
    answer: Resolution | None = None  # to an inquiry that is resolved in the moment it arrives
    repeated: bool = False  # the same was said before, nothing changed


def begin(side: Side, asked: Asked, at: datetime, terms: Terms) -> Step:
    """Begin an exchange."""
    made = Exchange(
        request=asked.request,
        side=side,
        counterparty=asked.counterparty,
        state="inquired" if side == "originator" else "received",
        began=at,
        changed=at,
        deadline=at + timedelta(hours=terms.answer_hours),
        inquiry=digest(asked.inquiry),
        asset=asset_name(asked.inquiry),
        amount=str(asked.inquiry.amount),
        callback="" if side == "originator" else asked.inquiry.callback,
    )
    return Step(made, sends=asked.inquiry if side == "originator" else None)


def step(exchange: Exchange, event: Event, at: datetime, terms: Terms) -> Step:
    """Return what an event makes of an exchange.

    Raises: Conflict if the event contradicts what was said before, or cannot follow it.
    """
    match event:
        case Asked():
            return _asked_again(exchange, event)
        case Resolved():
            return _resolved(_waited(exchange, at), event.resolution, at, terms)
        case Ended():
            return _ended(_waited(exchange, at), event.confirmation, at)
        case Seen() if exchange.side == "originator":
            return Step(_next(exchange, at, state="acknowledged") if exchange.state == "inquired" else exchange)
        case _:
            after = _waited(exchange, at)
            return Step(after, repeated=after is exchange)


def _waited(exchange: Exchange, at: datetime) -> Exchange:
    if exchange.state in OPEN and exchange.deadline is not None and at > exchange.deadline:
        return _next(exchange, at, state="expired", deadline=None)
    return exchange


def _asked_again(exchange: Exchange, asked: Asked) -> Step:
    if exchange.inquiry != digest(asked.inquiry) or exchange.counterparty != asked.counterparty:
        raise Conflict(
            f"request {exchange.request}: it was used for another inquiry before; a new inquiry needs a new identifier"
        )
    return Step(exchange, repeated=True)


def _resolved(exchange: Exchange, resolution: Resolution, at: datetime, terms: Terms) -> Step:
    mark = digest(resolution)
    if exchange.resolution:
        if exchange.resolution != mark:
            raise Conflict(f"request {exchange.request}: it was {exchange.state} before and is not resolved in another way")
        return Step(exchange, repeated=True)
    _only_from(exchange, ("inquired", "acknowledged", "received"), "resolved")
    approved = resolution.approved
    after = _next(
        exchange,
        at,
        state="rejected" if approved is None else "approved",
        resolution=mark,
        comment=(resolution.rejected or "") if exchange.side == "beneficiary" else _in_the_open(resolution.rejected or ""),
        address="" if approved is None else approved.address,
        deadline=None if approved is None else at + timedelta(hours=terms.confirm_hours),
    )
    if exchange.side == "beneficiary":
        return Step(after, sends=resolution, to=exchange.callback)
    return Step(msgspec.structs.replace(after, callback="" if approved is None else approved.callback))


def _ended(exchange: Exchange, confirmation: Confirmation, at: datetime) -> Step:
    mark = digest(confirmation)
    if exchange.confirmation:
        if exchange.confirmation != mark:
            raise Conflict(f"request {exchange.request}: it was {exchange.state} before and does not end in another way")
        return Step(exchange, repeated=True)
    _only_from(exchange, ("approved",), "confirmed or canceled")
    state: State = "canceled" if confirmation.txid is None else "confirmed"
    comment = confirmation.canceled or ""
    said = {"txid": confirmation.txid or "", "comment": comment if exchange.side == "originator" else _in_the_open(comment)}
    after = _next(exchange, at, state=state, confirmation=mark, deadline=None, **said)
    return Step(after, sends=confirmation, to=exchange.callback) if exchange.side == "originator" else Step(after)


def _in_the_open(comment: str) -> str:
    """Return a comment of the other side as far as it may lie open: the names of requirements, which are nobody's."""
    head, colon, rest = comment.partition(": ")
    open_words = not comment or (head == "missing" and bool(colon) and set(rest.split(", ")) <= {*REQUIREMENTS})
    return comment if open_words else SEALED


def _only_from(exchange: Exchange, states: tuple[State, ...], what: str) -> None:
    if exchange.state not in states:
        raise Conflict(f"request {exchange.request}: it is {exchange.state} and cannot be {what}; expected {' or '.join(states)}")


def _next(exchange: Exchange, at: datetime, **changes: object) -> Exchange:
    return msgspec.structs.replace(exchange, changed=at, **changes)


def digest(message: Inquiry | Resolution | Confirmation) -> str:
    """Return the SHA-256 of a message as it is written."""
    return sha256(write_message(message)).hexdigest()


def asset_name(inquiry: Inquiry) -> str:
    """Return the token of an inquiry in one word."""
    asset = inquiry.asset
    pairs = (("dti", asset.dti), ("slip0044", asset.slip0044), ("caip19", asset.caip19))
    return next((f"{kind}:{value}" for kind, value in pairs if value is not None), "")
