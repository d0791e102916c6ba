"""How a word sounds, roughly: spellings of one name in several languages come out alike.

The sound keeps vowels and serves to compare; the skeleton drops what scripts and languages leave out or change (vowels, v, a last
h) and serves to find candidates and to compare with scripts that do not write vowels. Neither is evidence by itself.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

_TO: Final = {
    "shch": "s", "tsch": "c", "tch": "c", "sch": "s", "sh": "s", "sz": "s", "zh": "z", "kh": "h", "ph": "f", "th": "t", "dh": "d", "gh": "h",
    "dzh": "c", "dz": "d", "dj": "c", "ch": "c", "cz": "c", "ts": "c", "tz": "c", "ck": "k", "qu": "k", "q": "k", "x": "ks", "w": "v", "g": "h",
    "ou": "u", "oo": "u", "ee": "i", "eo": "o", "eu": "u", "c": "k", "y": "i", "j": "i",
}  # fmt: skip
_CLUSTERS: Final = re.compile("|".join(sorted(_TO, key=len, reverse=True)))
_SOFT: Final = re.compile("[yji](?=[aeou])")
_DOUBLE: Final = re.compile(r"(.)\1+")
_LOST: Final = re.compile(r"[aeiouv]|(?<=.)h\Z")


@lru_cache(maxsize=1 << 17)
def sound(word: str) -> str:
    """Return how a folded word sounds."""
    if not word.isascii() or word.isdigit():
        return word
    soft = _SOFT.sub("", word) if len(word) > 2 else word
    return _DOUBLE.sub(r"\1", _CLUSTERS.sub(lambda found: _TO[found[0]], soft or word))


@lru_cache(maxsize=1 << 17)
def skeleton(word: str) -> str:
    """Return what is left of a folded word when all that languages leave out or change is dropped; nothing of a very short one."""
    if not word.isascii() or word.isdigit():
        return ""
    bare = _DOUBLE.sub(r"\1", _LOST.sub("", sound(word)).replace("c", "t"))
    return bare if len(bare) > 1 else ""
