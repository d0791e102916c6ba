"""A market as the console sees it: everything derived from the journals, down to a single row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from threading import RLock
from typing import Any

import msgspec

from skarb.app.alertmodel import AlertsView, AlertView
from skarb.app.archive import Archive, Found, instant_of, transfer_lines
from skarb.app.draftmodel import DraftsView, Progress
from skarb.app.drafts import Answers
from skarb.app.explain import provision_view, reasons_of
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
    FlowDay,
    Flows,
    Holding,
    Person,
    Place,
    ProvisionCount,
    ProvisionView,
    Referral,
    Refusal,
    RowLine,
    RowView,
    VenueFlow,
)
from skarb.app.reservemodel import AuditView, BillsView, ReserveView
from skarb.app.tally import Answered, Tally, answered
from skarb.app.words import Spoken, citation_of, says_of, spoken, title_of
from skarb.core.amount import format_amount
from skarb.core.party import HUMAN
from skarb.core.time import from_day, legal_day
from skarb.desk import Desk
from skarb.journal import GENESIS, Envelope
from skarb.ledger import Result
from skarb.registers import Admission, Party, Registers
from skarb.rulebook import Edition, Rulebook
from skarb.simulate import BookEntry
from skarb.simulate.farm import Farm
from skarb.simulate.miners import Miners

_CREATED = Result.created.value
_NAMES = {result.value: result.name for result in Result}
_OTHER = ("deposit/", "quarantine/")


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
        farm: Farm | None = None,
        miners: Miners | None = None,
    ) -> None:
        self._rulebook = rulebook
        self._registers = registers
        self._entries = {book.name: book for book in books}
        self._latin = latin
        self._book_path = book_path
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
        """The instant of the latest instruction of all."""
        return self._tally.now or datetime(1970, 1, 1, tzinfo=UTC)

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
        )

    def books(self) -> tuple[BookView, ...]:
        """Return every book at a glance."""
        with self._lock:
            return tuple(
                self._book(entry, self._desks[entry.name]) for entry in self._entries.values() if entry.name in self._desks
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
        days = sorted({day for day, _ in (*out, *back)})
        if not days:
            return Flows(days=())
        by_day = (
            FlowDay(
                day=from_day(day),
                out=sum(value for (on, _), value in out.items() if on == day),
                returned=sum(value for (on, _), value in back.items() if on == day),
            )
            for day in range(days[0], days[-1] + 1)
        )
        venues = (
            VenueFlow(
                venue=venue,
                country=country,
                out=sum(value for (_, where), value in out.items() if where == venue),
                returned=sum(value for (_, where), value in back.items() if where == venue),
            )
            for venue, country in abroad.items()
        )
        return Flows(days=tuple(by_day), venues=tuple(sorted(venues, key=lambda one: one.returned - one.out)))

    def refusals(self, limit: int) -> tuple[Refusal, ...]:
        """Return the latest refusals, newest first."""
        with self._lock:
            latest = list(self._tally.refusals)
        latest.sort(key=lambda one: one.instruction.at, reverse=True)
        return tuple(self._refusal(one) for one in latest[:limit])

    def referrals(self, limit: int) -> tuple[Referral, ...]:
        """Return the referrals that wait, oldest first."""
        return tuple(
            Referral(
                place=_place(one),
                at=one.instruction.at,
                party=self._person(one.instruction.party),
                activity=one.instruction.activity,
                asset=one.instruction.asset,
                amount=one.instruction.amount,
                provision=one.decision.provision,
                title=title_of(self._rulebook, one.decision.provision),
                says=says_of(self._rulebook, one.decision.provision),
                entered_by=one.instruction.entered_by,
            )
            for one in self.waiting()[:limit]
        )

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
        if found is None:
            return None
        entry, envelope, rows = found
        return BatchView(
            book=book,
            sequence=sequence,
            height=self._tally.books[book].height,
            recorded_at=instant_of(envelope.recorded_at),
            previous_head=entry.previous.hex(),
            head=entry.head.hex(),
            registers=envelope.registers.hex(),
            editions=envelope.editions,
            rows=tuple(
                RowLine(
                    row=one.row,
                    id=one.instruction.id,
                    at=one.instruction.at,
                    party=self._person(one.instruction.party),
                    activity=one.instruction.activity,
                    asset=one.instruction.asset,
                    amount=one.instruction.amount,
                    outcome=one.outcome,
                    provision=one.decision.provision,
                )
                for one in rows
            ),
        )

    def row(self, book: str, sequence: int, row: int) -> RowView | None:
        """Return a row of a batch, or None."""
        found = self._find(book, sequence)
        if found is None or not 0 <= row < len(found.rows):
            return None
        entry, envelope, rows = found
        one = rows[row]
        i, decision = one.instruction, one.decision
        transfers = transfer_lines(envelope, row, self._desks[book].chart, self._registers)
        names = dict.fromkeys(
            name
            for name in (i.party, i.counterparty, *(_party_of(side) for line in transfers for side in (line.debit, line.credit)))
            if name
        )
        edition = self._archive.edition_of(envelope, row)
        return RowView(
            place=_place(one),
            height=self._tally.books[book].height,
            outcome=one.outcome,
            verdict=decision.verdict,
            measure=decision.measure,
            provision=decision.provision,
            title=title_of(self._rulebook, decision.provision),
            citation=citation_of(self._rulebook, decision.provision),
            says=says_of(self._rulebook, decision.provision),
            duties=decision.duties,
            levy=decision.levy,
            assumed=decision.assumed,
            edition=edition.hash,
            instruction=i,
            facts=one.facts,
            people=tuple(self._person(name) for name in names),
            reasons=reasons_of(edition, one.facts),
            transfers=transfers,
            recorded_at=instant_of(envelope.recorded_at),
            registers=envelope.registers.hex(),
            previous_head=entry.previous.hex(),
            head=entry.head.hex(),
            verify=f"skarb verify {self._book_path(book)}",
        )

    def provision(self, provision: str) -> ProvisionView | None:
        """Return a provision, or None."""
        with self._lock:
            counts = [(verdict, count) for (name, verdict, _), count in self._tally.provisions.items() if name == provision]
            latest = list(self._tally.by_provision.get(provision, ()))[::-1]
        return provision_view(
            self._rulebook, provision, self._day_now(), tuple(counts), tuple(self._refusal(one) for one in latest)
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
        """Return the schemes that a watch sees in what was posted."""
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

    def _book(self, entry: BookEntry, desk: Desk) -> BookView:
        tally = self._tally.books.get(entry.name)
        outcomes = tally.outcomes if tally is not None else {}
        gates = self._gates(entry.name)
        return BookView(
            name=entry.name,
            title=entry.title,
            latin=entry.latin,
            licence=entry.licence,
            needs_both_gates=len(self._registers.country.gates.get(entry.licence, ())) > 1,
            regime_since=gates.get("regime"),
            register_since=gates.get("central_bank"),
            permitted=outcomes.get("posted", 0),
            refused=outcomes.get("refused", 0),
            referred=outcomes.get("referred", 0),
            not_posted=outcomes.get("not_posted", 0),
            accounts=desk.book.ledger.accounts,
            holdings=self._holdings(desk),
            height=tally.height if tally is not None else 0,
            head=(desk.book.head if tally is not None else GENESIS).hex(),
            recorded_at=tally.recorded_at if tally is not None else None,
        )

    def _gates(self, party: str) -> dict[str, date]:
        today = self.now.date()
        found: dict[str, date] = {}
        for entry in self._registers.history("licences", party):
            if isinstance(entry, Admission) and not entry.withdrawn and entry.valid_from <= today:
                found.setdefault(entry.gate, entry.valid_from)
        return found

    def _holdings(self, desk: Desk) -> tuple[Holding, ...]:
        sums: dict[str, list[int]] = {}
        for opening, balance in desk.positions():
            where = opening.address
            kind = 0 if where.startswith("client/") else 1 if where.startswith("own/") else 2 if where.startswith(_OTHER) else 3
            if kind < 3:
                sums.setdefault(opening.asset, [0, 0, 0])[kind] += balance
        holdings = []
        for asset, (clients, own, other) in sorted(sums.items()):
            decimals = self._registers.asset(asset).decimals
            holdings.append(
                Holding(
                    asset=asset,
                    clients=format_amount(clients, decimals),
                    own=format_amount(own, decimals),
                    other=format_amount(other, decimals),
                )
            )
        return tuple(holdings)

    def _refusal(self, one: Answered) -> Refusal:
        i, decision = one.instruction, one.decision
        return Refusal(
            place=_place(one),
            at=i.at,
            party=self._person(i.party),
            activity=i.activity,
            asset=i.asset,
            amount=i.amount,
            provision=decision.provision,
            title=title_of(self._rulebook, decision.provision),
            says=says_of(self._rulebook, decision.provision),
            measure=decision.measure,
            assumed=decision.assumed,
        )

    def _person(self, party: str) -> Person:
        entry = next((one for one in reversed(self._registers.history("parties", party)) if isinstance(one, Party)), None)
        if entry is None:
            return Person(id=party, name=party, personal=True)
        return Person(id=party, name=entry.name or party, personal=entry.kind in HUMAN, latin=self._latin.get(party, ""))


def _place(one: Answered) -> Place:
    return Place(book=one.book, sequence=one.sequence, row=one.row)


def _party_of(address: str) -> str | None:
    kind, _, party = address.partition("/")
    if kind == "quarantine" and ":" in party.rpartition("/")[2]:  # what came from one wallet is kept apart from the rest
        party = party.rpartition("/")[0] or party
    return party if kind in ("client", "own", "outside", "deposit", "quarantine", "observed") and party else None
