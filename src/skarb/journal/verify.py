"""Verify a book: the bytes of its file, the chain, every decision, every posting, every sum.

Everything that is found comes back as a list; damage is never an exception. What the journal says is taken from nowhere but the
book: facts are decided again by the editions kept in it, records are posted again to an empty ledger.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING, TypeVar

from skarb.core.errors import SkarbError, shorten
from skarb.journal.ahead import ahead
from skarb.journal.chain import Envelope, head_of, open_envelope
from skarb.journal.checks import Seen, decision_findings, identity_findings, ledger_findings, totals_findings
from skarb.journal.findings import Check, Finding, Report
from skarb.journal.law import Law, load_law
from skarb.journal.memory import Memory
from skarb.journal.model import GENESIS
from skarb.journal.seal import Progress, Seal
from skarb.journal.sealcheck import SealCheck, check_seal
from skarb.store import Entry, Location, Store, find_book, open_store

if TYPE_CHECKING:
    from skarb.journal.counting import Counting

_T = TypeVar("_T")


def verify(path: Location, *, progress: Progress | None = None) -> Report:
    """Check everything that can be checked in a book and report what is not as it must be.

    Raises: NotFound or InputError if there is no book at the path, Unavailable if its database cannot be reached; nothing else, however
    damaged the book is.
    """
    find_book(path)
    report = Report(path=path)
    check = _seal(report, progress)
    work = _Verification(report, check.seal, progress)
    store = work.open(still=check.state == "closed" and bool(check.findings))
    if store is not None:
        try:
            work.run(store)
        finally:
            store.close()
    return report


def _seal(report: Report, progress: Progress | None) -> SealCheck:
    check = check_seal(report.path, progress)
    report.seal = check.state
    report.notes += check.notes
    for finding in check.findings:
        report.add(finding)
    if check.state in {"missing", "open"}:
        report.skipped.add("seal")
    return check


class _Verification:
    """One pass over the journal, remembering what the next batch is compared with."""

    def __init__(self, report: Report, seal: Seal | None, progress: Progress | None) -> None:
        self.report, self.seal, self.progress = report, seal, progress
        self.head, self.sequence, self.recorded_at = GENESIS, 0, 0
        self.memory, self.seen = Memory(), Seen()
        self.laws: dict[str, Law] = {}
        self.counting: Counting | None = None  # of a book whose editions look at running totals
        self.posting = True
        self.direct: bool | None = None  # whether the book is a ledger without instructions, as its first batch says

    def open(self, *, still: bool) -> Store | None:
        """Open the store, or report why it cannot be opened."""
        try:
            return open_store(self.report.path, still=still)
        except SkarbError as error:
            self._find("file", self.report.path.name, shorten(str(error), 300), "a book that can be opened")
            self._skip(
                "nothing in the journal could be checked: the file cannot be opened", "chain", "edition", "identity", "decision"
            )
            self._skip("", "ledger", "balance")
            return None

    def run(self, store: Store) -> None:
        """Make all checks that need the store."""
        for problem in store.check():
            self._find("file", self.report.path.name, shorten(problem, 300), "a store that is whole")
        self._guarded("file", "name of the book", lambda: self._name(store))
        self._guarded("edition", "editions", lambda: self._load_laws(store))
        last = self._guarded("chain", "last batch", store.last) or (0, GENESIS)
        for entry in ahead(self._entries(store, last[0])):
            self._batch(entry)
            if self.progress is not None:
                self.progress("verify the journal", entry.sequence, last[0])
        self._end()

    # The store as a whole.

    def _name(self, store: Store) -> None:
        self.report.book = store.meta("book") or ""
        if not self.report.book or (self.seal is not None and self.seal.book != self.report.book):
            expected = repr(self.seal.book) if self.seal is not None else "a name"
            self._find("file", "name of the book", repr(self.report.book), expected)

    def _load_laws(self, store: Store) -> None:
        for name in store.text_names():
            self._guarded("edition", f"edition {name[:12]}…", partial(self._load_law, store, name))

    def _load_law(self, store: Store, name: str) -> None:
        text = store.text(name) or b""
        self.report.editions += 1
        if (given := sha256(text).hexdigest()) != name:
            self._find("edition", f"text of edition {name}", f"SHA-256 {given}", name)
            return
        law = load_law(text)
        if law.hash != name:
            self._find("edition", f"edition {name}", f"hash {law.hash} once loaded", name)
        self.laws[name] = law
        if law.features:
            from skarb.journal.counting import Counting

            self.counting = self.counting or Counting()
            self.counting.learn(law)

    def _entries(self, store: Store, last: int) -> Iterator[Entry]:
        """Yield every entry that can be read; where the range cannot be read on, go on one by one."""
        sequence = 0
        try:
            for entry in store.read():
                sequence = entry.sequence
                yield entry
            return
        except SkarbError:
            pass
        for number in range(sequence + 1, last + 1):
            try:
                one = store.entry(number)
            except SkarbError as error:
                self._find("chain", f"batch {number}", shorten(str(error), 300), "a batch that can be read", number)
                continue
            if one is not None:
                yield one

    # One batch.

    def _batch(self, entry: Entry) -> None:
        self._chain(entry)
        self.report.sequence, self.report.head = entry.sequence, entry.head.hex()
        envelope = self._guarded(
            "chain", f"batch {entry.sequence}", lambda: open_envelope(entry.body, strict=True), entry.sequence
        )
        if envelope is None:
            self._stop_ledger(f"batch {entry.sequence} cannot be taken apart")
            return
        self._frame(entry, envelope)
        self.report.instructions += envelope.rows
        if self.direct is None:
            self.direct = not envelope.rows
            if self.direct:
                self.report.notes.append("a ledger without instructions: its transfers were posted directly, no law decided them")
        self._collect("identity", entry, identity_findings(envelope, self.seen))
        self._collect("decision", entry, decision_findings(envelope, self.laws, bool(self.direct)))
        if self.counting is not None:
            self._totals(entry, envelope, self.counting)
        if self.posting:
            self._collect("ledger", entry, ledger_findings(envelope, self.memory))

    def _totals(self, entry: Entry, envelope: Envelope, counting: Counting) -> None:
        try:
            for finding in totals_findings(envelope, self.laws, counting):
                self.report.add(finding)
        except Exception:  # what cannot be read was found already; from here on nobody knows what was posted before
            self.counting = None
            self._skip(
                f"running totals were checked up to batch {entry.sequence - 1} only: rows of the next one cannot be read",
                "decision",
            )

    def _collect(self, check: Check, entry: Entry, findings: Iterator[Finding]) -> None:
        def work() -> None:
            for finding in findings:
                self.report.add(finding)

        self._guarded(check, f"batch {entry.sequence}", work, entry.sequence)

    def _chain(self, entry: Entry) -> None:
        where, sequence = f"batch {entry.sequence}", entry.sequence
        if sequence != self.sequence + 1:
            self._find("chain", where, f"it follows batch {self.sequence}", f"batch {self.sequence + 1} there", sequence)
            self._stop_ledger(f"batch {self.sequence + 1} is missing")
        elif entry.previous != self.head:
            self._find("chain", f"{where}, previous head", entry.previous.hex(), self.head.hex(), sequence)
        if (head := head_of(entry.previous, entry.body)) != entry.head:
            self._find("chain", f"{where}, head of its bytes", head.hex(), f"{entry.head.hex()} as stored", sequence)
        if self.seal is not None and sequence == self.seal.sequence and entry.head.hex() != self.seal.head:
            self._find("seal", f"{where}, head", entry.head.hex(), f"{self.seal.head} as sealed", sequence)
        self.head, self.sequence = entry.head, sequence

    def _frame(self, entry: Entry, envelope: Envelope) -> None:
        where, sequence = f"batch {entry.sequence}", entry.sequence
        if envelope.sequence != sequence:
            self._find("chain", f"{where}, its own number", str(envelope.sequence), str(sequence), sequence)
        if self.report.book and envelope.book != self.report.book:
            self._find("chain", f"{where}, its book", repr(envelope.book), repr(self.report.book), sequence)
        if envelope.recorded_at < self.recorded_at:
            self._find(
                "chain", f"{where}, recorded at", f"{envelope.recorded_at} ns", f"{self.recorded_at} ns or later", sequence
            )
        self.recorded_at = max(self.recorded_at, envelope.recorded_at)

    def _stop_ledger(self, why: str) -> None:
        """Stop posting: from here on the balances are not those of the journal."""
        if self.posting:
            self.posting = False
            self._skip(f"postings and balances were checked up to batch {self.sequence} only: {why}", "ledger", "balance")

    # The end.

    def _end(self) -> None:
        seal, report = self.seal, self.report
        if seal is not None and seal.state == "closed" and (self.sequence, self.head.hex()) != (seal.sequence, seal.head):
            self._find(
                "seal", "last batch", f"{self.sequence} with head {self.head.hex()}", f"{seal.sequence} with head {seal.head}"
            )
        elif seal is not None and self.sequence < seal.sequence:
            self._find("chain", "last batch", str(self.sequence), f"{seal.sequence} or later, as the open seal says")
        if report.instructions == 0 and report.sequence == 0:
            report.notes.append("the book has no batches")
        self._guarded("balance", "balances", self._balances)

    def _balances(self) -> None:
        report, ledger = self.report, self.memory.ledger
        report.accounts, report.transfers = ledger.accounts, ledger.transfers
        codes = {number: asset for asset, number in self.memory.assets.items()}
        if len(codes) != len(self.memory.assets):
            self._find("balance", "assets", f"{self.memory.assets}", "a number of its own for each asset")
        for number, supply in ledger.supply().items():
            debits = supply.debits_posted + supply.debits_pending
            credited = supply.credits_posted + supply.credits_pending
            asset = codes.get(number, f"asset {number}")
            report.supply[asset] = debits, credited
            if not supply.balanced:
                self._find("balance", f"sum of {asset}", f"debits {debits}, credits {credited}", "debits equal to credits")

    # Keeping what is found.

    def _guarded(self, check: Check, where: str, work: Callable[[], _T], sequence: int | None = None) -> _T | None:
        """Do one piece of work; whatever goes wrong with damaged bytes is a finding and not the end."""
        try:
            return work()
        except Exception as error:
            words = str(error) if isinstance(error, SkarbError) else f"{type(error).__name__}: {error}"
            self._find(check, where, shorten(words, 300), "something that can be checked", sequence)
            return None

    def _find(self, check: Check, where: str, given: str, expected: str, sequence: int | None = None) -> None:
        self.report.add(Finding(check=check, where=where, given=given, expected=expected, sequence=sequence))

    def _skip(self, note: str, *checks: Check) -> None:
        self.report.skipped.update(checks)
        if note:
            self.report.notes.append(note)
