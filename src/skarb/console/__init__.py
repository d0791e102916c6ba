"""The console: a market to look at, in three languages, every number leading down to a provable row of a journal."""

from skarb.app.marketview import MarketView
from skarb.console.app import console
from skarb.console.serve import serve

__all__ = ["MarketView", "console", "serve"]
