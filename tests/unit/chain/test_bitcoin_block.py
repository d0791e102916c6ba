"""Blocks: read exactly, and refused with the byte at which they stop being one."""

from __future__ import annotations

import random
import re
from hashlib import sha256

import pytest

from skarb.chain import looks_like_block, merkle_root, network_of, parse_block, target_of
from skarb.core.errors import InputError

GENESIS = bytes.fromhex(
    "0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa"
    "4b1e5e4a29ab5f49ffff001d1dac2b7c0101000000010000000000000000000000000000000000000000000000000000000000000000ffffffff4d04ffff001d"
    "0104455468652054696d65732030332f4a616e2f32303039204368616e63656c6c6f72206f6e206272696e6b206f66207365636f6e64206261696c6f75742066"
    "6f722062616e6b73ffffffff0100f2052a01000000434104678afdb0fe5548271967f1a67130b7105cd6a828e03909a67962e0ea1f61deb649f6bc3f4cef38c4"
    "f35504e51ec112de5c384df7ba0b8d578a4c702b6bf11d5fac00000000"
)  # the first block of mainnet, as every node carries it


def double(data: bytes) -> bytes:
    return sha256(sha256(data).digest()).digest()


def size(number: int) -> bytes:
    return bytes([number]) if number < 0xFD else b"\xfd" + number.to_bytes(2, "little")


def transaction(
    inputs: list[tuple[bytes, int, bytes]], outputs: list[tuple[int, bytes]], witness: list[list[bytes]] | None = None
) -> tuple[bytes, bytes]:
    """Return a serialised transaction with and without its witness."""
    body = size(len(inputs)) + b"".join(
        txid + index.to_bytes(4, "little") + size(len(s)) + s + b"\xff" * 4 for txid, index, s in inputs
    )
    body += size(len(outputs)) + b"".join(value.to_bytes(8, "little") + size(len(s)) + s for value, s in outputs)
    version, lock = (2).to_bytes(4, "little"), bytes(4)
    plain = version + body + lock
    if witness is None:
        return plain, plain
    items = b"".join(size(len(stack)) + b"".join(size(len(item)) + item for item in stack) for stack in witness)
    return version + b"\0\1" + body + items + lock, plain


def mined(transactions: list[tuple[bytes, bytes]], root: bytes | None = None, bits: int = 0x207FFFFF) -> bytes:
    """Return a block of a private network with the work done."""
    root = root or merkle_root([double(plain) for _, plain in transactions])[0]
    for nonce in range(1000):
        header = (4).to_bytes(4, "little") + bytes(32) + root + (1700000000).to_bytes(4, "little") + bits.to_bytes(4, "little")
        header += nonce.to_bytes(4, "little")
        if int.from_bytes(double(header), "little") <= target_of(bits):
            return header + size(len(transactions)) + b"".join(whole for whole, _ in transactions)
    raise AssertionError("no work found")


def coinbase(value: int, commitment: bytes | None, height: bytes = b"\x03\x40\x0d\x03") -> tuple[bytes, bytes]:
    outputs = [(value, b"\x00\x14" + bytes(20))]
    if commitment is not None:
        outputs.append((0, bytes.fromhex("6a24aa21a9ed") + commitment))
    return transaction([(bytes(32), 0xFFFFFFFF, height)], outputs, None if commitment is None else [[bytes(32)]])


def segwit_block() -> bytes:
    spend = transaction(
        [(b"\x11" * 32, 1, b"")],
        [(700, b"\x51\x20" + b"\x07" * 32), (300, b"\xa9\x14" + bytes(20) + b"\x87")],
        [[b"sig", b"key"]],
    )
    old = transaction([(b"\x22" * 32, 0, b"\x51")], [(5, b"\x6a")])
    root = merkle_root([bytes(32), double(spend[0]), double(old[0])])[0]
    return mined([coinbase(50, double(root + bytes(32))), spend, old])


def test_the_first_block_of_mainnet() -> None:
    block = parse_block(GENESIS)
    assert block.block_hash == "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f"
    assert block.coinbase.txid == block.merkle_root == "4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b"
    assert (block.network, block.height, block.weight, block.difficulty) == ("mainnet", None, 4 * 285, 1.0)
    assert block.coinbase.outputs[0].value == 50 * 10**8
    assert block.coinbase.outputs[0].address("mainnet") is None  # a bare key has no address


def test_witnesses_count_for_size_but_not_for_ids() -> None:
    block = parse_block(segwit_block())
    spend = block.transactions[1]
    assert block.network == "regtest" and block.height == 200000
    assert spend.segwit and spend.inputs[0].witness == (b"sig", b"key") and spend.txid != spend.wtxid
    assert not block.transactions[2].segwit and block.transactions[2].txid == block.transactions[2].wtxid
    assert block.weight == 3 * block.stripped_size + block.size and block.size > block.stripped_size
    assert spend.outputs[0].address("regtest").startswith("bcrt1p") and spend.outputs[1].address("regtest").startswith("2")


@pytest.mark.parametrize("end", range(len(GENESIS)))
def test_a_block_cut_anywhere_is_refused_at_its_end(end: int) -> None:
    with pytest.raises(InputError, match=r"byte \d+: given") as error:
        parse_block(GENESIS[:end], "cut.raw")
    assert int(re.search(r"byte (\d+)", str(error.value))[1]) <= end


def test_any_flipped_bit_is_found() -> None:
    for place in range(len(GENESIS) * 8):
        data = bytearray(GENESIS)
        data[place // 8] ^= 1 << place % 8
        with pytest.raises(InputError, match="byte"):
            parse_block(bytes(data))


def test_any_flipped_bit_behind_the_header_of_a_block_with_witnesses_is_found() -> None:
    whole = segwit_block()
    for place in range(80 * 8, len(whole) * 8):
        data = bytearray(whole)
        data[place // 8] ^= 1 << place % 8
        with pytest.raises(InputError, match="byte"):
            parse_block(bytes(data))


def test_garbage_never_does_worse_than_an_error() -> None:
    rng = random.Random(7)
    header = segwit_block()[:80]
    for _ in range(500):
        with pytest.raises(InputError):
            parse_block(header + rng.randbytes(rng.randrange(200)))


def test_what_follows_the_block_is_refused() -> None:
    with pytest.raises(InputError, match=r"byte 285: given 2 more bytes, expected the end of the block"):
        parse_block(GENESIS + b"xx")


@pytest.mark.parametrize(
    ("transactions", "said"),
    [
        ([transaction([(b"\x11" * 32, 0, b"")], [(1, b"")])], "coinbase as the first"),
        ([coinbase(1, None), coinbase(2, None)], "a second coinbase"),
        ([transaction([(bytes(32), 0xFFFFFFFF, b"\x51")], [])], "0 outputs"),
        ([coinbase(21_000_000 * 10**8 + 1, None)], "all that can exist"),
        ([coinbase(1, None), transaction([(b"\x11" * 32, 0, b"")], [(2**50, b""), (2**50, b"")])], "more coins than can exist"),
        ([coinbase(1, None), transaction([(b"\x11" * 32, 0, b"")], [(1, b"")], [[b"a"]])], "without commitment"),
        ([coinbase(1, bytes(32)), transaction([(b"\x11" * 32, 0, b"")], [(1, b"")], [[b"a"]])], "the commitment 0000"),
    ],
)
def test_blocks_that_break_a_rule_of_coins(transactions: list[tuple[bytes, bytes]], said: str) -> None:
    with pytest.raises(InputError, match=said):
        parse_block(mined(transactions))


def test_a_transaction_repeated_at_the_end_does_not_pass_under_the_same_root() -> None:
    first, second, third = coinbase(1, None), *(transaction([(bytes([k]) * 32, 0, b"")], [(k, b"")]) for k in (1, 2))
    root = merkle_root([double(plain) for _, plain in (first, second, third)])[0]
    parse_block(mined([first, second, third], root))
    with pytest.raises(InputError, match="repeats transactions"):
        parse_block(mined([first, second, third, third], root))


def test_numbers_must_be_written_in_their_shortest_form() -> None:
    whole, plain = coinbase(1, None)
    block = mined([(whole, plain)])
    with pytest.raises(InputError, match="byte 80: given 1 written in 3 bytes"):
        parse_block(block[:80] + b"\xfd\x01\x00" + block[81:])


def test_a_header_is_known_by_its_work_and_text_is_not() -> None:
    assert looks_like_block(GENESIS) and looks_like_block(segwit_block())
    assert not looks_like_block(GENESIS[:80])
    assert not any(looks_like_block(f"{k},".encode() + b"a b c d" * 30) for k in range(2000))


@pytest.mark.parametrize(
    ("bits", "time", "network"),
    [
        (0x1D00FFFF, 1231006505, "mainnet"),
        (0x1D00FFFF, 1468888326, "testnet"),
        (0x1B04864C, 1293840001, "mainnet"),  # difficulty 14,484 of January 2011
        (0x207FFFFF, 1293840001, "regtest"),
        (0x17053894, 1700000000, "mainnet"),
        (0x1E0377AE, 1700000000, "testnet"),
    ],
)
def test_the_network_is_told_by_the_difficulty(bits: int, time: int, network: str) -> None:
    assert network_of(bits, time) == network


@pytest.mark.parametrize(
    ("bits", "target"), [(0x1D00FFFF, 0xFFFF << 208), (0x03123456, 0x123456), (0x02123456, 0x1234), (0x04923456, 0)]
)
def test_compact_targets(bits: int, target: int) -> None:
    assert target_of(bits) == target
