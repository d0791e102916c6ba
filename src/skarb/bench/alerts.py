"""A watch over transfers, measured: how fast, what it finds, what it disturbs.

The stream is a made-up world with ordinary life in it; all families look at every transfer on one core. Loading the compiled kernel is outside the
figures, growing the state is inside. Recall stands beside the rate at which the background is disturbed, with and without a view across institutions.
Where SKARB_DATA names a folder with the schemes of AMLworld, they are measured, too.
"""

from __future__ import annotations

import os
import statistics
import time
from pathlib import Path
from typing import Any, NamedTuple

from skarb.app.alertmeasures import cross_validated, files_below, labelled, recall_apart
from skarb.app.alerts import flow_from_all, settings_of, watched
from skarb.bench.machine import machine
from skarb.oversight.typologies import Flow, Settings, Watch
from skarb.oversight.typologies.recall import Recall, recall_of
from skarb.simulate.transfers import World, world

ROWS = 1_000_000
RUNS = 3
SEEDS = (101, 102, 103)  # worlds in which recall is measured; no setting was chosen on them
_BATCH = 10_000  # transfers, as a stream brings them
_PER_ACCOUNT = 46  # transfers of a world for each of its accounts, about


def bench(rows: int = ROWS) -> dict[str, object]:
    """Return the figures of a watch over about so many transfers. Rates are transfers per second of the wall clock, and of one core's own time."""
    settings = settings_of("by")
    _run(world(1, accounts=200, days=10, schemes=1).flow, settings, 1 << 30)  # the kernel is loaded
    big = world(7, accounts=max(500, rows // _PER_ACCOUNT), schemes=max(13, rows // 2_000))
    batch = [_run(big.flow, settings, 1 << 30) for _ in range(RUNS)]
    stream = [_run(big.flow, settings, _BATCH) for _ in range(RUNS)]
    watch = batch[0].watch
    started = time.perf_counter()
    alerts = watch.alerts()
    listed = time.perf_counter() - started
    figures: dict[str, object] = {
        "transfers": len(big.flow.transfers),
        "batch_per_s": len(big.flow.transfers) / statistics.median(one.wall for one in batch),
        "stream_per_s": len(big.flow.transfers) / statistics.median(one.wall for one in stream),
        "stream_per_cpu_s": len(big.flow.transfers) / statistics.median(one.cpu for one in stream),
        "same_alerts": stream[0].watch.alerts() == alerts,
        "alerts": len(alerts),
        "listing_s": listed,
        "bytes_per_transfer": watch.memory() // len(big.flow.transfers),
    }
    figures["worlds"] = _worlds(settings)
    data = os.environ.get("SKARB_DATA")
    if data:
        figures |= _amlworld(Path(data))
    return {**figures, "machine": machine()}


class _Run(NamedTuple):
    wall: float  # seconds
    cpu: float
    watch: Watch


def _run(flow: Flow, settings: Settings, size: int) -> _Run:
    parts = [flow.transfers.part(slice(begin, begin + size)) for begin in range(0, len(flow.transfers), size)]
    watch = Watch(settings, kind="numba")
    watch.license(flow.licensed)
    started, worked = time.perf_counter(), time.process_time()
    for part in parts:
        watch.feed(part)
    return _Run(time.perf_counter() - started, time.process_time() - worked, watch)


def _worlds(settings: Settings) -> dict[str, Any]:
    made = [world(seed) for seed in SEEDS]
    together = [_recall(one, settings) for one in made]
    apart = [recall_apart(one.flow, one.scheme, one.families, settings, one.begin) for one in made]
    return {**_told(together), "apart": _told(apart)}


def _recall(made: World, settings: Settings) -> Recall:
    return recall_of(made.flow.transfers, made.scheme, made.families, watched(made.flow, settings).alerts(), made.begin)


def _told(found: list[Recall]) -> dict[str, Any]:
    """Return recall by family over several worlds together, and the background's rates."""
    names = sorted({name for one in found for name in one.families})
    schemes = {name: sum(one.families[name].schemes for one in found if name in one.families) for name in names}
    hits = {name: sum(one.families[name].found for one in found if name in one.families) for name in names}
    whole = {name: sum(one.families[name].whole for one in found if name in one.families) for name in names}
    true, alerts = sum(one.true_alerts for one in found), sum(one.alerts for one in found)
    return {
        "recall": sum(hits.values()) / sum(schemes.values()),
        "whole": sum(whole.values()) / sum(schemes.values()),
        "background_rate": sum(one.disturbed for one in found) / sum(one.background for one in found),
        "strict_rate": sum(one.disturbed for one in found) / sum(one.between for one in found),
        "account_rate": sum(one.accounts_disturbed for one in found) / sum(one.accounts for one in found),
        "true_alerts": true / alerts if alerts else 0.0,
        "delay_hours": max(one.delay_hours for one in found),
        "families": {name: f"{hits[name]} ({whole[name]})/{schemes[name]}" for name in names},
    }


def _amlworld(data: Path) -> dict[str, object]:
    patterns, backgrounds = files_below(data)
    if not patterns or not backgrounds:
        return {}
    settings = settings_of("zz", "sample")
    flow = flow_from_all([*patterns, *backgrounds], "zz")
    scheme, families = labelled(patterns, flow.references)
    found = recall_of(flow.transfers, scheme, families, watched(flow, settings).alerts())
    folds = cross_validated(flow, scheme, families, settings)
    return {
        "amlworld": {
            **_told([found]),
            "apart": _told([recall_apart(flow, scheme, families, settings)]),
            "held_out": {**_told([one.recall for one in folds]), "chosen": [str(one.chosen) for one in folds]},
        }
    }
