"""What else a megawatt-hour could do: mining beside boilers and export, against what making it costs, in each kind of hour.

The source of the marginal megawatt-hour decides: in an hour with a surplus of nuclear power it costs its fuel, in others somebody burns gas for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Figure:
    """A number that is known no better than its range, with where it comes from."""

    name: str
    low: Fraction
    base: Fraction
    high: Fraction
    unit: str
    source: str
    certainty: str = ""

    @classmethod
    def exactly(cls, name: str, value: Fraction, unit: str, source: str, certainty: str) -> Figure:
        """Return a figure that has no range."""
        return cls(name, value, value, value, unit, source, certainty)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Mining against one cost of making a megawatt-hour, or one other use of it.

    Units: USD/MWh. `margin` is what mining leaves more; low and high are the ends of what both ranges allow.
    """

    against: Figure
    kind: str  # "cost" of making it, or other "use"
    margin_low: Fraction
    margin: Fraction
    margin_high: Fraction

    @property
    def answer(self) -> str:
        """Say whether mining is better: yes or no if the whole range says so, else that it depends."""
        if self.margin_low > 0:
            return "yes"
        return "no" if self.margin_high <= 0 else "depends"


def against(value: Figure, costs: Sequence[Figure], uses: Sequence[Figure]) -> tuple[Verdict, ...]:
    """Return mining, worth `value` for a megawatt-hour, against each cost and each other use."""
    return tuple(
        Verdict(figure, kind, value.low - figure.high, value.base - figure.base, value.high - figure.low)
        for kind, figures in (("cost", costs), ("use", uses))
        for figure in figures
    )
