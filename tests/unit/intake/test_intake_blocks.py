"""Raw blocks as rows: one per output."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from pathlib import Path

import pytest

from skarb.core.errors import InputError
from skarb.intake import read

GENESIS = bytes.fromhex(
    "0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa"
    "4b1e5e4a29ab5f49ffff001d1dac2b7c0101000000010000000000000000000000000000000000000000000000000000000000000000ffffffff4d04ffff001d"
    "0104455468652054696d65732030332f4a616e2f32303039204368616e63656c6c6f72206f6e206272696e6b206f66207365636f6e64206261696c6f75742066"
    "6f722062616e6b73ffffffff0100f2052a01000000434104678afdb0fe5548271967f1a67130b7105cd6a828e03909a67962e0ea1f61deb649f6bc3f4cef38c4"
    "f35504e51ec112de5c384df7ba0b8d578a4c702b6bf11d5fac00000000"
)  # the first block of mainnet, as every node carries it


@pytest.mark.parametrize("packed", [False, True])
def test_mined_coins_belong_to_whoever_can_spend_them(tmp_path: Path, packed: bool) -> None:
    path = tmp_path / "anything"
    path.write_bytes(gzip.compress(GENESIS) if packed else GENESIS)
    (reading,) = read(path, decimals={"BTC": 8}.get)
    (i,) = reading.instructions
    assert (i.activity, i.asset, i.amount, i.at) == ("mine", "BTC", "50.00000000", datetime(2009, 1, 3, 18, 15, 5, tzinfo=UTC))
    assert i.party == "btc:script:740485f380ff6379d11ef6fe7d7cdd68aea7f8bd0d953d9fdf3531fb7d531833"
    assert i.counterparty == "btc:block:000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f"
    assert i.wallet is None and i.declared == {"settlement": "token"}
    assert (reading.mapping, reading.total, reading.rows) == ("bitcoin_block", 1, [1])
    assert reading.assumptions.observed and not reading.assumptions.party.identified


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (GENESIS[:200], r"b\.raw: byte 200: given 0 bytes before the end"),
        (GENESIS[:40], r"b\.raw: byte 36: given 4 bytes before the end"),
        (GENESIS[:100] + b"x" + GENESIS[101:], r"b\.raw: byte 81"),
        (b"no block at all", r"b\.raw: byte 4: given 11 bytes before the end of the file, expected 32 bytes for the hash"),
        (GENESIS + GENESIS, r"b\.raw: byte 285: given 285 more bytes"),
    ],
)
def test_what_is_no_whole_block_is_refused_with_its_byte(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "b.raw"
    path.write_bytes(content)
    with pytest.raises(InputError, match=said):
        read(path)


def test_a_mapping_of_ones_own_reads_blocks_too(tmp_path: Path) -> None:
    mapping, block = tmp_path / "mine.yaml", tmp_path / "b.raw"
    block.write_bytes(GENESIS)
    mapping.write_text(
        """\
name: pool
title: Coins of a pool
reads: bitcoin_block
fields:
  id: {template: "{block}/{output}"}
  at: {column: time, format: unix}
  activity: {column: kind, table: {mined: mine, moved: token_transfer_out}}
  party: {constant: pool}
  asset: {constant: BTC}
  amount: {column: value}
ignore: [txid, to, network, wallet, height]
assumptions: {notes: []}
"""
    )
    (reading,) = read(block, mapping)
    assert [(i.party, i.counterparty) for i in reading.instructions] == [("pool", None)]
