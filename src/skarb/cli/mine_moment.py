"""One moment of mining as it is asked for: machine and electricity, and the network from files or from numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from cyclopts import Parameter

from skarb.cli.mine_answer import Given, as_inputs
from skarb.cli.output import Usage
from skarb.core.errors import FieldError


@Parameter(name="*")
@dataclass(frozen=True)
class Asked:
    """The moment that is asked about."""

    machine: str = "s21"
    "A machine of the catalogue; skarb mine machines lists them."
    efficiency: str | None = None
    "Its efficiency in J/TH, instead."
    usd_kwh: str = "0.05"
    "The price of electricity at the meter."
    difficulty: str | None = None
    "The difficulty of the network."
    subsidy: str = "3.125"
    "BTC that a block makes."
    fee: str = "0"
    "BTC of fees in a block."
    price: str | None = None
    "USD for a bitcoin."
    at: date | None = None
    "The day; by default the last one that is known."

    def moment(self, files: Sequence[Path], given: Given) -> tuple[Any, list[Any]]:
        """Return the moment, and what it rests on.

        Raises: Usage if the network is named twice, FieldError if something is missing or no number.
        """
        from skarb.app.mining import load
        from skarb.app.mining_answers import inputs_of
        from skarb.app.mining_cases import Moment, moment, number
        from skarb.app.mining_tables import plain
        from skarb.mining.catalogue import machine as find

        if files and (self.difficulty is not None or self.price is not None):
            raise Usage("--difficulty and --price: the network comes from FILES; name either the one or the other")
        if self.at is not None and not files:
            raise Usage("--at: expected FILES to take the day from")
        kind = find(self.machine) if self.efficiency is None else None
        j_per_th = str(self.efficiency if kind is None else plain(kind.efficiency_j_th))
        terms = {
            "j_per_th": j_per_th,
            "pue": given.pue,
            "uptime": given.uptime,
            "pool_fee": given.pool_fee,
            "usd_per_kwh": self.usd_kwh,
        }
        if files:
            past = load(files)
            found = Moment(
                past.at(self.at).network, number("j_per_th", j_per_th), given.terms(), number("usd_per_kwh", self.usd_kwh)
            )
            source = f"{kind.name}, {kind.source}" if kind else "as asked for"
            machine_inputs = as_inputs({"j_per_th": j_per_th}, source) + as_inputs({"usd_per_kwh": self.usd_kwh})
            return found, [*inputs_of(past, given.terms(), self.at), *machine_inputs]
        network = {"subsidy": self.subsidy, "fee_per_block": self.fee, "difficulty": self.difficulty, "btc_usd": self.price}
        for name, value in network.items():
            if value is None:
                raise FieldError(f"--{'price' if name == 'btc_usd' else name}", "nothing", "a number, or FILES to take it from")
        return moment({**terms, **{name: str(value) for name, value in network.items()}}), as_inputs({**network, **terms})


NOW = Asked()
