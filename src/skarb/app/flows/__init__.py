"""What went abroad, and did it come back: a lake, or a file of somebody's own, becomes a report of flows.

People in a lake are told by their number unless there is a purpose to see names; then the look is recorded before anything is shown.
"""

from skarb.app.flows.answer import Answer, ask
from skarb.app.flows.asked import Asked, is_lake
from skarb.app.flows.crossing import crossing_of
from skarb.app.flows.sides import entries_of, ties_of

__all__ = ["Answer", "Asked", "ask", "crossing_of", "entries_of", "is_lake", "ties_of"]
