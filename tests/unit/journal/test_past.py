"""The past of a book: kept beside it, taken up again, never believed when anything about it is wrong."""

import random
import shutil
from pathlib import Path

import numpy as np
import pytest

from skarb.core.errors import NotFound
from skarb.core.transfer import ACCOUNT, TRANSFER
from skarb.journal import open_book, verify
from skarb.journal.past import BookPast, compare, instruction_ids, open_past, past_folder, rebuild
from skarb.journal.past.files import read_arrays, write_arrays
from skarb.ledger import Result
from skarb.ledger.past import page_by_record
from skarb.ledger.past.index import Shape
from skarb.store import Damaged

SMALL = Shape(bits=3, step=1, sizes=3)  # a book of a hundred changes has several files


def fill(small, path: Path, first: int, last: int) -> None:
    with small.create(path) as book:
        for start in range(first, last, 20):
            small.hand_in(book, [small.instruction(number) for number in range(start, start + 20)])


@pytest.fixture
def path(small, tmp_path: Path) -> Path:
    fill(small, tmp_path / "one.book", 0, 100)
    return tmp_path / "one.book"


def sums_of_the_journal(path: Path, height: int) -> dict[str, tuple[int, int]]:
    """Return debits and credits of each account by going through the journal's transfers."""
    names: dict[tuple[int, int], str] = {}
    sums: dict[str, tuple[int, int]] = {}
    with open_book(path) as book:
        for batch in list(book.batches())[:height]:
            for opening, record in zip(batch.openings, np.frombuffer(batch.accounts, ACCOUNT), strict=True):
                names[int(record["id_lo"]), int(record["id_hi"])] = opening.address
            for record, code in zip(np.frombuffer(batch.transfers, TRANSFER), batch.results, strict=True):
                for place, side in enumerate(("debit", "credit")):
                    if code == Result.created:
                        name = names[int(record[f"{side}_lo"]), int(record[f"{side}_hi"])]
                        both = list(sums.get(name, (0, 0)))
                        both[place] += int(record["amount_lo"])
                        sums[name] = (both[0], both[1])
    return sums


def check(past: BookPast, path: Path) -> None:
    for height in (past.sequence, past.sequence // 2, 1, 0):
        expected = sums_of_the_journal(path, height)
        recorded = int(past.heights.recorded_at[height]) + 999 if height else 0
        for row, opening in enumerate(past.openings):
            totals = past.known.totals_until(row, past.heights.changes(height))
            assert (totals.debits_posted, totals.credits_posted) == expected.get(opening.address, (0, 0))
            assert past.sums([row], recorded, None)["ZZD"][0] == totals
        whole, accounts = past.supply(height)["ZZD"]
        assert accounts == len(past.openings)
        assert whole.debits_posted == whole.credits_posted == sum(debit for debit, _ in expected.values())


def test_every_height_has_the_sums_of_the_journal(path: Path) -> None:
    past, notes = open_past(path, shape=SMALL)
    assert "kept in one.book.past" in notes[0]
    assert all(len(runs) >= 2 for runs in past.known.runs)
    check(past, path)
    assert past.supply(past.sequence)["ZZD"][0].debits_posted == verify(path).supply["ZZD"][0]


def test_what_is_kept_is_found_and_grows(small, path: Path) -> None:
    open_past(path, shape=SMALL)
    before = {file.name: file.stat().st_ino for file in past_folder(path).iterdir()}
    past, notes = open_past(path, shape=SMALL)
    assert notes == []
    check(past, path)
    fill(small, path, 100, 140)
    past, notes = open_past(path, shape=SMALL)
    assert notes[0].startswith("its past up to batch 8")
    check(past, path)
    after = {file.name: file.stat().st_ino for file in past_folder(path).iterdir()}
    same = {name for name, number in before.items() if after.get(name) == number}
    assert sum(name.endswith((".part", ".run")) for name in same) >= 3, "whole stretches are written once"
    assert not [name for name in after if name.endswith(".new")]
    assert compare(path, shape=SMALL)[1] == []


def test_a_writer_at_work_does_not_matter(small, path: Path) -> None:
    with small.create(path) as book:
        small.hand_in(book, [small.instruction(number) for number in range(200, 220)])
        past, _ = open_past(path, shape=SMALL)
        assert past.sequence == book.sequence
        small.hand_in(book, [small.instruction(number) for number in range(220, 240)])
    check(open_past(path, shape=SMALL)[0], path)


def test_nothing_wrong_is_believed(path: Path) -> None:
    open_past(path, shape=SMALL)
    chance = random.Random(1)
    for name in sorted(file.name for file in past_folder(path).iterdir()):
        file = past_folder(path) / name
        data = bytearray(file.read_bytes())
        spot = chance.randrange(len(data))
        data[spot] ^= 1 << chance.randrange(8)
        for wrong in (bytes(data), data[: len(data) // 2], b"", None):
            if wrong is None:
                file.unlink()
            else:
                file.write_bytes(wrong)
            if name != "index" or wrong is not None:  # without the index nothing is kept
                assert compare(path, shape=SMALL)[1], name
            past, notes = open_past(path, shape=SMALL)
            assert ("not used" in notes[0]) == (name != "index" or wrong is not None)
            check(past, path)
            assert compare(path, shape=SMALL)[1] == []


def test_what_belongs_to_another_journal_is_not_used(small, path: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.book"
    with small.create(other) as book:
        small.hand_in(book, [small.instruction(number) for number in range(50, 120)])
    open_past(other, shape=SMALL)
    shutil.copytree(past_folder(other), past_folder(path))
    past, notes = open_past(path, shape=SMALL)
    assert "the head" in notes[0]
    check(past, path)


def test_a_lie_with_a_good_checksum_is_found_by_comparing(path: Path) -> None:
    open_past(path, shape=SMALL)
    folder = past_folder(path)
    name = min(file.name for file in folder.iterdir() if file.suffix == ".part")
    arrays, says = read_arrays(folder / name)
    changes = arrays["changes"].copy()
    changes["amount_lo"][3] += 1
    digest = write_arrays(folder / name, {**arrays, "changes": changes}, **says)
    _, index = read_arrays(folder / "index")
    index["files"][name] = digest
    write_arrays(folder / "index", {}, **index)
    assert open_past(path, shape=SMALL)[1] == [], "the checksums agree"
    assert compare(path, shape=SMALL)[1] == ["1 changes differ, the first one is change 3"]
    _, removed = rebuild(path, shape=SMALL)
    assert removed == len(list(folder.iterdir()))
    assert compare(path, shape=SMALL)[1] == []


def test_files_that_are_not_ours_stay(path: Path) -> None:
    past_folder(path).mkdir()
    (past_folder(path) / "notes.txt").write_text("mine")
    rebuild(path)
    open_past(path)
    assert (past_folder(path) / "notes.txt").read_text() == "mine"


def test_where_nothing_can_be_kept_the_answer_comes_all_the_same(path: Path) -> None:
    past_folder(path).write_text("a file in the way")
    past, notes = open_past(path)
    assert "could not be kept" in notes[-1]
    check(past, path)
    assert past_folder(path).read_text() == "a file in the way"


def test_a_damaged_journal_is_not_asked_for_its_past(path: Path) -> None:
    open_past(path)
    kept = {file.name: file.read_bytes() for file in past_folder(path).iterdir()}
    data = path.read_bytes()
    place = data.index(b"i-000007")
    path.write_bytes(data[:place] + b"j" + data[place + 1 :])
    with pytest.raises(Damaged, match="run skarb verify"):
        rebuild(path)
    assert {file.name: file.read_bytes() for file in past_folder(path).iterdir()} == kept


def test_nothing_kept_cannot_be_compared(path: Path, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="skarb rebuild"):
        compare(path)
    with pytest.raises(NotFound, match="there is no book"):
        compare(tmp_path / "none.book")
    with pytest.raises(NotFound, match="no batch 7"):
        open_past(path)[0].supply(7)


def test_each_line_names_its_instruction(path: Path) -> None:
    past, _ = open_past(path, shape=SMALL)
    with open_book(path) as book:
        batches = list(book.batches())
    for row, opening in enumerate(past.openings):
        expected = []
        for batch in batches:
            owners = np.frombuffer(batch.owners, "<u4").tolist()
            expected += [
                batch.instructions[owner].id
                for owner, record, code in zip(owners, np.frombuffer(batch.transfers, TRANSFER), batch.results, strict=True)
                if code == Result.created and opening.address in (f"client/{name}/money" for name in sides(batch, owner))
            ]
        page = page_by_record(past.known, row, 0, past.known.length, 0, 10_000)
        assert instruction_ids(path, past.heights, page.lines) == expected


def sides(batch, owner: int) -> tuple[str, str]:
    one = batch.instructions[owner]
    return one.party, one.counterparty
