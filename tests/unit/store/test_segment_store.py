"""Segment files: what a crash leaves at the end is passed over, everything else that is wrong is said with file and place."""

import os
import random
import signal
import subprocess
import sys
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pytest

from skarb.core.errors import ConfigurationError, InputError, NotFound, Unavailable
from skarb.store import Damaged, open_store
from skarb.store.records import HEADER_SIZE, MARK_SIZE
from skarb.store.segments import LIMIT, SegmentStore

RECORD = HEADER_SIZE + 100 + MARK_SIZE
SMALL = 1 << 16  # bytes of a segment where a test looks at all of them


def head(number: int) -> bytes:
    return bytes(32) if number == 0 else sha256(b"%d" % number).digest()


def fill(store: SegmentStore, first: int, last: int, size: int = 100) -> None:
    for number in range(first, last + 1):
        store.append(number, head(number - 1), head(number), bytes([number]) * size)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "one.segments"


def writer(path: Path) -> SegmentStore:
    return SegmentStore(path, write=True, limit=SMALL)


def make(path: Path, last: int = 5, limit: int = SMALL, *, settle: bool = False) -> None:
    with closing(SegmentStore(path, write=True, create=True, limit=limit)) as store:
        fill(store, 1, last)
        if settle:
            store.settle()


def read(path: Path) -> list[int]:
    with closing(open_store(path)) as store:
        return [entry.sequence for entry in store.read()]


def segments(path: Path) -> list[Path]:
    return sorted(path.glob("*.segment"))


def flip(file: Path, at: int) -> None:
    data = bytearray(file.read_bytes())
    data[at] ^= 4
    file.write_bytes(data)


def test_files_have_a_limit_and_no_entry_crosses_it(path: Path) -> None:
    with closing(SegmentStore(path, write=True, create=True, limit=3 * RECORD)) as store:
        fill(store, 1, 7)
        fill(store, 8, 8, 5_000)  # larger than a file may be: it gets one of its own
        fill(store, 9, 9)
        store.settle()
    sizes = {int(file.stem): file.stat().st_size for file in segments(path)}
    assert sizes == {1: 3 * RECORD, 4: 3 * RECORD, 7: RECORD, 8: HEADER_SIZE + 5_000 + MARK_SIZE, 9: RECORD}
    assert read(path) == list(range(1, 10))


def test_room_is_kept_while_a_writer_is_there_and_given_back(path: Path) -> None:
    with closing(SegmentStore(path, write=True, create=True)) as store:
        fill(store, 1, 1)
        assert segments(path)[0].stat().st_size == LIMIT
        assert store.settle()
        assert segments(path)[0].stat().st_size == RECORD
        with pytest.raises(Unavailable, match="readonly"):
            fill(store, 2, 2)


@pytest.mark.parametrize("left", [0, 1, 50, HEADER_SIZE - 1, HEADER_SIZE, HEADER_SIZE + 1, HEADER_SIZE + 99])
@pytest.mark.parametrize("rest", ["cut", "zeros"])
def test_a_last_record_cut_short_is_passed_over_and_then_cut_off(path: Path, left: int, rest: str) -> None:
    make(path, 5, settle=True)
    (file,) = segments(path)
    data = file.read_bytes()
    file.write_bytes(data[: 4 * RECORD + left] + (bytes(10_000) if rest == "zeros" else b""))
    assert read(path) == [1, 2, 3, 4]
    with closing(writer(path)) as store:
        assert store.last() == (4, head(4))
        assert file.read_bytes()[4 * RECORD :].rstrip(b"\0") == data[4 * RECORD : 4 * RECORD + left].rstrip(b"\0")
        store.begin()
        assert not any(file.read_bytes()[4 * RECORD :])
        fill(store, 5, 6)
    assert read(path) == [1, 2, 3, 4, 5, 6]


def test_a_whole_last_record_without_a_mark_counts(path: Path) -> None:
    """A process may die between the flush and the mark; the disk has the entry, so it is there."""
    make(path, 5, settle=True)
    (file,) = segments(path)
    file.write_bytes(file.read_bytes()[:-MARK_SIZE])
    assert read(path) == [1, 2, 3, 4, 5]
    with closing(writer(path)) as store:
        store.begin()
        assert store.last() == (5, head(5))
    assert file.read_bytes()[5 * RECORD - MARK_SIZE :].startswith(b"\x89SkarbM\n")


@pytest.mark.parametrize("settled", [True, False])
@pytest.mark.parametrize("entry", [1, 3, 5])
@pytest.mark.parametrize("part", [0, 9, HEADER_SIZE - 1, HEADER_SIZE, RECORD - MARK_SIZE - 1])
def test_an_acknowledged_entry_that_was_changed_is_damage(path: Path, entry: int, part: int, settled: bool) -> None:
    make(path, settle=settled)
    (file,) = segments(path)
    flip(file, (entry - 1) * RECORD + part)
    expected = rf"{file.name}, byte {(entry - 1) * RECORD}: .*entry {entry} .*run skarb verify"
    with closing(open_store(path)) as store, pytest.raises(Damaged, match=expected):
        list(store.read())
    with closing(writer(path)) as store:
        if part < HEADER_SIZE:
            with pytest.raises(Damaged):
                store.begin()
            assert store.check() != []


def test_a_page_of_zeros_where_entries_were_is_damage(path: Path) -> None:
    make(path)
    (file,) = segments(path)
    data = bytearray(file.read_bytes())
    data[2 * RECORD : 4 * RECORD] = bytes(2 * RECORD)
    file.write_bytes(data)
    for work in (lambda store: list(store.read()), lambda store: store.begin()):
        with (
            closing(writer(path)) as store,
            pytest.raises(Damaged, match="entry 3 is missing, yet it was written"),
        ):
            work(store)
    with closing(open_store(path)) as store:
        assert "entry 3 is missing" in store.check()[0]


@pytest.mark.parametrize(("lost", "words"), [(0, "the first segment is"), (1, "entry 4 is missing before"), (-1, "")])
def test_a_file_that_is_missing_is_noticed(path: Path, lost: int, words: str) -> None:
    make(path, 9, 3 * RECORD, settle=True)
    segments(path)[lost].unlink()
    if not words:
        assert read(path) == [1, 2, 3, 4, 5, 6]  # only the seal, or the last head elsewhere, can tell
        return
    with pytest.raises(Damaged, match=words):
        read(path)


def test_files_in_a_wrong_order_and_strange_files_are_noticed(path: Path) -> None:
    make(path, 9, 3 * RECORD, settle=True)
    first, second, _ = segments(path)
    data = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(data)
    (path / "notes.txt").write_text("mine")
    with closing(open_store(path)) as store:
        problems = store.check()
    assert ["entry 4 does not continue entry 0" in problems[0], "entry 1 does not continue" in problems[1]] == [True, True]
    assert "notes.txt: no file of a book has this name" in problems[-1]


def test_bytes_that_look_like_a_record_inside_a_body_prove_nothing(path: Path) -> None:
    """Somebody may put the bytes of a record into an instruction; they belong to another place."""
    make(path, 2, settle=True)
    (file,) = segments(path)
    record = file.read_bytes()[RECORD:]
    with closing(writer(path)) as store:
        store.begin()
        store.append(3, head(2), head(3), record * 3)
    data = file.read_bytes()
    file.write_bytes(data[: 2 * RECORD] + b"\0" + data[2 * RECORD + 1 : 2 * RECORD + HEADER_SIZE + 2 * len(record)])
    assert read(path) == [1, 2]


def test_other_folders_are_not_books(path: Path, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="directory"):
        open_store(tmp_path / "nowhere" / "one.segments", write=True, create=True)
    path.mkdir()
    (path / "mine").touch()
    for write in (False, True):
        with pytest.raises(InputError, match="is not a book"):
            open_store(path, write=write, create=write)
    assert [file.name for file in path.iterdir()] == ["mine"]
    with pytest.raises(InputError, match="is a directory"):
        open_store(tmp_path)
    make(other := tmp_path / "two.segments")
    (other / "book").write_bytes(b"skarb segments 2\n")
    with pytest.raises(ConfigurationError, match="of another format"):
        open_store(other, write=True)
    (other / "book").unlink()
    with pytest.raises(InputError, match="is not a book"):
        open_store(other, write=True, create=True)


def test_a_book_may_be_given_another_name(path: Path, tmp_path: Path) -> None:
    make(path, settle=True)
    path.rename(tmp_path / "archive")
    assert read(tmp_path / "archive") == [1, 2, 3, 4, 5]


def test_a_folder_whose_making_was_cut_short_becomes_a_book(path: Path) -> None:
    path.mkdir()
    (path / "lock").touch()
    (path / "texts").mkdir()
    make(path)
    assert read(path) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("name", ["", "../a", "A", ".", "a/b", "a.new", "x" * 101])
def test_names_of_texts_stay_within_the_folder(path: Path, name: str) -> None:
    make(path)
    with closing(writer(path)) as store:
        store.begin()
        with pytest.raises(InputError, match="expected a name of"):
            store.put_text(name, b"text")
        assert (store.text(name), store.meta(name)) == (None, None)


def test_a_disk_without_room_leaves_the_book_readable(path: Path) -> None:
    """A limit on the size of files is the nearest thing to a full disk that a test can ask of the system."""
    make(path, 3, settle=True)
    program = (
        "import resource, signal, sys; from pathlib import Path; from skarb.store.segments import SegmentStore\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "store = SegmentStore(Path(sys.argv[1]), write=True, limit=50_000); store.begin()\n"
        "last, head = store.last(); store.append(last + 1, head, bytes(32), bytes(200_000))\n"
    )
    done = child(program, path)
    assert (done.returncode, "Unavailable" in done.stderr, "entry 4 could not be written" in done.stderr) == (1, True, True)
    assert read(path) == [1, 2, 3]
    with closing(writer(path)) as store:
        store.begin()
        fill(store, 4, 4)
    assert read(path) == [1, 2, 3, 4]


def child(program: str, path: Path) -> subprocess.CompletedProcess[str]:
    source = Path(sys.modules["skarb"].__file__ or "").parents[1]
    environment = {**os.environ, "PYTHONPATH": str(source)}
    return subprocess.run(
        [sys.executable, "-c", program, str(path)], capture_output=True, text=True, env=environment, check=False
    )


def test_the_lock_ends_with_the_process_however_it_ends(path: Path) -> None:
    make(path)
    program = (
        "import os, signal, sys; from pathlib import Path; from skarb.store import open_store\n"
        "store = open_store(Path(sys.argv[1]), write=True); store.begin()\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    with closing(writer(path)):
        assert "is being written by another process" in child(program, path).stderr
    assert child(program, path).returncode == -signal.SIGKILL
    with closing(writer(path)) as store:
        store.begin()


def test_any_bytes_at_the_end_are_passed_over_or_damage(path: Path) -> None:
    """Noise behind the last record is what a torn write may leave; it never becomes an entry."""
    make(path, settle=True)
    (file,) = segments(path)
    data = file.read_bytes()
    for seed in range(50):
        file.write_bytes(data + random.Random(seed).randbytes(1 + seed * 40))
        assert read(path) == [1, 2, 3, 4, 5]
