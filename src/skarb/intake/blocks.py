"""A raw Bitcoin block as a table: one row per output, in the order of the block."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from itertools import islice

from skarb.chain import Block, Output, parse_block
from skarb.core.amount import format_amount
from skarb.core.errors import FieldError
from skarb.intake.container import Container
from skarb.intake.model import Rows

BLOCK_COLUMNS = ("kind", "txid", "output", "to", "value", "time", "network", "wallet", "block", "height")
_BLOCK_BYTES_MAX = 1 << 23  # twice what the heaviest block can have
_CHAINS = {"mainnet": "btc", "testnet": "tbtc", "regtest": "tbtc"}


def block_rows(container: Container, batch: int) -> tuple[Iterator[Rows], int]:
    """Return the outputs of a block as rows, and how many there are.

    An output of nothing moves nothing (it carries data), so it is an error of its row.
    Raises: InputError if the bytes are not one whole block.
    """
    block = parse_block(container.whole(_BLOCK_BYTES_MAX), container.name)
    count = sum(len(tx.outputs) for tx in block.transactions)
    return _parts(_outputs(block), batch), count


def _parts(outputs: Iterator[list[str] | FieldError], batch: int) -> Iterator[Rows]:
    first = 1
    while cells := list(islice(outputs, batch)):
        yield Rows(first, cells)
        first += len(cells)


def _outputs(block: Block) -> Iterator[list[str] | FieldError]:
    chain = _CHAINS[block.network]
    time, height = str(block.time), "" if block.height is None else str(block.height)
    for tx in block.transactions:
        kind = "mined" if tx.coinbase else "moved"
        for number, output in enumerate(tx.outputs):
            if output.value == 0:
                yield FieldError("amount", "0", "above 0", "an output without value carries data only")
                continue
            address = output.address(block.network)
            wallet = f"{chain}:{address}" if address else ""
            to = wallet or f"{chain}:script:{_script_id(output)}"
            value = format_amount(output.value, 8)
            yield [kind, tx.txid, str(number), to, value, time, block.network, wallet, block.block_hash, height]


def _script_id(output: Output) -> str:
    """Return what stands for a script that has no address: its hash, as servers index it."""
    return sha256(output.script).digest()[::-1].hex()
