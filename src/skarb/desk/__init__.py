"""The road that every instruction takes: read, recall, gather, decide, plan, post, journal, report."""

from skarb.desk.entries import Chart
from skarb.desk.model import Answer, Gathered, Leg, Plan, Product
from skarb.desk.road import Desk, open_desk

__all__ = ["Answer", "Chart", "Desk", "Gathered", "Leg", "Plan", "Product", "open_desk"]
