"""A writer that posts batch after batch and says what was acknowledged; when the connection is lost it opens the book again.

Run by `story` as a process of its own: a URL and the most seconds it may run; it ends when its standard input does. Each line it prints is
a JSON object with the instant (of the clock that all processes share) and `opened`, `lost` or `batch`. A batch whose acknowledgement never
came is handed in again, under the same ids, before any new one.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections import deque
from concurrent.futures import Future
from datetime import UTC, datetime

import numpy as np

from skarb.core.errors import Unavailable
from skarb.core.transfer import TRANSFER
from skarb.journal import LedgerBook, NewAccount, open_ledger
from skarb.ledger import Result
from skarb.ledger.machine import Codes
from skarb.store import location_of

ROWS = 100  # transfers in a batch
ACCOUNTS = 64
UNDER_WAY = 2


def transfers(book: LedgerBook, number: int) -> np.ndarray:
    """Batch `number`, always the same."""
    rows = np.arange(ROWS, dtype=np.uint64)
    ids = np.array([np.frombuffer(book.account(f"member/{n}", "BYN"), "<u8") for n in range(ACCOUNTS)])
    debit = (rows * np.uint64(7) + np.uint64(number)) % np.uint64(ACCOUNTS)
    credit = (debit + np.uint64(1) + rows % np.uint64(ACCOUNTS - 1)) % np.uint64(ACCOUNTS)
    records = np.zeros(ROWS, TRANSFER)
    records["id_lo"], records["id_hi"] = rows + np.uint64(1), number
    records["debit_lo"], records["debit_hi"] = ids[debit].T
    records["credit_lo"], records["credit_hi"] = ids[credit].T
    records["amount_lo"] = rows + np.uint64(1)
    records["ledger"], records["code"] = book.asset("BYN"), 7
    return records


def say(**words: object) -> None:
    print(json.dumps({"at": time.monotonic(), **words}), flush=True)


def answer_of(codes: Codes) -> str:
    """`created` or `exists`: a batch is there whole or not at all."""
    (code,) = set(codes.tolist())
    return Result(code).name


class Driver:
    """Numbers, and the batches whose acknowledgement has not come."""

    def __init__(self, url: str, seconds: float) -> None:
        self.place = location_of(url)
        self.until = time.monotonic() + seconds
        self.stop = threading.Event()
        self.next = 0
        self.unanswered: deque[int] = deque()

    def drive(self) -> None:
        while self.goes_on():
            began = time.monotonic()
            try:
                with open_ledger(self.place, clock=lambda: datetime.now(UTC), name="clearing") as book:
                    say(opened=time.monotonic() - began, batches=book.book.sequence)
                    self.post(book)
            except Unavailable as error:
                say(lost=str(error))
                self.stop.wait(0.2)

    def goes_on(self) -> bool:
        return not self.stop.is_set() and time.monotonic() < self.until

    def post(self, book: LedgerBook) -> None:
        book.open_accounts([NewAccount(f"member/{n}", "BYN") for n in range(ACCOUNTS)])
        again, before = deque(self.unanswered), set(self.unanswered)
        under_way: deque[tuple[int, Future[Codes]]] = deque()
        while again or under_way or self.goes_on():
            while len(under_way) < UNDER_WAY and (again or self.goes_on()):
                if again:
                    number = again.popleft()
                else:
                    number, self.next = self.next, self.next + 1
                    self.unanswered.append(number)
                under_way.append((number, book.post_async(transfers(book, number))))
            if under_way:
                number, answer = under_way.popleft()
                codes = answer.result()
                self.unanswered.remove(number)
                say(batch=number, answer=answer_of(codes), again=number in before)


if __name__ == "__main__":
    driver = Driver(sys.argv[1], float(sys.argv[2]))

    def wait_for_end() -> None:
        sys.stdin.read()
        driver.stop.set()

    threading.Thread(target=wait_for_end, daemon=True).start()
    driver.drive()
