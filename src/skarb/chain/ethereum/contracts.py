"""Contracts and tokens: which interfaces a contract has by its code, and what a token says of itself.

A contract begins by comparing what it is asked with the four bytes of each function it has; they stand in the code up to the first place
that can be jumped to. A contract that answers to all functions of an interface is taken to have it.
Source: ERC-20, ERC-721; Solidity ABI specification (function selector, strings); yellow paper, appendix H (instructions).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from skarb.chain.ethereum.model import Contract, Token, Trace
from skarb.chain.ethereum.rpc import read_json
from skarb.chain.ethereum.transfers import words_of
from skarb.chain.keccak import keccak256
from skarb.core.errors import InputError

T = TypeVar("T")
_JUMPDEST, _PUSH1, _PUSH4, _PUSH32 = 0x5B, 0x60, 0x63, 0x7F


def selector(signature: str) -> str:
    """Return the four bytes by which a function is asked for: `transfer(address,uint256)` is 0xa9059cbb."""
    return "0x" + keccak256(signature.encode("ascii"))[:4].hex()


_TRANSFER, _TRANSFER_FROM = "transfer(address,uint256)", "transferFrom(address,address,uint256)"
_ERC20 = (
    "totalSupply()",
    "balanceOf(address)",
    _TRANSFER,
    _TRANSFER_FROM,
    "approve(address,uint256)",
    "allowance(address,address)",
)
_ERC721 = (
    "balanceOf(address)",
    "ownerOf(uint256)",
    "approve(address,uint256)",
)  # and one way to transfer; early ones have no more


def contract_of(address: str, bytecode: str) -> Contract:
    """Return what the code at an address is."""
    found = function_selectors(bytecode)
    has = frozenset(found)
    erc20 = all(selector(one) in has for one in _ERC20)
    erc721 = all(selector(one) in has for one in _ERC721) and bool({selector(_TRANSFER), selector(_TRANSFER_FROM)} & has)
    return Contract(address, bytecode, found, erc20, erc721)


def contracts_created(traces: Iterable[Trace]) -> list[Contract]:
    """Return the contracts that traces created, those of failed calls left out."""
    return [
        contract_of(trace.to_address, trace.output or "0x")
        for trace in traces
        if trace.trace_type == "create" and trace.to_address is not None and trace.status == 1
    ]


def function_selectors(bytecode: str) -> tuple[str, ...]:
    """Return the four-byte numbers that code compares with before the first place that can be jumped to, sorted."""
    code, place, found = bytes.fromhex(bytecode.removeprefix("0x")), 0, set()
    while place < len(code) and code[place] != _JUMPDEST:
        width = code[place] - _PUSH1 + 1 if _PUSH1 <= code[place] <= _PUSH32 else 0
        if code[place] == _PUSH4 and place + 4 < len(code):
            found.add("0x" + code[place + 1 : place + 5].hex())
        place += 1 + width
    return tuple(sorted(found))


Call = Callable[[str], str | None]  # selector → what the contract answers, None when the call fails


def token_of(address: str, call: Call) -> Token:
    """Return what a token's contract answers; capitals are tried where it does not know the usual names."""
    return Token(
        address,
        symbol=_first(call, ("symbol()", "SYMBOL()"), text_answer),
        name=_first(call, ("name()", "NAME()"), text_answer),
        decimals=_first(call, ("decimals()", "DECIMALS()"), number_answer),
        total_supply=_first(call, ("totalSupply()",), number_answer),
    )


def _first(call: Call, signatures: tuple[str, ...], read: Callable[[str], T | None]) -> T | None:
    for signature in signatures:
        answer = call(selector(signature))
        found = None if answer is None else read(answer)
        if found is not None:
            return found
    return None


def number_answer(answer: str) -> int | None:
    """Return the number that a call gives, None when it gives none."""
    words = words_of(answer)
    return int(words[0], 16) if words else None


def text_answer(answer: str) -> str | None:
    """Return the text that a call gives: one of any length, or of 32 bytes as early tokens have it. Filling zeros are taken away."""
    data = bytes.fromhex(answer.removeprefix("0x"))
    if len(data) < 32:
        return None
    start = int.from_bytes(data[:32], "big")
    length = int.from_bytes(data[start : start + 32], "big") if start + 32 <= len(data) else -1
    if len(data) == 32:
        raw = data
    elif start >= 32 and 0 <= length <= len(data) - start - 32:
        raw = data[start + 32 : start + 32 + length]
    else:
        return None
    return raw.decode("utf-8", "replace").replace("\0", "")


def call_answer(data: bytes, name: str) -> str | None:
    """Return what a recorded eth_call gave, None when the call failed.

    Raises: InputError
    """
    answer = read_json(data, name)
    if not isinstance(answer, dict) or not ("result" in answer or "error" in answer):
        raise InputError(f"{name}: given no result, expected a node's answer to eth_call")
    result = answer.get("result")
    if result is None:
        return None
    if not isinstance(result, str) or not result.startswith("0x") or len(result) % 2:
        raise InputError(f"{name}: given {result!r:.80}, expected bytes in hexadecimal digits after 0x")
    return result
