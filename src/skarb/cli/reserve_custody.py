"""`skarb reserve found | policy | lodge | check | move | sell | pay | govern`: nothing leaves without a quorum."""

from __future__ import annotations

import json as texts
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeAlias

from cyclopts import App, Parameter
from rich.markup import escape

from skarb.app.custody.keep import judge_from, open_reserve, tell
from skarb.app.files import now
from skarb.app.law import law_folder
from skarb.cli.output import Usage, err, out, table
from skarb.cli.reserve_documents import Output, read_file, summary_of, write_document
from skarb.core.errors import EXIT_CODES, InputError, NotFound
from skarb.custody import (
    Policy,
    Request,
    Ruling,
    Signed,
    governing,
    hash_of,
    problems_of,
)
from skarb.registers.defaults import load_country_defaults
from skarb.screening import Screen
from skarb.store import location_of

Of: TypeAlias = Annotated[Path | None, Parameter(name="--of")]
_Kinds = str | tuple[str, ...]


Book: TypeAlias = Annotated[str, Parameter(help="The reserve's book.")]
Asked: TypeAlias = Annotated[Path, Parameter(help="The request.")]
Signatures: TypeAlias = Annotated[list[Path], Parameter(negative=(), help="Those of who asks and who approves.")]


@Parameter(name="*")
@dataclass(frozen=True)
class Done:
    """What is said when a request is carried out."""

    of: Path | None = None
    "The folder of registers with the screening lists; without lists nothing leaves."
    fee: int | None = None
    "What was really taken; by default all that was approved."
    reference: str = ""
    "The transaction on the chain or of the bank."
    json: bool = False
    "Print the answer as JSON."


_USUAL = Done()


def add_commands(app: App) -> None:
    """Add the verbs of custody to a group."""
    for verb in (found, policy, lodge, check, move, sell, pay, govern):
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
    write_document(story.policy, output)
    err.print(f"policy {story.policy_hash}", markup=False, highlight=False)


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


def move(book: Book, request: Asked, signatures: Signatures, /, *, done: Done = _USUAL) -> int:
    """Carry out a move between two places under a request that its quorum approved. Exit code 8 if it is not allowed; nothing is written then.

    Example: `skarb reserve move reserve.book move.json anna.sig boris.sig --of market --fee 410 --reference TXID`
    """
    return _carry_out("move", book, request, signatures, done)


def sell(book: Book, request: Asked, signatures: Signatures, /, *, done: Done = _USUAL) -> int:
    """Carry out a sale under a request that its quorum approved: lots leave, the money arrives. Exit code 8 if it is not allowed.

    Example: `skarb reserve sell reserve.book sell.json anna.sig boris.sig clara.sig --of market`
    """
    return _carry_out("sell", book, request, signatures, done)


def pay(book: Book, request: Asked, signatures: Signatures, /, *, done: Done = _USUAL) -> int:
    """Carry out a payment under a request that its quorum approved. Exit code 8 if it is not allowed.

    Example: `skarb reserve pay reserve.book pay.json anna.sig boris.sig --of market`
    """
    return _carry_out("pay", book, request, signatures, done)


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
    return _carry_out(("freeze", "unfreeze", "policy"), book, request, signatures, Done(json=json))


def _carry_out(kinds: _Kinds, book: str, request: Path, signatures: Sequence[Path], done: Done) -> int:
    wanted, given = read_file(request, Request), [read_file(one, Signed) for one in signatures]
    if wanted.kind not in ((kinds,) if isinstance(kinds, str) else kinds):
        raise InputError(
            f"{request}: given a request to {wanted.kind}, expected {kinds if isinstance(kinds, str) else ' or '.join(kinds)}"
        )
    if len(done.reference) > 200 or not done.reference.isprintable():
        raise Usage("--reference: expected at most 200 characters in one line")
    with open_reserve(location_of(book), now) as keeper:
        screen = lists_of(done.of, keeper.policy)
        ruling = keeper.carry_out(wanted, given, screen, done.fee, done.reference)
    if ruling is None:
        out.print(f"[green]✓[/] {escape(summary_of(wanted))}: was done before, nothing was written", highlight=False)
        return EXIT_CODES["ok"]
    return say(ruling, wanted, done.json, done=True)


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
            f"[green]✓[/] {escape(summary_of(request))}: {what}; approved by {', '.join(ruling.approved_by) or 'nobody, none is needed'}",
            highlight=False,
        )
        return code
    out.print(f"[red]✗[/] {escape(summary_of(request))}: [bold]{ruling.verdict}[/], nothing was written", highlight=False)
    out.print(table(("verdict", "code", "why"), ruling.findings))
    _list(ruling.ignored)
    return code


def _list(lines: Sequence[str]) -> None:
    for line in lines:
        out.print(f"  · {line}", markup=False, highlight=False)
