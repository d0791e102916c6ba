"""The kernel that reads lines of JSON gives what the typed decoder gives, or nothing."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skarb.core.activity import ACTIVITIES
from skarb.core.columns import FIELDS, content_of
from skarb.intake import native, transcoding
from skarb.intake.check import REQUIRED, UNREADABLE
from skarb.intake.read import read

zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
instants = st.datetimes(datetime(1901, 1, 1), datetime(2169, 12, 31), timezones=zones).map(datetime.isoformat)  # noqa: DTZ001
odd_instants = st.sampled_from([
    "2026-02-29T00:00:00Z", "2024-02-29T23:59:59.1Z", "1900-02-28T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-01T24:00:00Z",
    "2026-01-01T00:00:60Z", "2026-01-01T00:00:00", "2026-01-01 00:00:00Z", "2026-01-01T00:00:00z", "2026-01-01T00:00:00.Z",
    "2026-01-01T00:00:00.123456Z", "2026-01-01T00:00:00.1234567Z", "2026-01-01T00:00:00+0300", "2026-01-01T00:00:00+24:00",
    "2026-01-01T00:00:00-23:59", "1969-12-31T23:59:59.999999Z", "2106-02-07T06:28:16Z", "2100-02-29T00:00:00Z", "2026-04-31T00:00:00Z",
])  # fmt: skip
words = st.text(st.characters(codec="utf-8"), max_size=12)
VALUES = {
    "id": st.one_of(st.text(min_size=1, max_size=70), st.sampled_from(["", "x" * 64, "é" * 64])),
    "at": st.one_of(instants, instants.map(lambda text: text.replace("+00:00", "Z")), odd_instants),
    "activity": st.one_of(st.sampled_from(ACTIVITIES), st.sampled_from(["fiat_pa", "fiat_payy", ""])),
    "amount": st.sampled_from(["1", "0.00", "12.50", "0", "", "-1", "1e5", "9" * 80, "9" * 81]),
    "declared": st.sampled_from([{"consent": True}, {}]),
}


@st.composite
def lines(draw: st.DrawFn) -> bytes:
    names = [
        *REQUIRED,
        *draw(st.lists(st.sampled_from([name for name in FIELDS if name not in REQUIRED]), unique=True, max_size=4)),
    ]
    if draw(st.integers(0, 9)) == 0:
        names = draw(st.permutations(names))[1:]
    if draw(st.integers(0, 9)) == 0:
        names.append(draw(st.sampled_from(["unknown", "i", "idd", *FIELDS])))
    values = {name: draw(VALUES.get(name, words)) if draw(st.integers(0, 9)) else None for name in names}
    blanks = draw(st.sampled_from([(",", ":"), (", ", ": "), (" , ", " :  ")]))
    return json.dumps(values, ensure_ascii=draw(st.booleans()), separators=blanks).encode()


def transcoded(rows: list[bytes]) -> bytes | None:
    """Run the kernel in the interpreter."""
    text = np.frombuffer(b"\n".join(rows), np.uint8)
    room, out = native.room_for(len(text), len(rows))
    with np.errstate(over="ignore"):
        written = transcoding.transcode(text, *native.TABLES, *room, out, len(rows))
    return None if written < 0 else out[:written].tobytes()


@settings(max_examples=600, deadline=None)
@given(st.lists(lines(), min_size=1, max_size=3))
def test_the_kernel_reads_what_the_decoder_reads(rows: list[bytes]) -> None:
    found = transcoded(rows)
    if found is None:
        return  # handed back, as it may always be
    assert found == b"".join(map(content_of, native.decode_lines(rows, None)))


@settings(max_examples=400, deadline=None)
@given(lines(), st.data())
def test_no_change_of_a_byte_is_read_as_something_else(row: bytes, data: st.DataObject) -> None:
    changed = bytearray(row)
    changed[data.draw(st.integers(0, len(row) - 1))] = data.draw(st.sampled_from([*b'"\\:,{} nul', 0, 9, 10, 13, 31, 48, 127]))
    if not native._is_text(bytes(changed)):
        assert native.read_sheet(bytes(changed), 1) is None
        return
    found = transcoded([bytes(changed)])
    if found is not None:
        assert found == content_of(native.decode_lines([bytes(changed)], None)[0])


PLAIN = {"id": "a", "at": "2026-01-31T09:30:00.25+03:00", "activity": "fiat_pay", "party": "p", "asset": "BYN", "amount": "1.50"}


@pytest.mark.parametrize("blanks", [(",", ":"), (", ", ": ")])
@pytest.mark.parametrize("more", [{}, {"counterparty": "Ў" * 100, "purpose": "x" * 300}, {"counterparty": None, "wallet": ""}])
def test_what_programs_write_is_understood(more: dict[str, object], blanks: tuple[str, str]) -> None:
    """Handing everything back would be right, and useless."""
    row = json.dumps(PLAIN | more, ensure_ascii=False, separators=blanks).encode()
    backwards = json.dumps(dict(reversed((PLAIN | more).items())), ensure_ascii=False, separators=blanks).encode()
    expected = native.decode_lines([row, backwards], None)
    assert transcoded([row, backwards]) == b"".join(map(content_of, expected))


@pytest.mark.parametrize(
    "row",
    [
        b"", b"{}", b"[]", b'{"id":"a"', b'{"id":"a"}', b'{"id":"a","id":"b"}', b'{"id":"a\\u0041"}', b'{"id":1}', b"{,}", b'{"id":"a",}',
    ],
)  # fmt: skip
def test_what_is_wrong_is_handed_back(row: bytes) -> None:
    good = json.dumps(PLAIN).encode()
    assert transcoded([good]) is not None
    assert transcoded([row, good]) is None
    assert transcoded([good, row]) is None
    assert transcoded([good + b" "]) is None


def test_the_fields_lie_where_the_kernel_looks_for_them() -> None:
    assert [FIELDS[name] for name in ("at", "activity", "amount")] == [transcoding.AT, transcoding.ACTIVITY, transcoding.AMOUNT]
    assert list(FIELDS)[: transcoding.REQUIRED] == list(REQUIRED)


@pytest.mark.parametrize("wrong", [None, 7, 8191, 8192, 20_010])
def test_a_large_file_is_read_as_columns_and_a_bad_row_is_still_found(tmp_path, monkeypatch, wrong: int | None) -> None:
    rows = [PLAIN | {"id": f"row {number}"} for number in range(20_020)]
    if wrong is not None:
        rows[wrong] |= {"amount": "1e5"}
        rows[wrong]["at"] = "yesterday"
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b"\n".join(map(msgspec.json.encode, rows)))
    readings = list(read(path))
    ids = [one.id for reading in readings for one in reading.instructions]
    assert ids == [row["id"] for number, row in enumerate(rows) if number != wrong]
    assert [number for reading in readings for number in reading.rows] == [n + 1 for n in range(20_020) if n != wrong]
    assert [problem.row for reading in readings for problem in reading.problems] == ([] if wrong is None else [wrong + 1])


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\n\n", b" \n"])
@pytest.mark.parametrize("last", [b"", b"\n", b"\n\n", b"\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_lines_are_the_same_however_they_end(tmp_path, monkeypatch, mark: bytes, end: bytes, last: bytes) -> None:
    monkeypatch.setenv("SKARB_KERNEL", "numba")
    rows = [msgspec.json.encode(PLAIN | {"id": f"row {number}"}) for number in range(10)]
    rows[4] = b'{"id": 5}'
    path = tmp_path / "rows.jsonl"
    path.write_bytes(mark + end.join(rows) + last)
    whole = path.read_bytes().removeprefix(mark).split(b"\n")
    readings = list(read(path, batch=3))
    assert [one.id for reading in readings for one in reading.instructions] == [f"row {n}" for n in range(10) if n != 4]
    assert readings[-1].total == 10
    (problem,) = {problem.where for reading in readings for problem in reading.problems}
    line = whole.index(rows[4]) + 1 if rows[4] in whole else [text.strip() for text in whole].index(rows[4]) + 1
    assert problem == "rows.jsonl row 5" + (f" (line {line})" if line != 5 else "")


def test_whoever_cannot_read_it_says_why() -> None:
    """The decoder must refuse what the kernel hands back because it is wrong; nothing falls between the two."""
    for value in ("2026-02-30T00:00:00Z", "yesterday"):
        with pytest.raises(UNREADABLE):
            native.decode_lines([json.dumps(PLAIN | {"at": value}).encode()], None)
