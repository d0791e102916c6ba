"""The bills of all miners: each in full, what each miner was billed in all, and how unequal they are."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from functools import lru_cache

from skarb.app.draftmodel import Progress
from skarb.app.marketmining import MarketMining
from skarb.app.marketreserve.kept import Kept, Known, lost, must_be_none, whole
from skarb.app.reservefiles import Stand, month_folder, read_bills, read_refused, read_stand
from skarb.app.reservemodel import BillHead, BillsView, JournalSum, MinerSum
from skarb.core.errors import InputError, shorten
from skarb.metering import Bill, Refused, bill_hash, month_of, read_payouts
from skarb.store import Damaged


class Bills:
    """The bills of a market, read once for each morning."""

    def __init__(self, kept: Kept, mined: MarketMining) -> None:
        self._kept, self._mined = kept, mined
        self.of = lru_cache(maxsize=2)(self._read)

    def view(self, progress: Progress, asked: str | None, person: Known) -> BillsView:
        """Return all bills, and one of them in full: the one that is named, or the last.

        Raises: InputError for a bill that there is not
        """
        stand = read_stand(self._kept.folder)
        if stand is None or not stand.months:
            must_be_none(asked, "bill")
            return BillsView(progress=progress)
        try:
            return self._view(progress, stand, asked, person)
        except Damaged as error:
            return BillsView(progress=lost(error))

    def _view(self, progress: Progress, stand: Stand, asked: str | None, person: Known) -> BillsView:
        bills, refused = self.of(stand)
        newest = sorted(bills, key=lambda one: one.month, reverse=True)
        chosen = next((one for one in newest if asked in (None, one.id)), None)
        if asked is not None and chosen is None:
            raise InputError(f"bill: given {shorten(asked)!r}, expected one such as {newest[0].id if newest else 'none yet'}")
        miners = self._sums(bills, person)
        return BillsView(
            progress=progress,
            day=stand.day,
            sites=self._kept.sites(person),
            bills=tuple(_head(one) for one in newest),
            refused=refused,
            miners=miners,
            gini_levy_ppm=gini_ppm([one.levy_minor for one in miners]),
            gini_energy_ppm=gini_ppm([one.energy_wh for one in miners]),
            bill=chosen,
            sha256="" if chosen is None else bill_hash(chosen),
            received=() if chosen is None else self._received(chosen),
            changed=chosen is not None and self._changed(chosen),
            journal=None if chosen is None else self._journal(chosen),
            command="" if chosen is None else self._kept.command("bill", chosen.month, f"--site {chosen.site}"),
        )

    def _read(self, stand: Stand) -> tuple[tuple[Bill, ...], tuple[Refused, ...]]:
        with whole():
            bills = tuple(one for month in stand.months for one in read_bills(self._kept.folder, month))
            return bills, tuple(one for month in stand.months for one in read_refused(self._kept.folder, month))

    def _sums(self, bills: Iterable[Bill], person: Known) -> tuple[MinerSum, ...]:
        found: dict[str, list[BillHead]] = {}
        for one in bills:
            found.setdefault(one.miner, []).append(_head(one))
        sums = [
            MinerSum(
                miner=person(miner),
                bills=len(heads),
                energy_wh=sum(one.energy_wh for one in heads),
                levy_minor=sum(one.levy_minor for one in heads),
                reserve_sat=sum(one.reserve_sat for one in heads),
            )
            for miner, heads in found.items()
        ]
        return tuple(sorted(sums, key=lambda one: (one.levy_minor, one.miner.id)))

    def _received(self, bill: Bill) -> tuple[tuple[str, str], ...]:
        where = self._kept.story().where
        named = ((one.key, where.get(f"inflow:{bill.id}/{one.key}", "")) for one in bill.lines)
        return tuple((key, place) for key, place in named if place)

    def _changed(self, bill: Bill) -> bool:
        """Say whether the reserve's journal names another hash than that of the bill as it lies there now."""
        named = f"bill {bill.id} {bill_hash(bill)[:16]}, "
        lines = [one.line for one in self._kept.story().inflows.values() if one.line.id.startswith(f"{bill.id}/")]
        return any(not one.source.startswith(named) for one in lines)

    def _journal(self, bill: Bill) -> JournalSum | None:
        """Return what the market's journal says of a month of the farm; other miners are paid elsewhere."""
        first, last = month_of(bill.month)
        found = self._mined.month(bill.miner, first, last)
        if found is None:
            return None
        own = {site for site, party in self._kept.miners.parties.items() if party == bill.miner}
        with whole():
            paid = read_payouts(month_folder(self._kept.folder, bill.month) / "payouts.csv")
        hours, sat, begin, end = found
        return JournalSum(hours=hours, sat=sat, billed_sat=sum(one.sat for one in paid if one.site in own), first=begin, last=end)


def gini_ppm(values: Iterable[int]) -> int:
    """Return how unequal shares are: 0 where all are equal, towards a million where one has all. Rounding: down."""
    ordered = sorted(values)
    count, total = len(ordered), sum(ordered)
    if not total:
        return 0
    weighted = sum(place * value for place, value in enumerate(ordered, 1))
    return int(Fraction(2 * weighted, count * total) * 10**6 - Fraction(count + 1, count) * 10**6)


def _head(bill: Bill) -> BillHead:
    return BillHead(
        id=bill.id,
        month=bill.month,
        site=bill.site,
        energy_wh=bill.energy_wh,
        electricity_minor=bill.totals["net"],
        levy_minor=bill.totals.get("levy", 0),
        reserve_sat=bill.totals.get("reserve_share_btc", 0),
        payable_minor=bill.totals["payable"],
        sha256=bill_hash(bill),
    )
