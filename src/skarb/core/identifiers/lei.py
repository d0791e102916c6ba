"""Legal entity identifiers: twenty characters, the last two of them check digits.

The check digits are tested over the whole text before its length, so a lost, doubled or changed character is
named for what it is, a typing slip. Source: ISO 17442-1:2020; check digits ISO/IEC 7064 MOD 97-10.
"""

from __future__ import annotations

from skarb.core.identifiers.iso7064 import mod_97_10
from skarb.core.identifiers.model import ALPHANUMERIC, Flaw, tidy


def check_lei(text: str) -> str | Flaw:
    """Return the identifier in capitals without separators, or the first rule it breaks."""
    lei = tidy(text, " -")
    if not lei or len(lei) > 64 or not ALPHANUMERIC.issuperset(lei):
        return Flaw("format", text, "20 letters and digits, such as 529900TODVLNUTNSYF94")
    if mod_97_10(lei) != 1:
        return Flaw("checksum", text, "a legal entity identifier whose two check digits fit (ISO 7064 MOD 97-10)")
    if len(lei) != 20:
        return Flaw("length", text, f"20 characters, not {len(lei)}")
    if not lei[18:].isdigit():
        return Flaw("format", text, "two check digits at the end")
    return lei
