"""Made-up prices: a seeded walk in whole numbers, one step a day.

No market looked like this. Each day's step is drawn from the seed, the asset and the day alone, so a longer walk begins
with the same days as a shorter one.
"""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

from skarb.core.amount import format_amount, parse_amount
from skarb.registers import RateSeries
from skarb.simulate.town import Walk

PLACES = 4  # decimals of a published rate
SOURCE = "simulated"
_FULL = 100_000


class Prices:
    """The walk of every priced asset from the first day on."""

    def __init__(self, seed: int, first: date, walks: dict[str, Walk]) -> None:
        self._seed = seed
        self._first = first
        self._walks = walks
        self._paths = {asset: [parse_amount(walk.first, PLACES)] for asset, walk in walks.items()}

    def of(self, asset: str, day: date) -> tuple[int, int]:
        """Return the price of `scale` units in 1/10,000 of the legal currency, and the scale."""
        path, walk = self._paths[asset], self._walks[asset]
        wanted = max(0, (day - self._first).days)
        while len(path) <= wanted:
            rng = Random(f"{self._seed}/price/{asset}/{len(path)}")
            step = rng.randint(-walk.step, walk.step) + rng.randint(-walk.step, walk.step)
            # A gentle pull back to the start keeps a long walk from wandering off to nothing.
            pull = (path[0] - path[-1]) * 600 // path[0]
            path.append(max(1, path[-1] + path[-1] * (step // 2 + pull) // _FULL))
        return path[wanted], walk.scale

    def published(self, currency: str, first: date, last: date) -> tuple[RateSeries, ...]:
        """Return one series per asset with the rate of every day between two dates, both included."""
        days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        return tuple(
            RateSeries(source=SOURCE, base=asset, quote=currency, points=tuple((day, self._text(asset, day)) for day in days))
            for asset in self._walks
        )

    def _text(self, asset: str, day: date) -> str:
        price, scale = self.of(asset, day)
        text = format_amount(price, PLACES)
        return text if scale == 1 else f"{text}/{scale}"
