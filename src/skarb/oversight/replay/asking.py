"""Asking: what two laws say of kinds of rows, of new ones all at once.

A law looks at a total mostly to see whether it reaches a step. Then all that it can say of a kind of rows is asked before the first row of it is
lived through: once between every two steps. Where a law weighs a total against something else, it is asked when such a row comes.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from msgspec.structs import replace

from skarb.core.errors import ConfigurationError
from skarb.core.facts import Facts
from skarb.lake import PER_ROW
from skarb.oversight.replay.answers import Answers, Asked, Columns, units
from skarb.oversight.replay.cases import Cases
from skarb.oversight.replay.living import WORLDS, Kinds
from skarb.oversight.replay.model import Answer
from skarb.rulebook import Edition, Rulebook
from skarb.rulebook.coding import MISSING
from skarb.rulebook.feature import Counted, counted
from skarb.rulebook.masks import Masks
from skarb.rulebook.quantities import Quantity

Numbers = npt.NDArray[np.int64]

FEATURES_MAX = 62  # bits of a word
AHEAD_MAX = 64  # ways that a kind is asked about before it is met
_DAY = PER_ROW.index("day")


@dataclass(frozen=True)
class Totals:
    """What the laws of both worlds look at: features, and the tracks of totals they share."""

    tracks: tuple[Counted, ...]
    features: tuple[tuple[int, bool], ...]  # the track of each, and whether the row itself is included

    @property
    def names(self) -> tuple[str, ...]:
        """What features are called here; no fact is called like that."""
        return tuple(map(str, range(len(self.features))))

    def places(self, edition: Edition) -> dict[str, int]:
        """Return the place of each of an edition's features."""
        known = {one: place for place, one in enumerate(self.features)}
        tracks = {one: place for place, one in enumerate(self.tracks)}
        return {name: known[tracks[counted(one)], one.including] for name, one in edition.features.items()}


def totals_of(editions: Sequence[Edition]) -> Totals:
    """Return what editions look at.

    Raises: ConfigurationError if it is more than a word has bits for.
    """
    tracks = dict.fromkeys(counted(one) for edition in editions for one in edition.features.values())
    places = {one: place for place, one in enumerate(tracks)}
    features = dict.fromkeys((places[counted(one)], one.including) for edition in editions for one in edition.features.values())
    if len(features) > FEATURES_MAX:
        raise ConfigurationError(f"the laws look at {len(features)} different totals, expected at most {FEATURES_MAX}")
    return Totals(tuple(tracks), tuple(features))


class Expected(NamedTuple):
    """What one law says of kinds that are shown some totals.

    Shape: an item for each kind and way: the entry of the kind, its totals in a row for each feature, and the number of the answer.
    """

    entries: Numbers
    totals: Numbers
    answers: Numbers


class Asking:
    """Two laws, and what they were asked."""

    def __init__(
        self, laws: Sequence[Rulebook], cases: Cases, totals: Totals, shown: Sequence[Quantity], first_day: int, answers: Answers
    ) -> None:
        """Make ready; `shown` are the quantities that totals are in, and rows are decided from the first day on."""
        self._laws, self._cases, self._totals, self._first_day, self._answers = laws, cases, totals, first_day, answers
        self._turns = {day for law in laws for day in law.boundaries} | {first_day}
        self._ways = _ways(totals, shown)
        self._known_places: dict[str, dict[str, int]] = {}
        self._same: dict[tuple[str, str], Edition] = {}
        self._first_of: dict[Hashable, Edition] = {}

    def learn(self, kinds: Kinds, first: int, last: int) -> list[Expected]:
        """Enter what is to be known of some new kinds of rows, and return what each law says of those whose totals it looks at."""
        cases, facts = kinds.table.keys[first:last, 0], kinds.firsts[first:last, : len(PER_ROW)]
        columns = Columns(self._cases.columns, cases)
        columns |= {name: facts[:, place] for place, name in enumerate(PER_ROW)}
        masks = Masks(self._laws[0].edition(self._first_day).fields, columns, len(cases))
        for track, one in enumerate(self._totals.tracks):
            counts = np.ones(len(cases), np.bool_) if one.of is None else masks.where(one.of)
            kinds.counted[first:last] |= counts.astype(np.int64) << track
        decided = np.flatnonzero(facts[:, _DAY] >= self._first_day)
        return [self._learn_law(kinds, world, first + decided) for world in range(WORLDS)]

    def _learn_law(self, kinds: Kinds, world: int, entries: Numbers) -> Expected:
        cases, facts, law = kinds.table.keys[entries, 0], kinds.firsts[entries, : len(PER_ROW)], self._laws[world]
        for unit in units(self._cases.columns["activity"][cases], facts[:, _DAY], self._turns):
            edition = law.edition(unit.day)
            places = list(self._places(edition).values())
            for feature in edition.asked.get(unit.activity, ()):
                kinds.asked[entries[unit.rows], world] |= 1 << places[feature]
        asked = kinds.asked[entries, world]
        plain = asked == 0
        none = np.zeros((int(plain.sum()), len(self._totals.names)), np.int64)
        kinds.answers[entries[plain], world] = self._ask(law, cases[plain], facts[plain], none)
        parts = [(np.zeros(0, np.int64), none[:0])]
        for bits in np.unique(asked[~plain]).tolist() if self._ways is not None else ():
            ways = self._totals_of(bits)
            rows = np.flatnonzero(asked == bits)
            if len(ways) <= AHEAD_MAX:
                parts.append((np.repeat(rows, len(ways)), np.tile(ways, (len(rows), 1))))
        rows, totals = (np.concatenate(one) for one in zip(*parts, strict=True))
        return Expected(entries[rows], np.ascontiguousarray(totals.T), self._ask(law, cases[rows], facts[rows], totals))

    def _totals_of(self, bits: int) -> Numbers:
        """Return a total between every two steps, for all features together that a law looks at."""
        ways = [one if bits >> place & 1 else (0,) for place, one in enumerate(self._ways or ())]
        return np.array(list(product(*ways)), np.int64)

    def _ask(self, law: Rulebook, cases: Numbers, facts: Numbers, totals: Numbers) -> Numbers:
        names = (*PER_ROW, *self._totals.names)
        fields = np.concatenate([facts, totals], axis=1)
        return Asked(self._cases.columns, cases, names, fields, self._turns, "python", self._answers, self._called).ask(law)

    def _called(self, edition: Edition) -> Mapping[str, str]:
        """Return what the features of an edition are called here."""
        return {name: self._totals.names[place] for name, place in self._places(edition).items()}

    def _places(self, edition: Edition) -> dict[str, int]:
        if edition.hash not in self._known_places:
            self._known_places[edition.hash] = self._totals.places(edition)
        return self._known_places[edition.hash]

    # -- one by one ------------------------------------------------------------------------------------------------------------

    def decide(self, kinds: Kinds, entry: int, world: int, shown: Sequence[int]) -> int:
        """Return the answer to a kind of rows, when one of them is shown some totals with its own numbers."""
        case = self._cases[int(kinds.table.keys[entry, 0])]
        numbers = [*shown[: len(PER_ROW)], *shown[kinds.firsts.shape[1] :]]
        varying = {
            name: None if value == MISSING else value
            for name, value in zip((*PER_ROW, *self._totals.names), numbers, strict=True)
        }
        edition = self._laws[world].edition(numbers[_DAY])
        totals = tuple(varying[self._totals.names[place]] for place in self._places(edition).values())
        return self._number(edition, replace(case, **{name: varying[name] for name in PER_ROW}, totals=totals))

    def _number(self, edition: Edition, facts: Facts) -> int:
        edition = self._alike(edition, facts.activity)
        one = edition.outcomes[edition.decide(facts)]
        return self._answers.number(Answer(one.verdict, one.provision, one.measure, one.assumed))

    def _alike(self, edition: Edition, activity: str) -> Edition:
        """Return the first edition that says the same of an activity: its function is there already."""
        name = edition.hash, activity
        if name not in self._same:
            law = self._answers.law_of(edition, activity), tuple(edition.features)
            self._same[name] = self._first_of.setdefault(law, edition)
        return self._same[name]


def _ways(totals: Totals, shown: Sequence[Quantity]) -> list[Sequence[int]] | None:
    """Return for each feature a total between every two steps; None where a law does more with one than see whether it reaches them."""
    found: list[Sequence[int]] = [(0,)] * len(totals.names)
    for one in shown:
        if one.whole is not None or one.beside is not None or len(one.terms) != 1 or one.terms[0][1] != 1:
            return None
        found[totals.names.index(one.terms[0][0])] = _between(one.steps)
    return found


def _between(steps: Sequence[int]) -> Sequence[int]:
    """Return a number below each of some rising steps, and one that reaches the last; where missing is told apart, it is the lowest."""
    last = steps[-1]
    return [*(step - 1 for step in steps), last if last > MISSING + 1 else 0]
