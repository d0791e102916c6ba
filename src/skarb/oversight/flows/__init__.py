"""Flows: the money that leaves, where it is, and whether it came back."""

from skarb.oversight.flows.model import Pieces, Rule, Trace, Transfers
from skarb.oversight.flows.trace import fifo, haircut, haircut_by

__all__ = ["Pieces", "Rule", "Trace", "Transfers", "fifo", "haircut", "haircut_by"]
