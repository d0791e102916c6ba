"""`skarb reserve`: the state reserve; each part has its verbs in a file of its own."""

from __future__ import annotations

from cyclopts import App

from skarb.cli.reserve_custody import add_commands as add_custody
from skarb.cli.reserve_documents import add_commands as add_documents
from skarb.cli.reserve_lots import add_commands as add_lots
from skarb.cli.reserve_proofs import add_commands as add_proofs
from skarb.cli.reserve_psbt import add_commands as add_psbt
from skarb.cli.reserve_risk import add_commands as add_risk
from skarb.cli.reserve_rules import add_commands as add_rules

app = App(
    name="reserve",
    help="The state reserve: what flows in, lots, custody under a quorum, proofs; what it is worth, what it risks, when to sell.\n\n"
    "The reserve's book is a ledger without instructions in which only these commands write. Nothing leaves it but under a request that the policy's "
    "quorum signed; private keys are read by `sign` alone. Units are whole smallest units: kopecks, satoshi.\n\n"
    "FILES of prices and rates are named one by one and told apart by their first line: daily prices, hours of the principal market, official rates, "
    "holdings (lot,day,asset,units,cost_byn), inflow. The network is never asked; a price that is stale is refused or says so. Beside every "
    "answer stand its inputs, with ranges and sources.",
)
add_lots(app)
add_documents(app)
add_custody(app)
add_psbt(app)
add_proofs(app)
add_risk(app)
add_rules(app)
