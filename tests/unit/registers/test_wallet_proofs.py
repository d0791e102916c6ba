"""Wallet proofs: asked, answered once, in time, by the key of the wallet, for one party at one institution."""

from __future__ import annotations

import importlib.util
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from skarb.core.errors import InputError, Problem
from skarb.core.time import to_day
from skarb.registers import (
    RegisterFile,
    Registers,
    Wallet,
    WalletProof,
    answer_proof,
    ask_proof,
    challenge_text,
    load_country_defaults,
)

_spec = importlib.util.spec_from_file_location("signing", Path(__file__).parents[1] / "chain" / "signing.py")
assert _spec is not None and _spec.loader is not None
signing = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(signing)

ZZ = Path(__file__).parents[3] / "src/skarb/jurisdictions/zz"
SECRET = 0xC0FFEE
WALLET = f"ETH:{signing.ethereum_address(SECRET)}"
DAY = date(2026, 8, 1)
NONCE = "00112233445566778899aabbccddeeff"


def new_registers(folder: Path | None = None) -> Registers:
    file = None if folder is None else RegisterFile(folder)
    return Registers(load_country_defaults(ZZ), clock=lambda: datetime(2026, 8, 1, tzinfo=UTC), file=file)


def asked(registers: Registers, party: str = "p1", nonce: str = NONCE) -> WalletProof:
    return ask_proof(registers, WALLET, party, "bank", DAY, nonce)


def signed(challenge: WalletProof, secret: int = SECRET) -> str:
    return str(signing.sign_ethereum(challenge_text(challenge), secret))


def test_a_proof_is_a_fact_from_its_day_on_and_for_its_party_only(tmp_path: Path) -> None:
    registers = new_registers(tmp_path)
    found = answer_proof(registers, WALLET, "p1", signed(asked(registers)), DAY + timedelta(days=2))
    assert isinstance(found, WalletProof) and found.status == "proven" and found.message_hash
    again = new_registers(tmp_path)
    assert again.wallet(WALLET, to_day(DAY) + 1).proven_by == frozenset()
    known = again.wallet(WALLET, to_day(DAY) + 2)
    assert known.proven_by == {"p1"} and known.hosting == "unhosted" and known.owner == "p1"
    assert len([one for one in again.recordings if one.wallet_proofs]) == 2


def test_a_challenge_is_answered_once() -> None:
    registers = new_registers()
    signature = signed(asked(registers))
    assert isinstance(answer_proof(registers, WALLET, "p1", signature, DAY), WalletProof)
    version = registers.version
    replayed = answer_proof(registers, WALLET, "p1", signature, DAY)
    assert isinstance(replayed, Problem) and "not answered yet" in replayed.expected
    fresh = asked(registers, nonce="ff" * 16)
    old = answer_proof(registers, WALLET, "p1", signature, DAY, nonce=fresh.nonce)
    assert isinstance(old, Problem) and old.field == "signature"
    with pytest.raises(InputError, match="used"):
        asked(registers)
    assert registers.version != version  # the fresh challenge, and nothing else
    assert len(registers.recordings) == 3


@pytest.mark.parametrize("days", [-1, 8])
def test_an_answer_comes_in_time(days: int) -> None:
    registers = new_registers()
    found = answer_proof(registers, WALLET, "p1", signed(asked(registers)), DAY + timedelta(days=days))
    assert isinstance(found, Problem) and found.field == "day"
    assert registers.wallet(WALLET, to_day(DAY) + 100).proven_by == frozenset()


def test_a_signature_proves_nothing_about_anything_else() -> None:
    registers = new_registers()
    first = asked(registers)
    second = asked(registers, party="p2", nonce="aa" * 16)
    unknown = answer_proof(registers, WALLET, "p3", signed(first), DAY)
    assert isinstance(unknown, Problem) and unknown.field == "challenge"
    stolen = answer_proof(registers, WALLET, "p2", signed(first), DAY)
    assert isinstance(stolen, Problem) and stolen.field == "signature"
    other_key = answer_proof(registers, WALLET, "p1", signed(first, SECRET + 1), DAY)
    assert isinstance(other_key, Problem) and other_key.field == "signature"
    assert challenge_text(first) != challenge_text(second)
    assert {line.partition(":")[0] for line in challenge_text(first).splitlines()[1:]} == {
        "Party", "Institution", "Wallet", "Day", "Nonce"
    }  # fmt: skip


@pytest.mark.parametrize(
    "wallet",
    [
        Wallet(wallet=WALLET, hosting="hosted", provider="exchange", valid_from=DAY),
        Wallet(wallet=WALLET, hosting="unhosted", party="somebody-else", valid_from=DAY),
    ],
)
def test_a_wallet_that_the_register_gives_to_another_is_not_proven(wallet: Wallet) -> None:
    registers = new_registers()
    assert not registers.record([wallet], "test").problems
    found = answer_proof(registers, WALLET, "p1", signed(asked(registers)), DAY)
    assert isinstance(found, Problem) and found.field == "wallet"


def test_names_that_would_forge_lines_are_refused() -> None:
    with pytest.raises(InputError, match="one line"):
        ask_proof(new_registers(), WALLET, "p1\nWallet: BTC:other", "bank", DAY, NONCE)
    with pytest.raises(InputError, match="nonce"):
        ask_proof(new_registers(), WALLET, "p1", "bank", DAY, "guess")
