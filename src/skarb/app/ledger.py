"""Open accounts and post transfers out of files, in a ledger without instructions; every row gets its answer.

What stands or falls together is a **unit**: a transfer, a transaction of many legs, or transfers that are linked. A unit is never cut between two
durable steps, and one of which a row cannot be read is not handed to the ledger at all. Given again, a unit answers `repeated` where all of
it is there with the same content, and `conflict` where the id stands for something else.

A rehearsal takes the same steps on a ledger that forgets them; see `open_ledger`.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypeAlias, TypeVar

import numpy as np

from skarb.core.errors import FieldError, InputError
from skarb.core.transfer import TRANSFER, AccountFlag, key_128
from skarb.intake.ledger_lines import BATCH, AccountLine, Given, PostingLine, TransactionLine
from skarb.intake.transfers import TransferLine, WrongLine, records_of, whole
from skarb.journal import LedgerBook, NewAccount
from skarb.journal.ledger_book import NOTES_MAX
from skarb.journal.model import ID_WORD
from skarb.ledger import Result, transfers_of
from skarb.ledger.books import Records
from skarb.ledger.machine import Codes
from skarb.ledger.transaction import Leg

Outcome: TypeAlias = Literal["created", "repeated", "conflict", "rejected", "malformed"]
_Line = TypeVar("_Line")
_FAILED = Result.linked_event_failed.value
_EXISTS = Result.exists.value


class Answer(NamedTuple):
    """What became of one row."""

    row: int
    id: str  # of the transfer or transaction; the address of an account
    outcome: Outcome
    code: str  # the ledger's `Result`, nothing for a row that could not be read
    problem: str  # why it could not be read
    content: str  # the whole row

    @property
    def done(self) -> bool:
        """Whether what the row asks for is in the book."""
        return self.outcome in ("created", "repeated")


@dataclass
class Tally:
    """Every row of a run, accounted for."""

    rows: int = 0
    counts: Counter[tuple[Outcome, str]] = field(default_factory=Counter)  # (outcome, code) → rows

    def add(self, answer: Answer) -> Answer:
        """Count an answer and hand it on."""
        self.rows += 1
        self.counts[answer.outcome, answer.code] += 1
        return answer

    def of(self, outcome: Outcome) -> int:
        """Return how many rows had an outcome."""
        return sum(count for (one, _), count in self.counts.items() if one == outcome)


def outcome_of(code: int) -> Outcome:
    """Return what a result code means for whoever asked."""
    if code == Result.created:
        return "created"
    if code == Result.exists:
        return "repeated"
    return "conflict" if Result(code).name.startswith("exists_with") else "rejected"


# ── accounts ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def open_from(book: LedgerBook, parts: Iterable[Sequence[Given[AccountLine]]], tally: Tally) -> Iterator[Answer]:
    """Open the accounts of a file; every answer yielded is durable."""
    for part in parts:
        wanted: list[NewAccount] = []
        notes: dict[int, dict[str, str]] = {}
        read: list[FieldError | int] = []
        for one in part:
            try:
                account = _account(one.line)
            except FieldError as error:
                read.append(error)
                continue
            if isinstance(one.line, AccountLine) and one.line.metadata:
                notes[len(wanted)] = one.line.metadata
            read.append(len(wanted))
            wanted.append(account)
        codes = book.open_accounts(wanted, notes)
        for one, place in zip(part, read, strict=True):
            if isinstance(place, FieldError):
                yield tally.add(_malformed(one, place))
            else:
                yield tally.add(_answer(one, wanted[place].address, int(codes[place])))


def _account(line: AccountLine | FieldError) -> NewAccount:
    if isinstance(line, FieldError):
        raise line
    limits = []
    for name in ("floor", "ceiling"):
        given = getattr(line, name)
        number = None if given is None else whole(given)
        if given is not None and (number is None or abs(number) >> 128):
            raise FieldError(name, given, "a whole number of smallest units, of at most 128 bits")
        limits.append(number)
    floor, ceiling = limits
    if floor is not None and ceiling is not None and floor > ceiling:
        raise FieldError("floor", floor, f"one that is not above the ceiling {ceiling}")
    if not 0 < line.code < 1 << 16:
        raise FieldError("code", line.code, "a whole number from 1 to 65535")
    flags = 0
    for flag in line.flags:
        flags |= AccountFlag[flag]
    both = AccountFlag.debits_must_not_exceed_credits | AccountFlag.credits_must_not_exceed_debits
    if flags & both == both:
        raise FieldError("flags", " ".join(line.flags), "one of debits_must_not_… and credits_must_not_…, not both")
    _check_words(line.metadata)
    return NewAccount(line.address, line.asset, floor, ceiling, flags, line.code)


# ── transfers ────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass
class Step:
    """Rows that go to the ledger in one durable step."""

    rows: list[Given[PostingLine]]
    units: list[range]  # of rows
    wrong: dict[int, FieldError]  # by row
    starts: list[int]  # the first transfer of each row, and the end
    records: Records
    notes: dict[int, dict[str, str]]


def post_from(
    book: LedgerBook, parts: Iterable[Sequence[Given[PostingLine]]], tally: Tally, batch: int = BATCH
) -> Iterator[Answer]:
    """Post the transfers and transactions of a file; every answer yielded is durable, while the next step is on its way."""
    under_way: deque[tuple[Step, Future[Codes]]] = deque()
    for units in _steps(parts, batch):
        step = _step(book, units)
        under_way.append((step, book.post_async(step.records, step.notes)))
        if len(under_way) > 1:
            yield from map(tally.add, answers(book, *under_way.popleft()))
    while under_way:
        yield from map(tally.add, answers(book, *under_way.popleft()))


def _steps(parts: Iterable[Sequence[Given[PostingLine]]], batch: int) -> Iterator[list[list[Given[PostingLine]]]]:
    """Yield units in lists of about so many transfers."""
    units: list[list[Given[PostingLine]]] = []
    unit: list[Given[PostingLine]] = []
    weight = 0
    for part in parts:
        for given in part:
            unit.append(given)
            weight += len(given.line.legs) if isinstance(given.line, TransactionLine) else 1
            if _goes_on(given):
                continue
            units.append(unit)
            unit = []
            if weight >= batch:
                yield units
                units, weight = [], 0
    if unit:
        units.append(unit)  # the ledger answers that the chain is open
    if units:
        yield units


def _goes_on(given: Given[PostingLine]) -> bool:
    """Tell whether a row stands or falls with the next one."""
    if isinstance(given.line, FieldError):
        return '"linked"' in given.content  # it cannot be read, but so much shows
    return isinstance(given.line, TransferLine) and "linked" in given.line.flags


def _step(book: LedgerBook, units: list[list[Given[PostingLine]]]) -> Step:
    rows = [given for unit in units for given in unit]
    ends = np.cumsum([len(unit) for unit in units]).tolist()
    places = [range(end - len(unit), end) for unit, end in zip(units, ends, strict=True)]
    wrong = {place: given.line for place, given in enumerate(rows) if isinstance(given.line, FieldError)}
    pieces: dict[int, Records] = {}  # of transactions
    for place, given in enumerate(rows):
        try:
            if isinstance(given.line, TransactionLine):
                pieces[place] = _transaction(book, given.line)
            if not isinstance(given.line, FieldError) and given.line.metadata:
                _check_words(given.line.metadata)
        except FieldError as error:
            wrong[place] = error
    plain = [place for place, given in enumerate(rows) if place not in wrong and isinstance(given.line, TransferLine)]
    found, transfers = _sift(book, rows, plain)
    wrong |= found
    spoilt = {place for unit in places if any(place in wrong for place in unit) for place in unit} if wrong else set()
    if spoilt:
        transfers = transfers[[place not in spoilt for place in plain if place not in found]]
        plain = [place for place in plain if place not in spoilt]
    if not pieces and not spoilt:
        starts, records = list(range(len(rows) + 1)), transfers
    else:
        pieces |= {place: transfers[number : number + 1] for number, place in enumerate(plain)}
        parts = [transfers[:0] if place in spoilt else pieces[place] for place in range(len(rows))]
        starts = [0, *np.cumsum([len(part) for part in parts]).tolist()]
        records = np.concatenate([transfers[:0], *parts])
    notes = {
        start: {ID_WORD: given.line.id, **given.line.metadata}
        for start, stop, given in zip(starts[:-1], starts[1:], rows, strict=True)
        if start < stop and not isinstance(given.line, FieldError)
    }
    return Step(rows, places, wrong, starts, records, notes)


def _sift(book: LedgerBook, rows: list[Given[PostingLine]], places: list[int]) -> tuple[dict[int, FieldError], Records]:
    """Return what is wrong with transfers that can be read and not taken, found by halving, and the records of the others."""
    try:
        return {}, records_of([rows[place].line for place in places], book.chart)  # type: ignore[misc]  # they are lines of transfers
    except WrongLine as error:
        if len(places) == 1:
            return {places[0]: error}, np.zeros(0, TRANSFER)
        half = len(places) // 2
        (left, first), (right, second) = (_sift(book, rows, part) for part in (places[:half], places[half:]))
        return left | right, np.concatenate([first, second])


def _transaction(book: LedgerBook, line: TransactionLine) -> Records:
    """Return the transfers of a transaction.

    Raises: FieldError
    """
    chart, legs = book.chart, []
    for leg in line.legs:
        account, amount = chart.ids.get(leg.asset, {}).get(leg.account), whole(leg.amount)
        if account is None:
            raise FieldError("account", leg.account, f"the address of an account that is open in {leg.asset}")
        if amount is None or abs(amount) >> 128:
            raise FieldError(
                "amount", leg.amount, "a whole number of smallest units, of at most 128 bits; below zero for a debit"
            )
        legs.append(Leg(int.from_bytes(account, "little"), chart.ledgers[leg.asset], amount))
    for name, most in (("code", 1 << 16), ("effective", 1 << 64)):
        if not 0 <= getattr(line, name) < most:
            raise FieldError(name, getattr(line, name), f"a whole number of at most {most - 1}")
    key = int.from_bytes(key_128(line.id), "little")
    try:
        return transfers_of(key, legs, code=line.code, user_128=key, effective=line.effective)
    except InputError as error:
        raise FieldError("legs", line.id, str(error).removeprefix("transaction: ")) from None


def _check_words(words: dict[str, str]) -> None:
    if ID_WORD in words:
        raise FieldError("metadata", ID_WORD, "another word; the transfer's own id is kept under this one")
    if sum(len(key.encode()) + len(value.encode()) for key, value in words.items()) > NOTES_MAX // 2:
        raise FieldError("metadata", next(iter(words)), f"words of at most {NOTES_MAX // 2} bytes in all")


# ── answers ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def answers(book: LedgerBook, step: Step, future: Future[Codes]) -> Iterator[Answer]:
    """Yield the answers to a step once it is durable."""
    codes = future.result().tolist()
    again = _looked_up(book, step, codes)
    for unit in step.units:
        if any(place in step.wrong for place in unit):
            yield from _put_aside(step, unit)
            continue
        first = step.starts[unit.start]
        if first in again:
            whole_again = all(code == _EXISTS for code in again[first])
            for place in unit:
                own = again[first][step.starts[place] - first : step.starts[place + 1] - first]
                different = next((code for code in own if code != _EXISTS), _EXISTS)
                known = different if outcome_of(different) in ("repeated", "conflict") else _FAILED
                yield _answer(step.rows[place], _name(step.rows[place].line), known, "repeated" if whole_again else "conflict")
            continue
        for place in unit:
            own = codes[step.starts[place] : step.starts[place + 1]]
            yield _answer(step.rows[place], _name(step.rows[place].line), next((code for code in own if code != _FAILED), own[0]))


def _looked_up(book: LedgerBook, step: Step, codes: list[int]) -> dict[int, list[int]]:
    """Say for units of several transfers whose id is there already what stands for each of their transfers.

    The ledger stops at the first one. So it is asked, without doing it, what it would answer to the unit from each of its transfers on.
    Shape: by the unit's first transfer.
    """
    spans = [(step.starts[unit.start], step.starts[unit.stop]) for unit in step.units]
    known = [(first, last) for first, last in spans if last - first > 1 and _EXISTS in codes[first:last]]
    found = {first: [codes[first]] for first, _ in known}
    for number in range(1, max((last - first for first, last in known), default=0)):
        longer = [(first, last) for first, last in known if last - first > number]
        told = book.dry_run(np.concatenate([step.records[first + number : last] for first, last in longer]))[0].tolist()
        place = 0
        for first, last in longer:
            found[first].append(told[place])
            place += last - first - number
    return found


def single_step(name: str, records: Records) -> Step:
    """Return a step of one unit that was not read from a file."""
    given: Given[PostingLine] = Given(1, "", TransactionLine(name, ()))
    return Step([given], [range(1)], {}, [0, len(records)], records, {})


def _put_aside(step: Step, unit: range) -> Iterator[Answer]:
    """Yield the answers to a unit of which something could not be read."""
    wrong = next(step.rows[place].row for place in unit if place in step.wrong)
    for place in unit:
        given = step.rows[place]
        if place in step.wrong:
            yield _malformed(given, step.wrong[place])
        else:
            why = f"row {wrong}, with which it stands or falls, cannot be read"
            yield Answer(given.row, _name(given.line), "rejected", Result.linked_event_failed.name, why, given.content)


def _name(line: PostingLine | AccountLine | FieldError) -> str:
    if isinstance(line, FieldError):
        return ""
    return line.address if isinstance(line, AccountLine) else line.id


def _answer(given: Given[_Line], name: str, code: int, outcome: Outcome | None = None) -> Answer:
    return Answer(given.row, name, outcome or outcome_of(code), Result(code).name, "", given.content)


def _malformed(given: Given[PostingLine] | Given[AccountLine], error: FieldError) -> Answer:
    return Answer(given.row, _name(given.line), "malformed", "", str(error), given.content)
