"""Rows that cross the border, in the words of a test."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from skarb.oversight.flows.definition import KINDS
from skarb.oversight.flows.model import Asset, Rows

DAY = 86_400 * 10**9


def rows_of(
    story: Sequence[tuple[int, str, int, int, int]], assets: Sequence[int] | None = None, values: Sequence[int] | None = None
) -> Rows:
    """Return rows of (day, kind, person, place, amount); amounts are cents of the legal currency unless values are given."""
    days, kinds, people, places, amounts = zip(*story, strict=True) if story else ((),) * 5
    count = len(story)
    of = np.array(assets if assets is not None else [0] * count, np.int32)
    return Rows(
        kinds=np.array([KINDS.index(one) for one in kinds], np.int8),
        instants=np.array([day * DAY for day in days], np.int64),
        days=np.array(days, np.int32),
        assets=of,
        units=np.array(amounts, np.int64),
        values=np.array(values if values is not None else amounts, np.int64),
        positions=np.arange(count, dtype=np.int64),
        sequences=np.arange(count, dtype=np.int32),
        numbers=np.zeros(count, np.int32),
        codes={
            "person": np.array(people, np.int32),
            "place": np.array(places, np.int32),
            **{name: np.zeros(count, np.int32) for name in ("who", "institution", "channel", "country")},
        },
        names={
            "person": tuple(f"p{number}" for number in range(10)),
            "place": tuple(f"v{number}" for number in range(10)),
            "who": ("person",),
            "institution": ("bank",),
            "channel": ("bank",),
            "country": ("AE",),
        },
        of=tuple(Asset(f"A{number}", 2) for number in range(int(of.max(initial=0)) + 1)),
    )
