"""Blocks, transactions, receipts and logs out of a node's answers. Source: Ethereum JSON-RPC specification."""

from __future__ import annotations

from skarb.chain.ethereum.model import Block, Log, Receipt, Transaction, Withdrawal
from skarb.chain.ethereum.rpc import Fields


def block_of(result: object, where: str) -> Block:
    """Return the block in the result of eth_getBlockByNumber or eth_getBlockByHash.

    Raises: InputError naming the field; also where a transaction says that it is in another block.
    """
    f = Fields(result, where)
    listed = f.items("transactions", optional=True)
    whole = [one for one in listed if isinstance(one, dict)]
    hashes = f.hashes("transactions") if listed and not whole else ()
    if whole and len(whole) != len(listed):
        raise f.error("transactions", "either transactions or their hashes, not both")
    timestamp = f.quantity("timestamp")
    found = tuple(transaction_of(one, f"{where}.transactions[{number}]", timestamp) for number, one in enumerate(whole))
    block = Block(
        number=f.quantity("number"),
        hash=f.data("hash", 32),
        parent_hash=f.data("parentHash", 32),
        nonce=f.data_or_none("nonce", 8),
        sha3_uncles=f.data("sha3Uncles", 32),
        logs_bloom=f.data("logsBloom", 256),
        transactions_root=f.data("transactionsRoot", 32),
        state_root=f.data("stateRoot", 32),
        receipts_root=f.data("receiptsRoot", 32),
        miner=f.data("miner", 20),
        difficulty=f.quantity("difficulty"),
        total_difficulty=f.quantity_or_none("totalDifficulty"),
        size=f.quantity_or_none("size"),
        extra_data=f.data("extraData"),
        gas_limit=f.quantity("gasLimit"),
        gas_used=f.quantity("gasUsed"),
        timestamp=timestamp,
        transaction_count=len(listed),
        base_fee_per_gas=f.quantity_or_none("baseFeePerGas"),
        withdrawals_root=f.data_or_none("withdrawalsRoot", 32),
        withdrawals=_withdrawals(f),
        transactions=found,
        hashes=hashes or tuple(tx.hash for tx in found),
    )
    for number, tx in enumerate(found):
        if tx.block_hash not in (None, block.hash) or tx.transaction_index not in (None, number):
            raise f.error(f"transactions[{number}]", f"transaction {number} of block {block.hash}, not of another block or place")
    return block


def _withdrawals(f: Fields) -> tuple[Withdrawal, ...]:
    found = []
    for number, one in enumerate(f.items("withdrawals", optional=True)):
        w = Fields(one, f"{f.where}.withdrawals[{number}]")
        found.append(Withdrawal(w.quantity("index"), w.quantity("validatorIndex"), w.data("address", 20), w.quantity("amount")))
    return tuple(found)


def transaction_of(result: object, where: str, block_timestamp: int | None = None) -> Transaction:
    """Return the transaction in an answer, with the time of its block where that is known.

    Raises: InputError
    """
    f = Fields(result, where)
    return Transaction(
        hash=f.data("hash", 32),
        nonce=f.quantity("nonce"),
        block_hash=f.data_or_none("blockHash", 32),
        block_number=f.quantity_or_none("blockNumber"),
        transaction_index=f.quantity_or_none("transactionIndex"),
        from_address=f.data("from", 20),
        to_address=f.data_or_none("to", 20),
        value=f.quantity("value"),
        gas=f.quantity("gas"),
        gas_price=f.quantity_or_none("gasPrice"),
        input=f.data("input"),
        block_timestamp=block_timestamp,
        max_fee_per_gas=f.quantity_or_none("maxFeePerGas"),
        max_priority_fee_per_gas=f.quantity_or_none("maxPriorityFeePerGas"),
        transaction_type=f.quantity_or_none("type") or 0,  # before EIP-2718 there was one kind only
    )


def receipt_of(result: object, where: str) -> Receipt:
    """Return the receipt in the result of eth_getTransactionReceipt.

    Raises: InputError
    """
    f = Fields(result, where)
    return Receipt(
        transaction_hash=f.data("transactionHash", 32),
        transaction_index=f.quantity("transactionIndex"),
        block_hash=f.data("blockHash", 32),
        block_number=f.quantity("blockNumber"),
        cumulative_gas_used=f.quantity("cumulativeGasUsed"),
        gas_used=f.quantity("gasUsed"),
        contract_address=f.data_or_none("contractAddress", 20),
        root=f.data_or_none("root", 32),
        status=f.quantity_or_none("status"),
        effective_gas_price=f.quantity_or_none("effectiveGasPrice"),
        l1_fee=f.quantity_or_none("l1Fee"),
        l1_gas_used=f.quantity_or_none("l1GasUsed"),
        l1_gas_price=f.quantity_or_none("l1GasPrice"),
        l1_fee_scalar=f.text_or_none("l1FeeScalar"),
        logs=tuple(log_of(one, f"{where}.logs[{number}]") for number, one in enumerate(f.items("logs"))),
        transaction_type=f.quantity_or_none("type"),
    )


def log_of(result: object, where: str) -> Log:
    """Return one log of a receipt, of eth_getLogs or of eth_getFilterLogs.

    Raises: InputError
    """
    f = Fields(result, where)
    topics = f.hashes("topics")
    if len(topics) > 4:
        raise f.error("topics", "at most 4 topics, all that a log can have")
    return Log(
        log_index=f.quantity("logIndex"),
        transaction_hash=f.data("transactionHash", 32),
        transaction_index=f.quantity("transactionIndex"),
        block_hash=f.data("blockHash", 32),
        block_number=f.quantity("blockNumber"),
        address=f.data("address", 20),
        data=f.data("data"),
        topics=topics,
        removed=f.flag("removed"),
    )
