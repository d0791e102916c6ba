"""Views: what each institution could see by itself, beside what a supervisor sees of all of them.

An institution sees a transfer when it serves one of its ends. All institutions are watched in one run, in which every account is a different one for
each institution that sees it; so no scheme can hold what no single institution sees.
"""

from __future__ import annotations

import numpy as np

from skarb.oversight.typologies.model import Numbers, Transfers


def apart(transfers: Transfers) -> tuple[Transfers, Numbers, Numbers]:
    """Return the transfers as the institutions see them, each for itself; which transfer each row is; and which account each number is."""
    both = np.flatnonzero(transfers.sent_by != transfers.received_by)
    rows = np.concatenate([np.arange(len(transfers)), both])
    seen_by = np.concatenate([transfers.sent_by, transfers.received_by[both]])
    order = np.argsort(rows, kind="stable")
    rows, seen_by = rows[order], seen_by[order]
    seen = transfers.part(rows)
    many = int(max(transfers.sender.max(initial=0), transfers.receiver.max(initial=0))) + 1
    keys, numbers = np.unique(np.concatenate([seen_by * many + seen.sender, seen_by * many + seen.receiver]), return_inverse=True)
    sender, receiver = numbers[: len(rows)], numbers[len(rows) :]
    views = Transfers(sender, receiver, seen.moment, seen.size, seen.unit, seen.marks, seen_by, seen_by)
    return views, rows, keys % many
