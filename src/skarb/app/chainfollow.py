"""Follow the blocks in files, and say which payments a change of branch undoes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from skarb.app.chainscreen import is_raw_block
from skarb.chain.ethereum import block_of, read_answer
from skarb.chain.follower import SETTLED, Followed, Step, ethereum_link, follow, take_block, undone
from skarb.chain.payments import Payment, coin_payments, coin_transactions, ether_payments
from skarb.core.errors import InputError
from skarb.intake.arrivals import arrival_id
from skarb.intake.container import open_container


@dataclass(frozen=True, slots=True)
class FollowedRow:
    """What became of a block, or of a payment when the branch changed."""

    file: str
    kind: str  # what became of the block, or gone, moved, fresh of a payment
    block: str
    tx: str = ""
    receiver: str = ""
    units: str = ""
    instruction: str = ""  # the id of the arrival that the payment is
    reason: str = ""


def follow_files(files: Sequence[Path], settled: int = SETTLED) -> list[FollowedRow]:
    """Follow files with one block each, in the order given.

    Raises: NotFound; what is wrong with a block is a row, not an error.
    """
    state, rows = Followed(), []
    payments: dict[str, list[Payment]] = {}
    for path in files:
        container = open_container(path)
        state, step, found = _take(state, container.whole(), container.name, settled)
        payments.setdefault(step.block, found)
        rows.append(FollowedRow(container.name, step.verdict, step.block, reason=step.reason))
        if step.verdict == "reorganised":
            rows += _changes(container.name, step, payments)
    return rows


def _take(state: Followed, data: bytes, name: str, settled: int) -> tuple[Followed, Step, list[Payment]]:
    if is_raw_block(data, name):
        state, step, block = take_block(state, data, name, settled)
        return state, step, [] if block is None else coin_payments(coin_transactions(block), {})
    try:
        result = read_answer(data, name)
        link = ethereum_link(result, name)
    except InputError as error:
        return state, Step("refused", "", reason=str(error)), []
    return *follow(state, link, settled), ether_payments(block_of(result, name), {})


def _changes(file: str, step: Step, payments: dict[str, list[Payment]]) -> Iterable[FollowedRow]:
    found = undone(
        [one for block in step.left for one in payments[block]], [one for block in step.joined for one in payments[block]]
    )
    for kind, some in (("gone", found.gone), ("moved", found.moved), ("fresh", found.fresh)):
        for one in some:
            yield FollowedRow(file, kind, one.block, one.tx, one.receiver, f"{one.value} {one.asset}", arrival_id(one))
