"""Screening: is a party or a wallet on a list, by exact identifier, and may a party be somebody on a list, by name.

It cannot be switched off: without lists, or when one that is required is missing, the answer is `unavailable`, and the law
then refers to a person. An identifier lists; a name makes somebody possible and never more (`screening.names`). What a hit means is judged in
one place (`judge`).
"""

from skarb.screening.judge import judge, measure_of
from skarb.screening.model import Change, Delta, Hit
from skarb.screening.parties import PartyIndex
from skarb.screening.screen import Screen

__all__ = ["Change", "Delta", "Hit", "PartyIndex", "Screen", "judge", "measure_of"]
