"""Mining in a market: the farm that follows the surplus, what the journal says of it, and every question about the country's power.

Nothing here waits: years are filled in a millisecond, and what takes longer is made beside the market (`miningwork`) and read from its files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from pathlib import Path

from skarb.app.draftmodel import Progress
from skarb.app.marketmining.paid import Paid
from skarb.app.marketmining.sites import curtailment_of
from skarb.app.marketmining.year import Year
from skarb.app.miningfiles import read_figures, report_from
from skarb.app.miningmodel import CurtailmentView, EconomicsView, FarmView, PlanView, Question, SurplusView
from skarb.app.model import Person, Place
from skarb.app.tally import Answered
from skarb.core.time import zone
from skarb.simulate.farm import Farm


class MarketMining:
    """The mining of a market; fed by the market's writer, asked by the console's threads."""

    def __init__(self, farm: Farm, law: str, zone_name: str, folder: Path) -> None:
        self._farm, self._folder, self._zone = farm, folder, zone(zone_name)
        self._paid, self._year = Paid(farm, self._zone), Year(farm, law, self._zone, folder)
        self.progress = Progress()

    def take(self, rows: Iterable[Answered]) -> None:
        """Note the rows of the farm."""
        self._paid.take(rows)

    def clock(self, now: datetime) -> datetime:
        """Return the market's time, its first morning before anything has happened."""
        return max(now, self._farm.day(self._farm.begins).hours[0].at)

    def farm(self, now: datetime, person: Callable[[str], Person]) -> FarmView:
        """Return the farm now, and the hours around now."""
        return self._paid.view(now, person)

    def month(self, party: str, first: date, last: date) -> tuple[int, int, Place, Place] | None:
        """Return the hours of some days that the journal says were paid to a party, their satoshi, and the first and the last row."""
        return self._paid.month(party, first, last)

    def curtailment(self, now: datetime, asked: str | None) -> CurtailmentView:
        """Return the order of a day, or the latest one, against the meters.

        Raises: InputError if there was no order on the day.
        """
        return curtailment_of(self._farm, now, now.astimezone(self._zone).date(), asked)

    def surplus(self, now: datetime) -> SurplusView:
        """Return how much is left over in the year of the market's clock."""
        return self._year.surplus(now, self.progress)

    def economics(self) -> EconomicsView:
        """Return what mining paid and may pay, as far as that was made beside the market."""
        found = read_figures(self._folder)
        if found is None:
            return EconomicsView(progress=self.progress)
        return EconomicsView(
            progress=self.progress,
            made=found.made,
            report=report_from(found.report),
            swings=found.npv_swings,
            command=found.command,
        )

    def question(self, now: datetime, asked: Mapping[str, str]) -> Question:
        """Return a question as a form asks it; what is not said is as the farm stands.

        Raises: InputError naming the field.
        """
        return self._year.question(now, asked)

    def plan(self, now: datetime, question: Question) -> PlanView:
        """Return the answer to a question beside the one to the farm as it stands.

        Raises: InfeasiblePlan
        """
        return self._year.plan(now, question)


__all__ = ["MarketMining"]
