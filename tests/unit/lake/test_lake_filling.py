"""Rows wait until they fill row groups, and arrive all of them, in their order."""

import random
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from skarb.journal.feed.files import read_table, write_table
from skarb.journal.feed.manifest import Adding
from skarb.lake import filling
from skarb.lake.filling import Filling
from skarb.lake.numbers import Kept


@pytest.mark.parametrize("seed", range(6))
def test_rows_arrive_in_their_order_and_only_the_last_ones_in_a_part_of_a_row_group(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filling, "ROW_GROUP", 7)
    monkeypatch.setattr(filling, "TOGETHER", 21)
    rng, inserted = random.Random(seed), []
    connection = duckdb.connect()
    connection.execute("CREATE TABLE t (number INTEGER, word VARCHAR)")
    insert = filling.insert

    def noted(connection: duckdb.DuckDBPyConnection, table: str, given: pa.Table) -> None:
        inserted.append(len(given))
        insert(connection, table, given)

    monkeypatch.setattr(filling, "insert", noted)
    filled, rows = Filling(connection, "t"), []
    for _ in range(20):
        part = [(len(rows) + place, rng.choice(["a", "b", None])) for place in range(rng.randrange(15))]
        rows += part
        words = pa.array([word for _, word in part], pa.string()).dictionary_encode()
        filled.add(pa.table({"number": pa.array([number for number, _ in part], pa.int32()), "word": words}))
    filled.finish()
    assert connection.execute("SELECT * FROM t").fetchall() == rows
    assert all(size % 7 == 0 for size in inserted[:-1]) and len(inserted) > 1


def test_what_was_inserted_is_let_go_of_before_its_transaction_ends() -> None:
    connection = duckdb.connect()
    connection.execute("CREATE TABLE t (number BIGINT)")
    connection.execute("BEGIN TRANSACTION")
    before = pa.total_allocated_bytes()
    for start in range(0, 500_000, 100_000):
        filling.insert(connection, "t", pa.table({"number": pa.array(range(start, start + 100_000), pa.int64())}))
    assert pa.total_allocated_bytes() - before < 8 * 100_000
    assert connection.execute("SELECT count(*), sum(number) FROM t").fetchall() == [(500_000, sum(range(500_000)))]


@pytest.mark.parametrize("kernel", ["python", "numba"])
def test_texts_have_one_number_whatever_dictionary_they_stand_in(kernel: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SKARB_KERNEL", kernel)
    rng = random.Random(4)
    words = [*(f"{'w' * (number % 30)}{number}" for number in range(300)), "", "é" * 9]
    kept, numbers = Kept(), {}
    for _ in range(5):
        chunks = [[rng.choice([*words, None]) for _ in range(rng.randrange(200))] for _ in range(3)]
        column = pa.chunked_array([pa.array(one, pa.string()).dictionary_encode() for one in chunks])
        column = pa.chunked_array([chunk.slice(len(chunk) // 3) for chunk in column.chunks], column.type)
        for text, number in zip(column.to_pylist(), kept.column(column).to_pylist(), strict=True):
            assert numbers.setdefault(text, number) == number
    assert numbers.pop(None) is None
    assert sorted(numbers.values()) == list(range(len(kept)))
    fresh = kept.fresh()
    assert kept.texts(fresh).to_pylist() == sorted(numbers, key=lambda text: numbers[text])
    assert not kept.fresh()


@pytest.mark.parametrize("kernel", ["python", "numba"])
def test_control_sums_are_exact(kernel: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SKARB_KERNEL", kernel)
    rng = random.Random(5)
    amounts = [rng.choice((None, 0, 1, 10**38 - 1, 2**64 - 1, 2**64, rng.randrange(10**38))) for _ in range(500)]
    values = [rng.choice((None, 2**63 - 1, -(2**63), rng.randrange(-(2**63), 2**63))) for _ in range(500)]
    codes = [rng.choice("AB") for _ in range(500)]
    table = pa.table(
        {
            "answer": pa.array(codes).dictionary_encode(),
            "asset": pa.array(codes).dictionary_encode(),
            "amount": pa.array(amounts, pa.decimal128(38, 0)),
            "value": pa.array(values, pa.int64()),
        }
    )
    adding = Adding()
    adding.take(table.slice(3, 200), table.slice(0, 100).select(["amount"]))
    adding.take(pa.concat_tables([table.slice(203, 7), table.slice(210)]), table.slice(100, 0).select(["amount"]))
    found = adding.sums()
    assert found.value == str(sum(value or 0 for value in values[3:]))
    assert found.amounts == {
        code: str(sum(amount or 0 for amount, own in zip(amounts[3:], codes[3:], strict=True) if own == code)) for code in "AB"
    }
    assert found.answers == {code: codes[3:].count(code) for code in "AB"}
    assert (found.transfers, found.moved) == (100, str(sum(amount or 0 for amount in amounts[:100])))


def test_files_hold_no_text_that_no_row_has(tmp_path: Path) -> None:
    names = pa.array([f"account-{number}" for number in range(1000)])
    places = pa.array(np.array([5, 7, 5], np.int32))
    kinds = {"sequence": pa.int32(), "row_no": pa.int32(), "debit": None, "credit": None, "ledger": pa.int64()}
    kinds |= {"amount": pa.decimal128(38, 0), "code": pa.int32(), "flags": pa.int32(), "instant": pa.int64(), "day": pa.int32()}
    missing = pa.DictionaryArray.from_arrays(pa.array([None, 2, None], pa.int32()), names)
    chosen = {"debit": pa.DictionaryArray.from_arrays(places, names), "credit": missing}
    table = pa.table(
        {name: chosen.get(name, pa.array([1, 2, 3], kind)) if kind else chosen[name] for name, kind in kinds.items()}
    )
    path = tmp_path / "transfers.parquet"
    read = read_table(path, "transfers", write_table(path, table, "transfers"))
    assert read.to_pylist() == table.to_pylist()
    assert {text for chunk in read["debit"].chunks for text in chunk.dictionary.to_pylist()} == {"account-5", "account-7"}
