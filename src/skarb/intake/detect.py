"""Find out what a file is from its content, so that nobody has to say it.

Names of files play no part, except that a raw block which is damaged can only be called one by its ending.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Sequence
from typing import Literal

from skarb.chain import looks_like_block
from skarb.chain.ethereum import looks_like_answer
from skarb.core.errors import InputError, shorten
from skarb.intake.check import REQUIRED
from skarb.intake.container import Container
from skarb.intake.mapping import Layout, Mapping
from skarb.intake.native import is_native
from skarb.intake.parquet import MAGIC

Kind = Literal["parquet", "bitcoin_block", "ethereum_answer", "xml", "json_array", "json_lines", "delimited"]
_BLOCK_ENDINGS = (".raw", ".blk", ".block")
_SCORE = 3  # required fields of ours among the columns that make us think of our own format


def find_kind(container: Container) -> Kind:
    """Return the kind of a file by its first bytes."""
    head = container.head()
    if head.startswith(MAGIC):
        return "parquet"
    if looks_like_block(head) or container.name.lower().removesuffix(".gz").endswith(_BLOCK_ENDINGS):
        return "bitcoin_block"
    start = head.removeprefix(codecs.BOM_UTF8).lstrip()
    if looks_like_answer(start):
        return "ethereum_answer"
    if start.startswith(b"<") or head.startswith((b"\xff\xfe<\0", b"\xfe\xff\0<")):
        return "xml"
    if start.startswith(b"["):
        return "json_array"
    if start.startswith(b"{"):
        first, _, more = start.partition(b"\n")
        return "json_array" if more.strip() and not first.rstrip().endswith(b"}") else "json_lines"
    if not start:
        raise InputError(f"{container.name}: the file holds nothing but blanks, expected instructions")
    return "delimited"


def choose(columns: Sequence[str], file: str, mappings: Iterable[Mapping]) -> Mapping | None:
    """Return the one mapping that fits the columns, None when they are those of our own format.

    Raises: InputError naming the mappings when none or several fit, with what the nearest ones lack.
    """
    if is_native(columns) or sum(name in columns for name in REQUIRED) >= _SCORE:
        return None
    tables = [mapping for mapping in mappings if mapping.reads == "table"]
    fitting = [mapping for mapping in tables if any(layout.misfit(columns) == ([], []) for layout in mapping.layouts)]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        names = ", ".join(mapping.name for mapping in fitting)
        raise InputError(f"{file}: several mappings read these columns: {names}; name the one that is meant")
    near = [mapping.describe_misfit(columns) for mapping in tables if any(_nearly(layout, columns) for layout in mapping.layouts)]
    known = "; ".join(near) or f"none of the mappings {', '.join(mapping.name for mapping in tables)} fits"
    raise InputError(
        f"{file}: given the columns {shorten(', '.join(columns), 200)}, expected our own ({', '.join(REQUIRED)}, …) "
        f"or those of a mapping; {known}; say what the columns mean in a mapping file of your own and name it: "
        f"--mapping FILE.yaml (docs/your-files.md shows one)"
    )


def _nearly(layout: Layout, columns: Sequence[str]) -> bool:
    """Return whether most of what a layout reads is there."""
    missing, unknown = layout.misfit(columns)
    return len(missing) < len(columns) - len(unknown)
