"""One batch of the journal: everything that was decided, posted and answered together.

A batch is the unit of durability. Its body is MessagePack of the structure below, fields in order; its head is
SHA-256(previous head || body). Facts and decisions are kept in full, so anyone can decide again and compare; facts are folded
(`folding`), as most rows of a batch differ only in value. The text of every edition is kept once beside the journal under its hash.

The order of fields is the format: append, never reorder.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from skarb.core.facts import Facts
from skarb.core.instruction import Assumptions, Instruction

FORMAT = 2
KEY_BYTES = 16
NO_OWNER = (1 << 32) - 1  # the owner of a transfer that was posted without an instruction
ID_WORD = "id"  # of a note: the id that a transfer without an instruction was given as
GENESIS = b"\0" * 32  # the head before the first batch


class Ruling(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A decision in an edition's own numbers: 12 to 16 bytes instead of a text that could drift."""

    edition: int  # index into Batch.editions
    outcome: int  # index into the edition's outcomes; 0 is silence
    levy: int = 0  # index into the edition's levies; 0 is none
    duties: int = 0  # bit mask over the edition's duties


class Opening(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An account that this batch opened: its address in words and its record in `Batch.accounts`."""

    address: str  # "client/p1/money", hierarchical, most general part first
    asset: str


class Note(msgspec.Struct, frozen=True, array_like=True):
    """Metadata of a transfer, or of an account: words that the ledger keeps and does not read."""

    transfer: int  # its place in the batch; in a batch that only opens accounts, the place of the account
    words: dict[str, str]


class Batch(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """One durable step of a book."""

    book: str
    sequence: int  # from 1, without gaps
    recorded_at: int  # nanoseconds since 1970, never before the previous batch
    registers: bytes  # SHA-256 of the registers that facts were gathered from
    editions: tuple[str, ...] = ()  # SHA-256 hex of the editions that decided
    assumptions: Assumptions | None = None
    instructions: Sequence[Instruction] | msgspec.Raw = ()  # Raw: the list as bytes, see `core.columns.listed`
    facts: Sequence[Facts] = ()  # the distinct facts of the batch, with value, value_usd and all totals left missing
    rulings: Sequence[Ruling] | msgspec.Raw = ()  # one per instruction; Raw as above
    keys: bytes = b""  # 16 bytes per instruction: core.transfer.key_128 of its id
    cases: bytes = b""  # u4 per instruction: which of `facts` are its own
    values: bytes = b""  # i8 per instruction: its `value`, `folding.MISSING` where there is none
    dollars: bytes = b""  # i8 per instruction: its `value_usd`, likewise
    openings: Sequence[Opening] = ()
    accounts: bytes = b""  # core.transfer.ACCOUNT records, one per opening
    account_results: bytes = b""  # one ledger result code (u1) per account record
    transfers: bytes = b""  # core.transfer.TRANSFER records
    owners: bytes = b""  # u4 per transfer: the row of its instruction, NO_OWNER in a ledger that takes none
    results: bytes = b""  # one ledger result code (u1) per transfer
    notes: Sequence[Note] = ()  # metadata of transfers, or of accounts
    format: int = FORMAT
    frames: bytes = b""  # u4 each, by `encode`: where instructions begin; the lengths of instructions, facts and rulings
    # A batch without totals ends here, as it did before there were any.
    totals: bytes = b""  # i8 each: the totals of each instruction, as many as its facts have, `folding.MISSING` likewise
    ending: bytes = b""  # the frames of a batch with totals, whose field `frames` is empty: they must be the last bytes

    @property
    def rows(self) -> int:
        """How many instructions the batch holds."""
        return len(self.keys) // KEY_BYTES
