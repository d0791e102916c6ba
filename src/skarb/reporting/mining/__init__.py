"""The report of mining: its past and what may come, as a page and as charts of their own."""

from skarb.reporting.mining.model import MiningReport, Row
from skarb.reporting.mining.page import charts, page, svg

__all__ = ["MiningReport", "Row", "charts", "page", "svg"]
