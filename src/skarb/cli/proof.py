"""`skarb proof`: what a client or a supervisor takes home and checks without us."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from time import sleep
from typing import Annotated, TypeAlias

import msgspec
from cyclopts import App, Parameter
from rich.markup import escape

from skarb.app.keys import Keyring, make_key, public_path, read_private, read_public
from skarb.app.looks import beside, stated
from skarb.app.proof import Prover, grow_tree, open_prover, read_file, read_head
from skarb.app.proofwords import rows, sentence, title
from skarb.cli.output import Usage, check_outputs, err, out, progress, table
from skarb.core.errors import EXIT_CODES, InputError
from skarb.journal.proofs import BalanceProof, HeadFile, Inclusion, Proof, Step, proof_bytes
from skarb.journal.proofs import check as steps_of
from skarb.journal.tree import tree_path
from skarb.store import Damaged

Output: TypeAlias = Annotated[Path | None, Parameter(name=["--output", "-o"])]

app = App(
    name="proof",
    help="Prove to people outside that an instruction or a balance is in a book, and that the book only grew; check such proofs.",
)


@app.command
def key(file: Path, /) -> None:
    """Make a key that signs heads (Ed25519): the private half in FILE, for its owner's eyes only, the public half in FILE.pub.

    Give the public half to everybody who shall check proofs, by a way they trust. Keep the private half where nobody else reads it. A file
    that is there already is never overwritten.

    Example: `skarb proof key bank.key`

    Parameters
    ----------
    file
        Where the private half goes.
    """
    name = make_key(file)
    out.print(f"[green]✓[/] key {name}", highlight=False)
    out.print(f"private {file}, public {public_path(file)}", markup=False, highlight=False)


@app.command
def head(book: Path, /, *, key: Path, height: int | None = None, output: Output = None) -> None:
    """Sign what a book is now: how many instructions, the root over them, all balances, the chain head.

    Publish one head a day, the same for everybody. Proofs can stand on it (--head), and the next day's can be shown to continue it.
    All balances are made again from the journal for it.

    Example: `skarb proof head bank.book --key bank.key -o today.head`

    Parameters
    ----------
    book
        The file of a book.
    key
        The private key to sign with; `skarb proof key` makes one.
    height
        What the book was after this batch; by default the last one.
    output
        Where the head goes; without it to standard output.
    """
    with _prover(book, key, None, output) as prover:
        proof = HeadFile(head=prover.head(height))
    _write(proof, output, key)


@app.command
def include(
    book: Path,
    /,
    *,
    instruction: Annotated[str, Parameter(name="--id")],
    key: Path | None = None,
    head: Path | None = None,
    output: Output = None,
    purpose: str | None = None,
) -> None:
    """Prove that an instruction and the answer to it are in a book, whatever the answer was.

    The file shows the instruction, the decision with its provision and edition, and the transfers; of others it shows hashes only.
    The look into the book is recorded beside it, in BOOK.looks.jsonl.

    Example: `skarb proof include bank.book --id deal-1 --head today.head --purpose "a client asks" -o deal-1.proof`

    Parameters
    ----------
    book
        The file of a book.
    instruction
        The id of the instruction, as it was handed in.
    key
        Sign a new head with this private key, for the book as it is now.
    head
        Stand on a head signed before: its file, or any proof with it. No key is needed then.
    output
        Where the proof goes; without it to standard output.
    purpose
        Why you look at this person's data, such as "a proof for the client"; without it nothing is proved.
    """
    stated(purpose, f"{book.name}/{instruction}", beside(book))
    with _prover(book, key, head, output) as prover:
        proof = prover.include(instruction, purpose)
    _write(proof, output, key)
    err.print(f"[dim]· the look was recorded in {escape(str(beside(book)))}[/]")


@app.command
def balance(
    book: Path,
    /,
    *,
    account: str,
    asset: str,
    height: int | None = None,
    key: Path | None = None,
    head: Path | None = None,
    output: Output = None,
    purpose: str | None = None,
) -> None:
    """Prove the balance of one account, now or after any batch.

    The ledger is made again from the journal up to there. The look into the book is recorded beside it, in BOOK.looks.jsonl.

    Example: `skarb proof balance bank.book --account client/alena --asset BYN --key bank.key --purpose audit -o alena.proof`

    Parameters
    ----------
    book
        The file of a book.
    account
        The address of the account: client/<party>, own/<institution>, deposit/<party>, outside/<party> …
    asset
        The code of the asset, such as BYN.
    height
        The balance after this batch; by default the last one. A head that is named fixes it.
    key
        Sign a new head with this private key.
    head
        Stand on a head signed before: its file, or any proof with it.
    output
        Where the proof goes; without it to standard output.
    purpose
        Why you look at this person's data, such as "a proof for the client"; without it nothing is proved.
    """
    if head is not None and height is not None:
        raise Usage("--height: the head that is named fixes the batch; leave one of them out")
    stated(purpose, f"{book.name}/{account}", beside(book))
    with _prover(book, key, head, output) as prover:
        proof = prover.balance(account, asset, purpose, height)
    _write(proof, output, key)
    err.print(f"[dim]· the look was recorded in {escape(str(beside(book)))}[/]")


@app.command
def consistent(
    book: Path,
    /,
    *,
    earlier: Annotated[Path, Parameter(name="--from")],
    key: Path | None = None,
    head: Path | None = None,
    output: Output = None,
) -> None:
    """Prove that a book begins with everything it held at an earlier head: nothing was changed, left out or put between.

    Exit code 9 if it does not.

    Example: `skarb proof consistent bank.book --from yesterday.head --key bank.key -o grew.proof`

    Parameters
    ----------
    book
        The file of a book.
    earlier
        The earlier head: its file, or any proof with it.
    key
        Sign a new head with this private key, for the book as it is now.
    head
        The later head, signed before.
    output
        Where the proof goes; without it to standard output.
    """
    before = read_head(earlier)
    with _prover(book, key, head, output, earlier) as prover:
        proof = prover.consistent(before)
    _write(proof, output, key)


@app.command
def tree(book: Path, /, *, follow: bool = False, pause: float = 1.0) -> None:
    """Bring the tree of a book up to its last batch, so that the next proof costs milliseconds.

    Without it the first proof after a long day does so. With --follow it goes on behind whoever writes the book, in a process of its own that
    takes nothing from the writer but a share of the machine, until it is interrupted.

    Example: `skarb proof tree bank.book --follow`

    Parameters
    ----------
    book
        The file of a book.
    follow
        Go on until Ctrl-C.
    pause
        Seconds between two looks at the book.
    """
    _must_lie_beside_a_folder(book)
    if not 0.01 <= pause <= 3600:
        raise Usage(f"--pause {pause}: expected seconds from 0.01 to 3600")
    height = -1
    while True:
        with progress(f"Growing the tree of {book.name}") as step:
            before, height = height, grow_tree(book, partial(_show, step))
        if height != before:
            out.print(f"[green]✓[/] {escape(str(tree_path(book)))} goes up to batch {height:,}", highlight=False)
        if not follow:
            return
        sleep(pause)


@app.command
def check(file: Path, /, *, public: Annotated[list[Path], Parameter(negative=())], json: bool = False) -> int:
    """Check a head or a proof with nothing but the public key of the institution, and say in plain words what it proves.

    `examples/check_proof.py` does the same without Skarb. Exit code 9 if it does not hold.

    Example: `skarb proof check deal-1.proof --public bank.key.pub`

    Parameters
    ----------
    file
        The file of a head or a proof.
    public
        A public key that is trusted; name it several times for several keys.
    json
        Print what was checked as JSON.
    """
    ring = Keyring(read_public(path) for path in public)
    proof: Proof | None = None
    try:
        proof = read_file(file)
        steps = steps_of(proof, ring.signed)
    except Damaged as error:
        steps = [Step(False, str(error))]
    holds = all(step.holds for step in steps)
    if json:
        out.print_json(msgspec.json.encode(_data(proof, steps, holds)).decode())
    else:
        _print(file, proof, steps, holds)
    return EXIT_CODES["ok"] if holds else EXIT_CODES["verification"]


def _data(proof: Proof | None, steps: list[Step], holds: bool) -> dict[str, object]:
    data: dict[str, object] = {"holds": holds, "steps": [step._asdict() for step in steps]}
    if proof is not None and holds:
        data |= {"proof": proof.__struct_config__.tag, "proves": sentence(proof), "head": proof.head.statement}
        data |= {"words": proof.words} if isinstance(proof, Inclusion | BalanceProof) else {}
    return data


def _print(file: Path, proof: Proof | None, steps: list[Step], holds: bool) -> None:
    out.print(f"[bold]{escape(str(file))}[/]")
    for step in steps:
        out.print("  [green]✓[/] " if step.holds else "  [red]✗[/] ", end="")
        out.print(_shown(step.says), markup=False, highlight=False)
    if holds and proof is not None:
        out.print(f"[bold green]Proved:[/] {escape(_shown(sentence(proof)))}", highlight=False)
        out.print(table(("", title(proof)), ((name, _shown(text)) for name, text in rows(proof))))
    else:
        out.print("[bold red]Not proved.[/] Nothing that the file says may be relied on.")


def _shown(text: str) -> str:
    """Return a text from somebody's file so that it cannot pass for words of ours: no line ends, no terminal codes."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)


@contextmanager
def _prover(book: Path, key: Path | None, head: Path | None, output: Path | None, *needed: Path) -> Iterator[Prover]:
    """Open a book for proofs that stand on a new head or on one signed before; the output must be none of what is needed."""
    if (key is None) == (head is None):
        raise Usage("a proof stands on a signed head: name --key, to sign one now, or --head, a file with one, and not both")
    _must_lie_beside_a_folder(book)
    check_outputs((output,), (book, key, head, *needed))
    signer = read_private(key) if key is not None else read_head(head or Path())
    with (
        progress(f"Proving from {book.name}") as step,
        open_prover(book, signer, lambda what, done, total: step(done, total, what)) as prover,
    ):
        yield prover


def _must_lie_beside_a_folder(book: Path) -> None:
    if book.parts[:1] in (("postgresql:",), ("postgres:",)):
        raise InputError(
            "a book in a database has no folder beside it for the tree that proofs are made of; prove from a file or folder"
        )


def _show(step: Callable[..., None], what: str, done: int, total: int) -> None:
    step(done, total, what)


def _write(proof: Proof, output: Path | None, key: Path | None) -> None:
    """Write a proof and say how it is checked."""
    data = proof_bytes(proof)
    if output is None:
        out.file.write(data.decode())
        return
    output.write_bytes(data)
    public = public_path(key) if key is not None else "PUBLIC-KEY"
    out.print(f"[green]✓[/] {escape(sentence(proof))}", highlight=False)
    out.print(f"[dim]· check it: skarb proof check {escape(str(output))} --public {escape(str(public))}[/]")
