"""What an audit puts side by side: registered machines, what meters counted and devices reported by day, the network, and what is lacking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from skarb.app.mining import Past, load
from skarb.app.mining_basis import Basis
from skarb.app.mining_month import Month
from skarb.core.errors import NotFound
from skarb.core.time import from_day, to_day
from skarb.metering import (
    Fleet,
    Longs,
    NetworkDay,
    Remark,
    Reported,
    Window,
    hourly,
    read_network,
    remark,
)
from skarb.mining.catalogue import machines
from skarb.registers import MiningMachines


@dataclass(frozen=True)
class Evidence:
    """What is handed in for an audit besides meters. `posted` are statements of accounts, by site; `chain` files of the network."""

    payouts: Path | None = None
    devices: Path | None = None
    posted: Mapping[str, Path] | None = None
    network: Path | None = None
    chain: Sequence[Path] = ()
    prices: Path | None = None


def fleet_on(basis: Basis, site: str, day: int) -> Fleet:
    """Return the registered machines of a site on a day.

    Raises: NotFound for a model that neither the entry nor the catalogue describes.
    """
    count = hashrate = power = 0
    for one in basis.registers.history("mining_machines", site):
        if (
            isinstance(one, MiningMachines)
            and not one.withdrawn
            and to_day(one.valid_from) <= day <= (to_day(one.valid_to) if one.valid_to else day)
        ):
            each, watts = plate_of(one)
            count, hashrate, power = count + one.count, hashrate + one.count * each, power + one.count * watts
    return Fleet(count, hashrate, power)


def plate_of(one: MiningMachines) -> tuple[int, int]:
    """Return gigahashes a second and watts of one machine, by the entry or by the catalogue.

    Raises: NotFound
    """
    if one.hashrate_gh_s is not None and one.power_w is not None:
        return one.hashrate_gh_s, one.power_w
    known = machines().get(one.model.lower())
    if known is None:
        raise NotFound(
            f"machines of {one.site}: model {one.model!r} is not in the catalogue; give hashrate_gh_s and power_w, or one of {', '.join(machines())}"
        )
    return round(known.hashrate_th_s * 1000), round(known.power_w)


def energy_of(month: Month, site: str) -> tuple[dict[int, int], dict[int, int]]:
    """Return what the meters of a site counted by day, and how many intervals of the day are estimates; a day with a part missing has none."""
    energy: dict[int, int] = {}
    dark: set[int] = set()  # what is left of such days is compared with nothing
    guesses: dict[int, int] = {}
    for table, mine in zip(month.tables, month.rows(site), strict=True):
        days, starts = np.unique(table.window.day, return_index=True)
        for row in mine:
            if table.meters[row].direction == "export":
                continue
            sums = np.add.reduceat(table.energy_wh[row], starts).tolist()
            unknown = np.add.reduceat(table.unknown(row).astype(np.int64), starts).tolist()
            estimated = np.add.reduceat(table.estimated(row).astype(np.int64), starts).tolist()
            for day, total, lost, guess in zip(days.tolist(), sums, unknown, estimated, strict=True):
                guesses[day] = guesses.get(day, 0) + guess + lost
                energy[day] = energy.get(day, 0) + total
                if lost:
                    dark.add(day)
    return {day: total for day, total in energy.items() if day not in dark}, guesses


def reported_of(zone: str, month: Month, site: str) -> dict[int, Reported] | None:
    """Return what the devices of a site reported by day, None if they did not; one that goes over midnight is cut there."""
    window = Window(zone, month.first, month.last, 60)
    starts = [window.start_s + int(slot) * 3600 for slot in np.unique(window.day, return_index=True)[1]] + [window.end_s]
    first = to_day(month.first)
    seconds: dict[int, list[int]] = {}
    for one in month.samples_of(site):
        begin, end = one.at_s, one.at_s + 60 * one.minutes
        place = int(np.searchsorted(starts, begin, side="right")) - 1
        while begin < end and 0 <= place < len(starts) - 1:
            stop = min(end, starts[place + 1])
            total = seconds.setdefault(first + place, [0, 0])
            total[0] += one.hashrate_gh_s * (stop - begin)
            total[1] += one.power_w * (stop - begin)
            begin, place = stop, place + 1
    return {day: Reported(total[0], total[1] // 3600) for day, total in seconds.items()} or None


def hours_of(month: Month, site: str) -> Longs:
    """Return what a site imported in each hour of a month."""
    total: Longs | None = None
    for table, mine in zip(month.tables, month.rows(site), strict=True):
        for row in mine:
            if table.meters[row].direction == "import":
                part = hourly(table.window, table.energy_wh[row])
                total = part if total is None else total + part
    return total if total is not None else np.zeros(1, np.int64)


def network_of(evidence: Evidence, first: int, last: int) -> dict[int, NetworkDay] | None:
    """Return the network day by day, from a file or from the chain; None if nobody gave either."""
    if evidence.network is not None:
        return read_network(evidence.network)
    if not evidence.chain:
        return None
    past: Past = load(evidence.chain)
    return {
        paid.day: NetworkDay(paid.day, paid.network.difficulty, paid.network.reward_sat)
        for paid in past.history
        if first <= paid.day <= last
    }


def lacking(evidence: Evidence, network: Mapping[int, NetworkDay] | None, first: int, last: int) -> list[Remark]:
    """Return what an audit has to do without."""
    notes = []
    for name in ("payouts", "devices", "posted"):
        if not getattr(evidence, name):
            notes.append(remark(f"without_{name}"))
    if network is None:
        notes.append(remark("without_network"))
    elif missing := [day for day in range(first, last + 1) if day not in network]:
        notes.append(remark("network_gaps", days=len(missing), first_day=str(from_day(missing[0]))))
    return notes
