"""What the console may ask of a market, each answer derived from what the market's writer tells as it appends."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path
from threading import RLock
from typing import Any

import msgspec

from skarb.app.alertmodel import AlertsView, AlertView
from skarb.app.archive import Archive, Found, transfer_lines
from skarb.app.draftmodel import DraftsView, Progress
from skarb.app.drafts import Answers
from skarb.app.explain import provision_view
from skarb.app.files import now as real_now
from skarb.app.flowwork import flow_figures, flow_part, flow_report
from skarb.app.law import law_folder
from skarb.app.looks import Looks
from skarb.app.marketalerts import MarketAlerts
from skarb.app.marketmining import MarketMining
from skarb.app.marketreserve import MarketReserve
from skarb.app.miningmodel import CurtailmentView, EconomicsView, FarmView, PlanView, SurplusView
from skarb.app.model import (
    BatchLine,
    BatchView,
    BookView,
    ClockView,
    Flows,
    PastView,
    Person,
    ProvisionCount,
    ProvisionView,
    Referral,
    Refusal,
    RowView,
)
from skarb.app.reservemodel import AuditView, BillsView, ReserveView
from skarb.app.tally import Answered, Tally, answered
from skarb.app.view.abroad import flows_of
from skarb.app.view.books import book_of
from skarb.app.view.rows import batch_of, referral_of, refusal_of, row_of
from skarb.app.words import Spoken, citation_of, spoken, title_of
from skarb.core.party import HUMAN
from skarb.core.time import legal_day
from skarb.desk import Desk
from skarb.journal import Envelope
from skarb.registers import Party, Registers
from skarb.rulebook import Edition, Rulebook
from skarb.simulate import BookEntry
from skarb.simulate.farm import Farm
from skarb.simulate.miners import Miners


class View:
    """Answers the console's questions; fed by the market's writer, read by the console's threads."""

    def __init__(
        self,
        folder: Path,
        rulebook: Rulebook,
        registers: Registers,
        books: Iterable[BookEntry],
        latin: dict[str, str],
        book_path: Callable[[str], Path],
        start: datetime,
        farm: Farm | None = None,
        miners: Miners | None = None,
    ) -> None:
        self._rulebook = rulebook
        self._registers = registers
        self._entries = {book.name: book for book in books}
        self._latin = latin
        self._book_path = book_path
        self._start = start
        self._desks: dict[str, Desk] = {}
        self._tally = Tally()
        self._looks = Looks(folder / "looks.jsonl", real_now)
        self._lock = RLock()
        self._archive = Archive(book_path, rulebook)
        self._answers = Answers(folder)
        self._folder = folder
        country = rulebook.country
        self._alerts = MarketAlerts(country.code.lower(), country.currency, lambda code: registers.asset(code).decimals)
        law = country.code.lower()
        self.mined = None if farm is None else MarketMining(farm, law, country.zone, folder)
        miners = miners if (law_folder(law) / "reserve.yaml").is_file() else None
        self.kept = None if miners is None or self.mined is None else MarketReserve(folder, law, country.zone, miners, self.mined)
        self.replaying = Progress()
        self.living = False
        self.past_days = 0  # of the past, while it happens

    # Fed by the writer.

    def learn(self, envelope: Envelope) -> None:
        """Take a batch of a journal into account."""
        rows = answered(envelope, self._archive.law)
        self._alerts.take(rows)
        if self.mined is not None:
            self.mined.take(rows)
        with self._lock:
            self._tally.take(rows, envelope.sequence, envelope.recorded_at, envelope.book)

    def follow(self, desk: Desk) -> None:
        """Take into account what a desk has appended since the last time."""
        name = desk.book.name
        self._desks[name] = desk
        seen = self._tally.books[name].height if name in self._tally.books else 0
        for envelope in desk.book.envelopes(seen + 1):
            self.learn(envelope)

    def watch(self, desk: Desk) -> None:
        """Show a desk's book."""
        self._desks[desk.book.name] = desk

    def last(self, book: str) -> datetime | None:
        """Return the instant of the latest instruction in a book, approvals aside."""
        found = self._tally.books.get(book)
        return None if found is None else found.last

    @property
    def now(self) -> datetime:
        """The instant of the latest instruction of all, or the market's first one."""
        return self._tally.now or self._start

    def waiting(self) -> list[Answered]:
        """Return the referrals that wait, oldest first."""
        with self._lock:
            return list(self._tally.referrals.values())

    # Asked by the console.

    def clock(self) -> ClockView:
        """Return the market's time and pulse."""
        country = self._rulebook.country
        return ClockView(
            now=self.now,
            zone=country.zone,
            country=country.code.upper(),
            currency=country.currency,
            currency_decimals=country.decimals,
            living=self.living,
            instructions=self._tally.instructions,
            edition=self._edition_now().hash,
            simulated=True,
            waiting=len(self.waiting()),
            past=self._past(),
        )

    def _past(self) -> PastView | None:
        if not self.past_days:
            return None
        first, today = (legal_day(moment, self._rulebook.country.zone) for moment in (self._start, self.now))
        day = today - first + 1
        return PastView(day=day, days=self.past_days) if day <= self.past_days else None

    def books(self) -> tuple[BookView, ...]:
        """Return every book at a glance."""
        with self._lock:
            return tuple(
                book_of(
                    entry,
                    self._book_path(entry.name),
                    self._desks[entry.name],
                    self._tally.books.get(entry.name),
                    self._registers,
                    self.now.date(),
                )
                for entry in self._entries.values()
                if entry.name in self._desks
            )

    def decisions(self) -> tuple[ProvisionCount, ...]:
        """Return how often each provision decided, most frequent first."""
        with self._lock:
            counts = self._tally.provisions.most_common()
        return tuple(
            ProvisionCount(
                provision=provision,
                title=title_of(self._rulebook, provision),
                citation=citation_of(self._rulebook, provision),
                verdict=verdict,
                count=count,
                assumed=assumed,
            )
            for (provision, verdict, assumed), count in counts
        )

    def flows(self) -> Flows:
        """Return the value that went to foreign venues and came back."""
        with self._lock:
            out, back, abroad = dict(self._tally.out), dict(self._tally.back), dict(self._tally.abroad)
        return flows_of(out, back, abroad)

    def refusals(self, limit: int) -> tuple[Refusal, ...]:
        """Return the latest refusals, newest first."""
        with self._lock:
            latest = list(self._tally.refusals)
        latest.sort(key=lambda one: one.instruction.at, reverse=True)
        return tuple(refusal_of(one, self._rulebook, self._person) for one in latest[:limit])

    def referrals(self, limit: int) -> tuple[Referral, ...]:
        """Return the referrals that wait, oldest first."""
        return tuple(referral_of(one, self._rulebook, self._person) for one in self.waiting()[:limit])

    def batches(self, book: str, limit: int, before: int | None = None) -> tuple[BatchLine, ...] | None:
        """Return the latest batches of a book before a number, newest first; None if there is no such book."""
        if book not in self._desks:
            return None
        last = self._tally.books[book].height if book in self._tally.books else 0
        stop = last + 1 if before is None else min(before, last + 1)
        return self._archive.lines(book, max(1, stop - limit), stop - 1)

    def batch(self, book: str, sequence: int) -> BatchView | None:
        """Return a batch, or None."""
        found = self._find(book, sequence)
        return None if found is None else batch_of(found, self._tally.books[book].height, self._person)

    def row(self, book: str, sequence: int, row: int) -> RowView | None:
        """Return a row of a batch, or None."""
        found = self._find(book, sequence)
        if found is None or not 0 <= row < len(found.rows):
            return None
        envelope = found.envelope
        transfers = transfer_lines(envelope, row, self._desks[book].chart, self._registers)
        edition, verify = self._archive.edition_of(envelope, row), f"skarb verify {self._book_path(book)}"
        return row_of(found, row, self._tally.books[book].height, edition, transfers, verify, self._rulebook, self._person)

    def provision(self, provision: str) -> ProvisionView | None:
        """Return a provision, or None."""
        with self._lock:
            counts = [(verdict, count) for (name, verdict, _), count in self._tally.provisions.items() if name == provision]
            latest = list(self._tally.by_provision.get(provision, ()))[::-1]
        return provision_view(
            self._rulebook,
            provision,
            self._day_now(),
            tuple(counts),
            tuple(refusal_of(one, self._rulebook, self._person) for one in latest),
        )

    def drafts(self) -> DraftsView:
        """Return every draft, and how far their replay is."""
        return DraftsView(progress=self.replaying, drafts=self._answers.lines())

    def report(self, draft: str, language: str) -> bytes | None:
        """Return the report on a draft that stands alone, as HTML, or None."""
        return self._answers.report(draft, language)

    def flow_part(self, language: str) -> str | None:
        """Return what became of money abroad as a part of a page, or None if nothing was followed yet."""
        return flow_part(self._folder, language)

    def flow_figures(self) -> dict[str, Any] | None:
        """Return the same as figures, or None."""
        return flow_figures(self._folder)

    def flow_report(self, language: str) -> bytes | None:
        """Return the report on money abroad that stands alone, as HTML, or None."""
        return flow_report(self._folder, language)

    def alerts(self) -> AlertsView:
        """Return the schemes that a watch saw in what was posted, as far as it is."""
        return self._alerts.queue()

    def alert(self, name: str) -> AlertView | None:
        """Return one scheme with everybody in it, or None."""
        return self._alerts.alert(name, self._person)

    def mining(self) -> FarmView | None:
        """Return the mining farm now and what the journal says of it, or None if the market has none."""
        return None if self.mined is None else self.mined.farm(self.mined.clock(self.now), self._person)

    def mining_surplus(self) -> SurplusView | None:
        """Return how much power is left over in the year, or None."""
        return None if self.mined is None else self.mined.surplus(self.mined.clock(self.now))

    def mining_plan(self, asked: Mapping[str, str]) -> PlanView | None:
        """Return the year's plan for a question, beside the one for the farm as it stands, or None."""
        return (
            None
            if self.mined is None
            else self.mined.plan(self.mined.clock(self.now), self.mined.question(self.mined.clock(self.now), asked))
        )

    def mining_economics(self) -> EconomicsView | None:
        """Return what mining paid and may pay, or None."""
        return None if self.mined is None else self.mined.economics()

    def mining_curtailment(self, day: str | None) -> CurtailmentView | None:
        """Return the order of a day, or the latest, against the meters, or None."""
        return None if self.mined is None else self.mined.curtailment(self.mined.clock(self.now), day)

    def mining_bills(self, bill: str | None) -> BillsView | None:
        """Return the bills of all miners and one of them in full, or None."""
        if self.kept is None:
            return None
        found = self.kept.bills(bill, self._person)
        if found.bill is None:
            return found
        named = {
            *(one.rule.rule for one in found.bill.lines),
            *(name for one in found.bill.standing for name in (one.provision, one.levy)),
        }
        return msgspec.structs.replace(found, provisions=self._provisions(named))

    def mining_audit(self, month: str | None) -> AuditView | None:
        """Return what the audits of miners found, and the days of one month, or None."""
        if self.kept is None:
            return None
        found = self.kept.audit(month, self._person)
        return msgspec.structs.replace(found, provisions=self._provisions({one.provision for _, one in found.findings}))

    def reserve(self) -> ReserveView | None:
        """Return the reserve, or None."""
        return None if self.kept is None else self.kept.reserve(self._person)

    def look(self, purpose: str, subject: str) -> None:
        """Record durably that somebody looks at personal data, and why, before they are shown."""
        self._looks.record(purpose, subject)

    def spoken(self, provision: str, language: str) -> Spoken | None:
        """Return a provision in a language, None if the law has none of this id."""
        return spoken(self._rulebook, provision, language)

    # Inside.

    def _provisions(self, names: set[str]) -> tuple[str, ...]:
        """Return those of some names that are provisions of the law."""
        return tuple(sorted(one for one in names if one in self._rulebook.pack.provisions))

    def _day_now(self) -> int:
        return legal_day(self.now, self._rulebook.country.zone)

    def _edition_now(self) -> Edition:
        return self._rulebook.edition(self._day_now())

    def _find(self, book: str, sequence: int) -> Found | None:
        known = self._tally.books.get(book)
        if book not in self._desks or known is None or not 1 <= sequence <= known.height:
            return None
        return self._archive.batch(book, sequence)

    def _person(self, party: str) -> Person:
        entry = next((one for one in reversed(self._registers.history("parties", party)) if isinstance(one, Party)), None)
        if entry is None:
            return Person(id=party, name=party, personal=True)
        return Person(id=party, name=entry.name or party, personal=entry.kind in HUMAN, latin=self._latin.get(party, ""))
