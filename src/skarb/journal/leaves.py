"""The leaves of the trees: everything about one instruction, or about one account, as one line of JSON.

A leaf is canonical JSON: keys in order, no blanks, UTF-8, so equal contents are equal bytes and any language can read it. It says
everything that concerns the instruction and its giver. The facts stay out: they hold what the institution knows of
others and what screening found, which must not be told; the chain head commits to them.

A path shows the hashes of other people's leaves. So that nobody can guess their contents and compare, each leaf carries a salt.
It is drawn from the **seed**: SHA-256 over the seed before and the bytes of the batch, a chain like that of the heads, but never
shown. Who has the whole journal can make every salt again; who lacks a part of it must guess all of that part at once.

Source: RFC 7693 (BLAKE2b, keyed and with its personalisation field).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import blake2b, sha256
from typing import Annotated, Any

import msgspec
import numpy as np

from skarb.core.decision import Measure, Outcome, Verdict
from skarb.core.instruction import Instruction
from skarb.core.transfer import TRANSFER
from skarb.journal.chain import Envelope, instructions_of, rulings_of
from skarb.journal.folding import MISSING
from skarb.journal.law import Law
from skarb.journal.model import Ruling
from skarb.journal.receipts import outcome_of
from skarb.ledger import Balance, Result
from skarb.store import Damaged

ROW_FORMAT = "skarb row 1"
BALANCE_FORMAT = "skarb balance 1"
SEED = bytes(32)  # before the first batch

_ENCODER = msgspec.json.Encoder(order="sorted")
_SALT = 16  # bytes
_Sum = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,39}\Z")]


class Posted(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """A transfer of an instruction and what the ledger answered."""

    record: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{256}\Z")]  # the 128 bytes of core.transfer.TRANSFER
    result: str  # name of the ledger's result code


class Said(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """A decision in words; the fields are those of `core.decision.Decision`."""

    verdict: Verdict
    provision: str
    measure: Measure
    duties: tuple[str, ...]
    levy: str
    assumed: bool


class RowLeaf(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """Everything about one instruction of a journal that concerns its giver."""

    book: str
    edition: str  # SHA-256 of the edition that decided
    instruction: Instruction
    outcome: Outcome
    recorded_at: str
    row: int  # in the batch
    ruling: msgspec.Raw  # `Said`
    salt: str
    sequence: int  # of the batch
    transfers: Sequence[Posted]
    value: int | None  # what the law took it to be worth, in minor units of the legal currency
    value_usd: int | None  # in cents
    format: str = ROW_FORMAT


class BalanceLeaf(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """One account at a height. Units: sums are texts, in smallest units of the asset."""

    format: str = BALANCE_FORMAT
    book: str
    height: int  # the last batch that is counted
    address: str
    asset: str
    debits_posted: _Sum
    credits_posted: _Sum
    debits_pending: _Sum
    credits_pending: _Sum
    closed: bool
    salt: str


def canonical(value: Any) -> bytes:
    """Return a value as canonical JSON: keys in order, no blanks, UTF-8."""
    return _ENCODER.encode(value)


def instant_words(nanoseconds: int) -> str:
    """Return nanoseconds since 1970 as an instant in words, to the nanosecond; nothing for 0."""
    if nanoseconds == 0:
        return ""
    second = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=nanoseconds // 10**9)
    return f"{second:%Y-%m-%dT%H:%M:%S}.{nanoseconds % 10**9:09d}Z"


def next_seed(seed: bytes, body: bytes) -> bytes:
    """Return the seed after a batch."""
    hasher = sha256(b"skarb seed" + seed)
    hasher.update(body)
    return hasher.digest()


def row_leaves(envelope: Envelope, seed: bytes, law: Callable[[str], Law], rows: Sequence[int] | None = None) -> Iterator[bytes]:
    """Yield the leaves of some rows of a batch, or of all; `seed` is the one after the batch.

    Raises: Damaged if the batch cannot be put into words.
    """
    rulings, instructions = rulings_of(envelope, rows), instructions_of(envelope, rows)
    rows = range(envelope.rows) if rows is None else rows
    values, dollars = (np.frombuffer(column, "<i8")[rows].tolist() for column in (envelope.values, envelope.dollars))
    posted = _posted(envelope, rows)
    recorded_at = instant_words(envelope.recorded_at)
    salted = blake2b(digest_size=_SALT, key=seed, person=b"skarb-salt-row").copy
    said: dict[tuple[Ruling, tuple[str, ...]], tuple[str, msgspec.Raw, Outcome]] = {}  # the same few come again and again
    for row, ruling, instruction, value, value_usd in zip(rows, rulings, instructions, values, dollars, strict=True):
        transfers = posted.get(row, ())
        key = ruling, tuple([one.result for one in transfers])
        if (words := said.get(key)) is None:
            words = said[key] = _words(envelope, law, *key)
        edition, decision, outcome = words
        salt = salted()
        salt.update(row.to_bytes(4, "little"))
        yield _ENCODER.encode(
            RowLeaf(
                envelope.book,
                edition,
                instruction,
                outcome,
                recorded_at,
                row,
                decision,
                salt.hexdigest(),
                envelope.sequence,
                transfers,
                None if value == MISSING else value,
                None if value_usd == MISSING else value_usd,
            )
        )


def _words(
    envelope: Envelope, law: Callable[[str], Law], ruling: Ruling, codes: tuple[str, ...]
) -> tuple[str, msgspec.Raw, Outcome]:
    try:
        edition = envelope.editions[ruling.edition]
        decision = law(edition).ruling(ruling.outcome, ruling.duties, ruling.levy)
    except IndexError:
        raise Damaged(f"batch {envelope.sequence} has a ruling that its edition does not know; run skarb verify") from None
    words = Said(decision.verdict, decision.provision, decision.measure, decision.duties, decision.levy, decision.assumed)
    return edition, msgspec.Raw(canonical(words)), outcome_of(decision, codes)


def _posted(envelope: Envelope, rows: Sequence[int]) -> dict[int, list[Posted]]:
    """Return the transfers of some rows by row."""
    owners, size = np.frombuffer(envelope.owners, "<u4"), 2 * TRANSFER.itemsize
    places = np.arange(len(owners)) if len(rows) == envelope.rows else np.flatnonzero(np.isin(owners, np.asarray(rows)))
    records = np.frombuffer(envelope.transfers, TRANSFER)[places].tobytes().hex()
    results = np.frombuffer(envelope.results, np.uint8)[places].tolist()
    names = {code: Result(code).name for code in set(results)}
    found: dict[int, list[Posted]] = {}
    for number, (owner, result) in enumerate(zip(owners[places].tolist(), results, strict=True)):
        record = Posted(records[number * size : (number + 1) * size], names[result])
        found.setdefault(owner, []).append(record)
    return found


def balance_leaf(book: str, height: int, address: str, asset: str, balance: Balance, seed: bytes) -> bytes:
    """Return the leaf of an account at a height; `seed` is the one after that batch."""
    salt = blake2b(canonical([address, asset]), digest_size=_SALT, key=seed, person=b"skarb-salt-bal")
    return canonical(
        BalanceLeaf(
            book=book,
            height=height,
            address=address,
            asset=asset,
            debits_posted=str(balance.debits_posted),
            credits_posted=str(balance.credits_posted),
            debits_pending=str(balance.debits_pending),
            credits_pending=str(balance.credits_pending),
            closed=balance.closed,
            salt=salt.hexdigest(),
        )
    )
