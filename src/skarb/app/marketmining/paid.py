"""The farm now, hour by hour: what it was to draw, what the meters say, and the row of the journal by which each hour was paid."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta, tzinfo
from threading import Lock

from skarb.app.marketmining.sites import HOUR, days_of, orders_of, sites_of
from skarb.app.miningmodel import BillView, FarmHourView, FarmView
from skarb.app.model import Person, Place
from skarb.app.tally import Answered
from skarb.core.amount import parse_amount
from skarb.simulate.farm import Farm, FarmHour, payout_id

_AROUND = (72, 24)  # hours before and after now that are drawn
_LATEST, _BILLS = 14, 7


class Paid:
    """What the market's journal says of a farm; fed by the market's writer, asked by the console's threads."""

    def __init__(self, farm: Farm, zone: tzinfo) -> None:
        self._farm, self._zone = farm, zone
        self._places: dict[str, Place] = {}
        self._mined: dict[str, int] = {}  # satoshi of each payout, by the journal
        self._journal_sat = self._paid_minor = 0
        self._lock = Lock()

    def take(self, rows: Iterable[Answered]) -> None:
        """Note the rows of the farm."""
        company = self._farm.plan.company
        for one in rows:
            i = one.instruction
            if i.party != company or one.outcome != "posted":
                continue
            with self._lock:
                self._places[i.id] = Place(book=one.book, sequence=one.sequence, row=one.row)
                if i.activity == "mine":
                    self._mined[i.id] = parse_amount(i.amount, 8)
                    self._journal_sat += self._mined[i.id]
                elif i.activity == "fiat_pay":
                    self._paid_minor += parse_amount(i.amount, 2)

    def view(self, now: datetime, person: Callable[[str], Person]) -> FarmView:
        """Return the farm now, and the hours around now."""
        farm, today = self._farm, now.astimezone(self._zone).date()
        begun = now.replace(minute=0, second=0, microsecond=0)
        with self._lock:
            places, journal_sat, paid_minor = dict(self._places), self._journal_sat, self._paid_minor
        around = [begun + HOUR * step for step in range(-_AROUND[0], _AROUND[1] + 1)]
        days = days_of(farm, today)
        every = [hour for day in days for hour in farm.day(day).hours if self._place(hour, places) is not None]
        bills = [
            BillView(
                day=day,
                metered_wh=sum(hour.metered_wh for hour in farm.day(day).hours),
                owed_minor=farm.owed_minor(day),
                sale=places.get(f"{farm.plan.book}-mined-{day + timedelta(days=1):%y%m%d}-sale"),
                payment=places.get(f"{farm.plan.book}-mined-{day + timedelta(days=1):%y%m%d}-bill"),
            )
            for day in days
        ]
        return FarmView(
            company=person(farm.plan.company),
            supplier=person(farm.plan.supplier),
            book=farm.plan.book,
            since=farm.begins,
            today=today,
            price_per_kwh=farm.plan.price,
            price_usd_mwh=float(farm.price_usd_mwh(today)),
            hashprice_usd_ph_day=float(farm.hashprice(today)),
            now=self._hour(farm.hour(begun), now, places),
            sites=sites_of(farm, now, today),
            hours=tuple(self._hour(hour, now, places) for at in around if (hour := farm.hour(at)) is not None),
            tomorrow=tuple(self._hour(hour, now, places) for hour in farm.day(today + timedelta(days=1)).hours),
            latest=tuple(self._hour(hour, now, places) for hour in every[: -_LATEST - 1 : -1]),
            bills=tuple(one for one in reversed(bills) if one.payment is not None)[:_BILLS],
            paid_hours=len(every),
            metered_wh=sum(hour.metered_wh for hour in every),
            reckoned_sat=sum(hour.sat for hour in every),
            journal_sat=journal_sat,
            paid_minor=paid_minor,
            orders=orders_of(farm, now, today),
        )

    def month(self, party: str, first: date, last: date) -> tuple[int, int, Place, Place] | None:
        """Return the hours of some days that the journal says were paid to a party, their satoshi, and the first and the last row."""
        if party != self._farm.plan.company:
            return None
        with self._lock:
            places, mined = dict(self._places), dict(self._mined)
        days = [day for day in days_of(self._farm, last) if day >= first]
        names = [self._payout(hour) for day in days for hour in self._farm.day(day).hours if self._payout(hour) in mined]
        return (len(names), sum(mined[one] for one in names), places[names[0]], places[names[-1]]) if names else None

    def _place(self, hour: FarmHour, places: Mapping[str, Place]) -> Place | None:
        return places.get(self._payout(hour))

    def _payout(self, hour: FarmHour) -> str:
        return f"{self._farm.plan.book}-mined-{payout_id(hour.at)}"

    def _hour(self, hour: FarmHour | None, now: datetime, places: Mapping[str, Place]) -> FarmHourView:
        assert hour is not None, "a farm has every hour of every day"
        over = hour.at + HOUR <= now
        return FarmHourView(
            at=hour.at,
            reason=hour.reason,
            surplus_w=hour.surplus_w,
            marginal_milli_mwh=hour.marginal_milli,
            scheduled_w=hour.scheduled_w,
            sites_w=tuple(one.scheduled_w for one in hour.sites),
            metered_wh=hour.metered_wh if over else None,
            earned_sat=hour.sat if over else None,
            place=self._place(hour, places),
        )
