"""A made-up market from one seed: people, companies, institutions, honest and forbidden behaviour.

The only room where chance is allowed. It says nothing about what is lawful: it asks, and the rulebook answers.
"""

from skarb.simulate.bring import bring_drafts
from skarb.simulate.market import Scenario, market
from skarb.simulate.model import Beat, BookEntry, Entries, Event

__all__ = ["Beat", "BookEntry", "Entries", "Event", "Scenario", "bring_drafts", "market"]
