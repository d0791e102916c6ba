"""The ledger machine against a slow book-keeper written only to be obviously right.

The book-keeper works on dictionaries of whole numbers, one event after the other, and copies everything before a chain so that it can
go back. Batches are drawn knowing what is in the books, so that they meet it: duplicates, holds that are posted, voided and run out, chains
that break, balancing and closing transfers, floors, ceilings, imports, and sums at the edge of 128 bits. The two kernels must agree
with the book-keeper and with each other, byte for byte.
"""

from __future__ import annotations

import copy
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from skarb.core.transfer import ACCOUNT, TRANSFER, AccountFlag, Limit, TransferFlag
from skarb.journal.cold import Runs
from skarb.ledger import TRANSIENT, Ledger, Result
from skarb.ledger.books import KEPT, TRANSFERS
from skarb.ledger.cold import Cold

F = TransferFlag
MAX = (1 << 128) - 1
SECOND = 10**9
START = 10**15
HIGH = 5 << 64  # ids use both halves


# ── the slow book-keeper ─────────────────────────────────────────────────────────────────────────────────────────


@dataclass
class Account:
    id: int
    ledger: int
    flags: int
    floor: int | None
    ceiling: int | None
    moment: int
    dp: int = 0  # debits pending, debits posted, credits pending, credits posted
    d: int = 0
    cp: int = 0
    c: int = 0


@dataclass(frozen=True)
class Event:
    id: int
    debit: int
    credit: int
    amount: int
    pending: int
    user: int
    timeout: int
    ledger: int
    code: int
    flags: int
    moment: int


@dataclass
class Reference:
    accounts: dict[int, Account] = field(default_factory=dict)
    transfers: dict[int, Event] = field(default_factory=dict)
    status: dict[int, str] = field(default_factory=dict)  # of holds
    spent: set[int] = field(default_factory=set)

    def expire(self, now: int) -> None:
        for key, status in self.status.items():
            hold = self.transfers[key]
            if status == "pending" and hold.timeout and hold.moment + hold.timeout * SECOND <= now:
                self.let_go(hold)
                self.status[key] = "expired"

    def let_go(self, hold: Event) -> None:
        debit, credit = self.accounts[hold.debit], self.accounts[hold.credit]
        debit.dp -= hold.amount
        credit.cp -= hold.amount
        if hold.flags & F.closing_debit:
            debit.flags &= ~AccountFlag.closed
        if hold.flags & F.closing_credit:
            credit.flags &= ~AccountFlag.closed

    def post(self, events: list[Event], start: int) -> list[str]:
        self.expire(start)
        answers: list[str] = []
        first = 0
        while first < len(events):
            last = first
            while last < len(events) and events[last].flags & F.linked:
                last += 1
            if last == len(events):
                chain, is_open = events[first:], True
            else:
                chain, is_open = events[first : last + 1], False
            answers += self.chain(chain, is_open, events, first, start)
            first += len(chain)
        return answers

    def chain(self, chain: list[Event], is_open: bool, batch: list[Event], first: int, start: int) -> list[str]:
        before = copy.deepcopy((self.accounts, self.transfers, self.status))
        for place, event in enumerate(chain):
            if is_open and place == len(chain) - 1:
                answer = "linked_event_chain_open"
            else:
                answer = self.one(event, batch, start + first + place, start + len(batch) - 1)
            if answer != "created":
                self.accounts, self.transfers, self.status = before
                if Result[answer] in TRANSIENT:
                    self.spent.add(event.id)
                answers = ["linked_event_failed"] * len(chain)
                if is_open:
                    answers[-1] = "linked_event_chain_open"
                answers[place] = answer
                return answers
        return ["created"] * len(chain)

    def one(self, t: Event, batch: list[Event], moment: int, now: int) -> str:
        if bool(t.flags & F.imported) != bool(batch[0].flags & F.imported):
            return "imported_event_not_expected" if t.flags & F.imported else "imported_event_expected"
        if t.flags & F.imported:
            if t.moment == 0 or t.moment >= 1 << 63:
                return "imported_event_timestamp_out_of_range"
            if t.moment >= now:
                return "imported_event_timestamp_must_not_advance"
        else:
            if t.moment:
                return "timestamp_must_be_zero"
            t = replace(t, moment=moment)
        if t.flags >= 1 << 9:
            return "reserved_flag"
        if t.id in (0, MAX):
            return "id_must_not_be_zero" if t.id == 0 else "id_must_not_be_int_max"
        if t.id in self.transfers:
            return self.again(t, self.transfers[t.id])
        if t.id in self.spent:
            return "id_already_failed"
        if t.flags & (F.post_pending_transfer | F.void_pending_transfer):
            return self.settle(t)
        return self.move(t)

    def again(self, t: Event, old: Event) -> str:
        if t.flags != old.flags:
            return "exists_with_different_flags"
        if t.pending != old.pending:
            return "exists_with_different_pending_id"
        if t.timeout != old.timeout:
            return "exists_with_different_timeout"
        settles = t.flags & (F.post_pending_transfer | F.void_pending_transfer)
        hold = self.transfers[old.pending] if settles else old
        given = {"debit": t.debit, "credit": t.credit, "user": t.user, "ledger": t.ledger, "code": t.code}
        if settles:  # what is left out was taken from the hold
            given = {name: value or getattr(hold, name) for name, value in given.items()}
        for name in ("debit", "credit"):
            if given[name] != getattr(old, name):
                return f"exists_with_different_{name}_account_id"
        amount = t.amount
        if (t.flags & F.void_pending_transfer and amount == 0) or (t.flags & F.post_pending_transfer and amount == MAX):
            amount = hold.amount
        balancing = t.flags & (F.balancing_debit | F.balancing_credit)
        if amount < old.amount or (amount != old.amount and not balancing):
            return "exists_with_different_amount"
        if given["user"] != old.user:
            return "exists_with_different_user_data_128"
        if given["ledger"] != old.ledger:
            return "exists_with_different_ledger"
        return "exists_with_different_code" if given["code"] != old.code else "exists"

    def move(self, t: Event) -> str:
        for side in ("debit", "credit"):
            if getattr(t, side) == 0:
                return f"{side}_account_id_must_not_be_zero"
            if getattr(t, side) == MAX:
                return f"{side}_account_id_must_not_be_int_max"
        if t.debit == t.credit:
            return "accounts_must_be_different"
        if t.pending:
            return "pending_id_must_be_zero"
        if not t.flags & F.pending:
            if t.timeout:
                return "timeout_reserved_for_pending_transfer"
            if t.flags & (F.closing_debit | F.closing_credit):
                return "closing_transfer_must_be_pending"
        if not t.ledger:
            return "ledger_must_not_be_zero"
        if not t.code:
            return "code_must_not_be_zero"
        debit, credit = self.accounts.get(t.debit), self.accounts.get(t.credit)
        if debit is None:
            return "debit_account_not_found"
        if credit is None:
            return "credit_account_not_found"
        if debit.ledger != credit.ledger:
            return "accounts_must_have_the_same_ledger"
        if t.ledger != debit.ledger:
            return "transfer_must_have_the_same_ledger_as_accounts"
        if t.flags & F.imported:
            if self.regresses(t.moment):
                return "imported_event_timestamp_must_not_regress"
            if t.moment <= debit.moment:
                return "imported_event_timestamp_must_postdate_debit_account"
            if t.moment <= credit.moment:
                return "imported_event_timestamp_must_postdate_credit_account"
            if t.timeout:
                return "imported_event_timeout_must_be_zero"
        if debit.flags & AccountFlag.closed:
            return "debit_account_already_closed"
        if credit.flags & AccountFlag.closed:
            return "credit_account_already_closed"
        amount = t.amount
        if t.flags & F.balancing_debit:
            amount = min(amount, max(0, debit.c - debit.d - debit.dp))
        if t.flags & F.balancing_credit:
            amount = min(amount, max(0, credit.d - credit.c - credit.cp))
        checks = [
            (t.flags & F.pending and debit.dp + amount > MAX, "overflows_debits_pending"),
            (t.flags & F.pending and credit.cp + amount > MAX, "overflows_credits_pending"),
            (debit.d + amount > MAX, "overflows_debits_posted"),
            (credit.c + amount > MAX, "overflows_credits_posted"),
            (debit.dp + debit.d + amount > MAX, "overflows_debits"),
            (credit.cp + credit.c + amount > MAX, "overflows_credits"),
            (t.moment + t.timeout * SECOND >= 1 << 63, "overflows_timeout"),
            (
                debit.flags & AccountFlag.debits_must_not_exceed_credits and debit.dp + debit.d + amount > debit.c,
                "exceeds_credits",
            ),
            (
                credit.flags & AccountFlag.credits_must_not_exceed_debits and credit.cp + credit.c + amount > credit.d,
                "exceeds_debits",
            ),
            (debit.floor is not None and debit.c - debit.d - debit.dp - amount < debit.floor, "exceeds_floor"),
            (credit.ceiling is not None and credit.c + credit.cp - credit.d + amount > credit.ceiling, "exceeds_ceiling"),
        ]
        for wrong, answer in checks:
            if wrong:
                return answer
        self.transfers[t.id] = replace(t, amount=amount)
        if t.flags & F.pending:
            self.status[t.id] = "pending"
            debit.dp += amount
            credit.cp += amount
            debit.flags |= AccountFlag.closed if t.flags & F.closing_debit else 0
            credit.flags |= AccountFlag.closed if t.flags & F.closing_credit else 0
        else:
            debit.d += amount
            credit.c += amount
        return "created"

    def settle(self, t: Event) -> str:
        post, void = bool(t.flags & F.post_pending_transfer), bool(t.flags & F.void_pending_transfer)
        others = F.pending | F.balancing_debit | F.balancing_credit | F.closing_debit | F.closing_credit
        if (post and void) or t.flags & others:
            return "flags_are_mutually_exclusive"
        if t.pending == 0:
            return "pending_id_must_not_be_zero"
        if t.pending == MAX:
            return "pending_id_must_not_be_int_max"
        if t.pending == t.id:
            return "pending_id_must_be_different"
        if t.timeout:
            return "timeout_reserved_for_pending_transfer"
        hold = self.transfers.get(t.pending)
        if hold is None:
            return "pending_transfer_not_found"
        if not hold.flags & F.pending:
            return "pending_transfer_not_pending"
        names = {"debit": "debit_account_id", "credit": "credit_account_id", "ledger": "ledger", "code": "code"}
        for name, word in names.items():
            if getattr(t, name) and getattr(t, name) != getattr(hold, name):
                return f"pending_transfer_has_different_{word}"
        amount = hold.amount if (void and t.amount == 0) or (post and t.amount == MAX) else t.amount
        if amount > hold.amount:
            return "exceeds_pending_transfer_amount"
        if void and amount < hold.amount:
            return "pending_transfer_has_different_amount"
        if self.status[hold.id] in {"posted", "voided"}:
            return f"pending_transfer_already_{self.status[hold.id]}"
        if self.status[hold.id] == "expired" or (hold.timeout and hold.moment + hold.timeout * SECOND <= t.moment):
            return "pending_transfer_expired"
        if t.flags & F.imported and self.regresses(t.moment):
            return "imported_event_timestamp_must_not_regress"
        debit, credit = self.accounts[hold.debit], self.accounts[hold.credit]
        if post and debit.flags & AccountFlag.closed:
            return "debit_account_already_closed"
        if post and credit.flags & AccountFlag.closed:
            return "credit_account_already_closed"
        self.let_go(hold)
        self.status[hold.id] = "posted" if post else "voided"
        debit.d += amount if post else 0
        credit.c += amount if post else 0
        self.transfers[t.id] = replace(hold, id=t.id, amount=amount, pending=t.pending, user=t.user or hold.user, timeout=0,
                                       flags=t.flags, moment=t.moment)  # fmt: skip
        return "created"

    def regresses(self, moment: int) -> bool:
        latest = max((transfer.moment for transfer in self.transfers.values()), default=0)
        return moment <= latest or any(account.moment == moment for account in self.accounts.values())


# ── what is drawn ────────────────────────────────────────────────────────────────────────────────────────────────

BIG = (MAX, MAX - 1, MAX - 7, 1 << 127, (1 << 64) - 1, 1 << 64, (1 << 64) + 3)
ACCOUNT_FLAGS = (0, 0, 0, 0, int(AccountFlag.debits_must_not_exceed_credits), int(AccountFlag.credits_must_not_exceed_debits))
KINDS = (
    *[0] * 8, *[F.pending] * 5, *[F.balancing_debit] * 2, F.balancing_credit, F.balancing_debit | F.balancing_credit,
    F.pending | F.balancing_debit, F.pending | F.closing_debit, F.pending | F.closing_credit,
)  # fmt: skip
SETTLEMENTS = (F.post_pending_transfer, F.post_pending_transfer, F.void_pending_transfer)
WAITS = (0, 1, 1, 50, SECOND - 5, SECOND, 3 * SECOND)


def draw_accounts(chance: Random) -> list[Any]:
    def limit() -> int | None:
        if chance.random() < 0.75:
            return None
        return chance.choice(BIG) * chance.choice((1, -1)) if chance.random() < 0.2 else chance.randint(-60, 90)

    count = chance.randint(2, 6)
    return [(chance.choice(ACCOUNT_FLAGS), limit(), limit(), 1 + (chance.random() < 0.03)) for _ in range(count)]


def draw_amount(chance: Random) -> int:
    return chance.choice(BIG) if chance.random() < 0.06 else chance.randint(0, 40)


def draw_batch(chance: Random, reference: Reference, keys: int) -> list[Event]:
    """Draw a batch that mostly makes sense, knowing what is in the books; one event in eight has something wrong with it."""
    imported = chance.random() < 0.15
    batch: list[Event] = []
    moment = max((transfer.moment for transfer in reference.transfers.values()), default=START + 6)
    for _ in range(chance.randint(1, 14)):
        holds = [key for key, status in reference.status.items() if status == "pending" or chance.random() < 0.2]
        holds += [one.id for one in batch if one.flags & F.pending]
        moment += chance.randint(1, 3)
        old = [*reference.transfers.values(), *batch]
        if old and chance.random() < 0.12:
            one = replace(chance.choice(old), moment=moment if imported else 0)
        elif holds and chance.random() < 0.35:
            one = settlement(chance, chance.choice(holds))
        else:
            one = movement(chance, keys)
        if imported and not one.flags & F.imported:
            one = replace(one, flags=one.flags | F.imported, timeout=0, moment=moment)
        if chance.random() < 0.12:
            one = replace(one, flags=one.flags ^ F.linked)
        if chance.random() < 0.12:
            one = spoil(chance, one, keys)
        batch.append(one)
    return batch


def movement(chance: Random, keys: int) -> Event:
    debit, credit = chance.sample(range(1, keys + 1), 2)
    kind = int(chance.choice(KINDS))
    timeout = chance.choice((0, 1, 2)) if kind & F.pending else 0
    amount = draw_amount(chance)
    return Event(
        fresh(chance), debit | HIGH, credit | HIGH, amount, 0, chance.randint(0, 2), timeout, 1, chance.randint(1, 2), kind, 0
    )


def settlement(chance: Random, hold: int) -> Event:
    kind = int(chance.choice(SETTLEMENTS))
    amount = chance.choice((0, MAX, MAX, chance.randint(0, 20)))
    return Event(fresh(chance), 0, 0, amount, hold, chance.randint(0, 2), 0, 0, 0, kind, 0)


def fresh(chance: Random) -> int:
    return chance.randint(1, 10**6) | HIGH


def spoil(chance: Random, one: Event, keys: int) -> Event:
    """Change one field into something that may be wrong."""
    name = chance.choice(["id", "debit", "credit", "amount", "pending", "user", "timeout", "ledger", "code", "flags", "moment"])
    if name in {"id", "debit", "credit", "pending"}:
        value = chance.choice([0, MAX, one.id, one.pending, chance.randint(1, keys + 1) | HIGH, fresh(chance)])
    elif name == "flags":
        value = one.flags ^ 1 << chance.randint(0, 9)
    elif name == "moment":
        value = chance.choice([0, 1, START, START + 1, one.moment - 1 if one.moment else 5, one.moment + SECOND, 1 << 63])
    else:
        value = draw_amount(chance) if name == "amount" else chance.randint(0, 3)
    return replace(one, **{name: value})


# ── the comparison ───────────────────────────────────────────────────────────────────────────────────────────────


def account_records(drawn: list[Any]) -> Any:
    records = np.zeros(len(drawn), ACCOUNT)
    for place, (flags, floor, ceiling, ledger) in enumerate(drawn):
        limits = 0
        for name, value, negative in (("floor", floor, Limit.floor_negative), ("ceiling", ceiling, Limit.ceiling_negative)):
            if value is not None:
                limits |= Limit[name] | (negative if value < 0 else 0)
                write(records[place], name, abs(value))
        write(records[place], "id", (place + 1) | HIGH)
        records[place]["ledger"], records[place]["code"], records[place]["flags"] = ledger, 1, flags
        records[place]["limits"] = int(limits)
    return records


def transfer_records(events: list[Event]) -> Any:
    records = np.zeros(len(events), TRANSFER)
    for record, one in zip(records, events, strict=True):
        for name in ("id", "debit", "credit", "amount", "pending", "user"):
            write(record, name, getattr(one, name))
        for name in ("timeout", "ledger", "code", "flags"):
            record[name] = getattr(one, name)
        record["timestamp"] = one.moment
    return records


def write(record: Any, name: str, value: int) -> None:
    record[f"{name}_lo"], record[f"{name}_hi"] = value & (1 << 64) - 1, value >> 64


def read(record: Any, name: str) -> int:
    return int(record[f"{name}_lo"]) | int(record[f"{name}_hi"]) << 64


def put_away_in(folder: Path, limit: int = 1) -> Cold:
    """Let almost nothing stay in memory."""
    return Cold(Runs(folder).ledger, limit)


def compare(seed: int, kinds: list[Any], folder: Path | None = None) -> list[str]:
    """Let ledgers and the book-keeper do the same; with a folder, one more ledger keeps as good as nothing in memory."""
    chance = Random(seed)
    drawn = draw_accounts(chance)
    colds = [None for _ in kinds]
    if folder is not None:
        kinds, colds = [kinds[0], *kinds], [None, *[put_away_in(folder / f"{seed}-{kind}") for kind in kinds]]
    ledgers = [Ledger(kind, cold) for kind, cold in zip(kinds, colds, strict=True)]
    reference = Reference()
    records = account_records(drawn)
    for ledger in ledgers:
        opened = [Result(code).name for code in ledger.open_accounts(records, START)]
    for place, (flags, floor, ceiling, number) in enumerate(drawn):
        crossed = floor is not None and ceiling is not None and floor > ceiling
        assert opened[place] == ("floor_above_ceiling" if crossed else "created")
        if not crossed:
            key = (place + 1) | HIGH
            reference.accounts[key] = Account(key, number, flags, floor, ceiling, START + place)
    # Close to the end of time the deadlines of holds no longer fit.
    ending = chance.random() < 0.1
    now, seen = (1 << 63) - 2 * SECOND if ending else START + len(drawn), []
    for _ in range(chance.randint(1, 6)):
        now += chance.choice(WAITS[:4] if ending else WAITS)
        events = draw_batch(chance, reference, len(drawn))
        expected = reference.post(events, now)
        seen += expected
        batch = transfer_records(events)
        for place, ledger in enumerate(ledgers):
            before = ledger.state_hash()
            tried = ledger.dry_run(batch, now)
            assert ledger.state_hash() == before
            answers = ledger.post(batch, now)
            assert [Result(code).name for code in answers] == expected
            assert tried.tolist() == answers.tolist()
            check_books(ledger, reference)
            if colds[place] is not None and chance.random() < 0.7:
                ledger.put_away()
                assert not ledger._books.counts[TRANSFERS] - ledger._books.counts[KEPT]
            again = ledger
            if colds[place] is None or colds[place].finish():
                again = Ledger.restore(ledger.snapshot(), ledger._kernel.kind, colds[place])
            assert again.state_hash() == ledger.state_hash()
            ledgers[place] = again  # the rest is done by a ledger that remembers only what was kept
        assert len({ledger.state_hash() for ledger in ledgers}) == 1
        now += len(events)
    for ledger in ledgers:
        check_history(ledger, reference)
        ledger.finish_leaving()
    return seen


def check_books(ledger: Ledger, reference: Reference) -> None:
    for key, account in reference.accounts.items():
        balance = ledger.balance(key)
        sums = (balance.debits_pending, balance.debits_posted, balance.credits_pending, balance.credits_posted)
        assert sums == (account.dp, account.d, account.cp, account.c)
        assert int(balance.flags) == account.flags
    assert ledger.transfers == len(reference.transfers)
    for key, transfer in reference.transfers.items():
        record = ledger.lookup_transfer(key)
        assert record is not None
        for name in ("debit", "credit", "amount", "pending", "user"):
            assert read(record, name) == getattr(transfer, name)
        assert int(record["timestamp"]) == transfer.moment
    assert all(ledger.lookup_transfer(key) is None for key in reference.spent)
    assert all(supply.balanced for supply in ledger.supply().values())


def check_history(ledger: Ledger, reference: Reference) -> None:
    last: dict[int, Any] = {}
    for moved in ledger.history().changes():
        last[moved.debit], last[moved.credit] = moved.debit_sums, moved.credit_sums
    for key, sums in last.items():
        account = reference.accounts[key]
        assert (sums.debits_pending, sums.debits_posted, sums.credits_pending, sums.credits_posted) == (
            account.dp, account.d, account.cp, account.c
        )  # fmt: skip
        assert sums.closed == bool(account.flags & AccountFlag.closed)
        own = [
            m.debit_sums if m.debit == key else m.credit_sums for m in ledger.history().changes(key) if key in (m.debit, m.credit)
        ]
        assert own[-1] == sums


SEEDS = st.integers(0, 2**32 - 1)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(SEEDS)
def test_both_kernels_do_what_the_slow_book_keeper_does(seed: int) -> None:
    compare(seed, ["python", "numba"])


def test_what_is_drawn_meets_the_answers() -> None:
    seen = Counter(answer for seed in range(250) for answer in compare(seed, ["numba"]))
    assert seen["created"] > seen.total() / 5
    assert len(seen) > 50, f"only {len(seen)} different answers were met: {seen}"


@pytest.mark.parametrize("kind", ["python", "numba"])
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=SEEDS)
def test_what_was_put_away_changes_no_answer(kind: Any, seed: int) -> None:
    with TemporaryDirectory() as folder:
        compare(seed, [kind], Path(folder))


@pytest.mark.slow
@settings(max_examples=5000, deadline=None, suppress_health_check=list(HealthCheck))
@given(SEEDS)
def test_the_kernel_does_what_the_slow_book_keeper_does_for_long(seed: int) -> None:
    compare(seed, ["numba"])
