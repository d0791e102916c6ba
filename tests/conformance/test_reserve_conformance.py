"""The reserve against known answers: every file of the format below, on every file of daily prices that lies beside it, and the published
back-test.

| kind | told by | passes when |
|---|---|---|
| reserve | JSON object with keys such as `HS 250d 0.025`, or `max_drawdown_from_running_peak` | violations and days equal, means and draw-downs
to 1e-9 |
"""

from __future__ import annotations

import json
import os
import re
from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from skarb.app.reserve_files import Files, load
from skarb.app.reserve_policy import policy_of
from skarb.app.reserve_risk import case_rows
from skarb.core.errors import InputError
from skarb.core.time import to_day
from skarb.reserve.coverage import by_year, coverage_of
from skarb.reserve.drawdown import by_year as falls_by_year
from skarb.reserve.risk import forecast

DATA = Path(os.environ.get("SKARB_DATA", Path(__file__).parents[2].parent / "shared" / "data"))
_CASE = re.compile(r'"F?HS \d+d [0-9.]+"\s*:')


def cases() -> list[object]:
    found: list[object] = [
        pytest.param(path, id=path.name)
        for path in (sorted(DATA.rglob("*.json")) if DATA.is_dir() else [])
        if _CASE.search(text := path.read_bytes()[:4000].decode(errors="replace")) or "max_drawdown_from_running_peak" in text
    ]
    return found or [
        pytest.param(None, marks=pytest.mark.skip(reason=f"no such file below {DATA}; name the folder in SKARB_DATA"))
    ]


def daily() -> list[Path]:
    found = sorted(DATA.rglob("btc_usd_daily*.csv*")) if DATA.is_dir() else []
    if not found:
        pytest.skip(f"no daily prices below {DATA}; name the folder in SKARB_DATA")
    return found


@cache
def files() -> Files:
    return load(daily(), policy_of("by"))


@cache
def sources() -> list[Files]:
    """A case does not say which prices it was made from: each file by itself, or all of them."""
    return [files(), *(load([path], policy_of("by")) for path in daily())]


def knows(first: int, last: int) -> bool:
    """Tell whether the prices reach from the first day of a year to the last of another."""
    prices = files().prices(over_gaps_days=7)
    return prices.first <= to_day(date(first, 1, 1)) and prices.last >= to_day(date(last, 12, 31))


def reckoned(path: Path, given: Files) -> list[tuple[object, ...]]:
    try:
        return case_rows(path, given)
    except InputError:
        return []  # the prices do not reach as far


@pytest.mark.parametrize("path", cases())
def test_cases_agree(path: Path, tmp_path: Path) -> None:
    content = json.loads(path.read_text())
    tried = {id(one): found for one in sources() if (found := reckoned(path, one))}
    used = min(sources(), key=lambda one: [row[-1] for row in tried.get(id(one), [("no",)] * 1000)].count("no"))
    rows = tried[id(used)]
    assert [row for row in rows if row[-1] != "yes"] == []
    assert len(rows) == sum(len(one) for one in content.values()) > 0
    # The comparison itself sees one violation more, and a billionth.
    changed = tmp_path / "changed.json"
    for name, figures in content.items():
        for key, value in figures.items():
            changed.write_text(json.dumps({name: {key: value + (1 if isinstance(value, int) else 2e-9)}}))
            assert [row[-1] for row in case_rows(changed, used)] == ["no"]


def test_the_back_test_as_far_as_the_prices_go() -> None:
    """Published for 3,152 days from 2017-05-16 to 2025-12-31, a window of 500 days at 99 %, prices from 2016-01-01: historical simulation has 34
    violations where 32 are expected, filtered 39, normal 65. Where the prices end earlier there can be no more, and those there are must be what
    a plain loop finds.
    """
    if not knows(2016, 2017):
        pytest.skip("the prices do not reach from 2016 to 2017")
    prices = files().prices().between(to_day(date(2016, 1, 1)), None)
    last = min(prices.last, to_day(date(2025, 12, 31)))
    prices = prices.between(None, last)
    made = {one.method: one for one in forecast(prices, 500, [0.01])}
    assert made["historical"].days[0] == to_day(date(2017, 5, 16))
    changes = np.diff(np.log(prices.closes))
    variance, square = [float(changes[:30].var())], changes**2
    for one in square:
        variance.append(0.94 * variance[-1] + 0.06 * one)
    spread = np.sqrt(variance[:-1])
    loops = {
        "historical": [np.quantile(changes[at - 500 : at], 0.01) for at in range(500, len(changes))],
        "filtered": [np.quantile((changes / spread)[at - 500 : at], 0.01) * spread[at] for at in range(500, len(changes))],
        "normal": (-2.3263478740408408 * spread[500:]).tolist(),
    }
    counted = {name: int((changes[500:] < np.array(loop)).sum()) for name, loop in loops.items()}
    found = {name: coverage_of(one).violations for name, one in made.items()}
    assert found == counted
    published = {"historical": 34, "filtered": 39, "normal": 65}
    if last == to_day(date(2025, 12, 31)):
        assert found == published
    assert all(found[name] <= most for name, most in published.items())
    if len(made["historical"].days) > 2500:
        assert coverage_of(made["historical"]).holds and coverage_of(made["filtered"]).holds
        assert coverage_of(made["normal"]).kupiec_p < 0.001  # never ship it
    assert sum(count for count, _ in by_year(made["historical"]).values()) == len(made["historical"].days)


def test_published_draw_downs_by_year() -> None:
    """Published, to whole percent."""
    falls = falls_by_year(files().prices(over_gaps_days=7))
    published = {2018: -81, 2019: -49, 2020: -52, 2021: -53, 2022: -67, 2025: -32}
    years = [year for year in published if knows(year, year)]
    if not years:
        pytest.skip("the prices know no whole year of those that are published")
    assert {year: round(100 * falls[year].depth) for year in years} == {year: published[year] for year in years}
