"""Decide: what the law says of every row of a batch, asked once for all rows that it treats alike."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from skarb.desk.model import Column
from skarb.desk.roll import Plain
from skarb.desk.work import Work
from skarb.journal import Book, Ruling
from skarb.journal.folding import MISSING
from skarb.journal.receipts import Decided
from skarb.rulebook import Edition, Rulebook
from skarb.rulebook.steps import Steps, steps_of

Says = Callable[[int, int, int], int]  # number of a case, value, value in dollars → number of the ruling


class Decider:
    """Asks the edition of the legal day, and keeps the text of every edition that was asked in the book."""

    def __init__(self, book: Book, rulebook: Rulebook) -> None:
        self._book, self._rulebook = book, rulebook
        self._kept = set(book.editions)  # whose text the book keeps
        self._known_steps: dict[tuple[str, str], Steps | None] = {}

    def keep(self, edition: Edition) -> None:
        """Keep the text of an edition in the book."""
        if edition.hash not in self._kept:  # before anything is planned: if this fails, nothing happened
            self._kept.add(self._book.keep_edition(edition.normal))

    def steps(self, plain: Plain) -> Steps | None:
        """Return the values at which answers for a plain batch may change, None if they depend on more than values."""
        edition = self._rulebook.edition(plain.day)
        key = (edition.hash, plain.activity)
        if key not in self._known_steps:
            self._known_steps[key] = steps_of(edition, plain.activity)
        return self._known_steps[key]

    def decide(self, work: Work, steps: Steps | None) -> None:
        """Say what the law says of every row, and keep the editions that say so."""
        says = self.saying(work)
        columns = work.numbers, work.values, work.values_usd
        if steps is None:
            work.ruled = np.array([says(*row) for row in zip(*[column.tolist() for column in columns], strict=True)], np.int64)
        else:
            work.ruled = _ruled_alike(columns, steps, says)
        for edition in work.editions:
            self.keep(edition)

    def saying(self, work: Work) -> Says:
        """Return the function that decides a case, by its number, with values, and gives the number of the ruling."""
        numbers: dict[int, int] = {}  # legal day → index into work.editions
        said: dict[Ruling, int] = {}  # the same few rulings come again and again

        def say(case: int, value: int, value_usd: int) -> int:
            facts = work.cases[case].valued(None if value == MISSING else value, None if value_usd == MISSING else value_usd)
            number = numbers.get(facts.day)
            if number is None:
                number = numbers[facts.day] = _number(work.editions, self._rulebook.edition(facts.day))
            edition = work.editions[number]
            ruling = Ruling(number, edition.decide(facts), edition.levy(facts), edition.duties(facts))
            known = said.get(ruling)
            if known is None:
                known = said[ruling] = len(work.rulings)
                work.rulings.append(ruling)
                work.decided.append(Decided(edition.ruling(ruling.outcome, ruling.duties, ruling.levy), edition.hash))
            return known

        return say


def _ruled_alike(columns: tuple[Column, Column, Column], steps: Steps, says: Says) -> Column:
    """Return the number of the ruling of each row, asking once for all whose case is the same and whose values lie between the same
    steps: they get the same answer."""
    group = columns[0]
    for points, values in zip(steps, columns[1:], strict=True):
        group = group * (len(points) + 2) + np.searchsorted(np.array((0, *points), np.int64), values, side="right")
    _, firsts, inverse = np.unique(group, return_index=True, return_inverse=True)
    order = np.argsort(firsts)  # by the first row, as when decided one by one
    rulings = np.zeros(len(firsts), np.int64)
    rulings[order] = [says(*row) for row in zip(*[column[firsts[order]].tolist() for column in columns], strict=True)]
    return rulings[inverse]


def _number(editions: list[Edition], edition: Edition) -> int:
    for number, known in enumerate(editions):
        if known.hash == edition.hash:
            return number
    editions.append(edition)
    return len(editions) - 1
