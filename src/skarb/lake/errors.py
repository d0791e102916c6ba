"""Why a feed is not taken."""

from __future__ import annotations

from skarb.core.errors import SkarbError


class Refused(SkarbError):
    """A feed does not hold what it says; nothing of it was added."""

    code = "verification"
