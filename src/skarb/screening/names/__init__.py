"""Screening by name: two numbers, likeness and other evidence, with the reasons for both.

    screen = NameScreen(lists)
    answer = screen.search(Described(kind="person", names=(Name(text="…"),), births=("1970-05-17",)))

`answer.method` says by what means names were compared: with the extra `screening` nomenklatura's logic-v2 and ICU, else rules and
tables of our own.
"""

from skarb.screening.names.clients import Clients, Rescreened
from skarb.screening.names.model import Evidence, NameAnswer, NameHit, Part, Verdict
from skarb.screening.names.policy import Policy, default_policy, make_policy
from skarb.screening.names.reader import Reader
from skarb.screening.names.screen import NameScreen
from skarb.screening.names.show import show

__all__ = [
    "Clients",
    "Evidence",
    "NameAnswer",
    "NameHit",
    "NameScreen",
    "Part",
    "Policy",
    "Reader",
    "Rescreened",
    "Verdict",
    "default_policy",
    "make_policy",
    "show",
]
