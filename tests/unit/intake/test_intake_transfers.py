"""Lines of JSON become a ledger's records, all or none."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skarb.core.errors import InputError
from skarb.core.transfer import TransferFlag, key_128
from skarb.intake.transfers import read_transfers
from skarb.journal.chart import Chart, account_id
from skarb.journal.model import Opening

LINE = {"id": "t-1", "debit": "member/1", "credit": "member/2", "asset": "BYN", "amount": "1250"}


@pytest.fixture
def chart() -> Chart:
    chart = Chart()
    chart.learn([Opening(address, asset) for asset in ("USD", "BYN") for address in ("member/1", "member/2")])
    return chart


def text(*lines: dict[str, object]) -> bytes:
    return b"\n".join(json.dumps(LINE | line, ensure_ascii=False).encode() for line in lines)


@pytest.mark.parametrize("worth", [False, True])
def test_every_field_has_its_place(chart: Chart, worth: bool) -> None:
    records = read_transfers(
        text(
            {},
            {"id": "Ў" * 20, "amount": (1 << 128) - 1, "asset": "USD", "code": 9},
            {"id": "hold", "flags": ["pending", "linked"], "timeout": 60, "effective": 1 << 62},
            {"id": "post", "flags": ["post_pending_transfer"], "pending_id": "hold", "amount": 0},
            {"id": "old", "flags": ["imported"], "timestamp": 123},
        ),
        chart,
        worth=worth,
    )
    ids = [record["id_lo"].tobytes() + record["id_hi"].tobytes() for record in records]
    assert ids == [key_128(name) for name in ("t-1", "Ў" * 20, "hold", "post", "old")]
    assert records["debit_lo"][1].tobytes() + records["debit_hi"][1].tobytes() == account_id("member/1", "USD")
    assert (int(records["amount_hi"][1]) << 64) + int(records["amount_lo"][1]) == (1 << 128) - 1
    assert records["ledger"].tolist() == [2, 1, 2, 2, 2]
    assert records["code"].tolist() == [1, 9, 1, 1, 1]
    assert records["flags"].tolist() == [
        0, 0, TransferFlag.pending | TransferFlag.linked, TransferFlag.post_pending_transfer, TransferFlag.imported
    ]  # fmt: skip
    assert (int(records["timeout"][2]), int(records["user_64"][2]), int(records["timestamp"][4])) == (60, 1 << 62, 123)
    assert records["pending_lo"][3].tobytes() + records["pending_hi"][3].tobytes() == key_128("hold")
    assert np.count_nonzero(records["pending_lo"]) == 1


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ({"debit": "nobody"}, "line 2: debit: given 'nobody', expected the address of an account that is open in BYN"),
        ({"asset": "EUR"}, "line 2: debit: given 'member/1', expected the address of an account that is open in EUR"),
        ({"amount": "12.50"}, "line 2: amount: given '12.50'"),
        ({"amount": -1}, "line 2: amount"),
        ({"amount": 1 << 128}, "line 2"),
        ({"amount": "9" * 40}, "line 2: amount"),
        ({"amount": ""}, "line 2: amount"),
        ({"amount": "١٢"}, "line 2: amount"),
        ({"amount": "1_0"}, "line 2: amount"),
        ({"amount": 1.5}, "line 2: .*amount"),
        ({"code": 1 << 16}, "line 2: code: given '65536'"),
        ({"timeout": -1}, "line 2: timeout"),
        ({"flags": ["unknown"]}, "line 2"),
        ({"id": ""}, "line 2"),
        ({"more": 1}, "line 2.*more"),
    ],
)
def test_a_wrong_line_is_named_and_nothing_is_read(chart: Chart, line: dict[str, object], words: str) -> None:
    with pytest.raises(InputError, match=words):
        read_transfers(text({}, line), chart)


@given(st.lists(st.integers(0, (1 << 128) - 1) | st.integers(0, 1 << 20), min_size=1), st.booleans(), st.data())
def test_amounts_of_any_length_and_form_are_read(amounts: list[int], mixed: bool, data: st.DataObject) -> None:
    chart = Chart()
    chart.learn([Opening("member/1", "BYN"), Opening("member/2", "BYN")])
    written = [str(one) if not mixed or data.draw(st.booleans()) else one for one in amounts]
    records = read_transfers(text(*[{"id": f"t-{row}", "amount": one} for row, one in enumerate(written)]), chart)
    assert [(high << 64) + low for low, high in records[["amount_lo", "amount_hi"]].tolist()] == amounts


def test_nothing_is_read_from_nothing(chart: Chart) -> None:
    assert len(read_transfers(b"", chart)) == 0


@pytest.mark.parametrize("line", [{"debit": "nobody"}, {"more": 1}])
def test_empty_lines_are_counted_as_an_editor_counts_them(chart: Chart, line: dict[str, object]) -> None:
    with pytest.raises(InputError, match="line 4:"):
        read_transfers(b"\n" + text({}) + b"\n\n" + text(line), chart)
