"""Serving: one process, one port; the market's writer may run in another thread of the same process.

`serve` blocks until Ctrl-C (or until `stop` is set) and says its address once it listens.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import threading
from collections.abc import Callable

from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.embed import Server

from skarb.app.marketview import MarketView
from skarb.console.app import console
from skarb.core.errors import Unavailable

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_LOOK_EVERY = 0.2  # seconds


def serve(
    view: MarketView,
    host: str = "127.0.0.1",
    port: int = 8080,
    *,
    ready: Callable[[str], None] = print,
    stop: threading.Event | None = None,
) -> None:
    """Show a market until somebody stops it. Port 0 means any free one; `ready` is told the address.

    Only a name of this machine is answered to while it listens on this machine alone, so that no foreign page can read it.
    Raises: Unavailable if the address cannot be listened on.
    """
    port = _free_port(host, port)
    app = console(view, hosts=_LOOPBACK if host in _LOOPBACK else ())
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(app, host, port, ready, stop))


async def _serve(app: object, host: str, port: int, ready: Callable[[str], None], stop: threading.Event | None) -> None:
    server = Server(app, host, port, interface=Interfaces.ASGINL, log_level=LogLevels.error, websockets=False)
    running = asyncio.create_task(server.serve())
    loop = asyncio.get_running_loop()
    if threading.current_thread() is threading.main_thread():
        for wanted in (signal.SIGINT, signal.SIGTERM):
            with contextlib.suppress(NotImplementedError):  # there are no such handlers on Windows
                loop.add_signal_handler(wanted, server.stop)
    if await _listens(running, host, port):
        ready(f"http://{f'[{host}]' if ':' in host else host}:{port}/")
    while not running.done():
        await asyncio.wait({running}, timeout=_LOOK_EVERY)
        if stop is not None and stop.is_set():
            server.stop()
            break
    await running


async def _listens(running: asyncio.Task[None], host: str, port: int) -> bool:
    """Wait until somebody can be let in; the server itself says so a little too early."""
    door = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    while not running.done():
        try:
            _, writer = await asyncio.open_connection(door, port)
        except OSError:
            await asyncio.wait({running}, timeout=_LOOK_EVERY / 10)
        else:
            writer.close()
            return True
    return False


def _free_port(host: str, port: int) -> int:
    """Return the port after making sure that it can be listened on."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except (OSError, OverflowError) as error:
            raise Unavailable(f"cannot listen on {host}:{port} ({error}); choose another --port or stop what uses it") from None
        return int(probe.getsockname()[1])
