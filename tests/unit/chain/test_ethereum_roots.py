"""What a node says of a block, held to the block's roots: published tries, a real block, blocks made by hand in every form of transaction."""

from __future__ import annotations

import importlib.util
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from skarb.chain.ethereum import read_answers, together
from skarb.chain.ethereum.rlp import encode, number
from skarb.chain.ethereum.roots import bloom_of
from skarb.chain.ethereum.trie import list_root, map_root
from skarb.chain.keccak import keccak256
from skarb.chain.payments import account_payments
from skarb.core.errors import InputError

_spec = importlib.util.spec_from_file_location("signing", Path(__file__).with_name("signing.py"))
assert _spec is not None and _spec.loader is not None
signing = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(signing)

SECRET = 0xC0FFEE
SENDER = signing.ethereum_address(SECRET).lower()
TO = "0x" + "11" * 20
TOKEN = "0x" + "22" * 20
TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"


# tries ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pairs", "root"),  # Source: the trie tests that Ethereum's clients share
    [
        ({}, "56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421"),
        ({"do": "verb", "horse": "stallion", "doge": "coin", "dog": "puppy"}, "5991bb8c6514148a29db676a14ac506cd2cd5775ace63c30a4fe457715e9ac84"),
        ({"doe": "reindeer", "dog": "puppy", "dogglesworth": "cat"}, "8aad789dff2f538bca5d8ea56e8abe10f4c7ba3a5dea95fea4cd6e7c3a1168d3"),
    ],
)  # fmt: skip
def test_published_roots(pairs: dict[str, str], root: str) -> None:
    assert map_root({key.encode(): value.encode() for key, value in pairs.items()}).hex() == root


class Slow:
    """A trie that is grown one pair at a time, as the yellow paper's figures show it; shares nothing with the code under test."""

    def __init__(self) -> None:
        self.root: Any = (
            None  # None, ["leaf", digits, value] or ["branch", [16 children], value]; extensions are made when hashing
        )

    def put(self, key: bytes, value: bytes) -> None:
        digits = [int(digit, 16) for digit in key.hex()]
        self.root = self._put(self.root, digits, value)

    def _put(self, node: Any, digits: list[int], value: bytes) -> Any:
        if node is None:
            node = ["branch", [None] * 16, b""]
        if not digits:
            node[2] = value
        else:
            node[1][digits[0]] = self._put(node[1][digits[0]], digits[1:], value)
        return node

    def hash(self) -> bytes:
        return keccak256(self._write(self._fold(self.root)))

    def _fold(self, node: Any, path: tuple[int, ...] = ()) -> Any:
        children = [(digit, child) for digit, child in enumerate(node[1]) if child is not None]
        if not children:
            return ["path", path, 2, node[2]]
        if len(children) == 1 and not node[2]:
            return self._fold(children[0][1], (*path, children[0][0]))
        branch = ["branch", [None if child is None else self._fold(child) for child in node[1]], node[2]]
        return ["path", path, 0, branch] if path else branch

    def _write(self, node: Any) -> bytes:
        if node[0] == "branch":
            parts = [b"\x80" if child is None else self._name(child) for child in node[1]]
            return self._list([*parts, self._bytes(node[2])])
        _, path, mark, rest = node
        text = (
            f"{mark + 1:x}" + "".join(f"{d:x}" for d in path) if len(path) % 2 else f"{mark:x}0" + "".join(f"{d:x}" for d in path)
        )
        return self._list([self._bytes(bytes.fromhex(text)), self._bytes(rest) if mark else self._name(rest)])

    def _name(self, node: Any) -> bytes:
        written = self._write(node)
        return written if len(written) < 32 else self._bytes(keccak256(written))

    @staticmethod
    def _bytes(data: bytes) -> bytes:
        if len(data) == 1 and data[0] < 128:
            return data
        return Slow._head(len(data), 128) + data

    @staticmethod
    def _list(parts: list[bytes]) -> bytes:
        inside = b"".join(parts)
        return Slow._head(len(inside), 192) + inside

    @staticmethod
    def _head(size: int, start: int) -> bytes:
        if size < 56:
            return bytes([start + size])
        width = size.to_bytes(8, "big").lstrip(b"\0")
        return bytes([start + 55 + len(width)]) + width


@pytest.mark.parametrize("seed", range(40))
def test_roots_are_those_of_a_trie_that_is_grown_pair_by_pair(seed: int) -> None:
    rng = random.Random(seed)
    width = rng.choice((1, 2, 3, 20))
    pairs = {
        rng.randbytes(rng.randint(1, width)): rng.randbytes(rng.choice((1, 5, 31, 32, 70))) for _ in range(rng.randint(1, 80))
    }
    slow = Slow()
    for key, value in pairs.items():
        slow.put(key, value)
    assert map_root(pairs) == slow.hash()


def test_the_root_of_a_list_counts_its_places() -> None:
    values = [bytes([n % 251]) * (1 + n % 40) for n in range(300)]
    slow = Slow()
    for place, value in enumerate(values):
        slow.put(Slow._bytes(place.to_bytes(8, "big").lstrip(b"\0")), value)
    assert list_root(values) == slow.hash()
    assert list_root(values[::-1]) != list_root(values)


# blocks --------------------------------------------------------------------------------------------------------------------


def hexed(value: int) -> str:
    return hex(value)


def signed(kind: int, nonce: int, value: int = 5, chain: int | None = 1) -> tuple[dict[str, Any], bytes]:
    """Return a transaction as a node tells it, and as it is hashed."""
    n, to = number, bytes.fromhex(TO[2:])
    key = bytes(31) + b"\7"
    access = [[bytes.fromhex(TOKEN[2:]), [key]]]
    told: dict[str, Any] = {
        "nonce": hexed(nonce),
        "gas": "0x5208",
        "to": TO,
        "value": hexed(value),
        "input": "0x",
        "from": SENDER,
    }
    if kind == 0:
        body: list[Any] = [n(nonce), n(9), n(21000), to, n(value), b""]
        told |= {"gasPrice": "0x9"}
        extra = [] if chain is None else [n(chain), b"", b""]
        start, payload = b"", encode([*body, *extra])
    else:
        fees = [n(9)] if kind == 1 else [n(1), n(9)]
        body = [n(1), n(nonce), *fees, n(21000), to, n(value), b"", access]
        told |= {"chainId": "0x1", "accessList": [{"address": TOKEN, "storageKeys": ["0x" + key.hex()]}], "type": hexed(kind)}
        told |= {"gasPrice": "0x9"} if kind == 1 else {"maxPriorityFeePerGas": "0x1", "maxFeePerGas": "0x9", "gasPrice": "0x2"}
        if kind == 3:
            body += [n(3), [bytes(32)]]
            told |= {"maxFeePerBlobGas": "0x3", "blobVersionedHashes": ["0x" + "00" * 32]}
        if kind == 4:
            body.append([[n(1), to, n(0), n(1), n(2), n(3)]])
            told["authorizationList"] = [
                {"chainId": "0x1", "address": TO, "nonce": "0x0", "yParity": "0x1", "r": "0x2", "s": "0x3"}
            ]
        start, payload = bytes([kind]), bytes([kind]) + encode(body)
    r, s, odd = signing.sign(keccak256(payload), SECRET)
    v = odd if kind else (27 + odd if chain is None else 35 + 2 * chain + odd)
    told |= {"v": hexed(v), "r": hexed(r), "s": hexed(s)}
    written = start + encode([*body, n(v), n(r), n(s)])
    return told | {"hash": "0x" + keccak256(written).hex()}, written


class Made:
    """A block made by hand, whole, with its receipts."""

    def __init__(self, kinds: list[tuple[int, int | None]]) -> None:
        made = [signed(kind, place, chain=chain) for place, (kind, chain) in enumerate(kinds)]
        self.logs = [
            {"address": TOKEN, "topics": [TRANSFER, "0x" + "00" * 12 + SENDER[2:], "0x" + "00" * 12 + TO[2:]], "data": "0x" + "00" * 31 + "07"}
            for _ in made
        ]  # fmt: skip
        blooms, written = [], []
        for place, ((kind, _), log) in enumerate(zip(kinds, self.logs, strict=True)):
            topics = [bytes.fromhex(one[2:]) for one in log["topics"]]
            bloom = 0
            for item in (bytes.fromhex(TOKEN[2:]), *topics):
                digest = keccak256(item)
                for at in (0, 2, 4):
                    bloom |= 1 << (int.from_bytes(digest[at : at + 2], "big") % 2048)
            blooms.append(bloom)
            one = [bytes.fromhex(TOKEN[2:]), topics, bytes.fromhex(log["data"][2:])]
            status = b"" if place == 1 else b"\1"  # the second one failed
            written.append(
                (bytes([kind]) if kind else b"")
                + encode([status, number(21000 * (place + 1)), bloom.to_bytes(256, "big"), [one]])
            )
        whole = 0
        for bloom in blooms:
            whole |= bloom
        self.block: dict[str, Any] = {
            "parentHash": "0x" + "01" * 32, "sha3Uncles": "0x" + "02" * 32, "miner": "0x" + "03" * 20, "stateRoot": "0x" + "04" * 32,
            "transactionsRoot": "0x" + list_root([one for _, one in made]).hex(), "receiptsRoot": "0x" + list_root(written).hex(),
            "logsBloom": "0x" + whole.to_bytes(256, "big").hex(), "difficulty": "0x0", "number": "0x10", "gasLimit": "0x1c9c380",
            "gasUsed": "0x5208", "timestamp": "0x65000000", "extraData": "0x", "mixHash": "0x" + "05" * 32, "nonce": "0x" + "00" * 8,
            "baseFeePerGas": "0x7", "transactions": [told | {"transactionIndex": hexed(n)} for n, (told, _) in enumerate(made)],
        }  # fmt: skip
        self.seal()
        self.receipts = [
            {
                "transactionHash": told["hash"], "transactionIndex": hexed(place), "blockHash": self.block["hash"], "blockNumber": "0x10",
                "cumulativeGasUsed": hexed(21000 * (place + 1)), "gasUsed": "0x5208", "contractAddress": None, "type": hexed(kind),
                "status": "0x0" if place == 1 else "0x1",
                "logs": [self.logs[place] | {"logIndex": hexed(place), "transactionHash": told["hash"], "transactionIndex": hexed(place),
                                             "blockHash": self.block["hash"], "blockNumber": "0x10"}],
            }
            for place, ((told, _), (kind, _)) in enumerate(zip(made, kinds, strict=True))
        ]  # fmt: skip

    def seal(self) -> None:
        b = self.block
        names = ("parentHash", "sha3Uncles", "miner", "stateRoot", "transactionsRoot", "receiptsRoot", "logsBloom", "#difficulty", "#number",
                 "#gasLimit", "#gasUsed", "#timestamp", "extraData", "mixHash", "nonce", "#baseFeePerGas")  # fmt: skip
        fields = [number(int(b[name[1:]], 16)) if name[0] == "#" else bytes.fromhex(b[name][2:]) for name in names]
        b["hash"] = "0x" + keccak256(encode(fields)).hex()

    def answers(self, *, receipts: bool = True) -> Any:
        parts = [self.block, *([self.receipts] if receipts else [])]
        return together(read_answers(json.dumps({"jsonrpc": "2.0", "id": 1, "result": one}).encode(), "answer") for one in parts)


EVERY = [(0, None), (0, 1), (1, 1), (2, 1), (3, 1), (4, 1)]


def test_every_form_of_transaction_is_held_to_its_block() -> None:
    answers = Made(EVERY).answers()
    assert answers.unverified() == {answers.blocks[0].hash: ""}
    paid = account_payments(answers)
    assert len([one for one in paid if one.asset == "ETH"]) == 5, "the failed one moved nothing"
    assert all(one.unverified == "" and one.senders == (f"ETH:{SENDER}",) for one in paid)


def test_many_transactions() -> None:
    answers = Made([(2, 1)] * 140).answers()
    assert answers.unverified() == {answers.blocks[0].hash: ""}


LIES: list[tuple[Callable[[Made], Any], str]] = [
    (lambda m: m.block["transactions"][2].update(value="0x6"), r"transactions\[2\].hash"),
    (lambda m: m.block["transactions"][0].update(**{"from": TO}), "who signed it"),
    (lambda m: m.block["transactions"].pop(), "transactionsRoot"),
    (lambda m: m.block["transactions"].append(signed(0, 99)[0]), "transactionsRoot"),
    (lambda m: m.receipts[1].update(status="0x1"), "receiptsRoot"),
    (lambda m: m.receipts[0]["logs"][0].update(data="0x" + "00" * 31 + "08"), "receiptsRoot"),
    (lambda m: m.receipts[0]["logs"][0].update(address=TO), "receiptsRoot"),
    (lambda m: m.receipts[3].update(logs=[]), "receiptsRoot"),
    (lambda m: m.receipts[0].update(transactionHash="0x" + "ab" * 32), "given transaction"),
]


@pytest.mark.parametrize(("lie", "said"), LIES)
def test_what_is_not_in_the_block_is_refused(lie: Callable[[Made], Any], said: str) -> None:
    made = Made(EVERY)
    lie(made)
    with pytest.raises(InputError, match=said):
        account_payments(made.answers())


OMISSIONS: list[tuple[Callable[[Made], Any], str]] = [
    (lambda m: m.block["transactions"][2].pop("r"), "signature of a transaction"),
    (lambda m: m.block["transactions"][2].pop("accessList"), "accessList of a transaction"),
    (lambda m: m.block.update(transactions=[one["hash"] for one in m.block["transactions"]]), "not told whole"),
    (lambda m: m.block.pop("mixHash"), "header was not told whole"),
    (lambda m: m.receipts.pop(), "5 of 6 receipts"),
    (lambda m: m.receipts[0].pop("status"), "how its transaction ended"),
    (lambda m: m.block["transactions"][5].update(type="0x7e"), "type 126"),
]


@pytest.mark.parametrize(("omit", "said"), OMISSIONS)
def test_what_cannot_be_checked_is_unverified_and_says_why(omit: Callable[[Made], Any], said: str) -> None:
    made = Made(EVERY)
    omit(made)
    paid = account_payments(made.answers())
    assert paid and all(said in one.unverified for one in paid)


def test_a_log_that_stands_alone() -> None:
    made = Made(EVERY)
    lone = json.dumps({"result": [made.receipts[0]["logs"][0]]}).encode()
    block = made.answers(receipts=False)
    (paid,) = (one for one in account_payments(together([block, read_answers(lone, "log")])) if one.asset != "ETH")
    assert "0 of 6 receipts" in paid.unverified, "that the filter knows it proves nothing"
    (alone,) = account_payments(read_answers(lone, "log"))
    assert "its block was not told" in alone.unverified
    made.receipts[0]["logs"][0]["address"] = "0x" + "77" * 20
    lone = json.dumps({"result": [made.receipts[0]["logs"][0]]}).encode()
    with pytest.raises(InputError, match="logsBloom"):
        account_payments(together([block, read_answers(lone, "log")]))
    made = Made(EVERY)
    again = made.receipts[0]["logs"][0] | {
        "logIndex": "0x63",
        "data": "0x" + "00" * 31 + "09",
    }  # the filter does not look at amounts
    with pytest.raises(InputError, match="none of the block's receipts has"):
        account_payments(together([made.answers(), read_answers(json.dumps({"result": [again]}).encode(), "log")]))


def test_the_filter_is_that_of_the_yellow_paper() -> None:
    answers = Made(EVERY).answers()
    assert "0x" + bloom_of([log for one in answers.receipts for log in one.logs]).hex() == answers.blocks[0].logs_bloom
