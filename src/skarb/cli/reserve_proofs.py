"""`skarb reserve prove-liabilities | prove-liability | asset-text | prove-assets | check-proof`: both sides, at one time."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated, TypeAlias

import msgspec
from cyclopts import App, Parameter
from rich.markup import escape

from skarb.app.custody.keep import tell
from skarb.app.custody.solvency import (
    Paper,
    check_paper,
    cover,
    must_be_of,
    owed_by_book,
    paper_bytes,
    plant_all,
    publish,
    read_owed,
    read_paper,
    read_signatures,
    read_snapshot,
)
from skarb.app.files import now
from skarb.app.keys import Keyring, public_path, read_private, read_public
from skarb.app.looks import Looks, beside
from skarb.app.proof import open_prover
from skarb.cli.output import Usage, check_outputs, err, out, progress, table
from skarb.core.counted import counted
from skarb.core.errors import EXIT_CODES, InputError, NotFound
from skarb.custody.assets import SignedSolvency, asset_text, normal_address
from skarb.custody.liabilities import LiabilityProof, SignedLiabilities, Tree, proof_at, prove
from skarb.journal.proofs import SignedHead, Step
from skarb.store import Damaged, location_of

Output: TypeAlias = Annotated[Path, Parameter(name=["--output", "-o"])]


def add_commands(app: App) -> None:
    """Add the verbs of proofs to a group."""
    for verb in (prove_liabilities, prove_liability, asset_text_of, prove_assets, check_proof):
        app.command(verb, name="asset-text" if verb is asset_text_of else verb.__name__.replace("_", "-"))


def prove_liabilities(
    file: Path | None = None,
    /,
    *,
    book: Path,
    key: Path,
    secret: Path,
    at: str | None = None,
    accounts: str | None = None,
    output: Output,
) -> None:
    """Publish what is owed: root, total and count for each asset, signed with a head of the book's journal.

    The same file, secret and instant give the same roots again, so that proofs can be made later.

    Examples: `skarb reserve prove-liabilities owed.csv --book reserve.book --key pub.key --secret salts -o owed.json` ·
    `skarb reserve prove-liabilities --accounts client --book bank.book --key bank.key --secret salts -o owed.json`

    Parameters
    ----------
    file
        CSV with user,asset,units; each user once for an asset. Or --accounts.
    book
        The book whose head is signed with it.
    key
        The private key to sign with; `skarb proof key` makes one. No key of a holder is needed.
    secret
        A file of at least 16 bytes that nobody can guess: users are salted and shuffled by it.
    at
        The instant for which it holds, as 2026-06-30T21:00:00Z; by default now.
    accounts
        Instead of a file: all accounts of the book below this address.
    output
        Where the publication goes.
    """
    check_outputs((output,), (file, book, key, secret))
    instant = at or f"{now():%Y-%m-%dT%H:%M:%SZ}"
    signer = read_private(key)
    trees = _trees(file, book, accounts, secret, instant)
    with progress(f"Signing the head of {book.name}") as step, open_prover(book, signer, partial(_show, step)) as prover:
        published = publish(trees, prover.head(), instant, signer)
    output.write_bytes(paper_bytes(published))
    rows = [(one.asset, one.count, one.total, one.root) for one in published.statement.totals]
    out.print(table(("asset", "count", "total", "root"), rows))
    out.print(f"[dim]· check it: skarb reserve check-proof {escape(str(output))} --public {escape(str(public_path(key)))}[/]")


def prove_liability(
    published: Path,
    file: Path | None = None,
    /,
    *,
    secret: Path,
    user: str | None = None,
    asset: str | None = None,
    book: Path | None = None,
    accounts: str | None = None,
    purpose: str | None = None,
    output: Output,
) -> None:
    """Make the proof that a user was counted, or one line of JSON for each user; no key is needed.

    The look into a book is recorded beside it, in BOOK.looks.jsonl.

    Example: `skarb reserve prove-liability owed.json owed.csv --secret salts --user anna -o anna.json`

    Parameters
    ----------
    published
        What was published.
    file
        The file of which it was made; or --book and --accounts, as long as the book has not gone on.
    secret
        The secret that was used.
    user
        Whose proof; without, those of all users.
    asset
        Which asset; needed where there are several and one user is named.
    book
        The book, with --accounts.
    accounts
        The address below which the accounts lie.
    purpose
        Why you look at these persons' data; needed with --book, where the look is recorded.
    output
        Where the proof goes; of all users as .jsonl.
    """
    check_outputs((output,), (published, file, secret, book))
    paper = _published(published)
    if book is not None:
        Looks(beside(location_of(str(book))), now).record(purpose, f"{book.name}/{accounts or ''}/{user or 'everybody'}")
    trees = _trees(file, book, accounts, secret, paper.statement.at)
    must_be_of(trees, paper)
    if user is None:
        with output.open("wb") as target:
            for tree in trees:
                for index in range(tree.tree.count):
                    target.write(msgspec.json.encode(proof_at(tree, index, paper)) + b"\n")
        out.print(
            f"[green]✓[/] {counted(sum(tree.tree.count for tree in trees), 'proof')} in {escape(str(output))}", highlight=False
        )
        return
    wanted = [tree for tree in trees if asset in (None, tree.asset)]
    if not wanted:
        raise NotFound(f"nothing was published for asset {asset!r}")
    if len(wanted) > 1:
        raise Usage(f"--asset: name one of {', '.join(tree.asset for tree in wanted)}")
    output.write_bytes(paper_bytes(prove(wanted[0], user, paper)))
    out.print(f"[green]✓[/] {escape(str(output))} proves what {escape(user)} is owed in {wanted[0].asset}", highlight=False)


def asset_text_of(published: Path, address: str, /) -> None:
    """Print the text that an address signs to prove that it covers what is owed, exactly, without a line end.

    Example: `skarb reserve asset-text owed.json BTC:bc1q… > text.txt`

    Parameters
    ----------
    published
        The publication of what is owed.
    address
        The address as chain:address.
    """
    out.file.write(asset_text(_published(published).statement, normal_address(address, "address")))
    out.file.flush()


def prove_assets(
    published: Path, /, *, signatures: Path, snapshot: Path, book: Path, key: Path, at: str | None = None, output: Output
) -> int:
    """Publish what is there beside what is owed: addresses that signed, their balances at one block, covered or not.

    Exit code 9 if something that is owed is not covered; the publication says so and is written all the same.

    Example: `skarb reserve prove-assets owed.json --signatures signed.csv --snapshot utxo.csv --book reserve.book --key pub.key -o cover.json`

    Parameters
    ----------
    published
        The publication of what is owed.
    signatures
        CSV with address,signature over what `asset-text` prints.
    snapshot
        CSV with address,units,height,block: what is on addresses at one block, as a node says. Anybody can ask another node for the same block.
    book
        The reserve's book.
    key
        The private key to sign with.
    at
        The instant; by default now.
    output
        Where the publication goes.
    """
    check_outputs((output,), (published, signatures, snapshot, book, key))
    paper, signer = _published(published), read_private(key)
    signed = read_signatures(_bytes(signatures), signatures.name)
    balances, moment = read_snapshot(_bytes(snapshot), snapshot.name)
    story = tell(location_of(str(book)), now)
    booked = {asset: story.lots.units(asset) for asset in ("BTC", "BYN")}
    head = _head(book, key)
    made, left_out = cover(paper, signed, balances, moment, booked, head, at or f"{now():%Y-%m-%dT%H:%M:%SZ}", signer)
    output.write_bytes(paper_bytes(made))
    for one in left_out:
        err.print(f"not counted: {one}", markup=False, highlight=False)
    _covers(made)
    return EXIT_CODES["ok" if all(one.covered for one in made.statement.covers) else "verification"]


def check_proof(file: Path, /, *, public: Annotated[list[Path], Parameter(negative=())], json: bool = False) -> int:
    """Check a publication or a user's proof with nothing but public keys. `examples/check_liability.py` does so without Skarb.

    Exit code 9 if it does not hold.

    Example: `skarb reserve check-proof anna.json --public pub.key.pub`

    Parameters
    ----------
    file
        A publication of what is owed or of what is there, or the proof of a user.
    public
        A public key that is trusted; name it several times for several keys.
    json
        Print what was checked as JSON.
    """
    ring = Keyring(read_public(path) for path in public)
    paper: Paper | None = None
    try:
        paper = read_paper(_bytes(file), str(file))
        steps = check_paper(paper, ring)
    except Damaged as error:
        steps = [Step(False, str(error))]
    holds = all(step.holds for step in steps)
    if json:
        out.print_json(msgspec.json.encode({"holds": holds, "steps": [one._asdict() for one in steps]}).decode())
    else:
        for step in steps:
            out.print("[green]✓[/] " if step.holds else "[red]✗[/] ", end="")
            out.print("".join(one if one.isprintable() else "?" for one in step.says), markup=False, highlight=False)
        if holds and isinstance(paper, SignedSolvency):
            _covers(paper)
        elif holds and isinstance(paper, LiabilityProof):
            out.print(f"[bold green]Proved:[/] {escape(paper.units)} {escape(paper.asset)} are counted", highlight=False)
        elif not holds:
            out.print("[bold red]Not proved.[/] Nothing that the file says may be relied on.")
    return EXIT_CODES["ok" if holds else "verification"]


def _trees(file: Path | None, book: Path | None, accounts: str | None, secret: Path, at: str) -> list[Tree]:
    if (file is None) == (accounts is None) or (accounts is not None and book is None):
        raise Usage("name a file of what is owed, or --book with --accounts, and not both")
    owed = (
        read_owed(_bytes(file), file.name)
        if file is not None
        else owed_by_book(location_of(str(book)), (accounts or "").rstrip("/"))
    )
    return plant_all(owed, _bytes(secret), at)


def _published(path: Path) -> SignedLiabilities:
    paper = read_paper(_bytes(path), str(path))
    if not isinstance(paper, SignedLiabilities):
        raise InputError(f"{path}: expected a publication of liabilities; skarb reserve prove-liabilities makes one")
    return paper


def _head(book: Path, key: Path) -> SignedHead:
    with (
        progress(f"Signing the head of {book.name}") as step,
        open_prover(book, read_private(key), partial(_show, step)) as prover,
    ):
        return prover.head()


def _covers(paper: SignedSolvency) -> None:
    rows = [(one.asset, one.owed, one.proven, one.booked, "yes" if one.covered else "NO") for one in paper.statement.covers]
    out.print(
        table(("asset", "owed", "proven", "booked", "covered"), rows, f"book {paper.statement.book} at {paper.statement.at}")
    )


def _show(step: object, what: str, done: int, total: int) -> None:
    step(done, total, what)  # type: ignore[operator]


def _bytes(path: Path) -> bytes:
    if not path.is_file():
        raise NotFound(f"there is no file {path}")
    return path.read_bytes()
