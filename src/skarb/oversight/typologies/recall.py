"""Recall: which of the schemes that are known to be in a stream were found, and what else was disturbed.

A scheme is **found** when at least half of its transfers lie in alerts, **covered** when four fifths do, and **whole** when one alert alone holds
half of it, so that an officer sees a scheme and not its splinters. Everything that belongs to no scheme is
background: its alert rate is the share of its transfers that lie in any alert. Two stricter rates stand beside it: the same without transfers that
people make to themselves, which no family looks at, and the share of the accounts that take part in no scheme but stand in an alert.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from skarb.oversight.typologies.model import Alert, Numbers, Transfers


@dataclass(frozen=True)
class Found:
    """What became of the schemes of one family."""

    schemes: int
    found: int
    covered: int
    whole: int
    transfers: int
    alerted: int


@dataclass(frozen=True)
class Recall:
    """Recall by family, and the background's alert rate. Units: ratios are /1."""

    families: dict[str, Found]
    background: int  # transfers
    between: int  # of them between two different accounts
    disturbed: int
    accounts: int  # of the background
    accounts_disturbed: int
    true_alerts: int  # alerts most of whose transfers belong to schemes
    alerts: int
    delay_hours: int  # median from the first transfer of a scheme to the alert, over alerts that are true

    @property
    def total(self) -> Found:
        """All families together."""
        every = list(self.families.values())
        return Found(*(sum(getattr(one, name) for one in every) for name in Found.__dataclass_fields__))

    @property
    def recall(self) -> float:
        """Share of all schemes that were found."""
        total = self.total
        return total.found / total.schemes if total.schemes else 0.0

    @property
    def background_rate(self) -> float:
        """Share of background transfers that lie in alerts."""
        return self.disturbed / self.background if self.background else 0.0

    @property
    def strict_rate(self) -> float:
        """The same over transfers between two different accounts only."""
        return self.disturbed / self.between if self.between else 0.0

    @property
    def account_rate(self) -> float:
        """Share of background accounts that stand in alerts."""
        return self.accounts_disturbed / self.accounts if self.accounts else 0.0


def recall_of(transfers: Transfers, scheme: Numbers, families: Sequence[str], alerts: Iterable[Alert], begin: int = 0) -> Recall:
    """Return what alerts found.

    Shape: `scheme` has the number of each transfer's scheme or -1, `families` one name per scheme. Background before `begin` is left out.
    """
    alerts = [one for one in alerts if one.rows[-1] >= begin]
    return recall_of_rows(
        transfers, scheme, families, [np.array(one.rows) for one in alerts], [one.delay for one in alerts], begin
    )


def recall_of_rows(
    transfers: Transfers,
    scheme: Numbers,
    families: Sequence[str],
    alerts: Sequence[Numbers],
    delays: Sequence[int] = (),
    begin: int = 0,
) -> Recall:
    """Return what was found when each alert holds these transfers."""
    inside = scheme >= 0
    hit = np.zeros(len(transfers), bool)
    most = np.zeros(len(families), np.int64)  # transfers of each scheme in the alert that holds most of it
    for rows in alerts:
        hit[rows] = True
        named, counts = np.unique(scheme[rows][inside[rows]], return_counts=True)
        most[named] = np.maximum(most[named], counts)
    many = np.bincount(scheme[inside], minlength=len(families))
    held = np.bincount(scheme[inside & hit], minlength=len(families))
    table: dict[str, list[int]] = defaultdict(lambda: [0] * 6)
    for family, size, part, one in zip(families, many.tolist(), held.tolist(), most.tolist(), strict=True):
        for place, value in enumerate((1, 2 * part >= size, 5 * part >= 4 * size, 2 * one >= size, size, part)):
            table[family][place] += int(value)
    background = ~inside
    background[:begin] = False
    others = background & (transfers.sender != transfers.receiver)
    guilty = np.union1d(transfers.sender[inside], transfers.receiver[inside])
    innocent = np.setdiff1d(np.union1d(transfers.sender[others], transfers.receiver[others]), guilty)
    late = hit & others
    named = np.union1d(transfers.sender[late], transfers.receiver[late])
    true = [2 * int(inside[rows].sum()) > len(rows) for rows in alerts]
    slow = [delay for delay, fact in zip(delays, true, strict=False) if fact]
    return Recall(
        families={name: Found(*counts) for name, counts in sorted(table.items())},
        background=int(background.sum()),
        between=int(others.sum()),
        disturbed=int((others & hit).sum()),
        accounts=len(innocent),
        accounts_disturbed=len(np.intersect1d(innocent, named)),
        true_alerts=sum(true),
        alerts=len(alerts),
        delay_hours=int(np.median(slow)) // 3600 if slow else 0,
    )
