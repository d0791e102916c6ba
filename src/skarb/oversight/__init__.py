"""Oversight: what a supervisor asks of everything that ever happened."""
