"""A recorded answer of an Ethereum node as a table: one row per payment of ether, in the order of the chain.

Transfers of tokens are rows too, but a token is known to the law by its entry in the register, which names the contract that keeps it. A file
alone does not have it, so such rows say so and how they can be read: as arrivals, with the registers.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from skarb.chain.ethereum import read_answers
from skarb.chain.payments import Payment, account_payments
from skarb.core.amount import format_amount
from skarb.core.errors import FieldError
from skarb.intake.container import Container
from skarb.intake.model import Rows

ANSWER_COLUMNS = ("kind", "txid", "index", "from", "to", "value", "time", "block")
_ETHER_DECIMALS = 18


def answer_rows(container: Container, batch: int) -> tuple[Iterator[Rows], int]:
    """Return the payments in an answer as rows, and how many there are.

    Raises: InputError if the content is not an answer with blocks, receipts, logs or traces.
    """
    payments = [one for one in account_payments(read_answers(container.whole(), container.name)) if not one.mention]
    return _parts(map(_cells, payments), batch), len(payments)


def _parts(cells: Iterator[list[str] | FieldError], batch: int) -> Iterator[Rows]:
    first = 1
    while part := list(islice(cells, batch)):
        yield Rows(first, part)
        first += len(part)


def _cells(one: Payment) -> list[str] | FieldError:
    if one.asset != "ETH":
        todo = "read the file with the registers of an institution: --arrivals --of FOLDER"
        return FieldError("asset", one.asset, "ether, or a token whose contract is in the register", todo)
    if not one.time:
        return FieldError("at", "nothing", "the block of the payment, which says when it was", "give answers with their block")
    value, sender = format_amount(one.value, _ETHER_DECIMALS), one.senders[0] if one.senders else ""
    return ["mined" if one.mined else "moved", one.tx, str(one.index), sender, one.receiver, value, str(one.time), one.block]
