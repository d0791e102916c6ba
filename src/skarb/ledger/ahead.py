"""Compile the kernel that posts before anybody waits for it: one transfer between two accounts takes every step of it.

What is compiled is kept beside the source, so that processes which need it later, or go on in the interpreter meanwhile, only load it.
"""

from __future__ import annotations

import numpy as np

from skarb.core.compiled import choose_kind
from skarb.core.transfer import ACCOUNT, TRANSFER
from skarb.ledger.engine import kernel
from skarb.ledger.machine import Ledger

_FEW = 1 << 4


def compile_ahead() -> None:
    """Compile the kernel, or load what is kept of it; where it is not to be compiled nothing is done."""
    if choose_kind(True) != "numba":
        return
    accounts, transfer = np.zeros(2, ACCOUNT), np.zeros(1, TRANSFER)
    accounts["id_lo"], accounts["ledger"], accounts["code"] = (1, 2), 1, 1
    for name in ("id_lo", "debit_lo", "amount_lo", "ledger", "code"):
        transfer[name] = 1
    transfer["credit_lo"] = 2
    ledger = Ledger("numba")
    ledger.open_accounts(accounts, 1)
    ledger.post(transfer, 3)
    kernel("numba").regrow(np.zeros(_FEW, np.uint64), np.zeros(2 * _FEW, np.uint64))
