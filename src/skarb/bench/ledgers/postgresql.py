"""PostgreSQL at its fastest known way for this: COPY into a staging table, then one statement moves the batch and the balances.

A server of its own is started from what the machine has installed; it listens on this machine only and is removed afterwards.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from skarb.bench.ledgers.load import Load, Measured, Transfer, library, measure
from skarb.bench.ledgers.server import Owner, is_root, run, running, wait_for
from skarb.core.errors import Unavailable, ensure

_TABLES = """
create table account (id integer primary key, debits bigint not null default 0, credits bigint not null default 0) with (fillfactor = 50);
create table transfer (
    id bigint primary key, debit integer not null, credit integer not null, amount bigint not null check (amount > 0)
);
create temporary table staging (id bigint, debit integer, credit integer, amount bigint) on commit delete rows;
"""
_POST = """
with moved as (insert into transfer select * from staging returning debit, credit, amount),
sides as (select debit as id, amount as debits, 0 as credits from moved union all select credit, 0, amount from moved),
net as (select id, sum(debits) as debits, sum(credits) as credits from sides group by id)
update account set debits = account.debits + net.debits, credits = account.credits + net.credits from net where account.id = net.id
"""
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "10",
    "fsync": "on",
    "synchronous_commit": "on",
    "shared_buffers": "256MB",
    "max_wal_size": "4GB",
}


def copy(folder: Path, load: Load) -> Measured:
    """Measure COPY and one statement for each batch, one transaction each, `synchronous_commit = on`."""
    psycopg = library("psycopg", "pip install 'psycopg[binary]'")
    with server_in(folder, load.patience) as url, psycopg.connect(url) as db:
        cursor = db.cursor()
        cursor.execute(_TABLES)
        cursor.execute("insert into account (id) select generate_series(0, %s)", (load.accounts - 1,))
        db.commit()

        def prepare(batch: list[Transfer]) -> bytes:
            return "".join([f"{one.id}\t{one.debit}\t{one.credit}\t{one.amount}\n" for one in batch]).encode()

        def post(text: bytes) -> None:
            with cursor.copy("copy staging from stdin") as stream:
                stream.write(text)
            cursor.execute(_POST)
            db.commit()

        runs = measure(load, prepare, post)
        cursor.execute("select (select count(*) from transfer), sum(debits)::bigint, sum(credits)::bigint from account")
        ensure(cursor.fetchone() == (runs.posted, runs.amount, runs.amount), "the tables hold every transfer")
        said = cursor.execute("show server_version").fetchone()
    return Measured(runs.runs, str(said[0]))


@contextmanager
def server_in(folder: Path, patience: float) -> Iterator[str]:
    """Start a server and yield the URL of an empty database on it.

    Raises: Unavailable if there is no server to start, or no driver to reach it.
    """
    psycopg = library("psycopg", "pip install 'psycopg[binary]'")
    programs = _programs()
    owner = _owner()
    place = Path(tempfile.mkdtemp(prefix="skarb-peer-postgresql-", dir=folder if _reachable(folder, owner) else None))
    try:
        if owner.user is not None and owner.group is not None:
            os.chown(place, owner.user, owner.group)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        making = [
            str(programs / "initdb"),
            "-D",
            "data",
            "-U",
            "skarb",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale",
            "C",
            "--no-sync",
        ]
        run(making, place, patience * 3, owner)
        words = [word for name, value in (_SETTINGS | {"port": str(port)}).items() for word in ("-c", f"{name}={value}")]
        with running([str(programs / "postgres"), "-D", "data", *words], place, owner) as server:
            url = f"postgresql://skarb@127.0.0.1:{port}/postgres"

            def connect() -> Any:
                with suppress(psycopg.OperationalError):
                    return psycopg.connect(url, connect_timeout=5)
                return None

            wait_for(server, connect, patience).close()
            yield url
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _programs() -> Path:
    """Return where the server's programs lie: on the path, or where Debian has them, the newest first."""
    places = [Path(found).resolve().parent for name in ("initdb", "postgres") if (found := shutil.which(name))]
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda place: -_number(place.parent.name))
    for place in places:
        if (place / "initdb").exists() and (place / "postgres").exists():
            return place
    raise Unavailable("no PostgreSQL server is installed here (no initdb); to measure it: apt-get install postgresql")


def _number(text: str) -> int:
    return int(found[0]) if (found := re.match(r"\d+", text)) else 0


def _owner() -> Owner:
    """Return as whom the server is to run: it refuses to run as root."""
    if not is_root():
        return Owner()
    import pwd

    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    for name in ("postgres", "nobody"):
        if name in known:
            return Owner(known[name].pw_uid, known[name].pw_gid)
    raise Unavailable("the server does not run as root, and there is no user `postgres` or `nobody` to run it as")


def _reachable(folder: Path, owner: Owner) -> bool:
    """Return whether that user can enter the folder; if not, the server lies in the system's own temporary folder."""
    return owner.user is None or all(place.stat().st_mode & 0o001 for place in (folder.resolve(), *folder.resolve().parents))
