"""The journal: batches, hash chain, recovery, verification.

`open_book` gives the one writer, or a reader, everything a book knows. `verify` proves that a book is what it was. Batches
are `Batch`; answers are rebuilt from them by `receipts_of`.
"""

from skarb.journal.book import Book
from skarb.journal.chain import GENESIS, Envelope, decode, encode, head_of, open_envelope
from skarb.journal.findings import CHECKS, Finding, Report
from skarb.journal.folding import MISSING, Folded, fold, unfold
from skarb.journal.group import GroupCommit
from skarb.journal.ledger_book import LedgerBook, NewAccount, open_ledger
from skarb.journal.model import FORMAT, Batch, Opening, Ruling
from skarb.journal.opening import open_book
from skarb.journal.receipts import outcome_of, receipts_of
from skarb.journal.seal import Seal, read_seal, seal_path
from skarb.journal.sealcheck import check_seal
from skarb.journal.verify import verify

__all__ = [
    "CHECKS",
    "FORMAT",
    "GENESIS",
    "MISSING",
    "Batch",
    "Book",
    "Envelope",
    "Finding",
    "Folded",
    "GroupCommit",
    "LedgerBook",
    "NewAccount",
    "Opening",
    "Report",
    "Ruling",
    "Seal",
    "check_seal",
    "decode",
    "encode",
    "fold",
    "head_of",
    "open_book",
    "open_envelope",
    "open_ledger",
    "outcome_of",
    "read_seal",
    "receipts_of",
    "seal_path",
    "unfold",
    "verify",
]
