"""What it costs not to comply: a table by date, each line of the charge traceable to the rule that it comes from.

A day for which the table says nothing is an error and no gift.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from skarb.core.errors import ConfigurationError
from skarb.grid.curtail.model import Charge, Order, Verdict


@dataclass(frozen=True)
class Rule:
    """What a watt-hour over the limit costs from a day on, until the next rule of its name or its own last day.

    Units: thousandths of the currency per MWh; minor units for every order that was not kept. `proven` rules count metered energy, others what has
    no proof. `priority` limits a rule to one priority class; None is for all.
    """

    name: str
    cites: str
    first: date
    price_milli_per_mwh: int
    fixed_minor: int = 0
    last: date | None = None
    priority: int | None = None
    proven: bool = True


def charges(order: Order, verdicts: Sequence[Verdict], rules: Sequence[Rule], decimals: int = 2) -> tuple[Charge, ...]:
    """Return the charges of an order, one line for each site and kind of energy.

    Rounding: each line to the nearest minor unit, halves up.
    Raises: ConfigurationError if no rule, or more than one, covers the order's day.
    """
    nano_per_minor = 10 ** (9 - decimals)
    priority = {one.site: one.priority for one in order.targets}
    found = []
    for verdict in verdicts:
        for proven, energy in ((True, verdict.excess_wh), (False, verdict.unproven_wh)):
            if not energy:
                continue
            rule = rule_of(order.deadline.date(), priority[verdict.site], proven, rules)
            amount = (energy * rule.price_milli_per_mwh + nano_per_minor // 2) // nano_per_minor + rule.fixed_minor
            found.append(
                Charge(order.id, verdict.site, rule.name, rule.cites, energy, rule.price_milli_per_mwh, rule.fixed_minor, amount)
            )
    return tuple(found)


def rule_of(day: date, priority: int, proven: bool, rules: Sequence[Rule]) -> Rule:
    """Return the rule of a day; one for the priority class goes before one for all.

    Raises: ConfigurationError
    """
    fitting = [
        one
        for one in rules
        if one.first <= day
        and (one.last is None or day <= one.last)
        and one.proven == proven
        and one.priority in (None, priority)
    ]
    closest = [one for one in fitting if one.priority is not None] or fitting
    if len(closest) != 1:
        what = "metered" if proven else "unproven"
        raise ConfigurationError(
            f"penalties on {day.isoformat()}, priority {priority}, {what} energy: given {len(closest)} rules, expected exactly one; "
            f"add a rule or end one of them"
        )
    return closest[0]
