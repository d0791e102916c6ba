"""Numbers of every width are read from rulings, by the interpreter and by the compiler."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from skarb.core.compiled import Kind
from skarb.journal.feed.columns import _kernels

NUMBERS = [0, 1, 0x7F, 0x80, 0xFF, 0x100, 585, 0xFFFF, 0x1_0000, 0xFFFF_FFFF, 0x1_0000_0000, 2**62]


@pytest.mark.parametrize("kind", ["python", "numba"])
def test_rulings_of_every_width_far_into_the_bytes(kind: Kind) -> None:
    rows = [[one, other, 3, 4] for one in NUMBERS for other in NUMBERS]
    data = b"".join(msgspec.msgpack.encode(row) for row in rows)
    out = np.zeros((len(rows), 4), np.int64)
    assert _kernels(kind)["read_rulings"](np.frombuffer(data, np.uint8), out) == len(rows)
    assert out.tolist() == rows
    assert _kernels(kind)["read_rulings"](np.frombuffer(data[:-9], np.uint8), out) < len(rows)
