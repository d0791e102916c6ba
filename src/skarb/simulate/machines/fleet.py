"""A made-up fleet: sites with machines of several makes, some with faults; and the files that those who try it need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from ipaddress import AddressValueError, IPv4Address, IPv4Network
from pathlib import Path

from skarb.core.errors import InputError, shorten
from skarb.simulate.machines.machine import AVALON, FAULTS, M50S, S19, S21, Machine

_KINDS = {"luxos": (S21, S19), "avalon": (AVALON,), "whatsminer": (M50S,), "mixed": (S21, AVALON, S19, M50S)}
_LOOPBACK = IPv4Network("127.0.0.0/8")
MOST = 2000


def made_fleet(
    count: int, sites: int = 2, faults: Mapping[str, int] | None = None, first: str = "127.77.0.1", dialect: str = "mixed"
) -> tuple[Machine, ...]:
    """Return so many machines, spread over sites in equal parts; those with faults are the last ones, which are cut first.

    Raises: InputError
    """
    if not 1 <= count <= MOST or not 1 <= sites <= count:
        raise InputError(
            f"machines: given {count} at {sites} sites, expected 1 to {MOST} machines and no more sites than machines"
        )
    if unknown := [name for name in faults or () if name not in FAULTS]:
        raise InputError(f"fault: given {unknown[0]!r}, expected one of {', '.join(FAULTS)} with a number, such as keeps=2")
    if (kinds := _KINDS.get(dialect)) is None:
        raise InputError(f"dialect: given {shorten(dialect)!r}, expected one of {', '.join(_KINDS)}")
    broken = [name for name, number in (faults or {}).items() for _ in range(number)]
    if len(broken) > count:
        raise InputError(f"faults: given {len(broken)} of them, expected no more than there are machines, {count}")
    try:
        start = IPv4Address(first)
        if start not in _LOOPBACK or start + count not in _LOOPBACK:
            raise AddressValueError
    except AddressValueError:
        raise InputError(
            f"first: given {shorten(first)!r}, expected an address of the loopback network such as 127.77.0.1"
        ) from None
    return tuple(
        Machine(
            f"m{number + 1:04}",
            f"site-{number * sites // count + 1}",
            str(start + number),
            kinds[number % len(kinds)],
            broken[number - count + len(broken)] if number >= count - len(broken) else "",
        )
        for number in range(count)
    )


def write_fleet(machines: Sequence[Machine], folder: Path) -> tuple[Path, ...]:
    """Write the register of machines, the sites and what they draw, as the commands of mining read them."""
    names = list(dict.fromkeys(one.site for one in machines))
    fleet = ["site,id,host,port,model,priority,rated_w,expected_th_s"]
    fleet += [
        f"{one.site},{one.id},{one.host},4028,{one.kind.model},{names.index(one.site) + 1},{one.kind.rated_w},{one.kind.hashrate_th_s}"
        for one in machines
    ]
    sites, running = [], ["site,running_mw"]
    for number, name in enumerate(names, 1):
        rated = sum(one.kind.rated_w for one in machines if one.site == name)
        blocks = 10 if rated % 10 == 0 else 1
        power = f"{rated // blocks / 1e6:.6f}"
        sites.append(
            f"- {{name: {name}, miners: mixed, blocks: {blocks}, block_mw: {power}, priority: {number}, meter: meter-{name}}}"
        )
        running.append(f"{name},{rated / 1e6:.6f}")
    written = {"fleet.csv": fleet, "sites.yaml": sites, "running.csv": running}
    for name, lines in written.items():
        (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return tuple(folder / name for name in written)


def readings(machines: Sequence[Machine], first: datetime, minutes: int) -> list[tuple[str, str, int, int, str]]:
    """Return what the meter of each site counted in so many minutes: meter, at, minutes, energy_wh, estimated."""
    rows = []
    for site in dict.fromkeys(one.site for one in machines):
        for minute in range(minutes):
            at = first + timedelta(minutes=minute)
            begin = at.timestamp()
            counted = sum(one.energy_ws(begin, begin + 60) for one in machines if one.site == site)
            rows.append((f"meter-{site}", at.isoformat(), 1, round(counted / 3600), "no"))
    return rows
