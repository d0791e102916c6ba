"""Bills add up: lines to totals, days to months, corrections to what is right; and no planted fault goes unseen."""

from datetime import date
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.metering.small_meters import collected, judged, kinds, meter, rows_of, window
from tests.unit.metering.test_tariffs import APRIL, KAZAKH, SITE, STANDING, no_law, tariff

from skarb.metering import Bill, Case, State, correction, exact_text, lines_of, read_terms, rounded, stretches, totals_of, usage
from skarb.metering.bill import ELECTRICITY, exact_of
from skarb.metering.model import Method
from skarb.registers import Band, Capacity

BANDS = (Band(band="night", hours="23-6", price="7.123"), Band(band="day", price="24.00007"))
TERMS = KAZAKH + '\nvat: [{valid_from: 2020-01-01, share: "12/100", source: s, certainty: made_up}]\n'
SEEDS = st.integers(0, 2**32 - 1)
MONTH = window()


def energies(seed: int) -> list[int]:
    drawn = np.random.default_rng(seed)
    return drawn.integers(0, 1_500_000, len(MONTH)).tolist()


def bill_of(folder: Path, energy: list[int], terms: str, surplus: frozenset[int], certified_to: date = date(2030, 1, 1)) -> Bill:
    one = tariff(energy=BANDS, capacity=Capacity(of="measured", price="3.3333"), surplus_discount="1/3")
    parts = stretches((one,), "t", "", *APRIL, no_law)
    table = judged(collected(folder, rows_of(MONTH, energy), MONTH, meter(certified_to=certified_to)))
    used = usage([table], [[0]], parts, surplus)
    lines, _ = lines_of(Case(SITE, "2026-04", *APRIL, used, parts, read_terms(terms, "kz"), no_law, STANDING, "KZT", 2))
    exact = sum((exact_of(line.exact) for line in lines if line.kind in ELECTRICITY), Fraction(0))
    return Bill(
        id="2026-04/s1", site="s1", miner="p1", month="2026-04", country="KZ", currency="KZT", decimals=2, energy_wh=used.energy_wh, lines=lines,
        totals=totals_of(lines, "KZT"), exact_net=exact_text(exact), standing=STANDING, files=(),
    )  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(SEEDS, st.integers(0, 719), st.sampled_from(["half_even", "half_up"]), st.integers(1, 30))
def test_lines_add_up_and_every_watt_hour_is_in_them_once(seed: int, hour: int, how: str, certified: int) -> None:
    energy = energies(seed)
    surplus = frozenset({MONTH.start_s + hour * 3600, MONTH.start_s + (hour // 2) * 3600})
    with TemporaryDirectory() as folder:
        bill = bill_of(Path(folder), energy, TERMS.replace("half_up", how), surplus, date(2026, 4, certified))
    by_kind = {kind: [one for one in bill.lines if one.kind == kind] for kind in ("energy", "levy", "surplus_discount")}
    for kind in ("energy", "levy"):
        assert sum(exact_of(one.quantity) for one in by_kind[kind]) == Fraction(sum(energy), 1000)
    discounted = sum(energy[slot] for slot in {hour, hour // 2})
    assert sum(exact_of(one.quantity) for one in by_kind["surplus_discount"]) == Fraction(discounted, 1000)
    assert bill.totals["payable"] == sum(one.amount for one in bill.lines)
    assert bill.totals["payable"] == sum(value for name, value in bill.totals.items() if name != "payable")
    night = sum(wh for slot, wh in enumerate(energy) if slot % 24 in (23, 0, 1, 2, 3, 4, 5))
    price = {"night": Fraction("7.123"), "day": Fraction("24.00007")}
    split = {"night": Fraction(night, 1000), "day": Fraction(sum(energy) - night, 1000)}
    for one in by_kind["energy"]:
        assert exact_of(one.exact) == price[one.what] * split[one.what] and one.amount == rounded(exact_of(one.exact), 2, how)  # type: ignore[arg-type]
        assert abs(Fraction(one.amount, 100) - exact_of(one.exact)) <= Fraction(1, 200)
    unmetered = sum(energy[24 * certified :])
    assert sum(exact_of(one.quantity) for one in by_kind["levy"] if one.rate == "25" and "valid" in one.what) == Fraction(
        unmetered, 1000
    )


@settings(max_examples=15, deadline=None)
@given(SEEDS, st.integers(1, 29))
def test_a_month_is_the_sum_of_its_days_and_of_its_parts(seed: int, cut: int) -> None:
    energy = energies(seed)
    parts = stretches(
        (tariff(energy=BANDS), tariff(f"2026-04-{cut + 1:02}", energy=(*BANDS[:1], Band(band="day", price="1")))),
        "t",
        "",
        *APRIL,
        no_law,
    )
    with TemporaryDirectory() as folder:
        table = judged(collected(Path(folder), rows_of(MONTH, energy), MONTH))
    used = usage([table], [[0]], parts, frozenset())
    assert sum(used.by_day_wh.values()) == used.energy_wh == sum(energy)
    assert list(used.by_day_wh.values()) == [sum(energy[24 * day : 24 * day + 24]) for day in range(30)]
    assert sum(one.energy_wh for kind, one in used.kinds.items() if kind.stretch == 0) == sum(energy[: 24 * cut])


@settings(max_examples=15, deadline=None)
@given(st.lists(SEEDS, min_size=2, max_size=4))
def test_a_bill_and_its_corrections_are_the_latest_bill(seeds: list[int]) -> None:
    given_: list[Bill] = []
    latest = None
    with TemporaryDirectory() as folder:
        for seed in seeds:
            latest = bill_of(Path(folder), energies(seed), TERMS, frozenset())
            made = correction(given_, latest) if given_ else latest
            given_ += [made] if made is not None else []
    assert latest is not None
    for name, value in latest.totals.items():
        assert sum(one.totals.get(name, 0) for one in given_) == value
    assert sum(one.energy_wh for one in given_) == latest.energy_wh
    assert sum((exact_of(one.exact_net) for one in given_), Fraction(0)) == exact_of(latest.exact_net)
    assert len({one.id for one in given_}) == len(given_)


FAULTS = ("gap", "negative", "spike", "conflict", "duplicate")


@settings(max_examples=25, deadline=None)
@given(st.dictionaries(st.integers(0, 719), st.sampled_from(FAULTS), max_size=40), SEEDS)
def test_every_planted_fault_is_found_and_nothing_else(planted: dict[int, str], seed: int) -> None:
    energy = [one + 1 for one in energies(seed)]
    rows = []
    for slot, row in enumerate(rows_of(MONTH, energy)):
        start = row.rsplit(",", 1)[0]
        fault = planted.get(slot)
        rows += {
            "gap": [],
            "negative": [f"{start},{-energy[slot]}"],
            "spike": [f"{start},{2_040_001 + energy[slot]}"],
            "conflict": [row, f"{start},{energy[slot] + 1}"],
            "duplicate": [row, row],
        }.get(fault or "", [row])
    with TemporaryDirectory() as folder:
        found = judged(collected(Path(folder), rows, MONTH))
    told = {kind: count for kind, count in kinds(found).items() if kind in FAULTS}
    assert told == {kind: list(planted.values()).count(kind) for kind in set(planted.values())}
    spoilt = {slot for slot, kind in planted.items() if kind != "duplicate"}
    assert set(np.flatnonzero(found.method[0] != Method.NONE).tolist()) == spoilt
    assert not found.unknown(0).any()
    for slot in range(720):
        if slot not in spoilt:
            assert found.energy_wh[0, slot] == energy[slot] and found.state[0, slot] == State.MEASURED


@settings(max_examples=25, deadline=None)
@given(st.sets(st.integers(1, 719), max_size=600), SEEDS, st.integers(1, 500))
def test_a_counter_keeps_its_sum_whatever_readings_are_lost(lost: set[int], seed: int, multiplier: int) -> None:
    energy = energies(seed)
    totals = np.concatenate([[10**9], 10**9 + np.cumsum(energy)])
    rows = [f"m1,{MONTH.at(slot).isoformat()},{Fraction(int(totals[slot]), 1000)!s}" for slot in range(721) if slot not in lost]
    rows = [f"{row.rsplit(',', 1)[0]},{exact_text(Fraction(row.rsplit(',', 1)[1]))}" for row in rows]
    with TemporaryDirectory() as folder:
        found = judged(
            collected(Path(folder), rows, MONTH, meter(multiplier=multiplier), header="meter,at,counter_kwh"),
            2_000_000 * multiplier,
        )
    assert int(found.energy_wh.sum()) == sum(energy) * multiplier and not found.estimated(0).any()


@given(st.fractions())
def test_an_exact_number_is_written_and_read_the_same(value: Fraction) -> None:
    assert exact_of(exact_text(value)) == value
