"""A market as the console sees it: everything derived from the journals, down to a single row."""

from skarb.app.view.view import View

__all__ = ["View"]
