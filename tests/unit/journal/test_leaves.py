"""The leaves: one text for one content, readable by anybody, with nothing in it about others."""

import json
from types import ModuleType

import msgspec
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from skarb.core.instruction import Instruction
from skarb.core.transfer import TRANSFER, AccountFlag
from skarb.journal.chain import encode, open_envelope
from skarb.journal.leaves import SEED, RowLeaf, balance_leaf, canonical, instant_words, next_seed, row_leaves
from skarb.ledger import Balance

words = st.recursive(
    st.none() | st.booleans() | st.integers(-(1 << 63), (1 << 64) - 1) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(words)
def test_canonical_json_is_what_the_standard_library_writes(value: object) -> None:
    assert canonical(value) == json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    assert canonical(json.loads(canonical(value))) == canonical(value)


def test_instants_in_words() -> None:
    assert instant_words(0) == ""
    assert instant_words(1_780_000_000_123_456_789) == "2026-05-28T20:26:40.123456789Z"
    assert instant_words(1_000_000_001) == "1970-01-01T00:00:01.000000001Z"


def test_the_seed_depends_on_all_that_came_before() -> None:
    seeds = {next_seed(next_seed(SEED, one), other) for one in (b"a", b"b") for other in (b"c", b"d")}
    assert len(seeds) == 4
    assert next_seed(SEED, b"a") != next_seed(next_seed(SEED, b""), b"a")


def test_a_leaf_says_what_the_journal_says(small: ModuleType, tmp_path) -> None:
    wanted = [
        small.send("one", "p0", "p1", "1.00", 0),
        small.send("none", "p6", "p1", "2.00", 0),
        small.send("two", "p2", "p3", "3.00", 0),
    ]
    with small.create(tmp_path / "a.book") as book:
        made = small.post(book, wanted)
    second = np.frombuffer(made.transfers, TRANSFER)[1:].copy()
    second["id_lo"] = 77
    batch = msgspec.structs.replace(
        made,  # the third instruction has two transfers, the second of which was turned down
        book="small",
        sequence=9,
        transfers=made.transfers + second.tobytes(),
        owners=made.owners + made.owners[-4:],
        results=made.results + bytes([54]),
    )
    leaves = list(row_leaves(open_envelope(encode(batch)), SEED, lambda _: small.edition()))
    rows = [msgspec.json.decode(leaf, type=RowLeaf) for leaf in leaves]
    assert [row.instruction for row in rows] == wanted
    assert [(row.book, row.sequence, row.row) for row in rows] == [("small", 9, 0), ("small", 9, 1), ("small", 9, 2)]
    assert [row.outcome for row in rows] == ["posted", "refused", "not_posted"]
    assert [[one.result for one in row.transfers] for row in rows] == [["created"], [], ["created", "exceeds_credits"]]
    assert "".join(one.record for row in rows for one in row.transfers) == batch.transfers.hex()
    assert [(row.value, row.value_usd) for row in rows] == [(100, None), (200, None), (300, None)]
    for number in range(3):
        assert list(row_leaves(open_envelope(encode(batch)), SEED, lambda _: small.edition(), [number])) == [leaves[number]]


def test_equal_instructions_are_equal_text(small: ModuleType, tmp_path) -> None:
    given = small.send("“%s\\n", "p6", "Лявон", "1.00", 0)  # refused: nothing is posted
    declared = msgspec.structs.replace(given, declared={"systematic": True, "reason": "gift", "hired_persons": 3})
    leaves = []
    with small.create(tmp_path / "a.book") as book:
        for one in (declared, msgspec.json.decode(msgspec.json.encode(declared), type=Instruction)):
            batch = msgspec.structs.replace(small.post(book, [one], 10**18), book="small", sequence=2)
            leaves += row_leaves(open_envelope(encode(batch)), SEED, lambda _: small.edition())
    assert leaves[0] == leaves[1]
    assert '"id":"“%s\\\\n"' in leaves[0].decode() and "Лявон" in leaves[0].decode()


def test_sums_are_whole_numbers_of_any_size() -> None:
    balance = Balance(1, 2, 3, (1 << 128) - 1, 1, 1, AccountFlag.closed)
    leaf = json.loads(balance_leaf("b", 7, "client/a b", "ETH", balance, SEED))
    assert leaf["credits_posted"] == "340282366920938463463374607431768211455"
    assert (leaf["debits_pending"], leaf["debits_posted"], leaf["credits_pending"]) == ("1", "2", "3")
    assert (leaf["closed"], leaf["height"]) == (True, 7)
    others = [balance_leaf("b", 7, *name, balance, SEED) for name in (("client/a", "b ETH"), ("client/a b", "ETH"))]
    assert json.loads(others[0])["salt"] != json.loads(others[1])["salt"]
