"""An interruption waits for the step under way; a step that fails half-way closes the book for writing."""

from __future__ import annotations

import signal
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from skarb.core.errors import Unavailable
from skarb.core.transfer import TRANSFER
from skarb.journal import LedgerBook, NewAccount, open_ledger, read_seal, verify
from skarb.journal.interruption import uninterrupted

pytestmark = pytest.mark.skipif(
    signal.getsignal(signal.SIGINT) is not signal.default_int_handler, reason="somebody else handles interruptions here"
)


def begun(path: Path) -> LedgerBook:
    ledger = open_ledger(path, clock=lambda: datetime(2026, 11, 2, tzinfo=UTC), name="one")
    ledger.open_accounts([NewAccount("a", "BYN"), NewAccount("b", "BYN")])
    return ledger


def transfer(ledger: LedgerBook, number: int) -> np.ndarray:
    one = np.zeros(1, TRANSFER)
    one["id_lo"], one["amount_lo"], one["ledger"], one["code"] = number, 5, ledger.asset("BYN"), 1
    for side, address in (("debit", "a"), ("credit", "b")):
        one[f"{side}_lo"], one[f"{side}_hi"] = np.frombuffer(ledger.account(address, "BYN"), "<u8")
    return one


@pytest.mark.parametrize("where", ["post", "append"])
def test_an_interruption_waits_until_the_step_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    path = tmp_path / "one.book"
    with pytest.raises(KeyboardInterrupt), begun(path) as ledger:
        owner = ledger.ledger if where == "post" else ledger.book
        kept = getattr(owner, where)

        def struck(*given: object) -> object:
            answer = kept(*given)
            signal.raise_signal(signal.SIGINT)
            return answer

        monkeypatch.setattr(owner, where, struck)
        ledger.post(transfer(ledger, 1))
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert (verify(path).findings, read_seal(path).state) == ([], "closed")
    with open_ledger(path, clock=lambda: datetime(2026, 11, 3, tzinfo=UTC)) as ledger:
        assert ledger.ledger.transfers == 1


def test_who_interrupts_twice_does_not_wait(tmp_path: Path) -> None:
    done = False
    with pytest.raises(KeyboardInterrupt), uninterrupted():
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        done = True
    assert not done
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_step_that_fails_after_the_ledger_moved_must_be_opened_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "one.book"
    with begun(path) as ledger:

        def fail(*given: object) -> None:
            raise MemoryError("no room for the batch")

        with monkeypatch.context() as patch:
            patch.setattr(ledger.book, "append", fail)
            with pytest.raises(MemoryError):
                ledger.post(transfer(ledger, 1))
        with pytest.raises(Unavailable, match="opened again"):
            ledger.post(transfer(ledger, 2))
    assert read_seal(path).state == "open"
    with open_ledger(path, clock=lambda: datetime(2026, 11, 3, tzinfo=UTC)) as ledger:
        assert ledger.ledger.transfers == 0
        ledger.post(transfer(ledger, 2))
    assert (verify(path).findings, read_seal(path).state) == ([], "closed")


def test_a_step_that_fails_before_anything_moved_changes_nothing(tmp_path: Path) -> None:
    with begun(tmp_path / "one.book") as ledger:
        with pytest.raises(ValueError, match="nothing yet"), ledger.book.step():
            raise ValueError("nothing yet")
        assert ledger.post(transfer(ledger, 1)).tolist() == ledger.post(transfer(ledger, 2)).tolist()
