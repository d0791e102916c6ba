"""The hash of a header, made again from its fields: what a node says of a block is held to the block's own name.

Fields that later forks added come last, in the order in which they were added; a header has the first ones of them or all.
Source: Ethereum yellow paper, appendix B (RLP) and 4.4 (header); EIP-1559, 4895, 4844, 4788, 7685 (later fields).
"""

from __future__ import annotations

from skarb.chain.ethereum.rlp import encode, number
from skarb.chain.ethereum.rpc import Fields
from skarb.chain.keccak import keccak256

_FIELDS = (
    "parentHash", "sha3Uncles", "miner", "stateRoot", "transactionsRoot", "receiptsRoot", "logsBloom", "#difficulty", "#number",
    "#gasLimit", "#gasUsed", "#timestamp", "extraData", "mixHash", "nonce",
)  # fmt: skip
_LATER = ("#baseFeePerGas", "withdrawalsRoot", "#blobGasUsed", "#excessBlobGas", "parentBeaconBlockRoot", "requestsHash")


def header_hash(result: object, where: str) -> str | None:
    """Return the hash over the header's fields in a node's answer, None if the node left some out.

    Raises: InputError naming the field that cannot be read.
    """
    f = Fields(result, where)
    if not all(name.lstrip("#") in f for name in _FIELDS):
        return None
    later = [name for name in _LATER if name.lstrip("#") in f]
    return "0x" + keccak256(encode([_bytes(f, name) for name in (*_FIELDS, *later)])).hex()


def _bytes(f: Fields, name: str) -> bytes:
    if name.startswith("#"):
        return number(f.quantity(name[1:]))
    return bytes.fromhex(f.data(name)[2:])
