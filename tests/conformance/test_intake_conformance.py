"""Intake against real files, found by their kind and columns wherever they lie below the data folder."""

from __future__ import annotations

import csv
import gzip
import json
import os
from collections import Counter
from pathlib import Path

import pytest

from skarb.core.asset import currencies
from skarb.intake import Reading, read

DATA = Path(os.environ.get("SKARB_DATA", Path(__file__).parents[2].parent / "shared" / "data"))
KNOWN = {
    "amlsim": {"tran_id", "orig_acct", "bene_acct", "base_amt"},
    "amlworld": {"amount_paid", "payment_currency", "payment_format"},
}
HOT_WALLET = {"value", "rate"}
READ_KINDS = ("pain.001", "pacs.008")


def decimals(code: str) -> int | None:
    return {"BTC": 8, "TBTC": 8}.get(code) or (currencies()[code].decimals if code in currencies() else None)


def content(path: Path) -> str:
    data = path.read_bytes()
    return (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8-sig")


def tables() -> list[tuple[Path, str]]:
    found = []
    for path in sorted(DATA.rglob("*.csv*")) if DATA.is_dir() else ():
        opener = gzip.open if path.suffix == ".gz" else open
        with opener(path, "rt", encoding="utf-8-sig", errors="replace") as file:
            columns = set(file.readline().strip().split(","))
        found += [(path, name) for name, needed in KNOWN.items() if needed <= columns]
    return found


def wallets() -> list[Path]:
    found = []
    for path in sorted(DATA.rglob("*.json*")) if DATA.is_dir() else ():
        if path.stat().st_size < 10 << 20 and path.suffix in (".json", ".gz"):
            try:
                rows = json.loads(content(path))
            except ValueError:
                continue  # several answers, one a line, or no JSON at all
            if isinstance(rows, list) and rows and isinstance(rows[0], dict) and set(rows[0]) == HOT_WALLET:
                found.append(path)
    return found


def messages() -> list[tuple[Path, dict[str, object]]]:
    found = []
    for manifest in sorted(DATA.rglob("manifest.json")) if DATA.is_dir() else ():
        entries = json.loads(content(manifest))
        for entry in entries if isinstance(entries, list) else ():
            spaces = [str(part["namespace"]) for part in entry.get("parts", ())]
            if any(kind in space for kind in READ_KINDS for space in spaces):
                found.append((manifest.parent / entry["file"], entry))
    return found


TABLES, WALLETS, MESSAGES = tables(), wallets(), messages()


def account_for(readings: list[Reading], rows: int) -> None:
    seen = sorted(row for reading in readings for row in (*reading.rows, *reading.refused))
    assert seen == list(range(1, rows + 1))
    assert readings[-1].total == rows
    ids = [i.id for reading in readings for i in reading.instructions]
    assert all(0 < len(text) <= 64 for text in ids) and len(set(ids)) == len(ids)


@pytest.mark.skipif(not TABLES, reason=f"no tables of payments below {DATA} (set SKARB_DATA)")
@pytest.mark.parametrize(("path", "name"), TABLES, ids=[path.name for path, _ in TABLES])
def test_tables_of_payments(path: Path, name: str) -> None:
    rows = list(csv.DictReader(content(path).splitlines()))
    readings = list(read(path, decimals=decimals, batch=1000))
    account_for(readings, len(rows))
    assert {reading.mapping for reading in readings} == {name}
    amount, party = ("base_amt", "orig_acct") if name == "amlsim" else ("amount_paid", "payment_currency")
    for reading in readings:
        for row, i in zip(reading.rows, reading.instructions, strict=True):
            assert i.amount == rows[row - 1][amount] and i.activity in ("fiat_pay", "token_transfer_out")
            assert (i.activity == "token_transfer_out") == (rows[row - 1][party] == "Bitcoin")
        for problem in reading.problems:  # nothing but fractions of currencies that have none
            assert problem.field == "amount" and "decimals" in problem.expected, str(problem)
            assert float(problem.given) != int(float(problem.given))
    assert sum(len(reading.instructions) for reading in readings) >= 0.9 * len(rows)


@pytest.mark.skipif(not WALLETS, reason=f"no lists of value and rate below {DATA} (set SKARB_DATA)")
@pytest.mark.parametrize("path", WALLETS, ids=[path.name for path in WALLETS])
def test_deposits_and_withdrawals_of_a_wallet(path: Path) -> None:
    rows = json.loads(content(path), parse_float=str)
    readings = list(read(path, decimals=decimals))
    account_for(readings, len(rows))
    found = Counter(i.activity for reading in readings for i in reading.instructions)
    assert found["token_transfer_in"] == sum(
        not str(row["value"]).startswith("-") and str(row["value"]).strip("0.") != "" for row in rows
    )
    assert found["token_transfer_out"] == sum(str(row["value"]).startswith("-") for row in rows)
    for reading in readings:
        taken = [str(rows[row - 1]["value"]).removeprefix("-") for row in reading.rows]
        assert [i.amount for i in reading.instructions] == taken


@pytest.mark.skipif(not MESSAGES, reason=f"no manifest of ISO 20022 samples below {DATA} (set SKARB_DATA)")
@pytest.mark.parametrize(("path", "entry"), MESSAGES, ids=[path.name for path, _ in MESSAGES])
def test_messages_get_the_verdict_of_the_manifest(path: Path, entry: dict[str, object]) -> None:
    count = path.read_text(encoding="utf-8").count("CdtTrfTxInf>") // 2
    readings = list(read(path, batch=10))
    account_for(readings, count)
    told = [problem for reading in readings for problem in reading.problems]
    handed_on = sum(len(reading.instructions) for reading in readings)
    violation = str((entry.get("expected_usage_rule_violation") or {}).get("note"))
    verdicts = [part["xsd_valid"] for part in entry["parts"]]
    if False in verdicts:
        assert handed_on == 0 and len(told) >= 1
        element = next(
            str(part["first_error"]).split("}")[1].split("'")[0] for part in entry["parts"] if part["xsd_valid"] is False
        )
        assert element in {problem.field for problem in told}
    elif "commodity_currency" in violation:
        assert handed_on == 0 and any(p.given == "XAU" and "ISO 4217" in p.expected for p in told)
    elif "msgdefidr_mismatch" in violation:
        assert handed_on == 0 and any(p.field == "AppHdr/MsgDefIdr" for p in told)
    else:
        assert (handed_on, told) == (count, [])
    if None not in verdicts:
        assert all("reading profile" not in note for note in readings[0].notes), "the schemas of the data folder were not found"
