"""Traces: the calls inside transactions, as the two families of nodes tell them.

Parity's `trace_block` is a flat list with the place of each call in its transaction, and the rewards of the block. Geth's `callTracer`
is a tree for each transaction. Both become the same rows. Ether that moves between contracts is seen only here.
Source: trace module of Parity (OpenEthereum); debug_traceBlockByNumber with callTracer of Geth.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from skarb.chain.ethereum.model import Trace, TraceType
from skarb.chain.ethereum.rpc import Fields
from skarb.core.errors import InputError, shorten

_DEEPEST = 1024  # calls inside calls that the machine allows


def parity_traces(result: object, where: str) -> list[Trace]:
    """Return the traces in the result of trace_block, with status and id.

    Raises: InputError
    """
    if not isinstance(result, list):
        raise InputError(f"{where}: given {shorten(result)!r}, expected a list of traces")
    return settle([_parity(one, f"{where}[{number}]") for number, one in enumerate(result)])


def _parity(one: object, where: str) -> Trace:
    f = Fields(one, where)
    kind = f.text("type")
    if kind not in _PARITY:
        raise f.error("type", f"one of {', '.join(_PARITY)}")
    action = f.part("action")
    answer = f.part("result") if "result" in f else Fields({}, f"{where}.result")
    common = {
        "block_number": f.quantity("blockNumber"),
        "transaction_hash": f.data_or_none("transactionHash", 32),
        "transaction_index": f.quantity_or_none("transactionPosition"),
        "subtraces": f.quantity("subtraces"),
        "trace_address": f.numbers("traceAddress"),
        "error": f.text_or_none("error"),
    }
    bare = Trace(**common, **dict.fromkeys(_OPEN), trace_type="call")  # type: ignore[arg-type]
    if kind == "reward":
        return replace(
            bare,
            trace_type="reward",
            to_address=action.data("author", 20),
            value=action.quantity("value"),
            reward_type=action.text("rewardType"),
        )
    if kind in ("suicide", "selfdestruct"):
        return replace(
            bare,
            trace_type="suicide",
            from_address=action.data("address", 20),
            to_address=action.data_or_none("refundAddress", 20),
            value=action.quantity("balance"),
        )
    moved = replace(
        bare,
        from_address=action.data("from", 20),
        value=action.quantity("value"),
        gas=action.quantity("gas"),
        gas_used=answer.quantity_or_none("gasUsed"),
    )
    if kind == "create":
        return replace(
            moved,
            trace_type="create",
            to_address=answer.data_or_none("address", 20),
            input=action.data("init"),
            output=answer.data_or_none("code"),
        )
    return replace(
        moved,
        to_address=action.data("to", 20),
        input=action.data("input"),
        output=answer.data_or_none("output"),
        call_type=action.text("callType"),
    )


_PARITY = ("call", "create", "suicide", "selfdestruct", "reward")
_OPEN = ("from_address", "to_address", "value", "input", "output", "call_type", "reward_type", "gas", "gas_used")
_GETH: dict[str, tuple[TraceType, str | None]] = {
    "CALL": ("call", "call"),
    "CALLCODE": ("call", "callcode"),
    "DELEGATECALL": ("call", "delegatecall"),
    "STATICCALL": ("call", "staticcall"),
    "CREATE": ("create", None),
    "CREATE2": ("create", None),
    "SELFDESTRUCT": ("suicide", None),
}


def geth_traces(result: object, block_number: int, where: str) -> list[Trace]:
    """Return the traces in the result of debug_traceBlockByNumber with callTracer, or in a list of its calls.

    Status and id are left open: Geth tells neither the block's rewards nor, in older versions, the hashes of transactions. `settle` adds what
    can be said.
    Raises: InputError
    """
    if not isinstance(result, list):
        raise InputError(f"{where}: given {shorten(result)!r}, expected a list of calls, one for each transaction")
    found: list[Trace] = []
    for number, one in enumerate(result):
        f = Fields(one, f"{where}[{number}]")
        call = f.part("result") if "result" in f else f
        found += _calls(call, block_number, number, f.data_or_none("txHash", 32), ())
    return found


def _calls(f: Fields, block: int, index: int, tx: str | None, place: tuple[int, ...]) -> Iterator[Trace]:
    if len(place) > _DEEPEST:
        raise InputError(f"{f.where}: given calls inside calls deeper than {_DEEPEST}, which the machine does not allow")
    known = _GETH.get(f.text("type"))
    if known is None:
        raise f.error("type", f"one of {', '.join(_GETH)}")
    calls = f.items("calls", optional=True)
    yield Trace(
        block_number=block,
        transaction_hash=tx,
        transaction_index=index,
        from_address=f.data_or_none("from", 20),
        to_address=f.data_or_none("to", 20),
        value=f.quantity_or_none("value"),
        input=f.data_or_none("input"),
        output=f.data_or_none("output"),
        trace_type=known[0],
        call_type=known[1],
        reward_type=None,
        gas=f.quantity_or_none("gas"),
        gas_used=f.quantity_or_none("gasUsed"),
        subtraces=len(calls),
        trace_address=place,
        error=f.text_or_none("error"),
    )
    for number, one in enumerate(calls):
        yield from _calls(Fields(one, f"{f.where}.calls[{number}]"), block, index, tx, (*place, number))


def settle(traces: Sequence[Trace]) -> list[Trace]:
    """Say of each trace whether it took effect, and give it an id.

    What is inside a call that failed is undone with it. A reward's id does not depend on the order in which a node lists rewards.
    """
    failed = {_place(trace) for trace in traces if trace.error}
    numbers = {id(trace): number for number, trace in _in_order(trace for trace in traces if trace.trace_type == "reward")}
    return [
        replace(trace, status=0 if _undone(trace, failed) else 1, trace_id=_id(trace, numbers.get(id(trace)))) for trace in traces
    ]


def _place(trace: Trace) -> tuple[int, int | None, tuple[int, ...]]:
    return trace.block_number, trace.transaction_index, trace.trace_address


def _undone(trace: Trace, failed: set[tuple[int, int | None, tuple[int, ...]]]) -> bool:
    block, index, place = _place(trace)
    return any((block, index, place[:length]) in failed for length in range(len(place) + 1))


def _in_order(rewards: Iterable[Trace]) -> Iterator[tuple[int, Trace]]:
    by_block: dict[int, list[Trace]] = {}
    for trace in rewards:
        by_block.setdefault(trace.block_number, []).append(trace)
    for found in by_block.values():
        found.sort(key=lambda trace: (trace.reward_type or "", trace.to_address or "", trace.value or 0))
        yield from enumerate(found)


def _id(trace: Trace, number: int | None) -> str | None:
    if number is not None:
        return f"reward_{trace.block_number}_{number}"
    if trace.transaction_hash is None:
        return None
    return f"{trace.trace_type}_{trace.transaction_hash}_{'_'.join(map(str, trace.trace_address))}"
