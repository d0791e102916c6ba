"""Screening by name against the current lists: candidates by trigrams, a rough look, a close reading, two numbers, a verdict.

What was found for a party is kept; the road of instructions only looks it up. A name alone, as messages bring it, can be asked for as
well, and the answers to the latest are kept. Lists are screened as they stand; a newer set of lists is a new screen.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from threading import Lock
from typing import Final, NamedTuple

import numpy as np

from skarb.core.facts import Regime
from skarb.core.garbage import settle
from skarb.core.screening_list import Described, Identifiers, Listed, Name, ScreeningList, SubjectKind
from skarb.screening.names.evidence import Shares, weigh
from skarb.screening.names.form import Form
from skarb.screening.names.grams import Grams, functions, worth
from skarb.screening.names.model import NameAnswer, NameHit, Part, Verdict
from skarb.screening.names.policy import Policy
from skarb.screening.names.reader import Method, Reader
from skarb.screening.names.rough import Rough, Spelled

GRAVITY: Final[dict[Verdict, int]] = {"clear": 0, "possible": 1, "confirmed": 2}
ROUGH: Final = -1.25  # of the rough likeness, before the logistic curve; below, a close reading comes to nothing
PLAIN: Final = 0.7  # of shared trigrams; from here on names are read closely whatever the rough look says
_CLOSELY: Final = 3  # names of one entry that are read closely, the likest
_MANY: Final = (
    4096  # names from which on their objects, which stay as long as the lists, would make every search for garbage long
)
SHOWN: Final = 20  # hits that an answer tells


class Kept(NamedTuple):
    """A name of an entry, made ready."""

    list: str
    regime: Regime
    listed: Listed
    name: Name
    form: Form


class _Pair(NamedTuple):
    """A name beside a listed one."""

    like: float
    place: int
    form: Form
    parts: list[Part]


class NameScreen:
    """Screens names against one set of lists."""

    def __init__(
        self,
        lists: Iterable[ScreeningList],
        *,
        method: Method = "best",
        policy: Policy | None = None,
    ) -> None:
        """Make the names of the lists ready.

        Raises: ConfigurationError if logic-v2 is asked for and not installed.
        """
        self._reader = Reader(method, policy)
        self._policy = self._reader.policy
        self._method_asked = method
        self._names = [
            Kept(found.list, found.regime, listed, name, form)
            for found in lists
            for listed in found.entries
            for name, form in self._distinct(listed)
        ]
        forms = [kept.form for kept in self._names]
        room = self._policy.candidates.room
        self._grams = Grams([form.codes for form in forms], room)
        self._rough = Rough(forms, self._grams, functions(worth(len(forms))), self._policy.reading, room)
        self._shares = Shares({id(kept.listed): kept.listed for kept in self._names}.values())
        self._lock = Lock()
        if len(forms) >= _MANY:
            settle()

    def __len__(self) -> int:
        """Return how many names are on the lists."""
        return len(self._names)

    @property
    def method(self) -> str:
        """By what means names are compared; printed on answers."""
        return self._reader.method

    @property
    def names(self) -> Sequence[Kept]:
        """The names of the lists, made ready."""
        return self._names

    @property
    def spelled(self) -> Spelled:
        """The names of the lists, spelled out for a kernel."""
        return self._rough.kept

    @property
    def policy(self) -> Policy:
        """How names are judged here."""
        return self._policy

    def over(self, lists: Iterable[ScreeningList]) -> NameScreen:
        """Return the screen over a newer set of lists, comparing by the same means and policy."""
        return NameScreen(lists, method=self._method_asked, policy=self._policy)

    def warm(self) -> None:
        """Analyse all names of the lists now rather than each when it is first needed."""
        for kept in self._names:
            self._reader.prepare(kept.form, kept.listed.kind, kept.name)
        if len(self._names) >= _MANY:
            settle()

    def search(self, known: Described, most: int | None = SHOWN) -> NameAnswer:
        """Return everything on the lists that somebody may be, gravest and likest first; without `most` really all of it."""
        best: dict[int, _Pair] = {}  # by entry
        least = self._policy.least
        for name in known.names:
            form = self._reader.form(name.text, known.kind)
            read: dict[int, int] = {}
            for place in self._candidates(form):
                entry = id(self._names[place].listed)
                earlier = best[entry].like if entry in best else 0.0
                times = read.get(entry, 0)
                if earlier == 1.0 or times == _CLOSELY:
                    continue
                read[entry] = times + 1
                if (pair := self._compare(form, known.kind, place)).like > max(earlier, least):
                    best[entry] = pair
        return self._answer(known, [self._judge(known, pair) for pair in best.values()], most)

    def beside(self, known: Identifiers, places: Iterable[int]) -> NameAnswer:
        """Compare a party closely with some listed names only, by their places in `names`."""
        best: dict[int, _Pair] = {}
        forms = [self._reader.form(name.text, known.kind) for name in known.names]
        for place in places:
            entry = id(self._names[place].listed)
            for form in forms:
                pair = self._compare(form, known.kind, place)
                if pair.like > (best[entry].like if entry in best else self._policy.least):
                    best[entry] = pair
        return self._answer(known, [self._judge(known, pair) for pair in best.values()])

    def _distinct(self, listed: Listed) -> Iterable[tuple[Name, Form]]:
        """Yield the names of an entry; of those that differ in capitals and marks only the first."""
        seen = set()
        for name in listed.compared_names:
            form = self._reader.listed_form(name.text, listed.kind)
            if (form.foreign, form.words) not in seen and form.words:
                seen.add((form.foreign, form.words))
                yield name, form

    def _compare(self, form: Form, kind: SubjectKind, place: int) -> _Pair:
        kept = self._names[place]
        like, parts = self._reader.compare(form, kind, kept.form, kept.listed.kind, kept.name)
        return _Pair(like, place, form, parts)

    def _judge(self, known: Described, pair: _Pair) -> NameHit:
        """Return a pair with both numbers, the reasons and the verdict."""
        kept = self._names[pair.place]
        why = weigh(known, kept.listed, self._shares, self._grams.telling(pair.place), self._policy.evidence)
        evidence = sum(one.bits for one in why)
        rule = self._policy.verdict(pair.like, evidence)
        return NameHit(
            list=kept.list,
            regime=kept.regime,
            entry=kept.listed.entry,
            verdict=rule.then,
            rule=rule.rule,
            likeness=pair.like,
            evidence=evidence,
            query=pair.form.text,
            listed=kept.name.text,
            parts=tuple(pair.parts),
            why=why,
        )

    def _answer(self, known: Described, hits: list[NameHit], most: int | None = SHOWN) -> NameAnswer:
        """Return hits as one answer. Somebody whose name cannot be read is not clear."""
        hits.sort(key=lambda hit: (-GRAVITY[hit.verdict], -hit.likeness, -hit.evidence, hit.list, hit.entry))
        verdict: Verdict = max((hit.verdict for hit in hits), key=GRAVITY.__getitem__, default="clear")
        missed = tuple([why for name in known.names if (why := self._reader.unread(name.text, known.kind))])
        if missed and verdict == "clear":
            verdict = "possible"
        return NameAnswer(verdict=verdict, hits=tuple(hits[:most]), unread=missed, method=self.method)

    def near(self, text: str, kind: SubjectKind, most: int) -> list[int]:
        """Return the places of the listed names that share most with a name, the likest first, unread."""
        form = self._reader.form(text, kind)
        with self._lock:
            places, likes = self._grams.candidates(form.codes, self._policy.candidates.floor, PLAIN)
            return [int(places[at]) for at in np.argsort(-likes, kind="stable")[:most]]

    def _candidates(self, form: Form) -> list[int]:
        """Return the listed names that deserve a close reading, the likest first."""
        if not len(form.codes) or not self._names:
            return []
        with self._lock:
            return self._rough.choose(form, self._policy.candidates.floor, PLAIN, ROUGH)
