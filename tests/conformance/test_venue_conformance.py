"""Order books against known answers: every list of objects with `sha256_of_int64_trades`, and the file of messages that each names beside it.

| kind | told by | passes when |
|---|---|---|
| orders | JSON list of objects with `file`, `trades`, `traded`, `sha256_of_int64_trades` | all four, and the first and last trades, are equal |
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from skarb.app.venue import matched, read_messages, trades_hash

DATA = Path(os.environ.get("SKARB_DATA", Path(__file__).parents[2].parent / "shared" / "data"))
_MARK = b"sha256_of_int64_trades"


def cases() -> list[object]:
    found: list[object] = [
        pytest.param(path, case, id=case["file"])
        for path in (sorted(DATA.rglob("*.json")) if DATA.is_dir() else [])
        if _MARK in path.read_bytes()[:4000]
        for case in json.loads(path.read_text())
    ]
    return found or [
        pytest.param(None, None, marks=pytest.mark.skip(reason=f"no such file below {DATA}; name the folder in SKARB_DATA"))
    ]


@pytest.mark.parametrize(("path", "case"), cases())
def test_the_same_messages_make_the_same_trades(path: Path, case: dict[str, object]) -> None:
    _, trades, count = matched(read_messages(path.with_name(str(case["file"]))))
    assert (count, len(trades), sum(one.quantity for one in trades)) == (case["messages"], case["trades"], case["traded"])
    first = case["first_trades"]
    assert (
        isinstance(first, list)
        and [list(one) for one in trades[: len(first)]] == first
        and [list(one) for one in trades[-1:]] == ([case["last_trade"]] if trades else [])
    )
    assert trades_hash(trades) == case["sha256_of_int64_trades"]
    assert not trades or trades_hash(trades[:-1]) != case["sha256_of_int64_trades"]
