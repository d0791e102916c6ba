"""Check characters of ISO/IEC 7064: the pure system MOD 97-10 and the hybrid systems MOD M+1,M.

Source: ISO/IEC 7064:2003.
"""

from __future__ import annotations


def mod_97_10(text: str) -> int:
    """Return the remainder of digits and capital letters (A = 10 … Z = 35) modulo 97; a checked text gives 1."""
    return int("".join(str(int(char, 36)) for char in text)) % 97


def hybrid_holds(text: str, alphabet: str) -> bool:
    """Tell whether the last character of a text checks the ones before it in the hybrid system MOD M+1,M.

    M is the size of the alphabet; every character of the text must be in it.
    """
    size = len(alphabet)
    state = size
    for char in text[:-1]:
        state = (state + alphabet.index(char)) % size or size
        state = state * 2 % (size + 1)
    return (state + alphabet.index(text[-1])) % size == 1
