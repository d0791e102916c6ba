"""The report of the reserve: its value and what it risks, as a page and as charts."""

from skarb.reporting.reserve.model import Bar, ReserveReport, Violation
from skarb.reporting.reserve.page import charts, page, value_chart, words_of

__all__ = ["Bar", "ReserveReport", "Violation", "charts", "page", "value_chart", "words_of"]
