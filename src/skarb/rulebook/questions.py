"""Questions: a graph in which every question about a class leads to the next one or to an answer.

`and`, `or` and `not` are no questions, they only say where one goes on. Equal questions that lead to equal places are one. `shorten` takes out of a
way what was asked on it before: then a row is asked about half as much. It is a saving and never changes an answer, so it stops where it would grow
too large.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

Place = int  # of a question in the list; below nought an answer: -1 stands for answer 0

SHORTENED_MAX = 1000  # questions looked at for one beginning
DEPTH_MAX = 300  # and how far from it

NOTE = 0  # the number of what a note asks about


def answer(number: int) -> Place:
    """Return the place of an answer."""
    return -1 - number


class Questions:
    """The questions of a plan, each with the number of what it is about and where to go on for each class."""

    def __init__(self, counts: Sequence[int]) -> None:
        self.counts = counts  # of classes, by what a question can be about
        self.list: list[tuple[int, tuple[int, ...]]] = []
        self.numbers: dict[tuple[int, tuple[int, ...]], Place] = {}
        self.below: list[int] = []  # what is asked from a question on, as bits

    def ask(self, about: int, classes: Collection[int], yes: Place, no: Place) -> Place:
        """Return the place where one is asked whether something belongs to some classes."""
        return self.switch(about, tuple(yes if one in classes else no for one in range(self.counts[about])))

    def note(self, bit: int, after: Place) -> Place:
        """Return the place where a bit is added to the answer."""
        return self._add(NOTE, (after, bit))

    def switch(self, about: int, places: tuple[Place, ...]) -> Place:
        """Return the place where each class goes its own way; a question that changes nothing is not asked."""
        return places[0] if len(set(places)) == 1 else self._add(about, places)

    def _add(self, about: int, places: tuple[Place, ...]) -> Place:
        key = about, places
        if key not in self.numbers:
            self.numbers[key] = len(self.list)
            self.list.append(key)
            below = 1 << about
            for place in self.following(len(self.list) - 1):
                below |= self.below[place]
            self.below.append(below)
        return self.numbers[key]

    def following(self, place: Place) -> set[Place]:
        """Return the questions that come directly after one."""
        about, places = self.list[place]
        return {one for one in (places[:1] if about == NOTE else places) if one >= 0}

    def shorten(self, root: Place) -> Place:
        """Return a beginning that leads to the same answers with fewer questions."""
        return _Shortening(self).of(root, {}, 0)

    def reached(self, roots: Collection[Place]) -> list[Place]:
        """Return the questions that can be come to."""
        found: dict[Place, None] = {}
        waiting = [one for one in roots if one >= 0]
        while waiting:
            place = waiting.pop()
            if place not in found:
                found[place] = None
                waiting += self.following(place)
        return list(found)


class _Shortening:
    def __init__(self, questions: Questions) -> None:
        self.questions = questions
        self.done: dict[tuple[Place, tuple[tuple[int, int], ...]], Place] = {}
        self.left = SHORTENED_MAX

    def of(self, place: Place, known: Mapping[int, int], depth: int) -> Place:
        """Return a place with the same answers, `known` holding as bits which classes are still possible of what was asked before."""
        if place < 0 or depth > DEPTH_MAX:
            return place
        below = self.questions.below[place]
        known = {about: classes for about, classes in known.items() if below >> about & 1}
        key = place, tuple(sorted(known.items()))
        if key not in self.done:
            if self.left == 0:
                return place
            self.left -= 1
            self.done[key] = self.found(place, known, depth)
        return self.done[key]

    def found(self, place: Place, known: Mapping[int, int], depth: int) -> Place:
        about, places = self.questions.list[place]
        if about == NOTE:
            return self.questions.note(places[1], self.of(places[0], known, depth + 1))
        ways: dict[Place, int] = {}
        possible = [one for one in range(len(places)) if known.get(about, -1) >> one & 1]
        for one in possible:
            way = self.through(places[one], about, one)
            ways[way] = ways.get(way, 0) | 1 << one
        ends = {way: self.of(way, {**known, about: classes}, depth + 1) for way, classes in ways.items()}
        first = next(iter(ends.values()))  # impossible classes go where something else goes already
        after = [first] * len(places)
        for one in possible:
            after[one] = ends[self.through(places[one], about, one)]
        return self.questions.switch(about, tuple(after))

    def through(self, place: Place, about: int, one: int) -> Place:
        """Follow a class through questions about itself."""
        while place >= 0 and self.questions.list[place][0] == about:
            place = self.questions.list[place][1][one]
        return place
