"""The road itself: a batch goes in, durable receipts come out.

Each stage uses what the one before returned. A malformed instruction becomes a problem and never stops the others. Nothing
is answered before the batch is on disk; when the write fails, nothing happened.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from typing import Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from skarb.core.columns import WORTH_COLUMNS, Sheet, content_of, listed
from skarb.core.compiled import choose_kind
from skarb.core.decision import Decision
from skarb.core.errors import FieldError, InputError, ensure
from skarb.core.garbage import undisturbed
from skarb.core.instruction import Assumptions, Instruction
from skarb.core.time import Clock
from skarb.core.transfer import key_128
from skarb.desk.approval import check_approval
from skarb.desk.decide import Decider
from skarb.desk.entries import Entries, Posting, post_plain
from skarb.desk.gather import Gatherer, Travel
from skarb.desk.model import Answer, Case, Column, Gathered, Product
from skarb.desk.plan import KEPT_APART, Planner, has_arrived, quarantine
from skarb.desk.totals import RunningTotals, Turn
from skarb.desk.work import Work, again, give_receipts
from skarb.journal import Batch, Book, Envelope, Opening, open_book
from skarb.journal.folding import MISSING
from skarb.ledger import Result
from skarb.registers import Registers
from skarb.rulebook import Rulebook
from skarb.screening import Screen
from skarb.store import Location

Codes = NDArray[np.uint8]
BATCH = 8192  # instructions in one durable step, unless the caller wants answers sooner
_MANY = 64  # instructions from which on a batch is worth being made into columns
_CREATED = Result.created.value
_ENCODER = msgspec.msgpack.Encoder()


class Desk:
    """Decides and posts the instructions of one institution, in the order they come."""

    def __init__(
        self,
        book: Book,
        rulebook: Rulebook,
        registers: Registers,
        screen: Screen,
        products: Iterable[Product],
        operator: str,
        travel: Travel | None = None,
    ) -> None:
        """Sit down at a book. See `open_desk`."""
        self.book = book
        self.operator = operator
        self._prepared = book.sequence  # number of the last batch made ready
        self.chart = book.chart
        self._decider = Decider(book, rulebook)
        self._registers = registers
        self._totals = RunningTotals(book, rulebook)
        self._gatherer = Gatherer(registers, screen, rulebook.country, operator, self._totals.width, travel)
        self._planner = Planner(products)
        self._handled = 0  # instructions so far

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.book.close()

    def positions(self) -> Iterator[tuple[Opening, int]]:
        """Yield every account of the book with its balance (credits minus debits, holds left aside) in smallest units.

        Pages ask while the writer works. An account of a batch on its way is in the chart before the ledger has it, and is left out.
        """
        sums = self.book.ledger.balances()
        columns = [[int(v) for v in sums[f"{side}_posted_{half}"]] for side in ("credits", "debits") for half in ("lo", "hi")]
        opened = self.chart.openings[: len(sums)]
        for opening, credit, credit_high, debit, debit_high in zip(opened, *columns, strict=True):
            yield opening, credit - debit + (credit_high - debit_high << 64)

    def submit(self, instructions: Sequence[Instruction], assumptions: Assumptions | None = None) -> Answer:
        """Take one batch down the whole road; every receipt returned is durable.

        Raises: Unavailable if the batch could not be written; nothing of it happened then.
        """
        with self.book.step():
            work = self._prepare(instructions, assumptions)
            head = None if work.batch is None else self.book.append(work.batch)
        if work.batch is not None and head is not None:
            give_receipts(work, work.batch, head)
        return work.answer

    def stream(self, batches: Iterable[tuple[Sequence[Instruction], Assumptions | None]]) -> Iterator[Answer]:
        """Take batch after batch down the road, preparing the next one while the last one is being written.

        Answers come in order, each one only after its batch is durable.
        """
        waiting: tuple[Work, Future[bytes] | None] | None = None
        for instructions, assumptions in batches:
            with self.book.step():
                work = self._prepare(instructions, assumptions)
                writing = None if work.batch is None else self.book.append_async(work.batch)
            if waiting is not None:
                yield self._report(*waiting)
            waiting = (work, writing)
        if waiting is not None:
            yield self._report(*waiting)

    def _prepare(self, instructions: Sequence[Instruction], assumptions: Assumptions | None) -> Work:
        work = Work(assumptions, Answer([None] * len(instructions)))
        with undisturbed():
            self._handled += len(instructions)
            self._gatherer.take_from(assumptions)
            sheet = self._sheet(instructions)
            if sheet is None or not self._take_plain(work, sheet):
                self._take_each(work, instructions)
        return work

    def _sheet(self, instructions: Sequence[Instruction]) -> Sheet | None:
        """Return the instructions as columns where that is worth it and they may be plain."""
        if isinstance(instructions, Sheet):
            return instructions
        activity = instructions[0].activity if len(instructions) >= _MANY else None
        if activity not in self._planner.plain or any(one.activity != activity for one in instructions):
            return None
        kind = choose_kind(self._handled >= WORTH_COLUMNS)
        return Sheet.of(instructions, kind) if kind == "numba" else None

    # plain ones: columns from here to the journal ------------------------------------------------------------------------

    def _take_plain(self, work: Work, sheet: Sheet) -> bool:
        """Take a batch of which every instruction is new and plain; False if it is not such a batch, and nothing was done."""
        if not len(sheet) or sheet.alike("activity") not in self._planner.plain:
            return False
        keys = sheet.keys()
        if (self.book.recall(keys) != -1).any():
            return False
        plain = self._gatherer.gather_plain(sheet)
        if plain is None or self._totals.concern(plain.day, plain.activity):
            return False
        work.ids, work.keys, work.contents = sheet.texts("id"), keys, sheet.listed()
        work.cases, work.numbers, work.values, work.values_usd = plain.cases, plain.numbers, plain.values, plain.values_usd
        self._decider.decide(work, self._decider.steps(plain))
        permits = np.array([one.decision.verdict == "permit" for one in work.decided])
        self._post(work, post_plain(self.chart, plain, keys, permits[work.ruled] & (plain.units > 0)))
        return True

    # all others: one by one ----------------------------------------------------------------------------------------------

    def _take_each(self, work: Work, instructions: Sequence[Instruction]) -> None:
        keys = [key_128(i.id) for i in instructions]
        contents = [content_of(i) for i in instructions]
        kept, gathered = self._gather(work, instructions, keys, contents)
        if not kept:
            return
        taken = [instructions[index] for index in kept]
        work.places, work.ids = kept, [i.id for i in taken]
        work.keys = b"".join([keys[index] for index in kept])
        work.contents = msgspec.Raw(listed(len(kept), b"".join([contents[index] for index in kept])))
        numbers: dict[Case, int] = {}
        work.numbers = np.array([numbers.setdefault(one.case, len(numbers)) for one in gathered], np.int64)
        work.cases = list(numbers)
        work.values = _column([one.value for one in gathered])
        work.values_usd = _column([one.value_usd for one in gathered])
        if any(self._totals.concern(case.facts.day, case.facts.activity) for case in work.cases):
            self._take_in_turn(work, taken, gathered)
        else:
            self._decider.decide(work, None)
            self._post(work, self._plan(work, taken, gathered))

    def _gather(
        self, work: Work, instructions: Sequence[Instruction], keys: list[bytes], contents: list[bytes]
    ) -> tuple[list[int], list[Gathered]]:
        """Set aside what was answered before, in the journal or earlier in this batch; return places and facts of the rest."""
        positions = self.book.recall(b"".join(keys))
        known = np.flatnonzero(positions >= 0).tolist()
        for index, (first, content) in zip(known, self.book.answers(positions[known].tolist()), strict=True):
            work.answer.receipts[index] = again(first, same=content == contents[index])
        kept: list[int] = []
        gathered: list[Gathered] = []
        rows: dict[bytes, int] = {}  # key → row, as an id may come twice
        for index, (instruction, key) in enumerate(zip(instructions, keys, strict=True)):
            row = rows.get(key)
            if row is not None:
                work.repeats.append((index, row, contents[kept[row]] == contents[index]))
            if row is not None or work.answer.receipts[index] is not None:
                continue
            try:
                approved = instruction.approves is not None and check_approval(self.book, instruction)
                gathered.append(self._gatherer.gather(instruction, approved))
            except FieldError as error:
                work.answer.problems.append(error.problem(f"instruction {instruction.id}", index))
                continue
            rows[key] = len(kept)
            kept.append(index)
        return kept, gathered

    def _plan(self, work: Work, taken: Sequence[Instruction], gathered: Sequence[Gathered]) -> Posting:
        entries = Entries(self.chart)
        decisions = [one.decision for one in work.decided]
        for row, (instruction, facts, ruled) in enumerate(zip(taken, gathered, work.ruled.tolist(), strict=True)):
            self._plan_one(work, entries, row, instruction, facts, decisions[ruled])
        return entries.posting()

    def _plan_one(
        self, work: Work, entries: Entries, row: int, instruction: Instruction, facts: Gathered, decision: Decision
    ) -> None:
        if decision.verdict == "permit":
            legs = self._planner.legs(instruction, facts)
            if not (facts.units and facts.consideration):
                legs = tuple([leg for leg in legs if leg.units])
        elif decision.measure in KEPT_APART and has_arrived(instruction, facts):
            legs = quarantine(instruction, facts)
        else:
            return
        # An approval posts under the key of its referral, so a referral is posted once, whoever approves it.
        own = work.keys[16 * row : 16 * row + 16]
        entries.add(row, own if instruction.approves is None else key_128(instruction.approves), legs, instruction.at)

    # those whose law looks at what was posted before: in turn -----------------------------------------------------------------

    def _take_in_turn(self, work: Work, taken: Sequence[Instruction], gathered: Sequence[Gathered]) -> None:
        """Decide and plan one after the other, each in sight of what those before it in the batch came to.

        Whether the ledger takes a transfer is asked only when somebody's total depends on it: then all that is planned so far is rehearsed. In
        the end everything is posted at once, as verification will post it.
        """
        at, says = self.book.instant(), self._decider.saying(work)
        for case in work.cases:
            self._decider.keep(self._totals.learn(case.facts.day, case.facts.activity))
        entries, turn = Entries(self.chart), Turn(self.book.ledger, self._totals, at)
        ruled: list[int] = []
        totals: list[int] = []
        columns = zip(*[column.tolist() for column in (work.numbers, work.values, work.values_usd)], strict=True)
        try:
            for row, ((number, value, value_usd), instruction, facts) in enumerate(zip(columns, taken, gathered, strict=True)):
                case = work.cases[number]
                seen = case.valued(facts.value, facts.value_usd)
                shown = turn.totals(seen, instruction, entries)
                case.shown(shown)
                totals.extend([MISSING if total is None else total for total in shown])
                ruling = says(number, value, value_usd)
                ruled.append(ruling)
                decision = work.decided[ruling].decision
                self._plan_one(work, entries, row, instruction, facts, decision)
                if decision.verdict == "permit":
                    turn.wait(row, seen, instruction)
        except BaseException:
            turn.give_up()
            raise
        opened = turn.end(entries)
        work.ruled, work.totals = np.array(ruled, np.int64), np.array(totals, np.int64)
        turn.settle(self._post(work, entries.posting(), (at, opened)))

    # post, journal and report --------------------------------------------------------------------------------------------

    def _post(self, work: Work, posting: Posting, begun: tuple[int, Codes] | None = None) -> Batch:
        """Post a batch; one that was `begun` has its moment already, and its accounts are open."""
        if begun is None:
            at = self.book.instant()
            opened = self.book.ledger.open_accounts(posting.accounts, at)
        else:
            at, opened = begun
        ensure(bool((opened == _CREATED).all()), "an account that the desk opens is new to the ledger")
        results = self.book.ledger.post(posting.transfers, at)
        self._prepared += 1
        work.sequence = self._prepared
        written = [_ENCODER.encode(ruling) for ruling in work.rulings]
        work.batch = batch = Batch(
            book=self.book.name,
            sequence=0,  # the book counts
            recorded_at=at,
            registers=self._registers.version,
            editions=tuple(edition.hash for edition in work.editions),
            assumptions=work.assumptions,
            instructions=work.contents,
            facts=[case.facts for case in work.cases],
            rulings=msgspec.Raw(listed(len(work.ids), b"".join(map(written.__getitem__, work.ruled.tolist())))),
            keys=work.keys,
            cases=work.numbers.astype("<u4").tobytes(),
            values=work.values.astype("<i8").tobytes(),
            dollars=work.values_usd.astype("<i8").tobytes(),
            openings=posting.openings,
            accounts=posting.accounts.tobytes(),
            account_results=opened.tobytes(),
            transfers=posting.transfers.tobytes(),
            owners=posting.owners.tobytes(),
            results=results.tobytes(),
            totals=work.totals.astype("<i8").tobytes(),
        )
        return batch

    def _report(self, work: Work, writing: Future[bytes] | None) -> Answer:
        """Give the receipts, once the batch is on disk."""
        if writing is not None and work.batch is not None:
            head = writing.result()
            with undisturbed():
                give_receipts(work, work.batch, head)
        return work.answer


def open_desk(
    path: Location,
    *,
    rulebook: Rulebook,
    registers: Registers,
    screen: Screen,
    products: Iterable[Product],
    operator: str,
    clock: Clock,
    name: str | None = None,
    observer: Callable[[Envelope], None] | None = None,
    progress: Callable[[str, int, int], None] | None = None,
    travel: Travel | None = None,
) -> Desk:
    """Open an institution's book for writing, recover it, and sit down at it. The observer is shown every batch that is there.

    `travel` tells what the payload that an instruction names lacks; see `Gatherer`.

    Raises: NotFound, InputError, Unavailable, Damaged as `open_book` does.
    """
    book = open_book(path, clock=clock, name=name, observer=observer, progress=progress)
    if book.sequence and not book.instructions:
        book.close()
        raise InputError(f"{path} is a ledger without instructions; a desk needs the book of an institution")
    return Desk(book, rulebook, registers, screen, products, operator, travel)


def _column(values: list[int | None]) -> Column:
    return np.array([MISSING if value is None else value for value in values], np.int64)
