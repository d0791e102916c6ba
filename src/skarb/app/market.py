"""A market on one machine: a folder with the registers, a book per institution, and what it was made from.

```
market/
  market.yaml            the law, and the seed and numbers a simulated market grows from
  registers.jsonl        the registers and lists, chained
  looks.jsonl            who looked at whose data, and why
  books/<name>.book      one book an institution, each with its seal
  drafts/<id>/           drafts of law that are tried on its past; see `app/drafts.py`
```
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, date, datetime, time
from heapq import heappop, heappush
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec
import yaml

from skarb.app.files import now as real_now
from skarb.app.law import rulebook_of
from skarb.app.setting import Setting, open_registers, screen_of, setting_of
from skarb.app.view import View
from skarb.core.errors import ConfigurationError, Conflict, NotFound, ensure
from skarb.core.instruction import Instruction
from skarb.desk import Desk, open_desk
from skarb.products import products
from skarb.registers import Registers
from skarb.registers.rate_files import RateFile
from skarb.simulate import Beat, Scenario, bring_drafts
from skarb.simulate import market as make_scenario

BOOK_SUFFIX = ".book"
BATCH = 512  # instructions of the past that a book takes at once
Step = Callable[[int, int, str], None]


class MarketFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a simulated market grows from; the same numbers give the same market again."""

    law: str
    seed: int
    start: date
    days: int
    people: int
    companies: int
    per_day: int

    def scenario(self) -> Scenario:
        """Return the market's whole past and present."""
        return make_scenario(
            self.seed,
            start=self.start,
            days=self.days,
            people=self.people,
            companies=self.companies,
            per_day=self.per_day,
            town=self.law,
        )


def read_market_file(folder: Path) -> MarketFile:
    """Return what a market's folder says about itself.

    Raises: NotFound, ConfigurationError
    """
    path = folder / "market.yaml"
    try:
        return msgspec.convert(yaml.safe_load(path.read_text(encoding="utf-8")), MarketFile)
    except FileNotFoundError:
        raise NotFound(f"{folder} is not a market: it has no market.yaml; make one with skarb up --market {folder}") from None
    except (yaml.YAMLError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: {error}") from None


def create_market(folder: Path, file: MarketFile) -> None:
    """Make the folder of a new market: its registers, lists and drafts, no books yet.

    Raises: Conflict if there is something already.
    """
    if folder.exists() and any(folder.iterdir()):
        raise Conflict(f"{folder} is not empty; name another folder, or remove it")
    (folder / "books").mkdir(parents=True)
    entries = file.scenario().entries
    registers = open_registers(file.law, folder, real_now)
    for summary in (
        registers.record(entries.registers, "simulated market"),
        registers.record_rates(RateFile(name="simulated rates", series=entries.rates)),
        *(registers.record_list(found, "simulated market") for found in entries.lists),
    ):
        ensure(not summary.problems, f"a simulated register is in order: {summary.problems[:3]}")
    bring_drafts(file.law, folder / "drafts")
    (folder / "market.yaml").write_text(yaml.safe_dump(msgspec.to_builtins(file), sort_keys=False), encoding="utf-8")


def market_setting(folder: Path, operator: str | None) -> Setting:
    """Return the setting of one institution of a market, for deciding without posting.

    Raises: NotFound naming the institutions.
    """
    file = read_market_file(folder)
    names = [book.name for book in file.scenario().books]
    if operator is None or operator not in names:
        raise NotFound(f"operator {operator!r}: expected one of the market's institutions, {', '.join(names)}")
    return setting_of(file.law, open_registers(file.law, folder, real_now), operator)


class Market:
    """A simulated market that is open for business; close it, so that its books are sealed."""

    def __init__(self, folder: Path, progress: Step | None = None) -> None:
        """Open all books, making those that are missing.

        Raises: NotFound, ConfigurationError, Unavailable if somebody else has a book open.
        """
        self.folder = folder
        self.file = read_market_file(folder)
        self.scenario = self.file.scenario()
        self.registers: Registers = open_registers(self.file.law, folder, real_now)
        self.screen = screen_of(self.registers)
        self.rulebook = rulebook_of(self.file.law)
        self.now = datetime.combine(
            self.file.start, time(), UTC
        )  # the clock that books record by, simulated like everything else
        scenario = self.scenario
        self.view = View(
            folder,
            self.rulebook,
            self.registers,
            scenario.books,
            scenario.entries.latin,
            self.book_path,
            self.now,
            scenario.farm,
            scenario.miners,
        )
        self.desks: dict[str, Desk] = {}
        self._approvals: list[tuple[datetime, str, str, Instruction]] = []  # when, book, id: unique, so nothing else is compared
        self._stack = ExitStack()
        try:
            for book in self.scenario.books:
                desk = self.desks[book.name] = self._stack.enter_context(self._open(book.name, progress))
                self.view.watch(desk)
            for waiting in self.view.waiting():
                self._review(waiting.book, waiting.instruction)
        except BaseException:
            self._stack.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stack.close()

    def book_path(self, name: str) -> Path:
        """Return the file of a book."""
        return self.folder / "books" / f"{name}{BOOK_SUFFIX}"

    def fill(self, progress: Step | None = None, stopped: Callable[[], bool] = bool) -> int:
        """Let the market's past happen and return how many instructions that took; what happened before is left alone.

        `stopped` is asked now and then; what had not happened then happens in the next fill.
        """
        self.view.living, self.view.past_days = True, self.file.days
        try:
            return self._live_through(progress, stopped)
        finally:
            self.view.past_days = 0

    def _live_through(self, progress: Step | None, stopped: Callable[[], bool]) -> int:
        since = {name: self.view.last(name) for name in self.desks}
        waiting: dict[str, list[Instruction]] = {name: [] for name in self.desks}
        done, expected = 0, self.file.days * self.file.per_day
        for event in self.scenario.events():
            last = since[event.book]
            if last is not None and event.instruction.at < last:
                continue
            for book, approval in self._due(event.instruction.at):
                waiting[book].append(approval)
            waiting[event.book].append(event.instruction)
            if len(waiting[event.book]) >= BATCH:
                done += self._submit(event.book, waiting[event.book])
                waiting[event.book] = []
                if stopped():
                    return done
                if progress is not None:
                    progress(done, max(expected, done), f"{event.instruction.at:%d %b}")
        done += sum(self._submit(book, left) for book, left in waiting.items() if left)
        # What the last batches referred is answered, too, as far as the answers lie in the past.
        while answers := list(self._due(self.scenario.end)):
            done += sum(self._submit(book, [approval]) for book, approval in answers)
        return done

    def live(self) -> Iterator[Beat]:
        """Let the present happen, a few simulated minutes a beat, without end."""
        self.view.living = True
        try:
            for beat in self.scenario.live(after=max(self.view.now, self.scenario.end)):
                self.happen(beat)
                yield beat
        finally:
            self.view.living = False

    def happen(self, beat: Beat) -> None:
        """Post everything that arrives in one beat."""
        arrived: dict[str, list[Instruction]] = {}
        for book, approval in self._due(beat.until):
            arrived.setdefault(book, []).append(approval)
        for event in beat.events:
            arrived.setdefault(event.book, []).append(event.instruction)
        for book, instructions in arrived.items():
            self._submit(book, sorted(instructions, key=lambda one: one.at))
        self.now = beat.until

    # Inside.

    def _open(self, name: str, progress: Step | None) -> Desk:
        return open_desk(
            self.book_path(name),
            rulebook=self.rulebook,
            registers=self.registers,
            screen=self.screen,
            products=products(),
            operator=name,
            clock=lambda: self.now,
            name=name,
            observer=self.view.learn,
            progress=None if progress is None else lambda what, done, total: progress(done, total, f"{what} {name}"),
        )

    def _submit(self, book: str, instructions: Sequence[Instruction]) -> int:
        """Post instructions and return how many of them were new."""
        self.now = max(self.now, instructions[-1].at)
        answer = self.desks[book].submit(instructions)
        ensure(not answer.problems, f"a simulated instruction can be read: {[str(one) for one in answer.problems[:3]]}")
        self.view.follow(self.desks[book])
        new = 0
        for instruction, receipt in zip(instructions, answer.receipts, strict=True):
            if receipt is not None and not receipt.repeated:
                new += 1
                if receipt.outcome == "referred":
                    self._review(book, instruction)
        return new

    def _review(self, book: str, instruction: Instruction) -> None:
        approval = self.scenario.review(book, instruction)
        if approval is not None:
            heappush(self._approvals, (approval.at, book, approval.id, approval))

    def _due(self, until: datetime) -> Iterator[tuple[str, Instruction]]:
        while self._approvals and self._approvals[0][0] <= until:
            _, book, _, approval = heappop(self._approvals)
            yield book, approval
