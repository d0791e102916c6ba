"""A private chain of Bitcoin and answers of an Ethereum node, small enough to write by hand, with the work done."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from skarb.chain.address import address_of, hash160, key_script
from skarb.chain.model import REGTEST_BITS, double_sha256, merkle_root, target_of

TIME = 1790850600  # 2026-10-01T10:30:00Z
SIGNATURE = b"\x30" + bytes(range(1, 71))  # has the form of one; blocks are read, not judged


def key(name: str) -> bytes:
    return b"\2" + sha256(name.encode()).digest()


def script(name: str) -> bytes:
    return key_script(hash160(key(name)))


def address(name: str) -> str:
    """Return the wallet of somebody, as registers write it."""
    return f"BTC:{address_of(script(name), 'regtest')}"


def _size(number: int) -> bytes:
    return bytes([number])


@dataclass(frozen=True)
class Spend:
    """A transaction: who signs for coins made where, and who gets what. A signer of None shows nothing of himself."""

    signers: tuple[tuple[bytes, int, str | None], ...]  # id of the transaction, number of the output, name
    outputs: tuple[tuple[str, int], ...]

    @property
    def raw(self) -> bytes:
        inputs = b"".join(
            txid + index.to_bytes(4, "little") + _pushed(signer) + b"\xff" * 4 for txid, index, signer in self.signers
        )
        outputs = b"".join(value.to_bytes(8, "little") + _with_size(script(name)) for name, value in self.outputs)
        return (2).to_bytes(4, "little") + _size(len(self.signers)) + inputs + _size(len(self.outputs)) + outputs + bytes(4)

    @property
    def txid(self) -> bytes:
        return double_sha256(self.raw)


def _with_size(data: bytes) -> bytes:
    return _size(len(data)) + data


def _pushed(signer: str | None) -> bytes:
    shown = b"" if signer is None else _with_size(key(signer))
    return _with_size(_with_size(SIGNATURE) + shown)


@dataclass
class Chain:
    """Blocks, each on top of the one before."""

    blocks: list[bytes] = field(default_factory=list)
    tip: bytes = bytes(32)

    def mine(
        self, *spends: Spend, miner: str = "miner", root: bytes | None = None, on: bytes | None = None, time: int | None = None
    ) -> bytes:
        """Return a block of transactions; `on` is the hash that it follows, if not the tip's."""
        height = len(self.blocks) + 1
        coinbase = _coinbase(miner, height)
        raws = [coinbase, *(one.raw for one in spends)]
        found = root or merkle_root([double_sha256(raw) for raw in raws])[0]
        start = (4).to_bytes(4, "little") + (self.tip if on is None else on) + found
        start += (time or TIME + 600 * height).to_bytes(4, "little") + REGTEST_BITS.to_bytes(4, "little")
        nonce = 0
        while int.from_bytes(double_sha256(start + nonce.to_bytes(4, "little")), "little") > target_of(REGTEST_BITS):
            nonce += 1
        header = start + nonce.to_bytes(4, "little")
        block = header + _size(len(raws)) + b"".join(raws)
        self.blocks.append(block)
        self.tip = double_sha256(header)
        return block


def _coinbase(miner: str, height: int) -> bytes:
    given = bytes(32) + b"\xff" * 4 + _with_size(b"\3" + height.to_bytes(3, "little")) + b"\xff" * 4
    return (
        (2).to_bytes(4, "little")
        + b"\1"
        + given
        + b"\1"
        + (50 * 10**8).to_bytes(8, "little")
        + _with_size(script(miner))
        + bytes(4)
    )


# Ethereum -------------------------------------------------------------------------------------------------------------------


def account(name: str) -> str:
    return "0x" + sha256(name.encode()).hexdigest()[:40]


def hash_of(name: str) -> str:
    return "0x" + sha256(name.encode()).hexdigest()


def answer(result: Any) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": 1, "result": result}).encode()


def ethereum_block(*transactions: tuple[str, str, int], number: int = 1, parent: str = "before") -> dict[str, Any]:
    """Return a block in which accounts send ether to each other."""
    name = hash_of(f"block {number} after {parent}")
    return {
        "number": hex(number), "hash": name, "parentHash": hash_of(parent), "nonce": "0x" + "00" * 8, "sha3Uncles": hash_of("uncles"),
        "logsBloom": "0x" + "00" * 256, "transactionsRoot": hash_of("txs"), "stateRoot": hash_of("state"), "receiptsRoot": hash_of("receipts"),
        "miner": account("miner"), "difficulty": "0x1", "extraData": "0x", "gasLimit": "0x5208", "gasUsed": "0x5208", "timestamp": hex(TIME),
        "transactions": [
            {
                "hash": hash_of(f"tx {number} {place}"), "nonce": hex(place), "blockHash": name, "blockNumber": hex(number),
                "transactionIndex": hex(place), "from": account(sender), "to": account(receiver), "value": hex(value), "gas": "0x5208",
                "gasPrice": "0x1", "input": "0x", "type": "0x0",
            }
            for place, (sender, receiver, value) in enumerate(transactions)
        ],
    }  # fmt: skip


def token_log(
    place: int, contract: str, sender: str, receiver: str, value: int, number: int = 1, parent: str = "before"
) -> dict[str, Any]:
    words = ["0x" + "00" * 12 + account(name)[2:] for name in (sender, receiver)]
    return {
        "address": account(contract), "topics": ["0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef", *words],
        "data": "0x" + value.to_bytes(32, "big").hex(), "blockNumber": hex(number), "blockHash": hash_of(f"block {number} after {parent}"),
        "transactionHash": hash_of(f"tx {number} {place}"), "transactionIndex": hex(place), "logIndex": hex(place), "removed": False,
    }  # fmt: skip
