"""Skarb runs and supervises a digital-asset market under written law."""

__version__ = "0.1.0"
