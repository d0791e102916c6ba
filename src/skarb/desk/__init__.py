"""The road that every instruction takes: read, recall, gather, decide, plan, post, journal, report."""

from skarb.desk.model import Answer, Leg, Plan, Product
from skarb.desk.road import Desk, open_desk

__all__ = ["Answer", "Desk", "Leg", "Plan", "Product", "open_desk"]
