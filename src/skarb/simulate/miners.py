"""The registered miners of a town: the farm's sites, and a few smaller ones beside it, with their machines, meters and pools.

The small ones run in the hours in which the country's power system leaves more over than the farm can take. What their meters count and what their
pools pay follows from the seed, the year that the farm lives in, and the made-up chain. Pools that share blocks have luck; a miner that
declares less than he mines is planted, so that there is something to find.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from math import exp
from random import Random
from typing import NamedTuple

from skarb.core.time import zone
from skarb.grid import MEGAWATT
from skarb.mining.catalogue import machine
from skarb.mining.formulas import expected_sat
from skarb.registers import Admission, Entry, Meter, MiningMachines, MiningSite, Party, Tariff
from skarb.registers.model import Band
from skarb.simulate.farm import Farm
from skarb.simulate.town import MinerPlan, Town

CONTRACT = "surplus_contract"  # a tariff: one price for whatever is left over
POOL_FEE = 200  # hundredths of a percent, as the farm's terms suppose
_POOL_BLOCKS = 2.88  # a day: a pool with 2 % of the network
_UPTIME = (930, 990)
_LOST_DAY, _LOST_HOURS = 11, (2, 3, 4)  # of every month: a meter that cannot be read for a while
_HOUR = timedelta(hours=1)


class MeterHour(NamedTuple):
    """What a meter counted in an hour; None where nobody could read it."""

    meter: str
    at: datetime
    energy_wh: int | None


class Paid(NamedTuple):
    """What a pool paid to a site for a day."""

    id: str
    day: date
    site: str
    scheme: str
    sat: int


class Miners:
    """All registered miners of a market."""

    def __init__(self, farm: Farm, town: Town) -> None:
        self._farm, self._town, self._seed = farm, town, farm.seed
        self.small = tuple(town.miners)
        self.since = _months_before(farm.begins, town.miners_months, town.miners_earliest)

    @property
    def titles(self) -> dict[str, str]:
        """The names of sites, for people."""
        return {one.name: one.title for one in self._farm.plan.sites} | {one.site: one.title for one in self.small}

    @property
    def parties(self) -> dict[str, str]:
        """The miner of each site."""
        return {one.name: self._farm.plan.company for one in self._farm.plan.sites} | {one.site: one.party for one in self.small}

    @property
    def schemes(self) -> dict[str, str]:
        """How the pool of each site pays."""
        return dict.fromkeys(self.parties, "fpps") | {one.site: "pplns" for one in self.small if one.shares_blocks}

    def entries(self) -> tuple[Entry, ...]:
        """Return what the registers say about them."""
        farm = self._farm
        found: list[Entry] = [self._contract()]
        for one in self.small:
            found += self._admitted(one)
            found += self._site(one.site, one.party, int(Decimal(one.mw) * MEGAWATT), one.machine, self.since, one)
        for site in farm.sites:
            found += self._site(site.name, farm.plan.company, site.most_w, farm.machines[site.name].code, farm.begins, None)
        return tuple(found)

    def _contract(self) -> Tariff:
        return Tariff(
            tariff=CONTRACT,
            energy=(Band(band="all", price=self._farm.plan.price),),
            source="made up: what the farm of this market pays",
            certainty="made_up",
            valid_from=self.since,
            example=True,
        )

    def _admitted(self, one: MinerPlan) -> list[Entry]:
        town, since = self._town, self.since - timedelta(days=60)
        party = Party(
            party=one.party, name=one.name, kind="legal_entity", country=town.country, resident=True, identified=True, valid_from=since, example=True
        )  # fmt: skip
        gate = Admission(
            party=one.party,
            gate="regime",
            licence="miner",
            activities=("mine",),
            valid_from=since,
            number=f"SIM-{one.party.upper()}",
            authority=town.authorities["regime"],
            example=True,
        )
        return [party, gate]

    def _site(self, name: str, party: str, power_w: int, model: str, since: date, small: MinerPlan | None) -> list[Entry]:
        plate_w = round(machine(model).power_w)
        site = MiningSite(
            site=name,
            party=party,
            capacity_w=power_w,
            declared_kw=power_w // 1000,
            tariff=small.tariff if small else CONTRACT,
            power="renewable" if small and small.renewable else "grid",
            pool="made up",
            scheme="pplns" if small and small.shares_blocks else "fpps",
            pool_fee=POOL_FEE,
            valid_from=since,
            example=True,
        )
        fleet = MiningMachines(site=name, model=model, count=power_w * 100 // 105 // plate_w + 1, valid_from=since, example=True)
        meter = Meter(
            meter=meter_of(name),
            site=name,
            minutes=60,
            certified_to=date(since.year + 8, 12, 31),
            certificate=f"SIM-{name}",
            valid_from=since,
            example=True,
        )
        return [site, fleet, meter]

    # -- what happened ----------------------------------------------------------------------------------------------

    def hours(self, day: date) -> Iterator[MeterHour]:
        """Yield what every settlement meter counted on a day that is over."""
        for one in self.small if day >= self.since else ():
            lost = _LOST_HOURS if one.loses and day.day == _LOST_DAY else ()
            for place, (at, energy) in enumerate(self._drawn(one, day)):
                yield MeterHour(meter_of(one.site), at, None if place in lost else energy)
        if day >= self._farm.begins:
            for hour in self._farm.day(day).hours:
                for site in hour.sites:
                    yield MeterHour(meter_of(site.site), hour.at, site.metered_wh)

    def surplus(self, day: date) -> Iterator[tuple[datetime, str, int]]:
        """Yield the hours of a day that are surplus for a site, with its power then."""
        for one in self.small if day >= self.since else ():
            power_w = int(Decimal(one.mw) * MEGAWATT)
            for at, surplus_w in self._left(day):
                if surplus_w > self._farm.most_w:
                    yield at, one.site, power_w
        if day >= self._farm.begins:
            for hour in self._farm.day(day).hours:
                yield from ((hour.at, one.site, one.scheduled_w) for one in hour.sites if one.scheduled_w)

    def paid(self, day: date) -> list[Paid]:
        """Return what pools paid for a day."""
        found = []
        network = self._farm.chain.network(day)
        for one in self.small if day >= self.since else ():
            energy = sum(wh for _, wh in self._drawn(one, day))
            sat = expected_sat(energy, network, machine(one.machine).efficiency_j_th, self._farm.terms)
            sat = sat * one.declares_percent // 100
            if one.shares_blocks:
                sat = int(sat * self._luck(one.site, day))
            if sat:
                found.append(Paid(f"{one.site}-{day}", day, one.site, "pplns" if one.shares_blocks else "fpps", sat))
        if day >= self._farm.begins:
            sums: dict[str, int] = {}
            for hour in self._farm.day(day).hours:
                for site in hour.sites:
                    sums[site.site] = sums.get(site.site, 0) + site.sat
            found += [Paid(f"{name}-{day}", day, name, "fpps", sat) for name, sat in sums.items() if sat]
        return found

    def _left(self, day: date) -> list[tuple[datetime, int]]:
        start = datetime.combine(day, time(), zone(self._town.zone)).astimezone(UTC)
        end = datetime.combine(day + timedelta(days=1), time(), zone(self._town.zone)).astimezone(UTC)
        found, left = [], self._farm.left_over(start, (end - start) // _HOUR)
        for place, surplus_w in enumerate(left):
            found.append((start + _HOUR * place, surplus_w))
        return found

    def _drawn(self, one: MinerPlan, day: date) -> list[tuple[datetime, int]]:
        random = Random(f"{self._seed}/miner/{one.site}/{day}")
        power_w = int(Decimal(one.mw) * MEGAWATT)
        uptime = [random.randint(*_UPTIME) for _ in range(26)]
        return [
            (at, power_w * share // 1000 if surplus_w > self._farm.most_w else 0)
            for (at, surplus_w), share in zip(self._left(day), uptime, strict=False)
        ]

    def _luck(self, site: str, day: date) -> Fraction:
        """Return how many blocks a pool found on a day, of those it finds on average."""
        random, found, product = Random(f"{self._seed}/luck/{site}/{day}"), 0, 1.0
        while (product := product * random.random()) > exp(-_POOL_BLOCKS):
            found += 1
        return Fraction(found) / Fraction(str(_POOL_BLOCKS))


def meter_of(site: str) -> str:
    """Return the meter by which a site is billed."""
    return f"kwh-{site}"


def _months_before(day: date, months: int, earliest: date) -> date:
    """Return the first day of a month so many months before a day, but no earlier than the rules that miners are billed by."""
    number = day.year * 12 + day.month - 1 - months
    return max(earliest, date(number // 12, number % 12 + 1, 1))
