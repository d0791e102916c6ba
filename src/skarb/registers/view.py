"""The registers of a book or a market: what the desk asks of them (`questions`), and how something new is written down.

One object holds what was recorded until now. `as_of` goes back to what was known at an earlier instant. The version is the head of
the chain of recordings: two registers with one version hold the same entries, recorded in the same order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from skarb.core.errors import Conflict, Problem, ensure
from skarb.core.list_change import change_of
from skarb.core.screening_list import Identifiers, ScreeningList
from skarb.core.time import Clock, to_day
from skarb.registers.chain import Recording, RegisterFile
from skarb.registers.defaults import CountryDefaults
from skarb.registers.freshness import Freshness
from skarb.registers.intake import contradictions, list_contradictions, new_rates
from skarb.registers.model import REGISTERS, Entry
from skarb.registers.questions import Questions, Screener
from skarb.registers.rate_files import RateFile
from skarb.registers.read import Import, check_entry, type_problems
from skarb.registers.shelves import identifiers_in

_REGISTER_OF: dict[type[Entry], str] = {type_: name for name, type_ in REGISTERS.items()}

Learner = Callable[[Identifiers], object]


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a recording. With problems, nothing was recorded."""

    source: str
    added: int = 0  # entries, or rates
    replaced: int = 0  # got a new wording; the earlier one stays readable
    repeated: int = 0  # already there, word by word
    problems: tuple[Problem, ...] = ()
    version: bytes = b""  # of the registers afterwards


class Registers(Questions):
    """All registers of one book or one market. One writer; readers in the same thread."""

    def __init__(
        self, country: CountryDefaults, *, clock: Clock, file: RegisterFile | None = None, freshness: Freshness | None = None
    ) -> None:
        """Open the registers: what a file holds, or empty and in memory only."""
        super().__init__(country)
        self._freshness = freshness or Freshness()
        self._clock = clock
        self._file = file
        self._learner: Learner | None = None
        for recording in file.read() if file is not None else ():
            self._shelves.take(recording)
        self._forget()

    @property
    def version(self) -> bytes:
        """SHA-256 over the normal form of everything recorded, in order."""
        return self._shelves.head

    @property
    def recordings(self) -> Sequence[Recording]:
        """Everything recorded, in order; nothing is ever removed."""
        return self._shelves.recordings

    def as_of(self, recorded_at: datetime) -> Registers:
        """Return what was known at an instant, in memory."""
        earlier = Registers(self.country, clock=self._clock, freshness=self._freshness)
        for recording in self._shelves.recordings:
            if recording.recorded_at <= recorded_at:
                earlier._shelves.take(recording)
        return earlier

    @property
    def today(self) -> int:
        """The day by the clock of the registers, in universal time; decisions about lists end by it."""
        return to_day(self._clock().astimezone(UTC).date())

    def screened_by(self, screener: Screener, learner: Learner | None = None) -> None:
        """Let profiles say what screening found; `unavailable` shows as possible, so nobody passes for clear by accident.

        `learner` is told at once what a recording says of parties and their wallets.
        """
        self._screener, self._learner = screener, learner
        self._forget()

    def record(self, entries: Iterable[Entry], source: str) -> Summary:
        """Write entries down, all or none; their kind says into which register."""
        by_register: dict[str, list[Entry]] = {}
        problems: list[Problem] = []
        country = self.country
        for row, entry in enumerate(entries, start=1):
            if wrong := type_problems(entry, source, row):
                problems += wrong
                continue
            checked = check_entry(entry, source, row, problems, numbering=country.numbering, home=country.home)
            if checked is not None:
                by_register.setdefault(_REGISTER_OF[type(entry)], []).append(checked)
        found = {register: tuple(kept) for register, kept in by_register.items()}
        return self.record_import(Import(name=source, entries=found, problems=tuple(problems)))

    def record_import(self, file: Import) -> Summary:
        """Write down what a file says, all or nothing."""
        problems = file.problems or tuple(contradictions(file, self._shelves, self.country))
        if problems:
            return Summary(source=file.name, problems=problems, version=self.version)
        fresh: dict[str, tuple[Entry, ...]] = {}
        replaced = repeated = 0
        for register, entries in file.entries.items():
            index = self._shelves.index(register)
            wordings = [(entry, index.wording(entry)) for entry in entries]
            fresh[register] = tuple(entry for entry, wording in wordings if wording != entry)
            repeated += sum(wording == entry for entry, wording in wordings)
            replaced += sum(wording is not None and wording != entry for entry, wording in wordings)
        count = sum(map(len, fresh.values()))
        if count:
            self._write(file.name, **{register: found for register, found in fresh.items() if found})
        return Summary(source=file.name, added=count - replaced, replaced=replaced, repeated=repeated, version=self.version)

    def record_defaults(self) -> Summary:
        """Write down the entries that the country's registers.yaml starts a market with."""
        return self.record_import(Import(name=f"{self.country.home} registers.yaml", entries=self.country.entries))

    def record_rates(self, file: RateFile, *, correct: bool = False) -> Summary:
        """Write rates down, all or nothing; a feed that froze or has holes is refused.

        A rate that contradicts an earlier one of the same publisher is refused too, unless it is recorded as a correction.
        """
        new = new_rates(file, self._shelves, self._freshness, correct=correct)
        if new.problems:
            return Summary(source=file.name, problems=new.problems, version=self.version)
        if new.series:
            self._write(file.name, rates=new.series)
        return Summary(source=file.name, added=new.added, replaced=new.replaced, repeated=new.repeated, version=self.version)

    def list_problems(self, screening_list: ScreeningList, source: str) -> tuple[Problem, ...]:
        """Return why a version of a screening list would be refused."""
        return tuple(list_contradictions(source, screening_list, self._shelves.lists.get(screening_list.list)))

    def record_list(self, screening_list: ScreeningList, source: str) -> Summary:
        """Write down a version of a screening list: the first one whole, later ones by what differs from the version before.

        A version older than the one in force is refused.
        """
        known = self._shelves.lists.get(screening_list.list)
        count = len(screening_list.entries)
        if problems := self.list_problems(screening_list, source):
            return Summary(source=source, problems=problems, version=self.version)
        if known is None:
            self._write(source, lists=(screening_list,))
            return Summary(source=source, added=count, version=self.version)
        change = change_of(known, screening_list)
        if change.sha256 == change.since:
            return Summary(source=source, repeated=count, version=self.version)
        self._write(source, list_changes=(change,))
        same = count - len(change.entries)
        replaced = len(change.entries) - (count - len(known.entries) + len(change.removed))
        added = len(change.entries) - replaced
        return Summary(source=source, added=added, replaced=replaced, repeated=same, version=self.version)

    def _write(self, source: str, **content: Any) -> None:
        now = self._clock()
        ensure(now.tzinfo is not None, "the clock tells an instant with its zone")
        last = self._shelves.recordings[-1].recorded_at if self._shelves.recordings else now
        if now < last:
            raise Conflict(
                f"the clock says {now.isoformat()}, the last recording was made at {last.isoformat()}; set the clock right"
            )
        recording = Recording(previous=self.version.hex(), recorded_at=now, source=source, **content)
        if self._file is not None:
            self._file.append(recording)
        self._shelves.take(recording)
        if self._learner is not None:
            for known in identifiers_in(recording):
                self._learner(known)
        self._forget()
