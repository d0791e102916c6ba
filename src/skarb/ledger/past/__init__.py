"""The past of a ledger: what any account had at any moment, as it was recorded and as it was known when.

Everything here is derived from the ledger's transfers and can be made again. `Past` is the index, `Behind` builds it in a second
thread while the ledger goes on, `Known` answers. See decision page 9.
"""

from skarb.ledger.past.behind import Behind
from skarb.ledger.past.index import Known, Past
from skarb.ledger.past.model import CHANGE, CHANGES, Line, Page, Run, Totals
from skarb.ledger.past.pages import page_by_effect, page_by_record

__all__ = ["CHANGE", "CHANGES", "Behind", "Known", "Line", "Page", "Past", "Run", "Totals", "page_by_effect", "page_by_record"]
