"""Digital token identifiers: nine characters of an alphabet without vowels and Y, the last one a check character.

Bitcoin's code was registered although its check character does not fit, so it is accepted by name. Other identifiers
(CUSIP) may look the same: the kind must always be stated. Source: ISO 24165-1:2025; check character ISO/IEC 7064 MOD 31,30;
the registered exception: public token registry of the DTI Foundation.
"""

from __future__ import annotations

from skarb.core.identifiers.iso7064 import hybrid_holds
from skarb.core.identifiers.model import Flaw, tidy

ALPHABET = "0123456789BCDFGHJKLMNPQRSTVWXZ"
GRANDFATHERED = frozenset({"4H95J0R2X"})  # Bitcoin


def check_dti(text: str) -> str | Flaw:
    """Return the identifier in capitals, or the first rule it breaks."""
    dti = tidy(text, "")
    if len(dti) != 9:
        return Flaw("length", text, f"9 characters, not {len(dti)}")
    if not set(ALPHABET).issuperset(dti) or dti[0] == "0":
        return Flaw("format", text, f"characters of {ALPHABET}, the first one not 0")
    if dti not in GRANDFATHERED and not hybrid_holds(dti, ALPHABET):
        return Flaw("checksum", text, "a check character that fits (ISO 7064 MOD 31,30)")
    return dti
