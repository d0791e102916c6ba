"""Proofs that a wallet nobody hosts is a client's own: he signs a text that only he was asked to sign.

The text names the party, the institution, the address, the day and a nonce, so a signature made for one of them proves nothing about
another. A challenge is written into the register of wallet proofs when it is asked and again when it is answered. Only one that was asked
is accepted, once, and within some days. What was proven is a fact from the day of the proof on, until the entry is ended or withdrawn.
A proof changes nothing about lists: a wallet is screened whoever holds it.
"""

from __future__ import annotations

from datetime import date, timedelta

import msgspec

from skarb.chain.signed import verify_message
from skarb.core.errors import InputError, Problem, shorten
from skarb.core.identifiers import Flaw
from skarb.core.time import to_day
from skarb.registers.model import Wallet, WalletProof
from skarb.registers.read import read_wallet
from skarb.registers.view import Registers

WITHIN_DAYS = 7  # to answer a challenge, unless the caller says otherwise


def challenge_text(asked: WalletProof) -> str:
    """Return the text to sign. It stays as it is for ever: old proofs are checked with it again."""
    lines = (
        "I hold the key of this wallet and it is my own.",
        f"Party: {asked.party}",
        f"Institution: {asked.book}",
        f"Wallet: {asked.wallet}",
        f"Day: {asked.valid_from}",
        f"Nonce: {asked.nonce}",
    )
    return "\n".join(lines)


def ask_proof(registers: Registers, wallet: str, party: str, book: str, day: date, nonce: str) -> WalletProof:
    """Write down a challenge and return it.

    Raises: InputError if the address, a name or the nonce cannot stand in a text to sign, or the nonce was used before.
    """
    address = read_wallet(wallet)
    if isinstance(address, Flaw):
        raise InputError(f"wallet {shorten(wallet)!r}: expected {address.expected}")
    for what, name in (("party", party), ("institution", book)):
        if not name.isprintable() or not name.strip():
            raise InputError(f"{what} {shorten(name)!r}: expected a name in one line")
    try:
        asked = msgspec.convert(
            {"wallet": address.key, "nonce": nonce, "party": party, "book": book, "status": "asked", "valid_from": day},
            WalletProof,
        )
    except msgspec.ValidationError as error:
        raise InputError(f"challenge for {address.key}: {error}") from None
    if any(known.nonce == nonce for known in _proofs(registers, address.key)):
        raise InputError(f"nonce {nonce!r}: used for this wallet before; expected a fresh one, drawn at random")
    summary = registers.record([asked], f"challenge to {party}")
    if summary.problems:
        raise InputError(str(summary.problems[0]))
    return asked


def answer_proof(
    registers: Registers, wallet: str, party: str, signature: str, day: date, *, nonce: str = "", within_days: int = WITHIN_DAYS
) -> WalletProof | Problem:
    """Check the answer to a challenge and write the proof down, or return why it is none.

    Without a nonce the party's last challenge for the wallet is meant.
    Raises: InputError if the address cannot be read.
    """
    address = read_wallet(wallet)
    if isinstance(address, Flaw):
        raise InputError(f"wallet {shorten(wallet)!r}: expected {address.expected}")
    where = f"proof of {address.key}"
    known = [one for one in _proofs(registers, address.key) if one.party == party and nonce in ("", one.nonce)]
    if not known:
        return Problem(
            where, "challenge", nonce or party, "one that this party was asked for this wallet", "skarb wallet challenge"
        )
    asked = known[-1]
    problem = _unacceptable(registers, asked, day, within_days, where)
    if problem is not None:
        return problem
    found = verify_message(address.key, challenge_text(asked), signature)
    if isinstance(found, Flaw):
        return found.problem(where, "signature")
    proven = msgspec.structs.replace(
        asked, status="proven", method=found.method, message_hash=found.message_hash, signature=signature.strip(), proven_on=day
    )
    own = Wallet(wallet=address.key, hosting="unhosted", party=party, valid_from=day, note=f"proven by {found.method}")
    entries = (proven,) if registers.wallet(address.key, to_day(day)).hosting != "none" else (proven, own)
    summary = registers.record(entries, f"proof by {party}")
    return summary.problems[0] if summary.problems else proven


def _unacceptable(registers: Registers, asked: WalletProof, day: date, within_days: int, where: str) -> Problem | None:
    if asked.status == "proven":
        todo = "ask for a new proof if the old one no longer serves"
        return Problem(where, "challenge", asked.nonce, f"one that was not answered yet; this one was on {asked.proven_on}", todo)
    last = asked.valid_from + timedelta(days=within_days)
    if not asked.valid_from <= day <= last:
        return Problem(where, "day", str(day), f"an answer from {asked.valid_from} to {last}", "ask for a new proof")
    known = registers.wallet(asked.wallet, to_day(day))
    if known.hosting == "hosted":
        return Problem(
            where, "wallet", asked.wallet, "a wallet that nobody hosts; the register says that a provider keeps this one"
        )
    if known.owner not in ("", asked.party):
        return Problem(where, "wallet", asked.wallet, "a wallet that the register does not give to another party")
    return None


def _proofs(registers: Registers, wallet: str) -> list[WalletProof]:
    """Return the challenges for a wallet in the order in which they were asked."""
    history = registers.history("wallet_proofs", wallet)
    return [one for one in history if isinstance(one, WalletProof) and not one.withdrawn]
