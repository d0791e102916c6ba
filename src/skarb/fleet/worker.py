"""The process of the drivers: `python -m skarb.fleet.worker` reads requests as lines of JSON and writes an answer for each, in any order.

It is the only module that knows pyasic. Whatever a driver does, every request ends within its time: what takes longer is left behind.
"""

from __future__ import annotations

import asyncio
import logging
import math
import os
import sys
import warnings
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, BinaryIO, NoReturn

import msgspec

from skarb.fleet.model import ERRORS_MOST, MAKERS, TEXT_MOST, Answer, Greeting, Request, Seen, Setup

_PROBE_S = 1.0
_MOST_BYTES = 2 << 30  # memory that answers without an end can take
_ASKED = ["hashrate", "hashboards", "wattage", "fw_ver", "uptime", "errors", "is_mining"]
_WRITES_SETTINGS = ("AntminerModern", "HiveonModern")
"""Drivers that put a machine to sleep by writing back all its settings; when these cannot be read they write empty ones, without a pool."""


class Unclear(Exception):
    """Something answers, and it cannot be said what it did."""


class Unreachable(Exception):
    """Nobody answers."""


class Refused(Exception):
    """The machine said no."""


class Drivers:
    """The drivers, and the machines that they have recognised so far."""

    def __init__(self, recognise: Callable[[str], Awaitable[Any]]) -> None:
        self._recognise = recognise
        self._known: dict[str, Any] = {}

    async def answer(self, request: Request) -> Answer:
        """Return how a request ended, within its time."""
        told = asyncio.Event()
        task = asyncio.ensure_future(self._done(request, told))
        try:
            finished, _ = await asyncio.wait({task}, timeout=request.wait_s)
            if finished:
                return Answer(request.id, "ok", "", task.result())
            task.cancel()  # and nobody waits for it; some drivers do not heed it
            self._known.pop(request.host, None)
            if told.is_set():
                raise Unclear(f"was told to {request.task}; no answer within {request.wait_s:g} s")
            await _probe(request.host, f"no answer that has an end within {request.wait_s:g} s")
        except Unreachable as error:
            return Answer(request.id, "unreachable", clean(error))
        except Refused as error:
            return Answer(request.id, "refused", clean(error))
        except Unclear as error:
            return Answer(request.id, "unclear", clean(error))
        except Exception as error:  # a driver may raise anything
            return Answer(request.id, "unclear", clean(f"the driver failed: {type(error).__name__}: {error}"))

    async def _done(self, request: Request, told: asyncio.Event) -> Seen | None:
        if request.task == "poll":
            return await self._look(request.host)
        known = request.host in self._known
        if not await self._tell(request, told):
            if not known:
                raise Refused(f"said no to {request.task}")
            self._known.pop(request.host, None)  # its login may have ended; it is greeted anew
            if not await self._tell(request, told):
                raise Refused(f"said no to {request.task}, twice")
        return None

    async def _tell(self, request: Request, told: asyncio.Event) -> bool:
        machine = await self._machine(request.host)
        if any(one.__name__ in _WRITES_SETTINGS for one in type(machine).__mro__):
            settings = await machine.get_config()
            if settings is None or not any(group.pools for group in settings.pools.groups):
                raise Refused("its settings cannot be read, and this command would write empty ones over them; nothing was sent")
            machine.get_config = lambda: asyncio.sleep(0, settings)  # what was read is written back; it is not read again
        told.set()
        try:
            return bool(await (machine.stop_mining() if request.task == "sleep" else machine.resume_mining()))
        except Exception as error:
            self._known.pop(request.host, None)
            raise Unclear(f"broke off while it was told to {request.task}: {type(error).__name__}") from None
        finally:
            vars(machine).pop("get_config", None)

    async def _machine(self, host: str) -> Any:
        machine = self._known.get(host)
        if machine is None:
            failed = ""
            try:
                machine = await self._recognise(host)
            except Exception as error:
                failed = f" ({type(error).__name__})"
            if machine is None:
                await _probe(host, "what answers is no machine that is known" + failed)
            self._known[host] = _remembering(machine)
        return machine

    async def _look(self, host: str) -> Seen:
        known = host in self._known
        machine = await self._machine(host)
        try:
            seen = seen_of(machine, await machine.get_data(include=_ASKED))
            failed = "" if seen.says_something else "no figure can be read from it"
        except Exception as error:
            failed = f"its figures cannot be read ({type(error).__name__})"
        if not failed:
            return seen
        self._known.pop(host, None)
        if known:
            return await self._look(host)  # there may be another machine at this address by now
        await _probe(host, f"it answers, and {failed}")


def _remembering(machine: Any) -> Any:
    """Return a driver that finds out once, and not at every question, which commands it has; that took a third of its time."""
    rpc = getattr(machine, "rpc", None)
    if rpc is not None and hasattr(rpc, "get_commands"):
        found = rpc.get_commands()
        rpc.get_commands = lambda: found
    return machine


async def _probe(host: str, otherwise: str) -> NoReturn:
    """Find out whether anybody is there at all.

    Raises: Unreachable, Unclear
    """
    for port, word in ((4028, b'{"command":"version"}'), (80, b"GET / HTTP/1.0\r\n\r\n")):
        try:
            reader, writer = await asyncio.wait_for(asyncio.open_connection(host, port), _PROBE_S)
        except (TimeoutError, OSError):
            continue
        try:
            writer.write(word)
            if await asyncio.wait_for(reader.read(1), _PROBE_S):
                raise Unclear(otherwise)
        except (TimeoutError, OSError):
            pass
        finally:
            writer.close()
        raise Unreachable(f"port {port} takes a connection and says nothing")
    raise Unreachable("nobody takes a connection")


def seen_of(machine: Any, data: Any) -> Seen:
    """Return what a driver read, as far as it makes sense; what does not is told among the errors."""
    errors = [clean(getattr(one, "error_message", None) or one) for one in data.errors or ()]

    def whole(name: str, value: Any, least: int = 0, most: int = 10**9) -> int | None:
        if value is None:
            return None
        try:
            number = float(value)
            if isinstance(value, str) or not math.isfinite(number) or not least <= round(number) <= most:
                raise ValueError
        except (TypeError, ValueError):
            errors.append(clean(f"{name}: {value!r} is no figure"))
            return None
        return round(number)

    rate = data.hashrate
    giga = None if rate is None else rate.into(rate.unit.GH).rate
    firmware = f"{machine.firmware or ''} {data.fw_ver or ''}"
    return Seen(
        make=clean(machine.make or ""),
        model=clean(machine.raw_model or ""),
        firmware=clean(firmware),
        hashrate_gh_s=whole("hash rate", giga),
        said_w=whole("power", data.wattage),
        temperature_c=whole("temperature", data.temperature_avg, -100, 1000),
        uptime_s=whole("uptime", data.uptime),
        errors=tuple(errors[:ERRORS_MOST]),
    )


def clean(text: object) -> str:
    """Return text from a machine in one line, without anything that a terminal would obey."""
    plain = " ".join("".join(one if one.isprintable() else " " for one in str(text)).split())
    return plain if len(plain) <= TEXT_MOST else plain[: TEXT_MOST - 1] + "…"


async def serve(drivers: Drivers, lines: BinaryIO, out: BinaryIO) -> None:
    """Answer requests until there are no more."""
    loop = asyncio.get_running_loop()
    working: set[asyncio.Task[None]] = set()

    async def work(line: bytes) -> None:
        answer = await drivers.answer(msgspec.json.decode(line, type=Request))
        out.write(msgspec.json.encode(answer) + b"\n")

    while line := await loop.run_in_executor(None, lines.readline):
        task = asyncio.create_task(work(line))
        working.add(task)
        task.add_done_callback(working.discard)


def main() -> None:
    """Speak over standard input and output; whatever else writes to standard output goes to standard error."""
    out = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    with suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_MOST_BYTES, resource.getrlimit(resource.RLIMIT_AS)[1]))
    try:
        from importlib.metadata import version

        import pyasic

        setup = msgspec.json.decode(sys.stdin.buffer.readline(), type=Setup)
        for maker, password in setup.passwords.items():
            pyasic.settings.update(MAKERS[maker], password)
        drivers = Drivers(pyasic.get_miner)
        greeting = Greeting(drivers=f"pyasic {version('pyasic')}")
    except ImportError as error:
        out.write(msgspec.json.encode(Greeting(missing=clean(error))) + b"\n")
        return
    out.write(msgspec.json.encode(greeting) + b"\n")
    asyncio.run(serve(drivers, sys.stdin.buffer, out))
    os._exit(0)  # requests that nobody waits for any more


if __name__ == "__main__":
    main()
