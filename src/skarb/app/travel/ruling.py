"""What the law says about an exchange whose persons are not clear: asked of the same edition that decides on the road.

An inquiry that is turned down never becomes an instruction, so no journal would hold why, or which reports are due. The answer of
the law is therefore written down with the exchange: the facts of screening, the provision, the measure and the duties.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TypeAlias

import msgspec

from skarb.app.travel.persons import Found
from skarb.core.activity import Activity
from skarb.core.decision import Decision, Measure, Verdict
from skarb.core.facts import Facts, Regime, Screening
from skarb.core.party import Profile
from skarb.registers import Registers
from skarb.rulebook import Rulebook
from skarb.travelrule.exchange import Side

Ask: TypeAlias = Callable[[Side, str, int, Found], tuple[Decision, str]]  # side, other provider, legal day → decision, edition
_ACTIVITIES: dict[Side, Activity] = {"originator": "token_transfer_out", "beneficiary": "token_transfer_in"}


class Ruling(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was found and what the law said of it, at one moment. It holds nothing personal."""

    at: datetime
    status: Screening
    regime: Regime = "none"
    list: str = ""
    list_sha256: str = ""
    entry: str = ""
    by: str = ""
    role: str = ""
    subject: str = ""
    missing: tuple[str, ...] = ()
    verdict: Verdict = "refer"
    provision: str = ""
    measure: Measure = "none"
    duties: tuple[str, ...] = ()
    edition: str = ""

    @property
    def said(self) -> str:
        """The ruling in words, for the institution's own people."""
        if self.status == "clear":
            return ""
        means = "" if self.measure == "none" else f", {self.measure}"
        due = f"; due: {', '.join(self.duties)}" if self.duties else ""
        return f"{self.verdict} by {self.provision}{means}{due}"


def ruling(found: Found, at: datetime, said: tuple[Decision, str] | None) -> Ruling:
    """Return what is to be written down."""
    one = found.result
    decision, edition = said or (Decision("refer", "silence"), "")
    return Ruling(
        at=at, status=one.status, regime=one.regime, list=one.list, list_sha256=one.list_sha256, entry=one.entry, by=one.by,
        role=found.role, subject=found.subject, missing=one.missing, verdict=decision.verdict, provision=decision.provision,
        measure=decision.measure, duties=decision.duties if one.status == "listed" else (), edition=edition,
    )  # fmt: skip


def asking(rulebook: Rulebook, registers: Callable[[], Registers], operator: str) -> Ask:
    """Return what asks a law about exchanges of an institution. Who its client is, is judged on the road; here he is one like any other."""

    def ask(side: Side, counterparty: str, day: int, found: Found) -> tuple[Decision, str]:
        ours = registers().profile(operator, day) or Profile()
        theirs = registers().profile(counterparty, day) or Profile()
        edition = rulebook.edition(day)
        activity = _ACTIVITIES[side]
        facts = Facts(
            activity=activity, day=day, actor_kind="natural_person", actor_identified=True,
            operator_licence=ours.licence, operator_regime_resident=ours.regime_resident, operator_registered=ours.registered,
            operator_covers_activity=activity in ours.covers, operator_country=ours.country,
            counterparty_kind=theirs.kind, counterparty_licence=theirs.licence, counterparty_resident=theirs.resident,
            counterparty_country=theirs.country, asset_class="cryptocurrency", settlement="token", wallet_hosting="hosted",
            screening=found.result.status, screening_regime=found.result.fact_regime, totals=(None,) * len(edition.features),
        )  # fmt: skip
        return edition.decision(facts), edition.hash

    return ask
