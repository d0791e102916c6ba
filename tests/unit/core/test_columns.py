"""Instructions as columns say the same as instructions one by one, in the interpreter and compiled."""

from __future__ import annotations

import string
from datetime import UTC, datetime, timedelta, timezone
from hashlib import blake2b

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skarb.core.activity import ACTIVITIES
from skarb.core.amount import parse_amount
from skarb.core.columns import FIELDS, Names, Sheet, content_of, listed, scanning
from skarb.core.columns.blake2 import hash_pieces, start_of
from skarb.core.compiled import Kind, has_numba
from skarb.core.errors import InputError
from skarb.core.instruction import Instruction
from skarb.core.transfer import key_128

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
KINDS: list[Kind] = ["python", "numba"] if has_numba() else ["python"]
zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
instants = st.datetimes(datetime(1901, 1, 2), datetime(2169, 12, 30), timezones=zones)  # noqa: DTZ001  # the zone is drawn
texts = st.one_of(
    st.text(max_size=40), st.text(string.ascii_letters, max_size=300), st.sampled_from(["", "a\0b", "é" * 20, "x" * 70_000])
)
amounts = st.one_of(
    st.integers(0, 10**20).map(lambda n: f"{n // 100}.{n % 100:02}"),
    st.sampled_from(
        ["1", "1.5", "1.\n00", "1.00\n", "-1.00", "1.001", "1.000", ".5", "5.", "1..0", "٣.00", "0" * 30, "9" * 39, " 1"]
    ),
)
DECLARED = st.dictionaries(texts, st.one_of(st.booleans(), st.integers(-(2**63), 2**64 - 1), texts), max_size=20)


@st.composite
def instructions(draw: st.DrawFn) -> Instruction:
    optional = {
        name: draw(st.none() | texts.filter(lambda text: 0 < len(text) <= 64))
        for name in ("counterparty", "venue", "wallet", "purpose", "approves", "consideration_asset")
    }
    return Instruction(
        id=draw(st.text(min_size=1, max_size=64)),
        at=draw(instants),
        activity=draw(st.sampled_from(ACTIVITIES)),
        party=draw(st.text(min_size=1, max_size=140)),
        asset=draw(texts),
        amount=draw(amounts),
        declared=draw(st.none() | DECLARED),
        **optional,
    )


@settings(max_examples=150, deadline=None)
@given(st.lists(instructions(), max_size=5))
def test_a_sheet_is_its_instructions(given_rows: list[Instruction]) -> None:
    sheet = Sheet.of(given_rows, "python")
    longest = max([len(text.encode()) for row in given_rows for text in _texts(row)], default=0)
    if longest > 65_535:
        assert sheet is None
        return
    assert sheet is not None
    contents = [content_of(row) for row in given_rows]
    read = Sheet.read(b"".join(contents), len(contents), "python")
    assert list(sheet) == given_rows
    assert sheet.contents == b"".join(contents)
    assert (
        bytes(sheet.listed())
        == listed(len(contents), b"".join(contents))
        == msgspec.msgpack.encode([*map(msgspec.Raw, contents)])
    )
    assert [sheet.contents[a:b] for a, b in zip(sheet.starts, sheet.starts[1:], strict=False)] == contents
    assert sheet.keys() == b"".join(key_128(row.id) for row in given_rows)
    assert sheet.at.tolist() == [(row.at - EPOCH) // timedelta(microseconds=1) * 1000 for row in given_rows]
    for name in ("id", "party", "asset"):
        assert sheet.texts(name) == [getattr(row, name) for row in given_rows]
        values = {getattr(row, name) for row in given_rows}
        assert sheet.alike(name) == (values.pop() if len(values) == 1 else None)
    for name in FIELDS:
        assert sheet.present(name).tolist() == [getattr(row, name) is not None for row in given_rows]
    for index, row in enumerate(given_rows):
        if row.amount:  # an empty one is none that a decoder takes
            assert read[index - len(given_rows)] == row  # one row alone, counted from the end
    with pytest.raises(IndexError, match="rows"):
        read[len(given_rows)]
    if all(row.amount for row in given_rows):
        assert list(read) == given_rows


def _texts(row: Instruction) -> list[str]:
    values = [*msgspec.structs.astuple(row), *(row.declared or {}), *(row.declared or {}).values()]
    return [value for value in values if isinstance(value, str)]


@settings(max_examples=300, deadline=None)
@given(st.lists(amounts, min_size=1, max_size=4), st.sampled_from([0, 2, 8, 18]))
def test_amounts_are_read_as_one_by_one_or_not_at_all(given_amounts: list[str], decimals: int) -> None:
    rows = [row("x", amount=amount) for amount in given_amounts]
    found = Sheet.of(rows, "python").amounts(decimals)
    try:
        expected = [parse_amount(amount, decimals) for amount in given_amounts]
    except InputError:
        assert found is None
        return
    if found is None:  # too long for the short way, and only then
        assert max(len(amount.replace(".", "")) + decimals for amount in given_amounts) > scanning.DIGITS_MAX
    else:
        assert found.tolist() == expected


def row(name: str, **more: object) -> Instruction:
    return Instruction(id=name, at=EPOCH, activity="fiat_pay", party="p", asset="BYN", **({"amount": "1"} | more))


def test_the_kernels_say_the_same_compiled() -> None:
    rows = [
        row(f"row {n}" * (n % 9 + 1), amount=f"{n}.{n % 100:02}", counterparty=f"é{n % 7}", purpose="x" * n) for n in range(300)
    ]
    compiled, plain = Sheet.of(rows, "numba"), Sheet.of(rows, "python")
    assert compiled.keys() == plain.keys()
    assert compiled.amounts(2).tolist() == plain.amounts(2).tolist()
    assert compiled.texts("counterparty") == plain.texts("counterparty")
    assert (compiled.starts == plain.starts).all()
    assert (compiled.alike("party"), compiled.alike("purpose")) == ("p", None)
    names = [Names(), Names()]
    places = [
        one.places(sheet.data, *sheet.spans("counterparty"), sheet.kind)
        for one, sheet in zip(names, (compiled, plain), strict=True)
    ]
    assert places[0].tolist() == places[1].tolist() == [n % 7 for n in range(300)]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.binary(max_size=400), max_size=4), st.binary(max_size=16))
def test_the_hash_is_the_standard_librarys(pieces: list[bytes], person: bytes) -> None:
    sizes = np.array([len(piece) for piece in pieces], np.int64)
    block, out = np.zeros(128, np.uint8), np.zeros((len(pieces), 2), np.uint64)
    room = block, block.view(np.uint64), np.zeros(8, np.uint64), np.zeros(16, np.uint64)
    data = np.frombuffer(b"".join(pieces), np.uint8)
    with np.errstate(over="ignore"):
        hash_pieces(data, np.cumsum(sizes) - sizes, sizes, start_of(person), *room, out)
    assert out.tobytes() == b"".join(blake2b(piece, digest_size=16, person=person).digest() for piece in pieces)


@pytest.mark.parametrize(
    "bad", [b"", b"\x80", b"\x81\xa2id\xa1x", b"\x91\xa2id", b"\xde\x00", b"\xc1", b"\x82\xa2id\xa1x\xa2id\xa1x"]
)
def test_bytes_that_are_no_instruction_are_handed_back(bad: bytes) -> None:
    good = content_of(row("x"))
    assert Sheet.read(good + bad, 2, "python") is None
    assert Sheet.read(good + b"\x00", 1, "python") is None
    for stop in range(len(good)):
        assert Sheet.read(good[:stop], 1, "python") is None


@settings(max_examples=200, deadline=None)
@given(instructions().filter(lambda one: len(one.asset) < 100), st.data())
def test_no_byte_breaks_the_scanner(one: Instruction, data: st.DataObject) -> None:
    """Whatever the scanner takes for an instruction lies within the bytes."""
    content = bytearray(content_of(one))
    content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    sheet = Sheet.read(bytes(content), 1, "python")
    if sheet is not None:
        for name in FIELDS:
            begins, sizes = sheet.spans(name)
            assert sizes[0] == -1 or 0 <= begins[0] <= begins[0] + sizes[0] <= len(content)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(KINDS), st.lists(st.text(max_size=5), max_size=30)), max_size=6))
def test_names_keep_their_places(calls: list[tuple[Kind, list[str]]]) -> None:
    names, known = Names(), {}
    for number, (kind, call) in enumerate(calls):
        new = [name for name in dict.fromkeys(call) if name not in known]
        if number % 2:
            names.add(new, kind)
            known |= {name: len(known) + place for place, name in enumerate(new)}
        written = [name.encode() for name in call]
        sizes = np.array([len(name) for name in written], np.int64)
        found = names.places(np.frombuffer(b"".join(written), np.uint8), np.cumsum(sizes) - sizes, sizes, kind)
        for name, place in zip(call, found.tolist(), strict=True):
            assert known.setdefault(name, len(known)) == place
        assert [names[place] for place in range(len(names))] == list(known)


def test_the_fields_lie_where_the_kernels_look_for_them() -> None:
    assert (FIELDS["at"], FIELDS["declared"]) == (scanning.AT, scanning.DECLARED)
    hints = {field.name: field.type for field in msgspec.structs.fields(Instruction)}
    others = [name for name in FIELDS if name not in ("at", "declared")]
    assert all("str" in str(hints[name]) or name == "activity" for name in others)
