"""The serialisation of transactions: what stands where, and what is said when it does not.

Source: Bitcoin protocol documentation (transaction, variable length integer); BIP 144 (witness serialisation).
"""

from __future__ import annotations

from skarb.chain.model import Input, Output, Transaction, double_sha256
from skarb.core.errors import InputError

SATOSHI_MAX = 21_000_000 * 10**8  # coins that can ever exist


class Cursor:
    """A place in the bytes, which knows how to say that they end too early."""

    def __init__(self, data: bytes, name: str) -> None:
        self._data = data
        self._name = name
        self.place = 0

    def error(self, place: int, given: str, expected: str) -> InputError:
        """Return the error for what stands at a byte."""
        return InputError(f"{self._name}: byte {place}: given {given}, expected {expected}")

    def take(self, count: int, what: str) -> bytes:
        """Take bytes and go on behind them."""
        end = self.place + count
        if end > len(self._data):
            left = len(self._data) - self.place
            raise self.error(
                self.place, f"{left} bytes before the end of the file", f"{count} bytes for {what} (the block is truncated)"
            )
        part = self._data[self.place : end]
        self.place = end
        return part

    def number(self, count: int, what: str) -> int:
        """Take a number of fixed width, least significant byte first."""
        return int.from_bytes(self.take(count, what), "little")

    def size(self, what: str) -> int:
        """Read a number of variable length; it must be written in its shortest form and fit into what is left."""
        place = self.place
        first = self.number(1, what)
        width = {0xFD: 2, 0xFE: 4, 0xFF: 8}.get(first, 0)
        value = self.number(width, what) if width else first
        if width and value < {2: 0xFD, 4: 1 << 16, 8: 1 << 32}[width]:
            raise self.error(place, f"{value} written in {width + 1} bytes", f"{what} in its shortest form")
        limit = len(self._data) - self.place
        if value > limit:
            raise self.error(place, f"{value} for {what}", f"at most the {limit} bytes left (the block is truncated or damaged)")
        return value

    def peek(self, count: int) -> bytes:
        """Return the next bytes without taking them."""
        return self._data[self.place : self.place + count]

    def since(self, place: int) -> bytes:
        """Return the bytes taken since a place."""
        return self._data[place : self.place]


def read_transaction(cursor: Cursor) -> Transaction:
    """Read one transaction at the cursor.

    Raises: InputError
    """
    start = cursor.place
    version = cursor.take(4, "the version of a transaction")
    segwit = cursor.peek(2) == b"\0\1"
    if segwit:
        cursor.take(2, "the mark of segregated witness")
    body = cursor.place
    inputs = [_input(cursor) for _ in range(_some(cursor, "inputs"))]
    outputs = tuple(_output(cursor) for _ in range(_some(cursor, "outputs")))
    core = cursor.since(body)
    if segwit:
        place = cursor.place
        inputs = [_with_witness(cursor, given) for given in inputs]
        if not any(given.witness for given in inputs):
            raise cursor.error(place, "a transaction marked for witness without any", "at least one witness, or no mark")
    lock_time = cursor.take(4, "the lock time")
    whole, stripped = cursor.since(start), version + core + lock_time
    txid, wtxid = double_sha256(stripped)[::-1].hex(), double_sha256(whole)[::-1].hex()
    return Transaction(
        version=int.from_bytes(version, "little", signed=True),
        inputs=tuple(inputs),
        outputs=outputs,
        lock_time=int.from_bytes(lock_time, "little"),
        txid=txid,
        wtxid=wtxid,
        size=len(whole),
        stripped_size=len(stripped),
        segwit=segwit,
        offset=start,
    )


def _some(cursor: Cursor, what: str) -> int:
    place = cursor.place
    count = cursor.size(f"the number of {what}")
    if count == 0:
        raise cursor.error(place, f"0 {what}", f"a transaction with {what}")
    return count


def _input(cursor: Cursor) -> Input:
    previous = cursor.take(32, "the id of a spent transaction")[::-1].hex()
    index = cursor.number(4, "the number of a spent output")
    script = cursor.take(cursor.size("the length of an input's script"), "an input's script")
    return Input(previous, index, script, cursor.number(4, "a sequence number"))


def _output(cursor: Cursor) -> Output:
    place = cursor.place
    value = cursor.number(8, "the value of an output")
    if value > SATOSHI_MAX:
        raise cursor.error(place, f"{value} satoshi in one output", f"at most {SATOSHI_MAX}, all that can exist")
    return Output(value, cursor.take(cursor.size("the length of an output's script"), "an output's script"))


def _with_witness(cursor: Cursor, given: Input) -> Input:
    items = tuple(
        cursor.take(cursor.size("the length of a witness item"), "a witness item")
        for _ in range(cursor.size("the number of witness items"))
    )
    return Input(given.previous_txid, given.previous_index, given.script, given.sequence, items)
