"""Verification finds what a clever forger does, who knows how to make the chain fit again."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
import pytest

from skarb.core.errors import InputError, NotFound
from skarb.core.transfer import TRANSFER
from skarb.journal import (
    CHECKS,
    GENESIS,
    Batch,
    Opening,
    Report,
    Ruling,
    check_seal,
    decode,
    encode,
    head_of,
    open_book,
    seal_path,
    verify,
)
from skarb.store import open_store

POSTED, REFUSED = 0, 6  # rows of the second batch
NOISE = msgspec.Raw(b"\x05")  # MessagePack, but neither facts nor a list of them


@pytest.fixture
def path(small, tmp_path: Path) -> Path:
    path = tmp_path / "one.book"
    with small.create(path) as book:
        for start in (0, 20, 40):
            small.hand_in(book, [small.instruction(number) for number in range(start, start + 20)])
    return path


def forge(path: Path, sequence: int, /, texts: dict[str, bytes | None] | None = None, **changes: object) -> Report:
    """Write the book anew with one batch or some texts changed and every head made to fit, and verify it."""
    store = open_store(path, still=True)
    batches = [decode(entry.body) for entry in store.read()]
    kept = {name: store.text(name) for name in store.text_names()} | (texts or {})
    store.close()
    path.unlink()
    seal_path(path).unlink()
    made, head = open_store(path, write=True, create=True), GENESIS
    made.put_meta("book", "small")
    for name, text in kept.items():
        if text is not None:
            made.put_text(name, text)
    for batch in batches:
        new = msgspec.structs.replace(batch, **changes) if batch.sequence == sequence else batch
        body = encode(new)
        previous, head = head, head_of(head, body)
        made.append(batch.sequence, previous, head, body)
    made.settle()
    made.close()
    report = verify(path)
    assert report.seal == "missing"
    assert not report.failed("file")
    return report


def column(batch: Batch, name: str, row: int, value: int) -> dict[str, bytes]:
    """Return a column of a batch with another value in one row."""
    changed = np.frombuffer(getattr(batch, name), "<u4" if name == "cases" else "<i8").copy()
    changed[row] = value
    return {name: changed.tobytes()}


def batch_of(path: Path, sequence: int) -> Batch:
    with open_book(path) as book:
        return book.batch(sequence)


def found(report: Report) -> set[tuple[str, int | None, int | None]]:
    return {(finding.check, finding.sequence, finding.row) for finding in report.findings}


def test_an_honest_book_passes_and_is_counted(path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    report = verify(path, progress=lambda *step: told.append(step))
    assert (report.ok, report.seal, report.skipped, report.notes) == (True, "closed", set(), [])
    assert (report.book, report.sequence, report.instructions, report.accounts, report.editions) == ("small", 4, 80, 21, 1)
    debits, credits_ = report.supply["ZZD"]
    assert debits == credits_ > 0
    assert told[-1] == ("verify the journal", 4, 4)
    assert {step[0] for step in told} == {"hash the file", "verify the journal"}
    assert forge(path, 0).ok


def test_a_changed_ruling_is_decided_again(path: Path, small) -> None:
    rulings = list(batch_of(path, 2).rulings)
    rulings[REFUSED] = Ruling(0, 1)
    report = forge(path, 2, rulings=rulings)
    assert found(report) == {("decision", 2, REFUSED)}
    finding = report.findings[0]
    assert finding.given.startswith("permit by silence")
    assert finding.expected.startswith("refuse by ZZ-A1/unknown")
    assert "batch 2, row 6" in str(finding)


@pytest.mark.parametrize(
    "ruling", [Ruling(0, 99), Ruling(0, -1), Ruling(7, 4), Ruling(-1, 4), Ruling(0, 4, 3), Ruling(0, 4, 0, 1 << 63)]
)
def test_a_ruling_without_meaning_is_a_finding(path: Path, ruling: Ruling) -> None:
    rulings = list(batch_of(path, 2).rulings)
    rulings[REFUSED] = ruling
    assert ("decision", 2, REFUSED) in found(forge(path, 2, rulings=rulings))


def test_changed_facts_are_decided_again(path: Path) -> None:
    batch = batch_of(path, 2)
    unknown = np.frombuffer(batch.cases, "<u4").tolist()
    assert unknown == [1 if row % 7 == REFUSED else 0 for row in range(20)]
    assert found(forge(path, 2, **column(batch, "cases", POSTED, 1))) == {("decision", 2, POSTED)}
    facts = [msgspec.structs.replace(batch.facts[0], actor_identified=False), batch.facts[1]]
    report = forge_again(path, batch, facts=facts, cases=batch.cases)
    assert found(report) == {("decision", 2, row) for row in range(20) if unknown[row] == 0}


def test_a_changed_value_is_decided_again(path: Path) -> None:
    assert found(forge(path, 2, **column(batch_of(path, 2), "values", POSTED, 90_000))) == {("decision", 2, POSTED)}


@pytest.mark.parametrize("name", ["values", "dollars"])
@pytest.mark.parametrize("value", [10**15 + 1, -(1 << 63) + 1])
def test_a_value_that_is_none_is_a_finding(path: Path, name: str, value: int) -> None:
    report = forge(path, 2, **column(batch_of(path, 2), name, POSTED, value))
    assert found(report) == {("decision", 2, POSTED)}
    assert str(value) in report.findings[0].given


@pytest.mark.parametrize("case", [2, (1 << 32) - 1])
def test_a_row_whose_facts_are_not_there_is_a_finding(path: Path, case: int) -> None:
    (finding,) = forge(path, 2, **column(batch_of(path, 2), "cases", POSTED, case)).findings
    assert (finding.check, finding.where) == ("decision", f"batch 2, row {POSTED}, facts")
    assert finding.given == f"row {POSTED} has the facts {case}, expected one of the 2 of its batch"


@pytest.mark.parametrize("damage", ["noise", "value", "value_usd"])
@pytest.mark.parametrize("used", [True, False])
def test_damaged_facts_are_findings_of_the_rows_that_have_them(path: Path, damage: str, used: bool) -> None:
    facts = list(batch_of(path, 2).facts)
    damaged = NOISE if damage == "noise" else msgspec.structs.replace(facts[1], **{damage: 5})
    report = forge(path, 2, facts=[facts[0], damaged] if used else [*facts, facts[0], damaged])
    if used:
        assert found(report) == {("decision", 2, row) for row in range(REFUSED, 20, 7)}
    else:
        assert [finding.where for finding in report.findings] == ["batch 2, facts 3"]


@pytest.mark.parametrize(("facts", "rows"), [((), range(20)), (NOISE, [None])])
def test_a_batch_without_facts_is_found(path: Path, facts: object, rows: Sequence[int | None]) -> None:
    assert found(forge(path, 2, facts=facts)) == {("decision", 2, row) for row in rows}


def test_a_refused_instruction_has_no_transfers(path: Path) -> None:
    batch = batch_of(path, 2)
    owners = np.frombuffer(batch.owners, "<u4").copy()
    owners[0] = REFUSED
    assert ("decision", 2, REFUSED) in found(forge(path, 2, owners=owners.tobytes()))
    owners[0] = 1000
    assert ("decision", 2, None) in found(forge_again(path, batch, owners=owners.tobytes()))


def forge_again(path: Path, batch: Batch, **changes: object) -> Report:
    seal_path(path).touch()
    return forge(path, batch.sequence, **changes)


def test_keys_are_computed_again(path: Path) -> None:
    data = bytearray(batch_of(path, 3).keys)
    data[16 * 5] ^= 1
    assert found(forge(path, 3, keys=bytes(data))) == {("identity", 3, 5)}


def test_an_id_that_stands_twice_is_found(path: Path) -> None:
    """A batch that repeats an earlier one word for word, posted as if it were new."""
    earlier = batch_of(path, 2)
    names = ("instructions", "facts", "rulings", "keys", "cases", "values", "dollars")
    report = forge(path, 4, **{name: getattr(earlier, name) for name in names})
    twice = [finding for finding in report.findings if finding.check == "identity"]
    assert [(finding.sequence, finding.row) for finding in twice] == [(4, row) for row in range(20)]
    assert "batch 2, row 3 already" in twice[3].given


def test_rows_that_are_missing_are_found(path: Path) -> None:
    batch = batch_of(path, 3)
    report = forge(path, 3, rulings=list(batch.rulings)[:-1])
    assert [finding.where for finding in report.findings] == ["batch 3, rulings"]
    report = forge_again(path, batch, rulings=batch.rulings, values=batch.values[:-8])
    assert [finding.where for finding in report.findings] == ["batch 3"]
    assert "field values has 152 bytes, expected 160" in report.findings[0].given


def test_results_are_those_of_the_ledger(path: Path) -> None:
    batch = batch_of(path, 2)
    results = bytearray(batch.results)
    refused = next(at for at, code in enumerate(results) if code)
    results[refused] = 0
    report = forge(path, 2, results=bytes(results))
    owner = int(np.frombuffer(batch.owners, "<u4")[refused])
    assert found(report) == {("ledger", 2, owner)}
    assert (report.findings[0].given, report.findings[0].expected) == ("created", "exceeds_credits")


def test_a_changed_amount_changes_what_later_transfers_get(path: Path) -> None:
    """The money that a forger gives himself is missing where it was spent."""
    records = np.frombuffer(batch_of(path, 1).transfers, TRANSFER).copy()
    records["amount_lo"] = 1
    report = forge(path, 1, transfers=records.tobytes())
    assert report.failed("ledger")
    assert not report.failed("chain")


def test_an_asset_keeps_its_number(path: Path) -> None:
    openings = [Opening(one.address, "BTC" if row == 3 else one.asset) for row, one in enumerate(batch_of(path, 1).openings)]
    report = forge(path, 1, openings=openings)
    assert report.failed("balance")
    openings = openings[:-1]
    assert forge_again(path, batch_of_still(path, 1), openings=openings).failed("ledger")


def batch_of_still(path: Path, sequence: int) -> Batch:
    store = open_store(path, still=True)
    entry = store.entry(sequence)
    store.close()
    return decode(entry.body)


@pytest.mark.parametrize("change", [{"recorded_at": 1}, {"sequence": 9}, {"book": "other"}])
def test_a_batch_out_of_place_is_found(path: Path, change: dict) -> None:
    assert {(check, sequence) for check, sequence, _ in found(forge(path, 3, **change))} >= {("chain", 3)}


def test_an_edition_that_is_gone_or_changed_is_found(path: Path, small) -> None:
    name = small.edition().hash
    report = forge(path, 0, texts={name: None})
    assert {finding.check for finding in report.findings} == {"decision"}
    assert len(report.findings) == 80
    report = forge_again(path, batch_of_still(path, 1), texts={name: small.edition().normal.replace(b"Tokens", b"Taxis")})
    assert found(report) >= {("edition", None, None), ("decision", 2, 0)}


def test_a_missing_batch_is_named_and_the_ledger_is_left_alone_after_it(path: Path) -> None:
    import sqlite3

    other = sqlite3.connect(path)
    other.execute("DROP TRIGGER batch_remains")
    other.execute("DELETE FROM batch WHERE sequence = 2")
    other.commit()
    other.close()
    report = verify(path)
    gap = next(finding for finding in report.findings if finding.check == "chain")
    assert (gap.sequence, gap.given, gap.expected) == (3, "it follows batch 1", "batch 2 there")
    assert report.skipped == {"ledger", "balance"}
    assert report.failed("seal")


def test_what_cannot_be_verified_is_said_plainly(path: Path, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no book"):
        verify(tmp_path / "nothing.book")
    with pytest.raises(InputError, match="is a directory"):
        verify(tmp_path)
    path.write_bytes(b"no book at all")
    report = verify(path)
    assert report.failed("file")
    assert report.skipped == set(CHECKS) - {"seal", "file"}


def test_bytes_beside_a_closed_book_are_found(path: Path) -> None:
    path.with_name("one.book-wal").write_bytes(b"something")
    assert [finding.where for finding in check_seal(path).findings] == ["one.book-wal"]
    path.with_name("one.book-wal").write_bytes(b"")
    assert check_seal(path).findings == []


def test_an_open_book_can_be_verified_while_it_is_written(path: Path, small) -> None:
    with small.create(path) as book:
        small.hand_in(book, [small.instruction(100)])
        report = verify(path)
        assert (report.ok, report.seal, report.sequence, report.skipped) == (True, "open", 5, {"seal"})
        assert "not checked" in report.notes[0]
    assert verify(path).seal == "closed"


def test_an_open_seal_does_not_let_batches_disappear(path: Path, small, tmp_path: Path) -> None:
    """The head that a book had when it was opened last is remembered, so an older copy does not pass."""
    early = path.read_bytes()
    with small.create(path) as book:
        small.hand_in(book, [small.instruction(100)])
    book = small.create(path)
    book._store.close()  # as a crash leaves it
    path.write_bytes(early)
    report = verify(path)
    assert (report.seal, [finding.where for finding in report.findings]) == ("open", ["last batch"])
