"""Cases: the distinct facts of many batches, without the day and the values, in which alone most instructions differ.

A case is named by a hash of its contents, so the same facts have the same name in every book and in every export. The hash is over the
facts that are not at their usual value: a fact that the law learns to look at later does not rename the cases that lack it.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

import msgspec
import pyarrow as pa
from msgspec.structs import fields

from skarb.core.facts import Facts
from skarb.journal.chain import Envelope, distinct_of, raw_rows
from skarb.rulebook.schema import schema

PER_ROW = ("day", "value", "value_usd")
_ENCODER = msgspec.json.Encoder(order="sorted")
_KEPT = 1 << 17  # facts remembered by their bytes; some ten megabytes
_USUAL = {one.name: one.default for one in fields(Facts) if one.name not in PER_ROW}


def case_id(facts: Facts) -> str:
    """Return the name of a case: 128 bits in hex."""
    unusual = {name: value for name, usual in _USUAL.items() if (value := getattr(facts, name)) != usual}
    return blake2b(_ENCODER.encode(unusual), digest_size=16, person=b"skarb-case").hexdigest()


class Cases:
    """Collects the cases of some batches and gives each a number, in the order of their first appearance."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self._facts: list[Facts] = []
        self._numbers: dict[str, int] = {}
        self._known: dict[bytes, tuple[int, int]] = {}

    def take(self, envelope: Envelope) -> list[tuple[int, int]]:
        """Return number and legal day of each of a batch's facts.

        Raises: Damaged
        """
        raws = [bytes(raw) for raw in raw_rows(envelope.facts)]
        strange = [place for place, raw in enumerate(raws) if raw not in self._known]
        if len(self._known) > _KEPT:
            self._known, strange = {}, list(range(len(raws)))
        if strange:
            for place, facts in zip(strange, distinct_of(envelope, strange), strict=True):
                name = case_id(facts)
                number = self._numbers.setdefault(name, len(self._numbers))
                if number == len(self.ids):
                    self.ids.append(name)
                    self._facts.append(facts)
                self._known[raws[place]] = number, facts.day
        return [self._known[raw] for raw in raws]

    def table(self) -> pa.Table:
        """Return the cases as a table: codes as texts, flags, whole numbers."""
        columns: dict[str, Any] = {"case_id": pa.array(self.ids, pa.string())}
        for name, kind in FACTS.items():
            columns[name] = pa.array([getattr(one, name) for one in self._facts], kind)
        return pa.table(columns)


_KINDS = {"flag": pa.bool_(), "code": pa.string()}
FACTS = {field.name: _KINDS.get(field.type.base, pa.int64()) for field in schema("legal").values() if field.name not in PER_ROW}
"""The facts of a case and the types of their columns."""
