"""The power system: what is surplus, who gets it, why, and who is cut when it is gone."""

from skarb.grid.cost import NANO, Cost, cost_of
from skarb.grid.effects import Effects, Step, best, boilers_first_nano, carbon_by_hour_g, effects_of, sweep
from skarb.grid.errors import InfeasiblePlan, Relaxation
from skarb.grid.figures import Figure, Inputs, read_inputs, system_of
from skarb.grid.fill import fill
from skarb.grid.generate import calibrated, with_outage, year_of
from skarb.grid.model import ESTIMATED, FREE, MEGAWATT, Boilers, Gas, Hours, Miners, Plan, Policy, System, Watts, surplus_w
from skarb.grid.read import hours_csv, read_hours
from skarb.grid.reasons import REASONS, TOLD, Explained, Reason, counted, explain, reasons_of
from skarb.grid.sites import Site, Slot, in_order, schedule_of, sites_of
from skarb.grid.surplus import FLOORS_W, MINING_W, Spread, Swing, Truth, left_w, spread_of, table_of, tornado, truth_of

__all__ = [
    "ESTIMATED",
    "FLOORS_W",
    "FREE",
    "MEGAWATT",
    "MINING_W",
    "NANO",
    "REASONS",
    "TOLD",
    "Boilers",
    "Cost",
    "Effects",
    "Explained",
    "Figure",
    "Gas",
    "Hours",
    "InfeasiblePlan",
    "Inputs",
    "Miners",
    "Plan",
    "Policy",
    "Reason",
    "Relaxation",
    "Site",
    "Slot",
    "Spread",
    "Step",
    "Swing",
    "System",
    "Truth",
    "Watts",
    "best",
    "boilers_first_nano",
    "calibrated",
    "carbon_by_hour_g",
    "cost_of",
    "counted",
    "effects_of",
    "explain",
    "fill",
    "hours_csv",
    "in_order",
    "left_w",
    "read_hours",
    "read_inputs",
    "reasons_of",
    "schedule_of",
    "sites_of",
    "spread_of",
    "surplus_w",
    "sweep",
    "system_of",
    "table_of",
    "tornado",
    "truth_of",
    "with_outage",
    "year_of",
]
