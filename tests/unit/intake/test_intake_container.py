"""Containers: whole or refused, before a single row is handed out."""

from __future__ import annotations

import gzip
import os
import threading
from pathlib import Path

import pytest

from skarb.core.errors import InputError, NotFound
from skarb.intake import read

HEADER = "id,at,activity,party,asset,amount\n"
TEXT = HEADER + "".join(f"i{n},2026-01-01T00:00:00Z,fiat_pay,p{n % 7},BYN,{n + 1}.25\n" for n in range(3000))


def ids(path: Path) -> list[str]:
    return [i.id for reading in read(path) for i in reading.instructions]


def test_gzip_of_one_or_more_members_padded_or_not_reads_like_plain_text(tmp_path: Path) -> None:
    half = TEXT.index("i1500,")
    contents = {
        "plain.csv": TEXT.encode(),
        "one.csv.gz": gzip.compress(TEXT.encode()),
        "two.csv.gz": gzip.compress(TEXT[:half].encode()) + gzip.compress(TEXT[half:].encode()),
        "padded.csv.gz": gzip.compress(TEXT.encode()) + bytes(512),
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
        assert ids(tmp_path / name) == [f"i{n}" for n in range(3000)], name


@pytest.mark.parametrize("part", [0.1, 0.5, 0.9, 0.9999])
def test_a_truncated_archive_is_refused_before_its_first_row(tmp_path: Path, part: float) -> None:
    packed = gzip.compress(TEXT.encode(), mtime=0)
    path = tmp_path / "cut.csv.gz"
    path.write_bytes(packed[: int(len(packed) * part)])
    with pytest.raises(
        InputError, match=r"cut\.csv\.gz: the gzip archive is truncated: it ends at byte \d+ .* nothing of it was used"
    ):
        read(path)  # not even a first batch


def test_a_damaged_archive_is_refused(tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(TEXT.encode(), mtime=0))
    path = tmp_path / "hurt.csv.gz"
    for place in (len(packed) // 2, len(packed) - 6, len(packed) - 2):  # content, checksum, length
        hurt = bytearray(packed)
        hurt[place] ^= 0x40
        path.write_bytes(bytes(hurt))
        with pytest.raises(InputError, match="the gzip archive is damaged"):
            read(path)


def test_something_behind_the_archive_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "more.csv.gz"
    path.write_bytes(gzip.compress(TEXT.encode()) + b"and more")
    with pytest.raises(InputError, match="something that is not gzip follows"):
        read(path)


def test_an_archive_that_unpacks_without_end_stays_bounded(tmp_path: Path) -> None:
    path = tmp_path / "bomb.csv.gz"
    path.write_bytes(gzip.compress((HEADER + "x" * (64 << 20)).encode(), 9))
    with pytest.raises(InputError, match="line 2 is longer than 1048576 bytes"):
        read(path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "the file is empty"),
        (b" \n \r\n", "nothing but blanks"),
        (b"PK\x03\x04rest", "a zip archive, expected a plain or gzip file"),
        (b"BZh9rest", "a bzip2 archive"),
        (b"\x28\xb5\x2f\xfdrest", "a zstandard archive"),
        (b"\x00\x01\x02\x03" * 50, "byte 0: given 0x00, expected UTF-8 text"),
    ],
)
def test_what_is_no_source_of_instructions_is_named(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(InputError, match=said):
        read(path)


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="there is no such file"):
        read(tmp_path / "none.csv")
    with pytest.raises(InputError, match="a folder was given"):
        read(tmp_path)


def test_a_pipe_is_read_although_it_can_be_read_only_once(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=lambda: path.write_text(TEXT))
    writer.start()
    found = ids(path)
    writer.join()
    assert found == [f"i{n}" for n in range(3000)]
