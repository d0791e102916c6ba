"""SHA-256 over many short messages at once, and the sums beside the hashes: the inner loops of a Merkle sum tree.

A node is twelve words of 32 bits: eight of its hash, four of its sum, the most significant first. Messages lie side by side in `LANES`, so that each
step of the hash is one step for all of them, which the compiler turns into vector instructions. The state of SHA-256 is kept as the two
sequences that it really is: `a` of a round is `b` of the next, and so on, so nothing is ever shuffled.

Source: FIPS 180-4 (SHA-256).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint32]

LANES = 32
HASH_WORDS, SUM_WORDS, NODE_WORDS = 8, 4, 12
K = np.array(
    [
        *(0x428A2F98, 0x71374491, 0xB5C0FBCF, 0xE9B5DBA5, 0x3956C25B, 0x59F111F1, 0x923F82A4, 0xAB1C5ED5),
        *(0xD807AA98, 0x12835B01, 0x243185BE, 0x550C7DC3, 0x72BE5D74, 0x80DEB1FE, 0x9BDC06A7, 0xC19BF174),
        *(0xE49B69C1, 0xEFBE4786, 0x0FC19DC6, 0x240CA1CC, 0x2DE92C6F, 0x4A7484AA, 0x5CB0A9DC, 0x76F988DA),
        *(0x983E5152, 0xA831C66D, 0xB00327C8, 0xBF597FC7, 0xC6E00BF3, 0xD5A79147, 0x06CA6351, 0x14292967),
        *(0x27B70A85, 0x2E1B2138, 0x4D2C6DFC, 0x53380D13, 0x650A7354, 0x766A0ABB, 0x81C2C92E, 0x92722C85),
        *(0xA2BFE8A1, 0xA81A664B, 0xC24B8B70, 0xC76C51A3, 0xD192E819, 0xD6990624, 0xF40E3585, 0x106AA070),
        *(0x19A4C116, 0x1E376C08, 0x2748774C, 0x34B0BCB5, 0x391C0CB3, 0x4ED8AA4A, 0x5B9CCA4F, 0x682E6FF3),
        *(0x748F82EE, 0x78A5636F, 0x84C87814, 0x8CC70208, 0x90BEFFFA, 0xA4506CEB, 0xBEF9A3F7, 0xC67178F2),
    ],
    np.uint32,
)
START = np.array([0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19], np.uint32)

# Indices are unsigned, so that the compiler need not think of counting from the end, and sees how far apart two places lie.
_0, _48, _64 = np.uint64(0), np.uint64(48), np.uint64(64)
_L, _L2, _L3, _L4 = np.uint64(LANES), np.uint64(2 * LANES), np.uint64(3 * LANES), np.uint64(4 * LANES)
_L9, _L14, _L16 = np.uint64(9 * LANES), np.uint64(14 * LANES), np.uint64(16 * LANES)
_R2, _R3, _R6, _R7, _R8, _R10 = np.uint32(2), np.uint32(3), np.uint32(6), np.uint32(7), np.uint32(8), np.uint32(10)
_R11, _R13, _R14, _R15, _R17 = np.uint32(11), np.uint32(13), np.uint32(14), np.uint32(15), np.uint32(17)
_R18, _R19, _R21, _R22 = np.uint32(18), np.uint32(19), np.uint32(21), np.uint32(22)
_R24, _R25, _R26, _R30 = np.uint32(24), np.uint32(25), np.uint32(26), np.uint32(30)
_LEAF_BITS, _NODE_BITS = np.uint32(57 * 8), np.uint32(97 * 8)
_ZERO, _END, _NODE = np.uint32(0), np.uint32(0x80 << 16), np.uint32(1 << 24)
_LOW, _HALF = np.uint64(0xFFFFFFFF), np.uint64(32)


def compress(a: Words, e: Words, w: Words, k: Words) -> None:
    """Work one block of 16 words into the state, in every lane; the rest of `w` is made here."""
    for t in range(_0, _48):
        first = t * _L
        for at in range(first, first + _L):
            x = w[at + _L]
            y = w[at + _L14]
            s0 = ((x >> _R7) | (x << _R25)) ^ ((x >> _R18) | (x << _R14)) ^ (x >> _R3)
            s1 = ((y >> _R17) | (y << _R15)) ^ ((y >> _R19) | (y << _R13)) ^ (y >> _R10)
            w[at + _L16] = w[at] + s0 + w[at + _L9] + s1
    for t in range(_0, _64):
        first = t * _L
        constant = k[t]
        for at in range(first, first + _L):
            x, f, g = e[at + _L3], e[at + _L2], e[at + _L]
            s1 = ((x >> _R6) | (x << _R26)) ^ ((x >> _R11) | (x << _R21)) ^ ((x >> _R25) | (x << _R7))
            mixed = e[at] + s1 + ((x & f) ^ (~x & g)) + constant + w[at]
            y, b, c = a[at + _L3], a[at + _L2], a[at + _L]
            s0 = ((y >> _R2) | (y << _R30)) ^ ((y >> _R13) | (y << _R19)) ^ ((y >> _R22) | (y << _R10))
            e[at + _L4] = a[at] + mixed
            a[at + _L4] = mixed + s0 + ((y & b) ^ (y & c) ^ (b & c))


def hash_two_blocks(a: Words, e: Words, w: Words, k: Words, start: Words, block: Words) -> None:
    """Hash messages of 32 words, padding included; the hashes are left in the first four rows of `a` and of `e`, the last word first."""
    for row in range(4):
        for lane in range(LANES):
            a[(3 - row) * LANES + lane] = start[row]
            e[(3 - row) * LANES + lane] = start[4 + row]
    for number in range(2):
        for at in range(16 * LANES):
            w[at] = block[number * 16 * LANES + at]
        compress(a, e, w, k)
        for row in range(4):
            for lane in range(LANES):
                a[row * LANES + lane] += a[(64 + row) * LANES + lane]
                e[row * LANES + lane] += e[(64 + row) * LANES + lane]


def put_out(a: Words, e: Words, out: Words, node: int, lane: int) -> None:
    """Write the hash of a lane into a node."""
    for row in range(4):
        out[node * NODE_WORDS + row] = a[(3 - row) * LANES + lane]
        out[node * NODE_WORDS + 4 + row] = e[(3 - row) * LANES + lane]


def hash_leaves(
    start_at: int, balances: Words, users: Words, out: Words, a: Words, e: Words, w: Words, block: Words, k: Words, start: Words
) -> None:
    """Hash leaves from one on: 0x00, index, balance, hash of the user. Shape: four words a balance, of all; eight a user, from the first on."""
    count = len(users) // HASH_WORDS
    for at in range(32 * LANES):
        block[at] = _ZERO
    for first in range(0, count, LANES):
        width = min(LANES, count - first)
        for lane in range(width):
            index = start_at + first + lane
            last = _ZERO
            for word in range(14):
                if word == 0:
                    value = np.uint32(np.uint64(index) >> _HALF)
                elif word == 1:
                    value = np.uint32(np.uint64(index) & _LOW)
                elif word < 6:
                    value = balances[index * SUM_WORDS + word - 2]
                else:
                    value = users[(first + lane) * HASH_WORDS + word - 6]
                block[word * LANES + lane] = (last << _R24) | (value >> _R8)
                last = value
            block[14 * LANES + lane] = (last << _R24) | _END
            block[31 * LANES + lane] = _LEAF_BITS
        hash_two_blocks(a, e, w, k, start, block)
        for lane in range(width):
            index = start_at + first + lane
            put_out(a, e, out, index, lane)
            for word in range(SUM_WORDS):
                out[index * NODE_WORDS + HASH_WORDS + word] = balances[index * SUM_WORDS + word]


def hash_pairs(below: Words, out: Words, a: Words, e: Words, w: Words, block: Words, k: Words, start: Words) -> None:
    """Hash pairs of nodes into the level above: 0x01, left hash, left sum, right hash, right sum; sums are added."""
    pair = 2 * NODE_WORDS
    count = len(below) // pair
    for at in range(32 * LANES):
        block[at] = _ZERO
    for first in range(0, count, LANES):
        width = min(LANES, count - first)
        for lane in range(width):
            node = first + lane
            last = _ZERO
            for word in range(pair):
                value = below[node * pair + word]
                block[word * LANES + lane] = (last << _R24) | (value >> _R8)
                last = value
            block[lane] |= _NODE
            block[pair * LANES + lane] = (last << _R24) | _END
            block[31 * LANES + lane] = _NODE_BITS
        hash_two_blocks(a, e, w, k, start, block)
        for lane in range(width):
            node = first + lane
            put_out(a, e, out, node, lane)
            carry = np.uint64(0)
            for word in range(NODE_WORDS - 1, HASH_WORDS - 1, -1):
                added = np.uint64(below[node * pair + word]) + np.uint64(below[node * pair + NODE_WORDS + word]) + carry
                out[node * NODE_WORDS + word] = np.uint32(added & _LOW)
                carry = added >> _HALF
