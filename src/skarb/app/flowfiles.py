"""The folder of a report of flows: a page, all figures, and every investment and piece that came back as columns."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from skarb.app.flows import Answer, Asked, ask
from skarb.app.replay import make_room
from skarb.reporting.flows import page, record

FILES = ("flows.html", "lots.parquet", "pieces.parquet", "flows.json")


def write(asked: Asked, folder: Path) -> tuple[str, ...]:
    """Follow the money and write everything into a folder, which is made; return the names of the files.

    Raises: NotFound, InputError, RulebookError, Unavailable
    """
    make_room(folder, FILES[-1])
    answer = ask(asked)
    (folder / "flows.html").write_text(page(answer.report, asked.language), encoding="utf-8")
    _columns(answer, folder)
    (folder / "flows.json").write_bytes(msgspec.json.format(msgspec.json.encode(record(answer.report))) + b"\n")
    return FILES


def _columns(answer: Answer, folder: Path) -> None:
    """Write every lot, and every piece of one that came back or was spent.

    Shape: one row per lot in the order in which they left, one per piece in the order of the returns; `lot` numbers the former from 0. Units: `units`
    and `left` whole smallest units as text, money in minor units of the legal currency.
    """
    found = answer.followed
    rows = found.rows
    scales = [one.scale for one in rows.of]

    def words(dimension: str, places: list[int]) -> pa.Array:
        codes, names = rows.codes[dimension], rows.names[dimension]
        return pa.array([names[int(codes[place])] for place in places], pa.string())

    def units(amounts: list[int], places: list[int]) -> pa.Array:
        return pa.array(
            [str(int(one) * scales[int(rows.assets[place])]) for one, place in zip(amounts, places, strict=True)], pa.string()
        )

    starts = found.starts.tolist()
    lots = {
        "lot": pa.array(range(len(starts)), pa.int64()),
        "book": words("institution", starts),
        "sequence": pa.array(rows.sequences[found.starts]),
        "row_no": pa.array(rows.numbers[found.starts]),
        "day": pa.array(rows.days[found.starts], pa.int32()).cast(pa.date32()),
        "asset": pa.array([rows.of[int(rows.assets[place])].code for place in starts], pa.string()),
        "units": units(rows.units[found.starts].tolist(), starts),
        "left": units(found.left.tolist(), starts),
        "worth_minor": pa.array(found.worth),
        "still_minor": pa.array(found.worth_left),
        **{name: words(name, starts) for name in ("person", "who", "channel", "place", "country")},
    }
    pq.write_table(pa.table(lots), folder.absolute() / "lots.parquet", compression="zstd")
    back = found.pieces.rows.tolist()
    pieces = {
        "lot": pa.array(found.pieces.lots.astype("int64")),
        "book": words("institution", back),
        "sequence": pa.array(rows.sequences[found.pieces.rows]),
        "row_no": pa.array(rows.numbers[found.pieces.rows]),
        "day": pa.array(rows.days[found.pieces.rows], pa.int32()).cast(pa.date32()),
        "units": units(found.pieces.amounts.tolist(), [starts[lot] for lot in found.pieces.lots.tolist()]),
        "worth_minor": pa.array(found.worths),
    }
    pq.write_table(pa.table(pieces), folder.absolute() / "pieces.parquet", compression="zstd")
