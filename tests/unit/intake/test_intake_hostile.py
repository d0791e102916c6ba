"""Damaged files of every kind: a clear error, or every row accounted for; never anything else."""

from __future__ import annotations

import gzip
import io
import json
import random
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from skarb.core.errors import SkarbError
from skarb.intake import read

GOOD = {"id": "a1", "at": "2026-01-01T10:00:00+03:00", "activity": "fiat_pay", "party": "p1", "asset": "BYN", "amount": "12.50"}
ISO = "urn:iso:std:iso:20022:tech:xsd:pacs.008.001.08"
MESSAGE = (
    f'<?xml version="1.0" encoding="UTF-8"?><Envelope><Document xmlns="{ISO}"><FIToFICstmrCdtTrf><GrpHdr><MsgId>M</MsgId>'
    "<CreDtTm>2026-03-01T12:00:00</CreDtTm><NbOfTxs>3</NbOfTxs></GrpHdr>"
    + "<CdtTrfTxInf><PmtId><EndToEndId>E</EndToEndId></PmtId><IntrBkSttlmAmt Ccy='EUR'>1</IntrBkSttlmAmt><Dbtr><Nm>A</Nm></Dbtr></CdtTrfTxInf>"
    * 3
    + "</FIToFICstmrCdtTrf></Document></Envelope>"
)
SCRAPS = [
    b'"',
    b"{",
    b"}",
    b",",
    b"\n",
    b"NaN",
    b"\\ud800",
    b"&x;",
    b"<",
    b">",
    b"\xff",
    b"null",
    b"9" * 50,
    b"-",
    b":",
    b"[",
    b"\0",
    b"<!DOCTYPE a>",
]


def seeds() -> dict[str, bytes]:
    parquet = io.BytesIO()
    pq.write_table(pa.Table.from_pylist([GOOD] * 9), parquet)
    plain = {
        "rows.csv": ("\n".join([",".join(GOOD), *([",".join(GOOD.values())] * 9)])).encode(),
        "quoted.csv": ("\n".join([",".join(GOOD), *([",".join(f'"{cell}"' for cell in GOOD.values())] * 9)])).encode(),
        "rows.jsonl": "\n".join([json.dumps({**GOOD, "purpose": "Аплата\n", "declared": {"reason": "gift"}})] * 9).encode(),
        "wallet.json": json.dumps([{"value": "1.5", "rate": "1"}, {"value": "-2", "rate": "1"}] * 5).encode(),
        "message.xml": MESSAGE.encode(),
        "rows.parquet": parquet.getvalue(),
    }
    return plain | {f"{name}.gz": gzip.compress(content) for name, content in plain.items()}


def damage(rng: random.Random, content: bytes) -> bytes:
    data = bytearray(content)
    for _ in range(rng.choice((1, 1, 2, 5))):
        place = rng.randrange(len(data) + 1)
        match rng.randrange(5):
            case 0 if data:
                data[min(place, len(data) - 1)] ^= 1 << rng.randrange(8)
            case 1:
                del data[place : place + rng.randrange(1, 30)]
            case 2:
                data[place:place] = rng.choice(SCRAPS)
            case 3:
                other = rng.randrange(len(data) + 1)
                data[place:place] = data[other : other + 40]
            case _:
                del data[max(place, len(data) // 2) :]
    return bytes(data)


@pytest.mark.parametrize("seed", range(4))
def test_damaged_files_of_every_kind(tmp_path: Path, seed: int) -> None:
    rng, files = random.Random(seed), seeds()
    outcomes = {"refused": 0, "read": 0}
    for number in range(240):
        name = rng.choice(sorted(files))
        path = tmp_path / name
        path.write_bytes(files[name] if number % 10 == 0 else damage(rng, files[name]))
        try:
            readings = list(read(path, batch=rng.choice((3, 8192))))
        except SkarbError as error:
            assert str(error).startswith(name) and len(str(error)) < 1000
            outcomes["refused"] += 1
            continue
        rows = sorted(row for reading in readings for row in (*reading.rows, *reading.refused))
        assert rows == list(range(1, readings[-1].total + 1)), path
        assert all(problem.row and problem.expected for reading in readings for problem in reading.problems)
        outcomes["read"] += 1
    assert min(outcomes.values()) > 20
