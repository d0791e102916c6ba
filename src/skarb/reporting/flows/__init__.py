"""The report of flows: what went abroad, what came back, and through whom, in figures, on a page, and as a record for machines."""

from skarb.reporting.flows.model import Back, FlowReport, Instead, Lot
from skarb.reporting.flows.page import fragment, page
from skarb.reporting.flows.record import lot_record, record

__all__ = ["Back", "FlowReport", "Instead", "Lot", "fragment", "lot_record", "page", "record"]
