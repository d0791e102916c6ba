"""`skarb reserve`: the state reserve; each part has its verbs in a file of its own."""

from __future__ import annotations

from cyclopts import App

from skarb.cli.reserve_custody import add_commands as add_custody
from skarb.cli.reserve_lots import add_commands as add_lots
from skarb.cli.reserve_proofs import add_commands as add_proofs
from skarb.cli.reserve_psbt import add_commands as add_psbt

app = App(
    name="reserve",
    help="The state reserve: what flows in, lots, custody under a quorum, proofs of what is there and what is owed.\n\n"
    "The reserve's book is a ledger without instructions in which only these commands write. Nothing leaves it but under a request that the policy's "
    "quorum signed; private keys are read by `sign` alone. Units are whole smallest units: kopecks, satoshi.",
)
add_custody(app)
add_lots(app)
add_psbt(app)
add_proofs(app)
