"""A kernel for BLAKE2b of many short pieces at once, 16 bytes of each.

The standard library hashes one piece a call, and the call costs more than the hash. Tests hold the kernel to `hashlib.blake2b`.

Source: RFC 7693.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Word = np.uint64
Words = NDArray[np.uint64]
Bytes = NDArray[np.uint8]
Places = NDArray[np.int64]

BLOCK = 128  # bytes hashed at once
INITIAL = np.array(
    [
        *(0x6A09E667F3BCC908, 0xBB67AE8584CAA73B, 0x3C6EF372FE94F82B, 0xA54FF53A5F1D36F1),
        *(0x510E527FADE682D1, 0x9B05688C2B3E6C1F, 0x1F83D9ABFB41BD6B, 0x5BE0CD19137E2179),
    ],
    np.uint64,
)
_ORDERS = (
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15),
    (14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3),
    (11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4),
    (7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8),
    (9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13),
    (2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9),
    (12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11),
    (13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10),
    (6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5),
    (10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0),
)
ORDER = np.array([*_ORDERS, *_ORDERS[:2]], np.uint8)  # of the words of a block, round by round
LEFT_1, RIGHT_63 = np.uint64(1), np.uint64(63)
RIGHT_16, LEFT_48 = np.uint64(16), np.uint64(48)
RIGHT_24, LEFT_40 = np.uint64(24), np.uint64(40)
HALF = np.uint64(32)


def start_of(person: bytes) -> Words:
    """Return the state before the first block of a hash of 16 bytes with a personalisation and without a key."""
    state = INITIAL.copy()
    state[0] ^= np.uint64(0x0101_0010)
    state[6:] ^= np.frombuffer(person.ljust(16, b"\0"), "<u8")
    return state


def hash_pieces(
    data: Bytes, begins: Places, sizes: Places, start: Words, block: Bytes, words: Words, state: Words, work: Words, out: Words
) -> None:
    """Hash some pieces of the data.

    Shape: `out` two words a piece. Room to work in: `block` is 128 bytes and `words` the same memory as 16 words; `state` 8, `work` 16.
    """
    for piece in range(len(begins)):
        for word in range(8):
            state[word] = start[word]
        place, left, total = begins[piece], sizes[piece], np.int64(0)
        while True:
            used = min(left, BLOCK)
            for byte in range(used):
                block[np.uint64(byte)] = data[np.uint64(place + byte)]
            for byte in range(used, BLOCK):
                block[byte] = 0
            place, left, total = place + used, left - used, total + used
            for word in range(8):
                work[word], work[word + 8] = state[word], INITIAL[word]
            work[12] ^= np.uint64(total)
            if left == 0:
                work[14] = ~work[14]
            mix_block(work, words)
            for word in range(8):
                state[word] ^= work[word] ^ work[word + 8]
            if left == 0:
                break
        out[piece, 0], out[piece, 1] = state[0], state[1]


def mix_block(work: Words, words: Words) -> None:
    """Do the twelve rounds of one block."""
    a0, a1, a2, a3 = work[0], work[1], work[2], work[3]
    b0, b1, b2, b3 = work[4], work[5], work[6], work[7]
    c0, c1, c2, c3 = work[8], work[9], work[10], work[11]
    d0, d1, d2, d3 = work[12], work[13], work[14], work[15]
    for turn in range(12):
        order = ORDER[turn]
        a0, b0, c0, d0 = mix(a0, b0, c0, d0, words[order[0]], words[order[1]])
        a1, b1, c1, d1 = mix(a1, b1, c1, d1, words[order[2]], words[order[3]])
        a2, b2, c2, d2 = mix(a2, b2, c2, d2, words[order[4]], words[order[5]])
        a3, b3, c3, d3 = mix(a3, b3, c3, d3, words[order[6]], words[order[7]])
        a0, b1, c2, d3 = mix(a0, b1, c2, d3, words[order[8]], words[order[9]])
        a1, b2, c3, d0 = mix(a1, b2, c3, d0, words[order[10]], words[order[11]])
        a2, b3, c0, d1 = mix(a2, b3, c0, d1, words[order[12]], words[order[13]])
        a3, b0, c1, d2 = mix(a3, b0, c1, d2, words[order[14]], words[order[15]])
    work[0], work[1], work[2], work[3] = a0, a1, a2, a3
    work[4], work[5], work[6], work[7] = b0, b1, b2, b3
    work[8], work[9], work[10], work[11] = c0, c1, c2, c3
    work[12], work[13], work[14], work[15] = d0, d1, d2, d3


def mix(a: Word, b: Word, c: Word, d: Word, x: Word, y: Word) -> tuple[Word, Word, Word, Word]:
    """Mix two words of a block into four words of the state."""
    a = a + b + x
    d ^= a
    d = (d >> HALF) | (d << HALF)
    c = c + d
    b ^= c
    b = (b >> RIGHT_24) | (b << LEFT_40)
    a = a + b + y
    d ^= a
    d = (d >> RIGHT_16) | (d << LEFT_48)
    c = c + d
    b ^= c
    b = (b >> RIGHT_63) | (b << LEFT_1)
    return a, b, c, d
