"""The road, measured: from JSON bytes to durable receipts.

Ten thousand clients pay each other in random pairs; every payment has its own parties, amount and instant. The book is an ordinary one on
SQLite with full synchronisation. Nothing between the bytes and the receipt is left out. Figures are medians of several runs.
"""

from __future__ import annotations

import random
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec

from skarb.app.files import now, open_source
from skarb.app.setting import EXAMPLE_OPERATOR, Setting, example_institution, open_registers, setting_of
from skarb.bench.machine import hash_us, machine
from skarb.core.errors import ensure
from skarb.core.facts import Facts
from skarb.core.instruction import Instruction
from skarb.core.screening_list import ScreeningList
from skarb.desk import Desk, open_desk
from skarb.desk.gather import Gatherer
from skarb.journal import open_book, verify
from skarb.products import products
from skarb.registers import Party

BATCH = 8192
CLIENTS = 10_000
RUNS = 5
_START = datetime(2026, 9, 1, 6, tzinfo=UTC)
_LAW = "by"


def bench(rows: int = 12 * BATCH, single: int = 2000) -> dict[str, object]:
    """Return the figures of the road. Units: instructions per second unless the name says otherwise."""
    setting = _setting()
    with tempfile.TemporaryDirectory(prefix="skarb-bench-") as name:
        folder = Path(name)
        files = [_file(folder / f"payments-{run}.jsonl", rows, run) for run in range(RUNS)]
        bulk = [_post(folder / f"bulk-{run}.book", file, setting) for run, file in enumerate(files)]
        figures: dict[str, object] = {
            "decide_per_s": _decide(setting, files[0]),
            "road_per_s": statistics.median(rate for rate, *_ in bulk),
            "road_runs": [{"per_s": round(rate), "hash_us": speed} for rate, _, speed in bulk],
            "road_single_per_s": _single(folder / "single.book", folder / "single.jsonl", single, setting),
            "recover_per_s": statistics.median(_recover(folder / f"bulk-{run}.book") for run in range(RUNS)),
            "verify_per_s": _verify(folder / "bulk-0.book"),
            "book_bytes_per_instruction": (folder / "bulk-0.book").stat().st_size // (rows + CLIENTS),
        }
        posted = sum(count for _, count, _ in bulk)
    ensure(posted == RUNS * rows, "every payment of the benchmark is posted")
    conditions = {
        "rows": rows,
        "clients": CLIENTS,
        "batch": BATCH,
        "runs": RUNS,
        "law": _LAW,
        "store": "SQLite, synchronous=FULL",
    }
    return figures | {"conditions": conditions, "machine": machine()}


def make_book(path: Path, rows: int) -> None:
    """Post so many payments into a new book; their file lies beside it."""
    _post(path, _file(path.with_suffix(".jsonl"), rows, 0), _setting())


def _setting() -> Setting:
    registers = open_registers(_LAW, None, now, required=())
    registers.record(example_institution(registers.country.home, "bank"), "benchmark")
    registers.record(
        (
            Party(
                party=f"client-{n}",
                kind="natural_person",
                country=registers.country.home,
                resident=True,
                identified=True,
                valid_from=date(2020, 1, 1),
                example=True,
            )
            for n in range(CLIENTS)
        ),
        "benchmark",
    )
    registers.record_list(
        ScreeningList(list="benchmark", regime="own", publisher="benchmark", version="1", published=date(2026, 1, 1)), "benchmark"
    )
    return setting_of(_LAW, registers, EXAMPLE_OPERATOR)


def _payment(n: int, run: int, rng: random.Random) -> Instruction:
    payer = rng.randrange(CLIENTS)
    payee = (payer + rng.randrange(1, CLIENTS)) % CLIENTS
    return Instruction(
        id=f"pay-{run}-{n:09}",
        at=_START + timedelta(milliseconds=n * 7),
        activity="fiat_pay",
        party=f"client-{payer}",
        counterparty=f"client-{payee}",
        asset="BYN",
        amount=f"{rng.randrange(1, 10_000)}.{rng.randrange(100):02}",
        purpose="invoice",
    )


def _file(path: Path, rows: int, run: int) -> Path:
    rng = random.Random(run)
    path.write_bytes(b"\n".join(msgspec.json.encode(_payment(n, run, rng)) for n in range(rows)) + b"\n")
    return path


def _open(path: Path, setting: Setting) -> Desk:
    """Open a new book and give every client money."""
    desk = open_desk(
        path,
        rulebook=setting.rulebook,
        registers=setting.registers,
        screen=setting.screen,
        products=products(),
        operator=setting.operator,
        clock=now,
        name="benchmark",
    )
    first = [
        Instruction(
            id=f"fund-{n}",
            at=_START - timedelta(hours=1),
            activity="fiat_pay",
            party=EXAMPLE_OPERATOR,
            counterparty=f"client-{n}",
            asset="BYN",
            amount="100000000.00",
        )
        for n in range(CLIENTS)
    ]
    receipts = [receipt for start in range(0, CLIENTS, BATCH) for receipt in desk.submit(first[start : start + BATCH]).receipts]
    ensure(all(receipt is not None and receipt.outcome == "posted" for receipt in receipts), "every client is given money")
    return desk


def _post(path: Path, file: Path, setting: Setting) -> tuple[float, int, float]:
    """Return the rate from the file's bytes to the last durable receipt, how many were posted, and `hash_us` around it."""
    with _open(path, setting) as desk:
        before = hash_us()
        started = time.perf_counter()
        readings = open_source(file, setting.rulebook.country.zone, batch=BATCH).readings()
        answers = desk.stream((reading.instructions, reading.assumptions) for reading in readings)
        receipts = [receipt for answer in answers for receipt in answer.receipts]
        took = time.perf_counter() - started
    posted = sum(receipt is not None and receipt.outcome == "posted" for receipt in receipts)
    return len(receipts) / took, posted, round((before + hash_us()) / 2, 2)


def _single(path: Path, file: Path, count: int, setting: Setting) -> float:
    """Return the rate of instructions that are each a batch of their own, one durable write each."""
    lines = _file(file, count, RUNS).read_bytes().splitlines()
    decode = msgspec.json.Decoder(Instruction).decode
    with _open(path, setting) as desk:
        started = time.perf_counter()
        for line in lines:
            desk.submit([decode(line)])
        return count / (time.perf_counter() - started)


def _recover(path: Path) -> float:
    """Return the rate of opening a book: chain checked, every transfer posted again and compared."""
    started = time.perf_counter()
    with open_book(path) as book:
        return book.instructions / (time.perf_counter() - started)


def _verify(path: Path) -> float:
    """Return the rate of a full verification, in which every instruction is decided again."""
    started = time.perf_counter()
    report = verify(path)
    ensure(not report.findings, "a benchmark's book verifies")
    return report.instructions / (time.perf_counter() - started)


def _decide(setting: Setting, file: Path) -> float:
    """Return the rate of the compiled function alone, on facts already gathered, one core."""
    gatherer = Gatherer(setting.registers, setting.screen, setting.rulebook.country, setting.operator)
    decode = msgspec.json.Decoder(Instruction).decode
    facts = [gatherer.gather(decode(line)).facts for line in file.read_bytes().splitlines()[:50_000]]
    edition = setting.rulebook.edition(facts[0].day)
    return statistics.median(_rate(edition.decide, facts) for _ in range(RUNS))


def _rate(decide: Callable[[Facts], int], facts: list[Facts]) -> float:
    started = time.perf_counter()
    for one in facts:
        decide(one)
    return len(facts) / (time.perf_counter() - started)
