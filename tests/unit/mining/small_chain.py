"""A small chain that never was, with its list of checkpoints, its fees and its price, for tests of the economics of mining."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from skarb.chain.difficulty import EPOCH_BLOCKS, difficulty_of, next_target
from skarb.chain.epochs import _FIRST_HASH as FIRST_HASH
from skarb.chain.model import EASIEST_TARGET
from skarb.core.time import from_day, to_day

BEGIN = 1231006505  # the first block
GAP = 600
FIRST, LAST = to_day(date(2010, 8, 1)), to_day(date(2012, 9, 30))


@dataclass(frozen=True)
class SmallChain:
    """Targets of epochs (the first one has the easiest), when each began, how long each took from its first to its last block."""

    targets: list[int]
    starts: list[int]
    spans: list[int]

    @property
    def checkpoints(self) -> list[list[object]]:
        hashes = [FIRST_HASH, *(f"{number:064x}" for number in range(1, len(self.spans)))]
        return [[found, target] for found, target in zip(hashes, self.targets[1:], strict=True)]

    def target_at(self, moment: int) -> int:
        return next(
            target for target, start in zip(reversed(self.targets), reversed(self.starts), strict=True) if start <= moment
        )


def chain(epochs: int = 100, seed: int = 1) -> SmallChain:
    draw = random.Random(seed)
    targets, starts, spans = [EASIEST_TARGET], [BEGIN], []
    for _ in range(epochs):
        spans.append(draw.randint(1_130_000, 1_190_000))
        targets.append(next_target(targets[-1], spans[-1]))
        starts.append(starts[-1] + spans[-1] + GAP)
    return SmallChain(targets, starts, spans)


def prices(seed: int = 2) -> dict[int, float]:
    draw = random.Random(seed)
    price, found = 5.0, {}
    for day in range(FIRST, LAST + 1):
        price *= 1 + draw.gauss(0, 0.03)
        found[day] = price
    return found


def write(folder: Path, small: SmallChain | None = None) -> Path:
    """Write the files of a chain into a folder: checkpoints, and one file with price, fees and difficulty by day."""
    small = small or chain()
    folder.mkdir(exist_ok=True)
    (folder / "checkpoints.json").write_text(json.dumps(small.checkpoints))
    rows = ["time,PriceUSD,FeeTotNtv,BlkCnt,DiffMean"]
    for day, price in prices().items():
        difficulty = float(difficulty_of(small.target_at(day * 86_400 + 43_200)))
        rows.append(f"{from_day(day)},{price:.6f},7.2,144,{difficulty:.10f}")
    (folder / "btc.csv").write_text("\n".join(rows) + "\n")
    return folder


def mid_epoch_height(number: int) -> int:
    return number * EPOCH_BLOCKS + EPOCH_BLOCKS // 2
