"""Blocks and transactions of Bitcoin as they are, with what follows from their bytes alone.

Amounts are whole satoshi; ids and hashes are shown as everybody shows them, most significant byte first.
Source: Bitcoin protocol documentation; BIP 34 (height in the coinbase), BIP 141 (weight).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256

from skarb.chain.address import Network, address_of

NO_INDEX = 0xFFFFFFFF  # what the coinbase spends
NO_TXID = "00" * 32
EASIEST_TARGET = 0xFFFF << 208  # of mainnet: difficulty 1
REGTEST_BITS = 0x207FFFFF  # of private networks

# The least difficulty that mainnet had from a moment on, rounded down generously; test networks stay far below.
# Source: difficulty of mainnet as published by every block explorer; it passed each value for good before the date.
_LEAST_DIFFICULTY = (
    (1483228800, 10**11),  # 2017
    (1420070400, 10**10),  # 2015
    (1388534400, 10**9),  # 2014
    (1325376000, 10**6),  # 2012
    (1293840000, 10**4),  # 2011
    (1262304000, 1),  # 2010
)


def double_sha256(data: bytes) -> bytes:
    """Return SHA-256 of SHA-256."""
    return sha256(sha256(data).digest()).digest()


@dataclass(frozen=True)
class Input:
    """A spent output, or for the coinbase nothing."""

    previous_txid: str  # as shown: most significant byte first
    previous_index: int
    script: bytes
    sequence: int
    witness: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class Output:
    """Coins given to whoever satisfies a script."""

    value: int  # satoshi
    script: bytes

    def address(self, network: Network) -> str | None:
        """Return the address that the script is the standard form of, if there is one."""
        return address_of(self.script, network)


@dataclass(frozen=True)
class Transaction:
    """Inputs and outputs; `offset` is where it stands in the block."""

    version: int
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    lock_time: int
    txid: str
    wtxid: str
    size: int  # bytes with witness
    stripped_size: int  # bytes without
    segwit: bool
    offset: int

    @property
    def coinbase(self) -> bool:
        """Tell whether the transaction makes new coins."""
        first = self.inputs[0]
        return len(self.inputs) == 1 and first.previous_index == NO_INDEX and first.previous_txid == NO_TXID

    @property
    def weight(self) -> int:
        """Return the weight of BIP 141."""
        return 3 * self.stripped_size + self.size


@dataclass(frozen=True)
class Block:
    """A block whose work and Merkle root were checked."""

    version: int
    previous_hash: str
    merkle_root: str
    time: int  # Unix seconds, by the miner's clock
    bits: int  # the target, in its compact form
    nonce: int
    block_hash: str
    transactions: tuple[Transaction, ...]
    size: int
    stripped_size: int

    @property
    def weight(self) -> int:
        """Return the weight of BIP 141."""
        return 3 * self.stripped_size + self.size

    @property
    def coinbase(self) -> Transaction:
        """Return the transaction that makes new coins."""
        return self.transactions[0]

    @cached_property
    def height(self) -> int | None:
        """Return the height written in the coinbase, None in blocks before BIP 34."""
        return _height(self)

    @property
    def difficulty(self) -> float:
        """Return how much harder than the easiest the work was. For reading only."""
        return EASIEST_TARGET / target_of(self.bits)

    @cached_property
    def network(self) -> Network:
        """Return the network that the block must be from, told by its difficulty and time."""
        return network_of(self.bits, self.time)

    @cached_property
    def witness_root(self) -> str:
        """Return the Merkle root over the ids with witness, the coinbase counting as zero."""
        ids = [bytes(32), *(bytes.fromhex(tx.wtxid)[::-1] for tx in self.transactions[1:])]
        return merkle_root(ids)[0][::-1].hex()


def target_of(bits: int) -> int:
    """Return the number that a block's hash may not exceed; 0 when the compact form is not valid."""
    exponent, mantissa = bits >> 24, bits & 0x7FFFFF
    if bits & 0x800000:
        return 0
    return mantissa << 8 * (exponent - 3) if exponent > 3 else mantissa >> 8 * (3 - exponent)


def network_of(bits: int, time: int) -> Network:
    """Return the network that a header must be from: mainnet was never again as easy as test networks are.

    Units: `bits` is the compact target, `time` Unix seconds.
    """
    if bits == REGTEST_BITS:
        return "regtest"
    least = next((least for since, least in _LEAST_DIFFICULTY if time >= since), 0)
    return "testnet" if target_of(bits) * least >= EASIEST_TARGET else "mainnet"


def merkle_root(ids: list[bytes]) -> tuple[bytes, bool]:
    """Return the Merkle root of transaction ids, and whether two equal neighbours make it ambiguous (CVE-2012-2459)."""
    level, doubled = ids, False
    while len(level) > 1:
        doubled = doubled or any(level[k] == level[k + 1] for k in range(0, len(level) - 1, 2))
        if len(level) & 1:
            level = [*level, level[-1]]
        level = [double_sha256(level[k] + level[k + 1]) for k in range(0, len(level), 2)]
    return level[0], doubled


def _height(block: Block) -> int | None:
    """Read the height from the start of the coinbase's script, as BIP 34 has it for blocks of version 2 on."""
    script = block.coinbase.inputs[0].script
    if block.version < 2 or not script:
        return None
    length = script[0]
    if 0x51 <= length <= 0x60:
        return length - 0x50
    number = script[1 : 1 + length]
    if not 1 <= length <= 5 or len(number) != length or number[-1] & 0x80:
        return None
    if int.from_bytes(number, "little") < 1 << (8 * (length - 1) - 1 if length > 1 else 0):
        return None  # not in the shortest form, so it is not a height
    return int.from_bytes(number, "little")
