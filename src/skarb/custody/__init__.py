"""Custody: where assets lie, who must agree before they leave, and proofs of what is owed and what is there.

Nothing here holds a private key or knows how to use one: signatures are made elsewhere and checked here. `judge` is pure, so a decision that was
journalled with its signatures can be made again by anybody.
"""

from skarb.custody.model import (
    SPENDS,
    Destination,
    Holder,
    Place,
    Policy,
    Quorum,
    Request,
    Rule,
    Signed,
    Statement,
    WalletProof,
    destination_text,
    hash_of,
    read_document,
    statement_text,
)
from skarb.custody.policy import problems_of
from skarb.custody.quorum import Circumstances, Finding, Ruling, governing, is_asked, judge, to_screen
from skarb.custody.sumtree import Node, SumTree, build, is_included

__all__ = [
    "SPENDS",
    "Circumstances",
    "Destination",
    "Finding",
    "Holder",
    "Node",
    "Place",
    "Policy",
    "Quorum",
    "Request",
    "Rule",
    "Ruling",
    "Signed",
    "Statement",
    "SumTree",
    "WalletProof",
    "build",
    "destination_text",
    "governing",
    "hash_of",
    "is_asked",
    "is_included",
    "judge",
    "problems_of",
    "read_document",
    "statement_text",
    "to_screen",
]
