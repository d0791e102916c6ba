"""Curtailment: orders by priority, ramps off and back, proof by the meter, penalties."""

from skarb.grid.curtail.model import Acknowledgement, Charge, Interval, Order, Reading, Step, Target, Verdict
from skarb.grid.curtail.orders import ramp_down, ramp_up, shed, sheddable
from skarb.grid.curtail.penalties import Rule, charges, rule_of
from skarb.grid.curtail.records import Event, bytes_of, event_of, order_id, record_of
from skarb.grid.curtail.verify import judged, verify, worst

__all__ = [
    "Acknowledgement",
    "Charge",
    "Event",
    "Interval",
    "Order",
    "Reading",
    "Rule",
    "Step",
    "Target",
    "Verdict",
    "bytes_of",
    "charges",
    "event_of",
    "judged",
    "order_id",
    "ramp_down",
    "ramp_up",
    "record_of",
    "rule_of",
    "shed",
    "sheddable",
    "verify",
    "worst",
]
