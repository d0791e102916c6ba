"""Where an account lies, as kernels see it, and what a kernel answers."""

from __future__ import annotations

HOME, ABROAD, GONE = 0, 1, 2
"""Under the eyes of the supervisor; abroad, where money may come back from; where it is written down: spent, lost, seized."""

DONE, FULL = 0, 1
"""All rows were worked on; there is no more room, make some and go on."""

# Kernels are compiled in one namespace, so no two of their modules may give one name two meanings.
