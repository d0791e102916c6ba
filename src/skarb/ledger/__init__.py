"""The ledger: accounts, transfers between them, and a machine that decides them one by one.

`Ledger` is the whole of it. Records are those of `core.transfer`; answers are `Result` codes.
"""

from skarb.ledger.history import Filter, History, Moved, Sums
from skarb.ledger.ids import Id
from skarb.ledger.machine import Ledger
from skarb.ledger.model import AFTER, BALANCE, Balance, Supply
from skarb.ledger.results import TRANSIENT, Result
from skarb.ledger.transaction import Leg, reversal_of, transfers_of

__all__ = [
    "AFTER",
    "BALANCE",
    "TRANSIENT",
    "Balance",
    "Filter",
    "History",
    "Id",
    "Ledger",
    "Leg",
    "Moved",
    "Result",
    "Sums",
    "Supply",
    "reversal_of",
    "transfers_of",
]
