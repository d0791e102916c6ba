"""From hits to one answer: the policy of each list, decisions on record, and the gravest hit.

Whether a hit was found by a number, an address or a name, it is judged here and nowhere else. There is no policy by which a hit
counts for nothing. A decision that a party is somebody else (whitelisting) says which entry it is about; it ends on its day, when
the entry changes, and it never holds against an exact identifier on a list that must be obeyed: what only one person can have
does not belong to somebody else, and a list that blocks is left only by its publisher.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from skarb.core.facts import Regime
from skarb.core.screening_list import MEASURES, ListMeasure, ScreeningResult, Whitelisted
from skarb.screening.model import Hit

_GRAVITY: dict[Regime, int] = {"national": 0, "un": 1, "eu": 2, "us": 3, "own": 4, "none": 5}  # the gravest is named
_SEVERITY: dict[ListMeasure, int] = {"block": 0, "reject": 1, "report": 2}

Decisions = Mapping[tuple[str, str, str], tuple[Whitelisted, ...]]  # by party, list and entry


def judge(
    hits: Iterable[Hit],
    default: ScreeningResult,
    measures: Mapping[str, ListMeasure],
    hashes: Mapping[str, str],
    party: str,
    decisions: Decisions,
    day: int,
) -> ScreeningResult:
    """Return what hits mean for a party on a day; for a wallet nobody is known of, `party` is empty.

    `measures` are the policies by list or regime, `hashes` the versions of the lists by their names.
    """
    standing: list[ScreeningResult] = []
    aside: list[str] = []
    for hit in hits:
        measure = measure_of(hit.list, hit.regime, measures)
        if is_put_aside(hit, measure, decisions.get((party, hit.list, hit.listed.entry), ()), day):
            aside.append(f"{hit.list}/{hit.listed.entry}")
            continue
        standing.append(
            ScreeningResult(
                status="listed" if hit.exact and measure != "report" else "possible",
                regime=hit.regime,
                list=hit.list,
                list_sha256=hashes[hit.list],
                entry=hit.listed.entry,
                measure=measure,
                by=hit.by,
            )
        )
    found = min(standing, key=order) if standing else default
    if not aside:
        return found
    return msgspec.structs.replace(found, whitelisted=tuple(sorted(set(aside))))


def measure_of(name: str, regime: Regime, measures: Mapping[str, ListMeasure]) -> ListMeasure:
    """Return the policy of a list: its own, that of its regime, or what is usual; never a milder one than the law lets anybody choose."""
    chosen = measures.get(name) or measures.get(regime)
    return chosen if chosen in MEASURES[regime] else MEASURES[regime][0]


def is_put_aside(hit: Hit, measure: ListMeasure, decisions: Iterable[Whitelisted], day: int) -> bool:
    """Tell whether a decision on record says that a hit means somebody else."""
    if hit.exact and measure == "block":
        return False
    return any(one.first <= day <= one.last and one.entry_sha256 == hit.listed.sha256 for one in decisions)


def order(found: ScreeningResult) -> tuple[int, int, int, str, str, str]:
    """Return the place of a result among others, the gravest first."""
    return (
        0 if found.status == "listed" else 1,
        _SEVERITY[found.measure or "report"],
        _GRAVITY[found.regime],
        found.list,
        found.entry,
        found.by,
    )
