"""The road that every instruction takes: read, recall, gather, decide, plan, post, journal, report."""

from skarb.desk.model import Answer, Gathered, Leg, Plan, Product
from skarb.desk.plan import release
from skarb.desk.road import Desk, open_desk
from skarb.journal.chart import Chart

__all__ = ["Answer", "Chart", "Desk", "Gathered", "Leg", "Plan", "Product", "open_desk", "release"]
