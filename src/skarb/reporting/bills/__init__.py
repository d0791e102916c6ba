"""Pages about bills of miners and their audit, and words for what these tell in codes."""

from skarb.reporting.bills.page import audit_page, bill_page, words_of
from skarb.reporting.bills.remarks import all_told, arithmetic, money, told, unit, what

__all__ = ["all_told", "arithmetic", "audit_page", "bill_page", "money", "told", "unit", "what", "words_of"]
