"""Transactions of many legs, reversals, and the balances told with every answer."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skarb.core.errors import InputError
from skarb.core.transfer import ACCOUNT, TRANSFER, Limit, TransferFlag
from skarb.ledger import Ledger, Leg, Result, reversal_of, transfers_of

ACCOUNTS = range(1, 7)
SUMS = ("debits_pending", "debits_posted", "credits_pending", "credits_posted")


def opened(floors: bool = False, kind: str = "python") -> Ledger:
    ledger = Ledger(kind)
    records = np.zeros(len(ACCOUNTS) + 1, ACCOUNT)
    records["id_lo"] = [*ACCOUNTS, 100]
    records["ledger"], records["code"] = 1, 1
    if floors:
        records["limits"][:-1] = Limit.floor
    assert (ledger.open_accounts(records, 1) == Result.created).all()
    return ledger


def transfer(name: int, debit: int, credit: int, amount: int, flags: int = 0, pending: int = 0, timeout: int = 0) -> np.ndarray:
    record = np.zeros(1, TRANSFER)
    values = {"id_lo": name, "debit_lo": debit, "credit_lo": credit, "amount_lo": amount, "pending_lo": pending}
    for field, value in (values | {"flags": flags, "timeout": timeout, "ledger": 1, "code": 1}).items():
        record[field] = value
    return record


changes = st.dictionaries(st.sampled_from(list(ACCOUNTS)), st.integers(-50, 50), min_size=2).map(
    lambda amounts: [*amounts.items(), (100, -sum(amounts.values()))]
)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(changes, st.randoms()), min_size=1, max_size=8), st.booleans())
def test_a_transaction_changes_accounts_by_its_legs_or_not_at_all(drawn, floors: bool) -> None:
    """Whatever the order of legs, it is posted if and only if every account holds its floor afterwards."""
    ledger, balances = opened(floors), Counter()
    for number, (legs, random) in enumerate(drawn, 1):
        split = [(account, part) for account, amount in legs for part in (amount - 7, 7)]
        random.shuffle(split)
        after = Counter(balances)
        for account, amount in legs:
            after[account] += amount
        try:
            records = transfers_of(number << 64, [Leg(account, 1, amount) for account, amount in split], code=1)
        except InputError:
            assert not any(amount for _, amount in legs)
            continue
        codes = ledger.post(records, number * 10)
        allowed = not floors or all(
            after[account] >= min(0, balances[account]) or amount >= 0 for account, amount in legs if account != 100
        )
        assert (codes == Result.created).all() == allowed
        assert allowed or Result.exceeds_floor in codes
        balances = after if allowed else balances
        assert {account: ledger.balance(account).posted for account in (*ACCOUNTS, 100)} == {
            a: balances[a] for a in (*ACCOUNTS, 100)
        }
        again = ledger.post(records, number * 10 + 5)
        if allowed:
            assert again[0] == Result.exists


def test_a_transaction_over_two_assets_is_one() -> None:
    ledger = Ledger("python")
    records = np.zeros(4, ACCOUNT)
    records["id_lo"], records["ledger"], records["code"] = [1, 2, 3, 4], [1, 1, 2, 2], 1
    records["limits"][2] = Limit.floor  # the third has nothing to give
    ledger.open_accounts(records, 1)
    legs = [Leg(1, 1, -10), Leg(2, 1, 10), Leg(3, 2, -5), Leg(4, 2, 5)]
    assert ledger.post(transfers_of(9, legs, code=1), 10).tolist() == [Result.linked_event_failed, Result.exceeds_floor]
    assert ledger.balance(1).posted == 0


@pytest.mark.parametrize(
    ("legs", "words"),
    [
        ([Leg(1, 1, -10), Leg(2, 1, 9)], "add up to -1, expected 0"),
        ([Leg(1, 1, -10), Leg(2, 2, 10)], "ledger 1 add up to -10"),
        ([], "change no account"),
        ([Leg(1, 1, 5), Leg(1, 1, -5)], "change no account"),
        ([Leg(1, 1, -(1 << 128)), Leg(2, 1, 1 << 128)], "less than 2\\^128"),
        ([Leg(1, 1, 0)] * 9000, "at most 8192"),
    ],
)
def test_legs_that_are_no_transaction_are_refused(legs: list[Leg], words: str) -> None:
    with pytest.raises(InputError, match=words):
        transfers_of(1, legs, code=1)


def test_a_reversal_takes_back_what_was_moved_once() -> None:
    ledger = opened()
    ledger.post(transfer(1, 1, 2, 30), 10)
    ledger.post(transfer(2, 1, 2, 20, TransferFlag.pending), 20)
    ledger.post(transfer(3, 1, 2, 15, TransferFlag.post_pending_transfer, pending=2), 30)
    for name, left in ((1, 15), (3, 0)):
        record = ledger.lookup_transfer(name)
        assert ledger.post(reversal_of(record), 40 + name).tolist() == [Result.created]
        assert ledger.post(reversal_of(record), 50 + name).tolist() == [Result.exists]
        assert ledger.balance(2).posted == left
    with pytest.raises(InputError, match="void the hold instead"):
        reversal_of(ledger.lookup_transfer(2))


events = st.tuples(
    st.sampled_from(list(ACCOUNTS)),
    st.sampled_from(list(ACCOUNTS)),
    st.integers(0, 20),
    st.sampled_from(
        [0, 0, 0, TransferFlag.pending, TransferFlag.balancing_debit, TransferFlag.post_pending_transfer, TransferFlag.linked]
    ),
    st.integers(1, 8),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(events, min_size=1, max_size=12), st.booleans(), st.booleans())
def test_the_answer_tells_the_balances_right_after_each_transfer(drawn, floors: bool, keep: bool) -> None:
    """Compared with a ledger that gets one chain at a time and is asked after it."""
    post = TransferFlag.post_pending_transfer
    records = [transfer(n, d, c, a, int(f), p if f == post else 0) for n, (d, c, a, f, p) in enumerate(drawn, 1)]
    records[-1]["flags"] &= ~np.uint16(TransferFlag.linked)
    whole, steps = opened(floors), opened(floors)
    before = whole.state_hash()
    codes, after = whole.post_and_tell(np.concatenate(records), 1000, keep=keep)
    assert keep or whole.state_hash() == before
    chain: list[int] = []
    moment = 1000
    for index, record in enumerate(records):
        chain.append(index)
        if int(record["flags"][0]) & TransferFlag.linked:
            continue
        assert steps.post(np.concatenate([records[i] for i in chain]), moment).tolist() == codes[chain].tolist()
        moment += len(chain)
        if codes[index] == Result.created:
            posted = steps.lookup_transfer(index + 1)
            for side in ("debit", "credit"):
                balance = steps.balance(int(posted[f"{side}_lo"]))
                assert [told(after[index], side, name) for name in SUMS] == [getattr(balance, name) for name in SUMS]
        else:
            assert not any(after[i].tobytes().strip(b"\0") for i in chain)
        chain = []
    if keep:
        assert whole.balances().tobytes() == steps.balances().tobytes()


def told(after: np.void, side: str, name: str) -> int:
    return int(after[f"{side}_{name}_lo"]) | int(after[f"{side}_{name}_hi"]) << 64


def test_compiled_it_tells_the_same() -> None:
    records = np.concatenate([transfer(n, n % 6 + 1, (n + 1) % 6 + 1, n, n % 2 * TransferFlag.pending) for n in range(1, 200)])
    (codes, after), (codes_2, after_2) = (opened(kind=kind).post_and_tell(records, 10) for kind in ("python", "numba"))
    assert (codes.tobytes(), after.tobytes()) == (codes_2.tobytes(), after_2.tobytes())
    assert after.tobytes().strip(b"\0")
