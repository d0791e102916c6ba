"""Typologies: shapes that money takes when somebody hides where it comes from, found in a stream of transfers."""

from skarb.oversight.typologies.model import FAMILIES, GIFT, LEGAL, LICENSED, TOKEN, Alert, Family, Flow, Transfers
from skarb.oversight.typologies.settings import Settings, read_settings
from skarb.oversight.typologies.watch import Watch

__all__ = [
    "FAMILIES",
    "GIFT",
    "LEGAL",
    "LICENSED",
    "TOKEN",
    "Alert",
    "Family",
    "Flow",
    "Settings",
    "Transfers",
    "Watch",
    "read_settings",
]
