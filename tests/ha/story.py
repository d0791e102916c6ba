"""The story: a leader dies under load, again and again; and an old writer comes back too late."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, Self

import numpy as np
import psycopg
from tests.ha import driver
from tests.ha.cluster import START, Cluster, Node

from skarb.core.errors import Conflict, SkarbError, Unavailable
from skarb.core.transfer import TRANSFER
from skarb.journal import open_book, open_ledger, verify
from skarb.ledger import Result
from skarb.store import BookUrl, Location, location_of, open_store

FAILOVER = 120  # seconds that a failover may take here
ACKNOWLEDGED, IN_THE_BOOK, LOST = "ACKNOWLEDGED", "A LATE BATCH", "LOST"  # what may never be
SPACING = 150  # batches acknowledged between two kills, at least


@dataclass
class Kill:
    """What the client saw of one failover."""

    leader: str
    successor: str
    outage: float  # seconds between the last acknowledgement before and the first one after
    opening: float  # of these, the seconds of the opening that succeeded, recovery included
    again: dict[str, int]  # what the batches handed in again were answered


@dataclass
class Report:
    """All figures of a run."""

    etcd: int
    kills: list[Kill] = field(default_factory=list)
    standby_pause: float = 0  # seconds without an acknowledgement when the synchronous standby died, 0 if not tried
    acknowledged: int = 0
    transfers: int = 0
    lost: int = 0
    duplicated: int = 0
    batches_per_s: float = 0
    findings: list[str] = field(default_factory=list)
    sums_zero: bool = False
    late: dict[str, str] = field(default_factory=dict)  # how each late batch was refused

    @property
    def ok(self) -> bool:
        """Whether every promise was kept."""
        kept = self.lost == self.duplicated == 0 and not self.findings and self.sums_zero and self.acknowledged > 0
        return kept and not {ACKNOWLEDGED, IN_THE_BOOK, LOST} & set(self.late.values())

    def __str__(self) -> str:
        kills = [
            f"kill {number}: {one.leader} → {one.successor}, outage {one.outage:.1f} s, of which {one.opening:.1f} s to open the book; "
            f"handed in again: {', '.join(f'{count} {answer}' for answer, count in one.again.items()) or 'nothing'}"
            for number, one in enumerate(self.kills, 1)
        ]
        if self.standby_pause:
            kills.append(f"synchronous standby killed: {self.standby_pause:.1f} s without an acknowledgement, connection kept")
        rest = [
            f"acknowledged: {self.acknowledged:,} batches, {self.transfers:,} transfers, {self.batches_per_s:.0f} batches a second",
            f"lost: {self.lost}   posted twice: {self.duplicated}   sum zero: {'yes' if self.sums_zero else 'NO'}",
            f"verify: {'; '.join(self.findings) or 'no findings'}",
            *(f"old writer, {what}: {words}" for what, words in self.late.items()),
        ]
        return "\n".join(kills + rest)


class Driving:
    """The driver's process, and what it said so far."""

    def __init__(self, url: str, seconds: float) -> None:
        self.events: list[dict[str, Any]] = []
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.ha.driver", url, str(seconds)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[2],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        )
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.endswith(b"\n"):
                self.events.append(json.loads(line))

    def finish(self) -> None:
        """Let it hand in what is left and end."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        code = self._process.wait(FAILOVER)
        self._listener.join(FAILOVER)
        if code != 0:
            raise RuntimeError(f"the driver ended with {code}")

    def alive(self) -> None:
        if self._process.poll() is not None:
            raise RuntimeError(f"the driver ended with {self._process.returncode}")

    def batches(self, after: float = 0) -> list[dict[str, Any]]:
        return [event for event in list(self.events) if "batch" in event and event["at"] > after]


def tell(words: str) -> None:
    print(f"· {words}", file=sys.stderr, flush=True)


def run(kills: int, etcd: int = 3) -> Report:
    """Run the whole story."""
    report = Report(etcd)
    began = time.monotonic()
    with Cluster(etcd) as cluster:
        tell(f"three nodes stand after {time.monotonic() - began:.0f} s")
        place = location_of(cluster.url("clearing"))
        assert isinstance(place, BookUrl)
        with Driving(cluster.url("clearing"), 60 + kills * 2 * START) as driving:
            for _ in range(kills):
                report.kills.append(kill(cluster, driving))
            if kills > 1:
                report.standby_pause = kill_standby(cluster, driving)
            driving.finish()
            check(place, driving, report)
        report.late = refuse_late(cluster, place)
        for one in (place, location_of(cluster.standby_url(place.schema))):
            report.findings += map(str, verify(one).findings)
    return report


def until(cluster: Cluster, driving: Driving, condition: Callable[[], bool], words: str) -> None:
    def holds() -> bool:
        driving.alive()
        return condition()

    cluster.wait(holds, FAILOVER, words)


def kill(cluster: Cluster, driving: Driving) -> Kill:
    """Kill the leader under load and bring it back as a standby."""
    start = time.monotonic()
    until(cluster, driving, lambda: len(driving.batches(start)) >= SPACING, "load")
    leader = cluster.wait_until_whole()
    at = time.monotonic()
    cluster.kill(leader)
    opened: list[dict[str, Any]] = []

    def is_back() -> bool:
        opened[:] = [event for event in list(driving.events) if "opened" in event and event["at"] > at]
        return bool(opened) and bool(driving.batches(opened[-1]["at"]))

    until(cluster, driving, is_back, "acknowledgement after a failover")
    first = driving.batches(opened[-1]["at"])[0]["at"]
    last = max(event["at"] for event in driving.batches() if event["at"] < opened[0]["at"])
    cluster.start(leader)
    successor = cluster.wait_until_whole()
    again = Counter(event["answer"] for event in driving.batches(first - 1e-9) if event["again"])
    done = Kill(leader.name, successor.name, first - last, opened[-1]["opened"], dict(again))
    tell(f"{done.leader} killed, {done.successor} leads: {done.outage:.1f} s, of which {done.opening:.1f} s to open the book")
    return done


def kill_standby(cluster: Cluster, driving: Driving) -> float:
    """Kill the standby that commits wait for, and return how long the writer stood still."""
    cluster.wait_until_whole()
    standby = next(node for node in cluster.nodes if node.is_("sync"))
    at, opened = time.monotonic(), sum("opened" in event for event in driving.events)
    cluster.kill(standby)
    until(cluster, driving, lambda: len(driving.batches(at)) >= SPACING, "acknowledgements without a standby")
    instants = [event["at"] for event in driving.batches(at - 1)]
    pause = float(max(after - before for before, after in pairwise(instants)))
    if opened != sum("opened" in event for event in driving.events):
        raise RuntimeError("the writer lost its connection although only a standby died")
    cluster.start(standby)
    cluster.wait_until_whole()
    tell(f"{standby.name}, the synchronous standby, killed: the writer stood still for {pause:.1f} s")
    return pause


def check(place: BookUrl, driving: Driving, report: Report) -> None:
    """Hold what was acknowledged against what the book says."""
    batches = driving.batches()
    created: Counter[int] = Counter()
    with open_book(place) as book:
        for envelope in book.envelopes():
            records = np.frombuffer(envelope.transfers, TRANSFER)
            done = np.frombuffer(envelope.results, np.uint8) == Result.created
            created.update((records["id_hi"][done].astype(object) << 64 | records["id_lo"][done].astype(object)).tolist())
        report.sums_zero = all(supply.balanced for supply in book.ledger.supply().values())
    wanted = {event["batch"] for event in batches}
    lost = [number for number in wanted if any(created[number << 64 | row + 1] == 0 for row in range(driver.ROWS))]
    report.acknowledged, report.transfers = len(wanted), len(wanted) * driver.ROWS
    report.lost = len(lost)
    report.duplicated = sum(1 for count in created.values() if count > 1) + len(batches) - len(wanted)
    busy = batches[-1]["at"] - batches[0]["at"] - sum(one.outage for one in report.kills)
    report.batches_per_s = len(batches) / busy


def refuse_late(cluster: Cluster, place: BookUrl) -> dict[str, str]:
    """Let a leader hang with a writer's batch in its buffers, go on with another writer, and wake it up."""
    words: dict[str, str] = {}
    first = open_store(place, write=True)
    first.begin()
    epoch = first._epoch  # type: ignore[attr-defined]
    sequence, head = first.last() or (0, bytes(32))
    entry = (sequence + 1, head, bytes([7]) * 32, b"late")

    def late() -> None:
        try:
            first.append(*entry)
            words["hung leader"] = ACKNOWLEDGED
        except SkarbError as error:
            words["hung leader"] = f"{type(error).__name__}: {error}"

    old = cluster.wait_until_whole()
    old.send(signal.SIGSTOP)
    appending = threading.Thread(target=late, daemon=True)
    appending.start()
    try:
        others = [node for node in cluster.nodes if node is not old]
        cluster.wait(lambda: any(node.is_("primary") for node in others), FAILOVER, "successor of a leader that hangs")
        cluster.wait(lambda: post_one(place) != "", FAILOVER, "second writer")
    finally:
        old.send(signal.SIGCONT)
    appending.join(FAILOVER)
    first.close()
    leader = cluster.wait_until_whole()
    if leader is old:
        raise RuntimeError("the leader that hung took its lock back")
    words["epoch before the failover"] = insert_raw(leader, place, epoch)
    words["two writers"] = two_writers(location_of(cluster.bare_url(place.schema)))
    with closing(open_store(place)) as store:
        if any(found.body == b"late" for found in store.read(sequence)):
            words["in the book"] = IN_THE_BOOK
    answer = post_one(place)
    words["its successor's batch, handed in again"] = answer if answer == "exists" else LOST
    return words


def post_one(place: BookUrl) -> str:
    """Open the book as the next writer, post always the same, and return the answer; nothing if it could not be posted now."""
    try:
        with open_ledger(place, clock=lambda: datetime.now(UTC)) as book:
            return driver.answer_of(book.post(driver.transfers(book, 1 << 40)))
    except Unavailable:
        return ""


def insert_raw(leader: Node, place: BookUrl, epoch: int) -> str:
    """Send the new leader what the first writer would have sent: the next entry, under the epoch it took before the failover."""
    with closing(open_store(place)) as store:
        sequence, head = store.last() or (0, bytes(32))
    query = f"INSERT INTO {place.schema}.batch (sequence, previous, head, body, epoch) VALUES (%s, %s, %s, %s, %s)"
    try:
        with psycopg.connect(f"postgresql://skarb@127.0.0.1:{leader.sql}/postgres") as db:
            db.execute(query, (sequence + 1, head, bytes([7]) * 32, b"late", epoch))
    except psycopg.IntegrityError as error:
        return f"refused: {error.diag.message_primary}"
    return ACKNOWLEDGED


def two_writers(place: Location) -> str:
    """Append with a writer after another one has opened the book."""
    with closing(open_store(place, write=True)) as first, closing(open_store(place, write=True)):
        first.begin()
        sequence, head = first.last() or (0, bytes(32))
        try:
            first.append(sequence + 1, head, bytes([7]) * 32, b"late")
        except Conflict as error:
            return f"Conflict: {error}"
    return ACKNOWLEDGED
