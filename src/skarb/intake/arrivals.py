"""Arrivals: what blocks and token transfers bring to the wallets that an institution keeps for its clients.

Each payment to such a wallet becomes an instruction: tokens come in for the client, from the wallet that paid. A payment may have several
senders; the one that weighs most is named as the wallet, so the law sees the worst, and all of them stand in the purpose. Whose coins they
were must be shown: a payment whose senders the chain hides is a problem of its row and is not credited until the block with
the spent coins is given, too. What the institution moves between its own wallets is no arrival.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime

from skarb.chain.payments import Payment
from skarb.core.amount import format_amount
from skarb.core.asset import Asset
from skarb.core.errors import FieldError
from skarb.core.instruction import Instruction
from skarb.intake.apply import shorten_id
from skarb.intake.model import Reading

MAPPING = "arrivals"
Weight = Callable[[str], tuple[int, ...]]  # of a wallet: the larger, the graver what is known of it


def read_arrivals(
    payments: Iterable[Payment],
    source: str,
    *,
    kept: Mapping[str, str],
    asset_of: Callable[[str], Asset | None],
    weight: Weight,
) -> Reading:
    """Return the arrivals among payments as instructions, every one of them accounted for.

    `kept` are the institution's wallets with the party each is for; `asset_of` knows assets as the chain names them.
    """
    reading = Reading(source, MAPPING, None)
    instructions, rows = [], []
    for one in payments:
        party = kept.get(one.receiver)
        if not party or one.mention or any(sender in kept for sender in one.senders):
            continue
        reading.total += 1
        try:
            instructions.append(_instruction(one, party, asset_of(one.asset), weight))
            rows.append(reading.total)
        except FieldError as error:
            reading.problems.append(error.problem(f"{source} {one.tx} output {one.index}", reading.total))
    reading.instructions, reading.rows, reading.expected = instructions, rows, reading.total
    reading.notes = (
        f"{reading.total} payments reach {len([wallet for wallet in kept if kept[wallet]])} wallets kept for clients",
    )
    return reading


def _instruction(one: Payment, party: str, asset: Asset | None, weight: Weight) -> Instruction:
    if asset is None:
        todo = "register it with the contract that keeps it"
        raise FieldError("asset", one.asset, "a token of the register", todo)
    if not one.time:
        raise FieldError("at", "nothing", "the block of the payment, which says when it was", "give the block, too")
    if one.hidden or not (one.senders or one.mined):
        todo = "give the blocks in which the spent coins were made; until then it is not credited"
        raise FieldError("wallet", "coins whose holder the chain does not show", "senders that can be screened", todo)
    wallet = max(one.senders, key=weight, default=None)
    return Instruction(
        id=arrival_id(one),
        at=datetime.fromtimestamp(one.time, UTC),
        activity="token_transfer_in",
        party=party,
        asset=asset.code,
        amount=format_amount(one.value, asset.decimals),
        wallet=wallet,
        end_to_end_id=one.tx,
        purpose=f"arrived at {one.receiver} from {', '.join(one.senders) or 'newly mined coins'}",
        entered_by=MAPPING,
        declared={"settlement": "token"},
    )


def arrival_id(one: Payment) -> str:
    """Return the id under which a payment arrives, the same whichever block holds it."""
    return shorten_id(f"arrival:{one.tx}:{one.asset}:{one.index}")
