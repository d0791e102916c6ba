"""What a node says of a block, held to the roots in the block's own header: nothing in it can be changed without another hash.

Transactions are written as they are hashed and must give `transactionsRoot`; who sends one is recovered from its signature. Receipts with
their logs must give `receiptsRoot`, and a log that stands alone must at least be in the block's filter (`logsBloom`). Where an answer
leaves out what is needed it is not believed silently: it is unverified, and the reason is told. That the header is the chain's is for
whoever follows the chain.
Source: Ethereum yellow paper, 4.3 and 4.4; EIP-155, 658, 2718, 2930, 1559, 4844, 7702.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from skarb.chain.ethereum.model import Block, Log, Receipt
from skarb.chain.ethereum.rlp import Item, encode, number
from skarb.chain.ethereum.rpc import Fields
from skarb.chain.ethereum.trie import list_root
from skarb.chain.keccak import keccak256
from skarb.chain.secp256k1 import recover
from skarb.core.errors import InputError

_BLOOM = 256  # bytes
_NONE = "0x" + list_root(()).hex()  # the root over nothing
_LEGACY = ("#nonce", "#gasPrice", "#gas", "to", "#value", "input")
_FIELDS: dict[int, tuple[str, ...]] = {
    1: ("#chainId", "#nonce", "#gasPrice", "#gas", "to", "#value", "input", "accessList"),
    2: ("#chainId", "#nonce", "#maxPriorityFeePerGas", "#maxFeePerGas", "#gas", "to", "#value", "input", "accessList"),
    3: ("#chainId", "#nonce", "#maxPriorityFeePerGas", "#maxFeePerGas", "#gas", "to", "#value", "input", "accessList",
        "#maxFeePerBlobGas", "blobVersionedHashes"),
    4: ("#chainId", "#nonce", "#maxPriorityFeePerGas", "#maxFeePerGas", "#gas", "to", "#value", "input", "accessList", "authorizationList"),
}  # fmt: skip


class Unverified(Exception):
    """Why something could not be checked."""


def check_transactions(result: object, block: Block, where: str) -> str:
    """Hold the transactions in a node's answer to the block's root; return why they are unverified, nothing where they are checked.

    Raises: InputError if they are not those of the block, or somebody else signed one.
    """
    try:
        if not block.transactions and block.transactions_root != _NONE:
            raise Unverified("its transactions were not told whole")
        written = []
        for place, one in enumerate(Fields(result, where).items("transactions", optional=True)):
            written.append(_transaction(Fields(one, f"{where}.transactions[{place}]")))
    except Unverified as why:
        return str(why)
    root = "0x" + list_root(written).hex()
    if root != block.transactions_root:
        raise InputError(
            f"{where}.transactions: given transactions whose root is {root}, expected {block.transactions_root}, the block's transactionsRoot"
        )
    return ""


def _transaction(f: Fields) -> bytes:
    """Return a transaction as it is hashed, after holding its hash and its sender to it."""
    kind = f.quantity_or_none("type") or 0
    names = _FIELDS.get(kind, _LEGACY)
    if kind and kind not in _FIELDS:
        raise Unverified(f"a transaction is of type {kind}, whose form is not known here")
    body = [_field(f, name) for name in names]
    parity = f.quantity_or_none("yParity") if kind and "v" not in f else f.quantity_or_none("v")
    r, s = f.quantity_or_none("r"), f.quantity_or_none("s")
    if parity is None or r is None or s is None:
        raise Unverified("the signature of a transaction was not told")
    start = bytes([kind]) if kind else b""
    written = start + encode([*body, number(parity), number(r), number(s)])
    found = "0x" + keccak256(written).hex()
    if found != f.data("hash", 32):
        raise f.error("hash", f"{found}, the hash over the transaction's fields")
    if kind or parity < 35:
        unsigned, odd = start + encode(body), parity if kind else parity - 27
    else:  # EIP-155: the chain is signed, too
        unsigned, odd = encode([*body, number((parity - 35) // 2), b"", b""]), (parity - 35) & 1
    point = recover(keccak256(unsigned), r, s, odd) if odd in (0, 1) else None
    if point is None:
        raise f.error("v", "a signature from which a key follows")
    sender = "0x" + keccak256(b"".join(one.to_bytes(32, "big") for one in point))[12:].hex()
    if sender != f.data("from", 20):
        raise f.error("from", f"{sender}, who signed it")
    return written


def _field(f: Fields, name: str) -> Item:
    if name == "to":
        return bytes.fromhex((f.data_or_none("to", 20) or "0x")[2:])
    if name.lstrip("#") not in f:
        raise Unverified(f"{name.lstrip('#')} of a transaction was not told")
    if name.startswith("#"):
        return number(f.quantity(name[1:]))
    if name == "accessList":
        return [[_hex(one, "address", 20, f), [bytes.fromhex(key[2:]) for key in Fields(one, f.where).hashes("storageKeys")]]
                for one in f.items(name)]  # fmt: skip
    if name == "blobVersionedHashes":
        return [bytes.fromhex(one[2:]) for one in f.hashes(name)]
    if name == "authorizationList":
        return [_authorization(Fields(one, f"{f.where}.authorizationList")) for one in f.items(name)]
    return bytes.fromhex(f.data(name)[2:])


def _hex(one: object, name: str, length: int, f: Fields) -> bytes:
    return bytes.fromhex(Fields(one, f.where).data(name, length)[2:])


def _authorization(a: Fields) -> Item:
    parity = a.quantity("yParity") if "yParity" in a else a.quantity("v")
    address = bytes.fromhex(a.data("address", 20)[2:])
    return [
        number(a.quantity("chainId")),
        address,
        *(number(one) for one in (a.quantity("nonce"), parity, a.quantity("r"), a.quantity("s"))),
    ]


def check_receipts(block: Block, receipts: Sequence[Receipt]) -> str:
    """Hold the receipts of a block, with their logs, to its root; return why they are unverified, nothing where they are checked.

    Raises: InputError if they are not those of the block.
    """
    if len(receipts) != block.transaction_count:
        return f"{len(receipts)} of {block.transaction_count} receipts were told"
    ordered = sorted(receipts, key=lambda one: one.transaction_index)
    if any(one.root is None and one.status is None for one in ordered):
        return "a receipt does not say how its transaction ended"
    told = {tx.hash: tx.transaction_type for tx in block.transactions}
    kinds = [told.get(one.transaction_hash, 0) if one.transaction_type is None else one.transaction_type for one in ordered]
    root = "0x" + list_root(_receipt(one, kind) for one, kind in zip(ordered, kinds, strict=True)).hex()
    if root != block.receipts_root:
        raise InputError(
            f"receipts of block {block.hash}: given receipts whose root is {root}, expected {block.receipts_root}, the block's receiptsRoot"
        )
    for place, one in enumerate(ordered):
        if block.hashes[place] != one.transaction_hash or one.transaction_index != place or one.block_hash != block.hash:
            raise InputError(
                f"receipt {place} of block {block.hash}: given transaction {one.transaction_hash}, expected {block.hashes[place]}"
            )
        for log in one.logs:
            if (log.transaction_hash, log.block_hash) != (one.transaction_hash, block.hash):
                raise InputError(f"receipt {place} of block {block.hash}: a log says that it is of another transaction or block")
    return ""


def _receipt(one: Receipt, kind: int) -> bytes:
    done = bytes.fromhex(one.root[2:]) if one.root is not None else number(one.status or 0)
    logs: list[Item] = [_log(log) for log in one.logs]
    written = encode([done, number(one.cumulative_gas_used), bloom_of(one.logs), logs])
    return bytes([kind]) + written if kind else written


def _log(log: Log) -> Item:
    topics = [bytes.fromhex(topic[2:]) for topic in log.topics]
    return [bytes.fromhex(log.address[2:]), topics, bytes.fromhex(log.data[2:])]


def bloom_of(logs: Sequence[Log]) -> bytes:
    """Return the filter over the addresses and topics of logs: three bits of 2048 for each."""
    bits = 0
    for log in logs:
        for text in (log.address, *log.topics):
            found = keccak256(bytes.fromhex(text[2:]))
            for at in (0, 2, 4):
                bits |= 1 << (int.from_bytes(found[at : at + 2], "big") & 2047)
    return bits.to_bytes(_BLOOM, "big")


def check_log(block: Block, log: Log) -> None:
    """Refuse a log that the block's filter does not know; that the filter knows it proves nothing.

    Raises: InputError
    """
    whole, one = int(block.logs_bloom, 16), int.from_bytes(bloom_of([log]), "big")
    if whole & one != one:
        raise InputError(
            f"log {log.log_index} of block {block.hash}: given a log of {log.address} that the block's logsBloom does not know"
        )


def check_answers(
    blocks: Sequence[Block], receipts: Sequence[Receipt], logs: Sequence[Log], held: Mapping[str, str]
) -> dict[str, str]:
    """Return for each block, by its hash, why what was told of it is unverified; nothing where all of it was checked.

    `held` says the same of its header and transactions, which were checked when they were read.
    Raises: InputError where something does not fit.
    """
    by_block: dict[str, list[Receipt]] = {}
    for one in receipts:
        by_block.setdefault(one.block_hash, []).append(one)
    found = {}
    for block in blocks:
        why = held.get(block.hash, "its header was not told whole")
        # A header that was not checked holds nothing; the node may have made its roots up as well.
        found[block.hash] = why or check_receipts(block, by_block.get(block.hash, []))
    known = {block.hash: block for block in blocks if not held.get(block.hash, "?")}
    whole = {log for one in receipts if found.get(one.block_hash) == "" for log in one.logs}
    for log in logs:
        if log.removed or log.block_hash not in known:
            continue
        check_log(known[log.block_hash], log)
        if found[log.block_hash] == "" and log not in whole:
            raise InputError(f"log {log.log_index} of block {log.block_hash}: given a log that none of the block's receipts has")
    return found
