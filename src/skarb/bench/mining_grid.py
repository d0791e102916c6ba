"""The power system, measured: a year filled exactly, as a linear program, with whole units; two days planned anew.

Every case runs in a process of its own, so that its peak memory is its own; times are from figures in memory to the plan in whole watts, without
starting Python. The year is the made one of Belarus, seed 1, so every machine measures the same. Peers are given the same problem in their own form
and must reach the same cost to the cent; they are skipped where they are not installed (pip install 'skarb[bench]').
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import Any

import numpy as np

from skarb.app.power import inputs_of
from skarb.bench.machine import hash_us, peak_mib
from skarb.core.errors import ensure
from skarb.grid import MEGAWATT, NANO, Hours, System, cost_of, fill, system_of, with_outage, year_of

SEED = 1
Answer = tuple[float, float]  # seconds, objective in units of the currency
_LIMIT_S = 600
_CENT = 0.01


def bench(unit_commitment: bool = True) -> dict[str, object]:
    """Return the figures. Units: as the names say; objectives in units of the currency.

    Processor seconds stand beside seconds, since a machine that others use, too, tells little by the clock.
    """
    greedy, linear, again = _run("year_greedy"), _run("year_lp"), _run("redispatch")
    figures: dict[str, object] = {
        "year_greedy_ms": round(1000 * greedy["seconds"], 3),
        "year_lp_s": round(linear["seconds"], 2),
        "year_lp_cpu_s": round(linear["cpu_s"], 2),
        "year_lp_mib": round(linear["peak_mib"]),
        "redispatch_s": round(again["seconds"], 3),
    }
    if unit_commitment:
        whole = _run("year_uc")
        ensure(whole["objective"] >= linear["objective"], "whole units cost no less than units in parts")
        figures |= {
            "year_uc_s": round(whole["seconds"], 1),
            "year_uc_cpu_s": round(whole["cpu_s"], 1),
            "year_uc_mib": round(whole["peak_mib"]),
            "year_uc_above_lp_share": round(whole["objective"] / linear["objective"] - 1, 6),
        }
    peers = {name: _peer(name, greedy if name.startswith("free") else linear) for name in PEERS if _installed(name)}
    return figures | {
        "objectives": {"greedy": greedy["objective"], "lp": linear["objective"]},
        "grid_peers": peers,
    }


def _peer(name: str, ours: dict[str, float]) -> dict[str, object]:
    found = _run(name)
    return {
        "version": _version(name.rpartition("_")[2]),
        "seconds": round(found["seconds"], 3),
        "peak_mib": round(found["peak_mib"]),
        "to_the_cent": abs(found["objective"] - ours["objective"]) < _CENT,
        "times_ours": round(found["seconds"] / ours["seconds"], 1),
    }


def _installed(name: str) -> bool:
    return find_spec(name.rpartition("_")[2]) is not None


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "?"


def _run(case: str) -> dict[str, float]:
    """Run one case in a process of its own."""
    words = [sys.executable, "-m", "skarb.bench.mining_grid", case]
    said = subprocess.run(words, capture_output=True, text=True, timeout=_LIMIT_S, check=True)
    found: dict[str, float] = json.loads(said.stdout.splitlines()[-1])
    return found


def year() -> tuple[Hours, System]:
    """Return the year and the system that are measured."""
    inputs = inputs_of("by")
    return year_of(inputs, SEED), system_of(inputs)


def _greedy(hours: Hours, system: System) -> Answer:
    took = []
    for _ in range(101):
        started = time.perf_counter()
        plan = fill(hours, system)
        took.append(time.perf_counter() - started)
    return statistics.median(took), cost_of(plan, system).total / NANO


def _lp(hours: Hours, system: System) -> Answer:
    from skarb.grid.solve import relaxed

    started = time.perf_counter()
    found = relaxed(hours, system)
    return time.perf_counter() - started, found.objective


def _uc(hours: Hours, system: System) -> Answer:
    from skarb.grid.rolling import rolling

    started = time.perf_counter()
    found = rolling(hours, system)
    took = time.perf_counter() - started
    exact = cost_of(found.plan, system).total / NANO
    ensure(abs(exact - found.objective) < 1, "the plan in whole watts costs what the optimiser says")
    return took, found.objective


def _redispatch(hours: Hours, system: System) -> Answer:
    """Plan two days anew behind a day that has passed and with a reactor lost, at eleven places of the year; the median."""
    from skarb.grid.program import past_of_plan
    from skarb.grid.solve import committed

    took, cost = [], 0.0
    for day in range(10, 360, 33):
        yesterday = hours.part(24 * day - 24, 24 * day + 24)
        past = past_of_plan(committed(yesterday, system).plan, 24, system)
        ahead = with_outage(hours, 0, hours.at(24 * day + 6), 2).part(24 * day, 24 * day + 48)
        started = time.perf_counter()
        cost += committed(ahead, system, past=past).objective
        took.append(time.perf_counter() - started)
    return statistics.median(took), cost


def _columns(hours: Hours, system: System) -> tuple[np.ndarray, list[tuple[str, float, Any, Any, float]]]:
    """Return the net load and, by name, each column of the problem without coupling: sign in the balance, least, most, price."""
    mw = MEGAWATT
    net = (hours.load_w - hours.baseload_w - hours.must_run_w) / mw
    gas, boilers = system.gas, system.boilers
    heat = np.minimum(hours.heat_w, boilers.most_w) / mw
    columns: list[tuple[str, float, Any, Any, float]] = [
        ("gas", 1, system.gas_floor_w / mw, gas.most_w / mw, gas.cost_milli / 1000),
        ("unserved", 1, 0.0, hours.load_w / mw, system.unserved_milli / 1000),
        ("spill", -1, 0.0, hours.baseload_w / mw, (system.spill_milli - system.nuclear_milli) / 1000),
        ("boilers", -1, 0.0, heat, -boilers.value_milli / 1000),
        ("export", -1, 0.0, system.export_w / mw, -system.export_milli / 1000),
    ]
    columns += [(one.name, -1, 0.0, one.most_w / mw, -one.value_milli / 1000) for one in system.miners]
    return net, columns


def _wide(hours: Hours, value: Any) -> np.ndarray:
    return np.broadcast_to(np.asarray(value, float), len(hours))


def _free_matrix(hours: Hours, system: System) -> tuple[Any, ...]:
    from scipy import sparse

    net, columns = _columns(hours, system)
    one = sparse.identity(len(hours), format="csr")
    matrix = sparse.hstack([sign * one for _, sign, *_ in columns], format="csr")
    cost, least, most = (np.concatenate([_wide(hours, column[place]) for column in columns]) for place in (4, 2, 3))
    return cost, matrix, net, net, least, most


def _free_scipy(hours: Hours, system: System) -> Answer:
    from scipy.optimize import linprog

    started = time.perf_counter()
    cost, matrix, low, _, least, most = _free_matrix(hours, system)
    found = linprog(cost, A_eq=matrix, b_eq=low, bounds=np.column_stack([least, most]), method="highs")
    return time.perf_counter() - started, float(found.fun)


def _free_highspy(hours: Hours, system: System) -> Answer:
    started = time.perf_counter()
    objective = _highspy(*_free_matrix(hours, system))
    return time.perf_counter() - started, objective


def _full_highspy(hours: Hours, system: System) -> Answer:
    from skarb.grid.program import bounds_of, matrix_of

    started = time.perf_counter()
    matrix = matrix_of(system, len(hours), False)
    of = bounds_of(matrix, hours, system)
    objective = _highspy(of.cost, matrix.values, of.row_lower, of.row_upper, of.lower, of.upper)
    return time.perf_counter() - started, objective


def _highspy(cost: Any, matrix: Any, low: Any, high: Any, least: Any, most: Any) -> float:
    import highspy

    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    program = highspy.HighsLp()
    program.num_row_, program.num_col_ = matrix.shape
    program.col_cost_, program.col_lower_, program.col_upper_ = cost, least, most
    program.row_lower_, program.row_upper_ = low, high
    rows = matrix.tocsr()
    program.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    program.a_matrix_.start_, program.a_matrix_.index_, program.a_matrix_.value_ = rows.indptr, rows.indices, rows.data
    solver.passModel(program)
    solver.run()
    return float(solver.getInfo().objective_function_value)


def _free_linopy(hours: Hours, system: System) -> Answer:
    import linopy
    import pandas as pd
    import xarray as xr

    started = time.perf_counter()
    net, columns = _columns(hours, system)
    clock = pd.RangeIndex(len(hours), name="hour")

    def array(value: Any) -> Any:
        return xr.DataArray(_wide(hours, value), coords={"hour": clock}, dims="hour")

    model = linopy.Model()
    made = [
        (sign, price, model.add_variables(array(least), array(most), name=name)) for name, sign, least, most, price in columns
    ]
    model.add_constraints(sum(sign * one for sign, _, one in made) == array(net), name="balance")
    model.add_objective(sum((price * one).sum() for _, price, one in made))
    model.solve(solver_name="highs", io_api="direct", log_to_console=False)
    return time.perf_counter() - started, float(model.objective.value)


def _free_pypsa(hours: Hours, system: System) -> Answer:
    import pandas as pd
    import pypsa

    started = time.perf_counter()
    net, columns = _columns(hours, system)
    network = pypsa.Network()
    network.set_snapshots(pd.date_range("2026-01-01", periods=len(hours), freq="h"))
    network.add("Bus", "country")
    network.add("Load", "net", bus="country", p_set=net)
    for name, sign, least, most, price in columns:
        size = float(np.max(most))
        share = {"p_max_pu": _wide(hours, most) / size, "p_min_pu": _wide(hours, least) / size}
        network.add("Generator", name, bus="country", sign=sign, p_nom=size, marginal_cost=price, **share)
    network.optimize(solver_name="highs", io_api="direct", log_to_console=False)
    return time.perf_counter() - started, float(network.objective)


CASES: dict[str, Callable[[Hours, System], Answer]] = {
    "year_greedy": _greedy,
    "year_lp": _lp,
    "year_uc": _uc,
    "redispatch": _redispatch,
}
PEERS: dict[str, Callable[[Hours, System], Answer]] = {
    "free_scipy": _free_scipy,
    "free_highspy": _free_highspy,
    "free_linopy": _free_linopy,
    "free_pypsa": _free_pypsa,
    "full_highspy": _full_highspy,
}
"""`free`: hours free of each other, as the greedy plan; `full`: the linear program with ramps, units and minimum times."""


def main(case: str) -> None:
    """Run one case and print its figures as JSON."""
    hours, system = year()
    before, spent = hash_us(), time.process_time()
    seconds, objective = {**CASES, **PEERS}[case](hours, system)
    spent = time.process_time() - spent
    peak = peak_mib()
    speed = (before + hash_us()) / 2
    print(json.dumps({"seconds": seconds, "cpu_s": spent, "objective": objective, "peak_mib": peak, "hash_us": speed}))


if __name__ == "__main__":
    main(sys.argv[1])
