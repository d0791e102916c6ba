"""Our own format as JSON: decoded many rows at a time, yet strict row by row."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skarb.core.activity import ACTIVITIES
from skarb.core.errors import InputError, Problem
from skarb.core.instruction import Instruction
from skarb.intake import Reading, read

GOOD = {"id": "a1", "at": "2026-01-01T10:00:00+03:00", "activity": "fiat_pay", "party": "p1", "asset": "BYN", "amount": "12.50"}
DECIMALS = {"BYN": 2, "JPY": 0, "BTC": 8, "ETH": 18}.get


def text(**changes: object) -> str:
    return json.dumps({**GOOD, **changes})


def reading_of(tmp_path: Path, *rows: str, name: str = "rows.jsonl") -> Reading:
    path = tmp_path / name
    path.write_bytes("\n".join(rows).encode())
    (reading,) = read(path, decimals=DECIMALS)
    assert sorted([*reading.rows, *reading.refused]) == list(range(1, reading.total + 1))
    return reading


def problem_of(tmp_path: Path, row: str) -> Problem:
    """Return the problem of a row that stands between two good ones."""
    reading = reading_of(tmp_path, text(id="before"), row, text(id="after"))
    assert [i.id for i in reading.instructions] == ["before", "after"]
    return reading.problems[0]


def test_a_good_row_is_read_whole(tmp_path: Path) -> None:
    full = dict(
        GOOD,
        counterparty="p2", consideration_asset="BTC", consideration="0.00000001", venue="v", wallet="btc:x", end_to_end_id="e", purpose="Аплата",
        entered_by="o", approves="a0", declared={"reason": "gift", "systematic": True, "hired_persons": 3, "capital": "1000.00 BYN"},
    )  # fmt: skip
    reading = reading_of(tmp_path, json.dumps(full), json.dumps(full, ensure_ascii=False))
    assert reading.instructions[0] == reading.instructions[1]
    assert reading.instructions[0].purpose == "Аплата" and reading.instructions[0].declared == full["declared"]
    assert reading.mapping == "native" and reading.assumptions is None


@pytest.mark.parametrize(
    ("row", "field", "given_", "expected"),
    [
        (text(amount=12.5), "amount", "12.5", 'a decimal text in quotes such as "12.50"'),
        (text(amount=12), "amount", "12", "a decimal text in quotes"),
        (text()[:-1] + ', "amount": 123456789012345678901234567890.123456789}', "amount", "amount 2 times", "every field once"),
        (text(amount="12.505"), "amount", "12.505", "a plain decimal number of BYN with at most 2 decimals"),
        (text(amount="1.5", asset="JPY"), "amount", "1.5", "a plain decimal number of JPY with no decimals"),
        (text(amount="-5"), "amount", "-5", "no sign"),
        (text(amount="+5"), "amount", "+5", "a plain decimal number"),
        (text(amount="1e3"), "amount", "1e3", "a plain decimal number"),
        (text(amount="1,000.00"), "amount", "1,000.00", "a plain decimal number"),
        (text(amount="١٢"), "amount", "١٢", "a plain decimal number"),
        (text(amount="0.00"), "amount", "0.00", "above 0"),
        (text(amount="9" * 60), "amount", "9" * 60, "below 2^128 smallest units"),
        (text(amount="9" * 81), "amount", "9", "at most 80 characters"),
        (text(amount=""), "amount", "", "a plain decimal text"),
        (text(asset="XAU"), "asset", "XAU", "a currency of ISO 4217 with a smallest unit, or a token of the register"),
        (text(asset=5), "asset", "5", "a code of an asset"),
        (text(consideration_asset="USDX", consideration="1"), "consideration_asset", "USDX", "a currency of ISO 4217"),
        (text(consideration_asset="BTC"), "consideration", "", "the amount of BTC given in return"),
        (text(at="2026-02-30T10:00:00Z"), "at", "2026-02-30T10:00:00Z", "an instant that exists"),
        (text(at="2026-01-01T25:00:00Z"), "at", "2026-01-01T25:00:00Z", "an instant that exists"),
        (text(at="2026-01-01T10:00:00"), "at", "2026-01-01T10:00:00", "with its zone"),
        (text(at="2026-01-01"), "at", "2026-01-01", "an instant that exists"),
        (text(at=1767258000), "at", "1767258000", "an instant that exists"),
        (text(at="0001-01-01T00:00:00Z"), "at", "0001-01-01", "between 1901 and 2169"),
        (text(at="9999-12-31T23:59:59Z"), "at", "9999-12-31", "between 1901 and 2169"),
        (text(activity="pay"), "activity", "pay", "an activity: token_hold"),
        (text(id=""), "id", "", "a text of 1 to 64 characters"),
        (text(id="x" * 65), "id", "x" * 65, "a text of 1 to 64 characters"),
        (text(end_to_end_id=""), "end_to_end_id", "", "a text of 1 to 140 characters without control characters"),
        (text(end_to_end_id="x" * 141), "end_to_end_id", "x", "a text of 1 to 140 characters"),
        (text(end_to_end_id="a\nb"), "end_to_end_id", "a\nb", "without control characters"),
        (text(end_to_end_id="a\n"), "end_to_end_id", "a\n", "without control characters"),
        (text(end_to_end_id=7), "end_to_end_id", "7", "a text of 1 to 140 characters"),
        (text(party="x" * 141), "party", "x", "a text of 1 to 140 characters"),
        (text(colour="red"), "colour", "red", "no such field; the fields are id, at"),
        (text()[:-1].replace('"party": "p1", ', "") + "}", "party", "nothing", "a text of 1 to 140 characters"),
        (text(party=None), "party", "nothing", "a text of 1 to 140 characters"),
        (text(declared={"colour": "red"}), "declared.colour", "red", "one of the facts that parties state themselves"),
        (text(declared={"reason": "whim"}), "declared.reason", "whim", "one of none, gift"),
        (text(declared={"systematic": "yes"}), "declared.systematic", "yes", "true or false"),
        (text(declared={"hired_persons": -1}), "declared.hired_persons", "-1", "a whole number"),
        (text(declared={"capital": "many"}), "declared.capital", "many", "an amount with its currency"),
        (text(declared={"wallet_country": "by"}), "declared.wallet_country", "by", "a country code"),
        (text(declared={"systematic": [1]}), "declared", "(not shown", "an object of facts"),
        ("{", "", "{", "a JSON object (expecting property name"),
        ("", "", "", ""),
        ("nonsense", "", "nonsense", "a JSON object (expecting value at character 1"),
        ("[1]", "", "[1]", "a JSON object with the fields of one row"),
        ("5", "", "5", "a JSON object with the fields of one row"),
        (text().replace('"12.50"', "NaN"), "", "NaN", "JSON has no such value"),
        (text().replace('"12.50"', "-Infinity"), "", "-Infinity", "JSON has no such value"),
        (text()[:-1] + ', "party": "p2"}', "party", "party 2 times", "every field once"),
        (text()[:-1] + ', "\\u0070arty": "p2"}', "party", "party 2 times", "every field once"),
        (text()[:-1] + ', "venue": null, "venue": "v"}', "venue", "venue 2 times", "every field once"),
        (text(declared={"reason": "gift"})[:-2] + ', "reason": "gift"}}', "reason", "reason 2 times", "every field once"),
        (text(id="x") + " " + text(id="y"), "", "", "a JSON object (extra data"),
        (text() + ",", "", ",", "a JSON object (extra data"),
        ("[" * 100_000, "", "[[[", "nested"),
    ],
)  # fmt: skip
def test_bad_rows(tmp_path: Path, row: str, field: str, given_: str, expected: str) -> None:
    if not row:
        assert reading_of(tmp_path, text(id="a"), "", text(id="b")).total == 2
        return
    problem = problem_of(tmp_path, row)
    assert problem.field == field
    assert given_[:79] in problem.given
    assert expected in problem.expected
    assert problem.row == 2 and problem.where == "rows.jsonl row 2"


def test_objects_that_borrow_each_others_lines_are_told_apart(tmp_path: Path) -> None:
    """Three lines that make three objects together, but not one each."""
    head, tail = text(id="c")[:-1] + ",", '"venue": "v"}'
    reading = reading_of(tmp_path, text(id="a") + " " + text(id="b"), head, tail, text(id="d"))
    assert [i.id for i in reading.instructions] == ["d"] and reading.refused == [1, 2, 3]


@pytest.mark.parametrize("hidden", ["\\u0022:", "\\u0022\\u003a", "\\u0020:", '\\":', ":", " :", "\\t:", "\\u0022 \\u003A"])
def test_texts_that_look_like_keys_hide_no_key_given_twice(tmp_path: Path, hidden: str) -> None:
    honest = text(id="a")[:-1] + f', "purpose": "{hidden}x"}}'
    twice = text(id="b")[:-1] + f', "purpose": "{hidden}x", "asset": "BYN"}}'
    reading = reading_of(tmp_path, honest, twice)
    assert [i.id for i in reading.instructions] == ["a"]
    assert reading.problems[0].field == "asset"


def test_fields_written_as_null_are_as_good_as_left_out(tmp_path: Path) -> None:
    nothing = dict.fromkeys(name for name in Instruction.__struct_fields__ if name not in GOOD)
    reading = reading_of(tmp_path, *(json.dumps({**nothing, **GOOD, "id": f"i{n}"}) for n in range(50)))
    assert len(reading.instructions) == 50


def test_blanks_around_keys_and_rows_do_not_matter(tmp_path: Path) -> None:
    reading = reading_of(tmp_path, "  " + text(id="a").replace('":', '" :\t') + "\t", text(id="b"))
    assert [i.id for i in reading.instructions] == ["a", "b"]


def test_an_amount_of_nothing_is_fine_where_nothing_moves(tmp_path: Path) -> None:
    assert reading_of(tmp_path, text(activity="onboard", amount="0")).instructions


def test_arrays_and_single_objects_may_span_lines(tmp_path: Path) -> None:
    rows = [{**GOOD, "id": f"i{n}"} for n in range(3)]
    many = reading_of(tmp_path, json.dumps(rows, indent=2), name="rows.json")
    assert [i.id for i in many.instructions] == ["i0", "i1", "i2"] and many.expected == 3
    assert [i.id for i in reading_of(tmp_path, json.dumps(rows[0], indent=2), name="row.json").instructions] == ["i0"]
    assert reading_of(tmp_path, "[]", name="none.json").total == 0


def test_a_bad_element_of_an_array_stops_no_other(tmp_path: Path) -> None:
    rows = ",".join([text(id="a"), text().replace('"12.50"', "NaN"), "5", text(id="d")])
    reading = reading_of(tmp_path, f"[{rows}]", name="rows.json")
    assert reading.rows == [1, 4] and reading.refused == [2, 3]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda t: t[:-1], "a comma or ] is missing after element 2"),
        (lambda t: t[: len(t) // 2 + 40], "in element 2"),
        (lambda t: t + "x", "something follows the array"),
        (lambda t: t.replace("},", "} ", 1), "a comma or ] is missing after element 1"),
        (lambda t: t[:-1] + ",]", "in element 3"),
    ],
)
def test_an_array_that_breaks_off_is_refused_as_a_whole(tmp_path: Path, change: object, said: str) -> None:
    path = tmp_path / "rows.json"
    path.write_text(change(json.dumps([GOOD, {**GOOD, "id": "b"}])))
    with pytest.raises(InputError, match=r"rows\.json: byte \d+: given .*; nothing of it was used") as error:
        read(path)
    assert said in str(error.value)


good_rows = st.fixed_dictionaries(
    {
        "id": st.text(min_size=1, max_size=20),
        "at": st.sampled_from(["2026-01-01T10:00:00+03:00", "2024-02-29T23:59:59.123Z"]),
        "activity": st.sampled_from([a for a in ACTIVITIES if a.startswith("fiat")]),
        "party": st.text(min_size=1, max_size=30),
        "asset": st.sampled_from(["BYN", "ETH"]),
        "amount": st.integers(1, 10**20).map(str),
    },
    optional={
        "purpose": st.none() | st.text(max_size=30),
        "counterparty": st.text(min_size=1, max_size=5),
        "declared": st.sampled_from([{"reason": "gift"}, {"systematic": False}, {}]),
    },
).map(lambda row: (json.dumps(row), True))
bad_rows = st.one_of(
    st.sampled_from([text(amount=1.5), text(at="2026-02-30T00:00:00Z"), text()[:-3], "{}", "[]", text(x=1), text(id="")]),
    st.tuples(good_rows, st.integers(0, 200)).map(lambda t: t[0][0][: t[1] % len(t[0][0])] or "x"),
    good_rows.map(lambda t: t[0][:-1] + ', "asset": "BYN"}'),
    st.text(alphabet='{}[]":,ab1 ', min_size=1).filter(lambda t: t.strip()),
).map(lambda row: (row, False))


@given(rows=st.lists(st.one_of(good_rows, good_rows, bad_rows), max_size=40), ascii_only=st.booleans())
@settings(max_examples=150, deadline=None)
def test_every_row_is_an_instruction_or_a_problem(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, bool]], ascii_only: bool
) -> None:
    path = tmp_path_factory.mktemp("rows") / "rows.jsonl"
    lines = [line if ascii_only or not good else json.dumps(json.loads(line), ensure_ascii=False) for line, good in rows]
    path.write_bytes(("\n".join([text(id="first"), *lines])).encode(errors="replace"))
    readings = list(read(path, "native", batch=16))
    good = [row for reading in readings for row in reading.rows]
    assert good == [1, *(number for number, (_, fine) in enumerate(rows, 2) if fine)]
    assert sorted([*good, *(row for reading in readings for row in reading.refused)]) == list(range(1, len(rows) + 2))
