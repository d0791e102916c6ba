"""Exposure against a slow reading that follows every single unit, and against sums that must add up."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from skarb.chain.exposure import Exposed, Exposure, trace_accounts, trace_coins
from skarb.chain.payments import Coin, CoinTransaction, Outpoint, Payment
from skarb.core.errors import InputError

BAD = {"bad1", "bad2"}
listed = BAD.__contains__


def paid(tx: str, sender: str | None, receiver: str, value: int, asset: str = "ETH") -> Payment:
    return Payment(asset, () if sender is None else (sender,), receiver, value, tx, 0, "block", 0)


def coins(tx: str, takes: list[tuple[str, int] | tuple[str, int, str]], makes: list[tuple[str, int]]) -> CoinTransaction:
    taken = tuple(((one[0], one[1]), one[2] if len(one) > 2 else None) for one in takes)
    return CoinTransaction(tx, "block", 0, taken, tuple(Coin(*one) for one in makes), mined=not takes)


# a slow reading: every unit is a thing of its own ------------------------------------------------------------------------------


class Slow:
    """Units are lists of hops since a listed address, None for clean ones; the mixture of haircut is a list of yes and no."""

    def __init__(self, hops_max: int) -> None:
        self.hops_max = hops_max
        self.fifo: Counter[str] = Counter()
        self.haircut: Counter[str] = Counter()
        self.rows: dict[tuple[str, int], tuple[int, int]] = {}

    def further(self, unit: int | None, receiver: str) -> tuple[int | None, str]:
        if unit is None:
            return None, ""
        if receiver in BAD:
            return None, "returned"
        if unit >= self.hops_max:
            return None, "beyond"
        return unit + 1, "held"

    def arrive(
        self, key: tuple[str, int], receiver: str, units: list[int | None], share: int, hops: int | None
    ) -> tuple[list[int | None], int, int | None]:
        moved = [self.further(unit, receiver) for unit in units]
        self.fifo.update([where for _, where in moved if where not in ("", "held")])
        on, where = self.further(hops if share else None, receiver)
        if where not in ("", "held"):
            self.haircut[where] += share
            share = 0
        fifo = sum(unit is not None for unit, _ in moved)
        if fifo or share:
            self.rows[key] = fifo, share
        return [unit for unit, _ in moved], share, on

    def accounts(self, payments: list[Payment]) -> None:
        units: dict[str, list[int | None]] = {}
        tainted: Counter[str] = Counter()
        hops: dict[str, int | None] = {}
        for one in payments:
            sender = one.senders[0] if one.senders else None
            share, way = 0, None
            if sender in BAD:
                moved: list[int | None] = [0] * one.value
                share, way = one.value, 0
                self.fifo["entered"] += one.value
                self.haircut["entered"] += one.value
            else:
                own = units.setdefault(sender, []) if sender is not None else []
                there = min(one.value, len(own))
                if sender is not None and own:
                    share = tainted[sender] * there // len(own)
                    tainted[sender] -= share
                    way = hops.get(sender)
                moved = own[:there] + [None] * (one.value - there)
                del own[:there]
                if sender is not None and not tainted[sender]:
                    hops[sender] = None
            moved, share, way = self.arrive((one.tx, one.index), one.receiver, moved, share, way)
            units.setdefault(one.receiver, []).extend(moved)
            tainted[one.receiver] += share
            if share:
                hops[one.receiver] = min(way, known) if (known := hops.get(one.receiver)) is not None else way
        self.fifo["held"] = sum(unit is not None for account, own in units.items() if account not in BAD for unit in own)
        self.haircut["held"] = sum(amount for account, amount in tainted.items() if account not in BAD)

    def coins(self, transactions: list[CoinTransaction]) -> None:
        made: dict[Outpoint, tuple[str, list[int | None], int, int | None]] = {}
        for one in transactions:
            mixture: list[int | None] = [None] * sum(coin.value for coin in one.makes) if one.mined else []
            tainted, ways = 0, []
            for point, _ in one.takes:
                holder, units, share, way = made.pop(point)
                if holder in BAD:
                    units, share, way = [0] * len(units), len(units), 0
                    self.fifo["entered"] += len(units)
                    self.haircut["entered"] += len(units)
                mixture += units
                tainted += share
                ways += [way] if share else []
            whole = len(mixture)
            marked = [tainted * (unit + 1) // whole > tainted * unit // whole for unit in range(whole)]
            place = 0
            for number, coin in enumerate(one.makes):
                part = slice(place, place + coin.value)
                found = self.arrive((one.tx, number), coin.holder, mixture[part], sum(marked[part]), min(ways, default=None))
                made[one.tx, number] = (coin.holder, *found)
                place += coin.value
            self.fifo["fees"] += sum(unit is not None for unit in mixture[place:])
            self.haircut["fees"] += sum(marked[place:])
        self.fifo["held"] = sum(unit is not None for holder, units, _, _ in made.values() if holder not in BAD for unit in units)
        self.haircut["held"] = sum(share for holder, _, share, _ in made.values() if holder not in BAD)


def agree(found: Exposure, slow: Slow, asset: str) -> None:
    assert {(row.tx, row.index): (row.fifo, row.haircut) for row in found.rows} == slow.rows
    for fast, counted in ((found.fifo, slow.fifo), (found.haircut, slow.haircut)):
        if asset in fast:
            sums = fast[asset]
            assert sums.conserved
            said = {
                "entered": sums.entered,
                "held": sums.held,
                "returned": sums.returned,
                "fees": sums.fees,
                "beyond": sums.beyond,
            }
            assert said == {name: counted[name] for name in said}
        else:
            assert not any(counted.values())


@pytest.mark.parametrize("seed", range(60))
def test_accounts_agree_with_counting_every_unit(seed: int) -> None:
    rng = random.Random(seed)
    names = [*BAD, *"abcdef"]
    payments = [
        paid(f"t{n}", rng.choice([None, *names, *names]), rng.choice(names), rng.randint(1, 40))
        for n in range(rng.randint(1, 120))
    ]
    hops_max = rng.randint(1, 5)
    slow = Slow(hops_max)
    slow.accounts(payments)
    agree(trace_accounts(payments, listed, hops_max=hops_max), slow, "ETH")


def random_chain(rng: random.Random) -> list[CoinTransaction]:
    names = [*BAD, *"abcdef"]
    unspent: dict[Outpoint, int] = {}
    transactions = []
    for n in range(rng.randint(2, 80)):
        takes = rng.sample(sorted(unspent), min(len(unspent), rng.choice([0, 1, 1, 2, 3])))
        left = sum(unspent.pop(point) for point in takes) if takes else rng.randint(10, 60)
        makes = []
        while left > 0 and len(makes) < 4:
            value = rng.randint(0, left)
            makes.append((rng.choice(names), value))
            left -= value
            if rng.random() < 0.3:
                break
        transactions.append(coins(f"t{n}", list(takes), makes))
        unspent |= {(f"t{n}", number): value for number, (_, value) in enumerate(makes)}
    return transactions


@pytest.mark.parametrize("seed", range(60))
def test_coins_agree_with_counting_every_unit(seed: int) -> None:
    rng = random.Random(1000 + seed)
    transactions, hops_max = random_chain(rng), rng.randint(1, 5)
    slow = Slow(hops_max)
    slow.coins(transactions)
    agree(trace_coins(transactions, listed, hops_max=hops_max), slow, "BTC")


@pytest.mark.parametrize("seed", range(20))
def test_amounts_may_be_of_any_size(seed: int) -> None:
    rng = random.Random(2000 + seed)
    names = [*BAD, *"abcdef"]
    payments = [paid(f"t{n}", rng.choice(names), rng.choice(names), rng.randint(1, 10**40)) for n in range(300)]
    found = trace_accounts(payments, listed)
    for sums in (found.fifo["ETH"], found.haircut["ETH"]):
        assert sums.conserved and sums.entered == sum(one.value for one in payments if one.senders[0] in BAD)
    assert all(0 <= row.fifo <= row.value and 0 <= row.haircut <= row.value for row in found.rows)
    assert all(1 <= row.trail.hops <= 6 and row.trail.source in BAD for row in found.rows)


# single stories ---------------------------------------------------------------------------------------------------------------


def by_tx(found: Exposure) -> dict[str, Exposed]:
    return {row.tx: row for row in found.rows}


def test_what_came_first_goes_first_and_haircut_shares() -> None:
    payments = [paid("1", None, "a", 60), paid("2", "bad1", "a", 40), paid("3", "a", "b", 50), paid("4", "a", "c", 50)]
    found = by_tx(trace_accounts(payments, listed))
    assert [(found[tx].fifo, found[tx].haircut) if tx in found else None for tx in "1234"] == [None, (40, 40), (0, 20), (40, 20)]
    assert found["4"].trail.hops == 2
    assert str(found["4"].trail) == "bad1 → a (in 2) → c (in 4)"


def test_assets_do_not_mix() -> None:
    payments = [paid("1", "bad1", "a", 5, "ETH"), paid("2", None, "a", 5, "ETH:0x01"), paid("3", "a", "b", 5, "ETH:0x01")]
    assert set(by_tx(trace_accounts(payments, listed))) == {"1"}


def test_coins_from_outside_count_as_listed_when_one_of_them_is() -> None:
    one = coins("t", [("old", 0, "clean"), ("old", 1, "bad1")], [("a", 30), ("b", 12)])
    found = trace_coins([one], listed)
    assert [(row.receiver, row.fifo, row.haircut) for row in found.rows] == [("a", 30, 30), ("b", 12, 12)]
    assert found.assumed == {"t"}
    known = trace_coins([one], listed, before={("old", 0): Coin("clean", 21), ("old", 1): Coin("bad1", 21)})
    assert [(row.receiver, row.fifo, row.haircut) for row in known.rows] == [("a", 9, 15), ("b", 12, 6)]
    assert not known.assumed and known.fifo["BTC"].entered == 21


def test_more_than_was_taken_is_refused() -> None:
    with pytest.raises(InputError, match="makes 1 satoshi more"):
        trace_coins([coins("t", [("old", 0)], [("a", 22)])], listed, before={("old", 0): Coin("bad1", 21)})


def test_rows_are_bounded_and_sums_are_not() -> None:
    payments = [paid(f"t{n}", "bad1", "a", 1) for n in range(10)]
    found = trace_accounts(payments, listed, rows_max=3)
    assert len(found.rows) == 3 and not found.complete and found.fifo["ETH"].entered == 10
