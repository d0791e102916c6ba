"""What the console asks of a market: a small protocol.

The console never opens a book. Whoever shows a market implements `MarketView` over the journal; every number then leads down to
one row of one batch. Methods are called from several threads and should answer in milliseconds. Persons are handed over in full; the
console masks natural persons unless a purpose was given, and then calls `look` first.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from skarb.app.alertmodel import AlertsView, AlertView
    from skarb.app.draftmodel import DraftsView
    from skarb.app.miningmodel import CurtailmentView, EconomicsView, FarmView, PlanView, SurplusView
    from skarb.app.model import (
        BatchLine,
        BatchView,
        BookView,
        ClockView,
        Flows,
        ProvisionCount,
        ProvisionView,
        Referral,
        Refusal,
        RowView,
    )
    from skarb.app.reservemodel import AuditView, BillsView, ReserveView
    from skarb.app.words import Spoken


class MarketView(Protocol):
    """Everything the console asks of a market."""

    def clock(self) -> ClockView:
        """Return the market's time and pulse."""

    def books(self) -> tuple[BookView, ...]:
        """Return every book at a glance."""

    def decisions(self) -> tuple[ProvisionCount, ...]:
        """Return how often each provision decided, most frequent first."""

    def flows(self) -> Flows:
        """Return the value that went to foreign venues and came back."""

    def refusals(self, limit: int) -> tuple[Refusal, ...]:
        """Return the latest refusals, newest first."""

    def referrals(self, limit: int) -> tuple[Referral, ...]:
        """Return the referrals that wait, oldest first."""

    def batches(self, book: str, limit: int, before: int | None = None) -> tuple[BatchLine, ...] | None:
        """Return the latest batches of a book before a number, newest first; None if there is no such book."""

    def batch(self, book: str, sequence: int) -> BatchView | None:
        """Return a batch, or None."""

    def row(self, book: str, sequence: int, row: int) -> RowView | None:
        """Return a row of a batch, or None."""

    def provision(self, provision: str) -> ProvisionView | None:
        """Return a provision, or None."""

    def spoken(self, provision: str, language: str) -> Spoken | None:
        """Return a provision in a language, None if the law has none of this id."""
        ...

    def drafts(self) -> DraftsView:
        """Return every draft of law that is tried on the market's past, and how far that is."""

    def report(self, draft: str, language: str) -> bytes | None:
        """Return the report on a draft that stands alone, as HTML, or None."""

    def flow_part(self, language: str) -> str | None:
        """Return what became of money abroad as a part of a page, or None if nothing was followed yet."""

    def flow_figures(self) -> dict[str, Any] | None:
        """Return the same as figures, or None."""

    def flow_report(self, language: str) -> bytes | None:
        """Return the report on money abroad that stands alone, as HTML, or None."""

    def alerts(self) -> AlertsView:
        """Return the schemes that a watch saw in what was posted, in the order in which an officer should read them; never wait for a watch."""

    def alert(self, name: str) -> AlertView | None:
        """Return one scheme of that queue with everybody in it, or None."""

    def mining(self) -> FarmView | None:
        """Return the mining farm now and what the journal says of it, or None if the market has none; so for all of `mining_*`."""

    def mining_surplus(self) -> SurplusView | None:
        """Return how much power is left over in the year."""

    def mining_plan(self, asked: Mapping[str, str]) -> PlanView | None:
        """Return the year's plan for a question, beside the one for the farm as it stands.

        Raises: InputError naming what was asked wrongly, InfeasiblePlan.
        """

    def mining_economics(self) -> EconomicsView | None:
        """Return what mining paid and may pay."""

    def mining_curtailment(self, day: str | None) -> CurtailmentView | None:
        """Return the order of a day, or the latest, against the meters.

        Raises: InputError if there was none.
        """

    def mining_bills(self, bill: str | None) -> BillsView | None:
        """Return the bills of all miners and one of them in full; the last where none is named."""

    def mining_audit(self, month: str | None) -> AuditView | None:
        """Return what the audits of miners found, and the days of one month; the last where none is named."""

    def reserve(self) -> ReserveView | None:
        """Return what the reserve holds, what it is worth and risks, and where it came from."""

    def look(self, purpose: str, subject: str) -> None:
        """Record durably that somebody looks at personal data, and why, before they are shown."""
