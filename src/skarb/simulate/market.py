"""A market from one seed: first its past, then, for as long as somebody watches, its present.

The same seed and numbers give the same instructions with the same ids again, so a market that was stopped goes on where
it was: what was posted before is recognised by its id.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from heapq import heappop, heappush
from itertools import accumulate
from random import Random

import msgspec

from skarb.core.errors import InputError
from skarb.core.instruction import Instruction
from skarb.core.time import zone
from skarb.registers import Party
from skarb.simulate.cast import Cast, books_of, make_cast
from skarb.simulate.farm import Farm
from skarb.simulate.forbidden import FORBIDDEN
from skarb.simulate.habits import Behaviour, capital, first_money
from skarb.simulate.honest import HONEST
from skarb.simulate.miners import Miners
from skarb.simulate.model import Beat, BookEntry, Entries, Event
from skarb.simulate.prices import Prices
from skarb.simulate.schemes import planted
from skarb.simulate.town import Town, load_town
from skarb.simulate.world import World

RATES_AHEAD = 400  # days of made-up rates after the last day, so that a living market does not run out of them
_OPENING = timedelta(hours=5)  # of a book's first day: capital and first clients arrive
_OPENING_HOURS = timedelta(hours=9)  # of a book's first day: business begins
_HABITS: dict[str, Behaviour] = HONEST | FORBIDDEN


@dataclass(frozen=True)
class Scenario:
    """A market that is fully described by its seed and a few numbers."""

    seed: int
    start: date
    days: int
    per_day: int
    town: Town
    cast: Cast
    prices: Prices

    @cached_property
    def entries(self) -> Entries:
        """All registers of the town."""
        own = self.cast.entries
        if self.miners is None:
            return own
        latin = {one.party: self.town.latin_of(one.name) for one in self.town.miners}
        return msgspec.structs.replace(own, registers=(*own.registers, *self.miners.entries()), latin={**own.latin, **latin})

    @property
    def books(self) -> tuple[BookEntry, ...]:
        """The books of the market."""
        return books_of(self.town)

    @cached_property
    def farm(self) -> Farm | None:
        """The mining farm of the town, if it has one."""
        last = self.start + timedelta(days=self.days + RATES_AHEAD)
        return None if self.town.farm is None else Farm(self.seed, self.start, last, self.town.farm, self.town, self.prices)

    @cached_property
    def miners(self) -> Miners | None:
        """All registered miners of the town, if it has a farm."""
        return None if self.farm is None else Miners(self.farm, self.town)

    @property
    def end(self) -> datetime:
        """The instant at which the past ends and the living market begins."""
        return self._midnight(self.start + timedelta(days=self.days))

    def events(self) -> Iterator[Event]:
        """Yield the market's past in the order of time, all books together."""
        end = self.end
        for event in _Life(self).events():
            if event.instruction.at >= end:
                return
            yield event

    def stream(self, book: str) -> Iterator[Instruction]:
        """Yield the past of one book in the order of time."""
        return (event.instruction for event in self.events() if event.book == book)

    def streams(self) -> dict[str, list[Instruction]]:
        """Return the past of every book."""
        out: dict[str, list[Instruction]] = {book.name: [] for book in self.books}
        for event in self.events():
            out[event.book].append(event.instruction)
        return out

    def live(self, after: datetime | None = None, step: timedelta = timedelta(minutes=5)) -> Iterator[Beat]:
        """Yield the present without end: what arrives in each stretch of simulated time after an instant.

        The instant defaults to the end of the past. A stretch in which nothing arrives is an empty beat.
        """
        after = after or self.end
        until, events = after + step, list[Event]()
        for event in _Life(self).events():
            if event.instruction.at <= after:
                continue
            while event.instruction.at > until:
                yield Beat(until, events)
                until, events = until + step, []
            events.append(event)

    def review(self, book: str, referred: Instruction) -> Instruction | None:
        """Return what a second officer does about a referral: an approval some time later, or nothing.

        Most are approved, the others stay open. The answer depends on the seed and the instruction's id alone.
        """
        if referred.approves is not None:
            return None
        rng = Random(f"{self.seed}/review/{referred.id}")
        habit = self.town.review
        if rng.randrange(100) >= habit.approve:
            return None
        return msgspec.structs.replace(
            referred,
            id=f"{referred.id}-ok",
            at=referred.at + timedelta(minutes=rng.randint(*habit.after_minutes)),
            approves=referred.id,
            entered_by=f"officer-2@{book}",
        )

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), zone(self.town.zone)).astimezone(UTC)


def market(
    seed: int, *, start: date, people: int = 2000, companies: int = 150, days: int = 30, per_day: int = 2000, town: str = "by"
) -> Scenario:
    """Return a market: its registers, its past and its present.

    Raises: InputError for numbers that make no market, NotFound for an unknown town.
    """
    for name, value, least in (("people", people, 20), ("companies", companies, 5), ("days", days, 0), ("per_day", per_day, 1)):
        if value < least:
            raise InputError(f"{name}: given {value}, a market needs at least {least}")
    place = load_town(town)
    prices = Prices(seed, start, place.rates)
    last_rate = start + timedelta(days=days + RATES_AHEAD)
    cast = make_cast(seed, place, prices, people=people, companies=companies, start=start, last_rate=last_rate)
    return Scenario(seed, start, days, per_day, place, cast, prices)


class _Life:
    """One run of the world from the first morning on."""

    def __init__(self, scenario: Scenario) -> None:
        self._s = scenario
        self._town, self._farm = scenario.town, scenario.farm
        self._world = World(scenario.seed, scenario.town, scenario.cast, scenario.prices)
        self._coming: list[tuple[datetime, int, Event]] = []  # asked for, not yet arrived
        self._asked = 0
        self._tables = {name: _table(groups) for name, groups in self._town.behaviours.items()}
        self._hours = list(accumulate(self._town.hours))

    def events(self) -> Iterator[Event]:
        """Yield everything that ever happens, in the order of time."""
        day = self._s.start
        while True:
            self._world.day = day
            midnight = self._s._midnight(day)
            self._open_books(day, midnight + _OPENING)
            self._add(planted(self._world, day, self._s.start, midnight))
            self._add(self._farm.events(day) if self._farm else [])
            for at, book in self._day(day, midnight):
                yield from self._until(at)
                self._ask(book, at)
            day += timedelta(days=1)
            yield from self._until(self._s._midnight(day))

    def _until(self, at: datetime) -> Iterator[Event]:
        while self._coming and self._coming[0][0] <= at:
            yield heappop(self._coming)[2]

    def _add(self, events: list[Event]) -> None:
        for event in events:
            self._asked += 1
            heappush(self._coming, (event.instruction.at, self._asked, event))

    def _ask(self, book: str, at: datetime) -> None:
        names, weights = self._tables[self._table_of(book)]
        rng = self._world.rng
        for _ in range(4):  # somebody else does something else when one cannot
            events = _HABITS[rng.choices(names, cum_weights=weights)[0]](self._world, book, at)
            if events:
                return self._add(events)
        return None

    def _table_of(self, book: str) -> str:
        licence = next(one.licence for one in self._town.institutions if one.id == book)
        return licence if self._world.clients[book] else f"{licence}_before_register"

    def _day(self, day: date, midnight: datetime) -> Iterator[tuple[datetime, str]]:
        """Yield when something is asked on a day, and of which book."""
        rng, town = self._world.rng, self._town
        weekday = day.weekday()
        busy = 100 if weekday < 5 else town.weekend[weekday - 5]
        books = [one for one in town.institutions if one.share]
        shares = list(accumulate(one.share if self._world.clients[one.id] else town.early_share for one in books))
        names = [one.id for one in books]
        asked = rng.choices(range(24), cum_weights=self._hours, k=self._s.per_day * busy // 100)
        instants = sorted(hour * 3_600_000 + rng.randrange(3_600_000) for hour in asked)
        fresh = {one.id for one in books if self._opening_day(one.register) == day}
        business = midnight + _OPENING_HOURS
        for instant in instants:
            at = midnight + timedelta(milliseconds=instant)
            book = rng.choices(names, cum_weights=shares)[0]
            if at >= business or book not in fresh:
                yield at, book

    # -- the first morning of a book --------------------------------------------------------------------------------

    def _open_books(self, day: date, at: datetime) -> None:
        for one in self._town.institutions:
            if one.share and self._opening_day(one.register) == day:
                self._open(one.id, self._town.opening[one.licence], at)
            elif one.share and day == self._s.start:
                self._world.waiting[one.id] = self._crowd(one.id, self._town.opening[one.licence])

    def _opening_day(self, register: int | None) -> date:
        opened = self._s.start if register is None else max(self._town.earliest, self._s.start + timedelta(days=register))
        return max(self._s.start, opened)

    def _crowd(self, book: str, percent: int) -> list[Party]:
        """Return who will ever have an account in a book, those who join last first."""
        rng = Random(f"{self._s.seed}/crowd/{book}")
        cast = self._s.cast
        return [one for one in (*cast.companies, *cast.people)[::-1] if rng.randrange(100) < percent]

    def _open(self, book: str, percent: int, at: datetime) -> None:
        """Open a book: capital, a stock of tokens, and the first clients with their first money."""
        world = self._world
        crowd = self._crowd(book, percent)
        joining = len(crowd) * self._town.joined // 100
        world.waiting[book] = crowd[: len(crowd) - joining]
        self._add(capital(world, book, at))
        for n, one in enumerate(reversed(crowd[len(crowd) - joining :])):
            moment = at + timedelta(seconds=60 + n * 9000 // joining)
            self._add([*world.open_account(book, moment, one), *first_money(world, book, moment + timedelta(seconds=2), one)])


def _table(groups: dict[str, dict[str, int]]) -> tuple[list[str], list[int]]:
    weights = {name: weight for group in groups.values() for name, weight in group.items()}
    return list(weights), list(accumulate(weights.values()))
