"""Where our clients are paid when answers are automatic: the address for an account number that a payload names."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256

import msgspec

from skarb.travelrule.messages import Inquiry

EVERYBODY = "*"


class Payees:
    """Addresses by account number; `*` is for everybody else."""

    def __init__(self, addresses: Mapping[str, str]) -> None:
        self._addresses = dict(addresses)
        self.mark = sha256(msgspec.json.encode(self._addresses, order="sorted")).digest()  # another one where anything differs

    def address(self, inquiry: Inquiry) -> str | None:
        """Return where the client of an inquiry is paid; None if a person must say."""
        accounts = (account for person in inquiry.ivms101.beneficiary.beneficiary_person for account in person.account_number)
        return next((self._addresses[one] for one in (*accounts, EVERYBODY) if one in self._addresses), None)
