"""Raw blocks against what was computed from them elsewhere: every expected.json with raw files beside it."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from skarb.chain import looks_like_block, network_of, parse_block
from skarb.chain.bitcoin import HEADER_BYTES
from skarb.core.errors import InputError
from skarb.intake import read

DATA = Path(os.environ.get("SKARB_DATA", Path(__file__).parents[2].parent / "shared" / "data"))


def cases() -> list[tuple[Path, dict[str, object]]]:
    found = []
    for expected in sorted(DATA.rglob("expected.json")) if DATA.is_dir() else ():
        content = json.loads(expected.read_text(encoding="utf-8"))
        if isinstance(content, dict):
            found += [
                (expected.parent / name, case)
                for name, case in content.items()
                if isinstance(case, dict) and "block_hash" in case
            ]
    return [(path, case) for path, case in found if path.is_file()]


CASES = cases()
pytestmark = pytest.mark.skipif(not CASES, reason=f"no raw blocks with expected.json below {DATA} (set SKARB_DATA)")


@pytest.mark.parametrize(("path", "expected"), CASES, ids=[path.name for path, _ in CASES])
def test_block_is_read_as_expected(path: Path, expected: dict[str, object]) -> None:
    block = parse_block(path.read_bytes(), path.name)
    others = block.transactions[1:]
    found = {
        "block_hash": block.block_hash,
        "version": block.version,
        "prev_hash": block.previous_hash,
        "merkle_root": block.merkle_root,
        "time": block.time,
        "time_utc": datetime.fromtimestamp(block.time, UTC).isoformat(),
        "bits": f"{block.bits:08x}",
        "difficulty": block.difficulty,
        "nonce": block.nonce,
        "n_tx": len(block.transactions),
        "n_segwit_tx": sum(tx.segwit for tx in block.transactions),
        "n_inputs": sum(len(tx.inputs) for tx in block.transactions),
        "n_outputs": sum(len(tx.outputs) for tx in block.transactions),
        "total_size": block.size,
        "stripped_size": block.stripped_size,
        "weight": block.weight,
        "coinbase_height": block.height,
        "coinbase_value_sat": sum(output.value for output in block.coinbase.outputs),
        "noncoinbase_out_sat": sum(output.value for tx in others for output in tx.outputs),
        "last_txid": block.transactions[-1].txid,
        "network": block.network,
    }
    assert set(expected) <= {*found, "first_txids"}, "a value is expected that is not compared here"
    network = str(expected.get("network", block.network))
    compared = {**expected, "network": "testnet" if network.startswith("testnet") else network}
    first = compared.pop("first_txids", [])
    assert {name: found[name] for name in compared} == pytest.approx(compared)
    assert [tx.txid for tx in block.transactions[: len(first)]] == first


@pytest.mark.parametrize(("path", "expected"), CASES, ids=[path.name for path, _ in CASES])
def test_every_output_is_accounted_for(path: Path, expected: dict[str, object]) -> None:
    readings = list(read(path, batch=100))
    rows = [row for reading in readings for row in (*reading.rows, *reading.refused)]
    assert sorted(rows) == list(range(1, int(expected["n_outputs"]) + 1))
    moved = sum(int(i.amount.replace(".", "")) for reading in readings for i in reading.instructions)
    assert moved == expected["coinbase_value_sat"] + expected["noncoinbase_out_sat"]
    assert all((p.field, p.given, p.expected) == ("amount", "0", "above 0") for reading in readings for p in reading.problems)
    ids = [i.id for reading in readings for i in reading.instructions]
    assert len(set(ids)) == len(ids) and all(len(text) <= 64 for text in ids)
    mined = [i for reading in readings for i in reading.instructions if i.activity == "mine"]
    assert sum(int(i.amount.replace(".", "")) for i in mined) == expected["coinbase_value_sat"]


@pytest.mark.parametrize(("path", "expected"), CASES, ids=[path.name for path, _ in CASES])
def test_damage_is_found(path: Path, expected: dict[str, object]) -> None:
    data = path.read_bytes()
    for place in range(0, len(data), max(1, len(data) // 40)):
        damaged = bytearray(data)
        damaged[place] ^= 1
        if place < HEADER_BYTES and not 36 <= place < 68 and looks_like_block(damaged):
            continue  # the work is so easy that the other header has it, too: nothing in these bytes says that it is another one
        with pytest.raises(InputError, match="byte"):
            parse_block(bytes(damaged), path.name)
    with pytest.raises(InputError, match="truncated"):
        parse_block(data[: len(data) // 2], path.name)


def test_mainnet_was_never_as_easy_as_the_floor_that_tells_networks_apart() -> None:
    checkpoints = sorted(DATA.rglob("difficulty_checkpoints.json"))
    stats = sorted(DATA.rglob("*block*.parquet"))
    if not checkpoints or not stats:
        pytest.skip("no difficulty checkpoints or block statistics")
    import pyarrow.parquet as pq

    targets = [target for _, target in json.loads(checkpoints[0].read_text())]
    seen = 0
    for path in stats:
        table = pq.read_table(path, columns=["height", "time"]).to_pydict()
        for height, told in zip(table["height"][::500], table["time"][::500], strict=True):
            time = told.replace(tzinfo=told.tzinfo or UTC).timestamp() if isinstance(told, datetime) else told
            if height // 2016 < len(targets):
                target = targets[height // 2016]
                size = (target.bit_length() + 8) // 8
                bits = size << 24 | (target >> 8 * (size - 3))
                assert network_of(bits, int(time)) == "mainnet", (path.name, height)
                seen += 1
    assert seen
