"""Ethereum, decoded from recorded answers of nodes, against the rows that others decoded from them.

Any folder or archive below the data counts that has `expected_*.csv` or `expected_*.json` (one object a line) beside answers named after
what was asked: `web3_response.eth_getBlockByNumber_….json`, `….trace_block_….json` and so on. Rows are compared column by column, in the
order of their names, whatever the order in which they were asked for.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from skarb.chain import ethereum as eth
from skarb.core.errors import InputError

csv.field_size_limit(1 << 24)
DATA = Path(os.environ.get("SKARB_DATA", Path(__file__).parents[2].parent / "shared" / "data"))
_ANSWER = re.compile(r"(?:web3_response\.)?((?:eth|trace|debug)_[A-Za-z]+)_?(.*)\.json")
Row = dict[str, Any]


class Case:
    """The files of one folder."""

    def __init__(self, name: str, files: dict[str, bytes]) -> None:
        self.name = name
        self.files = files

    def answers(self, *methods: str) -> Iterator[tuple[str, str, bytes]]:
        """Yield what was asked beside the method, the file's name, and the answer."""
        for name, data in sorted(self.files.items()):
            match = _ANSWER.fullmatch(name)
            if match is not None and match[1] in methods:
                yield match[2], name, data

    def results(self, *methods: str) -> Iterator[tuple[str, Any]]:
        for _, name, data in self.answers(*methods):
            yield name, eth.read_answer(data, name)

    # what we decode ------------------------------------------------------------------------------------------------------------

    def blocks(self) -> list[eth.Block]:
        asked = [(name, result) for name, result in self.results("eth_getBlockByNumber") if "latest" not in name]
        return [eth.block_of(result, name) for name, result in asked]

    def transactions(self) -> list[eth.Transaction]:
        return [tx for block in self.blocks() for tx in block.transactions]

    def receipts(self) -> list[eth.Receipt]:
        found = [eth.receipt_of(result, name) for name, result in self.results("eth_getTransactionReceipt")]
        for name, result in self.results("eth_getBlockReceipts"):
            found += [eth.receipt_of(one, f"{name}[{number}]") for number, one in enumerate(result)]
        return found

    def logs(self) -> list[eth.Log]:
        found = [log for receipt in self.receipts() for log in receipt.logs]
        for name, result in self.results("eth_getFilterLogs", "eth_getLogs"):
            found += [eth.log_of(one, f"{name}[{number}]") for number, one in enumerate(result)]
        if "logs.csv" in self.files:
            found += [log_of_row(row) for row in rows_of("logs.csv", self.files["logs.csv"])]
        return found

    def transfers(self) -> list[eth.TokenTransfer]:
        return eth.token_transfers(self.logs())

    def traces(self) -> list[eth.Trace]:
        found = []
        for name, result in self.results("trace_block"):
            found += eth.parity_traces(result, name)
        for line in self.files.get("geth_traces.json", b"").splitlines():
            one = json.loads(line)
            found += eth.geth_traces(one["transaction_traces"], one["block_number"], "geth_traces.json")
        return found

    def contracts(self) -> list[eth.Contract]:
        found = eth.contracts_created(self.traces())
        for asked, name, data in self.answers("eth_getCode"):
            found.append(eth.contract_of(asked.split("_")[0], eth.read_answer(data, name)))
        return found

    def tokens(self) -> list[eth.Token]:
        calls: dict[str, dict[str, str | None]] = {}
        for asked, name, data in self.answers("eth_call"):
            match = re.fullmatch(r"data_(0x[0-9a-f]{8})_to_(0x[0-9a-fA-F]{40})_.*", asked)
            assert match is not None, name
            calls.setdefault(match[2].lower(), {})[match[1]] = eth.call_answer(data, name)
        return [eth.token_of(address, known.get) for address, known in calls.items()]


def log_of_row(row: Row) -> eth.Log:
    names = {"logIndex": "log_index", "transactionIndex": "transaction_index", "blockNumber": "block_number"}
    numbers = {name: int(row[column]) for name, column in names.items()}
    rest = {"transactionHash": row["transaction_hash"], "blockHash": row["block_hash"], "address": row["address"]}
    topics = row["topics"].split(",") if row["topics"] else []
    return eth.log_of({**numbers, **rest, "data": row["data"], "topics": topics}, "logs.csv")


def rows_of(name: str, data: bytes) -> list[Row]:
    text = data.decode("utf-8-sig")
    if name.endswith(".csv"):
        return list(csv.DictReader(io.StringIO(text)))
    return [json.loads(line) for line in text.splitlines() if line.strip()]


# rows as they are expected --------------------------------------------------------------------------------------------------------


def in_full(case: Case, kind: str, rows: list[Row]) -> list[Row]:
    """Add what a stream of items says beside each: its type, its id, the time of its block."""
    blocks = {block.hash: block for block in case.blocks()}
    by_number = {block.number: block for block in blocks.values()}
    receipts = {receipt.transaction_hash: asdict(receipt) for receipt in case.receipts()}
    counts: dict[int, int] = {}
    for row in rows:
        block = by_number.get(row.get("block_number", row.get("number", -1)))
        if block is None and len(by_number) == 1:
            block = next(iter(by_number.values()))  # a contract and a token stand in no block by themselves
        extra: Row = {"type": kind}
        if block is not None:
            extra |= {"block_timestamp": block.timestamp, "block_hash": block.hash, "block_number": block.number}
            extra["item_timestamp"] = datetime.fromtimestamp(block.timestamp, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            counts[block.number] = counts.get(block.number, -1) + 1
            extra["trace_index"] = counts[block.number]
        number = extra.get("block_number")
        extra["item_id"] = {
            "block": f"block_{row.get('hash')}",
            "transaction": f"transaction_{row.get('hash')}",
            "log": f"log_{row.get('transaction_hash')}_{row.get('log_index')}",
            "token_transfer": f"token_transfer_{row.get('transaction_hash')}_{row.get('log_index')}",
            "trace": f"trace_{row.get('trace_id')}",
            "contract": f"contract_{number}_{row.get('address')}",
            "token": f"token_{number}_{row.get('address')}",
        }[kind]
        if kind == "transaction" and row["hash"] in receipts:
            extra |= {f"receipt_{name}": value for name, value in receipts[row["hash"]].items()}
        for name, value in extra.items():
            row.setdefault(name, value)
    return rows


def geth_calls(case: Case) -> list[Row]:
    found = []
    for asked, name, data in case.answers("debug_traceBlockByNumber"):
        calls = eth.read_answer(data, name)
        assert eth.geth_traces(calls, 0, name) == eth.geth_traces([one["result"] for one in calls], 0, name)
        found.append({"block_number": int(asked.split("_")[0], 16), "transaction_traces": [one["result"] for one in calls]})
    return found


DECODERS: dict[str, tuple[str, Callable[[Case], list[Any]]]] = {
    "blocks": ("block", Case.blocks),
    "transactions": ("transaction", Case.transactions),
    "receipts": ("receipt", Case.receipts),
    "logs": ("log", Case.logs),
    "token_transfers": ("token_transfer", Case.transfers),
    "traces": ("trace", Case.traces),
    "contracts": ("contract", Case.contracts),
    "tokens": ("token", Case.tokens),
}


def decoded(case: Case, kind: str, streamed: bool) -> list[Row]:
    name, decode = DECODERS[kind]
    rows = [asdict(one) for one in decode(case)]
    return in_full(case, name, rows) if streamed else rows


def comparable(value: Any) -> Any:
    """Return a value as a cell would show it, so that CSV and JSON compare alike; nothing and an empty text are the same cell."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        if value and isinstance(value[0], dict):
            return json.dumps([{key: comparable(one) for key, one in sorted(item.items())} for item in value])
        return ",".join(str(one) for one in value)
    if isinstance(value, str) and value.startswith("{"):
        return comparable(json.loads(f"[{value}]"))  # a cell of CSV holds a list of objects without its brackets
    if isinstance(value, str) and value in ("True", "False"):
        return value.lower()
    return str(value)


def cases() -> list[tuple[str, Case]]:
    folders: dict[str, dict[str, bytes]] = {}
    if DATA.is_dir():
        for path in sorted(DATA.rglob("*.zip")):
            with zipfile.ZipFile(path) as archive:
                names = [name for name in archive.namelist() if name.endswith((".json", ".csv"))]
                if not any(Path(name).name.startswith(("web3_response.", "expected_")) for name in names):
                    continue
                for name in names:
                    folders.setdefault(f"{path.name}:{Path(name).parent}", {})[Path(name).name] = archive.read(name)
        for path in sorted(DATA.rglob("expected_*")):
            beside = {other.name: other.read_bytes() for other in path.parent.iterdir() if other.suffix in (".json", ".csv")}
            if any(_ANSWER.fullmatch(name) for name in beside):
                folders[str(path.parent.relative_to(DATA))] = beside
    found = []
    for folder, files in folders.items():
        expected = [name for name in files if re.fullmatch(r"expected_\w+\.(csv|json)", name)]
        found += [(name, Case(folder, files)) for name in sorted(expected)]
    return found


CASES = cases()
WITH_TRACES = [(name, case) for name, case in CASES if name.startswith("expected_traces")]
pytestmark = pytest.mark.skipif(not CASES, reason=f"no recorded answers of Ethereum nodes below {DATA} (set SKARB_DATA)")


def key(row: Row) -> tuple[str, ...]:
    """Return what a row is sorted by: rows of one kind have the same columns."""
    return tuple(comparable(row[name]) for name in sorted(row))


@pytest.mark.parametrize(("name", "case"), CASES, ids=[f"{case.name}/{name}" for name, case in CASES])
def test_answers_are_decoded_as_expected(name: str, case: Case) -> None:
    kind = name.removeprefix("expected_").rpartition(".")[0]
    expected = rows_of(name, case.files[name])
    if kind == "geth_traces":
        assert sorted(map(repr, geth_calls(case))) == sorted(map(repr, expected))
        return
    if kind not in DECODERS:
        pytest.skip(f"a kind of row that is not decoded here: {kind}")
    found = decoded(case, kind, streamed=bool(expected) and "item_id" in expected[0])
    assert expected or not found
    columns = sorted(expected[0]) if expected else []
    if columns and found:
        assert set(columns) - set(found[0]) <= {"block_number"}, "a column is expected that is not compared here"
    shown = [{column: comparable(row.get(column)) for column in columns} for row in found]
    wanted = [{column: comparable(row[column]) for column in columns} for row in expected]
    assert sorted(shown, key=key) == sorted(wanted, key=key)


@pytest.mark.parametrize(("name", "case"), WITH_TRACES, ids=[case.name for _, case in WITH_TRACES])
def test_what_failed_took_no_effect(name: str, case: Case) -> None:
    settled = eth.settle(case.traces())
    for trace in settled:
        around = [
            other
            for other in settled
            if other.transaction_index == trace.transaction_index
            and other.trace_address == trace.trace_address[: len(other.trace_address)]
            and other.trace_type != "reward"
        ]
        assert trace.status == int(not any(other.error for other in [*around, trace]))


@pytest.mark.parametrize(("name", "case"), CASES, ids=[f"{case.name}/{name}" for name, case in CASES])
def test_an_answer_that_is_cut_is_refused(name: str, case: Case) -> None:
    for file, data in case.files.items():
        if _ANSWER.fullmatch(file):
            with pytest.raises(InputError, match=re.escape(file)):
                eth.read_answer(data[: len(data) // 2], file)


TOLD = [(name, case) for name, case in CASES if any(case.answers("eth_getBlockByNumber"))]


@pytest.mark.parametrize(("name", "case"), TOLD, ids=[f"{case.name}/{name}" for name, case in TOLD])
def test_blocks_and_receipts_are_held_to_their_roots(name: str, case: Case) -> None:
    """What a node told whole gives the roots of its block; what it left out is unverified, not wrong."""
    methods = ("eth_getBlockByNumber", "eth_getTransactionReceipt")
    answers = eth.together(eth.read_answers(data, file) for _, file, data in case.answers(*methods))
    why = answers.unverified()
    for block in answers.blocks:
        receipts = [one for one in answers.receipts if one.block_hash == block.hash]
        if len(block.transactions) == block.transaction_count and not answers.held[block.hash]:
            assert (why[block.hash] == "") == (len(receipts) == block.transaction_count)
        else:
            assert why[block.hash]
