"""Orders and machines: who sleeps for an order, who may wake at each step of a ramp, and the record of what machines were told.

An order speaks of sites and watts, a register of machines and name plates; here they meet. Nothing here shows that anybody drew less: that is for the
meter of the site (`grid.curtail.verify`).
"""

from __future__ import annotations

import getpass
import hashlib
import os
import stat
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec
import yaml

from skarb.core.errors import InputError, NotAllowed, shorten
from skarb.fleet import Answer, Beside, Courier, Device, awake, command, in_order, read_fleet
from skarb.fleet.model import MAKERS, Task
from skarb.grid.curtail import Acknowledgement, Order, Step, Target

_RANGE_MOST = 4096


@dataclass(frozen=True)
class Wave:
    """Machines that are told the same at one moment."""

    at: datetime
    task: Task
    devices: tuple[Device, ...]


@dataclass(frozen=True)
class Told:
    """What one machine was told, how it answered, and when."""

    device: Device
    task: Task
    answer: Answer
    at: datetime


def fleet_of(path: Path) -> tuple[Device, ...]:
    """Read the register of machines.

    Raises: InputError
    """
    try:
        return read_fleet(path.read_text(encoding="utf-8-sig"), path.name)
    except UnicodeDecodeError as error:
        raise InputError(f"{path.name}: given bytes that are no text ({error.reason} at {error.start}), expected UTF-8") from None


def passwords_of(path: Path | None) -> dict[str, str]:
    """Read passwords of machines from YAML: a maker and its password in each line; none without a file.

    Raises: InputError, NotAllowed if others can read the file
    """
    if path is None:
        return {}
    if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise NotAllowed(f"passwords {path}: others can read the file; chmod 600 {path}")
    wanted = f"expected lines such as whatsminer: 'secret', of {', '.join(MAKERS)}"
    try:
        given = yaml.safe_load(path.read_text(encoding="utf-8-sig"))
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError):
        raise InputError(f"{path.name}: it cannot be read, {wanted}") from None  # and nothing of it is shown
    if not isinstance(given, dict) or not all(isinstance(one, str) and one for one in given.values()):
        raise InputError(f"{path.name}: given no makers with a password in quotes each, {wanted}")
    if unknown := [str(one) for one in given if one not in MAKERS]:
        raise InputError(f"{path.name}: given maker {shorten(unknown[0])!r}, {wanted}")
    return given


def is_for_trying(folder: Path) -> bool:
    """Return whether files of simulated machines may be written into a folder: nothing of the kind is there, or only others of them.

    Raises: InputError if a register is there that cannot be read
    """
    register = folder / "fleet.csv"
    if not register.exists():
        return not any((folder / name).exists() for name in ("sites.yaml", "running.csv", "meters.csv"))
    return all(IPv4Address(one.host).is_loopback for one in fleet_of(register))


def strangers(ranges: Iterable[str], devices: Sequence[Device]) -> tuple[Device, ...]:
    """Return the addresses of ranges, SITE=10.1.0.0/24 each, that nobody registered, as devices without an id.

    Raises: InputError
    """
    known = {one.host for one in devices}
    found: list[Device] = []
    for text in ranges:
        site, _, block = text.partition("=")
        try:
            network = IPv4Network(block)
            if not site or network.num_addresses > _RANGE_MOST or network.is_global:
                raise ValueError
        except ValueError:
            raise InputError(
                f"range: given {shorten(text)!r}, expected SITE=ADDRESS/BITS such as north=10.1.0.0/24, private, at most {_RANGE_MOST} addresses"
            ) from None
        hosts: list[IPv4Address] = list(network.hosts())
        found += [Device(site, "", str(one), 4028, "", 99, 0, 0) for one in hosts if str(one) not in known]
        known |= {str(one) for one in hosts}
    return tuple(found)


def targets_here(order: Order, devices: Sequence[Device]) -> tuple[Target, ...]:
    """Return the targets of an order whose machines are registered here.

    Raises: InputError if there are none.
    """
    sites = {one.site for one in devices}
    here = tuple(one for one in order.targets if one.site in sites)
    if not here:
        raise InputError(
            f"order {order.id}: given targets {shorten(', '.join(one.site for one in order.targets))}, and no machine is registered at any of them; "
            f"expected one of {shorten(', '.join(sorted(sites)))}"
        )
    return here


def sleeping(order: Order, devices: Sequence[Device], beside: Beside) -> Wave:
    """Return who sleeps for an order: at once, the last priority class first."""
    chosen: list[Device] = []
    for target in targets_here(order, devices):
        here = in_order(one for one in devices if one.site == target.site)
        chosen += here[len(awake(here, target.most_w, beside)) :]
    return Wave(order.at, "sleep", tuple(reversed(in_order(chosen))))


def waking(order: Order, steps: Sequence[Step], devices: Sequence[Device], beside: Beside) -> tuple[Wave, ...]:
    """Return who may wake at each step of a ramp; at the step that gives a site back all that it had, everybody wakes.

    Raises: InputError if a step is for a site that the order does not name, before its end, or takes back what was given.
    """
    targets = {one.site: one for one in order.targets}
    level = {one.site: one.most_w for one in order.targets}
    here = {one.site for one in targets_here(order, devices)}
    waves: dict[datetime, list[Device]] = {}
    for step in sorted(steps, key=lambda one: (one.at, one.site)):
        if step.site not in targets or step.at < order.until or step.power_w < level[step.site]:
            raise InputError(
                f"return of {step.site}, {step.at.isoformat()}, {step.power_w} W: expected a site of order {order.id}, from its end at "
                f"{order.until.isoformat()} on, with no less than before; make the ramp from this order: skarb mine curtail ramp"
            )
        if step.site in here:
            site = in_order(one for one in devices if one.site == step.site)
            before = len(awake(site, level[step.site], beside))
            full = step.power_w >= targets[step.site].running_w
            waves.setdefault(step.at, []).extend(site[before:] if full else site[before : len(awake(site, step.power_w, beside))])
        level[step.site] = step.power_w
    return tuple(Wave(at, "wake", tuple(in_order(chosen))) for at, chosen in sorted(waves.items()) if chosen)


def acknowledged(order: Order, told: Sequence[Told]) -> tuple[Acknowledgement, ...]:
    """Return the sites whose machines all acknowledged, each at the moment of its last machine.

    It is what machines said, and no proof: `skarb mine curtail verify` looks at meters.
    """
    sites = dict.fromkeys(one.device.site for one in told)
    silent = {one.device.site for one in told if one.answer.word != "ok"}
    return tuple(
        Acknowledgement(order.id, site, max(one.at for one in told if one.device.site == site))
        for site in sites
        if site not in silent
    )


class Log:
    """The record of commands, a line of JSON for each: who asked for what, and how every machine answered. It only grows."""

    def __init__(self, path: Path, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._file = path.open("ab")

    def __enter__(self) -> Self:
        """Keep the file open while the block runs."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close the file."""
        self._file.close()

    def write(self, what: str, **fields: Any) -> None:
        """Write one line."""
        self._file.write(msgspec.json.encode({"at": self._clock().isoformat(), "what": what, **fields}) + b"\n")
        self._file.flush()

    def sync(self) -> None:
        """Wait until all lines are on the disk."""
        os.fsync(self._file.fileno())


def carry_out(
    courier: Courier, wave: Wave, order: Order, by: str, register: Path, log: Log, clock: Callable[[], datetime], wait_s: float
) -> tuple[Told, ...]:
    """Tell a wave of machines, and write down who asked before the first of them is told."""
    told: list[Told] = []
    digest = hashlib.sha256(register.read_bytes()).hexdigest()
    asked = {"by": by, "user": _user(), "order": order.id, "task": wave.task}
    log.write("asked", **asked, machines=[one.id for one in wave.devices], register=digest, drivers=courier.drivers)
    log.sync()

    def heard(device: Device, answer: Answer) -> None:
        told.append(Told(device, wave.task, answer, clock()))
        says = None if answer.seen is None else {"hashrate_gh_s": answer.seen.hashrate_gh_s, "said_w": answer.seen.said_w}
        where = {"site": device.site, "id": device.id, "host": device.host}
        log.write("answered", order=order.id, task=wave.task, **where, answer=answer.word, reason=answer.reason, says=says)

    command(courier, wave.task, wave.devices, wait_s, heard)
    log.write("ended", order=order.id, task=wave.task, answers=dict(Counter(one.answer.word for one in told)))
    log.sync()
    return tuple(told)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""
