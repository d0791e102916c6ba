"""Screening: is a party or a wallet on a list, by exact identifier.

It cannot be switched off: without lists, or when one that is required is missing, the answer is `unavailable`, and the law
then refers to a person. Whatever finds a hit, `judge` says what it means. Names follow their own road and are not compared here.
"""

from skarb.screening.judge import judge, measure_of
from skarb.screening.model import Change, Delta, Hit
from skarb.screening.parties import PartyIndex
from skarb.screening.screen import Screen

__all__ = ["Change", "Delta", "Hit", "PartyIndex", "Screen", "judge", "measure_of"]
