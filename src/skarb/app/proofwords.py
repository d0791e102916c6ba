"""What a proof proves, in plain words: rows of a name and a text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from skarb.core.amount import format_amount
from skarb.core.asset import currencies
from skarb.core.transfer import TRANSFER
from skarb.journal.proofs import BalanceProof, Consistency, Head, Inclusion, Proof

_ANSWERS = {
    "posted": "permitted and posted",
    "not_posted": "permitted by the law, turned down by the ledger",
    "refused": "refused",
    "referred": "referred: a person must decide",
}


def sentence(proof: Proof) -> str:
    """Return what a proof that holds proves, in one sentence."""
    head = proof.head.statement
    after = f"after batch {head.height}" + (f" of {head.recorded_at}" if head.recorded_at else "")
    if isinstance(proof, Inclusion):
        return f"Book {head.book} holds this instruction and this answer among its {head.size:,} instructions, {after}."
    if isinstance(proof, BalanceProof):
        return f"Book {head.book} has this account with this balance among its {head.accounts:,} accounts, {after}."
    if isinstance(proof, Consistency):
        old = proof.earlier.statement
        return (
            f"Book {head.book}, {after}, begins with everything it held after batch {old.height}: the {old.size:,} instructions are "
            f"unchanged and in their order, {head.size - old.size:,} were added."
        )
    return f"The holder of the key states what book {head.book} was {after}."


def title(proof: Proof) -> str:
    """Return what the rows are about."""
    names = {Inclusion: "The instruction and its answer", BalanceProof: "The account", Consistency: "The two heads"}
    return names.get(type(proof), "The head")


def rows(proof: Proof) -> list[tuple[str, str]]:
    """Return the content of a proof, name and text; call it for proofs that hold."""
    if isinstance(proof, Inclusion):
        return list(_instruction(proof))
    if isinstance(proof, BalanceProof):
        return list(_balance(proof.words))
    if isinstance(proof, Consistency):
        return [*_head(proof.earlier.statement, "earlier "), *_head(proof.head.statement, "later ")]
    return list(_head(proof.head.statement, ""))


def _instruction(proof: Inclusion) -> Iterator[tuple[str, str]]:
    words = proof.words
    yield from ((name.replace("_", " "), str(value)) for name, value in words["instruction"].items())
    ruling = words["ruling"]
    yield "answer", _ANSWERS.get(words["outcome"], words["outcome"])
    yield "provision", ruling["provision"] + (" (its text is assumed)" if ruling["assumed"] else "")
    if ruling["measure"] != "none":
        yield "carried out as", ruling["measure"]
    if ruling["duties"]:
        yield "duties", ", ".join(ruling["duties"])
    if ruling["levy"]:
        yield "levy", ruling["levy"]
    yield "edition", words["edition"]
    yield "recorded", f"{words['recorded_at']}, batch {words['sequence']}, row {words['row']}"
    names = {one.id: f"{one.address}" for one in proof.accounts}
    assets = {one.id: one.asset for one in proof.accounts}
    for transfer in words["transfers"]:
        record = np.frombuffer(bytes.fromhex(transfer["record"]), TRANSFER)[0]
        debit, credit = transfer["record"][32:64], transfer["record"][64:96]
        units = int(record["amount_lo"]) | int(record["amount_hi"]) << 64
        asset = assets.get(debit, f"asset {record['ledger']}")
        yield (
            "transfer",
            f"{_amount(units, asset)} from {names.get(debit, debit)} to {names.get(credit, credit)}: {transfer['result']}",
        )


def _balance(words: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    debits, credits_ = int(words["debits_posted"]), int(words["credits_posted"])
    yield "account", words["address"]
    yield "balance", _amount(credits_ - debits, words["asset"])
    yield "credits", _amount(credits_, words["asset"])
    yield "debits", _amount(debits, words["asset"])
    for name, text in (("credits_pending", "incoming holds"), ("debits_pending", "outgoing holds")):
        if words[name] != "0":
            yield text, _amount(int(words[name]), words["asset"])
    yield "state", "closed" if words["closed"] else "open"


def _head(head: Head, which: str) -> Iterator[tuple[str, str]]:
    yield f"{which}batch", f"{head.height:,}" + (f", recorded {head.recorded_at}" if head.recorded_at else "")
    yield f"{which}instructions", f"{head.size:,}"
    yield f"{which}root of the journal", head.journal_root
    yield f"{which}accounts", f"{head.accounts:,}"
    yield f"{which}root of the balances", head.balances_root
    yield f"{which}chain head", head.chain_head


def _amount(units: int, asset: str) -> str:
    """Return an amount in the major unit of a currency; the decimals of a token stand in a register that is not at hand."""
    known = currencies().get(asset)
    return f"{units} smallest units of {asset}" if known is None else f"{format_amount(units, known.decimals)} {asset}"
