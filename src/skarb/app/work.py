"""Decide or post what files hold, row by row, with every row accounted for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

from skarb.app.setting import Setting
from skarb.core.decision import Decision, Receipt
from skarb.core.errors import FieldError, Problem
from skarb.core.facts import Facts
from skarb.core.instruction import Assumptions, Instruction
from skarb.desk import Desk
from skarb.desk.gather import Gatherer, Travel
from skarb.intake import Reading


class Decided(NamedTuple):
    """An instruction, its facts and what the law says."""

    row: int
    instruction: Instruction
    facts: Facts
    decision: Decision
    edition: str


class Posted(msgspec.Struct, frozen=True, gc=False):
    """An instruction and its receipt."""

    row: int
    instruction: Instruction
    receipt: Receipt


@dataclass
class Account:
    """Every row of a run, accounted for."""

    rows: int = 0
    malformed: int = 0
    repeated: int = 0
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)  # (verdict or outcome, provision) → rows
    problems: list[Problem] = field(default_factory=list)
    keep_all: bool = False  # else the first hundred are kept for showing; all are counted

    def refuse(self, problems: Iterable[Problem]) -> None:
        """Count rows that could not be read; one row may have several problems."""
        found = list(problems)
        self.malformed += len({problem.row for problem in found})
        self.problems += found if self.keep_all else found[: max(0, 100 - len(self.problems))]

    @property
    def done(self) -> int:
        """Rows that got an answer."""
        return sum(self.counts.values())

    @property
    def balanced(self) -> bool:
        """Whether answers and malformed rows add up to the rows read."""
        return self.done + self.malformed == self.rows


def decide(
    readings: Iterable[Reading],
    setting: Setting,
    account: Account,
    travel: Travel | None = None,
) -> Iterator[Decided]:
    """Decide what was read, posting nothing; `travel` tells what the payload of an instruction lacks."""
    gatherer = Gatherer(setting.registers, setting.screen, setting.rulebook.country, setting.operator, travel=travel)
    before = 0
    for reading in readings:
        account.rows += reading.total - before
        before = reading.total
        account.refuse(reading.problems)
        gatherer.take_from(reading.assumptions)
        for row, instruction in zip(reading.rows, reading.instructions, strict=True):
            try:
                facts = gatherer.gather(instruction).facts
            except FieldError as error:
                account.refuse([error.problem(f"{reading.source} row {row}", row)])
                continue
            edition = setting.rulebook.edition(facts.day)
            decision = edition.decision(facts)
            account.counts[decision.verdict, decision.provision] += 1
            yield Decided(row, instruction, facts, decision, edition.hash)


def post(readings: Iterable[Reading], desk: Desk, account: Account) -> Iterator[Posted]:
    """Take what was read down the road; every receipt yielded is durable."""
    waiting: list[Reading] = []
    before = 0

    def batches() -> Iterator[tuple[Sequence[Instruction], Assumptions | None]]:
        for reading in readings:
            waiting.append(reading)
            yield reading.instructions, reading.assumptions

    for answer in desk.stream(batches()):
        reading = waiting.pop(0)
        account.rows += reading.total - before
        before = reading.total
        account.refuse(reading.problems)
        account.refuse(
            Problem(
                f"{reading.source} row {reading.rows[p.row or 0]}", p.field, p.given, p.expected, p.todo, reading.rows[p.row or 0]
            )
            for p in answer.problems
        )
        given = [receipt for receipt in answer.receipts if receipt is not None]
        account.counts.update([(receipt.outcome, receipt.decision.provision) for receipt in given])
        account.repeated += sum([receipt.repeated for receipt in given])
        for row, instruction, receipt in zip(reading.rows, reading.instructions, answer.receipts, strict=True):
            if receipt is not None:
                yield Posted(row, instruction, receipt)
