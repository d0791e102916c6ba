"""What every part of an office works with: who we are, the day, the shelf, the registers, the law."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from skarb.app.travel.directory import Directory
from skarb.app.travel.payees import Payees
from skarb.app.travel.persons import Persons
from skarb.app.travel.ruling import Ask
from skarb.app.travel.shelf import Shelf
from skarb.core.time import Clock, legal_day
from skarb.travelrule.constraints import Rules
from skarb.travelrule.exchange import Terms
from skarb.travelrule.findings import Finding
from skarb.travelrule.model import IdentityPayload
from skarb.travelrule.required import Requirement, Requirements, lacking, required_on

_LATER: frozenset[Requirement] = frozenset({"beneficiary.account"})  # the approval brings it


@dataclass
class Means:
    """The means of one institution's office."""

    shelf: Shelf
    directory: Directory
    party: str  # our name in the registers
    url: str  # under which others reach us
    requirements: Sequence[Requirements]
    clock: Clock
    zone: str
    terms: Terms
    authorities: frozenset[str]  # codes of GLEIF; without them only their pattern is checked
    payees: Payees | None  # without it a person answers every inquiry
    persons: Persons
    law: Ask | None  # what follows from a finding

    @property
    def day(self) -> int:
        """The legal day."""
        return legal_day(self.clock(), self.zone)

    def rules(self) -> Rules:
        """Return the rules of a check made now."""
        return Rules(self.day, self.authorities)

    def lacking(self, payload: IdentityPayload, findings: Iterable[Finding]) -> tuple[str, ...]:
        """Return what a payload lacks before the other side has answered."""
        required = [one for one in required_on(self.requirements, self.day) if one not in _LATER]
        return lacking(payload, findings, required)
