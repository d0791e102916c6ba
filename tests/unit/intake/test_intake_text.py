"""Encodings and lines: UTF-8 or a clear error with the byte at which it stops being that."""

from __future__ import annotations

from pathlib import Path

import pytest

from skarb.core.errors import InputError
from skarb.intake import read

HEADER = b"id,at,activity,party,asset,amount\n"
ROW = "a1,2026-01-01T00:00:00Z,fiat_pay,Ян Купала,BYN,5.00\n"


def put(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "rows.csv"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_utf8_with_and_without_mark_and_both_line_ends(tmp_path: Path, start: bytes, end: bytes) -> None:
    content = start + (HEADER + ROW.encode()).replace(b"\n", end)
    (reading,) = read(put(tmp_path, content))
    assert [i.party for i in reading.instructions] == ["Ян Купала"] and not reading.problems


def test_another_encoding_is_told_by_its_first_wrong_byte(tmp_path: Path) -> None:
    content = HEADER + ROW.encode("cp1251")
    with pytest.raises(InputError, match=r"rows\.csv: byte 67: given 0xdf, expected UTF-8 text; nothing of it was used"):
        read(put(tmp_path, content))
    assert content[67] == 0xDF


def test_a_wrong_byte_far_inside_keeps_its_offset(tmp_path: Path) -> None:
    rows = b"".join(b"a%07d,2026-01-01T00:00:00Z,fiat_pay,p,BYN,5.00\n" % n for n in range(60_000))
    content = HEADER + rows + b"\xff\n"
    with pytest.raises(InputError, match=rf"byte {len(content) - 2}: given 0xff"):
        read(put(tmp_path, content))


def test_a_letter_cut_at_the_end_is_wrong(tmp_path: Path) -> None:
    content = HEADER + ROW.encode() + "Ы".encode()[:1]
    with pytest.raises(InputError, match=rf"byte {len(content) - 1}: given 0xd0"):
        read(put(tmp_path, content))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-16-le", "utf-32"])
def test_wide_encodings_are_refused(tmp_path: Path, encoding: str) -> None:
    with pytest.raises(InputError, match=r"byte \d+: given (UTF-|0x00)"):
        read(put(tmp_path, (HEADER.decode() + ROW).encode(encoding)))


def test_a_zero_byte_is_no_text(tmp_path: Path) -> None:
    content = HEADER + ROW.encode() + b"\0"
    with pytest.raises(InputError, match=rf"byte {len(content) - 1}: given 0x00"):
        read(put(tmp_path, content))


def test_line_ends_of_old_machines_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="lines end with CR alone"):
        read(put(tmp_path, (HEADER + ROW.encode()).replace(b"\n", b"\r")))


def test_rare_separators_of_unicode_do_not_end_a_line(tmp_path: Path) -> None:
    row = ROW.replace("Ян Купала", "a\u2028b\x0bc\x85d\x1ee")
    (reading,) = read(put(tmp_path, HEADER + row.encode()))
    assert reading.instructions[0].party == "a\u2028b\x0bc\x85d\x1ee"
