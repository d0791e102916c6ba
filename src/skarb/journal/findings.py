"""What verification found: where, what was given, what was expected."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from skarb.store import Location

MOST = 1_000  # findings that are kept; the others are counted

Check = Literal["seal", "file", "chain", "edition", "identity", "decision", "ledger", "balance"]
CHECKS: dict[Check, str] = {
    "seal": "every byte of the file is what the seal says",
    "file": "the store is whole",
    "chain": "each batch continues the one before, without gaps and in the order of time",
    "edition": "each edition's text is the one with its hash, and can decide",
    "identity": "keys are those of the instructions, and each stands once",
    "decision": "every decision, made again from its facts, is the same",
    "ledger": "every account and transfer, posted again, gets the same result",
    "balance": "the sum of each asset is zero",
}
SealState = Literal["closed", "open", "missing", "damaged"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is not as it must be."""

    check: Check
    where: str
    given: str
    expected: str
    sequence: int | None = None  # the batch, where it lies in one
    row: int | None = None  # the instruction in the batch, where it is known
    start: int | None = None  # first byte in the file that is meant
    stop: int | None = None  # byte after the last one

    def __str__(self) -> str:
        return f"{self.where}: given {self.given}, expected {self.expected}"


@dataclass(kw_only=True)
class Report:
    """The result of verifying one book."""

    path: Location
    book: str = ""
    seal: SealState = "missing"
    sequence: int = 0  # of the last batch that was read
    head: str = ""  # after it, as the journal states it, hex
    instructions: int = 0
    transfers: int = 0
    accounts: int = 0
    editions: int = 0
    supply: dict[str, tuple[int, int]] = field(default_factory=dict)  # debits and credits of each asset, holds included
    findings: list[Finding] = field(default_factory=list)
    more: int = 0  # findings beyond those kept
    notes: list[str] = field(default_factory=list)  # what was not checked, and why
    skipped: set[Check] = field(default_factory=set)  # checks that could not be finished

    @property
    def ok(self) -> bool:
        """Whether nothing was found; `notes` and `skipped` say what was not looked at."""
        return not self.findings

    def add(self, finding: Finding) -> None:
        """Keep a finding, or count it when there are too many."""
        if len(self.findings) < MOST:
            self.findings.append(finding)
        else:
            self.more += 1

    def failed(self, check: Check) -> bool:
        """Whether a check found something."""
        return any(finding.check == check for finding in self.findings)
