"""Acceptances: findings that are known and lived with, each for a reason, by somebody, and for a time.

They stand in the country's `accepted.yaml`, those of a draft in its own. One that ran out counts no more, and one whose finding
has gone is to be struck out; both are findings themselves, so the list never grows stale.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from skarb.core.time import from_day
from skarb.rulebook.analysis.findings import Finding
from skarb.rulebook.model import Acceptance


def settle(findings: Iterable[Finding], acceptances: Sequence[Acceptance], day: int) -> list[Finding]:
    """Return findings with those accepted that an acceptance covers on a day, and a finding for each acceptance that covers none."""
    found, used = [], set()
    for finding in findings:
        one = next((one for one in acceptances if (one.kind, one.about) == (finding.kind, frozenset(finding.about))), None)
        if one is not None and finding.matters:
            used.add(one)
        in_time = one is not None and finding.matters and day <= one.until
        found.append(replace(finding, accepted=one) if in_time else finding)
    for one in acceptances:
        about = tuple(sorted(one.about))
        if one not in used:
            found.append(
                Finding("unused", about, f"{one.place}: no {one.kind} is found here any more; strike the acceptance out")
            )
        elif day > one.until:
            says = f"{one.place}: the {one.kind} was accepted by {one.by} until {from_day(one.until)}; mend it or accept it anew"
            found.append(Finding("expired", about, says))
    return found
