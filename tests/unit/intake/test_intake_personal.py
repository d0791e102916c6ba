"""A problem of a row never repeats what a payload of the travel rule tells of people."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from skarb.core.errors import FieldError
from skarb.intake import read
from skarb.intake.declared import check_declared
from skarb.intake.native import explain_json
from skarb.intake.personal import NOT_SHOWN, masked

BASE = '"id":"1","at":"2026-10-01T10:00:00Z","activity":"token_transfer_out","party":"anna","asset":"BTC","amount":"1"'
NAME = "Secretov"
ROWS = [
    f'{{{BASE},"travel_payload":"{NAME} born 1980"}}',
    f'{{{BASE},"travel_payload":["{NAME}"]}}',
    f'{{{BASE},"travel_payload":{{"a":"{NAME}"}}}}',
    f'{{{BASE},"travel\\u005fpayload":{{"a":"{NAME}"}}}}',
    f'{{{BASE},"declared":{{"travel_payload":"{NAME}"}}}}',
    f'{{{BASE},"declared":{{"travel_payload":{{"a":"{NAME}"}}}}}}',
    f'{{{BASE},"purpose":{{"travel_payload":"{NAME}"}}}}',
    f'{{"id":{{"travel_payload":"{NAME}"}},{BASE[9:]}}}',
    f'[{{"travel_payload":"{NAME}"}}]',
    f'{{"travel_payload":"{NAME}","id',
    f'{{"travel_payload":{{"a":"{NAME}"}},{BASE},}}',
    f'{{"travel_payload":"{NAME} \\ud800",{BASE}}}',
    '{"travel_payload":' + "[" * 5000 + f'"{NAME}"',
    f'{{{BASE},"travel_paylod":{{"a":"{NAME}"}}}}',
    f'{{{BASE},"ivms101":[{{"a":"{NAME}"}}]}}',
    f'{{{BASE},"declared":{{"payload":{{"a":"{NAME}"}}}}}}',
]


@pytest.mark.parametrize("row", ROWS, ids=range(len(ROWS)))
def test_nothing_of_a_payload_is_repeated(row: str) -> None:
    problems = explain_json(row.encode(), None)
    assert problems, "the row is malformed"
    assert all(NAME not in str(one) and NAME not in one.given for one in problems)
    assert any(one.given == NOT_SHOWN for one in problems)


def test_what_is_no_payload_is_still_shown() -> None:
    (problem,) = explain_json(f'{{{BASE.replace("token_transfer_out", "tokens")},"travel_payload":null}}'.encode(), None)[:1]
    assert problem.field == "travel_payload"
    wrong = FieldError("amount", "1,5", "a number")
    assert masked(wrong, b'{"travel_payload": 1}') is wrong and masked(FieldError("", "abc", "x"), b"{}").given == "abc"


def test_a_reference_that_is_none_is_not_repeated() -> None:
    with pytest.raises(FieldError) as error:
        check_declared("travel_payload", NAME)
    assert error.value.given == NOT_SHOWN and NAME not in str(error.value)
    with pytest.raises(FieldError, match="maybe"):
        check_declared("actor_country", "maybe")


def test_a_row_that_does_not_fit_is_not_repeated_where_payloads_have_a_column(tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_text(f"id,declared.travel_payload,at,activity,party,asset,amount\n1,{{a: {NAME}, b: 2}},2,3,4,5,6\n")
    (problem,) = [one for part in read(file) for one in part.problems]
    assert problem.given == NOT_SHOWN


@pytest.mark.parametrize("name", ["rows.jsonl", "rows.json", "rows.csv"])
def test_the_command_repeats_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    from skarb.cli import make_app

    file = tmp_path / name
    if name.endswith("csv"):
        cells = BASE.replace('"', "").split(",")
        head = ",".join(one.partition(":")[0] for one in cells) + ",declared.travel_payload"
        file.write_text(head + "\n" + ",".join(one.partition(":")[2] for one in cells) + f',"{NAME}"\n')
    elif name.endswith("l"):
        file.write_text("\n".join(ROWS[:10]) + "\n")
    else:
        file.write_text(json.dumps([json.loads(ROWS[2])]))
    make_app()(["decide", str(file), "--law", "zz", "--as", "crypto_bank"], result_action="return_value")
    said = "".join(capsys.readouterr())
    assert "malformed" in said and NAME not in said
