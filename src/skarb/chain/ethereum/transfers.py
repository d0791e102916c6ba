"""Transfers of tokens, read from logs.

A contract notes `Transfer(from, to, value)`. Which of the three are topics and which stand in the data differs between contracts, old
ones above all; together they must be three words. Four topics mean a token that is one of its kind, whose number is the third word.
A log that does not come out at three words, or whose addresses are longer than addresses, is no transfer.
Source: ERC-20, ERC-721 (event Transfer); Solidity ABI specification (events).
"""

from __future__ import annotations

from collections.abc import Iterable

from skarb.chain.ethereum.model import Log, TokenTransfer

TRANSFER_TOPIC = (
    "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"  # keccak of Transfer(address,address,uint256)
)


def token_transfers(logs: Iterable[Log]) -> list[TokenTransfer]:
    """Return the transfers that logs tell, in their order."""
    return [found for log in logs if (found := token_transfer(log)) is not None]


def token_transfer(log: Log) -> TokenTransfer | None:
    """Return the transfer that a log tells, None when it tells something else."""
    if not log.topics or log.topics[0] != TRANSFER_TOPIC or (len(log.data) - 2) % 64:
        return None
    words = [*(topic[2:] for topic in log.topics[1:]), *words_of(log.data)]
    if len(words) != 3:
        return None
    sender, receiver = address_in(words[0]), address_in(words[1])
    if sender is None or receiver is None:
        return None
    return TokenTransfer(
        token_address=log.address,
        from_address=sender,
        to_address=receiver,
        value=int(words[2], 16),
        transaction_hash=log.transaction_hash,
        log_index=log.log_index,
        block_number=log.block_number,
        unique=len(log.topics) == 4,
    )


def addresses_in(log: Log) -> set[str]:
    """Return everything in a log that has the form of an address, small numbers aside."""
    words = [*(topic[2:] for topic in log.topics[1:]), *words_of(log.data)]
    return {found for word in words if (found := address_in(word)) is not None and int(found, 16) >> 64}


def words_of(data: str) -> list[str]:
    """Return the whole words of 32 bytes in data, as digits."""
    digits = data[2:]
    return [digits[place : place + 64] for place in range(0, len(digits) - 63, 64)]


def address_in(word: str) -> str | None:
    """Return the address that a word holds, None when it is larger than an address."""
    return "0x" + word[24:] if not word[:24].strip("0") else None
