"""`skarb mine`: power that is left over, and what mining makes of it; each part has its verbs in a file of its own."""

from __future__ import annotations

from cyclopts import App

from skarb.cli.mine_audit import audit, levy
from skarb.cli.mine_bill import bill
from skarb.cli.mine_chain import difficulty, economics, hashprice, machines
from skarb.cli.mine_fleet import fleet
from skarb.cli.mine_forgone import forgone
from skarb.cli.mine_future import report, scenarios, sensitivity
from skarb.cli.mine_grid import add_commands as add_grid
from skarb.cli.mine_past import backtest, compare, footprint, standing

app = App(
    name="mine",
    help="Mining on surplus power: what is left over, plans with a reason per hour, what a megawatt-hour is worth, what five years may bring.\n\n"
    "FILES of the chain are files or folders of them, told apart by what is in them: a list of checkpoints (JSON), block statistics (Parquet), raw "
    "blocks, prices and Coin Metrics (CSV, plain or gzip). The network is never asked; a day without a value is missing or says how good its value "
    "is: exact, published, interpolated or assumed. Beside every answer stand its inputs, with ranges and sources.",
)

for verb in (
    economics,
    difficulty,
    hashprice,
    backtest,
    standing,
    compare,
    scenarios,
    sensitivity,
    footprint,
    forgone,
    report,
    machines,
):
    app.command(verb)
add_grid(app)
for asked in (bill, audit, levy):
    app.command(asked)
app.command(fleet)
