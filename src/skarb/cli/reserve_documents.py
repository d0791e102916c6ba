"""`skarb reserve key | wallet-text | ask | sign`: documents that holders write and sign; no book is written, nothing is decided."""

from __future__ import annotations

import json as texts
import secrets
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any, TypeAlias, TypeVar

import msgspec
from cyclopts import App, Parameter

from skarb.app.custody.keep import statement_of, tell
from skarb.app.files import now
from skarb.cli.output import Usage, check_outputs, err, out
from skarb.core.errors import InputError, NotFound
from skarb.custody import (
    Policy,
    Request,
    Signed,
    Statement,
    destination_text,
    hash_of,
    read_document,
    statement_text,
)
from skarb.custody.model import Destination, RequestKind
from skarb.store import location_of

Output: TypeAlias = Annotated[Path | None, Parameter(name=["--output", "-o"])]
_T = TypeVar("_T", Policy, Request, Signed)
_DAYS = 7  # in which a request can be carried out


def add_commands(app: App) -> None:
    """Add the verbs of documents to a group."""
    for verb in (key, wallet_text, ask, sign):
        app.command(verb)


def key(public: Path, /) -> None:
    """Print a public key as policies name it.

    Example: `skarb reserve key anna.key.pub`

    Parameters
    ----------
    public
        The public half that `skarb proof key` made.
    """
    from skarb.app.custody.signing import policy_key
    from skarb.app.keys import read_public

    out.print(policy_key(read_public(public)), markup=False, highlight=False)


def wallet_text(policy: Path, destination: str, /, *, day: date | None = None) -> None:
    """Print the text that the owner of a destination's wallet signs to prove that it is his, exactly, without a line end.

    Example: `skarb reserve wallet-text policy.json exchange-a > text.txt`

    Parameters
    ----------
    policy
        The policy in the making; the proof of the destination may still be missing.
    destination
        Its name in the policy.
    day
        The day that the text names; by default today.
    """
    data = _json(policy)
    named = [one for one in data.get("destinations", []) if isinstance(one, dict) and one.get("name") == destination]
    if not named:
        raise NotFound(f"{policy} has no destination {destination!r}")
    try:
        one = msgspec.convert(named[0], Destination)
    except msgspec.ValidationError as error:
        raise InputError(f"{policy}, destination {destination}: {error}") from None
    out.file.write(destination_text(str(data.get("book", "")), one, f"{day or now().date()}"))
    out.file.flush()


def ask(
    kind: RequestKind,
    book: str,
    /,
    *,
    by: str,
    reason: str,
    place: str = "",
    to: str = "",
    asset: str = "",
    units: int = 0,
    fee: int = 0,
    value_byn: int = 0,
    value_source: str = "",
    proceeds_to: str = "",
    lifts: str = "",
    policy: Path | None = None,
    until: date | None = None,
    nonce: str | None = None,
    output: Output = None,
) -> None:
    """Write a request as the document that holders sign; nothing is asked for yet.

    Addresses are those of the policy. A move goes to a place of ours, a sale or payment to a destination outside.

    Example: `skarb reserve ask move reserve.book --by anna --reason weekly --place cold --to warm --asset BTC --units 1000000 --fee 500 -o m.json`

    Parameters
    ----------
    kind
        What shall be done: move, sell, pay, freeze, unfreeze, or policy, to change it.
    book
        The reserve's book.
    by
        The holder who asks; he cannot approve it, too.
    reason
        Why.
    place
        From which place.
    to
        To which place or destination.
    asset
        BTC or BYN.
    units
        How much, in smallest units.
    fee
        The most that may be taken on top of it.
    value_byn
        What a sale brings, or what is paid is worth, in kopecks.
    value_source
        The rate or confirmation that this rests on.
    proceeds_to
        Of a sale: the place where the money arrives.
    lifts
        Of an unfreezing: the hash of the freezing.
    policy
        Of a change: the file with the policy that shall hold.
    until
        The last day on which it may be done; by default in a week.
    nonce
        16 to 64 hexadecimal digits that make it another request than one with the same words; by default drawn here.
    output
        Where the request goes; without it to standard output.
    """
    story = tell(location_of(book), now)
    if story.policy is None:
        raise NotFound(f"{book} has no policy")
    target, outside = story.policy.place(to), story.policy.destination(to)
    address = outside.address if outside is not None else next(iter(target.addresses), "") if target is not None else ""
    money = asset == "BYN"
    fields = {
        "book": story.policy.book,
        "kind": kind,
        "policy": story.policy_hash,
        "nonce": nonce or secrets.token_hex(16),
        "asked_by": by,
        "until": str(until or now().date() + timedelta(days=_DAYS)),
        "reason": reason,
        "place": place,
        "to": to,
        "address": address,
        "asset": asset,
        "units": units,
        "fee_units": fee,
        "value_byn": value_byn or (units if money and kind == "pay" else 0),
        "value_source": value_source or ("money" if money and kind == "pay" else ""),
        "proceeds_to": proceeds_to,
        "lifts": lifts,
    }
    try:
        request = msgspec.convert(fields, Request)
    except msgspec.ValidationError as error:
        raise InputError(f"request: {error}") from None
    if policy is not None:
        request = msgspec.structs.replace(request, next=read_file(policy, Policy))
    write_document(request, output)
    err.print(f"request {hash_of(request)}", markup=False, highlight=False)


def sign(
    document: Path,
    /,
    *,
    by: str,
    key: Path | None = None,
    signature: str | None = None,
    text: bool = False,
    approve: bool = False,
    at: str | None = None,
    output: Output = None,
) -> None:
    """Sign a request or a policy, as the one who asks or, with --approve, as one who approves; opens no book and decides nothing.

    Read the document before you sign it. A holder whose key is a Bitcoin wallet prints the text with --text and --at, signs it in his wallet as a
    message, and brings the signature with the same --at.

    Examples: `skarb reserve sign move.json --by boris --key boris.key --approve -o boris.sig`

    Parameters
    ----------
    document
        The request or policy.
    by
        Who signs.
    key
        The private key, Ed25519; `skarb proof key` makes one.
    signature
        A signature made elsewhere, over what --text prints.
    text
        Print the text to be signed and stop.
    approve
        Approve it; without, ask for it.
    at
        The instant to state, as 2026-01-31T12:00:00Z; by default now.
    output
        Where the signature goes; without it to standard output.
    """
    read: Policy | Request = read_file(document, Request) if "kind" in _json(document) else read_file(document, Policy)
    if (key is not None) + (signature is not None) + text != 1:
        raise Usage("name one of --key, --signature and --text")
    if (signature is not None or text) and at is None:
        raise Usage("name the instant with --at, the same for --text and --signature")
    stated = statement_of(read, by, "approves" if approve else "asks", now())
    try:
        statement = msgspec.convert({**msgspec.to_builtins(stated), "at": at or stated.at}, Statement)
    except msgspec.ValidationError as error:
        raise InputError(f"signature: {error}") from None
    if text:
        out.file.write(statement_text(statement))
        out.file.flush()
        return
    if key is not None:
        from skarb.app.custody.signing import sign_statement

        check_outputs((output,), (key, document))
        signed = sign_statement(statement, key)
    else:
        check_outputs((output,), (document,))
        signed = Signed(statement=statement, signature=signature or "")
    write_document(signed, output)
    err.print(f"{by} {statement.says}: {summary_of(read)}", markup=False, highlight=False)


def _bytes(path: Path) -> bytes:
    if not path.is_file():
        raise NotFound(f"there is no file {path}")
    return path.read_bytes()


def read_file(path: Path, kind: type[_T]) -> _T:
    """Read a document from a file. Raises: NotFound, InputError."""
    return read_document(_bytes(path), str(path), kind)


def _json(path: Path) -> dict[str, Any]:
    try:
        data = texts.loads(_bytes(path))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: given {error}, expected JSON") from None
    if not isinstance(data, dict):
        raise InputError(f"{path}: given {type(data).__name__}, expected a JSON object")
    return data


def write_document(document: Policy | Request | Signed | None, output: Path | None) -> None:
    """Write a document as JSON to a file, or to standard output."""
    data = msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n"
    if output is None:
        out.file.write(data)
        out.file.flush()
    else:
        check_outputs((output,), ())
        output.write_text(data, encoding="utf-8")


def summary_of(document: Policy | Request) -> str:
    """Return a document in a line."""
    if isinstance(document, Policy):
        return f"policy {document.version} of {document.book}, {hash_of(document)[:16]}"
    one = document
    parts = [
        one.kind,
        f"{one.units} {one.asset}" if one.units else "",
        f"from {one.place}" if one.place else "",
        f"to {one.to}" if one.to else "",
    ]
    return f"{' '.join(part for part in parts if part)} ({hash_of(one)[:16]})"
