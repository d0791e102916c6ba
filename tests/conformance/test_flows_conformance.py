"""Money is followed through real files without losing a unit, whichever accounts are taken to lie abroad."""

from __future__ import annotations

import csv
import gzip
import json
import os
from collections import defaultdict, deque
from collections.abc import Iterator
from pathlib import Path

import pytest

from skarb.intake import read
from skarb.oversight.flows.definition import Choices
from skarb.oversight.flows.figures import asset_lines
from skarb.oversight.flows.follow import follow
from skarb.oversight.flows.sheet import Abroad, read_sheet

DATA = Path(os.environ.get("SKARB_DATA", Path(__file__).parents[2].parent / "shared" / "data"))
COLUMNS = {
    "amlsim": {"tran_id", "orig_acct", "bene_acct", "base_amt"},
    "amlworld": {"amount_paid", "payment_currency", "payment_format"},
}
HOT_WALLET = {"value", "rate"}
ABROAD = {"amlsim": "amlsim:*[13579]", "amlworld": "*[02468]", "hot_wallet": "hot-wallet:outside"}


def files() -> Iterator[tuple[Path, str]]:
    if not DATA.is_dir():
        return
    for path in sorted(DATA.rglob("*.csv*")):
        opener = gzip.open if path.suffix == ".gz" else open
        with opener(path, "rt", encoding="utf-8-sig", errors="replace") as file:
            columns = set(next(csv.reader(file), []))
        for name, wanted in COLUMNS.items():
            if wanted <= columns:
                yield path, name
    for path in sorted(DATA.rglob("*.json*")):
        raw = path.read_bytes()
        try:
            found = json.loads(gzip.decompress(raw) if path.suffix == ".gz" else raw)
        except (ValueError, OSError):
            continue
        if isinstance(found, list) and found and isinstance(found[0], dict) and set(found[0]) == HOT_WALLET:
            yield path, "hot_wallet"


FILES = list(files())


@pytest.mark.skipif(not FILES, reason="there are no files of transfers below SKARB_DATA")
@pytest.mark.parametrize(("path", "mapping"), FILES, ids=[str(path.relative_to(DATA)) for path, _ in FILES])
def test_money_is_followed_through_a_file_to_the_unit(path: Path, mapping: str):
    abroad = Abroad(((ABROAD[mapping], "SC"),))
    sheet = read_sheet(read(path, mapping), path.name, abroad, "UTC")
    assert sheet.malformed == 0 and sheet.read > 0
    rows = sheet.crossing.rows
    expected = _slowly(path, mapping, abroad)
    for rule in ("fifo", "haircut"):
        found = follow(rows, Choices(pot="place"), rule)
        lines = {one.asset: one for one in asset_lines(found, sheet.crossing.last, lambda asset, day: None)}
        for one in lines.values():
            assert one.invested == one.returned + one.spent + one.still
        assert {code: one.invested * 10 ** (18 - one.decimals) for code, one in lines.items()} == {
            code: invested for code, (invested, _) in expected.items() if invested
        }
        if rule == "fifo":
            for code, one in lines.items():
                assert one.returned * 10 ** (18 - one.decimals) == expected[code][1]


def _slowly(path: Path, mapping: str, abroad: Abroad) -> dict[str, tuple[int, int]]:
    """Return what left and what came back of each asset, in units of 10**-18, by plain queues over the file's instructions."""
    moves = []
    for reading in read(path, mapping):
        for one in reading.instructions:
            pair = (one.party, one.counterparty or "")
            source, target = pair[::-1] if one.activity == "token_transfer_in" else pair
            whole, _, fraction = one.amount.partition(".")
            moves.append((one.at, source, target, one.asset, int(whole + fraction.ljust(18, "0"))))
    queues: dict[tuple[str, str], deque[list[int]]] = defaultdict(deque)
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for _, source, target, asset, amount in sorted(moves, key=lambda move: move[0]):
        away, there = abroad.country(source), abroad.country(target)
        if away is None and there is not None:
            sums[asset][0] += amount
            queues[target, asset].append([amount, 1])
        elif away is not None and source != target:
            for part, known in _taken(queues[source, asset], amount):
                if there is not None:
                    queues[target, asset].append([part, known])
                elif known:
                    sums[asset][1] += part
    return {asset: (one, other) for asset, (one, other) in sums.items()}


def _taken(queue: deque[list[int]], amount: int) -> list[tuple[int, int]]:
    parts = []
    while amount:
        if not queue:
            return [*parts, (amount, 0)]
        first = queue[0]
        part = min(amount, first[0])
        parts.append((part, first[1]))
        first[0] -= part
        amount -= part
        if not first[0]:
            queue.popleft()
    return parts
