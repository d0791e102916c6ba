"""What is checked inside one batch: who is who, what was decided, what was posted.

Each check makes the batch's answers again by itself. It does the whole batch at once and looks at single rows only when
something differs.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from skarb.core.errors import SkarbError, shorten
from skarb.core.transfer import key_128
from skarb.journal.chain import KEY_BYTES, Envelope, distinct_of, facts_of, instructions_of, openings_of, raw_rows, rulings_of
from skarb.journal.findings import Check, Finding
from skarb.journal.index import NEW, IdIndex
from skarb.journal.law import Law
from skarb.journal.memory import Memory
from skarb.journal.model import NO_OWNER, Ruling
from skarb.journal.replay import replay
from skarb.ledger import Result

if TYPE_CHECKING:
    from skarb.journal.counting import Counting

_T = TypeVar("_T")


@dataclass
class Seen:
    """The ids of the batches before, and where each of them stands."""

    index: IdIndex = field(default_factory=IdIndex)
    starts: list[int] = field(default_factory=list)  # position of the first instruction of each batch
    sequences: list[int] = field(default_factory=list)  # and the batch

    def add(self, envelope: Envelope) -> None:
        """Remember a batch whose ids are all new."""
        self.starts.append(self.index.count)
        self.sequences.append(envelope.sequence)
        self.index.add(envelope.keys)

    def words(self, position: int) -> str:
        """Return where a position that `recall` gave lies."""
        if position < NEW:
            return f"row {-2 - position} of this batch"
        batch = bisect_right(self.starts, position) - 1
        return f"batch {self.sequences[batch]}, row {position - self.starts[batch]}"


def identity_findings(envelope: Envelope, seen: Seen) -> Iterator[Finding]:
    """Compute keys again from the instructions; no id may be there twice."""
    count = len(raw_rows(envelope.instructions))
    yield from _count("identity", envelope, "instructions", count)
    keys: list[bytes | None] = []
    for row, instruction in _each(envelope, count, instructions_of):
        if isinstance(instruction, SkarbError):
            yield _finding("identity", envelope, row, "instruction", shorten(str(instruction), 300), "an instruction")
            keys.append(None)
        else:
            keys.append(key_128(instruction.id))
    yield from _keys(envelope, keys)
    positions = seen.index.recall(envelope.keys)
    for row in np.flatnonzero(positions != NEW).tolist():
        given = f"it stands in {seen.words(int(positions[row]))} already"
        yield _finding("identity", envelope, row, "id", given, "an id that is journalled once")
    if (positions == NEW).all():
        seen.add(envelope)


def decision_findings(envelope: Envelope, laws: Mapping[str, Law], direct: bool) -> Iterator[Finding]:
    """Decide every row's facts again under its edition, and see that only what was permitted has transfers.

    A `direct` book is a ledger without instructions: nothing in it was decided.
    """
    if direct:
        yield from _direct(envelope)
        return
    rulings = rulings_of(envelope)
    yield from _count("decision", envelope, "rulings", len(rulings))
    yield from _unused_facts(envelope)
    known = [laws.get(name) for name in envelope.editions]
    barred = np.zeros(max(envelope.rows, 1), np.bool_)  # rows whose ruling is known not to permit them
    facts = _each(envelope, envelope.rows, facts_of)
    for (row, one), ruling in zip(facts, rulings, strict=False):
        if isinstance(one, SkarbError):
            yield _finding("decision", envelope, row, "facts", shorten(str(one), 300), "facts")
        elif not 0 <= ruling.edition < len(known):
            yield _finding("decision", envelope, row, "edition", str(ruling.edition), f"one of the batch's {len(known)} editions")
        elif (law := known[ruling.edition]) is None:
            name = envelope.editions[ruling.edition]
            yield _finding(
                "decision", envelope, row, "edition", f"{name}, whose text cannot be used", "an edition kept in the book"
            )
        else:
            given, expected = (ruling.outcome, ruling.levy, ruling.duties), (law.decide(one), law.levy(one), law.duties(one))
            if given != expected:
                yield _finding("decision", envelope, row, "outcome, levy and duties", _named(law, given), _named(law, expected))
            barred[row] = not _may_post(law, ruling)
    yield from _owners(envelope, barred)


def totals_findings(envelope: Envelope, laws: Mapping[str, Law], counting: Counting) -> Iterator[Finding]:
    """Make every row's totals again from what was posted before it."""
    from skarb.journal.counting import recount  # with the rulebook, which only books with laws need

    for one in recount(counting, envelope, laws.__getitem__):
        yield _finding(
            "decision", envelope, one.row, "totals", _totals(one.given), f"{_totals(one.expected)}, by what was posted"
        )


def _totals(totals: tuple[int | None, ...]) -> str:
    return ", ".join("missing" if one is None else str(one) for one in totals) or "none"


def ledger_findings(envelope: Envelope, memory: Memory) -> Iterator[Finding]:
    """Open the accounts and post the transfers again."""
    owners = np.frombuffer(envelope.owners, "<u4")
    for difference in replay(memory.ledger, envelope):
        row = int(owners[difference.row]) if difference.what == "transfer" else None
        given, expected = _code(difference.given), _code(difference.expected)
        yield _finding("ledger", envelope, row, f"{difference.what} {difference.row}, result", given, expected)
    openings = openings_of(envelope)
    if len(openings) == len(envelope.account_results):
        memory.note_assets(openings, envelope.accounts)
    else:
        yield _finding(
            "ledger", envelope, None, "openings", f"{len(openings)}", f"{len(envelope.account_results)}, one for each account"
        )


def _unused_facts(envelope: Envelope) -> Iterator[Finding]:
    """Look at distinct facts that no row has; all others are looked at with their rows."""
    count = len(raw_rows(envelope.facts))
    unused = set(range(count)).difference(np.frombuffer(envelope.cases, "<u4").tolist())
    for case, one in _each(envelope, count, distinct_of) if unused else ():
        if case in unused and isinstance(one, SkarbError):
            yield _finding("decision", envelope, None, f"facts {case}", shorten(str(one), 300), "facts")


def _owners(envelope: Envelope, barred: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Iterator[Finding]:
    owners = np.frombuffer(envelope.owners, "<u4").astype(np.int64)
    inside = owners < envelope.rows
    for transfer in np.flatnonzero(~inside)[:100].tolist():
        expected = f"a row below {envelope.rows}"
        yield _finding("decision", envelope, None, f"transfer {transfer}, instruction", str(owners[transfer]), expected)
    for transfer in np.flatnonzero(inside & barred[np.where(inside, owners, 0)])[:100].tolist():
        row = int(owners[transfer])
        yield _finding(
            "decision", envelope, row, f"transfer {transfer}", "a transfer", "none: the law did not permit the instruction"
        )


def _direct(envelope: Envelope) -> Iterator[Finding]:
    """See that nothing in a ledger without instructions claims to have been decided."""
    if envelope.rows:
        yield _finding("decision", envelope, None, "instructions", f"{envelope.rows}", "none, as in the batches before")
    owners = np.frombuffer(envelope.owners, "<u4")
    for transfer in np.flatnonzero(owners != NO_OWNER)[:100].tolist():
        yield _finding("decision", envelope, None, f"transfer {transfer}, instruction", str(owners[transfer]), "none")


def _may_post(law: Law, ruling: Ruling) -> bool:
    """Say whether a row may have transfers: it was permitted, or what arrived is set apart."""
    if not 0 <= ruling.outcome < len(law.outcomes):
        return False
    outcome = law.outcomes[ruling.outcome]
    return outcome.verdict == "permit" or outcome.measure in ("quarantine", "block")


def _named(law: Law, numbers: tuple[int, int, int]) -> str:
    outcome, levy, duties = numbers
    try:
        decision = law.ruling(outcome, duties, levy)
    except (IndexError, ValueError):
        return f"{outcome}, {levy}, {duties}"
    return f"{decision.verdict} by {decision.provision} ({outcome}), levy {levy}, duties {duties:b}"


def _code(number: int) -> str:
    try:
        return Result(number).name
    except ValueError:
        return f"{number}, no result code"


def _each(
    envelope: Envelope, rows: int, read: Callable[[Envelope, list[int] | None], list[_T]]
) -> list[tuple[int, _T | SkarbError]]:
    """Read all rows at once, or one by one when one of them cannot be read."""
    try:
        return list(enumerate(read(envelope, None)))
    except SkarbError:
        found: list[tuple[int, _T | SkarbError]] = []
    for row in range(rows):
        try:
            found.append((row, read(envelope, [row])[0]))
        except SkarbError as error:
            found.append((row, error))
    return found


def _count(check: Check, envelope: Envelope, what: str, count: int) -> Iterator[Finding]:
    if count != envelope.rows:
        yield _finding(check, envelope, None, what, f"{count} rows", f"{envelope.rows}, one for each key")


def _keys(envelope: Envelope, expected: list[bytes | None]) -> Iterator[Finding]:
    """Compare the keys; what could not be computed is passed over."""
    given = bytes(envelope.keys)
    if b"".join([one or b"" for one in expected]) == given:
        return
    for row, one in enumerate(expected[: envelope.rows]):
        stated = given[row * KEY_BYTES : (row + 1) * KEY_BYTES]
        if one is not None and one != stated:
            yield _finding("identity", envelope, row, "key", stated.hex(), one.hex())


def _finding(check: Check, envelope: Envelope, row: int | None, what: str, given: str, expected: str) -> Finding:
    place = f"batch {envelope.sequence}" if row is None else f"batch {envelope.sequence}, row {row}"
    return Finding(check=check, where=f"{place}, {what}", given=given, expected=expected, sequence=envelope.sequence, row=row)
