"""Identifiers that carry their own check: account numbers, legal entities, tokens, wallet addresses.

Every check is pure: text in, the normalised text (or address) or the first rule it breaks out. Nothing is looked up, so a
valid identifier need not exist. National taxpayer numbers are described by data (`registers.numbering`).
"""

from skarb.core.identifiers import base58, bech32
from skarb.core.identifiers.dti import check_dti
from skarb.core.identifiers.iban import check_iban, iban_structures
from skarb.core.identifiers.lei import check_lei
from skarb.core.identifiers.model import Address, ErrorClass, Flaw
from skarb.core.identifiers.spelling import key_of_address, wallet_key
from skarb.core.identifiers.wallet import CHAINS, chain_of, classify, normal_wallet

__all__ = [
    "CHAINS",
    "Address",
    "ErrorClass",
    "Flaw",
    "base58",
    "bech32",
    "chain_of",
    "check_dti",
    "check_iban",
    "check_lei",
    "classify",
    "iban_structures",
    "key_of_address",
    "normal_wallet",
    "wallet_key",
]
