"""The road itself: a batch goes in, durable receipts come out.

Each stage uses what the one before returned. A malformed instruction becomes a problem and never stops the others. Nothing
is answered before the batch is on disk; when the write fails, nothing happened.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from itertools import compress
from typing import Any, Self

import msgspec
import numpy as np

from skarb.core.decision import Decision, Outcome, Receipt
from skarb.core.errors import FieldError, ensure
from skarb.core.garbage import undisturbed
from skarb.core.instruction import Assumptions, Instruction
from skarb.core.time import Clock
from skarb.core.transfer import key_128
from skarb.desk.entries import Chart, Entries
from skarb.desk.gather import Gatherer
from skarb.desk.model import Answer, Case, Column, Gathered, Plain, Product
from skarb.desk.plan import Planner, quarantine
from skarb.journal import Batch, Book, Envelope, Opening, Ruling, content_of, digest_of, open_book, outcome_of
from skarb.journal.chain import openings_of
from skarb.journal.folding import MISSING
from skarb.journal.receipts import codes_by_row
from skarb.ledger import Result
from skarb.registers import Registers
from skarb.rulebook import Edition, Rulebook
from skarb.rulebook.steps import Steps, steps_of
from skarb.screening import Screen
from skarb.store import Location

BATCH = 8192  # instructions in one durable step, unless the caller wants answers sooner
_MANY = 64  # instructions from which on it pays to look whether all are plain
_CREATED = Result.created.value
_SAME = (
    "activity", "party", "asset", "amount", "counterparty", "consideration_asset", "consideration", "venue", "wallet", "declared"
)  # what an approval repeats of its referral  # fmt: skip


def _no_column() -> Column:
    return np.zeros(0, np.int64)


@dataclass(slots=True)
class _Work:
    """A batch on its way down the road: what each stage added. Lists below `answer` have one item per new instruction."""

    assumptions: Assumptions | None
    answer: Answer
    places: list[int] = field(default_factory=list)  # index among the instructions handed in
    taken: list[Instruction] = field(default_factory=list)
    keys: list[bytes] = field(default_factory=list)
    digests: list[bytes] = field(default_factory=list)
    contents: list[msgspec.Raw] = field(default_factory=list)  # the instructions as they stand in the journal
    gathered: list[Gathered] = field(default_factory=list)
    plain: Plain | None = None  # stands for `gathered` where all of a batch is plain
    cases: list[Case] = field(default_factory=list)  # the distinct ones, in the order of their first row
    numbers: Column = field(default_factory=_no_column)  # of each row: which of them
    values: Column = field(default_factory=_no_column)  # MISSING where there is none
    values_usd: Column = field(default_factory=_no_column)
    rulings: list[Ruling] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    editions: list[Edition] = field(default_factory=list)
    repeats: list[tuple[int, int, bool]] = field(default_factory=list)  # (index, row it repeats, same content)
    batch: Batch | None = None
    sequence: int = 0


class Desk:
    """Decides and posts the instructions of one institution, in the order they come."""

    def __init__(
        self,
        book: Book,
        chart: Chart,
        rulebook: Rulebook,
        registers: Registers,
        screen: Screen,
        products: Iterable[Product],
        operator: str,
    ) -> None:
        """Sit down at a book; `chart` knows the accounts that its journal has opened. See `open_desk`."""
        self.book = book
        self.operator = operator
        self._kept = set(book.editions)  # whose text the book keeps
        self._prepared = book.sequence  # number of the last batch made ready
        self.chart = chart
        self._rulebook = rulebook
        self._registers = registers
        self._gatherer = Gatherer(registers, screen, rulebook.country, operator)
        self._planner = Planner(products)
        self._known_steps: dict[tuple[str, str], Steps | None] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.book.close()

    def positions(self) -> Iterator[tuple[Opening, int]]:
        """Yield every account of the book with its balance (credits minus debits, holds left aside) in smallest units."""
        sums = self.book.ledger.balances()
        columns = [[int(v) for v in sums[f"{side}_posted_{half}"]] for side in ("credits", "debits") for half in ("lo", "hi")]
        for opening, credit, credit_high, debit, debit_high in zip(self.chart.openings, *columns, strict=True):
            yield opening, credit - debit + (credit_high - debit_high << 64)

    def submit(self, instructions: Sequence[Instruction], assumptions: Assumptions | None = None) -> Answer:
        """Take one batch down the whole road; every receipt returned is durable.

        Raises: Unavailable if the batch could not be written; nothing of it happened then.
        """
        work = self._prepare(instructions, assumptions)
        if work.batch is not None:
            self._give_receipts(work, work.batch, self.book.append(work.batch))
        return work.answer

    def stream(self, batches: Iterable[tuple[Sequence[Instruction], Assumptions | None]]) -> Iterator[Answer]:
        """Take batch after batch down the road, preparing the next one while the last one is being written.

        Answers come in order, each one only after its batch is durable.
        """
        waiting: tuple[_Work, Future[bytes] | None] | None = None
        for instructions, assumptions in batches:
            work = self._prepare(instructions, assumptions)
            writing = self._journal(work)
            if waiting is not None:
                yield self._report(*waiting)
            waiting = (work, writing)
        if waiting is not None:
            yield self._report(*waiting)

    def _prepare(self, instructions: Sequence[Instruction], assumptions: Assumptions | None) -> _Work:
        work = _Work(assumptions, Answer([None] * len(instructions)))
        with undisturbed():
            self._recall_and_gather(work, instructions)
            self._decide(work)
            self._plan_and_post(work)
        return work

    # recall and gather -------------------------------------------------------------------------------------------------

    def _recall_and_gather(self, work: _Work, instructions: Sequence[Instruction]) -> None:
        """Set aside what was answered before, in the journal or earlier in this batch; gather facts for the rest."""
        keys = [key_128(i.id) for i in instructions]
        contents = [content_of(i) for i in instructions]
        digests = [digest_of(content) for content in contents]
        positions, same = self.book.recall(b"".join(keys), b"".join(digests))
        known = np.flatnonzero(positions >= 0).tolist()
        for index, first in zip(known, self.book.receipts(positions[known].tolist()), strict=True):
            work.answer.receipts[index] = _again(first, same=bool(same[index]))
        self._gatherer.take_from(work.assumptions)
        alone = bool((positions == -1).all())  # no id was seen before, or stands here twice
        if alone and len(instructions) >= _MANY and instructions[0].activity in self._planner.plain:
            work.plain = self._gatherer.gather_plain(instructions)
        if work.plain is not None:
            kept = list(range(len(instructions)))
            _, work.cases, work.numbers, work.values, work.values_usd, *_ = work.plain
        else:
            kept = self._gather_each(work, instructions, None if alone else (keys, digests))
            numbers: dict[Case, int] = {}
            work.numbers = np.array([numbers.setdefault(one.case, len(numbers)) for one in work.gathered], np.int64)
            work.cases = list(numbers)
            work.values = _column([one.value for one in work.gathered])
            work.values_usd = _column([one.value_usd for one in work.gathered])
        work.places = kept
        work.taken = [instructions[index] for index in kept]
        work.keys = [keys[index] for index in kept]
        work.digests = [digests[index] for index in kept]
        work.contents = [msgspec.Raw(contents[index]) for index in kept]

    def _gather_each(
        self, work: _Work, instructions: Sequence[Instruction], repeated: tuple[list[bytes], list[bytes]] | None
    ) -> list[int]:
        """Gather one by one and return the places of those that could be read; `repeated` has keys and digests if ids repeat."""
        rows: dict[bytes, int] = {}  # where ids repeat: key → row
        kept: list[int] = []
        gather, keep = self._gatherer.gather, work.gathered.append
        for index, instruction in enumerate(instructions):
            if repeated is not None:
                keys, digests = repeated
                row = rows.get(keys[index])
                if row is not None:
                    work.repeats.append((index, row, digests[kept[row]] == digests[index]))
                if row is not None or work.answer.receipts[index] is not None:
                    continue
            try:
                keep(gather(instruction, instruction.approves is not None and self._check_approval(instruction)))
            except FieldError as error:
                work.answer.problems.append(error.problem(f"instruction {instruction.id}", index))
                continue
            if repeated is not None:
                rows[repeated[0][index]] = len(kept)
            kept.append(index)
        return kept

    def _check_approval(self, instruction: Instruction) -> bool:
        """Hold an approval to its referral: it waits, it is about the same thing, and the person is another one."""
        referred = instruction.approves or ""
        positions, _ = self.book.recall(key_128(referred), bytes(16))
        if positions[0] < 0:
            raise FieldError("approves", referred, "the id of an instruction that this book has referred")
        receipt = self.book.receipt(int(positions[0]))
        if receipt.outcome != "referred":
            raise FieldError("approves", referred, f"an instruction that waits for approval; this one was {receipt.outcome}")
        first = self.book.batch(receipt.sequence).instructions[receipt.row]
        for name in _SAME:
            if getattr(first, name) != getattr(instruction, name):
                raise FieldError(name, getattr(instruction, name), f"{getattr(first, name)!r} as in the referral {referred!r}")
        maker, checker = first.entered_by, instruction.entered_by
        if maker is None:
            raise FieldError("entered_by", checker, "a referral that says who entered it; this one names nobody to differ from")
        if checker is None or _same_person(maker, checker):
            raise FieldError("entered_by", checker, f"a person other than {maker!r}, who entered the referral")
        return True

    # decide ------------------------------------------------------------------------------------------------------------

    def _decide(self, work: _Work) -> None:
        steps = None if work.plain is None else self._steps(work.plain.day, work.taken[0].activity)
        if steps is not None:
            return self._decide_alike(work, steps)
        says = self._saying(work)
        for number, value, value_usd in zip(work.numbers.tolist(), work.values.tolist(), work.values_usd.tolist(), strict=True):
            ruling, decision = says(number, value, value_usd)
            work.rulings.append(ruling)
            work.decisions.append(decision)
        return None

    def _decide_alike(self, work: _Work, steps: Steps) -> None:
        """Decide once for all instructions of one case whose values lie between the same steps: they get the same answer."""
        group = work.numbers
        for points, values in zip(steps, (work.values, work.values_usd), strict=True):
            group = group * (len(points) + 2) + np.searchsorted(np.array((0, *points), np.int64), values, side="right")
        _, firsts, inverse = np.unique(group, return_index=True, return_inverse=True)
        says = self._saying(work)
        columns = [column[firsts].tolist() for column in (work.numbers, work.values, work.values_usd)]
        answers = [says(*row) for row in zip(*columns, strict=True)]
        work.rulings = [answers[answer][0] for answer in inverse.tolist()]
        work.decisions = [answers[answer][1] for answer in inverse.tolist()]

    def _saying(self, work: _Work) -> Callable[[int, int, int], tuple[Ruling, Decision]]:
        """Return the function that decides a case, by its number, with values; in the numbers of this batch."""
        numbers: dict[int, int] = {}  # legal day → index into work.editions
        said: dict[tuple[int, int, int, int], tuple[Ruling, Decision]] = {}  # the same few rulings come again and again

        def say(case: int, value: int, value_usd: int) -> tuple[Ruling, Decision]:
            facts = work.cases[case].valued(None if value == MISSING else value, None if value_usd == MISSING else value_usd)
            number = numbers.get(facts.day)
            if number is None:
                number = numbers[facts.day] = _number(work.editions, self._rulebook.edition(facts.day))
            edition = work.editions[number]
            key = (number, edition.decide(facts), edition.levy(facts), edition.duties(facts))
            known = said.get(key)
            if known is None:
                _, outcome, levy, duties = key
                known = said[key] = (Ruling(number, outcome, levy, duties), edition.ruling(outcome, duties, levy))
            return known

        return say

    def _steps(self, day: int, activity: str) -> Steps | None:
        edition = self._rulebook.edition(day)
        key = (edition.hash, activity)
        if key not in self._known_steps:
            self._known_steps[key] = steps_of(edition, activity)
        return self._known_steps[key]

    # plan and post -----------------------------------------------------------------------------------------------------

    def _plan_and_post(self, work: _Work) -> None:
        if not work.taken:
            return
        for edition in work.editions:
            if edition.hash not in self._kept:
                self._kept.add(self.book.keep_edition(edition.normal))
        entries = Entries(self.chart)
        if work.plain is None:
            self._plan_each(work, entries)
        else:
            self._plan_plain(work, work.plain, entries)
        at = self.book.instant()
        accounts, transfers = entries.accounts(), entries.transfers()
        opened = self.book.ledger.open_accounts(accounts, at)
        ensure(bool((opened == _CREATED).all()), "an account that the desk opens is new to the ledger")
        results = self.book.ledger.post(transfers, at)
        self._prepared += 1
        work.sequence = self._prepared
        work.batch = Batch(
            book=self.book.name,
            sequence=0,  # the book counts
            recorded_at=at,
            registers=self._registers.version,
            editions=tuple(edition.hash for edition in work.editions),
            assumptions=work.assumptions,
            instructions=work.contents,  # type: ignore[arg-type]
            facts=[case.facts for case in work.cases],
            rulings=work.rulings,
            keys=b"".join(work.keys),
            digests=b"".join(work.digests),
            cases=work.numbers.astype("<u4").tobytes(),
            values=work.values.astype("<i8").tobytes(),
            dollars=work.values_usd.astype("<i8").tobytes(),
            openings=entries.openings,
            accounts=accounts.tobytes(),
            account_results=opened.tobytes(),
            transfers=transfers.tobytes(),
            owners=entries.owners().tobytes(),
            results=results.tobytes(),
        )

    def _plan_each(self, work: _Work, entries: Entries) -> None:
        for row, (instruction, gathered, decision) in enumerate(zip(work.taken, work.gathered, work.decisions, strict=True)):
            if decision.verdict == "permit":
                legs = self._planner.legs(instruction, gathered)
                if not (gathered.units and gathered.consideration):
                    legs = tuple([leg for leg in legs if leg.units])
            elif decision.measure == "quarantine" and instruction.activity == "token_transfer_in" and gathered.units:
                legs = quarantine(instruction, gathered)
            else:
                continue
            # An approval posts under the key of its referral, so a referral is posted once, whoever approves it.
            entries.add(row, work.keys[row] if instruction.approves is None else key_128(instruction.approves), legs)

    @staticmethod
    def _plan_plain(work: _Work, plain: Plain, entries: Entries) -> None:
        """One transfer from the party to the other side for each that is permitted and moves something."""
        columns: tuple[Sequence[Any], ...] = (range(len(work.taken)), work.keys, plain.parties, plain.counterparties, plain.units)
        moving = [decision.verdict == "permit" and units > 0 for decision, units in zip(work.decisions, plain.units, strict=True)]
        if not all(moving):
            columns = tuple(list(compress(column, moving)) for column in columns)
        entries.add_plain(work.taken[0].asset, *columns)

    # journal and report ------------------------------------------------------------------------------------------------

    def _journal(self, work: _Work) -> Future[bytes] | None:
        return None if work.batch is None else self.book.append_async(work.batch)

    def _report(self, work: _Work, writing: Future[bytes] | None) -> Answer:
        """Give the receipts, once the batch is on disk."""
        if writing is not None and work.batch is not None:
            head = writing.result()
            with undisturbed():
                self._give_receipts(work, work.batch, head)
        return work.answer

    def _give_receipts(self, work: _Work, batch: Batch, written: bytes) -> None:
        receipts, head = work.answer.receipts, written.hex()
        editions, book, sequence = batch.editions, batch.book, work.sequence
        codes = codes_by_row(batch.owners, batch.results)
        outcomes: dict[tuple[int, tuple[str, ...]], Outcome] = {}  # by the decision's identity and the ledger's codes
        made = []
        for row, (instruction, ruling, decision) in enumerate(zip(work.taken, work.rulings, work.decisions, strict=True)):
            posted = codes.get(row, ())
            outcome = outcomes.get((id(decision), posted))
            if outcome is None:
                outcome = outcomes[id(decision), posted] = outcome_of(decision, posted)
            made.append(
                Receipt(
                    id=instruction.id,
                    outcome=outcome,
                    decision=decision,
                    edition=editions[ruling.edition],
                    book=book,
                    sequence=sequence,
                    row=row,
                    codes=posted,
                    head=head,
                )
            )
        for index, receipt in zip(work.places, made, strict=True):
            receipts[index] = receipt
        for index, row, same in work.repeats:
            receipts[index] = _again(made[row], same=same)


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
) -> Desk:
    """Open an institution's book for writing, recover it, and sit down at it. The observer is shown every batch that is there.

    Raises: NotFound, InputError, Unavailable, Damaged as `open_book` does.
    """
    chart = Chart()

    def learn(envelope: Envelope) -> None:
        chart.learn(openings_of(envelope))
        if observer is not None:
            observer(envelope)

    book = open_book(path, clock=clock, name=name, observer=learn, progress=progress)
    return Desk(book, chart, rulebook, registers, screen, products, operator)


def _number(editions: list[Edition], edition: Edition) -> int:
    for number, known in enumerate(editions):
        if known.hash == edition.hash:
            return number
    editions.append(edition)
    return len(editions) - 1


def _same_person(one: str, other: str) -> bool:
    return one.strip().casefold() == other.strip().casefold()


def _column(values: list[int | None]) -> Column:
    return np.array([MISSING if value is None else value for value in values], np.int64)


def _again(first: Receipt, *, same: bool) -> Receipt:
    return msgspec.structs.replace(first, repeated=True) if same else msgspec.structs.replace(first, outcome="conflict", codes=())
