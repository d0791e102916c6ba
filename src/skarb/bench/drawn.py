"""A market's rows from one seed, as arrays: what a lake of any size, or a feed for one, is filled with.

Three thousand cases of ordinary and of forbidden business under the law of Belarus, a few of them frequent and most rare; clients of whom a few do
most; ten months of instants under four editions, amounts over eight orders of magnitude. Each row is decided by the edition of its day: rows of one
case whose values lie between the same steps of the law get the same answer, so each such group is decided once and a hundred million rows are
drawn as arrays.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property

import msgspec
import numpy as np
from numpy.typing import NDArray

from skarb.app.law import rulebook_of
from skarb.core.activity import Activity
from skarb.core.errors import ensure
from skarb.core.facts import Facts
from skarb.core.party import PartyKind
from skarb.core.time import legal_day, zone
from skarb.journal.feed.columns import ANSWERS
from skarb.rulebook import Edition
from skarb.rulebook.steps import steps_of

CASES, CLIENTS = 3000, 300_000
_ORDINARY = 60  # cases that come first, and most often
ASSETS = {"BYN": 2, "BTC": 8, "USDT": 6}
VENUES = ("platform-minsk", "exchanger-brest", "abroad-one", "abroad-two", "abroad-three")
_LAW = "by"
FROM, UNTIL = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 12, 30, tzinfo=UTC)
_ACTIVITIES: dict[Activity, int] = {
    "fiat_pay": 40,
    "token_buy_fiat": 22,
    "token_sell_fiat": 15,
    "token_transfer_out": 9,
    "token_transfer_in": 8,
    "token_swap": 4,
    "token_gift": 1,
    "mine": 1,
}
_UNITS = {
    "BYN": (1, 1),
    "BTC": (100_000_000, 29_000_000),
    "USDT": (1_000_000, 320),
}  # smallest units, and minor units of money they cost
_VERDICTS = {"permit": ANSWERS.index("posted"), "refuse": ANSWERS.index("refused"), "refer": ANSWERS.index("referred")}

Column = NDArray[np.int64]


@dataclass(frozen=True)
class Drawn:
    """Some rows as numbers: places in `Market.cases`, `ASSETS`, `Market.names` and `Market.editions`; -1 is none."""

    columns: dict[str, Column]
    first: int  # number of the first row


class Market:
    """Everything that rows are drawn from."""

    def __init__(self, seed: int = 1, clients: int = CLIENTS, cases: int = CASES) -> None:
        self.seed, self.clients = seed, clients
        self.rulebook = rulebook_of(_LAW)
        self._rng = random.Random(seed)
        self.cases = list(dict.fromkeys(self._case(number >= _ORDINARY) for number in range(cases)))
        weights = np.array([_ACTIVITIES[one.activity] for one in self.cases]) / (1 + np.arange(len(self.cases)))
        self._chances = np.cumsum(weights) / weights.sum()
        self._kinds = np.array([list(_ACTIVITIES).index(one.activity) for one in self.cases], np.int64)
        self._assets = np.array([0 if one.asset_class == "money" else self._rng.choice((1, 2)) for one in self.cases], np.int64)
        self._venues = np.array([self._venue(one) for one in self.cases], np.int64)
        self._sides = np.array([one.counterparty_kind != "unknown" for one in self.cases])
        moments = [FROM + timedelta(hours=12) * step for step in range(2 * (UNTIL - FROM).days)]
        self._shift = zone(self.rulebook.country.zone).utcoffset(FROM) or timedelta()
        ensure(
            all(
                legal_day(at, self.rulebook.country.zone) == (at + self._shift - datetime(1970, 1, 1, tzinfo=UTC)).days
                for at in moments
            ),
            "the zone of the law keeps its distance from UTC all the time",
        )

    @cached_property
    def names(self) -> list[str]:
        """Clients, then venues."""
        return [*(f"client-{number}" for number in range(self.clients)), *VENUES]

    @cached_property
    def editions(self) -> list[Edition]:
        """The law of that time, in order."""
        return [self.rulebook.edition(day) for day in self._starts.tolist()]

    @cached_property
    def _starts(self) -> Column:
        days = [int(one.timestamp()) // 86_400 for one in (FROM, UNTIL)]
        return np.array([days[0], *(day for day in self.rulebook.boundaries if days[0] < day <= days[1] + 1)], np.int64)

    def draw(self, rows: int, part: int) -> Iterator[Drawn]:
        """Yield so many rows in the order of time, a part at once; the same seed, number and part give the same rows."""
        step = int((UNTIL - FROM) / timedelta(microseconds=1)) * 1000 // rows
        start = int(FROM.timestamp()) * 10**9
        for first in range(0, rows, part):
            yield self._draw(first, min(part, rows - first), start, step)

    def _draw(self, first: int, count: int, start: int, step: int) -> Drawn:
        rng = np.random.default_rng([self.seed, first])
        instant = start + (first + np.arange(count, dtype=np.int64)) * step
        day = (instant + int(self._shift.total_seconds()) * 10**9) // (86_400 * 10**9)
        case = np.searchsorted(self._chances, rng.random(count, np.float32)).astype(np.int64)
        value = np.exp(rng.standard_normal(count, np.float32) * 2 + 9).astype(np.int64) + 1
        dollars = value * 10 // 32
        asset = self._assets[case]
        units, cost = (np.array([_UNITS[code][place] for code in ASSETS], np.int64)[asset] for place in (0, 1))
        edition = np.searchsorted(self._starts, day, side="right") - 1
        outcome, levy, duties, answer = self._decided(case, edition, value, dollars)
        columns = {
            "instant": instant,
            "day": day,
            "case": case,
            "value": value,
            "value_usd": dollars,
            "asset": asset,
            "amount": value * units // cost,
            "party": self._client(rng, count),
            "counterparty": np.where(self._sides[case], self._client(rng, count), -1),
            "venue": np.where(self._venues[case] < 0, -1, self.clients + self._venues[case]),
            "edition": edition,
            "outcome": outcome,
            "levy": levy,
            "duties": duties,
            "answer": answer,
        }
        return Drawn(columns, first)

    def _client(self, rng: np.random.Generator, count: int) -> Column:
        """Return clients of whom one in a hundred does a fifth of everything."""
        return (self.clients * rng.random(count, np.float32) ** 3 * 0.999999).astype(np.int64)

    def _decided(self, case: Column, edition: Column, value: Column, dollars: Column) -> tuple[Column, Column, Column, Column]:
        """Return outcome, levy, duties and answer of each row, deciding each group of rows that must be alike once."""
        value_steps, dollar_steps, bases = self._bins
        kind = self._kinds[case]
        places = np.zeros(len(case), np.int64)
        for number, (steps, others) in enumerate(zip(value_steps, dollar_steps, strict=True)):
            own = np.flatnonzero(kind == number)
            bins = np.searchsorted(steps, value[own], side="right") * (len(others) + 1)
            places[own] = bins + np.searchsorted(others, dollars[own], side="right")
        group = (bases[case] + places) * len(self._starts) + edition
        if self._answers is None:
            self._answers = np.full((int(bases[-1]) * len(self._starts), 4), -1, np.int64)
        found = self._answers
        known = np.zeros(len(found), np.bool_)
        known[group] = True
        new = np.flatnonzero(known & (found[:, 0] < 0))
        if len(new):
            rows = np.zeros(len(found), np.int64)
            rows[group] = np.arange(len(group))
            for one, row in zip(new.tolist(), rows[new].tolist(), strict=True):
                found[one] = self._decide(int(case[row]), int(edition[row]), int(value[row]), int(dollars[row]))
        return tuple(found[group].T)

    _answers: Column | None = None

    @cached_property
    def _bins(self) -> tuple[list[Column], list[Column], Column]:
        """The values at which any edition changes its answer, by activity; and where the groups of each case begin."""
        steps = []
        for activity in _ACTIVITIES:
            found = [steps_of(edition, activity) for edition in self.editions]
            ensure(all(one is not None for one in found), "the law compares values with amounts and does nothing else with them")
            steps.append(
                [
                    np.unique([point for one in found if one is not None for point in one[side]]).astype(np.int64)
                    for side in (0, 1)
                ]
            )
        sizes = np.array([(len(values) + 1) * (len(dollars) + 1) for values, dollars in steps], np.int64)
        bases = np.concatenate(([0], np.cumsum(sizes[self._kinds])))
        return [values for values, _ in steps], [dollars for _, dollars in steps], bases

    def _decide(self, case: int, edition: int, value: int, dollars: int) -> tuple[int, int, int, int]:
        law = self.editions[edition]
        facts = msgspec.structs.replace(self.cases[case], day=int(self._starts[edition]), value=value, value_usd=dollars)
        outcome = law.decide(facts)
        return outcome, law.levy(facts), law.duties(facts), _VERDICTS[law.outcomes[outcome].verdict]

    def _case(self, strange: bool) -> Facts:
        """Return facts of ordinary business, or of which a good part breaks one provision or another."""
        rng, pick = self._rng, self._rng.choice

        def rarely(chance: float) -> bool:
            return strange and rng.random() < chance

        activity = rng.choices(list(_ACTIVITIES), list(_ACTIVITIES.values()))[0]
        token = activity != "fiat_pay"
        country = pick(("BY", "BY", "BY", "BY", "RU", "KZ", "PL", "DE"))
        abroad = token and rng.random() < (0.3 if strange else 0.1)
        other: PartyKind = pick(("natural_person", "legal_entity", "sole_proprietor"))
        return Facts(
            activity=activity,
            day=0,
            actor_kind=pick(("natural_person",) * 6 + ("legal_entity", "sole_proprietor", "self_employed")),
            actor_resident=country == "BY",
            actor_country=country,
            actor_identified=not rarely(0.02),
            actor_age=17 if rarely(0.05) else pick((None, 25, 40, 60)),
            systematic=rarely(0.05),
            operator_licence="bank" if not token else pick(("crypto_bank", "platform", "exchanger", "bank")),
            operator_regime_resident=token and not rarely(0.03),
            operator_registered=not rarely(0.03),
            operator_covers_activity=not rarely(0.02),
            operator_country="BY",
            counterparty_kind=other if activity != "mine" else "unknown",
            counterparty_resident=rng.random() < 0.9,
            counterparty_country=pick(("BY",) * 9 + ("RU", "CN", "TR")),
            venue_licence="foreign_provider" if abroad else "none",
            venue_country=pick(("HK", "AE", "SC")) if abroad else "XX",
            asset_class="cryptocurrency" if token else "money",
            settlement=pick(("bank_transfer", "bank_transfer", "electronic_money", "cash")) if token else "bank_transfer",
            account_kind="crypto_account" if token else "bank_account",
            cross_border=abroad,
            wallet_hosting=pick(("hosted", "hosted", "unhosted")) if activity.startswith("token_transfer") else "none",
            wallet_listed=rarely(0.01),
            screening=pick(("possible", "listed")) if rarely(0.03) else "clear",
            travel_rule="complete" if activity.startswith("token_transfer") and rng.random() < 0.9 else "not_required",
            hold=rarely(0.01),
        )

    def _venue(self, case: Facts) -> int:
        if case.venue_licence != "none":
            return self._rng.randrange(2, len(VENUES))
        return self._rng.randrange(2) if case.activity == "token_swap" else -1
