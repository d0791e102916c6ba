"""`skarb reserve`: coins that belong to the state; each part has its verbs in a file of its own."""

from __future__ import annotations

from cyclopts import App

from skarb.cli.reserve_risk import add_commands as add_risk
from skarb.cli.reserve_rules import add_commands as add_rules

app = App(
    name="reserve",
    help="The state reserve in coins: what it is worth, what it risks, what to do with coins that come in.\n\n"
    "FILES are named one by one and told apart by their first line: daily prices, hours of the principal market, official rates, holdings "
    "(lot,day,asset,units,cost_byn), inflow. The network is never asked; a price that is stale is refused or says so. Beside every answer stand its "
    "inputs, with ranges and sources.",
)
add_risk(app)
add_rules(app)
