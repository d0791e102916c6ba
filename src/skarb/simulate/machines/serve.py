"""Simulated machines behind real sockets: a server for each address, in a thread of its own, until it is told to end."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

from skarb.core.errors import Unavailable
from skarb.simulate.machines import avalon, luxos, whatsminer
from skarb.simulate.machines.machine import Machine

PORT = 4028
_DIALECTS: dict[str, Callable[[Machine, bytes, float], bytes]] = {
    "luxos": luxos.answered,
    "avalon": avalon.answered,
    "whatsminer": whatsminer.answered,
}
_PATIENCE_S = 60.0  # a silent machine keeps a connection no longer
_GARBAGE = b"\xff\xfe\x00<<<\x80 not a machine\x1b[31m \xc3\x28"


async def talk(machine: Machine, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer one question, as well as the machine's fault lets it."""
    with suppress(OSError, asyncio.TimeoutError, asyncio.CancelledError):
        asked = await asyncio.wait_for(reader.read(4096), _PATIENCE_S)
        if machine.fault == "silent":
            await asyncio.sleep(_PATIENCE_S)
        elif machine.fault == "garbage":
            writer.write(_GARBAGE)
        elif machine.fault == "floods":
            while True:
                writer.write(_GARBAGE * 2048)
                await writer.drain()
        else:
            with suppress(ValueError, AttributeError, TypeError, KeyError):
                answer = _DIALECTS[machine.kind.dialect](machine, asked, time.time())
                writer.write(answer[: len(answer) // 2] if machine.fault == "drops" else answer)
        await writer.drain()
    writer.close()


def _allow_sockets(wanted: int) -> None:
    """Let this process have so many open files, where the system lets it; every machine is one, and so is each of its connections."""
    with suppress(ImportError, ValueError, OSError):
        import resource

        now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        if now != resource.RLIM_INFINITY and now < wanted:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted if most == resource.RLIM_INFINITY else min(wanted, most), most))


@contextmanager
def serving(machines: Sequence[Machine]) -> Iterator[None]:
    """Serve machines while the block runs.

    Raises: Unavailable if an address or a port cannot be had.
    """
    _allow_sockets(4 * len(machines))
    loop = asyncio.new_event_loop()
    ready: list[BaseException | None] = []
    begun, ended = threading.Event(), asyncio.Event()

    async def run() -> None:
        servers = []
        try:
            for machine in machines:

                def handle(
                    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, machine: Machine = machine
                ) -> Awaitable[None]:
                    return talk(machine, reader, writer)

                machine.since = machine.since or time.time()
                servers.append(await asyncio.start_server(handle, machine.host, PORT))
            ready.append(None)
            begun.set()
            await ended.wait()
        except OSError as error:
            ready.append(error)
            begun.set()
        finally:
            for server in servers:
                server.close()

    def work() -> None:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(run())
        talking = asyncio.all_tasks(loop)
        for task in talking:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*talking, return_exceptions=True))
        loop.close()

    thread = threading.Thread(target=work, name="machines", daemon=True)
    thread.start()
    begun.wait()
    if ready[0] is not None:
        thread.join()
        raise Unavailable(
            f"simulated machines: {ready[0]}; they need addresses of the loopback network with port {PORT} free on each. Linux has all of "
            "127.0.0.0/8; other systems must be given these addresses first"
        )
    try:
        yield
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join(10)
