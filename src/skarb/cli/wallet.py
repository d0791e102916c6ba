"""`skarb wallet`: challenges to prove a wallet, and the proofs."""

from __future__ import annotations

import secrets
from datetime import date
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import App, Parameter

from skarb.app.files import now
from skarb.app.law import rulebook_of
from skarb.app.setting import open_registers
from skarb.cli.output import err, out
from skarb.cli.register import law_of
from skarb.core.errors import EXIT_CODES, InputError, NotFound, Problem
from skarb.core.time import from_day, legal_day
from skarb.registers import Registers, answer_proof, ask_proof, challenge_text

app = App(name="wallet", help="Wallets that nobody hosts: ask a client to prove that one is his own, and check the proof.")


@app.command
def challenge(
    wallet: str,
    /,
    *,
    of: Annotated[Path, Parameter(name="--of")],
    party: str,
    book: str,
    nonce: str | None = None,
    at: date | None = None,
    law: str | None = None,
) -> None:
    """Write down a challenge and print the text that the wallet's owner must sign, exactly as it is, without a line end.

    Example: `skarb wallet challenge BTC:bc1q… --of market --party p1 --book bank > challenge.txt`

    Parameters
    ----------
    wallet
        The address as chain:address: Bitcoin, or an account of Ethereum.
    of
        The folder of the registers.
    party
        Whose wallet it is said to be.
    book
        The institution that asks.
    nonce
        16 to 64 hexadecimal digits that nobody could guess; by default drawn here.
    at
        The legal date; by default today.
    law
        The country whose registers these are; by default the market's own, else by.
    """
    registers, day = _open(of, law, at)
    if not registers.history("parties", party):
        raise NotFound(f"the registers in {of} know no party {party!r}; skarb register import adds it, then ask him")
    asked = ask_proof(registers, wallet, party, book, day, nonce or secrets.token_hex(16))
    out.file.write(challenge_text(asked))
    out.file.flush()
    err.print(f"\nto be signed with the key of {asked.wallet}; then skarb wallet prove", markup=False, highlight=False)


@app.command
def prove(
    wallet: str,
    signature: str,
    /,
    *,
    of: Annotated[Path, Parameter(name="--of")],
    party: str,
    nonce: str = "",
    within: int = 7,
    at: date | None = None,
    law: str | None = None,
    json: bool = False,
) -> int:
    """Check a signed challenge and write the proof into the register; exit code 9 when it proves nothing.

    Bitcoin: the signature that wallets give for a message, in base64, for addresses of one key (also BIP 322, simple form, and taproot).
    Ethereum: the 65 bytes of personal_sign in hexadecimal digits.

    Parameters
    ----------
    wallet
        The address as chain:address.
    signature
        What the wallet gave out, or @FILE with it.
    of
        The folder of the registers.
    party
        Who was asked.
    nonce
        Which challenge is answered; by default the party's last one for this wallet.
    within
        Days that a challenge may be answered.
    at
        The legal date; by default today.
    law
        The country whose registers these are; by default the market's own, else by.
    json
        Print the entry as JSON.
    """
    registers, day = _open(of, law, at)
    found = answer_proof(registers, wallet, party, _given(signature), day, nonce=nonce, within_days=within)
    if isinstance(found, Problem):
        err.print("[red]not proven[/]", end=" ")
        err.print(str(found), markup=False, highlight=False)
        return EXIT_CODES["verification"]
    if json:
        out.file.write(msgspec.json.encode(found).decode() + "\n")
    else:
        said = (
            f"{found.wallet} is {found.party}'s own since {found.proven_on}, by {found.method}; signed hash {found.message_hash}"
        )
        out.print("[green]proven[/]", end=" ")
        out.print(said, markup=False, highlight=False)
    return EXIT_CODES["ok"]


def _given(signature: str) -> str:
    if not signature.startswith("@"):
        return signature
    try:
        return Path(signature[1:]).read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{signature[1:]}: a signature cannot be read from it ({error})") from None


def _open(folder: Path, law: str | None, at: date | None) -> tuple[Registers, date]:
    name = law_of(folder, law)
    day = at or from_day(legal_day(now(), rulebook_of(name).country.zone))
    return open_registers(name, folder, now), day
