"""The chart of accounts: an account is an address in words and an asset, and its id is a hash of both.

So the same words always mean the same account. Addresses are hierarchical, most general part first: `client/anna`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from hashlib import blake2b
from struct import Struct as Layout
from threading import Lock

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
        self._openings: list[Opening] = []
        self._ids: dict[str, dict[str, bytes]] = {}
        self._by_id: dict[bytes, Opening] = {}
        self._ledgers: dict[str, int] = {}
        # Not entered yet: whoever only reads balances needs none of it.
        self._told: deque[tuple[Sequence[Opening], Sequence[bytes]]] = deque()
        self._entering = Lock()

    @property
    def openings(self) -> list[Opening]:
        """The accounts in the order of the ledger's."""
        self._enter()
        return self._openings

    @property
    def ids(self) -> dict[str, dict[str, bytes]]:
        """Account ids by asset and address."""
        self._enter()
        return self._ids

    @property
    def ledgers(self) -> dict[str, int]:
        """The ledger's number of each asset."""
        self._enter()
        return self._ledgers

    def learn(self, openings: Sequence[Opening], ids: Sequence[bytes] | None = None) -> None:
        """Take over accounts in the order in which they were opened; what is known already may come again.

        Units: `ids` where they are at hand; else they are computed.
        """
        self._told.append((openings, [account_id(one.address, one.asset) for one in openings] if ids is None else ids))

    def _enter(self) -> None:
        """Enter what was told. A page may ask while the writer works: what is being entered stays told until all of it is in."""
        if not self._told:
            return
        with self._entering:
            while self._told:
                openings, ids = self._told[0]
                for opening, account in zip(openings, ids, strict=True):
                    if account in self._by_id:
                        continue
                    self._by_id[account] = opening
                    self._openings.append(opening)
                    known = self._ids.get(opening.asset)
                    if known is None:
                        self._ledgers[opening.asset] = len(self._ledgers) + 1
                        known = self._ids[opening.asset] = {}
                    known[opening.address] = account
                self._told.popleft()

    def opening(self, low: int, high: int) -> Opening:
        """Return the account with an id, given in two halves."""
        self._enter()
        return self._by_id[int(low).to_bytes(8, "little") + int(high).to_bytes(8, "little")]

    def find(self, account: bytes) -> Opening | None:
        """Return the account with an id, or None."""
        self._enter()
        return self._by_id.get(account)


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
