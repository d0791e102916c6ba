"""Recorded answers of a node, told apart by their content: blocks, receipts, logs, traces, each in a file or a list of them.

A file holds one answer, or one answer a line as batches of calls give them. What a file holds is seen from its fields, so nobody has to say it.
What a node says is held to the block's own header (`roots`); what cannot be, because something was not told, is unverified.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from skarb.chain.ethereum.blocks import block_of, log_of, receipt_of
from skarb.chain.ethereum.header import header_hash
from skarb.chain.ethereum.model import Block, Log, Receipt, Trace
from skarb.chain.ethereum.roots import check_answers, check_transactions
from skarb.chain.ethereum.rpc import read_answer, read_json
from skarb.chain.ethereum.traces import geth_traces, parity_traces, settle
from skarb.core.errors import InputError

_HEAD = (b'"jsonrpc"', b'"transaction_traces"')


@dataclass
class Answers:
    """What nodes answered, put together."""

    blocks: list[Block] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)
    logs: list[Log] = field(default_factory=list)  # those of receipts among them
    traces: list[Trace] = field(default_factory=list)
    held: dict[str, str] = field(
        default_factory=dict
    )  # by hash of a block: why its header and transactions are unverified, "" if checked

    def __add__(self, other: Answers) -> Answers:
        """Return both together; the same log told twice is one."""
        logs = {(log.block_hash, log.log_index): log for log in (*self.logs, *other.logs)}
        receipts = {one.transaction_hash: one for one in (*self.receipts, *other.receipts)}
        blocks = {block.hash: block for block in (*self.blocks, *other.blocks)}
        held = self.held | {one: why for one, why in other.held.items() if not why or one not in self.held}
        return Answers(list(blocks.values()), list(receipts.values()), list(logs.values()), [*self.traces, *other.traces], held)

    def __len__(self) -> int:
        return len(self.blocks) + len(self.receipts) + len(self.logs) + len(self.traces)

    @property
    def times(self) -> dict[int, tuple[str, int]]:
        """Hash and time of each block, by its number."""
        return {block.number: (block.hash, block.timestamp) for block in self.blocks}

    def unverified(self) -> dict[str, str]:
        """Return for each block, by its hash, why what was told of it cannot be checked; nothing where all of it was.

        Raises: InputError where something does not fit the block.
        """
        return check_answers(self.blocks, self.receipts, self.logs, self.held)


def looks_like_answer(head: bytes) -> bool:
    """Tell whether a file begins like the answer of a node."""
    start = head[:4096].lstrip()
    return start.startswith(b"{") and any(mark in start for mark in _HEAD)


def read_answers(data: bytes, name: str) -> Answers:
    """Return what an answer holds, or several, one a line.

    Raises: InputError naming the file, the field, what was given and what was expected.
    """
    lines = [line for line in data.removeprefix(b"\xef\xbb\xbf").split(b"\n") if line.strip()]
    several = len(lines) > 1 and all(line.strip().startswith(b"{") and line.strip().endswith(b"}") for line in lines)
    parts = [(line, f"{name} line {number}") for number, line in enumerate(lines, 1)] if several else [(data, name)]
    return together(_one(part, where) for part, where in parts)


def together(parts: Iterable[Answers]) -> Answers:
    """Return several answers as one."""
    found = Answers()
    for part in parts:
        found += part
    return found


def _one(data: bytes, where: str) -> Answers:
    whole = read_json(data, where)
    if isinstance(whole, dict) and "transaction_traces" in whole and isinstance(whole.get("block_number"), int):
        return Answers(traces=settle(geth_traces(whole["transaction_traces"], whole["block_number"], where)))
    result = read_answer(data, where)
    if isinstance(result, dict) and "parentHash" in result:
        block, why = _block(result, where)
        return Answers(blocks=[block], held={block.hash: why})
    if isinstance(result, dict) and "cumulativeGasUsed" in result:
        return _receipts([result], [where])
    if isinstance(result, list):
        keys = {key for one in result if isinstance(one, dict) for key in one}
        places = [f"{where}[{number}]" for number in range(len(result))]
        if not result:
            return Answers()
        if "topics" in keys:
            return Answers(logs=[log_of(one, place) for one, place in zip(result, places, strict=True)])
        if "cumulativeGasUsed" in keys:
            return _receipts(result, places)
        if "action" in keys:
            return Answers(traces=parity_traces(result, where))
        if "result" in keys:
            todo = "write them as {block_number, transaction_traces}, because the answer does not say which block they are of"
            raise InputError(f"{where}: given calls of callTracer, expected their block; {todo}")
    raise InputError(f"{where}: given something else, expected a block, receipts, logs or traces of Ethereum")


def _block(result: object, where: str) -> tuple[Block, str]:
    """Return a block whose fields and transactions give its hash, and why that could not be checked."""
    block, found = block_of(result, where), header_hash(result, where)
    if found not in (None, block.hash):
        raise InputError(f"{where}: given the hash {block.hash}, expected {found}, the hash over the header's fields")
    return block, "its header was not told whole" if found is None else check_transactions(result, block, where)


def _receipts(results: list[object], places: list[str]) -> Answers:
    found = [receipt_of(one, place) for one, place in zip(results, places, strict=True)]
    return Answers(receipts=found, logs=[log for receipt in found for log in receipt.logs])
