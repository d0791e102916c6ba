"""The error of a store whose content is not what was once written."""

from __future__ import annotations

from typing import ClassVar

from skarb.core.errors import SkarbError


class Damaged(SkarbError):
    """Stored bytes were changed, cut or lost after they had been written; nothing is answered from them."""

    code: ClassVar[str] = "verification"
