"""The root of a Merkle-Patricia trie: one hash that stands for a whole map, or for a list by the numbers of its places.

A key is read digit by digit (hexadecimal). Where keys part there is a branch, what they share before is an extension, what is left of a
key that stands alone is a leaf. A node of 32 bytes or more is named by its hash, a smaller one stands where it is named. Only the root is made;
nothing of the trie is kept. Source: Ethereum yellow paper, appendix D.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from skarb.chain.ethereum.rlp import Item, encode, number
from skarb.chain.keccak import keccak256

_Pairs = Sequence[tuple[bytes, bytes]]  # digits of a key, one a byte, and its value; sorted


def list_root(values: Iterable[bytes]) -> bytes:
    """Return the root over a list: of transactions or receipts, each as it is hashed."""
    return map_root({encode(number(place)): value for place, value in enumerate(values)})


def map_root(values: Mapping[bytes, bytes]) -> bytes:
    """Return the root over a map; an empty value stands for none."""
    pairs = sorted((_digits(key), value) for key, value in values.items() if value)
    return keccak256(encode(_node(pairs, 0)) if pairs else encode(b""))


def _digits(key: bytes) -> bytes:
    return bytes(digit for byte in key for digit in (byte >> 4, byte & 15))


def _node(pairs: _Pairs, depth: int) -> Item:
    """Return the node under which all pairs stand, of whose keys so many digits are used up."""
    key, value = pairs[0]
    if len(pairs) == 1:
        return [_path(key[depth:], 0x20), value]
    end = depth
    while end < min(len(key), len(pairs[-1][0])) and key[end] == pairs[-1][0][end]:  # the first and the last differ soonest
        end += 1
    if end > depth:
        return [_path(key[depth:end], 0), _named(_node(pairs, end))]
    here = b""
    if len(key) == depth:  # a key that ends here is the first
        here, pairs = value, pairs[1:]
    children: list[Item] = [b""] * 16
    start = 0
    while start < len(pairs):
        digit = pairs[start][0][depth]
        stop = start
        while stop < len(pairs) and pairs[stop][0][depth] == digit:
            stop += 1
        children[digit] = _named(_node(pairs[start:stop], depth + 1))
        start = stop
    return [*children, here]


def _named(node: Item) -> Item:
    encoded = encode(node)
    return node if len(encoded) < 32 else keccak256(encoded)


def _path(digits: bytes, leaf: int) -> bytes:
    """Return digits two a byte, with a mark of what kind of node they lead to and whether their number is odd."""
    odd = [0x10 | leaf | digits[0]] if len(digits) & 1 else [leaf]
    rest = digits[len(digits) & 1 :]
    return bytes([*odd, *(rest[at] << 4 | rest[at + 1] for at in range(0, len(rest), 2))])
