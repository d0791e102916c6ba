"""`skarb travel`: the travel rule, from looking at a payload to exchanging it with another provider."""

from __future__ import annotations

from cyclopts import App

from skarb.cli.travel_check import add_commands as add_check
from skarb.cli.travel_exchange import add_commands as add_exchange
from skarb.cli.travel_office import add_commands as add_office
from skarb.cli.travel_shown import add_commands as add_shown

app = App(
    name="travel", help="The travel rule: check payloads and messages, keep them sealed, exchange them with other providers."
)
add_check(app)
add_office(app)
add_exchange(app)
add_shown(app)
