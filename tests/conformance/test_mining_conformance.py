"""Mining against known answers: every file of the formats below, and the daily series made from everything that lies in `chain`.

| kind | told by | passes when |
|---|---|---|
| economics | JSON list of `inputs` and `expected` with `btc_per_th_day` | twelve significant digits |
| hashprice | CSV `date_or_period,unit,value,tolerance,source` | inside the row's tolerance |
| difficulty | CSV `epoch_first_height,difficulty` | relative error below 1e-12 |
"""

from __future__ import annotations

import csv
import gzip
import json
import os
import statistics
from calendar import isleap
from collections import Counter
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path

import pytest

from skarb.app.mining import Past, load
from skarb.app.mining_cases import figures, moment, run_cases, same
from skarb.app.mining_report import write_report
from skarb.chain import chain_day, date_epochs, difficulty_of
from skarb.chain.epochs import Checkpoints, read_checkpoints
from skarb.chain.series_files import check_blocks, read_blocks, read_days
from skarb.core.errors import InputError
from skarb.core.time import from_day, to_day
from skarb.mining.backtest import backtest
from skarb.mining.catalogue import CLASSES, machine
from skarb.mining.footprint import annualised_twh, read_listed
from skarb.mining.model import Terms

DATA = Path(os.environ.get("SKARB_DATA", Path(__file__).parents[2].parent / "shared" / "data"))
CHAIN = DATA / "chain"


def files(pattern: str, begin: str) -> list[object]:
    found: list[object] = [
        pytest.param(path, id=path.name)
        for path in (sorted(DATA.rglob(pattern)) if DATA.is_dir() else [])
        if begin in path.read_bytes()[:4000].decode(errors="replace")
    ]
    return found or [
        pytest.param(None, marks=pytest.mark.skip(reason=f"no such file below {DATA}; name the folder in SKARB_DATA"))
    ]


def lists() -> list[Path]:
    """Files of checkpoints, told by their first hash."""
    first = "00000000693067b0e6b440bc51450b9f3850561b07f6d3c021c54fbd6abb9763"
    return [
        path
        for path in (sorted(DATA.rglob("*.json")) if DATA.is_dir() else [])
        if first in path.read_bytes()[:200].decode(errors="replace")
    ]


@cache
def listed() -> Checkpoints:
    found = lists()
    if not found:
        pytest.skip(f"no list of checkpoints below {DATA}; name the folder in SKARB_DATA")
    return read_checkpoints(found[0].read_bytes(), found[0].name)


@cache
def past() -> Past:
    listed()
    if not CHAIN.is_dir() or not any(begins(path, "PriceUSD", "close") for path in CHAIN.rglob("*.csv*")):
        pytest.skip(f"no prices in {CHAIN}; name its parent in SKARB_DATA")
    return load([CHAIN, *lists()[:1]])


def begins(path: Path, *columns: str) -> bool:
    """Tell whether the first line of a table, plain or gzip, names one of these columns."""
    with gzip.open(path, "rt", encoding="utf-8-sig") if path.suffix == ".gz" else path.open(encoding="utf-8-sig") as file:
        return bool({*columns} & {*file.readline().strip().split(",")})


def whole_years() -> set[int]:
    """Return the years of which every day is known."""
    counted = Counter(from_day(one.day).year for one in past().history)
    return {year for year, count in counted.items() if count == 365 + isleap(year)}


@pytest.mark.parametrize("path", files("*.json", '"btc_per_th_day"'))
def test_economics_are_equal_to_twelve_digits(path: Path) -> None:
    results = run_cases(path)
    assert [(one.case, one.name, one.value, one.expected) for one in results if one.agrees is False] == []
    assert sum(one.agrees is True for one in results) == sum(len(case["expected"]) for case in json.loads(path.read_text()))
    # The comparison itself sees a difference in the twelfth digit.
    for case in json.loads(path.read_text()):
        found = figures(moment(case["inputs"]))
        for name, text in case["expected"].items():
            assert not same(found[name], Decimal(text) * (1 + Decimal("1e-11")))


@pytest.mark.parametrize("path", files("*.csv", "epoch_first_height,difficulty"))
def test_difficulties_of_epochs(path: Path) -> None:
    for row in csv.DictReader(path.read_text().splitlines()):
        number, rest = divmod(int(row["epoch_first_height"]), 2016)
        assert rest == 0
        found = difficulty_of(listed().targets[number])
        assert abs(found / Fraction(row["difficulty"]) - 1) < Fraction(1, 10**12), row


def hashprices(period: str) -> dict[date, float]:
    return {day: float(one.hashprice) for one in past().history if (day := from_day(one.day)).isoformat().startswith(period)}


def hashprice_of(period: str, unit: str) -> float | None:
    """Return the hashprice of a day, of a month or year (mean), or the lowest or highest of one."""
    when, _, what = period.strip().partition(" ")
    days = hashprices(when)
    if not days:
        return None
    price = {from_day(one.day): float(one.price.value) for one in past().history}
    coin, per, _ = unit.split("/")
    values = [
        value / (price[day] if coin == "BTC" else 1) / {"PH": 1, "TH": 1000, "EH": 0.001}[per] for day, value in days.items()
    ]
    low, high, mean = min(values), max(values), statistics.fmean(values)
    return {"minimum": low, "min": low, "maximum": high, "max": high, "mean": mean, "average": mean, "": mean}[what]


@pytest.mark.parametrize("path", files("*.csv", "date_or_period,unit,value,tolerance"))
def test_hashprices_are_as_published(path: Path) -> None:
    seen = 0
    for row in csv.DictReader(path.read_text().splitlines()):
        found = hashprice_of(row["date_or_period"], row["unit"])
        if found is None:
            continue  # the data ends before
        tolerance = float(row["tolerance"].rstrip("%")) / (100 if row["tolerance"].endswith("%") else 1)
        assert abs(found / float(row["value"]) - 1) <= tolerance, (row, found)
        seen += 1
    assert seen


@pytest.mark.parametrize(("year", "published"), [(2021, 314.61), (2022, 123.88), (2023, 74.73)])
def test_annual_means_of_the_hashprice(year: int, published: float) -> None:
    if year not in whole_years():
        pytest.skip(f"the files do not know every day of {year}")
    assert statistics.fmean(hashprices(str(year)).values()) == pytest.approx(published, rel=0.01)


def test_halvings_fall_on_their_days_also_without_being_told() -> None:
    known = {210_000: date(2012, 11, 28), 420_000: date(2016, 7, 9), 630_000: date(2020, 5, 11), 840_000: date(2024, 4, 20)}
    stats = [read_blocks(path.read_bytes(), path.name) for path in sorted(CHAIN.rglob("*.parquet"))]
    if not stats:
        pytest.skip("no block statistics")
    for one in stats:
        check_blocks(one, listed())
    epochs = date_epochs(listed(), [anchor for one in stats for anchor in one.anchors])
    placed = any(one.times[-1] > datetime(2011, 1, 1, tzinfo=UTC).timestamp() for one in stats)  # before, blocks came at no pace
    for height, day in known.items() if placed else ():
        reckoned = datetime.fromtimestamp(epochs.time_of(height), UTC)
        # From the middle of an epoch, whose blocks did not come evenly; with the halvings as known blocks they are exact.
        assert abs((reckoned - datetime(day.year, day.month, day.day, 12, tzinfo=UTC)).total_seconds()) < 2 * 86_400, height
        assert datetime.fromtimestamp(past().epochs.time_of(height), UTC).date() == day
    for one in stats:
        for place in range(-one.first_height % 2016, len(one.times), 2016):
            assert abs(epochs.time_of(one.first_height + place) - one.times[place]) == 0


@pytest.mark.parametrize("path", files("*btc*.csv*", ""))
def test_difficulty_of_days_is_that_of_others(path: Path) -> None:
    if not begins(path, "DiffMean"):
        pytest.skip("prices only")
    theirs = read_days(path.read_bytes(), path.name).difficulties
    days = [day for day in theirs if from_day(day).year >= 2012]
    if not days:
        pytest.skip("it ends before 2012; in the first years blocks came at no pace that anybody could reckon")
    errors = [abs(float(chain_day(past().epochs, day).difficulty / theirs[day] - 1)) for day in days]
    assert statistics.median(errors) < 1e-12
    assert max(errors) < 0.15  # on days with an adjustment hours count, and theirs counts blocks


def test_the_published_curve_of_consumption_within_six_percent() -> None:
    tables = sorted(DATA.rglob("*.csv*")) if DATA.is_dir() else []
    machines = [path for path in tables if begins(path, "UNIX_date_of_release")]
    curves = [path for path in tables if begins(path, "date") and begins(path, "0.05")]
    if not machines or not curves:
        pytest.skip("no list of machines, or no published curve")
    published: dict[int, float] = {}
    for path in curves:
        with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as file:
            published |= {to_day(date.fromisoformat(row["date"])): float(row["0.05"]) for row in csv.DictReader(file)}
    listed = tuple({one for path in machines for one in read_listed(path.read_bytes(), path.name)})
    last = from_day(max(one.released for one in listed))  # later machines are not in the list
    years = [year for year in sorted(whole_years()) if 2016 <= year <= last.year]
    years = [
        year for year in years if all(day in published for day in range(to_day(date(year, 1, 1)), to_day(date(year, 12, 31))))
    ]
    if not years:
        pytest.skip("list, curve and days of the chain share no whole year")
    for year in years:
        found = annualised_twh(past().since(date(year, 1, 1), date(year, 12, 31)), listed, 0.05)
        ours, theirs = statistics.fmean(found.values()), statistics.fmean(published[day] for day in found)
        assert ours == pytest.approx(theirs, rel=0.06), year


# What a megawatt left a year, thousands of USD, switched off on days that lose; reckoned apart from this code with other fees in the gaps.
TRIED = {
    ("s9", "0.03"): {2017: 3666, 2018: 1494, 2019: 469, 2020: 130, 2021: 792, 2022: 168, 2023: 13, 2024: 20},
    ("s9", "0.05"): {2017: 3499, 2018: 1328, 2019: 303, 2020: 31, 2021: 626, 2022: 77, 2023: 0, 2024: 0},
    ("s17-pro", "0.05"): {2020: 525, 2021: 2169, 2022: 597, 2023: 198, 2024: 131},
    ("s19", "0.03"): {2021: 2736, 2022: 921, 2023: 460, 2024: 365},
    ("s19", "0.05"): {2021: 2569, 2022: 754, 2023: 293, 2024: 201},
    ("s19", "0.07"): {2021: 2403, 2022: 590, 2023: 128, 2024: 101},
    ("s19-xp", "0.05"): {2023: 712, 2024: 562},
    ("s21", "0.03"): {2024: 952},
    ("s21", "0.05"): {2024: 786},
    ("s21", "0.07"): {2024: 619},
}


def test_the_past_tried_is_as_reckoned_elsewhere() -> None:
    history = past().since(date(2016, 1, 1))
    results = backtest(history, map(machine, CLASSES), [Fraction(price) for price in ("0.03", "0.05", "0.07")], Terms())
    found = {(one.machine.code, f"{float(one.usd_kwh):.2f}", one.year): one for one in results}
    known = [(*key, year, left) for key, years in TRIED.items() for year, left in years.items() if year in whole_years()]
    if not known:
        pytest.skip("the files do not know every day of a year that was tried")
    for code, price, year, left in known:
        one = found[code, price, year]
        assert one.whole and one.switched_cents / 100_000 == pytest.approx(left, rel=0.005, abs=2), (code, price, year)


def test_a_report_of_everything(tmp_path: Path) -> None:
    from skarb.cli.mine_answer import Given
    from skarb.cli.mine_future import Drawing

    if sum(one.day >= to_day(date(2022, 1, 1)) for one in past().history) < 730:
        pytest.skip("the files know fewer than two years of the window that scenarios are drawn from")
    written, _ = write_report([CHAIN, *lists()[:1]], tmp_path / "out", "by", "be", Drawing(count=50, years=1).asked(Given()))
    text = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert {"report.html", "breakeven.svg", "hashprice.svg", "payback.svg", "scenarios.json"} <= set(written)
    assert "S21" in text and "3,125 BTC" in text and 'src="' not in text


def test_an_entry_that_is_missing_or_there_twice_is_found_wherever_it_is() -> None:
    pairs = list(zip(listed().hashes, listed().targets[1:], strict=True))
    anchors = past().epochs.anchors
    for place in range(16, 400, 25):
        for damaged in (pairs[:place] + pairs[place + 1 :], [*pairs[:place], pairs[place], *pairs[place:]]):
            with pytest.raises(InputError, match=r"missing|out of order|another chain"):
                date_epochs(read_checkpoints(json.dumps(damaged).encode(), "damaged.json"), anchors)
