"""Steps: the values at which the answer of an edition can change, everything else being the same.

Most law asks of a value only whether it lies above some amount. Then two instructions that differ in nothing but a value between the same two
steps get the same answer, and many are decided by deciding one of them.
"""

from __future__ import annotations

from skarb.rulebook.edition import Edition
from skarb.rulebook.expression import Compare, Fact, Missing, Node, children, walk
from skarb.rulebook.tree import compute

VALUES = ("value", "value_usd")
Steps = tuple[tuple[int, ...], tuple[int, ...]]  # of value and of value_usd, rising; the answer is the same up to the next one


def steps_of(edition: Edition, activity: str) -> Steps | None:
    """Return the steps of an activity; None where the law does more with a value than compare it with an amount.

    Units: minor units of the legal currency and of USD.
    """
    points: dict[str, set[int]] = {name: set() for name in VALUES}
    guards = (*edition.guards(activity), *edition.duty_guards(activity), *edition.levy_guards(activity))
    if not all(_collect(guard.condition, points) for guard in guards):
        return None
    return tuple(sorted(points["value"])), tuple(sorted(points["value_usd"]))


def _collect(node: Node, points: dict[str, set[int]]) -> bool:
    """Add the steps of a condition; False if it looks at a value otherwise."""
    match node:
        case Compare(_, Fact(name), amount) | Compare(_, amount, Fact(name)) if name in points:
            if any(isinstance(part, Fact) for part in walk(amount)):
                return False
            step = compute(amount, None)
            points[name] |= {step, step + 1}  # every comparison with the amount turns at one of the two
            return True
        case Missing():
            return True
        case Fact(name):
            return name not in points
    return all(_collect(child, points) for child in children(node))
