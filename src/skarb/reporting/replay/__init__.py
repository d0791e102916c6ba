"""The report of a replay: what a draft would have changed, in figures, on a page, and as a record for machines."""

from skarb.reporting.replay.figures import Slice, Turned, by_dimension, headline_of, heat, turned
from skarb.reporting.replay.model import Book, Cost, InForce, Report, Snapshot, Tried
from skarb.reporting.replay.page import page, sweep_page
from skarb.reporting.replay.record import record

__all__ = [
    "Book",
    "Cost",
    "InForce",
    "Report",
    "Slice",
    "Snapshot",
    "Tried",
    "Turned",
    "by_dimension",
    "headline_of",
    "heat",
    "page",
    "record",
    "sweep_page",
    "turned",
]
