"""`skarb reserve found | policy | ask | sign | lodge | check | move | sell | pay | govern`: nothing leaves without a quorum."""

from __future__ import annotations

import json as texts
import secrets
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any, TypeAlias, TypeVar

import msgspec
from cyclopts import App, Parameter
from rich.markup import escape

from skarb.app.custody.keep import judge_from, open_reserve, statement_of, tell
from skarb.app.files import now
from skarb.app.law import law_folder
from skarb.cli.output import Usage, check_outputs, err, out, table
from skarb.core.errors import EXIT_CODES, InputError, NotFound
from skarb.custody import (
    Policy,
    Request,
    Ruling,
    Signed,
    Statement,
    destination_text,
    governing,
    hash_of,
    problems_of,
    read_document,
    statement_text,
)
from skarb.custody.model import Destination, RequestKind
from skarb.registers.defaults import load_country_defaults
from skarb.screening import Screen
from skarb.store import location_of

Output: TypeAlias = Annotated[Path | None, Parameter(name=["--output", "-o"])]
Of: TypeAlias = Annotated[Path | None, Parameter(name="--of")]
_T = TypeVar("_T", Policy, Request, Signed)
_DAYS = 7  # in which a request can be carried out


def add_commands(app: App) -> None:
    """Add the verbs of custody to a group."""
    for verb in (found, policy, key, wallet_text, ask, sign, lodge, check, move, sell, pay, govern):
        app.command(verb)


def found(book: str, policy: Path, signatures: Annotated[list[Path], Parameter(negative=())], /) -> int:
    """Begin the reserve's book with its first custody policy, signed by the quorum that the policy itself names.

    Example: `skarb reserve found reserve.book policy.json anna.sig boris.sig`

    Parameters
    ----------
    book
        Where the book shall lie; it gets the name that the policy gives it.
    policy
        The policy as JSON; docs/custody.md shows one.
    signatures
        Approvals of the policy: `skarb reserve sign policy.json --approve …`.
    """
    wanted = read_file(policy, Policy)
    place = location_of(book)
    if problems := problems_of(wanted, policy.name):
        raise InputError("\n".join(map(str, problems)) + "\nnothing was written")
    law_folder(wanted.law)
    given = [read_file(one, Signed) for one in signatures]
    if missing := governing(wanted, given):  # before a file is made
        out.print("[red]✗[/] the policy does not hold yet; nothing was written", highlight=False)
        _list(missing)
        return EXIT_CODES["not_allowed"]
    with open_reserve(place, now, wanted.book) as keeper:
        keeper.found(wanted, given)
    out.print(f"[green]✓[/] {escape(str(place))} begins under policy {hash_of(wanted)}", highlight=False)
    return EXIT_CODES["ok"]


def policy(book: str, /, *, output: Output = None) -> None:
    """Write the policy in force, and say its hash, which requests name.

    Example: `skarb reserve policy reserve.book -o policy.json`

    Parameters
    ----------
    book
        The reserve's book.
    output
        Where the policy goes; without it to standard output.
    """
    story = tell(location_of(book), now)
    _write(story.policy, output)
    err.print(f"policy {story.policy_hash}", markup=False, highlight=False)


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
    _write(request, output)
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
    _write(signed, output)
    err.print(f"{by} {statement.says}: {_summary(read)}", markup=False, highlight=False)


def lodge(book: str, request: Path, signature: Path, /) -> None:
    """Make a request known in the book; its time lock runs from now on. It is signed by the holder who asks.

    Example: `skarb reserve lodge reserve.book move.json anna.sig`

    Parameters
    ----------
    book
        The reserve's book.
    request
        The request.
    signature
        That of the holder who asks.
    """
    wanted, signed = read_file(request, Request), read_file(signature, Signed)
    with open_reserve(location_of(book), now) as keeper:
        new = keeper.lodge(wanted, signed)
    out.print(f"[green]✓[/] request {hash_of(wanted)} {'is lodged' if new else 'was lodged before'}", highlight=False)


def check(
    book: str,
    request: Path,
    signatures: Annotated[list[Path], Parameter(negative=())],
    /,
    *,
    of: Of = None,
    json: bool = False,
) -> int:
    """Say whether a request could be carried out now, and everything that is missing; nothing is written.

    Example: `skarb reserve check reserve.book move.json anna.sig boris.sig --of market`

    Parameters
    ----------
    book
        The reserve's book.
    request
        The request.
    signatures
        Those of who asks and who approves.
    of
        The folder of registers with the screening lists; without lists nothing leaves.
    json
        Print the answer as JSON.
    """
    wanted, given = read_file(request, Request), [read_file(one, Signed) for one in signatures]
    story = tell(location_of(book), now)
    return say(judge_from(story, wanted, given, lists_of(of, story.policy), now), wanted, json)


def move(
    book: str,
    request: Path,
    signatures: Annotated[list[Path], Parameter(negative=())],
    /,
    *,
    of: Of = None,
    fee: int | None = None,
    reference: str = "",
    json: bool = False,
) -> int:
    """Carry out a move between two places under a request that its quorum approved. Exit code 8 if it is not allowed; nothing is written then.

    Example: `skarb reserve move reserve.book move.json anna.sig boris.sig --of market --fee 410 --reference TXID`

    Parameters
    ----------
    book
        The reserve's book.
    request
        The request.
    signatures
        Those of who asks and who approves.
    of
        The folder of registers with the screening lists; without lists nothing leaves.
    fee
        What was really taken; by default all that was approved.
    reference
        The transaction on the chain or of the bank.
    json
        Print the answer as JSON.
    """
    return _carry_out("move", book, request, signatures, of, fee, reference, json)


def sell(
    book: str,
    request: Path,
    signatures: Annotated[list[Path], Parameter(negative=())],
    /,
    *,
    of: Of = None,
    fee: int | None = None,
    reference: str = "",
    json: bool = False,
) -> int:
    """Carry out a sale under a request that its quorum approved: lots leave, the money arrives. Exit code 8 if it is not allowed.

    Example: `skarb reserve sell reserve.book sell.json anna.sig boris.sig clara.sig --of market`

    Parameters
    ----------
    book
        The reserve's book.
    request
        The request.
    signatures
        Those of who asks and who approves.
    of
        The folder of registers with the screening lists; without lists nothing leaves.
    fee
        What was really taken; by default all that was approved.
    reference
        The transaction on the chain or of the bank.
    json
        Print the answer as JSON.
    """
    return _carry_out("sell", book, request, signatures, of, fee, reference, json)


def pay(
    book: str,
    request: Path,
    signatures: Annotated[list[Path], Parameter(negative=())],
    /,
    *,
    of: Of = None,
    fee: int | None = None,
    reference: str = "",
    json: bool = False,
) -> int:
    """Carry out a payment under a request that its quorum approved. Exit code 8 if it is not allowed.

    Example: `skarb reserve pay reserve.book pay.json anna.sig boris.sig --of market`

    Parameters
    ----------
    book
        The reserve's book.
    request
        The request.
    signatures
        Those of who asks and who approves.
    of
        The folder of registers with the screening lists; without lists nothing leaves.
    fee
        What was really taken; by default all that was approved.
    reference
        The transaction on the chain or of the bank.
    json
        Print the answer as JSON.
    """
    return _carry_out("pay", book, request, signatures, of, fee, reference, json)


def govern(book: str, request: Path, signatures: Annotated[list[Path], Parameter(negative=())], /, *, json: bool = False) -> int:
    """Freeze the book by the signature of one holder; lift a freezing, or change the policy and its holders, by the governing quorum.

    Example: `skarb reserve govern reserve.book freeze.json clara.sig`

    Parameters
    ----------
    book
        The reserve's book.
    request
        A request of the kind freeze, unfreeze or policy.
    signatures
        Those of who asks and who approves; freezing needs only the one who asks.
    json
        Print the answer as JSON.
    """
    return _carry_out(("freeze", "unfreeze", "policy"), book, request, signatures, None, None, "", json)


_Kinds = str | tuple[str, ...]


def _carry_out(
    kinds: _Kinds,
    book: str,
    request: Path,
    signatures: Sequence[Path],
    of: Path | None,
    fee: int | None,
    reference: str,
    json: bool,
) -> int:
    wanted, given = read_file(request, Request), [read_file(one, Signed) for one in signatures]
    if wanted.kind not in ((kinds,) if isinstance(kinds, str) else kinds):
        raise InputError(
            f"{request}: given a request to {wanted.kind}, expected {kinds if isinstance(kinds, str) else ' or '.join(kinds)}"
        )
    if len(reference) > 200 or not reference.isprintable():
        raise Usage("--reference: expected at most 200 characters in one line")
    with open_reserve(location_of(book), now) as keeper:
        screen = lists_of(of, keeper.policy)
        ruling = keeper.carry_out(wanted, given, screen, fee, reference)
    if ruling is None:
        out.print(f"[green]✓[/] {escape(_summary(wanted))}: was done before, nothing was written", highlight=False)
        return EXIT_CODES["ok"]
    return say(ruling, wanted, json, done=True)


def lists_of(of: Path | None, policy: Policy | None) -> Screen | None:
    """Return the screen over the lists in a folder of registers, with those that the policy's country requires; without a folder nothing is clear."""
    if of is None or policy is None:
        return None
    from skarb.app.setting import open_registers, screen_of

    if not (of / "registers.jsonl").is_file():
        raise NotFound(f"{of} holds no registers; skarb register import FILE --to {of} makes some")
    required = load_country_defaults(law_folder(policy.law)).required_lists  # those of a made-up market are not enough
    return screen_of(open_registers(policy.law, of, now, required=required))


def say(ruling: Ruling, request: Request, json: bool, done: bool = False) -> int:
    """Say what became of a request, and return the exit code."""
    code = EXIT_CODES["ok" if ruling.verdict == "permit" else "not_allowed"]
    if json:
        data = {
            "request": hash_of(request),
            "verdict": ruling.verdict,
            "done": done and ruling.verdict == "permit",
            "findings": [one._asdict() for one in ruling.findings],
            "approved_by": list(ruling.approved_by),
            "ignored": list(ruling.ignored),
        }
        out.print_json(texts.dumps(data))
        return code
    if ruling.verdict == "permit":
        what = "done" if done else "can be carried out"
        out.print(
            f"[green]✓[/] {escape(_summary(request))}: {what}; approved by {', '.join(ruling.approved_by) or 'nobody, none is needed'}",
            highlight=False,
        )
        return code
    out.print(f"[red]✗[/] {escape(_summary(request))}: [bold]{ruling.verdict}[/], nothing was written", highlight=False)
    out.print(table(("verdict", "code", "why"), ruling.findings))
    _list(ruling.ignored)
    return code


def _summary(document: Policy | Request) -> str:
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


def _list(lines: Sequence[str]) -> None:
    for line in lines:
        out.print(f"  · {line}", markup=False, highlight=False)


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


def _write(document: Policy | Request | Signed | None, output: Path | None) -> None:
    data = msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n"
    if output is None:
        out.file.write(data)
        out.file.flush()
    else:
        check_outputs((output,), ())
        output.write_text(data, encoding="utf-8")
