"""Ethereum: blocks, receipts, logs, token transfers, traces and contracts, decoded from the answers of a node."""

from skarb.chain.ethereum.answers import Answers, looks_like_answer, read_answers, together
from skarb.chain.ethereum.blocks import block_of, log_of, receipt_of, transaction_of
from skarb.chain.ethereum.contracts import (
    call_answer,
    contract_of,
    contracts_created,
    function_selectors,
    number_answer,
    selector,
    text_answer,
    token_of,
)
from skarb.chain.ethereum.model import Block, Contract, Log, Receipt, Token, TokenTransfer, Trace, Transaction, Withdrawal
from skarb.chain.ethereum.rpc import read_answer, read_json
from skarb.chain.ethereum.traces import geth_traces, parity_traces, settle
from skarb.chain.ethereum.transfers import TRANSFER_TOPIC, addresses_in, token_transfer, token_transfers

__all__ = [
    "TRANSFER_TOPIC",
    "Answers",
    "Block",
    "Contract",
    "Log",
    "Receipt",
    "Token",
    "TokenTransfer",
    "Trace",
    "Transaction",
    "Withdrawal",
    "addresses_in",
    "block_of",
    "call_answer",
    "contract_of",
    "contracts_created",
    "function_selectors",
    "geth_traces",
    "log_of",
    "looks_like_answer",
    "number_answer",
    "parity_traces",
    "read_answer",
    "read_answers",
    "read_json",
    "receipt_of",
    "selector",
    "settle",
    "text_answer",
    "together",
    "token_of",
    "token_transfer",
    "token_transfers",
    "transaction_of",
]
