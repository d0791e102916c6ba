"""What is known beforehand: name plates of machines, and what is supposed where nothing is said; all with where it comes from."""

from __future__ import annotations

import csv
from datetime import date
from fractions import Fraction
from functools import cache
from importlib.resources import files

from skarb.core.errors import NotFound
from skarb.mining.compare import Figure
from skarb.mining.model import Machine

CLASSES = ("s9", "s17-pro", "s19", "s19-xp", "s21")  # one machine of each generation


@cache
def machines() -> dict[str, Machine]:
    """Return the machines that are known here, by code."""
    text = files("skarb.mining").joinpath("machines.csv").read_text(encoding="utf-8")
    return {row["code"]: _machine(row) for row in csv.DictReader(text.splitlines())}


def machine(code: str) -> Machine:
    """Return a machine.

    Raises: NotFound
    """
    found = machines().get(code.lower())
    if found is None:
        raise NotFound(f"machine {code!r}: not in the catalogue, expected one of {', '.join(machines())}")
    return found


def _machine(row: dict[str, str]) -> Machine:
    efficiency, hashrate = Fraction(row["efficiency_j_th"]), Fraction(row["hashrate_th_s"])
    return Machine(
        row["code"], row["name"], efficiency, hashrate, date.fromisoformat(row["released"]), row["source"], row["note"]
    )


@cache
def supposed() -> dict[str, Figure]:
    """Return what is supposed when nothing is said, each with its range and where it comes from."""
    text = files("skarb.mining").joinpath("supposed.csv").read_text(encoding="utf-8")
    return {
        row["name"]: Figure(
            row["name"],
            Fraction(row["low"]),
            Fraction(row["base"]),
            Fraction(row["high"]),
            row["unit"],
            row["source"],
            row["certainty"],
        )
        for row in csv.DictReader(text.splitlines())
    }
