"""Bitcoin blocks, read exactly from their serialisation.

A block is a header of 80 bytes and transactions. Everything is checked that the bytes alone can show: the work behind the
header, the Merkle root over the transactions and the one over their witnesses, the first transaction being the only one that
makes coins, and that nothing is left over. Whether inputs were unspent needs the chain before, which is not here.
Source: Bitcoin protocol documentation (block, proof of work, Merkle trees); BIP 141 (commitment to witnesses).
"""

from __future__ import annotations

from skarb.chain.model import NO_INDEX, NO_TXID, REGTEST_BITS, Block, Transaction, double_sha256, merkle_root, target_of
from skarb.chain.serial import SATOSHI_MAX, Cursor, read_transaction

HEADER_BYTES = 80
_EASIEST_BITS = 0x1E0377AE  # the easiest work of a public network (signet)
_COMMITMENT = bytes.fromhex("6a24aa21a9ed")  # how the output begins that commits to the witnesses


def looks_like_block(data: bytes) -> bool:
    """Tell whether bytes begin with a header that has the work it claims, which nothing else does by chance."""
    if len(data) <= HEADER_BYTES:
        return False
    bits = int.from_bytes(data[72:76], "little")
    return _has_work(bits, double_sha256(data[:HEADER_BYTES]))


def _has_work(bits: int, block_hash: bytes) -> bool:
    target = target_of(bits)
    possible = bits == REGTEST_BITS or target <= target_of(_EASIEST_BITS)
    return possible and int.from_bytes(block_hash, "little") <= target


def parse_block(data: bytes, name: str = "block") -> Block:
    """Read one serialised block.

    Raises: InputError naming the byte at which the bytes stop being a block.
    """
    cursor = Cursor(data, name)
    version = int.from_bytes(cursor.take(4, "the block version"), "little", signed=True)
    previous, root = cursor.take(32, "the hash of the previous block"), cursor.take(32, "the Merkle root")
    time, bits, nonce = (cursor.number(4, what) for what in ("the time", "the target", "the nonce"))
    block_hash = double_sha256(data[:HEADER_BYTES])
    if not _has_work(bits, block_hash):
        raise cursor.error(
            0, f"the header's hash {block_hash[::-1].hex()}", f"a hash not above the target of {bits:08x} (proof of work)"
        )
    place = cursor.place
    count = cursor.size("the number of transactions")
    if count == 0:
        raise cursor.error(place, "0 transactions", "at least the coinbase")
    transactions = tuple(read_transaction(cursor) for _ in range(count))
    if cursor.place != len(data):
        raise cursor.error(
            cursor.place, f"{len(data) - cursor.place} more bytes", f"the end of the block after {count} transactions"
        )
    _check_coins(cursor, transactions)
    found, doubled = merkle_root([bytes.fromhex(tx.txid)[::-1] for tx in transactions])
    if found != root or doubled:
        given = "a Merkle root that repeats transactions" if doubled and found == root else f"the Merkle root {root[::-1].hex()}"
        raise cursor.error(36, given, f"{found[::-1].hex()}, the root over the {count} transactions, none of them twice")
    stripped = transactions[0].offset + sum(tx.stripped_size for tx in transactions)
    block = Block(
        version,
        previous[::-1].hex(),
        root[::-1].hex(),
        time,
        bits,
        nonce,
        block_hash[::-1].hex(),
        transactions,
        len(data),
        stripped,
    )
    _check_witnesses(cursor, block)
    return block


def _check_coins(cursor: Cursor, transactions: tuple[Transaction, ...]) -> None:
    first, *others = transactions
    if not first.coinbase:
        raise cursor.error(first.offset, f"transaction {first.txid} that spends outputs", "the coinbase as the first transaction")
    for other in others:
        if any(given.previous_index == NO_INDEX and given.previous_txid == NO_TXID for given in other.inputs):
            raise cursor.error(other.offset, f"a second coinbase {other.txid}", "one coinbase in a block")
    for tx in transactions:
        if sum(output.value for output in tx.outputs) > SATOSHI_MAX:
            raise cursor.error(
                tx.offset, f"transaction {tx.txid} with more coins than can exist", f"at most {SATOSHI_MAX} satoshi"
            )


def _check_witnesses(cursor: Cursor, block: Block) -> None:
    """Hold the witnesses to the commitment in the coinbase, which must be there as soon as one transaction has any."""
    if not any(tx.segwit for tx in block.transactions):
        return
    first = block.coinbase
    committed = [
        output.script[6:38] for output in first.outputs if output.script.startswith(_COMMITMENT) and len(output.script) >= 38
    ]
    reserved = first.inputs[0].witness
    if not committed or [len(item) for item in reserved] != [32]:
        raise cursor.error(first.offset, "a coinbase without commitment to witnesses", "one, because the block has witnesses")
    found = double_sha256(bytes.fromhex(block.witness_root)[::-1] + reserved[0])
    if found != committed[-1]:
        given = f"the commitment {committed[-1].hex()}"
        raise cursor.error(first.offset, given, f"{found.hex()}, the hash over the witnesses of the block")
