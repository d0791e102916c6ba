"""The hash of passwords that Whatsminer machines sign commands with: MD5-crypt, a thousand rounds, as in old Unix systems.

It is here because machines still speak it, and good for nothing else.
"""

from __future__ import annotations

from hashlib import md5

_LETTERS = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_ORDER = ((0, 6, 12), (1, 7, 13), (2, 8, 14), (3, 9, 15), (4, 10, 5))


def md5crypt(word: str, salt: str) -> str:
    """Return the last part of `$1$salt$…` for a word."""
    key, grain = word.encode(), salt.encode()[:8]
    inner = md5(key + grain + key).digest()
    start = key + b"$1$" + grain + (inner * (len(key) // 16 + 1))[: len(key)]
    bits = len(key)
    while bits:
        start += b"\0" if bits & 1 else key[:1]
        bits >>= 1
    state = md5(start).digest()
    for number in range(1000):
        turn = key if number & 1 else state
        turn += grain if number % 3 else b""
        turn += key if number % 7 else b""
        turn += state if number & 1 else key
        state = md5(turn).digest()
    parts = [_letters(state[a] << 16 | state[b] << 8 | state[c], 4) for a, b, c in _ORDER]
    return "".join(parts) + _letters(state[11], 2)


def _letters(number: int, count: int) -> str:
    return "".join(_LETTERS[number >> 6 * place & 63] for place in range(count))
