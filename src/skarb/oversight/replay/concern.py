"""Concern: which cases have to do with totals. All others are decided alike in whatever order, so they are counted and not lived through."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from skarb.core.activity import ACTIVITIES
from skarb.lake import fact_fields
from skarb.oversight.replay.cases import Cases
from skarb.rulebook import Edition
from skarb.rulebook.expression import Node
from skarb.rulebook.feature import Counted
from skarb.rulebook.tree import FALSE, narrow


def concerned(cases: Cases, editions: Iterable[Edition], tracks: Sequence[Counted]) -> npt.NDArray[np.bool_]:
    """Say of each case whether a law looks at totals for it, or whether a row of it can count in one."""
    asking = {activity for edition in editions for activity in edition.asked}
    settled = [field.name for field in fact_fields() if field.type.base in ("code", "flag") and not field.optional]
    narrowed: dict[str, list[Node | None]] = {}

    def counts(activity: str, place: int) -> bool:
        if activity not in narrowed:
            found = [None if one.of is None else narrow(one.of, {"activity": frozenset({activity})}) for one in tracks]
            narrowed[activity] = [one for one in found if one != FALSE]
        case = cases[place] if narrowed[activity] else None
        known = {name: frozenset({getattr(case, name)}) for name in settled} if case else {}
        return any(one is None or narrow(one, known) != FALSE for one in narrowed[activity])

    activities = [ACTIVITIES[number] for number in cases.columns["activity"].tolist()]
    return np.array([activity in asking or counts(activity, place) for place, activity in enumerate(activities)], np.bool_)
