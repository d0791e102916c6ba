"""Lists as their publishers write them, read strictly into one form: an adapter for each format, small and without memory.

An adapter takes whole files and returns a whole list or problems; it fetches nothing and keeps nothing. What it does not
understand it keeps in the remarks and says so.
"""

from skarb.screening.lists.model import Edition, Reading, Source
from skarb.screening.lists.read import form_of, read_lists, read_to_compare

__all__ = ["Edition", "Reading", "Source", "form_of", "read_lists", "read_to_compare"]
