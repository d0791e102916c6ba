from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from skarb.core.errors import Conflict, InputError
from skarb.core.screening_list import Listed, ScreeningList
from skarb.registers import CountryDefaults, Party, RateSeries, RegisterFile, Registers
from skarb.registers.rate_files import RateFile

COUNTRY = CountryDefaults(home="ZZ", legal_currency="BYN")


def open_registers(folder: Path, start: int = 0) -> Registers:
    times = (datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=start + minute) for minute in range(1000))
    return Registers(COUNTRY, clock=lambda: next(times), file=RegisterFile(folder))


def party(name: str) -> Party:
    return Party(party=name, kind="natural_person", country="ZZ", resident=True, valid_from=date(2020, 1, 1))


def filled(folder: Path) -> Registers:
    book = open_registers(folder)
    book.record([party("p1")], "first.csv")
    series = RateSeries("CB", "USD", "BYN", ((date(2026, 1, 1), "3.2978"), (date(2026, 1, 2), "3.2978/100")))
    book.record_rates(RateFile(name="rates.csv", series=(series,)))
    listed = Listed(entry="1", name="Имя", parties=("p9",))
    book.record_list(
        ScreeningList(list="x", regime="un", publisher="X", version="1", published=date(2026, 1, 1), entries=(listed,)), "x.json"
    )
    book.record([party("p2")], "second.csv")
    return book


def test_registers_come_back_from_their_file_with_the_same_version(tmp_path: Path) -> None:
    book = filled(tmp_path)
    again = open_registers(tmp_path, 500)
    assert again.version == book.version
    assert again.recordings == book.recordings
    assert again.profile("p2", 20_000) == book.profile("p2", 20_000) is not None
    again.record([party("p3")], "third.csv")
    assert open_registers(tmp_path, 600).version == again.version != book.version


def test_any_changed_byte_is_found_and_located(tmp_path: Path) -> None:
    filled(tmp_path)
    path = tmp_path / "registers.jsonl"
    raw = path.read_bytes()
    for place in range(0, len(raw) - 1, 13):
        path.write_bytes(raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :])
        line = raw[:place].count(b"\n") + 1
        with pytest.raises(InputError, match=rf"line {line}:|line {line + 1}:"):
            RegisterFile(tmp_path).read()


def test_a_removed_or_moved_line_is_found(tmp_path: Path) -> None:
    filled(tmp_path)
    path = tmp_path / "registers.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    for order in ([0, 2, 3], [1, 2, 3], [0, 2, 1, 3]):
        path.write_bytes(b"".join(lines[place] for place in order))
        with pytest.raises(InputError, match="changed, moved or removed"):
            RegisterFile(tmp_path).read()


def test_a_shortened_file_shows_in_the_version(tmp_path: Path) -> None:
    whole = filled(tmp_path).version
    path = tmp_path / "registers.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
    assert open_registers(tmp_path, 500).version != whole


def test_a_torn_last_line_was_never_acknowledged(tmp_path: Path) -> None:
    book = filled(tmp_path)
    path = tmp_path / "registers.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"sha256":"00","recor')
    again = open_registers(tmp_path, 500)
    assert again.version == book.version
    again.record([party("p3")], "third.csv")
    assert path.read_bytes().startswith(whole)
    assert open_registers(tmp_path, 600).version == again.version


def test_two_writers_cannot_both_write(tmp_path: Path) -> None:
    one, other = open_registers(tmp_path), open_registers(tmp_path)
    one.record([party("p1")], "one")
    with pytest.raises(Conflict, match="another writer was first"):
        other.record([party("p2")], "other")
    assert other.profile("p2", 20_000) is None
    assert open_registers(tmp_path).version == one.version
