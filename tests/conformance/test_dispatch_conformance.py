"""Dispatch: a plan with whole units reaches the proven optimum of every case, and never claims to be better than the relaxed one.

A file holds such cases when its content is a list of objects with `parameters`, `load`, `npp` and `expected.milp_objective`.
"""

from __future__ import annotations

import gzip
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from skarb.grid import NANO, Boilers, Gas, Hours, Miners, System, cost_of, fill
from skarb.grid.rolling import rolling
from skarb.grid.solve import committed, relaxed

DATA = Path(os.environ.get("SKARB_DATA", Path(__file__).parents[2] / "../shared/data"))
LIMIT = 24 * 21  # hours up to which a case is planned in one piece


def cases() -> list[object]:
    found = []
    for path in sorted(DATA.rglob("*.json*")) if DATA.is_dir() else []:
        raw = path.read_bytes()
        text = gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw
        if b"milp_objective" not in text:
            continue
        content = json.loads(text)
        for number, case in enumerate(content if isinstance(content, list) else [content]):
            found.append(pytest.param(case, id=f"{path.name}-{number}"))
    return found or [pytest.param(None, marks=pytest.mark.skip(reason="there are no dispatch cases below SKARB_DATA"))]


def watts(megawatts: Any) -> np.ndarray:
    return np.rint(np.asarray(megawatts, float) * 1e6).astype(np.int64)


def rounding(case: dict[str, Any]) -> float:
    """What rounding may move: hourly figures stand in the files to the kW, and their answers were made from finer ones."""
    given, missing = case["parameters"], case["expected"].get("unserved_mwh", 0.0)
    dearest = given["voll"] if missing else max(given["gas_cost"], given["m1_value"], given["m2_value"])
    return 4 * 0.0005 * len(case["load"]) * dearest


def system_of(given: dict[str, Any], floor_mw: int) -> System:
    def mw(name: str) -> int:
        return round(given[name] * 1_000_000)

    def milli(name: str) -> int:
        return round(given[name] * 1000)

    return System(
        currency="USD",
        gas=Gas(given["n_gas"], mw("gas_unit"), mw("gas_unit_min"), mw("gas_ramp"), milli("gas_cost"), milli("gas_start")),
        boilers=Boilers(given["n_boil"], mw("boil_unit"), mw("boil_unit_min"), milli("boil_value"), milli("boil_start")),
        miners=tuple(
            Miners(
                f"class {q}",
                given[f"n_m{q}"],
                mw("mine_unit"),
                milli(f"m{q}_value"),
                milli("mine_start"),
                given["mine_up"],
                given["mine_down"],
            )
            for q in (1, 2)
        ),
        export_w=mw("export_max"),
        export_milli=milli("export_price"),
        reserve_w=mw("reserve"),
        gas_floor_w=floor_mw * 1_000_000,
        nuclear_milli=milli("npp_cost"),
        spill_milli=milli("spill_penalty"),
        unserved_milli=milli("voll"),
    )


def hours_of(case: dict[str, Any]) -> Hours:
    made = Hours(
        datetime(2026, 1, 1, tzinfo=UTC),
        watts(case["load"]),
        watts(case["npp"]),
        watts(case["chp_must_run"]),
        watts(case["boiler_heat"]),
    )
    assert len(made) == case.get("hours", len(made))
    return made


@pytest.mark.parametrize("case", cases())
def test_a_plan_with_whole_units_reaches_the_proven_optimum(case: dict[str, Any]) -> None:
    hours, system, expected = hours_of(case), system_of(case["parameters"], 0), case["expected"]
    best = expected["milp_objective"]
    found = committed(hours, system, gap=1e-5) if len(hours) <= LIMIT else rolling(hours, system)
    assert found.objective == pytest.approx(best, rel=1e-3)
    assert found.objective >= expected["lp_relaxation"] - rounding(case)
    exact = cost_of(found.plan, system).total / NANO
    assert exact == pytest.approx(found.objective, abs=0.01), "the plan in whole watts costs what the optimiser says"
    for name, energy in (
        ("miner_mwh", found.plan.mining_total_w),
        ("boiler_mwh", found.plan.boilers_w),
        ("gas_mwh", found.plan.gas_w),
        ("unserved_mwh", found.plan.unserved_w),
    ):
        if name in expected:
            assert float(energy.sum()) / 1e6 == pytest.approx(expected[name], rel=0.02, abs=1.0), name


@pytest.mark.parametrize("case", cases())
def test_the_relaxed_plan_is_the_bound_that_the_case_names(case: dict[str, Any]) -> None:
    hours, system, expected = hours_of(case), system_of(case["parameters"], 0), case["expected"]
    assert relaxed(hours, system).objective == pytest.approx(expected["lp_relaxation"], abs=rounding(case))


@pytest.mark.parametrize("case", cases())
def test_the_greedy_plan_costs_what_the_case_names(case: dict[str, Any]) -> None:
    named = [key for key in case["expected"] if key.startswith("uncoupled_greedy_floor")]
    if not named:
        pytest.skip("the case names no greedy plan")
    for key in named:
        system = system_of(case["parameters"], int(key.removeprefix("uncoupled_greedy_floor")))
        found = cost_of(fill(hours_of(case), system), system)
        assert found.total / NANO == pytest.approx(case["expected"][key], abs=rounding(case))
