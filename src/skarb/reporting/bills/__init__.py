"""Pages about bills of miners and their audit."""

from skarb.reporting.bills.page import audit_page, bill_page, words_of

__all__ = ["audit_page", "bill_page", "words_of"]
