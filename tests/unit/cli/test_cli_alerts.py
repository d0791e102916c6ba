"""`skarb alerts` over files: find, show, learn; what is refused."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

HEAD = "tran_id,orig_acct,bene_acct,tx_type,base_amt,tran_timestamp,is_sar,alert_id\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A ring of three and some everyday payments."""
    rows = [
        (1, 7, 8, 20, 1), (2, 1, 2, 5000, 2), (3, 2, 3, 4900, 3), (4, 9, 7, 35, 3), (5, 3, 1, 4850, 4), (6, 8, 9, 400, 5),
    ]  # fmt: skip
    path = tmp_path / "transactions.csv"
    path.write_text(HEAD + "".join(f"{n},{a},{b},TRANSFER,{s}.00,2011-01-0{d}T00:00:00Z,False,-1\n" for n, a, b, s, d in rows))
    return path


def test_an_alert_keeps_its_id_when_older_transfers_come_in(file: Path, skarb: Callable[..., Any]) -> None:
    (before,) = json.loads(skarb("alerts", "find", file, "--json").out)["alerts"]
    file.write_text(file.read_text() + "7,11,12,TRANSFER,70.00,2011-01-01T00:00:00Z,False,-1\n")
    (after,) = json.loads(skarb("alerts", "find", file, "--json").out)["alerts"]
    assert before["id"] == after["id"] and before["transfers"] == after["transfers"]


def test_find_lists_and_show_tells(file: Path, skarb: Callable[..., Any]) -> None:
    found = json.loads(skarb("alerts", "find", file, "--json").out)
    (alert,) = found["alerts"]
    assert alert["family"] == "cycle"
    assert [move["reference"] for move in alert["transfers"]] == ["amlsim-2", "amlsim-3", "amlsim-5"]
    assert found["disturbed"] == 3
    assert sum(alert["points"].values()) == alert["score"]
    assert alert["serves"]["certainty"] == "primary_text"
    again = json.loads(skarb("alerts", "find", file, "--json", "--by-score").out)
    assert again["order"].startswith("score")
    assert again["alerts"][0]["rank"] is None
    shown = skarb("alerts", "show", alert["id"], file)
    assert "BY-L165Z/6-internal" in shown.out
    assert "amlsim:3" in shown.out
    assert "1 alert with 3 of 6" in skarb("alerts", "find", file).err


def test_what_is_refused(file: Path, skarb: Callable[..., Any], tmp_path: Path) -> None:
    assert skarb("alerts", "show", "nothing", file).code == 4
    assert skarb("alerts", "find").code == 2
    assert skarb("alerts", "find", tmp_path / "absent.csv").code == 4
    assert skarb("alerts", "find", file, "--settings", tmp_path / "absent.yaml").code == 4
    file.write_text(file.read_text() + "7,1,2,TRANSFER,much,2011-01-06T00:00:00Z,False,-1\n")
    spoilt = skarb("alerts", "find", file)
    assert spoilt.code == 3
    assert "much" in spoilt.err


@pytest.mark.parametrize("amount", ["-5.00", "9" * 40])
def test_a_row_whose_amount_is_none_is_named(amount: str, tmp_path: Path, skarb: Callable[..., Any]) -> None:
    path = tmp_path / "own.csv"
    path.write_text(f"id,at,activity,party,asset,amount,counterparty\nr1,2026-08-01T10:00:00Z,fiat_pay,a,BYN,{amount},b\n")
    refused = skarb("alerts", "find", path)
    assert refused.code == 3 and "own.csv row 1" in refused.err
