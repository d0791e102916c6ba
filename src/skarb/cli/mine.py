"""`skarb mine`: power that is left over, and what mining makes of it."""

from __future__ import annotations

from cyclopts import App

from skarb.cli.mine_grid import add_commands as add_grid

app = App(
    name="mine", help="Mining on surplus power: what is left over, plans with a reason per hour, curtailment proven by the meter."
)
add_grid(app)
