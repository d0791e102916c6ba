"""The columns of some batches: what a feed holds, made from the bodies of the journal and from nothing else.

The exporter writes what is made here, and whoever verifies a feed makes it again and compares. So the work is done for all rows of many batches
at once: the kernels that read instructions for the road read them here, and texts become places in a list of the different ones.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, NamedTuple, get_args

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from skarb.core.amount import parse_amount
from skarb.core.columns import FIELDS, Names, Sheet, amounts_of, listed, texts_of
from skarb.core.compiled import Kind, choose_kind, compiled, interpreted
from skarb.core.decision import Outcome
from skarb.core.errors import ConfigurationError
from skarb.core.instruction import Instruction
from skarb.core.transfer import ACCOUNT, TRANSFER
from skarb.journal.chain import Envelope, instructions_of, openings_of, rulings_of
from skarb.journal.feed.cases import Cases
from skarb.journal.folding import MISSING
from skarb.journal.law import Law
from skarb.journal.model import NO_OWNER
from skarb.ledger import Result
from skarb.store import Damaged

AMOUNT = pa.decimal128(38, 0)
AMOUNT_MAX = 10**38 - 1
ANSWERS: tuple[str, ...] = get_args(Outcome)
WORTH_KERNELS = 4096  # rows
_DAY = 86_400 * 10**9
_MICROSECOND = 1000
_CREATED = Result.created.value
_VERDICTS = {"permit": 0, "refuse": ANSWERS.index("refused"), "refer": ANSWERS.index("referred")}
_NOT_POSTED = ANSWERS.index("not_posted")


Column = NDArray[np.int64]
Decimals = Callable[[str], int | None]  # of an asset; None if nobody knows


class Columns(NamedTuple):
    """The tables of some batches."""

    rows: pa.Table
    cases: pa.Table
    transfers: pa.Table
    accounts: pa.Table


class _Texts:
    """Instructions that no kernel can read, or too few for one; the same questions as to a sheet."""

    def __init__(self, instructions: Sequence[Instruction]) -> None:
        self.at = np.array(
            [int(one.at.timestamp()) * 10**9 + one.at.microsecond * _MICROSECOND for one in instructions], np.int64
        )
        self.kind: Kind = "python"
        written = {
            name: [None if value is None else value.encode() for value in (getattr(one, name) for one in instructions)]
            for name in FIELDS
            if name not in ("at", "declared")
        }
        self.data = np.frombuffer(b"".join(value or b"" for values in written.values() for value in values), np.uint8)
        self._spans, place = {}, 0
        for name, values in written.items():
            sizes = np.array([-1 if value is None else len(value) for value in values], np.int64)
            stops = place + np.cumsum(np.maximum(sizes, 0))
            self._spans[name] = stops - np.maximum(sizes, 0), sizes
            place = int(stops[-1]) if len(stops) else place

    def spans(self, field: str) -> tuple[Column, Column]:
        """Return where a field begins in each row, and its size, -1 where it is left out."""
        return self._spans[field]


def columns_of(envelopes: Sequence[Envelope], law: Callable[[str], Law], decimals: Decimals) -> Columns:
    """Return the columns of consecutive batches of one book.

    Raises: Damaged if they cannot be read; ConfigurationError for an asset whose decimals nobody knows.
    """
    counts = np.array([one.rows for one in envelopes], np.int64)
    total = int(counts.sum())
    kind = choose_kind(total >= WORTH_KERNELS)
    batch = np.repeat(np.arange(len(envelopes)), counts)  # of each row
    starts = np.cumsum(counts) - counts
    source = _read(envelopes, total, kind)
    cases = Cases()
    case, day = _cases(envelopes, cases, batch)
    rulings, hashes = _rulings(envelopes, batch, kind)
    transfers, failed = _transfers(envelopes, starts, day)
    names, assets = Names(), Names()
    people = {name: _places(source, name, names, source.kind) for name in ("party", "counterparty", "venue", "wallet")}
    things = {name: _places(source, name, assets, source.kind) for name in ("asset", "consideration_asset")}
    codes = [assets[place] for place in range(len(assets))]
    units = {code: _known(decimals, code) for code in codes}
    texts = _texts(names)
    columns = {
        "sequence": pa.array(np.repeat(np.array([one.sequence for one in envelopes], np.int32), counts)),
        "row_no": pa.array((np.arange(total) - starts[batch]).astype(np.int32)),
        "instant": pa.array(source.at),
        "day": pa.array(day.astype(np.int32)),
        "case_id": _chosen(case, pa.array(cases.ids, pa.string())),
        "value": _numbers(envelopes, "values"),
        "value_usd": _numbers(envelopes, "dollars"),
        "asset": _chosen(things["asset"], pa.array(codes, pa.string())),
        "amount": _amounts(source, "amount", things["asset"], [units[code] for code in codes]),
        "paid_asset": _chosen(things["consideration_asset"], pa.array(codes, pa.string())),
        "paid_amount": _amounts(source, "consideration", things["consideration_asset"], [units[code] for code in codes]),
        **{name: _chosen(places, texts) for name, places in people.items()},
        "edition": _chosen(rulings[:, 0], pa.array(hashes, pa.string())),
        "outcome": pa.array(rulings[:, 1].astype(np.int32)),
        "duties": pa.array(rulings[:, 3]),
        "levy": pa.array(rulings[:, 2].astype(np.int32)),
        "answer": _chosen(_answers(rulings, [law(one) for one in hashes], failed), pa.array(ANSWERS, pa.string())),
        "approves": _texts_or_none(source, "approves"),
        "id": _texts_or_none(source, "id"),
        "end_to_end_id": _texts_or_none(source, "end_to_end_id"),
    }
    accounts = _accounts(envelopes)
    for code in accounts["asset"].unique().to_pylist():
        _known(decimals, code)
    return Columns(pa.table(columns), cases.table(), transfers, accounts)


# instructions -----------------------------------------------------------------------------------------------------------------


def _read(envelopes: Sequence[Envelope], total: int, kind: Kind) -> Sheet | _Texts:
    if kind == "numba":
        parts = [memoryview(one.instructions)[len(listed(one.rows, b"")) :] for one in envelopes]
        sheet = Sheet.read(b"".join(parts), total, kind)
        if sheet is not None:
            return sheet
    return _Texts([one for envelope in envelopes for one in instructions_of(envelope)])


def _places(source: Sheet | _Texts, field: str, names: Names, kind: Kind) -> Column:
    """Return the place of a field's text among the different ones, -1 where the field is left out."""
    begins, sizes = source.spans(field)
    there = np.flatnonzero(sizes >= 0)
    places = np.full(len(sizes), -1, np.int64)
    if len(there):
        places[there] = names.places(source.data, begins[there], sizes[there], kind)
    return places


def _amounts(source: Sheet | _Texts, field: str, assets: Column, decimals: Sequence[int]) -> pa.Array:
    """Return amounts in smallest units, missing where the field or the asset is left out, or where it has more than 38 digits."""
    begins, sizes = source.spans(field)
    low, high = np.zeros(len(sizes), np.int64), np.zeros(len(sizes), np.int64)
    there = (sizes >= 0) & (assets >= 0)
    for place in np.unique(assets[there]).tolist():
        rows = np.flatnonzero(there & (assets == place))
        quick = amounts_of(source.data, begins[rows], sizes[rows], decimals[place], source.kind)
        if quick is not None:
            low[rows] = quick
            continue
        for row in rows.tolist():
            text = source.data[begins[row] : begins[row] + sizes[row]].tobytes().decode()
            units = parse_amount(text, decimals[place])
            there[row] = units <= AMOUNT_MAX
            low[row], high[row] = _halves(units) if there[row] else (0, 0)
    return decimal_column(low.view(np.uint64), high.view(np.uint64), there)


def _halves(units: int) -> tuple[int, int]:
    low, high = units & (1 << 64) - 1, units >> 64
    return low - (1 << 64 if low >> 63 else 0), high


def _texts_or_none(source: Sheet | _Texts, field: str) -> pa.Array:
    begins, sizes = source.spans(field)
    there = sizes >= 0
    if not there.any():
        return pa.nulls(len(sizes), pa.string())
    data, _ = texts_of(source.data, begins[there], sizes[there], source.kind)
    offsets = np.zeros(len(sizes) + 1, np.int32)
    np.cumsum(np.maximum(sizes, 0), out=offsets[1:])
    return pa.StringArray.from_buffers(len(sizes), pa.py_buffer(offsets), pa.py_buffer(data.tobytes()), _validity(there))


# facts and rulings ------------------------------------------------------------------------------------------------------------


def _cases(envelopes: Sequence[Envelope], cases: Cases, batch: Column) -> tuple[Column, Column]:
    """Return the case and the legal day of each row."""
    numbers, bases = [], [0]
    for one in envelopes:
        numbers += cases.take(one)
        bases.append(len(numbers))
    own = _joined(envelopes, "cases", "<u4").astype(np.int64)
    base = np.array(bases, np.int64)
    if (own >= (base[1:] - base[:-1])[batch]).any():
        row = int((own >= (base[1:] - base[:-1])[batch]).argmax())
        raise Damaged(f"batch {envelopes[batch[row]].sequence}: a row has the facts {own[row]}, which are not there")
    found = np.array(numbers, np.int64).reshape(-1, 2)[base[batch] + own]
    return found[:, 0], found[:, 1]


def _rulings(envelopes: Sequence[Envelope], batch: Column, kind: Kind) -> tuple[Column, list[str]]:
    """Return the rulings of all rows as numbers, the edition being a place in the list of hashes that comes with them."""
    rulings = np.zeros((len(batch), 4), np.int64)
    data = b"".join([memoryview(one.rulings)[len(listed(one.rows, b"")) :] for one in envelopes])
    if _kernels(kind)["read_rulings"](np.frombuffer(data, np.uint8), rulings) != len(batch):
        read = [ruling for one in envelopes for ruling in rulings_of(one)]
        rulings[:] = [msgspec.structs.astuple(ruling) for ruling in read]
    hashes: dict[str, int] = {}
    numbers = [hashes.setdefault(name, len(hashes)) for one in envelopes for name in one.editions]
    base = np.cumsum([0, *(len(one.editions) for one in envelopes)])
    if (rulings[:, 0] >= (base[1:] - base[:-1])[batch]).any():
        row = int((rulings[:, 0] >= (base[1:] - base[:-1])[batch]).argmax())
        raise Damaged(f"batch {envelopes[batch[row]].sequence}: a ruling names an edition that the batch does not name")
    rulings[:, 0] = np.array(numbers, np.int64)[base[batch] + rulings[:, 0]] if len(batch) else 0
    return rulings, list(hashes)


def _answers(rulings: Column, laws: Sequence[Law], failed: NDArray[np.bool_]) -> Column:
    """Return what became of each row: a permitted one is posted when the ledger took every transfer."""
    answers = np.zeros(len(rulings), np.int64)
    for number, law in enumerate(laws):
        own = rulings[:, 0] == number
        verdicts = np.array([_VERDICTS[one.verdict] for one in law.outcomes], np.int64)
        if (outcomes := rulings[own, 1]).size and outcomes.max() >= len(verdicts):
            raise Damaged(f"a ruling has the outcome {outcomes.max()}, edition {law.hash} has {len(verdicts)}")
        answers[own] = verdicts[outcomes]
    answers[(answers == 0) & failed] = _NOT_POSTED
    return answers


def _numbers(envelopes: Sequence[Envelope], field: str) -> pa.Array:
    values = _joined(envelopes, field, "<i8")
    return pa.array(values, mask=values == MISSING)


# the ledger -------------------------------------------------------------------------------------------------------------------


def _transfers(envelopes: Sequence[Envelope], starts: Column, day: Column) -> tuple[pa.Table, NDArray[np.bool_]]:
    """Return the transfers that the ledger made, and which rows had one that it did not make."""
    records, results = _joined(envelopes, "transfers", TRANSFER), _joined(envelopes, "results", np.dtype("u1"))
    counts = [len(one.results) for one in envelopes]
    owners, batch = _joined(envelopes, "owners", "<u4").astype(np.int64), np.repeat(np.arange(len(envelopes)), counts)
    owned = owners != NO_OWNER
    rows = np.where(owned, starts[batch] + owners, -1) if len(owners) else owners
    if (rows >= len(day)).any():
        raise Damaged(
            f"batch {envelopes[batch[int((rows >= len(day)).argmax())]].sequence}: a transfer is of a row that is not there"
        )
    failed = np.zeros(len(day), np.bool_)
    failed[rows[owned & (results != _CREATED)]] = True
    if (results != _CREATED).any():  # a copy of all records is worth avoiding
        made = np.flatnonzero(results == _CREATED)
        records, rows, batch, owners, owned = records[made], rows[made], batch[made], owners[made], owned[made]
    recorded = np.array([one.recorded_at for one in envelopes], np.int64)[batch]
    effective = records["user_64"].view(np.int64)
    instant = np.where(effective > 0, effective, recorded)
    days = np.where(owned, day[rows] if len(day) else 0, instant // _DAY)
    ids = Names()
    sides = {name: _ids(records, name, ids) for name in ("debit", "credit")}
    written = _hex(ids)
    columns = {
        "sequence": pa.array(np.array([one.sequence for one in envelopes], np.int32)[batch]),
        "row_no": pa.array(owners.astype(np.int32), mask=~owned),
        **{name: _chosen(places, written) for name, places in sides.items()},
        "ledger": pa.array(records["ledger"].astype(np.int64)),
        "amount": decimal_column(records["amount_lo"], records["amount_hi"]),
        "code": pa.array(records["code"].astype(np.int32)),
        "flags": pa.array(records["flags"].astype(np.int32)),
        "instant": pa.array(instant),
        "day": pa.array(days.astype(np.int32)),
    }
    return pa.table(columns), failed


def _ids(records: NDArray[np.void], name: str, ids: Names) -> Column:
    """Return the places of account ids among the different ones."""
    field = TRANSFER.fields[f"{name}_lo"][1] if TRANSFER.fields is not None else 0
    begins = np.arange(len(records), dtype=np.int64) * TRANSFER.itemsize + field
    data = records.view(np.uint8)
    data.flags.writeable = False  # kernels are compiled for what can only be read
    return ids.places(data, begins, np.full(len(records), 16, np.int64), choose_kind(len(records) >= WORTH_KERNELS))


def _hex(ids: Names) -> pa.Array:
    data, _ = ids.written()
    return pa.array([one.tobytes().hex() for one in data.reshape(-1, 16)], pa.string())


def _accounts(envelopes: Sequence[Envelope]) -> pa.Table:
    """Return the accounts that were opened."""
    found: list[tuple[int, str, str, str, int]] = []
    for one in envelopes:
        records = np.frombuffer(one.accounts, ACCOUNT)
        heads = records.tobytes()
        for place, (opening, result, ledger) in enumerate(
            zip(openings_of(one), bytes(one.account_results), records["ledger"].tolist(), strict=True)
        ):
            if result == _CREATED:
                start = place * ACCOUNT.itemsize
                found.append((one.sequence, heads[start : start + 16].hex(), opening.address, opening.asset, ledger))
    kinds = {"sequence": pa.int32(), "id": pa.string(), "address": pa.string(), "asset": pa.string(), "ledger": pa.int64()}
    columns = list(zip(*found, strict=True)) or [()] * len(kinds)
    return pa.table({name: pa.array(column, kind) for (name, kind), column in zip(kinds.items(), columns, strict=True)})


# columns ----------------------------------------------------------------------------------------------------------------------


def _joined(envelopes: Sequence[Envelope], field: str, dtype: str | np.dtype[np.void] | np.dtype[np.uint8]) -> NDArray[Any]:
    return np.frombuffer(b"".join([getattr(one, field) for one in envelopes]), dtype)


def _chosen(places: Column, texts: pa.Array) -> pa.Array:
    """Return texts by place, missing where the place is -1."""
    return pa.DictionaryArray.from_arrays(pa.array(places.astype(np.int32), mask=places < 0), texts)


def _texts(names: Names) -> pa.Array:
    data, stops = names.written()
    return pa.StringArray.from_buffers(len(names), pa.py_buffer(stops.astype(np.int32)), pa.py_buffer(data.tobytes()))


def decimal_column(low: NDArray[np.uint64], high: NDArray[np.uint64], there: NDArray[np.bool_] | None = None) -> pa.Array:
    """Return numbers of 128 bits in two halves as decimals of 38 digits; missing are those that are not there or have more digits."""
    most_low, most_high = np.uint64(AMOUNT_MAX & (1 << 64) - 1), np.uint64(AMOUNT_MAX >> 64)
    fits = (high < most_high) | ((high == most_high) & (low <= most_low))
    fits = fits if there is None else fits & there
    pairs = np.stack([low, high], axis=1)
    return pa.Array.from_buffers(AMOUNT, len(low), [_validity(fits), pa.py_buffer(np.ascontiguousarray(pairs))])


def _validity(there: NDArray[np.bool_]) -> pa.Buffer | None:
    return None if there.all() else pa.py_buffer(np.packbits(there, bitorder="little"))


def _known(decimals: Decimals, asset: str) -> int:
    known = decimals(asset)
    if known is None:
        raise ConfigurationError(
            f"asset {asset}: given no decimals, expected a register that knows it; name the market's registers or the law with --law"
        )
    return known


@cache
def _kernels(kind: Kind) -> dict[str, Callable[..., int]]:
    from skarb.core.columns import scanning
    from skarb.journal.feed import reading

    modules = [scanning, reading]
    return compiled(modules, ("read_rulings",)) if kind == "numba" else interpreted(modules)
