"""Payments: what moved on a chain, from whom to whom, in one form for all chains.

Bitcoin has no senders: a transaction takes coins and makes coins, so each new coin has all the addresses whose coins were taken as its
senders. Accounts of Ethereum have one. What failed moved nothing; what a contract sent on inside a call is seen only in traces.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from skarb.chain.ethereum.answers import Answers
from skarb.chain.ethereum.model import Block as EthereumBlock
from skarb.chain.ethereum.model import Log, Receipt, TokenTransfer, Trace
from skarb.chain.ethereum.transfers import addresses_in, token_transfer
from skarb.chain.model import Block
from skarb.chain.spending import address_spent

_TRACED = "calls inside transactions are told by traces only, which no block holds"
_NO_BLOCK = "its block was not told"
Outpoint = tuple[str, int]  # a coin: the transaction that made it, and its number there


@dataclass(frozen=True, slots=True)
class Coin:
    """An output as far as tracing needs it."""

    holder: str  # chain:address, or chain:script:… where the script has no address
    value: int  # satoshi


@dataclass(frozen=True, slots=True)
class CoinTransaction:
    """A transaction of Bitcoin: which coins it takes, which it makes."""

    tx: str
    block: str
    time: int
    takes: tuple[tuple[Outpoint, str | None], ...]  # with the address that the input itself shows, if it does
    makes: tuple[Coin, ...]
    mined: bool = False  # it takes nothing
    asset: str = "BTC"  # TBTC on test networks


@dataclass(frozen=True, slots=True)
class Payment:
    """Something that moved to one receiver."""

    asset: (
        str  # BTC, TBTC of test networks, ETH, or ETH:0x… of a token's contract; of a token that is one of its kind also /number
    )
    senders: tuple[str, ...]  # chain:address; () where the chain shows none
    receiver: str
    value: int  # smallest units
    tx: str
    index: int  # which output, log or trace of the transaction
    block: str  # its hash, or its number where only that is known
    time: int  # Unix seconds; 0 where it is not known
    mined: bool = False
    hidden: bool = False  # coins were taken of which the chain does not show whose they were
    mention: bool = False  # a log that no transfer could be read from names the receiver
    unverified: str = ""  # why it could not be held to its block; empty if it was


def coin_transactions(block: Block) -> list[CoinTransaction]:
    """Return the transactions of a block in the form that is traced."""
    found = []
    for tx in block.transactions:
        takes = () if tx.coinbase else tuple(
            ((given.previous_txid, given.previous_index), _named(address_spent(given, block.network))) for given in tx.inputs
        )  # fmt: skip
        makes = tuple(Coin(_holder(output.script, output.address(block.network)), output.value) for output in tx.outputs)
        asset = "BTC" if block.network == "mainnet" else "TBTC"
        found.append(CoinTransaction(tx.txid, block.block_hash, block.time, takes, makes, tx.coinbase, asset))
    return found


def _named(address: str | None) -> str | None:
    return None if address is None else f"BTC:{address}"


def _holder(script: bytes, address: str | None) -> str:
    return f"BTC:{address}" if address is not None else f"BTC:script:{script.hex()[:64]}"


def coin_payments(transactions: Iterable[CoinTransaction], known: Mapping[Outpoint, Coin]) -> list[Payment]:
    """Return what transactions of Bitcoin paid; `known` are coins made before or by them."""
    found = []
    for one in transactions:
        holders = [known[coin].holder if coin in known else shown for coin, shown in one.takes]
        senders = tuple(dict.fromkeys(holder for holder in holders if holder is not None))
        for number, coin in enumerate(one.makes):
            if coin.value:
                found.append(
                    Payment(
                        one.asset,
                        senders,
                        coin.holder,
                        coin.value,
                        one.tx,
                        number,
                        one.block,
                        one.time,
                        mined=one.mined,
                        hidden=None in holders,
                    )
                )
    return found


def account_payments(answers: Answers) -> list[Payment]:
    """Return what moved between accounts of Ethereum, in the order of the chain.

    Where a block has traces, they tell where its ether went, else its transactions do. What could not be held to its block says so.
    Raises: InputError where receipts or logs are not those of their block
    """
    why = answers.unverified()
    receipts = {receipt.transaction_hash: receipt for receipt in answers.receipts}
    traced = {trace.block_number for trace in answers.traces}
    places: dict[str, tuple[int, int]] = {}
    for block in answers.blocks:
        places |= {tx: (block.number, number) for number, tx in enumerate(block.hashes)}
    places |= {one.transaction_hash: (one.block_number, one.transaction_index) for one in answers.receipts}
    places |= {one.transaction_hash: (one.block_number, one.transaction_index) for one in answers.logs}
    places |= {_tx_of(one): (one.block_number, one.transaction_index or 0) for one in answers.traces}
    ether = [one for block in answers.blocks if block.number not in traced for one in ether_payments(block, receipts)]
    ether = [replace(one, unverified=why[one.block]) for one in ether]
    ether += [replace(one, unverified=_TRACED) for one in trace_payments(answers.traces, answers.times)]
    tokens = [replace(one, unverified=why.get(one.block, _NO_BLOCK)) for one in token_payments(answers.logs, answers.times)]
    moved = [(places.get(one.tx, (1 << 62, 0)), 0, one.index, one) for one in ether]
    moved += [(places.get(one.tx, (1 << 62, 0)), 1, one.index, one) for one in tokens]
    return [one for *_, one in sorted(moved, key=lambda row: row[:3])]


def ether_payments(block: EthereumBlock, receipts: Mapping[str, Receipt]) -> list[Payment]:
    """Return the ether that the transactions of a block moved by themselves; those whose receipt says they failed moved none."""
    found = []
    for number, tx in enumerate(block.transactions):
        receipt = receipts.get(tx.hash)
        receiver = tx.to_address or (receipt.contract_address if receipt is not None else None)
        if tx.value and receiver is not None and (receipt is None or receipt.status != 0):
            found.append(_ether(tx.from_address, receiver, tx.value, tx.hash, number, block.hash, block.timestamp))
    return found


def trace_payments(traces: Iterable[Trace], times: Mapping[int, tuple[str, int]]) -> list[Payment]:
    """Return the ether that calls moved, inside transactions too. `times` gives hash and time of a block by its number.

    Calls that borrow code move nothing, whatever value they show.
    """
    found = []
    for number, trace in enumerate(traces):
        if (
            not trace.value
            or trace.to_address is None
            or trace.status != 1
            or trace.call_type in ("delegatecall", "callcode", "staticcall")
        ):
            continue
        block, time = times.get(trace.block_number, (str(trace.block_number), 0))
        tx = _tx_of(trace)
        payment = _ether(trace.from_address, trace.to_address, trace.value, tx, number, block, time)
        found.append(payment)
    return found


def _tx_of(trace: Trace) -> str:
    """Return the transaction of a trace; older nodes leave its hash out, and rewards have none."""
    return trace.transaction_hash or f"{trace.block_number}/{trace.transaction_index}"


def _ether(sender: str | None, receiver: str, value: int, tx: str, index: int, block: str, time: int) -> Payment:
    senders = () if sender is None else (f"ETH:{sender}",)
    return Payment("ETH", senders, f"ETH:{receiver}", value, tx, index, block, time, mined=sender is None)


def token_payments(logs: Iterable[Log], times: Mapping[int, tuple[str, int]]) -> list[Payment]:
    """Return what logs say that tokens did: transfers, and for other logs whom they name."""
    found = []
    for log in logs:
        if log.removed:
            continue
        time = times.get(log.block_number, ("", 0))[1]
        transfer = token_transfer(log)
        if transfer is not None:
            sender, receiver = f"ETH:{transfer.from_address}", f"ETH:{transfer.to_address}"
            asset, value = _token(transfer)
            found.append(Payment(asset, (sender,), receiver, value, log.transaction_hash, log.log_index, log.block_hash, time))
        else:
            for address in sorted(addresses_in(log)):
                named = f"ETH:{address}"
                found.append(
                    Payment(
                        f"ETH:{log.address}",
                        (),
                        named,
                        0,
                        log.transaction_hash,
                        log.log_index,
                        log.block_hash,
                        time,
                        mention=True,
                    )
                )
    return found


def _token(transfer: TokenTransfer) -> tuple[str, int]:
    if transfer.unique:
        return f"ETH:{transfer.token_address}/{transfer.value}", 1
    return f"ETH:{transfer.token_address}", transfer.value
