"""Exposure: how much of what somebody got came from listed addresses, and over how many hands.

Two rules say which coins of a mixture go out. **FIFO**: what came first goes first; every unit keeps its origin, so the amount is exact and
the law's usual answer. **Haircut**: every unit that goes out carries the share of the mixture; nothing is lost by mixing, but everybody is
touched a little. Both are counted in whole smallest units and conserve: what left listed addresses is what others still hold, plus what
came back, what was paid as fees, and what went beyond the depth looked at.

Bitcoin is traced by coins: a transaction takes coins in order and makes coins in order; what is left is the fee. Accounts are traced by
their balance in each asset; one who sends more than was seen to arrive had the rest before, and that counts as clean and as gone last.
Coins taken that are not among the blocks given have no known value: together they count for what the others do not explain, and
as listed if one of them is. So a short stretch of chain rather overstates exposure than misses it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from skarb.chain.payments import Coin, CoinTransaction, Outpoint, Payment
from skarb.core.errors import InputError

HOPS_MAX = 6
ROWS_MAX = 1_000_000


@dataclass(frozen=True, slots=True)
class Trail:
    """The way from a listed address."""

    source: str
    steps: tuple[tuple[str, str], ...] = ()  # transaction and who received, one a hop

    @property
    def hops(self) -> int:
        """Over how many payments."""
        return len(self.steps)

    def on(self, tx: str, holder: str) -> Trail:
        """Return the way with one more payment."""
        return Trail(self.source, (*self.steps, (tx, holder)))

    def __str__(self) -> str:
        return " → ".join([self.source, *(f"{holder} (in {tx})" for tx, holder in self.steps)])


@dataclass(frozen=True, slots=True)
class Exposed:
    """One payment of which something came from a listed address. Units: smallest units of the asset."""

    asset: str
    tx: str
    index: int
    receiver: str
    value: int
    fifo: int
    haircut: int
    trail: Trail  # the shortest


@dataclass
class Sums:
    """Where what left listed addresses is, by one rule. Units: smallest units."""

    entered: int = 0
    held: int = 0  # by others
    returned: int = 0  # to listed addresses
    fees: int = 0
    beyond: int = 0  # more hops away than were followed

    @property
    def conserved(self) -> bool:
        """Whether all of it is somewhere."""
        return self.entered == self.held + self.returned + self.fees + self.beyond


@dataclass
class Exposure:
    """What a trace found. Sums are kept for each asset by each rule; `received` is all that anybody got, clean or not."""

    rows: list[Exposed] = field(default_factory=list)
    fifo: dict[str, Sums] = field(default_factory=dict)
    haircut: dict[str, Sums] = field(default_factory=dict)
    received: dict[tuple[str, str], int] = field(default_factory=dict)  # by asset and holder
    complete: bool = True  # False: more rows than were kept
    assumed: set[str] = field(default_factory=set)  # transactions in which coins of unknown value were taken


Lot = tuple[int, Trail | None]  # an amount and where it came from; None = nowhere listed
Listed = Callable[[str], bool]


@dataclass
class _Pool:
    """What an account holds of an asset, or a coin: lots in order for FIFO, and by haircut one amount with the shortest way."""

    value: int = 0
    lots: deque[Lot] = field(default_factory=deque)
    tainted: int = 0
    trail: Trail | None = None

    def put(self, lots: Iterable[Lot], tainted: int, trail: Trail | None) -> None:
        for amount, way in lots:
            if not amount:
                continue
            if self.lots and self.lots[-1][1] == way:
                self.lots[-1] = (self.lots[-1][0] + amount, way)
            else:
                self.lots.append((amount, way))
            self.value += amount
        self.tainted += tainted
        self.trail = _shorter(self.trail, trail) if tainted else self.trail

    def take(self, amount: int) -> tuple[list[Lot], int, Trail | None]:
        """Take an amount that is there: the first lots, and the share of what is tainted."""
        share = self.tainted * amount // self.value if self.value else 0
        trail = self.trail
        self.tainted -= share
        self.value -= amount
        if not self.tainted:
            self.trail = None
        taken: list[Lot] = []
        while amount:
            first, way = self.lots[0]
            part = min(first, amount)
            taken.append((part, way))
            amount -= part
            if part == first:
                self.lots.popleft()
            else:
                self.lots[0] = (first - part, way)
        return taken, share, trail if share else None


class _Tracer:
    """What both ways of tracing share: whom to count from, how far, and the sums."""

    def __init__(self, listed: Listed, hops_max: int, rows_max: int) -> None:
        self.listed = listed
        self.hops_max, self.rows_max = hops_max, rows_max
        self.found = Exposure()

    def sums(self, asset: str) -> tuple[Sums, Sums]:
        return self.found.fifo.setdefault(asset, Sums()), self.found.haircut.setdefault(asset, Sums())

    def leave(self, asset: str, holder: str, amount: int) -> tuple[list[Lot], int, Trail]:
        """Let a listed address send: all of it comes from there."""
        for sums in self.sums(asset):
            sums.entered += amount
        way = Trail(holder)
        return [(amount, way)], amount, way

    def out(self, asset: str, lots: Iterable[Lot], share: int) -> None:
        """Note that something is taken out of what others hold."""
        fifo, haircut = self.sums(asset)
        fifo.held -= sum(amount for amount, way in lots if way is not None and way.hops)
        haircut.held -= share

    def arrive(
        self, payment: tuple[str, str, int, str, int], lots: list[Lot], share: int, trail: Trail | None
    ) -> tuple[list[Lot], int, Trail | None]:
        """Note what arrives with somebody, and return what of it is followed on."""
        asset, tx, index, holder, value = payment
        key = asset, holder
        self.found.received[key] = self.found.received.get(key, 0) + value
        tainted = sum(amount for amount, way in lots if way is not None)
        if not tainted and not share:
            return lots, 0, None
        fifo, haircut = self.sums(asset)
        if self.listed(holder):
            fifo.returned += tainted
            haircut.returned += share
            return [(value, None)], 0, None
        kept: list[Lot] = []
        for amount, way in lots:
            far = way is not None and way.hops >= self.hops_max
            fifo.beyond += amount if far else 0
            kept.append((amount, None if far or way is None else way.on(tx, holder)))
        followed = sum(amount for amount, way in kept if way is not None)
        fifo.held += followed
        on = None
        if trail is not None and trail.hops < self.hops_max:
            on = trail.on(tx, holder)
            haircut.held += share
        else:
            haircut.beyond += share
            share = 0
        shortest = on
        for _, way in kept:
            shortest = _shorter(shortest, way)
        if shortest is not None:
            self._row(Exposed(asset, tx, index, holder, value, followed, share, shortest))
        return kept, share, on

    def _row(self, row: Exposed) -> None:
        if len(self.found.rows) < self.rows_max:
            self.found.rows.append(row)
        else:
            self.found.complete = False


def trace_accounts(
    payments: Iterable[Payment], listed: Listed, *, hops_max: int = HOPS_MAX, rows_max: int = ROWS_MAX
) -> Exposure:
    """Trace payments between accounts, in the order in which they happened; each asset for itself."""
    tracer, pools = _Tracer(listed, hops_max, rows_max), dict[tuple[str, str], _Pool]()
    for one in payments:
        if not one.value or one.mention:
            continue
        lots: list[Lot]
        trail: Trail | None
        if not one.senders:
            lots, share, trail = [(one.value, None)], 0, None
        elif listed(one.senders[0]):
            lots, share, trail = tracer.leave(one.asset, one.senders[0], one.value)
        else:
            pool = pools.setdefault((one.asset, one.senders[0]), _Pool())
            there = min(one.value, pool.value)
            lots, share, trail = pool.take(there)
            tracer.out(one.asset, lots, share)
            lots.append((one.value - there, None))
        payment = one.asset, one.tx, one.index, one.receiver, one.value
        lots, share, trail = tracer.arrive(payment, lots, share, trail)
        pools.setdefault((one.asset, one.receiver), _Pool()).put(lots, share, trail)
    return tracer.found


def trace_coins(
    transactions: Iterable[CoinTransaction],
    listed: Listed,
    *,
    hops_max: int = HOPS_MAX,
    rows_max: int = ROWS_MAX,
    before: Mapping[Outpoint, Coin] | None = None,
) -> Exposure:
    """Trace the coins of transactions, in the order of the chain.

    `before` are coins from earlier blocks whose holder and value are known.
    Raises: InputError if a transaction makes more than it takes.
    """
    tracer, pools = _Tracer(listed, hops_max, rows_max), dict[Outpoint, tuple[str, _Pool]]()
    for point, coin in (before or {}).items():
        pools[point] = coin.holder, _clean(coin.value)
    for one in transactions:
        mixture = _taken(one, pools, tracer)
        fee = mixture.value - sum(coin.value for coin in one.makes)
        if fee < 0:
            raise InputError(
                f"transaction {one.tx}: makes {-fee} satoshi more than it takes, expected no more; check the coins given"
            )
        # Haircut shares out the whole mixture at once, so that no unit is lost in rounding: each takes the share up to its end.
        whole, tainted, trail, done, given = mixture.value, mixture.tainted, mixture.trail, 0, 0
        for number, coin in enumerate(one.makes):
            lots, _, _ = mixture.take(coin.value)
            done += coin.value
            share = tainted * done // whole - given if whole else 0
            given += share
            payment = one.asset, one.tx, number, coin.holder, coin.value
            kept, share, on = tracer.arrive(payment, lots, share, trail if share else None)
            pool = _Pool()
            pool.put(kept, share, on)
            pools[one.tx, number] = coin.holder, pool
        if fee and tainted + sum(amount for amount, way in mixture.lots if way is not None):
            fifo, haircut = tracer.sums(one.asset)
            fifo.fees += sum(amount for amount, way in mixture.lots if way is not None)
            haircut.fees += tainted - given
    return tracer.found


def _taken(one: CoinTransaction, pools: dict[Outpoint, tuple[str, _Pool]], tracer: _Tracer) -> _Pool:
    """Return the coins that a transaction takes as one mixture, in their order."""
    paid, mixture = sum(coin.value for coin in one.makes), _Pool()
    if one.mined:
        return _clean(paid)
    known = sum(pools[point][1].value for point, _ in one.takes if point in pools)
    missing = max(0, paid - known)  # what coins from outside must have brought at least
    outside = [shown for point, shown in one.takes if point not in pools]
    source = next((shown for shown in outside if shown is not None and tracer.listed(shown)), None)
    if outside:
        tracer.found.assumed.add(one.tx)
    for point, _ in one.takes:
        lots: list[Lot]
        trail: Trail | None
        if point not in pools:
            if not missing:
                continue
            clean: tuple[list[Lot], int, Trail | None] = [(missing, None)], 0, None
            lots, share, trail = clean if source is None else tracer.leave(one.asset, source, missing)
            missing = 0
        else:
            holder, pool = pools.pop(point)
            if tracer.listed(holder):
                lots, share, trail = tracer.leave(one.asset, holder, pool.value)
            else:
                lots, share, trail = list(pool.lots), pool.tainted, pool.trail
                tracer.out(one.asset, lots, share)
        mixture.put(lots, share, trail)
    return mixture


def _clean(value: int) -> _Pool:
    pool = _Pool()
    pool.put([(value, None)], 0, None)
    return pool


def _shorter(one: Trail | None, other: Trail | None) -> Trail | None:
    """Return the way over fewer hands; the earlier one when they are as long."""
    if one is None or other is None:
        return one or other
    return other if other.hops < one.hops else one
