"""Screening: is a party or a wallet on a list, by exact identifier.

It cannot be switched off: without lists, or when one that is required is missing, the answer is `unavailable`, and the law
then refers to a person. Names follow their own road and are not compared here.
"""

from skarb.screening.model import Change, Delta
from skarb.screening.screen import Screen

__all__ = ["Change", "Delta", "Screen"]
