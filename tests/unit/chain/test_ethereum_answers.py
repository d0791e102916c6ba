"""Answers of nodes: told apart by their content, read strictly, and what malformed logs, failed calls and borrowed code do not move."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest

from skarb.chain.ethereum import (
    Answers,
    contract_of,
    geth_traces,
    parity_traces,
    read_answers,
    settle,
    text_answer,
    token_of,
    token_transfer,
)
from skarb.chain.ethereum.blocks import log_of
from skarb.chain.payments import account_payments
from skarb.core.errors import InputError

_spec = importlib.util.spec_from_file_location("chainland", Path(__file__).parents[2] / "journeys" / "chainland.py")
assert _spec is not None and _spec.loader is not None
land = importlib.util.module_from_spec(_spec)
sys.modules["chainland"] = land
_spec.loader.exec_module(land)

WORD = "0x" + "00" * 31 + "07"


def log(**changes: Any) -> Any:
    return log_of({**land.token_log(0, "token", "a", "b", 7), **changes}, "log")


def test_a_transfer_is_three_words_wherever_they_stand() -> None:
    whole = log()
    topics, data = list(whole.topics), whole.data
    for number in range(1, 4):  # old contracts put addresses into the data
        moved = "0x" + "".join(topic[2:] for topic in topics[number:]) + data[2:]
        found = token_transfer(log(topics=topics[:number], data=moved))
        assert found is not None and (found.value, found.unique) == (7, False)
        assert (found.from_address, found.to_address) == (land.account("a"), land.account("b"))
    unique = token_transfer(log(topics=[*topics, WORD], data="0x"))
    assert unique is not None and unique.unique and unique.value == 7
    largest = token_transfer(log(data="0x" + "ff" * 32))
    assert largest is not None and largest.value == 2**256 - 1


@pytest.mark.parametrize(
    "changes",
    [
        {"topics": []},
        {"data": "0x"},
        {"data": "0x" + "00" * 31},
        {"data": "0x" + "00" * 64},
        {"topics": [land.hash_of("another event"), *land.token_log(0, "token", "a", "b", 7)["topics"][1:]]},
        {"topics": [land.token_log(0, "token", "a", "b", 7)["topics"][0], "0x" + "ff" * 32, WORD]},
    ],
)
def test_a_log_that_is_no_transfer_moves_nothing(changes: dict[str, Any]) -> None:
    assert token_transfer(log(**changes)) is None


def test_a_log_that_names_an_address_without_moving_to_it_is_a_mention() -> None:
    batch = log(topics=[land.hash_of("TransferBatch"), "0x" + "00" * 12 + land.account("bad")[2:]])
    (payment,) = account_payments(Answers(logs=[batch]))
    assert payment.mention and payment.receiver == f"ETH:{land.account('bad')}" and payment.value == 0
    assert account_payments(Answers(logs=[log(removed=True)])) == []


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("value", "12", "0x"),
        ("value", 1.5, "hexadecimal"),
        ("value", True, "hexadecimal"),
        ("from", "0x12", "20 bytes"),
        ("from", None, "given nothing"),
        ("hash", "0xzz", "32 bytes"),
        ("blockHash", land.hash_of("another"), "not of another block"),
        ("transactionIndex", "0x5", "or place"),
    ],
)
def test_a_wrong_field_is_named(field: str, value: Any, said: str) -> None:
    block = land.ethereum_block(("a", "b", 1))
    block["transactions"][0][field] = value
    with pytest.raises(InputError, match=rf"answer\.json\.transactions\[0\].*{said}"):
        read_answers(land.answer(block), "answer.json")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{",
        b'{"jsonrpc":"2.0"}',
        b'{"jsonrpc":"2.0","error":{"code":-32000}}',
        b'{"result":{"x":1}}',
        b'{"result":[{"result":{}}]}',
        b"\xff",
    ],
)
def test_what_is_no_answer_is_refused(content: bytes) -> None:
    with pytest.raises(InputError, match=r"answer\.json"):
        read_answers(content, "answer.json")


def test_answers_are_told_apart_and_the_same_log_counts_once() -> None:
    block, found = land.ethereum_block(("a", "b", 5)), land.token_log(0, "token", "a", "b", 7)
    receipt = {
        "transactionHash": found["transactionHash"], "transactionIndex": "0x0", "blockHash": found["blockHash"], "blockNumber": "0x1",
        "cumulativeGasUsed": "0x1", "gasUsed": "0x1", "status": "0x0", "logs": [found],
    }  # fmt: skip
    lines = b"\n".join(land.answer(one) for one in (block, receipt, [found], [receipt]))
    answers = read_answers(lines, "lines.json")
    assert [len(part) for part in (answers.blocks, answers.receipts, answers.logs)] == [1, 1, 1]
    # The transaction failed, so its ether did not move; its log is what the node says it is.
    assert [(one.asset, one.value) for one in account_payments(answers)] == [(f"ETH:{land.account('token')}", 7)]


def call(kind: str, sender: str, receiver: str, value: int, calls: tuple[Any, ...] = (), **more: Any) -> dict[str, Any]:
    return {
        "type": kind, "from": land.account(sender), "to": land.account(receiver), "value": hex(value), "gas": "0x0", "gasUsed": "0x0",
        "input": "0x", "calls": list(calls), **more,
    }  # fmt: skip


def test_ether_inside_calls_is_seen_and_what_failed_or_was_borrowed_is_not() -> None:
    inner = call("CALL", "b", "c", 2, (call("DELEGATECALL", "c", "d", 2), call("CALL", "c", "e", 1, error="out of gas")))
    failed = call("CALL", "a", "f", 9, (call("CALL", "f", "g", 9),), error="reverted")
    traces = settle(geth_traces([{"result": call("CALL", "a", "b", 5, (inner,))}, {"result": failed}], 1, "traces"))
    assert [trace.status for trace in traces] == [1, 1, 1, 0, 0, 0]
    payments = account_payments(Answers(traces=traces))
    assert [(one.senders, one.receiver, one.value) for one in payments] == [
        ((f"ETH:{land.account('a')}",), f"ETH:{land.account('b')}", 5),
        ((f"ETH:{land.account('b')}",), f"ETH:{land.account('c')}", 2),
    ]


def test_unknown_kinds_of_calls_are_refused() -> None:
    with pytest.raises(InputError, match="CREATE2"):
        geth_traces([call("TELEPORT", "a", "b", 1)], 1, "traces")
    with pytest.raises(InputError, match="reward"):
        parity_traces([{"type": "magic", "action": {}, "subtraces": 0, "traceAddress": [], "blockNumber": 1}], "traces")


def test_tokens_that_answer_strangely() -> None:
    assert text_answer("0x") is None and text_answer("0x" + "ff" * 64) is None
    assert text_answer("0x" + b"ABC".hex().ljust(64, "0")) == "ABC"
    lying = "0x" + (32).to_bytes(32, "big").hex() + (10**9).to_bytes(32, "big").hex()
    assert text_answer(lying) is None
    silent = token_of("0x00", lambda selector: None)
    assert (silent.symbol, silent.name, silent.decimals, silent.total_supply) == (None, None, None, None)


def test_functions_are_found_before_the_first_place_to_jump_to_and_not_in_data() -> None:
    dispatcher = "63a9059cbb14" + "6818160ddd18160ddd1816" + "5b" + "6370a08231"
    assert contract_of("0x00", "0x" + dispatcher).function_sighashes == ("0xa9059cbb",)
    assert contract_of("0x00", "0x63a905").function_sighashes == ()
