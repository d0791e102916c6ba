"""Simulated mining machines that speak real dialects over real TCP, each at an address of its own, honest or with a fault.

Drivers of machines recognise them by fixed ports, so every machine listens at the port of its dialect and has an address of the loopback
network to itself. Nothing here leaves the computer on which it runs.
"""

from skarb.simulate.machines.fleet import made_fleet, readings, write_fleet
from skarb.simulate.machines.machine import FAULTS, Kind, Machine
from skarb.simulate.machines.serve import serving

__all__ = ["FAULTS", "Kind", "Machine", "made_fleet", "readings", "serving", "write_fleet"]
