"""The ledger machine against TigerBeetle's own tables of cases.

Every JSON file in the folder `ledger` of SKARB_DATA whose object has `cases` made of `steps` is run, on both kernels. All steps are
checked: the answer to each account and transfer, every balance and transfer looked up, every query and every change event.

One kind of step cannot be written down here: a new account that brings balances (`debits_pending_must_be_zero` and its three
sisters). An account record has no room for them, so these steps are left out of their batch and counted (four in the file of
TigerBeetle's commit 52ad553f9635).
"""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from skarb.core.transfer import ACCOUNT, TRANSFER, AccountFlag, TransferFlag
from skarb.ledger import Filter, Ledger, Result

DATA = Path(os.environ.get("SKARB_DATA") or Path(__file__).parents[3] / "shared" / "data") / "ledger"
TIMES = {
    "nanoseconds": 1,
    "microseconds": 10**3,
    "milliseconds": 10**6,
    "seconds": 10**9,
    "minutes": 60 * 10**9,
    "hours": 3600 * 10**9,
}
TIME_MAX = (1 << 63) - 1
SUMS = ("debits_pending", "debits_posted", "credits_pending", "credits_posted")
CANNOT_BE_WRITTEN = {f"{name}_must_be_zero" for name in SUMS}
CHANGES = {"_": "created", "PEN": "pending", "POS": "posted", "VOI": "voided", "EXP": "expired"}


def case_files() -> Iterator[tuple[str, dict[str, Any]]]:
    for path in sorted(DATA.glob("*.json*")) if DATA.is_dir() else ():
        raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        content = json.loads(raw)
        if isinstance(content, dict) and all("steps" in case for case in content.get("cases", [{}])):
            for number, case in enumerate(content["cases"]):
                yield f"{path.name}:{number}:{case.get('name', '')}", case


CASES = list(case_files())
pytestmark = pytest.mark.skipif(not CASES, reason=f"no ledger case files in {DATA} (set SKARB_DATA)")


@pytest.mark.parametrize("kind", ["python", "numba"])
@pytest.mark.parametrize(("name", "case"), CASES, ids=[name for name, _ in CASES])
def test_case(name: str, case: dict[str, Any], kind: Any) -> None:
    run = Run(kind)
    for number, step in enumerate(case["steps"]):
        run.take(step, f"{name}, step {number}")
    assert not run.pending, f"{name}: steps without a commit"
    assert run.checked == sum(step["action"] not in {"tick", "setup"} for step in case["steps"]) - run.left_out


def test_every_step_but_those_that_cannot_be_written_is_covered() -> None:
    left_out = 0
    for name, case in CASES:
        run = Run("python")
        for number, step in enumerate(case["steps"]):
            run.take(step, f"{name}, step {number}")
        left_out += run.left_out
    assert left_out == sum(step.get("expect") in CANNOT_BE_WRITTEN for _, case in CASES for step in case["steps"])


class Run:
    """One case: a ledger, its clock, and the steps that wait for their commit."""

    def __init__(self, kind: Any) -> None:
        self.ledger = Ledger(kind)
        self.clock = 0
        self.pending: list[tuple[dict[str, Any], str]] = []
        self.checked = 0
        self.left_out = 0

    def take(self, step: dict[str, Any], where: str) -> None:
        if step["action"] == "setup":
            self.set_balance(step)
        elif step["action"] == "tick":
            nanoseconds = abs(number(step["value"])) * TIMES[step["unit"]]
            self.clock += nanoseconds if number(step["value"]) > 0 else TIME_MAX - nanoseconds
        elif step["action"] == "commit":
            getattr(self, step["operation"])(self.pending, where)
            self.checked += 1 + len(self.pending)
            self.pending = []
        elif step.get("expect") in CANNOT_BE_WRITTEN:
            self.left_out += 1
        else:
            self.pending.append((step, where))

    def set_balance(self, step: dict[str, Any]) -> None:
        # Only a test may write a balance without a transfer.
        books = self.ledger._books
        row = next(row for row in range(self.ledger.accounts) if wide(books.accounts[row], "id") == number(step["account"]))
        for column, name in enumerate(SUMS):
            books.balances[row, 2 * column : 2 * column + 2] = halves(step.get(name, 0))

    def create_accounts(self, steps: list[tuple[dict[str, Any], str]], where: str) -> None:
        records = np.zeros(len(steps), ACCOUNT)
        for record, (step, _) in zip(records, steps, strict=True):
            write(record, step, AccountFlag, {"id": "id", "user": "user_data_128"})
            record["limits"] = number(step.get("reserved", 0)) << 8
        self.compare(self.ledger.open_accounts(records, self.clock + 1), steps)

    def create_transfers(self, steps: list[tuple[dict[str, Any], str]], where: str) -> None:
        records = np.zeros(len(steps), TRANSFER)
        names = {"id": "id", "debit": "debit_account_id", "credit": "credit_account_id", "amount": "amount"}
        names |= {"pending": "pending_id", "user": "user_data_128"}
        for record, (step, _) in zip(records, steps, strict=True):
            write(record, step, TransferFlag, names)
            record["timeout"] = number(step.get("timeout", 0))
        before = self.ledger.state_hash()
        tried = self.ledger.dry_run(records, self.clock + 1)
        assert self.ledger.state_hash() == before, f"{where}: a dry run left something behind"
        answers = self.ledger.post(records, self.clock + 1)
        assert tried.tolist() == answers.tolist()
        self.compare(answers, steps)

    def compare(self, answers: Any, steps: list[tuple[dict[str, Any], str]]) -> None:
        for answer, (step, where) in zip(answers.tolist(), steps, strict=True):
            assert Result(answer).name == step["expect"], where
        self.clock = max(self.clock + len(steps), self.ledger.moment)

    def lookup_accounts(self, steps: list[tuple[dict[str, Any], str]], where: str) -> None:
        self.ledger.expire(self.clock + 1)
        for step, here in steps:
            record = self.ledger.lookup_account(number(step["id"]))
            assert (record is not None) == step.get("found", True), here
            if record is not None:
                balance = self.ledger.balance(number(step["id"]))
                assert {name: getattr(balance, name) for name in SUMS} == {name: number(step.get(name, 0)) for name in SUMS}, here
                assert balance.closed == ("closed" in step["flags"]), here

    def lookup_transfers(self, steps: list[tuple[dict[str, Any], str]], where: str) -> None:
        for step, here in steps:
            record = self.ledger.lookup_transfer(number(step["id"]))
            expected = step.get("exists", "amount" in step or "timestamp" in step)
            assert (record is not None) == expected, here
            if record is not None and "amount" in step:
                assert wide(record, "amount") == number(step["amount"]), here
            if record is not None and "timestamp" in step:
                assert int(record["timestamp"]) == number(step["timestamp"]), here

    def query_accounts(self, steps: list[tuple[dict[str, Any], str]], where: str) -> None:
        found = self.ledger.history().query_accounts(self.filter(steps[0][0], self.ledger.lookup_account))
        assert [wide(record, "id") for record in found] == [number(step["id"]) for step, _ in steps[1:]], where

    def query_transfers(self, steps: list[tuple[dict[str, Any], str]], where: str) -> None:
        found = self.ledger.history().query_transfers(self.filter(steps[0][0], self.ledger.lookup_transfer))
        assert [wide(record, "id") for record in found] == [number(step["id"]) for step, _ in steps[1:]], where

    def get_account_transfers(self, steps: list[tuple[dict[str, Any], str]], where: str) -> None:
        step, wanted = steps[0][0], self.filter(steps[0][0], self.ledger.lookup_transfer)
        sides = {"outgoing": "debits" in step["flags"], "incoming": "credits" in step["flags"]}
        found = self.ledger.history().account_transfers(number(step["account_id"]), wanted, **sides)
        assert [wide(record, "id") for record in found] == [number(step["id"]) for step, _ in steps[1:]], where

    def get_account_balances(self, steps: list[tuple[dict[str, Any], str]], where: str) -> None:
        step, wanted = steps[0][0], self.filter(steps[0][0], self.ledger.lookup_transfer)
        sides = {"outgoing": "debits" in step["flags"], "incoming": "credits" in step["flags"]}
        found = self.ledger.history().account_balances(number(step["account_id"]), wanted, **sides)
        expected = [
            (self.moment_of(step["transfer_id"], self.ledger.lookup_transfer), [number(step.get(name, 0)) for name in SUMS])
            for step, _ in steps[1:]
        ]
        assert [(moment, [getattr(sums, name) for name in SUMS]) for moment, sums in found] == expected, where

    def get_change_events(self, steps: list[tuple[dict[str, Any], str]], where: str) -> None:
        self.ledger.expire(self.clock + 1)
        first, last, limit = steps[0][0]["raw"]
        low = 0 if first == "_" else self.moment_of(first[1:], self.ledger.lookup_transfer)
        high = TIME_MAX if last == "_" else self.moment_of(last[1:], self.ledger.lookup_transfer)
        found = [moved for moved in self.ledger.history().changes() if low <= moved.timestamp <= high]
        found = found if limit.startswith("-") else found[: int(limit)]
        seen = [
            (m.change, m.transfer, m.amount, m.pending, m.debit, sums_of(m.debit_sums), m.credit, sums_of(m.credit_sums))
            for m in found
        ]
        assert seen == [change_of(step["raw"]) for step, _ in steps[1:]], where

    def filter(self, step: dict[str, Any], lookup: Any) -> Filter:
        fields = ("user_data_128", "user_data_64", "user_data_32", "ledger", "code")
        return Filter(
            **{field: number(step.get(field, 0)) for field in fields},
            timestamp_min=self.moment_of(step.get("timestamp_min_transfer_id", 0), lookup),
            timestamp_max=self.moment_of(step.get("timestamp_max_transfer_id", 0), lookup),
            limit=number(step.get("limit", 0)),
            reversed="reversed" in step["flags"],
        )

    @staticmethod
    def moment_of(key: Any, lookup: Any) -> int:
        return int(lookup(number(key))["timestamp"]) if number(key) else 0


def change_of(raw: list[str]) -> tuple[Any, ...]:
    change, transfer, amount, pending = raw[:4]
    debit, credit = raw[4:10], raw[10:16]
    return (
        CHANGES[change],
        None if transfer == "_" else int(transfer[1:]),
        int(amount),
        None if pending == "_" else int(pending[1:]),
        int(debit[0][1:]),
        (*map(int, debit[1:5]), debit[5] == "CLSD"),
        int(credit[0][1:]),
        (*map(int, credit[1:5]), credit[5] == "CLSD"),
    )


def sums_of(sums: Any) -> tuple[Any, ...]:
    return (*(getattr(sums, name) for name in SUMS), sums.closed)


def number(value: Any) -> int:
    """Read a number of the case files: MAX is 2^128-1 and MAX-n that less n."""
    if isinstance(value, str) and value.startswith("MAX"):
        return (1 << 128) - 1 - int(value[4:] or 0)
    return int(value)


def halves(value: Any) -> tuple[int, int]:
    return number(value) & (1 << 64) - 1, number(value) >> 64


def wide(record: Any, name: str) -> int:
    return int(record[f"{name}_lo"]) | int(record[f"{name}_hi"]) << 64


def write(record: Any, step: dict[str, Any], flags: Any, names: dict[str, str]) -> None:
    for field, key in names.items():
        record[f"{field}_lo"], record[f"{field}_hi"] = halves(step.get(key, 0))
    for field, key in {"user_64": "user_data_64", "user_32": "user_data_32", "ledger": "ledger", "code": "code"}.items():
        record[field] = number(step.get(key, 0))
    record["timestamp"] = halves(step.get("timestamp", 0))[0]
    padding = number(step.get("flags_padding", 0)) << len(flags)
    record["flags"] = sum(int(flags[name]) for name in step["flags"]) | padding
