"""Score: signs of an alert, each worth some points, added up.

A sign is a whole number that anyone can recount from the alert's transfers; how many points it may bring is in the settings. The sum orders the
queue. It is no probability, and nothing but the order of work follows from it.
"""

from __future__ import annotations

from collections.abc import Mapping

SCORE_MAX = 1000
POINTS = ("many", "inside", "strangers", "kept", "institutions", "families", "even")  # beside the weight of the shape itself


def score_of(features: Mapping[str, int], weight: int, points: Mapping[str, int]) -> tuple[int, dict[str, int]]:
    """Return a score and what it is made of.

    Units: features as in `assemble`; ratios per thousand. Rounding: down, per sign.
    """
    signs = {
        "shape": weight,
        "many": points["many"] * min(features["transfers"], 20) // 20,  # twenty transfers say all that size can say
        "inside": points["inside"] * features["inside"] // 1000,
        "strangers": points["strangers"] * features["strangers"] // 1000,
        "kept": points["kept"] * features["kept"] // 1000,
        "institutions": points["institutions"] * min(features["institutions"] - 1, 4) // 4,
        "families": points["families"] * min(features["families"] - 1, 3) // 3,
        "even": points["even"] * features["even"] // 1000,
    }
    made = {name: value for name, value in signs.items() if value}
    return min(SCORE_MAX, sum(made.values())), made
