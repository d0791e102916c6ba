"""What a proof proves, in plain words: rows of a name and a text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec
import numpy as np

from skarb.core.amount import format_amount
from skarb.core.asset import currencies
from skarb.core.counted import counted
from skarb.core.decision import Outcome
from skarb.core.transfer import TRANSFER
from skarb.journal.leaves import BalanceLeaf, RowLeaf, Said
from skarb.journal.proofs import Account, BalanceProof, Consistency, Head, Inclusion, Proof, account_of, row_of, sides

_ANSWERS: dict[Outcome, str] = {
    "posted": "permitted and posted",
    "not_posted": "permitted by the law, turned down by the ledger",
    "refused": "refused",
    "referred": "referred: a person must decide",
    "conflict": "a conflict with an earlier instruction of this id",
}


def sentence(proof: Proof) -> str:
    """Return what a proof that holds proves, in one sentence."""
    head = proof.head.statement
    after = f"after batch {head.height}" + (f" of {head.recorded_at}" if head.recorded_at else "")
    if isinstance(proof, Inclusion):
        return f"Book {head.book} holds this instruction and this answer among its {counted(head.size, 'instruction')}, {after}."
    if isinstance(proof, BalanceProof):
        return f"Book {head.book} has this account with this balance among its {counted(head.accounts, 'account')}, {after}."
    if isinstance(proof, Consistency):
        old = proof.earlier.statement
        return (
            f"Book {head.book}, {after}, begins with everything it held after batch {old.height}: "
            f"{counted(old.size, 'instruction')} unchanged and in their order, {head.size - old.size:,} added."
        )
    return f"The holder of the key states what book {head.book} was {after}."


def title(proof: Proof) -> str:
    """Return what the rows are about."""
    names = {Inclusion: "The instruction and its answer", BalanceProof: "The account", Consistency: "The two heads"}
    return names.get(type(proof), "The head")


def rows(proof: Proof) -> list[tuple[str, str]]:
    """Return the content of a proof that holds, name and text."""
    if isinstance(proof, Inclusion) and (found := row_of(proof)) is not None:
        return [*_instruction(*found), *_transfers(found[0], proof.accounts)]
    if isinstance(proof, BalanceProof) and (account := account_of(proof)) is not None:
        return list(_balance(account))
    if isinstance(proof, Consistency):
        return [*_head(proof.earlier.statement, "earlier "), *_head(proof.head.statement, "later ")]
    return list(_head(proof.head.statement, ""))


def _instruction(row: RowLeaf, said: Said) -> Iterator[tuple[str, str]]:
    fields: dict[str, object] = msgspec.to_builtins(row.instruction)
    for name, value in fields.items():
        text = ", ".join(f"{one} = {it}" for one, it in value.items()) if isinstance(value, dict) else str(value)
        yield name.replace("_", " "), text
    yield "answer", _ANSWERS[row.outcome]
    yield "provision", said.provision + (" (its text is assumed)" if said.assumed else "")
    if said.measure != "none":
        yield "carried out as", said.measure
    if said.duties:
        yield "duties", ", ".join(said.duties)
    if said.levy:
        yield "levy", said.levy
    yield "edition", row.edition
    yield "recorded", f"{row.recorded_at}, batch {row.sequence}, row {row.row}"


def _transfers(row: RowLeaf, accounts: Iterable[Account]) -> Iterator[tuple[str, str]]:
    known = {one.id: one for one in accounts}
    for posted in row.transfers:
        record = np.frombuffer(bytes.fromhex(posted.record), TRANSFER)[0]
        units = int(record["amount_lo"]) | int(record["amount_hi"]) << 64
        ends = [known.get(side) for side in sides(posted)]
        asset = next((one.asset for one in ends if one is not None), f"asset number {record['ledger']}")
        debit, credit = (side if one is None else one.address for side, one in zip(sides(posted), ends, strict=True))
        yield "transfer", f"{_amount(units, asset)} from {debit} to {credit}: {posted.result}"


def _balance(account: BalanceLeaf) -> Iterator[tuple[str, str]]:
    debits, credits_ = int(account.debits_posted), int(account.credits_posted)
    yield "account", account.address
    yield "balance", _amount(credits_ - debits, account.asset)
    yield "credits", _amount(credits_, account.asset)
    yield "debits", _amount(debits, account.asset)
    for name, units in (("incoming holds", int(account.credits_pending)), ("outgoing holds", int(account.debits_pending))):
        if units:
            yield name, _amount(units, account.asset)
    yield "state", "closed" if account.closed else "open"


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
