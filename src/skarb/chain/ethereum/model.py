"""Blocks of Ethereum as nodes tell them: transactions, receipts, logs, transfers of tokens, traces, contracts, tokens.

Values are whole numbers of any size: wei, or a token's smallest unit. Addresses and hashes are lower-case hexadecimal digits after
0x, so equal ones are equal texts. What a node did not say is None.
Source: Ethereum JSON-RPC specification; trace module of Parity; callTracer of Geth; ERC-20, ERC-721.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """Ether that a validator takes out of staking. Units: gwei."""

    index: int
    validator_index: int
    address: str
    amount: int


@dataclass(frozen=True, slots=True)
class Transaction:
    """What an account asked the chain to do."""

    hash: str
    nonce: int
    block_hash: str | None
    block_number: int | None
    transaction_index: int | None
    from_address: str
    to_address: str | None  # None: a contract is created
    value: int  # wei
    gas: int
    gas_price: int | None
    input: str
    block_timestamp: int | None
    max_fee_per_gas: int | None
    max_priority_fee_per_gas: int | None
    transaction_type: int


@dataclass(frozen=True, slots=True)
class Block:
    """A block with its transactions, or with their hashes only."""

    number: int
    hash: str
    parent_hash: str
    nonce: str | None
    sha3_uncles: str
    logs_bloom: str
    transactions_root: str
    state_root: str
    receipts_root: str
    miner: str
    difficulty: int
    total_difficulty: int | None
    size: int | None
    extra_data: str
    gas_limit: int
    gas_used: int
    timestamp: int  # Unix seconds
    transaction_count: int
    base_fee_per_gas: int | None
    withdrawals_root: str | None
    withdrawals: tuple[Withdrawal, ...]
    transactions: tuple[Transaction, ...]  # () where the node was asked for hashes only
    hashes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Log:
    """What a contract noted down while it ran."""

    log_index: int
    transaction_hash: str
    transaction_index: int
    block_hash: str
    block_number: int
    address: str
    data: str
    topics: tuple[str, ...]
    removed: bool = False  # the block left the chain


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a transaction."""

    transaction_hash: str
    transaction_index: int
    block_hash: str
    block_number: int
    cumulative_gas_used: int
    gas_used: int
    contract_address: str | None
    root: str | None  # before Byzantium
    status: int | None  # since Byzantium: 1 done, 0 failed
    effective_gas_price: int | None
    l1_fee: int | None
    l1_gas_used: int | None
    l1_gas_price: int | None
    l1_fee_scalar: str | None  # a decimal text
    logs: tuple[Log, ...]
    transaction_type: int | None = None  # where the node says it


@dataclass(frozen=True, slots=True)
class TokenTransfer:
    """A transfer of a token, read from the log that its contract wrote."""

    token_address: str
    from_address: str
    to_address: str
    value: int  # smallest units; of a token that is one of its kind, its number
    transaction_hash: str
    log_index: int
    block_number: int
    unique: bool = False  # ERC-721: the value is a number, not an amount


TraceType = Literal["call", "create", "suicide", "reward"]


@dataclass(frozen=True, slots=True)
class Trace:
    """One call inside a transaction, or a reward of the block."""

    block_number: int
    transaction_hash: str | None
    transaction_index: int | None
    from_address: str | None
    to_address: str | None
    value: int | None  # wei
    input: str | None
    output: str | None
    trace_type: TraceType
    call_type: str | None
    reward_type: str | None
    gas: int | None
    gas_used: int | None
    subtraces: int
    trace_address: tuple[int, ...]
    error: str | None
    status: int | None = None  # 1: it and every call around it succeeded; None until `settle` says so
    trace_id: str | None = None


@dataclass(frozen=True, slots=True)
class Contract:
    """Code on the chain, and which interfaces it has by the functions it answers to."""

    address: str
    bytecode: str
    function_sighashes: tuple[str, ...]
    is_erc20: bool
    is_erc721: bool


@dataclass(frozen=True, slots=True)
class Token:
    """What a token says of itself; None where its contract does not answer."""

    address: str
    symbol: str | None
    name: str | None
    decimals: int | None
    total_supply: int | None
