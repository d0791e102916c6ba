"""Pages about power: what is left over, and what a plan does, with the figures that both rest on."""

from skarb.reporting.grid.page import Sheet, plan_page, surplus_page, words_of

__all__ = ["Sheet", "plan_page", "surplus_page", "words_of"]
