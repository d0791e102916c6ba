"""The ledger machine: what a caller sees of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from skarb.core.errors import BrokenPromise, ConfigurationError, InputError, NotFound, Unavailable
from skarb.core.transfer import ACCOUNT, TRANSFER, AccountFlag, Limit, TransferFlag, key_128
from skarb.ledger import TRANSIENT, Filter, Ledger, Result
from skarb.ledger.batch import is_transient
from skarb.ledger.engine import kernel
from skarb.ledger.slots import hash_id

MAX = (1 << 128) - 1
SECOND = 10**9


def put(record: Any, **fields: Any) -> None:
    for name, value in fields.items():
        if record.dtype.names and name not in record.dtype.names:
            record[f"{name}_lo"], record[f"{name}_hi"] = value & (1 << 64) - 1, value >> 64
        else:
            record[name] = value


def account(key: int, **fields: Any) -> Any:
    records = np.zeros(1, ACCOUNT)
    put(records[0], **({"id": key, "ledger": 1, "code": 1} | fields))
    return records


def transfer(key: int, debit: int, credit: int, amount: int, **fields: Any) -> Any:
    records = np.zeros(1, TRANSFER)
    put(records[0], **({"id": key, "debit": debit, "credit": credit, "amount": amount, "ledger": 1, "code": 1} | fields))
    return records


def names(codes: Any) -> list[str]:
    return [Result(code).name for code in codes]


def book(*accounts: Any) -> Ledger:
    ledger = Ledger("python")
    assert not ledger.open_accounts(np.concatenate(accounts), at=1).any()
    return ledger


def test_a_transfer_moves_money_once() -> None:
    ledger = book(account(1), account(2))
    assert names(ledger.post(transfer(9, 1, 2, 70), at=10)) == ["created"]
    assert names(ledger.post(transfer(9, 1, 2, 70), at=11)) == ["exists"]
    assert names(ledger.post(transfer(9, 1, 2, 71), at=12)) == ["exists_with_different_amount"]
    assert (ledger.balance(1).posted, ledger.balance(2).posted) == (-70, 70)
    assert ledger.transfers == 1


def test_ids_are_numbers_or_their_sixteen_bytes() -> None:
    address = key_128("client/p1/money")
    ledger = book(account(int.from_bytes(address, "little")), account(2))
    ledger.post(transfer(5, 2, int.from_bytes(address, "little"), 3), at=2)
    assert ledger.balance(address).credits_posted == 3
    assert ledger.lookup_account(address) is not None and ledger.lookup_account(77) is None
    for wrong in (b"short", -1, 1 << 128):
        with pytest.raises(InputError, match="id: given"):
            ledger.balance(wrong)
    with pytest.raises(NotFound, match="not in this ledger"):
        ledger.balance(77)


@pytest.mark.parametrize(
    ("floor", "paid", "code"),
    [
        (0, 100, "created"),
        (0, 101, "exceeds_floor"),
        (-50, 150, "created"),
        (-50, 151, "exceeds_floor"),
        (30, 70, "created"),
        (30, 71, "exceeds_floor"),
        (-MAX, MAX - 1000, "created"),
    ],
)
def test_a_floor_of_any_sign_stops_what_would_fall_below_it(floor: int, paid: int, code: str) -> None:
    limits = int(Limit.floor | (Limit.floor_negative if floor < 0 else 0))
    ledger = book(account(1, limits=limits, floor=abs(floor)), account(2))
    ledger.post(transfer(1, 2, 1, 100), at=10)
    assert names(ledger.post(transfer(2, 1, 2, paid), at=20)) == [code]


def test_holds_count_against_floor_and_ceiling() -> None:
    full = int(Limit.floor | Limit.ceiling)
    ledger = book(account(1, limits=full, floor=0, ceiling=100), account(2))
    ledger.post(transfer(1, 2, 1, 100), at=10)
    assert names(ledger.post(transfer(2, 1, 2, 60, flags=TransferFlag.pending), at=20)) == ["created"]
    assert names(ledger.post(transfer(3, 1, 2, 41), at=21)) == ["exceeds_floor"]
    assert names(ledger.post(transfer(4, 2, 1, 1), at=22)) == ["exceeds_ceiling"]  # the hold may still come back
    assert names(
        ledger.post(transfer(5, 0, 0, MAX, pending=2, ledger=0, code=0, flags=TransferFlag.post_pending_transfer), at=23)
    ) == ["created"]
    assert names(ledger.post(transfer(6, 2, 1, 60, flags=TransferFlag.pending), at=24)) == ["created"]
    assert names(ledger.post(transfer(7, 2, 1, 1), at=25)) == ["exceeds_ceiling"]
    assert names(ledger.post(transfer(3, 1, 2, 1), at=26)) == ["id_already_failed"]
    assert ledger.balance(1).available == 40


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"floor": 1}, "reserved_field"),  # a limit without its bit
        ({"limits": Limit.floor_negative}, "reserved_field"),
        ({"limits": Limit.ceiling_negative}, "reserved_field"),
        ({"ceiling": 1 << 64}, "reserved_field"),
        ({"limits": 1 << 4}, "reserved_field"),
        ({"flags": 1 << 6}, "reserved_flag"),
        ({"limits": Limit.floor | Limit.ceiling, "floor": 6, "ceiling": 5}, "floor_above_ceiling"),
        ({"limits": Limit.floor | Limit.ceiling, "floor": 5, "ceiling": 5}, "created"),
        ({"limits": Limit.floor | Limit.ceiling | Limit.ceiling_negative, "floor": 0, "ceiling": 5}, "floor_above_ceiling"),
        ({"limits": Limit.floor | Limit.ceiling | Limit.ceiling_negative, "floor": 0, "ceiling": 0}, "created"),
        ({"limits": Limit.floor | Limit.floor_negative | Limit.ceiling, "floor": 9, "ceiling": 0}, "created"),
        ({"limits": 15, "floor": 5, "ceiling": 6}, "floor_above_ceiling"),
        ({"limits": 15, "floor": 6, "ceiling": 5}, "created"),
        (
            {"flags": AccountFlag.debits_must_not_exceed_credits | AccountFlag.credits_must_not_exceed_debits},
            "flags_are_mutually_exclusive",
        ),
    ],
)
def test_limits_that_make_no_sense_are_refused(fields: dict[str, Any], code: str) -> None:
    fields = {name: int(value) for name, value in fields.items()}
    assert names(Ledger("python").open_accounts(account(1, **fields), at=1)) == [code]


def test_the_same_account_with_other_limits_is_another_account() -> None:
    ledger = book(account(1, limits=int(Limit.floor), floor=5))
    for fields in (
        {"limits": int(Limit.floor), "floor": 6},
        {"limits": int(Limit.floor | Limit.ceiling), "floor": 5},
        {"limits": 0},
    ):
        assert names(ledger.open_accounts(account(1, **fields), at=9)) == ["exists_with_different_limits"]
    assert names(ledger.open_accounts(account(1, limits=int(Limit.floor), floor=5), at=9)) == ["exists"]
    for field, word in {"user_64": "user_data_64", "user_32": "user_data_32"}.items():
        codes = ledger.open_accounts(account(1, limits=int(Limit.floor), floor=5, **{field: 1}), at=9)
        assert names(codes) == [f"exists_with_different_{word}"]


def test_holds_run_out_by_the_moment_of_a_batch() -> None:
    ledger = book(account(1), account(2))
    start = 10 * SECOND
    ledger.post(transfer(1, 1, 2, 5, timeout=2, flags=TransferFlag.pending), at=start)
    assert ledger.expire(start + 2 * SECOND - 1) == 0
    assert ledger.balance(1).debits_pending == 5
    ledger.post(transfer(2, 1, 2, 1), at=start + 2 * SECOND)
    assert ledger.balance(1).debits_pending == 0
    void = transfer(3, 0, 0, 0, pending=1, ledger=0, code=0, flags=TransferFlag.void_pending_transfer)
    assert names(ledger.post(void, at=start + 3 * SECOND)) == ["pending_transfer_expired"]
    assert [moved.change for moved in ledger.history().changes()] == ["pending", "expired", "created"]


def test_a_hold_runs_out_within_a_batch_at_its_very_moment() -> None:
    def voided(deadline: int) -> list[str]:
        ledger = book(account(1), account(2))
        ledger.post(transfer(1, 1, 2, 5, timeout=1, flags=TransferFlag.pending), at=100)
        void = transfer(3, 0, 0, 0, pending=1, ledger=0, code=0, flags=TransferFlag.void_pending_transfer)
        return names(ledger.post(np.concatenate([transfer(2, 1, 2, 1), void]), at=deadline - 1))

    assert voided(100 + SECOND) == ["created", "pending_transfer_expired"]
    assert voided(100 + SECOND - 1) == ["created", "created"]


def test_many_holds_run_out_in_the_order_of_their_moments() -> None:
    ledger = book(account(1), account(2))
    waits = [7, 3, 9, 1, 3, 8, 2, 6, 4, 5, 1, 9]
    for key, wait in enumerate(waits, start=1):
        ledger.post(transfer(key, 1, 2, 1 << key, timeout=wait, flags=TransferFlag.pending), at=1000 + key)
    again = Ledger.restore(ledger.snapshot(), "python")
    for moment in range(1, 11):
        for one in (ledger, again):
            one.expire(moment * SECOND + 2000)
            assert one.balance(1).debits_pending == sum(1 << key for key, wait in enumerate(waits, start=1) if wait > moment)
        assert ledger.state_hash() == again.state_hash()


def test_a_dry_run_changes_nothing_even_when_it_lets_holds_run_out() -> None:
    ledger = book(account(1), account(2, flags=int(AccountFlag.debits_must_not_exceed_credits)))
    ledger.post(transfer(1, 1, 2, 5, timeout=1, flags=TransferFlag.pending), at=5)
    before, bytes_before = ledger.state_hash(), ledger.snapshot()
    batch = np.concatenate(
        [transfer(2, 1, 2, 1), transfer(3, 2, 1, 99), transfer(4, 1, 2, 7, flags=TransferFlag.pending, timeout=3)]
    )
    assert names(ledger.dry_run(batch, at=9 * SECOND)) == ["created", "exceeds_credits", "created"]
    assert (ledger.state_hash(), ledger.snapshot()) == (before, bytes_before)
    assert ledger.balance(1).debits_pending == 5
    assert names(ledger.post(batch, at=9 * SECOND)) == ["created", "exceeds_credits", "created"]
    assert ledger.balance(1).debits_pending == 7


@pytest.mark.parametrize("kind", ["python", "numba"])
def test_what_was_rehearsed_is_what_is_posted_and_leaves_no_trace(kind: Any) -> None:
    """Piece by piece, accounts opened in between, the index growing on the way: the answers of the whole, and then as if nothing had been."""
    rng = np.random.default_rng(7)
    parts = [
        np.concatenate(
            [
                transfer(int(key), int(a), int(b), int(rng.integers(1, 400)), flags=int(flag))
                for key, a, b, flag in zip(
                    rng.integers(1, 600, 40), *rng.integers(1, 4 + place // 2, (2, 40)), rng.choice([0, 0, 1, 2], 40), strict=True
                )
            ]
        )
        for place in range(12)  # each uses accounts that were opened before it
    ]
    for part in parts:
        part["flags"][-1] &= 0xFFFE  # a chain ends with its piece, as the legs of one instruction do
    ledger, plain = Ledger(kind), Ledger(kind)
    for one in (ledger, plain):
        one.open_accounts(np.concatenate([account(1), account(2)]), at=5)
        one.post(np.concatenate([transfer(1000, 1, 2, 500)]), at=6)
    floored = [account(key, flags=int(AccountFlag.debits_must_not_exceed_credits)) for key in range(3, 9)]
    answers, before = [], {key: ledger.balance(key) for key in (1, 2)}
    for place, part in enumerate(parts):
        if place % 2 == 0:
            ledger.open_accounts(floored[place // 2], at=9)
            plain.open_accounts(floored[place // 2], at=9)
        answers += ledger.rehearse(part, at=9).tolist()
    with pytest.raises(BrokenPromise, match="forgotten before anything else is posted"):
        ledger.post(parts[0], at=9)
    ledger.forget()
    ledger.forget()
    assert ledger.state_hash() == plain.state_hash() and ledger.snapshot() == plain.snapshot()
    assert {key: ledger.balance(key) for key in (1, 2)} == before
    for place, part in enumerate(parts):
        assert ledger.post(part, at=9).tolist() == answers[40 * place : 40 * place + 40]
    assert len(set(answers)) > 4


def test_time_never_runs_back() -> None:
    ledger = book(account(1), account(2))
    ledger.post(np.concatenate([transfer(1, 1, 2, 1), transfer(2, 1, 2, 1)]), at=100)
    ledger.post(transfer(3, 1, 2, 1), at=50)
    moments = [int(record["timestamp"]) for key in (1, 2, 3) if (record := ledger.lookup_transfer(key)) is not None]
    assert moments == [100, 101, 102]
    assert ledger.moment == 102


@pytest.mark.parametrize("at", [0, -1, 1 << 63])
def test_a_moment_that_is_none_is_refused(at: int) -> None:
    ledger = book(account(1), account(2))
    with pytest.raises(InputError, match="moment of a batch"):
        ledger.post(transfer(1, 1, 2, 1), at=at)
    with pytest.raises(InputError, match="all of them before"):
        ledger.post(np.concatenate([transfer(1, 1, 2, 1)] * 2), at=(1 << 63) - 1)
    assert ledger.transfers == 0


@pytest.mark.parametrize("records", [[1, 2], np.zeros(3), np.zeros(2, ACCOUNT), np.zeros((1, 1), TRANSFER)])
def test_records_of_another_shape_are_refused(records: Any) -> None:
    with pytest.raises(InputError, match=r"transfer batch: given .*expected one row of transfer records"):
        Ledger("python").post(records, at=1)


def test_empty_batches_and_batches_from_bytes_are_taken() -> None:
    ledger = book(account(1), account(2))
    assert ledger.post(np.zeros(0, TRANSFER), at=5).tolist() == []
    assert ledger.open_accounts(np.zeros(0, ACCOUNT), at=5).tolist() == []
    assert names(ledger.post(np.frombuffer(transfer(1, 1, 2, 3).tobytes(), TRANSFER), at=6)) == ["created"]
    twice = np.concatenate([transfer(2, 1, 2, 3), transfer(9, 1, 2, 9), transfer(3, 1, 2, 3), transfer(9, 1, 2, 9)])[::2]
    assert names(ledger.post(twice, at=7)) == ["created", "created"]
    assert ledger.lookup_transfer(9) is None


def test_a_balancing_transfer_is_the_same_if_it_allows_what_really_moved() -> None:
    ledger = book(account(1), account(2), account(3))
    much = (1 << 64) + 5
    ledger.post(transfer(1, 3, 1, much), at=5)
    balancing = {"flags": TransferFlag.balancing_debit}
    assert names(ledger.post(transfer(2, 1, 2, MAX, **balancing), at=6)) == ["created"]
    assert ledger.balance(2).posted == much
    for amount, code in ((much, "exists"), (MAX, "exists"), (2 << 64, "exists"), (6, "exists_with_different_amount")):
        assert names(ledger.post(transfer(2, 1, 2, amount, **balancing), at=7)) == [code]


@pytest.mark.parametrize("kind", ["python", "numba"])
def test_ids_with_one_fingerprint_are_still_two(kind: Any) -> None:
    high = np.arange(1, 400_000, dtype=np.uint64)
    prints = hash_id(np.uint64(77), high) >> np.uint64(32)
    order = np.argsort(prints, kind="stable")
    twins = np.flatnonzero(np.diff(prints[order]) == 0)
    assert len(twins) > 3
    ledger = Ledger(kind)
    ledger.open_accounts(np.concatenate([account(1), account(2)]), at=1)
    for place in twins[:8].tolist():
        one, other = (77 | int(high[order[place + step]]) << 64 for step in (0, 1))
        assert names(ledger.post(transfer(one, 1, 99, 1), at=2)) == ["credit_account_not_found"]
        assert names(ledger.post(transfer(other, 1, 2, 1), at=2)) == ["created"]
        assert names(ledger.post(transfer(one, 1, 2, 1), at=2)) == ["id_already_failed"]
        assert names(ledger.open_accounts(account(one), at=3)) == ["created"]
        assert ledger.lookup_account(other) is None
        assert names(ledger.open_accounts(account(other), at=3)) == ["created"]


def test_supply_is_exact_beyond_64_bits() -> None:
    ledger = book(account(1), account(2), account(3), account(4, ledger=7), account(5, ledger=7))
    big = (1 << 127) - 1
    batch = [transfer(1, 1, 2, big), transfer(2, 1, 3, big), transfer(3, 2, 3, (1 << 64) - 1), transfer(4, 4, 5, 8, ledger=7)]
    ledger.post(np.concatenate(batch), at=9)
    supply = ledger.supply()
    assert list(supply) == [1, 7]
    assert supply[1].debits_posted == supply[1].credits_posted == 2 * big + (1 << 64) - 1
    assert (supply[7].debits_posted, supply[7].accounts) == (8, 2)
    assert all(sums.balanced for sums in supply.values())
    table = ledger.balances()
    assert table["credits_posted_lo"][2] == ((big + (1 << 64) - 1) & (1 << 64) - 1)
    assert Ledger("python").supply() == {}


def test_a_damaged_snapshot_is_refused() -> None:
    ledger = book(account(1), account(2))
    ledger.post(transfer(1, 1, 2, 3), at=5)
    data = ledger.snapshot()
    assert Ledger.restore(data, "python").state_hash() == ledger.state_hash()
    for place in range(0, len(data), 37):
        damaged = bytearray(data)
        damaged[place] ^= 1
        with pytest.raises(InputError, match="ledger snapshot"):
            Ledger.restore(bytes(damaged), "python")
    for length in (0, 10, len(data) - 1):
        with pytest.raises(InputError, match="ledger snapshot"):
            Ledger.restore(data[:length], "python")


def test_growth_keeps_everything() -> None:
    ledger = Ledger("numba")
    count = 5000
    accounts = np.zeros(count, ACCOUNT)
    accounts["id_lo"], accounts["id_hi"], accounts["ledger"], accounts["code"] = np.arange(1, count + 1), 3, 1, 1
    for first in range(0, count, 700):
        assert not ledger.open_accounts(accounts[first : first + 700], at=1).any()
    transfers = np.zeros(4 * count, TRANSFER)
    transfers["id_lo"], transfers["id_hi"] = np.arange(1, 4 * count + 1), 1 << 60
    transfers["debit_lo"], transfers["credit_lo"] = 1 + np.arange(4 * count) % count, 1 + (np.arange(4 * count) * 7 + 1) % count
    transfers["debit_hi"] = transfers["credit_hi"] = 3
    transfers["amount_lo"], transfers["ledger"], transfers["code"] = 2, 1, 1
    same = transfers["debit_lo"] == transfers["credit_lo"]
    for first in range(0, 4 * count, 999):
        ledger.post(transfers[first : first + 999], at=2)
    assert ledger.transfers == 4 * count - int(same.sum())
    answers = ledger.post(transfers, at=3)
    assert set(answers[~same].tolist()) == {int(Result.exists)}
    assert ledger.supply()[1].debits_posted == 2 * ledger.transfers
    assert ledger.balance((3 << 64) | 17).debits_posted == 8


def test_history_stays_as_it_was_when_the_ledger_moves_on() -> None:
    ledger = book(account(1, flags=int(AccountFlag.history)), account(2))
    ledger.post(transfer(1, 1, 2, 3), at=5)
    past = ledger.history()
    steps = past.changes()
    for key in range(2, 3000):
        ledger.post(transfer(key, 1, 2, 1), at=6)
    assert [(moved.transfer, moved.amount) for moved in steps] == [(1, 3)]
    assert [sums.debits_posted for _, sums in past.account_balances(1, Filter())] == [3]
    assert past.account_balances(2, Filter()) == []  # opened without the flag
    assert len(past.query_transfers(Filter(code=1))) == 1
    assert len(ledger.history().account_transfers(2, Filter(limit=10, reversed=True), outgoing=False)) == 10


def test_transient_answers_are_one_set() -> None:
    assert {code for code in Result if is_transient(code)} == TRANSIENT
    assert Result.ok is Result.created and len({int(code) for code in Result}) == len(Result)


def test_importing_the_room_loads_and_compiles_nothing() -> None:
    script = "import sys, json, skarb.ledger as l; x = l.Ledger(); print(json.dumps([n for n in sys.modules if 'numba' in n or 'llvm' in n]))"
    environment = {name: value for name, value in os.environ.items() if name != "SKARB_KERNEL"}
    source = str(Path(__file__).parents[3] / "src")
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, env=environment | {"PYTHONPATH": source}
    )
    assert json.loads(done.stdout) == []


def test_the_environment_chooses_the_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SKARB_KERNEL", "python")
    assert kernel().kind == "python"
    monkeypatch.setenv("SKARB_KERNEL", "numba")
    assert kernel(events=0).kind == "numba"
    monkeypatch.delenv("SKARB_KERNEL")
    assert (kernel(events=1).kind, kernel().kind) == ("python", "numba")
    monkeypatch.setenv("SKARB_KERNEL", "fortran")
    with pytest.raises(ConfigurationError, match=r"'fortran'.*numba, python"):
        kernel()


def test_without_numba_the_interpreter_does_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("skarb.core.compiled.has_numba", lambda: False)
    monkeypatch.delenv("SKARB_KERNEL", raising=False)
    assert kernel().kind == "python"
    with pytest.raises(Unavailable, match="not installed"):
        kernel("numba")


def test_a_ledger_changes_over_to_the_compiler_without_anyone_noticing() -> None:
    changing, steady = Ledger(), Ledger("python")
    batches = [
        np.concatenate([transfer(first + key, 1, 2, key, flags=key % 2 * 2) for key in range(1, 601)])
        for first in range(0, 3000, 600)
    ]
    for ledger in (changing, steady):
        ledger.open_accounts(np.concatenate([account(1), account(2)]), at=1)
        for number, batch in enumerate(batches):
            ledger.post(batch, at=10 + number)
    assert changing.state_hash() == steady.state_hash()
    assert os.environ.get("SKARB_KERNEL") or changing._kernel.kind == "numba"
