"""The miners' bills, their audit and the reserve of a market, read from what is kept beside it (`reservework`).

Every figure is what the commands say of the same files; nothing is reckoned here that they do not reckon.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

from skarb.app.draftmodel import Progress
from skarb.app.marketmining import MarketMining
from skarb.app.marketreserve.audits import Audits
from skarb.app.marketreserve.bills import Bills, gini_ppm
from skarb.app.marketreserve.holding import Holding
from skarb.app.marketreserve.kept import Kept, Known
from skarb.app.reservefiles import MORNING, read_stand
from skarb.app.reservemodel import AuditView, BillsView, ReserveView
from skarb.core.amount import format_amount
from skarb.core.counted import counted
from skarb.core.time import zone
from skarb.reserve.chart import DECIMALS
from skarb.simulate.miners import Miners


class MarketReserve:
    """Bills, audit and reserve of a market; told by whoever runs it when they are kept anew, asked by the console's threads."""

    def __init__(self, folder: Path, law: str, zone_name: str, miners: Miners, mined: MarketMining) -> None:
        self._kept, self._zone = Kept(folder, law, miners), zone(zone_name)
        self._bills, self._audits, self._holding = Bills(self._kept, mined), Audits(self._kept), Holding(self._kept)
        self.progress = Progress()
        self.asked: date | None = None  # the morning up to which everything was last to be kept
        self.busy = False

    def today(self, now: datetime) -> date:
        """Return the legal day of the last morning; by then even the last hour of the day before was paid."""
        local = now.astimezone(self._zone)
        return local.date() if local.time() >= MORNING else local.date() - timedelta(days=1)

    def wants(self, now: datetime) -> bool:
        """Say whether a morning has passed since everything was last kept."""
        return not self.busy and (self.asked is None or self.today(now) > self.asked)

    def learn(self, told: Progress) -> None:
        """Note how far somebody is who keeps everything beside the market."""
        self.progress, self.busy = told, told.stage not in ("done", "failed")

    def line(self) -> str:
        """Say in a line what was billed and received."""
        stand = read_stand(self._kept.folder)
        if stand is None:
            return "· no miners to bill"
        bills, _ = self._bills.of(stand)
        story = self._kept.story()
        held = ", ".join(f"{format_amount(story.lots.units(asset), places)} {asset}" for asset, places in DECIMALS.items())
        return f"· {counted(len(bills), 'bill')} of miners over {counted(len(stand.months), 'month')}; the reserve has {held}"

    def bills(self, asked: str | None, person: Known) -> BillsView:
        """Return all bills, and one of them in full: the one that is named, or the last.

        Raises: InputError for a bill that there is not
        """
        return self._bills.view(self.progress, asked, person)

    def audit(self, asked: str | None, person: Known) -> AuditView:
        """Return everything that was found, and the days of a month: the one that is named, or the last.

        Raises: InputError for a month that was not audited
        """
        return self._audits.view(self.progress, asked, person)

    def reserve(self, person: Known) -> ReserveView:
        """Return what is held, what it is worth and risks, and where it came from."""
        return self._holding.view(self.progress, person)


__all__ = ["MarketReserve", "gini_ppm"]
