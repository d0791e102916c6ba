"""Three machines on this one: each an etcd member, a Patroni and its PostgreSQL, on 127.0.0.1, in a folder that goes away.

Nothing is installed; the programs are those of Debian's packages postgresql, patroni and etcd-server (before: etcd). The configuration
is the one that docs/operating.md recommends, with shorter times.

Source: Patroni documentation, "YAML Configuration Settings", "Patroni REST API", "Replication modes".
"""

from __future__ import annotations

import ctypes
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import psycopg
import yaml

TTL = 10  # seconds; from version 3.2 on Patroni takes at least 20
OLDEST = 15
START = 90  # seconds until three nodes stand, on a machine with other things to do
CONNECT = 2  # seconds; the least that the client library takes
_libc = ctypes.CDLL(None)


@dataclass(frozen=True)
class Programs:
    """Where the programs lie."""

    postgres: Path  # the folder
    patroni: Path
    etcd: Path


class Missing(Exception):
    """What is not installed here."""


def find_programs() -> Programs:
    """Return the programs. Raises: Missing, with the packages to install."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda one: -float(one.parent.name))
    postgres = next((one for one in folders if (one / "postgres").exists() and float(one.parent.name) >= OLDEST), None)
    patroni, etcd = shutil.which("patroni"), shutil.which("etcd")
    wanted = [("postgresql", postgres), ("patroni", patroni), ("etcd-server", etcd)]
    missing = [name for name, found in wanted if found is None]
    if postgres is None or patroni is None or etcd is None:
        raise Missing(f"not installed here: {', '.join(missing)}; apt-get install {' '.join(missing)}")
    return Programs(postgres, Path(patroni), Path(etcd))


@dataclass
class Node:
    """One machine: its ports and what runs on it."""

    name: str
    folder: Path
    sql: int
    rest: int
    client: int
    peer: int
    etcd: subprocess.Popen[bytes] | None = None
    patroni: subprocess.Popen[bytes] | None = None

    def is_(self, role: str) -> bool:
        """Whether Patroni says now that this node is `primary`, `sync` or `replica`, and healthy."""
        with suppress(OSError, urllib.error.URLError):
            return bool(urllib.request.urlopen(f"http://127.0.0.1:{self.rest}/{role}", timeout=2).status == 200)
        return False

    def processes(self) -> list[int]:
        """All that runs on it: whatever works in its folder."""
        found = []
        for link in Path("/proc").glob("[0-9]*/cwd"):
            with suppress(OSError):
                if link.readlink().is_relative_to(self.folder):
                    found.append(int(link.parent.name))
        return found

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the supervisor and the database server."""
        for pid in self.processes():
            if self.etcd is None or pid != self.etcd.pid:
                with suppress(ProcessLookupError):
                    os.kill(pid, number)


class Cluster:
    """Three nodes; enter it to start them, leave it to stop them and remove every trace."""

    def __init__(self, members: int = 3) -> None:
        """Give the number of etcd members: 3, one dies with its node; or 1, which never dies."""
        self._programs = find_programs()
        # Over version 3 of etcd's interface a Patroni of Debian 12 that hung can take the leader's lock back from its successor,
        # whose batches are then lost: it writes the lock without asking who holds it. Over version 2 it asks.
        self._old = _major(self._programs.patroni) < 4
        self._folder = Path(tempfile.mkdtemp(prefix="skarb-ha-", dir="/tmp"))
        self._owner: dict[str, object] = {}
        if os.geteuid() == 0:  # the server refuses to run as root
            entry = pwd.getpwnam("postgres")
            self._owner = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
            os.chown(self._folder, entry.pw_uid, entry.pw_gid)
        ports = _free_ports(12)
        names = ("n1", "n2", "n3")
        self.nodes = [Node(name, self._folder / name, ports.pop(), ports.pop(), ports.pop(), ports.pop()) for name in names]
        self._members = self.nodes[:members]

    def __enter__(self) -> Self:
        try:
            for node in self.nodes:
                node.folder.mkdir()
                _give(node.folder, self._owner)
                path = node.folder / "patroni.yml"
                path.write_text(yaml.safe_dump(self._settings(node), sort_keys=False))
                _give(path, self._owner)
            for node in self.nodes:
                self.start(node)
            self.wait_until_whole()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def url(self, book: str) -> str:
        """The URL of a book that finds the leader, whichever node that is."""
        return self._url(self.nodes, "target_session_attrs=read-write&", book)

    def bare_url(self, book: str) -> str:
        """The URL of a book that names the standbys first and does not say that the leader is wanted."""
        leader = self.leader()
        return self._url([*(node for node in self.nodes if node is not leader), *([leader] if leader else [])], "", book)

    def standby_url(self, book: str) -> str:
        """The URL of a book on a standby, which can be read only."""
        return self._url([next(node for node in self.nodes if node.is_("replica"))], "", book)

    def _url(self, nodes: list[Node], words: str, book: str) -> str:
        hosts = ",".join(f"127.0.0.1:{node.sql}" for node in nodes)
        return f"postgresql://skarb@{hosts}/postgres?{words}connect_timeout={CONNECT}#{book}"

    def leader(self) -> Node | None:
        """The node that Patroni says is the primary now, if it is up."""
        return next((node for node in self.nodes if node.is_("primary")), None)

    def wait_until_whole(self) -> Node:
        """Return the leader once there is one with both others streaming from it, one of them synchronously."""
        found: list[Node] = []

        def whole() -> bool:
            leader = self.leader()
            found[:] = [] if leader is None else [leader]
            others = [node for node in self.nodes if node is not leader]
            return leader is not None and any(one.is_("sync") for one in others) and self._streaming(leader) == (2, 1)

        self.wait(whole, START, "a leader with a synchronous and a further standby")
        return found[0]

    def wait(self, condition: Callable[[], bool], seconds: float, words: str) -> None:
        """Return when a condition holds. Raises: TimeoutError, with the ends of the logs."""
        until = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > until:
                raise TimeoutError(f"no {words} within {seconds} s\n{self.logs()}")
            time.sleep(0.1)

    def start(self, node: Node) -> None:
        """Start what does not run on a node."""
        if node in self._members and (node.etcd is None or node.etcd.poll() is not None):
            node.etcd = self._run(node, "etcd", [self._programs.etcd, *self._etcd_words(node)], signal.SIGKILL)
        if node.patroni is None or node.patroni.poll() is not None:
            node.patroni = self._run(node, "patroni", [self._programs.patroni, node.folder / "patroni.yml"], signal.SIGTERM)

    def kill(self, node: Node) -> None:
        """Let a machine die: the supervisor, the database server and, of three, the etcd member, with a signal that they cannot see."""
        node.send(signal.SIGKILL)
        if len(self._members) > 1:
            _end(node.etcd)
        self._end_all(node, spare=node.etcd)

    def stop(self) -> None:
        """Kill everything and remove the folder."""
        for node in self.nodes:
            node.send(signal.SIGKILL)
            _end(node.etcd)
        for node in self.nodes:
            self._end_all(node)
        if kept := os.environ.get("SKARB_HA_LOGS"):
            for file in self._folder.glob("n*/*.log"):
                (Path(kept) / f"{file.parent.name}-{file.name}").write_bytes(file.read_bytes())
        shutil.rmtree(self._folder, ignore_errors=True)

    def _end_all(self, node: Node, spare: subprocess.Popen[bytes] | None = None) -> None:
        spared = {spare.pid} if spare is not None else set()
        for _ in range(300):  # one that was just being started is found in the next round
            node.send(signal.SIGKILL)
            if not set(node.processes()) - spared:
                break
            time.sleep(0.1)
        _end(node.patroni)

    def logs(self) -> str:
        """The ends of all logs."""
        files = sorted(self._folder.glob("n*/*.log"))
        return "\n".join(f"== {file.parent.name} {file.name}\n" + file.read_text(errors="replace")[-3000:] for file in files)

    def _streaming(self, leader: Node) -> tuple[int, int] | None:
        query = (
            "SELECT count(*), count(*) FILTER (WHERE sync_state IN ('sync', 'quorum')) FROM pg_stat_replication "
            "WHERE state = 'streaming' AND application_name LIKE 'n_'"
        )
        with (
            suppress(psycopg.Error),
            psycopg.connect(f"postgresql://skarb@127.0.0.1:{leader.sql}/postgres", connect_timeout=5) as db,
        ):
            return db.execute(query).fetchone()
        return None

    def _run(self, node: Node, what: str, words: list[object], at_our_end: signal.Signals) -> subprocess.Popen[bytes]:
        def before() -> None:
            _libc.prctl(1, int(at_our_end))  # PR_SET_PDEATHSIG: nothing outlives this program, however it ends

        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "HOME": str(node.folder)}
        with (node.folder / f"{what}.log").open("ab") as log:
            process: subprocess.Popen[bytes] = subprocess.Popen(
                list(map(str, words)), stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=node.folder, env=environment,
                start_new_session=True, preexec_fn=before, **self._owner,  # type: ignore[call-overload]
            )  # fmt: skip
        return process

    def _etcd_words(self, node: Node) -> list[str]:
        client, peer = f"http://127.0.0.1:{node.client}", f"http://127.0.0.1:{node.peer}"
        members = ",".join(f"{one.name}=http://127.0.0.1:{one.peer}" for one in self._members)
        return [
            f"--name={node.name}", f"--data-dir={node.folder / 'etcd'}", f"--listen-client-urls={client}",
            f"--advertise-client-urls={client}", f"--listen-peer-urls={peer}", f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster={members}", "--initial-cluster-state=new", "--heartbeat-interval=250", "--election-timeout=1500",
            "--logger=zap", "--log-level=warn", *(["--enable-v2=true"] if self._old else []),
        ]  # fmt: skip

    def _settings(self, node: Node) -> dict[str, object]:
        parameters = {
            "max_connections": 40, "shared_buffers": "64MB", "max_wal_size": "1GB", "wal_keep_size": "512MB", "wal_log_hints": "on",
            "wal_sender_timeout": "5s", "wal_receiver_timeout": "5s", "log_checkpoints": "off", "wal_retrieve_retry_interval": "500ms",
            "unix_socket_directories": str(node.folder),  # not in the data, where pg_rewind trips over a socket
        }  # fmt: skip
        return {
            "scope": "skarb",
            "name": node.name,
            "restapi": {"listen": f"127.0.0.1:{node.rest}", "connect_address": f"127.0.0.1:{node.rest}"},
            "etcd" if self._old else "etcd3": {"hosts": [f"127.0.0.1:{one.client}" for one in self._members]},
            "bootstrap": {
                "dcs": {
                    "ttl": TTL,
                    "loop_wait": 2,
                    "retry_timeout": 3,
                    "synchronous_mode": True,
                    "synchronous_mode_strict": True,
                    "postgresql": {"use_pg_rewind": True, "parameters": parameters},
                },
                "initdb": [{"encoding": "UTF8"}, {"locale": "C"}, "data-checksums"],
            },
            "postgresql": {
                "listen": f"127.0.0.1:{node.sql}",
                "connect_address": f"127.0.0.1:{node.sql}",
                "data_dir": str(node.folder / "data"),
                "bin_dir": str(self._programs.postgres),
                "pgpass": str(node.folder / "pgpass"),
                "authentication": {"superuser": {"username": "skarb"}, "replication": {"username": "standby"}},
                "pg_hba": ["host all all 127.0.0.1/32 trust", "host replication standby 127.0.0.1/32 trust"],
            },
        }


def _major(patroni: Path) -> int:
    said = subprocess.run([patroni, "--version"], capture_output=True, text=True, check=True).stdout
    return int(said.split()[-1].split(".")[0])


def _end(process: subprocess.Popen[bytes] | None) -> None:
    if process is not None:
        process.kill()
        process.wait(30)


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]
    finally:
        for one in sockets:
            one.close()


def _give(path: Path, owner: dict[str, object]) -> None:
    if owner:
        os.chown(path, int(str(owner["user"])), int(str(owner["group"])))
    path.chmod(0o700 if path.is_dir() else 0o600)
