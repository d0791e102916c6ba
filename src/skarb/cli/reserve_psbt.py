"""`skarb reserve psbt build | finish`: transactions of Bitcoin for approved requests; no key is ever read here."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

from cyclopts import App, Parameter
from rich.markup import escape

from skarb.app.custody.keep import judge_from, tell
from skarb.app.files import now
from skarb.cli.output import check_outputs, err, out
from skarb.cli.reserve_custody import Of, lists_of, say
from skarb.cli.reserve_documents import read_file
from skarb.core.errors import InputError, NotFound
from skarb.custody import Policy, Request, Signed
from skarb.custody import psbt as papers
from skarb.registers.read import text_of
from skarb.store import location_of

Output: TypeAlias = Annotated[Path, Parameter(name=["--output", "-o"])]

psbt = App(
    name="psbt",
    help="Transactions of Bitcoin for approved requests, signed elsewhere and checked to the satoshi before they are let go.\n\n"
    "The wallet is the descriptor that the policy gives the place: wsh(sortedmulti(2,…)) with public keys only. Needs the extra: "
    "pip install 'skarb[custody]'.",
)


def add_commands(app: App) -> None:
    """Add the verbs of transactions to a group."""
    app.command(psbt)


@psbt.command
def build(
    book: str,
    request: Path,
    signatures: Annotated[list[Path], Parameter(negative=())],
    /,
    *,
    coins: Path,
    fee: int,
    change: int,
    of: Of = None,
    output: Output,
) -> int:
    """Write the unsigned transaction of a request that could be carried out now: what was approved, the change back, nothing else.

    Example: `skarb reserve psbt build reserve.book pay.json anna.sig boris.sig --of market --coins utxo.csv --fee 900 --change 12 -o pay.psbt`

    Parameters
    ----------
    book
        The reserve's book.
    request
        The request.
    signatures
        Those of who asks and who approves.
    coins
        CSV with txid,vout,units,branch,index: unspent outputs of the place's wallet, as a node says.
    fee
        In satoshi, at most what was approved.
    change
        The index of the change address in branch 1 of the descriptor; use each only once.
    of
        The folder of registers with the screening lists; without lists nothing leaves.
    output
        Where the PSBT goes, as Base64.
    """
    check_outputs((output,), (request, *signatures, coins))
    wanted, given = read_file(request, Request), [read_file(one, Signed) for one in signatures]
    story = tell(location_of(book), now)
    ruling = judge_from(story, wanted, given, lists_of(of, story.policy), now)
    if ruling.verdict != "permit":
        return say(ruling, wanted, json=False)
    if not coins.is_file():
        raise NotFound(f"there is no file {coins}")
    if not 0 <= change < 1 << 31:
        raise InputError(f"--change: given {change}, expected 0 or more")
    made = papers.build(
        wanted, _wallet(story.policy, wanted), papers.read_coins(text_of(coins.read_bytes(), coins.name), coins.name), change, fee
    )
    output.write_text(made.psbt + "\n", encoding="ascii")
    out.print(
        f"[green]✓[/] {escape(str(output))}: fee {made.fee_units}, change {made.change_units} satoshi; sign it elsewhere",
        highlight=False,
    )
    return 0


@psbt.command
def finish(
    book: str,
    request: Path,
    signed: Annotated[list[Path], Parameter(negative=())],
    /,
    *,
    approvals: Annotated[list[Path], Parameter(name="--approval", negative=())],
    of: Of = None,
    output: Output,
) -> int:
    """Put the signatures of several copies together and write the transaction, if it is what was approved, to the satoshi, and enough of them hold.

    The request is decided once more: what was approved days ago may be frozen, too late, beyond the limit of the day or listed by now.

    Example: `skarb reserve psbt finish reserve.book pay.json anna.psbt clara.psbt --approval anna.sig --approval boris.sig --of market -o pay.hex`

    Parameters
    ----------
    book
        The reserve's book.
    request
        The request.
    signed
        The PSBTs that came back.
    approvals
        The signatures under the request, of who asks and who approves; once for each.
    of
        The folder of registers with the screening lists; without lists nothing leaves.
    output
        Where the transaction goes, as hex, ready to be sent by a node.
    """
    check_outputs((output,), (request, *signed, *approvals))
    wanted, given = read_file(request, Request), [read_file(one, Signed) for one in approvals]
    story = tell(location_of(book), now)
    ruling = judge_from(story, wanted, given, lists_of(of, story.policy), now)
    if ruling.verdict != "permit":
        return say(ruling, wanted, json=False)
    texts = []
    for one in signed:
        if not one.is_file():
            raise NotFound(f"there is no file {one}")
        texts.append(text_of(one.read_bytes(), one.name))
    raw, txid, fee = papers.finish(texts, wanted, _wallet(story.policy, wanted))
    output.write_text(raw + "\n", encoding="ascii")
    out.print(f"[green]✓[/] transaction {txid}, fee {fee} satoshi, in {escape(str(output))}", highlight=False)
    err.print(f"[dim]· when it is sent: skarb reserve {wanted.kind} … --fee {fee} --reference {txid}[/]")
    return 0


def _wallet(policy: Policy | None, request: Request) -> str:
    place = None if policy is None else policy.place(request.place)
    if place is None:
        raise NotFound(f"the policy has no place {request.place!r}")
    return place.descriptor
