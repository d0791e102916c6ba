"""Registers: who and what the law knows, dated on two axes, append-only.

Parties, licences, tokens, venues and their blocks, wallets, holds, screening lists and rates. `Registers` is the view that
the desk asks for every row; `read_entries`, `read_rates` and `read_screening_list` read what others publish; `RegisterFile`
keeps it all in one chained file.
"""

from skarb.registers.chain import Recording, RegisterFile
from skarb.registers.defaults import CountryDefaults, load_country_defaults
from skarb.registers.freshness import Freshness, Peg, find_staleness
from skarb.registers.list_versions import ListVersion
from skarb.registers.model import (
    GATES,
    REGISTERS,
    Admission,
    Band,
    Block,
    Capacity,
    Entry,
    Gate,
    Hold,
    ListPolicy,
    Meter,
    MiningMachines,
    MiningSite,
    Party,
    Tariff,
    Token,
    Venue,
    Wallet,
    WalletExposure,
    WalletFacts,
    WalletListing,
    WalletProof,
    Whitelisting,
)
from skarb.registers.numbering import Numbering, check_digit, check_number, read_numbering
from skarb.registers.proofs import answer_proof, ask_proof, challenge_text
from skarb.registers.questions import UnknownAsset
from skarb.registers.rate_files import RateFile, read_rates
from skarb.registers.rates import Rate, RateSeries
from skarb.registers.read import Import, read_entries, read_screening_list, read_wallet
from skarb.registers.view import Registers, Summary

__all__ = [
    "GATES",
    "REGISTERS",
    "Admission",
    "Band",
    "Block",
    "Capacity",
    "CountryDefaults",
    "Entry",
    "Freshness",
    "Gate",
    "Hold",
    "Import",
    "ListPolicy",
    "ListVersion",
    "Meter",
    "MiningMachines",
    "MiningSite",
    "Numbering",
    "Party",
    "Peg",
    "Rate",
    "RateFile",
    "RateSeries",
    "Recording",
    "RegisterFile",
    "Registers",
    "Summary",
    "Tariff",
    "Token",
    "UnknownAsset",
    "Venue",
    "Wallet",
    "WalletExposure",
    "WalletFacts",
    "WalletListing",
    "WalletProof",
    "Whitelisting",
    "answer_proof",
    "ask_proof",
    "challenge_text",
    "check_digit",
    "check_number",
    "find_staleness",
    "load_country_defaults",
    "read_entries",
    "read_numbering",
    "read_rates",
    "read_screening_list",
    "read_wallet",
]
