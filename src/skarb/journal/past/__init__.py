"""The past of a book: the index kept beside it, or made again from the journal, and questions in words.

`open_past` gives a `BookPast`; `rebuild` makes the index anew, `compare` says where a kept one differs from that. What is kept is derived, is
believed only as far as its checksums and the journal's head agree, and can be removed at any time.
"""

from skarb.journal.past.build import compare, open_past, past_folder, rebuild
from skarb.journal.past.model import BookPast, Heights
from skarb.journal.past.words import instruction_ids

__all__ = ["BookPast", "Heights", "compare", "instruction_ids", "open_past", "past_folder", "rebuild"]
