"""Derived files beside a book: arrays behind a line that says what they are, and before the SHA-256 of both. Written in one step.

```
<book>.past/
  index                      which files there are, of which book, up to which batch and head
  000000000000-262144.part   changes from a place on, and the smaller runs among them
  000000000000-4194304.run   a run of the largest size
  000000081234.accounts      accounts and heights
```
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from skarb.core.errors import shorten
from skarb.store import Damaged

Arrays = Mapping[str, np.ndarray[Any, Any]]
FORMAT = 1
_DIGEST = 32


def write_arrays(path: Path, arrays: Arrays, **says: Any) -> str:
    """Write arrays with what is said of them; return the SHA-256 that stands at the end, hex."""
    shapes = {name: [array.dtype.descr if array.dtype.names else array.dtype.str, array.shape] for name, array in arrays.items()}
    pieces: list[bytes | memoryview] = [json.dumps({"format": FORMAT, **says, "arrays": shapes}).encode() + b"\n"]
    pieces += [np.ascontiguousarray(array).view(np.uint8).reshape(-1).data for array in arrays.values() if array.size]
    digest = sha256()
    draft = path.with_name(f"{path.name}.{os.getpid()}.new")
    with draft.open("wb") as file:
        for piece in pieces:
            digest.update(piece)
            file.write(piece)
        file.write(digest.digest())
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    return digest.hexdigest()


def read_arrays(path: Path, digest: str | None = None) -> tuple[dict[str, np.ndarray[Any, Any]], dict[str, Any]]:
    """Return the arrays of a file and what it says.

    Raises: Damaged if it is not whole, was changed, or is not the one with a given SHA-256.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise Damaged(f"{path} cannot be read: {error.strerror or error}") from None
    body = memoryview(data)[: max(0, len(data) - _DIGEST)]
    found = sha256(body).digest()
    if found != data[len(body) :] or digest not in (None, found.hex()):
        raise Damaged(f"{path} is not what was written: its SHA-256 is {found.hex()}, expected {digest or data[-_DIGEST:].hex()}")
    try:
        stop = data.index(b"\n") + 1
        says = json.loads(data[:stop])
        if says.pop("format") != FORMAT:
            raise ValueError("another format")
        arrays = {}
        for name, (described, shape) in says.pop("arrays").items():
            dtype = np.dtype([tuple(field) for field in described] if isinstance(described, list) else described)
            size = int(np.prod(shape))
            arrays[name] = np.frombuffer(body, dtype, size, stop).reshape(shape) if size else np.empty(shape, dtype)
            stop += size * dtype.itemsize
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Damaged(f"{path} cannot be understood: {shorten(str(error))}; it was written by another version") from None
    return arrays, says
