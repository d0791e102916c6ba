"""Decisions: the answer of the law to one set of facts.

Three verdicts exist. `refer` means that a person must decide: where the law is silent, uncertain or says so.
A decision names the provision that decided, what must be done besides (duties), what is owed (levy) and whether
it rests on a text that was not read at first hand (assumed).
"""

from __future__ import annotations

from typing import Literal

import msgspec

Verdict = Literal["permit", "refuse", "refer"]
Measure = Literal["none", "reject", "quarantine", "block", "hold", "disclose"]

SILENCE = "silence"  # the id named when no provision speaks about the activity: silence is not consent


class Decision(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What the law says about one instruction, as small numbers into an edition's tables."""

    verdict: Verdict
    provision: str  # id of the deciding provision, or SILENCE
    measure: Measure = "none"  # how a refusal is carried out
    duties: tuple[str, ...] = ()  # ids of provisions that require or report something besides
    levy: str = ""  # id of the levy or exemption that governs, "" when none does
    assumed: bool = False  # the deciding provision's text was not read at first hand


Outcome = Literal["posted", "refused", "referred", "not_posted", "conflict"]


class Receipt(msgspec.Struct, frozen=True, gc=False):
    """The durable answer to one instruction. Given only after the batch is on disk; the same id gets the same one again."""

    id: str
    outcome: Outcome  # not_posted: permitted by the law, turned down by the ledger (say, for lack of funds)
    decision: Decision
    edition: str  # SHA-256 of the edition that decided
    book: str
    sequence: int  # of the batch in the journal, from 1
    row: int  # of the instruction in the batch, from 0
    codes: tuple[str, ...] = ()  # ledger result of each transfer, in order
    repeated: bool = False  # the id was seen before with the same content; this is the first answer
    head: str = ""  # SHA-256 of the journal after the batch, hex
