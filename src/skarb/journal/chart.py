"""The chart of accounts: an account is an address in words and an asset, and its id is a hash of both.

So the same words always mean the same account. Addresses are hierarchical, most general part first: `client/anna`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import blake2b
from struct import Struct as Layout

from skarb.core.errors import InputError, ensure
from skarb.core.transfer import ACCOUNT, Limit
from skarb.journal.model import Opening

CODE = 1  # the kind of account and transfer where nobody names one
_ACCOUNT = Layout("<16s16sQIIHHI16s16sQ")  # the fields of ACCOUNT, pairs of halves as 16 bytes
_ZERO = bytes(16)
ensure(_ACCOUNT.size == ACCOUNT.itemsize, "packed accounts have the ledger's layout")


class Chart:
    """The accounts of a book, by address and asset, and the ledger's number of each asset."""

    def __init__(self) -> None:
        self.openings: list[Opening] = []  # in the order of the ledger's accounts
        self.ids: dict[str, dict[str, bytes]] = {}  # account ids by asset and address
        self._by_id: dict[bytes, Opening] = {}
        self.ledgers: dict[str, int] = {}  # the ledger's number of each asset

    def learn(self, openings: Sequence[Opening], ids: Iterable[bytes] | None = None) -> None:
        """Take over accounts in the order in which they were opened; what is known already may come again.

        Units: `ids` where they are at hand; else they are computed.
        """
        given = (account_id(one.address, one.asset) for one in openings) if ids is None else ids
        for opening, account in zip(openings, given, strict=True):
            if account in self._by_id:
                continue
            self._by_id[account] = opening
            self.openings.append(opening)
            known = self.ids.get(opening.asset)
            if known is None:
                known = self.ids[opening.asset] = {}
                self.ledgers[opening.asset] = len(self.ledgers) + 1
            known[opening.address] = account

    def opening(self, low: int, high: int) -> Opening:
        """Return the account with an id, given in two halves."""
        return self._by_id[int(low).to_bytes(8, "little") + int(high).to_bytes(8, "little")]


def account_id(address: str, asset: str) -> bytes:
    """Return the 128-bit id of the account at an address in words."""
    return blake2b(f"{asset} {address}".encode(), digest_size=16, person=b"skarb-account").digest()


def account_record(
    address: str,
    asset: str,
    ledger: int,
    *,
    floor: int | None = None,
    ceiling: int | None = None,
    flags: int = 0,
    code: int = CODE,
) -> bytes:
    """Return the ACCOUNT record of an account that is to be opened.

    Units: `floor` and `ceiling` in smallest units of the asset; the balance, holds counted, stays between them.
    Raises: InputError if a limit does not fit into 128 bits.
    """
    bits, magnitudes = 0, []
    for limit, there, negative in ((floor, Limit.floor, Limit.floor_negative), (ceiling, Limit.ceiling, Limit.ceiling_negative)):
        if limit is not None:
            bits |= there | (negative if limit < 0 else 0)
        if abs(limit or 0) >> 128:
            raise InputError(f"account {address!r} in {asset}: given the limit {limit}, expected one of at most 128 bits")
        magnitudes.append(abs(limit or 0).to_bytes(16, "little"))
    return _ACCOUNT.pack(account_id(address, asset), _ZERO, 0, 0, ledger, code, flags, bits, *magnitudes, 0)
