"""One bank, three places for its book: posted, proved and told apart from a forged one wherever it lies."""

import importlib.util
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from skarb.cli import make_app
from skarb.journal import check_seal, open_book, read_seal, seal_path, verify
from skarb.store import BookUrl, Location, location_of, open_store

spec = importlib.util.spec_from_file_location("small_book", Path(__file__).with_name("small_book.py"))
small = importlib.util.module_from_spec(spec)
sys.modules["small_book"] = small
spec.loader.exec_module(small)


def tick() -> Callable[[], datetime]:
    start = iter(range(10_000))
    return lambda: datetime(2026, 8, 3, 10, 0, 0, next(start), UTC)


def post(place: Location) -> None:
    """Post the same two sittings' worth of instructions at the same instants."""
    now = tick()
    for start in (0, 60):
        with small.create(place, now) as book:
            for first in range(start, start + 60, 20):
                small.hand_in(book, [small.instruction(first + row) for row in range(20)])


@pytest.fixture
def segments(tmp_path: Path) -> Path:
    path = tmp_path / "bank.segments"
    post(path)
    return path


def test_the_same_market_gives_the_same_journal_wherever_the_book_lies(tmp_path: Path, new_schema: Callable[[], BookUrl]) -> None:
    places: list[Location] = [tmp_path / "bank.book", tmp_path / "bank.segments", new_schema()]
    journals = []
    for place in places:
        post(place)
        report = verify(place)
        assert (report.findings, report.book, report.instructions) == ([], "small", 140)
        assert report.skipped == (set() if isinstance(place, Path) else {"seal"})
        with closing(open_store(place)) as store:
            journals.append((list(store.read()), {name: store.text(name) for name in store.text_names()}, store.meta("book")))
    assert journals[0] == journals[1] == journals[2]


def test_a_database_has_no_seal_and_verify_says_so(new_schema: Callable[[], BookUrl]) -> None:
    place = new_schema()
    with small.create(place) as book:
        assert not book.close()
    report = verify(place)
    assert (report.ok, report.seal, report.skipped) == (True, "missing", {"seal"})
    assert "has no file of its own to be sealed" in report.notes[0]


def test_a_book_in_a_database_that_was_tampered_with_is_found_out(new_schema: Callable[[], BookUrl]) -> None:
    """Whoever owns the database can switch its triggers off. He cannot change a batch without being seen."""
    psycopg = pytest.importorskip("psycopg")
    place = new_schema()
    post(place)
    with psycopg.connect(place.database, autocommit=True) as db:
        db.execute(f"ALTER TABLE {place.schema}.batch DISABLE TRIGGER ALL")
        db.execute(f"UPDATE {place.schema}.batch SET body = set_byte(body, 900, 255 - get_byte(body, 900)) WHERE sequence = 3")
    report = verify(place)
    assert report.failed("file")
    assert next(finding.sequence for finding in report.findings if finding.check == "chain") == 3


@pytest.mark.skipif(shutil.which("pg_dump") is None, reason="pg_dump is not installed here; apt-get install postgresql-client")
def test_a_dumped_and_restored_book_is_the_same_and_goes_on(new_schema: Callable[[], BookUrl]) -> None:
    """As docs/operating.md says how to; the tables come back with their triggers."""
    psycopg = pytest.importorskip("psycopg")
    place = new_schema()
    post(place)
    other = BookUrl(place.database.rpartition("/")[0] + f"/restored_{place.schema}", place.schema)
    with psycopg.connect(place.database, autocommit=True) as db:
        db.execute(f"CREATE DATABASE restored_{place.schema} TEMPLATE template0")
    dump = subprocess.run(["pg_dump", "--schema", place.schema, place.database], capture_output=True, check=True).stdout
    restore = ["psql", "--quiet", "--no-psqlrc", "--set=ON_ERROR_STOP=1", "--single-transaction", other.database]
    subprocess.run(restore, input=dump, capture_output=True, check=True)
    with closing(open_store(place)) as before, closing(open_store(other)) as after:
        assert (list(after.read()), after.check()) == (list(before.read()), [])
    with small.create(other, tick()) as book:
        assert all(receipt.repeated for receipt in small.hand_in(book, [small.instruction(row) for row in range(120)]))
        small.hand_in(book, [small.instruction(500)])
    assert verify(other).ok


def test_a_folder_is_sealed_file_by_file(segments: Path) -> None:
    seal = read_seal(segments)
    assert seal.state == "closed"
    files = dict(seal.files)
    assert files == {
        file.relative_to(segments).as_posix(): file.stat().st_size
        for file in segments.rglob("*")
        if file.is_file() and file.name != "lock"
    }
    assert sorted(files)[0] == "00000000000000000001.segment"
    assert check_seal(segments).findings == []


def test_one_flipped_byte_anywhere_in_the_folder_is_found_and_located(segments: Path) -> None:
    chance = random.Random(5)
    for file in sorted(file for file in segments.rglob("*") if file.is_file() and file.name != "lock"):
        data = file.read_bytes()
        for at in {0, len(data) - 1, *(chance.randrange(len(data)) for _ in range(12))}:
            changed = bytearray(data)
            changed[at] ^= 1 << chance.randrange(8)
            file.write_bytes(changed)
            (finding,) = check_seal(segments).findings
            assert finding.start <= at < finding.stop
            assert f"of {file.relative_to(segments).as_posix()}" in finding.where
            assert "page" not in finding.where
            assert not verify(segments).ok
        file.write_bytes(data)
    assert verify(segments).ok


def test_a_changed_instruction_is_found_in_its_batch(segments: Path) -> None:
    """The seal may be taken away; what the store knows of each entry says which batch it is, and where in which file."""
    wanted = small.instruction(25).id.encode()
    with closing(open_store(segments)) as store:
        entry = next(entry for entry in store.read() if wanted in entry.body)
    file = segments / "00000000000000000001.segment"
    data = file.read_bytes()
    at = data.index(entry.body) + entry.body.index(wanted)
    file.write_bytes(data[:at] + b"?" + data[at + 1 :])
    assert f"{file.name}: batches 1 to 7" in check_seal(segments).findings[0].where  # a block holds them all
    seal_path(segments).unlink()
    report = verify(segments)
    first = next(finding for finding in report.findings if finding.check == "chain")
    assert (first.sequence, f"entry {entry.sequence} is not what was written" in first.given) == (entry.sequence, True)
    assert f"{file.name}, byte {data.index(entry.body) - 96}" in first.given


def test_a_block_within_one_batch_is_told_down_to_its_rows(tmp_path: Path) -> None:
    path = tmp_path / "bank.segments"
    with small.create(path) as book:
        small.hand_in(book, [small.instruction(row) for row in range(1500)])
    file = path / "00000000000000000001.segment"
    with closing(open_store(path)) as store:
        large = next(store.read(2))
    data = bytearray(file.read_bytes())
    at = data.index(large.body) + large.body.index(small.instruction(1400).id.encode())
    data[at] ^= 1
    file.write_bytes(data)
    (finding,) = check_seal(path).findings
    assert finding.sequence == 2
    assert finding.start <= at < finding.stop
    assert "of its body (instructions" in finding.where


def test_files_that_come_go_or_grow_are_found(segments: Path) -> None:
    (segments / "texts" / "extra").write_bytes(b"x")
    text = next(file for file in (segments / "texts").iterdir() if file.name != "extra")
    text.rename(segments / "texts" / "other")
    with (segments / "00000000000000000001.segment").open("ab") as file:
        file.write(b"\0")
    found = {finding.where.partition("/")[2]: (finding.given, finding.expected) for finding in check_seal(segments).findings}
    assert found["texts/extra, size"] == ("1 bytes", "no such file")
    assert found[f"texts/{text.name}, size"][0] == "no such file"
    assert found["texts/other, size"][1] == "no such file"
    assert found["00000000000000000001.segment, size"]


def test_a_changed_seal_of_a_folder_is_found(segments: Path) -> None:
    seal = seal_path(segments)
    data = seal.read_bytes()
    at = data.index(b"segment")
    seal.write_bytes(data[:at] + b"t" + data[at + 1 :])
    check = check_seal(segments)
    assert (check.state, check.findings[0].start) == ("damaged", at)


def test_a_seal_of_one_file_is_written_as_before(tmp_path: Path) -> None:
    post(tmp_path / "bank.book")
    assert "files" not in msgspec.json.decode(seal_path(tmp_path / "bank.book").read_bytes())


@pytest.mark.parametrize("kind", ["segments", "postgres"])
def test_post_and_verify_take_any_place(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    place = str(request.getfixturevalue("new_schema")()) if kind == "postgres" else str(tmp_path / "bank.segments")
    deal = {
        "id": "d1",
        "at": "2026-08-03T10:00:00+03:00",
        "activity": "fiat_pay",
        "party": "a",
        "counterparty": "b",
        "asset": "ZZD",
        "amount": "5.00",
    }
    file = tmp_path / "deals.jsonl"
    file.write_bytes(msgspec.json.encode(deal) + b"\n")
    command = ["post", str(file), "--law", "zz", "--assume", "natural_person", "--book", place, "--format", "json"]
    for repeated in (False, True):
        assert make_app()(command, result_action="return_value") == 0
        (row,) = msgspec.json.decode(capsys.readouterr().out)
        assert (row["id"], row["repeated"], row["sequence"]) == ("d1", repeated, 1)
    assert make_app()(["verify", place], result_action="return_value") == 0
    assert ("– every byte of the file" if kind == "postgres" else "✓ every byte of the file") in capsys.readouterr().out
    assert make_app()(["verify", place.replace("skarb@", "skarb:secret@"), "--json"], result_action="return_value") == 0
    answer = capsys.readouterr().out
    assert msgspec.json.decode(answer)[0]["path"] == place.replace("skarb@", "skarb:***@")
    with open_book(location_of(place)) as book:
        assert book.name == (place.rpartition("#")[2] if kind == "postgres" else "bank")
