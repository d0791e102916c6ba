"""Counting: the tallies behind an edition's features, made from what a journal says was posted.

An instruction counts when its receipt says `posted`: the law permitted it and the ledger took every transfer. What was refused, referred or not
posted does not count, nor does an id that was sent again; an approved referral counts once, as the approval that posted it. Nothing takes a posted
instruction back: giving money back is an instruction of its own, which counts where its own facts say so.

Tallies follow from the journal alone, so they are kept nowhere: they are made when an edition first asks, and `verify` makes them by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from skarb.core.instruction import Instruction
from skarb.journal.chain import Envelope, distinct_of, facts_of, instructions_of, rulings_of
from skarb.journal.law import Law
from skarb.journal.receipts import codes_by_row
from skarb.ledger import Result
from skarb.rulebook.feature import Counted, counted
from skarb.rulebook.tally import Tally

Totals = tuple[int | None, ...]
_CREATED = Result.created.name


class Asked(NamedTuple):
    """A feature that the law of an activity looks at."""

    place: int  # among the features of its edition
    tally: Tally
    including: bool


class Counting:
    """The tallies of one book."""

    def __init__(self) -> None:
        self._tallies: dict[Counted, Tally] = {}
        self._asked: dict[tuple[str, str], list[Asked]] = {}
        self._concerned: dict[str, list[Tally]] = {}

    def learn(self, edition: Law, tell: Callable[[list[Tally]], None] | None = None) -> None:
        """Make a tally for each feature of an edition that has none yet; `tell` lets new ones know what was posted so far."""
        wanted = dict.fromkeys(map(counted, edition.features.values()))
        made = {what: Tally(what) for what in wanted if what not in self._tallies}
        if not made:
            return
        if tell is not None:
            tell(list(made.values()))
        self._tallies |= made
        self._concerned.clear()

    def asked(self, edition: Law, activity: str) -> list[Asked]:
        """Return the features that an edition, once learnt, looks at for an activity."""
        key = edition.hash, activity
        if key not in self._asked:
            features = list(edition.features.values())
            self._asked[key] = [
                Asked(place, self._tallies[counted(features[place])], features[place].including)
                for place in edition.asked.get(activity, ())
            ]
        return self._asked[key]

    def concerned(self, activity: str) -> list[Tally]:
        """Return the tallies in which instructions of an activity can count."""
        if activity not in self._concerned:
            self._concerned[activity] = [one for one in self._tallies.values() if one.concerns(activity)]
        return self._concerned[activity]

    def totals(self, edition: Law, facts: Any, instruction: Instruction) -> Totals:
        """Return the totals that an instruction is shown now; () where its law looks at none."""
        asked = self.asked(edition, facts.activity)
        if not asked:
            return ()
        found: list[int | None] = [None] * len(edition.features)
        for place, tally, including in asked:
            found[place] = tally.total(tally.key(instruction), facts, itself=including)
        return tuple(found)

    def count(self, facts: Any, instruction: Instruction) -> None:
        """Count a posted instruction wherever it counts."""
        for tally in self.concerned(facts.activity):
            if tally.counts(facts):
                tally.add(tally.added(facts, instruction))


def fill(tallies: Sequence[Tally], envelopes: Iterable[Envelope], law: Callable[[str], Law]) -> None:
    """Let tallies that know nothing count everything that a journal says was posted."""
    for envelope in envelopes:
        cases = distinct_of(envelope)
        activities = {one.activity for one in cases}
        concerned = {name: [one for one in tallies if one.concerns(name)] for name in activities}
        wanted = np.array([bool(concerned[one.activity]) for one in cases], np.bool_)
        rows = (
            np.flatnonzero(wanted[np.frombuffer(envelope.cases, "<u4")] & posted(envelope, law)).tolist() if wanted.any() else []
        )
        for facts, instruction in zip(facts_of(envelope, rows), instructions_of(envelope, rows), strict=True) if rows else ():
            for tally in concerned[facts.activity]:
                if tally.counts(facts):
                    tally.add(tally.added(facts, instruction))


def posted(envelope: Envelope, law: Callable[[str], Law]) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Say for each row of a batch whether it was posted, as its receipt says."""
    laws = [law(name) for name in envelope.editions]
    permits = [laws[one.edition].outcomes[one.outcome].verdict == "permit" for one in rulings_of(envelope)]
    codes = codes_by_row(envelope.rows, envelope.owners, envelope.results)
    whole = np.array([all(code == _CREATED for code in one) for one in codes.distinct], np.bool_)
    return np.array(permits, np.bool_) & whole[codes.numbers]


class Differing(NamedTuple):
    """A row whose totals are not those that follow from what was posted before."""

    row: int
    given: Totals
    expected: Totals


def recount(counting: Counting, envelope: Envelope, law: Callable[[str], Law]) -> Iterator[Differing]:
    """Make the totals of a batch again, row by row, and count what it posted; yield the rows that say something else.

    Every edition of the book was learnt before.
    """
    editions = [law(name) for name in envelope.editions]
    cases = {(one.activity, bool(one.totals)) for one in distinct_of(envelope)}
    asks = any(counting.asked(edition, activity) for edition in editions for activity, _ in cases)
    if not asks and not any(shown or counting.concerned(activity) for activity, shown in cases):
        return
    rows = zip(facts_of(envelope), instructions_of(envelope), rulings_of(envelope), posted(envelope, law).tolist(), strict=True)
    for row, (facts, instruction, ruling, counts) in enumerate(rows):
        expected = counting.totals(editions[ruling.edition], facts, instruction)
        if expected != facts.totals:
            yield Differing(row, facts.totals, expected)
        if counts:
            counting.count(facts, instruction)
