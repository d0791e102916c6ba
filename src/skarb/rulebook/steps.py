"""Steps: the values at which the answer of an edition can change, everything else being the same.

Most law asks of a value only whether it lies above some amount. Then two instructions that differ in nothing but a value between the same two
steps get the same answer, and many are decided by deciding one of them.
"""

from __future__ import annotations

from skarb.rulebook.edition import Edition
from skarb.rulebook.quantities import Quantities

VALUES = ("value", "value_usd")
Steps = tuple[tuple[int, ...], tuple[int, ...]]  # of value and of value_usd, rising; the answer is the same up to the next one


def steps_of(edition: Edition, activity: str) -> Steps | None:
    """Return the steps of an activity; None where the law does more with a value than compare it with an amount.

    Units: minor units of the legal currency and of USD.
    """
    guards = (*edition.guards(activity), *edition.duty_guards(activity), *edition.levy_guards(activity))
    collected = Quantities(VALUES)
    for guard in guards:
        collected.add_condition(guard.condition)
    found: dict[str, tuple[int, ...]] = {}
    for one in collected.found():
        if one.beside is not None or [factor for _, factor in one.terms] != [1]:
            return None
        found[one.terms[0][0]] = one.steps
    return found.get("value", ()), found.get("value_usd", ())
