"""The report of a replay: what a draft would have changed, in figures, on a page, and as a record for machines."""

from skarb.reporting.replay.figures import Slice, Tryout, Turned, by_dimension, headline_of, heat, tryouts, turned
from skarb.reporting.replay.model import Book, Cost, InForce, Report, Snapshot, Swept, Tried
from skarb.reporting.replay.page import page, sweep_page
from skarb.reporting.replay.record import record

__all__ = [
    "Book",
    "Cost",
    "InForce",
    "Report",
    "Slice",
    "Snapshot",
    "Swept",
    "Tried",
    "Tryout",
    "Turned",
    "by_dimension",
    "headline_of",
    "heat",
    "page",
    "record",
    "sweep_page",
    "tryouts",
    "turned",
]
