"""Following: blocks linked, heavier branches followed with what they undo, broken blocks refused with their reason."""

from __future__ import annotations

import importlib.util
import json
import random
import sys
from pathlib import Path

import pytest

from skarb.chain import parse_block
from skarb.chain.ethereum.header import header_hash
from skarb.chain.follower import Followed, Link, Step, ethereum_link, follow, take_block, undone
from skarb.chain.payments import coin_payments, coin_transactions
from skarb.core.errors import InputError

_spec = importlib.util.spec_from_file_location("chainland", Path(__file__).parents[2] / "journeys" / "chainland.py")
assert _spec is not None and _spec.loader is not None
land = importlib.util.module_from_spec(_spec)
sys.modules["chainland"] = land
_spec.loader.exec_module(land)

BEFORE = b"\x77" * 32


def paid(*blocks: bytes) -> list:
    return [one for block in blocks for one in coin_payments(coin_transactions(parse_block(block)), {})]


def test_a_reorganisation_is_answered() -> None:
    chain = land.Chain()
    first, state = chain.mine(), Followed()
    start = chain.tip
    twice = land.Spend(((BEFORE, 0, "a"),), (("b", 7),))
    once = land.Spend(((BEFORE, 1, "a"),), (("c", 8),))
    ours = chain.mine(twice, once)
    theirs = land.Chain(list(chain.blocks[:1]), start)
    third = theirs.mine(twice, miner="other")
    fourth = theirs.mine(land.Spend(((BEFORE, 2, "a"),), (("d", 9),)), miner="other")
    verdicts = []
    for block in (first, ours, third, fourth, ours):
        state, step, _ = take_block(state, block, "block")
        verdicts.append(step)
    names = [parse_block(block).block_hash for block in (first, ours, third, fourth)]
    assert [step.verdict for step in verdicts] == ["begun", "extended", "beside", "reorganised", "known"]
    assert verdicts[3] == Step("reorganised", names[3], left=(names[1],), joined=(names[2], names[3]))
    assert state.tip == names[3] and state.branch(state.tip) == [names[3], names[2], names[0]]
    found = undone(paid(ours), paid(third, fourth))
    kept = [one for one in found.gone if not one.mined]
    assert [(one.receiver, one.value) for one in kept] == [(land.address("c"), 8)]
    assert [(one.receiver, one.value) for one in found.moved] == [(land.address("b"), 7)]
    assert (land.address("d"), 9) in [(one.receiver, one.value) for one in found.fresh]


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (lambda block: block[:36] + bytes([block[36] ^ 1]) + block[37:], "proof of work|Merkle root"),
        (lambda block: block[:-1], "truncated"),
        (lambda block: block + b"\0", "end of the block"),
    ],
)
def test_a_block_that_is_not_whole_is_refused_and_nothing_changes(broken, said: str) -> None:
    import re

    chain = land.Chain()
    state, _, _ = take_block(Followed(), chain.mine(), "first")
    again, step, block = take_block(state, broken(chain.mine()), "second")
    assert step.verdict == "refused" and re.search(said, step.reason) and again is state and block is None


def test_a_wrong_merkle_root_is_refused_even_with_its_work_done() -> None:
    chain = land.Chain()
    state, _, _ = take_block(Followed(), chain.mine(), "first")
    again, step, _ = take_block(state, chain.mine(root=b"\5" * 32), "second")
    assert step.verdict == "refused" and "Merkle root" in step.reason and again is state


def test_a_block_on_top_of_nothing_known_is_refused() -> None:
    chain = land.Chain()
    state, _, _ = take_block(Followed(), chain.mine(), "first")
    again, step, _ = take_block(state, chain.mine(on=b"\6" * 32), "orphan")
    assert step.verdict == "refused" and "not known" in step.reason and again is state


def test_heights_must_follow() -> None:
    state, _ = follow(Followed(), Link("a", "", 1, 10))
    assert follow(state, Link("b", "a", 1, 12))[1].verdict == "refused"
    assert follow(state, Link("b", "a", 1, 11))[1].verdict == "extended"
    assert follow(state, Link("b", "a", 1))[1].verdict == "extended"


def test_what_is_settled_is_not_undone_without_a_person() -> None:
    state, _ = follow(Followed(), Link("0", "", 1))
    for number in range(1, 6):
        state, _ = follow(state, Link(f"a{number}", f"a{number - 1}" if number > 1 else "0", 1))
    longer = state
    for number in range(1, 7):
        longer, step = follow(longer, Link(f"b{number}", f"b{number - 1}" if number > 1 else "0", 1), settled=4)
    assert step.verdict == "refused" and len(step.left) == 5 and longer.tip == "a5"


def test_a_step_copies_nothing_and_an_earlier_state_stays_what_it_was() -> None:
    state, earlier = follow(Followed(), Link("0", "", 1))[0], None
    for number in range(1, 50_000):
        state, _ = follow(state, Link(str(number), str(number - 1), 1))
        earlier = state if number == 10 else earlier
    assert earlier is not None and earlier._taken is state._taken, "one map for all, to which blocks are only added"
    assert (earlier.tip, earlier.count, earlier.link("11"), len(earlier.branch("10"))) == ("10", 11, None, 11)
    other, step = follow(earlier, Link("11", "10", 7))  # the same name with other work: two stories that part here
    assert (step.verdict, other.total("11"), state.total("11")) == ("extended", 18, 12)
    assert follow(other, Link("b", "10", 9))[1] == Step("reorganised", "b", left=("11",), joined=("b",))


@pytest.mark.parametrize("seed", range(30))
def test_the_tip_is_the_heaviest_whatever_the_order(seed: int) -> None:
    rng = random.Random(seed)
    links = [Link("0", "", 1)]
    for number in range(1, 40):
        links.append(Link(str(number), rng.choice(links).hash, rng.randint(1, 9)))
    weights: dict[str, int] = {"0": 1}
    for link in links[1:]:
        weights[link.hash] = weights[link.previous] + link.work
    state, on_chain = Followed(), []
    for link in links:
        state, step = follow(state, link)
        for one in reversed(step.left):
            assert on_chain.pop() == one
        on_chain += step.joined
        assert on_chain == list(reversed(state.branch(state.tip)))
    assert weights[state.tip] == max(weights.values())


# Source: the first block of Ethereum as every node answers it.
GENESIS = {
    "number": "0x0", "hash": "0xd4e56740f876aef8c010b86a40d5f56745a118d0906a34e69aec8c0db1cb8fa3", "parentHash": "0x" + "00" * 32,
    "nonce": "0x0000000000000042", "mixHash": "0x" + "00" * 32, "difficulty": "0x400000000", "gasLimit": "0x1388", "gasUsed": "0x0",
    "sha3Uncles": "0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347", "logsBloom": "0x" + "00" * 256,
    "transactionsRoot": "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421", "timestamp": "0x0",
    "stateRoot": "0xd7f8974fb5ac78d9ac099b9ad5018bedc2ce0a72dad1827a1709da30580f0544", "miner": "0x" + "00" * 20,
    "receiptsRoot": "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421", "transactions": [],
    "extraData": "0x11bbe8db4e347b4e8c937c1c8370e4b5ed33adb3db69cbdb7a38e1e50b1b82fa", "size": "0x21c", "totalDifficulty": "0x400000000",
}  # fmt: skip


def test_the_fields_of_a_header_give_its_hash() -> None:
    assert header_hash(GENESIS, "genesis") == GENESIS["hash"]
    assert ethereum_link(GENESIS, "genesis").height == 0
    for name in ("stateRoot", "miner", "number", "parentHash", "extraData"):
        changed = json.loads(json.dumps(GENESIS))
        changed[name] = changed[name][:-1] + ("1" if changed[name][-1] != "1" else "2")
        with pytest.raises(InputError, match="hash over the header"):
            ethereum_link(changed, "genesis")
    with pytest.raises(InputError, match="without all of its fields"):
        ethereum_link({name: value for name, value in GENESIS.items() if name != "mixHash"}, "genesis")
