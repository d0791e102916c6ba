"""`skarb mine fleet`: what machines say of themselves, orders carried to them, and simulated machines to try it on."""

from __future__ import annotations

import csv
import time
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter
from rich.markup import escape

from skarb.app.files import now
from skarb.app.fleet import Log, Told, acknowledged, carry_out, fleet_of, is_for_trying, passwords_of, sleeping, strangers, waking
from skarb.app.gridfiles import read_order, read_return
from skarb.cli.mine_fleet_shown import poll_rows, show_poll, show_told, tell_answers, tell_targets
from skarb.cli.output import Format, Usage, check_outputs, err, format_of, progress, write_rows
from skarb.core.counted import counted
from skarb.core.errors import InputError, shorten
from skarb.fleet import Beside, Courier
from skarb.fleet import poll as poll_all

fleet = App(
    name="fleet",
    help="Machines: what they say of themselves beside the register, orders carried to them, simulated machines to try it on. What a machine says "
    "proves nothing; `skarb mine curtail verify` looks at meters. Needs the extra `fleet` (pip install 'skarb[fleet]').",
)

_WAIT_MOST_S = 120.0


@dataclass(frozen=True)
class _Consent:
    """Who wants machines to be told, and where it is written down."""

    by: str
    log: Path


@fleet.command
def poll(
    register: Path,
    /,
    *,
    range: Annotated[list[str] | None, Parameter(negative=())] = None,  # noqa: A002
    wait: float = 8.0,
    passwords: Path | None = None,
    output: Path | None = None,
    format: Format | None = None,  # noqa: A002
) -> int:
    """Ask every machine what it does, and tell what differs from the register; exit code 9 if something does.

    Example: `skarb mine fleet poll fleet.csv --range north=10.1.0.0/24`

    Answers: ok, unreachable (nobody there), refused, unclear (something answers and cannot be understood).

    Parameters
    ----------
    register
        A CSV file of machines: site, id, host, port, model, priority, rated_w, expected_th_s.
    range
        Addresses of a site in which to look for machines that nobody registered: SITE=ADDRESS/BITS; may be given several times.
    wait
        How many seconds one machine may take.
    passwords
        A YAML file of passwords by maker, where they are not the makers' own: whatsminer: 'secret'.
    output
        Write the rows to a file: .json, .csv or .parquet.
    format
        The form: table, json, csv or parquet.
    """
    check_outputs((output,), (register, passwords))
    secrets = passwords_of(passwords)
    form, seconds = format_of(format, output), _seconds(wait)
    devices = fleet_of(register)
    others = strangers(range or (), devices)
    with Courier(passwords=secrets) as courier, progress("Asking"):
        answers = poll_all(courier, (*devices, *others), seconds)
    rows = poll_rows((*devices, *others), answers)
    return 9 if show_poll(devices, rows, form, output) else 0


@fleet.command
def curtail(
    register: Path,
    /,
    *,
    order: Path,
    beside: int = 5,
    asleep: int = 100,
    do: bool = False,
    by: str | None = None,
    log: Path | None = None,
    acknowledgements: Path | None = None,
    wait: float = 8.0,
    passwords: Path | None = None,
    output: Path | None = None,
    format: Format | None = None,  # noqa: A002
) -> int:
    """Turn an order into commands to sleep, the last priority class first; nothing is sent without --do.

    Example: `skarb mine fleet curtail fleet.csv --order order.json --do --by "A. Kavalenka" --log commands.jsonl --acknowledgements acks.csv`

    All machines are told at once. Exit code 9 if one did not acknowledge. That all did proves nothing: `skarb mine curtail verify` looks at meters.

    Parameters
    ----------
    register
        A CSV file of machines: site, id, host, port, model, priority, rated_w, expected_th_s.
    order
        The file of the order, from `skarb mine curtail order`.
    beside
        What a site draws beside its machines that run, cooling above all, in percent of their name plates.
    asleep
        What a machine that sleeps still draws, in watts.
    do
        Tell the machines. Without it the plan is printed and nobody is spoken to.
    by
        Who wants it; needed with --do.
    log
        A file to which is added who asked for what and how each machine answered; needed with --do.
    acknowledgements
        Write the sites whose machines all acknowledged to this CSV file, as `skarb mine curtail verify` reads it.
    wait
        How many seconds one machine may take to answer.
    passwords
        A YAML file of passwords by maker, where they are not the makers' own: whatsminer: 'secret'.
    output
        Write the rows to a file: .json, .csv or .parquet.
    format
        The form: table, json, csv or parquet.
    """
    check_outputs((output, log, acknowledgements), (register, order, passwords))
    secrets = passwords_of(passwords)
    form, seconds, consent = format_of(format, output), _seconds(wait), _consent(do, by, log, acknowledgements)
    devices, given = fleet_of(register), read_order(order)
    wave = sleeping(given, devices, _beside(beside, asleep))
    tell_targets(given, devices, wave, asleep)
    if consent is None:
        show_told([wave], (), form, output, given)
        return 0
    moment = now()
    if not given.at <= moment < given.until:
        raise InputError(
            f"order {given.id}: it holds from {given.at.isoformat()} to {given.until.isoformat()}, and it is {moment.isoformat(timespec='seconds')}; "
            "machines are told while an order holds"
        )
    with Courier(passwords=secrets) as courier, Log(consent.log, now) as record, progress("Telling"):
        told = carry_out(courier, wave, given, consent.by, register, record, now, seconds)
    show_told([wave], told, form, output, given)
    if acknowledgements is not None:
        rows = [(one.order, one.site, one.at.isoformat()) for one in acknowledged(given, told)]
        write_rows(("order", "site", "at"), rows, "csv", acknowledgements)
    return tell_answers(told)


@fleet.command
def resume(
    register: Path,
    /,
    *,
    order: Path,
    ramp: Path,
    beside: int = 5,
    asleep: int = 100,
    follow: bool = False,
    do: bool = False,
    by: str | None = None,
    log: Path | None = None,
    wait: float = 8.0,
    passwords: Path | None = None,
    output: Path | None = None,
    format: Format | None = None,  # noqa: A002
) -> int:
    """Wake machines after an order, step by step as its ramp allows; nothing is sent without --do.

    Example: `skarb mine fleet resume fleet.csv --order order.json --ramp ramp.csv --follow --do --by "A. Kavalenka" --log commands.jsonl`

    Steps that are due are carried out; it does no harm to run it again. With --follow it stays for the others until the last.

    Parameters
    ----------
    register
        A CSV file of machines: site, id, host, port, model, priority, rated_w, expected_th_s.
    order
        The file of the order.
    ramp
        The table of its ramp, from `skarb mine curtail ramp … --output ramp.csv`.
    beside
        What a site draws beside its machines that run, in percent of their name plates; the same as for `curtail`.
    asleep
        What a machine that sleeps still draws, in watts; the same as for `curtail`.
    follow
        Wait for the steps to come.
    do
        Tell the machines. Without it the plan is printed and nobody is spoken to.
    by
        Who wants it; needed with --do.
    log
        A file to which is added who asked for what and how each machine answered; needed with --do.
    wait
        How many seconds one machine may take to answer.
    passwords
        A YAML file of passwords by maker, where they are not the makers' own: whatsminer: 'secret'.
    output
        Write the rows to a file: .json, .csv or .parquet.
    format
        The form: table, json, csv or parquet.
    """
    check_outputs((output, log), (register, order, ramp, passwords))
    secrets = passwords_of(passwords)
    form, seconds, consent = format_of(format, output), _seconds(wait), _consent(do, by, log, None)
    if follow and consent is None:
        raise Usage("--follow: waits to tell machines, expected --do with it")
    devices, given = fleet_of(register), read_order(order)
    waves = waking(given, read_return(ramp), devices, _beside(beside, asleep))
    if consent is None:
        show_told(waves, (), form, output, given)
        return 0
    told: list[Told] = []
    done = 0
    with Courier(passwords=secrets) as courier, Log(consent.log, now) as record:
        for wave in waves:
            if wave.at > now() and not follow:
                break
            if (left := (wave.at - now()).total_seconds()) > 0:
                err.print(f"[dim]· waiting for {wave.at.isoformat()}: {counted(len(wave.devices), 'machine')}[/]")
                time.sleep(left)
            told += carry_out(courier, wave, given, consent.by, register, record, now, seconds)
            done += 1
    show_told(waves, told, form, output, given)
    if done < len(waves):
        err.print(f"[dim]· still to come: {counted(len(waves) - done, 'step')}, the next at {waves[done].at.isoformat()}[/]")
    return tell_answers(told)


@fleet.command
def simulate(
    folder: Path,
    /,
    *,
    devices: int = 20,
    sites: int = 2,
    faults: str = "",
    dialect: Literal["luxos", "avalon", "whatsminer", "mixed"] = "mixed",
    first: str = "127.77.0.1",
    seconds: float | None = None,
) -> None:
    """Run simulated machines with real sockets on this computer, and write the files that the other commands need.

    Example: `skarb mine fleet simulate try --devices 200 --faults keeps=2,cheats=1,silent=3`

    Each machine has an address of the loopback network and speaks the dialect of LuxOS, Avalon or Whatsminer. FOLDER gets fleet.csv, sites.yaml,
    running.csv and, every minute, meters.csv with what the sites really drew.

    Parameters
    ----------
    folder
        Where the files go; it is made if it is not there.
    devices
        How many machines.
    sites
        How many sites.
    faults
        How many machines have which fault, joined by commas: silent, garbage, drops, floods, refuses, keeps, cheats, late.
    dialect
        What the machines speak.
    first
        The address of the first machine; the others follow it.
    seconds
        End after so many seconds; by default when it is interrupted.
    """
    from skarb.simulate.machines import FAULTS, made_fleet, readings, serving, write_fleet

    machines = made_fleet(devices, sites, _faults(faults), first, dialect)
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder}: given a file, expected a folder")
    if not is_for_trying(folder):
        raise InputError(
            f"{folder}: there are files of other sites or machines in this folder, which would be lost; name another one"
        )
    with serving(machines):
        folder.mkdir(parents=True, exist_ok=True)
        write_fleet(machines, folder)
        begun = now()
        start = begun.replace(second=0, microsecond=0) + timedelta(minutes=1)
        err.print(
            f"{counted(len(machines), 'machine')} at {machines[0].host} to {machines[-1].host}; the files are in [bold]{escape(str(folder))}[/]",
            highlight=False,
        )
        for name, count in Counter(one.fault for one in machines if one.fault).items():
            err.print(f"[dim]· {count:,} {name}: {FAULTS[name]}[/]")
        minutes = -1
        try:
            while seconds is None or (now() - begun).total_seconds() < seconds:
                if (whole := max(0, (now() - start) // timedelta(minutes=1))) > minutes:
                    minutes = whole
                    with (folder / "meters.csv").open("w", encoding="utf-8", newline="") as file:
                        writer = csv.writer(file, lineterminator="\n")
                        writer.writerow(("meter", "at", "minutes", "energy_wh", "estimated"))
                        writer.writerows(readings(machines, start, minutes))
                time.sleep(0.2)
        except KeyboardInterrupt:
            err.print("[dim]· ended[/]")


def _consent(do: bool, by: str | None, log: Path | None, acknowledgements: Path | None) -> _Consent | None:
    """Return who consents, or None when the plan is only shown.

    Raises: Usage
    """
    if not do:
        if by is not None or log is not None or acknowledgements is not None:
            raise Usage(
                "--by, --log and --acknowledgements: given without --do, so no machine would be told; add --do if they shall be"
            )
        return None
    if not (by or "").strip() or log is None:
        raise Usage("--do: machines will be told, expected --by NAME, who wants it, and --log FILE, where it is written down")
    return _Consent(str(by).strip(), log)


def _faults(text: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for one in text.split(",") if text else ():
        name, _, count = one.partition("=")
        if not (count.isascii() and count.isdigit() and len(count) < 6):
            raise InputError(f"faults: given {shorten(one)!r}, expected a fault and a number, such as keeps=2")
        found[name.strip()] = int(count)
    return found


def _seconds(wait: float) -> float:
    if not 0 < wait <= _WAIT_MOST_S:
        raise InputError(f"wait: given {wait}, expected seconds above nought and at most {_WAIT_MOST_S:g}")
    return wait


def _beside(percent: int, asleep_w: int) -> Beside:
    if not (0 <= percent <= 200 and 0 <= asleep_w <= 10_000):
        raise InputError(f"beside and asleep: given {percent} and {asleep_w}, expected 0 to 200 percent and 0 to 10,000 W")
    return Beside(percent, asleep_w)
