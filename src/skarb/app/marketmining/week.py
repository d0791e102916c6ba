"""A week of a planned year, hour by hour: what runs, what it feeds, what the last unit costs and emits."""

from __future__ import annotations

import numpy as np

from skarb.app import power
from skarb.app.miningmodel import WeekView
from skarb.grid import Watts, carbon_by_hour_g, reasons_of

WEEK = 168


def week_of(made: power.Planned, number: int) -> WeekView:
    """Return a week of a year, the first being number one."""
    part = slice((number - 1) * WEEK, number * WEEK)
    hours, plan, figures = made.hours, made.plan, made.basis.inputs
    gas, heat, nuclear = (figures[name] for name in ("gas_carbon", "heat_carbon", "nuclear_carbon"))
    burnt, split = plan.gas_w + hours.must_run_w, hours.baseload_w - plan.spill_w
    mining = plan.mining_total_w
    average = (burnt * gas + split * nuclear) // 1000 * (mining // 1000) // np.maximum(1, (burnt + split) // 1000)
    reasons = reasons_of(plan, hours, made.system)
    return WeekView(
        number=number,
        first=hours.at(part.start),
        nuclear_w=whole(split[part]),
        must_run_w=whole(hours.must_run_w[part]),
        gas_w=whole(plan.gas_w[part]),
        unserved_w=whole(plan.unserved_w[part]),
        load_w=whole(hours.load_w[part]),
        boilers_w=whole(plan.boilers_w[part]),
        mining_w=whole(mining[part]),
        export_w=whole(plan.export_w[part]),
        marginal_milli_mwh=whole(plan.marginal_milli[part]),
        carbon_marginal_g=whole(carbon_by_hour_g(plan, made.lacking, gas, heat)[part]),
        carbon_average_g=whole(average[part]),
        reasons=tuple(reasons[part]),
    )


def whole(values: Watts) -> tuple[int, ...]:
    """Return an array as whole numbers that can be written anywhere."""
    return tuple(values.tolist())
