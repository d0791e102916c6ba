"""A supervisor's lake of any size, or a feed for one, from one seed: what replay and loading are measured on.

Three thousand cases of ordinary and of forbidden business under the law of Belarus, a few of them frequent and most rare; clients of whom a few do
most; ten months of instants under four editions, amounts over eight orders of magnitude. Each row is decided by the edition of its day: rows of one
case whose values lie between the same steps of the law get the same answer, so each such group is decided once and a hundred million rows are
drawn as arrays.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from skarb.app.law import rulebook_of
from skarb.core.activity import Activity
from skarb.core.errors import ensure
from skarb.core.facts import Facts
from skarb.core.party import PartyKind
from skarb.core.time import legal_day, zone
from skarb.journal.ahead import ahead
from skarb.journal.feed.cases import FACTS, case_id
from skarb.journal.feed.columns import ANSWERS, Columns, decimal_column
from skarb.journal.feed.files import SCHEMAS
from skarb.journal.feed.manifest import Form, Manifest, Sums
from skarb.journal.feed.write import Signer, write_declared
from skarb.lake.filling import Filling, insert
from skarb.lake.numbers import Numbers
from skarb.lake.open import create_lake, open_lake
from skarb.lake.schema import ROWS
from skarb.rulebook import Edition
from skarb.rulebook.steps import steps_of

BOOK = "generated"
PART = 1 << 19  # rows that are drawn at once
COMMITTED = 1 << 22  # rows of a lake that are filled in one transaction; a multiple of the above
CASES, CLIENTS = 3000, 300_000
_ORDINARY = 60  # cases that come first, and most often
ASSETS = {"BYN": 2, "BTC": 8, "USDT": 6}
VENUES = ("platform-minsk", "exchanger-brest", "abroad-one", "abroad-two", "abroad-three")
_LAW = "by"
_FROM, _UNTIL = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 12, 30, tzinfo=UTC)
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
        moments = [_FROM + timedelta(hours=12) * step for step in range(2 * (_UNTIL - _FROM).days)]
        self._shift = zone(self.rulebook.country.zone).utcoffset(_FROM) or timedelta()
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
        days = [int(one.timestamp()) // 86_400 for one in (_FROM, _UNTIL)]
        return np.array([days[0], *(day for day in self.rulebook.boundaries if days[0] < day <= days[1] + 1)], np.int64)

    def draw(self, rows: int) -> Iterator[Drawn]:
        """Yield so many rows in the order of time, some hundred thousand at once; the same seed and number give the same rows."""
        step = int((_UNTIL - _FROM) / timedelta(microseconds=1)) * 1000 // rows
        start = int(_FROM.timestamp()) * 10**9
        for first in range(0, rows, PART):
            yield self._draw(first, min(PART, rows - first), start, step)

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


def fill(
    lake: Path, rows: int, *, seed: int = 1, clients: int = CLIENTS, progress: Callable[[str, int, int], None] | None = None
) -> None:
    """Make a lake of so many rows without a feed; what replay is measured on."""
    market = Market(seed, clients)
    create_lake(lake)
    with open_lake(lake, write=True) as connection:
        ensure(connection.execute("SELECT count(*) FROM books").fetchall() == [(0,)], "a lake to be filled is empty")
        connection.execute("BEGIN TRANSACTION")
        numbers = Numbers(connection)
        manifest = _manifest(market, rows)
        numbers.book(manifest)
        numbers.take_assets(manifest)
        numbers.take_editions(list({one.hash: one for one in market.editions}.values()))
        insert(connection, "cases", numbers.new_cases(_cases(market)))
        numbers.names.numbers(pa.array(market.names))
        insert(connection, "names", numbers.new_names())
        editions = np.asarray(numbers.editions.numbers(pa.array([one.hash for one in market.editions])))
        filling, done = Filling(connection, "rows"), 0
        for made in ahead((_rows(drawn, editions) for drawn in market.draw(rows)), depth=1):
            filling.add(made)
            done += len(made)
            if done % COMMITTED == 0:  # what is not committed takes memory
                connection.execute("COMMIT")
                connection.execute("BEGIN TRANSACTION")
            if progress is not None:
                progress("fill the lake", done, rows)
        filling.finish()
        made_of = f"generated from {seed} for {clients} clients"  # in place of a manifest's digest
        brought = [0, 0, False, 1, 1, b"", rows, 0, made_of, "", datetime.fromtimestamp(0, UTC).replace(tzinfo=None), "generated"]
        connection.execute(f"INSERT INTO feeds VALUES ({', '.join('?' * len(brought))})", brought)
        connection.execute("COMMIT")


def write_feed(to: Path, rows: int, signer: Signer, *, seed: int = 1, clients: int = CLIENTS, form: Form = "parquet") -> Manifest:
    """Write a feed of so many rows without bodies, as an institution that declares them would."""
    market = Market(seed, clients)
    cases = _cases(market)
    parts = (
        ((_FROM + timedelta(days=number)).date().isoformat(), _columns(market, drawn, cases, number + 1))
        for number, drawn in enumerate(market.draw(rows))
    )
    return write_declared(BOOK, to, signer, market.rulebook.country, parts, ASSETS, market.editions, form)


def _cases(market: Market) -> pa.Table:
    columns: dict[str, Any] = {"case_id": pa.array([case_id(one) for one in market.cases])}
    return pa.table(
        columns | {name: pa.array([getattr(one, name) for one in market.cases], kind) for name, kind in FACTS.items()}
    )


def _rows(drawn: Drawn, editions: Column) -> pa.Table:
    """Return rows as a lake holds them."""
    own = drawn.columns
    count = len(own["day"])
    missing = pa.nulls(count)
    columns = {
        "book": pa.array(np.zeros(count, np.uint16)),
        **_places(drawn, 1 + drawn.first // PART),
        "day": pa.array(own["day"].astype(np.int32)),
        "case_no": pa.array(own["case"].astype(np.int32)),
        "asset": pa.array(own["asset"].astype(np.uint16)),
        "paid_asset": missing,
        "paid_amount": missing,
        **{name: pa.array(own[name].astype(np.int32), mask=own[name] < 0) for name in ("party", "counterparty", "venue")},
        "wallet": missing,
        "edition": pa.array(editions[own["edition"]].astype(np.uint16)),
        "approves": missing,
        "end_to_end_id": missing,
    }
    return pa.table({name: columns[name] for name in ROWS})


def _columns(market: Market, drawn: Drawn, cases: pa.Table, sequence: int) -> Columns:
    """Return rows as a feed holds them."""
    own = drawn.columns
    texts = {
        "case_id": (own["case"], cases["case_id"].combine_chunks()),
        "asset": (own["asset"], pa.array(list(ASSETS))),
        "edition": (own["edition"], pa.array([one.hash for one in market.editions])),
        **{name: (own[name], _names_of(market)) for name in ("party", "counterparty", "venue")},
    }
    columns = {
        **_places(drawn, sequence),
        "day": pa.array(own["day"].astype(np.int32)),
        **{
            name: pa.DictionaryArray.from_arrays(pa.array(places.astype(np.int32), mask=places < 0), known)
            for name, (places, known) in texts.items()
        },
    }
    empty = pa.nulls(len(own["day"]))
    rows = pa.table({name: columns[name] if name in columns else empty.cast(kind) for name, kind in SCHEMAS["rows"].items()})
    none = {
        name: pa.table({column: pa.array([], kind) for column, kind in SCHEMAS[name].items()})
        for name in ("transfers", "accounts")
    }
    return Columns(rows, cases, none["transfers"], none["accounts"])


def _names_of(market: Market) -> pa.Array:
    return pa.array(market.names)


def _places(drawn: Drawn, sequence: int) -> dict[str, pa.Array]:
    """Return the columns that are the same in a lake and in a feed."""
    own = drawn.columns
    count = len(own["day"])
    zero = np.zeros(count, np.uint64)
    return {
        "sequence": pa.array(np.full(count, sequence, np.int32)),
        "row_no": pa.array(np.arange(count, dtype=np.int32)),
        "instant": pa.array(own["instant"]),
        "value": pa.array(own["value"]),
        "value_usd": pa.array(own["value_usd"]),
        "amount": decimal_column(own["amount"].view(np.uint64), zero),
        "outcome": pa.array(own["outcome"].astype(np.int32)),
        "duties": pa.array(own["duties"]),
        "levy": pa.array(own["levy"].astype(np.int32)),
        "answer": pa.DictionaryArray.from_arrays(pa.array(own["answer"].astype(np.int32)), pa.array(ANSWERS)),
        "id": _ids(drawn.first, count),
    }


def _ids(first: int, count: int) -> pa.Array:
    """Return the ids g000000000000, g000000000001 … as texts."""
    digits = np.empty((count, 13), np.uint8)
    digits[:, 0] = ord("g")
    left = first + np.arange(count, dtype=np.int64)
    for place in range(12, 0, -1):
        left, digit = np.divmod(left, 10)
        digits[:, place] = digit + ord("0")
    offsets = np.arange(count + 1, dtype=np.int32) * 13
    return pa.StringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(digits))


def _manifest(market: Market, rows: int) -> Manifest:
    """Return what the manifest of a feed would say, for a lake that is filled without one."""
    country = market.rulebook.country
    return Manifest(
        book=BOOK,
        bodies=False,
        law=country.code,
        currency=country.currency,
        decimals=country.decimals,
        zone=country.zone,
        first=1,
        last=-(-rows // PART),
        previous="0" * 64,
        end="0" * 64,
        head=None,
        assets=ASSETS,
        editions=[],
        segments=[],
        sums=Sums(answers={}, amounts={}, value="0", transfers=0, moved="0"),
        key="0" * 64,
    )
