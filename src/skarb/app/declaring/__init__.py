"""Declaring: an institution's own tables become a signed feed, though it keeps no journal of ours.

It writes down what it did as plain tables: one row per instruction with the facts and amounts as people write them, and what was paid for it. From
those everything is computed that a feed has and no institution can work out by hand: cases and their names, whole numbers of smallest units,
accounts, numbers of batches, segments, control sums, the manifest. A table is read part by part, so a year takes no more memory than half
a million rows; nothing counts before all of it held.
"""

from skarb.app.declaring.declare import Declaring, declare

__all__ = ["Declaring", "declare"]
