"""A PostgreSQL server for the tests that need one, started from what the machine has installed."""

import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest

from skarb.store import BookUrl

OLDEST = 15


def binaries() -> Path | None:
    """Return where the programs of a server that is new enough lie: on the path, where pg_config says, or where Debian has them."""
    places = [Path(found).resolve().parent for name in ("initdb", "postgres") if (found := shutil.which(name))]
    if (config := shutil.which("pg_config")) is not None:
        said = subprocess.run([config, "--bindir"], capture_output=True, text=True, check=False)
        places.append(Path(said.stdout.strip()))
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda place: -float(place.parent.name))
    return next((place for place in places if (place / "initdb").exists() and version(place) >= OLDEST), None)


def version(place: Path) -> int:
    said = subprocess.run([place / "postgres", "--version"], capture_output=True, text=True, check=False).stdout
    return int(number[0]) if (number := re.findall(r"\d+", said)) else 0


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of an empty database on a server of this session's own; it listens on this machine only."""
    pytest.importorskip("psycopg", reason="the extra postgres is not installed: pip install 'skarb[postgres]'")
    programs = binaries()
    if programs is None:
        pytest.skip(f"no PostgreSQL {OLDEST} or later is installed here (initdb was not found); apt-get install postgresql")
    folder = Path(tempfile.mkdtemp(prefix="skarb-postgres-"))
    owner: dict[str, int] = {}
    if os.geteuid() == 0:  # the server refuses to run as root
        entry = next(one for name in ("postgres", "nobody") for one in pwd.getpwall() if one.pw_name == name)
        owner = {"user": entry.pw_uid, "group": entry.pw_gid}
        os.chown(folder, entry.pw_uid, entry.pw_gid)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    data, log = folder / "data", folder / "log"
    making = [programs / "initdb", "-D", data, "-U", "skarb", "-A", "trust", "-E", "UTF8", "--locale", "C", "--no-sync"]
    made = subprocess.run(making, check=False, capture_output=True, text=True, cwd=folder, **owner)
    if made.returncode != 0:
        raise RuntimeError(f"initdb failed:\n{made.stdout}{made.stderr}")
    settings = {"listen_addresses": "127.0.0.1", "port": port, "unix_socket_directories": "", "max_connections": 50}
    words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    with log.open("wb") as out:
        server = subprocess.Popen([programs / "postgres", "-D", data, *words], stdout=out, stderr=out, cwd=folder, **owner)
    try:
        url = f"postgresql://skarb@127.0.0.1:{port}/postgres"
        _wait_for(server, url, log)
        yield url
    finally:
        server.send_signal(signal.SIGINT)
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def new_schema(postgres: str) -> Callable[[], BookUrl]:
    """A maker of places for books on that server."""
    numbers = count(1)
    return lambda: BookUrl(postgres, f"book_{next(numbers)}")


def _wait_for(server: subprocess.Popen[bytes], url: str, log: Path) -> None:
    import psycopg

    until = time.monotonic() + 60
    while server.poll() is None and time.monotonic() < until:
        with suppress(psycopg.OperationalError):
            psycopg.connect(url, connect_timeout=5).close()
            return
    server.kill()
    raise RuntimeError(f"the server does not answer:\n{log.read_text()}")
