"""Messages of the Travel Rule Protocol, version 3: an inquiry, how it is resolved, and what became of the transfer.

The originator's provider asks (`Inquiry`). The other one acknowledges (`Acknowledged`, an answer follows later) or resolves
(`Resolution`: approved with a payment address, or rejected with a comment). When the transfer is on the chain, or given up, the
first one says so (`Confirmation`). Beside them stand what a provider says of itself. Amounts keep their digits; a message that
is read and written again says the same.

Every exchange has a request identifier, a UUID that stands in a header, as does the version of the protocol.
Source: OpenVASP Travel Rule Protocol 3.2.1; ISO 24165 (DTI); SLIP-44; CAIP-19.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Literal, TypeAlias
from urllib.parse import urlsplit
from uuid import UUID

import msgspec

from skarb.core.errors import FieldError
from skarb.core.identifiers import Flaw, check_dti, check_lei
from skarb.travelrule import payload as ivms
from skarb.travelrule.constraints import Rules, check_payload
from skarb.travelrule.findings import Finding, doubt, fault, note, valid
from skarb.travelrule.model import IdentityPayload
from skarb.travelrule.reading import Before, Grammar, Tree, build, parse

VERSION = "3.2.1"
API_VERSION, REQUEST, EXTENSIONS = "api-version", "request-identifier", "api-extensions"  # names of headers
CONTENT_TYPE = "application/json; charset=utf-8"
DTI_SINCE = (3, 2, 0)
_VERSION = re.compile(r"[0-9]{1,4}\.[0-9]{1,4}\.[0-9]{1,4}", re.ASCII)
_CAIP19 = re.compile(r"[-a-z0-9]{3,8}:[-_a-zA-Z0-9]{1,32}/[-a-z0-9]{3,8}:[-.%a-zA-Z0-9]{1,128}(/[-.%a-zA-Z0-9]{1,78})?", re.ASCII)

Text: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=1024)]
Comment: TypeAlias = Annotated[str, msgspec.Meta(max_length=4096, extra={"lines": True})]
Url: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=2048, extra={"check": "url"})]
VersionText: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=32, extra={"check": "version"})]


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A message or a part of one."""


class Asset(Part, frozen=True, kw_only=True):
    """Which token: by its identifier of ISO 24165, its coin type of SLIP-44 (number or symbol), or where its contract is (CAIP-19)."""

    dti: Text | None = None
    slip0044: int | Text | None = None
    caip19: Text | None = None


class Inquiry(Part, frozen=True, kw_only=True):
    """May this be sent to your client?"""

    asset: Asset
    amount: Decimal  # in the token's major unit
    callback: Url  # where the resolution goes
    ivms101: IdentityPayload = msgspec.field(name="IVMS101")
    extensions: dict[str, Any] | None = None


class Approval(Part, frozen=True, kw_only=True):
    """Yes: pay here, and say so there."""

    address: Text  # on the chain
    callback: Url  # where the confirmation goes


class Resolution(Part, frozen=True, kw_only=True):
    """The answer to an inquiry: approved or rejected."""

    approved: Approval | None = None
    rejected: Comment | None = None
    version: VersionText | None = None  # others say it here as well; we do in the header
    extensions: dict[str, Any] | None = None


class Acknowledged(Part, frozen=True, kw_only=True):
    """The inquiry has arrived; its resolution follows."""

    version: VersionText
    extensions: dict[str, Any] | None = None


class Confirmation(Part, frozen=True, kw_only=True):
    """What became of the transfer: a transaction on the chain, or nothing."""

    txid: Text | None = None
    canceled: Comment | None = None
    extensions: dict[str, Any] | None = None


class Identity(Part, frozen=True, kw_only=True):
    """Who a provider is."""

    name: Text | None = None
    lei: Text | None = None
    x509: Annotated[str, msgspec.Meta(max_length=1 << 16, extra={"lines": True})] | None = None


class Extensions(Part, frozen=True, kw_only=True):
    """Which extensions a provider must have or can do."""

    required: tuple[Text, ...] = ()
    supported: tuple[Text, ...] = ()


class VersionInfo(Part, frozen=True, kw_only=True):
    """Which program a provider runs."""

    version: VersionText
    vendor: Text


Message: TypeAlias = Inquiry | Resolution | Acknowledged | Confirmation | Identity | Extensions | VersionInfo
Kind = Literal["inquiry", "resolution", "acknowledged", "confirmation", "identity", "extensions", "version"]
KINDS: dict[Kind, type] = {
    "inquiry": Inquiry,
    "resolution": Resolution,
    "acknowledged": Acknowledged,
    "confirmation": Confirmation,
    "identity": Identity,
    "extensions": Extensions,
    "version": VersionInfo,
}
_MARKS: dict[Kind, frozenset[str]] = {  # a message is of the first kind of which it has an element
    "inquiry": frozenset({"asset", "amount", "ivms101"}),
    "resolution": frozenset({"approved", "rejected"}),
    "confirmation": frozenset({"txid", "canceled"}),
    "identity": frozenset({"lei", "x509", "name"}),
    "extensions": frozenset({"required", "supported"}),
    "version": frozenset({"vendor"}),
    "acknowledged": frozenset({"version"}),
}


def kind_of(tree: Tree) -> Kind | None:
    """Tell which message a tree is from the names of its elements; None if it is none."""
    keys = {key.lower() for key in tree} if isinstance(tree, dict) else set()
    return next((kind for kind, marks in _MARKS.items() if keys & marks), None)


def _comment(*names: str) -> Before:
    """A comment that is null is an empty one: that it is there at all is the answer."""
    return lambda tree: (
        {k: "" if v is None and k.lower() in names else v for k, v in tree.items()} if isinstance(tree, dict) else tree
    )


def _read_url(text: str, path: str) -> tuple[str, Finding | None]:
    try:
        parts = urlsplit(text)
        fine = parts.scheme == "https" and bool(parts.hostname) and parts.username is None and (parts.port or 443) > 0
    except ValueError:
        fine = False
    return text, None if fine and text.isprintable() and " " not in text else fault("format", path, text, "an https URL")


def _read_version(text: str, path: str) -> tuple[str, Finding | None]:
    return text, None if _VERSION.fullmatch(text) else fault("format", path, text, "a version such as 3.2.1")


GRAMMAR = Grammar(
    {**ivms.OLDER, Confirmation: {"cancelled": "canceled"}, Asset: {"slip44": "slip0044"}},
    {**ivms.BEFORE, Resolution: _comment("rejected"), Confirmation: _comment("canceled", "cancelled")},
    {**ivms.GRAMMAR.checks, "url": _read_url, "version": _read_version},
)


@dataclass(frozen=True, slots=True)
class Read:
    """A message that was read, and everything there is to say about it."""

    kind: Kind | None
    message: Message | None  # None if it is invalid
    findings: tuple[Finding, ...]

    @property
    def valid(self) -> bool:
        """Whether the protocol and the standard of its payload are kept."""
        return valid(self.findings)


def read_message(data: bytes, rules: Rules, kind: Kind | None = None) -> Read:
    """Read a message, of whatever kind it is unless that is said; it never raises."""
    try:
        tree = parse(data)
    except FieldError as error:
        return Read(kind, None, (fault("structure", error.field, error.given, error.expected, error.todo),))
    return read_tree(tree, rules, kind)


def read_tree(tree: Tree, rules: Rules, kind: Kind | None = None) -> Read:
    """Read what was parsed."""
    kind = kind or kind_of(tree)
    if kind is None:
        return Read(None, None, (fault("structure", "", tree, f"a message: {', '.join(KINDS)}"),))
    found, findings = GRAMMAR.read(KINDS[kind], tree)
    if isinstance(found, dict):
        findings = [*findings, *_checks(kind, found, rules)]
    message = build(KINDS[kind], found) if valid(findings) else None
    return Read(kind, message, tuple(findings))


def _checks(kind: Kind, tree: dict[str, Any], rules: Rules) -> Iterator[Finding]:
    if kind == "inquiry":
        amount = tree.get("amount")
        if amount is not None and not (amount.is_finite() and amount > 0):
            yield fault("format", "amount", amount, "an amount above 0")
        if "asset" in tree:
            yield from _asset(tree["asset"])
        for one in check_payload(tree.get("IVMS101", {}), rules):
            yield Finding(one.weight, one.rule, f"IVMS101.{one.path}", one.given, one.expected, one.todo)
    elif kind == "resolution":
        yield from _one_of(tree, "approved", "rejected")
    elif kind == "confirmation":
        yield from _one_of(tree, "txid", "canceled")
    elif kind == "identity":
        flaw = check_lei(tree["lei"]) if "lei" in tree else None
        if isinstance(flaw, Flaw):
            yield doubt("C11", "lei", tree["lei"], flaw.expected)
        pem = tree.get("x509", "-----BEGIN CERTIFICATE-----")
        if "-----BEGIN CERTIFICATE-----" not in pem:
            yield fault("format", "x509", pem, "a certificate in PEM")


def _one_of(tree: Mapping[str, Any], *names: str) -> Iterator[Finding]:
    given = [name for name in names if name in tree]
    if len(given) != 1:
        yield fault("structure", "", " and ".join(given) or None, f"either {' or '.join(names)}, one of them")


def _asset(tree: Mapping[str, Any]) -> Iterator[Finding]:
    if not tree:
        yield fault("structure", "asset", None, "dti, slip0044 or caip19")
    if len(tree) > 1:
        yield note("structure", "asset", ", ".join(tree), "one way of naming the token")
    flaw = check_dti(tree["dti"]) if "dti" in tree else None
    if isinstance(flaw, Flaw):
        yield fault("code", "asset.dti", tree["dti"], flaw.expected)
    if "caip19" in tree and not _CAIP19.fullmatch(tree["caip19"]):
        yield fault("code", "asset.caip19", tree["caip19"], "an asset of CAIP-19 such as eip155:1/slip44:60")
    if isinstance(tree.get("slip0044"), int) and not 0 <= tree["slip0044"] < 1 << 31:
        yield fault("code", "asset.slip0044", tree["slip0044"], "a coin type of SLIP-44")


_encoder = msgspec.json.Encoder(decimal_format="number", order="deterministic")


def write_message(message: Message) -> bytes:
    """Write a message; the same message gives the same bytes."""
    return _encoder.encode(message)


@dataclass(frozen=True, slots=True)
class Headers:
    """What stands in the headers of every request."""

    request: str  # identifier of the exchange, a UUID in small letters
    version: str = VERSION
    extensions: tuple[str, ...] = ()

    def written(self) -> dict[str, str]:
        """Return the headers as they go over the wire."""
        more = {EXTENSIONS: ", ".join(self.extensions)} if self.extensions else {}
        return {API_VERSION: self.version, REQUEST: self.request, "content-type": CONTENT_TYPE, **more}


def lower_version(text: str, than: str) -> str:
    """Return a version that another provider wants to be spoken to in, if we can: of the same major number and lower; else nothing."""
    if not _VERSION.fullmatch(text):
        return ""
    told, ours = (tuple(int(part) for part in one.split(".")) for one in (text, than))
    return text if told[0] == ours[0] and told < ours else ""


def speaks(inquiry: Inquiry, version: str) -> bool:
    """Tell whether a version can say an inquiry: identifiers of ISO 24165 came with 3.2.0."""
    return inquiry.asset.dti is None or tuple(int(part) for part in version.split(".")) >= DTI_SINCE


def read_headers(given: Mapping[str, str]) -> Headers:
    """Read the headers of a request; names in any capitals.

    Raises: FieldError naming the header.
    """
    found = {name.lower(): value.strip() for name, value in given.items()}
    version = found.get(API_VERSION, "")
    if not _VERSION.fullmatch(version) or version.split(".")[0] != VERSION.split(".", maxsplit=1)[0]:
        raise FieldError(API_VERSION, version, f"a version of the protocol with the same major number as {VERSION}")
    kind = found.get("content-type", "application/json").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise FieldError("content-type", kind, "application/json")
    names = tuple(one.strip() for one in found.get(EXTENSIONS, "").split(",") if one.strip())
    return Headers(read_request(found.get(REQUEST, "")), version, names)


def read_request(text: str) -> str:
    """Return a request identifier in its usual spelling.

    Raises: FieldError
    """
    try:
        if len(text) != 36:
            raise ValueError
        return str(UUID(text))
    except ValueError:
        raise FieldError(REQUEST, text, "a UUID such as 3d4f9e2a-6c1b-4f0e-9a53-0f6d2b7c8e11") from None
