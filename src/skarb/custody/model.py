"""The nouns of custody: who holds keys, where assets lie, who must agree before something leaves, and what is asked for.

Everything here is a document that people sign, so it has one form: canonical JSON without what is left at its usual value, and its name is the
SHA-256 of that. A field that is added later, with a usual value, leaves the names of old documents as they are.
"""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Annotated, Literal, TypeVar

import msgspec

from skarb.core.errors import InputError, shorten
from skarb.journal.leaves import canonical

POLICY_FORMAT, REQUEST_FORMAT, SIGNATURE_FORMAT = "skarb custody policy 1", "skarb custody request 1", "skarb custody signature 1"
UNITS_MAX = 10**18
# A custodian is somebody else's wallet, such as an exchange's; an account lies with a bank.
PlaceKind = Literal["cold", "warm", "hot", "custodian", "account"]
RequestKind = Literal["move", "sell", "pay", "freeze", "unfreeze", "policy"]
Role = Literal["asks", "approves"]
Code = Annotated[str, msgspec.Meta(pattern=r"^[A-Z][A-Z0-9]{1,11}\Z")]
Word = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}\Z")]  # the name of a holder, role, place or destination
Units = Annotated[int, msgspec.Meta(gt=0, le=UNITS_MAX)]
MayBeNothing = Annotated[int, msgspec.Meta(ge=0, le=UNITS_MAX)]
Hash = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]
SPENDS = ("move", "sell", "pay")


class Holder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Somebody who holds a key."""

    name: Word
    role: Word
    key: str  # ed25519: and 64 hex digits, or a Bitcoin address as BTC:address, whose signed messages are read


class Quorum(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """How many must agree: so many of the holders in some roles, and of some roles at least so many."""

    approvals: Annotated[int, msgspec.Meta(ge=1, le=64)]
    roles: tuple[Word, ...]
    each: dict[Word, Annotated[int, msgspec.Meta(ge=1, le=64)]] = {}
    time_lock_minutes: Annotated[int, msgspec.Meta(ge=0, le=525_600)] = 0  # since the request was lodged in the book


class Rule(Quorum, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What it takes to let something out of a place, up to an amount at once and an amount a day, fees included."""

    asset: Code
    units_max: Units
    day_units_max: Units


class Place(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Where assets lie, and the rules under which they leave."""

    name: Word
    kind: PlaceKind
    rules: tuple[Rule, ...]  # of an asset, the smallest amounts first; the first that suffices applies
    to: tuple[Word, ...]  # places and destinations to which something may go from here
    receives: tuple[Code, ...] = ()  # assets whose inflows arrive here
    addresses: tuple[str, ...] = ()  # chain:address, of this place
    descriptor: Annotated[str, msgspec.Meta(max_length=2000)] = ""  # of the wallet, public keys only; see `psbt`


class WalletProof(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A message that was signed with the key of a wallet: `destination_text`."""

    day: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")]
    signature: str


class Destination(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Somebody outside who may be sent something: a wallet with the proof that he has its key, or an account with a bank."""

    name: Word
    owner: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]  # whose it is, as screening shall know him
    assets: tuple[Code, ...]
    address: str = ""  # chain:address
    account: Annotated[str, msgspec.Meta(max_length=64)] = ""
    proof: WalletProof | None = None


class Policy(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    tag_field="format",
    tag=POLICY_FORMAT,
):
    """Who may do what with the assets of one book. It is changed only under its own `governance`."""

    book: Word
    version: Units
    zone: str  # of the days that limits are counted by
    holders: tuple[Holder, ...]
    places: tuple[Place, ...]
    destinations: tuple[Destination, ...] = ()
    governance: Quorum
    law: Word = "by"  # the country whose lists nothing leaves without

    def place(self, name: str) -> Place | None:
        """Return a place by its name."""
        return next((one for one in self.places if one.name == name), None)

    def holder(self, name: str) -> Holder | None:
        """Return a holder by name."""
        return next((one for one in self.holders if one.name == name), None)

    def destination(self, name: str) -> Destination | None:
        """Return a destination by its name."""
        return next((one for one in self.destinations if one.name == name), None)

    def receiver(self, asset: str) -> Place | None:
        """Return where inflows of an asset arrive."""
        return next((one for one in self.places if asset in one.receives), None)


class Request(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    tag_field="format",
    tag=REQUEST_FORMAT,
):
    """What somebody asks for. What a kind has no use for stays empty."""

    book: Word
    kind: RequestKind
    policy: Hash  # under which it is asked; under another one it is asked again
    nonce: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{16,64}\Z")]
    asked_by: Word
    until: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")]  # the last day on which it may be done
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
    place: str = ""  # from where
    to: str = ""  # a place, or a destination
    address: str = ""  # chain:address, where there is a chain
    asset: str = ""
    units: MayBeNothing = 0
    fee_units: MayBeNothing = 0  # at most, on top; of the same asset
    value_byn: MayBeNothing = 0  # kopecks: what a sale brings, or what is paid is worth
    value_source: Annotated[str, msgspec.Meta(max_length=200)] = ""  # the rate or the confirmation it rests on
    proceeds_to: str = ""  # of a sale: the place where the money arrives
    lifts: str = ""  # of an unfreezing: the hash of the freezing
    next: Policy | None = None  # of a change: the policy that shall hold


class Statement(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    tag_field="format",
    tag=SIGNATURE_FORMAT,
):
    """What a holder signs: that he asks for, or approves, one document, at an instant he names."""

    book: Word
    document: Hash
    by: Word
    says: Role
    at: str


class Signed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A statement with its signature: hex for Ed25519, Base64 for a Bitcoin message."""

    statement: Statement
    signature: str


Document = Policy | Request
_T = TypeVar("_T", Policy, Request, Signed)


def hash_of(document: Document) -> str:
    """Return the name of a document: the hash of its one form."""
    return sha256(canonical(document)).hexdigest()


def statement_text(statement: Statement) -> str:
    """Return the text that is signed. It stays as it is for ever: old signatures are checked with it again."""
    return canonical(statement).decode()


def destination_text(book: str, destination: Destination, day: str) -> str:
    """Return the text by which the owner of a wallet proves that it is his, for one book and one name in its policy."""
    lines = (
        "I hold the key of this wallet and shall receive from the reserve.",
        f"Book: {book}",
        f"Destination: {destination.name}",
        f"Owner: {destination.owner}",
        f"Wallet: {destination.address}",
        f"Day: {day}",
    )
    return "\n".join(lines)


def read_document(data: bytes, where: str, kind: type[_T]) -> _T:
    """Read a policy, a request or a signature, strictly: no field is unknown, missing or named twice.

    Raises: InputError
    """
    what = {Policy: "policy", Request: "request"}.get(kind, "signature")
    try:
        found = msgspec.convert(json.loads(data, object_pairs_hook=_once), kind)
        canonical(found)  # half a character of JSON has no bytes that could be signed
        return found
    except (msgspec.ValidationError, ValueError, RecursionError) as error:
        raise InputError(f"{where}: given {shorten(str(error), 200)}, expected a {what} as JSON; nothing was done") from None


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"the field {next(name for name in names if names.count(name) > 1)!r} twice")
    return found
