"""What bills and audits tell besides figures: a code and its figures, never a sentence.

So a bill means the same in every language, and its hash holds whatever words are put to it later. The last part of a figure's name is its unit, as
everywhere: `wh`, `w`, `sat`, `ppm`, `day`, `at`. What has no unit is a count when it is a whole number, and a name or a decimal when it is a text.
"""

from __future__ import annotations

import msgspec


class Remark(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that is told."""

    code: str
    figures: dict[str, int | str] = {}


def remark(code: str, **figures: int | str) -> Remark:
    """Return a remark of a code and its figures."""
    return Remark(code, figures)
